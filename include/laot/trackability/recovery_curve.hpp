// The recovery curve: would this experiment's pairing be found again, if the truth were the fit?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "laot/laot.hpp"

namespace laot {

/// counterpart: every control cell is also among the treated cells, moved. anew: the treated cells
/// come from other cells than the controls shown, as in most experiments.
enum class Design { counterpart, anew };
const char* name_of(Design design);
Design design_from(const std::string& name);  // throws unknown_name

/// The start of the simulations, in the space of the fit.
struct RecoverySource {
  arma::mat cells;     // k x n controls, of which each simulation draws
  arma::mat map;       // W, without restoration: the expected state of a moved cell
  arma::mat residual;  // k x k covariance of y - W x over the coupled pairs; empty: no noise
  std::vector<std::uint32_t> batch;  // level of each cell; empty: one level
};

/// W and the residual covariance of a fit. batch: the level of each column of x; empty: one level.
RecoverySource recovery_source(const arma::mat& x, const arma::mat& y,
                               const std::vector<std::uint32_t>& batch, const LaotResult& fit);

/// The same of any map, by where it takes the cells of x (images, k x n): W is its linear part over
/// these cells, by least squares, and the residual that of the exact coupling of the images, about
/// the mean of y, with y.
RecoverySource recovery_source(const arma::mat& x, const arma::mat& y,
                               const std::vector<std::uint32_t>& batch_x,
                               const std::vector<std::uint32_t>& batch_y, const arma::mat& images,
                               Context& context);

struct RecoveryCurveOptions {
  LaotOptions fit;
  bool own_means = true;
  /// s: controls are moved by I + s (W - I); 1 is the experiment itself. Increasing, not negative.
  std::vector<double> gaps = {0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 6, 8};
  std::size_t repeats = 8;
  std::size_t most_cells = 300;  // a side, in one simulation
};

/// Share of cells (columns, in the same order) whose predicted state lies no farther from their own
/// expected state than from that of any other cell. Cost n^2 d at most.
double identified_share(const arma::mat& predicted, const arma::mat& expected);

struct RecoveryCurve {
  Design design = Design::counterpart;
  std::vector<double> gaps;
  std::size_t cells = 0;  // a side, in one simulation
  /// [gaps x repeats]. pairs: share of cells whose counterpart was found (NaN for anew: there is
  /// none). identified: identified_share() of the control cells, with expected states W_s x.
  /// map_error: |W^ - W_s| / |W_s - I|. cell_error: root mean square error of the predicted
  /// expected states over that of their displacement (1: no better than predicting no change).
  /// Errors are NaN at s = 0.
  arma::mat pairs, identified, map_error, cell_error;
  /// Mean over the repeats of pairs (counterpart) or identified (anew) at each gap.
  std::vector<double> recovery;
  /// The least s at which `recovery` falls under one half (between grid points on a line): the
  /// critical gap; 0 where it is under one half from the start, infinite where it never is on the
  /// grid. The 95% interval is over resampled repeats.
  double critical = 0.0, critical_low = 0.0, critical_high = 0.0;
  /// Where the experiment (s = 1) stands: 1 / critical, with its interval. 0: recovery never falls
  /// under one half on the grid; infinite: it is never above.
  double position = 0.0, position_low = 0.0, position_high = 0.0;
  /// `recovery` at s = 1 (on a line between grid points; NaN where the grid does not reach it).
  double recovery_at_one = 0.0;
};

/// For each s and repeat: draws min(n, most_cells) controls (anew: two disjoint sets of
/// min(n / 2, most_cells)), moves them by I + s (W - I), adds normal noise of the residual
/// covariance, forgets the pairing, fits again, and compares with the truth. With a batch, cells
/// are paired within their level, and anew deals the cells of each level to the two sets. Fewer
/// cells than the experiment has make recovery easier, so raise most_cells for a final answer.
/// Needs 4 cells (anew: 8). Drawn with the context's seed. Cost: gaps x repeats fits, on the
/// context's threads.
RecoveryCurve recovery_curve(const RecoverySource& source, Design design,
                             const RecoveryCurveOptions& options, Context& context);

/// The verdict on an experiment: whether most of its pairs can be found, from two numbers that can
/// be seen without the truth: RecoveryCurve::recovery_at_one with counterparts present (would the
/// fit find the pairs again if it were right), and Stability::residual_over_spacing (does a cell's
/// partner lie where the map sends it, rather than just nearby).
enum class Trackability { recoverable, borderline, not_recoverable, undefined };
const char* name_of(Trackability verdict);

/// recoverable: recovery_at_one >= recovery and residual < low_residual; not_recoverable: residual
/// >= high_residual; else borderline. Chosen on simulations whose truth is known and checked on
/// fresh ones (bench/trackability/calibration.cpp, docs/trackability.md), with at most an eighth as
/// many dimensions as cells; with more, the residual is too small and the verdict too kind.
struct TrackabilityLimits {
  double recovery = 0.95;
  double low_residual = 0.75, high_residual = 0.85;
};
Trackability trackability_verdict(double recovery_at_one, double residual_over_spacing);

}  // namespace laot
