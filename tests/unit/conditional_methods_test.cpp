// Methods of many conditions through the registry: experiments in, predictions at a condition out,
// files, and what they refuse.
#include <doctest/doctest.h>

#include <cmath>

#include "laot/evaluation.hpp"
#include "laot/metrics/mmd.hpp"
#include "laot/models.hpp"
#include "support/clouds.hpp"
#include "support/small_screen.hpp"

using namespace laot;
using namespace small_screen;

namespace {

const char* const kMethods[] = {"conditional_laot", "conditional_gaussian", "regressed_shift",
                                "nearest_shift"};

double distance(const Model& model, const ScreenCondition& c) {
  Context context;
  return mmd2(predicted(model, named_covariates(c), screen().new_control), c.treated, {0.05},
              MmdEstimator::unbiased, context)[0];
}

}  // namespace

TEST_CASE(
    "conditional methods predict conditions that were seen and others, and say better "
    "than no change") {
  std::map<std::string, double> error;
  for (const ScreenCondition& c : screen().test) {
    Context context;
    error["no change"] +=
        mmd2(screen().new_control, c.treated, {0.05}, MmdEstimator::unbiased, context)[0];
  }
  for (const char* name : kMethods) {
    CAPTURE(name);
    const Model model = fitted(name, experiment());
    CHECK(model.conditions().size() == screen().training.size());
    double& sum = error[name];
    for (const ScreenCondition& c : screen().test) sum += distance(model, c);
    CHECK(warning_of(model) == "");
    // By name, by covariates and in another order: one condition, one prediction.
    const ScreenCondition& pair = screen().training.back();
    REQUIRE(pair.covariates.treatments.size() == 2);
    Condition turned = named_covariates(pair);
    std::swap(turned.covariates[0].second.levels[0], turned.covariates[0].second.levels[1]);
    const arma::mat wanted = predicted(model, {pair.name, {}}, screen().new_control);
    CHECK(same(predicted(model, named_covariates(pair), screen().new_control), wanted));
    CHECK(arma::abs(predicted(model, turned, screen().new_control) - wanted).max() < 1e-12);
  }
  CHECK(error["nearest_shift"] < error["no change"]);
  CHECK(error["regressed_shift"] < error["nearest_shift"]);
  CHECK(error["conditional_gaussian"] < error["regressed_shift"]);
  CHECK(error["conditional_laot"] < error["conditional_gaussian"]);
}

TEST_CASE("conditional models survive their file, whatever the number of threads") {
  for (const bool embedded : {true, false})
    for (const char* name : kMethods) {
      CAPTURE(name);
      const Model model = fitted(name, experiment(embedded)),
                  other = fitted(name, experiment(embedded), 2);
      const ModelFile file = model.store();
      const std::string bytes = file.bytes();
      const Model loaded = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
      for (const ScreenCondition& c : screen().test) {
        if (!embedded && c.kind == ConditionKind::unseen_level) continue;
        const arma::mat wanted = predicted(model, named_covariates(c), screen().new_control);
        CHECK(same(predicted(loaded, named_covariates(c), screen().new_control), wanted));
        CHECK(same(predicted(other, named_covariates(c), screen().new_control), wanted));
      }
    }
}

TEST_CASE("at dose 0 nothing moves") {
  for (const char* name : {"conditional_laot", "conditional_gaussian", "regressed_shift"}) {
    CAPTURE(name);
    CHECK(arma::abs(predicted(fitted(name, experiment()), at(screen().drugs[2], 0.0),
                              screen().new_control) -
                    screen().new_control)
              .max() < 1e-12);
  }
}

