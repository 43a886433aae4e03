// Populations that leave nothing to learn, or too much: what a fit does, or says.
#include <doctest/doctest.h>

#include <limits>

#include "laot/models.hpp"
#include "support/clouds.hpp"
#include "support/fitted_models.hpp"

using namespace laot;
using namespace fitted_models;

TEST_CASE("too few cells fall back to the mean shift and say so") {
  const arma::mat x = clouds::gaussian(4, 2, 1), y = clouds::gaussian(4, 30, 2) + 5.0;
  const Model model = fitted(x, y);
  CHECK(report_text(model, "stop_reason").find("fell back to the mean shift") == 0);
  CHECK(report_text(model, "fallback") == "mean_shift");
  for (const auto& [name, value] : fitted(y, y).report.texts) CHECK(name != "fallback");
  const arma::vec shift = arma::mean(y, 1) - arma::mean(x, 1);
  CHECK(largest(predicted(model, x) - (x + arma::repmat(shift, 1, 2))) < 1e-12);
  const Model one = fitted(x.col(0), y.col(0));
  CHECK(largest(predicted(one, x.col(0)) - y.col(0)) < 1e-12);
}

TEST_CASE("a feature that is 0 in every cell is predicted as 0, beside components too") {
  arma::mat x = clouds::gaussian(12, 60, 1), y = 1.5 * clouds::gaussian(12, 50, 2) + 1.0;
  x.row(3).zeros();
  y.row(3).zeros();
  const Model model = fitted(x, y);
  REQUIRE(report(model, "components") > 0);
  const arma::mat moved = predicted(model, x);
  CHECK(largest(moved.row(3)) == 0.0);
  CHECK(largest(moved.row(4)) > 0.1);
}

TEST_CASE("a cell so far from all others that rounding hides their pairing is told of") {
  arma::mat x = clouds::gaussian(4, 60, 1), y = 1.2 * clouds::gaussian(4, 55, 2);
  const auto warning = [&](double far) {
    x.col(0).fill(far);
    y.col(0).fill(far);
    std::string out;
    for (const auto& [name, value] : fitted(x, y).report.texts)
      if (name == "warning") out += value;
    return out;
  };
  CHECK(warning(1e9).find("so far from all others") != std::string::npos);
  CHECK(warning(1e3) == "");
  // Of one side alone.
  const auto one_sided = [](bool treated) {
    arma::mat control = clouds::gaussian(4, 60, 1), others = 1.2 * clouds::gaussian(4, 55, 2);
    (treated ? others : control).col(0).fill(1e9);
    return report_text(fitted(control, others), "warning");
  };
  for (const bool treated : {true, false})
    CHECK(one_sided(treated).find("so far from all others") != std::string::npos);
}

TEST_CASE("hard inputs give finite predictions") {
  const auto check = [](const arma::mat& x, const arma::mat& y) {
    for (const char* preset : {"calibrated", "algorithm1", "notebook"}) {
      CAPTURE(preset);
      const Model model = fitted(x, y, {{"preset", preset}});
      CHECK(predicted(model, x).is_finite());
      CHECK(report(model, "plan_gap") < 1e-9);
    }
  };
  SUBCASE("more features than cells") {
    check(clouds::gaussian(80, 20, 1), clouds::gaussian(80, 25, 2));
  }
  SUBCASE("one feature") {
    check(clouds::gaussian(1, 50, 1), clouds::gaussian(1, 20, 2));
  }
  SUBCASE("a feature constant everywhere, and one absent from the controls") {
    arma::mat x = clouds::gaussian(5, 60, 1), y = clouds::gaussian(5, 70, 2);
    x.row(0).fill(2.5);
    y.row(0).fill(2.5);
    x.row(1).zeros();
    check(x, y);
    const arma::mat moved = predicted(fitted(x, y), x);
    CHECK(largest(moved.row(0) - 2.5) < 1e-9);
  }
  SUBCASE("all cells equal") {
    check(arma::mat(4, 30, arma::fill::ones), arma::mat(4, 20, arma::fill::ones) * 3.0);
  }
  SUBCASE("equal control cells, whose mean is rounded, beside treated cells that vary") {
    const arma::mat y = clouds::gaussian(30, 80, 2);
    for (const double value : {1.0, 1.1, 0.0}) {
      const arma::mat x(30, 120, arma::fill::value(value));
      check(x, y);
      for (const char* components : {"0", "5", "auto"})
        for (const char* restore : {"covariance", "sd"}) {
          CAPTURE(components);
          CAPTURE(restore);
          const Model model = fitted(x, y, {{"n_pcs", components}, {"restore", restore}});
          const arma::mat shifted = arma::repmat(arma::mean(y, 1), 1, 120);
          CHECK(largest(predicted(model, x) - shifted) < 1e-9);
          CHECK(largest(predicted(model.trivial("gaussian_map"), x) - shifted) < 1e-9);
          CHECK(largest(model.array("map").matrix()) < 10.0);
        }
    }
  }
  SUBCASE("mostly zero counts with many equal cells") {
    check(clouds::counts(6, 150, 0.1, 1), clouds::counts(6, 130, 0.2, 2));
  }
  SUBCASE("a hundred times as many treated cells") {
    check(clouds::gaussian(3, 5, 1), clouds::gaussian(3, 500, 2));
  }
}

