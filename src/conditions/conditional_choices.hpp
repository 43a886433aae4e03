// The choices of conditional LAOT, by cells or conditions that were left out.
#pragma once

#include "laot/conditions/condition_regression.hpp"
#include "laot/conditions/conditional_laot.hpp"

namespace laot {

/// The pooled part of a fit, with what is needed to leave conditions out of it.
struct PooledFit {
  ConditionalCells cells;  // centred
  ConditionRegression regression;
  arma::mat log_changes;  // d^2 x C
  ConditionalLaot model;
  arma::cube left_out;  // W_-c - I, once it was asked for
};
PooledFit fit_pooled(const ConditionalCells& cells, const ConditionalLaotOptions& options,
                     Context& context);

/// The LAOT map of each condition alone, calibrated as laot's is [d x d x C]. Cells as `centred`.
arma::cube own_maps(const ConditionalCells& cells, Context& context);

/// The median heuristic over some cells of all populations.
double gamma_of(const ConditionalCells& cells, Context& context);

/// Sets restore by the mean leave-one-condition-out MMD^2 of 0, 1/4, .., 1 (1 where no condition
/// can be left out), and the error of the mean shift that is left out.
void choose_restore(PooledFit& fit, const ConditionalLaotOptions& options, Context& context);

/// Sets the share of each condition's own map by held-out cells: a fifth of each population, five
/// times, so that each cell is held out once.
void choose_own_share(const ConditionalCells& cells, PooledFit& fit,
                      const ConditionalLaotOptions& options, Context& context);

}  // namespace laot
