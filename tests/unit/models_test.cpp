// How cells are paired and mapped, predicted and reported, by the methods in closed form.
#include <doctest/doctest.h>

#include <cmath>

#include "laot/laot.hpp"
#include "laot/metrics.hpp"
#include "laot/models.hpp"
#include "laot/transport.hpp"
#include "support/clouds.hpp"
#include "support/fitted_models.hpp"

using namespace laot;
using namespace fitted_models;

TEST_CASE("unequal sizes use every cell") {
  const arma::mat x = clouds::gaussian(5, 1000, 1), y = clouds::gaussian(5, 237, 2) + 1.0;
  const Model model = fitted(x, y);
  const arma::mat source = model.array("plan_source").matrix(),
                  target = model.array("plan_target").matrix(),
                  mass = model.array("plan_mass").matrix();
  arma::vec out(1000, arma::fill::zeros), in(237, arma::fill::zeros);
  for (std::size_t e = 0; e < mass.n_elem; ++e) {
    out[static_cast<std::size_t>(source[e])] += mass[e];
    in[static_cast<std::size_t>(target[e])] += mass[e];
  }
  CHECK(largest(out - 1.0 / 1000) < 1e-12);
  CHECK(largest(in - 1.0 / 237) < 1e-12);
  CHECK(report(model, "plan_gap") < 1e-9);
}

TEST_CASE("the same cells on both sides are left where they are") {
  const arma::mat x = clouds::gaussian(6, 120, 1);
  for (const char* preset : {"calibrated", "algorithm1"}) {
    for (const bool doubled : {false, true}) {
      CAPTURE(preset);
      CAPTURE(doubled);
      const Model model = fitted(x, doubled ? clouds::twice(x) : x, {{"preset", preset}});
      CHECK(largest(model.array("map").matrix() - arma::mat(6, 6, arma::fill::eye)) < 1e-8);
      CHECK(largest(predicted(model, x) - x) < 1e-8);
    }
  }
  // With components as well.
  const arma::mat wide = clouds::gaussian(60, 120, 2);
  CHECK(largest(predicted(fitted(wide, clouds::twice(wide)), wide) - wide) < 1e-8);
}

TEST_CASE("disjoint control cells are moved less than half their neighbours' distance") {
  const arma::mat x = clouds::gaussian(10, 400, 1), y = clouds::gaussian(10, 80, 2);
  const arma::mat moved = predicted(fitted(x, y), x);
  std::vector<double> displacement, nearest;
  for (std::size_t i = 0; i < x.n_cols; ++i) {
    displacement.push_back(arma::norm(moved.col(i) - x.col(i)));
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < x.n_cols; ++j)
      if (j != i) least = std::min(least, arma::norm(x.col(i) - x.col(j)));
    nearest.push_back(least);
  }
  CHECK(arma::median(arma::vec(displacement)) < 0.5 * arma::median(arma::vec(nearest)));
}

TEST_CASE("a known map is found where every cell has its counterpart") {
  for (const std::size_t d : {10u, 50u}) {
    const arma::mat x = clouds::gaussian(d, 400, 1);
    arma::mat change = clouds::gaussian(d, d, 2);
    change *= 0.3 / arma::norm(change, "fro");
    const arma::mat truth = arma::mat(d, d, arma::fill::eye) + change;
    const arma::mat y = arma::mat(truth * x).eval().cols(arma::regspace<arma::uvec>(399, -1, 0));
    const Model model = fitted(x, y, {{"n_pcs", "0"}});
    const arma::mat fresh = clouds::gaussian(d, 200, 9);
    const arma::mat error = predicted(model, fresh) - truth * fresh;
    CHECK(arma::norm(error, "fro") < 1e-6 * arma::norm(change * fresh, "fro"));
    const arma::mat closed = predicted(model.trivial("gaussian_map"), fresh) - truth * fresh;
    CHECK(arma::norm(closed, "fro") > 0.4 * arma::norm(change * fresh, "fro"));
  }
}

