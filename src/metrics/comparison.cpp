#include "laot/metrics/comparison.hpp"

#include <utility>

namespace laot {

const RowMoments& ScoredCells::moments() {
  if (!moments_) moments_ = row_moments(*cells_);
  return *moments_;
}

const std::vector<double>& ScoredCells::kernel_sums(const std::vector<double>& gammas,
                                                    Context& context) {
  auto found = kernel_sums_.find(gammas);
  if (found == kernel_sums_.end())
    found = kernel_sums_
                .emplace(gammas, kernel_sums_within(*cells_, gammas, context,
                                                    keeps_within_ ? &within_squared_ : nullptr))
                .first;
  return found->second;
}

void ScoredCells::know(const std::vector<double>& gammas, KernelSums sums,
                       const ScoredCells& other) {
  kernel_sums_[gammas] = std::move(sums.within);
  known_across_[gammas] = std::move(sums.across);
  within_squared_ = std::move(sums.within_squared);
  know_squared(std::move(sums.squared), other);
}

void ScoredCells::know_squared(arma::mat squared, const ScoredCells& other) {
  known_squared_ = std::move(squared);
  known_other_ = &other;
}

const arma::mat& ScoredCells::known_squared(const ScoredCells& other) const {
  static const arma::mat none;
  return known_other_ == &other ? known_squared_ : none;
}

const std::vector<double>* ScoredCells::known_across(const std::vector<double>& gammas,
                                                     const ScoredCells& other) const {
  const auto found = known_across_.find(gammas);
  return found != known_across_.end() && known_other_ == &other ? &found->second : nullptr;
}

const MomentScores& Comparison::moments() {
  if (!moments_)
    moments_ =
        moment_scores(predicted.moments(), predicted.count(), observed.moments(), observed.count());
  return *moments_;
}

double Comparison::mean_shift_correlation() {
  return pearson_mean_shift(control->moments().mean, predicted.moments().mean,
                            observed.moments().mean);
}

const CorrelationScores& Comparison::correlations(Context& context) {
  if (!correlations_)
    correlations_ = correlation_scores(predicted.cells(), observed.cells(), context);
  return *correlations_;
}

const FeatureScores& Comparison::features(Context& context) {
  if (!features_) features_ = feature_scores(predicted.cells(), observed.cells(), context);
  return *features_;
}

const EnergyDistance& Comparison::energy(Context& context) {
  if (!energy_) energy_ = energy_distance(predicted.cells(), observed.cells(), context);
  return *energy_;
}

const SinkhornDivergence& Comparison::euclidean_divergence(const SinkhornOptions& options,
                                                           Context& context) {
  if (!entropic_)
    entropic_ = sinkhorn_divergence(predicted.cells(), observed.cells(), PairCost::euclidean,
                                    options, context);
  return *entropic_;
}

void Comparison::sum_kernels(Context& context) {
  if (!mmd2_.empty()) return;
  if (!predicted.shared() && !observed.shared()) {
    mmd2_ = mmd2_both(Cells::dense(predicted.cells()), Cells::dense(observed.cells()), gammas_,
                      context);
    return;
  }
  const std::vector<double>* known = predicted.known_across(gammas_, observed);
  std::vector<double> across;
  if (known) {
    across = *known;
  } else {
    arma::mat squared;
    across = kernel_sums_across(predicted.cells(), observed.cells(), gammas_, context,
                                shares_distances_ ? &squared : nullptr);
    if (shares_distances_) predicted.know_squared(std::move(squared), observed);
  }
  mmd2_ = mmd2_from_sums(predicted.kernel_sums(gammas_, context),
                         observed.kernel_sums(gammas_, context), across, predicted.count(),
                         observed.count());
}

double Comparison::mmd2(MmdEstimator estimator, Context& context) {
  sum_kernels(context);
  const Mmd2& both = mmd2_[gamma_];
  return estimator == MmdEstimator::biased ? both.biased : both.unbiased;
}

double Comparison::w2(Context& context) {
  if (shares_distances_) {
    sum_kernels(context);
    const arma::mat& squared = predicted.known_squared(observed);
    if (!squared.is_empty()) return wasserstein2_of_distances(squared, context);
  }
  if (!predicted.coupling()) return wasserstein2(predicted.cells(), observed.cells(), context);
  return wasserstein2(predicted.cells(), observed.cells(), *predicted.coupling(), context);
}

}  // namespace laot
