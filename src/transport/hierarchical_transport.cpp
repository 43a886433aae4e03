#include "laot/transport/hierarchical_transport.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "laot/assignment/candidate_rows.hpp"
#include "laot/assignment/epsilon_schedule.hpp"
#include "laot/assignment/scaled_cloud.hpp"
#include "laot/base/sums.hpp"
#include "laot/data/columns.hpp"
#include "laot/parallel/tasks.hpp"
#include "laot/transport/arc_transport.hpp"
#include "laot/transport/parts.hpp"
#include "laot/transport/sampled_dual.hpp"
#include "laot/transport/smooth_potential.hpp"
#include "laot/transport/transport_solvers.hpp"

namespace laot::detail {

// Not in the nameless namespace: State below is known outside of this file.
namespace hierarchy {

/// Plan, arcs and potentials of a part.
struct Found {
  std::vector<Shipment> plan;
  std::vector<Arc> arcs;
  std::vector<double> u, v;  // where it was coupled exactly
  double width = 0.0;        // of the candidate lists, likewise
};

}  // namespace hierarchy

namespace {

using hierarchy::Found;

constexpr std::uint64_t kSampleSeed = 1299709, kChoiceSeed = 15485863;
// Shares of a potential beside its smooth part; the bound takes the best of them.
constexpr double kKept[] = {1.0, 0.8, 0.6, 0.45};
constexpr std::size_t kChoiceShare = 8;   // the best is found on so many times fewer rows
constexpr double kRoundsDone = 0.95;      // progress before the bound
constexpr double kPartsDone = 0.8;        // of a round, before its arcs are used
constexpr int kWarmSweeps = 2;            // where a plan is there to start from
constexpr std::size_t kFirstLeaf = 6000;  // of random parts; more points are as good an image
constexpr std::size_t kArcs = 8;          // of a point that a round adds
constexpr std::size_t kKeptArcs = 32;     // of a point, where the sources have moved
// A part is coupled exactly where its pairs are dearer than the potentials promise by more than so
// many widths of a list; else its cheapest pairs are only looked for.
constexpr double kGoodPlan = 10.0;
constexpr int kRoundsOfArcs = 2;  // that add arcs before the plan is improved along them
// Few arcs make potentials noisy: they are averaged with those before.
constexpr double kNewPotentials = 0.7;

arma::mat points_of(const arma::mat& x, const std::vector<Share>& shares) {
  return columns_of(x, shares.size(), [&](std::size_t k) { return shares[k].point; });
}

std::vector<std::int64_t> units_of(const std::vector<Share>& shares) {
  std::vector<std::int64_t> out;
  for (const Share& share : shares) out.push_back(share.units);
  return out;
}

// Between places of a part.
Arc arc_between(const Part& part, const arma::mat& xs, std::uint32_t i, const arma::mat& ys,
                std::uint32_t j) {
  return {part.sources[i].point, part.targets[j].point,
          static_cast<float>(squared_distance(xs.colptr(i), ys.colptr(j), xs.n_rows))};
}

// Where a point is among those of a part.
std::uint32_t place_of(std::uint32_t point, const std::vector<Share>& shares) {
  const auto at =
      std::lower_bound(shares.begin(), shares.end(), point,
                       [](const Share& share, std::uint32_t other) { return share.point < other; });
  return static_cast<std::uint32_t>(at - shares.begin());
}

std::vector<double> values_of(const std::vector<Share>& shares, const std::vector<double>& values) {
  std::vector<double> out;
  for (const Share& share : shares) out.push_back(values[share.point]);
  return out;
}

}  // namespace

struct HierarchicalTransport::State {
  arma::mat targets;
  std::vector<std::int64_t> supply, demand;
  HierarchyOptions options;
  ArcTransport arcs;              // all that were found
  std::vector<Shipment> plan;     // of the last solve
  std::vector<double> u, v;       // potentials for |y - x|^2
  double width = 0.0;             // of the lists of the first parts
  std::vector<double> certified;  // of v what the bound takes
  std::uint64_t regroupings = 0;  // so far: each is another one
  bool solved = false;

  State(arma::mat points, std::vector<std::int64_t> sources, std::vector<std::int64_t> sinks,
        const HierarchyOptions& chosen)
      : targets(std::move(points)),
        supply(std::move(sources)),
        demand(std::move(sinks)),
        options(chosen),
        arcs(supply, demand) {}

