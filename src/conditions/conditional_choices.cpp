#include "conditional_choices.hpp"

#include <algorithm>
#include <cmath>

#include "laot/data/columns.hpp"
#include "laot/metrics/mmd.hpp"
#include "laot/parallel/tasks.hpp"

namespace laot {

namespace {

constexpr std::size_t kMostScored = 500;     // cells of a population in an MMD^2
constexpr std::size_t kCellsOfGamma = 2000;  // of all populations
constexpr std::size_t kFolds = 5;
constexpr std::size_t kFewestDivided = 2 * kFolds;  // an unbiased MMD^2 needs two of each
constexpr std::size_t kHeldOutEnough = 2000;        // cells of all conditions: then no further fold
// Weight of the mean over all conditions in a condition's score, as a number of its cells: the
// score of few cells is noise.
constexpr double kWeightOfAll = 500.0;

std::vector<double> equal_steps(int parts) {
  std::vector<double> out;
  for (int k = 0; k <= parts; ++k) out.push_back(static_cast<double>(k) / parts);
  return out;
}

// At most so many of the cells, evenly over all.
arma::mat some(const arma::mat& cells, std::size_t most) {
  if (cells.n_cols <= most) return cells;
  return columns_of(cells, most, [&](std::size_t i) { return i * cells.n_cols / most; });
}

double score(const arma::mat& predicted, const arma::mat& observed, double gamma,
             Context& context) {
  return mmd2(predicted, observed, {gamma}, MmdEstimator::unbiased, context)[0];
}

std::size_t least(const std::vector<double>& values) {
  return static_cast<std::size_t>(std::min_element(values.begin(), values.end()) - values.begin());
}

// The cells of a fold (their number is `fold` modulo the folds in a drawn order), or the others.
arma::mat fold_cells(const arma::mat& cells, const std::vector<std::size_t>& order,
                     std::size_t fold, bool held_out) {
  std::vector<std::size_t> index;
  for (std::size_t i = 0; i < order.size(); ++i)
    if ((order[i] % kFolds == fold) == held_out) index.push_back(i);
  return columns_of(cells, index);
}

struct Fold {
  ConditionalCells train;
  std::vector<arma::mat> controls, treated;  // held out
};

Fold fold_of(const ConditionalCells& cells, std::size_t number, const Rng& draws) {
  Fold out;
  out.train.control_of = cells.control_of;
  out.train.phi = cells.phi;
  std::uint64_t stream = 0;
  const auto divide = [&](const std::vector<arma::mat>& from, std::vector<arma::mat>& train,
                          std::vector<arma::mat>& held_out) {
    for (const arma::mat& population : from) {
      const auto order = draws.stream(stream++).permutation(population.n_cols);
      if (population.n_cols < kFewestDivided) {
        train.push_back(population);
        held_out.emplace_back(population.n_rows, 0);
        continue;
      }
      train.push_back(fold_cells(population, order, number, false));
      held_out.push_back(some(fold_cells(population, order, number, true), kMostScored));
    }
  };
  divide(cells.controls, out.train.controls, out.controls);
  divide(cells.treated, out.train.treated, out.treated);
  return out;
}

std::size_t folds_needed(const ConditionalCells& cells) {
  std::size_t held_out = 0;
  for (const arma::mat& y : cells.treated) held_out += std::max<std::size_t>(1, y.n_cols / kFolds);
  return std::clamp<std::size_t>((kHeldOutEnough + held_out - 1) / held_out, 1, kFolds);
}

bool can_be_divided(const ConditionalCells& cells, std::size_t c) {
  return cells.treated[c].n_cols >= kFewestDivided &&
         cells.controls[cells.control_of[c]].n_cols >= kFewestDivided;
}

// MMD^2 of the held-out cells for each share, conditions x shares, added to `sums`.
void score_fold(const ConditionalCells& cells, const Fold& fold, const PooledFit& full,
                ConditionalLaotOptions options, const std::vector<double>& shares, arma::mat& sums,
                Context& context) {
  options.alternation.ridge = full.model.alternation.ridge;
  options.shift_ridge = full.model.shift_ridge;
  options.spread_ridge = full.model.spread_ridge;
  PooledFit fit = fit_pooled(fold.train, options, context);
  fit.model.restore = full.model.restore;
  const arma::cube own = own_maps(fit.cells, context);
  run_tasks(context, "held-out cells", cells.treated.size(), [&](std::size_t c, Context& inner) {
    if (!can_be_divided(cells, c)) return;
    const std::size_t g = cells.control_of[c];
    const arma::vec phi = cells.phi.col(c), mean = arma::mean(fold.train.controls[g], 1);
    const arma::mat pooled = fit.model.pooled_map(phi, g);
    const arma::vec shift = fit.model.shift * phi;
    arma::mat x = fold.controls[g];
    x.each_col() -= mean;
    for (std::size_t s = 0; s < shares.size(); ++s) {
      arma::mat predicted = ((1.0 - shares[s]) * pooled + shares[s] * own.slice(c)) * x;
      predicted.each_col() +=
          mean + (1.0 - shares[s]) * shift + shares[s] * fit.model.own_shift.col(c);
      sums(c, s) += score(predicted, fold.treated[c], full.model.gamma, inner);
    }
  });
}

}  // namespace

double gamma_of(const ConditionalCells& cells, Context& context) {
  const std::size_t populations = cells.controls.size() + cells.treated.size();
  const std::size_t most = std::max<std::size_t>(20, kCellsOfGamma / populations);
  arma::mat pooled;
  for (const auto* side : {&cells.controls, &cells.treated})
    for (const arma::mat& cells_of_one : *side)
      pooled = arma::join_rows(pooled, some(cells_of_one, most));
  return median_gamma(pooled, arma::mat(pooled.n_rows, 0), context).gamma;
}

void choose_restore(PooledFit& fit, const ConditionalLaotOptions& options, Context& context) {
  ConditionalLaot& model = fit.model;
  const std::size_t count = fit.cells.treated.size(), d = fit.cells.controls[0].n_rows;
  const ConditionGroups& groups = options.alternation.groups;
  const bool asked = options.restore != ConditionalLaotOptions::kAutomatic;
  model.restore = asked ? options.restore : 1.0;
  if (members_of(groups, count).size() < kFewestLeftOut) return;
  const arma::mat shift =
      fit.regression.left_out(model.own_shift, std::max(model.shift_ridge, 1e-8), groups);
  model.shift_error_left_out =
      std::sqrt(arma::accu(arma::square(model.own_shift - shift)) / static_cast<double>(count));
  if (asked || std::isnan(model.gamma)) return;
  const MapRegression maps = map_regression(fit.cells, options.alternation.solver);
  fit.left_out = maps.left_out(model.alternation.cross, model.alternation.maps,
                               model.alternation.ridge, groups);
  const arma::mat spread =
      fit.regression.left_out(fit.log_changes, std::max(model.spread_ridge, 1e-8), groups);
  const std::vector<double> strengths = equal_steps(4);
  arma::mat scores(count, strengths.size());
  run_tasks(context, "conditions left out", count, [&](std::size_t c, Context& inner) {
    const std::size_t g = fit.cells.control_of[c];
    const arma::mat x = some(fit.cells.controls[g], kMostScored);
    arma::mat y = some(fit.cells.treated[c], kMostScored);
    y.each_col() += model.own_shift.col(c) - shift.col(c);
    const arma::mat map = arma::eye(d, d) + fit.left_out.slice(c);
    const arma::mat full =
        with_spread(map, model.controls[g], arma::reshape(spread.col(c), d, d), 1.0);
    for (std::size_t s = 0; s < strengths.size(); ++s)
      scores(c, s) = score(arma::mat(((1.0 - strengths[s]) * map + strengths[s] * full) * x), y,
                           model.gamma, inner);
  });
  model.choice_of_restore = {
      strengths, arma::conv_to<std::vector<double>>::from(arma::rowvec(arma::mean(scores, 0)))};
  model.restore = strengths[least(model.choice_of_restore.mmd2)];
}

void choose_own_share(const ConditionalCells& cells, PooledFit& fit,
                      const ConditionalLaotOptions& options, Context& context) {
  ConditionalLaot& model = fit.model;
  const std::size_t count = cells.treated.size();
  if (options.own_share != ConditionalLaotOptions::kAutomatic) {
    model.own_share.fill(options.own_share);
    return;
  }
  if (std::isnan(model.gamma)) return;
  const std::vector<double> shares = equal_steps(4);
  arma::mat scores(count, shares.size(), arma::fill::zeros);
  const std::size_t folds = folds_needed(cells);
  const Rng draws(context.seed);
  for (std::size_t f = 0; f < folds; ++f)
    score_fold(cells, fold_of(cells, f, draws), fit, options, shares, scores, context);
  scores /= static_cast<double>(folds);
  arma::rowvec all(shares.size(), arma::fill::zeros);
  double weights = 0.0;
  for (std::size_t c = 0; c < count; ++c) {
    if (!can_be_divided(cells, c)) continue;
    weights += static_cast<double>(cells.treated[c].n_cols);
    all += static_cast<double>(cells.treated[c].n_cols) * scores.row(c);
  }
  if (weights == 0.0) return;
  all /= weights;
  model.choice_of_own_share = {shares, arma::conv_to<std::vector<double>>::from(all)};
  for (std::size_t c = 0; c < count; ++c) {
    if (!can_be_divided(cells, c)) continue;
    const double own = static_cast<double>(cells.treated[c].n_cols);
    const arma::rowvec mixed = (own * scores.row(c) + kWeightOfAll * all) / (own + kWeightOfAll);
    model.own_share[c] = shares[mixed.index_min()];
  }
}

}  // namespace laot
