// Values of a fit's report and summary: the outcome of several conditions, and where the Gaussian
// map is left out.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../../src/models/fit.hpp"
#include "laot/models.hpp"
#include "support/clouds.hpp"
#include "support/fitted_models.hpp"

using namespace laot;
using namespace fitted_models;

namespace {

const arma::mat kX = clouds::gaussian(3, 40, 1);
const arma::mat kShifted = kX + 2.0;                        // the plans repeat at once
const arma::mat kOther = 3.0 * clouds::gaussian(3, 33, 2);  // and here they do not in two steps

Experiment conditions_of(const std::vector<const arma::mat*>& treated) {
  Experiment out;
  out.controls.push_back({Cells::dense(kX), {}, {}});
  for (const arma::mat* y : treated) {
    out.conditions.push_back({{}, {Cells::dense(*y), {}, {}}, 0});
    out.conditions.back().condition.name = text("condition ", out.conditions.size());
  }
  return out;
}

std::vector<std::string> outcomes_of(const Model& model) {
  std::vector<std::string> out;
  for (const auto& part : model.parts) out.push_back(report_text(*part, "outcome"));
  return out;
}

}  // namespace

TEST_CASE("the outcome of several conditions is that of the first that has not converged") {
  using Outcomes = std::vector<std::string>;
  const Params params = params_of("laot", {{"max_iter", "2"}});
  Context context;
  const Model one = fit_model(params, conditions_of({&kShifted, &kOther, &kShifted}), context);
  REQUIRE(outcomes_of(one) == Outcomes{"converged", "limit_reached", "converged"});
  CHECK(report_text(one, "outcome") == "limit_reached");
  const Model none = fit_model(params, conditions_of({&kShifted, &kShifted}), context);
  CHECK(report_text(none, "outcome") == "converged");
}

TEST_CASE("the Gaussian map is kept up to 100 dimensions beside a trivial fit, else up to 1500") {
  for (const char* name : {"identity", "mean_shift", "gaussian_map"})
    CHECK(most_for_gaussian(method(name)) == 100);
  for (const char* name : {"laot", "cellot", "conditional_gaussian"})
    CHECK(most_for_gaussian(method(name)) == 1500);
  for (const std::size_t features : {100, 101}) {
    const arma::mat x = clouds::gaussian(features, 6, 3), y = clouds::gaussian(features, 4, 4);
    const Model shift = fitted(x, y, {}, "mean_shift");
    CHECK(shift.training.gaussian.offset().is_empty() == (features == 101));
  }
}
