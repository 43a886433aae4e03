#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "laot/sinkhorn.hpp"
#include "laot/transport.hpp"
#include "support/problems.hpp"

using namespace laot;

namespace {

// Marginals of the plan, and its own cost and entropy against the dual value: together they leave
// no other optimum.
void check_optimal(const arma::mat& x, const arma::mat& y, double factor) {
  CAPTURE(factor);
  Context context;
  SinkhornOptions options;
  options.epsilon = epsilon_of_mean_cost(x, y, factor);
  const SinkhornResult got = sinkhorn(x, y, options, context);
  CHECK(got.converged);
  CHECK(got.marginal_error < 1e-9);
  const arma::mat cost = squared_distances(y, x, context);
  const double n = static_cast<double>(x.n_cols), m = static_cast<double>(y.n_cols);
  double transport = 0.0, divergence = 0.0, worst = 0.0;
  arma::vec column(y.n_cols, arma::fill::zeros);
  for (std::size_t i = 0; i < x.n_cols; ++i) {
    double row = 0.0;
    for (std::size_t j = 0; j < y.n_cols; ++j) {
      const double log_density =
          (got.source_potential[i] + got.target_potential[j] - cost(i, j)) / options.epsilon;
      const double mass = std::exp(log_density) / (n * m);
      transport += mass * cost(i, j);
      divergence += mass * log_density;
      row += mass;
      column[j] += mass;
    }
    worst = std::max(worst, std::abs(row - 1.0 / n));
  }
  double lacking = 0.0;
  for (const double mass : column) lacking += std::abs(mass - 1.0 / m);
  CHECK(worst < 1e-12);
  CHECK(lacking < 2e-9);
  CHECK(transport == doctest::Approx(got.transport_cost).epsilon(1e-9));
  CHECK(transport + options.epsilon * divergence ==
        doctest::Approx(got.regularised_cost).epsilon(1e-7));
}

}  // namespace

TEST_CASE("the entropic plan has its marginals, and its dual value is its primal value") {
  Rng rng(31);
  auto [x, y] = problems::clouds("clustered", 3, 37, 52, rng);
  for (const double factor : {1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5}) check_optimal(x, y, factor);
}

TEST_CASE("the entropic plan of a prediction that is right cell by cell but for a little noise") {
  Rng rng(35);
  for (const double noise : {0.3, 0.1, 1e-2, 1e-6, 0.0}) {
    CAPTURE(noise);
    arma::mat x(20, 60), y(20, 60);
    for (double& value : x) value = rng.normal();
    for (std::size_t k = 0; k < x.n_elem; ++k) y[k] = x[k] + noise * rng.normal();
    for (const double factor : {0.05, 0.01}) check_optimal(x, y, factor);
  }
}

TEST_CASE("a plan that is asked for has the weights and costs that were given") {
  Context context;
  Rng rng(36);
  auto [x, y] = problems::clouds("gaussian", 4, 12, 9, rng);
  const arma::mat cost = pairwise_costs(x, y, PairCost::euclidean, context);
  CHECK(cost(3, 5) == doctest::Approx(arma::norm(x.col(3) - y.col(5))));
  const arma::vec a = arma::vec(12, arma::fill::value(1.0 / 12)), b(9, arma::fill::value(1.0 / 9));
  SinkhornOptions options;
  options.epsilon = 0.01;
  const SinkhornResult got = sinkhorn(cost, a, b, options, context);
  const arma::mat plan = entropic_plan(cost, a, b, options.epsilon, got, context);
  CHECK(arma::accu(arma::abs(arma::sum(plan, 1) - a)) < 1e-12);
  CHECK(arma::accu(arma::abs(arma::sum(plan, 0).t() - b)) < 1e-9);
  CHECK(arma::accu(plan % cost) == doctest::Approx(got.transport_cost).epsilon(1e-12));
  CHECK_THROWS_AS(entropic_plan(cost.t(), b, a, options.epsilon, got, context), Error);
}

TEST_CASE("epsilon is the same wherever the cells are") {
  Rng rng(37);
  arma::mat x(3, 20), y(3, 30);
  for (double& value : x) value = std::round(64.0 * rng.normal()) / 64.0;
  for (double& value : y) value = std::round(64.0 * rng.normal()) / 64.0;
  const double here = epsilon_of_mean_cost(x, y, 0.05);
  CHECK(epsilon_of_mean_cost(x + 0x1p40, y + 0x1p40, 0.05) == here);
}

