// Experiments of many conditions: a method of one condition is fitted to each with the bits of a
// fit on its own, a method of many sees all; predictions at a condition, and files.
#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "../src/models/fit.hpp"
#include "laot/models.hpp"
#include "support/clouds.hpp"
#include "support/fitted_models.hpp"

using namespace laot;
using namespace fitted_models;

namespace {

const arma::mat kX = clouds::gaussian(4, 60, 1);
const arma::mat kA = clouds::gaussian(4, 50, 2) + 1.0;
const arma::mat kB = 2.0 * clouds::gaussian(4, 40, 3) - 1.0;

Condition at_dose(const std::string& drug, double dose) {
  return {"", {{"drug", {{}, {drug}}}, {"dose", {{dose}, {}}}}};
}

Experiment two_drugs() {
  Experiment out;
  out.feature_names = {"a", "b", "c", "d"};
  out.controls.push_back({Cells::dense(kX), {}, {}});
  out.conditions.push_back({at_dose("A", 1.0), {Cells::dense(kA), {}, {}}, 0});
  out.conditions.push_back({at_dose("B", 2.5), {Cells::dense(kB), {}, {}}, 0});
  out.conditions[0].condition.name = "first";
  out.conditions[1].condition.name = "second";
  return out;
}

bool same(const arma::mat& a, const arma::mat& b) {
  return arma::size(a) == arma::size(b) && std::equal(a.begin(), a.end(), b.begin());
}

Params quick(const std::string& name) {
  Params params(method(name).spec);
  for (const char* length : {"iterations", "epochs"})
    for (const ParamSpec& spec : method(name).spec.params)
      if (spec.name == length) params.set(length, 2.0);
  return params;
}

// Moves every cell by the dose, in a space of its own: a method of many conditions.
class DoseMap final : public ConditionalMap {
 public:
  explicit DoseMap(arma::vec direction) : direction_(std::move(direction)) {}
  bool needs_controls(const Condition&) const override { return false; }
  At at(const Condition& condition, const arma::mat&) const override {
    const CovariateValue* dose = condition.find("dose");
    require(dose != nullptr && dose->is_number(), Status::invalid_argument, "a dose is needed");
    At out;
    out.map = std::make_shared<AffineResponse>();
    out.shift = direction_ * dose->numbers[0];
    return out;
  }
  void store(ModelFile& file) const override { file.lend("response.direction", direction_); }

 private:
  arma::vec direction_;
};

}  // namespace

TEST_CASE("a method of one condition is fitted to each, with the bits of a fit on its own") {
  for (const Method& each : methods()) {
    if (each.spec.traits.many_conditions) continue;
    CAPTURE(each.spec.name);
    const Params params = quick(each.spec.name);
    Context context;
    const Model all = fit_model(params, two_drugs(), context);
    REQUIRE(all.parts.size() == 2);
    CHECK(report(all, "conditions") == 2.0);
    CHECK(report(all, "n_control") == 60.0);
    CHECK(report(all, "n_treated") == 90.0);
    for (const auto& [name, treated] :
         std::vector<std::pair<std::string, const arma::mat*>>{{"first", &kA}, {"second", &kB}}) {
      const Model own =
          fit_model(params, experiment_of(Cells::dense(kX), Cells::dense(*treated)), context);
      const Model part = all.at({name, {}});
      CHECK(same(predicted(part, kA), predicted(own, kA)));
      CHECK(part.trace == own.trace);
      CHECK(part.training.median_gamma == own.training.median_gamma);
      CHECK(same(part.array("training_mean_treated").matrix(),
                 own.array("training_mean_treated").matrix()));
      CHECK(same(predicted(part.trivial("gaussian_map"), kA),
                 predicted(own.trivial("gaussian_map"), kA)));
      CHECK(same(predicted(all.trivial("mean_shift").at({name, {}}), kA),
                 predicted(own.trivial("mean_shift"), kA)));
    }
    // By covariates, whatever their order.
    Condition wanted = at_dose("B", 2.5);
    std::reverse(wanted.covariates.begin(), wanted.covariates.end());
    CHECK(same(predicted(all.at(wanted), kX), predicted(all.at({"second", {}}), kX)));
  }
}

