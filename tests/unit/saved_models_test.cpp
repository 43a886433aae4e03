// A model and its bytes: what is kept of the training cells, and what comes back.
#include <doctest/doctest.h>

#include <cmath>

#include "laot/metrics.hpp"
#include "laot/models.hpp"
#include "support/clouds.hpp"
#include "support/fitted_models.hpp"

using namespace laot;
using namespace fitted_models;

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

TEST_CASE("the cells that a bandwidth of many is drawn from are held, where as many are kept") {
  const arma::mat x = clouds::gaussian(3, 3600, 3), y = clouds::gaussian(3, 700, 4);
  Context context;
  const MedianGamma expected =
      median_gamma(Cells::dense(x), Cells::dense(y), context, 4000, Rng(context.seed).stream(3));
  REQUIRE(expected.subsample);
  REQUIRE(expected.gamma != median_gamma(x, y, context, 4300).gamma);
  for (const auto& [keep, waits] :
       {std::pair<const char*, bool>("1000", true), {"500", true}, {"499", false}, {"0", false}}) {
    CAPTURE(std::string(keep));
    const Model model =
        fitted(x, y, {{"keep_cells", keep}}, "mean_shift");  // 500 of each: a quarter
    CHECK(model.training.median_gamma.is_known() == !waits);
    CHECK(model.training.gamma_subsampled);
    CHECK(report(model, "median_gamma") == expected.gamma);
  }
  // A screen does not hold such cells for each of its conditions.
  Experiment two = cells_of(x, y);
  two.conditions.push_back(two.conditions[0]);
  two.conditions[0].condition.name = "one";
  two.conditions[1].condition.name = "two";
  const Model both = fit_model(params_of("mean_shift", {}), two, context);
  for (const auto& part : both.parts) CHECK(part->training.median_gamma.is_known());
}

TEST_CASE("cells whose distances underflow have no bandwidth") {
  arma::mat x = clouds::counts(4, 30, 0.4, 5), y = clouds::counts(4, 30, 0.5, 6);
  x *= 1e-160;
  y *= 1e-160;
  for (const char* keep : {"1000", "0"})
    CHECK(std::isnan(report(fitted(x, y, {{"keep_cells", keep}}, "mean_shift"), "median_gamma")));
}
