// The neural methods behind the one interface of all methods.
#include <doctest/doctest.h>

#include <cmath>

#include "laot/models.hpp"
#include "support/clouds.hpp"
#include "support/fitted_models.hpp"

using namespace laot;
using namespace fitted_models;

namespace {

const std::vector<std::pair<std::string, Settings>> kSmall{
    {"cellot",
     {{"hidden_units", "8"},
      {"hidden_layers", "2"},
      {"iterations", "30"},
      {"check_every", "10"},
      {"batch_size", "32"}}},
    {"scgen", {{"hidden_units", "12"}, {"latent", "3"}, {"epochs", "5"}, {"batch_size", "16"}}},
    {"cae", {{"hidden_units", "12"}, {"latent", "3"}, {"epochs", "5"}, {"batch_size", "16"}}}};

double largest_gap(const arma::mat& a, const arma::mat& b) {
  return arma::abs(a - b).max();
}

const arma::mat kX = clouds::gaussian(5, 80, 1);
const arma::mat kY = clouds::gaussian(5, 90, 2) + 1.0;

}  // namespace

TEST_CASE(
    "every network fits, predicts, reports, and comes back from its file with the same bits") {
  const arma::mat fresh = clouds::gaussian(5, 300, 3);
  for (const auto& [name, settings] : kSmall) {
    CAPTURE(name);
    Context context;
    const Model model = fit_model(params_of(name, settings), cells_of(kX, kY), context);
    const arma::mat moved = predicted(model, fresh);
    CHECK(moved.is_finite());
    CHECK(largest_gap(moved, fresh) > 1e-3);
    for (const auto& [column, values] : model.trace) {
      CAPTURE(column);
      CHECK(!values.empty());
      for (const double value : values) REQUIRE(std::isfinite(value));
    }
    for (const auto& [number, value] : model.report.numbers) {
      CAPTURE(number);
      CHECK(std::isfinite(value));
    }
    CHECK(report_text(model, "outcome") == "limit_reached");
    const std::string bytes = model.store().bytes();
    const Model back = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
    CHECK(largest_gap(predicted(back, fresh), moved) == 0.0);
    CHECK(back.store().bytes() == bytes);
  }
}

TEST_CASE("a network depends on the seed and on nothing else") {
  for (const auto& [name, settings] : kSmall) {
    CAPTURE(name);
    Context one, three, other;
    three.num_threads = 3;
    other.seed = 2;
    const Params params = params_of(name, settings);
    const arma::mat a = predicted(fit_model(params, cells_of(kX, kY), one), kX);
    CHECK(largest_gap(predicted(fit_model(params, cells_of(kX, kY), three), kX), a) == 0.0);
    CHECK(largest_gap(predicted(fit_model(params, cells_of(kX, kY), other), kX), a) > 0.0);
  }
}

TEST_CASE("a network works on components and keeps what they leave out") {
  const arma::mat x = clouds::gaussian(40, 80, 1), y = clouds::gaussian(40, 80, 2) + 0.5;
  for (const auto& [name, settings] : kSmall) {
    CAPTURE(name);
    Context context;
    const Model model = fit_model(params_of(name, settings), cells_of(x, y), context);
    REQUIRE(model.space.has_components());
    const arma::mat& basis = model.space.basis;
    const arma::mat change = predicted(model, x) - x;
    // Only the components move.
    CHECK(largest_gap(change, arma::mat(basis * (basis.t() * change))) < 1e-9);
  }
}

