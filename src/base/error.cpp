#include <algorithm>
#include <limits>
#include <numeric>
#include <ostream>
#include <streambuf>

#include "laot/base.hpp"

namespace laot {

namespace {

class NullBuffer : public std::streambuf {
  int overflow(int c) override { return traits_type::not_eof(c); }
};

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string in_lower_case(std::string text) {
  for (char& letter : text)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

}  // namespace

std::ostream& silent_stream() {
  // One per thread: a stream carries state, and Armadillo may write from any thread.
  thread_local NullBuffer buffer;
  thread_local std::ostream stream(&buffer);
  return stream;
}

std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates) {
  const std::string wanted = in_lower_case(name);
  const bool tells_much = name.size() > 2;  // one letter of two says little
  const std::string *best = nullptr, *holding = nullptr;
  std::size_t best_letters = 0, best_distance = std::numeric_limits<std::size_t>::max();
  for (const std::string& candidate : candidates) {
    const std::string lower = in_lower_case(candidate);
    const std::size_t letters = edit_distance(wanted, lower);
    const std::size_t distance = 2 * letters + (name == candidate ? 0 : 1);
    if (distance < best_distance) {
      best_distance = distance;
      best_letters = letters;
      best = &candidate;
    }
    if (lower.find(wanted) != std::string::npos &&
        (holding == nullptr || candidate.size() < holding->size()))
      holding = &candidate;
  }
  if (best == nullptr) return "";
  if (tells_much && best_letters <= 1) return *best;
  if (tells_much && holding != nullptr) return *holding;
  const std::size_t most = std::max<std::size_t>(2, name.size() / 2);
  return best_letters <= most && best_letters < name.size() ? *best : "";
}

void add_clause(std::string& sentence, const std::string& clause) {
  if (clause.empty()) return;
  if (!sentence.empty()) sentence += "; ";
  sentence += clause;
}

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) {
    if (!out.empty()) out += ", ";
    out += item;
  }
  return out;
}

std::string some_of(const std::vector<std::string>& items, std::size_t most) {
  if (items.size() <= most + 1) return joined(items);
  const auto end = items.begin() + static_cast<std::ptrdiff_t>(most);
  return text(joined(std::vector<std::string>(items.begin(), end)), " and ", items.size() - most,
              " more");
}

}  // namespace laot
