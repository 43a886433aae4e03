// Cells in the feature space of a model.
#pragma once

#include <string>

#include "laot/models.hpp"

namespace laot {

/// The mean about which cells are encoded: that of the model's controls or treated cells, or the
/// cells' own.
enum class About { control, treated, own };
About about_from(const std::string& name);  // throws unknown_name

/// dimension x cells. `name`: of the cells, in messages. Throws dimension_mismatch for other
/// features than the model's, not_finite, and invalid_argument for a model of several conditions.
arma::mat encoded_cells(const Model& model, const Cells& cells, About about, const char* name,
                        Context& context);

}  // namespace laot
