#include "resampling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace laot {

std::vector<std::size_t> with_replacement(std::size_t n, Rng& rng) {
  std::vector<std::size_t> out(n);
  for (std::size_t& cell : out) cell = static_cast<std::size_t>(rng.below(n));
  return out;
}

double quantile(std::vector<double> values, double probability) {
  values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }),
               values.end());
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const double at = probability * static_cast<double>(values.size() - 1);
  const std::size_t below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  if (values[below] == values[above]) return values[below];  // also where both are infinite
  const double weight = at - static_cast<double>(below);
  return weight == 0.0 ? values[below] : (1.0 - weight) * values[below] + weight * values[above];
}

double mean_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return values.empty() ? std::numeric_limits<double>::quiet_NaN()
                        : sum / static_cast<double>(values.size());
}

}  // namespace laot
