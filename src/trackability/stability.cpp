#include "laot/trackability/stability.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "laot/base/median.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/parallel/tasks.hpp"
#include "refit.hpp"
#include "resampling.hpp"

namespace laot {

namespace {

constexpr std::size_t kQueries = 2000;
// Refits of one kind: more would neither end nor fit in memory.
constexpr std::size_t kMostRefits = 1000000;

using Index = std::vector<std::size_t>;

// The cells of each level.
std::vector<Index> members(const std::vector<std::uint32_t>& batch, std::size_t cells) {
  std::size_t levels = 1;
  for (const std::uint32_t level : batch) levels = std::max<std::size_t>(levels, level + 1);
  std::vector<Index> out(levels);
  for (std::size_t i = 0; i < cells; ++i) out[batch.empty() ? 0 : batch[i]].push_back(i);
  return out;
}

Index drawn_within(const std::vector<Index>& levels, Rng& rng) {
  Index out;
  for (const Index& level : levels)
    for (const std::size_t position : with_replacement(level.size(), rng))
      out.push_back(level[position]);
  return out;
}

Pair resampled(const Pair& cells, Resample what, Rng rng) {
  const std::vector<Index> levels_x = members(cells.batch_x, cells.x.n_cols);
  const std::vector<Index> levels_y = members(cells.batch_y, cells.y.n_cols);
  if (what == Resample::cells) {
    const Index index_x = drawn_within(levels_x, rng), index_y = drawn_within(levels_y, rng);
    return part_of(cells, index_x, index_y);
  }
  Index index_x, index_y;
  std::vector<std::uint32_t> batch_x, batch_y;
  std::uint32_t number = 0;
  for (const std::size_t level : with_replacement(levels_x.size(), rng)) {
    index_x.insert(index_x.end(), levels_x[level].begin(), levels_x[level].end());
    index_y.insert(index_y.end(), levels_y[level].begin(), levels_y[level].end());
    batch_x.resize(index_x.size(), number);
    batch_y.resize(index_y.size(), number);
    ++number;
  }
  Pair out = part_of(cells, index_x, index_y);
  out.batch_x = std::move(batch_x);
  out.batch_y = std::move(batch_y);
  return out;
}

// Deals the cells of every level into two halves; a level of one cell goes to both.
void deal(const std::vector<Index>& levels, Rng& rng, Index& first, Index& second) {
  for (const Index& level : levels) {
    const Index order = rng.permutation(level.size());
    for (std::size_t p = 0; p < order.size(); ++p) {
      if (2 * p < order.size()) first.push_back(level[order[p]]);
      if (2 * p >= order.size() || order.size() == 1) second.push_back(level[order[p]]);
    }
  }
}

// Starts as far from I as the fit came.
arma::mat other_start(const arma::mat& map, Rng rng) {
  arma::mat start(map.n_rows, map.n_cols);
  double square = 0.0, change = 0.0;
  for (double& entry : start) {
    entry = rng.normal();
    square += entry * entry;
  }
  for (std::size_t c = 0; c < map.n_cols; ++c)
    for (std::size_t r = 0; r < map.n_rows; ++r)
      change += std::pow(map(r, c) - (r == c ? 1.0 : 0.0), 2);
  start *= std::sqrt(change / square);
  for (std::size_t k = 0; k < map.n_rows; ++k) start(k, k) += 1.0;
  return start;
}

// Distance from x's column `cell` to the nearest other column.
double spacing(const arma::mat& x, std::size_t cell) {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < x.n_cols; ++j)
    if (j != cell) least = std::min(least, squared_distance(x.colptr(cell), x.colptr(j), x.n_rows));
  return std::sqrt(least);
}

// The median of value/spacing over evenly spaced queries; equal cells have no spacing.
double median_over_spacing(const arma::mat& cells, std::size_t queries, Context& context,
                           const std::function<std::pair<std::size_t, double>(std::size_t)>& at) {
  const std::size_t asked = std::min(queries, kQueries);
  std::vector<double> ratio(asked);
  parallel_for(context, asked, 8, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t q = first; q < last; ++q) {
      const auto [cell, value] = at(q * queries / asked);
      const double apart = spacing(cells, cell);
      ratio[q] = apart > 0.0 ? value / apart : std::numeric_limits<double>::infinity();
    }
  });
  const double median = quantile(ratio, 0.5);
  return std::isfinite(median) ? median : std::numeric_limits<double>::quiet_NaN();
}

