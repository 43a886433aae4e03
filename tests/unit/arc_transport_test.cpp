// Transport along few pairs: an optimum within epsilon, plans that are no dearer, the same bits.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "laot/linear_algebra.hpp"
#include "laot/transport.hpp"
#include "laot/transport/arc_transport.hpp"
#include "laot/transport/transport_solvers.hpp"
#include "support/clouds.hpp"

using namespace laot;
using namespace laot::detail;

namespace {

constexpr double kLastEpsilon = 0.025;  // in widths

struct Problem {
  arma::mat x, y;
  std::vector<std::int64_t> supply, demand;
  std::vector<std::vector<Arc>> arcs;
  std::vector<Shipment> plan;  // the one of the north-west corner

  std::int64_t units() const {
    return std::accumulate(supply.begin(), supply.end(), std::int64_t{0});
  }
};

// Each source knows `known` targets by chance, and those of a first plan.
Problem problem(std::size_t n, std::size_t m, std::size_t known, bool single, std::uint64_t seed) {
  Problem out;
  out.x = clouds::gaussian(4, n, seed);
  out.y = 1.5 * clouds::gaussian(4, m, seed + 1) + 0.3;
  Rng rng(seed);
  out.supply.assign(n, 1);
  out.demand.assign(m, 1);
  if (!single) {
    std::int64_t sum = 0;
    for (auto& units : out.supply)
      sum += units =
          1 + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(3 * m / n + 5)));
    sum -= static_cast<std::int64_t>(m);
    while (sum-- > 0) ++out.demand[rng.below(m)];
  }
  const auto arc = [&out](std::uint32_t i, std::uint32_t j) {
    return Arc{i, j, static_cast<float>(squared_distance(out.x.colptr(i), out.y.colptr(j), 4))};
  };
  std::vector<std::int64_t> left = out.demand;
  std::vector<Arc> first, more;
  std::uint32_t j = 0;
  for (std::uint32_t i = 0; i < n; ++i)
    for (std::int64_t wanted = out.supply[i]; wanted > 0;) {
      while (left[j] == 0) ++j;
      const std::int64_t some = std::min(wanted, left[j]);
      out.plan.push_back({i, j, some});
      first.push_back(arc(i, j));
      wanted -= some;
      left[j] -= some;
    }
  for (std::uint32_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < known; ++k)
      more.push_back(arc(i, static_cast<std::uint32_t>(known < m ? rng.below(m) : k)));
  out.arcs = {first, more};
  return out;
}

// The optimum along the arcs, by a solver that shares no code: other pairs are forbidden by a
// price.
double optimum(const Problem& p) {
  arma::mat cost(p.y.n_cols, p.x.n_cols);
  cost.fill(1e7);
  for (const auto& some : p.arcs)
    for (const Arc& arc : some)
      cost(arc.target, arc.source) =
          squared_distance(p.x.colptr(arc.source), p.y.colptr(arc.target), 4);
  std::vector<double> v(p.y.n_cols, 0.0);
  Context context;
  const Flow flow = solve_transport_dense(cost, p.supply, p.demand, v, context);
  double sum = 0.0;
  for (std::size_t k = 0; k < flow.units.size(); ++k)
    sum += static_cast<double>(flow.units[k]) * cost(flow.target[k], flow.source[k]);
  return sum;
}

double cost_of(const Problem& p, const std::vector<Shipment>& plan) {
  double sum = 0.0;
  for (const Shipment& s : plan)
    sum += static_cast<double>(s.units) *
           squared_distance(p.x.colptr(s.source), p.y.colptr(s.target), 4);
  return sum;
}

void check_marginals(const Problem& p, const std::vector<Shipment>& plan) {
  std::vector<std::int64_t> out(p.supply.size(), 0), in(p.demand.size(), 0);
  for (std::size_t k = 0; k < plan.size(); ++k) {
    CHECK(plan[k].units > 0);
    out[plan[k].source] += plan[k].units;
    in[plan[k].target] += plan[k].units;
    if (k == 0) continue;
    const Shipment& before = plan[k - 1];
    CHECK((before.source < plan[k].source ||
           (before.source == plan[k].source && before.target < plan[k].target)));
  }
  CHECK(out == p.supply);
  CHECK(in == p.demand);
}

}  // namespace

TEST_CASE("units along arcs cost at most epsilon more than they have to") {
  struct Size {
    std::size_t n, m, known;
    bool single;
  };
  Context one, two;
  two.num_threads = 2;
  for (const Size& size : {Size{60, 60, 60, true},
                           {1500, 1500, 12, true},
                           {40, 90, 90, false},
                           {90, 25, 10, false},
                           {1100, 300, 9, false},
                           {3, 200, 200, false}}) {
    CAPTURE(size.n);
    CAPTURE(size.m);
    const Problem p = problem(size.n, size.m, size.known, size.single, 7 * size.n + size.m);
    ArcTransport arcs(p.supply, p.demand);
    arcs.add(p.arcs, one);
    arcs.add(p.arcs, one);  // they are there
    const double width = 0.8;
    std::vector<Shipment> plan = p.plan;
    std::vector<double> v(size.m, 0.0);
    arcs.improve(plan, v, width, one);
    check_marginals(p, plan);
    const double best = optimum(p), units = static_cast<double>(p.units());
    CHECK(cost_of(p, plan) >= best * (1.0 - 1e-6));
    CHECK(cost_of(p, plan) <= best + kLastEpsilon * width * units + 1e-6 * best);
    // The dual value is a bound from below, as close.
    const std::vector<double> u = arcs.source_potentials(v, one);
    double dual = 0.0;
    for (std::size_t i = 0; i < size.n; ++i) dual += static_cast<double>(p.supply[i]) * u[i];
    for (std::size_t j = 0; j < size.m; ++j) dual += static_cast<double>(p.demand[j]) * v[j];
    CHECK(dual <= best * (1.0 + 1e-6));
    CHECK(dual >= best - kLastEpsilon * width * units - 1e-6 * best);

    std::vector<Shipment> same = p.plan;
    std::vector<double> again(size.m, 0.0);
    arcs.improve(same, again, width, two);
    CHECK(again == v);
    REQUIRE(same.size() == plan.size());
    for (std::size_t k = 0; k < plan.size(); ++k) {
      CHECK(same[k].target == plan[k].target);
      CHECK(same[k].units == plan[k].units);
    }
  }
}

