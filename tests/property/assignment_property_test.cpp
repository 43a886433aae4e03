// The candidate-list solver against the dense one, which shares no code with it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "laot/assignment/candidate_rows.hpp"
#include "laot/assignment/point_assignment.hpp"
#include "laot/transport.hpp"
#include "support/problems.hpp"
#include "support/slowdown.hpp"
#include "support/vector_paths.hpp"

using namespace laot;
using detail::PointAssignment;
using detail::SolverOptions;

namespace {

bool is_matching(const Assignment& a, std::size_t n, std::size_t m) {
  const std::set<std::uint32_t> used(a.column_of_row.begin(), a.column_of_row.end());
  return a.column_of_row.size() == n && used.size() == n && *used.rbegin() < m;
}

// The unit in which costs are compared: where the clouds are far apart compared with their spread,
// the optimum cannot be resolved better than the rounding of the mean squared distance.
double unit(const arma::mat& cost) {
  return arma::accu(arma::abs(cost)) / static_cast<double>(cost.n_rows);
}

double infeasibility(const arma::mat& cost, const Assignment& a) {
  double worst = 0.0;
  for (std::size_t i = 0; i < cost.n_cols; ++i)
    for (std::size_t j = 0; j < cost.n_rows; ++j)
      worst = std::max(worst, a.row_potential[i] + a.column_potential[j] - cost(j, i));
  return worst;
}

}  // namespace

TEST_CASE("square assignments cost what the dense solver finds, with the same bits on each path") {
  Context context, two_threads;
  two_threads.num_threads = 2;
  Rng rng(20);
  for (const std::string& kind : problems::kinds())
    for (int trial = 0; trial < 12; ++trial) {
      const std::size_t n = trial < 4 ? 1 + rng.below(20) : 1 + rng.below(300);
      const std::size_t d = 1 + rng.below(trial % 2 ? 4 : 40);
      CAPTURE(kind);
      CAPTURE(n);
      CAPTURE(d);
      auto [x, y] = problems::clouds(kind, d, n, n, rng);
      const arma::mat cost = squared_distances(x, y, context);
      const double expected = detail::solve_dense(cost, context).certificate.primal;
      const double tolerance = 1e-12 * unit(cost);
      std::vector<std::uint32_t> first;
      for (const VectorPath path : vector_paths::all())
        for (const double store : {0.0, 1e9}) {
          SolverOptions options;
          options.path = path;
          options.store_bytes = store;
          const Assignment a = PointAssignment(y, options).solve(x, context);
          CHECK(is_matching(a, n, n));
          CHECK(std::abs(a.certificate.primal - expected) <= tolerance);
          CHECK(std::abs(a.certificate.gap) < 1e-12);
          CHECK(infeasibility(cost, a) <= tolerance);
          if (first.empty()) first = a.column_of_row;
          CHECK(a.column_of_row == first);
          const Assignment b = PointAssignment(y, options).solve(x, two_threads);
          CHECK(b.column_of_row == first);
          CHECK(b.column_potential == a.column_potential);
        }
      const Assignment given = detail::solve_given_cost(cost, {}, context);
      CHECK(is_matching(given, n, n));
      CHECK(std::abs(given.certificate.primal - expected) <= tolerance);
      CHECK(infeasibility(cost, given) <= tolerance);
    }
}

TEST_CASE("wide assignments leave the right columns out") {
  Context context;
  Rng rng(21);
  for (const std::string& kind : problems::kinds())
    for (int trial = 0; trial < 6; ++trial) {
      const std::size_t n = 1 + rng.below(200), m = n + rng.below(150), d = 1 + rng.below(12);
      CAPTURE(kind);
      CAPTURE(n);
      CAPTURE(m);
      auto [x, y] = problems::clouds(kind, d, n, m, rng);
      const arma::mat cost = squared_distances(x, y, context);
      const double expected = detail::solve_dense(cost, context).certificate.primal;
      const double tolerance = 1e-12 * unit(cost) + 1e-12 * std::abs(expected);
      const Assignment a = detail::solve_given_cost(cost, {}, context);
      CHECK(is_matching(a, n, m));
      CHECK(std::abs(a.certificate.primal - expected) <= tolerance);
      CHECK(std::abs(a.certificate.gap) < 1e-12);
      CHECK(infeasibility(cost, a) <= tolerance);
    }
}

