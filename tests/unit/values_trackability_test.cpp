// Values by hand for rates, isometry and stability.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../../src/trackability/refit.hpp"
#include "laot/trackability/critical_gap.hpp"
#include "laot/trackability/isometry.hpp"
#include "laot/trackability/stability.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

arma::mat about_its_mean(arma::mat cells) {
  cells.each_col() -= arma::vec(arma::mean(cells, 1));
  return cells;
}

double middle_of_even(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return 0.5 * (values[half - 1] + values[half]);
}

}  // namespace

TEST_CASE("rates of a step by hand: two cells become three, in two hours") {
  // On a line: 0 gives 1/3 to 1 and 1/6 to 13; 10 gives 1/6 to 13 and 1/3 to 14.
  const std::vector<std::pair<double, double>> moved{
      {0.5, 1.0 / 3}, {1.5, 1.0 / 6}, {2.0, 1.0 / 3}, {6.5, 1.0 / 6}};
  RateOptions options;
  options.probabilities = {0.3, 0.5, 0.9};
  options.resamples = 11;
  Context context;
  context.seed = 5;
  const std::vector<Rate> rates = rates_of_time_course(
      {arma::mat{{0.0, 10.0}}, arma::mat{{13.0, 1.0, 14.0}}}, {3.0, 5.0}, options, context);
  REQUIRE(rates.size() == 1);
  const Rate& rate = rates[0];
  CHECK(rate.from == 3.0);
  CHECK(rate.to == 5.0);
  CHECK(rate.largest == doctest::Approx(6.5));
  CHECK(rate.mean == doctest::Approx(0.5 / 3 + 1.5 / 6 + 2.0 / 3 + 6.5 / 6));
  CHECK(rate.quantiles[0] == doctest::Approx(0.5));
  CHECK(rate.quantiles[1] == doctest::Approx(1.5));
  CHECK(rate.quantiles[2] == doctest::Approx(6.5));
  Rng rng = Rng(5).stream(0);
  std::vector<double> means;
  for (int r = 0; r < 11; ++r) {
    double sum = 0.0, mass = 0.0;
    for (int e = 0; e < 4; ++e) {
      const auto& [value, weight] = moved[static_cast<std::size_t>(rng.below(4))];
      sum += value * weight;
      mass += weight;
    }
    means.push_back(sum / mass);
  }
  std::sort(means.begin(), means.end());
  // Quantiles 0.025 and 0.975 of eleven values lie a quarter of the way from the outermost ones.
  CHECK(rate.mean_low == doctest::Approx(0.75 * means[0] + 0.25 * means[1]));
  CHECK(rate.mean_high == doctest::Approx(0.25 * means[9] + 0.75 * means[10]));
}

TEST_CASE("the floor of a rate is the movement between two halves") {
  const arma::mat x{{0.0, 1.0, 5.0, 11.0, 30.0, 100.0}};
  Context context;
  context.seed = 9;
  RateOptions options;
  options.resamples = 2;
  const Rate rate = rates_of_time_course({x, x}, {0.0, 4.0}, options, context)[0];
  const std::vector<std::size_t> order = Rng(9).stream(1).permutation(6);
  std::vector<double> a, b;
  for (std::size_t i = 0; i < 3; ++i) {
    a.push_back(x[order[i]]);
    b.push_back(x[order[3 + i]]);
  }
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double sum = 0.0;
  for (std::size_t i = 0; i < 3; ++i) sum += std::abs(a[i] - b[i]) / 3.0 / 4.0;
  CHECK(rate.floor == doctest::Approx(sum));
}

TEST_CASE("a delta that rounding alone keeps from 1 has no critical gap") {
  CHECK_FALSE(critical_gap(1.0 - 5e-13, 10, 1.0).vacuous.empty());
  CHECK(critical_gap(1.0 - 5e-12, 10, 1.0).vacuous.empty());
  CHECK(critical_gap(0.5, 4, 2.0).value == doctest::Approx(0.125));
}

TEST_CASE("the worst pair of each scaling has its delta, and ties are told in order") {
  Context context;
  IsometryOptions options;
  for (const IsometryConstant& constant :
       isometry_constants(clouds::gaussian(12, 30, 4), options, context)) {
    CAPTURE(name_of(constant.scaling));
    REQUIRE(!constant.worst.empty());
    CHECK(constant.worst[0].delta == doctest::Approx(constant.delta).epsilon(1e-12));
  }
  arma::mat same(2, 3, arma::fill::zeros);
  same.row(0).fill(1.0);
  for (const IsometryConstant& constant : isometry_constants(same, options, context)) {
    REQUIRE(constant.worst.size() == 3);
    CHECK(constant.worst[0].first == 0);
    CHECK(constant.worst[0].second == 1);
    CHECK(constant.worst[1].second == 2);
    CHECK(constant.worst[2].first == 1);
  }
}

