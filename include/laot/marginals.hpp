// One monotone map a feature: the quantiles of the moved control cells become those of the treated
// cells (optimal transport in one dimension; Peyre & Cuturi 2019, section 2.6).
#pragma once

#include <cstdint>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// Beyond the first and the last knot a map goes on by the shift of that knot, or stays at its
/// value.
enum class Ends { shifted, clamped };

/// v + strength (T(v) - v), T piecewise linear through the knots (from[k], to[k]), `from` strictly
/// increasing and `to` not decreasing. Without knots it is the identity.
struct MarginalMap {
  std::vector<double> from, to;
  double strength = 1.0;  // 0 .. 1; clamped ends take the whole step, so as to stay among the knots

  double operator()(double value, Ends ends) const;
  /// The derivative of the map with shifted ends; that of the right side at a knot.
  double slope(double value) const;
};

/// Values in increasing order with their weights, which sum to 1; equal values keep their order.
struct SortedValues {
  std::vector<double> values, weights;

  /// Quantiles at (k + 1/2) / count, k = 0 .. count - 1, as R's type 5: a value stands at the
  /// weight before it plus half its own, and what lies between is interpolated.
  std::vector<double> at_middles(std::size_t count) const;
};

struct MarginalOptions {
  std::size_t knots = 100;        // at most; never more than a fifth of the fewer cells
  std::size_t relabellings = 20;  // of the null that shrinks each map; 0: no shrinkage
  std::size_t levels = 200;       // of the quantiles that are compared for the shrinkage
  std::uint64_t seed = 20260101;  // of the relabellings: fixed, so that a fit needs no seed
};

/// The cells of the two populations as the maps see them.
struct MarginalCells {
  arma::vec weights_x, weights_y;                 // [n], [m], each sums to 1
  std::vector<std::uint32_t> strata_x, strata_y;  // within which cells have one weight; empty: one
};

/// Fits the maps of any number of features of the same cells.
///
/// The strength of a map is c = max(0, 1 - e/o): o is the mean, over `levels` quantiles, of the
/// squared difference between moved and treated cells, and e the mean of the same where the pooled
/// values are dealt anew to the two populations (within strata) and each side is brought to its own
/// observed mean and sd. So a feature moves by what two samples of one law would not show. O((n +
/// m) (log(n + m) + relabellings)) a feature.
class MarginalFit {
 public:
  explicit MarginalFit(MarginalCells cells, const MarginalOptions& options = {});

  /// moved[n] and treated[m]: the values of one feature, in the order of the cells. No knots where
  /// fewer than two of them are distinct.
  MarginalMap map(const double* moved, const double* treated) const;
  /// Whether each of the n + m pooled cells is a control cell, for each relabelling.
  const std::vector<std::vector<char>>& relabellings() const { return relabellings_; }

 private:
  struct Side {
    std::vector<std::uint32_t> order;  // of the cells, by their value
    SortedValues sorted;
  };
  static Side side(const double* values, const arma::vec& weights);
  double null_distance(const Side& moved, const Side& treated) const;

  MarginalCells cells_;
  MarginalOptions options_;
  std::vector<std::vector<char>> relabellings_;
  std::vector<double> weight_as_control_, weight_as_treated_;  // of each pooled cell
};

/// A map for each feature.
class MarginalMaps {
 public:
  MarginalMaps() = default;
  explicit MarginalMaps(std::vector<MarginalMap> features) : features_(std::move(features)) {}
  /// Knots as two matrices, knots x features, in which a feature with fewer repeats its last one;
  /// strength[features].
  MarginalMaps(const arma::mat& from, const arma::mat& to, const arma::vec& strength);

  bool empty() const { return features_.empty(); }
  std::size_t size() const { return features_.size(); }
  const MarginalMap& operator[](std::size_t feature) const { return features_[feature]; }
  /// cells: features x count, replaced.
  void apply(arma::mat& cells, Ends ends) const;
  void append(const MarginalMaps& more);

  arma::mat from() const;
  arma::mat to() const;
  arma::vec strength() const;

 private:
  std::vector<MarginalMap> features_;
};

/// moved: features x n, treated: features x m.
MarginalMaps fit_marginals(const MarginalFit& fit, const arma::mat& moved, const arma::mat& treated,
                           Context& context);

}  // namespace laot
