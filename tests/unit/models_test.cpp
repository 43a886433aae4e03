#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "laot/laot.hpp"
#include "laot/metrics.hpp"
#include "laot/models.hpp"
#include "laot/transport.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

Experiment cells_of(const arma::mat& x, const arma::mat& y) {
  return experiment_of(Cells::dense(x), Cells::dense(y));
}

Model fitted(const arma::mat& x, const arma::mat& y,
             const std::vector<std::pair<std::string, std::string>>& settings = {},
             const std::string& name = "laot", int threads = 1) {
  Params params(method(name).spec);
  for (const auto& [key, value] : settings) {
    if (key == "preset")
      params.use_preset(value);
    else
      params.set_text(key, value);
  }
  Context context;
  context.num_threads = threads;
  return fit_model(params, cells_of(x, y), context);
}

arma::mat predicted(const Model& model, const arma::mat& x, Nonnegative how = Nonnegative::no) {
  Context context;
  arma::mat out(x.n_rows, x.n_cols);
  model.predict(Cells::dense(x), how, out.memptr(), context);
  return out;
}

double report(const Model& model, const std::string& name) {
  for (const auto& [key, value] : model.report.numbers)
    if (key == name) return value;
  FAIL("the report has no ", name);
  return 0.0;
}

std::string report_text(const Model& model, const std::string& name) {
  for (const auto& [key, value] : model.report.texts)
    if (key == name) return value;
  FAIL("the report has no ", name);
  return {};
}

double largest(const arma::mat& a) {
  return a.is_empty() ? 0.0 : arma::abs(a).max();
}

}  // namespace

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

TEST_CASE("the levels of the kept cells stay with a model, and with its file") {
  // The first feature of a cell is its level; one cell in 400 is of level 7.
  arma::mat x = clouds::gaussian(3, 400, 1), y = clouds::gaussian(3, 900, 2);
  Experiment cells = experiment_of(Cells::dense(x), Cells::dense(y));
  const auto label = [](arma::mat& values, std::vector<std::string>& batch) {
    for (std::size_t i = 0; i < values.n_cols; ++i) {
      const std::size_t level = i == 250 ? 7 : i % 3;
      values(0, i) = static_cast<double>(level);
      batch.push_back(text(level));
    }
  };
  label(x, cells.controls[0].batch);
  label(y, cells.conditions[0].population.batch);
  for (const char* keep : {"1000", "500", "30", "4", "0"}) {
    Params params(method("mean_shift").spec);
    params.set_text("keep_cells", keep);
    Context context;
    const Model given = fit_model(params, cells, context);
    const Model model = Model::load(given.store());
    const auto check = [&](const arma::mat& kept, const std::vector<std::string>& levels,
                           std::size_t count) {
      REQUIRE(kept.n_cols == std::min<std::size_t>(std::stoul(keep), count));
      REQUIRE(levels.size() == kept.n_cols);
      std::size_t rare = 0;
      for (std::size_t c = 0; c < kept.n_cols; ++c) {
        CHECK(levels[c] == text(kept(0, c)));
        if (levels[c] == "7") ++rare;
      }
      CHECK(rare == (kept.n_cols > 0 ? 1 : 0));
    };
    check(model.array("kept_control").matrix(), model.training.kept_batch_control, 400);
    check(model.array("kept_treated").matrix(), model.training.kept_batch_treated, 900);
  }
  CHECK(fitted(x, y).training.kept_batch_control.empty());
  Context context;
  const Model whole = fit_model(Params(method("laot").spec), cells, context);
  ModelFile file = whole.store();
  file.put_texts("training.kept_batch_treated", {"0", "1"});
  CHECK_THROWS_WITH_AS(Model::load(file), doctest::Contains("batch"), Error);
}

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

TEST_CASE("a model comes back from its bytes as it was") {
  const arma::mat x = clouds::gaussian(20, 80, 1), y = clouds::gaussian(20, 60, 2) + 1.0;
  Experiment cells = cells_of(x, y);
  for (std::size_t k = 0; k < 20; ++k) cells.feature_names.push_back(text("gene \"", k, "\" \t é"));
  Context context;
  const Model model = fit_model(Params(method("laot").spec), cells, context);
  const std::string bytes = model.store().bytes();
  const Model back = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
  CHECK(back.store().bytes() == bytes);
  CHECK(back.feature_names == cells.feature_names);
  CHECK(largest(predicted(back, x) - predicted(model, x)) == 0.0);
  CHECK(back.params.texts() == model.params.texts());
  CHECK(back.trace == model.trace);
}

