// The registry of methods: rows that are bound to fields, traits, and arrays that are made where
// they are asked for.
#include <doctest/doctest.h>

#include "../../src/models/method_trivial.hpp"
#include "laot/conditions/conditional_laot.hpp"
#include "laot/conditions/covariates.hpp"
#include "laot/laot.hpp"
#include "laot/lift.hpp"
#include "laot/models.hpp"
#include "laot/nets/autoencoder_training.hpp"
#include "laot/nets/cellot.hpp"
#include "laot/nets/cmonge.hpp"
#include "laot/nets/cpa_training.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

// Values that a parameter takes: its words, and numbers at both ends of its range.
std::vector<std::string> allowed_texts(const ParamSpec& spec) {
  std::vector<std::string> out = spec.words;
  if (spec.type == ParamType::flag) out.insert(out.end(), {"true", "false"});
  if (spec.type == ParamType::number || spec.type == ParamType::integer)
    for (const double end : {spec.minimum, spec.maximum}) out.push_back(number_text(end));
  return out;
}

// A method's options with some of their base classes as these are constructed.
using Reset = std::function<void(MethodOptions&)>;
template <class... Core>
Reset reset() {
  return [](MethodOptions& options) { (..., (dynamic_cast<Core&>(options) = Core{})); };
}

// The parts of the methods' options that the core takes.
const std::map<std::string, Reset>& core_options() {
  const Reset none = reset<>(), conditional = reset<CovariateOptions, ConditionalLaotOptions>();
  static const std::map<std::string, Reset> all = {{"laot", reset<LaotOptions, LiftOptions>()},
                                                   {"cellot", reset<nets::CellotOptions>()},
                                                   {"scgen", reset<nets::ScgenOptions>()},
                                                   {"cae", reset<nets::CaeOptions>()},
                                                   {"identity", none},
                                                   {"mean_shift", none},
                                                   {"gaussian_map", reset<GaussianOptions>()},
                                                   {"conditional_laot", conditional},
                                                   {"conditional_gaussian", conditional},
                                                   {"regressed_shift", conditional},
                                                   {"nearest_shift", conditional},
                                                   {"cmonge", reset<nets::CmongeOptions>()},
                                                   {"cpa", reset<nets::CpaOptions>()}};
  return all;
}

Params briefly(const MethodSpec& method) {
  Params out(method);
  for (const char* length : {"iterations", "epochs"})
    for (const ParamSpec& spec : method.params)
      if (spec.name == length) out.set(length, 1.0);
  return out;
}

}  // namespace

TEST_CASE("what the registry gives is what the core's own options are constructed with") {
  for (const Method& method : methods()) {
    CAPTURE(method.spec.name);
    const auto& reset = core_options().at(method.spec.name);
    const std::unique_ptr<MethodOptions> options = method.spec.defaults->copy();
    reset(*options);
    for (const ParamSpec& spec : method.spec.params) {
      CAPTURE(spec.name);
      CHECK(spec.text_in(*options) == spec.text_in(*method.spec.defaults));
    }
  }
}

TEST_CASE("every parameter of every method is bound to a field of its own") {
  for (const Method& method : methods()) {
    CAPTURE(method.spec.name);
    for (const ParamSpec& spec : method.spec.params) {
      CAPTURE(spec.name);
      CHECK(spec.doc.size() > 10);
      CHECK_FALSE(spec.source.empty());
      for (const std::string& value : allowed_texts(spec)) {
        CAPTURE(value);
        Params params(method.spec);
        std::map<std::string, std::string> expected = params.texts();
        params.set_text(spec.name, value);
        expected[spec.name] = value;
        CHECK(params.texts() == expected);  // no other parameter has changed with it
      }
    }
  }
}

TEST_CASE("a method's title is its name, a colon, and what it is") {
  for (const Method& method : methods()) {
    CAPTURE(method.spec.name);
    const std::size_t colon = method.spec.title.find(": ");
    REQUIRE(colon != std::string::npos);
    CHECK(colon >= 3);
    CHECK(colon <= 24);  // R heads a fit with it
    CHECK(method.spec.label == method.spec.title.substr(0, colon));
  }
}

TEST_CASE("a row sets the field that the method reads") {
  Params params(method("laot").spec);
  const auto& options = dynamic_cast<const LaotOptions&>(params.options());
  CHECK(options.ridge == LaotOptions::kAutomatic);
  CHECK(params.text_of("ridge") == "auto");
  params.set_text("ridge", "0.3");
  params.set_text("restore", "sd");
  params.set_text("coupling", "hierarchical");
  params.set("n_pcs", 7.0);
  params.set("equal_counts", 1.0);
  const Params copy = params;
  params.use_preset("algorithm1");
  const auto& copied = dynamic_cast<const LaotOptions&>(copy.options());
  CHECK(copied.ridge == 0.3);
  CHECK(copied.restore == Restore::sd);
  CHECK(copied.coupling.mode == CouplingMode::hierarchical);
  CHECK(copy.options().space.components == 7);
  CHECK(copy.options().equal_counts);
  const auto& published = dynamic_cast<const LaotOptions&>(params.options());
  CHECK(published.ridge == 0.0);
  CHECK(published.restore == Restore::none);
  CHECK(published.coupling.mode == CouplingMode::automatic);
  CHECK(params.options().space.center == Center::none);
  CHECK_FALSE(params.options().equal_counts);
}

