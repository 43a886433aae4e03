#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "laot/evaluation.hpp"
#include "support/small_screen.hpp"

using namespace laot;

namespace {

// A condition that was seen and a dose that was not, of the screen's test cells.
struct HeldOutScreen {
  Experiment experiment;
  Model pooled = small_screen::fitted("conditional_laot", small_screen::experiment());
  Model shift = small_screen::fitted("regressed_shift", small_screen::experiment());
  Context context;

  HeldOutScreen() {
    experiment.controls.push_back({Cells::dense(small_screen::screen().control), {}, {}});
    std::set<ConditionKind> met;
    for (const ScreenCondition& c : small_screen::screen().test) {
      if (c.kind != ConditionKind::seen && c.kind != ConditionKind::unseen_dose) continue;
      if (!met.insert(c.kind).second) continue;
      Condition condition = small_screen::named_covariates(c);
      condition.name = c.kind == ConditionKind::seen ? "again" : "between";
      experiment.conditions.push_back({condition, {Cells::dense(c.treated), {}, {}}, 0});
    }
  }
  Table scored(const EvaluationOptions& options = {}) {
    return evaluate_conditions({&pooled, &shift}, experiment, options, context);
  }
};

std::set<std::string> methods_at(const Table& table, const std::string& condition) {
  std::set<std::string> out;
  for (std::size_t r = 0; r < table.rows(); ++r)
    if (table.texts("condition")[r] == condition) out.insert(table.texts("method")[r]);
  return out;
}

}  // namespace

TEST_CASE("conditions are scored one after the other, seen and unseen, beside other models") {
  HeldOutScreen s;
  REQUIRE(s.experiment.conditions.size() == 2);
  const Table found = s.scored();
  CHECK(methods_at(found, "again") ==
        std::set<std::string>{"conditional_laot", "regressed_shift", "identity", "mean_shift",
                              "gaussian_map", "noise_reference", "conditional_gaussian",
                              "nearest_shift"});
  CHECK(methods_at(found, "between") ==
        std::set<std::string>{"conditional_laot", "regressed_shift", "identity", "noise_reference",
                              "conditional_gaussian", "nearest_shift"});
  std::size_t compared = 0;
  for (std::size_t r = 0; r < found.rows(); ++r) {
    const bool seen = found.texts("condition")[r] == "again";
    CHECK(found.texts("kind")[r] != "");
    CHECK((found.texts("kind")[r] == "seen") == seen);
    CHECK(std::isfinite(found.numbers("value")[r]));
    if (found.texts("metric")[r] != "w2") continue;
    // By hand: the prediction at the condition against its cells.
    const std::string& method = found.texts("method")[r];
    if (method != "conditional_laot" && method != "regressed_shift") continue;
    const TreatedPopulation& treated =
        s.experiment.conditions[seen ? 0 : 1].condition.name == found.texts("condition")[r]
            ? s.experiment.conditions[seen ? 0 : 1]
            : s.experiment.conditions[seen ? 1 : 0];
    Condition unnamed = treated.condition;
    unnamed.name.clear();
    const arma::mat predicted = small_screen::predicted(
        method == "regressed_shift" ? s.shift : s.pooled, unnamed, small_screen::screen().control);
    CHECK(found.numbers("value")[r] ==
          doctest::Approx(wasserstein2(predicted, treated.population.cells.gather_all(), s.context))
              .epsilon(1e-12));
    ++compared;
  }
  CHECK(compared == 4);
}

TEST_CASE("the test of a condition is of the first model alone") {
  HeldOutScreen s;
  EvaluationOptions options;
  options.methods = {"prediction"};
  options.metrics = {"w2"};
  options.test = true;
  options.permutations = 9;
  const Table found = s.scored(options);
  std::map<std::string, std::vector<std::string>> tested, scored;
  for (std::size_t r = 0; r < found.rows(); ++r) {
    const bool is_test = found.texts("metric")[r] == "mmd2_p_value";
    (is_test ? tested : scored)[found.texts("condition")[r]].push_back(found.texts("method")[r]);
    CHECK(std::isfinite(found.numbers("value")[r]));
  }
  for (const char* condition : {"again", "between"}) {
    CHECK(scored[condition] == std::vector<std::string>{"conditional_laot", "regressed_shift"});
    CHECK(tested[condition] == std::vector<std::string>{"conditional_laot"});
  }
}

