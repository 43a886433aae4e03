#include "laot/trackability/critical_gap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "laot/base/median.hpp"
#include "laot/data/columns.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/parallel/tasks.hpp"
#include "laot/transport.hpp"
#include "resampling.hpp"

namespace laot {

namespace {

// Deltas this close to 1 are those of duplicates, up to rounding.
constexpr double kNearOne = 1e-12;

// Rates of the coupled cells and their masses, slowest first.
using Movement = std::vector<std::pair<double, double>>;

Movement movement(const arma::mat& x, const arma::mat& y, double time, Context& context) {
  Coupling coupling(x, y);
  const Plan& plan = coupling.solve(x, context);
  Movement out(plan.mass.size());
  for (std::size_t e = 0; e < plan.mass.size(); ++e) {
    const double square =
        squared_distance(x.colptr(plan.source[e]), y.colptr(plan.target[e]), x.n_rows);
    out[e] = {std::sqrt(square) / time, plan.mass[e]};
  }
  std::sort(out.begin(), out.end());
  return out;
}

double mean_rate(const Movement& moved) {
  double sum = 0.0, mass = 0.0;
  for (const auto& [rate, weight] : moved) {
    sum += rate * weight;
    mass += weight;
  }
  return sum / mass;
}

// The least rate that a share `probability` of the mass does not exceed.
double rate_quantile(const Movement& moved, double probability) {
  double total = 0.0, mass = 0.0;
  for (const auto& entry : moved) total += entry.second;
  for (const auto& [rate, weight] : moved) {
    mass += weight;
    if (mass >= probability * total * (1.0 - 1e-12)) return rate;
  }
  return moved.back().first;
}

void set_intervals(const Movement& moved, const RateOptions& options, Rng rng, Rate& rate) {
  std::vector<double> means, lasts;
  for (std::size_t r = 0; r < options.resamples; ++r) {
    Movement drawn;
    drawn.reserve(moved.size());
    for (const std::size_t e : with_replacement(moved.size(), rng)) drawn.push_back(moved[e]);
    std::sort(drawn.begin(), drawn.end());
    means.push_back(mean_rate(drawn));
    lasts.push_back(rate_quantile(drawn, options.probabilities.back()));
  }
  rate.mean_low = quantile(means, 0.025);
  rate.mean_high = quantile(means, 0.975);
  rate.last_low = quantile(lasts, 0.025);
  rate.last_high = quantile(lasts, 0.975);
}

// The mean rate between two random halves.
double floor_of(const arma::mat& x, double time, Rng rng, Context& context) {
  if (x.n_cols < 2) return std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::size_t> order = rng.permutation(x.n_cols);
  const std::size_t half = x.n_cols / 2;
  const auto part = [&](std::size_t first, std::size_t count) {
    return columns_of(x, count, [&](std::size_t c) { return order[first + c]; });
  };
  return mean_rate(movement(part(0, half), part(half, x.n_cols - half), time, context));
}

void check(const std::vector<arma::mat>& populations, const std::vector<double>& times,
           const RateOptions& options) {
  require(populations.size() >= 2 && populations.size() == times.size(), Status::dimension_mismatch,
          "a time course needs at least two populations and one time ", "for each, found ",
          populations.size(), " populations and ", times.size(), " times");
  for (std::size_t t = 0; t < times.size(); ++t) {
    require(std::isfinite(times[t]) && (t == 0 || times[t] > times[t - 1]),
            Status::invalid_argument, "times must be finite and increasing; number ", t + 1, " is ",
            times[t]);
    require(populations[t].n_cols >= 1 && populations[t].n_rows == populations[0].n_rows,
            Status::dimension_mismatch, "the population at time ", times[t], " has ",
            populations[t].n_rows, " features and ", populations[t].n_cols,
            " cells; all times need the ", populations[0].n_rows, " features of the first, and ",
            "at least one cell");
    require(populations[t].is_finite(), Status::not_finite, "the population at time ", times[t],
            " has a NaN or Inf");
  }
  require(!options.probabilities.empty(), Status::invalid_argument,
          "probabilities is empty; give at least one");
  for (const double p : options.probabilities)
    require(p >= 0.0 && p <= 1.0, Status::invalid_argument,
            "probabilities must be from 0 to 1, found ", p);
}

}  // namespace

CriticalGap critical_gap(double delta, std::size_t n, double rate) {
  require(n >= 1, Status::invalid_argument, "the critical gap needs at least one cell");
  require(std::isnan(rate) || rate > 0.0, Status::invalid_argument,
          "the rate L must be positive, found ", rate);
  CriticalGap out;
  out.value = std::numeric_limits<double>::quiet_NaN();
  if (std::isnan(delta)) {
    out.vacuous = "delta is undefined, so there is no critical gap";
  } else if (delta >= 1.0 - kNearOne) {
    out.vacuous =
        text("the bound is vacuous here: delta is ", std::round(1e3 * delta) / 1e3,
             ", and the theorem needs delta < 1 (two cells are too much alike or too different)");
  } else if (std::isnan(rate)) {
    out.vacuous =
        "there is no gap in time without L, how fast cells move: give a rate, or estimate it from "
        "a time course";
  } else {
    out.value = std::sqrt((1.0 - delta) / (2.0 * static_cast<double>(n))) / rate;
  }
  return out;
}

std::vector<Rate> rates_of_time_course(const std::vector<arma::mat>& populations,
                                       const std::vector<double>& times, const RateOptions& options,
                                       Context& context) {
  check(populations, times, options);
  const SingleThreadedBlas blas;
  std::vector<Rate> out(times.size() - 1);
  const Rng root(context.seed);
  run_tasks(context, "rates", out.size(), [&](std::size_t step, Context& inner) {
    Rate& rate = out[step];
    rate.from = times[step];
    rate.to = times[step + 1];
    const double time = rate.to - rate.from;
    const Movement moved = movement(populations[step], populations[step + 1], time, inner);
    rate.largest = moved.back().first;
    rate.mean = mean_rate(moved);
    for (const double p : options.probabilities) rate.quantiles.push_back(rate_quantile(moved, p));
    set_intervals(moved, options, root.stream(2 * step), rate);
    rate.floor = floor_of(populations[step], time, root.stream(2 * step + 1), inner);
  });
  return out;
}

Table rates_table(const std::vector<Rate>& rates, const std::vector<double>& probabilities) {
  const auto column = [&](auto value) {
    NumberColumn out;
    for (const Rate& rate : rates) out.push_back(value(rate));
    return out;
  };
  const auto field = [&](double Rate::*which) {
    return column([which](const Rate& rate) { return rate.*which; });
  };
  Table out;
  out.add("from", field(&Rate::from));
  out.add("to", field(&Rate::to));
  out.add("mean", field(&Rate::mean));
  out.add("mean_low", field(&Rate::mean_low));
  out.add("mean_high", field(&Rate::mean_high));
  out.add("largest", field(&Rate::largest));
  for (std::size_t p = 0; p < probabilities.size(); ++p)
    out.add(text("quantile_", probabilities[p]),
            column([p](const Rate& rate) { return rate.quantiles[p]; }));
  out.add("last_low", field(&Rate::last_low));
  out.add("last_high", field(&Rate::last_high));
  out.add("floor", field(&Rate::floor));
  return out;
}

}  // namespace laot
