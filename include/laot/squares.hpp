// Sums of squares in one order, wherever they are taken.
#pragma once

#include <cstddef>

namespace laot {

/// value(0)^2 + .. + value(d - 1)^2, in four sums side by side that are added in the end, so that
/// the bits do not depend on how a compiler vectorises.
template <class Value>
double sum_of_squares(std::size_t d, const Value& value) {
  double sum[4] = {};
  std::size_t k = 0;
  for (; k + 4 <= d; k += 4)
    for (std::size_t q = 0; q < 4; ++q) {
      const double z = value(k + q);
      sum[q] += z * z;
    }
  for (; k < d; ++k) {
    const double z = value(k);
    sum[0] += z * z;
  }
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

inline double squared_norm(const double* x, std::size_t d) {
  return sum_of_squares(d, [x](std::size_t k) { return x[k]; });
}

inline double squared_distance(const double* a, const double* b, std::size_t d) {
  return sum_of_squares(d, [a, b](std::size_t k) { return a[k] - b[k]; });
}

}  // namespace laot