TEST_CASE("a small epsilon gives nearly the exact cost, far from the origin as well") {
  Context context;
  Rng rng(32);
  auto [x, y] = problems::clouds("gaussian", 2, 40, 40, rng);
  x += 1e4;
  y += 1e4;
  const double exact = Coupling(x, y).solve(x, context).certificate.primal;
  SinkhornOptions options;
  options.epsilon = 1e-3 * exact;
  options.tolerance = 1e-6;
  options.max_iterations = 200000;
  const SinkhornResult got = sinkhorn(x, y, options, context);
  CHECK(got.transport_cost == doctest::Approx(exact).epsilon(0.01));
  CHECK(got.transport_cost > exact * (1.0 - 1e-5));
}

TEST_CASE("the divergence of a cloud from itself is 0, and limits are reported") {
  Context context;
  Rng rng(33);
  auto [x, y] = problems::clouds("gaussian", 4, 30, 30, rng);
  SinkhornOptions options;
  options.epsilon = 0.5;
  CHECK(std::abs(sinkhorn_divergence(x, x, PairCost::squared_euclidean, options, context).value()) <
        1e-8);
  options.max_iterations = 2;
  const SinkhornResult stopped = sinkhorn(x, y, options, context);
  CHECK_FALSE(stopped.converged);
  CHECK(stopped.iterations == 2);
  CHECK(std::isfinite(stopped.transport_cost));
  options.epsilon = 0.0;
  CHECK_THROWS_AS(sinkhorn(x, y, options, context), Error);
}

TEST_CASE("a divergence has converged where all three of its transports have") {
  // Cells that are one point come to their end at once, among themselves and with others. Beside so
  // large an epsilon each update of the others among themselves halves what is left of the error.
  Context context;
  Rng rng(38);
  const arma::mat x(4, 3, arma::fill::value(0.5)),
      y = problems::clouds("gaussian", 4, 30, 30, rng).y;
  SinkhornOptions options;
  options.epsilon = epsilon_of_mean_cost(x, y, 100.0);
  options.tolerance = 1e-12;
  options.max_iterations = 5;
  const SinkhornDivergence found =
      sinkhorn_divergence(x, y, PairCost::squared_euclidean, options, context);
  CHECK(found.between.converged);
  CHECK_FALSE(found.converged);
  CHECK(found.marginal_error > 1e-9);
  options.max_iterations = 100;
  CHECK(sinkhorn_divergence(x, y, PairCost::squared_euclidean, options, context).converged);
}

TEST_CASE("a divergence is refused where rounding hides a thousandth of it and of the usual cost") {
  SinkhornDivergence divergence;
  divergence.median_cost = 1.0;
  divergence.difference = 0.5;
  const double digits = std::numeric_limits<double>::epsilon();
  divergence.largest_cost = 0.999e-3 / digits;
  CHECK(divergence.value() == 0.5);
  divergence.largest_cost = 1.001e-3 / digits;
  CHECK_THROWS_AS(divergence.value(), Error);
  divergence.difference = -2.0;
  CHECK(divergence.value() == -2.0);
}

TEST_CASE("weights that are no weights are refused") {
  Context context;
  SinkhornOptions options;
  options.epsilon = 1.0;
  const arma::mat cost = {{0.0, 1.0}, {1.0, 0.0}};
  const arma::vec even = {0.5, 0.5};
  CHECK_THROWS_WITH_AS(sinkhorn(cost, {0.5, 0.4}, even, options, context),
                       doctest::Contains("weights must sum to 1"), Error);
  CHECK_THROWS_WITH_AS(sinkhorn(cost, even, {1.0, 0.0}, options, context),
                       doctest::Contains("weights must be positive"), Error);
}

TEST_CASE("Sinkhorn gives the same bits for any number of threads") {
  Rng rng(34);
  auto [x, y] = problems::clouds("gaussian", 4, 300, 260, rng);
  SinkhornOptions options;
  options.epsilon = 0.5;
  Context one, two;
  two.num_threads = 2;
  const SinkhornResult a = sinkhorn(x, y, options, one), b = sinkhorn(x, y, options, two);
  CHECK(a.transport_cost == b.transport_cost);
  CHECK(a.iterations == b.iterations);
}
