// The trivial predictors of many conditions, to stand beside a model of many.
#pragma once

#include <memory>
#include <vector>

#include "laot/models.hpp"

namespace laot {

/// conditional_gaussian, regressed_shift and nearest_shift of the training cells that the first
/// model keeps, with its feature space and its covariates, but for methods that are among the
/// models. None of a model of one condition, of one that is fitted to each, and where no cells were
/// kept.
std::vector<std::shared_ptr<const Model>> trivial_conditions(
    const std::vector<const Model*>& models, Context& context);

}  // namespace laot
