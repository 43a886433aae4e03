// The nearest training condition, whose mean shift is the simplest guess at another's.
#pragma once

#include <vector>

#include "laot/armadillo.hpp"
#include "laot/conditions/covariates.hpp"

namespace laot {

/// The training conditions whose shifts, added up, guess at a condition's: itself where it is one;
/// else for each of its treatments the nearest training condition of one treatment (where there is
/// none of one, the nearest condition alone), by
///   |e - e'|^2 / coordinates + 4 (u - u')^2 + (level - level' ? 1 : 0),
/// e the standardised embedding and context and u the transformed dose of CovariateFeatures. Ties
/// go to the first condition.
std::vector<std::size_t> nearest_conditions(const CovariateFeatures& features,
                                            const ConditionCovariates& condition);

}  // namespace laot
