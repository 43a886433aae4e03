// Contexts (patients) that are placed by their control cells: seen, new and left out, through the
// registry, files and scores.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "laot/base.hpp"
#include "laot/conditions/control_places.hpp"
#include "laot/evaluation.hpp"
#include "laot/model_file.hpp"
#include "laot/models.hpp"
#include "support/clouds.hpp"
#include "support/small_screen.hpp"

using namespace laot;
using small_screen::refusal;
using small_screen::same;
using small_screen::warning_of;

namespace {

constexpr std::size_t kFeatures = 3, kCells = 40;

// A treatment moves a patient's cells by what the mean of its control cells says.
struct Patient {
  std::string name;
  arma::mat control, treated;
  Patient(const std::string& given, double at, std::uint64_t seed) : name(given) {
    Rng rng(seed);
    control.set_size(kFeatures, kCells);
    treated.set_size(kFeatures, kCells);
    for (double& value : control) value = rng.normal();
    for (double& value : treated) value = rng.normal();
    control.row(0) += at;
    treated.row(0) += at;
    treated.row(1) += 2.0 + at;
  }
};

const std::vector<Patient>& cohort() {
  static const std::vector<Patient> out = [] {
    std::vector<Patient> all;
    for (int p = 0; p < 6; ++p)
      all.emplace_back(text("p", p), 1.5 * p, static_cast<std::uint64_t>(p + 1));
    return all;
  }();
  return out;
}
const Patient& newcomer() {
  static const Patient out("newcomer", 3.75, 99);
  return out;
}

Condition of_patient(const std::string& name) {
  return {"", {{"patient", {{}, {name}}}}};
}

Experiment experiment(bool placed = true) {
  Experiment out;
  for (const Patient& patient : cohort()) {
    Condition condition = of_patient(patient.name);
    condition.name = patient.name + " treated";
    out.conditions.push_back(
        {condition, {Cells::dense(patient.treated), {}, {}}, out.controls.size()});
    out.controls.push_back({Cells::dense(patient.control), {}, {}});
  }
  if (placed) out.embeddings = {placed_by_controls("patient")};
  return out;
}

Model fitted(const std::string& name, const Experiment& cells, int threads = 1) {
  Params params(method(name).spec);
  if (params.method().traits.trains) params.set("iterations", 40.0);
  Context context;
  context.num_threads = threads;
  return fit_model(params, cells, context);
}

arma::mat predicted(const Model& model, const std::string& patient, const arma::mat& x) {
  Context context;
  const Cells cells = Cells::dense(x);
  arma::mat out(arma::size(x));
  model.at(of_patient(patient), cells, context)
      .predict(cells, Nonnegative::no, out.memptr(), context);
  return out;
}

double missed(const arma::mat& predicted, const arma::mat& wanted) {
  return arma::norm(arma::vec(arma::mean(predicted, 1) - arma::mean(wanted, 1)));
}

const char* const kClosed[] = {"conditional_laot", "conditional_gaussian", "regressed_shift",
                               "nearest_shift"};

}  // namespace

TEST_CASE("the number of coordinates is the root of the number of levels, at most ten") {
  CHECK(coordinates_of_levels(2) == 1);
  CHECK(coordinates_of_levels(3) == 1);
  CHECK(coordinates_of_levels(4) == 2);
  CHECK(coordinates_of_levels(8) == 2);
  CHECK(coordinates_of_levels(9) == 3);
  CHECK(coordinates_of_levels(1000) == 10);
  const arma::mat equal(3, 4, arma::fill::value(0.1));
  CHECK(ControlPlaces(equal, 2).axes().n_cols == 0);
  const arma::mat line{{0.0, 1.0, 3.0}, {0.0, 2.0, 6.0}};
  CHECK(ControlPlaces(line, 2).axes().n_cols == 1);
}

