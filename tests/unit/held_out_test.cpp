// Conditions that a fit leaves out, and embeddings whose rows stand in another order.
#include <doctest/doctest.h>

#include "support/small_screen.hpp"

using namespace laot;
using namespace small_screen;

namespace {

Params short_fit(const std::string& name) {
  Params out(method(name).spec);
  if (method(name).spec.traits.trains) {
    out.set_text("iterations", "30");
    out.set_text("hidden_units", "8");
    out.set_text("batch_size", "16");
  }
  return out;
}

Model fit_with(const std::string& name, const Experiment& cells) {
  Context context;
  return fit_model(short_fit(name), cells, context);
}

std::string kind_of(const Model& model) {
  for (const auto& [name, value] : model.report.texts)
    if (name == "kind") return value;
  return "";
}

const char* const kOfMany[] = {"conditional_laot", "conditional_gaussian",
                               "regressed_shift",  "nearest_shift",
                               "cmonge",           "cpa"};

}  // namespace

TEST_CASE("a condition that is held out is not fitted, and is asked for by name") {
  for (const char* name : kOfMany) {
    CAPTURE(name);
    Experiment whole = experiment();
    const Condition held = whole.conditions[1].condition;
    Experiment without = whole;
    without.conditions.erase(without.conditions.begin() + 1);
    whole.held_out = {held.name};
    const Model model = fit_with(name, whole), other = fit_with(name, without);
    CHECK(model.conditions().size() == whole.conditions.size() - 1);
    REQUIRE(model.held_out.size() == 1);
    const Condition by_name{held.name, {}}, by_covariates{"", held.covariates};
    const arma::mat wanted = predicted(other, by_covariates, screen().new_control);
    CHECK(same(predicted(model, by_name, screen().new_control), wanted));
    CHECK(same(predicted(model, by_covariates, screen().new_control), wanted));
    CHECK(model.at(by_name).condition.name == held.name);
    CHECK(kind_of(model.at(by_name)) == "unseen_dose");
    const ModelFile file = model.store();
    const std::string bytes = file.bytes();
    const Model loaded = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
    REQUIRE(loaded.held_out.size() == 1);
    CHECK(loaded.held_out[0].name == held.name);
    CHECK(same_covariates(loaded.held_out[0], held));
    CHECK(same(predicted(loaded, by_name, screen().new_control), wanted));
  }
}

TEST_CASE("a method of one condition is not fitted to one that is held out") {
  Experiment whole = experiment(false);
  whole.held_out = {whole.conditions[0].condition.name, whole.conditions[2].condition.name};
  const Model model = fit_with("mean_shift", whole);
  CHECK(model.conditions().size() == whole.conditions.size() - 2);
  CHECK(model.held_out.size() == 2);
  CHECK(refusal([&] {
          (void)model.at({whole.held_out[0], {}});
        }).find("mean_shift is fitted to each condition, and says nothing of others") !=
        std::string::npos);
}

TEST_CASE("control populations of conditions that are held out alone are left out too") {
  Experiment cells = experiment();
  const arma::mat elsewhere = screen().control + 100.0;
  cells.controls.push_back({Cells::dense(elsewhere), {}, {}});
  cells.conditions[0].control = 1;
  const Experiment all = cells;
  cells.held_out = {cells.conditions[0].condition.name};
  const Experiment rest = without_held_out(cells);
  CHECK(rest.controls.size() == 1);
  CHECK(rest.conditions.size() == all.conditions.size() - 1);
  for (const TreatedPopulation& treated : rest.conditions) CHECK(treated.control == 0);
}

TEST_CASE("what cannot be held out is refused in a sentence") {
  Experiment cells = experiment();
  const std::string there = cells.conditions[0].condition.name;
  cells.held_out = {there + "x"};
  CHECK(refusal([&] { (void)fit_with("regressed_shift", cells); }) ==
        "there is no condition \"" + there + "x\" to hold out; did you mean \"" + there + "\"?");
  cells.held_out = cells.condition_names();
  CHECK(refusal([&] {
          (void)fit_with("regressed_shift", cells);
        }).find("conditions are held out; leave one to fit") != std::string::npos);
}

TEST_CASE("the order of an embedding's rows changes no bit") {
  for (const char* name : kOfMany) {
    CAPTURE(name);
    const Experiment cells = experiment();
    Experiment turned = cells;
    LevelEmbedding& embedding = turned.embeddings[0];
    std::reverse(embedding.levels.begin(), embedding.levels.end());
    embedding.coordinates = arma::fliplr(embedding.coordinates);
    const Model one = fit_with(name, cells), other = fit_with(name, turned);
    for (const ScreenCondition& c : screen().test)
      CHECK(same(predicted(one, named_covariates(c), screen().new_control),
                 predicted(other, named_covariates(c), screen().new_control)));
  }
}
