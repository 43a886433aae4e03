// Unbalanced transport against POT (tests/golden/unbalanced/generate.py).
#include <doctest/doctest.h>

#include "support/fixtures.hpp"
#include "support/unbalanced_sinkhorn.hpp"

using namespace laot;

TEST_CASE("golden unbalanced plans") {
  const fixtures::Table cells = fixtures::read_table(fixtures::golden("unbalanced/cells.csv"));
  arma::mat x(3, 7), y(3, 5);
  arma::vec a(7), b(5);
  for (std::size_t r = 0; r < cells.rows.size(); ++r) {
    const bool control = cells.at(r, "side") == "x";
    const auto i = static_cast<std::size_t>(cells.number(r, "cell"));
    (control ? a : b)[i] = cells.number(r, "weight");
    for (std::size_t k = 0; k < 3; ++k) (control ? x : y)(k, i) = cells.number(r, text("f", k + 1));
  }
  arma::mat cost(7, 5);
  for (std::size_t i = 0; i < 7; ++i)
    for (std::size_t j = 0; j < 5; ++j) cost(i, j) = arma::accu(arma::square(x.col(i) - y.col(j)));
  const fixtures::Table plans = fixtures::read_table(fixtures::golden("unbalanced/plans.csv"));
  Context context;
  std::size_t seen = 0;
  for (const auto& [epsilon, relaxation] :
       {std::pair{0.5, 1.0}, std::pair{0.2, 5.0}, std::pair{1.0, 0.1}}) {
    UnbalancedOptions options;
    options.epsilon = epsilon;
    options.relaxation = relaxation;
    const UnbalancedPlan plan = unbalanced_sinkhorn(cost, a, b, options, context);
    CHECK(plan.converged);
    for (std::size_t r = 0; r < plans.rows.size(); ++r) {
      if (plans.number(r, "epsilon") != epsilon || plans.number(r, "relaxation") != relaxation)
        continue;
      ++seen;
      CHECK(plan.mass(static_cast<std::size_t>(plans.number(r, "row")),
                      static_cast<std::size_t>(plans.number(r, "col"))) ==
            doctest::Approx(plans.number(r, "mass")).epsilon(1e-9));
    }
  }
  CHECK(seen == 105);
}
