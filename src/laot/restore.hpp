#pragma once

#include "laot/laot.hpp"

namespace laot {

/// The map that gives cells of covariance `moved` the spread of those of covariance `observed`: the
/// Gaussian map between the covariances shrunk by `amount`, or one factor a coordinate; I for none.
arma::mat spread_map(const arma::mat& moved, const arma::mat& observed, double amount,
                     Restore restore);

/// W composed with the map that gives W x the spread of y: the Gaussian map between shrunk
/// covariances, or one factor a coordinate. A least-squares map is a conditional mean and loses the
/// variance that it does not explain.
arma::mat restored(const arma::mat& map, const arma::mat& x, const arma::vec& weights_x,
                   const arma::mat& y, const arma::vec& weights_y, Restore restore);

}  // namespace laot
