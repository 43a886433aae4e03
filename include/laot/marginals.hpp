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

/// Where the quantiles of values of one weight each stand among sorted values, those themselves or
/// more: the share of the way from the value at `low` to that at `high`.
struct QuantilePlaces {
  std::vector<std::uint32_t> low, high;
  std::vector<double> share;

  double at(const double* sorted, std::size_t k) const {
    return sorted[low[k]] + share[k] * (sorted[high[k]] - sorted[low[k]]);
  }
  std::vector<double> of(const std::vector<double>& sorted) const;
};

/// Fits the maps of any number of features of the same cells.
///
/// The strength of a map is c = max(0, 1 - e/o): o is the mean, over `levels` quantiles, of the
/// squared difference between moved and treated cells, and e the mean of the same where the pooled
/// values are dealt anew to the two populations (within strata) and each side is brought to its own
/// observed mean and sd. So a feature moves by what two samples of one law would not show.
///
/// Cells are dealt by the rank of their value within their stratum, which has the law of dealing
/// the cells themselves and is the same draw for every feature: where there is one stratum, the
/// places of all quantiles among the sorted pooled values are known beforehand. O((n + m) (log(n +
/// m) + relabellings)) a feature, of which the second term is a product of matrices then.
class MarginalFit {
 public:
  explicit MarginalFit(MarginalCells cells, const MarginalOptions& options = {});

  /// The values of a feature in increasing order and, where there are strata, the cell of each.
  struct Sorted {
    std::vector<double> values;
    std::vector<std::uint32_t> cells;
  };
  Sorted sorted(const double* values, std::size_t count) const;
  /// moved[n] and treated[m]: the values of one feature. No knots where fewer than two of them are
  /// distinct.
  MarginalMap map(const Sorted& moved, const Sorted& treated) const;
  /// The same, of values in the order of the cells.
  MarginalMap map(const double* moved, const double* treated) const;
  /// Whether each of the n + m pooled cells is a control cell, for each relabelling: the label of
  /// the k-th cell of a stratum goes to its cell of the k-th smallest value.
  const std::vector<std::vector<char>>& relabellings() const { return relabellings_; }

 private:
  void place_quantiles();
  SortedValues weighted(const Sorted& side, const arma::vec& weights) const;
  MarginalMap map_of_one_stratum(const Sorted& moved, const Sorted& treated) const;
  double null_of_one_stratum(const Sorted& moved, const Sorted& treated) const;
  double null_distance(const Sorted& moved, const Sorted& treated) const;

  MarginalCells cells_;
  MarginalOptions options_;
  std::vector<std::vector<std::uint32_t>> members_;  // of each stratum, among the pooled cells
  std::vector<std::uint32_t> stratum_;               // of each pooled cell
  std::vector<std::vector<char>> relabellings_;
  std::vector<double> weight_as_control_, weight_as_treated_;  // of each pooled cell
  // Where there is one stratum: quantiles of the two sides at the levels of the knots and of the
  // comparison, and those of the relabelled sides among the pooled values.
  QuantilePlaces knots_of_[2], levels_of_[2];
  std::vector<QuantilePlaces> relabelled_[2];
  arma::mat is_control_;  // relabellings x pooled ranks
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

/// cells: features x count; the sorted values of each feature.
std::vector<MarginalFit::Sorted> sorted_features(const MarginalFit& fit, const arma::mat& cells,
                                                 Context& context);

/// moved: features x n, and the treated cells sorted once for several maps; or features x m.
MarginalMaps fit_marginals(const MarginalFit& fit, const arma::mat& moved,
                           const std::vector<MarginalFit::Sorted>& treated, Context& context);
MarginalMaps fit_marginals(const MarginalFit& fit, const arma::mat& moved, const arma::mat& treated,
                           Context& context);

}  // namespace laot
