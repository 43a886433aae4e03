// The bound of a hierarchical coupling, piece by piece.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "laot/assignment/point_assignment.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/transport.hpp"
#include "laot/transport/hierarchical_transport.hpp"
#include "laot/transport/sampled_dual.hpp"
#include "laot/transport/smooth_potential.hpp"
#include "support/clouds.hpp"
#include "support/problems.hpp"

using namespace laot;
using namespace laot::detail;

namespace {

std::vector<double> numbers(std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> out(count);
  for (double& value : out) value = rng.normal();
  return out;
}

Certificate coupled(const arma::mat& x, const arma::mat& y, std::size_t leaf, Context& context) {
  CouplingOptions options;
  options.mode = CouplingMode::hierarchical;
  options.leaf = leaf;
  return Coupling(x, y, {}, {}, options).solve(x, context).certificate;
}

// Cost and bound of a coupling by parts as shares of the optimum.
void check_near_optimum(const arma::mat& x, const arma::mat& y, std::size_t leaf,
                        double least_bound, double most_cost) {
  Context context;
  const double best = Coupling(x, y).solve(x, context).certificate.primal;
  const Certificate got = coupled(x, y, leaf, context);
  CAPTURE(best);
  CAPTURE(got.primal);
  CAPTURE(got.dual);
  CHECK(got.dual <= best);
  CHECK(got.dual > least_bound * best);
  CHECK(got.primal < most_cost * best);
}

}  // namespace

TEST_CASE("a sampled dual value is that of the drawn sources, corrected by the guess of the rest") {
  const std::size_t n = 30, m = 70, rows = 200;
  const arma::mat x = clouds::gaussian(4, n, 1), y = clouds::gaussian(4, m, 2) + 0.3;
  std::vector<std::int64_t> supply(n, 7), demand(m, 3);
  supply[3] = 8;
  supply[9] = 6;
  demand[0] = 4;
  demand[1] = 2;
  const std::vector<double> v = numbers(m, 3), guess = numbers(n, 4);
  Context context;
  SampledDual dual(x, y, supply, demand);
  for (const std::uint64_t seed : {11u, 12u}) {
    dual.draw(rows, seed);
    const SampledDual::Value got = dual.value(v, guess, context);
    Rng rng(seed);
    arma::vec apart(rows);
    double squares = 0.0;
    const arma::vec middle = arma::mean(y, 1);
    for (double& value : apart) {
      std::int64_t unit = static_cast<std::int64_t>(rng.below(210));
      std::size_t cell = 0;
      while (unit >= supply[cell]) unit -= supply[cell++];
      value = std::numeric_limits<double>::infinity();
      for (std::size_t j = 0; j < m; ++j)
        value = std::min(value, squared_distance(x.colptr(cell), y.colptr(j), 4) - v[j]);
      value -= guess[cell];
      squares += arma::accu(arma::square(x.col(cell) - middle)) / static_cast<double>(rows);
    }
    double expected = arma::mean(apart);
    for (std::size_t i = 0; i < n; ++i)
      expected += static_cast<double>(supply[i]) * guess[i] / 210.0;
    for (std::size_t j = 0; j < m; ++j) {
      expected += static_cast<double>(demand[j]) * v[j] / 210.0;
      squares += arma::accu(arma::square(y.col(j) - middle)) / static_cast<double>(m);
    }
    CHECK(got.mean == doctest::Approx(expected).epsilon(1e-12));
    CHECK(got.error ==
          doctest::Approx(arma::stddev(apart, 1) / std::sqrt(double(rows))).epsilon(1e-12));
    CHECK(dual.spread() == doctest::Approx(squares).epsilon(1e-12));
  }
}

TEST_CASE("a potential that is smooth is its own smooth part") {
  const arma::mat points = 3.0 * clouds::gaussian(5, 41000, 1) + 2.0;  // every third is fitted
  std::vector<double> values(points.n_cols);
  for (std::size_t j = 0; j < points.n_cols; ++j) {
    values[j] = 7.0;
    for (std::size_t k = 0; k < 5; ++k)
      values[j] += (static_cast<double>(k) - 2.0) * points(k, j) +
                   0.1 * static_cast<double>(k) * points(k, j) * points(k, j);
  }
  Context one, two;
  two.num_threads = 2;
  const std::vector<double> smooth = smooth_potential(points, values, one);
  for (std::size_t j = 0; j < points.n_cols; j += 50)
    CHECK(smooth[j] == doctest::Approx(values[j]).epsilon(1e-6));
  CHECK(smooth == smooth_potential(points, values, two));
  // Noise is not smooth: of its 12 directions the fit follows, no more.
  const std::vector<double> noise = numbers(points.n_cols, 2);
  double left = 0.0;
  const std::vector<double> fit = smooth_potential(points, noise, one);
  for (const double value : fit) left += value * value;
  CHECK(left < 0.01 * static_cast<double>(points.n_cols));
}

