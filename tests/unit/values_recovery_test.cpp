// Values by hand for the recovery of a pairing: verdict, study, curve, and how alike plans are.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../../src/trackability/refit.hpp"
#include "laot/trackability/populations.hpp"
#include "laot/trackability/recovery_curve.hpp"
#include "laot/trackability/stability.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

double just_below(double value) {
  return std::nextafter(value, 0.0);
}

double just_above(double value) {
  return std::nextafter(value, 2.0);
}

// Where the line through the means at the gaps first falls under one half.
double first_under_half(const std::vector<double>& gaps, const std::vector<double>& mean) {
  if (mean[0] < 0.5) return 0.0;
  std::size_t g = 1;
  while (g < gaps.size() && mean[g] >= 0.5) ++g;
  if (g == gaps.size()) return kInfinity;
  // Solve mean[g - 1] + slope (s - gaps[g - 1]) = 1/2 for s.
  const double slope = (mean[g] - mean[g - 1]) / (gaps[g] - gaps[g - 1]);
  return gaps[g - 1] + (0.5 - mean[g - 1]) / slope;
}

arma::mat about_its_mean(arma::mat cells) {
  cells.each_col() -= arma::vec(arma::mean(cells, 1));
  return cells;
}

// Share of the partners in the pairing of least sum of distances, or of squared ones, by all of
// its orders.
double share_of_the_best(const Populations& cells, bool squared) {
  const std::size_t n = cells.partner.size();
  arma::mat cost(n, n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const arma::vec gap = cells.control.col(i) - cells.treated.col(j);
      cost(i, j) = squared ? arma::dot(gap, gap) : std::sqrt(arma::dot(gap, gap));
    }
  std::vector<std::size_t> order(n), best;
  std::iota(order.begin(), order.end(), std::size_t{0});
  double least = kInfinity;
  do {
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) sum += cost(i, order[i]);
    if (sum >= least) continue;
    least = sum;
    best = order;
  } while (std::next_permutation(order.begin(), order.end()));
  double right = 0.0;
  for (std::size_t i = 0; i < n; ++i) right += best[i] == cells.partner[i] ? 1.0 : 0.0;
  return right / static_cast<double>(n);
}

}  // namespace

TEST_CASE("the limits of the verdict: recoverable from 0.95 on and under 0.75, lost from 0.85 on") {
  CHECK(trackability_verdict(just_below(0.95), 0.2) == Trackability::borderline);
  CHECK(trackability_verdict(0.95, 0.2) == Trackability::recoverable);
  CHECK(trackability_verdict(just_above(0.95), 0.2) == Trackability::recoverable);
  CHECK(trackability_verdict(1.0, just_below(0.75)) == Trackability::recoverable);
  CHECK(trackability_verdict(1.0, 0.75) == Trackability::borderline);
  CHECK(trackability_verdict(1.0, just_above(0.75)) == Trackability::borderline);
  for (const double recovery : {0.0, 0.95, 1.0}) {
    CHECK(trackability_verdict(recovery, just_below(0.85)) == Trackability::borderline);
    CHECK(trackability_verdict(recovery, 0.85) == Trackability::not_recoverable);
    CHECK(trackability_verdict(recovery, just_above(0.85)) == Trackability::not_recoverable);
  }
  CHECK(trackability_verdict(1.0, kNaN) == Trackability::undefined);
  CHECK(trackability_verdict(kNaN, 2.0) == Trackability::undefined);
}

TEST_CASE("mean and sd of a recovery study are those of its trials") {
  RecoveryStudyOptions options;
  options.features = {10};
  options.cells = 25;
  options.trials = 4;
  options.gaps = {20.0};
  Context context;
  context.seed = 3;
  const RecoveryStudy study = recovery_study(options, context);
  // The same four streams, one trial each, so that every share is seen.
  options.trials = 1;
  options.gaps = {20.0, 20.0, 20.0, 20.0};
  const RecoveryStudy alone = recovery_study(options, context);
  const arma::mat& share = alone.mean;
  REQUIRE(share.max() > share.min());
  double mean = 0.0, square = 0.0;
  for (std::size_t t = 0; t < 4; ++t) mean += share(0, t) / 4.0;
  for (std::size_t t = 0; t < 4; ++t) square += std::pow(share(0, t) - mean, 2);
  CHECK(study.mean(0, 0) == doctest::Approx(mean).epsilon(1e-12));
  CHECK(study.sd(0, 0) == doctest::Approx(std::sqrt(square / 3.0)).epsilon(1e-12));
  for (std::size_t t = 0; t < 4; ++t) CHECK(std::isnan(alone.sd(0, t)));
}

