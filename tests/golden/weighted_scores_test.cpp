// Scores with the weights of a balanced fit against an independent program
// (tests/golden/evaluation/weighted.py), and what else an evaluation says of weights.
#include <doctest/doctest.h>

#include <cmath>

#include "laot/evaluation.hpp"
#include "laot/metrics/weighted.hpp"
#include "support/clouds.hpp"
#include "support/fixtures.hpp"

using namespace laot;

namespace {

using Labels = std::vector<std::string>;

arma::mat cells(const std::string& name) {
  return fixtures::read_cells(fixtures::golden("evaluation/" + name + ".csv"));
}

Labels cycle(const Labels& labels, std::size_t count) {
  Labels out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(labels[i % labels.size()]);
  return out;
}

const Labels kControl = {"T", "B", "B"}, kTreated = {"B", "T", "T"},
             kObserved = {"B", "B", "B", "T", "T", "T", "T", "NK"};

struct Balanced {
  arma::mat train_control = cells("train_control"), train_treated = cells("train_treated"),
            control = cells("control"), observed = cells("observed");
  Context context;
  Model model;
  HeldOut held_out;
  EvaluationOptions options;

  explicit Balanced(const std::string& balance = "types") : model(fitted(balance)) {
    held_out.model = &model;
    held_out.observed = Cells::dense(observed);
    held_out.control = Cells::dense(control);
    for (const MetricSpec& spec : metrics())
      if (has_weighted_form(spec)) options.metrics.push_back(spec.name);
  }

  Model fitted(const std::string& balance) {
    context.seed = 7;
    Params params(method("laot").spec);
    params.use_preset("calibrated");
    params.set("n_pcs", 0.0);
    params.set_text("balance", balance);
    Experiment training = experiment_of(Cells::dense(train_control), Cells::dense(train_treated));
    training.controls[0].types = cycle(kControl, train_control.n_cols);
    training.conditions[0].population.types = cycle(kTreated, train_treated.n_cols);
    return fit_model(params, training, context);
  }

  Table table() { return evaluate(held_out, options, context); }
};

bool is_weighted(const Table& table, std::size_t row) {
  const std::string& estimator = table.texts("estimator")[row];
  return estimator.size() > 10 && estimator.substr(estimator.size() - 10) == ", weighted";
}

// The row of a method's metric; rows() where there is none.
std::size_t row_of(const Table& table, const std::string& method, const std::string& metric,
                   bool weighted) {
  std::size_t r = 0;
  while (r < table.rows() &&
         !(table.texts("method")[r] == method && table.texts("metric")[r] == metric &&
           table.texts("group")[r].empty() && is_weighted(table, r) == weighted))
    ++r;
  return r;
}

}  // namespace

TEST_CASE("scores with and without weights are those of an independent program") {
  Balanced study;
  study.held_out.control_groups = cycle(kControl, study.control.n_cols);
  study.held_out.observed_groups = cycle(kObserved, study.observed.n_cols);
  const Table found = study.table();
  const fixtures::Table expected =
      fixtures::read_table(fixtures::golden("evaluation/expected_weighted.csv"));
  REQUIRE(expected.rows.size() == 48);
  for (std::size_t r = 0; r < expected.rows.size(); ++r)
    for (const bool weighted : {false, true}) {
      const std::string metric = expected.at(r, "metric");
      CAPTURE(expected.at(r, "method"));
      CAPTURE(metric);
      CAPTURE(weighted);
      const std::size_t row = row_of(found, expected.at(r, "method"), metric, weighted);
      REQUIRE(row < found.rows());
      const char* column = weighted ? "weighted" : "value";
      const double value = found.numbers("value")[row];
      if (expected.at(r, column) == "nan")
        CHECK(std::isnan(value));
      else
        CHECK(fixtures::close(value, expected.number(r, column), 1e-9));
      const bool told =
          found.texts("setting")[row].find("cells weighted by type") != std::string::npos;
      CHECK(told == weighted);
    }
}

TEST_CASE(
    "the model's own predictions have weighted rows, true treated cells and groups have none") {
  Balanced study;
  study.held_out.control_groups = cycle(kControl, study.control.n_cols);
  const Table found = study.table();
  for (const std::string& metric : study.options.metrics) {
    CAPTURE(metric);
    CHECK(row_of(found, "laot", metric, true) ==
          row_of(found, "laot", metric, false) + study.options.metrics.size());
    CHECK(row_of(found, "noise_reference", metric, true) == found.rows());
  }
  for (const std::string& group : found.texts("group")) CHECK(group.empty());
  arma::mat predicted(study.control.n_rows, study.control.n_cols);
  study.model.predict(Cells::dense(study.control), Nonnegative::no, predicted.memptr(),
                      study.context);
  const arma::vec weights = study.model.weights(Cells::dense(study.control),
                                                study.held_out.control_groups, study.context);
  CHECK(found.numbers("value")[row_of(found, "laot", "mmd2", true)] ==
        doctest::Approx(weighted_mmd2(predicted, weights, study.observed,
                                      study.model.training.median_gamma, study.context))
            .epsilon(1e-12));
}