TEST_CASE("restoration gives the spread back") {
  const arma::mat x = clouds::gaussian(4, 600, 1), y = clouds::gaussian(4, 500, 2) * 1.7 + 2.0;
  const auto ratio = [&](const char* restore) {
    const arma::mat moved = predicted(fitted(x, y, {{"restore", restore}, {"ridge", "0"}}), x);
    return arma::as_scalar(arma::mean(arma::stddev(moved, 1, 1) / arma::stddev(y, 1, 1)));
  };
  CHECK(ratio("none") < 0.97);
  CHECK(ratio("covariance") == doctest::Approx(1.0).epsilon(0.01));
  CHECK(ratio("sd") == doctest::Approx(1.0).epsilon(1e-9));
}

TEST_CASE("cells are paired within a batch, and the plan has the levels' masses") {
  const arma::mat x = clouds::gaussian(3, 60, 1), y = clouds::gaussian(3, 50, 2);
  Experiment cells = cells_of(x, y);
  for (std::size_t i = 0; i < 60; ++i) cells.controls[0].batch.push_back(i < 45 ? "a" : "b");
  for (std::size_t j = 0; j < 50; ++j)
    cells.conditions[0].population.batch.push_back(j < 10 ? "a" : "b");
  Context context;
  const Model model = fit_model(Params(method("laot").spec), cells, context);
  const arma::mat source = model.array("plan_source").matrix(),
                  target = model.array("plan_target").matrix(),
                  mass = model.array("plan_mass").matrix();
  double mass_a = 0.0;
  for (std::size_t e = 0; e < mass.n_elem; ++e) {
    CHECK((source[e] < 45) == (target[e] < 10));
    if (source[e] < 45) mass_a += mass[e];
  }
  CHECK(mass_a == doctest::Approx(0.5 * (45.0 / 60 + 10.0 / 50)).epsilon(1e-12));
  cells.conditions[0].population.batch.assign(50, "a");
  CHECK_THROWS_WITH_AS(fit_model(Params(method("laot").spec), cells, context),
                       doctest::Contains("\"b\" has control cells but no treated cells"), Error);
}

TEST_CASE("the bits do not depend on the number of threads") {
  const arma::mat x = clouds::gaussian(30, 300, 1), y = clouds::gaussian(30, 280, 2) + 0.5;
  for (const char* update : {"ls", "adam"}) {
    const std::vector<std::pair<std::string, std::string>> settings = {
        {"update", update}, {"epochs", "5"}, {"batch_size", "100"}};
    const arma::mat one = predicted(fitted(x, y, settings, "laot", 1), x);
    const arma::mat two = predicted(fitted(x, y, settings, "laot", 2), x);
    CHECK(std::equal(one.begin(), one.end(), two.begin()));
  }
}

TEST_CASE("nonnegative predictions: clipped, or through the marginals") {
  arma::mat x = clouds::counts(5, 300, 0.4, 1), y = clouds::counts(5, 280, 0.5, 2);
  const Model model = fitted(x, y);
  const arma::mat plain = predicted(model, x);
  CHECK(plain.min() < 0.0);
  CHECK(report(model, "negative_share") ==
        doctest::Approx(static_cast<double>(arma::accu(plain < 0.0)) / 1500.0));
  CHECK(largest(predicted(model, x, Nonnegative::clip) - arma::clamp(plain, 0.0, 1e300)) == 0.0);
  const arma::mat marginal = predicted(model, x, Nonnegative::marginals);
  CHECK(marginal.min() >= 0.0);
  for (std::size_t k = 0; k < 5; ++k) {
    // The order of cells is kept, and the distribution becomes the observed one.
    for (std::size_t i = 1; i < 300; ++i)
      if (plain(k, i) > plain(k, i - 1)) CHECK(marginal(k, i) >= marginal(k, i - 1));
    CHECK(std::abs(arma::mean(marginal.row(k)) - arma::mean(y.row(k))) < 0.05);
    const double zeros = static_cast<double>(arma::accu(marginal.row(k) == 0.0)) / 300.0;
    const double expected = static_cast<double>(arma::accu(y.row(k) == 0.0)) / 280.0;
    CHECK(std::abs(zeros - expected) < 0.05);
  }
  CHECK_THROWS_WITH_AS(predicted(fitted(x, y, {{"keep_cells", "0"}}), x, Nonnegative::marginals),
                       doctest::Contains("fit with keep_cells = 1000"), Error);
}