TEST_CASE("a model of many conditions is evaluated at the condition that is named") {
  HeldOutScreen s;
  const ScreenCondition& seen = small_screen::screen().training[1];
  const Model apart = small_screen::fitted("laot", small_screen::experiment());
  for (const Model* model : std::vector<const Model*>{&s.pooled, &apart}) {
    Experiment one;
    one.controls = s.experiment.controls;
    one.conditions = {{{seen.name, {}}, {Cells::dense(seen.treated), {}, {}}, 0}};
    const Table expected = evaluate_conditions({model}, one, {}, s.context);
    HeldOut cells;
    cells.model = model;
    cells.observed = Cells::dense(seen.treated);
    cells.control = Cells::dense(small_screen::screen().control);
    EvaluationOptions options;
    options.condition = seen.name;
    const Table found = evaluate(cells, options, s.context);
    // Of one condition, without the trivial predictors of many.
    REQUIRE(found.rows() <= expected.rows());
    CHECK((found.rows() == expected.rows()) == (model == &apart));
    for (std::size_t r = 0; r < found.rows(); ++r) {
      CHECK(found.texts("condition")[r] == seen.name);
      CHECK(found.texts("kind")[r] == "seen");
      CHECK(found.texts("method")[r] == expected.texts("method")[r]);
      CHECK(found.numbers("value")[r] == expected.numbers("value")[r]);
    }
    CHECK(small_screen::refusal([&] {
            evaluate(cells, {}, s.context);
          }).find("an evaluation is of one condition, and the model has") == 0);
    options.condition = "nobody";
    CHECK(small_screen::refusal([&] {
            evaluate(cells, options, s.context);
          }).find("the model knows no condition \"nobody\"") == 0);
  }
}

TEST_CASE("the trivial predictors of many conditions stand beside a model of many by themselves") {
  HeldOutScreen s;
  const Model gaussian = small_screen::fitted("conditional_gaussian", small_screen::experiment());
  const Model nearest = small_screen::fitted("nearest_shift", small_screen::experiment());
  const auto rows_of = [](const Table& table) {
    std::map<std::string, double> out;
    for (std::size_t r = 0; r < table.rows(); ++r)
      out[table.texts("condition")[r] + "/" + table.texts("method")[r] + "/" +
          table.texts("metric")[r]] = table.numbers("value")[r];
    return out;
  };
  // All cells were kept: the fits are those that a user would make.
  const auto found = rows_of(evaluate_conditions({&s.pooled}, s.experiment, {}, s.context));
  const auto expected = rows_of(
      evaluate_conditions({&s.pooled, &gaussian, &s.shift, &nearest}, s.experiment, {}, s.context));
  CHECK(found == expected);
  // From a file, and of the other models, as well.
  const std::string bytes = s.pooled.store().bytes();
  const Model loaded = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
  CHECK(rows_of(evaluate_conditions({&loaded}, s.experiment, {}, s.context)) == expected);
  Params params(method("cmonge").spec);
  params.set_text("iterations", "10");
  const Model network = fit_model(params, small_screen::experiment(), s.context);
  const auto beside = rows_of(evaluate_conditions({&network}, s.experiment, {}, s.context));
  const std::string row = "between/conditional_gaussian/w2";
  CHECK(beside.at(row) == doctest::Approx(expected.at(row)).epsilon(1e-9));
  // A condition that the model holds out is found by its name.
  Experiment partly = small_screen::experiment();
  partly.held_out = {partly.conditions[1].condition.name};
  Experiment by_name;
  by_name.controls = s.experiment.controls;
  by_name.conditions = {{{partly.held_out[0], {}}, partly.conditions[1].population, 0}};
  const Model rest = small_screen::fitted("conditional_laot", partly);
  CHECK(methods_at(evaluate_conditions({&rest}, by_name, {}, s.context), partly.held_out[0])
            .count("conditional_gaussian") == 1);
  // Not where methods are named, or no cells are there to fit them to.
  EvaluationOptions named;
  named.methods = {"prediction"};
  Params forgetful(method("conditional_laot").spec);
  forgetful.set_text("keep_cells", "0");
  const Model without = fit_model(forgetful, small_screen::experiment(), s.context);
  for (const Table& table : {evaluate_conditions({&s.pooled}, s.experiment, named, s.context),
                             evaluate_conditions({&without}, s.experiment, {}, s.context)})
    CHECK(methods_at(table, "between").count("conditional_gaussian") == 0);
}

TEST_CASE("one bandwidth serves all models at a condition that was not seen") {
  HeldOutScreen s;
  EvaluationOptions options;
  options.metrics = {"mmd2"};
  const Table found = s.scored(options);
  double expected = 0.0;
  for (std::size_t r = 0; r < found.rows(); ++r) {
    if (found.texts("condition")[r] != "between") continue;
    if (expected == 0.0) expected = found.numbers("gamma")[r];
    CHECK(expected > 0.0);
    CHECK(found.numbers("gamma")[r] == expected);
  }
  CHECK(expected > 0.0);
}

TEST_CASE("wrong uses of an evaluation of conditions are told in one sentence") {
  HeldOutScreen s;
  CHECK(small_screen::refusal([&] {
          evaluate_conditions({&s.shift, &s.shift}, s.experiment, {}, s.context);
        }).find("two of the models are of method regressed_shift") == 0);
  CHECK(small_screen::refusal([&] {
          evaluate_conditions({}, s.experiment, {}, s.context);
        }).find("models is empty") == 0);
  EvaluationOptions options;
  options.condition = "mine";
  CHECK(small_screen::refusal([&] { s.scored(options); }).find("condition is taken from") == 0);
  options = {};
  options.markers = 2;
  CHECK(small_screen::refusal([&] { s.scored(options); }).find("markers are chosen on training") ==
        0);
  const Model single = small_screen::fitted("mean_shift", small_screen::experiment());
  CHECK(small_screen::refusal([&] {
          evaluate_conditions({&single}, s.experiment, {}, s.context);
        }).find("the model knows no condition") == 0);
}