TEST_CASE("a recovery study pairs noisy cells by its cost: seven cells by all of their orders") {
  PopulationOptions population;
  population.features = 2;
  population.cells = 7;
  population.gap = 6.0;
  population.noise = 0.3;
  RecoveryStudyOptions options;
  options.features = {2};
  options.cells = 7;
  options.gaps = {6.0};
  options.noise = 0.3;
  options.trials = options.iterations = 1;
  std::size_t differing = 0;
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    Context context;
    context.seed = seed;
    const Populations cells = simulate_populations(population, Rng(seed).stream(0), context);
    const double plain = share_of_the_best(cells, false), squared = share_of_the_best(cells, true);
    options.cost = PairingCost::euclidean;
    CHECK(recovery_study(options, context).mean(0, 0) == doctest::Approx(plain));
    options.cost = PairingCost::squared;
    CHECK(recovery_study(options, context).mean(0, 0) == doctest::Approx(squared));
    differing += plain == squared ? 0 : 1;
  }
  REQUIRE(differing > 0);
}

TEST_CASE("the noise of a recovery study hides the pairs, without any shift as well") {
  RecoveryStudyOptions options;
  options.features = {3};
  options.gaps = {0.0};
  options.cells = 40;
  options.trials = 1;
  Context context;
  CHECK(recovery_study(options, context).mean(0, 0) == 1.0);
  options.noise = 1e6;  // 1/40 of the pairs by chance
  CHECK(recovery_study(options, context).mean(0, 0) < 0.5);
}

TEST_CASE("the residual of a fit is the covariance that its pairs leave: five cells on seven") {
  const arma::mat x = clouds::gaussian(2, 5, 31), y = 1.5 * clouds::gaussian(2, 7, 32);
  LaotOptions options;
  options.ridge = 0.3;
  Context context;
  const LaotResult fit = alternate(x, y, {}, {}, options, context);
  arma::vec mean(2, arma::fill::zeros);
  arma::mat second(2, 2, arma::fill::zeros);
  for (std::size_t e = 0; e < fit.plan.mass.size(); ++e) {
    const arma::vec off =
        y.col(fit.plan.target[e]) - fit.map_unrestored * x.col(fit.plan.source[e]);
    mean += fit.plan.mass[e] * off;
    second += fit.plan.mass[e] * off * off.t();
  }
  const arma::mat expected = second - mean * mean.t();
  REQUIRE(arma::trace(expected) > 1e-3);
  CHECK(arma::approx_equal(recovery_source(x, y, {}, fit).residual, expected, "absdiff", 1e-12));
}

TEST_CASE("the linear part of a map is over cells that count as their level does") {
  const std::vector<std::uint32_t> batch_x{0, 0, 0, 0, 0, 0, 1, 1, 1},
      batch_y{0, 0, 1, 1, 1, 1, 1, 1};
  const arma::mat x = clouds::gaussian(2, 9, 41), y = clouds::gaussian(2, 8, 42);
  const arma::mat images = 1.2 * x + 0.5 * arma::square(x);
  const auto linear = [&](const arma::vec& weight) {
    arma::vec mean_x(2, arma::fill::zeros), mean(2, arma::fill::zeros);
    for (arma::uword i = 0; i < 9; ++i) {
      mean_x += weight[i] * x.col(i);
      mean += weight[i] * images.col(i);
    }
    arma::mat cross(2, 2, arma::fill::zeros), second(2, 2, arma::fill::zeros);
    for (arma::uword i = 0; i < 9; ++i) {
      const arma::vec from = x.col(i) - mean_x, to = images.col(i) - mean;
      cross += weight[i] * to * from.t();
      second += weight[i] * from * from.t();
    }
    return arma::mat(cross * arma::inv(second));
  };
  // A level has the mean of its shares of either side, spread evenly over its cells.
  arma::vec weight(9), even(9);
  even.fill(1.0 / 9.0);
  for (arma::uword i = 0; i < 9; ++i)
    weight[i] = i < 6 ? 0.5 * (6.0 / 9.0 + 2.0 / 8.0) / 6.0 : 0.5 * (3.0 / 9.0 + 6.0 / 8.0) / 3.0;
  REQUIRE(arma::abs(linear(weight) - linear(even)).max() > 1e-3);
  Context context;
  const RecoverySource source = recovery_source(x, y, batch_x, batch_y, images, context);
  CHECK(arma::approx_equal(source.map, linear(weight), "absdiff", 1e-10));
}

