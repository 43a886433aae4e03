// A paper's table of features: the shift that was predicted and the one that was observed,
// with an interval, and how the two distributions differ.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "laot/data.hpp"
#include "laot/models.hpp"
#include "laot/table.hpp"

namespace laot {

/// Coverage of an interval where none is asked for.
constexpr double kResponseLevel = 0.95;

struct ResponseCells {
  const Model* model = nullptr;    // predicts for `control`; null: `predicted` is given
  std::optional<Cells> predicted;  // features x as many cells as control, in their order
  Cells observed = Cells::dense(nullptr, 0, 0, 0), control = Cells::dense(nullptr, 0, 0, 0);
  /// Donor or replicate of each cell: both or neither.
  std::vector<std::string> observed_batch, control_batch;
  std::vector<std::string> feature_names;  // empty: those of the model, if it has any
};

/// One row a feature, the largest observed shift first, ties by position. Columns: position (of the
/// feature, from 0), feature (its name, or ""), mean_control, observed (shift of the means away
/// from control), low, high (its interval), predicted (shift), sd_control, sd_observed,
/// sd_predicted (divisor n), zeros_control, zeros_observed, zeros_predicted (share of values that
/// are exactly 0), ks (Kolmogorov-Smirnov distance of predicted and observed cells), units (that
/// the interval is over).
///
/// Without batches shifts are of all cells, the interval is Welch's t over cells, and units are the
/// observed cells: it holds for these donors alone. With batches shifts are means over the levels
/// that both sides have, of the means of a level's cells (pseudo-bulk), and the interval is
/// Student's t of the levels' shifts, k - 1 degrees of freedom: it speaks of further donors. sd,
/// zeros and ks are of all cells. NaN: an interval of one cell on a side.
///
/// level: coverage, between 0 and 1. Throws invalid_argument where fewer than 2 levels are shared
/// or one side alone has batches. O(d (n + m) log(n + m)) time, a copy of the cells.
Table response_table(const ResponseCells& cells, double level, Context& context);

/// The features that respond most on training cells, as marker_features() ranks them: position,
/// feature, t (Welch's, signed; +-Inf where neither side varies), shift, mean_control,
/// mean_treated.
Table marker_table(const Cells& control, const Cells& treated, std::size_t count,
                   const std::vector<std::string>& feature_names, Context& context);

}  // namespace laot
