// Conditional LAOT: one linear map for all conditions, its spread, and a condition's own map where
// that is better.
#pragma once

#include <cstdint>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/conditions/conditional_alternation.hpp"
#include "laot/conditions/conditional_spread.hpp"

namespace laot {

struct ConditionalLaotOptions {
  static constexpr double kAutomatic = -1.0;
  ConditionalAlternationOptions alternation;
  double shift_ridge = kAutomatic, spread_ridge = kAutomatic;  // by leave-one-condition-out
  double restore = kAutomatic;  // strength from 0 to 1; automatic: by leave-one-condition-out MMD^2
  double own_share = kAutomatic;  // of a condition's own map; automatic: by held-out cells
};

/// Grounds of the choice between strengths of restoring, or shares of the own map: the mean
/// MMD^2 (unbiased) of each candidate. Empty where nothing was chosen.
struct ConditionalChoice {
  std::vector<double> candidates, mmd2;
};

/// T_c(x) = m + shift(c) + W(c) (x - m) with m the mean of the control population of c. At a
/// condition that was not trained on, shift and W are the pooled ones at its features; at a
/// training condition the share own_share[c] of its own LAOT map and mean shift is blended in.
struct ConditionalLaot {
  ConditionalAlternation alternation;
  arma::mat shift;       // d x K: B
  arma::mat log_spread;  // d^2 x K
  arma::mat own_shift;   // d x C
  arma::cube own_map;    // d x d x C, restored; empty where no share is above 0
  arma::vec own_share;   // [C]
  double restore = 0.0;  // strength
  double shift_ridge = 0.0, spread_ridge = 0.0;
  std::vector<SpreadOfControl> controls;
  ConditionalChoice choice_of_restore, choice_of_own_share;
  /// Root of the mean square, over conditions, of what leaving a condition out gets wrong of its
  /// mean shift, and of the mean shift itself: where the first is as large, the conditions say
  /// nothing about one that is not among them. NaN under four conditions.
  double shift_error_left_out = kNaN, shift_size = 0.0;
  double gamma = 0.0;  // of the MMD^2 of the choices; NaN where all cells are the same
  double seconds = 0.0;

  /// The pooled W at these features, for cells of this control population.
  arma::mat pooled_map(const arma::vec& phi, std::size_t control) const {
    return pooled_map(phi, controls.at(control));
  }
  /// The same for cells of a population of this spread, which counts where restore is above 0.
  arma::mat pooled_map(const arma::vec& phi, const SpreadOfControl& control) const;
  /// W of a training condition, blended.
  arma::mat map_of(std::size_t condition, const arma::vec& phi, std::size_t control) const {
    return map_of(condition, phi, controls.at(control));
  }
  arma::mat map_of(std::size_t condition, const arma::vec& phi,
                   const SpreadOfControl& control) const;
  /// Its shift, blended.
  arma::vec shift_of(std::size_t condition, const arma::vec& phi) const;
};

/// Fits on the cells as they are in the feature space (means not taken away). Bits are the same for
/// every number of threads. The draw of held-out cells depends on the context's seed.
ConditionalLaot fit_conditional_laot(const ConditionalCells& cells,
                                     const ConditionalLaotOptions& options, Context& context);

/// The shifts and spreads alone, for the conditional Gaussian map: no plan, no choices.
ConditionalLaot fit_conditional_gaussian(const ConditionalCells& cells,
                                         const ConditionalLaotOptions& options, Context& context);

}  // namespace laot