TEST_CASE("a warm start changes the time and not the cost") {
  Context context;
  Rng rng(22);
  for (const std::string& kind : problems::kinds())
    for (const double step : {1e-4, 1e-2, 0.3}) {
      CAPTURE(kind);
      CAPTURE(step);
      const std::size_t n = 50 + rng.below(250), d = 1 + rng.below(12);
      auto [x, y] = problems::clouds(kind, d, n, n, rng);
      PointAssignment warm(y, {});
      for (int iteration = 0; iteration < 5; ++iteration) {
        const Assignment a = warm.solve(x, context);
        const arma::mat cost = squared_distances(x, y, context);
        CHECK(std::abs(a.certificate.primal -
                       detail::solve_dense(cost, context).certificate.primal) <=
              1e-12 * unit(cost));
        CHECK(std::abs(a.certificate.gap) < 1e-12);
        arma::mat w(x.n_rows, x.n_rows, arma::fill::eye);
        for (double& entry : w) entry += step * rng.normal();
        x = arma::mat(w * x);
      }
    }
}

TEST_CASE("only sources that have not moved at all are taken for unmoved") {
  Context context;
  Rng rng(31);
  const std::size_t n = 150;
  auto [x, y] = problems::clouds("gaussian", 3, n, n, rng);
  // Half of the points lie at the origin but for distances that centring rounds away.
  for (std::size_t i = 0; i < n / 2; ++i) y.col(i) = 1e-30 * x.col(i);
  x = y;
  std::vector<std::pair<std::string, arma::mat>> moves;
  arma::mat other = x;
  other.cols(0, n / 2 - 1) *= 3.0;
  moves.emplace_back("less than the rounding of the centred points", other);
  other = x;
  other.swap_cols(3, n - 1);
  moves.emplace_back("permuted", other);
  moves.emplace_back("doubled", arma::mat(2.0 * x));
  moves.emplace_back("64 times as large", arma::mat(64.0 * x));
  moves.emplace_back("moved as a whole", arma::mat(x + 0.25));
  other = x;
  other(2, n - 1) = std::nextafter(other(2, n - 1), 2.0);
  moves.emplace_back("one digit of one point", other);
  for (const auto& [what, moved] : moves) {
    CAPTURE(what);
    PointAssignment solver(y, {});
    CHECK(solver.solve(x, context).certificate.primal < 1e-50);
    const Assignment warm = solver.solve(moved, context);
    const Assignment cold = PointAssignment(y, {}).solve_once(moved, context);
    double primal = 0.0;
    for (std::size_t i = 0; i < n; ++i)
      primal += arma::accu(arma::square(moved.col(i) - y.col(warm.column_of_row[i])));
    CHECK(std::abs(warm.certificate.primal - primal) <= 1e-12 * primal);
    CHECK(std::abs(primal - cold.certificate.primal) <=
          1e-12 * unit(squared_distances(moved, y, context)));
    // The same object again, with other content.
    arma::mat held = x;
    PointAssignment holder(y, {});
    (void)holder.solve(held, context);
    held = moved;
    CHECK(holder.solve(held, context).certificate.primal == warm.certificate.primal);
    // And sources that have not moved are not solved again.
    const std::size_t bids = solver.last().statistics.bids;
    CHECK(solver.solve(moved, context).statistics.bids == bids);
    CHECK(solver.last().column_of_row == warm.column_of_row);
  }
}

