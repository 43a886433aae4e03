// How far a map is from the identity, against the whole matrices and against finite differences.
#include <doctest/doctest.h>

#include <cmath>

#include "laot/encoded_cells.hpp"
#include "laot/map_change.hpp"
#include "laot/models.hpp"
#include "laot/trackability/populations.hpp"
#include "support/fitted_models.hpp"

using namespace laot;
using namespace fitted_models;

namespace {

Populations moved(std::size_t features, std::size_t cells, std::uint64_t seed = 4) {
  PopulationOptions options;
  options.features = features;
  options.cells = cells;
  options.gap = 0.7;
  options.noise = 0.1;
  options.entries = Entries::gaussian;
  Context context;
  return simulate_populations(options, Rng(seed), context);
}

Model fitted(const arma::mat& control, const arma::mat& treated, const Settings& settings,
             double components) {
  Params params = params_of("laot", settings);
  params.set("n_pcs", components);
  Context context;
  return fit_model(params, cells_of(control, treated), context);
}

// S^-1 V' (J - I) V S by central differences of the prediction in the features.
arma::mat change_by_differences(const Model& model, const arma::vec& cell) {
  const std::size_t d = cell.n_elem;
  const double step = 1e-5;
  Context context;
  arma::mat change(d, d);
  for (std::size_t f = 0; f < d; ++f) {
    arma::mat sides(d, 2), out(d, 2);
    sides.col(0) = cell;
    sides.col(1) = cell;
    sides(f, 0) -= step;
    sides(f, 1) += step;
    model.predict(Cells::dense(sides), Nonnegative::no, out.memptr(), context);
    change.col(f) = (out.col(1) - out.col(0)) / (2 * step);
    change(f, f) -= 1.0;
  }
  if (model.space.has_components())
    change = arma::mat(model.space.basis.t() * change * model.space.basis);
  return arma::diagmat(1.0 / model.space.scale) * change * arma::diagmat(model.space.scale);
}

}  // namespace

TEST_CASE("the change at a cell is that of the prediction: linear, bent, with marginals") {
  const Populations p = moved(4, 70);
  const arma::mat treated = p.treated + 0.4 * arma::square(p.treated);
  // New cells: the marginals' maps have their corners at the training cells' predictions.
  const arma::mat fresh = moved(4, 70, 5).control;
  Context context;
  for (const double components : {0.0, 3.0})
    for (const char* lift : {"no", "yes"})
      for (const char* restore : {"covariance", "marginals"}) {
        CAPTURE(components);
        CAPTURE(std::string(lift));
        CAPTURE(std::string(restore));
        const Model model =
            fitted(p.control, treated, {{"lift", lift}, {"restore", restore}}, components);
        const Cells cells = Cells::dense(fresh);
        const Table found = change_at_cells(model, &cells, 5, context);
        const NumberColumn& at = found.numbers("cell");
        REQUIRE(at == NumberColumn{0, 17, 35, 52, 69});
        const arma::mat z = encoded_cells(model, cells, About::control, "cells", context);
        for (std::size_t r = 0; r < at.size(); ++r) {
          const arma::uword cell = static_cast<arma::uword>(at[r]);
          const arma::vec values = arma::svd(change_by_differences(model, fresh.col(cell)));
          CHECK(found.numbers("change")[r] == doctest::Approx(values[0]).epsilon(1e-5));
          CHECK(found.numbers("length")[r] == doctest::Approx(arma::norm(z.col(cell))));
        }
      }
}

TEST_CASE("a constant feature is not changed, and the identity changes nothing") {
  const Populations p = moved(4, 60);
  arma::mat control = p.control, treated = p.treated;
  control.row(2).fill(3.0);
  treated.row(2).fill(3.0);
  Context context;
  const Model model = fitted(control, treated, {}, 0.0);
  REQUIRE(model.space.constant == std::vector<std::int32_t>{2});
  const Table found = change_at_cells(model, nullptr, 1, context);
  REQUIRE(found.numbers("cell") == NumberColumn{0});
  CHECK(found.numbers("change")[0] ==
        doctest::Approx(arma::svd(change_by_differences(model, control.col(0)))[0]).epsilon(1e-6));
  const Table none = change_at_cells(model.trivial("identity"), nullptr, 3, context);
  CHECK(none.numbers("change") == NumberColumn{0, 0, 0});
  CHECK_THROWS_WITH_AS(change_at_cells(model, nullptr, 0, context),
                       "most_cells must be at least 1, found 0", Error);
}

