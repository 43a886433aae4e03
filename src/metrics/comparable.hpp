// The demands on two populations that are compared.
#pragma once

#include <algorithm>
#include <cmath>

#include "laot/data.hpp"

namespace laot {

/// The largest distance of a coordinate of `b` from the first cell of `a`, in one feature.
inline double reach_from(const arma::mat& a, const arma::mat& b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < b.n_cols; ++i)
    for (std::size_t k = 0; k < b.n_rows; ++k)
      largest = std::max(largest, std::abs(b(k, i) - a(k, 0)));
  return largest;
}

/// Refuses cells (features x cells) of different features, without any, with NaN or Inf, and ones
/// that are not the same but lie so close together that their squared distances underflow.
inline void require_comparable(const arma::mat& a, const char* name_a, const arma::mat& b,
                               const char* name_b) {
  require(a.n_rows == b.n_rows, Status::dimension_mismatch, name_a, " has ", a.n_rows,
          " features and ", name_b, " has ", b.n_rows);
  require(a.n_cols > 0 && b.n_cols > 0 && a.n_rows > 0, Status::invalid_argument, name_a, " and ",
          name_b, " must each have at least one cell and one feature");
  require_finite(a, name_a);
  require_finite(b, name_b);
  constexpr double kLeastReach = 1e-140;  // its square has digits to spare
  const double reach = std::max(reach_from(a, a), reach_from(a, b));
  require(reach == 0.0 || reach > kLeastReach, Status::not_finite, name_a, " and ", name_b,
          " differ by at most ", reach,
          "; the squared distances are too small for double precision; rescale the points");
}

}  // namespace laot