TEST_CASE("conditions on several threads have the bits of one thread, and one first error") {
  Experiment experiment;
  experiment.controls.push_back({Cells::dense(kX), {}, {}});
  std::vector<arma::mat> treated;
  for (int c = 0; c < 9; ++c) treated.push_back(clouds::gaussian(4, 30 + c, 20 + c) + 0.1 * c);
  for (int c = 0; c < 9; ++c) {
    experiment.conditions.push_back({{}, {Cells::dense(treated[c]), {}, {}}, 0});
    experiment.conditions.back().condition.name = text("condition ", c + 1);
  }
  const Params params = quick("laot");
  Context one, three;
  three.num_threads = 3;
  std::vector<double> fractions;
  three.progress = [&](const std::string&, double fraction) { fractions.push_back(fraction); };
  const Model alone = fit_model(params, experiment, one);
  const Model spread = fit_model(params, experiment, three);
  for (std::size_t c = 0; c < 9; ++c) {
    CHECK(same(predicted(*spread.parts[c], kA), predicted(*alone.parts[c], kA)));
    CHECK(same(spread.parts[c]->training.kept_control.dense(),
               alone.parts[c]->training.kept_control.dense()));
  }
  CHECK(std::is_sorted(fractions.begin(), fractions.end()));
  CHECK(fractions.back() == 1.0);

  arma::mat huge = treated[4];  // finite, but not its square
  huge(0, 0) = 1e200;
  experiment.conditions[4].population.cells = experiment.conditions[7].population.cells =
      Cells::dense(huge);
  const auto sentence = [&](Context& context) {
    try {
      fit_model(params, experiment, context);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(sentence(one).rfind("condition \"condition 5\"", 0) == 0);
  CHECK(sentence(three) == sentence(one));

  int asked = 0;
  Context cancelled;
  cancelled.num_threads = 3;
  cancelled.cancel = [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(25));  // so that the next poll asks again
    return ++asked > 2;
  };
  experiment.conditions[4].population.cells = experiment.conditions[7].population.cells =
      Cells::dense(treated[4]);
  CHECK_THROWS_WITH_AS(fit_model(params, experiment, cancelled), doctest::Contains("cancel"),
                       Error);
}

TEST_CASE("a fit of many conditions comes back from its bytes, controls stored once") {
  Experiment experiment = two_drugs();
  experiment.controls.push_back({Cells::dense(kB), {}, {}});
  experiment.conditions.push_back({at_dose("A", 3.0), {Cells::dense(kA), {}, {}}, 1});
  experiment.conditions[2].condition.name = "third";
  Context context;
  const Model model = fit_model(Params(method("laot").spec), experiment, context);
  const std::string bytes = model.store().bytes();
  const ModelFile file = ModelFile::parse(bytes.data(), bytes.size());
  CHECK(file.number("format_version") == 2.0);
  CHECK(file.has("part.1.training.kept_control"));
  CHECK_FALSE(file.has("part.2.training.kept_control"));
  CHECK(file.has("part.3.training.kept_control"));
  const Model back = Model::load(file);
  CHECK(back.store().bytes() == bytes);
  CHECK(back.covariate_names() == std::vector<std::string>{"drug", "dose"});
  for (const char* name : {"first", "second", "third"}) {
    CHECK(same(predicted(back.at({name, {}}), kX), predicted(model.at({name, {}}), kX)));
    const Model loaded = back.at({name, {}}), fitted = model.at({name, {}});
    CHECK(same(loaded.array("kept_control").matrix(), fitted.array("kept_control").matrix()));
  }
  // One of them is a model of one, in the first format, and says of which condition.
  const Model last = back.at({"third", {}});
  const std::string own = last.store().bytes();
  const ModelFile of_one = ModelFile::parse(own.data(), own.size());
  CHECK(of_one.number("format_version") == 1.0);
  const Model third = Model::load(of_one);
  CHECK(third.condition.name == "third");
  CHECK(same_covariates(third.condition, at_dose("A", 3.0)));
  CHECK(same(predicted(third, kX), predicted(model.at({"third", {}}), kX)));
}

TEST_CASE("two populations without a name have the file of before, without a word of conditions") {
  Context context;
  const Model model = fit_model(Params(method("laot").spec),
                                experiment_of(Cells::dense(kX), Cells::dense(kA)), context);
  const ModelFile file = model.store();
  CHECK(file.number("format_version") == 1.0);
  CHECK(file.texts_below("condition").empty());
  CHECK(file.texts_below("part").empty());
}

TEST_CASE("damaged files of many conditions are refused") {
  Context context;
  const Model model = fit_model(Params(method("mean_shift").spec), two_drugs(), context);
  const auto refused = [&](const std::string& name, const std::string& value, const char* says) {
    ModelFile file = model.store();
    file.put_text(name, value);
    CAPTURE(name);
    CHECK_THROWS_WITH_AS(Model::load(file), doctest::Contains(says), Error);
  };
  refused("parts", "0", "whole number");
  refused("parts", "1.5", "whole number");
  refused("parts", "3", "condition 3 (counted from 1)");
  refused("part.2.controls_of_part", "2", "whole number");
  refused("part.2.condition.covariate.dose", "[\"number\",\"much\"]", "no number");
  refused("part.2.condition.covariate.dose", "[\"what\",\"1\"]", "neither");
  refused("format_version", "3", "format version");
}

TEST_CASE("what is no experiment is refused in one sentence that names the condition") {
  Context context;
  const Params params(method("mean_shift").spec);
  const auto refused = [&](auto change, const char* says) {
    Experiment experiment = two_drugs();
    change(experiment);
    CAPTURE(says);
    CHECK_THROWS_WITH_AS(fit_model(params, experiment, context), doctest::Contains(says), Error);
  };
  refused([](Experiment& e) { e.controls.clear(); }, "no control population");
  refused([](Experiment& e) { e.conditions.clear(); }, "no condition");
  refused([](Experiment& e) { e.conditions[1].control = 1; }, "\"second\" goes with control");
  refused([](Experiment& e) { e.conditions[1].condition.name = "first"; },
          "two conditions with the name");
  refused([](Experiment& e) { e.conditions[1].condition.name = ""; }, "has no name");
  refused([](Experiment& e) { e.conditions[1].condition.covariates.pop_back(); }, "covariates");
  refused([](Experiment& e) { e.conditions[1].condition.covariates[1].first = "time"; },
          "\"time\"");
  refused(
      [](Experiment& e) {
        e.conditions[1].condition.covariates[1].second = {{}, {"x"}};
      },
      "number in one condition");
  refused(
      [](Experiment& e) {
        e.conditions[1].condition.covariates[1].second.numbers[0] = std::nan("");
      },
      "dose\" of condition \"second\" is NaN");
  refused([](Experiment& e) { e.conditions[1].condition.covariates[1].second = {}; }, "no value");
  const arma::mat other = kB.head_rows(3);
  refused([&](Experiment& e) { e.conditions[1].population.cells = Cells::dense(other); },
          "\"second\" has 3");
  arma::mat hole = kB;
  hole(1, 2) = std::nan("");
  refused([&](Experiment& e) { e.conditions[1].population.cells = Cells::dense(hole); }, "NaN");
  refused([](Experiment& e) { e.conditions[1].population.batch.assign(40, "x"); },
          "condition \"second\": batch");

  const Model model = fit_model(params, two_drugs(), context);
  CHECK_THROWS_WITH_AS(predicted(model, kX), doctest::Contains("say which (first, second)"), Error);
  CHECK_THROWS_WITH_AS(model.array("map"), doctest::Contains("say which"), Error);
  CHECK_THROWS_WITH_AS(model.at({"third", {}}), doctest::Contains("first, second"), Error);
  CHECK_THROWS_WITH_AS(model.at(at_dose("B", 3.0)), doctest::Contains("drug = B, dose = 3"), Error);
}

TEST_CASE("a method of many conditions sees all populations about one mean and answers any") {
  Method chosen = method("gaussian_map");
  chosen.spec.traits.many_conditions = true;
  chosen.fit = nullptr;
  const arma::vec direction = {1.0, 0.0, -1.0, 0.5};
  chosen.fit_many = [&](const ExperimentInput& input, Context&) {
    CHECK(input.controls.size() == 1);
    REQUIRE(input.treated.size() == 2);
    const FeatureSpace& space = input.space;
    CHECK(arma::approx_equal(space.mean_control, space.mean_treated, "absdiff", 0.0));
    // The common mean: controls one half, conditions a quarter each.
    const arma::vec mean =
        0.5 * arma::mean(kX, 1) + 0.25 * arma::mean(kA, 1) + 0.25 * arma::mean(kB, 1);
    CHECK(arma::approx_equal(space.mean_control, mean, "absdiff", 1e-12));
    const arma::mat z = (kB.each_col() - mean).each_col() / space.scale;
    CHECK(arma::approx_equal(input.treated[1].z, z, "absdiff", 1e-12));
    CHECK(arma::approx_equal(input.treated[1].mean, arma::mean(kB, 1), "absdiff", 1e-12));
    ExperimentResult out;
    out.map = std::make_shared<DoseMap>(direction);
    out.report.add("outcome", std::string("converged"));
    return out;
  };
  Params params(chosen.spec);
  Context context;
  const Model model = fit_together(chosen, params, two_drugs(), context);
  CHECK(report(model, "dimension") == 4.0);
  for (const double dose : {1.0, 2.0}) {  // seen and unseen
    const arma::mat moved = predicted(model.at(at_dose("A", dose)), kX);
    CHECK(arma::approx_equal(moved, kX.each_col() + direction * dose, "absdiff", 1e-12));
  }
  CHECK(report(model.at({"first", {}}), "n_treated") == 50.0);
  CHECK_THROWS_WITH_AS(model.at({"third", {}}), doctest::Contains("third"), Error);
  CHECK_THROWS_WITH_AS(model.at(at_dose("A", 2.0)).trivial("mean_shift"),
                       doctest::Contains("no cells were seen at drug = A, dose = 2"), Error);
  // The trivial predictors are of the condition's own means.
  const arma::mat shifted = kX.each_col() + (arma::mean(kB, 1) - arma::mean(kX, 1));
  CHECK(arma::approx_equal(predicted(model.at({"second", {}}).trivial("mean_shift"), kX), shifted,
                           "absdiff", 1e-12));
  const arma::mat gaussian = predicted(model.at({"second", {}}).trivial("gaussian_map"), kX);
  CHECK(arma::approx_equal(arma::mean(gaussian, 1), arma::mean(kB, 1), "absdiff", 1e-12));
}

TEST_CASE("the joint scale of many populations counts the variance between them by their shares") {
  Context context;
  const arma::mat one = {{0.0, 2.0}}, two = {{4.0, 4.0}}, three = {{10.0, 12.0}};
  const arma::vec half = {0.5, 0.5};
  std::vector<Cells> cells = {Cells::dense(one), Cells::dense(two), Cells::dense(three)};
  std::vector<Moments> moments;
  for (const Cells& population : cells)
    moments.push_back(weighted_moments(population, half, context));
  std::vector<SpacePopulation> all;
  const double shares[] = {0.5, 0.25, 0.25};
  for (std::size_t p = 0; p < 3; ++p)
    all.push_back({&cells[p], &half, &moments[p], shares[p], "population"});
  // Means 1, 4, 11 and variances 1, 0, 1: mean 4.25, variance 0.75 + 10.5625/2 + 0.0625/4
  // + 45.5625/4.
  const FeatureSpace joint = FeatureSpace::fit(all, 1, {Center::joint, Scale::feature, 0}, context);
  CHECK(joint.mean_control[0] == doctest::Approx(4.25));
  CHECK(joint.scale[0] ==
        doctest::Approx(std::sqrt(0.75 + 10.5625 / 2 + 0.0625 / 4 + 45.5625 / 4)));
  const FeatureSpace common = FeatureSpace::fit(all, 1, {Center::own, Scale::common, 0}, context);
  CHECK(common.scale[0] == doctest::Approx(std::sqrt(0.75)));
}