TEST_CASE("a cancelled network stops, or hands back its best iterate where asked to") {
  for (const auto& [name, settings] : kSmall) {
    CAPTURE(name);
    Params params = params_of(name, settings);
    params.set_text(name == "cellot" ? "iterations" : "epochs", "1000000");
    if (name != "cellot") params.set_text("patience", "0");
    bool training = false;
    const auto cancelling = [&training](Context& context) {
      training = false;
      context.progress = [&training](const std::string& stage, double) {
        training = training || stage == "training";
      };
      context.cancel = [&training] { return training; };
    };
    Context stopping;
    cancelling(stopping);
    CHECK_THROWS_AS(fit_model(params, cells_of(kX, kY), stopping), Error);
    params.set_text("on_cancel", "keep");
    Context keeping;
    cancelling(keeping);
    const Model model = fit_model(params, cells_of(kX, kY), keeping);
    CHECK(report_text(model, "outcome") == "cancelled");
    CHECK(predicted(model, kX).is_finite());
  }
}

TEST_CASE("a network that changes nothing and keeps the residual leaves every cell as it is") {
  Context context;
  const auto model_of = [&](std::size_t which, const char* residual) {
    Params params = params_of(kSmall[which].first, kSmall[which].second);
    params.set_text("residual", residual);
    return fit_model(params, cells_of(kX, kY), context);
  };
  for (const char* residual : {"keep", "drop"}) {
    const bool kept = std::string(residual) == "keep";
    CAPTURE(residual);
    const Model scgen = model_of(1, residual), cae = model_of(2, residual);
    CHECK(report_text(scgen, "residual") == residual);
    ModelFile still = scgen.store();
    still.put("response.shift", arma::vec(3, arma::fill::zeros));
    const double gap = largest_gap(predicted(Model::load(still), kX), kX);
    CHECK((kept ? gap == 0.0 : gap > 0.1));
    still = cae.store();
    arma::mat weight = still.matrix("response.dec0.weight");  // the code, control, treated
    REQUIRE(weight.n_cols == 5);
    weight.col(4) = weight.col(3);
    still.put("response.dec0.weight", weight);
    const double gap_cae = largest_gap(predicted(Model::load(still), kX), kX);
    CHECK((kept ? gap_cae == 0.0 : gap_cae > 0.1));
  }
  // A residual that is kept is all that a predicted cell has beyond the reconstruction.
  const Model scgen = model_of(1, "keep");
  ModelFile dropped = scgen.store(), none = scgen.store();
  dropped.put_number("response.keep_residual", 0.0);
  none.put_number("response.keep_residual", 0.0);
  none.put("response.shift", arma::vec(3, arma::fill::zeros));
  const arma::mat change = predicted(Model::load(dropped), kX) - predicted(Model::load(none), kX);
  CHECK(largest_gap(predicted(scgen, kX), kX + change) < 1e-5);
  ModelFile half = scgen.store();
  half.put_number("response.change_share", 0.5);
  CHECK(largest_gap(predicted(Model::load(half), kX), kX + 0.5 * change) < 1e-5);
  ModelFile damaged = scgen.store();
  damaged.put_number("response.change_share", 1.5);
  CHECK_THROWS_AS(Model::load(damaged), Error);
  damaged = scgen.store();
  damaged.put_number("response.keep_residual", 2.0);
  CHECK_THROWS_AS(Model::load(damaged), Error);
}

TEST_CASE("the latent shift of scGen is balanced by the levels that are given") {
  Experiment cells = cells_of(kX, kY);
  for (std::size_t i = 0; i < 80; ++i) cells.controls[0].batch.push_back(i % 4 == 0 ? "B" : "T");
  for (std::size_t j = 0; j < 90; ++j)
    cells.conditions[0].population.batch.push_back(j % 2 == 0 ? "B" : "T");
  Context context;
  const Model balanced = fit_model(params_of("scgen", kSmall[1].second), cells, context);
  CHECK(predicted(balanced, kX).is_finite());
  CHECK_THROWS_WITH_AS(fit_model(params_of("cellot", kSmall[0].second), cells, context),
                       doctest::Contains("leave batch out"), Error);
  CHECK_THROWS_WITH_AS(fit_model(params_of("cae", kSmall[2].second), cells, context),
                       doctest::Contains("leave batch out"), Error);
}