TEST_CASE("levels are drawn as levels, and one of a single cell goes to both halves") {
  // Two levels that change places: paired within them the first feature is mirrored, across them it
  // is as it was. A third level has one cell.
  const std::size_t half = 15, n = 2 * half + 1;
  arma::mat x = clouds::gaussian(2, n, 3), y = x;
  std::vector<std::uint32_t> batch(n);
  for (std::size_t i = 0; i < n; ++i) {
    batch[i] = i == 2 * half ? 2 : static_cast<std::uint32_t>(i / half);
    x(0, i) += batch[i] == 2 ? 0.0 : batch[i] == 0 ? 50.0 : -50.0;
    y(0, i) = -x(0, i);
  }
  StabilityOptions options;
  options.resample = Resample::levels;
  options.resamples = 12;
  options.halves = 2;
  options.restarts = 1;
  Context context;
  const Stability s = stability(x, y, batch, batch, options, context);
  CHECK(s.fit.map(0, 0) < -0.9);
  std::size_t mirrored = 0, shown = 0;
  for (std::size_t r = 0; r < 12; ++r) {
    CHECK(s.draws(0, r) < 0.9);  // 1 where cells are paired across levels
    if (s.draws(0, r) < -0.9) ++mirrored;
    ++shown;
  }
  CHECK(mirrored >= shown / 2);
}

TEST_CASE("a quantile of rates that is reached exactly is the rate that reaches it") {
  RateOptions options;
  options.probabilities = {0.5};
  options.resamples = 1;
  Context context;
  CHECK(rates_of_time_course({arma::mat{{0.0, 10.0}}, arma::mat{{1.0, 13.0}}}, {0.0, 1.0}, options,
                             context)[0]
            .quantiles[0] == doctest::Approx(1.0));
}

TEST_CASE("a level with one control cell and more treated ones can be dealt into halves") {
  const arma::mat x = clouds::gaussian(2, 21, 5), y = clouds::gaussian(2, 24, 6);
  std::vector<std::uint32_t> batch_x(21, 0), batch_y(24, 0);
  batch_x[20] = 1;
  for (std::size_t j = 20; j < 24; ++j) batch_y[j] = 1;
  StabilityOptions options;
  options.resamples = 2;
  options.halves = 3;
  options.restarts = 1;
  Context context;
  CHECK_NOTHROW(stability(x, y, batch_x, batch_y, options, context));
}

TEST_CASE("the interval of the last quantile is over resampled pairs: five cells become seven") {
  const std::vector<double> before{0.0, 1.5, 4.0, 10.0, 23.0},
      after{0.3, 2.0, 3.1, 9.0, 14.0, 26.0, 31.0};
  // On a line cells are coupled in order: 1/5 of each meets 1/7 of each, in steps of 1/35.
  std::vector<std::pair<double, double>> moved;
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = 0; j < 7; ++j) {
      const std::size_t from = std::max(7 * i, 5 * j), to = std::min(7 * i + 7, 5 * j + 5);
      if (from < to)
        moved.emplace_back(std::abs(after[j] - before[i]) / 0.5,
                           static_cast<double>(to - from) / 35.0);
    }
  std::sort(moved.begin(), moved.end());
  REQUIRE(moved.size() == 11);
  RateOptions options;
  options.probabilities = {0.9, 0.4};
  options.resamples = 21;
  Context context;
  context.seed = 7;
  const Rate rate =
      rates_of_time_course({arma::mat(arma::rowvec(before)), arma::mat(arma::rowvec(after))},
                           {1.0, 1.5}, options, context)[0];
  Rng rng = Rng(7).stream(0);
  std::vector<double> lasts;
  for (int r = 0; r < 21; ++r) {
    std::vector<std::pair<double, double>> drawn;
    double total = 0.0, reached = 0.0;
    for (int e = 0; e < 11; ++e) {
      drawn.push_back(moved[static_cast<std::size_t>(rng.below(11))]);
      total += drawn.back().second;
    }
    std::sort(drawn.begin(), drawn.end());
    std::size_t at = 0;
    while ((reached += drawn[at].second) < 0.4 * total - 1e-9) ++at;
    lasts.push_back(drawn[at].first);
  }
  std::sort(lasts.begin(), lasts.end());
  REQUIRE(lasts[0] < lasts[1]);
  REQUIRE(lasts[19] < lasts[20]);
  // Quantiles 0.025 and 0.975 of 21 values lie half of the way from the outermost ones.
  CHECK(rate.last_low == doctest::Approx(0.5 * lasts[0] + 0.5 * lasts[1]));
  CHECK(rate.last_high == doctest::Approx(0.5 * lasts[19] + 0.5 * lasts[20]));
}