TEST_CASE("clouds of any magnitude have the same pairs, and costs by the square of the scale") {
  Context context;
  Rng rng(32);
  for (const std::size_t m : {130, 171}) {
    auto [x, y] = problems::clouds("clustered", 6, 130, m, rng);
    const std::vector<std::int64_t> supply(130, static_cast<std::int64_t>(m)), demand(m, 130);
    const Flow plain = ExactTransport(y, supply, demand).solve_once(x, context);
    for (const int exponent : {-460, -398, -100, 100, 398, 460}) {
      CAPTURE(m);
      CAPTURE(exponent);
      const double factor = std::ldexp(1.0, exponent);
      const arma::mat sx = factor * x, sy = factor * y;
      ExactTransport solver(sy, supply, demand);
      const Flow flow = solver.solve(sx, context);
      CHECK(flow.target == plain.target);
      CHECK(flow.units == plain.units);
      CHECK(flow.certificate.primal == std::ldexp(plain.certificate.primal, 2 * exponent));
      CHECK(flow.certificate.gap == plain.certificate.gap);
      CHECK(solver.solve(arma::mat(1.01 * sx), context).certificate.gap < 1e-12);
    }
    // Where squares are below the least double, the pairs are still right.
    const double factor = std::ldexp(1.0, -700);
    CHECK(ExactTransport(factor * y, supply, demand).solve(factor * x, context).target ==
          plain.target);
    // And where they are above the largest one, as long as no pair is that far apart.
    const arma::mat far = std::ldexp(1.0, 700) * x, turned = arma::fliplr(far);
    const Assignment back = PointAssignment(turned, {}).solve(far, context);
    CHECK(back.certificate.primal == 0.0);
    CHECK(back.column_of_row[0] == 129);
  }
}

TEST_CASE("lists hold exactly the least reduced costs of their rows") {
  Context context;
  Rng rng(23);
  for (const std::size_t d : {7, 600})  // few features, and more than a kernel takes at a time
    for (const VectorPath path : vector_paths::all()) {
      CAPTURE(d);
      CAPTURE(static_cast<int>(path));
      auto [x, y] = problems::clouds("clustered", d, 90, 300, rng);
      detail::CandidateRows rows(detail::framed_cloud(y), path);
      rows.set_sources(detail::framed_cloud(x));
      std::vector<double> v(300);
      for (double& value : v) value = rng.normal();
      rows.set_potentials(v);
      arma::mat cost(300, 90);  // asked for before there are lists, which know some of it
      for (std::size_t i = 0; i < 90; ++i)
        for (std::size_t j = 0; j < 300; ++j) cost(j, i) = rows.cost(i, j);
      rows.build(0.0, context);
      for (std::size_t i = 0; i < 90; ++i) {
        std::vector<std::pair<double, std::uint32_t>> all;
        for (std::uint32_t j = 0; j < 300; ++j) all.emplace_back(cost(j, i) - v[j], j);
        std::sort(all.begin(), all.end());
        for (std::size_t t = 0; t < rows.list_length(); ++t)
          CHECK(rows.list_columns(i)[t] == all[t].second);
        CHECK(rows.bound(i) == all[rows.list_length()].first);
      }
    }
}

TEST_CASE("lists are the same however a scan is shared out") {
  Context one, two;
  two.num_threads = 2;
  Rng rng(28);
  auto [x, y] = problems::clouds("gaussian", 5, 40, 150000, rng);
  detail::CandidateRows first(detail::framed_cloud(y), VectorPath::best),
      second(detail::framed_cloud(y), VectorPath::best);
  for (auto* rows : {&first, &second}) {
    rows->set_sources(detail::framed_cloud(x));
    rows->build(0.0, rows == &first ? one : two);
  }
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < 40; ++i) {
      CHECK(first.bound(i) == second.bound(i));
      CHECK(std::equal(first.list_columns(i), first.list_columns(i) + first.list_length(),
                       second.list_columns(i)));
    }
    for (std::size_t j = 0; j < 150000; j += 1 + round) {
      const double value = first.potential(j) - 0.3 * rng.uniform();
      first.set_potential(j, value);
      second.set_potential(j, value);
    }
    std::vector<std::uint32_t> all(40);
    std::iota(all.begin(), all.end(), 0u);
    first.refresh(all.data(), all.size(), one);
    second.refresh(all.data(), all.size(), two);
    double least = 1e300;
    for (std::size_t j = 0; j < 150000; ++j)
      least = std::min(least, first.cost(7, j) - first.potential(j));
    CHECK(first.best_two(7).least == least);
  }
}