TEST_CASE("a curve's interval leaves ten of 400 resamples on either side") {
  RecoverySource source{clouds::gaussian(3, 40, 15),
                        {{1.3, 0.2, 0.0}, {-0.1, 0.8, 0.3}, {0.2, 0.0, 1.1}},
                        0.02 * arma::mat(3, 3, arma::fill::eye),
                        {}};
  RecoveryCurveOptions options;
  options.gaps = {0, 1, 3, 6, 12, 30};
  options.repeats = 7;
  Context context;
  context.seed = 4;
  const RecoveryCurve curve = recovery_curve(source, Design::counterpart, options, context);
  Rng rng = Rng(4).stream(7);  // the streams before it are those of the repeats
  std::vector<double> crossings;
  for (int resample = 0; resample < 400; ++resample) {
    std::vector<double> mean(6, 0.0);
    for (int drawn = 0; drawn < 7; ++drawn) {
      const auto repeat = static_cast<arma::uword>(rng.below(7));
      for (arma::uword g = 0; g < 6; ++g) mean[g] += curve.pairs(g, repeat) / 7.0;
    }
    crossings.push_back(first_under_half(options.gaps, mean));
  }
  std::sort(crossings.begin(), crossings.end());
  REQUIRE(std::isfinite(crossings[399]));
  REQUIRE(crossings[5] < crossings[10]);
  REQUIRE(crossings[10] < crossings[20]);
  REQUIRE(crossings[379] < crossings[389]);
  // 2.5% of 400 are 10: the eleventh from either end.
  CHECK(curve.critical_low == doctest::Approx(crossings[10]).epsilon(1e-12));
  CHECK(curve.critical_high == doctest::Approx(crossings[389]).epsilon(1e-12));
  CHECK(curve.position_low == doctest::Approx(1.0 / crossings[389]).epsilon(1e-12));
  CHECK(curve.position_high == doctest::Approx(1.0 / crossings[10]).epsilon(1e-12));
}

TEST_CASE("errors of a curve without noise are those of its ridge") {
  const arma::mat cells = arma::diagmat(arma::vec{3.0, 1.0, 0.5}) * clouds::gaussian(3, 30, 8);
  const arma::mat map{{1.1, 0.02, 0.0}, {-0.03, 0.95, 0.04}, {0.05, 0.0, 1.08}};
  const double ridge = 0.4;
  RecoveryCurveOptions options;
  options.gaps = {0.25, 1.0};
  options.repeats = 2;
  options.fit.ridge = ridge;
  options.fit.restore = Restore::none;
  Context context;
  const RecoveryCurve curve =
      recovery_curve({cells, map, {}, {}}, Design::counterpart, options, context);
  // With every pair found, least squares of y = W_s x shrunk towards I: with D = W - I and S the
  // second moment about the mean, W^ - W_s = -ridge s D (S + ridge I)^-1.
  const arma::vec mean = arma::mean(cells, 1);
  arma::mat second(3, 3, arma::fill::zeros), change = map;
  for (arma::uword i = 0; i < 30; ++i)
    second += (cells.col(i) - mean) * (cells.col(i) - mean).t() / 30.0;
  for (arma::uword k = 0; k < 3; ++k) {
    second(k, k) += ridge;
    change(k, k) -= 1.0;
  }
  const arma::mat wrong = -ridge * change * arma::inv(second);
  double map_square = 0.0, of_map = 0.0, cell_square = 0.0, of_cells = 0.0;
  for (arma::uword e = 0; e < 9; ++e) {
    map_square += wrong[e] * wrong[e];
    of_map += change[e] * change[e];
  }
  for (arma::uword i = 0; i < 30; ++i) {
    const arma::vec off = wrong * (cells.col(i) - mean), moved = change * cells.col(i);
    cell_square += arma::dot(off, off);
    of_cells += arma::dot(moved, moved);
  }
  for (arma::uword g = 0; g < 2; ++g)
    for (arma::uword r = 0; r < 2; ++r) {
      REQUIRE(curve.pairs(g, r) == doctest::Approx(1.0));
      // s cancels.
      CHECK(curve.map_error(g, r) == doctest::Approx(std::sqrt(map_square / of_map)).epsilon(1e-9));
      CHECK(curve.cell_error(g, r) ==
            doctest::Approx(std::sqrt(cell_square / of_cells)).epsilon(1e-9));
    }
}