TEST_CASE("a network gives its predictions the treated mean: with own means, and where asked to") {
  for (const std::size_t features : {5U, 40U}) {  // the latter on components
    const arma::mat x = clouds::gaussian(features, 80, 1);
    arma::mat y = clouds::gaussian(features, 90, 2);
    y.row(0) = arma::exp(y.row(0)) + 2.0;
    for (const auto& [name, settings] : kSmall) {
      CAPTURE(name);
      CAPTURE(features);
      // How far the mean of the predicted training controls is from that of the treated cells.
      const auto gap = [&, &name = name, &settings = settings](const char* center,
                                                               const char* restore) {
        Params params = params_of(name, settings);
        params.set_text("center", center);
        params.set_text("restore", restore);
        Context context;
        const Model model = fit_model(params, cells_of(x, y), context);
        const bool restores = std::string(restore) == "mean" ||
                              (std::string(restore) == "auto" && std::string(center) == "own");
        CHECK(report_text(model, "restore") == (restores ? "mean" : "none"));
        const std::string bytes = model.store().bytes();
        const Model back = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
        CHECK(largest_gap(predicted(back, x), predicted(model, x)) == 0.0);
        const arma::vec lack = arma::mean(predicted(model, x), 1) - arma::mean(y, 1);
        return model.space.has_components() && std::string(center) != "own"
                   ? arma::abs(model.space.basis.t() * lack).max()
                   : arma::abs(lack).max();
      };
      CHECK(gap("own", "auto") < 1e-9);
      CHECK(gap("own", "mean") < 1e-9);
      CHECK(gap("joint", "mean") < 1e-9);
      CHECK(gap("none", "mean") < 1e-9);
      CHECK(gap("own", "none") > 1e-4);
      CHECK(gap("joint", "auto") > 1e-4);
      CHECK(gap("joint", "none") > 1e-4);
    }
  }
}

TEST_CASE("an untrained network with own means is the mean shift") {
  for (const auto& [name, settings] : kSmall) {
    if (name == "cellot") continue;  // its untrained map is not the identity
    CAPTURE(name);
    Params params = params_of(name, settings);
    params.set_text("center", "own");
    params.set_text("epochs", "0");
    params.set_text("residual", "keep");
    Context context;
    const arma::mat moved = predicted(fit_model(params, cells_of(kX, kY), context), kX);
    const arma::vec shift = arma::mean(kY, 1) - arma::mean(kX, 1);
    CHECK(largest_gap(moved, kX + arma::repmat(shift, 1, kX.n_cols)) < 0.05);
  }
}

TEST_CASE("scGen with own means sees the populations where they lie") {
  // The same network as with one common mean, and with the same bits but for rounding: else the
  // shift of its code would be that of two populations moved onto each other.
  Context context;
  const auto fitted = [&](const char* center, const char* restore) {
    Params params = params_of("scgen", kSmall[1].second);
    params.set_text("center", center);
    params.set_text("restore", restore);
    return fit_model(params, cells_of(kX, kY), context);
  };
  const Model own = fitted("own", "auto"), joint = fitted("joint", "mean");
  const arma::mat fresh = clouds::gaussian(5, 300, 3);
  CHECK(largest_gap(predicted(own, fresh), predicted(joint, fresh)) < 1e-3);
  CHECK(largest_gap(own.arrays.at("latent_shift"), joint.arrays.at("latent_shift")) < 1e-3);
  CHECK(largest_gap(predicted(own, fresh), predicted(fitted("joint", "none"), fresh)) > 0.05);
  // The published shift of populations that were moved onto each other.
  const arma::mat lost = fitted("own", "none").arrays.at("latent_shift");
  CHECK(arma::norm(lost, "fro") < 0.3 * arma::norm(own.arrays.at("latent_shift"), "fro"));

  for (const char* part : {"response.origin", "response.mean_offset"}) {
    CAPTURE(part);
    ModelFile damaged = own.store();
    damaged.put(part, arma::vec(4, arma::fill::ones));
    CHECK_THROWS_WITH_AS(Model::load(damaged), doctest::Contains(part), Error);
    for (const double bad : {std::nan(""), 1e300}) {
      damaged.put(part, arma::vec(5, arma::fill::value(bad)));
      CHECK_THROWS_WITH_AS(Model::load(damaged), doctest::Contains(part), Error);
    }
  }
  // Half of it, or tensors without what says how they belong together.
  const Model plain = fitted("joint", "none");
  ModelFile halved = plain.store();
  halved.put("response.origin", arma::vec(5, arma::fill::ones));
  CHECK_THROWS_WITH_AS(Model::load(halved), doctest::Contains("without"), Error);
}

