// The loss of the Conditional Monge Gap (Driessen et al., 2025; Uscidda & Cuturi, 2023) on one
// batch, and its gradients by the envelope theorem: no automatic differentiation.
#pragma once

#include <cstddef>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot::nets {

enum class PointCost { euclidean, squared };

/// c(a_i, b_j), n x m, for columns of a (d x n) and b (d x m): exactly 0 for equal points, and as
/// good as direct differences where points are close or far from the origin.
arma::mat point_costs(const arma::mat& a, const arma::mat& b, PointCost cost);

/// d/da_i of sum_ij weights_ij c(a_i, b_j), d x n; the derivative of a norm at 0 is 0.
arma::mat weighted_cost_gradient(const arma::mat& weights, const arma::mat& a, const arma::mat& b,
                                 const arma::mat& costs, PointCost cost);

struct EntropicOptions {
  double epsilon = 1.0;
  double tolerance = 1e-3;  // of the sum of absolute errors of the column sums
  std::size_t max_iterations = 2000;
  // End with Newton's steps on the dual, O(n^3) each, which small epsilon needs for plans that are
  // exact to rounding: to check gradients by differences.
  bool polish = false;
};

/// The plan of least <P, C> + epsilon KL(P | a b') with uniform a and b; its rows are exact (its
/// columns, where it was polished).
arma::mat entropic_plan(const arma::mat& costs, const EntropicOptions& options, Context& context);
/// The same of a cloud to itself, by averaged updates: symmetric.
arma::mat entropic_self_plan(const arma::mat& costs, const EntropicOptions& options,
                             Context& context);

/// <P, C>, sum P log(n m P) - sum P + 1, and -sum P log P.
struct PlanValue {
  double transport = 0.0, kl = 0.0, entropy = 0.0;
};
PlanValue value_of(const arma::mat& plan, const arma::mat& costs);

/// S = OT(t, y) - OT(t, t)/2 - OT(y, y)/2 with one epsilon (times the mean of c(t_i, y_j), where
/// that is wanted), held fixed in
///   dS/dt_i = sum_j P^ty_ij d1 c(t_i, y_j) - sum_k P^tt_ik d1 c(t_i, t_k).
struct BatchDivergence {
  double value = kNaN;
  arma::mat gradient_t, gradient_y;  // the second, and the value, where they are wanted
  double self_mass = 0.0;  // trace(P^tt): near 1, each cell is its own only neighbour, the second
                           // sum vanishes, and the cloud shrinks towards barycentres
};
BatchDivergence batch_divergence(const arma::mat& t, const arma::mat& y, PointCost cost,
                                 EntropicOptions options, bool of_mean_cost, bool all,
                                 Context& context);

/// M = mean_i c(x_i, t_i) - [<P, C> - epsilon H(P)], C_ij = c(x_i, t_j): with epsilon 0, by the
/// exact assignment, 0 where t is an optimal map of the batch.
struct MongeGap {
  double value = 0.0;  // the published form; less 2 epsilon log n where +epsilon KL is meant
  arma::mat gradient_t, gradient_x;
};
MongeGap monge_gap(const arma::mat& x, const arma::mat& t, PointCost cost,
                   const EntropicOptions& options, Context& context);

struct CmongeLossOptions {
  PointCost cost = PointCost::euclidean;
  double epsilon = 0.5;
  bool epsilon_of_mean_cost = true;  // epsilon times the mean of c(t_i, y_j), else as it is
  double gap_weight = 1.0;
  double gap_epsilon = 0.0;  // absolute; 0: exact
  double tolerance = 1e-3;
  std::size_t max_iterations = 2000;
  bool polish = false;
};

struct CmongeLoss {
  double fitting = kNaN, gap = kNaN, total = kNaN;  // fitting and total where `all` is wanted
  double self_mass = 0.0;
  arma::mat of_t, of_x, of_y;  // gradients; the last two where `all` is wanted. of_x is that of the
                               // gap's first argument alone
};
CmongeLoss cmonge_loss(const arma::mat& x, const arma::mat& t, const arma::mat& y,
                       const CmongeLossOptions& options, bool all, Context& context);

}  // namespace laot::nets
