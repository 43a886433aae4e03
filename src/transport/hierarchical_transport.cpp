#include "laot/transport/hierarchical_transport.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "laot/assignment/scaled_cloud.hpp"
#include "laot/base/median.hpp"
#include "laot/base/sums.hpp"
#include "laot/data/columns.hpp"
#include "laot/parallel/tasks.hpp"
#include "laot/transport/round_potentials.hpp"
#include "laot/transport/sampled_dual.hpp"
#include "laot/transport/smooth_potential.hpp"
#include "laot/transport/transport_solvers.hpp"

namespace laot::detail {

// Not in the nameless namespace: State below is known outside of this file.
namespace hierarchy {
struct Pair {
  std::uint32_t source, target;
  std::int64_t units;
};
}  // namespace hierarchy

namespace {

using hierarchy::Pair;

constexpr std::uint64_t kSplitSeed = 7919, kSweepSeed = 104729, kSampleSeed = 1299709,
                        kChoiceSeed = 15485863;
constexpr std::size_t kDirectionSample = 2048;  // points that choose the direction of a cut
constexpr int kDirectionRounds = 8;
// Shares of a potential beside its smooth part; the bound takes the best of them.
constexpr double kKept[] = {1.0, 0.8, 0.6, 0.45};
constexpr std::size_t kChoiceShare = 8;  // the best is found on so many times fewer rows
constexpr double kRoundsDone = 0.95;     // progress before the bound
constexpr int kWarmSweeps = 2;  // where the pairs of a solve before are there to start from

/// Some units of a point.
struct Share {
  std::uint32_t point;
  std::int64_t units;
};

/// One part of the problem: shares of both clouds with equal mass.
struct Part {
  std::vector<Share> sources, targets;
};

arma::mat points_of(const arma::mat& x, const std::vector<Share>& shares) {
  return columns_of(x, shares.size(), [&](std::size_t k) { return shares[k].point; });
}

std::vector<std::int64_t> units_of(const std::vector<Share>& shares) {
  std::vector<std::int64_t> out;
  for (const Share& share : shares) out.push_back(share.units);
  return out;
}

double inner(const double* a, const double* b, std::size_t d) {
  return sum_in_lanes<4>(d, [a, b](std::size_t k) { return a[k] * b[k]; });
}

template <class Item>
std::int64_t mass_of(const std::vector<Item>& items) {
  std::int64_t mass = 0;
  for (const Item& item : items) mass += item.units;
  return mass;
}

// Orders the items by `key` (ties: as they were) and cuts them after `mass` units; an item across
// the cut goes to both sides.
template <class Item, class Key>
std::pair<std::vector<Item>, std::vector<Item>> cut(const std::vector<Item>& items,
                                                    std::int64_t mass, const Key& key) {
  std::vector<std::pair<double, std::uint32_t>> order(items.size());
  for (std::uint32_t k = 0; k < items.size(); ++k) order[k] = {key(items[k]), k};
  std::sort(order.begin(), order.end());
  std::pair<std::vector<Item>, std::vector<Item>> out;
  for (const auto& [value, k] : order) {
    Item low = items[k], high = items[k];
    low.units = std::min(mass, low.units);
    high.units -= low.units;
    mass -= low.units;
    if (low.units > 0) out.first.push_back(low);
    if (high.units > 0) out.second.push_back(high);
  }
  return out;
}

}  // namespace

struct HierarchicalTransport::State {
  arma::mat targets;
  std::vector<std::int64_t> supply, demand;
  HierarchyOptions options;
  bool solved = false;
  std::vector<Pair> pairs;        // of the last solve
  RoundPotentials potentials;     // for |y - x|^2
  std::vector<double> v;          // of them what the bound takes
  std::uint64_t regroupings = 0;  // so far: each is another one

