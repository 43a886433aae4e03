#pragma once

#include "laot/models.hpp"

namespace laot {

Method identity_method();
Method mean_shift_method();
Method gaussian_map_method();

/// The Gaussian map of the cells in a feature space: covariances about each population's own mean.
struct GaussianOptions {
  bool shrink = true;     // a = k/(k + min(n, m)), else none
  bool unbiased = false;  // divisor n-1
  double jitter = 0.0;    // added to the diagonal
};
AffineResponse gaussian_response(const arma::mat& x, const arma::vec& weights_x, const arma::mat& y,
                                 const arma::vec& weights_y, const GaussianOptions& options);

}  // namespace laot
