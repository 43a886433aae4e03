// Exact linear assignment with dual potentials and a certificate of optimality.
#pragma once

#include <cstdint>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// Proof of optimality by weak duality: `dual` is the value of dual potentials that are feasible
/// for every pair, so the optimum lies between `dual` and `primal`. In units of the cost, summed
/// over the pairs (assignment) or averaged over the mass (transport).
struct Certificate {
  double primal = 0.0;
  double dual = 0.0;
  /// (primal - dual) / max(|primal|, scale), scale being the mean squared norm of the centred
  /// points (or the mean |cost|), so that an optimum of cost 0 has a gap of 0 and not 0/0.
  double gap = 0.0;
  /// 0 where every constraint was checked. Otherwise `dual` was estimated from a sample of the
  /// sources and lowered by three standard errors of this size.
  double dual_error = 0.0;
};

/// Counts of the work of a solve, for reports and benchmarks.
struct AssignmentStatistics {
  std::size_t bids = 0;           // of the auction
  std::size_t scans = 0;          // rows scanned again after the candidate lists were made
  std::size_t augmentations = 0;  // shortest augmenting paths
  std::size_t solves = 0;         // 2 where the certificate asked for a solve in double precision
};

/// A matching of n rows to n different columns out of m >= n.
struct Assignment {
  std::vector<std::uint32_t> column_of_row;  // [n]
  std::vector<double> row_potential;         // [n] u_i
  std::vector<double> column_potential;      // [m] v_j <= 0 where unmatched; u_i + v_j <= c_ij
  Certificate certificate;
  AssignmentStatistics statistics;
};

/// Minimum-cost assignment for a given cost, stored as one column per row of the problem:
/// cost(j, i) is the price of giving row i the column j [m x n, m >= n, finite].
/// Shortest augmenting paths (Jonker & Volgenant, 1987; the rectangular form of Crouse, 2016):
/// O(n^2 m) time, O(n + m) memory beyond the cost. Ties go to the lowest column.
Assignment solve_assignment(const arma::mat& cost, Context& context);

/// cost(j, i) = |y_j - x_i|^2 by direct differences: exactly 0 for equal points, and no digits are
/// lost far from the origin. Refuses first when m x n doubles would not fit in memory.
arma::mat squared_distances(const arma::mat& x, const arma::mat& y, Context& context);

}  // namespace laot
