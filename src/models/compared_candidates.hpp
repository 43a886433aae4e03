// The candidates that a fit compared, in the file of its model.
#pragma once

#include <vector>

#include "laot/models.hpp"

namespace laot {

/// Nothing where nothing was compared.
void store_choices(const std::vector<ComparedCandidate>& compared, ModelFile& file);

/// Throws bad_format where the texts and numbers do not fit each other.
void load_choices(const ModelFile& file, Model& model);

}  // namespace laot