TEST_CASE("a patient that was not seen is predicted from its control cells alone") {
  const double no_change = missed(newcomer().control, newcomer().treated);
  for (const char* name : kClosed) {
    CAPTURE(name);
    const Model model = fitted(name, experiment());
    Context context;
    const Model at = model.at(of_patient("newcomer"), Cells::dense(newcomer().control), context);
    CHECK(at.report.texts[0] == std::pair<std::string, std::string>("kind", "unseen_context"));
    CHECK(warning_of(at) == "");
    CHECK(missed(predicted(model, "newcomer", newcomer().control), newcomer().treated) <
          0.35 * no_change);
    // A patient that was seen needs no cells, and is not placed by those that are given.
    const arma::mat seen = predicted(model, "p2", newcomer().control);
    arma::mat plain(arma::size(seen));
    model.at(of_patient("p2"))
        .predict(Cells::dense(newcomer().control), Nonnegative::no, plain.memptr(), context);
    CHECK(same(seen, plain));
    CHECK(model.at(of_patient("p2")).report.texts[0].second == "seen");
  }
}

TEST_CASE("networks place patients by control cells too") {
  for (const char* name : {"cmonge", "cpa"}) {
    CAPTURE(name);
    const Model model = fitted(name, experiment());
    const arma::mat moved = predicted(model, "newcomer", newcomer().control);
    CHECK(moved.is_finite());
    // Where the cells of another patient come, the prediction is another.
    Context context;
    arma::mat other(arma::size(moved));
    model.at(of_patient("newcomer"), Cells::dense(cohort()[0].control), context)
        .predict(Cells::dense(newcomer().control), Nonnegative::no, other.memptr(), context);
    CHECK(arma::abs(moved - other).max() > 1e-3);
  }
}

TEST_CASE("models of patients placed by control cells survive their file, for every thread count") {
  for (const char* name : {"conditional_laot", "conditional_gaussian", "regressed_shift",
                           "nearest_shift", "cmonge", "cpa"}) {
    CAPTURE(name);
    const Model model = fitted(name, experiment()), other = fitted(name, experiment(), 2);
    const ModelFile file = model.store();
    const std::string bytes = file.bytes();
    const Model loaded = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
    for (const std::string patient : {"newcomer", "p3"}) {
      const arma::mat wanted = predicted(model, patient, newcomer().control);
      CHECK(same(predicted(loaded, patient, newcomer().control), wanted));
      CHECK(same(predicted(other, patient, newcomer().control), wanted));
    }
  }
}

TEST_CASE("a patient that is left out of a fit is placed by its control cells, in scores too") {
  Experiment left_out = experiment();
  left_out.held_out = {"p3 treated"};
  const Model model = fitted("regressed_shift", left_out);
  Context context;
  const Cells controls = Cells::dense(cohort()[3].control);
  const Model named = model.at({"p3 treated", {}}, controls, context);
  CHECK(named.report.texts[0].second == "unseen_context");
  Experiment scored;
  scored.controls = {{controls, {}, {}}};
  scored.conditions = {left_out.conditions[3]};
  scored.conditions[0].control = 0;
  EvaluationOptions options;
  options.metrics = {"mmd2"};
  const Table table = evaluate_conditions({&model}, scored, options, context);
  std::map<std::string, double> value;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    value[table.texts("method")[r]] = table.numbers("value")[r];
    CHECK(table.texts("kind")[r] == "unseen context");
  }
  for (const char* name : {"regressed_shift", "conditional_gaussian", "nearest_shift", "identity"})
    REQUIRE(value.count(name) == 1);
  CHECK(value["regressed_shift"] < 0.35 * value["identity"]);
  // The trivial predictors beside are placed so too.
  CHECK(value["conditional_gaussian"] < 0.35 * value["identity"]);
  EvaluationOptions one;
  one.condition = "p3 treated";
  one.metrics = {"mmd2"};
  HeldOut cells;
  cells.model = &model;
  cells.observed = Cells::dense(cohort()[3].treated);
  cells.control = controls;
  CHECK(evaluate(cells, one, context).rows() > 0);
}