TEST_CASE("one, two and three threads find the same pairs, potentials and work") {
  Rng rng(31);
  for (const std::size_t d : {5, 30})  // costs are computed again, costs are stored
    for (const std::string kind : {"gaussian", "clustered"}) {
      CAPTURE(d);
      CAPTURE(kind);
      auto [x, y] = problems::clouds(kind, d, 1500, 1500, rng);
      std::vector<Assignment> found;
      for (const int threads : {1, 2, 3}) {
        Context context;
        context.num_threads = threads;
        PointAssignment solver(y, {});
        found.push_back(solver.solve(x, context));
        found.push_back(solver.solve(arma::mat(1.01 * x), context));  // from what was kept
        arma::mat cost = arma::sqrt(squared_distances(x, y, context));
        found.push_back(detail::solve_given_cost(cost, {}, context));
      }
      CHECK(found[0].statistics.scans > 100);
      for (std::size_t k = 3; k < found.size(); ++k) {
        const Assignment &a = found[k % 3], &b = found[k];
        CHECK(b.column_of_row == a.column_of_row);
        CHECK(b.column_potential == a.column_potential);
        CHECK(b.row_potential == a.row_potential);
        CHECK(b.certificate.dual == a.certificate.dual);
        CHECK(b.statistics.bids == a.statistics.bids);
        CHECK(b.statistics.scans == a.statistics.scans);
        CHECK(b.statistics.augmentations == a.statistics.augmentations);
      }
    }
}

TEST_CASE("given costs need not come from points") {
  Context context;
  Rng rng(29);
  const auto whole = [&](std::size_t values) { return static_cast<double>(rng.below(values)); };
  for (const std::string kind :
       {"ties", "zero or one", "equal", "negative", "euclidean", "wide scales", "huge", "tiny"})
    for (int trial = 0; trial < 10; ++trial) {
      const std::size_t most = trial < 5 ? 12 : 300;
      const std::size_t n = 1 + rng.below(most), m = n + (trial % 2 ? rng.below(most) : 0);
      CAPTURE(kind);
      CAPTURE(n);
      CAPTURE(m);
      arma::mat cost(m, n);
      const auto [x, y] = problems::clouds("gaussian", 3, n, m, rng);
      if (kind == "euclidean") cost = arma::sqrt(squared_distances(x, y, context));
      for (double& c : cost) {
        if (kind == "ties") c = whole(4);
        if (kind == "zero or one") c = whole(2);
        if (kind == "equal") c = 2.5;
        if (kind == "negative") c = rng.normal();
        if (kind == "wide scales") c = std::pow(10.0, 10.0 * rng.uniform() - 5.0);
        if (kind == "huge") c = 1e30 * rng.uniform();
        if (kind == "tiny") c = 1e-30 * rng.uniform();
      }
      const Assignment dense = detail::solve_dense(cost, context);
      const double expected = dense.certificate.primal;
      CHECK(std::abs(dense.certificate.gap) < 1e-12);
      const double tolerance = 1e-12 * unit(cost);
      const Assignment a = detail::solve_given_cost(cost, {}, context);
      CHECK(is_matching(a, n, m));
      CHECK(std::abs(a.certificate.primal - expected) <= tolerance);
      CHECK(std::abs(a.certificate.gap) < 1e-12);
      CHECK(infeasibility(cost, a) <= tolerance);
    }
}

TEST_CASE("identical points and lattices end at once") {
  Context context;
  Rng rng(24);
  for (const std::string kind : {"identical", "zeros", "lattice"}) {
    CAPTURE(kind);
    auto [x, y] = problems::clouds(kind, 3, 2000, 2000, rng);
    const double start = processor_seconds();
    const Assignment a = PointAssignment(y, {}).solve(x, context);
    const double seconds = processor_seconds() - start;
    CHECK(std::abs(a.certificate.gap) < 1e-12);
    CHECK(seconds < kSlowdown * 3.0);
    MESSAGE(kind << ": " << seconds << " s");
  }
}