  std::vector<Part> first_parts() const;
  bool look(const Part& part, const arma::mat& xs, const arma::mat& ys, Found& found,
            Context& context) const;
  AssignmentStart start_of(const Part& part) const;
  void couple(const Part& part, const arma::mat& xs, const arma::mat& ys, Found& found,
              Context& context) const;
  bool run_round(const arma::mat& x, const std::vector<Part>& parts, Context& context);
  void improve(bool last, Context& context);
  void run_rounds(const arma::mat& x, int first, int last, Context& context);
  void require_sources(const arma::mat& x) const;
  double share_to_keep(SampledDual& dual, const std::vector<double>& smooth,
                       Context& context) const;
  std::vector<double> smoothed(const std::vector<double>& smooth, double share) const;
  Certificate certify(const arma::mat& x, Context& context);
};

std::vector<Part> HierarchicalTransport::State::first_parts() const {
  const std::size_t larger = std::max(supply.size(), demand.size());
  const std::size_t size = larger <= options.leaf ? larger : std::min(options.leaf, kFirstLeaf);
  return random_parts(supply, demand, (larger + size - 1) / size);
}

// Looks for the cheapest partners of each point of the larger side of a part, beside the
// potentials. False where these are so far off, for its pairs, that it has to be coupled by itself.
bool HierarchicalTransport::State::look(const Part& part, const arma::mat& xs, const arma::mat& ys,
                                        Found& found, Context& context) const {
  const bool swapped = part.sources.size() < part.targets.size();  // rows are the targets
  const std::vector<Share>& column_shares = swapped ? part.sources : part.targets;
  const arma::mat& columns = swapped ? xs : ys;
  const FramedCloud row_cloud = framed_cloud(swapped ? ys : xs);
  CandidateRows rows(framed_cloud(columns), VectorPath::best);
  const int exponent = row_cloud.frame().exponent + rows.targets().frame().exponent;
  rows.set_potentials(framed_potentials(values_of(column_shares, swapped ? u : v), columns,
                                        row_cloud.frame().shift, exponent));
  rows.set_sources(row_cloud);
  rows.build(0.0, context);
  double excess = 0.0;
  for (const Shipment& s : part.plan) {
    std::uint32_t row = place_of(s.source, part.sources), column = place_of(s.target, part.targets);
    if (swapped) std::swap(row, column);
    excess += static_cast<double>(s.units) *
              (rows.cost(row, column) - rows.potential(column) - rows.best_two(row).least);
  }
  excess = std::ldexp(excess / static_cast<double>(units_in(part.plan)), exponent);
  std::vector<std::uint32_t> best;
  for (std::uint32_t i = 0; i < rows.rows(); ++i) {
    rows.best_columns(i, kArcs, best);
    for (const std::uint32_t j : best) {
      found.arcs.push_back(swapped ? arc_between(part, xs, j, ys, i)
                                   : arc_between(part, xs, i, ys, j));
    }
  }
  found.plan = part.plan;
  return excess <= kGoodPlan * width;
}

// An exact solve of a part begins with its pairs and with the potentials that are there. Of a cell
// of many units it may be another part's pair.
AssignmentStart HierarchicalTransport::State::start_of(const Part& part) const {
  AssignmentStart start;
  start.target_potentials = values_of(part.targets, v);
  start.target_of_source.assign(part.sources.size(), kNone);
  for (const Shipment& s : part.plan)
    start.target_of_source[place_of(s.source, part.sources)] = place_of(s.target, part.targets);
  return start;
}

void HierarchicalTransport::State::couple(const Part& part, const arma::mat& xs,
                                          const arma::mat& ys, Found& found,
                                          Context& context) const {
  ExactTransport solver(ys, units_of(part.sources), units_of(part.targets));
  const bool started = !part.plan.empty() && part.sources.size() == part.targets.size();
  const Flow flow =
      started ? solver.solve_once(xs, start_of(part), context) : solver.solve_once(xs, context);
  found.plan.clear();
  for (std::size_t q = 0; q < flow.units.size(); ++q) {
    const Arc arc = arc_between(part, xs, flow.source[q], ys, flow.target[q]);
    found.plan.push_back({arc.source, arc.target, flow.units[q]});
    found.arcs.push_back(arc);
  }
  for (const PointPair& near : solver.near_pairs(kArcs))
    found.arcs.push_back(arc_between(part, xs, near.source, ys, near.target));
  // The constant of a part is free: the same mean on both sides, to begin with.
  const auto mean = [](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  found.u = solver.source_potentials();
  found.v = solver.target_potentials();
  found.width = solver.list_width();
  const double shift = 0.5 * (mean(found.u) - mean(found.v));
  for (double& value : found.u) value -= shift;
  for (double& value : found.v) value += shift;
}

// Returns whether the potentials were good enough for all parts.
bool HierarchicalTransport::State::run_round(const arma::mat& x, const std::vector<Part>& parts,
                                             Context& context) {
  const bool known = !plan.empty() && parts.size() > 1;  // potentials of the whole are
  std::vector<Found> found(parts.size());
  run_tasks(context, "coupling by parts", parts.size(), [&](std::size_t k, Context& mine) {
    const Part& part = parts[k];
    const arma::mat xs = points_of(x, part.sources);
    const arma::mat ys = points_of(targets, part.targets);
    if (!known || !look(part, xs, ys, found[k], mine)) couple(part, xs, ys, found[k], mine);
  });
  plan.clear();
  if (!known) width = 0.0;
  std::vector<std::vector<Arc>> more;
  bool good = true;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    plan.insert(plan.end(), found[k].plan.begin(), found[k].plan.end());
    more.push_back(std::move(found[k].arcs));
    good = good && found[k].v.empty();
    if (known) continue;
    width += found[k].width / static_cast<double>(parts.size());
    for (std::size_t q = 0; q < parts[k].sources.size(); ++q)
      u[parts[k].sources[q].point] = found[k].u[q];
    for (std::size_t q = 0; q < parts[k].targets.size(); ++q)
      v[parts[k].targets[q].point] = found[k].v[q];
  }
  merge_shipments(plan);  // a pair may have been in several parts
  arcs.add(more, context);
  return good;
}

void HierarchicalTransport::State::improve(bool last, Context& context) {
  const std::vector<double> before = v;
  arcs.improve(plan, v, width, context);
  if (!last)
    for (std::size_t j = 0; j < v.size(); ++j)
      v[j] = before[j] + kNewPotentials * (v[j] - before[j]);
  u = arcs.source_potentials(v, context);
}

std::vector<double> HierarchicalTransport::State::smoothed(const std::vector<double>& smooth,
                                                           double share) const {
  std::vector<double> out = smooth;
  for (std::size_t j = 0; j < out.size(); ++j) out[j] += share * (v[j] - smooth[j]);
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
    const double value = dual.value(smoothed(smooth, share), u, context).mean;
    if (!(value > best)) break;  // concave in the share
    best = value;
    chosen = share;
  }
  return chosen;
}

