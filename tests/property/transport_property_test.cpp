// The network simplex against successive shortest paths on the whole cost.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "laot/data/columns.hpp"
#include "laot/transport.hpp"
#include "laot/transport/transport_solvers.hpp"
#include "support/problems.hpp"
#include "support/slowdown.hpp"

using namespace laot;

namespace {

struct Weights {
  std::vector<std::int64_t> supply, demand;
};

// Uniform weights as integers, or random ones of equal sum.
Weights weights(std::size_t n, std::size_t m, bool uniform, Rng& rng) {
  Weights out{std::vector<std::int64_t>(n, 1), std::vector<std::int64_t>(m, 1)};
  const std::int64_t shared = std::gcd(static_cast<std::int64_t>(n), static_cast<std::int64_t>(m));
  for (auto& s : out.supply) s = static_cast<std::int64_t>(m) / shared;
  for (auto& t : out.demand) t = static_cast<std::int64_t>(n) / shared;
  if (uniform) return out;
  for (auto& s : out.supply) s = 1 + static_cast<std::int64_t>(rng.below(7));
  for (auto& t : out.demand) t = 1 + static_cast<std::int64_t>(rng.below(7));
  const std::int64_t supplies =
      std::accumulate(out.supply.begin(), out.supply.end(), std::int64_t{0});
  const std::int64_t demands =
      std::accumulate(out.demand.begin(), out.demand.end(), std::int64_t{0});
  if (supplies < demands) out.supply[0] += demands - supplies;
  out.demand[0] += std::max<std::int64_t>(0, supplies - demands);
  return out;
}

void check_marginals(const Flow& flow, const Weights& w) {
  std::vector<std::int64_t> supply(w.supply.size(), 0), demand(w.demand.size(), 0);
  bool positive = true;
  for (std::size_t k = 0; k < flow.units.size(); ++k) {
    supply[flow.source[k]] += flow.units[k];
    demand[flow.target[k]] += flow.units[k];
    positive = positive && flow.units[k] > 0;
  }
  CHECK(supply == w.supply);
  CHECK(demand == w.demand);
  CHECK(positive);
}

}  // namespace

TEST_CASE("the network simplex costs what shortest paths find, warm and cold") {
  Context context;
  Rng rng(40);
  for (const std::string& kind : problems::kinds())
    for (int trial = 0; trial < 10; ++trial) {
      const std::size_t most = trial < 4 ? 12 : trial < 8 ? 120 : 300;
      const std::size_t n = 1 + rng.below(most), m = 1 + rng.below(most), d = 1 + rng.below(8);
      CAPTURE(kind);
      CAPTURE(n);
      CAPTURE(m);
      CAPTURE(d);
      auto [x, y] = problems::clouds(kind, d, n, m, rng);
      const Weights w = weights(n, m, trial % 2 == 0, rng);
      detail::SimplexTransport solver(y, {}, w.supply, w.demand, {});
      for (int step = 0; step < 4; ++step) {
        const Flow flow = solver.solve(x, context);
        check_marginals(flow, w);
        const arma::mat cost = squared_distances(x, y, context);
        std::vector<double> v(m, 0.0);
        const Flow expected = detail::solve_transport_dense(cost, w.supply, w.demand, v, context);
        const double unit = arma::accu(cost) / static_cast<double>(cost.n_elem);
        CHECK(std::abs(flow.certificate.primal - expected.certificate.primal) <= 1e-12 * unit);
        CHECK(std::abs(flow.certificate.gap) < 1e-12);
        CHECK(std::is_sorted(flow.source.begin(), flow.source.end()));
        arma::mat map(x.n_rows, x.n_rows, arma::fill::eye);
        for (double& entry : map)
          entry += (step == 1 ? 0.001 : 0.1) * rng.normal();  // lists kept, and not
        x = arma::mat(map * x);
      }
    }
}

namespace {

// Whether the pairs in use make no circle: a basic solution.
bool is_forest(const Flow& flow, std::size_t n, std::size_t m) {
  std::vector<std::size_t> above(n + m);
  std::iota(above.begin(), above.end(), std::size_t{0});
  const auto top = [&](std::size_t node) {
    while (above[node] != node) node = above[node];
    return node;
  };
  for (std::size_t k = 0; k < flow.units.size(); ++k) {
    const std::size_t a = top(flow.source[k]), b = top(n + flow.target[k]);
    if (a == b) return false;
    above[a] = b;
  }
  return true;
}

// Weights of many sizes on both sides, so that some points have less than the auction's unit.
Weights wide_weights(Weights w, Rng& rng) {
  for (auto* side : {&w.supply, &w.demand})
    for (auto& units : *side) units *= 1 + static_cast<std::int64_t>(rng.below(500));
  const auto total = [](const std::vector<std::int64_t>& units) {
    return std::accumulate(units.begin(), units.end(), std::int64_t{0});
  };
  const std::int64_t missing = total(w.demand) - total(w.supply);
  (missing > 0 ? w.supply : w.demand).back() += std::abs(missing);
  return w;
}

// x after a step: the map moves by `size` in each entry, the cells by `shift`.
arma::mat stepped(const arma::mat& x, double size, double shift, Rng& rng) {
  arma::mat map(x.n_rows, x.n_rows, arma::fill::eye);
  for (double& entry : map) entry += size * rng.normal();
  return map * x + shift;
}

}  // namespace