TEST_CASE("conditions that a model cannot answer are refused with what is known") {
  const Model one_hot = fitted("conditional_gaussian", experiment(false));
  const std::string unseen = screen().drugs[screen().test[6].covariates.treatments[0].level];
  REQUIRE(screen().test[6].kind == ConditionKind::unseen_level);
  CHECK(refusal([&] {
          (void)one_hot.at(at(unseen, 3.0));
        }).find("the model knows no level of \"drug\" \"" + unseen + "\" (the nearest is ") == 0);
  const Model model = fitted("conditional_gaussian", experiment());
  CHECK(refusal([&] {
          (void)model.at({"", {{"drug", {{}, {unseen}}}}});
        }) == "condition drug = " + unseen +
                  " has no covariate \"dose\", which the model was fitted with");
  CHECK(refusal([&] { (void)model.at(at(unseen, -1.0)); }) ==
        "a dose must be 0 or a positive number, found -1");
  const std::string known = screen().drugs[screen().training[0].covariates.treatments[0].level];
  CHECK(refusal([&] {
          (void)model.at({"", {{"drug", {{}, {known}}}, {"dose", {{1.0, 3.0}, {}}}}});
        }) == "condition drug = " + known +
                  ", dose = 1 + 3 has 2 doses and 1 level; give each level its dose, or one for "
                  "all, and ask for one condition at a time");
  Experiment twice = experiment();
  twice.conditions[1].condition.covariates = twice.conditions[0].condition.covariates;
  CHECK(refusal([&] { (void)fitted("conditional_gaussian", twice); }) != "");
  Experiment lacking = experiment();
  lacking.embeddings[0].levels[screen().training[0].covariates.treatments[0].level] = "other";
  CHECK(refusal([&] {
          (void)fitted("conditional_laot", lacking);
        }).find("the embedding of \"drug\" has no row for drug") == 0);
}

// One condition and phi = 1 (no weight on the level, none on the condition): the pooled map is that
// of laot in the same space, and a condition's own map is so whatever phi is.
TEST_CASE("one condition with phi = 1 is fitted and predicted as laot is") {
  Experiment one = experiment(false);
  one.conditions.resize(1);
  const auto with = [](const char* name,
                       const std::vector<std::pair<std::string, std::string>>& settings) {
    Params params(method(name).spec);
    if (std::string(name) == "laot") params.use_preset("calibrated");
    for (const auto& [key, value] :
         {std::pair{"scale", "none"}, std::pair{"n_pcs", "0"}, std::pair{"tol", "1e-9"},
          std::pair{"max_iter", "30"}, std::pair{"ridge", "0.3"}})
      params.set_text(key, value);
    for (const auto& [key, value] : settings) params.set_text(key, value);
    return params;
  };
  Context context;
  for (const bool restored : {true, false}) {
    const Model alone =
        fit_model(with("laot", {{"restore", restored ? "covariance" : "none"}}), one, context);
    const Model pooled = fit_model(with("conditional_laot", {{"own_share", "0"},
                                                             {"restore", restored ? "1" : "0"},
                                                             {"level_weight", "0"},
                                                             {"condition_weight", "0"}}),
                                   one, context);
    const Condition& condition = one.conditions[0].condition;
    const arma::mat expected = predicted(alone, condition, screen().new_control);
    CHECK(arma::abs(expected - screen().new_control).max() > 0.1);
    CHECK(arma::abs(predicted(pooled, condition, screen().new_control) - expected).max() < 1e-10);
  }
}

