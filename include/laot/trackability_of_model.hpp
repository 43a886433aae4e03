// Whether the pairing of a fitted model can be recovered: its training cells in its feature space,
// the alternation that is repeated on them, and where the model's own map takes them.
#pragma once

#include <optional>

#include "laot/asked_pairing.hpp"
#include "laot/trackability/findings.hpp"

namespace laot {

/// The training cells that a question is asked with, features as in the model. Neither: those that
/// the model kept, with the batch that they had.
struct AskedCells {
  std::optional<Population> control, treated;
};

/// Findings of stability() for a model. `options.fit`, `own_means` and `images` are set from it.
/// Throws invalid_argument where one population is given or has a batch without the other,
/// not_available where no cells are given and the model kept none, dimension_mismatch for other
/// features than the model's, and what alternation_of() throws.
Findings stability_findings(const Model& model, const AskedCells& cells, StabilityOptions options,
                            Context& context);

/// The same of recovery_curve(): simulated from the alternation's fit to the cells, or of a method
/// of many conditions from the model's own map at its condition.
Findings recovery_findings(const Model& model, const AskedCells& cells, Design design,
                           RecoveryCurveOptions options, Context& context);

}  // namespace laot