TEST_CASE("errors of a curve are those of the map with its spread restored") {
  const arma::mat cells = arma::diagmat(arma::vec{3.0, 1.0, 0.5}) * clouds::gaussian(3, 30, 8);
  const arma::mat map{{1.1, 0.02, 0.0}, {-0.03, 0.95, 0.04}, {0.05, 0.0, 1.08}};
  const arma::mat change = map - arma::mat(3, 3, arma::fill::eye);
  RecoveryCurveOptions options;
  options.gaps = {1.0};
  options.repeats = 1;
  options.fit.ridge = 0.4;
  Context context;
  const RecoveryCurve curve =
      recovery_curve({cells, map, {}, {}}, Design::counterpart, options, context);
  REQUIRE(curve.pairs(0, 0) == doctest::Approx(1.0));
  // All cells are drawn, in another order.
  const arma::mat x = about_its_mean(cells);
  const LaotResult fit = alternate(x, arma::mat(map * x), {}, {}, options.fit, context);
  const auto cell_error = [&](const arma::mat& found) {
    double square = 0.0, of_square = 0.0;
    for (arma::uword i = 0; i < 30; ++i) {
      const arma::vec off = (found - map) * x.col(i), moved = change * cells.col(i);
      square += arma::dot(off, off);
      of_square += arma::dot(moved, moved);
    }
    return std::sqrt(square / of_square);
  };
  REQUIRE(std::abs(cell_error(fit.map) - cell_error(fit.map_unrestored)) > 1e-3);
  CHECK(curve.cell_error(0, 0) == doctest::Approx(cell_error(fit.map)).epsilon(1e-8));
  CHECK(
      curve.map_error(0, 0) ==
      doctest::Approx(arma::norm(fit.map - map, "fro") / arma::norm(change, "fro")).epsilon(1e-8));
}

TEST_CASE("overlap and coherence of two plans by hand: two cells on three") {
  Plan a, b;
  a.n = b.n = 2;
  a.m = b.m = 3;
  a.source = {0, 0, 1, 1};
  a.target = {0, 1, 1, 2};
  a.mass = {1.0 / 3, 1.0 / 6, 1.0 / 6, 1.0 / 3};
  b.source = {0, 0, 1, 1};
  b.target = {0, 2, 0, 1};
  b.mass = {1.0 / 6, 1.0 / 3, 1.0 / 6, 1.0 / 3};
  // (0, 0) has 1/3 and 1/6, (1, 1) has 1/6 and 1/3: the lesser of either is shared.
  CHECK(overlap(a, b) == doctest::Approx(1.0 / 6 + 1.0 / 6));
  CHECK(overlap(b, a) == doctest::Approx(1.0 / 6 + 1.0 / 6));
  CHECK(overlap(a, a) == doctest::Approx(1.0));
  // Mean partners: (1, 0) and (1, 4) under a, (0, 4) and (2, 0) under b; 17 apart, squared, each.
  // About the mean (1, 2) the treated cells lie at squares of 5, 8 and 17: a spread of 10.
  const arma::mat y{{0.0, 3.0, 0.0}, {0.0, 0.0, 6.0}};
  CHECK(coherence(a, b, y) == doctest::Approx(1.0 - 17.0 / (2.0 * 10.0)));
  CHECK(coherence(a, a, y) == doctest::Approx(1.0));
}

TEST_CASE("spacings by hand: medians of five control cells and of eight coupled pairs on a line") {
  const arma::mat x{{-10.0, -4.0, 0.0, 5.0, 9.0}};  // nearest: 6, 4, 4, 4, 4
  const arma::mat y{{1.0, 9.0, -8.0, -2.0}};        // nearest: 3, 8, 6, 3
  StabilityOptions options;
  options.images = arma::mat{{-7.0, -5.0, 2.8, -3.0, 12.2}};
  options.resamples = options.halves = options.restarts = 0;
  Context context;
  const Stability s = stability(x, y, {}, {}, options, context);
  // Cells move by 3, 1, 2.8, 8 and 3.2: 0.5, 0.25, 0.7, 2 and 0.8 spacings.
  CHECK(s.displacement_over_spacing == doctest::Approx(0.7));
  // In order, fifths of images go to quarters of cells: -7 and -5 to -8, -5 and -3 to -2, -3 and
  // 2.8 to 1, 2.8 and 12.2 to 9. Spacings: 1/6, 3/6; 3/3, 1/3; 4/3, 1.8/3; 6.2/8, 3.2/8.
  CHECK(s.residual_over_spacing == doctest::Approx(0.5 * (0.5 + 0.6)));
}