TEST_CASE("the agreement of resamples is their mean, the least of them and the largest") {
  bool apart = false;
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    const arma::mat x = clouds::gaussian(3, 24, seed), y = 1.5 * clouds::gaussian(3, 20, seed + 10);
    Context context;
    context.seed = seed;
    StabilityOptions options;
    options.halves = options.restarts = 0;
    // A resample has the stream of its number: one more adds its own value to the sum.
    std::vector<double> shared, coherent;
    double shared_sum = 0.0, coherent_sum = 0.0;
    Agreement found;
    for (std::size_t count = 1; count <= 4; ++count) {
      options.resamples = count;
      found = stability(x, y, {}, {}, options, context).resamples;
      const double times = static_cast<double>(count);
      shared.push_back(times * found.overlap - shared_sum);
      coherent.push_back(times * found.coherence - coherent_sum);
      shared_sum = times * found.overlap;
      coherent_sum = times * found.coherence;
    }
    std::sort(shared.begin(), shared.end());
    std::sort(coherent.begin(), coherent.end());
    apart = apart || (shared[1] - shared[0] > 1e-6 && shared[3] - shared[2] > 1e-6 &&
                      coherent[1] - coherent[0] > 1e-6 && coherent[3] - coherent[2] > 1e-6);
    CHECK(found.overlap_low == doctest::Approx(shared.front()).epsilon(1e-10));
    CHECK(found.overlap_high == doctest::Approx(shared.back()).epsilon(1e-10));
    CHECK(found.coherence_low == doctest::Approx(coherent.front()).epsilon(1e-10));
    CHECK(found.coherence_high == doctest::Approx(coherent.back()).epsilon(1e-10));
  }
  REQUIRE(apart);
}

TEST_CASE("cells are matched by the map of a resample before its spread is restored") {
  std::size_t told_apart = 0;
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    const arma::mat x = clouds::gaussian(3, 40, seed), y = arma::diagmat(arma::vec{3.0, 1.0, 0.5}) *
                                                           clouds::gaussian(3, 30, seed + 10);
    Context context;
    context.seed = seed;
    StabilityOptions options;
    options.resamples = 1;
    options.halves = options.restarts = 0;
    const Stability s = stability(x, y, {}, {}, options, context);
    Rng rng = Rng(seed).stream(0);
    const auto drawn = [&rng](const arma::mat& cells) {
      arma::mat out(cells.n_rows, cells.n_cols);
      for (arma::uword i = 0; i < out.n_cols; ++i)
        out.col(i) = cells.col(static_cast<arma::uword>(rng.below(cells.n_cols)));
      return out;
    };
    const arma::mat some_x = drawn(x), some_y = drawn(y);
    const LaotResult again =
        alternate(about_its_mean(some_x), about_its_mean(some_y), {}, {}, options.fit, context);
    const auto likeness = [&](const arma::mat& map) {
      const Plan plan = Coupling(x, y).solve(arma::mat(map * x), context);
      return coherence(s.fit.plan, plan, y);
    };
    const double expected = likeness(again.map_unrestored);
    CHECK(s.resamples.coherence == doctest::Approx(expected).epsilon(1e-9));
    told_apart += std::abs(likeness(again.map) - expected) > 1e-6 ? 1 : 0;
  }
  REQUIRE(told_apart > 0);
}

TEST_CASE("spacings are medians over 2000 cells at most, evenly taken: here five of six") {
  const std::size_t n = 2400;
  const arma::mat y{{0.0, 700.0, 1500.0, 2399.0}};
  const std::vector<double> nearest{700.0, 700.0, 800.0, 899.0};
  arma::mat x(1, n), images(1, n);
  Rng rng(3);
  double shift = 0.0, from = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = static_cast<double>(i);
    images[i] = x[i] + (i % 6 == 5 ? 0.0 : rng.normal());
    shift += (images[i] - x[i]) / static_cast<double>(n);
    from += images[i] / static_cast<double>(n);
  }
  StabilityOptions options;
  options.images = images;
  options.resamples = options.halves = options.restarts = 0;
  Context context;
  const Stability s = stability(x, y, {}, {}, options, context);
  // In order, 600 images go to each treated cell, once their mean is that of the treated cells.
  std::vector<std::size_t> order(n), target(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return images[a] < images[b]; });
  for (std::size_t r = 0; r < n; ++r) target[order[r]] = r / 600;
  std::vector<double> displacement, of_all, residual;
  for (std::size_t i = 0; i < n; ++i) {
    of_all.push_back(std::abs(images[i] - shift - x[i]));  // control cells lie 1 apart
    if (i % 6 == 5) continue;
    displacement.push_back(of_all.back());
    residual.push_back(std::abs(images[i] - from + 4599.0 / 4.0 - y[target[i]]) /
                       nearest[target[i]]);
  }
  REQUIRE(displacement.size() == 2000);
  REQUIRE(std::abs(middle_of_even(of_all) - middle_of_even(displacement)) > 0.05);
  CHECK(s.displacement_over_spacing == doctest::Approx(middle_of_even(displacement)).epsilon(1e-9));
  CHECK(s.residual_over_spacing == doctest::Approx(middle_of_even(residual)).epsilon(1e-9));
}
