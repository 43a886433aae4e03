// Composition: what share of a population each cell type has, and weights of control cells under
// which types have the shares of the treated cells.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// Whose shares are balanced: of no cells, of the types that cells are labelled with, or of
/// clusters found in both populations.
enum class Balance { none, types, clusters };

/// The type of each cell as a number below names.size().
struct CellTypes {
  std::vector<std::string> names;
  std::vector<std::uint32_t> control, treated;

  bool empty() const { return names.empty(); }
};

/// Numbers the labels in order of first appearance, controls first; none where one side has no
/// labels. Throws dimension_mismatch where they are not one for each cell.
CellTypes types_of(const std::vector<std::string>& control, std::size_t n,
                   const std::vector<std::string>& treated, std::size_t m);

/// Shares of types before and after, [types] each, and what follows from them.
struct Composition {
  std::vector<std::string> names;
  arma::vec control, treated;  // shares of the weight
  arma::vec low, high;         // 95% interval of the treated share over cells (Wilson 1927)
  arma::vec ratio;             // of a control cell: treated share over control share
  /// Of clusters, in the space of the fit: a cell belongs to the nearest. Empty: types are labels.
  arma::mat centres;

  bool empty() const { return names.empty(); }
  /// The ratio of each control cell.
  arma::vec ratios(const std::vector<std::uint32_t>& types) const;
};

/// Shares of the types with cells of these weights. A type without control cells has ratio 0.
Composition composition_of(const CellTypes& types, const arma::vec& weights_x,
                           const arma::vec& weights_y);

/// One number for a level of the batch (empty: one) and a type, of each cell.
std::vector<std::uint32_t> strata_of(const std::vector<std::uint32_t>& batch,
                                     const std::vector<std::uint32_t>& types, std::size_t count);

/// The weights times the ratios, brought back to the sum that they had within each level of the
/// batch (empty: one level). Throws invalid_argument where a level keeps no weight.
arma::vec balanced(const arma::vec& weights, const arma::vec& ratios,
                   const std::vector<std::uint32_t>& batch);

struct PermutationOptions {
  std::size_t permutations = 999;
  double level = 0.01;            // of the largest difference of all types
  std::uint64_t seed = 20260105;  // fixed, so that a fit needs none
};

/// Types whose share changes by more than chance: the difference of shares over its standard
/// deviation exceeds all but `level` of the largest ones where the labels of populations are dealt
/// anew, within levels of the batch. In decreasing order of that difference.
std::vector<std::size_t> changed_types(const CellTypes& types,
                                       const std::vector<std::uint32_t>& batch_x,
                                       const std::vector<std::uint32_t>& batch_y,
                                       const PermutationOptions& options, Context& context);

struct ClusterOptions {
  std::size_t most = 20;       // clusters
  std::size_t fewest_of = 40;  // control cells a cluster, on average
  double ridge = 0.3;          // on W - I, as a share of the mean variance of the centres
  int max_iter = 200;
  double tol = 1e-6;  // of shares: where they change by less, it stops
};

/// Clusters of the control cells (k-means from farthest points) and the treated cells that descend
/// from each: treated cells are a mixture of the clusters' centres moved by one affine map,
///   y ~ sum_k q_k N(W c_k + b, s^2 I),
/// fitted by expectation and maximisation over q, W (ridge towards I), b and s, from W = I and b
/// the difference of means (the adaptation of mixtures by one linear map: Leggetter & Woodland
/// 1995). Deterministic. `types` gets the nearest cluster of each control and the likeliest of each
/// treated cell; the composition's treated shares are q.
///
/// x[k x n], y[k x m]: in one space, with weights that sum to 1. Throws invalid_argument where the
/// treated cells are all the same. Cost: O((n + m) k clusters) an iteration.
Composition clustered(const arma::mat& x, const arma::mat& y, const arma::vec& weights_x,
                      const arma::vec& weights_y, const ClusterOptions& options, CellTypes& types,
                      Context& context);

/// The nearest centre of each cell.
std::vector<std::uint32_t> nearest_centres(const arma::mat& cells, const arma::mat& centres);

}  // namespace laot