TEST_CASE("unequal clouds of every shape are coupled exactly after steps of every length") {
  Context context;
  Rng rng(44);
  const std::vector<std::pair<std::size_t, std::size_t>> shapes = {
      {40, 41},  {120, 181}, {181, 120}, {101, 211}, {400, 17},  {17, 400}, {301, 60},
      {60, 301}, {1, 50},    {50, 1},    {2, 90},    {200, 150}, {90, 360}};
  const std::vector<std::pair<double, double>> steps = {{0.0, 0.0}, {1e-4, 0.0}, {0.02, 0.0},
                                                        {0.2, 0.0}, {0.0, 50.0}, {0.05, -50.0},
                                                        {1.0, 0.0}, {0.0, 0.0}};
  for (const std::string kind : {"gaussian", "clustered", "counts", "far", "line"})
    for (const auto& [n, m] : shapes) {
      auto [x, y] = problems::clouds(kind, 5, n, m, rng);
      const bool even = rng.below(3) > 0, wide = rng.below(3) == 0;
      const Weights narrow = weights(n, m, even, rng);
      const Weights w = wide ? wide_weights(narrow, rng) : narrow;
      detail::SolverOptions options;
      options.gap_limit = kInfinity;  // nothing is repaired by a second solve
      detail::SimplexTransport solver(y, {}, w.supply, w.demand, options);
      for (const auto& [size, shift] : steps) {
        CAPTURE(kind);
        CAPTURE(n);
        CAPTURE(m);
        CAPTURE(even);
        CAPTURE(wide);
        CAPTURE(size);
        x = stepped(x, size, shift, rng);
        const Flow flow = solver.solve(x, context);
        check_marginals(flow, w);
        CHECK(is_forest(flow, n, m));
        const arma::mat cost = squared_distances(x, y, context);
        std::vector<double> v(m, 0.0);
        const Flow expected = detail::solve_transport_dense(cost, w.supply, w.demand, v, context);
        const double unit = arma::accu(cost) / static_cast<double>(cost.n_elem);
        CHECK(std::abs(flow.certificate.primal - expected.certificate.primal) <= 1e-12 * unit);
        CHECK(std::abs(flow.certificate.gap) < 1e-12);
      }
    }
}

TEST_CASE("a warm transport has the flow of a cold one, after steps of every length") {
  Context context;
  Rng rng(45);
  for (const auto& [n, m] : {std::pair<std::size_t, std::size_t>{301, 400}, {800, 90}}) {
    auto [x, y] = problems::clouds("gaussian", 12, n, m, rng);
    const Weights w = weights(n, m, true, rng);
    detail::SimplexTransport warm(y, {}, w.supply, w.demand, {});
    for (const double size : {0.0, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.5}) {
      CAPTURE(n);
      CAPTURE(size);
      x = stepped(x, size, 0.0, rng);
      const Flow a = warm.solve(x, context);
      const Flow b = detail::SimplexTransport(y, {}, w.supply, w.demand, {}).solve(x, context);
      CHECK(a.source == b.source);
      CHECK(a.target == b.target);
      CHECK(a.units == b.units);
    }
  }
}

TEST_CASE("a transport that is cancelled at any time can be solved again") {
  Rng rng(46);
  auto [x, y] = problems::clouds("gaussian", 20, 2000, 3001, rng);
  const Weights w = weights(2000, 3001, true, rng);
  Context calm;
  const Flow expected = detail::SimplexTransport(y, {}, w.supply, w.demand, {}).solve(x, calm);
  const arma::mat moved = stepped(x, 0.02, 0.0, rng);
  // Cold, and warm after a long step.
  for (const bool warm : {false, true}) {
    detail::SimplexTransport solver(y, {}, w.supply, w.demand, {});
    for (int last = 1; last <= 4; ++last) {
      if (warm) (void)solver.solve(moved, calm);
      Context context;
      int asked = 0;
      context.cancel = [&] { return ++asked >= last; };
      try {
        (void)solver.solve(x, context);
        CHECK(asked < last);  // done before
      } catch (const Error& error) {
        CHECK(error.status() == Status::cancelled);
      }
    }
    const Flow flow = solver.solve(x, calm);
    CHECK(flow.source == expected.source);
    CHECK(flow.target == expected.target);
    CHECK(flow.units == expected.units);
  }
}

TEST_CASE("a large transport reports its progress, forwards only") {
  Context context;
  Rng rng(47);
  auto [x, y] = problems::clouds("gaussian", 10, 6000, 9001, rng);
  std::vector<double> seen;
  context.progress = [&](const std::string&, double fraction) { seen.push_back(fraction); };
  (void)Coupling(x, y).solve(x, context);
  CHECK(!seen.empty());  // how many there are, at most ten a second, depends on the machine
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(seen.back() <= 1.0);
}

