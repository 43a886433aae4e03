// Balanced transport by network simplex on candidate lists.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "capacity_auction.hpp"
#include "laot/assignment/candidate_rows.hpp"
#include "laot/assignment/epsilon_schedule.hpp"
#include "laot/assignment/first_potentials.hpp"
#include "laot/assignment/scaled_cloud.hpp"
#include "laot/data/columns.hpp"
#include "laot/transport/transport_solvers.hpp"
#include "network_simplex.hpp"

namespace laot::detail {

namespace {

// Rows looked at for each pivot: the most violated of their best candidates enters.
constexpr std::size_t kPricingBlock = 48;
// The price of what is not routed: first, in widths of the lists, and its growth from one to the
// next. Finer steps find no shorter way.
constexpr double kFirstPrice = 0.01, kPriceStep = 3.0;
// The least first price beside the highest, where the lists hold whole rows and have no width.
constexpr double kLeastPrice = 0x1p-30;
// Where the auction ends, in the last epsilons of an assignment: what is left costs pivots, each of
// which is about as dear as a bid.
constexpr double kRough = 8.0;

double largest(const std::vector<double>& values) {
  double out = 0.0;
  for (const double value : values) out = std::max(out, std::abs(value));
  return out;
}

// Where in a solve the first tree is there: a typical share of the time.
constexpr double kPlanted = 0.4, kListed = 0.4;  // and of that the lists

// The units in whole multiples of `unit`, with the rounded sum: a row of the auction bids for few
// of them, where exact units would be cut into ever smaller pieces.
std::vector<std::int64_t> rounded(const std::vector<std::int64_t>& units, std::int64_t unit) {
  std::vector<std::int64_t> out(units.size());
  std::int64_t before = 0, taken = 0;
  for (std::size_t k = 0; k < units.size(); ++k) {
    before += units[k];
    const std::int64_t end = before / unit + (2 * (before % unit) >= unit ? 1 : 0);
    out[k] = end - taken;
    taken = end;
  }
  return out;
}

// A step is long where the rows of a column could save this much at the potentials of the tree, in
// widths of the lists, and the potentials of the last solve are better where they leave less than
// this part of that.
constexpr double kLongStep = 0.2, kBetterPotentials = 0.5;

struct CheaperArc {
  double reduced;
  std::uint32_t row, column;
};

}  // namespace

// Columns of a matrix; none named: all.
struct Columns {
  const arma::mat& points;
  const std::vector<std::uint32_t>& index;

  std::size_t size() const { return index.empty() ? points.n_cols : index.size(); }
  const double* operator[](std::size_t i) const {
    return points.colptr(index.empty() ? i : index[i]);
  }
  FramedCloud framed() const { return framed_columns(points, index); }
  arma::mat matrix() const { return index.empty() ? borrowed(points) : columns_of(points, index); }
};

// Rows are the larger side: a row then has few partners, all of them in its list, and most rows are
// leaves of the tree.
struct SimplexTransport::State {
  arma::mat targets;
  std::vector<std::uint32_t> target_columns;  // those that take part; none: all
  std::vector<std::int64_t> supply, demand;   // of rows, of columns
  SolverOptions options;
  bool sources_are_columns = false;
  SpanningTree tree;
  bool planted = false;
  std::optional<CandidateRows> rows;
  const std::vector<std::uint32_t> all;   // columns of sources that are not named
  bool lists_kept = false;                // from the last solve
  std::shared_ptr<const arma::mat> kept;  // the sources of the last solve, where these are the rows
  double width = 0.0;                     // of the lists when they were made first
  std::vector<double> u, v;               // of the last solve
  int exponent = 0;                       // their unit is 2^exponent
  double artificial = 0.0;                // price of arcs to the root of the tree
  std::size_t pivots = 0;  // of this solve; nobody knows how many, some as many as rows
  double progress() const {
    return static_cast<double>(pivots) / static_cast<double>(pivots + supply.size());
  }
  std::vector<double> row_potential, column_potential;  // of the squared distance

  State(arma::mat points, std::vector<std::uint32_t> columns, std::vector<std::int64_t> sources,
        std::vector<std::int64_t> sinks, const SolverOptions& chosen)
      : targets(std::move(points)),
        target_columns(std::move(columns)),
        supply(std::move(sources)),
        demand(std::move(sinks)),
        options(chosen),
        sources_are_columns(supply.size() < demand.size()),
        tree(std::max(supply.size(), demand.size()), std::min(supply.size(), demand.size())) {
    if (sources_are_columns) supply.swap(demand);
  }