TEST_CASE("weights that need types say so where these are missing or new") {
  Balanced study;
  const auto sentence = [&] {
    try {
      study.table();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(sentence().find("balanced by types") != std::string::npos);
  study.held_out.control_groups = cycle({"T", "platelet"}, study.control.n_cols);
  CHECK(sentence().find("\"platelet\" was not among the fitted cells") != std::string::npos);
  study.held_out.control_groups = {"T"};
  CHECK(sentence().find("1 group labels for 117 cells") != std::string::npos);
  study.held_out.control_groups.clear();
  study.held_out.predicted = Cells::dense(study.control);
  CHECK(sentence().empty());  // cells as they are, whose weights nobody knows
}

TEST_CASE("weights by cluster need no labels; subsamples have no weights") {
  Balanced study("clusters");
  const Table found = study.table();
  const std::size_t row = row_of(found, "laot", "w2", true);
  REQUIRE(row < found.rows());
  CHECK(found.texts("setting")[row] == "cells weighted by cluster");
  study.options.metrics.clear();
  study.options.preset = "cellot";
  const Table subsampled = study.table();
  for (std::size_t r = 0; r < subsampled.rows(); ++r) CHECK(!is_weighted(subsampled, r));
}

TEST_CASE("several conditions take the types of their control cells") {
  const Balanced study;
  Params params(method("laot").spec);
  params.use_preset("calibrated");
  params.set_text("balance", "types");
  const auto experiment = [](const arma::mat& control, const arma::mat& treated) {
    Experiment out;
    out.controls.push_back({Cells::dense(control), {}, {}, cycle(kControl, control.n_cols)});
    for (const char* name : {"first", "second"})
      out.conditions.push_back(
          {{name, {}}, {Cells::dense(treated), {}, {}, cycle(kTreated, treated.n_cols)}, 0});
    return out;
  };
  Context context;
  const Model model =
      fit_model(params, experiment(study.train_control, study.train_treated), context);
  Experiment held_out = experiment(study.control, study.observed);
  const Table found = evaluate_conditions({&model}, held_out, study.options, context);
  for (const char* name : {"first", "second"}) {
    std::size_t weighted = 0;
    for (std::size_t r = 0; r < found.rows(); ++r)
      weighted += found.texts("condition")[r] == name && is_weighted(found, r) ? 1 : 0;
    // The model, identity, mean shift and Gaussian map.
    CHECK(weighted == 4 * study.options.metrics.size());
  }
  held_out.controls[0].types.clear();
  CHECK_THROWS_WITH_AS(evaluate_conditions({&model}, held_out, study.options, context),
                       doctest::Contains("balanced by types"), Error);
}

TEST_CASE("a fit that is not balanced has no weighted rows") {
  Balanced study("none");
  const Table found = study.table();
  for (std::size_t r = 0; r < found.rows(); ++r) CHECK(!is_weighted(found, r));
}

TEST_CASE("equal weights change no score, whole weights count as copies do") {
  Context context;
  const arma::mat x = clouds::gaussian(3, 9, 1), y = clouds::gaussian(3, 14, 2);
  const arma::vec even(9, arma::fill::value(0.4)), twice = {1, 2, 0, 1, 1, 2, 1, 1, 1};
  arma::mat copies(3, 0);
  for (arma::uword i = 0; i < 9; ++i)
    for (int k = 0; k < twice[i]; ++k) copies.insert_cols(copies.n_cols, x.col(i));
  ScoreSettings settings;
  settings.gammas = {0.3, 0.7};
  for (const MetricSpec& spec : metrics()) {
    if (!has_weighted_form(spec)) continue;
    CAPTURE(spec.name);
    const auto weighted = [&](const arma::vec& w) {
      ScoredCells observed(y), start(x);
      return score_weighted({{&spec, 1}}, x, w, observed, &start, settings, context)[0].value;
    };
    const auto alike = [&](const arma::mat& cells) {
      ScoredCells predicted(cells), observed(y), start(x);
      return score_all({{&spec, 1}}, predicted, observed, &start, settings, context)[0].value;
    };
    const double even_score = weighted(even), plain = alike(x);
    CHECK((std::isnan(plain) ? std::isnan(even_score) : fixtures::close(even_score, plain, 1e-10)));
    const bool pairs = spec.name == "mmd2" || spec.name == "mmd2_clipped" ||
                       spec.name == "energy_distance";  // where a cell and its copy are two cells
    if (!pairs) CHECK(fixtures::close(weighted(twice), alike(copies), 1e-10));
  }
}

TEST_CASE("weights that no cell can have are refused") {
  Context context;
  const arma::mat x = clouds::gaussian(2, 3, 1), y = clouds::gaussian(2, 4, 2);
  CHECK_THROWS_AS(weighted_mmd2(x, arma::vec{1, -1, 1}, y, 0.3, context), Error);
  CHECK_THROWS_AS(weighted_mmd2(x, arma::vec{0, 0, 0}, y, 0.3, context), Error);
  CHECK_THROWS_AS(weighted_mmd2(x, arma::vec{1, 1}, y, 0.3, context), Error);
  CHECK(std::isnan(weighted_mmd2(x, arma::vec{0, 1, 0}, y, 0.3, context)));
}

TEST_CASE("weighted scores have the same bits for every number of threads") {
  const arma::mat x = clouds::gaussian(4, 1100, 1), y = clouds::gaussian(4, 1050, 2);
  arma::vec w(1100);
  for (arma::uword i = 0; i < w.n_elem; ++i) w[i] = 0.2 + static_cast<double>(i % 7);
  Context one, three;
  three.num_threads = 3;
  CHECK(weighted_mmd2(x, w, y, 0.2, one) == weighted_mmd2(x, w, y, 0.2, three));
  CHECK(weighted_wasserstein2(x, w, y, one) == weighted_wasserstein2(x, w, y, three));
}
