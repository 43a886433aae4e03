// Assignments of costs that are given: integers, ties, pairs that are forbidden by their price.
// Each is proven by its own dual values, and small ones by trying all.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "laot/assignment.hpp"
#include "laot/assignment/point_assignment.hpp"
#include "support/vector_paths.hpp"

using namespace laot;
using detail::SolverOptions;

namespace {

constexpr double kForbidden = 2147483647.0;

struct Kind {
  const char* name;
  double largest, forbidden;  // costs are 0 .. largest - 1; share of forbidden pairs
};
const Kind kKinds[] = {{"integers to a million", 1e6, 0.0},
                       {"ten values", 10, 0.0},
                       {"two values", 2, 0.0},
                       {"one value", 1, 0.0},
                       {"half forbidden", 1000, 0.5},
                       {"most forbidden", 1000, 0.95},
                       {"ties, most forbidden", 5, 0.9},
                       {"two pairs a row", 100, 0.985},
                       {"all forbidden", 3, 1.0}};

arma::mat costs_of(const Kind& kind, std::size_t n, std::size_t m, Rng& rng) {
  arma::mat cost(m, n);
  for (double& c : cost)
    c = rng.uniform() < kind.forbidden
            ? kForbidden
            : static_cast<double>(rng.below(static_cast<std::uint64_t>(kind.largest)));
  return cost;
}

void check_proven(const arma::mat& cost, const Assignment& found) {
  const std::size_t n = cost.n_cols, m = cost.n_rows;
  std::vector<int> taken(m, 0);
  double primal = 0.0, dual = 0.0, worst = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    ++taken[found.column_of_row[i]];
    primal += cost(found.column_of_row[i], i);
    dual += found.row_potential[i];
    for (std::size_t j = 0; j < m; ++j)
      worst = std::max(worst, found.row_potential[i] + found.column_potential[j] - cost(j, i));
  }
  for (std::size_t j = 0; j < m; ++j) {
    dual += found.column_potential[j];
    CHECK(taken[j] <= 1);
    if (n < m) CHECK(found.column_potential[j] <= 0.0);
    if (taken[j] == 0) CHECK(found.column_potential[j] == 0.0);
  }
  const double unit = 1e-9 * std::max(1.0, std::abs(primal));
  CHECK(worst <= unit);
  CHECK(std::abs(primal - dual) <= unit);
  CHECK(found.certificate.primal == doctest::Approx(primal).epsilon(1e-14));
}

double least_by_trying(const arma::mat& cost) {
  std::vector<std::size_t> columns(cost.n_rows);
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  double best = kInfinity;
  do {
    double sum = 0.0;
    for (std::size_t i = 0; i < cost.n_cols; ++i) sum += cost(columns[i], i);
    best = std::min(best, sum);
  } while (std::next_permutation(columns.begin(), columns.end()));
  return best;
}

// The most rows that can have a column of their own among the pairs that cost 0: augmenting paths,
// one row after the other (Kuhn, 1955).
std::size_t most_free_pairs(const arma::mat& cost) {
  const std::size_t n = cost.n_cols, m = cost.n_rows;
  std::vector<std::size_t> row_of(m, n), seen(m);
  std::size_t found = 0;
  const std::function<bool(std::size_t, std::size_t)> place = [&](std::size_t i, std::size_t turn) {
    for (std::size_t j = 0; j < m; ++j) {
      if (cost(j, i) != 0.0 || seen[j] == turn) continue;
      seen[j] = turn;
      if (row_of[j] < n && !place(row_of[j], turn)) continue;
      row_of[j] = i;
      return true;
    }
    return false;
  };
  for (std::size_t i = 0; i < n; ++i) found += place(i, i + 1) ? 1 : 0;
  return found;
}

}  // namespace

TEST_CASE("small assignments of given costs are the best of all") {
  Rng rng(51);
  Context context;
  for (const Kind& kind : kKinds)
    for (int round = 0; round < 20; ++round) {
      CAPTURE(kind.name);
      const arma::mat cost = costs_of(kind, 3 + rng.below(3), 6, rng);
      CHECK(solve_assignment(cost, context).certificate.primal == least_by_trying(cost));
      CHECK(detail::solve_dense(-cost, context).certificate.primal == least_by_trying(-cost));
    }
}

TEST_CASE("larger assignments of given costs are proven by their dual values") {
  Rng rng(52);
  Context context;
  for (const Kind& kind : kKinds)
    for (const std::size_t columns : {250u, 300u}) {
      CAPTURE(kind.name);
      CAPTURE(columns);
      const arma::mat cost = costs_of(kind, 250, columns, rng);
      check_proven(cost, detail::solve_dense(cost, context));
      const Assignment found = solve_assignment(cost, context);
      CHECK(found.certificate.primal ==
            doctest::Approx(detail::solve_dense(cost, context).certificate.primal).epsilon(1e-13));
      CHECK(found.certificate.gap <= 1e-9);
    }
}