TEST_CASE("a plan that cannot be improved stays, and so does one without a width") {
  Context context;
  const Problem p = problem(200, 200, 200, true, 5);
  ArcTransport arcs(p.supply, p.demand);
  arcs.add(p.arcs, context);
  std::vector<double> v(200, 0.0);
  std::vector<Shipment> plan = p.plan;
  arcs.improve(plan, v, 0.0, context);
  CHECK(cost_of(p, plan) == cost_of(p, p.plan));
  arcs.improve(plan, v, 0.01, context);
  const double cost = cost_of(p, plan);
  CHECK(cost < 0.8 * cost_of(p, p.plan));
  for (const double large : {20.0, 40.0, 80.0}) {  // so large an epsilon finds dearer ones
    v.assign(200, 0.0);
    arcs.improve(plan, v, large, context);
    CHECK(cost_of(p, plan) == cost);
  }
}

TEST_CASE("arcs of sources that moved are the best of those that were there, and the plan's") {
  Context context;
  Problem p = problem(1300, 400, 20, false, 3);
  ArcTransport arcs(p.supply, p.demand);
  arcs.add(p.arcs, context);
  std::vector<Shipment> plan = p.plan;
  std::vector<double> v(400, 0.0);
  arcs.improve(plan, v, 0.5, context);
  p.x += 0.7 * clouds::gaussian(4, 1300, 9);
  const auto least = [&](std::size_t source) {
    double out = std::numeric_limits<double>::infinity();
    for (const auto& some : p.arcs)
      for (const Arc& arc : some)
        if (arc.source == source)
          out = std::min(
              out, squared_distance(p.x.colptr(source), p.y.colptr(arc.target), 4) - v[arc.target]);
    return out;
  };
  arcs.move(2, plan, v, p.x, p.y, context);
  const std::vector<double> u = arcs.source_potentials(v, context);
  for (std::size_t i = 0; i < 1300; i += 7) CHECK(u[i] == doctest::Approx(least(i)).epsilon(1e-5));
  const double before = cost_of(p, plan);
  arcs.improve(plan, v, 0.5, context);
  check_marginals(p, plan);
  CHECK(cost_of(p, plan) < before);
  CHECK(cost_of(p, plan) > optimum(p) * (1.0 + 1e-4));  // of two arcs a source, not of all
}

TEST_CASE("an exact solve tells the pairs beside those that it uses") {
  Context context;
  for (const auto& [n, m] : {std::pair<std::size_t, std::size_t>{150, 150}, {150, 90}, {90, 150}}) {
    CAPTURE(n);
    const arma::mat x = clouds::gaussian(5, n, 1), y = clouds::gaussian(5, m, 2) + 0.5;
    const std::int64_t of_source = n == m ? 1 : static_cast<std::int64_t>(m / 30),
                       of_target = n == m ? 1 : static_cast<std::int64_t>(n / 30);
    ExactTransport solver(y, std::vector<std::int64_t>(n, of_source),
                          std::vector<std::int64_t>(m, of_target));
    (void)solver.solve_once(x, context);
    const std::vector<double>&u = solver.source_potentials(), &v = solver.target_potentials();
    const auto reduced = [&, &x = x, &y = y](const PointPair& pair) {
      return squared_distance(x.colptr(pair.source), y.colptr(pair.target), 5) - u[pair.source] -
             v[pair.target];
    };
    const std::vector<PointPair> near = solver.near_pairs(4);
    REQUIRE(near.size() == 4 * std::max(n, m));
    for (std::size_t k = 0; k < near.size(); k += 4) {
      CHECK(std::abs(reduced(near[k])) < 1e-9);  // a pair that is used costs what it has to
      for (std::size_t q = 1; q < 4; ++q) {
        CHECK(reduced(near[k + q]) >= reduced(near[k + q - 1]) - 1e-9);
        CHECK((n >= m ? near[k + q].source : near[k + q].target) == k / 4);
      }
    }
    const double width = solver.list_width();
    CHECK(width > 0.0);
    ExactTransport larger(4.0 * y, std::vector<std::int64_t>(n, of_source),
                          std::vector<std::int64_t>(m, of_target));
    (void)larger.solve_once(4.0 * x, context);
    CHECK(larger.list_width() == doctest::Approx(16.0 * width).epsilon(1e-9));
  }
}
