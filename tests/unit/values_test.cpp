// Values by hand, with unequal sides, for what other tests ask by inequality alone: a divisor, the
// number of cells in a statistic, a middle, an interpolation, a bound.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "laot/assignment/scaled_cloud.hpp"
#include "laot/data.hpp"
#include "laot/metrics/features.hpp"
#include "laot/metrics/moments.hpp"
#include "laot/metrics/registry.hpp"
#include "laot/models.hpp"
#include "laot/nets/autoencoder_training.hpp"
#include "laot/nets/cellot.hpp"
#include "laot/nets/training.hpp"
#include "laot/trackability/recovery_curve.hpp"
#include "laot/trackability/stability.hpp"
#include "laot/transport.hpp"
#include "laot/transport/hierarchical_transport.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

std::vector<std::size_t> falling_order(const std::vector<double>& values) {
  std::vector<std::size_t> out(values.size());
  std::iota(out.begin(), out.end(), std::size_t{0});
  std::stable_sort(out.begin(), out.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  return out;
}

}  // namespace

TEST_CASE("markers are ordered by Welch's t, in which the few cells of one side count") {
  // Spread on the side of the 4 cells costs more than the same spread on the side of the 90.
  const std::size_t d = 24;
  arma::mat control = clouds::gaussian(d, 4, 1), treated = clouds::gaussian(d, 90, 2);
  for (std::size_t k = 0; k < d; ++k) {
    (k % 2 ? control : treated).row(k) *= 1.0 + 0.4 * static_cast<double>(k % 7);
    treated.row(k) += 1.5 + 0.1 * static_cast<double>(k % 5);
  }
  std::vector<double> t;
  for (std::size_t k = 0; k < d; ++k)
    t.push_back(std::abs(arma::mean(treated.row(k)) - arma::mean(control.row(k))) /
                std::sqrt(arma::var(control.row(k)) / 4.0 + arma::var(treated.row(k)) / 90.0));
  Context context;
  CHECK(marker_features(control, treated, d, context) == falling_order(t));
}

TEST_CASE("variable features: the gap between the populations counts, by their shares") {
  // Variances of the pool by hand: 0.6 * 0.4 * gap^2 where both sides are constant.
  arma::mat control(4, 6, arma::fill::zeros), treated(4, 4, arma::fill::zeros);
  treated.row(1).fill(3.0);                                                // 0.24 * 9 = 2.16
  for (std::size_t i = 0; i < 6; ++i) control(0, i) = i % 2 ? 1.8 : -1.8;  // 0.6 * 3.24 = 1.944
  for (std::size_t i = 0; i < 4; ++i) treated(2, i) = i % 2 ? 2.4 : -2.4;  // 0.4 * 5.76 = 2.304
  Context context;
  CHECK(variable_features(Cells::dense(control), Cells::dense(treated), 4, context) ==
        std::vector<std::size_t>{2, 1, 0, 3});
}

TEST_CASE("the sd of a subsampled score has the divisor of a sample") {
  const arma::mat predicted = clouds::gaussian(3, 30, 1), observed = clouds::gaussian(3, 25, 2);
  Context context;
  context.seed = 11;
  ScoreInput input;
  input.predicted = &predicted;
  input.observed = &observed;
  const Score three = score_subsampled("l2_drug_signature", input, 10, 3, context);
  arma::vec values(3);
  for (std::size_t r = 0; r < 3; ++r) {
    Rng own = Rng(11).stream(r);
    const auto p = own.sample(30, 10), o = own.sample(25, 10);
    arma::vec gap(3, arma::fill::zeros);
    for (std::size_t i = 0; i < 10; ++i) gap += (predicted.col(p[i]) - observed.col(o[i])) / 10.0;
    values[r] = arma::norm(gap);
  }
  CHECK(three.value == doctest::Approx(arma::mean(values)).epsilon(1e-12));
  CHECK(three.sd == doctest::Approx(arma::stddev(values)).epsilon(1e-10));
  CHECK(std::isnan(score_subsampled("l2_drug_signature", input, 10, 1, context).sd));
}

