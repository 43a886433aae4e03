// Common parts of the fuzz targets. Nothing but the C interface is used.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "laot.h"

namespace fuzz {

inline void require_that(bool good, const char* what, int line) {
  if (good) return;
  std::fprintf(stderr, "line %d: %s; last error: %s\n", line, what, laot_last_error());
  std::abort();
}

/// True where the call worked. A failure has a known code that is no defect, and one sentence.
inline bool known(laot_status status) {
  if (status == LAOT_OK) return true;
  const bool numbered = status <= LAOT_INVALID_ARGUMENT && status >= LAOT_BUFFER_TOO_SMALL;
  require_that(numbered, laot_status_name(status), __LINE__);
  require_that(laot_last_error()[0] != '\0' && !std::strchr(laot_last_error(), '\n'),
               "the sentence", __LINE__);
  return false;
}

#define FUZZ_REQUIRE(condition) fuzz::require_that((condition), #condition, __LINE__)

/// A context that gives up after a while: a fuzzer wants many short runs.
class Context {
 public:
  Context() {
    require_that(laot_context_new(&context_) == LAOT_OK, "context", __LINE__);
    laot_context_set_cancel(
        context_, [](void* polls) { return ++*static_cast<int*>(polls) > 50 ? 1 : 0; }, &polls_);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { laot_context_free(context_); }
  laot_context* get() const { return context_; }

 private:
  laot_context* context_ = nullptr;
  int polls_ = 0;
};

/// The two-call protocol, split at line ends.
template <class Get>
std::vector<std::string> lines(Get get, const laot_model* model, const char* what) {
  std::vector<std::string> out;
  std::size_t needed = 0;
  if (!known(get(model, what, nullptr, 0, &needed))) return out;
  std::vector<char> text(needed);
  require_that(get(model, what, text.data(), text.size(), &needed) == LAOT_OK, what, __LINE__);
  const std::string all(text.data());
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    out.push_back(all.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

/// Choices and numbers out of the fuzzer's bytes; zeros when they run out.
class Bytes {
 public:
  Bytes(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes), size_(size) {}
  bool empty() const { return at_ >= size_; }
  std::uint8_t byte() { return at_ < size_ ? bytes_[at_++] : std::uint8_t{0}; }
  std::size_t below(std::size_t limit) { return byte() % limit; }
  /// Mostly tame numbers, now and then any double at all.
  double number() {
    const std::uint8_t kind = byte();
    if (kind < 250) return (static_cast<double>(kind) - 100.0) / 16.0;
    std::uint64_t bits = 0;
    for (int k = 0; k < 8; ++k) bits = bits << 8 | byte();
    double out;
    std::memcpy(&out, &bits, sizeof out);
    return out;
  }
  std::string text(std::size_t longest) {
    std::string out;
    for (std::size_t left = below(longest + 1); left > 0; --left) {
      const char letter = static_cast<char>(byte());
      if (letter == '\0') break;
      out += letter;
    }
    return out;
  }

 private:
  const std::uint8_t* bytes_;
  std::size_t size_, at_ = 0;
};

}  // namespace fuzz
