// How far the map of a model is from the identity: its strongest effects, and the change at a cell.
#pragma once

#include "laot/models.hpp"
#include "laot/table.hpp"

namespace laot {

/// Effects that hosts ask for, and of which stability has intervals.
constexpr std::size_t kStrongestEffects = 20;
/// Cells at which hosts ask for the change.
constexpr std::size_t kCellsOfChange = 100;

/// The entries of W - I [features x features] that are largest by absolute value, at most `count`,
/// the largest first: treated, control (rows and columns of W, features from 0), change. Entries
/// within 1e-12 of 0 are the rounding of sums and have no row; a map without such a matrix has
/// none. Throws invalid_argument for several conditions.
Table strongest_effects(const Model& model, std::size_t count);

/// The same of kStrongestEffects, with low and high, the percentiles of an interval of `level` over
/// `draws` (k^2 x draws: maps of the model's space; without draws NaN), and stable: 1 where the
/// interval leaves out 0. No rows for a method without an alternation, whose map the draws are not.
Table strongest_effects(const Model& model, const arma::mat& draws, double level);

/// |J(z) - I|, the largest singular value of what the map changes, J being the derivative of the
/// prediction in the feature space: at most `most` control cells, evenly taken, with cell (from 0),
/// change and length, |z| about the mean of the model's controls. `control` NULL: the cells that
/// the model kept. Throws not_available for maps without a derivative in closed form and where the
/// model kept no cells, else as encoded_cells().
Table change_at_cells(const Model& model, const Cells* control, std::size_t most, Context& context);

}  // namespace laot
