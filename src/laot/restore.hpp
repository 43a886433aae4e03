#pragma once

#include "laot/laot.hpp"

namespace laot {

/// W composed with the map that gives W x the spread of y: the Gaussian map between shrunk
/// covariances, or one factor a coordinate. A least-squares map is a conditional mean and loses the
/// variance that it does not explain.
arma::mat restored(const arma::mat& map, const arma::mat& x, const arma::vec& weights_x,
                   const arma::mat& y, const arma::vec& weights_y, Restore restore);

}  // namespace laot