TEST_CASE("a smooth part of cells that do not differ is their mean") {
  const arma::mat points(3, 4, arma::fill::ones);
  Context context;
  const std::vector<double> got = smooth_potential(points, {1.0, 2.0, 3.0, 6.0}, context);
  for (const double value : got) CHECK(value == doctest::Approx(3.0));
}

TEST_CASE("a solve has the same pairs wherever it starts, and is quick from where it ended") {
  const std::size_t n = 400;
  const arma::mat x = clouds::gaussian(6, n, 1), y = 1.3 * clouds::gaussian(6, n, 2) + 40.0;
  Context context;
  PointAssignment cold(y, {});
  const Assignment best = cold.solve_once(x, context);
  AssignmentStart start{best.column_potential, best.column_of_row};
  PointAssignment again(y, {});
  const Assignment repeated = again.solve_once(x, start, context);
  CHECK(repeated.column_of_row == best.column_of_row);
  CHECK(repeated.statistics.bids == 0);
  CHECK(repeated.statistics.augmentations <= 4);  // the way to other potentials and back rounds
  start.target_potentials = numbers(n, 3);
  std::reverse(start.target_of_source.begin(), start.target_of_source.end());
  const std::vector<std::int64_t> ones(n, 1);
  start.target_of_source[7] = start.target_of_source[8];
  start.target_of_source[9] = ~0u;
  ExactTransport transport(y, ones, ones);
  const Flow flow = transport.solve_once(x, start, context);
  CHECK(flow.target == best.column_of_row);
  CHECK(flow.certificate.gap < 1e-12);
  // Where units are shared the start is of no use, and does no harm.
  const std::vector<std::int64_t> twos(n, 2);
  ExactTransport shared(y, twos, twos);
  CHECK(shared.solve_once(x, start, context).certificate.primal ==
        doctest::Approx(flow.certificate.primal).epsilon(1e-12));
}

TEST_CASE("clusters far from each other have a bound close to their cost") {
  // A part of two clusters does not know what one is worth beside the other: parts that are cut from
  // clouds side by side had a bound of half of the cost here.
  Rng rng(5);
  auto [x, y] = problems::clouds("clustered", 6, 2400, 2400, rng);
  check_near_optimum(x, y, 300, 0.9, 1.02);
}

TEST_CASE("clusters of which many cells have to go to another one are coupled nearly optimally") {
  // Four tight clusters far apart, in shares of 4:3:2:1 and 1:2:3:4.
  Rng rng(8);
  const arma::mat centres = 8.0 * clouds::gaussian(5, 4, 1);
  const auto cloud = [&](bool rising, std::size_t cells) {
    arma::mat out(5, cells);
    for (std::size_t i = 0; i < cells; ++i) {
      const std::size_t tenth = 10 * i / cells;
      const std::size_t cluster = tenth < 4 ? 0 : tenth < 7 ? 1 : tenth < 9 ? 2 : 3;
      for (std::size_t k = 0; k < 5; ++k)
        out(k, i) = centres(k, rising ? 3 - cluster : cluster) + 0.5 * rng.normal();
    }
    return out;
  };
  for (const std::size_t m : {3000, 2500}) {  // of as many cells, and of fewer
    CAPTURE(m);
    const arma::mat x = cloud(false, 3000), y = cloud(true, m);
    check_near_optimum(x, y, 500, 0.98, 1.002);
  }
}

TEST_CASE("the bound hears a cancellation") {
  Context context;
  Rng rng(6);
  auto [x, y] = problems::clouds("gaussian", 10, 4000, 4000, rng);
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  bool bound = false;
  auto asked = begin;
  // Parts are solved silently: the stage is that of the scans of the bound.
  context.progress = [&](const std::string& stage, double) { bound = bound || stage == "assignment"; };
  context.cancel = [&] {
    if (bound) asked = Clock::now();
    return bound;
  };
  HierarchyOptions options;
  options.leaf = 1000;
  options.sweeps = 0;
  options.sampled_rows = 40000;
  const std::vector<std::int64_t> ones(4000, 1);
  HierarchicalTransport transport(y, ones, ones, options);
  CHECK_THROWS_AS((void)transport.solve(x, context), Error);
  CHECK(std::chrono::duration<double>(Clock::now() - asked).count() < 1.0);
}