TEST_CASE("conditional methods say what they cannot learn") {
  Experiment few = experiment();
  few.conditions.resize(1);
  for (const char* name : kMethods) {
    CAPTURE(name);
    const Model one = fitted(name, few);
    CHECK(warning_of(one).find("there is one condition: nothing can be learnt of another") !=
          std::string::npos);
    CHECK(warning_of(one).find("there is one dose") != std::string::npos);
  }
  // Conditions of which a few cells are there: learnt from, and named.
  Experiment rare = experiment();
  const arma::mat cell = rare.conditions[1].population.cells.as_matrix().head_cols(1);
  rare.conditions[1].population = {Cells::dense(cell), {}, {}};
  for (const char* name : {"conditional_laot", "conditional_gaussian"}) {
    CAPTURE(name);
    CHECK(warning_of(fitted(name, rare))
              .find("fewer than 3 cells on a side show a mean and nothing else: read as a mean "
                    "shift, or leave out, the condition " +
                    described(rare.conditions[1].condition) + " (1 treated, ") !=
          std::string::npos);
    CHECK(warning_of(fitted(name, experiment())).find("on a side") == std::string::npos);
  }
  CHECK(warning_of(fitted("regressed_shift", rare)).find("on a side") == std::string::npos);
  // Shifts that have nothing to do with the conditions.
  Experiment noise;
  std::vector<arma::mat> cells;
  for (std::uint64_t c = 0; c < 6; ++c) {
    arma::mat y = clouds::gaussian(3, 40, 50 + c);
    y.each_col() += 3.0 * arma::vec(clouds::gaussian(3, 1, 80 + c));
    cells.push_back(y);
  }
  const arma::mat x = clouds::gaussian(3, 40, 1);
  noise.controls.push_back({Cells::dense(x), {}, {}});
  for (std::size_t c = 0; c < 6; ++c)
    noise.conditions.push_back({{text("p", c), {}}, {Cells::dense(cells[c]), {}, {}}, 0});
  CHECK(warning_of(fitted("conditional_laot", noise)).find("as large as the shift itself") !=
        std::string::npos);
  // A condition's own map is reached all the same.
  const Model own = fitted("conditional_laot", noise);
  for (std::size_t c = 0; c < 6; ++c) {
    const arma::mat p = predicted(own, {text("p", c), {}}, x);
    CHECK(arma::norm(arma::vec(arma::mean(p, 1) - arma::mean(cells[c], 1))) < 0.35);
  }
}

TEST_CASE("cells of a context are mapped about the mean of their own control population") {
  // One drug that adds 2 to the first feature of two cell lines that lie apart.
  Experiment lines;
  std::vector<arma::mat> x, y;
  for (std::uint64_t g = 0; g < 2; ++g) {
    x.push_back(clouds::gaussian(3, 80, 20 + g) + 10.0 * static_cast<double>(g));
    y.push_back(1.5 * clouds::gaussian(3, 80, 30 + g) + 10.0 * static_cast<double>(g));
    y.back().row(0) += 2.0;
  }
  for (std::size_t g = 0; g < 2; ++g) {
    lines.controls.push_back({Cells::dense(x[g]), {}, {}});
    lines.conditions.push_back(
        {{text("line", g), {{"drug", {{}, {"A"}}}, {"line", {{}, {text("l", g)}}}}},
         {Cells::dense(y[g]), {}, {}},
         g});
  }
  for (const char* name : {"conditional_laot", "conditional_gaussian"})
    for (std::size_t g = 0; g < 2; ++g) {
      CAPTURE(name);
      const arma::mat p = predicted(fitted(name, lines), {text("line", g), {}}, x[g]);
      CHECK(arma::norm(arma::vec(arma::mean(p, 1) - arma::mean(y[g], 1))) < 0.1);
      CHECK(arma::mean(arma::vec(arma::stddev(p, 1, 1) / arma::stddev(y[g], 1, 1))) ==
            doctest::Approx(1.0).epsilon(0.1));
    }
}

TEST_CASE(
    "a model of one condition, whether it has a name or none, is evaluated as that condition") {
  Experiment one = experiment();
  one.conditions.resize(1);
  for (const bool named : {true, false})
    for (const char* name : kMethods) {
      CAPTURE(name);
      if (!named) {
        one.conditions[0].condition = {};
        one.embeddings.clear();
      }
      const Model model = fitted(name, one), only = model.at(model.conditions()[0]);
      CHECK(only.training.m == 60);
      HeldOut held_out;
      held_out.model = &model;
      held_out.observed = Cells::dense(screen().training[0].treated);
      held_out.control = Cells::dense(screen().new_control);
      Context context;
      const Table found = evaluate(held_out, {}, context);
      held_out.model = &only;
      const Table wanted = evaluate(held_out, {}, context);
      CHECK(found.texts("condition")[0] == one.conditions[0].condition.name);
      CHECK(found.texts("condition") == wanted.texts("condition"));
      CHECK(found.texts("metric") == wanted.texts("metric"));
      // NaN is not equal to itself.
      const auto alike = [](double x, double y) {
        return x == y || (std::isnan(x) && std::isnan(y));
      };
      const std::vector<double>&a = found.numbers("value"), &b = wanted.numbers("value");
      CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end(), alike));
    }
}

