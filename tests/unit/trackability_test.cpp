#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "laot/trackability.hpp"
#include "laot/trackability_of_model.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

arma::mat own_mean(arma::mat x) {
  x.each_col() -= arma::vec(arma::mean(x, 1));
  return x;
}

// Controls and treated cells with a small linear response: the pairing can be recovered.
Populations easy(std::size_t features, std::size_t cells, double gap, double noise,
                 std::uint64_t seed) {
  PopulationOptions options;
  options.features = features;
  options.cells = cells;
  options.gap = gap;
  options.noise = noise;
  options.entries = Entries::gaussian;
  Context context;
  return simulate_populations(options, Rng(seed), context);
}

}  // namespace

TEST_CASE("simulated populations: the map, the partners and the variance are as promised") {
  Context context;
  PopulationOptions options;
  options.features = 25;
  options.cells = 2000;
  options.gap = 7.0;
  for (const Entries entries : {Entries::uniform, Entries::gaussian}) {
    options.entries = entries;
    const Populations p = simulate_populations(options, Rng(3), context);
    CHECK(arma::norm(p.map - arma::eye(25, 25), "fro") == doctest::Approx(7.0));
    CHECK(arma::accu(p.control % p.control) / 2000.0 ==
          doctest::Approx(1.0).scale(0).epsilon(0.02));
    const arma::mat moved = p.map * p.control;
    double apart = 0.0;
    for (std::size_t i = 0; i < 2000; ++i)
      apart += arma::norm(arma::vec(moved.col(i) - p.treated.col(p.partner[i])));
    CHECK(apart < 1e-9);
  }
  options.noise = 0.5;
  const Populations noisy = simulate_populations(options, Rng(3), context);
  const arma::mat moved = noisy.map * noisy.control;
  double square = 0.0;
  for (std::size_t i = 0; i < 2000; ++i) {
    const arma::vec off = moved.col(i) - noisy.treated.col(noisy.partner[i]);
    square += arma::dot(off, off);
  }
  CHECK(std::sqrt(square / 2000.0) == doctest::Approx(0.5).scale(0).epsilon(0.02));
  options.gap = -1.0;
  CHECK_THROWS_AS(simulate_populations(options, Rng(1), context), Error);
  options.gap = 1.0;
  context.cancel = [] { return true; };
  CHECK_THROWS_WITH_AS(simulate_populations(options, Rng(1), context), "cancelled by the caller",
                       Error);
}

TEST_CASE("the recovery study is all ones below the transition and none above, on any threads") {
  RecoveryStudyOptions options;
  options.features = {10, 50};
  options.gaps = {0, 5, 400};
  options.trials = 4;
  Context one, two;
  two.num_threads = 2;
  for (const PairingCost cost : {PairingCost::euclidean, PairingCost::squared}) {
    options.cost = cost;
    const RecoveryStudy study = recovery_study(options, one);
    for (std::size_t r = 0; r < 2; ++r) {
      CHECK(study.mean(r, 0) == 1.0);
      CHECK(study.mean(r, 1) == 1.0);
      CHECK(study.mean(r, 2) < 0.5);
      CHECK(study.sd(r, 0) == 0.0);
    }
    const RecoveryStudy again = recovery_study(options, two);
    CHECK(arma::approx_equal(study.mean, again.mean, "absdiff", 0.0));
  }
  options.trials = 0;
  CHECK_THROWS_AS(recovery_study(options, one), Error);
}

TEST_CASE("an alternation may start elsewhere, and from its own result stays there") {
  const Populations p = easy(4, 80, 0.6, 0.1, 11);
  Context context;
  LaotOptions options;
  options.ridge = 0.0;
  options.restore = Restore::none;
  const LaotResult first = alternate(p.control, p.treated, {}, {}, options, context);
  options.start = first.map;
  const LaotResult second = alternate(p.control, p.treated, {}, {}, options, context);
  CHECK(arma::abs(second.map - first.map).max() < 1e-12);
  CHECK(second.iterations <= 2);
  options.start = arma::mat(3, 3, arma::fill::eye);
  CHECK_THROWS_AS(alternate(p.control, p.treated, {}, {}, options, context), Error);
}