TEST_CASE("the middle of an even number of distances is the mean of the middle two") {
  // Squares 1, 4, 9, 16, 36, 49 among the places 0, 1, 3, 7; the middle is 12.5.
  const arma::fmat a{{0.0F, 1.0F}}, b{{3.0F, 7.0F}};
  CHECK(nets::median_gamma(a, b, {}) == doctest::Approx(1.0 / 12.5));
}

TEST_CASE("a training ends after as many epochs without a smaller loss as its patience") {
  for (const std::size_t patience : {1, 3}) {
    CAPTURE(patience);
    nets::AutoencoderOptions options;
    options.shape.kind = nets::AutoencoderKind::plain;
    options.shape.hidden = {16};
    options.shape.latent = 2;
    options.adam.rate = 0.02;
    options.epochs = 400;
    options.patience = patience;
    nets::AutoencoderTrainer trainer(clouds::gaussian(4, 40, 1), clouds::gaussian(4, 30, 2),
                                     options, 3);
    Context context;
    trainer.run(context);
    const auto trace = trainer.trace();
    const auto best = std::min_element(
        trace.begin(), trace.end(),
        [](const auto& a, const auto& b) { return a.validation_loss < b.validation_loss; });
    REQUIRE(trace.back().epoch < options.epochs);
    CHECK(trace.back().epoch - best->epoch == patience);
    CHECK(trainer.report().iterations == trace.back().epoch);
  }
}

TEST_CASE("intervals and sds of a map are those of its draws") {
  const arma::mat x = clouds::gaussian(2, 40, 1), y = 1.3 * clouds::gaussian(2, 30, 2);
  StabilityOptions options;
  options.resamples = 5;
  options.halves = 1;
  options.restarts = 1;
  options.level = 0.8;
  Context context;
  const Stability s = stability(x, y, {}, {}, options, context);
  REQUIRE(s.draws.n_cols == 5);
  for (std::size_t e = 0; e < 4; ++e) {
    const arma::rowvec draws = arma::sort(s.draws.row(e));
    CHECK(s.map_sd[e] == doctest::Approx(arma::stddev(draws)).epsilon(1e-10));
    // Quantiles 0.1 and 0.9 of five values lie 0.4 of the way from the outermost ones.
    CHECK(s.map_low[e] == doctest::Approx(0.6 * draws[0] + 0.4 * draws[1]).epsilon(1e-12));
    CHECK(s.map_high[e] == doctest::Approx(0.4 * draws[3] + 0.6 * draws[4]).epsilon(1e-12));
  }
}

TEST_CASE("a recovery curve is read on the line between its points") {
  const arma::mat unit(3, 3, arma::fill::eye);
  const RecoverySource source{
      clouds::gaussian(3, 60, 15), unit + 0.4 * clouds::gaussian(3, 3, 4), 0.02 * unit, {}};
  RecoveryCurveOptions options;
  options.gaps = {0, 0.7, 3, 12, 48};
  options.repeats = 3;
  Context context;
  const RecoveryCurve curve = recovery_curve(source, Design::counterpart, options, context);
  std::size_t after = 0;
  while (after < curve.gaps.size() && curve.recovery[after] >= 0.5) ++after;
  REQUIRE(after > 0);
  REQUIRE(after < curve.gaps.size());
  const double share =
      (curve.recovery[after - 1] - 0.5) / (curve.recovery[after - 1] - curve.recovery[after]);
  REQUIRE(share > 0.02);
  REQUIRE(share < 0.98);
  CHECK(curve.critical ==
        doctest::Approx((1.0 - share) * curve.gaps[after - 1] + share * curve.gaps[after]));
  REQUIRE(curve.recovery[1] != curve.recovery[2]);
  CHECK(curve.recovery_at_one ==
        doctest::Approx(curve.recovery[1] +
                        (1.0 - 0.7) / (3.0 - 0.7) * (curve.recovery[2] - curve.recovery[1])));
  CHECK(curve.position_low == doctest::Approx(1.0 / curve.critical_high));
  CHECK(curve.position_high == doctest::Approx(1.0 / curve.critical_low));
}