namespace {

std::string text_at(const Model& model, const Condition& condition, const std::string& wanted) {
  for (const auto& [name, value] : model.at(condition).report.texts)
    if (name == wanted) return value;
  return "none was reported";
}

}  // namespace

TEST_CASE("a prediction says what kind its condition is of, and where it is an extrapolation") {
  for (const char* name : kMethods) {
    CAPTURE(name);
    const Model model = fitted(name, experiment());
    for (const ScreenCondition& c : screen().test) {
      CHECK(text_at(model, named_covariates(c), "kind") == name_of(c.kind));
      CHECK(text_at(model, named_covariates(c), "warning") ==
            (c.kind == ConditionKind::seen ? "none was reported" : ""));
    }
    CHECK(text_at(model, {screen().training[0].name, {}}, "kind") == "seen");
    CHECK(text_at(model, at(screen().drugs[2], 15.5), "warning") ==
          "a dose of 15.5 lies beyond those that were seen, 1 to 15: the prediction is an "
          "extrapolation");
  }
}

TEST_CASE("where the conditions say nothing of another, each prediction of another says so") {
  Experiment noise;
  std::vector<arma::mat> cells;
  for (std::uint64_t c = 0; c < 6; ++c) {
    arma::mat y = clouds::gaussian(3, 40, 50 + c);
    y.each_col() += 3.0 * arma::vec(clouds::gaussian(3, 1, 80 + c));
    cells.push_back(y);
  }
  const arma::mat x = clouds::gaussian(3, 40, 1);
  noise.controls.push_back({Cells::dense(x), {}, {}});
  for (std::size_t c = 0; c < 6; ++c)
    noise.conditions.push_back(
        {{text("p", c), {{"patient", {{}, {text("p", c)}}}}}, {Cells::dense(cells[c]), {}, {}}, 0});
  LevelEmbedding embedding{"patient", {}, clouds::gaussian(2, 7, 4), {}};
  for (std::size_t c = 0; c < 7; ++c) embedding.levels.push_back(text("p", c));
  noise.embeddings = {embedding};
  const Model model = fitted("conditional_laot", noise);
  const Condition other{"", {{"patient", {{}, {"p6"}}}}};
  CHECK(text_at(model, other, "kind") == "unseen_level");
  CHECK(text_at(model, other, "warning").find("as large as the shift itself") != std::string::npos);
  CHECK(text_at(model, {"p2", {}}, "warning") == "none was reported");
}

TEST_CASE("an embedding by effect places levels by their treated cells") {
  Context context;
  for (const char* name : {"conditional_laot", "conditional_gaussian", "cmonge"}) {
    CAPTURE(name);
    Params params(method(name).spec);
    params.set_text("embedding", "effect");
    if (std::string(name) == "cmonge") params.set_text("iterations", "20");
    const Model model = fit_model(params, experiment(false), context);
    const ModelFile file = model.store();
    const std::string bytes = file.bytes();
    const Model loaded = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
    const ScreenCondition& left_out = screen().test[3];
    REQUIRE(left_out.kind == ConditionKind::unseen_dose);
    const arma::mat one = predicted(model, named_covariates(left_out), screen().new_control);
    CHECK(same(one, predicted(loaded, named_covariates(left_out), screen().new_control)));
    CHECK(distance(model, left_out) <
          distance(fitted("nearest_shift", experiment(false)), left_out));
    const std::string unseen = screen().drugs[screen().test[6].covariates.treatments[0].level];
    for (const Model* m : {&model, &loaded})
      CHECK(refusal([&] {
              (void)m->at(at(unseen, 3.0));
            }).find("an embedding by effect places a level by its treated cells") !=
            std::string::npos);
  }
  // A drug that was only given with another.
  Experiment only_in_a_pair = experiment(false);
  const ScreenCondition& pair = screen().training.back();
  const std::string drug = screen().drugs[pair.covariates.treatments[1].level];
  auto& all = only_in_a_pair.conditions;
  all.erase(std::remove_if(all.begin(), all.end(),
                           [&](const TreatedPopulation& c) {
                             const auto& levels = c.condition.find("drug")->levels;
                             return levels.size() == 1 && levels[0] == drug;
                           }),
            all.end());
  Params params(method("conditional_gaussian").spec);
  params.set_text("embedding", "effect");
  CHECK(refusal([&] { (void)fit_model(params, only_in_a_pair, context); }) ==
        "embedding = effect places a level by cells that were treated with it alone, and there are "
        "none of \"" +
            drug + "\"; give an embedding, or leave out the conditions of these levels");
}