TEST_CASE("a map that does not fit in memory is refused before the cells are read") {
  // A million features of which nearly all are zero; the one NaN would be met by a reader.
  const std::vector<std::int32_t> starts = {0, 1, 2, 3, 4}, rows = {0, 5, 7, 9};
  const std::vector<double> values = {1.0, 2.0, std::numeric_limits<double>::quiet_NaN(), 4.0};
  const Cells cells =
      Cells::sparse(1000000, 4, starts.data(), rows.data(), values.data(), "control");
  Context context;
  for (const char* name : {"laot", "gaussian_map"}) {
    CAPTURE(name);
    Params params(method(name).spec);
    params.set_text("n_pcs", "0");
    try {
      fit_model(params, experiment_of(cells, cells), context);
      FAIL("not refused");
    } catch (const Error& error) {
      CHECK(error.status() == Status::out_of_memory);
      const std::string said = error.what();
      CHECK(said.find("1000000 features") != std::string::npos);
      CHECK(said.find("would need about 48000001 MB, and this process may use") !=
            std::string::npos);
    }
  }
}

TEST_CASE("a mean shift of very many features has no Gaussian map beside it, and says so") {
  const arma::mat x = clouds::gaussian(1501, 20, 1), y = clouds::gaussian(1501, 30, 2) + 1.0;
  const Model fitted_now = fitted(x, y, {}, "mean_shift");
  const Model loaded = Model::load(
      ModelFile::parse(fitted_now.store().bytes().data(), fitted_now.store().bytes().size()));
  const arma::vec shift = arma::mean(y, 1) - arma::mean(x, 1);
  for (const Model* model : {&fitted_now, &loaded}) {
    CHECK(largest(predicted(*model, x) - (x + arma::repmat(shift, 1, 20))) < 1e-12);
    CHECK(largest(predicted(model->trivial("identity"), x) - x) == 0.0);
    CHECK_THROWS_WITH_AS(model->trivial("gaussian_map"), doctest::Contains("has 1501 dimensions"),
                         Error);
  }
}

TEST_CASE("a prediction that overflows is refused, not returned as infinite or NaN") {
  const arma::mat x = clouds::gaussian(3, 40, 1), y = 5.0 * clouds::gaussian(3, 50, 2);
  const Model model = fitted(x, y);
  arma::mat far = x;
  far(1, 7) = 1.7e308;
  for (const Nonnegative how : {Nonnegative::no, Nonnegative::clip, Nonnegative::marginals}) {
    CHECK_THROWS_WITH_AS(predicted(model, far, how), doctest::Contains("prediction overflowed"),
                         Error);
    CHECK(predicted(model, x, how).is_finite());
  }
}

TEST_CASE("values that overflow are refused, not reported as infinite") {
  arma::mat x = clouds::gaussian(3, 20, 1) * 1e200, y = clouds::gaussian(3, 20, 2);
  CHECK_THROWS_WITH_AS(fitted(x, y), doctest::Contains("variance of control feature 1"), Error);
}