TEST_CASE("a level that control cells place is told where these are few or far from the others") {
  const Model model = fitted("regressed_shift", experiment());
  Context context;
  const arma::mat few = newcomer().control.head_cols(1);
  CHECK(warning_of(model.at(of_patient("newcomer"), Cells::dense(few), context))
            .find("level \"newcomer\" of \"patient\" is placed by the mean of 1 control cell") ==
        0);
  arma::mat far = newcomer().control;
  far.row(0) += 20.0;
  const std::string said = warning_of(model.at(of_patient("newcomer"), Cells::dense(far), context));
  CHECK(said.find("level \"newcomer\" of \"patient\" lies beyond the levels that were seen "
                  "(coordinate 1 of the control cells is ") == 0);
  CHECK(said.find("the prediction is an extrapolation") != std::string::npos);
  for (std::size_t k = 0; k + 5 < said.size(); ++k)  // three digits say where
    CHECK_FALSE(std::all_of(said.begin() + k, said.begin() + k + 5,
                            [](char c) { return c >= '0' && c <= '9'; }));
}

namespace {

arma::mat with_mean(arma::mat cells, const arma::vec& mean) {
  cells.each_col() += arma::vec(mean - arma::mean(cells, 1));
  return cells;
}

// The cohort with the means of its control cells on a line, from 0 to 7.5, so that one coordinate
// places them; treated cells are turned and stretched.
struct OnALine {
  std::vector<arma::mat> control, treated;

  OnALine() {
    const arma::mat turn{{1.0, 0.0, 0.0}, {0.8, 1.5, 0.0}, {0.0, 0.3, 1.0}};
    for (std::size_t p = 0; p < cohort().size(); ++p) {
      const double place = 1.5 * static_cast<double>(p);
      control.push_back(with_mean(cohort()[p].control, {place, 0.0, 0.0}));
      treated.push_back(
          with_mean(turn * clouds::gaussian(kFeatures, kCells, 40 + p), {place, 2.0 + place, 0.0}));
    }
  }
  Experiment cells() const {
    Experiment out = experiment();
    for (std::size_t p = 0; p < control.size(); ++p) {
      out.controls[p].cells = Cells::dense(control[p]);
      out.conditions[p].population.cells = Cells::dense(treated[p]);
    }
    return out;
  }
};

}  // namespace

TEST_CASE("a level lies beyond the others from a quarter of their span on") {
  const OnALine line;
  const Model model = fitted("regressed_shift", line.cells());
  const auto said = [&](double place) {
    arma::mat cells(kFeatures, 30, arma::fill::zeros);
    cells.row(0).fill(place);
    Context context;
    return warning_of(model.at(of_patient("newcomer"), Cells::dense(cells), context));
  };
  // A quarter of the span from 0 to 7.5 is 1.875.
  for (const double place : {-1.8, 3.0, 9.3}) CHECK(said(place) == "");
  for (const double place : {-1.95, 9.45})
    CHECK(said(place).find("level \"newcomer\" of \"patient\" lies beyond the levels that were "
                           "seen (coordinate 1 of the control cells is ") == 0);
}

TEST_CASE("twenty control cells place a level without a word, and by their own covariance") {
  const OnALine line;
  const Model model = fitted("conditional_gaussian", line.cells());
  const arma::mat shear{{3.0, 0.0, 0.0}, {1.0, 1.0, 0.0}, {0.0, 0.0, 0.5}};
  const arma::vec mean{3.75, 0.0, 0.0};
  const Cells asked = Cells::dense(newcomer().control);
  for (const arma::uword count : {19, 20}) {
    CAPTURE(count);
    Context context;
    // Two populations of one mean and of different covariances.
    std::vector<arma::mat> moved;
    const arma::mat some = newcomer().control.head_cols(count);
    for (const arma::mat& cells : {with_mean(some, mean), with_mean(shear * some, mean)}) {
      const Model at = model.at(of_patient("newcomer"), Cells::dense(cells), context);
      const std::string said = warning_of(at);
      CHECK((said == "") == (count == 20));
      CHECK((said.find("is placed by the mean of 19 control cells") == std::string::npos) ==
            (count == 20));
      moved.emplace_back(arma::size(newcomer().control));
      at.predict(asked, Nonnegative::no, moved.back().memptr(), context);
    }
    const double apart = arma::abs(moved[0] - moved[1]).max();
    CAPTURE(apart);
    CHECK((apart < 1e-9) == (count == 19));
    CHECK((apart > 1e-2) == (count == 20));
  }
}