TEST_CASE("an experiment whose parts do not fit together is refused") {
  const auto refused = [](const Experiment& cells) {
    return refusal([&] { (void)fitted("regressed_shift", cells); });
  };
  Experiment other = experiment();
  other.embeddings[0].covariate = "drog";
  CHECK(refused(other) ==
        "there is an embedding of \"drog\", and the conditions have no such covariate (they have "
        "drug, dose)");
  other.embeddings[0].covariate = "dose";
  CHECK(refused(other) ==
        "covariate \"dose\" has numbers, and an embedding is of levels; leave it out");
  Experiment shorter = experiment();
  shorter.embeddings[0].levels.pop_back();
  CHECK(refused(shorter) == "the embedding of \"drug\" has 8 columns for 7 levels");
  Experiment hole = experiment();
  hole.embeddings[0].coordinates(1, 1) = kNaN;
  CHECK(refused(hole) != "");
  Experiment untreated = experiment();
  untreated.conditions[2].population.cells = untreated.controls[0].cells;
  CHECK(refused(untreated) == "condition \"" + untreated.conditions[2].condition.name +
                                  "\" has the cells of its control population; leave it out, for "
                                  "dose 0 is no condition");
}

TEST_CASE("a covariate of numbers below 0 is a coordinate of the context") {
  // The shift is three times the covariate.
  Experiment line;
  const arma::mat x = clouds::gaussian(2, 60, 1);
  std::vector<arma::mat> cells;
  for (const double at : {-2.0, -1.0, 0.5, 1.5, 2.0}) cells.push_back(x + 3.0 * at);
  line.controls.push_back({Cells::dense(x), {}, {}});
  std::size_t c = 0;
  for (const double at : {-2.0, -1.0, 0.5, 1.5, 2.0}) {
    line.conditions.push_back(
        {{text("at ", at), {{"place", {{at}, {}}}}}, {Cells::dense(cells[c]), {}, {}}, 0});
    ++c;
  }
  for (const char* name : {"conditional_laot", "conditional_gaussian", "regressed_shift"}) {
    CAPTURE(name);
    const Model model = fitted(name, line);
    const Condition between{"", {{"place", {{1.0}, {}}}}};
    CHECK(arma::mean(arma::vectorise(predicted(model, between, x) - x)) ==
          doctest::Approx(3.0).epsilon(0.15));
    CHECK(text_at(model, between, "kind") == "unseen_context");
  }
}