TEST_CASE("a recoverable pairing is stable, and its map lies in its intervals") {
  const Populations p = easy(4, 120, 0.5, 0.02, 12);
  const arma::mat x = own_mean(p.control), y = own_mean(p.treated);
  Context context;
  StabilityOptions options;
  options.resamples = 20;
  options.halves = 3;
  options.restarts = 2;
  const Stability s = stability(x, y, {}, {}, options, context);
  CHECK(s.halves.overlap > 0.8);
  CHECK(s.resamples.overlap > 0.5);
  CHECK(s.resamples.coherence > 0.9);
  CHECK(s.resamples.overlap_low <= s.resamples.overlap);
  CHECK(s.resamples.overlap_high >= s.resamples.overlap);
  CHECK(s.residual_over_spacing < 0.5);
  std::size_t inside = 0;
  for (std::size_t e = 0; e < 16; ++e) {
    CHECK(s.map_low[e] <= s.map_high[e]);
    if (s.fit.map[e] >= s.map_low[e] && s.fit.map[e] <= s.map_high[e]) ++inside;
  }
  CHECK(inside >= 13);

  Context two;
  two.num_threads = 2;
  const Stability again = stability(x, y, {}, {}, options, two);
  CHECK(arma::approx_equal(s.draws, again.draws, "absdiff", 0.0));
  CHECK(s.halves.overlap == again.halves.overlap);
}

TEST_CASE("the matching of unrelated clouds is not stable") {
  Context context;
  StabilityOptions options;
  options.resamples = 5;
  options.halves = 3;
  options.restarts = 2;
  const Stability s = stability(own_mean(clouds::gaussian(6, 100, 1)),
                                own_mean(clouds::gaussian(6, 90, 2)), {}, {}, options, context);
  CHECK(s.halves.overlap < 0.7);
  CHECK(s.residual_over_spacing > 0.8);
}

TEST_CASE("a map is asked about by where it takes the cells") {
  const Populations p = easy(4, 120, 0.5, 0.02, 12);
  const arma::mat x = own_mean(p.control), y = own_mean(p.treated);
  Context context;
  StabilityOptions options;
  options.resamples = options.halves = options.restarts = 0;
  const Stability own = stability(x, y, {}, {}, options, context);
  // The map of the fit, whose plan is that of its images; a common shift does not count.
  const arma::mat map = own.fit.map_unrestored;
  options.images = map * x + 7.0;
  const Stability same = stability(x, y, {}, {}, options, context);
  CHECK(same.displacement_over_spacing ==
        doctest::Approx(own.displacement_over_spacing).epsilon(1e-9));
  CHECK(same.residual_over_spacing == doctest::Approx(own.residual_over_spacing).epsilon(1e-9));
  const RecoverySource expected = recovery_source(x, y, {}, own.fit);
  const RecoverySource found = recovery_source(x, y, {}, {}, options.images, context);
  CHECK(arma::approx_equal(found.map, expected.map, "absdiff", 1e-9));
  CHECK(arma::approx_equal(found.residual, expected.residual, "absdiff", 1e-9));
  // Of a map that bends: the linear part, against the normal equations.
  const arma::mat bent = map * x + 0.3 * arma::tanh(2.0 * x);
  const RecoverySource linear = recovery_source(x, y, {}, {}, bent, context);
  const arma::mat about = own_mean(bent);
  CHECK(arma::approx_equal(linear.map * (x * x.t()), about * x.t(), "absdiff", 1e-9));
  // Cells whose squares are not finite have no such map.
  const arma::mat far = 1e200 * x;
  CHECK_THROWS_WITH_AS(recovery_source(far, y, {}, {}, far, context),
                       doctest::Contains("pseudo-inverse"), Error);
  // One that takes cells elsewhere leaves them further from their partners.
  options.images = arma::reverse(options.images, 1);
  CHECK(stability(x, y, {}, {}, options, context).residual_over_spacing ==
        doctest::Approx(own.residual_over_spacing).epsilon(1e-9));
  options.images = -2.0 * x;
  CHECK(stability(x, y, {}, {}, options, context).residual_over_spacing >
        4.0 * own.residual_over_spacing);
  options.images = x.head_cols(3);
  CHECK_THROWS_WITH_AS(stability(x, y, {}, {}, options, context),
                       doctest::Contains("images must be"), Error);
}

