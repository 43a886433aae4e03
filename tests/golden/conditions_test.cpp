// Conditional LAOT against numpy and scipy (tests/golden/conditions/generate.py).
#include <doctest/doctest.h>

#include "laot/conditions/conditional_alternation.hpp"
#include "laot/conditions/conditional_spread.hpp"
#include "laot/laot.hpp"
#include "support/fixtures.hpp"
#include "support/tensors.hpp"

using namespace laot;

namespace {

constexpr double kRidge = 0.2;

using Tensors = std::map<std::string, arma::mat>;

ConditionalCells cells_of(const Tensors& golden) {
  ConditionalCells out;
  for (std::size_t g = 0; golden.count(text("control", g)); ++g)
    out.controls.push_back(golden.at(text("control", g)));
  for (std::size_t c = 0; golden.count(text("treated", c)); ++c)
    out.treated.push_back(golden.at(text("treated", c)));
  for (const double g : golden.at("control_of")) out.control_of.push_back(std::size_t(g));
  out.phi = golden.at("phi");
  return out;
}

void check_close(const arma::mat& found, const arma::mat& wanted, double tolerance) {
  REQUIRE(arma::size(found) == arma::size(wanted));
  CHECK(arma::abs(found - wanted).max() <= tolerance * std::max(1.0, arma::abs(wanted).max()));
}

}  // namespace

TEST_CASE("golden conditional LAOT: objective, maps, conditions left out, spread") {
  const auto table = fixtures::read_table(fixtures::golden("conditions/conditional_laot.csv"));
  for (const char* name : {"shared", "separate"}) {
    CAPTURE(name);
    const Tensors golden = fixtures::tensors(table, {{"case", name}});
    const ConditionalCells cells = cells_of(golden);
    Context context;
    ConditionalAlternationOptions options;
    options.ridge = kRidge;
    options.tol = -1.0;  // all six steps, as the golden run
    options.max_iter = 6;
    const ConditionalAlternation fit = alternate_conditions(cells, options, context);
    const arma::mat& objective = golden.at("objective");
    for (std::size_t k = 0; k < fit.trace.j_after_plan.size(); ++k) {
      CHECK(fixtures::close(fit.trace.j_after_plan[k], objective(k, 0), 1e-10));
      CHECK(fixtures::close(fit.trace.j_after_update[k], objective(k, 1), 1e-10));
    }
    check_close(fit.change(golden.at("new_phi")), golden.at("new_change"), 1e-9);
    const MapRegression maps = map_regression(cells);
    const arma::cube left = maps.left_out(fit.cross, fit.maps, kRidge);
    const arma::cube group = maps.left_out(fit.cross, fit.maps, kRidge, {0, 1, 2, 1, 3});
    for (std::size_t c = 0; c < cells.treated.size(); ++c) {
      check_close(fit.change(cells.phi.col(c)), golden.at(text("change", c)), 1e-9);
      check_close(left.slice(c), golden.at(text("left_out", c)), 1e-8);
      if (golden.count(text("group_left_out", c)))
        check_close(group.slice(c), golden.at(text("group_left_out", c)), 1e-8);
    }
    const ConditionRegression regression(cells.phi);
    const arma::mat logs = log_spread_changes(cells, context);
    const arma::mat logs_left_out = regression.left_out(logs, kRidge);
    for (std::size_t c = 0; c < cells.treated.size(); ++c)
      check_close(logs_left_out.col(c), golden.at(text("log_spread_left_out", c)), 1e-8);
    const std::size_t d = cells.controls[0].n_rows, n = cells.controls[0].n_cols;
    const arma::vec change = regression.fit(logs, kRidge) * golden.at("new_phi");
    const SpreadOfControl control{second_moment_of(cells.controls[0]), shrinkage(d, n, n)};
    check_close(with_spread(arma::eye(d, d) + golden.at("new_change"), control,
                            arma::reshape(change, d, d), 1.0),
                golden.at("new_map_restored"), 1e-8);
  }
}
