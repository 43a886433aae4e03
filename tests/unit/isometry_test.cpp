#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "laot/trackability.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

struct Brute {
  double delta = 0.0, low = 1e300, high = 0.0;
  std::vector<double> deltas;
};

// Every pair's Gram matrix through LAPACK.
Brute brute_force(const arma::mat& x) {
  Brute out;
  for (std::size_t i = 0; i < x.n_cols; ++i)
    for (std::size_t j = i + 1; j < x.n_cols; ++j) {
      const arma::mat pair = arma::join_rows(x.col(i), x.col(j));
      const arma::vec values = arma::eig_sym(arma::mat(pair.t() * pair));
      out.low = std::min(out.low, values[0]);
      out.high = std::max(out.high, values[1]);
      out.deltas.push_back(std::max(std::abs(values[0] - 1.0), std::abs(values[1] - 1.0)));
    }
  out.delta = *std::max_element(out.deltas.begin(), out.deltas.end());
  return out;
}

}  // namespace

TEST_CASE("isometry constants agree with the eigenvalues of every pair, across tiles") {
  arma::mat x = clouds::gaussian(40, 300, 5);
  x *= 3.0;
  Context context;
  const auto constants = isometry_constants(x, {}, context);

  const arma::mat mean = x * constants[0].scale;
  double square = 0.0;
  for (const double value : mean) square += value * value;
  CHECK(square / 300.0 == doctest::Approx(1.0));
  const Brute one = brute_force(mean);
  CHECK(constants[0].delta == doctest::Approx(one.delta).epsilon(1e-10));
  const IsometryPair worst = constants[0].worst[0];
  CHECK(worst.delta == doctest::Approx(one.delta).epsilon(1e-10));
  const arma::mat pair = arma::join_rows(mean.col(worst.first), mean.col(worst.second));
  const arma::vec values = arma::eig_sym(arma::mat(pair.t() * pair));
  CHECK(std::max(values[1] - 1.0, 1.0 - values[0]) == doctest::Approx(one.delta).epsilon(1e-10));

  const arma::mat unit = arma::normalise(x);
  CHECK(constants[1].delta == doctest::Approx(brute_force(unit).delta).epsilon(1e-10));
  CHECK(std::isnan(constants[1].scale));

  const Brute best = brute_force(arma::mat(x * constants[2].scale));
  CHECK(constants[2].delta == doctest::Approx(best.delta).epsilon(1e-10));
  CHECK(constants[2].delta == doctest::Approx((one.high - one.low) / (one.high + one.low)));
  CHECK(constants[2].delta <= constants[0].delta);
  // No other single factor does better.
  for (const double factor : {0.98, 1.02})
    CHECK(brute_force(arma::mat(x * (constants[2].scale * factor))).delta > constants[2].delta);
}

TEST_CASE("the distribution of the pairs' deltas has the right quantiles and worst pairs") {
  const arma::mat x = clouds::gaussian(20, 270, 6);
  Context context;
  IsometryOptions options;
  options.probabilities = {0.0, 0.1, 0.5, 0.99, 1.0};
  options.pairs = 25;
  const IsometryConstant constant = isometry_constants(x, options, context)[0];
  std::vector<double> deltas = brute_force(arma::mat(x * constant.scale)).deltas;
  std::sort(deltas.begin(), deltas.end());
  for (std::size_t p = 0; p < options.probabilities.size(); ++p) {
    const double at = options.probabilities[p] * static_cast<double>(deltas.size() - 1);
    CHECK(constant.quantiles[p] ==
          doctest::Approx(deltas[static_cast<std::size_t>(at)]).epsilon(1e-3));
  }
  REQUIRE(constant.worst.size() == 25);
  for (std::size_t k = 0; k < 25; ++k)
    CHECK(constant.worst[k].delta == doctest::Approx(deltas[deltas.size() - 1 - k]));
}

