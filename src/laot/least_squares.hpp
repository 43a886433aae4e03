#pragma once

#include "laot/armadillo.hpp"
#include "laot/transport.hpp"

namespace laot {

/// y x' summed over the plan: sum_k mass_k y_target(k) x_source(k)'.
arma::mat cross_moment(const arma::mat& x, const arma::mat& y, const Plan& plan);

/// W minimising sum_ij P_ij |y_j - W x_i|^2 + ridge |W - I|_F^2, for one set of control cells and
/// many plans: the second moment of x is decomposed once.
class LeastSquares {
 public:
  /// x: k x n with weights that sum to 1.
  LeastSquares(const arma::mat& x, const arma::vec& weights);

  /// The minimiser; where ridge = 0 and it is not unique, the one of least norm.
  arma::mat solve(const arma::mat& cross, double ridge) const;

  /// The ridge of the design: the share of the plan that no linear map explains,
  ///   phi = (T - sum_c |cross u_c|^2 / e_c) / T / max(0.2, 1 - k / min(n, m)), at most 1,
  /// T = sum_j b_j |y_j|^2; 0.3 where min(n, m) < 1.2 k.
  double automatic_ridge(const arma::mat& cross, double target_square, std::size_t n,
                         std::size_t m) const;

  const arma::mat& second_moment() const { return second_moment_; }

 private:
  arma::mat second_moment_;  // S = sum a_i x_i x_i' = U diag(e) U'
  arma::mat directions_;     // U
  arma::vec values_;         // e, 0 where x does not reach
};

/// sum_j b_j |y_j|^2.
double weighted_square(const arma::mat& y, const arma::vec& weights);

}  // namespace laot