TEST_CASE("the mean that is restored has the weights of the batches") {
  Experiment cells = cells_of(kX, kY);
  for (std::size_t i = 0; i < 80; ++i) cells.controls[0].batch.push_back(i % 4 == 0 ? "B" : "T");
  for (std::size_t j = 0; j < 90; ++j)
    cells.conditions[0].population.batch.push_back(j % 2 == 0 ? "B" : "T");
  Params params = params_of("scgen", kSmall[1].second);
  params.set_text("center", "own");
  Context context;
  const Model model = fit_model(params, cells, context);
  arma::vec of_x(80), of_y(90);
  batch_weights(levels_of(cells.controls[0].batch, cells.conditions[0].population.batch).control,
                levels_of(cells.controls[0].batch, cells.conditions[0].population.batch).treated,
                80, 90, of_x, of_y);
  REQUIRE(of_x.max() > of_x.min());
  CHECK(arma::abs(predicted(model, kX) * of_x - kY * of_y).max() < 1e-9);
}

TEST_CASE("networks need a few cells, and say so") {
  Context context;
  // Of three cells one would be held out: the mean shift, as of two.
  const Model three =
      fit_model(params_of("cellot", kSmall[0].second), cells_of(kX.head_cols(3), kY), context);
  CHECK(report_text(three, "stop_reason").find("needs at least 4 cells on each side, found 3") !=
        std::string::npos);
  // Two cells: the mean shift, as for every method.
  const Model model =
      fit_model(params_of("scgen", kSmall[1].second), cells_of(kX.head_cols(2), kY), context);
  CHECK(report_text(model, "stop_reason").find("mean shift") != std::string::npos);
  const std::string bytes = model.store().bytes();
  CHECK_NOTHROW(Model::load(ModelFile::parse(bytes.data(), bytes.size())));
  // A file with a network's tensors is not taken for one of the mean shift.
  ModelFile damaged = model.store();
  damaged.put("response.code.weight", arma::mat(3, 12, arma::fill::ones));
  CHECK_THROWS_WITH_AS(Model::load(damaged), doctest::Contains("no entry"), Error);
}

TEST_CASE("a damaged network file is refused") {
  for (const auto& [name, settings] : kSmall) {
    CAPTURE(name);
    Context context;
    const Model model = fit_model(params_of(name, settings), cells_of(kX, kY), context);
    const ModelFile good = model.store();
    const std::string first = name == "cellot" ? "response.g.A0.weight" : "response.enc0.weight";
    const auto refused = [](const ModelFile& file) { CHECK_THROWS_AS(Model::load(file), Error); };
    ModelFile bad = good;
    bad.put(first, arma::mat(arma::mat(3, 2, arma::fill::ones)));
    refused(bad);
    bad = good;
    arma::mat holed = good.matrix(first);
    holed(0, 0) = std::nan("");
    bad.put(first, holed);
    refused(bad);
    for (const double layers : {-1.0, 1.5, 1e9, 3.0, std::nan("")}) {
      bad = good;
      bad.put_number("response.layers", layers);
      refused(bad);
    }
  }
}
