// The schedule of a solve: lists, a short auction, the exact phase, the certificate.
#include "laot/assignment/point_assignment.hpp"

#include <algorithm>
#include <cmath>

#include "assignment_search.hpp"
#include "laot/assignment/epsilon_schedule.hpp"
#include "laot/assignment/first_potentials.hpp"
#include "laot/assignment/scaled_cloud.hpp"

namespace laot::detail {

namespace {

// Where in a solve the lists are made, and where the auction ends: typical shares of the time.
constexpr double kListsMade = 0.6, kAuctionDone = 0.9;

// Epsilon scaling from potentials that are off by about `first`.
void run_auctions(AssignmentSearch& search, FirstPhase first, double last, double most,
                  Context& context) {
  scale_epsilon(first, last, most, context, [&](double epsilon, std::size_t bids_per_row) {
    return search.auction(epsilon, bids_per_row, context);
  });
}

bool same_points(const arma::mat& a, const arma::mat& b) {
  return a.n_elem == b.n_elem && std::equal(a.begin(), a.end(), b.begin());
}

// The certificate: the primal value by direct differences, the dual one below it by the gap that
// the search computed without cancellation.
void translate(const CandidateRows& rows, const AssignmentSearch& search, const Matching& matching,
               double gap, const arma::mat& x, const arma::mat& y, Assignment& out) {
  const std::size_t n = x.n_cols;
  const Frame &xs = rows.sources().frame(), &ys = rows.targets().frame();
  const int exponent = xs.exponent + ys.exponent;
  out.column_of_row = matching.column_of_row;
  out.row_potential =
      distance_potentials(search.row_potentials(), exponent, rows.sources(), ys.shift);
  out.column_potential = distance_potentials(rows.potentials(), exponent, rows.targets(), xs.shift);
  double primal = 0.0;
  for (std::size_t i = 0; i < n; ++i)
    primal += squared_distance(x.colptr(i), y.colptr(out.column_of_row[i]), x.n_rows);
  require(std::isfinite(primal), Status::not_finite, kTooLarge);
  out.certificate.primal = primal;
  out.certificate.dual = primal - std::ldexp(gap, exponent);
  const double scale = std::max(
      std::abs(primal), static_cast<double>(n) * (mean_squared_norm(rows.sources(), xs.exponent) +
                                                  mean_squared_norm(rows.targets(), ys.exponent)));
  out.certificate.gap = scale > 0.0 ? std::ldexp(gap, exponent) / scale : 0.0;
}

}  // namespace

double store_budget(const SolverOptions& options) {
  if (options.store_bytes >= 0.0) return options.store_bytes;
  constexpr double kMost = 2.0 * 1024 * 1024 * 1024;
  return std::min(kMost, static_cast<double>(usable_memory()) / 8.0);
}

namespace {

void build_lists(CandidateRows& rows, const SolverOptions& options, Context& context) {
  const Context::Span span(context, kFirstPotentialsDone, kListsMade);
  rows.build(store_budget(options), context);
}

bool finish(AssignmentSearch& search, Context& context, double most_widened = kInfinity) {
  const Context::Span span(context, kAuctionDone, 1.0);
  return search.finish(context, most_widened);
}

}  // namespace

double memory_of_solve(std::size_t n, std::size_t m, std::size_t d, const SolverOptions& options) {
  const double cells = static_cast<double>(n) + static_cast<double>(m);
  const double costs = costs_are_kept(n, m, d, store_budget(options))
                           ? kKeptBytes * static_cast<double>(n) * static_cast<double>(m)
                           : 0.0;
  return 30.0 * cells * static_cast<double>(d) + 200.0 * cells + costs +
         memory_of_first_potentials(n, m, d);
}

void require_room_for_solve(std::size_t n, std::size_t m, std::size_t d,
                            const SolverOptions& options) {
  // The searches number columns, and rows after them, in 32 bits.
  require(n < kNone && m < kNone - n, Status::invalid_argument,
          "an exact coupling takes fewer than ", kNone, " cells of both sides together, found ", n,
          " and ", m);
  require_memory(memory_of_solve(n, m, d, options),
                 text("an exact coupling of ", n, " and ", m, " cells in ", d, " dimensions"));
}

// Of the mean excess of the pairs that a solve is given; from 0.03 to 0.2 it is as fast.
constexpr double kStartEpsilon = 0.05;

struct PointAssignment::State {
  arma::mat targets;
  SolverOptions options;
  CandidateRows rows;
  Matching matching;
  bool solved = false;                    // the result and the rows are those of `sources`
  std::shared_ptr<const arma::mat> kept;  // the sources of the last solve
  double width = 0.0;                     // of the lists when they were made
  Assignment result;

  State(arma::mat points, const SolverOptions& chosen)
      : targets(std::move(points)),
        options(chosen),
        rows(framed_cloud(targets, "y"), chosen.path) {}