  void choose_directions(const arma::mat& x, const Part& part, std::uint64_t seed,
                         arma::vec& along_x, arma::vec& along_y) const;
  std::vector<Part> split(const arma::mat& x, Context& context) const;
  std::vector<Part> regroup(const arma::mat& x, std::uint64_t seed, Context& context) const;
  AssignmentStart start_of(const Part& part, const std::vector<std::uint32_t>& partner) const;
  void solve_parts(const arma::mat& x, const std::vector<Part>& parts, Context& context);
  void run_rounds(const arma::mat& x, int first, int last, Context& context);
  void require_sources(const arma::mat& x) const;
  double share_to_keep(SampledDual& dual, const std::vector<double>& smooth,
                       Context& context) const;
  std::vector<double> smoothed(const std::vector<double>& smooth, double share) const;
  Certificate certify(const arma::mat& x, Context& context);
  std::size_t leaves(std::size_t points) const {
    return (points + options.leaf - 1) / std::max<std::size_t>(options.leaf, 1);
  }
};

// Directions a, b along which the halves of the two clouds correspond: alternating maximisation of
// the covariance of the signs of <y, a> and <x, b> about their medians, on a sample.
void HierarchicalTransport::State::choose_directions(const arma::mat& x, const Part& part,
                                                     std::uint64_t seed, arma::vec& along_x,
                                                     arma::vec& along_y) const {
  const std::size_t d = x.n_rows;
  Rng rng = Rng(kSplitSeed).stream(seed);
  along_x.set_size(d);
  along_y.set_size(d);
  for (double& entry : along_y) entry = rng.normal();
  std::vector<double> value, sorted;
  const auto signed_sum = [&](const arma::mat& points, const std::vector<Share>& shares,
                              const arma::vec& direction, arma::vec& out) {
    const std::size_t step = std::max<std::size_t>(1, shares.size() / kDirectionSample);
    value.clear();
    for (std::size_t k = 0; k < shares.size(); k += step)
      value.push_back(inner(points.colptr(shares[k].point), direction.memptr(), d));
    sorted = value;
    const double middle = upper_median(sorted);
    out.zeros();
    double balance = 0.0;
    arma::vec mean(d, arma::fill::zeros);
    for (std::size_t q = 0; q < value.size(); ++q) {
      const double sign = value[q] >= middle ? 1.0 : -1.0;
      const double* point = points.colptr(shares[q * step].point);
      for (std::size_t k = 0; k < d; ++k) {
        out[k] += sign * point[k];
        mean[k] += point[k];
      }
      balance += sign;
    }
    double size = 0.0;
    for (std::size_t k = 0; k < d; ++k) {
      out[k] -= balance * mean[k] / static_cast<double>(value.size());
      size += out[k] * out[k];
    }
    for (double& entry : out) entry = size > 0.0 ? entry / std::sqrt(size) : rng.normal();
  };
  for (int round = 0; round < kDirectionRounds; ++round) {
    signed_sum(targets, part.targets, along_y, along_x);
    signed_sum(x, part.sources, along_x, along_y);
  }
}

std::vector<Part> HierarchicalTransport::State::split(const arma::mat& x, Context& context) const {
  Part whole;
  for (std::uint32_t i = 0; i < supply.size(); ++i) whole.sources.push_back({i, supply[i]});
  for (std::uint32_t j = 0; j < demand.size(); ++j) whole.targets.push_back({j, demand[j]});
  std::vector<Part> level;
  level.push_back(std::move(whole));
  for (std::uint64_t depth = 0;; ++depth) {
    std::vector<Part> next(2 * level.size());
    bool any = false;
    for (const Part& part : level)
      any = any || std::max(part.sources.size(), part.targets.size()) > options.leaf;
    if (!any) return level;
    parallel_for(context, level.size(), 1, [&](std::size_t k, std::size_t, int) {
      Part& part = level[k];
      const std::size_t count = leaves(std::max(part.sources.size(), part.targets.size()));
      if (count < 2) {
        next[2 * k] = std::move(part);
        return;
      }
      const std::int64_t total = mass_of(part.sources);
      const std::int64_t half = static_cast<std::int64_t>(
          std::llround(static_cast<double>(total) * static_cast<double>(count / 2) /
                       static_cast<double>(count)));
      arma::vec along_x, along_y;
      choose_directions(x, part, depth * 1000003 + k, along_x, along_y);
      auto xs = cut(part.sources, half, [&](const Share& s) {
        return inner(x.colptr(s.point), along_x.memptr(), x.n_rows);
      });
      auto ys = cut(part.targets, half, [&](const Share& s) {
        return inner(targets.colptr(s.point), along_y.memptr(), x.n_rows);
      });
      part = {};
      next[2 * k] = {std::move(xs.first), std::move(ys.first)};
      next[2 * k + 1] = {std::move(xs.second), std::move(ys.second)};
    });
    level.clear();
    for (Part& part : next)
      if (!part.sources.empty()) level.push_back(std::move(part));
  }
}

// Cuts the pairs by x_i + y_j along the difference of two of them, so that pairs that might trade
// places stay together.
std::vector<Part> HierarchicalTransport::State::regroup(const arma::mat& x, std::uint64_t seed,
                                                        Context& context) const {
  const std::size_t d = x.n_rows;
  std::vector<std::vector<Pair>> level{pairs};
  for (std::uint64_t depth = 0;; ++depth) {
    std::vector<std::vector<Pair>> next(2 * level.size());
    bool any = false;
    for (const auto& group : level) any = any || group.size() > options.leaf;
    if (!any) break;
    parallel_for(context, level.size(), 1, [&](std::size_t k, std::size_t, int) {
      std::vector<Pair>& group = level[k];
      const std::size_t count = leaves(group.size());
      if (count < 2) {
        next[2 * k] = std::move(group);
        return;
      }
      Rng rng = Rng(kSweepSeed + seed).stream(depth * 1000003 + k);
      const Pair& a = group[rng.below(group.size())];
      const Pair& b = group[rng.below(group.size())];
      arma::vec direction(d);
      for (std::size_t q = 0; q < d; ++q)
        direction[q] = x(q, a.source) + targets(q, a.target) - x(q, b.source) -
                       targets(q, b.target) + 0.1 * rng.normal();
      const std::int64_t half = static_cast<std::int64_t>(
          std::llround(static_cast<double>(mass_of(group)) * static_cast<double>(count / 2) /
                       static_cast<double>(count)));
      auto parts = cut(group, half, [&](const Pair& p) {
        return inner(x.colptr(p.source), direction.memptr(), d) +
               inner(targets.colptr(p.target), direction.memptr(), d);
      });
      group = {};
      next[2 * k] = std::move(parts.first);
      next[2 * k + 1] = std::move(parts.second);
    });
    level.clear();
    for (auto& group : next)
      if (!group.empty()) level.push_back(std::move(group));
  }
  std::vector<Part> out(level.size());
  for (std::size_t k = 0; k < level.size(); ++k) {
    const auto collect = [](std::vector<Share>& shares) {
      std::sort(shares.begin(), shares.end(),
                [](const Share& a, const Share& b) { return a.point < b.point; });
      std::size_t kept = 0;
      for (const Share& share : shares)
        if (kept > 0 && shares[kept - 1].point == share.point)
          shares[kept - 1].units += share.units;
        else
          shares[kept++] = share;
      shares.resize(kept);
    };
    for (const Pair& pair : level[k]) {
      out[k].sources.push_back({pair.source, pair.units});
      out[k].targets.push_back({pair.target, pair.units});
    }
    collect(out[k].sources);
    collect(out[k].targets);
  }
  return out;
}

// A part begins with what the rounds before know: its pairs, which come from the last of them, and
// the average of their potentials. Of a cell of many units it may be another part's pair.
AssignmentStart HierarchicalTransport::State::start_of(
    const Part& part, const std::vector<std::uint32_t>& partner) const {
  AssignmentStart start;
  if (potentials.empty() || part.sources.size() != part.targets.size()) return start;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> place;
  for (std::uint32_t j = 0; j < part.targets.size(); ++j) {
    place.push_back({part.targets[j].point, j});
    start.target_potentials.push_back(potentials.v()[part.targets[j].point]);
  }
  std::sort(place.begin(), place.end());
  for (const Share& share : part.sources) {
    const std::uint32_t target = partner[share.point];
    const auto at = std::lower_bound(place.begin(), place.end(), std::pair(target, 0u));
    const bool here = at != place.end() && at->first == target;
    start.target_of_source.push_back(here ? at->second : kNone);
  }
  return start;
}

void HierarchicalTransport::State::solve_parts(const arma::mat& x, const std::vector<Part>& parts,
                                               Context& context) {
  std::vector<std::vector<Pair>> found(parts.size());
  std::vector<std::uint32_t> partner(supply.size(), kNone);
  for (const Pair& pair : pairs) partner[pair.source] = pair.target;
  Round round;
  round.u.assign(supply.size(), 0.0);
  round.v.assign(demand.size(), 0.0);
  round.part_of_source.assign(supply.size(), 0);
  round.part_of_target.assign(demand.size(), 0);
  round.parts = parts.size();
  std::vector<std::vector<double>> of_sources(parts.size()), of_targets(parts.size());
  run_tasks(context, "coupling by parts", parts.size(), [&](std::size_t k, Context& mine) {
    const Part& part = parts[k];
    const arma::mat xs = points_of(x, part.sources);
    ExactTransport solver(points_of(targets, part.targets), units_of(part.sources),
                          units_of(part.targets));
    const AssignmentStart start = start_of(part, partner);
    const Flow flow = start.target_of_source.empty() ? solver.solve_once(xs, mine)
                                                     : solver.solve_once(xs, start, mine);
    for (std::size_t q = 0; q < flow.units.size(); ++q)
      found[k].push_back(
          {part.sources[flow.source[q]].point, part.targets[flow.target[q]].point, flow.units[q]});
    // The constant of a part is free: the same mean on both sides, to begin with.
    const auto mean = [](const std::vector<double>& values) {
      return std::accumulate(values.begin(), values.end(), 0.0) /
             static_cast<double>(values.size());
    };
    of_sources[k] = solver.source_potentials();
    of_targets[k] = solver.target_potentials();
    const double shift = 0.5 * (mean(of_sources[k]) - mean(of_targets[k]));
    for (double& value : of_sources[k]) value -= shift;
    for (double& value : of_targets[k]) value += shift;
  });
  pairs.clear();
  const auto spread = [](const std::vector<Share>& shares, const std::vector<double>& values,
                         std::uint32_t part, std::vector<double>& out,
                         std::vector<std::uint32_t>& part_of) {
    for (std::size_t q = 0; q < shares.size(); ++q) {
      out[shares[q].point] = values[q];
      part_of[shares[q].point] = part;
    }
  };
  for (std::uint32_t k = 0; k < parts.size(); ++k) {
    pairs.insert(pairs.end(), found[k].begin(), found[k].end());
    spread(parts[k].sources, of_sources[k], k, round.u, round.part_of_source);
    spread(parts[k].targets, of_targets[k], k, round.v, round.part_of_target);
  }
  potentials.add(std::move(round), static_cast<std::size_t>(options.sweeps) + 1, context);
  // A pair may have been in several parts.
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
    return a.source != b.source ? a.source < b.source : a.target < b.target;
  });
  std::size_t kept = 0;
  for (const Pair& pair : pairs)
    if (kept > 0 && pairs[kept - 1].source == pair.source && pairs[kept - 1].target == pair.target)
      pairs[kept - 1].units += pair.units;
    else
      pairs[kept++] = pair;
  pairs.resize(kept);
}

