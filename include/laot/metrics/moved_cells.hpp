// Kernel sums of cells that were moved from others in few dimensions, as the predictions of a model
// with components are: the distances of the cells where they started serve for all.
#pragma once

#include <vector>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// Sums of exp(-gamma |u - v|^2), one for each gamma, over the pairs i < j within a population, and
/// over all pairs of it with observed cells.
struct KernelSums {
  std::vector<double> within, across;
  // The squared distances across [n x m], and within above the diagonal [n x n], where kept.
  arma::mat squared, within_squared;
};

enum class KeptDistances { none, across, within_first_too };

/// The sums of the cells `start` (d x n) and of each of `moved`, whose cell i is
///   start_i + shift + V a_i,
/// with V = basis (d x k, orthonormal) and a shift and an a of its own; `observed` is d x m. A
/// population that is not so, to rounding, has empty sums. With q = V' of the moved and z = V' of
/// the starting cells,
///   |p_i - p_j|^2 = |x_i - x_j|^2 + |q_i - q_j|^2 - |z_i - z_j|^2,
/// and |p_i - y_j|^2 follows from |x_i - y_j|^2 by k + 1 products: O((n + m) n k) time a
/// population, beside O((n + m) n d) for all of them. Distances that lose digits are computed again
/// from the cells, so that the sums differ from kernel_sums_within and kernel_sums_across by
/// rounding alone. Distances to the observed cells are kept where that is asked for, and those
/// within the first of `moved` as well.
std::vector<KernelSums> kernel_sums_of_moved(const arma::mat& start, const arma::mat& basis,
                                             const std::vector<const arma::mat*>& moved,
                                             const arma::mat& observed,
                                             const std::vector<double>& gammas, Context& context,
                                             KeptDistances keep = KeptDistances::none);

}  // namespace laot
