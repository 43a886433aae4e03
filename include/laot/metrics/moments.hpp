// Scores that compare the means and the spread of single features.
#pragma once

#include <cstddef>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// A feature whose standard deviation is no more than this does not vary: it is rounding.
constexpr double kConstantSd = 1e-12;

/// Mean and standard deviation of each row. Constant rows have sd 0 exactly.
struct RowMoments {
  arma::vec mean;  // [d]
  arma::vec sd;    // [d], divisor n
};
RowMoments row_moments(const arma::mat& cells);
/// The same bits on the threads of the context, which is asked meanwhile.
RowMoments row_moments(const arma::mat& cells, Context& context);

/// Pearson's correlation; NaN where a or b is constant or has fewer than two entries.
double pearson(const arma::vec& a, const arma::vec& b);

/// Predicted (d x n) against observed (d x m) cells, feature by feature; neither may be empty.
struct MomentScores {
  double l2_means;       // |mean(predicted) - mean(observed)|; the l2 drug signature is the same
                         // number, since mean(control) cancels
  double pearson_means;  // across features; CellOT's tables call it "r2" without squaring.
                         // NaN where the means are constant, as with one feature
  double r2_means;       // coefficient of determination 1 - SSres/SStot, SStot around the mean of
                         // the observed means; NaN where these are constant
  double l2_sds;         // divisor n
  double l2_sds_ddof1;   // divisor n - 1, as CellOT; NaN with one cell on a side
  double pearson_sds;    // the same for both divisors; NaN with one cell on a side
  double sd_ratio;       // mean over features of sd(predicted)/sd(observed), divisor n
  double sd_ratio_median;
  std::size_t sd_ratio_left_out;  // features with observed sd below 1e-12, left out of both; NaN
                                  // where none remains
};
MomentScores moment_scores(const arma::mat& predicted, const arma::mat& observed);
/// The same from the moments of n predicted and m observed cells.
MomentScores moment_scores(const RowMoments& predicted, std::size_t n, const RowMoments& observed,
                           std::size_t m);

/// Pearson's correlation of the predicted with the observed shift of the means away from control:
/// unlike pearson_means, no change predicted is not rewarded. NaN where a shift is constant.
double pearson_mean_shift(const arma::mat& control, const arma::mat& predicted,
                          const arma::mat& observed);
/// The same from the three means.
double pearson_mean_shift(const arma::vec& control, arma::vec predicted, arma::vec observed);

}  // namespace laot
