// Entropic transport against the fixtures (tests/golden/README.md).
#include <doctest/doctest.h>

#include <cmath>

#include "laot/sinkhorn.hpp"
#include "support/fixtures.hpp"

using namespace laot;

TEST_CASE("golden Sinkhorn values") {
  const fixtures::Table expected = fixtures::read_table(fixtures::golden("metrics/expected.csv"));
  Context context;
  for (const std::string name : {"gauss", "real_subset", "unit_cost"}) {
    const arma::mat p =
        fixtures::read_cells(fixtures::golden("metrics/" + name + "_predicted.csv"));
    const arma::mat t = fixtures::read_cells(fixtures::golden("metrics/" + name + "_treated.csv"));
    for (const std::string unit : {"mean_cost", "absolute"})
      for (const std::string factor : {"0.5", "0.05"}) {
        SinkhornOptions options;
        const double number = std::stod(factor);
        options.epsilon = unit == "absolute" ? number : epsilon_of_mean_cost(p, t, number);
        SinkhornDivergence got;
        for (std::size_t r = 0; r < expected.rows.size(); ++r) {
          const std::string& quantity = expected.at(r, "quantity");
          if (expected.at(r, "case") != name || quantity.find("sinkhorn") != 0 ||
              quantity.find("eps" + factor + "_" + unit) == std::string::npos)
            continue;
          if (got.between.iterations == 0)
            got = sinkhorn_divergence(p, t, PairCost::squared_euclidean, options, context);
          CAPTURE(name);
          CAPTURE(quantity);
          const double want = expected.number(r, "value");
          const double value = quantity.find("divergence") != std::string::npos ? got.value()
                               : quantity.find("transport_cost") != std::string::npos
                                   ? got.between.transport_cost
                                   : got.between.regularised_cost;
          CHECK(fixtures::close(value, want, 1e-7));
          CHECK(got.converged);
        }
      }
  }
}
