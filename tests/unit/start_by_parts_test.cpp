// Exact couplings that begin at the pairs and potentials of parts: the same pairs as any other.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <numeric>

#include "laot/assignment/point_assignment.hpp"
#include "laot/transport.hpp"
#include "support/clouds.hpp"

using namespace laot;
using detail::PointAssignment;
using detail::SolverOptions;

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

// By the assignment alone, however long its auction.
Assignment assigned(const Clouds& c) {
  Context context;
  return PointAssignment(c.y, {}).solve(c.x, context);
}
std::vector<std::uint32_t> pairs_of(const Clouds& c) {
  return assigned(c).column_of_row;
}

}  // namespace

TEST_CASE("an auction that scans too often is given up, and the next solve begins anew") {
  const Clouds c = unbalanced(10, 2000);
  Context context;
  SolverOptions options;
  options.most_scans = 12.0;
  PointAssignment solver(c.y, options);
  CHECK(std::isinf(solver.solve(c.x, context).certificate.gap));
  CHECK(!solver.is_warm());
  const Clouds easy{c.x, arma::mat(1.1 * c.x + 0.2)};
  PointAssignment quick(easy.y, options);
  CHECK(quick.solve(easy.x, context).certificate.gap <= 1e-12);
  CHECK(quick.is_warm());
}

TEST_CASE("a coupling whose auction was given up has the pairs of the assignment") {
  for (const std::size_t d : {25, 50}) {
    CAPTURE(d);
    const Clouds c = unbalanced(d, 2000);
    const Assignment whole = assigned(c);
    const std::vector<std::uint32_t>& expected = whole.column_of_row;
    REQUIRE(whole.statistics.scans > 30 * 2000);
    for (const int threads : {1, 2}) {
      Context context;
      context.num_threads = threads;
      ExactTransport transport(c.y, ones(2000), ones(2000));
      const Flow flow = transport.solve(c.x, context);
      CHECK(flow.target == expected);
      CHECK(flow.certificate.gap <= 1e-12);
      // It is warm afterwards, and keeps the pairs of the same cells.
      CHECK(transport.solve(c.x, context).target == expected);
      const arma::mat moved = c.x + 0.01 * clouds::gaussian(d, 2000, 7);
      CHECK(transport.solve(std::make_shared<const arma::mat>(moved), context).target ==
            pairs_of({moved, c.y}));
      CHECK(ExactTransport(c.y, ones(2000), ones(2000)).solve_once(c.x, context).target ==
            expected);
    }
    // A warm coupling whose cells grow so much that it begins anew.
    Context again;
    ExactTransport grown(c.y, ones(2000), ones(2000));
    const arma::mat small = 0.01 * c.x;
    CHECK(grown.solve(small, again).target == pairs_of({small, c.y}));
    CHECK(grown.solve(c.x, again).target == expected);
    // Named columns of larger matrices, in another order.
    std::vector<std::uint32_t> backwards(2000);
    std::iota(backwards.rbegin(), backwards.rend(), 0u);
    Context context;
    const arma::mat reversed = arma::fliplr(c.x);
    CHECK(ExactTransport(c.y, ones(2000), ones(2000))
              .solve_once(reversed, context, backwards)
              .target == expected);
  }
}

TEST_CASE("many points in few dimensions begin by parts, in the same bits for any threads") {
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

TEST_CASE("a start by parts can be cancelled, and the solver is as it was") {
  const Clouds c = unbalanced(10, 2000);
  const std::vector<std::uint32_t> expected = pairs_of(c);
  ExactTransport transport(c.y, ones(2000), ones(2000));
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