TEST_CASE("the bound of a hierarchical coupling is the sampled dual value, less three errors") {
  const std::size_t n = 60, m = 40;
  const arma::mat x = clouds::gaussian(3, n, 1), y = 1.5 * clouds::gaussian(3, m, 2) + 0.3;
  const std::vector<std::int64_t> supply(n, m);
  std::vector<std::int64_t> demand(m, n);
  for (std::size_t j = 0; j + 1 < m; j += 2) {  // cells of unequal weight
    demand[j] += 40;
    demand[j + 1] -= 40;
  }
  Context context;
  detail::HierarchyOptions options;
  options.leaf = 30;
  options.sweeps = 1;
  options.sampled_rows = 50;
  detail::HierarchicalTransport transport(y, supply, demand, options);
  const Certificate got = transport.solve(x, context).certificate;
  const std::vector<double>& v = transport.target_potentials();
  const std::vector<double>& guess = transport.source_potentials();
  Rng rng(1299709);
  arma::vec apart(options.sampled_rows);
  for (double& value : apart) {
    const std::size_t cell = static_cast<std::size_t>(rng.below(n * m)) / m;
    value = std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < m; ++j)
      value = std::min(value, squared_distance(x.colptr(cell), y.colptr(j), 3) - v[j]);
    value -= guess[cell];
  }
  const double error = arma::stddev(apart, 1) / std::sqrt(50.0);
  REQUIRE(error > 0.0);
  double mean = arma::mean(apart);
  for (std::size_t j = 0; j < m; ++j)
    mean += static_cast<double>(demand[j]) * v[j] / static_cast<double>(n * m);
  for (const double value : guess) mean += value / static_cast<double>(n);
  CHECK(got.dual_error == doctest::Approx(error).epsilon(1e-9));
  REQUIRE(mean - 3.0 * error < got.primal);
  CHECK(got.dual == doctest::Approx(mean - 3.0 * error).epsilon(1e-9));
  CHECK(got.dual <= ExactTransport(y, supply, demand).solve(x, context).certificate.primal);
}

TEST_CASE("a hierarchical coupling of one part is exact, and its bound is the cost") {
  const arma::mat x = clouds::gaussian(3, 60, 1), y = 1.5 * clouds::gaussian(3, 60, 2) + 0.3;
  const std::vector<std::int64_t> one(60, 1);
  Context context;
  detail::HierarchicalTransport transport(y, one, one, {});
  for (const arma::mat& sources : {x, arma::mat(1.3 * arma::flipud(x))}) {  // then they move
    const Certificate got = transport.solve(sources, context).certificate;
    CHECK(got.primal ==
          doctest::Approx(ExactTransport(y, one, one).solve(sources, context).certificate.primal)
              .epsilon(1e-12));
    CHECK(got.dual == doctest::Approx(got.primal).epsilon(1e-12));
  }
}

TEST_CASE("a score of subsamples tells the most features that one of them left out") {
  // One observed cell of twelve gives the second feature its spread: it is in some subsamples.
  arma::mat predicted = clouds::gaussian(2, 12, 1), observed = clouds::gaussian(2, 12, 2);
  observed.row(1).fill(1.0);
  observed(1, 5) = 2.0;
  ScoreInput input;
  input.predicted = &predicted;
  input.observed = &observed;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Context context;
    context.seed = seed;
    std::size_t most = 0;
    for (std::size_t r = 0; r < 3; ++r) {
      Rng own = Rng(seed).stream(r);
      own.sample(12, 6);
      const auto drawn = own.sample(12, 6);
      const bool spread = std::find(drawn.begin(), drawn.end(), 5) != drawn.end();
      most = std::max<std::size_t>(most, spread ? 0 : 1);
    }
    CHECK(score_subsampled("sd_ratio", input, 6, 3, context).features_left_out == most);
  }
  Context context;
  predicted = clouds::gaussian(2, 14, 1);
  CHECK_THROWS_WITH_AS(score_subsampled("sd_ratio", input, 13, 2, context),
                       doctest::Contains("a subsample must have 1 to 12 cells, found 13"), Error);
}

