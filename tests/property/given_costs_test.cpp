// Assignments of costs that are given: integers, ties, pairs that are forbidden by their price.
// Each is proven by its own dual values, and small ones by trying all.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "laot/assignment.hpp"
#include "laot/assignment/point_assignment.hpp"

using namespace laot;

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