TEST_CASE("products of row and column, on which every row wants the same columns") {
  Context context;
  arma::mat cost(150, 150);
  for (std::size_t i = 0; i < 150; ++i)
    for (std::size_t j = 0; j < 150; ++j) cost(j, i) = static_cast<double>((i + 1) * (j + 1));
  double best = 0.0;  // the largest with the smallest (rearrangement inequality)
  for (std::size_t i = 0; i < 150; ++i) best += static_cast<double>((i + 1) * (150 - i));
  CHECK(detail::solve_dense(cost, context).certificate.primal == best);
  CHECK(solve_assignment(cost, context).certificate.primal == best);
}

TEST_CASE("a price that forbids a pair costs no time") {
  Rng rng(53);
  Context context;
  for (const Kind& kind : {Kind{"", 1000, 0.95}, Kind{"", 100, 0.99}, Kind{"", 100, 0.999}}) {
    arma::mat cost = costs_of(kind, 1200, 1200, rng);
    for (std::size_t i = 0; i < 1200; ++i) cost(i * 7 % 1200, i) = 50.0;  // 7 and 1200: coprime
    const Assignment found = solve_assignment(cost, context);
    check_proven(cost, found);
    CHECK(found.certificate.primal < kForbidden);
    CHECK(found.statistics.scans < 60 * 1200);
    CHECK(found.statistics.bids == 0);  // no lists, which the rounding of such a price misleads
  }
}

TEST_CASE("a column that is dear to all rows does not lead searches astray") {
  Rng rng(54);
  Context context;
  const std::size_t n = 800;
  for (const double dear : {1.0, kForbidden})
    for (const double pairs : {1.0, 2.0, 20.0}) {  // that cost nothing, for each row
      CAPTURE(dear);
      CAPTURE(pairs);
      arma::mat cost(n, n);
      for (double& c : cost) c = rng.uniform() < pairs / static_cast<double>(n) ? 0.0 : dear;
      const Assignment found = solve_assignment(cost, context);
      check_proven(cost, found);
      CHECK(found.certificate.primal == dear * static_cast<double>(n - most_free_pairs(cost)));
      CHECK(found.statistics.scans < 2 * n);
      CHECK(found.statistics.augmentations < n / 5);
    }
}

TEST_CASE("where ties fill the lists, the solve goes on without them") {
  Rng rng(55);
  Context context;
  const std::size_t n = 400;
  arma::vec x(n), y(n);
  for (double& value : x) value = rng.uniform();
  for (double& value : y) value = rng.uniform();
  arma::mat distances(n, n), sums(n, n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      distances(j, i) = std::abs(x[i] - y[j]);
      sums(j, i) = x[i] + y[j];
    }
  const arma::vec apart = arma::abs(arma::sort(x) - arma::sort(y));
  const double expected[] = {arma::accu(apart), arma::accu(x) + arma::accu(y)};
  const arma::mat* costs[] = {&distances, &sums};
  for (int k = 0; k < 2; ++k) {
    CAPTURE(k);
    const Assignment found = solve_assignment(*costs[k], context);
    check_proven(*costs[k], found);
    CHECK(found.certificate.primal == doctest::Approx(expected[k]).epsilon(1e-12));
    CHECK(found.statistics.solves == 2);
  }
  SolverOptions never, always;
  always.most_widened = 0.0;
  CHECK(detail::solve_given_cost(sums, never, context).certificate.gap < 1e-12);
  CHECK(detail::solve_given_cost(sums, always, context).certificate.gap == kInfinity);
}

TEST_CASE("the dense search has the same bits on each vector path") {
  Rng rng(56);
  Context context;
  for (const std::size_t columns : {97u, 203u, 204u})  // beyond whole vectors
    for (const Kind& kind : kKinds) {
      CAPTURE(kind.name);
      const arma::mat cost = costs_of(kind, 97, columns, rng) * 0.3;
      std::vector<Assignment> found;
      for (const VectorPath path : vector_paths::all()) {
        const vector_paths::Limit limit(path);
        found.push_back(detail::solve_dense(cost, context));
        CHECK(found.back().column_of_row == found[0].column_of_row);
        CHECK(found.back().column_potential == found[0].column_potential);
        CHECK(found.back().row_potential == found[0].row_potential);
        CHECK(found.back().statistics.scans == found[0].statistics.scans);
      }
    }
}
