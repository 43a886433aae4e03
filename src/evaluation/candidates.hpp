// Who is scored: the prediction, the trivial predictors, and true treated cells.
#pragma once

#include <string>
#include <vector>

#include "laot/evaluation.hpp"

namespace laot {

/// Cells that are scored under a name.
struct NamedCells {
  std::string method;
  arma::mat cells;         // features x cells
  bool of_control = true;  // one for each control cell, in their order
  bool of_halves = false;  // stands for the observed cells, half against half; has no cells
};

/// The candidates in the order of the table; `wanted`: see EvaluationOptions::methods.
std::vector<NamedCells> candidates_of(const HeldOut& held_out, Reference reference,
                                      const std::vector<std::string>& wanted, Context& context);

/// The reference that `automatic` stands for here.
Reference chosen_reference(const HeldOut& held_out, Reference asked);

}  // namespace laot
