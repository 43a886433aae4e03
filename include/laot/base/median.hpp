// Medians and quantiles of values.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "laot/base.hpp"

namespace laot {

/// The median, of an even number of values the upper one of the middle two; NaN for none. Changes
/// the order of the values: those before the middle are not greater.
inline double upper_median(std::vector<double>& values) {
  if (values.empty()) return kNaN;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The median, of an even number of values the mean of the middle two; NaN for none.
inline double median(std::vector<double> values) {
  const double upper = upper_median(values);
  if (values.size() % 2 == 1 || values.empty()) return upper;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  return 0.5 * (*std::max_element(values.begin(), middle) + upper);
}

/// The quantile by linear interpolation between order statistics (R's type 7); NaN for no values,
/// NaN among the values is left out.
inline double quantile(std::vector<double> values, double probability) {
  values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }),
               values.end());
  if (values.empty()) return kNaN;
  std::sort(values.begin(), values.end());
  const double at = probability * static_cast<double>(values.size() - 1);
  const std::size_t below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  if (values[below] == values[above]) return values[below];  // also where both are infinite
  const double weight = at - static_cast<double>(below);
  return weight == 0.0 ? values[below] : (1.0 - weight) * values[below] + weight * values[above];
}

}  // namespace laot
