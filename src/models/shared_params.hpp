#pragma once

#include <vector>

#include "bind.hpp"

namespace laot {

/// Rows of the registry that methods share: the feature space, and how many cells are kept.
std::vector<ParamSpec> space_params();
ParamSpec keep_cells_param();

}  // namespace laot
