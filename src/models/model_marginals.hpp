#pragma once

#include "laot/models.hpp"

namespace laot {

/// The maps from what a fitted model predicts of its training controls to the treated cells, for
/// all cells with their weights. Features are gone through in as many passes as keep both
/// populations' values of a pass under 256 MB.
MarginalMaps fitted_marginals(const Model& model, const FitInput& input, Context& context);

}  // namespace laot