std::vector<double> HierarchicalTransport::State::smoothed(const std::vector<double>& smooth,
                                                           double share) const {
  std::vector<double> out = smooth;
  for (std::size_t j = 0; j < out.size(); ++j) out[j] += share * (potentials.v()[j] - smooth[j]);
  return out;
}

// Beside its smooth part a potential is to some degree the chance of the partitions, and the
// minimum over all targets falls on those that are too high by chance. The choice is made on other
// rows than the bound is taken from.
double HierarchicalTransport::State::share_to_keep(SampledDual& dual,
                                                   const std::vector<double>& smooth,
                                                   Context& context) const {
  dual.draw(std::max<std::size_t>(1, options.sampled_rows / kChoiceShare), kChoiceSeed);
  double best = -kInfinity, chosen = 1.0;
  for (const double share : kKept) {
    const double value = dual.value(smoothed(smooth, share), potentials.u(), context).mean;
    if (!(value > best)) break;  // concave in the share
    best = value;
    chosen = share;
  }
  return chosen;
}

Certificate HierarchicalTransport::State::certify(const arma::mat& x, Context& context) {
  const double total = static_cast<double>(mass_of(pairs));
  Certificate out;
  for (const Pair& pair : pairs)
    out.primal += static_cast<double>(pair.units) / total *
                  squared_distance(x.colptr(pair.source), targets.colptr(pair.target), x.n_rows);

  const std::vector<double> smooth = smooth_potential(targets, potentials.v(), context);
  SampledDual dual(x, targets, supply, demand);
  v = smoothed(smooth, share_to_keep(dual, smooth, context));
  dual.draw(options.sampled_rows, kSampleSeed);
  const SampledDual::Value value = dual.value(v, potentials.u(), context);
  out.dual_error = value.error;
  out.dual = std::min(out.primal, value.mean - 3.0 * value.error);
  const double scale = std::max(out.primal, dual.spread());
  out.gap = scale > 0.0 ? (out.primal - out.dual) / scale : 0.0;
  return out;
}

