// Exact balanced optimal transport for a cost that is given as a matrix.
#pragma once

#include <cstdint>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"
#include "laot/transport.hpp"

namespace laot {

/// Minimum-cost flow from n sources to m targets, cost(j, i) >= 0 being the price of a unit from
/// source i to target j [m x n, finite]; supply[n] and demand[m] are positive with equal sums.
/// Successive shortest paths with potentials on the dense cost: O((n + m) n m) time or a small
/// multiple of it, O(n + m) memory beyond the cost. The certificate is averaged over the units.
Flow solve_transport(const arma::mat& cost, const std::vector<std::int64_t>& supply,
                     const std::vector<std::int64_t>& demand, Context& context);

}  // namespace laot
