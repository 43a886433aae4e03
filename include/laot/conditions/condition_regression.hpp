// Ridge regression over conditions: of mean shifts and log covariances on the features phi.
#pragma once

#include <cstddef>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/base.hpp"

namespace laot {

/// Conditions with the same number are left out together; empty: each on its own.
using ConditionGroups = std::vector<std::size_t>;

/// M minimising mean_c |z_c - M phi_c|^2 + ridge |M|^2, and what it predicts for a condition from
/// the others. All in the coordinates psi = U' phi of the thin singular value decomposition
/// phi / sqrt(C) = U s V', in which a ridge is a division: phi may be longer than there are
/// conditions. With ridge 0, M is the minimiser of least norm.
class ConditionRegression {
 public:
  explicit ConditionRegression(const arma::mat& phi);  // K x C

  /// M [p x K], for values z [p x C].
  arma::mat fit(const arma::mat& values, double ridge) const;
  /// p x C: each condition predicted by the M of the others, exactly (the weight of a condition
  /// stays 1/C). Throws numerical_failure where the others leave it open (ridge 0).
  arma::mat left_out(const arma::mat& values, double ridge,
                     const ConditionGroups& groups = {}) const;
  /// The ridge of the grid 10^-4, 10^-3.5, .., 10^1.5 whose left_out has the least squared error;
  /// 0 under four groups, of which nothing can be left out.
  double choose_ridge(const arma::mat& values, const ConditionGroups& groups = {}) const;

  const arma::mat& basis() const { return basis_; }  // U, K x r
  const arma::mat& psi() const { return psi_; }      // r x C

 private:
  arma::vec shrinking(double ridge) const;

  arma::mat basis_, psi_;
  arma::vec squares_;  // s^2 [r]
};

/// Members of each group, in the order of the groups' numbers; each condition on its own where
/// `groups` is empty.
std::vector<arma::uvec> members_of(const ConditionGroups& groups, std::size_t conditions);

/// Fewer conditions than this cannot be left out of themselves.
constexpr std::size_t kFewestLeftOut = 4;

}  // namespace laot