Certificate HierarchicalTransport::State::certify(const arma::mat& x, Context& context) {
  const double total = static_cast<double>(units_in(plan));
  Certificate out;
  for (const Shipment& pair : plan)
    out.primal += static_cast<double>(pair.units) / total *
                  squared_distance(x.colptr(pair.source), targets.colptr(pair.target), x.n_rows);

  const std::vector<double> smooth = smooth_potential(targets, v, context);
  SampledDual dual(x, targets, supply, demand);
  certified = smoothed(smooth, share_to_keep(dual, smooth, context));
  dual.draw(options.sampled_rows, kSampleSeed);
  const SampledDual::Value value = dual.value(certified, u, context);
  out.dual_error = value.error;
  out.dual = std::min(out.primal, value.mean - 3.0 * value.error);
  const double scale = std::max(out.primal, dual.spread());
  out.gap = scale > 0.0 ? (out.primal - out.dual) / scale : 0.0;
  return out;
}

HierarchicalTransport::HierarchicalTransport(arma::mat targets, std::vector<std::int64_t> supply,
                                             std::vector<std::int64_t> demand,
                                             const HierarchyOptions& options) {
  require_finite(targets, "y");
  require(options.leaf >= 2, Status::invalid_argument,
          "a leaf of a hierarchical coupling needs at least 2 cells, found ", options.leaf);
  state_ =
      std::make_unique<State>(std::move(targets), std::move(supply), std::move(demand), options);
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
  const double arcs = 12.0 * static_cast<double>(kArcs) * static_cast<double>(larger) *
                      (static_cast<double>(options.sweeps) + 2.0);
  require_memory(
      cells * (20.0 * static_cast<double>(dimension) + 200.0) + arcs +
          at_once * memory_of_solve(part, part, dimension, SolverOptions{}),
      text("a hierarchical coupling of ", sources, " and ", targets, " cells in ", dimension,
           " dimensions on ", threads, threads == 1 ? " thread" : " threads"));
}

const std::vector<double>& HierarchicalTransport::source_potentials() const {
  return state_->u;
}
const std::vector<double>& HierarchicalTransport::target_potentials() const {
  return state_->certified;
}

void HierarchicalTransport::State::require_sources(const arma::mat& x) const {
  require(x.n_cols == supply.size() && x.n_rows == targets.n_rows, Status::dimension_mismatch,
          "transport needs ", targets.n_rows, " features of ", supply.size(), " sources, found ",
          x.n_rows, " x ", x.n_cols);
  require_finite(x, "x");
}

// Round 0 couples random parts; those that follow cut the pairs anew.
void HierarchicalTransport::State::run_rounds(const arma::mat& x, int first, int last,
                                              Context& context) {
  if (first == 0) {
    arcs.clear();
    plan.clear();
    u.assign(supply.size(), 0.0);
    v.assign(demand.size(), 0.0);
  } else {
    const std::size_t most = kKeptArcs * std::max<std::size_t>(1, v.size() / u.size());
    arcs.move(most, plan, v, x, targets, context);
    u = arcs.source_potentials(v, context);
  }
  const FramedCloud from = framed_cloud(x), to = framed_cloud(targets);
  for (int round = first; round <= last; ++round) {
    const double share = kRoundsDone / (last + 1 - first), begin = share * (round - first);
    const std::vector<Part> parts =
        round == 0 ? first_parts()
                   : similar_parts(from, to, plan, options.leaf, regroupings++, context);
    bool good;
    {
      const Context::Span span(context, begin, begin + kPartsDone * share);
      good = run_round(x, parts, context);
    }
    if (parts.size() == 1) return;  // its plan is the best one
    const Context::Span span(context, begin + kPartsDone * share, begin + share);
    if (round > 0 && (!good || round == last || round % kRoundsOfArcs == 0))
      improve(round == last, context);
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
  for (const Shipment& pair : s.plan) {
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
