// Hierarchical couplings: marginals, a cost between the optimum and the certificate, determinism.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <memory>

#include "laot/metrics/distances.hpp"
#include "laot/parallel.hpp"
#include "laot/transport.hpp"
#include "laot/transport/hierarchical_transport.hpp"
#include "support/problems.hpp"

using namespace laot;

namespace {

double marginal_error(const Plan& plan) {
  std::vector<double> rows(plan.n, 0.0), columns(plan.m, 0.0);
  for (std::size_t k = 0; k < plan.mass.size(); ++k) {
    rows[plan.source[k]] += plan.mass[k];
    columns[plan.target[k]] += plan.mass[k];
  }
  double worst = 0.0;
  for (const double r : rows)
    worst = std::max(worst, std::abs(r * static_cast<double>(plan.n) - 1.0));
  for (const double c : columns)
    worst = std::max(worst, std::abs(c * static_cast<double>(plan.m) - 1.0));
  return worst;
}

}  // namespace

TEST_CASE("a hierarchical coupling is a coupling, close to the optimum, with a bound below it") {
  Context one, two;
  two.num_threads = 2;
  Rng rng(50);
  for (const char* kind : {"gaussian", "clustered", "counts", "duplicates"})
    for (const auto& [n, m] :
         {std::pair<std::size_t, std::size_t>{900, 900}, {700, 1000}, {1100, 800}}) {
      CAPTURE(std::string(kind));
      CAPTURE(n);
      CAPTURE(m);
      auto [x, y] = problems::clouds(kind, 4, n, m, rng);
      CouplingOptions options;
      options.mode = CouplingMode::hierarchical;
      options.leaf = 150;
      options.sweeps = 4;
      const double best = Coupling(x, y).solve(x, one).certificate.primal;
      Coupling coupling(x, y, {}, {}, options);
      const Plan plan = coupling.solve(x, one);
      CHECK(marginal_error(plan) < 1e-9);
      CHECK(plan.certificate.primal >= best * (1.0 - 1e-12));
      CHECK(plan.certificate.primal <= best * 1.1 + 1e-12);
      CHECK(plan.certificate.dual <= best * (1.0 + 1e-12));
      CHECK(plan.certificate.gap >= 0.0);
      const Plan again = Coupling(x, y, {}, {}, options).solve(x, two);
      CHECK(again.source == plan.source);
      CHECK(again.target == plan.target);
      CHECK(again.mass == plan.mass);
      CHECK(again.certificate.dual == plan.certificate.dual);
      const double before = plan.certificate.primal;
      CHECK(coupling.solve(x, one).certificate.primal <= before * (1.0 + 1e-12));
    }
}

TEST_CASE("the gap of a hierarchical coupling is a share of how far the cells are spread") {
  const std::size_t n = 60, m = 40;
  Rng rng(53);
  auto [x, y] = problems::clouds("gaussian", 3, n, m, rng);
  detail::HierarchyOptions options;
  options.leaf = 30;
  options.sweeps = 0;
  options.sampled_rows = 50;
  detail::HierarchicalTransport transport(y, std::vector<std::int64_t>(n, m),
                                          std::vector<std::int64_t>(m, n), options);
  Context context;
  const Certificate got = transport.solve(x, context).certificate;
  // Seen from the mean of the targets: the sources that are drawn for the bound, and all targets.
  const arma::vec middle = arma::mean(y, 1);
  Rng draws(1299709);
  double spread = 0.0;
  for (std::size_t k = 0; k < options.sampled_rows; ++k) {
    const std::size_t cell = static_cast<std::size_t>(draws.below(n * m)) / m;
    spread += arma::accu(arma::square(x.col(cell) - middle)) / 50.0;
  }
  for (std::size_t j = 0; j < m; ++j)
    spread += arma::accu(arma::square(y.col(j) - middle)) / static_cast<double>(m);
  REQUIRE(spread > got.primal);
  REQUIRE(got.primal > got.dual);
  CHECK(got.gap == doctest::Approx((got.primal - got.dual) / spread).epsilon(1e-9));
}

TEST_CASE("more rounds of a hierarchical coupling bring the cost and its bound closer together") {
  Context context;
  Rng rng(52);
  auto [x, y] = problems::clouds("gaussian", 20, 3000, 3000, rng);
  const double best = Coupling(x, y).solve(x, context).certificate.primal;
  CouplingOptions options;
  options.mode = CouplingMode::hierarchical;
  options.leaf = 300;
  options.sweeps = 1;
  const Certificate few = Coupling(x, y, {}, {}, options).solve(x, context).certificate;
  options.sweeps = 8;
  const Certificate many = Coupling(x, y, {}, {}, options).solve(x, context).certificate;
  CAPTURE(best);
  CAPTURE(few.dual);
  CAPTURE(many.dual);
  CHECK(many.primal - best < 0.6 * (few.primal - best));
  CHECK(best - many.dual < 0.8 * (best - few.dual));
}