TEST_CASE("contexts that control cells cannot place are refused in a sentence") {
  const Model model = fitted("regressed_shift", experiment());
  CHECK(refusal([&] { (void)model.at(of_patient("p9")); }) ==
        "the model knows no level of \"patient\" \"p9\" (the nearest is p0), and a level that was "
        "not seen is placed by its control cells; give these");
  Context context;
  CHECK(refusal([&] {
          (void)model.at(of_patient("p9"), Cells::dense(arma::mat(2, 4, arma::fill::zeros)),
                         context);
        }).find("the model was fitted on 3 features, found 2") == 0);
  CHECK(refusal([&] {
          (void)model.at(of_patient("p9"), Cells::dense(arma::mat(3, 0)), context);
        }) != "");
  arma::mat lost = newcomer().control;
  lost(1, 2) = kNaN;
  CHECK(refusal([&] {
          (void)model.at(of_patient("p9"), Cells::dense(lost), context);
        }).find("NaN") != std::string::npos);

  Experiment shared = experiment();
  shared.conditions[4].control = 1;
  CHECK(
      refusal([&] { (void)fitted("regressed_shift", shared); }) ==
      "\"patient\" is placed by control cells, and \"p1\" and \"p4\" have the same ones; give each "
      "level control cells of its own, labelled with it");
  Experiment single = experiment();
  single.conditions.resize(1);
  CHECK(refusal([&] {
          (void)fitted("regressed_shift", single);
        }).find("\"patient\" is placed by control cells and has one level, \"p0\"") == 0);
  Experiment several = experiment();
  several.conditions[0].condition.covariates[0].second.levels = {"p0", "p1"};
  CHECK(refusal([&] {
          (void)fitted("regressed_shift", several);
        }).find("\"patient\" is placed by control cells, and condition \"p0 treated\" has 2") == 0);
  Experiment absent = experiment();
  absent.embeddings = {placed_by_controls("donor")};
  CHECK(refusal([&] {
          (void)fitted("regressed_shift", absent);
        }).find("there is an embedding of \"donor\", and the conditions have no such") == 0);
  Experiment alike = experiment();
  for (Population& control : alike.controls) control.cells = Cells::dense(cohort()[0].control);
  CHECK(refusal([&] { (void)fitted("regressed_shift", alike); }) ==
        "\"patient\" is placed by control cells, and those of all levels have the same mean; leave "
        "the covariate one-hot, or give an embedding");
}

TEST_CASE("a damaged file of levels that control cells place is refused") {
  const Model model = fitted("regressed_shift", experiment());
  const auto refused = [&](const char* name, const arma::mat& value) {
    const ModelFile whole = model.store();
    ModelFile file = whole;
    file.put(name, value);
    const std::string bytes = file.bytes();
    return refusal([&] { (void)Model::load(ModelFile::parse(bytes.data(), bytes.size())); });
  };
  const ModelFile whole = model.store();
  arma::mat axes = whole.matrix("response.context0.axes");
  CHECK(axes.n_cols == 2);
  CHECK(refused("response.context0.axes", axes.head_cols(1))
            .find("the model file places the levels of \"patient\" along 3 x 1 axes") == 0);
  CHECK(refused("response.context0.axes", axes.head_rows(2)) != "");
  axes(0, 0) = kNaN;
  CHECK(refused("response.context0.axes", axes) != "");
  arma::mat levels = whole.matrix("response.context_levels");
  levels[2] = 6.0;
  CHECK(refused("response.context_levels", levels) ==
        "a context of the model file has the level 6 of at most 6");
  levels[2] = 0.5;
  CHECK(refused("response.context_levels", levels) != "");
  CHECK(refused("response.context_levels", levels.head_cols(3)) ==
        "the model file has levels of 3 contexts of 6 conditions");
}
