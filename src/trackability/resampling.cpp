#include "resampling.hpp"

namespace laot {

std::vector<std::size_t> with_replacement(std::size_t n, Rng& rng) {
  std::vector<std::size_t> out(n);
  for (std::size_t& cell : out) cell = static_cast<std::size_t>(rng.below(n));
  return out;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return values.empty() ? kNaN : sum / static_cast<double>(values.size());
}

}  // namespace laot