TEST_CASE("the median of two ratios is their mean, and a spread of rounding is none") {
  const arma::mat observed{{-1, 1}, {-1, 1}, {-1e-13, 1e-13}}, predicted{{-1, 1}, {-3, 3}, {-1, 1}};
  const MomentScores scores = moment_scores(predicted, observed);
  CHECK(scores.sd_ratio_median == doctest::Approx(2.0));
  CHECK(scores.sd_ratio == doctest::Approx(2.0));
  CHECK(scores.sd_ratio_left_out == 1);
}

TEST_CASE("the learning rate falls along half a cosine, from 1 to its last share") {
  for (const auto& [step, factor] : {std::pair<std::uint64_t, double>{0, 1.0},
                                     {2, 0.55},
                                     {4, 0.1},
                                     {1, 0.1 + 0.45 * (1.0 + std::sqrt(0.5))}})
    CHECK(nets::cosine_factor(0.1, step, 5) == doctest::Approx(factor));
  CHECK(nets::cosine_factor(1.0, 3, 5) == 1.0);
  CHECK(nets::cosine_factor(0.1, 1, 2) == doctest::Approx(0.1));
  CHECK(nets::cosine_factor(0.1, 1, 1) == 1.0);
}

TEST_CASE("held out are at least two cells, at most half of them, and at most 500") {
  Rng rng(3);
  CHECK(nets::hold_out(10, 0.01, rng).validation.size() == 2);
  CHECK(nets::hold_out(10, 0.9, rng).validation.size() == 5);
  CHECK(nets::hold_out(10, 0.26, rng).validation.size() == 3);
  CHECK(nets::hold_out(4000, 0.2, rng).validation.size() == 500);
}

TEST_CASE("an epoch has as many steps as whole batches fit in the cells") {
  nets::AutoencoderOptions options;
  options.shape.kind = nets::AutoencoderKind::plain;
  options.shape.hidden = {4};
  options.shape.latent = 2;
  options.batch = 9;
  options.epochs = 3;
  options.patience = 0;
  // Of 40 and 30 cells 8 and 6 are held out: 56 cells, 6 batches an epoch.
  nets::AutoencoderTrainer trainer(clouds::gaussian(3, 40, 1), clouds::gaussian(3, 30, 2), options,
                                   3);
  Context context;
  trainer.run(context);
  const std::vector<double> steps = trainer.save().at("steps");  // words in halves
  CHECK(steps[0] == 0.0);
  CHECK(steps[1] == 18.0);
  CHECK(trainer.report().iterations == 3);
}

TEST_CASE("kept cells stay in their order, and a prediction of 0 is not negative") {
  arma::mat x = clouds::counts(3, 50, 0.3, 1), y = clouds::counts(3, 40, 0.3, 2);
  for (std::size_t i = 0; i < 50; ++i) x(0, i) = static_cast<double>(i);
  Params params(method("identity").spec);
  params.set_text("keep_cells", "12");
  Context context;
  const Model model = fit_model(params, experiment_of(Cells::dense(x), Cells::dense(y)), context);
  const arma::mat kept = model.training.kept_control.view().gather_all();
  REQUIRE(kept.n_cols == 12);
  for (std::size_t c = 1; c < 12; ++c) CHECK(kept(0, c) > kept(0, c - 1));
  REQUIRE(x.min() == 0.0);
  bool met = false;
  for (const auto& [name, value] : model.report.numbers)
    if (name == "negative_share") {
      met = true;
      CHECK(value == 0.0);
    }
  CHECK(met);
}