  void place(const Columns& row_side, const Columns& column_side, bool warm, Context& context);
  FramedCloud framed_rows(const Columns& row_side, bool warm) const;
  void start_cold(Context& context);
  void start_warm(Context& context);
  double first_price() const;
  double highest_price() const;
  void price_tree(double price);
  double flow_excess() const;
  double tree_violation() const;
  std::int64_t auction_unit() const;
  std::vector<SpanningTree::Arc> sales(FirstPhase first, Context& context);
  void plant(std::vector<SpanningTree::Arc> wanted);
  void pivot_on_lists(double tolerance, Context& context);
  bool certify(double tolerance, Context& context);
  void read_potentials();
  void require_sources(const Columns& sources) const;
  Flow solve(const Columns& sources, Context& context);
  Flow solve_again(const Columns& sources, Context& context);
  void optimise(Context& context);
  Flow result(const Columns& row_side, const Columns& column_side) const;
};

// In the scale of the last solve, unless the rows have grown or shrunk a lot: what stays comparable
// can be kept.
FramedCloud SimplexTransport::State::framed_rows(const Columns& row_side, bool warm) const {
  FramedCloud out = row_side.framed();
  if (!warm || sources_are_columns) return out;
  const int last = rows->sources().frame().exponent, natural = out.frame().exponent;
  if (last == natural || std::abs(last - natural) > 4) return out;
  return FramedCloud(row_side.points, Frame{out.frame().shift, last});
}

// The clouds where the rows read them. The packed targets stay where these are the columns, and so
// does the memory for kept costs; after a small step of the rows, so do their lists.
void SimplexTransport::State::place(const Columns& row_side, const Columns& column_side, bool warm,
                                    Context& context) {
  if (!rows)
    rows.emplace(column_side.framed(), options.path);
  else if (sources_are_columns)
    rows->set_targets(column_side.framed());
  FramedCloud cloud = framed_rows(row_side, warm);
  lists_kept = warm && !sources_are_columns &&
               cloud.frame().exponent == rows->sources().frame().exponent &&
               rows->mean_drop(cloud) <= kReusableDrop * width;
  if (lists_kept)
    rows->move_sources(std::move(cloud), context);
  else
    rows->set_sources(std::move(cloud));
  const int now = rows->sources().frame().exponent + rows->targets().frame().exponent;
  if (warm)
    for (auto* potentials : {&u, &v})
      for (double& value : *potentials) value = std::ldexp(value, exponent - now);
  exponent = now;
}

// The unit that the auction counts in: what a row has on average, so that a row is about one bid
// and small ones are none. Columns of one or two rows and a fraction would be rounded to prices
// that are far from theirs; with halves, two bids a row, they come close enough.
std::int64_t SimplexTransport::State::auction_unit() const {
  const std::size_t n = supply.size(), m = demand.size();
  const std::int64_t total = std::accumulate(supply.begin(), supply.end(), std::int64_t{0});
  const std::int64_t mean = total / static_cast<std::int64_t>(n);
  const bool few_rows_a_column = 3 * n >= 4 * m && n < 4 * m;
  return few_rows_a_column ? std::max<std::int64_t>(1, mean / 2) : mean;
}

// The sales of a rough auction of rounded units.
std::vector<SpanningTree::Arc> SimplexTransport::State::sales(FirstPhase first, Context& context) {
  const std::int64_t unit = auction_unit();
  CapacityAuction auction(*rows, rounded(supply, unit), rounded(demand, unit));
  scale_epsilon(
      first, kRough * kLastEpsilon * width, rows->magnitude(), context,
      [&](double epsilon, std::size_t bids) { return auction.run(epsilon, bids, context); });
  std::vector<SpanningTree::Arc> out;
  for (const auto& piece : auction.pieces()) out.push_back({piece.row, piece.column, piece.units});
  return out;
}

// A first tree, at the present potentials: every row sends what it can to its best column, those
// before the others that are wanted there, and the most first. All arcs are tight, so that the tree
// is optimal while what it leaves unrouted is free. Every arc empties one of its ends, so the arcs
// make a forest.
void SimplexTransport::State::plant(std::vector<SpanningTree::Arc> wanted) {
  const std::size_t n = supply.size();
  std::vector<std::int64_t> row_left = supply, column_left = demand;
  std::vector<SpanningTree::Arc> forest;
  std::vector<std::uint32_t> best_column(n);
  u.resize(n);
  v = rows->potentials();
  for (std::uint32_t i = 0; i < n; ++i) {
    const BestTwo best = rows->best_two(i);
    u[i] = best.least;
    best_column[i] = best.column;
  }
  const auto fill = [&](std::uint32_t i) {
    const std::uint32_t j = best_column[i];
    const std::int64_t units = std::min(row_left[i], column_left[j]);
    if (units == 0) return;
    row_left[i] -= units;
    column_left[j] -= units;
    forest.push_back({i, j, units});
  };
  std::sort(wanted.begin(), wanted.end(), [](const auto& a, const auto& b) {
    if (a.units != b.units) return a.units > b.units;
    return a.row != b.row ? a.row < b.row : a.column < b.column;
  });
  for (const SpanningTree::Arc& arc : wanted)
    if (arc.column == best_column[arc.row]) fill(arc.row);
  for (std::uint32_t i = 0; i < n; ++i) fill(i);
  tree.plant(forest, row_left, column_left);
}

// Above every detour: a direct arc is always cheaper than two arcs to the root.
double SimplexTransport::State::highest_price() const {
  return 1.0 + 4.0 * (rows->magnitude() + largest(u) + largest(v));
}

double SimplexTransport::State::first_price() const {
  return std::max(kFirstPrice * width, kLeastPrice * highest_price());
}

void SimplexTransport::State::price_tree(double price) {
  artificial = price;
  tree.set_costs([this](std::size_t i, std::size_t j) { return rows->cost(i, j); }, artificial, u,
                 v);
}

// The cost of the arcs of the tree above the least candidates of their rows at the potentials of
// the last solve, a column.
double SimplexTransport::State::flow_excess() const {
  double sum = 0.0;
  for (const SpanningTree::Arc& arc : tree.flows())
    sum += std::max(0.0, rows->cost(arc.row, arc.column) - rows->potential(arc.column) -
                             rows->best_two(arc.row).least);
  return sum / static_cast<double>(demand.size());
}

// The most that rows could save on a unit at the potentials of the tree, a column.
double SimplexTransport::State::tree_violation() const {
  double sum = 0.0;
  for (std::size_t i = 0; i < supply.size(); ++i)
    sum += std::max(0.0, tree.u(i) - rows->best_two(i, tree.column_potentials()).least);
  return sum / static_cast<double>(demand.size());
}

void SimplexTransport::State::start_cold(Context& context) {
  const double error = begin_at_first_potentials(*rows, &supply, &demand, options.path, context);
  {
    const Context::Span span(context, kFirstPotentialsDone, kListed);
    rows->build(store_budget(options), context);
  }
  const Context::Span span(context, kListed, 1.0);
  width = mean_width(*rows);
  plant(sales(first_phase(error, width), context));
  price_tree(first_price());
}

// The tree stays feasible wherever the sources go. After a long step the potentials of the last
// solve can be a better start than its flow; not where parts of the clouds have moved apart, which
// the tree follows.
void SimplexTransport::State::start_warm(Context& context) {
  if (!lists_kept) {
    rows->set_potentials(v);
    rows->build(store_budget(options), context);
  }
  price_tree(highest_price());
  const double violation = tree_violation();
  const bool is_long = violation > kLongStep * width;
  if (!is_long || flow_excess() > kBetterPotentials * violation) return;
  plant(tree.flows());
  price_tree(first_price());
}

// Pivots until no candidate has a reduced cost below 0.
void SimplexTransport::State::pivot_on_lists(double tolerance, Context& context) {
  const std::size_t n = supply.size();
  std::size_t row = 0, without = 0;
  while (without < n) {
    CheaperArc best{-tolerance, kNone, kNone};
    const std::size_t block = std::min(kPricingBlock, n - without);
    for (std::size_t k = 0; k < block; ++k) {
      const BestTwo offer = rows->best_two(row, tree.column_potentials());
      const double reduced = offer.least - tree.u(row);
      if (reduced < best.reduced) best = {reduced, static_cast<std::uint32_t>(row), offer.column};
      if (++row == n) row = 0;
    }
    if (best.row == kNone) {
      without += block;
      continue;
    }
    without = 0;
    tree.pivot(best.row, best.column, rows->cost(best.row, best.column), best.reduced);
    ++pivots;
    context.poll("transport", progress());
  }
}

// Once all units are routed, every part of the tree hangs from the root by a row, and the
// artificial price stands in all its potentials: added in the rows, taken off in the columns.
void SimplexTransport::State::read_potentials() {
  for (std::size_t i = 0; i < u.size(); ++i) u[i] = tree.u(i) - artificial;
  for (std::size_t j = 0; j < v.size(); ++j) v[j] = tree.v(j) + artificial;
}

// Scans the rows whose lists cannot prove that nothing better lies beyond them. False where
// something does.
bool SimplexTransport::State::certify(double tolerance, Context& context) {
  read_potentials();
  rows->move_potentials(v);
  std::vector<std::uint32_t> doubtful;
  for (std::uint32_t i = 0; i < u.size(); ++i)
    if (u[i] > rows->bound(i)) doubtful.push_back(i);
  const Context::Span still(context, progress(), progress());
  rows->refresh(doubtful.data(), doubtful.size(), context);
  return std::none_of(doubtful.begin(), doubtful.end(),
                      [&](std::uint32_t i) { return rows->best_two(i).least < u[i] - tolerance; });
}

// Routes what is near first, as shortest augmenting paths would: the price of what is not routed
// grows step by step (the gradual penalties of Grigoriadis, "An efficient implementation of the
// network simplex method", 1986), and the tree is optimal at each. So the potentials of the start
// are kept as far as they are right, and most pivots are made while the parts of the tree are
// small. Candidates first: rows are scanned where these route nothing more.
void SimplexTransport::State::optimise(Context& context) {
  const double tolerance = 0x1p-46 * rows->magnitude(), highest = highest_price();
  double step = kPriceStep;
  for (;;) {
    const std::size_t before = pivots;
    pivot_on_lists(tolerance, context);
    const bool moved = pivots > before;
    const bool dearer = tree.unrouted() > 0 && artificial < highest;
    if (!(dearer && moved)) {
      const bool certified = certify(tolerance, context);
      if (certified && !dearer) break;
    }
    if (!dearer) continue;
    step = moved ? kPriceStep : step * step;
    const double next = std::min(highest, step * artificial);
    tree.raise_price(next - artificial);
    artificial = next;
  }
  for (std::size_t i = 0; i < u.size(); ++i) u[i] = std::min(u[i], rows->best_two(i).least);
}

// The primal value by direct differences, the dual one below it by the sum of the slacks of the
// arcs in use, which is computed without cancellation.
Flow SimplexTransport::State::result(const Columns& row_side, const Columns& column_side) const {
  require(
      tree.unrouted() == 0, Status::numerical_failure,
      "the transport left units that no arc could carry; the costs may be too large to compare");
  std::vector<SpanningTree::Arc> arcs = tree.flows();
  std::sort(arcs.begin(), arcs.end(), [this](const auto& a, const auto& b) {
    if (sources_are_columns) return a.column != b.column ? a.column < b.column : a.row < b.row;
    return a.row != b.row ? a.row < b.row : a.column < b.column;
  });
  Flow out;
  double primal = 0.0, slack = 0.0, total = 0.0;
  for (const SpanningTree::Arc& arc : arcs) {
    out.source.push_back(sources_are_columns ? arc.column : arc.row);
    out.target.push_back(sources_are_columns ? arc.row : arc.column);
    out.units.push_back(arc.units);
    const double units = static_cast<double>(arc.units);
    primal += units *
              squared_distance(row_side[arc.row], column_side[arc.column], row_side.points.n_rows);
    slack += units * (rows->cost(arc.row, arc.column) - u[arc.row] - v[arc.column]);
    total += units;
  }
  require(std::isfinite(primal), Status::not_finite, kTooLarge);
  const double gap = std::ldexp(slack, exponent) / total;
  out.certificate.primal = primal / total;
  out.certificate.dual = out.certificate.primal - gap;
  const double scale =
      std::max(out.certificate.primal,
               mean_squared_norm(rows->sources(), rows->sources().frame().exponent) +
                   mean_squared_norm(rows->targets(), rows->targets().frame().exponent));
  out.certificate.gap = scale > 0.0 ? gap / scale : 0.0;
  return out;
}

// The certificate is not good enough: everything once more, in double precision throughout.
Flow SimplexTransport::State::solve_again(const Columns& sources, Context& context) {
  const arma::mat cost =
      squared_distances(sources.matrix(), Columns{targets, target_columns}.matrix(), context);
  const bool swapped = sources_are_columns;
  std::vector<double>& target_v = swapped ? row_potential : column_potential;
  std::vector<double>& source_u = swapped ? column_potential : row_potential;
  target_v.assign(cost.n_rows, 0.0);
  source_u.assign(cost.n_cols, kInfinity);
  Flow out = solve_transport_dense(cost, swapped ? demand : supply, swapped ? supply : demand,
                                   target_v, context);
  for (std::size_t i = 0; i < cost.n_cols; ++i)
    for (std::size_t j = 0; j < cost.n_rows; ++j)
      source_u[i] = std::min(source_u[i], cost(j, i) - target_v[j]);
  return out;
}

SimplexTransport::SimplexTransport(arma::mat targets, std::vector<std::uint32_t> columns,
                                   std::vector<std::int64_t> supply,
                                   std::vector<std::int64_t> demand, const SolverOptions& options) {
  require_finite(targets, "y");
  require_room_for_solve(supply.size(), demand.size(), targets.n_rows, options);
  state_ = std::make_unique<State>(std::move(targets), std::move(columns), std::move(supply),
                                   std::move(demand), options);
}

SimplexTransport::~SimplexTransport() = default;
SimplexTransport::SimplexTransport(SimplexTransport&&) noexcept = default;
SimplexTransport& SimplexTransport::operator=(SimplexTransport&&) noexcept = default;

Flow SimplexTransport::State::solve(const Columns& sources, Context& context) {
  const Columns target_side{targets, target_columns};
  const Columns& row_side = sources_are_columns ? target_side : sources;
  const Columns& column_side = sources_are_columns ? sources : target_side;
  const bool warm = std::exchange(planted, false);  // an interrupted solve leaves no start
  place(row_side, column_side, warm, context);
  pivots = 0;
  {
    const Context::Span span(context, 0.0, kPlanted);
    if (warm)
      start_warm(context);
    else
      start_cold(context);
  }
  const Context::Span span(context, kPlanted, 1.0);
  optimise(context);
  Flow out = result(row_side, column_side);
  if (!(out.certificate.gap <= options.gap_limit)) return solve_again(sources, context);
  planted = true;
  row_potential = distance_potentials(u, exponent, rows->sources(), rows->targets().frame().shift);
  column_potential =
      distance_potentials(v, exponent, rows->targets(), rows->sources().frame().shift);
  return out;
}

void SimplexTransport::State::require_sources(const Columns& sources) const {
  const std::size_t count = sources_are_columns ? demand.size() : supply.size();
  require(sources.size() == count && sources.points.n_rows == targets.n_rows,
          Status::dimension_mismatch, "transport needs ", targets.n_rows, " features of ", count,
          " sources, found ", sources.points.n_rows, " x ", sources.size());
  require_finite(sources.points, "x");
}

Flow SimplexTransport::solve(const arma::mat& sources, Context& context) {
  State& s = *state_;
  s.require_sources({sources, s.all});
  if (s.sources_are_columns) return s.solve({sources, s.all}, context);
  return solve(std::make_shared<const arma::mat>(sources), context);
}

Flow SimplexTransport::solve(std::shared_ptr<const arma::mat> sources, Context& context) {
  State& s = *state_;
  s.require_sources({*sources, s.all});
  Flow out = s.solve({*sources, s.all}, context);
  if (!s.sources_are_columns) s.kept = std::move(sources);
  return out;
}

Flow SimplexTransport::solve_once(const arma::mat& sources,
                                  const std::vector<std::uint32_t>& columns, Context& context) {
  State& s = *state_;
  s.require_sources({sources, columns});
  s.planted = false;
  Flow out = s.solve({sources, columns}, context);
  s.planted = false;
  return out;
}

const CandidateRows& SimplexTransport::candidates() const {
  return *state_->rows;
}

bool SimplexTransport::sources_are_columns() const {
  return state_->sources_are_columns;
}

const std::vector<double>& SimplexTransport::source_potentials() const {
  return state_->sources_are_columns ? state_->column_potential : state_->row_potential;
}

const std::vector<double>& SimplexTransport::target_potentials() const {
  return state_->sources_are_columns ? state_->row_potential : state_->column_potential;
}

}  // namespace laot::detail