TEST_CASE("isometry constants do not depend on the number of threads") {
  const arma::mat x = clouds::gaussian(10, 900, 7);
  Context one, three;
  three.num_threads = 3;
  const auto a = isometry_constants(x, {}, one), b = isometry_constants(x, {}, three);
  for (std::size_t s = 0; s < 3; ++s) {
    CHECK(a[s].delta == b[s].delta);
    CHECK(a[s].quantiles == b[s].quantiles);
    REQUIRE(a[s].worst.size() == b[s].worst.size());
    for (std::size_t k = 0; k < a[s].worst.size(); ++k) {
      CHECK(a[s].worst[k].first == b[s].worst[k].first);
      CHECK(a[s].worst[k].second == b[s].worst[k].second);
    }
  }
}

TEST_CASE("duplicates make the bound vacuous, zero cells make it undefined") {
  arma::mat x = clouds::gaussian(6, 30, 8);
  x.col(7) = x.col(3);
  Context context;
  auto constants = isometry_constants(x, {}, context);
  for (const IsometryConstant& constant : constants) {
    const CriticalGap gap = critical_gap(constant.delta, 30, 1.0);
    CHECK(std::isnan(gap.value));
    CHECK(gap.vacuous.find("vacuous") != std::string::npos);
  }
  CHECK(constants[1].worst[0].first == 3);
  CHECK(constants[1].worst[0].second == 7);

  x.col(4).zeros();
  constants = isometry_constants(x, {}, context);
  CHECK(std::isnan(constants[1].delta));
  CHECK(!constants[1].undefined.empty());
  CHECK(constants[0].delta >= 1.0);
  x.zeros();
  constants = isometry_constants(x, {}, context);
  for (const IsometryConstant& constant : constants) CHECK(!constant.undefined.empty());

  CHECK_THROWS_AS(isometry_constants(clouds::gaussian(3, 1, 1), {}, context), Error);
  x(0, 0) = std::nan("");
  CHECK_THROWS_AS(isometry_constants(x, {}, context), Error);
}

TEST_CASE("very large and very small values do not overflow") {
  const arma::mat x = clouds::gaussian(5, 20, 9);
  Context context;
  const auto plain = isometry_constants(x, {}, context);
  for (const double factor : {1e160, 1e-160}) {
    const auto scaled = isometry_constants(arma::mat(x * factor), {}, context);
    for (std::size_t s = 0; s < 3; ++s)
      CHECK(scaled[s].delta == doctest::Approx(plain[s].delta).epsilon(1e-12));
  }
}

TEST_CASE("the critical gap is the formula of the theorem") {
  CHECK(critical_gap(0.5, 100, 2.0).value == doctest::Approx(std::sqrt(0.5 / (2.0 * 100.0 * 4.0))));
  CHECK(std::isnan(critical_gap(0.5, 100, std::nan("")).value));
  CHECK(critical_gap(0.5, 100, std::nan("")).vacuous.find("time course") != std::string::npos);
  CHECK_THROWS_AS(critical_gap(0.5, 100, 0.0), Error);
}

TEST_CASE("rates of a time course: a cloud that only shifts moves at one rate") {
  const arma::mat x = clouds::gaussian(3, 60, 10);
  arma::mat y = x, z = x;
  for (std::size_t i = 0; i < 60; ++i) {
    y(0, i) += 0.2;
    z(0, i) += 0.2;
    z(1, i) += 0.6;
  }
  Context context;
  const std::vector<Rate> rates = rates_of_time_course({x, y, z}, {0.0, 2.0, 5.0}, {}, context);
  REQUIRE(rates.size() == 2);
  CHECK(rates[0].largest == doctest::Approx(0.1));
  CHECK(rates[1].largest == doctest::Approx(0.2));
  CHECK(rates[0].mean == doctest::Approx(0.1));
  for (const double value : rates[1].quantiles) CHECK(value == doctest::Approx(0.2));
  CHECK(rates[0].mean_low == doctest::Approx(0.1));
  CHECK(rates[1].last_high == doctest::Approx(0.2));
  // Two halves of the cloud are other cells: further apart than the shift.
  CHECK(rates[0].floor > 0.1);
  CHECK_THROWS_AS(rates_of_time_course({x, y}, {1.0, 1.0}, {}, context), Error);
  CHECK_THROWS_AS(rates_of_time_course({x}, {1.0}, {}, context), Error);
}
