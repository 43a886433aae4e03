// Questions to a model about its pairing: the alternation that can be repeated, and where its
// map takes cells.
#pragma once

#include "laot/models.hpp"

namespace laot {

/// The alternation whose questions can be asked of a model: its own, or of a method of many
/// conditions, at one of them, laot with its defaults, of the condition's cells. Throws
/// not_available for other methods, and invalid_argument for many conditions.
LaotOptions alternation_of(const Model& model);

/// Where a model of many conditions, at one of them, takes cells z (k x n) of its feature space;
/// empty: a model of laot, whose map its alternation has.
arma::mat images_of(const Model& model, const arma::mat& z);

}  // namespace laot
