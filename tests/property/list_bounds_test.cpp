// The bounds of candidate lists against a scan of the whole row, and the proven bound of an
// assignment against its cost.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "laot/assignment/candidate_rows.hpp"
#include "laot/assignment/point_assignment.hpp"
#include "support/problems.hpp"
#include "support/vector_paths.hpp"

using namespace laot;
using detail::CandidateRows;

namespace {

detail::FramedCloud as_it_is(const arma::mat& points) {
  return {points, detail::Frame{arma::vec(points.n_rows, arma::fill::zeros), 0}};
}

// The least reduced cost among the columns that are not on the list of the row.
double least_off_list(const CandidateRows& rows, std::size_t row) {
  const std::uint32_t* list = rows.list_columns(row);
  const std::set<std::uint32_t> listed(list, list + rows.list_length());
  double least = std::numeric_limits<double>::infinity();
  for (std::uint32_t j = 0; j < rows.columns(); ++j)
    if (listed.count(j) == 0) least = std::min(least, rows.cost(row, j) - rows.potentials()[j]);
  return least;
}

// How far the bound of the worst row lies above what it bounds; and that listed costs are true.
double worst_excess(const CandidateRows& rows) {
  double worst = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    worst = std::max(worst, rows.bound(i) - least_off_list(rows, i));
    for (std::size_t t = 0; t < rows.list_length(); ++t)
      CHECK(rows.list_costs(i)[t] == rows.cost(i, rows.list_columns(i)[t]));
  }
  return worst;
}

// Targets on a circle, so that a source that moves along one of them brings its cost down as far as
// any cost can fall.
arma::mat circle(std::size_t count) {
  arma::mat out(2, count);
  for (std::size_t j = 0; j < count; ++j) {
    const double angle =
        2.0 * std::acos(-1.0) * static_cast<double>(j) / static_cast<double>(count);
    out(0, j) = std::cos(angle);
    out(1, j) = std::sin(angle);
  }
  return out;
}

}  // namespace

TEST_CASE("the bounds of lists hold for whole rows after sources and potentials have moved") {
  Context context;
  Rng rng(41);
  const arma::mat y = circle(200);
  for (const VectorPath path : vector_paths::all()) {
    arma::mat before(2, 40), after(2, 40);
    for (double& value : before) value = 0.01 * rng.normal();
    for (double& value : after) value = 0.5 * rng.normal();
    CandidateRows rows(as_it_is(y), path);
    rows.set_sources(as_it_is(before));
    rows.build(0.0, context);
    CHECK(worst_excess(rows) == 0.0);
    rows.move_sources(as_it_is(after), context);
    const double excess = worst_excess(rows);
    CHECK(excess <= 0.0);
    CHECK(excess > -0.1);  // and they do not fall much further than they must
    std::vector<double> v(200);
    for (double& value : v) value = 0.3 * rng.uniform() - 0.1;
    rows.move_potentials(v);
    CHECK(worst_excess(rows) <= 0.0);
    rows.set_potential(7, v[7] - 0.5);
    CHECK(worst_excess(rows) <= 0.0);
    for (std::uint32_t i = 0; i < 40; ++i) {
      std::vector<double> all;
      for (std::size_t j = 0; j < 200; ++j) all.push_back(rows.cost(i, j) - rows.potential(j));
      std::sort(all.begin(), all.end());
      const detail::BestTwo best = rows.certified_best_two(i, context);
      CHECK(best.least == all[0]);
      CHECK(best.second <= all[1]);
    }
  }
}

TEST_CASE("where all of a list but its least has risen, the second least is the bound") {
  Context context;
  Rng rng(44);
  arma::mat x(2, 1, arma::fill::zeros), y(2, 100);
  for (double& value : y) value = rng.normal();
  CandidateRows rows(as_it_is(y), VectorPath::best);
  rows.set_sources(as_it_is(x));
  rows.build(0.0, context);
  const std::uint32_t nearest = rows.best_two(0).column;
  const std::vector<std::uint32_t> list(rows.list_columns(0),
                                        rows.list_columns(0) + rows.list_length());
  for (const std::uint32_t j : list)
    if (j != nearest) rows.set_potential(j, rows.potential(j) - 100.0);
  const detail::BestTwo best = rows.certified_best_two(0, context);
  CHECK(best.least == rows.cost(0, nearest) - rows.potential(nearest));
  CHECK(best.second == least_off_list(rows, 0));
}

TEST_CASE("what a row's bound settles is settled: no column of it is below") {
  Context context;
  Rng rng(42);
  for (const char* kind : {"gaussian", "clustered", "lattice", "counts"}) {
    CAPTURE(kind);
    auto [x, y] = problems::clouds(kind, 3, 60, 250, rng);
    const double size = std::max(arma::abs(x).max(), arma::abs(y).max());
    x /= size;
    y /= size;
    CandidateRows rows(as_it_is(y), VectorPath::best);
    rows.set_sources(as_it_is(x));
    rows.build(0.0, context);
    std::vector<arma::mat> moved(4, x);  // the last two are read
    for (std::size_t step = 0; step < moved.size(); ++step) {
      if (step > 0) moved[step] = moved[step - 1];
      for (double& value : moved[step]) value += 0.05 * rng.normal();
      rows.move_sources(as_it_is(moved[step]), context);
      CHECK(worst_excess(rows) <= 0.0);
    }
  }
}

TEST_CASE(
    "the dual value of an assignment is at most its cost, and is what its potentials sum to") {
  Context context;
  Rng rng(43);
  std::size_t below = 0;
  for (const std::string& kind : problems::kinds())
    for (int trial = 0; trial < 4; ++trial) {
      CAPTURE(kind);
      const std::size_t n = 80 + rng.below(200);
      auto [x, y] = problems::clouds(kind, 1 + rng.below(8), n, n, rng);
      const Assignment a = detail::PointAssignment(y, {}).solve(x, context);
      const Certificate& c = a.certificate;
      CHECK(c.dual <= c.primal);
      CHECK(c.gap >= 0.0);
      if (c.dual < c.primal) ++below;
      if (c.dual < c.primal) CHECK(c.gap > 0.0);
      const Certificate given =
          detail::solve_given_cost(squared_distances(x, y, context), {}, context).certificate;
      CHECK(given.dual <= given.primal);
    }
  CHECK(below > 0);
}
