// A model of many conditions at one of them.
#pragma once

#include "laot/models.hpp"

namespace laot {

/// Model::at, for scores: a held-out condition may have a name of its own beside covariates that
/// the model finds it by, and of one that was not seen the bandwidth is 1 / the median over the
/// seen conditions of their median squared distances. `controls` are the control cells that are
/// scored: they place a level that only its control cells place.
Model model_at(const Model& model, const Condition& condition, const Cells& controls,
               Context& context);

}  // namespace laot
