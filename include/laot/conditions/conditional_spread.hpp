// The spread of a condition's cells, regressed over conditions on the scale of log covariances.
#pragma once

#include <vector>

#include "laot/armadillo.hpp"
#include "laot/conditions/conditional_alternation.hpp"

namespace laot {

/// Logarithm of a symmetric positive matrix (eigenvalues under 1e-12 count as that), and the
/// exponential of a symmetric one.
arma::mat matrix_logarithm(const arma::mat& positive);
arma::mat matrix_exponential(const arma::mat& symmetric);

/// log cov(y_c) - log cov(x_c), each covariance shrunk as restoration shrinks it
/// (shrinkage(d, n, m)), as columns of d^2 values [d^2 x C]. Cells as `centred` gives them.
arma::mat log_spread_changes(const ConditionalCells& cells, Context& context);

/// Second moment of the columns of x, divisor n.
arma::mat second_moment_of(const arma::mat& x);

/// W with the spread exp(log A + change) given back, A the shrunk second moment of the control
/// cells: the Gaussian map from the shrunk W S W' to it, of which the share `strength` is gone
/// (0: W itself; McCann's interpolation between), composed with W. With W = I and strength 1 it is
/// the conditional Gaussian map.
struct SpreadOfControl {
  arma::mat second_moment;  // S of a control population, d x d
  double shrinkage = 0.0;
};
arma::mat with_spread(const arma::mat& map, const SpreadOfControl& control,
                      const arma::mat& log_change, double strength);

}  // namespace laot
