// The isometry constant and the critical gap against numpy's eigenvalues of every pair's Gram
// matrix (tests/golden/README.md).
#include <doctest/doctest.h>

#include <cmath>

#include "laot/trackability.hpp"
#include "support/fixtures.hpp"

using namespace laot;

TEST_CASE("isometry constants and critical gaps match the golden values") {
  const fixtures::Table expected = fixtures::read_table(fixtures::golden("rip/expected.csv"));
  std::size_t compared = 0;
  for (std::size_t row = 0; row < expected.rows.size(); ++row) {
    const std::string& name = expected.at(row, "case");
    const std::string& quantity = expected.at(row, "quantity");
    const double value = expected.number(row, "value");
    const arma::mat x = fixtures::read_cells(fixtures::golden("rip/" + name + "_x.csv"));
    Context context;
    const auto constants = isometry_constants(x, {}, context);
    const IsometryConstant& mean = constants[0];
    INFO(name, " ", quantity);
    double ours = std::nan("");
    if (quantity == "n")
      ours = static_cast<double>(x.n_cols);
    else if (quantity == "scale")
      ours = mean.scale;
    else if (quantity == "delta2")
      ours = mean.delta;
    else if (quantity == "argmax_i")
      ours = mean.worst.empty() ? 0.0 : static_cast<double>(mean.worst[0].first);
    else if (quantity == "argmax_j")
      ours = mean.worst.empty() ? 0.0 : static_cast<double>(mean.worst[0].second);
    else if (quantity == "delta2_after_unit_norm")
      ours = constants[1].delta;
    else if (quantity == "Delta") {
      const CriticalGap gap = critical_gap(mean.delta, x.n_cols, expected.number(row, "L"));
      // The file has 0 where the bound says nothing; we say that it says nothing.
      CHECK(gap.vacuous.empty() == (value > 0.0));
      CHECK(std::isnan(gap.value) == (value == 0.0));
      ours = std::isnan(gap.value) ? 0.0 : gap.value;
    }
    CHECK(fixtures::close(ours, value, 1e-9));
    ++compared;
  }
  CHECK(compared == 54);
}
