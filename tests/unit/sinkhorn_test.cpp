#include <doctest/doctest.h>

#include <cmath>

#include "laot/sinkhorn.hpp"
#include "laot/transport.hpp"
#include "support/problems.hpp"

using namespace laot;

TEST_CASE("the entropic plan has its marginals, and its dual value is its primal value") {
  Context context;
  Rng rng(31);
  auto [x, y] = problems::clouds("clustered", 3, 37, 52, rng);
  for (const double factor : {1.0, 0.1, 0.01}) {
    SinkhornOptions options;
    options.epsilon = epsilon_of_mean_cost(x, y, factor);
    options.max_iterations = 100000;
    const SinkhornResult got = sinkhorn(x, y, options, context);
    REQUIRE(got.converged);
    const arma::mat cost = squared_distances(y, x, context);
    double transport = 0.0, divergence = 0.0, worst = 0.0;
    for (std::size_t i = 0; i < 37; ++i) {
      double row = 0.0;
      for (std::size_t j = 0; j < 52; ++j) {
        const double log_density =
            (got.source_potential[i] + got.target_potential[j] - cost(i, j)) / options.epsilon;
        const double mass = std::exp(log_density) / (37.0 * 52.0);
        transport += mass * cost(i, j);
        divergence += mass * log_density;
        row += mass;
      }
      worst = std::max(worst, std::abs(row - 1.0 / 37.0));
    }
    CHECK(worst < 1e-14);
    CHECK(transport == doctest::Approx(got.transport_cost).epsilon(1e-12));
    CHECK(transport + options.epsilon * divergence ==
          doctest::Approx(got.regularised_cost).epsilon(1e-7));
  }
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
  CHECK(std::abs(sinkhorn_divergence(x, x, options, context).value) < 1e-8);
  options.max_iterations = 2;
  const SinkhornResult stopped = sinkhorn(x, y, options, context);
  CHECK_FALSE(stopped.converged);
  CHECK(stopped.iterations == 2);
  CHECK(std::isfinite(stopped.transport_cost));
  options.epsilon = 0.0;
  CHECK_THROWS_AS(sinkhorn(x, y, options, context), Error);
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
