#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include "laot/metrics/weighted.hpp"

namespace laot {

namespace {

arma::vec scaled_to_one(const arma::vec& weights) {
  double sum = 0.0;
  for (std::size_t i = 0; i < weights.n_elem; ++i) {
    require(weights[i] >= 0.0 && std::isfinite(weights[i]), Status::invalid_argument,
            "weights of cells must be at least 0, found ", weights[i], " for cell ", i + 1);
    sum += weights[i];
  }
  require(sum > 0.0, Status::invalid_argument, "no cell has a positive weight");
  arma::vec out(weights.n_elem);
  for (std::size_t i = 0; i < out.n_elem; ++i) out[i] = weights[i] / sum;
  return out;
}

// 1 - sum w^2: what the pairs of different cells weigh; 0 where one cell has it all.
double weight_of_pairs(const arma::vec& w) {
  double squares = 0.0, counting = 0.0;
  for (std::size_t i = 0; i < w.n_elem; ++i) {
    squares += w[i] * w[i];
    counting += w[i] > 0.0 ? 1.0 : 0.0;
  }
  return counting < 2.0 ? 0.0 : 1.0 - squares;
}

class WeightedComparison {
 public:
  WeightedComparison(const arma::mat& predicted, const arma::vec& weights, ScoredCells& observed,
                     ScoredCells* control, const std::vector<double>& gammas)
      : predicted_(predicted),
        w_(scaled_to_one(weights)),
        observed_(observed),
        control_(control),
        gammas_(gammas) {}

  double kernel_mmd2(std::size_t gamma, MmdEstimator estimator, Context& context) {
    if (sums_.empty())
      sums_ = weighted_kernel_sums(predicted_, w_, observed_.cells(), gammas_, context);
    const double m = static_cast<double>(observed_.count()), alone = weight_of_pairs(w_);
    const double of_y = 2.0 * observed_.kernel_sums(gammas_, context)[gamma];
    const WeightedSums& of_x = sums_[gamma];
    if (estimator == MmdEstimator::biased)
      return std::max(0.0,
                      2.0 * of_x.within + (1.0 - alone) + (of_y + m) / (m * m) - 2.0 * of_x.across);
    if (!(alone > 0.0) || observed_.count() < 2) return kNaN;
    return 2.0 * of_x.within / alone + of_y / (m * (m - 1.0)) - 2.0 * of_x.across;
  }

  double energy(bool biased, Context& context) {
    if (!energy_) {
      const arma::mat& y = observed_.cells();
      const arma::vec even(y.n_cols, arma::fill::value(1.0 / static_cast<double>(y.n_cols)));
      const arma::mat none(y.n_rows, 0);
      energy_ = weighted_distance_sums(predicted_, w_, y, context);
      energy_of_observed_ = 2.0 * weighted_distance_sums(y, even, none, context).within;
    }
    const double m = static_cast<double>(observed_.count()), alone = weight_of_pairs(w_);
    const double across = 2.0 * energy_->across, within = 2.0 * energy_->within;
    if (biased) return std::max(0.0, across - within - energy_of_observed_);
    if (!(alone > 0.0) || observed_.count() < 2) return kNaN;
    return across - within / alone - energy_of_observed_ * m / (m - 1.0);
  }

  // Moments of the predicted cells, then scores of them.
  const RowMoments& row_moments() {
    if (!row_moments_) row_moments_ = weighted_row_moments(predicted_, w_);
    return *row_moments_;
  }

  const MomentScores& moments() {
    if (!moments_)
      moments_ =
          moment_scores(row_moments(), predicted_.n_cols, observed_.moments(), observed_.count());
    return *moments_;
  }

  double mean_shift_correlation() {
    return pearson_mean_shift(control_->moments().mean, row_moments().mean,
                              observed_.moments().mean);
  }

  double w2(Context& context) const {
    return weighted_wasserstein2(predicted_, w_, observed_.cells(), context);
  }

 private:
  const arma::mat& predicted_;
  const arma::vec w_;
  ScoredCells& observed_;
  ScoredCells* control_;
  const std::vector<double>& gammas_;
  std::vector<WeightedSums> sums_;
  std::optional<WeightedSums> energy_;
  double energy_of_observed_ = 0.0;
  std::optional<RowMoments> row_moments_;
  std::optional<MomentScores> moments_;
};

using Form = std::function<double(WeightedComparison& in, std::size_t gamma, Context& context)>;

Form of_moments(double MomentScores::*which) {
  return [which](WeightedComparison& in, std::size_t, Context&) { return in.moments().*which; };
}

const std::map<std::string, Form>& forms() {
  static const std::map<std::string, Form> all = {
      {"mmd2", [](WeightedComparison& in, std::size_t g,
                  Context& c) { return in.kernel_mmd2(g, MmdEstimator::unbiased, c); }},
      {"mmd2_biased", [](WeightedComparison& in, std::size_t g,
                         Context& c) { return in.kernel_mmd2(g, MmdEstimator::biased, c); }},
      {"mmd2_clipped",
       [](WeightedComparison& in, std::size_t g, Context& c) {
         const double value = in.kernel_mmd2(g, MmdEstimator::unbiased, c);
         return value < 0.0 ? 0.0 : value;
       }},
      {"energy_distance",
       [](WeightedComparison& in, std::size_t, Context& c) { return in.energy(false, c); }},
      {"energy_distance_biased",
       [](WeightedComparison& in, std::size_t, Context& c) { return in.energy(true, c); }},
      {"w2", [](WeightedComparison& in, std::size_t, Context& c) { return in.w2(c); }},
      {"l2_drug_signature", of_moments(&MomentScores::l2_means)},
      {"pearson_means", of_moments(&MomentScores::pearson_means)},
      {"pearson_means_squared",
       [](WeightedComparison& in, std::size_t, Context&) {
         return in.moments().pearson_means * in.moments().pearson_means;
       }},
      {"pearson_mean_shift",
       [](WeightedComparison& in, std::size_t, Context&) { return in.mean_shift_correlation(); }},
      {"r2_means", of_moments(&MomentScores::r2_means)},
      {"l2_sds", of_moments(&MomentScores::l2_sds)},
      {"pearson_sds", of_moments(&MomentScores::pearson_sds)},
      {"sd_ratio", of_moments(&MomentScores::sd_ratio)},
      {"sd_ratio_median", of_moments(&MomentScores::sd_ratio_median)},
  };
  return all;
}

}  // namespace

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
  return forms().count(metric.name) != 0;
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
      score.value = forms().at(spec.name)(comparison, one.gamma, context);
      if (std::isnan(score.value)) score.reason = spec.undefined;
    }
    if (spec.features_left_out) score.features_left_out = comparison.moments().sd_ratio_left_out;
    out.push_back(score);
  }
  return out;
}

}  // namespace laot
