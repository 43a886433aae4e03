// The covariates of a model's conditions, typed: hosts need not guess what is a number.
#pragma once

#include "laot/models.hpp"

namespace laot {

/// One row for each value of a covariate of the conditions that were seen, or of a model of one
/// condition: condition (its name), covariate, value (a level, or a number as text) and number
/// (NaN of a level).
/// Values of a combination have a row each, in their order.
Table covariates_table(const Model& model);

}  // namespace laot