TEST_CASE("clouds of one point each or of a lattice are coupled at once, whatever their sizes") {
  Context context;
  Rng rng(43);
  for (const std::string kind : {"identical", "zeros", "lattice"}) {
    CAPTURE(kind);
    auto [x, y] = problems::clouds(kind, 3, 5000, 7001, rng);
    const double start = processor_seconds();
    const Plan plan = Coupling(x, y).solve(x, context);
    const double seconds = processor_seconds() - start;
    CHECK(std::abs(plan.certificate.gap) < 1e-12);
    CHECK(seconds < kSlowdown * 3.0);
    MESSAGE(kind << ": " << seconds << " s");
  }
}

TEST_CASE("transport gives the same flow on each vector path and for any number of threads") {
  Context one, two;
  two.num_threads = 2;
  Rng rng(41);
  auto [x, y] = problems::clouds("clustered", 30, 300, 430, rng);
  const Weights w = weights(300, 430, true, rng);
  detail::SolverOptions portable;
  portable.path = VectorPath::portable;
  portable.store_bytes = 0.0;
  const Flow a = detail::SimplexTransport(y, {}, w.supply, w.demand, {}).solve(x, one);
  const Flow b = detail::SimplexTransport(y, {}, w.supply, w.demand, portable).solve(x, two);
  CHECK(a.source == b.source);
  CHECK(a.target == b.target);
  CHECK(a.units == b.units);
  CHECK(a.certificate.primal == b.certificate.primal);
}

TEST_CASE("columns that are named are transported as a matrix of them would be") {
  Context context;
  Rng rng(43);
  for (const auto& [n, m] : {std::pair<std::size_t, std::size_t>{40, 65}, {65, 40}, {50, 50}})
    for (const bool uneven : {true, false})
      for (const double limit : {1e-9, -1.0}) {
        CAPTURE(n);
        CAPTURE(uneven);
        auto [x, y] = problems::clouds("clustered", 6, 2 * n, 2 * m, rng);
        std::vector<std::uint32_t> of_x, of_y;
        for (std::uint32_t i = 0; i < n; ++i)
          of_x.push_back((7 * i + 3) % static_cast<std::uint32_t>(2 * n));
        for (std::uint32_t j = 0; j < m; ++j)
          of_y.push_back(static_cast<std::uint32_t>(2 * m) - 1 - 2 * j);
        const arma::mat some_x = columns_of(x, of_x), some_y = columns_of(y, of_y);
        const Weights w = weights(n, m, uneven, rng);
        detail::SolverOptions options;
        options.gap_limit = limit;
        const Flow in_place = detail::SimplexTransport(y, of_y, w.supply, w.demand, options)
                                  .solve_once(x, of_x, context);
        const Flow copied = detail::SimplexTransport(some_y, {}, w.supply, w.demand, options)
                                .solve(some_x, context);
        CHECK(in_place.source == copied.source);
        CHECK(in_place.target == copied.target);
        CHECK(in_place.units == copied.units);
        CHECK(in_place.certificate.primal ==
              doctest::Approx(copied.certificate.primal).scale(0).epsilon(1e-13));
        CHECK(in_place.certificate.gap < 1e-12);
        const Flow once = ExactTransport(y, w.supply, w.demand, of_y).solve_once(x, context, of_x);
        CHECK(once.certificate.primal ==
              doctest::Approx(copied.certificate.primal).scale(0).epsilon(1e-13));
      }
}

TEST_CASE("a transport with too wide a gap is solved again, densely") {
  Context context;
  Rng rng(42);
  for (const auto& [n, m] : {std::pair<std::size_t, std::size_t>{40, 65}, {65, 40}}) {
    auto [x, y] = problems::clouds("gaussian", 4, n, m, rng);
    const Weights w = weights(n, m, true, rng);
    detail::SolverOptions never;
    never.gap_limit = -1.0;
    detail::SimplexTransport once(y, {}, w.supply, w.demand, {}),
        again(y, {}, w.supply, w.demand, never);
    const Flow a = once.solve(x, context), b = again.solve(x, context);
    check_marginals(b, w);
    CHECK(a.certificate.primal == doctest::Approx(b.certificate.primal).epsilon(1e-12));
    for (const detail::SimplexTransport* solver : {&once, &again}) {
      double dual = 0.0, worst = 0.0;
      for (std::size_t i = 0; i < n; ++i)
        dual += static_cast<double>(w.supply[i]) * solver->source_potentials()[i];
      for (std::size_t j = 0; j < m; ++j)
        dual += static_cast<double>(w.demand[j]) * solver->target_potentials()[j];
      const arma::mat cost = squared_distances(x, y, context);
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < m; ++j)
          worst = std::max(
              worst, solver->source_potentials()[i] + solver->target_potentials()[j] - cost(j, i));
      CHECK(worst < 1e-10);
      CHECK(dual / static_cast<double>(w.supply[0] * static_cast<std::int64_t>(n)) ==
            doctest::Approx(a.certificate.primal).epsilon(1e-12));
    }
  }
}
