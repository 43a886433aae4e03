// The critical measurement gap of the paper, and the rate at which cells move in a time course.
#pragma once

#include <string>
#include <vector>

#include "laot/table.hpp"
#include "laot/trackability/isometry.hpp"

namespace laot {

/// Delta = sqrt((1 - delta) / (2 n L^2)) (Jafari, Shakeri & Daneshmand, ICML 2026): a measurement
/// gap below it is one at which the pairing can be recovered in polynomial time.
struct CriticalGap {
  double value = 0.0;  // in the unit of time of L; NaN where the bound says nothing
  /// Why it is NaN: delta at 1 or above (near-duplicate cells; the usual case on real data), or L
  /// or delta unknown. Empty where there is a value.
  std::string vacuous;
};

/// `rate` is L, the Lipschitz constant of the dynamics in time, in the scaled units of delta: a
/// displacement of the cells times IsometryConstant::scale, over time. Positive, or NaN (unknown).
/// n: number of cells.
CriticalGap critical_gap(double delta, std::size_t n, double rate);

/// How fast cells move between two successive times: displacement of the coupled cells over the
/// difference of times, in units of the data over units of time.
struct Rate {
  double from = 0.0, to = 0.0;    // times
  double largest = 0.0;           // the sup
  std::vector<double> quantiles;  // weighted by the coupled mass, at the probabilities asked for
  double mean = 0.0;
  /// 2.5% and 97.5% quantiles of the mean and of the last of `quantiles` over bootstrap resamples
  /// of the coupled pairs: how much they owe to single cells, the coupling taken as given.
  double mean_low = 0.0, mean_high = 0.0;
  double last_low = 0.0, last_high = 0.0;
  /// The mean rate that two random halves of the cells at `from` would show over the same time:
  /// movement that is sampling alone (a little more than that of all the cells). NaN with one cell.
  double floor = 0.0;
};

struct RateOptions {
  std::vector<double> probabilities = {0.5, 0.9, 0.95};  // increasing
  std::size_t resamples = 200;
};

/// L from a time course: cells at each time (d x n_t, one space), coupled exactly between
/// successive times. The coupling is the cheapest one, so a rate is of the least movement that
/// explains the data; the cells that were measured later are not those measured before, and that
/// difference counts as movement (see `floor`). times: increasing, at least two. Drawn with the
/// context's seed. Cost: two exact transports a step.
std::vector<Rate> rates_of_time_course(const std::vector<arma::mat>& populations,
                                       const std::vector<double>& times, const RateOptions& options,
                                       Context& context);

/// One row a step: from, to, mean, mean_low, mean_high, largest, a column quantile_<p> for each
/// probability p, last_low and last_high (of the last of these), floor.
Table rates_table(const std::vector<Rate>& rates, const std::vector<double>& probabilities);

}  // namespace laot