TEST_CASE("all conditions of a level are left out together where that is asked for") {
  // Four drugs at two doses: the other dose says much of a condition, other drugs say little.
  const arma::mat embedding = clouds::gaussian(2, 4, 71);
  const arma::mat effects = clouds::gaussian(3, 2, 72) * embedding + clouds::gaussian(3, 4, 73);
  const arma::mat x = clouds::gaussian(3, 30, 74);
  const std::vector<std::string> drugs{"a", "b", "c", "d"};
  std::vector<arma::mat> treated;
  std::vector<ConditionCovariates> covariates;
  arma::mat shifts(3, 8);
  for (std::size_t c = 0; c < 8; ++c) {
    arma::mat y = clouds::gaussian(3, 25, 80 + c);
    y.each_col() += arma::vec((c % 2 == 0 ? 0.5 : 1.0) * effects.col(c / 2));
    shifts.col(c) = arma::mean(y, 1) - arma::mean(x, 1);
    treated.push_back(y);
    covariates.push_back({{{c / 2, c % 2 == 0 ? 1.0 : 4.0}}, {}});
  }
  Experiment cells;
  cells.controls.push_back({Cells::dense(x), {}, {}});
  for (std::size_t c = 0; c < 8; ++c) {
    Condition condition = at(drugs[c / 2], c % 2 == 0 ? 1.0 : 4.0);
    condition.name = text("condition ", c);
    cells.conditions.push_back({condition, {Cells::dense(treated[c]), {}, {}}, 0});
  }
  cells.embeddings = {{"drug", drugs, embedding, {}}};
  // By refits without so many conditions in a row, each of the eight with its weight of 1/8.
  const arma::mat phi = CovariateFeatures(covariates, embedding).training();
  const auto error_without = [&](std::size_t together) {
    double sum = 0.0;
    for (std::size_t c = 0; c < 8; ++c) {
      std::vector<arma::uword> others;
      for (std::size_t k = 0; k < 8; ++k)
        if (k / together != c / together) others.push_back(k);
      const arma::uvec kept(others);
      const arma::mat p = phi.cols(kept), s = shifts.cols(kept);
      const arma::mat ridge = 8.0 * 0.05 * arma::eye(phi.n_rows, phi.n_rows);
      const arma::vec off =
          shifts.col(c) - s * p.t() * arma::inv(arma::mat(p * p.t() + ridge)) * phi.col(c);
      sum += arma::dot(off, off);
    }
    return std::sqrt(sum / 8.0);
  };
  REQUIRE(error_without(2) > 1.5 * error_without(1));
  for (const auto& [together, how] : {std::pair{1U, "condition"}, {2U, "level"}}) {
    CAPTURE(how);
    Params params(method("regressed_shift").spec);
    params.set_text("shift_ridge", "0.05");
    params.set_text("leave_out", how);
    const Model model = trained(params, cells);
    double found = kNaN;
    for (const auto& [name, value] : model.report.numbers)
      if (name == "shift_error_left_out") found = value;
    CHECK(found == doctest::Approx(error_without(together)).epsilon(1e-9));
  }
}

TEST_CASE("an unseen dose in a context that was seen is mapped about the mean of its controls") {
  // About another mean, cells that are spread out would be moved besides.
  Experiment lines;
  std::vector<arma::mat> x, y;
  for (std::uint64_t g = 0; g < 2; ++g) {
    const double place = 10.0 * static_cast<double>(g);
    x.push_back(clouds::gaussian(3, 60, 20 + g) + place);
    for (std::uint64_t step = 0; step < 2; ++step) {
      y.push_back(1.5 * clouds::gaussian(3, 50, 30 + 2 * g + step) + place);
      y.back().row(0) += 1.0 + static_cast<double>(step);
    }
  }
  const auto given_to = [](std::size_t line, double dose) {
    Condition out = at("A", dose);
    out.covariates.push_back({"line", {{}, {text("l", line)}}});
    return out;
  };
  for (std::size_t g = 0; g < 2; ++g) {
    lines.controls.push_back({Cells::dense(x[g]), {}, {}});
    for (std::size_t step = 0; step < 2; ++step) {
      Condition condition = given_to(g, step == 0 ? 1.0 : 7.0);
      condition.name = text("line ", g, " step ", step);
      lines.conditions.push_back({condition, {Cells::dense(y[2 * g + step]), {}, {}}, g});
    }
  }
  const auto moved = [&](const char* name, std::size_t line) {
    Params params(method(name).spec);
    params.set_text("shift_ridge", "0.05");
    if (name == std::string("conditional_gaussian")) params.set_text("spread_ridge", "0.05");
    return predicted(trained(params, lines), given_to(line, 3.0), x[line]);
  };
  for (std::size_t line = 0; line < 2; ++line) {
    CAPTURE(line);
    const arma::mat spread = moved("conditional_gaussian", line);
    REQUIRE(arma::stddev(spread.row(1)) > 1.03 * arma::stddev(x[line].row(1)));
    const arma::mat shifted = moved("regressed_shift", line);
    CHECK(arma::abs(arma::mean(spread, 1) - arma::mean(shifted, 1)).max() < 1e-9);
  }
}