TEST_CASE("stability within levels, over levels, and what it refuses") {
  const Populations p = easy(3, 60, 0.4, 0.02, 13);
  const arma::mat x = own_mean(p.control), y = own_mean(p.treated);
  std::vector<std::uint32_t> batch_x(60), batch_y(60);
  for (std::size_t i = 0; i < 60; ++i)
    batch_x[i] = batch_y[p.partner[i]] = static_cast<std::uint32_t>(i % 3);
  Context context;
  StabilityOptions options;
  options.resamples = 6;
  options.halves = 2;
  options.restarts = 1;
  for (const Resample what : {Resample::cells, Resample::levels}) {
    options.resample = what;
    const Stability s = stability(x, y, batch_x, batch_y, options, context);
    CHECK(s.draws.is_finite());
    CHECK(s.resamples.overlap > 0.5);
  }
  CHECK_THROWS_AS(stability(x, y, {}, {}, options, context), Error);  // levels without a batch
  const std::vector<std::uint32_t> one(60, 0);
  CHECK_THROWS_WITH_AS(stability(x, y, one, one, options, context),
                       doctest::Contains("at least 2 levels"), Error);
  options.resample = Resample::cells;
  CHECK_THROWS_AS(stability(x.head_cols(3), y, {}, {}, options, context), Error);
  CHECK_NOTHROW(stability(x.head_cols(4), y.head_cols(4), {}, {}, options, context));
}

TEST_CASE("a recovery curve falls, and its crossing is where it passes one half") {
  const Populations p = easy(4, 150, 1.0, 0.0, 14);
  const arma::mat x = own_mean(p.control), y = own_mean(p.treated);
  Context context;
  LaotOptions fit;
  const LaotResult result = alternate(x, y, {}, {}, fit, context);
  const RecoverySource source = recovery_source(x, y, {}, result);
  CHECK(arma::abs(source.residual).max() < 1e-6);

  RecoveryCurveOptions options;
  options.gaps = {0, 0.5, 1, 4, 40};
  options.repeats = 4;
  options.most_cells = 100;
  const RecoveryCurve curve = recovery_curve(source, Design::counterpart, options, context);
  CHECK(curve.recovery[0] == doctest::Approx(1.0));
  CHECK(curve.recovery_at_one > 0.9);
  CHECK(curve.recovery[4] < 0.5);
  CHECK(curve.critical > 1.0);
  CHECK(curve.critical < 40.0);
  CHECK(curve.position == doctest::Approx(1.0 / curve.critical));
  CHECK(curve.critical_low <= curve.critical);
  CHECK(curve.critical_high >= curve.critical);
  CHECK(std::isnan(curve.map_error(0, 0)));
  CHECK(curve.cell_error(2, 0) < 0.1);

  const RecoveryCurve anew = recovery_curve(source, Design::anew, options, context);
  CHECK(anew.cells == 75);
  CHECK(std::isnan(anew.pairs(1, 1)));
  // Cells drawn anew are found less well.
  CHECK(anew.recovery_at_one < curve.recovery_at_one);

  Context two;
  two.num_threads = 2;
  const RecoveryCurve again = recovery_curve(source, Design::counterpart, options, two);
  CHECK(arma::approx_equal(curve.pairs, again.pairs, "absdiff", 0.0));
  CHECK(curve.critical_low == again.critical_low);
}

