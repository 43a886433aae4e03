#include "laot/conditions/conditional_laot.hpp"

#include <algorithm>
#include <cmath>

#include "conditional_choices.hpp"
#include "laot/base/clock.hpp"
#include "laot/laot.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/parallel/tasks.hpp"

namespace laot {

namespace {

double root_mean_square(const arma::mat& columns) {
  return std::sqrt(arma::accu(arma::square(columns)) / static_cast<double>(columns.n_cols));
}

double chosen(double asked, const ConditionRegression& regression, const arma::mat& values,
              const ConditionGroups& groups) {
  return asked == ConditionalLaotOptions::kAutomatic ? regression.choose_ridge(values, groups)
                                                     : asked;
}

double smallest_shrinkage(const ConditionalCells& cells, std::size_t control) {
  const std::size_t d = cells.controls[0].n_rows;
  std::size_t most = 1;
  for (std::size_t c = 0; c < cells.treated.size(); ++c)
    if (cells.control_of[c] == control) most = std::max<std::size_t>(most, cells.treated[c].n_cols);
  return shrinkage(d, cells.controls[control].n_cols, most);
}

}  // namespace

arma::mat ConditionalLaot::pooled_map(const arma::vec& phi, const SpreadOfControl& control) const {
  const arma::uword d = shift.n_rows;
  if (!arma::any(phi)) return arma::eye(d, d);  // to the bit: dose 0 leaves cells as they are
  const arma::mat map = arma::eye(d, d) + alternation.change(phi);
  if (restore == 0.0) return map;
  return with_spread(map, control, arma::reshape(log_spread * phi, d, d), restore);
}

arma::mat ConditionalLaot::map_of(std::size_t condition, const arma::vec& phi,
                                  const SpreadOfControl& control) const {
  const double share = own_share[condition];
  if (share == 1.0) return own_map.slice(condition);
  const arma::mat pooled = pooled_map(phi, control);
  if (share == 0.0) return pooled;
  return (1.0 - share) * pooled + share * own_map.slice(condition);
}

arma::vec ConditionalLaot::shift_of(std::size_t condition, const arma::vec& phi) const {
  const double share = own_share[condition];
  return (1.0 - share) * (shift * phi) + share * own_shift.col(condition);
}

namespace {

// Shifts and spreads.
PooledFit fit_moments(const ConditionalCells& cells, const ConditionalLaotOptions& options,
                      Context& context) {
  PooledFit out{centred(cells), ConditionRegression(cells.phi), {}, {}, {}};
  const std::size_t count = cells.treated.size();
  ConditionalLaot& model = out.model;
  model.own_shift.set_size(cells.controls[0].n_rows, count);
  for (std::size_t c = 0; c < count; ++c)
    model.own_shift.col(c) = arma::mean(cells.treated[c], 1) -
                             arma::vec(arma::mean(cells.controls[cells.control_of[c]], 1));
  const ConditionGroups& groups = options.alternation.groups;
  model.shift_ridge = chosen(options.shift_ridge, out.regression, model.own_shift, groups);
  model.shift = out.regression.fit(model.own_shift, model.shift_ridge);
  out.log_changes = log_spread_changes(out.cells, context);
  model.spread_ridge = chosen(options.spread_ridge, out.regression, out.log_changes, groups);
  model.log_spread = out.regression.fit(out.log_changes, model.spread_ridge);
  for (std::size_t g = 0; g < cells.controls.size(); ++g)
    model.controls.push_back(
        {second_moment_of(out.cells.controls[g]), smallest_shrinkage(cells, g)});
  model.own_share.zeros(count);
  model.shift_size = root_mean_square(model.own_shift);
  return out;
}

}  // namespace

PooledFit fit_pooled(const ConditionalCells& cells, const ConditionalLaotOptions& options,
                     Context& context) {
  PooledFit out = fit_moments(cells, options, context);
  out.model.alternation = alternate_conditions(out.cells, options.alternation, context);
  return out;
}

ConditionalLaot fit_conditional_gaussian(const ConditionalCells& cells,
                                         const ConditionalLaotOptions& options, Context& context) {
  check_conditional_cells(cells);
  const SingleThreadedBlas one_thread;
  return std::move(fit_moments(cells, options, context).model);
}

arma::cube own_maps(const ConditionalCells& cells, Context& context) {
  const std::size_t d = cells.controls[0].n_rows, count = cells.treated.size();
  arma::cube out(d, d, count);
  run_tasks(context, "own maps", count, [&](std::size_t c, Context& inner) {
    const arma::mat& x = cells.controls[cells.control_of[c]];
    out.slice(c) = alternate(x, cells.treated[c], {}, {}, LaotOptions(), inner).map;
  });
  return out;
}

ConditionalLaot fit_conditional_laot(const ConditionalCells& cells,
                                     const ConditionalLaotOptions& options, Context& context) {
  const auto start = Clock::now();
  check_conditional_cells(cells);
  const SingleThreadedBlas one_thread;
  PooledFit fit = fit_pooled(cells, options, context);
  ConditionalLaot& model = fit.model;
  model.gamma = gamma_of(cells, context);
  choose_restore(fit, options, context);
  choose_own_share(cells, fit, options, context);
  if (model.own_share.max() > 0.0) model.own_map = own_maps(fit.cells, context);
  model.seconds = seconds_since(start);
  return std::move(model);
}

}  // namespace laot
