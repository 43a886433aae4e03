// Exact assignment and balanced transport against scipy and POT (tests/golden/README.md).
#include <doctest/doctest.h>

#include <cmath>

#include "laot/transport.hpp"
#include "support/fixtures.hpp"

using namespace laot;

TEST_CASE("golden assignment and transport costs") {
  const fixtures::Table expected =
      fixtures::read_table(fixtures::golden("assignment/expected.csv"));
  Context context;
  for (std::size_t r = 0; r < expected.rows.size(); ++r) {
    const std::string name = expected.at(r, "case");
    CAPTURE(name);
    const arma::mat x = fixtures::read_cells(fixtures::golden("assignment/" + name + "_x.csv"));
    const arma::mat y = fixtures::read_cells(fixtures::golden("assignment/" + name + "_y.csv"));
    const double tolerance = name == "far_from_origin" ? 1e-6 : 1e-9;
    const bool swap = x.n_cols > y.n_cols;
    const Assignment assignment =
        solve_assignment(squared_distances(swap ? y : x, swap ? x : y, context), context);
    CHECK(fixtures::close(assignment.certificate.primal, expected.number(r, "assignment_cost_sum"),
                          tolerance));
    CHECK(std::abs(assignment.certificate.gap) < 1e-12);
    const Plan plan = Coupling(x, y).solve(x, context);
    CHECK(fixtures::close(plan.certificate.primal, expected.number(r, "balanced_ot_cost"),
                          tolerance));
    CHECK(std::abs(plan.certificate.gap) < 1e-12);
  }
}

TEST_CASE("the golden permutation, where it is the only optimum") {
  const fixtures::Table given =
      fixtures::read_table(fixtures::golden("assignment/permutation.csv"));
  Context context;
  std::string last;
  Assignment assignment;
  for (std::size_t r = 0; r < given.rows.size(); ++r) {
    const std::string name = given.at(r, "case");
    if (name != last) {
      const arma::mat x = fixtures::read_cells(fixtures::golden("assignment/" + name + "_x.csv"));
      const arma::mat y = fixtures::read_cells(fixtures::golden("assignment/" + name + "_y.csv"));
      assignment = solve_assignment(squared_distances(x, y, context), context);
      last = name;
    }
    CHECK(assignment.column_of_row[static_cast<std::size_t>(given.number(r, given.columns[1]))] ==
          given.number(r, given.columns[2]));
  }
}