// The images about the mean of one side's cells: transport, and what is asked of it, do not see a
// common shift.
arma::mat shifted_to(const arma::mat& images, const arma::mat& side, const Pair& cells) {
  arma::vec weights_x, weights_y;
  batch_weights(cells.batch_x, cells.batch_y, cells.x.n_cols, cells.y.n_cols, weights_x, weights_y);
  const arma::vec mean = weighted_mean(side, &side == &cells.x ? weights_x : weights_y) -
                         weighted_mean(images, weights_x);
  return images.each_col() + mean;
}

void set_spacings(const Pair& cells, const arma::mat& images, Stability& out, Context& context) {
  const std::size_t d = cells.x.n_rows;
  const bool given = !images.is_empty();
  const arma::mat moved =
      given ? shifted_to(images, cells.x, cells) : out.fit.map_unrestored * cells.x;
  out.displacement_over_spacing =
      median_over_spacing(cells.x, cells.x.n_cols, context, [&](std::size_t i) {
        return std::make_pair(i,
                              std::sqrt(squared_distance(moved.colptr(i), cells.x.colptr(i), d)));
      });
  const arma::mat on_treated = given ? shifted_to(images, cells.y, cells) : moved;
  const Plan plan = given ? plan_of(cells, on_treated, context) : out.fit.plan;
  out.residual_over_spacing =
      median_over_spacing(cells.y, plan.mass.size(), context, [&](std::size_t e) {
        return std::make_pair(static_cast<std::size_t>(plan.target[e]),
                              std::sqrt(squared_distance(on_treated.colptr(plan.source[e]),
                                                         cells.y.colptr(plan.target[e]), d)));
      });
}

struct Likeness {
  double overlap, coherence;
};

Agreement agreement_of(const std::vector<Likeness>& all) {
  std::vector<double> shared, coherent;
  for (const Likeness& one : all) {
    shared.push_back(one.overlap);
    coherent.push_back(one.coherence);
  }
  return {mean_of(shared),   quantile(shared, 0.0),   quantile(shared, 1.0),
          mean_of(coherent), quantile(coherent, 0.0), quantile(coherent, 1.0)};
}

void set_intervals(double level, Stability& out) {
  const std::size_t k = out.fit.map.n_rows, count = out.draws.n_cols;
  if (count == 0) return;
  for (arma::mat* matrix : {&out.map_low, &out.map_high, &out.map_sd}) matrix->set_size(k, k);
  std::vector<double> values(count);
  for (std::size_t e = 0; e < k * k; ++e) {
    for (std::size_t r = 0; r < count; ++r) values[r] = out.draws(e, r);
    out.map_low[e] = quantile(values, 0.5 * (1.0 - level));
    out.map_high[e] = quantile(values, 0.5 * (1.0 + level));
    const double mean = mean_of(values);
    double square = 0.0;
    for (const double value : values) square += (value - mean) * (value - mean);
    out.map_sd[e] = count > 1 ? std::sqrt(square / static_cast<double>(count - 1))
                              : std::numeric_limits<double>::quiet_NaN();
  }
}

