// MMD^2 and the median heuristic against scikit-learn and numpy (tests/golden/README.md).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "laot/assignment.hpp"
#include "laot/metrics.hpp"
#include "support/fixtures.hpp"

using namespace laot;

namespace {

// With the zero distances of repeated cells, which the bandwidth leaves out: 'median_sqdist_all'.
double median_with_zeros(const arma::mat& x, const arma::mat& y, Context& context) {
  const arma::mat pooled = arma::join_rows(x, y);
  const arma::mat squared = squared_distances(pooled, pooled, context);
  std::vector<double> pairs;
  for (std::size_t j = 0; j < squared.n_cols; ++j)
    pairs.insert(pairs.end(), squared.colptr(j), squared.colptr(j) + j);
  std::sort(pairs.begin(), pairs.end());
  return 0.5 * (pairs[(pairs.size() - 1) / 2] + pairs[pairs.size() / 2]);
}

}  // namespace

TEST_CASE("golden MMD^2 and median gamma") {
  const fixtures::Table expected = fixtures::read_table(fixtures::golden("mmd/expected.csv"));
  Context context;
  for (std::size_t r = 0; r < expected.rows.size(); ++r) {
    const std::string name = expected.at(r, "case"), quantity = expected.at(r, "quantity");
    CAPTURE(name);
    CAPTURE(quantity);
    const arma::mat x = fixtures::read_cells(fixtures::golden("mmd/" + name + "_x.csv"));
    const arma::mat y = fixtures::read_cells(fixtures::golden("mmd/" + name + "_y.csv"));
    const double gamma = expected.number(r, "gamma"), value = expected.number(r, "value");
    const std::vector<double> fifty = logspace(1.0, -3.0, 50);
    double found = std::nan("");
    if (quantity == "median_gamma")
      found = median_gamma(x, y, context).gamma;
    else if (quantity == "median_sqdist_positive")
      found = median_gamma(x, y, context).median_squared_distance;
    else if (quantity == "mmd2_biased")
      found = mmd2(x, y, {gamma}, MmdEstimator::biased, context)[0];
    else if (quantity == "mmd2_unbiased")
      found = mmd2(x, y, {gamma}, MmdEstimator::unbiased, context)[0];
    else if (quantity == "mmd2_biased_mean_logspace50")
      found = mmd2_mean(x, y, fifty, MmdEstimator::biased, context);
    else if (quantity == "mmd2_unbiased_mean_logspace50")
      found = mmd2_mean(x, y, fifty, MmdEstimator::unbiased, context);
    else if (quantity == "mmd2_biased_mean_six")
      found = mmd2_mean(x, y, {2, 1, 0.5, 0.1, 0.01, 0.005}, MmdEstimator::biased, context);
    else if (quantity == "median_sqdist_all")
      found = median_with_zeros(x, y, context);
    else
      FAIL("no test reads this row");
    CHECK(std::abs(found - value) <= 1e-9 * std::abs(value) + 1e-15);
  }
  CHECK(expected.rows.size() > 60);
}