TEST_CASE("sparse cells are kept sparse, in the model and in its file, and nothing else changes") {
  const arma::mat x = clouds::counts(60, 50, 0.1, 1), y = clouds::counts(60, 40, 0.1, 2);
  const Model model = fitted(x, y);
  REQUIRE(model.training.kept_control.is_sparse());
  CHECK(largest(model.array("kept_control").matrix() - x) == 0.0);
  CHECK(largest(model.array("kept_treated").matrix() - y) == 0.0);
  const ModelFile file = model.store();
  CHECK_FALSE(file.has("training.kept_control"));
  CHECK(file.integers("training.kept_control.column_starts").size() == 51);
  const std::string bytes = file.bytes();
  const Model back = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
  CHECK(back.training.kept_control.is_sparse());
  CHECK(back.store().bytes() == bytes);
  CHECK(largest(back.array("kept_treated").matrix() - y) == 0.0);
  CHECK(largest(predicted(back, x, Nonnegative::marginals) -
                predicted(model, x, Nonnegative::marginals)) == 0.0);
  // The same cells as the file of a model that keeps them dense has them.
  Model twin = model;
  twin.training.kept_control = StoredCells(x);
  twin.training.kept_treated = StoredCells(y);
  const std::string larger = twin.store().bytes();
  CHECK(larger.size() > bytes.size());
  const Model again = Model::load(ModelFile::parse(larger.data(), larger.size()));
  CHECK_FALSE(again.training.kept_control.is_sparse());
  CHECK(largest(predicted(again, x, Nonnegative::marginals) -
                predicted(model, x, Nonnegative::marginals)) == 0.0);
}

TEST_CASE("damaged model files are refused with a sentence") {
  bool sparse = false;
  SUBCASE("dense cells") {}
  SUBCASE("sparse cells") {
    sparse = true;
  }
  const arma::mat x = sparse ? clouds::counts(9, 40, 0.2, 1) : clouds::gaussian(3, 20, 1);
  const arma::mat y = sparse ? clouds::counts(9, 40, 0.2, 2) : clouds::gaussian(3, 20, 2);
  const Model whole = fitted(x, y);
  REQUIRE(whole.training.kept_control.is_sparse() == sparse);
  const std::string bytes = whole.store().bytes();
  Rng rng(5);
  int refused = 0;
  for (int trial = 0; trial < 600; ++trial) {
    std::string damaged = bytes;
    const int changes = 1 + static_cast<int>(rng.below(4));
    for (int c = 0; c < changes; ++c)
      damaged[rng.below(damaged.size() / (trial % 2 ? 1 : 2))] = static_cast<char>(rng.below(256));
    if (trial % 5 == 0) damaged.resize(rng.below(damaged.size()));
    try {
      const Model model = Model::load(ModelFile::parse(damaged.data(), damaged.size()));
      model.array("kept_treated").matrix();
      predicted(model, x);  // numbers may have changed, but nothing is read out of bounds
    } catch (const Error& error) {
      CHECK(std::string(error.what()).size() > 10);
      ++refused;
    }
  }
  CHECK(refused > 100);
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

TEST_CASE("the bandwidth of a fit is that of its training cells, whenever it is found") {
  const arma::mat x = clouds::counts(6, 80, 0.4, 3), y = clouds::counts(6, 70, 0.5, 4);
  Context context;
  const double gamma = median_gamma(x, y, context).gamma;
  for (const char* keep : {"1000", "79", "75", "0"}) {
    CAPTURE(keep);
    const Model model = fitted(x, y, {{"keep_cells", keep}}, "mean_shift");
    // Kept cells that are not all of the training cells are not enough.
    CHECK(model.training.median_gamma.is_known() == (std::string(keep) != "1000"));
    CHECK(report(model, "median_gamma") == gamma);
    CHECK(model.training.median_gamma == gamma);
    const Model same = fitted(x, y, {{"keep_cells", keep}}, "mean_shift");
    const std::string bytes = same.store().bytes();
    const Model back = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
    CHECK(back.training.median_gamma.is_known());
    CHECK(report(back, "median_gamma") == gamma);
    CHECK(report(back.trivial("identity"), "median_gamma") == gamma);
  }
  // Nor are they where only the controls are all kept.
  CHECK(fitted(y, x, {{"keep_cells", "75"}}, "mean_shift").training.median_gamma.is_known());
}

TEST_CASE("cells whose distances underflow have no bandwidth") {
  arma::mat x = clouds::counts(4, 30, 0.4, 5), y = clouds::counts(4, 30, 0.5, 6);
  x *= 1e-160;
  y *= 1e-160;
  for (const char* keep : {"1000", "0"})
    CHECK(std::isnan(report(fitted(x, y, {{"keep_cells", keep}}, "mean_shift"), "median_gamma")));
}