  void require_sources(const arma::mat& sources) const;
  void solve(const arma::mat& sources, Context& context, const AssignmentStart* start = nullptr);
  void solve_again(const arma::mat& sources, Context& context);
  void start_cold(const FramedCloud& sources, Context& context);
  void start_warm(const FramedCloud& sources, Context& context);
  void start_at(const AssignmentStart& start, const FramedCloud& sources, Context& context);
};

void PointAssignment::State::require_sources(const arma::mat& sources) const {
  require(sources.n_cols == targets.n_cols && sources.n_rows == targets.n_rows,
          Status::dimension_mismatch, "a square assignment needs ", targets.n_rows, " x ",
          targets.n_cols, " sources, found ", sources.n_rows, " x ", sources.n_cols);
}

void PointAssignment::State::start_cold(const FramedCloud& sources, Context& context) {
  rows.set_sources(sources);
  const double error = begin_at_first_potentials(rows, nullptr, nullptr, options.path, context);
  matching.clear(rows.rows(), rows.columns());
  build_lists(rows, options, context);
  AssignmentSearch search(rows, matching, result.statistics, context);
  width = mean_width(rows);
  const Context::Span span(context, kListsMade, kAuctionDone);
  run_auctions(search, first_phase(error, width), kLastEpsilon * width, rows.magnitude(), context);
}

// Keeps the potentials, the pairs and, after a small step, the lists, whose bounds fall as far as
// costs can have fallen: only rows that their list no longer settles are scanned. The auction
// starts at the size of the error of the potentials.
void PointAssignment::State::start_warm(const FramedCloud& sources, Context& context) {
  // Potentials drift downwards from solve to solve; only their differences count.
  std::vector<double> v = rows.potentials();
  const auto [low, high] = std::minmax_element(v.begin(), v.end());
  const double middle = 0.5 * (*low + *high);
  for (double& value : v) value -= middle;
  if (rows.mean_drop(sources) <= kReusableDrop * width) {
    rows.move_potentials(v);
    rows.move_sources(sources, context);
  } else {
    rows.set_potentials(v);
    rows.set_sources(sources);
    build_lists(rows, options, context);
  }
  const Context::Span span(context, kListsMade, kAuctionDone);
  AssignmentSearch search(rows, matching, result.statistics, context);
  search.certify_all(context);
  run_auctions(search, {std::min(search.mean_excess(), kFirstEpsilon * width)},
               kLastEpsilon * width, rows.magnitude(), context);
}

// The excess of a pair over the least of its row is mostly the error of the potentials: an epsilon
// of that size would part pairs that are good.
void PointAssignment::State::start_at(const AssignmentStart& start, const FramedCloud& sources,
                                      Context& context) {
  rows.set_potentials(
      framed_potentials(start.target_potentials, targets, sources.frame().shift,
                        sources.frame().exponent + rows.targets().frame().exponent));
  rows.set_sources(sources);
  matching.clear(rows.rows(), rows.columns());
  for (std::uint32_t i = 0; i < start.target_of_source.size(); ++i) {
    const std::uint32_t j = start.target_of_source[i];
    if (j < rows.columns() && matching.row_of_column[j] == kNone) matching.match(i, j);
  }
  build_lists(rows, options, context);
  const Context::Span span(context, kListsMade, kAuctionDone);
  AssignmentSearch search(rows, matching, result.statistics, context);
  width = mean_width(rows);
  search.certify_all(context);
  run_auctions(search, {std::min(kStartEpsilon * search.mean_excess(), kFirstEpsilon * width)},
               kLastEpsilon * width, rows.magnitude(), context);
}

// The certificate is not good enough: everything once more, in double precision throughout.
void PointAssignment::State::solve_again(const arma::mat& sources, Context& context) {
  Assignment exact = solve_dense(squared_distances(sources, targets, context), context);
  exact.statistics = result.statistics;
  exact.statistics.solves = 2;
  result = std::move(exact);
}

PointAssignment::PointAssignment(arma::mat targets, const SolverOptions& options) {
  require(targets.n_cols >= 1, Status::dimension_mismatch,
          "an assignment needs at least one point");
  require_room_for_solve(targets.n_cols, targets.n_cols, targets.n_rows, options);
  state_ = std::make_unique<State>(std::move(targets), options);
}

PointAssignment::~PointAssignment() = default;
PointAssignment::PointAssignment(PointAssignment&&) noexcept = default;
PointAssignment& PointAssignment::operator=(PointAssignment&&) noexcept = default;

const Assignment& PointAssignment::last() const {
  return state_->result;
}

void PointAssignment::State::solve(const arma::mat& sources, Context& context,
                                   const AssignmentStart* start) {
  const bool warm = solved;
  const Extent extent(sources, "x");
  const int natural = extent.natural_exponent(extent.mean);
  // The scale is kept from solve to solve, and with it the unit of the potentials, unless the
  // sources grow or shrink a lot.
  const int last = rows.sources().frame().exponent;
  const bool same_scale = warm && std::abs(natural - last) <= 4;
  const FramedCloud cloud(sources, Frame{extent.mean, same_scale ? last : natural});
  solved = false;  // an interrupted solve leaves nothing to start from
  result.statistics = {};
  const std::size_t scans_before = rows.scans();
  if (start != nullptr)
    start_at(*start, cloud, context);
  else if (same_scale)
    start_warm(cloud, context);
  else
    start_cold(cloud, context);
  AssignmentSearch search(rows, matching, result.statistics, context);
  finish(search, context);
  const double gap = search.duality_gap(context);
  result.statistics.scans = rows.scans() - scans_before;
  result.statistics.solves = 1;
  translate(rows, search, matching, gap, sources, targets, result);
  if (!(result.certificate.gap <= options.gap_limit)) solve_again(sources, context);
}

const Assignment& PointAssignment::solve(const arma::mat& sources, Context& context) {
  State& s = *state_;
  s.require_sources(sources);
  if (s.solved && same_points(sources, *s.kept)) return s.result;
  return solve(std::make_shared<const arma::mat>(sources), context);
}

const Assignment& PointAssignment::solve(std::shared_ptr<const arma::mat> sources,
                                         Context& context) {
  State& s = *state_;
  s.require_sources(*sources);
  if (s.solved && same_points(*sources, *s.kept)) return s.result;
  s.solve(*sources, context);
  s.kept = std::move(sources);
  s.solved = true;
  return s.result;
}

const CandidateRows& PointAssignment::candidates() const {
  return state_->rows;
}

const arma::mat& PointAssignment::targets() const {
  return state_->targets;
}

const Assignment& PointAssignment::solve_once(const arma::mat& sources, Context& context) {
  State& s = *state_;
  s.require_sources(sources);
  s.solve(sources, context);
  s.kept.reset();
  return s.result;
}

const Assignment& PointAssignment::solve_once(const arma::mat& sources,
                                              const AssignmentStart& start, Context& context) {
  State& s = *state_;
  s.require_sources(sources);
  s.solve(sources, context, &start);
  s.kept.reset();
  return s.result;
}

Assignment solve_given_cost(const arma::mat& cost, const SolverOptions& options, Context& context) {
  const std::size_t n = cost.n_cols, m = cost.n_rows;
  double largest = 0.0, magnitude = 0.0;
  for (const double c : cost) {
    largest = std::max(largest, std::abs(c));
    magnitude += std::abs(c);
  }
  // Single precision holds costs of any usual size; others are scaled, exactly.
  if (largest > 0.0 && (largest > 1e15 || largest < 1e-15)) {
    const int exponent = std::ilogb(largest) + 1;
    arma::mat scaled(m, n);
    for (std::size_t k = 0; k < cost.n_elem; ++k) scaled[k] = std::ldexp(cost[k], -exponent);
    Assignment out = solve_given_cost(scaled, options, context);
    for (auto* potentials : {&out.row_potential, &out.column_potential})
      for (double& value : *potentials) value = std::ldexp(value, exponent);
    out.certificate.primal = std::ldexp(out.certificate.primal, exponent);
    out.certificate.dual = std::ldexp(out.certificate.dual, exponent);
    return out;
  }
  require_memory(4.0 * static_cast<double>(n) * static_cast<double>(m),
                 text("the single-precision copy of a cost of ", n, " x ", m));
  CandidateRows rows(cost, largest, options.path, context);
  if (n == m) {  // every column is used: its least cost is a good first price
    std::vector<double> v(m, kInfinity);
    for (std::size_t i = 0; i < n; ++i) {
      const double* c = cost.colptr(i);
      for (std::size_t j = 0; j < m; ++j) v[j] = std::min(v[j], c[j]);
    }
    rows.set_potentials(v);
  }
  {
    const Context::Span span(context, 0.0, kListsMade);
    rows.build(0.0, context);
  }
  Matching matching;
  matching.clear(n, m);
  Assignment out;
  AssignmentSearch search(rows, matching, out.statistics, context);
  const double width = mean_width(rows);
  if (n == m) {
    const Context::Span span(context, kListsMade, kAuctionDone);
    run_auctions(search, {kFirstEpsilon * width}, kLastEpsilon * width, rows.magnitude(), context);
  }
  if (!finish(search, context,
              options.most_widened * static_cast<double>(n) * static_cast<double>(m))) {
    out.certificate.gap = kInfinity;
    return out;
  }
  const double gap = search.duality_gap(context);
  out.statistics.scans = rows.scans();
  out.statistics.solves = 1;
  out.column_of_row = matching.column_of_row;
  out.row_potential = search.row_potentials();
  out.column_potential = rows.potentials();
  for (std::size_t i = 0; i < n; ++i) out.certificate.primal += cost(out.column_of_row[i], i);
  out.certificate.dual = out.certificate.primal - gap;
  magnitude = magnitude / static_cast<double>(cost.n_elem) * static_cast<double>(n);
  const double scale = std::max(std::abs(out.certificate.primal), magnitude);
  out.certificate.gap = scale > 0.0 ? gap / scale : 0.0;
  return out;
}

}  // namespace laot::detail