TEST_CASE("a recovery curve pairs cells within their level") {
  // The noise hides every pair; the level alone gives it away.
  RecoverySource source{clouds::gaussian(3, 40, 15), arma::mat(3, 3, arma::fill::eye),
                        1e4 * arma::mat(3, 3, arma::fill::eye), std::vector<std::uint32_t>(40)};
  RecoveryCurveOptions options;
  options.gaps = {0, 1};
  options.repeats = 6;
  Context context;
  const auto recovered = [&](std::size_t levels) {
    for (std::size_t i = 0; i < 40; ++i) source.batch[i] = static_cast<std::uint32_t>(i % levels);
    return recovery_curve(source, Design::counterpart, options, context).recovery_at_one;
  };
  CHECK(recovered(40) == 1.0);
  CHECK(recovered(20) == doctest::Approx(0.5).scale(0).epsilon(0.4));
  CHECK(recovered(1) < 0.15);

  // Anew: levels of 3, 3, 3, .. give a control and a treated cell each, and one cell is left out.
  for (std::size_t i = 0; i < 40; ++i) source.batch[i] = static_cast<std::uint32_t>(i % 13);
  const RecoveryCurve anew = recovery_curve(source, Design::anew, options, context);
  CHECK(arma::mat(anew.identified).is_finite());
  for (std::size_t i = 0; i < 40; ++i) source.batch[i] = static_cast<std::uint32_t>(i);
  CHECK_THROWS_WITH_AS(recovery_curve(source, Design::anew, options, context),
                       doctest::Contains("deals the cells of each batch level"), Error);
  source.batch.pop_back();
  CHECK_THROWS_AS(recovery_curve(source, Design::counterpart, options, context), Error);
}

TEST_CASE("a cell is identified where no other expected state lies nearer") {
  // Own and nearest distances by hand: 1 and 9; 4 and 6; 9 and 1 (not its own); 0 and 0 (a tie).
  const arma::mat expected = {{0.0, 10.0, 20.0, 40.0, 40.0}};
  CHECK(identified_share({{1.0, 14.0, 11.0, 40.0, 40.0}}, expected) == doctest::Approx(0.8));
  CHECK(identified_share({{1.0, 16.0, 11.0, 40.0, 60.0}}, expected) == doctest::Approx(0.6));
  // Nearer by half or more does not count.
  CHECK(identified_share({{7.0, 14.0, 14.0, 29.0, 31.0}}, expected) == doctest::Approx(0.4));
}

TEST_CASE("a recovery of everything is 1, not a rounding error more") {
  for (const std::size_t cells : {7, 49, 110, 147}) {
    const RecoverySource source{
        clouds::gaussian(2, cells, 3), arma::mat(2, 2, arma::fill::eye), {}, {}};
    RecoveryCurveOptions options;
    options.gaps = {0, 1};
    options.repeats = 3;
    Context context;
    CHECK(recovery_curve(source, Design::counterpart, options, context).recovery_at_one == 1.0);
  }
}

TEST_CASE("curves that never or always lie under one half say so") {
  RecoverySource source{clouds::gaussian(3, 40, 15), arma::mat(3, 3, arma::fill::eye), {}, {}};
  RecoveryCurveOptions options;
  options.gaps = {0, 1, 2};
  options.repeats = 2;
  Context context;
  const RecoveryCurve never = recovery_curve(source, Design::counterpart, options, context);
  CHECK(std::isinf(never.critical));
  CHECK(never.position == 0.0);
  source.residual = 1e4 * arma::mat(3, 3, arma::fill::eye);
  const RecoveryCurve always = recovery_curve(source, Design::counterpart, options, context);
  CHECK(always.critical == 0.0);
  CHECK(std::isinf(always.position));
  options.gaps = {0, 0.5};
  CHECK(std::isnan(recovery_curve(source, Design::counterpart, options, context).recovery_at_one));
  options.gaps = {1, 0.5};
  CHECK_THROWS_AS(recovery_curve(source, Design::counterpart, options, context), Error);
  source.cells = clouds::gaussian(3, 7, 15);
  options.gaps = {1};
  CHECK_THROWS_AS(recovery_curve(source, Design::anew, options, context), Error);
}

TEST_CASE("the verdict has three levels and an undefined one") {
  CHECK(trackability_verdict(1.0, 0.2) == Trackability::recoverable);
  CHECK(trackability_verdict(0.7, 0.2) == Trackability::borderline);
  CHECK(trackability_verdict(1.0, 0.8) == Trackability::borderline);
  CHECK(trackability_verdict(1.0, 1.1) == Trackability::not_recoverable);
  CHECK(trackability_verdict(std::nan(""), 0.2) == Trackability::undefined);
}

