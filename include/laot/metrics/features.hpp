// Scores that look into single features, pairs of features, neighbourhoods and single cells.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// Are features correlated among predicted cells as they are among observed ones? Pearson's r of
/// every pair of features i < j, predicted against observed. Features with sd (divisor n) of at
/// most 1e-12 on either side are left out. d(d-1)/2 values are never held, nor a copy of the cells:
/// O(n + m) memory a thread, O(d^2 (n + m)) time.
struct CorrelationScores {
  double l2 = 0.0;       // root of the sum over pairs of (r_predicted - r_observed)^2
  double pearson = 0.0;  // of r_predicted with r_observed over the pairs; NaN with fewer than 3
                         // features in use, or constant r
  std::size_t features_used = 0;
};
CorrelationScores correlation_scores(const arma::mat& predicted, const arma::mat& observed,
                                     Context& context);

/// How well do predicted cells mix with observed ones? The first min(n, m) cells of each are
/// pooled; for each predicted cell, the share of predicted cells among its k nearest neighbours
/// (squared Euclidean distance, itself excluded, ties by position, predicted first); mean over the
/// predicted cells. About 0.5 where the two mix, 1 where they stand apart. NaN where fewer than k
/// other cells are pooled.
double knn_enrichment(const arma::mat& predicted, const arma::mat& observed, std::size_t k,
                      Context& context);

/// For each predicted cell, the share of its k nearest observed cells (squared Euclidean distance,
/// ties by position; all of them where there are fewer) that have its own label: [n].
arma::vec own_label_shares(const arma::mat& predicted, const std::vector<std::string>& labels,
                           const arma::mat& observed,
                           const std::vector<std::string>& observed_labels, std::size_t k,
                           Context& context);

/// Feature by feature, predicted against observed.
struct FeatureScores {
  arma::vec ks;               // [d] two-sample Kolmogorov-Smirnov statistic
  arma::vec w1;               // [d] one-dimensional Wasserstein distance, in the feature's units
  arma::vec mean_difference;  // [d] mean(predicted) - mean(observed)
};
FeatureScores feature_scores(const arma::mat& predicted, const arma::mat& observed,
                             Context& context);

/// The `count` features that respond most, to be chosen on training cells: by |t| of Welch's t-test
/// of treated against control, ties by position; a feature that differs and varies on neither side
/// comes first. Needs two cells on each side.
std::vector<std::size_t> marker_features(const arma::mat& control, const arma::mat& treated,
                                         std::size_t count, Context& context);

/// Spearman's correlation over features between the control state of each cell and its predicted
/// state (average ranks for ties), as the per-cell check of the CellOT preprint, Figure 4: [n]. Low
/// values mean that the map loses the cell's identity. NaN where a cell's values are all equal.
arma::vec cell_spearman(const arma::mat& control, const arma::mat& predicted, Context& context);

}  // namespace laot
