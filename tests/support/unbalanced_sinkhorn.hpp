// Entropic transport whose marginals may give way: mass is made and destroyed at a price.
#pragma once

#include <cstddef>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

struct UnbalancedOptions {
  double epsilon = 0.0;     // of the entropy, in the unit of the cost
  double relaxation = 0.0;  // rho, the price of a marginal that is not met, in the unit of the cost
  double tolerance = 1e-10;  // of the potentials over epsilon: stop where they move by less
  std::size_t max_iterations = 10000;
};

struct UnbalancedPlan {
  arma::mat mass;  // n x m
  std::size_t iterations = 0;
  bool converged = false;
};

/// Minimises <P, C> + epsilon sum P (log P - 1) + rho KL(P 1 | a) + rho KL(P' 1 | b) by alternating
/// updates of the potentials in the log domain,
///   f = rho / (rho + epsilon) epsilon (log a - log sum_j exp((g_j - c_ij) / epsilon)),
/// and so for g (Chizat, Peyre, Schmitzer & Vialard, Math. Comp. 2018). cost(i, j): n x m, finite;
/// a[n], b[m] positive. O(n m) an iteration.
UnbalancedPlan unbalanced_sinkhorn(const arma::mat& cost, const arma::vec& a, const arma::vec& b,
                                   const UnbalancedOptions& options, Context& context);

}  // namespace laot
