// The lift, the marginals and the choice as a user meets them: fits, files, effects, refusals.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "laot/metrics/mmd.hpp"
#include "laot/models.hpp"
#include "support/clouds.hpp"
#include "support/fitted_models.hpp"

using namespace laot;
using namespace fitted_models;

namespace {

struct Populations {
  arma::mat control, treated;
};

// Treated cells drawn anew from a response that bends, all features above 0.
Populations bent(std::size_t d, std::size_t n, std::size_t m) {
  Populations out{clouds::gaussian(d, n, 1) + 3.0, clouds::gaussian(d, m, 2)};
  for (double& value : out.treated) value = 4.0 + value + 1.5 * std::tanh(2.0 * value);
  return out;
}

Model fitted(const std::string& name, const Populations& cells, const Settings& settings,
             std::uint64_t seed = 1) {
  Context context;
  context.seed = seed;
  return fit_model(params_of(name, settings), cells_of(cells.control, cells.treated), context);
}

double quantile(const arma::mat& cells, std::size_t feature, double at) {
  arma::rowvec values = cells.row(feature);
  std::sort(values.begin(), values.end());
  return values[static_cast<arma::uword>(at * static_cast<double>(values.n_elem))];
}

bool same(const arma::mat& a, const arma::mat& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

TEST_CASE("a lifted model with marginals comes back from its file") {
  for (const std::size_t d : {3u, 40u}) {  // 40 features of 180 cells: components
    const Populations cells = bent(d, 180, 150);
    const Model model = fitted("laot", cells, {{"lift", "yes"}, {"restore", "marginals"}});
    CHECK(model.space.has_components() == (d == 40));
    const std::string bytes = model.store().bytes();
    const Model back = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
    const arma::mat fresh = clouds::gaussian(d, 20, 9) + 3.0;
    CHECK(same(predicted(model, fresh), predicted(back, fresh)));
    CHECK(same(predicted(model, fresh, Nonnegative::marginals),
               predicted(back, fresh, Nonnegative::marginals)));
    CHECK(back.array("landmarks").columns == 180);
    CHECK(same(back.array("map").matrix(), model.array("map").matrix()));
    CHECK(same(back.array("offset").matrix(), model.array("offset").matrix()));
  }
}

TEST_CASE("restored marginals: the predicted training cells have the treated quantiles") {
  const Populations cells = bent(3, 600, 500);
  for (const Settings& settings :
       {Settings{{"restore", "marginals"}}, Settings{{"restore", "marginals"}, {"lift", "yes"}}}) {
    const arma::mat moved = predicted(fitted("laot", cells, settings), cells.control);
    for (std::size_t k = 0; k < 3; ++k)
      for (const double at : {0.1, 0.5, 0.9})
        CHECK(std::abs(quantile(moved, k, at) - quantile(cells.treated, k, at)) < 0.12);
  }
}

TEST_CASE("effects are the derivative of the prediction, with and without components") {
  for (const std::size_t d : {3u, 30u}) {
    const Populations cells = bent(d, 150, 160);
    const Model model = fitted("laot", cells, {{"lift", "yes"}, {"restore", "marginals"}});
    const arma::mat at = clouds::gaussian(d, 2, 8) + 3.0;  // no training cell: those are knots
    arma::cube effects(d, d, 2);
    Context context;
    model.effects(Cells::dense(at), effects.memptr(), context);
    const double step = 1e-6;
    for (std::size_t i = 0; i < 2; ++i)
      for (const std::size_t k : {std::size_t{0}, d - 1}) {
        arma::mat ends(d, 2);
        ends.col(0) = at.col(i);
        ends.col(1) = at.col(i);
        ends(k, 0) += step;
        ends(k, 1) -= step;
        const arma::mat moved = predicted(model, ends);
        for (std::size_t j = 0; j < d; ++j)
          CHECK(
              effects(j, k, i) ==
              doctest::Approx((moved(j, 0) - moved(j, 1)) / (2.0 * step)).epsilon(1e-4).scale(1.0));
      }
  }
}

TEST_CASE("effects of a network are refused") {
  const Populations cells = bent(2, 40, 40);
  const Model model = fitted("cellot", cells, {{"iterations", "2"}});
  arma::cube effects(2, 2, 1);
  Context context;
  CHECK_THROWS_WITH_AS(
      model.effects(Cells::dense(cells.control.head_cols(1)), effects.memptr(), context),
      doctest::Contains("no derivative in closed form"), Error);
}

TEST_CASE("adaptive chooses what bends here, says so, and needs no seed") {
  const Populations cells = bent(3, 400, 350);
  const Model model = fitted("laot", cells, {{"preset", "adaptive"}});
  CHECK(report_text(model, "choice") != "linear");
  CHECK(report_text(model, "choice_reason").find("lowers the held-out MMD^2") != std::string::npos);
  CHECK(model.array("choice_scores").rows == 5);
  CHECK(model.array("choice_scores").columns == 4);
  const Model other = fitted("laot", cells, {{"preset", "adaptive"}}, 77);
  CHECK(same(predicted(model, cells.control), predicted(other, cells.control)));
  // The chosen fit is the one that the parameters would give.
  const std::string choice = report_text(model, "choice");
  const Model asked = fitted(
      "laot", cells,
      {{"lift", choice.find("lift") == 0 ? "yes" : "no"},
       {"restore", choice.find("marginals") != std::string::npos ? "marginals" : "covariance"}});
  CHECK(same(predicted(model, cells.control), predicted(asked, cells.control)));
}

TEST_CASE("adaptive is calibrated where cells are few or pairs exact") {
  const Populations few = bent(2, 60, 300);
  CHECK(same(predicted(fitted("laot", few, {{"preset", "adaptive"}}), few.control),
             predicted(fitted("laot", few, {{"preset", "calibrated"}}), few.control)));
  const arma::mat x = clouds::gaussian(3, 200, 4);
  const arma::mat map = {{1.1, 0.1, 0.0}, {0.0, 0.9, 0.2}, {-0.1, 0.0, 1.0}};
  const Populations exact{x, map * x};
  for (const Settings& settings :
       {Settings{{"preset", "adaptive"}}, Settings{{"lift", "yes"}, {"restore", "marginals"}}}) {
    const arma::mat fresh = clouds::gaussian(3, 50, 5);
    CHECK(arma::abs(predicted(fitted("laot", exact, settings), fresh) - map * fresh).max() < 1e-6);
  }
}

TEST_CASE("marginals for the Gaussian map and for a network") {
  const Populations cells = bent(2, 300, 300);
  Context context;
  const double gamma = median_gamma(cells.control, cells.treated, context).gamma;
  const auto score = [&](const Model& model) {
    return mmd2(predicted(model, cells.control), cells.treated, {gamma}, MmdEstimator::unbiased,
                context)[0];
  };
  CHECK(score(fitted("gaussian_map", cells, {{"restore", "marginals"}})) <
        score(fitted("gaussian_map", cells, {})));
  const Model network =
      fitted("cae", cells, {{"restore", "marginals"}, {"center", "own"}, {"epochs", "20"}});
  CHECK(network.marginals.size() == 2);
}

TEST_CASE("the lift and the choice need a least-squares fit") {
  const Populations cells = bent(2, 40, 40);
  CHECK_THROWS_WITH_AS(fitted("laot", cells, {{"update", "adam"}, {"lift", "yes"}}),
                       doctest::Contains("set update to \"ls\""), Error);
}

TEST_CASE("files whose lift or marginals do not fit together are refused") {
  const Populations cells = bent(2, 60, 60);
  const Model model = fitted("laot", cells, {{"lift", "yes"}, {"restore", "marginals"}});
  const auto refused = [&](const std::string& name, const arma::mat& value, const char* message) {
    ModelFile file = model.store();
    file.put(name, value);
    CHECK_THROWS_WITH_AS(Model::load(file), doctest::Contains(message), Error);
  };
  refused("response.landmarks", arma::mat(3, 60, arma::fill::ones), "lifted map");
  refused("response.kernel_weights", arma::mat(2, 59, arma::fill::ones), "lifted map");
  refused("marginals.from", arma::mat(12, 3, arma::fill::ones), "marginals");
  arma::mat broken = model.marginals.to();
  broken(0, 0) = kNaN;
  refused("marginals.to", broken, "not finite");
  ModelFile narrow = model.store();
  narrow.put_number("response.kernel_width", 0.0);
  CHECK_THROWS_WITH_AS(Model::load(narrow), doctest::Contains("kernel width"), Error);
}
