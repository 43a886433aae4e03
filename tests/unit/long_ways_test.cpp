// Exact couplings of cells whose prices have far to fall, and of many cells: the same pairs as any
// other, and not many scans.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "laot/assignment/point_assignment.hpp"
#include "laot/transport.hpp"
#include "support/clouds.hpp"

using namespace laot;
using detail::PointAssignment;

namespace {

struct Clouds {
  arma::mat x, y;
};

// Eight tight clusters, far from each other, whose numbers of cells differ by chance: a few cells
// of each have to cross over.
Clouds unbalanced(std::size_t d, std::size_t n) {
  Clouds out{0.5 * clouds::gaussian(d, n, 1), 0.5 * clouds::gaussian(d, n, 2)};
  const arma::mat centres = 4.0 * clouds::gaussian(d, 8, 3);
  Rng rng(5);
  for (std::size_t i = 0; i < n; ++i) {
    out.x.col(i) += centres.col(rng.below(8));
    out.y.col(i) += centres.col(rng.below(8));
  }
  return out;
}

std::vector<std::int64_t> ones(std::size_t n) {
  return std::vector<std::int64_t>(n, 1);
}

// By the assignment alone.
Assignment assigned(const Clouds& c) {
  Context context;
  return PointAssignment(c.y, {}).solve(c.x, context);
}
std::vector<std::uint32_t> pairs_of(const Clouds& c) {
  return assigned(c).column_of_row;
}

}  // namespace

TEST_CASE("tight clusters of other numbers of cells cost a few scans a row") {
  for (const std::size_t d : {10, 50}) {
    CAPTURE(d);
    const Clouds c = unbalanced(d, 2000);
    const Assignment found = assigned(c);
    CHECK(found.certificate.gap <= 1e-12);
    // With prices that fall in steps of the distances within a cluster they were 60 to 80.
    CHECK(found.statistics.scans < 25 * 2000);
    // However it is asked for, by one thread or two, and with a step of the cells.
    for (const int threads : {1, 2}) {
      Context context;
      context.num_threads = threads;
      ExactTransport transport(c.y, ones(2000), ones(2000));
      CHECK(transport.solve(c.x, context).target == found.column_of_row);
      CHECK(transport.solve(c.x, context).target == found.column_of_row);
      const arma::mat moved = c.x + 0.01 * clouds::gaussian(d, 2000, 7);
      CHECK(transport.solve(std::make_shared<const arma::mat>(moved), context).target ==
            pairs_of({moved, c.y}));
      CHECK(ExactTransport(c.y, ones(2000), ones(2000)).solve_once(c.x, context).target ==
            found.column_of_row);
    }
    // A warm coupling whose cells grow so much that it begins anew.
    Context context;
    ExactTransport grown(c.y, ones(2000), ones(2000));
    const arma::mat small = 0.01 * c.x;
    CHECK(grown.solve(small, context).target == pairs_of({small, c.y}));
    CHECK(grown.solve(c.x, context).target == found.column_of_row);
    // Named columns of larger matrices, in another order.
    std::vector<std::uint32_t> backwards(2000);
    std::iota(backwards.rbegin(), backwards.rend(), 0u);
    const arma::mat reversed = arma::fliplr(c.x);
    CHECK(ExactTransport(c.y, ones(2000), ones(2000))
              .solve_once(reversed, context, backwards)
              .target == found.column_of_row);
  }
}

TEST_CASE("many points in few dimensions have the same bits for any threads") {
  const std::size_t n = 16384;
  const Clouds c{clouds::gaussian(2, n, 3), clouds::gaussian(2, n, 4)};
  Context one, two;
  two.num_threads = 2;
  double last = 0.0;
  bool forwards = true;
  one.progress = [&](const std::string&, double fraction) {
    forwards = forwards && fraction >= last;
    last = fraction;
  };
  ExactTransport first(c.y, ones(n), ones(n)), second(c.y, ones(n), ones(n));
  const Flow a = first.solve_once(c.x, one), b = second.solve_once(c.x, two);
  CHECK(forwards);
  CHECK(a.target == b.target);
  CHECK(first.target_potentials() == second.target_potentials());
  CHECK(a.certificate.gap <= 1e-12);
  CHECK(a.target == pairs_of(c));
}

// Points along a quarter of a circle; y is spread twice as wide as x and begins elsewhere, so that
// all cells go a long way beside the distance of neighbours.
Clouds curved(std::size_t n, double noise) {
  Rng rng(11);
  Clouds out{noise * clouds::gaussian(2, n, 1), noise * clouds::gaussian(2, n, 2)};
  for (std::size_t i = 0; i < n; ++i) {
    const double a = 0.5 * rng.normal(), b = 1.0 + rng.normal();
    out.x(0, i) += std::cos(a);
    out.x(1, i) += std::sin(a);
    out.y(0, i) += std::cos(b);
    out.y(1, i) += std::sin(b);
  }
  return out;
}

TEST_CASE("cells along a curve cost a few scans a row, and have the pairs of the dense solver") {
  const std::size_t n = 1000;
  for (const double noise : {0.0, 0.01}) {
    CAPTURE(noise);
    const Clouds c = curved(n, noise);
    const Assignment found = assigned(c);
    CHECK(found.certificate.gap <= 1e-12);
    CHECK(found.statistics.scans < 40 * n);  // 400 to 600 without the rise of epsilon
    Context context;
    const Assignment dense = detail::solve_dense(squared_distances(c.x, c.y, context), context);
    CHECK(found.certificate.primal == doctest::Approx(dense.certificate.primal).epsilon(1e-12));
  }
}

TEST_CASE("cells along a line in the plane are paired in their order") {
  const std::size_t n = 2000;
  Rng rng(11);
  std::vector<double> a(n), b(n);
  for (double& value : a) value = rng.normal();
  for (double& value : b) value = 3.0 + 2.0 * rng.normal();
  Clouds c{arma::mat(2, n), arma::mat(2, n)};
  for (std::size_t i = 0; i < n; ++i) {
    c.x(0, i) = 3.0 * a[i];
    c.x(1, i) = 4.0 * a[i];
    c.y(0, i) = 3.0 * b[i];
    c.y(1, i) = 4.0 * b[i];
  }
  const Assignment found = assigned(c);
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double least = 0.0;
  for (std::size_t i = 0; i < n; ++i) least += 25.0 * (a[i] - b[i]) * (a[i] - b[i]);
  CHECK(found.certificate.primal == doctest::Approx(least).epsilon(1e-12));
  CHECK(found.certificate.gap <= 1e-12);
  CHECK(found.statistics.scans < 25 * n);
}

TEST_CASE("a coupling of many points can be cancelled, and the solver is as it was") {
  const std::size_t n = 16384;
  const Clouds c{clouds::gaussian(2, n, 5), clouds::gaussian(2, n, 6)};
  const std::vector<std::uint32_t> expected = pairs_of(c);
  ExactTransport transport(c.y, ones(n), ones(n));
  for (const int most : {5, 50, 200, 400}) {
    Context context;
    int asked = 0;
    context.cancel = [&] { return ++asked > most; };
    try {
      const Flow flow = transport.solve(c.x, context);
      CHECK(flow.target == expected);
    } catch (const Error& error) {
      CHECK(error.status() == Status::cancelled);
    }
  }
  Context context;
  CHECK(transport.solve(c.x, context).target == expected);
}