TEST_CASE("long work on trackability can be cancelled") {
  const Populations p = easy(4, 150, 1.0, 0.1, 16);
  Context context;
  context.num_threads = 2;
  int asked = 0;
  context.cancel = [&asked] { return ++asked > 2; };
  StabilityOptions options;
  options.resamples = 5000;
  try {
    stability(p.control, p.treated, {}, {}, options, context);
    FAIL("was not cancelled");
  } catch (const Error& error) {
    CHECK(error.status() == Status::cancelled);
  }
}

TEST_CASE("names of designs, entries, costs and resamples are these") {
  CHECK(design_from("counterpart") == Design::counterpart);
  CHECK(design_from("anew") == Design::anew);
  CHECK(entries_from("uniform") == Entries::uniform);
  CHECK(entries_from("gaussian") == Entries::gaussian);
  CHECK(pairing_cost_from("euclidean") == PairingCost::euclidean);
  CHECK(pairing_cost_from("squared") == PairingCost::squared);
  CHECK(resample_from("cells") == Resample::cells);
  CHECK(resample_from("levels") == Resample::levels);
  CHECK_THROWS_WITH_AS(design_from("old"), "design must be counterpart or anew, found \"old\"",
                       Error);
  CHECK_THROWS_WITH_AS(entries_from("normal"),
                       "entries must be uniform or gaussian, found \"normal\"", Error);
  CHECK_THROWS_WITH_AS(pairing_cost_from("l1"), "cost must be euclidean or squared, found \"l1\"",
                       Error);
  CHECK_THROWS_WITH_AS(resample_from("donors"),
                       "resample must be cells or levels, found \"donors\"", Error);
}

TEST_CASE("a model is asked with the cells that it kept, or with given ones") {
  const Populations p = easy(3, 60, 0.4, 0.02, 17);
  Context context;
  const Params params(method("laot").spec);
  const Model model =
      fit_model(params, experiment_of(Cells::dense(p.control), Cells::dense(p.treated)), context);
  StabilityOptions options;
  options.resamples = 3;
  options.halves = options.restarts = 1;
  const Population control{Cells::dense(p.control), {}, {}},
      treated{Cells::dense(p.treated), {}, {}};
  const auto overlap = [&](const AskedCells& cells) {
    return stability_findings(model, cells, options, context).tables[0].second.numbers("overlap");
  };
  CHECK(overlap({}) == overlap({control, treated}));
  CHECK_THROWS_WITH_AS(overlap({control, std::nullopt}),
                       doctest::Contains("give both control and treated"), Error);
  Population labelled = control;
  labelled.batch.assign(60, "a");
  CHECK_THROWS_WITH_AS(overlap({labelled, treated}),
                       doctest::Contains("only one of control and treated has a batch"), Error);
  const arma::mat two = p.control.rows(0, 1);
  CHECK_THROWS_WITH_AS(overlap({Population{Cells::dense(two), {}, {}}, treated}),
                       "control has 2 features and the model 3", Error);
}

TEST_CASE("a fit without centring is repeated without centring") {
  Populations p = easy(3, 60, 0.4, 0.02, 17);
  p.control.each_col() += arma::vec{4.0, -2.0, 3.0};
  p.treated.each_col() += arma::vec{5.0, -2.5, 1.0};
  Context context;
  Params params(method("laot").spec);
  params.use_preset("calibrated");
  params.set_text("center", "none");
  params.set_text("scale", "none");
  params.set_text("n_pcs", "0");
  const Model model =
      fit_model(params, experiment_of(Cells::dense(p.control), Cells::dense(p.treated)), context);
  StabilityOptions options;
  options.resamples = options.halves = options.restarts = 0;
  const Findings found = stability_findings(model, {}, options, context);
  REQUIRE(found.arrays[0].first == "map");
  const arma::mat fitted = model.array("latent_map").matrix();
  CHECK(arma::approx_equal(found.arrays[0].second, fitted, "absdiff", 1e-12));
  const LaotResult centred =
      alternate(own_mean(p.control), own_mean(p.treated), {}, {}, laot_options(model), context);
  REQUIRE(arma::abs(centred.map - fitted).max() > 1e-3);
}