TEST_CASE("of many training controls 1000, taken evenly, say how many predictions are negative") {
  const std::size_t n = 2500;
  const arma::mat x = clouds::gaussian(3, n, 1) + 1.0, y = 1.8 * clouds::gaussian(3, 400, 2) + 1.5;
  for (const char* name : {"identity", "laot"}) {
    CAPTURE(name);
    Params params(method(name).spec);
    if (std::string(name) == "laot") params.use_preset("calibrated");
    Context context;
    const Model model = fit_model(params, experiment_of(Cells::dense(x), Cells::dense(y)), context);
    arma::mat predicted(3, n);
    model.predict(Cells::dense(x), Nonnegative::no, predicted.memptr(), context);
    double negative = 0.0;
    for (std::size_t c = 0; c < 1000; ++c) {
      const double place = static_cast<double>(c) * static_cast<double>(n - 1) / 999.0;
      for (std::size_t k = 0; k < 3; ++k)
        negative +=
            predicted(k, static_cast<std::size_t>(std::floor(place + 0.5))) < 0.0 ? 1.0 : 0.0;
    }
    REQUIRE(negative > 100.0);
    for (const auto& [label, value] : model.report.numbers)
      if (label == "negative_share") CHECK(value == doctest::Approx(negative / 3000.0));
  }
}

TEST_CASE("a coupling is exact where the larger side is within the limit") {
  const arma::mat x = clouds::gaussian(2, 30, 1), y = clouds::gaussian(2, 90, 2);
  CouplingOptions options;
  options.leaf = 20;
  Context context;
  const auto is_exact = [&](const arma::mat& a, const arma::mat& b, std::size_t limit) {
    options.exact_limit = limit;
    return !Coupling(a, b, {}, {}, options).solve(a, context).hierarchical;
  };
  CHECK(is_exact(x, y, 90));
  CHECK(is_exact(y, x, 90));
  CHECK_FALSE(is_exact(x, y, 89));
  CHECK_FALSE(is_exact(y, x, 89));
}

TEST_CASE("the game keeps the iterate of the least validation score, and its penalty acts") {
  nets::CellotOptions options;
  options.hidden = {8, 8};
  options.iterations = 40;
  options.check_every = 1;
  options.batch = 16;
  options.average = 0.0;
  options.adam.rate = 0.05;
  const arma::mat x = clouds::gaussian(2, 60, 5), y = 1.5 * clouds::gaussian(2, 60, 6) + 1.0;
  Context context;
  nets::CellotTrainer trainer(x, y, options, 4);
  trainer.run(context);
  double least = std::numeric_limits<double>::infinity();
  for (const nets::CellotTrace& at : trainer.trace()) least = std::min(least, at.validation_mmd2);
  REQUIRE(trainer.trace().back().validation_mmd2 > least);
  CHECK(trainer.report().best_score == least);
  options.penalty = 0.0;
  nets::CellotTrainer free(x, y, options, 4);
  free.run(context);
  CHECK(free.save().at("g") != trainer.save().at("g"));
}

TEST_CASE("the cost of a plan weighs each pair with its mass") {
  Plan plan;
  plan.source = {0, 1, 1};
  plan.target = {1, 0, 1};
  plan.mass = {0.5, 0.25, 0.125};
  // |(1, 2) - (4, 6)|^2 = 25, |(0, 0) - (1, 1)|^2 = 2, |(0, 0) - (4, 6)|^2 = 52.
  CHECK(plan_cost({{1.0, 0.0}, {2.0, 0.0}}, {{1.0, 4.0}, {1.0, 6.0}}, plan) ==
        0.5 * 25.0 + 0.25 * 2.0 + 0.125 * 52.0);
}

TEST_CASE("treated cells that are all the same have no share that a ridge could hold back") {
  const arma::mat x = clouds::gaussian(3, 40, 5);
  Context context;
  const LaotOptions options;  // an automatic ridge
  const LaotResult found =
      alternate(x, arma::mat(3, 40, arma::fill::zeros), {}, {}, options, context);
  CHECK(found.ridge == 0.0);
  CHECK(found.map.is_finite());
}
