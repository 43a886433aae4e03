// Scores of predicted cells that count differently: those of a fit that was balanced.
#pragma once

#include <vector>

#include "laot/metrics/registry.hpp"

namespace laot {

/// Weights [n] are at least 0 and have a positive sum; w is the same scaled to a sum of 1. Observed
/// cells count 1/m each.

/// Sums over the pairs i < j of x of w_i w_j f(x_i, x_j), and over all pairs of x with y of
/// w_i f(x_i, y_j) / m (0 where y has no cells).
struct WeightedSums {
  double within = 0.0, across = 0.0;
};
/// f = exp(-gamma |u - v|^2), one entry for each gamma. O(n (n + m) (d + gammas)) time; the bits
/// are the same for every number of threads.
std::vector<WeightedSums> weighted_kernel_sums(const arma::mat& x, const arma::vec& w,
                                               const arma::mat& y,
                                               const std::vector<double>& gammas, Context& context);
/// f = |u - v|.
WeightedSums weighted_distance_sums(const arma::mat& x, const arma::vec& w, const arma::mat& y,
                                    Context& context);

/// The unbiased MMD^2: pairs i != j within x count w_i w_j / (1 - sum w^2). NaN where one side has
/// a single cell that counts.
double weighted_mmd2(const arma::mat& x, const arma::vec& weights, const arma::mat& y, double gamma,
                     Context& context);

/// The exact W2: the root of the least mean squared distance over the couplings with weights w and
/// 1/m. Weights are rounded to 1e12 units in all, a cell of weight 0 takes no part.
double weighted_wasserstein2(const arma::mat& x, const arma::vec& weights, const arma::mat& y,
                             Context& context);

/// Means sum w_i x_i, and standard deviations about them, the root of sum w_i (x_i - mean)^2.
/// Equal weights give the bits of row_moments().
RowMoments weighted_row_moments(const arma::mat& cells, const arma::vec& weights);

/// Whether a metric has a form with weights: mmd2, mmd2_biased, mmd2_clipped, energy_distance and
/// its biased form (sums as above), w2, and those of the means and sds but for l2_sds_ddof1.
bool has_weighted_form(const MetricSpec& metric);

/// The scores of cells with weights, of metrics that have the form; `settings` without subsamples.
/// control: of pearson_mean_shift, null: none.
std::vector<Score> score_weighted(const std::vector<ScoredMetric>& wanted,
                                  const arma::mat& predicted, const arma::vec& weights,
                                  ScoredCells& observed, ScoredCells* control,
                                  const ScoreSettings& settings, Context& context);

}  // namespace laot
