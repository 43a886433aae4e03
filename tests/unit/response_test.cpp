#include "laot/response.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "laot/metrics/features.hpp"
#include "laot/metrics/student.hpp"

using namespace laot;

namespace {

const double kInfinite = std::numeric_limits<double>::infinity();

// Three features: one that shifts, one with zeros, one that is the same everywhere.
struct Cohort {
  arma::mat control = {{0, 1, 2, 3, 4, 5}, {0, 0, 1, 0, 0, 2}, {7, 7, 7, 7, 7, 7}};
  arma::mat observed = {{5, 6, 9, 8}, {0, 1, 0, 2}, {7, 7, 7, 7}};
  arma::mat predicted = control + 4.0;
  Context context;

  ResponseCells cells() const {
    ResponseCells out;
    out.control = Cells::dense(control);
    out.observed = Cells::dense(observed);
    out.predicted = Cells::dense(predicted);
    out.feature_names = {"first", "second", "third"};
    return out;
  }
};

std::string sentence(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

// From qt() of R 4.2; df = 1 and 2 have closed forms.
TEST_CASE("quantiles of Student's t") {
  CHECK(student_quantile(0.975, 1.0) == doctest::Approx(std::tan(3.14159265358979323846 * 0.475)));
  CHECK(student_quantile(0.975, 2.0) ==
        doctest::Approx(0.95 * std::sqrt(2.0 / (1.0 - 0.95 * 0.95))).epsilon(1e-13));
  CHECK(student_quantile(0.975, 5.0) == doctest::Approx(2.5705818356363137).epsilon(1e-13));
  CHECK(student_quantile(0.95, 30.0) == doctest::Approx(1.6972608865939569).epsilon(1e-13));
  CHECK(student_quantile(0.975, 1e3) == doctest::Approx(1.9623390808264076).epsilon(1e-12));
  CHECK(student_quantile(0.975, 1e5) == doctest::Approx(1.9599877075346088).epsilon(1e-12));
  CHECK(student_quantile(0.9995, 2001.0) ==
        doctest::Approx(student_quantile(0.9995, 1999.0)).epsilon(2e-6));
  CHECK(student_quantile(0.025, 5.0) == -student_quantile(0.975, 5.0));
  CHECK(student_quantile(0.975, 1e7) == doctest::Approx(1.9599642217672049).epsilon(1e-12));
  // By 50 digits of mpmath: far out the last terms of the expansion in 1 / df count.
  CHECK(student_quantile(1.0 - 0x1.0p-30, 2001.0) ==
        doctest::Approx(6.0373286189180377).epsilon(2e-12));
  CHECK(student_quantile(1.0 - 0x1.0p-20, 2500.0) ==
        doctest::Approx(4.7743061326962811).epsilon(1e-12));
  CHECK(student_quantile(0.5, 3.0) == 0.0);
  CHECK_THROWS(student_quantile(1.0, 3.0));
  CHECK_THROWS(student_quantile(0.5, 0.0));
}

TEST_CASE("a table of responses over cells has Welch's interval") {
  Cohort s;
  const Table table = response_table(s.cells(), 0.95, s.context);
  CHECK(table.texts("feature") == TextColumn{"first", "second", "third"});
  CHECK(table.numbers("observed")[0] == doctest::Approx(4.5));
  CHECK(table.numbers("predicted")[0] == doctest::Approx(4.0));
  // Variances of the means: 3.5 / 6 and (10 / 3) / 4.
  const double a = 3.5 / 6.0, b = 10.0 / 3.0 / 4.0;
  const double df = (a + b) * (a + b) / (a * a / 5.0 + b * b / 3.0);
  const double half = student_quantile(0.975, df) * std::sqrt(a + b);
  CHECK(table.numbers("low")[0] == doctest::Approx(4.5 - half).epsilon(1e-13));
  CHECK(table.numbers("high")[0] == doctest::Approx(4.5 + half).epsilon(1e-13));
  CHECK(table.numbers("zeros_control")[1] == doctest::Approx(4.0 / 6.0));
  CHECK(table.numbers("zeros_observed")[1] == doctest::Approx(0.5));
  CHECK(table.numbers("zeros_predicted")[1] == 0.0);
  CHECK(table.numbers("sd_control")[2] == 0.0);
  CHECK(table.numbers("low")[2] == 0.0);
  CHECK(table.numbers("high")[2] == 0.0);
  CHECK(table.numbers("ks")[2] == 1.0);
  CHECK(table.numbers("units")[0] == 4.0);
}

TEST_CASE("each population of a table of responses has its own sd, divisor n") {
  Cohort s;
  s.predicted.row(0) = 2.0 * s.control.row(0) + 1.0;
  const Table table = response_table(s.cells(), 0.95, s.context);
  REQUIRE(table.texts("feature")[0] == "first");
  // Squares about 2.5 sum to 17.5, those of 5, 6, 9 and 8 about 7 to 10.
  CHECK(table.numbers("sd_control")[0] == doctest::Approx(std::sqrt(17.5 / 6.0)).epsilon(1e-13));
  CHECK(table.numbers("sd_predicted")[0] ==
        doctest::Approx(2.0 * std::sqrt(17.5 / 6.0)).epsilon(1e-13));
  CHECK(table.numbers("sd_observed")[0] == doctest::Approx(std::sqrt(10.0 / 4.0)).epsilon(1e-13));
}

TEST_CASE("a table of responses begins with the largest shift of either sign; zeros are zeros") {
  ResponseCells cells;
  const arma::mat control = {{0, 0, 1, -1}, {5, 6, 7, 8}, {1, 2, 1, 2}},
                  observed = {{0, -1, 0, -2}, {1, 2, 1, 0}, {2, 2, 2, 3}};
  cells.control = Cells::dense(control);
  cells.observed = Cells::dense(observed);
  cells.predicted = Cells::dense(control);
  cells.feature_names = {"even", "falls", "rises"};
  Context context;
  const Table table = response_table(cells, 0.95, context);
  CHECK(table.texts("feature") == TextColumn{"falls", "even", "rises"});
  CHECK(table.numbers("zeros_control")[1] == 0.5);
  CHECK(table.numbers("zeros_observed")[1] == 0.5);
}

TEST_CASE("a table of responses over donors has the interval of their shifts") {
  Cohort s;
  ResponseCells cells = s.cells();
  cells.control_batch = {"a", "b", "a", "b", "only control", "only control"};
  cells.observed_batch = {"b", "a", "b", "only observed"};
  const Table table = response_table(cells, 0.9, s.context);
  // Donor a: 6 - mean(0, 2) = 5; donor b: mean(5, 9) - mean(1, 3) = 5.
  const TextColumn& name = table.texts("feature");
  const std::size_t first =
      static_cast<std::size_t>(std::find(name.begin(), name.end(), "first") - name.begin());
  CHECK(table.numbers("observed")[first] == doctest::Approx(5.0));
  CHECK(table.numbers("low")[first] == doctest::Approx(5.0));
  CHECK(table.numbers("predicted")[first] == doctest::Approx(4.0));
  CHECK(table.numbers("units")[first] == 2.0);
  // The second: a: 1 - mean(0, 1) = 0.5; b: 0 - 0 = 0; sd 0.3536, over the root of 2.
  const std::size_t second =
      static_cast<std::size_t>(std::find(name.begin(), name.end(), "second") - name.begin());
  CHECK(table.numbers("observed")[second] == doctest::Approx(0.25));
  CHECK(table.numbers("high")[second] ==
        doctest::Approx(0.25 + 0.25 * student_quantile(0.95, 1.0)).epsilon(1e-12));
}

TEST_CASE("a table of responses predicts by the model that is given") {
  Cohort s;
  Params params(method("mean_shift").spec);
  const Model model = fit_model(
      params, experiment_of(Cells::dense(s.control), Cells::dense(s.observed)), s.context);
  ResponseCells cells = s.cells();
  cells.predicted.reset();
  cells.model = &model;
  const Table table = response_table(cells, 0.95, s.context);
  for (std::size_t k = 0; k < 3; ++k)
    CHECK(table.numbers("predicted")[k] == doctest::Approx(table.numbers("observed")[k]));
}

TEST_CASE("wrong uses of a table of responses are told in one sentence") {
  Cohort s;
  ResponseCells cells = s.cells();
  CHECK(sentence([&] {
          response_table(cells, 1.5, s.context);
        }).find("level must be a number between 0 and 1, found 1.5") == 0);
  cells.control_batch = {"a", "b", "a", "b", "c", "c"};
  CHECK(sentence([&] {
          response_table(cells, 0.9, s.context);
        }).find("batch is given for control alone") == 0);
  cells.observed_batch = {"a", "a", "a", "a"};
  CHECK(sentence([&] {
          response_table(cells, 0.9, s.context);
        }).find("needs at least 2 levels of batch") != std::string::npos);
  cells = s.cells();
  cells.predicted = Cells::dense(s.observed);
  CHECK(sentence([&] {
          response_table(cells, 0.9, s.context);
        }).find("control has 6 cells and predicted has 4") == 0);
  cells.predicted.reset();
  CHECK(sentence([&] {
          response_table(cells, 0.9, s.context);
        }).find("a model or predicted cells are needed") == 0);
}

TEST_CASE("a table of markers is in the order of marker_features") {
  Cohort s;
  s.observed.row(2) += 1.0;
  const Table table = marker_table(Cells::dense(s.control), Cells::dense(s.observed), 2,
                                   {"first", "second", "third"}, s.context);
  CHECK(table.texts("feature") == TextColumn{"third", "first"});
  CHECK(table.numbers("t")[0] == kInfinite);
  CHECK(table.numbers("shift")[1] == doctest::Approx(4.5));
  CHECK(table.numbers("mean_control")[1] == doctest::Approx(2.5));
  CHECK(table.numbers("mean_treated")[1] == doctest::Approx(7.0));
  CHECK(table.numbers("mean_control")[0] == doctest::Approx(7.0));
  CHECK(table.numbers("mean_treated")[0] == doctest::Approx(8.0));
  CHECK(table.numbers("t")[1] ==
        doctest::Approx(4.5 / std::sqrt(3.5 / 6.0 + 10.0 / 3.0 / 4.0)).epsilon(1e-13));
}
