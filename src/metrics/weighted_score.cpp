#include <algorithm>
#include <cmath>

#include "weighted_comparison.hpp"

namespace laot {

RowMoments weighted_row_moments(const arma::mat& cells, const arma::vec& weights) {
  const arma::vec w = scaled_to_one(weights);
  // With the bits of cells that are alike, so that no rounding passes for a shift.
  if (arma::all(weights == weights[0])) return row_moments(cells);
  const std::size_t d = cells.n_rows, n = cells.n_cols;
  RowMoments out{arma::vec(d, arma::fill::zeros), arma::vec(d, arma::fill::zeros)};
  // About the first cell, as row_moments().
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < d; ++k) out.mean[k] += w[i] * (cells(k, i) - cells(k, 0));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < d; ++k) {
      const double deviation = cells(k, i) - cells(k, 0) - out.mean[k];
      out.sd[k] += w[i] * deviation * deviation;
    }
  for (std::size_t k = 0; k < d; ++k) {
    out.mean[k] += cells(k, 0);
    out.sd[k] = std::sqrt(out.sd[k]);
  }
  return out;
}

bool has_weighted_form(const MetricSpec& metric) {
  return static_cast<bool>(metric.compute_weighted);
}

std::vector<Score> score_weighted(const std::vector<ScoredMetric>& wanted,
                                  const arma::mat& predicted, const arma::vec& weights,
                                  ScoredCells& observed, ScoredCells* control,
                                  const ScoreSettings& settings, Context& context) {
  require(predicted.n_rows == observed.cells().n_rows && weights.n_elem == predicted.n_cols,
          Status::dimension_mismatch, "predicted has ", predicted.n_rows, " features and ",
          predicted.n_cols, " cells, observed has ", observed.cells().n_rows, " features, and ",
          weights.n_elem, " weights are given");
  require(
      std::all_of(wanted.begin(), wanted.end(),
                  [&](const ScoredMetric& m) {
                    return has_weighted_form(*m.metric) && (control || !m.metric->needs_control);
                  }),
      Status::invalid_argument, "a metric has no form with weights, or needs the control cells");
  WeightedComparison comparison(predicted, weights, observed, control, settings.gammas);
  std::vector<Score> out;
  for (const ScoredMetric& one : wanted) {
    const MetricSpec& spec = *one.metric;
    Score score;
    if (spec.needs_gamma && std::isnan(settings.gammas[one.gamma])) {
      score.reason = "no gamma: no positive distance between training cells";
    } else {
      comparison.use_gamma(one.gamma);
      score.value = spec.compute_weighted(comparison, context);
      if (std::isnan(score.value)) score.reason = spec.undefined;
    }
    if (spec.features_left_out) score.features_left_out = comparison.moments().sd_ratio_left_out;
    out.push_back(score);
  }
  return out;
}

}  // namespace laot
