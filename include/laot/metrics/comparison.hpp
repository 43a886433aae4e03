// Two populations under several metrics: what the metrics share is computed once.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "laot/metrics/distances.hpp"
#include "laot/metrics/features.hpp"
#include "laot/metrics/mmd.hpp"
#include "laot/metrics/moments.hpp"
#include "laot/metrics/moved_cells.hpp"
#include "laot/transport.hpp"

namespace laot {

/// The strength of the entropy in entropic transport: a share of the mean cost between the two
/// populations, or a number in units of the cost.
struct EntropyStrength {
  double value = 0.05;
  bool absolute = false;
};

/// One side of comparisons: cells (features x cells), borrowed, and what of them is used again.
class ScoredCells {
 public:
  /// `shared`: they are compared with several others, so that sums over their own pairs are kept.
  explicit ScoredCells(const arma::mat& cells, bool shared = false)
      : cells_(&cells), shared_(shared) {}

  const arma::mat& cells() const { return *cells_; }
  std::size_t count() const { return cells_->n_cols; }
  bool shared() const { return shared_; }
  const RowMoments& moments();
  /// The sums over pairs of cells of exp(-gamma |u - v|^2), one for each gamma.
  const std::vector<double>& kernel_sums(const std::vector<double>& gammas, Context& context);

  /// Sums that are known, at these gammas: within, and across with `other`; and the distances
  /// behind them, where they were kept.
  void know(const std::vector<double>& gammas, KernelSums sums, const ScoredCells& other);
  /// Those with `other`, or null.
  const std::vector<double>* known_across(const std::vector<double>& gammas,
                                          const ScoredCells& other) const;
  /// The squared distances to `other` [cells x cells]; empty where they are not known.
  const arma::mat& known_squared(const ScoredCells& other) const;
  void know_squared(arma::mat squared, const ScoredCells& other);

  /// From now on the squared distances of pairs of these cells, which kernel_sums() computes, stay.
  void keep_within() { keeps_within_ = true; }
  /// Those above the diagonal; empty where they are not known.
  const arma::mat& within_squared() const { return within_squared_; }

  /// A coupling with the cells that these are compared with, whose next solve starts from its last;
  /// it was made of cells in the same order. None: null.
  void couple_by(Coupling* coupling) { coupling_ = coupling; }
  Coupling* coupling() const { return coupling_; }

 private:
  const arma::mat* cells_;
  bool shared_;
  Coupling* coupling_ = nullptr;
  const ScoredCells* known_other_ = nullptr;
  std::map<std::vector<double>, std::vector<double>> known_across_;
  arma::mat known_squared_, within_squared_;
  bool keeps_within_ = false;
  std::optional<RowMoments> moments_;
  std::map<std::vector<double>, std::vector<double>> kernel_sums_;
};

/// Predicted against observed cells of the same features. The cells must outlive it.
class Comparison {
 public:
  ScoredCells &predicted, &observed;
  ScoredCells* control;  // null: none
  EntropyStrength epsilon;

  /// gammas: bandwidths of metrics with a kernel, or none.
  Comparison(ScoredCells& predicted_cells, ScoredCells& observed_cells, ScoredCells* control_cells,
             std::vector<double> gammas, EntropyStrength strength)
      : predicted(predicted_cells),
        observed(observed_cells),
        control(control_cells),
        epsilon(strength),
        gammas_(std::move(gammas)) {}

  /// W2 is then solved on the distances behind the kernels (gammas), which are kept: see
  /// shares_distances().
  void share_distances() { shares_distances_ = true; }
  /// The bandwidth of the metrics that are asked for next, NaN where there is none.
  void use_gamma(std::size_t which) { gamma_ = which; }
  double gamma() const { return gammas_.empty() ? kNaN : gammas_[gamma_]; }

  const MomentScores& moments();
  const CorrelationScores& correlations(Context& context);
  const FeatureScores& features(Context& context);
  const EnergyDistance& energy(Context& context);
  double mean_shift_correlation();  // needs the control
  double mmd2(MmdEstimator estimator, Context& context);
  double w2(Context& context);
  /// For one choice of options: computed once.
  const SinkhornDivergence& euclidean_divergence(const SinkhornOptions& options, Context& context);

 private:
  std::vector<double> gammas_;
  std::size_t gamma_ = 0;
  std::optional<MomentScores> moments_;
  std::optional<CorrelationScores> correlations_;
  std::optional<FeatureScores> features_;
  std::optional<EnergyDistance> energy_;
  std::optional<SinkhornDivergence> entropic_;
  void sum_kernels(Context& context);

  std::vector<Mmd2> mmd2_;  // for each of gammas_
  bool shares_distances_ = false;
};

}  // namespace laot