TEST_CASE("a solve of 50,000 cells is cancelled within a second") {
  Rng rng(25);
  auto [x, y] = problems::clouds("gaussian", 50, 50000, 50000, rng);
  for (const auto& [after, threads] : {std::pair{0.05, 1}, {1.5, 1}, {4.0, 2}}) {
    Context context;
    context.num_threads = threads;
    const double start = processor_seconds();
    context.cancel = [&, limit = after] { return processor_seconds() - start >= limit; };
    CHECK_THROWS_WITH_AS(PointAssignment(y, {}).solve(x, context), "cancelled by the caller",
                         Error);
    CHECK(processor_seconds() - start - after < kSlowdown * 1.0);
  }
}

TEST_CASE("a solve that is cancelled at any time can be solved again, on two threads") {
  Rng rng(32);
  auto [x, y] = problems::clouds("gaussian", 30, 3000, 3000, rng);
  Context two_threads;
  two_threads.num_threads = 2;
  const Assignment expected = PointAssignment(y, {}).solve(x, two_threads);
  PointAssignment solver(y, {});
  // The n-th question is answered with yes: one question every 20 ms at most, so the moments of the
  // solve differ from run to run.
  for (int last = 1; last <= 4; ++last) {
    Context context;
    context.num_threads = 2;
    int asked = 0;
    context.cancel = [&] { return ++asked >= last; };
    try {
      (void)solver.solve(x, context);
      CHECK(asked < last);  // done before
      solver = PointAssignment(y, {});
    } catch (const Error& error) {
      CHECK(error.status() == Status::cancelled);
    }
  }
  CHECK(solver.solve(x, two_threads).column_of_row == expected.column_of_row);
}

TEST_CASE("a large solve reports its progress, forwards only") {
  Context context;
  Rng rng(27);
  auto [x, y] = problems::clouds("gaussian", 10, 30000, 30000, rng);
  std::vector<double> seen;
  context.progress = [&](const std::string& stage, double fraction) {
    CHECK(stage == "assignment");
    seen.push_back(fraction);
  };
  (void)PointAssignment(y, {}).solve(x, context);
  CHECK(seen.size() >= 3);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(std::set<double>(seen.begin(), seen.end()).size() >= 3);
  CHECK(seen.back() <= 1.0);
}

TEST_CASE("a certificate that is not good enough leads to a second solve of the same cost") {
  Context context;
  Rng rng(26);
  auto [x, y] = problems::clouds("gaussian", 4, 150, 150, rng);
  SolverOptions never;
  never.gap_limit = -1.0;
  const Assignment once = PointAssignment(y, {}).solve(x, context);
  PointAssignment solver(y, never);
  const Assignment again = solver.solve(x, context);
  CHECK(once.statistics.solves == 1);
  CHECK(again.statistics.solves == 2);
  CHECK(again.column_of_row == once.column_of_row);
  CHECK(solver.solve(arma::mat(1.1 * x), context).statistics.solves == 2);
}

TEST_CASE("what an assignment refuses") {
  Context context;
  arma::mat x(2, 300, arma::fill::zeros), y(2, 300, arma::fill::zeros);
  x(1, 6) = arma::datum::nan;
  CHECK_THROWS_WITH_AS(PointAssignment(y, {}).solve(x, context),
                       "x has a NaN or Inf in column 7, row 2", Error);
  CHECK_THROWS_AS(solve_assignment(arma::mat(3, 4, arma::fill::zeros), context), Error);
  x.fill(0.0);
  x(0, 0) = 1e200;
  CHECK_THROWS_WITH_AS(PointAssignment(y, {}).solve(x, context), detail::kTooLarge, Error);
  // Differences that overflow as well.
  y.row(0).fill(-1.7e308);
  y(0, 0) = 1.7e308;
  CHECK_THROWS_WITH_AS(PointAssignment(y, {}).solve(x, context), detail::kTooLarge, Error);
  CHECK_THROWS_WITH_AS(
      detail::require_room_for_solve(std::size_t{3} << 30, std::size_t{1} << 30, 1, {}),
      "an exact coupling takes fewer than 4294967295 cells of both sides together, found "
      "3221225472 and 1073741824",
      Error);
}