HierarchicalTransport::HierarchicalTransport(arma::mat targets, std::vector<std::int64_t> supply,
                                             std::vector<std::int64_t> demand,
                                             const HierarchyOptions& options)
    : state_(std::make_unique<State>()) {
  require_finite(targets, "y");
  require(options.leaf >= 2, Status::invalid_argument,
          "a leaf of a hierarchical coupling needs at least 2 cells, found ", options.leaf);
  state_->targets = std::move(targets);
  state_->supply = std::move(supply);
  state_->demand = std::move(demand);
  state_->options = options;
}

HierarchicalTransport::~HierarchicalTransport() = default;
HierarchicalTransport::HierarchicalTransport(HierarchicalTransport&&) noexcept = default;
HierarchicalTransport& HierarchicalTransport::operator=(HierarchicalTransport&&) noexcept = default;

void HierarchicalTransport::require_room(std::size_t sources, std::size_t targets,
                                         std::size_t dimension, const HierarchyOptions& options,
                                         int threads) {
  const double cells = static_cast<double>(sources) + static_cast<double>(targets);
  const std::size_t larger = std::max(sources, targets);
  const std::size_t part = std::min(options.leaf, larger);
  const std::size_t parts = (larger + part - 1) / part;
  const double at_once = static_cast<double>(
      std::min<std::size_t>(parts, static_cast<std::size_t>(std::max(threads, 1))));
  require_memory(
      cells * (16.0 * static_cast<double>(dimension) + 200.0 + 12.0 * (options.sweeps + 1)) +
          at_once * memory_of_solve(part, part, dimension, SolverOptions{}),
      text("a hierarchical coupling of ", sources, " and ", targets, " cells in ", dimension,
           " dimensions on ", threads, threads == 1 ? " thread" : " threads"));
}

