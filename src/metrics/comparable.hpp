// What two populations must have in common before they are compared.
#pragma once

#include "laot/armadillo.hpp"
#include "laot/base.hpp"

namespace laot {

/// Refuses cells (features x cells) of different features, without any, and with NaN or Inf.
inline void require_comparable(const arma::mat& a, const char* name_a, const arma::mat& b,
                               const char* name_b) {
  require(a.n_rows == b.n_rows, Status::dimension_mismatch, name_a, " has ", a.n_rows,
          " features and ", name_b, " has ", b.n_rows);
  require(a.n_cols > 0 && b.n_cols > 0 && a.n_rows > 0, Status::invalid_argument, name_a, " and ",
          name_b, " must each have at least one cell and one feature");
  require(a.is_finite(), Status::not_finite, name_a, " has a NaN or Inf");
  require(b.is_finite(), Status::not_finite, name_b, " has a NaN or Inf");
}

}  // namespace laot
