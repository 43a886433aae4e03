#include "laot/metrics/comparison.hpp"

namespace laot {

const RowMoments& ScoredCells::moments() {
  if (!moments_) moments_ = row_moments(*cells_);
  return *moments_;
}

const std::vector<double>& ScoredCells::kernel_sums(const std::vector<double>& gammas,
                                                    Context& context) {
  auto found = kernel_sums_.find(gammas);
  if (found == kernel_sums_.end())
    found = kernel_sums_.emplace(gammas, kernel_sums_within(*cells_, gammas, context)).first;
  return found->second;
}

const MomentScores& Comparison::moments() {
  if (!moments_)
    moments_ =
        moment_scores(predicted.moments(), predicted.count(), observed.moments(), observed.count());
  return *moments_;
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

const EuclideanSinkhorn& Comparison::entropic(const SinkhornOptions& options, Context& context) {
  if (!entropic_)
    entropic_ = euclidean_sinkhorn(predicted.cells(), observed.cells(), options, context);
  return *entropic_;
}

double Comparison::mmd2(MmdEstimator estimator, Context& context) {
  if (mmd2_.empty() && !predicted.shared() && !observed.shared())
    mmd2_ = mmd2_both(Cells::dense(predicted.cells()), Cells::dense(observed.cells()), gammas_,
                      context);
  if (mmd2_.empty())
    mmd2_ = mmd2_from_sums(
        predicted.kernel_sums(gammas_, context), observed.kernel_sums(gammas_, context),
        kernel_sums_across(predicted.cells(), observed.cells(), gammas_, context),
        predicted.count(), observed.count());
  const Mmd2& both = mmd2_[gamma_];
  return estimator == MmdEstimator::biased ? both.biased : both.unbiased;
}

}  // namespace laot
