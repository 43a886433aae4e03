// The ridge regression of conditional LAOT: one linear map for all conditions, given the plans.
#pragma once

#include <cstddef>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/conditions/condition_regression.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// How the normal equations are solved. automatic: kronecker where all conditions have one control
/// population; else direct up to 2000 unknowns a row, and beyond by conjugate gradients.
enum class MapSolver { automatic, kronecker, direct, iterative };

/// The A_k in W(c) = I + sum_k psi_k(c) A_k that minimise
///   (1/C) sum_c mean_i |t_ci - W(c) x_ci|^2 + ridge sum_k |A_k|_F^2,
/// t_ci being the mean of the treated cells that a plan gives to control cell i. With
/// S_c = mean x x' and R_c = mean (t_c - x) x', all of it follows from
///   [(1/C) sum_c (psi_c psi_c') (x) S_c + ridge I] A' = (1/C) sum_c psi_c (x) R_c'.
/// With one control population the matrix is Q (x) S + ridge I, solved by the eigenvectors of Q
/// (diagonal in the coordinates psi) and S, decomposed once.
class MapRegression {
 public:
  /// psi: r x C with orthogonal rows (ConditionRegression); second_moments: S of each control
  /// population, d x d; control_of[C]: which of them goes with a condition.
  MapRegression(arma::mat psi, std::vector<arma::mat> second_moments,
                std::vector<std::size_t> control_of, MapSolver solver = MapSolver::automatic);

  /// d x d x r; cross: the R_c, d x d x C. ridge > 0.
  arma::cube solve(const arma::cube& cross, double ridge, Context& context) const;

  /// W(c) - I of each training condition, d x d x C.
  arma::cube changes(const arma::cube& maps) const;
  /// The same with each condition (or group) left out of its own regression, the plans of the
  /// others as they are: exactly, from the blocks of the hat matrix. `maps` is what solve gave for
  /// this ridge. Where the normal equations are solved iteratively, the mean second moment stands
  /// for each condition's own.
  arma::cube left_out(const arma::cube& cross, const arma::cube& maps, double ridge,
                      const ConditionGroups& groups = {}) const;
  /// mean_c mean_i |t_ci - W_-c x_ci|^2 less what no map can change.
  double left_out_error(const arma::cube& cross, const arma::cube& changes) const;
  /// The ridge of the grid 10^-4, 10^-3.5, .., 10 of least left_out_error; `otherwise` under four
  /// groups.
  double choose_ridge(const arma::cube& cross, double otherwise, const ConditionGroups& groups,
                      Context& context) const;

  const arma::mat& second_moment(std::size_t condition) const {
    return second_moments_[control_of_[condition]];
  }
  MapSolver solver() const { return solver_; }

 private:
  arma::cube right_side(const arma::cube& cross) const;
  arma::cube by_kronecker(const arma::cube& right, double ridge) const;
  arma::cube directly(const arma::cube& right, double ridge) const;
  arma::cube iteratively(const arma::cube& right, double ridge, Context& context) const;
  arma::cube normal_product(const arma::cube& maps, double ridge) const;
  arma::mat normal_matrix(double ridge) const;
  void leave_out_by_kronecker(const arma::cube& cross, const arma::uvec& group, double ridge,
                              arma::cube& changes) const;
  void leave_out_directly(const arma::cube& cross, const arma::uvec& group, const arma::mat& root,
                          arma::cube& changes) const;

  arma::mat psi_;
  std::vector<arma::mat> second_moments_;
  std::vector<std::size_t> control_of_;
  MapSolver solver_;
  arma::mat directions_;             // V: eigenvectors of the mean second moment
  arma::vec moments_, psi_squares_;  // its eigenvalues, and Q's
};

}  // namespace laot
