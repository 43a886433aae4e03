// The composition of a fit: the types of its cells, their shares, and what is said of them.
#pragma once

#include "laot/balance.hpp"
#include "laot/models.hpp"

namespace laot {

struct FitComposition {
  CellTypes types;
  Composition composition;
  arma::vec ratio;  // of each control cell; empty: not balanced
  Report report;
};

/// Types that are given, or the clusters of `x` and `y`, which `encoded` makes where they are
/// asked for.
FitComposition composition_for(const Params& params, const Population& control,
                               const Population& treated, const Levels& batches,
                               const arma::vec& weights_x, const arma::vec& weights_y,
                               const std::function<std::pair<arma::mat, arma::mat>()>& encoded,
                               Context& context);

/// How well the predicted training controls match the treated cells, balanced and not.
void report_balanced_scores(const Model& model, const Cells& control, const Cells& treated,
                            const arma::vec& ratio, Report& report, Context& context);

}  // namespace laot
