// Couplings of cells that have levels of a batch, where the levels differ in mass, in how they are
// solved, or in the weights of their cells.
#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "laot/laot.hpp"
#include "laot/transport.hpp"
#include "support/clouds.hpp"
#include "support/fitted_models.hpp"

using namespace laot;

namespace {

using Numbers = std::vector<std::uint32_t>;

arma::uvec cells_at(const Numbers& levels, std::uint32_t which) {
  std::vector<arma::uword> out;
  for (std::size_t i = 0; i < levels.size(); ++i)
    if (levels[i] == which) out.push_back(i);
  return arma::uvec(out);
}

Numbers first_and_rest(std::size_t first, std::size_t rest) {
  Numbers out(first, 0);
  out.insert(out.end(), rest, 1);
  return out;
}

}  // namespace

TEST_CASE("a plan of levels costs the mean of what they cost, by their masses, and so its bound") {
  const Numbers of_x = first_and_rest(20, 10), of_y = first_and_rest(6, 18);
  const double mass[2] = {0.5 * (20.0 / 30.0 + 6.0 / 24.0), 0.5 * (10.0 / 30.0 + 18.0 / 24.0)};
  arma::mat x = clouds::gaussian(3, 30, 1), y = 1.5 * clouds::gaussian(3, 24, 2) + 1.0;
  // Far apart: a cell that is paired with another level costs 7500.
  x.cols(20, 29) += 50.0;
  y.cols(6, 23) += 50.0;
  Context context;
  double expected = 0.0;
  for (const std::uint32_t level : {0u, 1u}) {
    const arma::mat of_level = x.cols(cells_at(of_x, level)), to = y.cols(cells_at(of_y, level));
    expected += mass[level] * Coupling(of_level, to).solve(of_level, context).certificate.primal;
  }
  Coupling coupling(x, y, of_x, of_y);
  const Plan& plan = coupling.solve(x, context);
  CHECK(plan_cost(x, y, plan) == doctest::Approx(expected).epsilon(1e-9));
  CHECK(plan.certificate.primal == doctest::Approx(expected).epsilon(1e-9));
  CHECK(plan.certificate.dual == doctest::Approx(expected).epsilon(1e-9));
}

TEST_CASE("a plan is hierarchical where one of its levels is, whichever it is") {
  const arma::mat x = clouds::gaussian(3, 90, 3), y = clouds::gaussian(3, 90, 4) + 0.5;
  CouplingOptions options;
  options.exact_limit = 40;
  options.leaf = 20;
  Context context;
  for (const Numbers& levels : {first_and_rest(30, 60), first_and_rest(60, 30)}) {
    Coupling coupling(x, y, levels, levels, options);
    const Plan& plan = coupling.solve(x, context);
    CHECK(plan.hierarchical);
    // The bound of the level of 60 cells is an estimate, and so is that of the plan.
    CHECK(plan.certificate.dual_error > 0.0);
  }
  options.exact_limit = 60;
  const Numbers levels = first_and_rest(30, 60);
  Coupling exact(x, y, levels, levels, options);
  const Plan& plan = exact.solve(x, context);
  CHECK_FALSE(plan.hierarchical);
  CHECK(plan.certificate.dual_error == 0.0);
}

TEST_CASE("weights that are given within levels are those of the plan") {
  const arma::mat x = clouds::gaussian(2, 12, 5), y = clouds::gaussian(2, 6, 6);
  Numbers of_x, of_y;
  for (std::uint32_t i = 0; i < 12; ++i) of_x.push_back(i % 3 == 2 ? 1 : 0);  // 8 and 4 cells
  for (std::uint32_t j = 0; j < 6; ++j) of_y.push_back(j % 2);                // 3 and 3
  const double mass[2] = {7.0 / 12.0, 5.0 / 12.0};  // (8/12 + 3/6)/2 and (4/12 + 3/6)/2
  arma::vec wanted(12);
  for (const std::uint32_t level : {0u, 1u}) {
    const arma::uvec cells = cells_at(of_x, level);
    const arma::vec rising = arma::regspace(1.0, static_cast<double>(cells.n_elem));
    wanted.elem(cells) = mass[level] * rising / arma::accu(rising);
  }
  Coupling coupling(x, y, wanted, of_x, of_y);
  CHECK(arma::abs(coupling.source_weights() - wanted).max() < 1e-6);
  CHECK(arma::accu(coupling.source_weights()) == doctest::Approx(1.0).epsilon(1e-12));
  Context context;
  const Plan& plan = coupling.solve(x, context);
  arma::vec rows(12, arma::fill::zeros), columns(6, arma::fill::zeros);
  for (std::size_t e = 0; e < plan.mass.size(); ++e) {
    CHECK(of_x[plan.source[e]] == of_y[plan.target[e]]);
    rows[plan.source[e]] += plan.mass[e];
    columns[plan.target[e]] += plan.mass[e];
  }
  CHECK(arma::abs(rows - coupling.source_weights()).max() < 1e-15);
  for (arma::uword j = 0; j < 6; ++j)
    CHECK(columns[j] == doctest::Approx(mass[of_y[j]] / 3.0).epsilon(1e-12));
}

TEST_CASE("whole units of weights go to the largest remainders") {
  // Of 10 units each cell has one, and 7 are spare: 3.5, 2.1 and 1.4. The last goes to the first.
  const arma::mat x = {{0.0, 1.0, 2.0}}, y = {{0.0, 2.0}};
  const arma::vec wanted = {0.5, 0.3, 0.2};
  CouplingOptions options;
  options.units = 10;
  const Coupling coupling(x, y, wanted, {}, {}, options);
  CHECK(arma::abs(coupling.source_weights() - wanted).max() < 1e-15);
}

TEST_CASE("minibatches and levels exclude each other") {
  const arma::mat x = clouds::gaussian(2, 40, 7), y = clouds::gaussian(2, 40, 8);
  const Numbers levels = first_and_rest(15, 25);
  LaotOptions options;
  options.update = Update::adam;
  options.epochs = 1;
  options.batch_size = 5;
  Context context;
  CHECK_THROWS_WITH_AS(alternate(x, y, levels, levels, options, context),
                       doctest::Contains("exclude each other"), Error);
  CHECK_NOTHROW(alternate(x, y, {}, {}, options, context));
  options.batch_size = 0;
  CHECK_NOTHROW(alternate(x, y, levels, levels, options, context));
  Experiment experiment = fitted_models::cells_of(x, y);
  for (const std::uint32_t level : levels) {
    experiment.controls[0].batch.push_back(level == 0 ? "p" : "q");
    experiment.conditions[0].population.batch.push_back(level == 0 ? "p" : "q");
  }
  const Params params =
      fitted_models::params_of("laot", {{"update", "adam"}, {"epochs", "1"}, {"batch_size", "5"}});
  CHECK_THROWS_WITH_AS(fit_model(params, experiment, context),
                       doctest::Contains("exclude each other"), Error);
}

TEST_CASE("the rounding of costs goes with the cell that is farthest from its own mean") {
  // Means 1 and 4: the largest square is that of 12, a treated cell.
  const arma::mat x = {{0.0, 2.0}}, y = {{0.0, 0.0, 12.0}};
  const double expected = 8.0 * std::numeric_limits<double>::epsilon() * 64.0;
  CHECK(rounding_of_costs(x, y) == expected);
  CHECK(rounding_of_costs(y, x) == expected);
  CHECK(rounding_of_costs(x + 0x1p20, y + 0x1p20) == expected);
}