TEST_CASE("more cells than the exact limit are coupled hierarchically, fewer exactly") {
  Context context;
  Rng rng(51);
  auto [x, y] = problems::clouds("gaussian", 3, 400, 400, rng);
  CouplingOptions options;
  options.exact_limit = 399;
  options.leaf = 100;
  CHECK(Coupling(x, y, {}, {}, options).solve(x, context).certificate.dual_error > 0.0);
  options.exact_limit = 400;
  CHECK(Coupling(x, y, {}, {}, options).solve(x, context).certificate.dual_error == 0.0);
}

TEST_CASE("distances between more cells than the exact limit are exact all the same") {
  Context context;
  Rng rng(58);
  const std::size_t n = CouplingOptions().exact_limit + 3, m = 7;
  arma::mat x(1, n), y(1, m);
  for (double& value : x) value = rng.normal();
  for (double& value : y) value = 2.0 + rng.normal();
  const arma::rowvec sorted_x = arma::sort(x.row(0)), sorted_y = arma::sort(y.row(0));
  // Of one feature the best coupling keeps the order: m units of each x, n of each y.
  double sum = 0.0;
  for (std::size_t i = 0, j = 0, left_x = m, left_y = n; i < n && j < m;) {
    const std::size_t moved = std::min(left_x, left_y);
    const double apart = sorted_x[i] - sorted_y[j];
    sum += static_cast<double>(moved) * apart * apart;
    if ((left_x -= moved) == 0) ++i, left_x = m;
    if ((left_y -= moved) == 0) ++j, left_y = n;
  }
  const double expected = sum / static_cast<double>(n * m);
  const Certificate found = transport_cost(x, y, context);
  CHECK(found.primal == doctest::Approx(expected).epsilon(1e-12));
  CHECK(found.gap < 1e-9);
  CHECK(wasserstein2(x, y, context) == doctest::Approx(std::sqrt(expected)).epsilon(1e-12));
}

TEST_CASE("a coupling that does not fit in memory is refused before anything is copied") {
  // Clouds of a quarter of the memory, which nobody touches: the system does not provide what is
  // not used, so that this test needs none of it.
  const std::size_t cells = 2000;
  const std::size_t d = usable_memory() / (4 * 8 * cells) + 1;
  REQUIRE(d > 1);
  const std::unique_ptr<double, decltype(&std::free)> zeros(
      static_cast<double*>(std::calloc(d * cells, sizeof(double))), &std::free);
  REQUIRE(zeros);
  const arma::mat cloud(zeros.get(), d, cells, false, true);
  CouplingOptions options;
  for (const auto& [mode, words] :
       {std::pair<CouplingMode, const char*>{CouplingMode::hierarchical,
                                             "a hierarchical coupling of 2000 and 2000 cells in "},
        {CouplingMode::exact, "an exact coupling of 2000 and 2000 cells in "}}) {
    options.mode = mode;
    try {
      const Coupling coupling(cloud, cloud, {}, {}, options);
      FAIL("not refused: " << words);
    } catch (const Error& error) {
      const std::string said = error.what();
      CAPTURE(said);
      CHECK(error.status() == Status::out_of_memory);
      CHECK(said.find(words) == 0);
      CHECK(said.find(" would need about ") != std::string::npos);
      CHECK(said.find("this process may use ") != std::string::npos);
    }
  }
}

TEST_CASE("a plan of cells that are repeated has the weights of the cells, and repeats itself") {
  Context context;
  Rng rng(52);
  auto [x, y] = problems::clouds("duplicates", 3, 120, 170, rng);
  Coupling coupling(x, y);
  for (int step = 0; step < 5; ++step) {
    const Plan& plan = coupling.solve(x, context);
    arma::vec of_source(120, arma::fill::zeros), of_target(170, arma::fill::zeros);
    for (std::size_t k = 0; k < plan.mass.size(); ++k) {
      of_source[plan.source[k]] += plan.mass[k];
      of_target[plan.target[k]] += plan.mass[k];
      if (k > 0)
        CHECK(std::pair(plan.source[k - 1], plan.target[k - 1]) <
              std::pair(plan.source[k], plan.target[k]));
    }
    CHECK(arma::abs(of_source - 1.0 / 120.0).max() < 1e-15);
    CHECK(arma::abs(of_target - 1.0 / 170.0).max() < 1e-15);
    x = arma::mat(1.02 * x + 0.01);
  }
  (void)coupling.solve(x, context);
  const Plan before = coupling.solve(x, context);
  CHECK(coupling.repeated());
  CHECK(before.mass == coupling.solve(x, context).mass);
}