TEST_CASE("traits say what a method does") {
  for (const Method& method : methods()) {
    CAPTURE(method.spec.name);
    const Traits& traits = method.spec.traits;
    const arma::mat x = clouds::gaussian(3, 30, 1), y = clouds::gaussian(3, 25, 2) + 1.0;
    Experiment cells = experiment_of(Cells::dense(x), Cells::dense(y));
    const Params params = briefly(method.spec);
    Context context;
    const Model model = fit_model(params, cells, context);
    const auto has = [&](const char* name) {
      const std::vector<NamedArray> arrays = model.list();
      return std::any_of(arrays.begin(), arrays.end(),
                         [&](const NamedArray& array) { return array.name == name; });
    };
    CHECK(has("map") == traits.affine);
    CHECK(has("plan_source") == traits.pairs);
    CHECK((method.beside != nullptr) == (traits.trivial && !traits.many_conditions));
    if (!traits.many_conditions) CHECK((model.space.mean_control.is_zero()) == traits.raw_space);
    CHECK((params.texts().count("on_cancel") == 1) == traits.trains);
    cells.controls[0].batch.assign(30, "a");
    cells.conditions[0].population.batch.assign(25, "a");
    if (traits.uses_batch)
      CHECK_NOTHROW(fit_model(params, cells, context));
    else
      CHECK_THROWS_WITH_AS(fit_model(params, cells, context), doctest::Contains("batch"), Error);
  }
}

TEST_CASE("with fewer cells than its trait says a method falls back, warns or refuses") {
  for (const Method& method : methods()) {
    CAPTURE(method.spec.name);
    const Traits& traits = method.spec.traits;
    const auto fitted = [&](std::size_t n, std::size_t m) {
      CAPTURE(n);
      CAPTURE(m);
      const arma::mat x = clouds::gaussian(3, n, 1), y = clouds::gaussian(3, m, 2) + 1.0;
      Context context;
      const Model model =
          fit_model(briefly(method.spec), experiment_of(Cells::dense(x), Cells::dense(y)), context);
      arma::mat predicted(3, n);
      model.predict(Cells::dense(x), Nonnegative::no, predicted.memptr(), context);
      CHECK(predicted.is_finite());
      for (const auto& [name, value] : model.report.texts) {
        if (name == "stop_reason" && value.find("fell back to the mean shift") == 0) return true;
        if (name == "warning" && value.find("cells on a side show a mean") != std::string::npos)
          return true;
      }
      return false;
    };
    const std::size_t fewest = std::max<std::size_t>(1, traits.fewest_cells);
    CHECK_FALSE(fitted(fewest, 20));
    CHECK_FALSE(fitted(20, fewest));
    if (fewest == 1) continue;
    if (traits.many_conditions && traits.trains) {
      const std::string sentence = text("needs at least ", fewest, " of either");
      CHECK_THROWS_WITH_AS(fitted(fewest - 1, 20), doctest::Contains(sentence.c_str()), Error);
      CHECK_THROWS_WITH_AS(fitted(20, fewest - 1), doctest::Contains(sentence.c_str()), Error);
    } else {
      CHECK(fitted(fewest - 1, 20));
      CHECK(fitted(20, fewest - 1));
    }
  }
}

TEST_CASE("the size of an array is known before the array, and the offset needs no map") {
  const std::size_t d = 300000;  // a map of d x d would be 720 GB
  Model model{Params(method("laot").spec)};
  model.space = FeatureSpace::trivial(d);
  model.space.basis.zeros(d, 2);
  model.space.basis(0, 0) = model.space.basis(1, 1) = 1.0;
  model.space.scale = {2.0, 4.0};
  model.space.mean_control.ones(d);
  model.space.mean_treated.fill(3.0);
  model.map =
      std::make_shared<AffineResponse>(arma::mat{{1.5, 0.5}, {0.0, 1.0}}, arma::vec{1.0, -1.0});
  CHECK(model.array("map").rows == d);
  CHECK(model.array("map").columns == d);
  Context context;
  arma::vec offset(d);
  model.array("offset").write(offset.memptr());
  // W = [1.5 0.25; 0 1] on the first two features: m_y - W m_x + S c by hand.
  CHECK(offset[0] == doctest::Approx(3.0 - (1.5 + 0.25) + 2.0));
  CHECK(offset[1] == doctest::Approx(3.0 - 1.0 - 4.0));
  CHECK(offset[d - 1] == 2.0);
}

TEST_CASE("a file with a parameter that cannot be read says which") {
  const arma::mat x = clouds::gaussian(3, 30, 1), y = clouds::gaussian(3, 25, 2);
  Context context;
  const Model model = fit_model(Params(method("laot").spec),
                                experiment_of(Cells::dense(x), Cells::dense(y)), context);
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"ridge", "-3"}, {"restore", "everything"}, {"no_such", "1"}}) {
    ModelFile file = model.store();
    file.put_text("param." + name, value);
    CHECK_THROWS_WITH_AS(Model::load(file), doctest::Contains(name.c_str()), Error);
  }
}
