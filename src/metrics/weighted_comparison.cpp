#include "weighted_comparison.hpp"

#include <algorithm>
#include <cmath>

namespace laot {

namespace {

// 1 - sum w^2: what the pairs of different cells weigh; 0 where one cell has it all.
double weight_of_pairs(const arma::vec& w) {
  double squares = 0.0, counting = 0.0;
  for (std::size_t i = 0; i < w.n_elem; ++i) {
    squares += w[i] * w[i];
    counting += w[i] > 0.0 ? 1.0 : 0.0;
  }
  return counting < 2.0 ? 0.0 : 1.0 - squares;
}

}  // namespace

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

double WeightedComparison::mmd2(MmdEstimator estimator, Context& context) {
  if (sums_.empty())
    sums_ = weighted_kernel_sums(predicted_, w_, observed_.cells(), gammas_, context);
  const double m = static_cast<double>(observed_.count()), alone = weight_of_pairs(w_);
  const double of_y = 2.0 * observed_.kernel_sums(gammas_, context)[gamma_];
  const WeightedSums& of_x = sums_[gamma_];
  if (estimator == MmdEstimator::biased)
    return std::max(0.0,
                    2.0 * of_x.within + (1.0 - alone) + (of_y + m) / (m * m) - 2.0 * of_x.across);
  if (!(alone > 0.0) || observed_.count() < 2) return kNaN;
  return 2.0 * of_x.within / alone + of_y / (m * (m - 1.0)) - 2.0 * of_x.across;
}

EnergyDistance WeightedComparison::energy(Context& context) {
  if (!distances_) {
    const arma::mat& y = observed_.cells();
    const arma::vec even(y.n_cols, arma::fill::value(1.0 / static_cast<double>(y.n_cols)));
    const arma::mat none(y.n_rows, 0);
    distances_ = weighted_distance_sums(predicted_, w_, y, context);
    within_observed_ = 2.0 * weighted_distance_sums(y, even, none, context).within;
  }
  const double m = static_cast<double>(observed_.count()), alone = weight_of_pairs(w_);
  const double across = 2.0 * distances_->across, within = 2.0 * distances_->within;
  EnergyDistance out;
  out.biased = std::max(0.0, across - within - within_observed_);
  out.unbiased = alone > 0.0 && observed_.count() >= 2
                     ? across - within / alone - within_observed_ * m / (m - 1.0)
                     : kNaN;
  return out;
}

double WeightedComparison::w2(Context& context) const {
  return weighted_wasserstein2(predicted_, w_, observed_.cells(), context);
}

const RowMoments& WeightedComparison::row_moments() {
  if (!row_moments_) row_moments_ = weighted_row_moments(predicted_, w_);
  return *row_moments_;
}

const MomentScores& WeightedComparison::moments() {
  if (!moments_)
    moments_ =
        moment_scores(row_moments(), predicted_.n_cols, observed_.moments(), observed_.count());
  return *moments_;
}

double WeightedComparison::mean_shift_correlation() {
  return pearson_mean_shift(control_->moments().mean, row_moments().mean, observed_.moments().mean);
}

}  // namespace laot
