// End to end on real cells, against numpy, scipy and POT (tests/golden/README.md, realdata/).
#include <doctest/doctest.h>

#include <cmath>

#include "laot/metrics.hpp"
#include "laot/models.hpp"
#include "laot/transport.hpp"
#include "support/fixtures.hpp"
#include "support/real_data.hpp"
#include "support/skip.hpp"

using namespace laot;

namespace {

constexpr double kTolerance = 1e-6;

real_data::Split data_of(const std::string& name) {
  if (name == "pbmc") return real_data::split(real_data::pbmc(50), "pbmc", 42);
  if (name == "hsmm24") return real_data::split(real_data::hsmm(24), "hsmm24", 42);
  return real_data::split(real_data::simulated(), "simulated", 42);
}

// The parameters that make a method of the fixture, from its name.
Params params_of(const std::string& name) {
  if (name == "identity" || name == "mean_shift") return Params(method(name).spec);
  if (name == "gaussian_map") {
    Params params(method(name).spec);
    params.set("shrink", std::string("none"));
    params.set("scale", std::string("none"));
    params.set("n_pcs", 0.0);
    params.set("divisor", std::string("n-1"));
    params.set("jitter", 1e-6);
    return params;
  }
  Params params(method("laot").spec);
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  params.set("ridge", has("ridge0.3") ? 0.3 : 0.0);
  params.set("restore", std::string(has("covariance_restored") ? "covariance" : "none"));
  params.set("center", std::string(has("own_mean") ? "own" : "joint"));
  params.set("scale", std::string("feature"));
  params.set("n_pcs", 0.0);
  params.set("tol", 0.0);
  params.set("max_iter", has("iteration1") ? 1.0 : has("iteration5") ? 5.0 : 100.0);
  return params;
}

}  // namespace

TEST_CASE("golden scores on real data") {
  if (!real_data::available()) {
    skip_case("../shared/data is not there");
    return;
  }
  const fixtures::Table expected = fixtures::read_table(fixtures::golden("realdata/expected.csv"));
  std::string dataset, name;
  real_data::Split cells;
  double gamma = 0.0;
  arma::mat predicted;
  Context context;
  int checked = 0;
  for (std::size_t r = 0; r < expected.rows.size(); ++r) {
    const std::string& quantity = expected.at(r, "quantity");
    const double value = expected.number(r, "value");
    if (expected.at(r, "dataset") != dataset) {
      dataset = expected.at(r, "dataset");
      cells = data_of(dataset);
      name.clear();
      gamma = median_gamma(cells.train.control, cells.train.treated, context).gamma;
    }
    CAPTURE(dataset);
    CAPTURE(expected.at(r, "method"));
    CAPTURE(quantity);
    if (expected.at(r, "method") == "-") {
      const double got = quantity == "n_train"    ? static_cast<double>(cells.train.control.n_cols)
                         : quantity == "n_test"   ? static_cast<double>(cells.test.control.n_cols)
                         : quantity == "features" ? static_cast<double>(cells.train.control.n_rows)
                                                  : gamma;
      CHECK(fixtures::close(got, value, kTolerance));
      ++checked;
      continue;
    }
    if (expected.at(r, "method") != name) {
      name = expected.at(r, "method");
      if (name == "training_treated_head") {
        predicted = cells.train.treated.head_cols(cells.test.treated.n_cols);
      } else {
        Experiment training =
            experiment_of(Cells::dense(cells.train.control), Cells::dense(cells.train.treated));
        const Model model = fit_model(params_of(name), training, context);
        predicted.set_size(cells.test.control.n_rows, cells.test.control.n_cols);
        model.predict(Cells::dense(cells.test.control), Nonnegative::no, predicted.memptr(),
                      context);
        if (quantity == "iterations_until_matching_repeats") {
          for (const auto& [key, number] : model.report.numbers)
            if (key == "iterations") CHECK(number == value);
          ++checked;
          continue;
        }
      }
    }
    const arma::mat& observed = cells.test.treated;
    double got = std::nan("");
    if (quantity == "mmd2")
      got = mmd2(predicted, observed, {gamma}, MmdEstimator::unbiased, context)[0];
    else if (quantity == "mmd2_biased_mean_logspace50")
      got = mmd2_mean(predicted, observed, logspace(1, -3, 50), MmdEstimator::biased, context);
    else if (quantity == "w2")
      got = wasserstein2(predicted, observed, context);
    else if (quantity == "r2means")
      got = moment_scores(predicted, observed).r2_means;
    else if (quantity == "r_stds")
      got = moment_scores(predicted, observed).pearson_sds;
    else if (quantity == "sd_ratio")
      got = moment_scores(predicted, observed).sd_ratio;
    CHECK(fixtures::close(got, value, kTolerance));
    ++checked;
  }
  CHECK(checked == static_cast<int>(expected.rows.size()));
}

TEST_CASE("golden objectives on real data") {
  if (!real_data::available()) {
    skip_case("../shared/data is not there");
    return;
  }
  const fixtures::Table expected =
      fixtures::read_table(fixtures::golden("realdata/ls_objective.csv"));
  std::string last;
  Model model(Params(method("laot").spec));
  Context context;
  for (std::size_t r = 0; r < expected.rows.size(); ++r) {
    const std::string key = expected.at(r, "dataset") + " " + expected.at(r, "method");
    if (key != last) {
      last = key;
      const real_data::Split cells = data_of(expected.at(r, "dataset"));
      const Experiment training =
          experiment_of(Cells::dense(cells.train.control), Cells::dense(cells.train.treated));
      model = fit_model(params_of(expected.at(r, "method") + "/converged"), training, context);
    }
    CAPTURE(key);
    const std::size_t k = static_cast<std::size_t>(expected.number(r, "iteration")) - 1;
    const auto column = [&](const char* name) {
      for (const auto& [title, values] : model.trace)
        if (title == name) return values.at(k);
      return std::nan("");
    };
    CHECK(fixtures::close(column("residual_sum_after_plan"),
                          expected.number(r, "objective_before_update"), kTolerance));
    CHECK(fixtures::close(column("residual_sum_after_update"),
                          expected.number(r, "objective_after_update"), kTolerance));
    CHECK(fixtures::close(column("change_of_map"), expected.number(r, "frobenius_W_minus_I"),
                          kTolerance));
  }
}
