// Predicted cells that count differently against observed cells, under several metrics: what the
// metrics share is computed once. The counterpart of Comparison.
#pragma once

#include <optional>
#include <vector>

#include "laot/metrics/weighted.hpp"

namespace laot {

/// Weights scaled to a sum of 1; refuses negative and infinite ones, and none that is positive.
arma::vec scaled_to_one(const arma::vec& weights);

class WeightedComparison {
 public:
  /// The cells and the bandwidths must outlive it. control: null, none.
  WeightedComparison(const arma::mat& predicted, const arma::vec& weights, ScoredCells& observed,
                     ScoredCells* control, const std::vector<double>& gammas)
      : predicted_(predicted),
        w_(scaled_to_one(weights)),
        observed_(observed),
        control_(control),
        gammas_(gammas) {}

  /// The bandwidth of the metrics that are asked for next.
  void use_gamma(std::size_t which) { gamma_ = which; }

  double mmd2(MmdEstimator estimator, Context& context);
  EnergyDistance energy(Context& context);
  double w2(Context& context) const;
  const MomentScores& moments();
  double mean_shift_correlation();

 private:
  const RowMoments& row_moments();  // of the predicted cells

  const arma::mat& predicted_;
  const arma::vec w_;
  ScoredCells& observed_;
  ScoredCells* control_;
  const std::vector<double>& gammas_;
  std::size_t gamma_ = 0;
  std::vector<WeightedSums> sums_;  // of each bandwidth
  std::optional<WeightedSums> distances_;
  double within_observed_ = 0.0;
  std::optional<RowMoments> row_moments_;
  std::optional<MomentScores> moments_;
};

}  // namespace laot
