// The last plan of a fit, as a model keeps it.
#pragma once

#include "laot/models.hpp"

namespace laot {

/// Of a model that was read: the plan's cells are those of the fit, its masses are masses. What
/// follows them does not look again. A model without a plan passes.
void require_plan_of(const Model& model);

}  // namespace laot
