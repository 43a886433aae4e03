// The cells that a block of rows is of: all, and each group (cell type) by itself.
#pragma once

#include <string>
#include <vector>

#include "laot/evaluation.hpp"

namespace laot {

struct Part {
  std::string group;                           // empty: all cells
  std::vector<std::size_t> observed, control;  // the cells of a group
  bool all() const { return group.empty(); }
};

/// All cells, then the groups that both sides have, in the order of the observed cells.
std::vector<Part> parts_of(const HeldOut& held_out);

/// Checks that there is one label for each cell, or none on both sides, and none empty. Beside the
/// predictions of a model that was balanced by types the control cells must have them, and the
/// observed ones may.
void require_groups(const HeldOut& held_out);

/// Whether weights of cells follow from labels.
bool weighted_by_types(const Model& model);

/// The weight of each control cell where the predictions are those of a model that was balanced,
/// and otherwise empty. Throws invalid_argument where types are new to the model.
arma::vec weights_of_control(const HeldOut& held_out, Context& context);

}  // namespace laot