TEST_CASE("trivial predictors of a fit equal those that are fitted") {
  const arma::mat x = clouds::gaussian(4, 80, 1), y = clouds::gaussian(4, 60, 2) + 1.0;
  const Model model = fitted(x, y);
  for (const char* name : {"identity", "mean_shift", "gaussian_map"}) {
    CAPTURE(name);
    CHECK(largest(predicted(model.trivial(name), x) - predicted(fitted(x, y, {}, name), x)) <
          1e-12);
  }
  // Also where the model's own space is not centred.
  const Model raw = fitted(x, y, {{"preset", "algorithm1"}});
  const arma::vec shift = arma::mean(y, 1) - arma::mean(x, 1);
  CHECK(largest(predicted(raw.trivial("mean_shift"), x) - (x + arma::repmat(shift, 1, 80))) <
        1e-12);
}

TEST_CASE("the coupling can be chosen, and the report tells which one ran and what is proven") {
  const arma::mat x = clouds::gaussian(4, 300, 1), y = clouds::gaussian(4, 260, 2) * 1.5;
  const Model exact = fitted(x, y, {{"coupling", "exact"}});
  CHECK(report_text(exact, "coupling") == "exact");
  CHECK(report_text(exact, "plan_bound") == "proven");
  CHECK(report(exact, "plan_cost_lower_bound_error") == 0.0);
  CHECK(largest(predicted(exact, x) - predicted(fitted(x, y), x)) == 0.0);  // auto is exact here
  const Model parts = fitted(x, y, {{"coupling", "hierarchical"}}, "laot", 1);
  CHECK(report_text(parts, "coupling") == "hierarchical");
  CHECK(report_text(parts, "plan_bound") == "estimated");
  CHECK(report(parts, "plan_cost_lower_bound_error") > 0.0);
  CHECK(report(parts, "plan_cost_lower_bound") < report(parts, "plan_cost"));
  CHECK(report(parts, "plan_gap") > 0.0);
  CHECK(largest(predicted(parts, x) -
                predicted(fitted(x, y, {{"coupling", "hierarchical"}}, "laot", 2), x)) == 0.0);
  CHECK_THROWS_WITH_AS(fitted(x, y, {{"coupling", "fast"}}), doctest::Contains("coupling"), Error);
  CHECK_THROWS_WITH_AS(
      fitted(x, y, {{"update", "adam"}, {"batch_size", "50"}, {"coupling", "hierarchical"}}),
      "minibatches (batch_size = 50) are coupled exactly; set batch_size to 0 or coupling to "
      "\"auto\"",
      Error);
}

TEST_CASE("equal_counts takes the first min(n, m) cells") {
  const arma::mat x = clouds::gaussian(3, 50, 1), y = clouds::gaussian(3, 40, 2);
  const Model cut = fitted(x, y, {{"equal_counts", "true"}});
  const Model first = fitted(x.head_cols(40), y);
  CHECK(report(cut, "n_control") == 40);
  CHECK(largest(predicted(cut, x) - predicted(first, x)) == 0.0);
}

TEST_CASE("an Adam fit runs all its epochs, even when the plan repeats") {
  const arma::mat x = clouds::gaussian(3, 30, 1);
  const Model model = fitted(x, x, {{"preset", "notebook"}, {"epochs", "37"}});
  CHECK(report(model, "iterations") == 37);
}

TEST_CASE("J never rises for a fixed ridge") {
  const arma::mat x = clouds::gaussian(5, 100, 1), y = clouds::gaussian(5, 90, 2) * 1.5;
  const Model model = fitted(x, y, {{"ridge", "0.3"}, {"restore", "none"}});
  double last = std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < model.trace[0].second.size(); ++k) {
    CHECK(model.trace[0].second[k] <= last * (1 + 1e-12));
    CHECK(model.trace[1].second[k] <= model.trace[0].second[k] * (1 + 1e-12));
    last = model.trace[1].second[k];
  }
}
