// How an auction starts and ends, the same for rows of one unit and of many.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "laot/assignment/candidate_rows.hpp"
#include "laot/parallel.hpp"

namespace laot::detail {

// Epsilon falls from the first to the last of these, times the mean width of the lists.
constexpr double kFirstEpsilon = 0.3, kLastEpsilon = 2e-3, kEpsilonStep = 0.2;
// Where first potentials are good, a large epsilon would only spoil them: the first is then this
// part of their mean square error by the width, and at least that part of the width.
constexpr double kEpsilonOfError = 0.1, kLeastFirstEpsilon = 0.03;
// A list may be this many epsilons out of date before it is made again; the exact phase repairs it.
constexpr double kSlack = 8.0;
// Bids per row and phase before the rest is left to the exact phase: price wars end here.
constexpr std::size_t kBidsPerRow = 100;
constexpr std::size_t kBidsPerPoll = 256;
// So many in the first phase are a price war, and epsilon rises by this: more where it is smaller
// than the usual first because potentials are good, since prices then take more steps.
constexpr std::size_t kBidsBeforeRise = 20;
constexpr double kEpsilonRise = 10.0;

/// Where the auction begins.
struct FirstPhase {
  double epsilon;
  std::size_t bids_before_rise = kBidsBeforeRise;
};

/// For first potentials of that error, and lists of that mean width.
FirstPhase first_phase(double error, double width);

/// Mean distance between the least candidate and the bound of a list: the unit for epsilon.
double mean_width(const CandidateRows& rows);

/// auction(epsilon, bids) for an epsilon that falls from the first, the error of the potentials, to
/// `last`. Each returns whether every row found its place in so many bids per row. Where prices
/// have to fall by far more than that (clusters with more sources than targets near them, cells
/// along a curve), bids of that size go on for long: then epsilon rises before it falls, at most to
/// `most`.
template <class Auction>
void scale_epsilon(FirstPhase first, double last, double most, Context& context,
                   const Auction& auction) {
  if (!(first.epsilon >= last) || last <= 0.0) return;
  bool rising = true;
  double done = 0.0;
  for (double epsilon = first.epsilon;;) {
    const double phases = 1.0 + std::ceil(std::log(last / epsilon) / std::log(kEpsilonStep));
    const double next = done + (1.0 - done) / phases;
    const Context::Span span(context, done, next);
    done = next;
    rising = !auction(epsilon, rising ? first.bids_before_rise : kBidsPerRow) && rising &&
             epsilon < most;
    if (!rising && epsilon <= last) return;
    epsilon =
        rising ? std::min(most, epsilon * kEpsilonRise) : std::max(last, epsilon * kEpsilonStep);
  }
}

}  // namespace laot::detail
