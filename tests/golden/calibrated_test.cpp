// Whole fits against numpy and scipy (tests/golden/README.md, calibrated/): the automatic ridge,
// the shrinkage, the spaces, batches, the stopping rule, minibatches, and predictions of new cells.
#include <doctest/doctest.h>

#include <sstream>

#include "laot/models.hpp"
#include "support/fixtures.hpp"

using namespace laot;

namespace {

struct GoldenSide {
  arma::mat cells;
  std::vector<std::string> batch;  // empty where there is one level
};

GoldenSide side(const std::string& data, const char* which) {
  const arma::mat all =
      fixtures::read_cells(fixtures::golden("calibrated/" + data + "_" + which + ".csv"));
  GoldenSide out{all.head_rows(all.n_rows - 1), {}};
  const arma::rowvec level = all.tail_rows(1);
  if (level.max() > 0.0)
    for (const double value : level) out.batch.push_back(value > 0.0 ? "b" : "a");
  return out;
}

double reported(const Model& model, const std::string& name) {
  for (const auto& [key, value] : model.report.numbers)
    if (key == name) return value;
  FAIL("the report has no ", name);
  return 0.0;
}

std::string stop_reason(const Model& model) {
  for (const auto& [key, value] : model.report.texts)
    if (key == "stop_reason") return value;
  return {};
}

const std::vector<double>& column(const Model& model, const std::string& name) {
  for (const auto& [key, values] : model.trace)
    if (key == name) return values;
  FAIL("the trace has no ", name);
  return model.trace.front().second;
}

arma::mat predicted(const Model& model, const arma::mat& cells) {
  Context context;
  arma::mat out(cells.n_rows, cells.n_cols);
  model.predict(Cells::dense(cells), Nonnegative::no, out.memptr(), context);
  return out;
}

Params params_of(const std::string& method_name, const std::string& settings) {
  Params params(method(method_name).spec);
  std::istringstream words(settings);
  for (std::string word; words >> word;) {
    const auto equal = word.find('=');
    params.set_text(word.substr(0, equal), word.substr(equal + 1));
  }
  return params;
}

Model fitted(const Params& params, const GoldenSide& x, const GoldenSide& y) {
  Context context;
  context.seed = 7;
  Experiment cells = experiment_of(Cells::dense(x.cells), Cells::dense(y.cells));
  cells.controls[0].batch = x.batch;
  cells.conditions[0].population.batch = y.batch;
  return fit_model(params, cells, context);
}

// expected.csv has cells in rows.
double value_of(const arma::mat& cells, const std::vector<std::string>& row) {
  return cells(std::stoul(row[3]), std::stoul(row[2]));
}

const char* reason_for(const std::string& stop) {
  if (stop == "repeated") return "the plan repeated";
  return stop == "fall" ? "the objective stopped falling" : "epochs were run";
}

}  // namespace

TEST_CASE("golden fits with the defaults of preset calibrated") {
  const fixtures::Table cases = fixtures::read_table(fixtures::golden("calibrated/cases.csv"));
  const fixtures::Table expected =
      fixtures::read_table(fixtures::golden("calibrated/expected.csv"));
  const char* const trace_columns[] = {"ridge", "residual_sum_after_plan",
                                       "residual_sum_after_update"};
  CHECK(cases.rows.size() >= 13);
  for (std::size_t c = 0; c < cases.rows.size(); ++c) {
    const std::string name = cases.at(c, "case");
    CAPTURE(name);
    const GoldenSide x = side(cases.at(c, "data"), "x"), y = side(cases.at(c, "data"), "y"),
                     fresh = side(cases.at(c, "data"), "new");
    const Model model = fitted(params_of("laot", cases.at(c, "settings")), x, y);
    CHECK(model.space.basis.n_cols == std::stoul(cases.at(c, "components")));
    CHECK(reported(model, "iterations") == cases.number(c, "iterations"));
    CHECK(stop_reason(model).find(reason_for(cases.at(c, "stop"))) != std::string::npos);
    const arma::mat by_fit = predicted(model, fresh.cells),
                    by_gaussian = predicted(model.trivial("gaussian_map"), fresh.cells);
    const arma::mat map = model.array("map").matrix().t();
    std::size_t compared = 0;
    for (const auto& row : expected.rows) {
      if (row[0] != name) continue;
      const double wanted = std::stod(row[4]);
      CAPTURE(row[1]);
      CAPTURE(row[2]);
      CAPTURE(row[3]);
      double got = 0.0;
      if (row[1] == "trace")
        got = column(model, trace_columns[std::stoul(row[3])]).at(std::stoul(row[2]));
      else if (row[1] == "predicted")
        got = value_of(by_fit, row);
      else if (row[1] == "map")
        got = value_of(map, row);
      else if (row[1] == "gaussian")
        got = value_of(by_gaussian, row);
      else
        continue;
      CHECK(fixtures::close(got, wanted, 1e-8));
      ++compared;
    }
    CHECK(compared >= 30);
  }
}

TEST_CASE("the Gaussian map of the fixtures, where the two sides differ in number") {
  const fixtures::Table expected =
      fixtures::read_table(fixtures::golden("calibrated/expected.csv"));
  const GoldenSide x = side("d6n60m75s1", "x"), y = side("d6n60m75s1", "y"),
                   fresh = side("d6n60m75s1", "new");
  const arma::mat got = predicted(
      fitted(params_of("gaussian_map", "shrink=none divisor=n-1 jitter=1e-6 scale=none n_pcs=0"), x,
             y),
      fresh.cells);
  std::size_t compared = 0;
  for (const auto& row : expected.rows) {
    if (row[1] != "gaussian_unbiased") continue;
    CHECK(fixtures::close(value_of(got, row), std::stod(row[4]), 1e-9));
    ++compared;
  }
  CHECK(compared == 36);
}
