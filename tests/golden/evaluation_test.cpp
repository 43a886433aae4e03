// Whole tables of scores against an independent program (tests/golden/evaluation/make.py).
#include "laot/evaluation.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "support/fixtures.hpp"

using namespace laot;

namespace {

arma::mat cells(const std::string& name) {
  return fixtures::read_cells(fixtures::golden("evaluation/" + name + ".csv"));
}

std::vector<std::string> donors(std::size_t of_a, std::size_t of_b) {
  std::vector<std::string> out(of_a, "a");
  out.resize(of_a + of_b, "b");
  return out;
}

std::vector<std::string> cycle(const std::vector<std::string>& labels, std::size_t count) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(labels[i % labels.size()]);
  return out;
}

struct Study {
  arma::mat train_control = cells("train_control"), train_treated = cells("train_treated"),
            control = cells("control"), observed = cells("observed");
  Context context;
  Model model = fitted();
  HeldOut held_out;

  Study() {
    held_out.model = &model;
    held_out.observed = Cells::dense(observed);
    held_out.control = Cells::dense(control);
  }

  Model fitted() {
    context.seed = 7;
    Params params(method("gaussian_map").spec);
    params.set("n_pcs", 0.0);
    Experiment training = experiment_of(Cells::dense(train_control), Cells::dense(train_treated));
    training.controls[0].batch = donors(60, 45);
    training.conditions[0].population.batch = donors(80, 70);
    return fit_model(params, training, context);
  }
};

void compare(const Table& found, const std::string& name,
             const std::vector<std::string>& more = {}) {
  const fixtures::Table expected =
      fixtures::read_table(fixtures::golden("evaluation/expected_" + name + ".csv"));
  REQUIRE(found.rows() == expected.rows.size());
  for (std::size_t r = 0; r < found.rows(); ++r) {
    CAPTURE(r);
    CAPTURE(found.texts("metric")[r]);
    for (const char* column : {"group", "method", "metric", "features"})
      CHECK(found.texts(column)[r] == expected.at(r, column));
    for (const std::string& column : more) CHECK(found.texts(column)[r] == expected.at(r, column));
    for (const char* column : {"cells", "observed", "left_out"})
      CHECK(found.numbers(column)[r] == expected.number(r, column));
    for (const char* column : {"value", "sd", "gamma"}) {
      CAPTURE(column);
      const double there = found.numbers(column)[r];
      if (expected.at(r, column) == "nan")
        CHECK(std::isnan(there));
      else
        CHECK(fixtures::close(there, expected.number(r, column), 1e-9));
    }
    CHECK(found.texts("reason")[r].empty());
  }
}

}  // namespace

TEST_CASE("the usual table, with markers and a test, is that of an independent program") {
  Study study;
  EvaluationOptions options;
  options.markers = 3;
  options.test = true;
  options.permutations = 99;
  const Table found = evaluate(study.held_out, options, study.context);
  compare(found, "default");
  CHECK(found.texts("kind")[0] == "seen");
}

TEST_CASE("so is the table of a preset that scores subsamples") {
  Study study;
  EvaluationOptions options;
  options.preset = "cellot";
  compare(evaluate(study.held_out, options, study.context), "cellot");
}

TEST_CASE("and of one that draws with replacement") {
  Study study;
  EvaluationOptions options;
  options.preset = "cmonge";
  options.metrics = {"mmd2_mean6", "l2_drug_signature", "pearson_means_squared"};
  compare(evaluate(study.held_out, options, study.context), "cmonge");
}

TEST_CASE("and of a held-out donor, by group") {
  Study study;
  study.held_out.observed_batch.assign(study.observed.n_cols, "c");
  study.held_out.control_groups = cycle({"T", "B", "B"}, study.control.n_cols);
  study.held_out.observed_groups =
      cycle({"B", "B", "B", "T", "T", "T", "T", "NK"}, study.observed.n_cols);
  EvaluationOptions options;
  options.metrics = {"mmd2", "w2", "sd_ratio"};
  const Table found = evaluate(study.held_out, options, study.context);
  compare(found, "held_out");
  CHECK(found.texts("kind")[0] == "unseen context");
}

TEST_CASE("and of several conditions, seen and not") {
  const auto part = [](const std::string& name) { return cells("conditions_" + name); };
  const arma::mat start = part("train_control"), a1 = part("train_A_1"), a10 = part("train_A_10"),
                  b3 = part("train_B_3"), control = part("test_control"),
                  again = part("test_again"), between = part("test_between"),
                  other = part("test_other"), both = part("test_both");
  using Treatments = std::vector<std::pair<std::string, double>>;
  const auto experiment = [](const arma::mat& controls) {
    Experiment out;
    out.controls.push_back({Cells::dense(controls), {}, {}});
    return out;
  };
  const auto add = [](Experiment& to, const std::string& name, const Treatments& treatments,
                      const arma::mat& treated) {
    CovariateValue drug, dose;
    for (const auto& [level, number] : treatments) {
      drug.levels.push_back(level);
      dose.numbers.push_back(number);
    }
    to.conditions.push_back(
        {{name, {{"drug", drug}, {"dose", dose}}}, {Cells::dense(treated), {}, {}}, 0});
  };
  Experiment training = experiment(start), held_out = experiment(control);
  add(training, "A 1", {{"A", 1.0}}, a1);
  add(training, "A 10", {{"A", 10.0}}, a10);
  add(training, "B 3", {{"B", 3.0}}, b3);
  training.embeddings = {{"drug", {"A", "B", "C"}, {{0.0, 1.0, 0.2}, {1.0, 0.0, 0.9}}, {}}};
  add(held_out, "again", {{"A", 1.0}}, again);
  add(held_out, "between", {{"A", 3.0}}, between);
  add(held_out, "other", {{"C", 10.0}}, other);
  add(held_out, "both", {{"A", 1.0}, {"B", 3.0}}, both);
  Context context;
  context.seed = 7;
  Params params(method("nearest_shift").spec);
  params.set("n_pcs", 0.0);
  const Model model = fit_model(params, training, context);
  EvaluationOptions options;
  options.metrics = {"mmd2", "w2", "sd_ratio"};
  options.methods = {"prediction", "identity", "mean_shift", "noise_reference"};
  compare(evaluate_conditions({&model}, held_out, options, context), "conditions",
          {"condition", "kind"});
}

TEST_CASE("entropic transport with Euclidean distances") {
  const Study study;
  const fixtures::Table expected =
      fixtures::read_table(fixtures::golden("evaluation/expected_entropic.csv"));
  SinkhornOptions options;
  options.epsilon = 0.5;
  Context context;
  const SinkhornDivergence found = sinkhorn_divergence(
      study.control.cols(0, 29), study.observed.cols(0, 23), PairCost::euclidean, options, context);
  CHECK(found.converged);
  CHECK(fixtures::close(found.between.regularised_cost, expected.number(0, "value"), 1e-7));
  CHECK(fixtures::close(found.value(), expected.number(1, "value"), 1e-7));
}