TEST_CASE("the change needs cells, and a map with a derivative") {
  const Populations p = moved(3, 40);
  Params params(method("laot").spec);
  params.set("keep_cells", 0.0);
  Context context;
  const Model model = fit_model(params, cells_of(p.control, p.treated), context);
  CHECK_THROWS_WITH_AS(change_at_cells(model, nullptr, 1, context),
                       doctest::Contains("the model kept no cells"), Error);
  const arma::mat wide(5, 4, arma::fill::zeros);
  const Cells other = Cells::dense(wide);
  CHECK_THROWS_WITH_AS(change_at_cells(model, &other, 1, context),
                       "control has 5 features and the model 3", Error);
}

TEST_CASE("the strongest effects are the largest entries of W - I, with percentiles of draws") {
  const Populations p = moved(4, 70);
  for (const double components : {0.0, 3.0}) {
    CAPTURE(components);
    const Model model =
        fitted(p.control, p.treated, {{"lift", "no"}, {"restore", "none"}}, components);
    arma::mat change = model.array("map").matrix();
    change.diag() -= 1.0;
    const Table found = strongest_effects(model, 6);
    REQUIRE(found.rows() == 6);
    const arma::uvec order = arma::sort_index(arma::vectorise(arma::abs(change)), "descend");
    for (std::size_t r = 0; r < 6; ++r) {
      CHECK(found.numbers("treated")[r] == static_cast<double>(order[r] % 4));
      CHECK(found.numbers("control")[r] == static_cast<double>(order[r] / 4));
      CHECK(found.numbers("change")[r] == change[order[r]]);
    }
    // 41 draws, the fit's map times 0.80 to 1.20 less the identity: 95% lie within 0.81 and 1.19.
    const arma::mat latent = model.array("latent_map").matrix();
    const std::size_t k = latent.n_rows;
    const arma::mat identity(k, k, arma::fill::eye);
    arma::mat draws(k * k, 41);
    for (std::size_t r = 0; r < 41; ++r)
      draws.col(r) =
          arma::vectorise(identity + (0.8 + 0.01 * static_cast<double>(r)) * (latent - identity));
    const Table intervals = strongest_effects(model, draws, 0.95);
    REQUIRE(intervals.rows() == 16);
    for (std::size_t r = 0; r < 16; ++r) {
      const double value = intervals.numbers("change")[r];
      const double ends[] = {0.81 * value, 1.19 * value};
      CHECK(intervals.numbers("low")[r] == doctest::Approx(std::min(ends[0], ends[1])));
      CHECK(intervals.numbers("high")[r] == doctest::Approx(std::max(ends[0], ends[1])));
      CHECK(intervals.numbers("stable")[r] == 1.0);
    }
    draws.col(0) = arma::vectorise(2.0 * identity - latent);
    draws.col(1) = draws.col(0);
    draws.col(2) = draws.col(0);
    CHECK(strongest_effects(model, draws, 0.95).numbers("stable")[0] == 0.0);
    const Table bare = strongest_effects(model, arma::mat(), 0.95);
    CHECK(std::isnan(bare.numbers("low")[0]));
    CHECK(bare.numbers("stable")[0] == 0.0);
  }
  CHECK(strongest_effects(fitted(p.control, p.treated, {}, 0.0).trivial("mean_shift"), 6).rows() ==
        0);
}

TEST_CASE("cells are encoded about the model's means or their own") {
  const Populations p = moved(4, 50);
  const arma::mat treated = p.treated + 2.0;
  const Model model = fitted(p.control, treated, {}, 3.0);
  Context context;
  const arma::mat some = p.control.cols(0, 9);
  const auto expected = [&](const arma::vec& mean) {
    return arma::mat(arma::diagmat(1.0 / model.space.scale) * model.space.basis.t() *
                     (some.each_col() - mean));
  };
  const auto encoded = [&](About about) {
    return encoded_cells(model, Cells::dense(some), about, "cells", context);
  };
  CHECK(arma::approx_equal(encoded(About::control), expected(arma::mean(p.control, 1)), "absdiff",
                           1e-10));
  CHECK(arma::approx_equal(encoded(About::treated), expected(arma::mean(treated, 1)), "absdiff",
                           1e-10));
  CHECK(arma::approx_equal(encoded(About::own), expected(arma::mean(some, 1)), "absdiff", 1e-10));
  CHECK_THROWS_WITH_AS(about_from("none"), "about must be control, treated or own, found \"none\"",
                       Error);
}
