#include "laot/trackability/critical_gap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "laot/transport.hpp"
#include "resampling.hpp"

namespace laot {

namespace {

// Deltas this close to 1 are those of duplicates, up to rounding.
constexpr double kNearOne = 1e-12;

struct Movement {
  double mean = 0.0, largest = 0.0;
  std::vector<double> quantiles;
};

// Displacements of the coupled cells and their masses, over the time between.
Movement movement(const arma::mat& x, const arma::mat& y, double time,
                  const std::vector<double>& probabilities, Context& context) {
  Coupling coupling(x, y);
  const Plan& plan = coupling.solve(x, context);
  std::vector<std::pair<double, double>> moved(plan.mass.size());
  Movement out;
  for (std::size_t e = 0; e < plan.mass.size(); ++e) {
    const double* a = x.colptr(plan.source[e]);
    const double* b = y.colptr(plan.target[e]);
    double square = 0.0;
    for (std::size_t k = 0; k < x.n_rows; ++k) square += (b[k] - a[k]) * (b[k] - a[k]);
    moved[e] = {std::sqrt(square) / time, plan.mass[e]};
    out.mean += moved[e].first * plan.mass[e];
    out.largest = std::max(out.largest, moved[e].first);
  }
  std::sort(moved.begin(), moved.end());
  for (const double p : probabilities) {
    double mass = 0.0;
    double value = out.largest;
    for (const auto& [rate, weight] : moved) {
      mass += weight;
      if (mass >= p * (1.0 - 1e-12)) {
        value = rate;
        break;
      }
    }
    out.quantiles.push_back(value);
  }
  return out;
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
        text("the bound is vacuous here: delta is ", delta,
             ", and the theorem needs delta < 1 (two cells are too much alike or too different)");
  } else if (std::isnan(rate)) {
    out.vacuous = "the rate of the dynamics L is unknown: give it, or a time course";
  } else {
    out.value = std::sqrt((1.0 - delta) / (2.0 * static_cast<double>(n))) / rate;
  }
  return out;
}

const char* name_of(TheoremVerdict verdict) {
  switch (verdict) {
    case TheoremVerdict::below:
      return "below";
    case TheoremVerdict::above:
      return "above";
    case TheoremVerdict::vacuous:
      return "vacuous";
  }
  return "";
}

TheoremVerdict theorem_verdict(const CriticalGap& critical, double gap) {
  if (std::isnan(critical.value) || std::isnan(gap)) return TheoremVerdict::vacuous;
  return gap < critical.value ? TheoremVerdict::below : TheoremVerdict::above;
}

std::vector<Rate> rates_of_time_course(const std::vector<arma::mat>& populations,
                                       const std::vector<double>& times, const RateOptions& options,
                                       Context& context) {
  check(populations, times, options);
  const SingleThreadedBlas blas;
  const std::size_t steps = times.size() - 1;
  // Task 0 of a step is the data, the others its resamples.
  const std::size_t tasks = 1 + options.resamples;
  std::vector<Movement> movements(steps * tasks);
  const Rng root(context.seed);
  run_tasks(context, "rates", steps * tasks, [&](std::size_t task, Context& inner) {
    const std::size_t step = task / tasks;
    const arma::mat &x = populations[step], &y = populations[step + 1];
    const double time = times[step + 1] - times[step];
    Rng rng = root.stream(task);
    movements[task] = task % tasks == 0 ? movement(x, y, time, options.probabilities, inner)
                                        : movement(columns_of(x, with_replacement(x.n_cols, rng)),
                                                   columns_of(y, with_replacement(y.n_cols, rng)),
                                                   time, options.probabilities, inner);
  });
  std::vector<Rate> out(steps);
  for (std::size_t step = 0; step < steps; ++step) {
    const Movement* of_step = movements.data() + step * tasks;
    Rate& rate = out[step];
    rate.from = times[step];
    rate.to = times[step + 1];
    rate.largest = of_step[0].largest;
    rate.mean = of_step[0].mean;
    rate.quantiles = of_step[0].quantiles;
    std::vector<double> means, lasts;
    for (std::size_t t = 1; t < tasks; ++t) {
      means.push_back(of_step[t].mean);
      lasts.push_back(of_step[t].quantiles.back());
    }
    rate.mean_low = quantile(means, 0.025);
    rate.mean_high = quantile(means, 0.975);
    rate.last_low = quantile(lasts, 0.025);
    rate.last_high = quantile(lasts, 0.975);
  }
  return out;
}

}  // namespace laot
