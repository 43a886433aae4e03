#include "laot/transport/round_potentials.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace laot::detail {

namespace {

constexpr int kMostPasses = 40;
constexpr double kSettled = 1e-3;  // of the mean difference between a round and the others

}  // namespace

void RoundPotentials::clear() {
  rounds_.clear();
}

void RoundPotentials::sum() {
  u_.assign(rounds_.front().u.size(), 0.0);
  v_.assign(rounds_.front().v.size(), 0.0);
  for (const Round& round : rounds_) {
    for (std::size_t i = 0; i < u_.size(); ++i)
      u_[i] += round.u[i] - round.constant[round.part_of_source[i]];
    for (std::size_t j = 0; j < v_.size(); ++j)
      v_[j] += round.v[j] + round.constant[round.part_of_target[j]];
  }
}

// The constants of one round that bring it closest to the mean of the others. Returns the largest
// step, as a share of how far the round is from them.
double RoundPotentials::adjust(Round& round) {
  const double others = static_cast<double>(rounds_.size() - 1);
  std::vector<double> step(round.parts, 0.0), cells(round.parts, 0.0);
  double apart = 0.0;
  const auto compare = [&](const std::vector<double>& sums, const std::vector<double>& own,
                           const std::vector<std::uint32_t>& part, double sign) {
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const double value = own[k] + sign * round.constant[part[k]];
      const double missing = (sums[k] - value) / others - value;
      step[part[k]] += sign * missing;
      cells[part[k]] += 1.0;
      apart += std::abs(missing);
    }
  };
  compare(u_, round.u, round.part_of_source, -1.0);
  compare(v_, round.v, round.part_of_target, 1.0);
  double largest = 0.0;
  for (std::size_t p = 0; p < round.parts; ++p) {
    step[p] = cells[p] > 0.0 ? step[p] / cells[p] : 0.0;
    round.constant[p] += step[p];
    largest = std::max(largest, std::abs(step[p]));
  }
  for (std::size_t i = 0; i < u_.size(); ++i) u_[i] -= step[round.part_of_source[i]];
  for (std::size_t j = 0; j < v_.size(); ++j) v_[j] += step[round.part_of_target[j]];
  apart /= static_cast<double>(u_.size() + v_.size());
  return apart > 0.0 ? largest / apart : 0.0;
}

// By turns, round after round (Gauss and Seidel), from the constants that were best without the new
// round.
void RoundPotentials::add(Round round, std::size_t most, Context& context) {
  round.constant.assign(round.parts, 0.0);
  rounds_.push_back(std::move(round));
  while (rounds_.size() > most) rounds_.pop_front();
  sum();
  for (int pass = 0; rounds_.size() > 1 && pass < kMostPasses; ++pass) {
    double largest = 0.0;
    for (auto it = rounds_.rbegin(); it != rounds_.rend(); ++it) {
      context.poll();
      largest = std::max(largest, adjust(*it));
    }
    if (largest < kSettled) break;
  }
  const double count = static_cast<double>(rounds_.size());
  for (double& value : u_) value /= count;
  for (double& value : v_) value /= count;
}

}  // namespace laot::detail