const std::vector<double>& HierarchicalTransport::source_potentials() const {
  return state_->potentials.u();
}
const std::vector<double>& HierarchicalTransport::target_potentials() const {
  return state_->v;
}

void HierarchicalTransport::State::require_sources(const arma::mat& x) const {
  require(x.n_cols == supply.size() && x.n_rows == targets.n_rows, Status::dimension_mismatch,
          "transport needs ", targets.n_rows, " features of ", supply.size(), " sources, found ",
          x.n_rows, " x ", x.n_cols);
  require_finite(x, "x");
}

// Round 0 cuts both clouds; those that follow cut the pairs anew.
void HierarchicalTransport::State::run_rounds(const arma::mat& x, int first, int last,
                                              Context& context) {
  if (first == 0) potentials.clear();
  for (int round = first; round <= last; ++round) {
    const double share = kRoundsDone / (last + 1 - first);
    const Context::Span span(context, share * (round - first), share * (round - first + 1));
    solve_parts(x, round == 0 ? split(x, context) : regroup(x, regroupings++, context), context);
  }
}

Flow HierarchicalTransport::solve(const arma::mat& sources, Context& context) {
  State& s = *state_;
  s.require_sources(sources);
  require_room(s.supply.size(), s.demand.size(), sources.n_rows, s.options, context.num_threads);
  if (std::exchange(s.solved, false))  // an interrupted solve leaves nothing to start from
    s.run_rounds(sources, 1, std::min(kWarmSweeps, s.options.sweeps), context);
  else
    s.run_rounds(sources, 0, s.options.sweeps, context);
  Flow out;
  for (const Pair& pair : s.pairs) {
    out.source.push_back(pair.source);
    out.target.push_back(pair.target);
    out.units.push_back(pair.units);
  }
  const Context::Span span(context, kRoundsDone, 1.0);
  out.certificate = s.certify(sources, context);
  s.solved = true;
  return out;
}

}  // namespace laot::detail
