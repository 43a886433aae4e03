// How an auction starts and ends, the same for rows of one unit and of many.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "laot/assignment/candidate_rows.hpp"
#include "laot/parallel.hpp"

namespace laot::detail {

// Epsilon falls from the first to the last of these, times the mean width of the lists.
constexpr double kFirstEpsilon = 0.3, kLastEpsilon = 2e-3, kEpsilonStep = 0.2;

/// Column potentials of a cold start: those that make the map y = a x optimal for clouds that
/// differ in scale alone, a being the ratio of the scales.
std::vector<double> first_potentials(const FramedCloud& rows, const FramedCloud& columns);

/// Mean distance between the least candidate and the bound of a list: the unit for epsilon.
double mean_width(const CandidateRows& rows);

/// auction(epsilon) for an epsilon that falls from `first`, the error of the potentials, to `last`.
template <class Auction>
void scale_epsilon(double first, double last, Context& context, const Auction& auction) {
  if (!(first >= last) || last <= 0.0) return;
  const double phases = 1.0 + std::ceil(std::log(last / first) / std::log(kEpsilonStep));
  double phase = 0.0;
  for (double epsilon = first;; epsilon = std::max(last, epsilon * kEpsilonStep)) {
    const Context::Span span(context, phase / phases, std::min(1.0, (phase + 1.0) / phases));
    auction(epsilon);
    if (epsilon <= last) return;
    phase += 1.0;
  }
}

}  // namespace laot::detail
