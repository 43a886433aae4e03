// Candidates that a fit compared before it settled: the table, in the model, through its file, and
// damaged.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "laot/models.hpp"
#include "support/bad_format.hpp"
#include "support/clouds.hpp"
#include "support/small_screen.hpp"

using namespace laot;

namespace {

Model bending() {
  arma::mat control = clouds::gaussian(3, 400, 1) + 3.0, treated = clouds::gaussian(3, 350, 2);
  for (double& value : treated) value = 4.0 + value + 1.5 * std::tanh(2.0 * value);
  Context context;
  context.seed = 1;
  Params params(method("laot").spec);
  params.use_preset("adaptive");
  return fit_model(params, experiment_of(Cells::dense(control), Cells::dense(treated)), context);
}

Model reloaded(const Model& model) {
  const std::string bytes = model.store().bytes();
  return Model::load(ModelFile::parse(bytes.data(), bytes.size()));
}

const std::string& report_text(const Model& model, const std::string& name) {
  for (const auto& [key, value] : model.report.texts)
    if (key == name) return value;
  FAIL("no text " << name);
  return name;
}

void check_columns(const Table& table, const std::string& condition) {
  std::vector<std::string> names;
  for (const Table::Column& column : table.columns()) names.push_back(column.name);
  CHECK(names == std::vector<std::string>{"condition", "choice", "candidate", "mmd2", "gain",
                                          "standard_error", "chosen"});
  for (const std::string& name : table.texts("condition")) CHECK(name == condition);
}

}  // namespace

TEST_CASE("the maps that an adaptive fit compared, by their scores in each part") {
  const Model model = bending();
  const arma::mat by_part = model.array("choice_scores").matrix();
  REQUIRE(by_part.n_rows == 5);
  REQUIRE(by_part.n_cols == 4);
  for (const Model& one : {model, reloaded(model)}) {
    const Table table = table_of_choices(one);
    check_columns(table, "");
    REQUIRE(table.rows() == 4);
    CHECK(table.texts("candidate") ==
          TextColumn{"linear", "linear + marginals", "lift", "lift + marginals"});
    for (arma::uword k = 0; k < 4; ++k) {
      const arma::vec differences = by_part.col(k) - by_part.col(0);
      CHECK(table.texts("choice")[k] == "map");
      CHECK(table.numbers("mmd2")[k] == doctest::Approx(arma::mean(by_part.col(k))).epsilon(1e-12));
      CHECK(table.numbers("gain")[k] == doctest::Approx(arma::mean(differences)).epsilon(1e-12));
      CHECK(table.numbers("standard_error")[k] ==
            doctest::Approx(arma::stddev(differences) / std::sqrt(5.0)).epsilon(1e-12));
      CHECK(table.numbers("chosen")[k] ==
            (table.texts("candidate")[k] == report_text(model, "choice") ? 1.0 : 0.0));
    }
  }
  // Nothing to choose between: no rows.
  CHECK(table_of_choices(model.trivial("identity")).rows() == 0);
}

TEST_CASE("what a fit of many conditions compared, for all and for each condition") {
  const Model model = small_screen::fitted("conditional_laot", small_screen::experiment());
  std::vector<double> own;
  for (const auto& part : model.parts)
    for (const auto& [name, value] : part->report.numbers)
      if (name == "own_share") own.push_back(value);
  REQUIRE(own.size() == model.parts.size());
  double restore = kNaN;
  for (const auto& [name, value] : model.report.numbers)
    if (name == "restore") restore = value;
  for (const Model& one : {model, reloaded(model)}) {
    const Table table = table_of_choices(one);
    check_columns(table, "");
    REQUIRE(table.rows() == 10);
    const TextColumn &choice = table.texts("choice"), &candidate = table.texts("candidate");
    const NumberColumn &mmd2 = table.numbers("mmd2"), &chosen = table.numbers("chosen");
    for (std::size_t k = 0; k < 10; ++k) {
      CHECK(choice[k] == (k < 5 ? "restore" : "own_share"));
      CHECK(candidate[k] == TextColumn{"0", "0.25", "0.5", "0.75", "1"}[k % 5]);
      CHECK(std::isfinite(mmd2[k]));
      CHECK(std::isnan(table.numbers("gain")[k]));
      CHECK(std::isnan(table.numbers("standard_error")[k]));
      const double value = 0.25 * static_cast<double>(k % 5);
      const double took = static_cast<double>(std::count(own.begin(), own.end(), value)) /
                          static_cast<double>(own.size());
      CHECK(chosen[k] == (k < 5 ? (value == restore ? 1.0 : 0.0) : took));
      // The strength of restoring is that with the least score.
      if (k < 5 && chosen[k] == 1.0)
        for (std::size_t other = 0; other < 5; ++other) CHECK(mmd2[k] <= mmd2[other]);
    }
  }
}

TEST_CASE("a fit of several conditions has the choices of each, under its name") {
  const arma::mat control = clouds::gaussian(2, 150, 3);
  arma::mat treated = clouds::gaussian(2, 150, 4);
  treated = treated % arma::abs(treated);
  Experiment experiment;
  experiment.controls.push_back({Cells::dense(control), {}, {}, {}});
  for (const char* name : {"first", "second"})
    experiment.conditions.push_back({{name, {}}, {Cells::dense(treated), {}, {}, {}}, 0});
  Context context;
  context.seed = 1;
  Params params(method("laot").spec);
  params.use_preset("adaptive");
  const Model model = fit_model(params, experiment, context);
  const Table table = table_of_choices(model);
  REQUIRE(table.rows() == 8);
  CHECK(table.texts("condition")[3] == "first");
  CHECK(table.texts("condition")[4] == "second");
  CHECK(table_of_choices(model.at({"second", {}})).rows() == 4);
}

TEST_CASE("choices of a damaged file are refused") {
  const Model model = bending();
  const auto put_scores = [](arma::uword rows, arma::uword columns) {
    return [=](ModelFile& file) {
      file.put("choices.scores", arma::mat(rows, columns, arma::fill::zeros));
    };
  };
  refused(
      model, [](ModelFile& file) { file.put_texts("choices.candidate", {"linear"}); },
      "the choices of the model file are 4 with 1 candidates");
  refused(model, put_scores(4, 3), "4 candidates and 4 x 3 scores");
  refused(model, put_scores(3, 4), "4 candidates and 3 x 4 scores");
}
