// Patients placed by their control cells, and a patient that was not seen, against numpy and scipy
// (tests/golden/conditions/control_places.py).
#include <doctest/doctest.h>

#include "laot/conditions/control_places.hpp"
#include "laot/models.hpp"
#include "support/tensors.hpp"

using namespace laot;

namespace {

const std::map<std::string, arma::mat>& golden() {
  static const auto out = fixtures::tensors(
      fixtures::read_table(fixtures::golden("conditions/control_places.csv")), {});
  return out;
}

void check_close(const arma::mat& found, const arma::mat& wanted, double tolerance) {
  REQUIRE(arma::size(found) == arma::size(wanted));
  CHECK(arma::abs(found - wanted).max() <= tolerance * std::max(1.0, arma::abs(wanted).max()));
}

Condition at(const std::string& patient, double drug) {
  return {"", {{"drug", {{}, {drug == 0.0 ? "A" : "B"}}}, {"patient", {{}, {patient}}}}};
}

Experiment patients() {
  Experiment out;
  const arma::mat &patient = golden().at("patient_of"), &drug = golden().at("drug_of");
  for (arma::uword c = 0; c < patient.n_elem; ++c) {
    out.controls.push_back({Cells::dense(golden().at(text("control", c))), {}, {}});
    Condition condition = at(text("p", patient[c]), drug[c]);
    condition.name = text("condition ", c);
    out.conditions.push_back(
        {condition, {Cells::dense(golden().at(text("treated", c))), {}, {}}, c});
  }
  out.embeddings = {placed_by_controls("patient")};
  return out;
}

arma::mat predicted(const char* method_name, const arma::mat& cells) {
  Params params(method(method_name).spec);
  params.set("n_pcs", 0.0);
  params.set("shift_ridge", 0.05);
  if (std::string(method_name) == "conditional_gaussian") params.set("spread_ridge", 0.05);
  Context context;
  const Model model = fit_model(params, patients(), context);
  const Cells given = Cells::dense(cells);
  arma::mat out(arma::size(cells));
  model.at(at("another", 1.0), given, context)
      .predict(given, Nonnegative::no, out.memptr(), context);
  return out;
}

}  // namespace

TEST_CASE("golden places by control cells: principal coordinates, and those of another level") {
  const ControlPlaces places(golden().at("means"), 2);
  const arma::mat& means = golden().at("means");
  arma::mat found(2, means.n_cols);
  for (arma::uword level = 0; level < means.n_cols; ++level)
    found.col(level) = places(means.col(level));
  check_close(found, golden().at("coordinates"), 1e-12);
  check_close(places(golden().at("new_mean")), golden().at("new_coordinates"), 1e-12);
  CHECK(arma::abs(places.axes().t() * places.axes() - arma::eye(2, 2)).max() < 1e-12);
}

TEST_CASE("golden patient that was not seen: shift, and the Gaussian map from its own moments") {
  const arma::mat& cells = golden().at("new");
  check_close(predicted("regressed_shift", cells), golden().at("shifted"), 1e-9);
  check_close(predicted("conditional_gaussian", cells), golden().at("gaussian"), 1e-8);
  // Of few cells the covariance is that of all controls.
  check_close(predicted("conditional_gaussian", cells.head_cols(7)), golden().at("gaussian_few"),
              1e-8);
}
