// Entropic optimal transport in the log domain, and the debiased divergence.
#pragma once

#include <cstddef>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

struct SinkhornOptions {
  /// Strength of the entropy, in the unit of the cost. See epsilon_of_mean_cost for the usual
  /// choice.
  double epsilon = 0.0;
  /// Stop when the column marginals of the plan are off by less than this in total (the sum of
  /// absolute errors; rows are exact after each iteration).
  double tolerance = 1e-9;
  std::size_t max_iterations = 10000;
};

/// The plan is P_ij = a_i b_j exp((f_i + g_j - c_ij) / epsilon).
struct SinkhornResult {
  /// <P, C>, without any entropy.
  double transport_cost = 0.0;
  /// <P, C> + epsilon KL(P | a b'), as the value of the dual: sum_i a_i f_i + sum_j b_j g_j.
  double regularised_cost = 0.0;
  arma::vec source_potential;  // f [n]
  arma::vec target_potential;  // g [m]
  std::size_t iterations = 0;
  double marginal_error = 0.0;
  bool converged = false;
};

/// Minimises <P, C> + epsilon KL(P | a b') over the plans with marginals a and b: alternating
/// updates of the potentials by soft minima (Cuturi, 2013), in the log domain so that small epsilon
/// neither overflows nor underflows (Schmitzer, 2019); where they crawl, as for plans that are
/// nearly a matching, Newton's method along a path of falling epsilon. cost(i, j): source i, target
/// j [n x m], finite; a [n] and b [m]: positive, each with sum 1; epsilon > 0. Not converged within
/// max_iterations is not an error: `converged` says so, `marginal_error` is the error that was
/// reached, and the regularised cost is then a bound from below. O(n m) time an iteration, and O(n
/// m) memory beyond the cost.
SinkhornResult sinkhorn(const arma::mat& cost, const arma::vec& a, const arma::vec& b,
                        const SinkhornOptions& options, Context& context);

/// The same for points (columns of x and y), uniform weights and squared Euclidean distances.
SinkhornResult sinkhorn(const arma::mat& x, const arma::mat& y, const SinkhornOptions& options,
                        Context& context);

/// Entropic transport of a cloud to itself, C symmetric: one potential f = g, by the averaged
/// update f <- (f + softmin(C - f)) / 2, which converges in few iterations (Feydy et al., 2019).
SinkhornResult sinkhorn_to_itself(const arma::mat& cost, const arma::vec& a,
                                  const SinkhornOptions& options, Context& context);

enum class PairCost { euclidean, squared_euclidean };

/// OT(x, y) - OT(x, x)/2 - OT(y, y)/2 with OT the regularised cost, all with the same epsilon: 0
/// for equal clouds, and not negative but for rounding and for what the marginals lack (Feydy et
/// al., 2019).
struct SinkhornDivergence {
  SinkhornResult between;       // x to y
  bool converged = false;       // all three
  double marginal_error = 0.0;  // the largest of the three
  double difference = 0.0;
  double median_cost = 0.0, largest_cost = 0.0;  // of the pairs; the median of a sample of many

  /// The difference. Throws numerical_failure where what double precision loses of the largest cost
  /// is more than a thousandth of both it and the median cost, which it then hides: where the
  /// clouds share a cell that is far away from all others.
  double value() const;
};
SinkhornDivergence sinkhorn_divergence(const arma::mat& x, const arma::mat& y, PairCost kind,
                                       const SinkhornOptions& options, Context& context);

/// cost(i, j) between point i of x and point j of y (columns) [n x m], by direct differences.
arma::mat pairwise_costs(const arma::mat& x, const arma::mat& y, PairCost kind, Context& context);

/// The plan [n x m] of a result for the same cost, weights and epsilon.
arma::mat entropic_plan(const arma::mat& cost, const arma::vec& a, const arma::vec& b,
                        double epsilon, const SinkhornResult& result, Context& context);

/// factor times the mean of |x_i - y_j|^2 over all pairs.
double epsilon_of_mean_cost(const arma::mat& x, const arma::mat& y, double factor);

}  // namespace laot
