#include "laot/trackability/recovery_curve.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "laot/data/columns.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/parallel/tasks.hpp"
#include "refit.hpp"
#include "resampling.hpp"

namespace laot {

namespace {

// A curve of more would not fit in memory, nor end.
constexpr std::size_t kMostRepeats = 1000000;

constexpr std::size_t kCurveResamples = 400;

// One simulated experiment whose truth is known.
struct Simulated {
  Pair cells;
  std::vector<std::size_t> partner;  // treated column of each control cell; empty: none
};

arma::mat moved_by(const arma::mat& map, const arma::mat& x) {
  return map * x;
}

arma::mat scaled_map(const arma::mat& map, double gap) {
  arma::mat out = gap * map;
  for (std::size_t k = 0; k < out.n_rows; ++k) out(k, k) += 1.0 - gap;
  return out;
}

using Index = std::vector<std::size_t>;

// Two disjoint sets of as many cells of each level; the last cell of an odd level is left out.
std::pair<Index, Index> dealt(const Index& drawn, const std::vector<std::uint32_t>& batch) {
  const auto middle = drawn.begin() + static_cast<std::ptrdiff_t>(drawn.size() / 2);
  if (batch.empty()) return {Index(drawn.begin(), middle), Index(middle, drawn.end())};
  Index first, second;
  std::map<std::uint32_t, std::size_t> waiting;
  for (const std::size_t cell : drawn) {
    const auto [found, is_new] = waiting.emplace(batch[cell], cell);
    if (is_new) continue;
    first.push_back(found->second);
    second.push_back(cell);
    waiting.erase(found);
  }
  return {first, second};
}

// Level numbers of a simulation's cells: those of `batch`, without gaps. Treated cell order[i] has
// the level of sources[i].
void set_levels(const std::vector<std::uint32_t>& batch, const Index& controls,
                const Index& sources, const Index& order, Pair& cells) {
  if (batch.empty()) return;
  std::map<std::uint32_t, std::uint32_t> number;
  for (const std::size_t cell : controls)
    cells.batch_x.push_back(
        number.emplace(batch[cell], static_cast<std::uint32_t>(number.size())).first->second);
  cells.batch_y.resize(sources.size());
  for (std::size_t i = 0; i < sources.size(); ++i)
    cells.batch_y[order[i]] = number.at(batch[sources[i]]);
}

Simulated simulate(const RecoverySource& source, const arma::mat& root, const arma::mat& map,
                   Design design, std::size_t count, Rng rng) {
  const std::size_t k = source.cells.n_rows;
  const bool counterpart = design == Design::counterpart;
  const std::vector<std::size_t> drawn =
      rng.sample(source.cells.n_cols, counterpart ? count : 2 * count);
  const auto [controls, sources] =
      counterpart ? std::make_pair(drawn, drawn) : dealt(drawn, source.batch);
  const std::size_t cells = controls.size();
  require(
      cells >= kFewestResampled, Status::invalid_argument,
      "a recovery curve with treated cells anew deals the cells of each batch level to two sets; "
      "of ",
      drawn.size(), " cells only ", cells, " found one to stand beside, and ", kFewestResampled,
      " are needed");
  Simulated out;
  out.cells.x = columns_of(source.cells, controls);
  arma::mat treated = moved_by(map, columns_of(source.cells, sources));
  if (!root.is_empty()) {
    arma::mat noise(k, cells);
    for (double& value : noise) value = rng.normal();
    treated += root * noise;
  }
  const std::vector<std::size_t> order = rng.permutation(cells);
  out.cells.y.set_size(k, cells);
  for (std::size_t i = 0; i < cells; ++i)
    std::copy(treated.colptr(i), treated.colptr(i) + k, out.cells.y.colptr(order[i]));
  set_levels(source.batch, controls, sources, order, out.cells);
  if (counterpart) out.partner = order;
  return out;
}

double pairs_found(const Plan& plan, const std::vector<std::size_t>& partner) {
  if (partner.empty()) return kNaN;
  double found = 0.0, all = 0.0;  // n masses of 1/n need not sum to 1
  for (std::size_t e = 0; e < plan.mass.size(); ++e) {
    all += plan.mass[e];
    if (plan.target[e] == partner[plan.source[e]]) found += plan.mass[e];
  }
  return found / all;
}

struct Outcome {
  double pairs, identified, map_error, cell_error;
};

double square_of_difference(const arma::mat& a, const arma::mat& b) {
  return squared_distance(a.memptr(), b.memptr(), a.n_elem);
}

double relative(double square, double of_square) {
  return of_square > 0.0 ? std::sqrt(square / of_square) : kNaN;
}

Outcome outcome_of(const Simulated& simulated, const arma::mat& map,
                   const RecoveryCurveOptions& options, Context& context) {
  const Refit again = refit(simulated.cells, options.fit, options.own_means, context);
  const arma::mat& x = simulated.cells.x;
  const arma::mat expected = moved_by(map, x);
  arma::mat predicted = moved_by(again.fit.map, x);
  const arma::vec offset = again.mean_y - again.fit.map * again.mean_x;
  for (std::size_t i = 0; i < predicted.n_cols; ++i)
    for (std::size_t k = 0; k < predicted.n_rows; ++k) predicted(k, i) += offset[k];
  const arma::mat unit(map.n_rows, map.n_cols, arma::fill::eye);
  return {pairs_found(again.fit.plan, simulated.partner), identified_share(predicted, expected),
          relative(square_of_difference(again.fit.map, map), square_of_difference(map, unit)),
          relative(square_of_difference(predicted, expected), square_of_difference(expected, x))};
}

// Where a curve that starts at gaps[0] first falls under one half.
double crossing(const std::vector<double>& gaps, const std::vector<double>& recovery) {
  if (recovery[0] < 0.5) return 0.0;
  for (std::size_t g = 1; g < gaps.size(); ++g)
    if (recovery[g] < 0.5)
      return gaps[g - 1] +
             (gaps[g] - gaps[g - 1]) * (recovery[g - 1] - 0.5) / (recovery[g - 1] - recovery[g]);
  return kInfinity;
}

double value_at(const std::vector<double>& gaps, const std::vector<double>& recovery, double gap) {
  for (std::size_t g = 0; g < gaps.size(); ++g) {
    if (gaps[g] == gap) return recovery[g];
    if (g > 0 && gaps[g - 1] < gap && gap < gaps[g])
      return recovery[g - 1] +
             (recovery[g] - recovery[g - 1]) * (gap - gaps[g - 1]) / (gaps[g] - gaps[g - 1]);
  }
  return kNaN;
}

std::vector<double> mean_rows(const arma::mat& values, const std::vector<std::size_t>& columns) {
  std::vector<double> out(values.n_rows, 0.0);
  for (const std::size_t c : columns)
    for (std::size_t r = 0; r < values.n_rows; ++r) out[r] += values(r, c);
  for (double& value : out) value /= static_cast<double>(columns.size());
  return out;
}

double reciprocal(double value) {
  if (value == 0.0) return kInfinity;
  return std::isinf(value) ? 0.0 : 1.0 / value;
}

void set_critical(RecoveryCurve& out, Rng rng) {
  const arma::mat& counted = out.design == Design::counterpart ? out.pairs : out.identified;
  std::vector<std::size_t> all(counted.n_cols);
  std::iota(all.begin(), all.end(), std::size_t{0});
  out.recovery = mean_rows(counted, all);
  out.critical = crossing(out.gaps, out.recovery);
  std::vector<double> drawn;
  for (std::size_t r = 0; r < kCurveResamples; ++r)
    drawn.push_back(crossing(out.gaps, mean_rows(counted, with_replacement(all.size(), rng))));
  std::sort(drawn.begin(), drawn.end());
  out.critical_low = drawn[kCurveResamples / 40];
  out.critical_high = drawn[kCurveResamples - 1 - kCurveResamples / 40];
  out.position = reciprocal(out.critical);
  out.position_low = reciprocal(out.critical_high);
  out.position_high = reciprocal(out.critical_low);
  out.recovery_at_one = value_at(out.gaps, out.recovery, 1.0);
}

void check(const RecoverySource& source, Design design, const RecoveryCurveOptions& options) {
  const std::size_t k = source.cells.n_rows;
  require(source.map.n_rows == k && source.map.n_cols == k, Status::dimension_mismatch,
          "the map must be ", k, " x ", k, " for cells of ", k, " features, found ",
          source.map.n_rows, " x ", source.map.n_cols);
  require(
      source.residual.is_empty() || (source.residual.n_rows == k && source.residual.n_cols == k),
      Status::dimension_mismatch, "the residual covariance must be ", k, " x ", k);
  require(source.cells.is_finite() && source.map.is_finite() && source.residual.is_finite(),
          Status::not_finite, "the cells, the map or the residual have a NaN or Inf");
  require(source.batch.empty() || source.batch.size() == source.cells.n_cols,
          Status::dimension_mismatch, "batch has ", source.batch.size(), " levels for ",
          source.cells.n_cols, " control cells");
  const std::size_t fewest =
      design == Design::counterpart ? kFewestResampled : 2 * kFewestResampled;
  require(source.cells.n_cols >= fewest, Status::invalid_argument,
          "a recovery curve with treated cells ", name_of(design), " needs at least ", fewest,
          " control cells, found ", source.cells.n_cols);
  require(!options.gaps.empty() && options.gaps[0] >= 0.0, Status::invalid_argument,
          "gaps must not be empty and must start at 0 or above");
  for (std::size_t g = 0; g < options.gaps.size(); ++g)
    require(std::isfinite(options.gaps[g]) && (g == 0 || options.gaps[g] > options.gaps[g - 1]),
            Status::invalid_argument, "gaps must be finite and increasing; number ", g + 1, " is ",
            options.gaps[g]);
  require(options.repeats >= 1 && options.repeats <= kMostRepeats, Status::invalid_argument,
          "repeats must be from 1 to ", kMostRepeats, ", found ", options.repeats);
  require(options.most_cells >= kFewestResampled, Status::invalid_argument,
          "most_cells must be at least ", kFewestResampled, ", found ", options.most_cells);
}

}  // namespace

double identified_share(const arma::mat& predicted, const arma::mat& expected) {
  std::size_t own = 0;
  for (std::size_t i = 0; i < predicted.n_cols; ++i) {
    const double to_own =
        squared_distance(predicted.colptr(i), expected.colptr(i), expected.n_rows);
    bool nearest = true;
    for (std::size_t j = 0; j < expected.n_cols && nearest; ++j)
      nearest = j == i || squared_distance(predicted.colptr(i), expected.colptr(j),
                                           expected.n_rows) >= to_own;
    if (nearest) ++own;
  }
  return static_cast<double>(own) / static_cast<double>(predicted.n_cols);
}

const char* name_of(Design design) {
  return design == Design::counterpart ? "counterpart" : "anew";
}

Design design_from(const std::string& name) {
  require(name == "counterpart" || name == "anew", Status::unknown_name,
          "design must be counterpart or anew, found \"", name, "\"");
  return name == "anew" ? Design::anew : Design::counterpart;
}

namespace {

// Of y - moved over the plan.
arma::mat residual_covariance(const Plan& plan, const arma::mat& moved, const arma::mat& y) {
  const std::size_t k = y.n_rows, entries = plan.mass.size();
  arma::mat residual(k, entries);
  for (std::size_t e = 0; e < entries; ++e) {
    const double* a = moved.colptr(plan.source[e]);
    const double* b = y.colptr(plan.target[e]);
    for (std::size_t r = 0; r < k; ++r) residual(r, e) = b[r] - a[r];
  }
  return weighted_covariance(residual, arma::vec(plan.mass));
}

}  // namespace

RecoverySource recovery_source(const arma::mat& x, const arma::mat& y,
                               const std::vector<std::uint32_t>& batch, const LaotResult& fit) {
  const SingleThreadedBlas blas;
  return {x, fit.map_unrestored, residual_covariance(fit.plan, moved_by(fit.map_unrestored, x), y),
          batch};
}

RecoverySource recovery_source(const arma::mat& x, const arma::mat& y,
                               const std::vector<std::uint32_t>& batch_x,
                               const std::vector<std::uint32_t>& batch_y, const arma::mat& images,
                               Context& context) {
  require(arma::size(images) == arma::size(x), Status::dimension_mismatch, "images must be ",
          x.n_rows, " x ", x.n_cols, ", found ", images.n_rows, " x ", images.n_cols);
  const SingleThreadedBlas blas;
  const Pair cells{x, y, batch_x, batch_y};
  arma::vec weights_x, weights_y;
  batch_weights(batch_x, batch_y, x.n_cols, y.n_cols, weights_x, weights_y);
  const arma::vec mean_x = weighted_mean(x, weights_x), mean = weighted_mean(images, weights_x);
  const arma::mat from = x.each_col() - mean_x, to = images.each_col() - mean;
  const arma::mat weighted = from * arma::diagmat(weights_x);
  arma::mat inverse;
  require(arma::pinv(inverse, arma::mat(from * weighted.t())), Status::numerical_failure,
          "the covariance of the control cells has no pseudo-inverse: their values are too large");
  const arma::mat map = to * weighted.t() * inverse;
  const arma::mat on_treated = to.each_col() + weighted_mean(y, weights_y);
  const Plan plan = plan_of(cells, on_treated, context);
  return {x, map, residual_covariance(plan, on_treated, y), batch_x};
}

RecoveryCurve recovery_curve(const RecoverySource& source, Design design,
                             const RecoveryCurveOptions& options, Context& context) {
  check(source, design, options);
  const SingleThreadedBlas blas;
  RecoveryCurve out;
  out.design = design;
  out.gaps = options.gaps;
  const std::size_t n = source.cells.n_cols;
  out.cells = std::min(options.most_cells, design == Design::counterpart ? n : n / 2);
  const std::size_t gaps = options.gaps.size();
  for (arma::mat* values : {&out.pairs, &out.identified, &out.map_error, &out.cell_error})
    values->set_size(gaps, options.repeats);
  const arma::mat root =
      source.residual.is_empty() ? arma::mat() : square_root(symmetrised(source.residual));
  const Rng rng(context.seed);
  run_tasks(
      context, name_of(design), gaps * options.repeats, [&](std::size_t task, Context& inner) {
        const std::size_t g = task / options.repeats, r = task % options.repeats;
        const arma::mat map = scaled_map(source.map, options.gaps[g]);
        // A repeat draws the same cells and noise at every gap, so that a curve is smooth.
        const Simulated simulated = simulate(source, root, map, design, out.cells, rng.stream(r));
        const Outcome outcome = outcome_of(simulated, map, options, inner);
        out.pairs(g, r) = outcome.pairs;
        out.identified(g, r) = outcome.identified;
        out.map_error(g, r) = outcome.map_error;
        out.cell_error(g, r) = outcome.cell_error;
      });
  set_critical(out, rng.stream(options.repeats));
  return out;
}

}  // namespace laot