void check(const Pair& cells, const StabilityOptions& options) {
  require(cells.x.n_rows == cells.y.n_rows && cells.x.n_rows >= 1, Status::dimension_mismatch,
          "x has ", cells.x.n_rows, " features and y has ", cells.y.n_rows);
  require(cells.x.n_cols >= kFewestResampled && cells.y.n_cols >= kFewestResampled,
          Status::invalid_argument, "stability needs at least ", kFewestResampled,
          " cells on each side, found ", cells.x.n_cols, " and ", cells.y.n_cols);
  require(cells.x.is_finite(), Status::not_finite, "x has a NaN or Inf");
  require(cells.y.is_finite(), Status::not_finite, "y has a NaN or Inf");
  require(options.images.is_empty() || arma::size(options.images) == arma::size(cells.x),
          Status::dimension_mismatch, "images must be ", cells.x.n_rows, " x ", cells.x.n_cols,
          ", found ", options.images.n_rows, " x ", options.images.n_cols);
  require(options.level > 0.0 && options.level < 1.0, Status::invalid_argument,
          "level must lie between 0 and 1, found ", options.level);
  for (const auto& [name, count] : {std::pair("resamples", options.resamples),
                                    {"halves", options.halves},
                                    {"restarts", options.restarts}})
    require(count <= kMostRefits, Status::invalid_argument, name, " must be from 0 to ",
            kMostRefits, ", found ", count);
  require(options.resample == Resample::cells || !cells.batch_x.empty(), Status::invalid_argument,
          "resampling levels needs a batch: give the donor or replicate of each cell");
  const std::size_t levels = members(cells.batch_x, cells.x.n_cols).size();
  require(options.resample == Resample::cells || levels > 1, Status::invalid_argument,
          "resampling levels needs a batch of at least 2 levels, found 1");
  const double entries = static_cast<double>(cells.x.n_rows) * static_cast<double>(cells.x.n_rows);
  require_memory(8.0 * entries * static_cast<double>(options.resamples + 3),
                 text(options.resamples, " maps of ", cells.x.n_rows, " x ", cells.x.n_rows));
}

}  // namespace

Resample resample_from(const std::string& name) {
  require(name == "cells" || name == "levels", Status::unknown_name,
          "resample must be cells or levels, found \"", name, "\"");
  return name == "levels" ? Resample::levels : Resample::cells;
}

Stability stability(const arma::mat& x, const arma::mat& y,
                    const std::vector<std::uint32_t>& batch_x,
                    const std::vector<std::uint32_t>& batch_y, const StabilityOptions& options,
                    Context& context) {
  const Pair cells{x, y, batch_x, batch_y};
  check(cells, options);
  const SingleThreadedBlas blas;
  Stability out;
  {
    Context inner(context);
    out.fit = refit(cells, options.fit, options.own_means, inner).fit;
  }
  set_spacings(cells, options.images, out, context);

  const Rng root(context.seed);
  const std::size_t k = x.n_rows;
  out.draws.set_size(k * k, options.resamples);
  std::vector<Likeness> by_resample(options.resamples), by_half(options.halves),
      by_restart(options.restarts);
  const std::size_t total = options.resamples + options.halves + options.restarts;
  run_tasks(context, "stability", total, [&](std::size_t task, Context& inner) {
    const Rng rng = root.stream(task);
    const auto map_of = [&](const Pair& some, const LaotOptions& fit) {
      return refit(some, fit, options.own_means, inner).fit;
    };
    const auto likeness = [&](const Plan& a, const Plan& b) {
      return Likeness{overlap(a, b), coherence(a, b, cells.y)};
    };
    if (task < options.resamples) {
      const LaotResult again = map_of(resampled(cells, options.resample, rng), options.fit);
      std::copy(again.map.begin(), again.map.end(), out.draws.colptr(task));
      by_resample[task] = likeness(out.fit.plan, plan_by(cells, again.map_unrestored, inner));
    } else if (task < options.resamples + options.halves) {
      Rng deals = rng;
      Index first_x, second_x, first_y, second_y;
      deal(members(cells.batch_x, cells.x.n_cols), deals, first_x, second_x);
      deal(members(cells.batch_y, cells.y.n_cols), deals, first_y, second_y);
      const Plan one = plan_by(
          cells, map_of(part_of(cells, first_x, first_y), options.fit).map_unrestored, inner);
      const Plan two = plan_by(
          cells, map_of(part_of(cells, second_x, second_y), options.fit).map_unrestored, inner);
      by_half[task - options.resamples] = likeness(one, two);
    } else {
      LaotOptions fit = options.fit;
      fit.start = other_start(out.fit.map_unrestored, rng);
      by_restart[task - options.resamples - options.halves] =
          likeness(out.fit.plan, map_of(cells, fit).plan);
    }
  });
  out.resamples = agreement_of(by_resample);
  out.halves = agreement_of(by_half);
  out.restarts = agreement_of(by_restart);
  set_intervals(options.level, out);
  return out;
}

}  // namespace laot
