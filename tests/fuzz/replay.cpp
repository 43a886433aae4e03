// Runs a fuzz target without libFuzzer, so that every compiler and sanitizer can: over each file of
// the folders that are given, and over mutations of it from a fixed generator.
//   replay MUTATIONS FOLDER...
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

std::uint64_t state = 9;

std::size_t below(std::size_t limit) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return static_cast<std::size_t>(state >> 33) % limit;
}

// A few bytes changed, cut out, or repeated.
std::vector<std::uint8_t> mutated(std::vector<std::uint8_t> bytes) {
  for (std::size_t left = 1 + below(4); left > 0 && !bytes.empty(); --left) {
    const std::size_t at = below(bytes.size());
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(4)) {
      case 0:
        *place = static_cast<std::uint8_t>(below(256));
        break;
      case 1:
        *place = static_cast<std::uint8_t>(*place ^ (1u << below(8)));
        break;
      case 2:
        bytes.erase(place, place + static_cast<std::ptrdiff_t>(1 + below(bytes.size() - at)));
        break;
      default: {
        const std::vector<std::uint8_t> piece(
            place, place + static_cast<std::ptrdiff_t>(
                               1 + below(std::min<std::size_t>(16, bytes.size() - at))));
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size())),
                     piece.begin(), piece.end());
      }
    }
  }
  return bytes;
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t runs = 0;
  for (int k = 2; k < count; ++k)
    for (const auto& entry : std::filesystem::directory_iterator(arguments[k])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
      ++runs;
      for (int left = std::atoi(arguments[1]); left > 0; --left, ++runs) {
        const std::vector<std::uint8_t> other = mutated(bytes);
        LLVMFuzzerTestOneInput(other.data(), other.size());
      }
    }
  std::printf("%zu runs\n", runs);
  return count > 2 && runs == 0;
}
