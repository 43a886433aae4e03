// The alternation against numpy and POT (tests/golden/README.md, laot/).
#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "laot/feature_space.hpp"
#include "laot/laot.hpp"
#include "support/fixtures.hpp"

using namespace laot;

namespace {

struct Run {
  std::string data, update, preprocessing;
};

Run parsed(const std::string& run) {
  const auto a = run.find('/'), b = run.find('/', a + 1);
  return {run.substr(0, a), run.substr(a + 1, b - a - 1), run.substr(b + 1)};
}

FeatureSpaceOptions space_of(const std::string& preprocessing) {
  FeatureSpaceOptions options;
  options.components = 0;
  options.scale = preprocessing == "zscore" ? Scale::feature : Scale::none;
  options.center = preprocessing == "zscore"     ? Center::joint
                   : preprocessing == "own_mean" ? Center::own
                                                 : Center::none;
  return options;
}

}  // namespace

TEST_CASE("golden runs of the alternation") {
  const fixtures::Table maps = fixtures::read_table(fixtures::golden("laot/W.csv"));
  const fixtures::Table objectives = fixtures::read_table(fixtures::golden("laot/objective.csv"));
  const fixtures::Table plans = fixtures::read_table(fixtures::golden("laot/plan.csv"));
  std::set<std::string> runs;
  for (const auto& row : objectives.rows) runs.insert(row[0]);
  CHECK(runs.size() >= 12);
  for (const std::string& name : runs) {
    CAPTURE(name);
    const Run run = parsed(name);
    const arma::mat raw_x = fixtures::read_cells(fixtures::golden("laot/" + run.data + "_x.csv"));
    const arma::mat raw_y = fixtures::read_cells(fixtures::golden("laot/" + run.data + "_y.csv"));
    Context context;
    const arma::vec a(raw_x.n_cols, arma::fill::value(1.0 / static_cast<double>(raw_x.n_cols)));
    const arma::vec b(raw_y.n_cols, arma::fill::value(1.0 / static_cast<double>(raw_y.n_cols)));
    const FeatureSpace space = FeatureSpace::fit(Cells::dense(raw_x), Cells::dense(raw_y), a, b,
                                                 space_of(run.preprocessing), context);
    const arma::mat x = space.encode(Cells::dense(raw_x), Side::control, context);
    const arma::mat y = space.encode(Cells::dense(raw_y), Side::treated, context);
    LaotOptions options;
    options.ridge = 0.0;
    options.restore = Restore::none;
    options.tol = 0.0;
    options.update = run.update == "adam" ? Update::adam : Update::least_squares;
    options.learning_rate = 0.05;
    options.weight_decay = 1e-4;

    std::map<int, LaotResult> after;
    for (int k = 1; k <= 5; ++k) {
      options.max_iter = options.epochs = k;
      after[k] = alternate(x, y, {}, {}, options, context);
    }
    for (const auto& row : maps.rows) {
      if (row[0] != name) continue;
      const int k = std::stoi(row[1]);
      const double got = after[k].map(std::stoul(row[2]), std::stoul(row[3]));
      CHECK(fixtures::close(got, std::stod(row[4]), 1e-7));
    }
    for (const auto& row : objectives.rows) {
      if (row[0] != name) continue;
      const std::size_t k = std::stoul(row[1]) - 1;
      const LaotTrace& trace = after[5].trace;
      if (k >= trace.residual_after_plan.size()) continue;  // stopped: the plan repeated
      CHECK(fixtures::close(trace.residual_after_plan[k], std::stod(row[2]), 1e-7));
      CHECK(fixtures::close(trace.residual_after_update[k], std::stod(row[3]), 1e-7));
    }
    std::map<int, std::map<std::pair<std::uint32_t, std::uint32_t>, double>> expected;
    for (const auto& row : plans.rows)
      if (row[0] == name)
        expected[std::stoi(row[1])][{std::stoul(row[2]), std::stoul(row[3])}] = std::stod(row[4]);
    for (const auto& [k, entries] : expected) {
      const Plan& plan = after[k].plan;
      CHECK(plan.mass.size() == entries.size());
      for (std::size_t e = 0; e < plan.mass.size(); ++e) {
        const auto found = entries.find({plan.source[e], plan.target[e]});
        REQUIRE(found != entries.end());
        CHECK(fixtures::close(plan.mass[e] * static_cast<double>(x.n_cols), found->second, 1e-7));
      }
    }
  }
}
