#pragma once

#include "laot/models.hpp"

namespace laot {

/// W in original units: I + V S (W_z - I) S^-1 V', to out[features x features]. An empty latent map
/// is I.
void write_map(const FeatureSpace& space, const arma::mat& latent, double* out);
/// b of x_t = W x_0 + b, to out[features].
void write_offset(const FeatureSpace& space, const AffineResponse& response, double* out);

}  // namespace laot
