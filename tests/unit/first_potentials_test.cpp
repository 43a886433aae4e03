// Where a cold coupling begins: strata, the c-transform, and what two samples agree on.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "laot/assignment/candidate_rows.hpp"
#include "laot/assignment/first_potentials.hpp"
#include "laot/assignment/point_assignment.hpp"
#include "laot/assignment/stratified_sample.hpp"
#include "support/clouds.hpp"

using namespace laot;
using detail::CandidateRows;
using detail::FirstPotentials;
using detail::FramedCloud;
using detail::PointAssignment;

namespace {

constexpr VectorPath kPaths[] = {VectorPath::portable, VectorPath::avx2, VectorPath::avx512};

// Tight clusters of unequal numbers, and the cluster of each cell.
struct Clusters {
  arma::mat x;
  std::vector<std::size_t> of;
};

// Eight of them, always in the same places: of odd seeds the first are large, of even ones the
// last.
Clusters clusters(std::size_t d, std::size_t n, std::uint64_t seed) {
  Clusters out{0.3 * clouds::gaussian(d, n, seed), {}};
  const arma::mat centres = 4.0 * clouds::gaussian(d, 8, 3);
  Rng rng(seed + 100);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t a = rng.below(8), b = rng.below(8);
    out.of.push_back(seed % 2 == 1 ? std::min(a, b) : std::max(a, b));
    out.x.col(i) += centres.col(out.of.back());
  }
  return out;
}

FirstPotentials first(const arma::mat& x, const arma::mat& y, VectorPath path = VectorPath::best,
                      int threads = 1) {
  Context context;
  context.num_threads = threads;
  const FramedCloud rows = detail::framed_cloud(x), columns = detail::framed_cloud(y);
  return detail::first_potentials({rows}, {columns}, path, context);
}

// The optimal potentials of the columns for the costs of the framed clouds.
std::vector<double> optimal(const arma::mat& x, const arma::mat& y) {
  Context context;
  const FramedCloud rows = detail::framed_cloud(x), columns = detail::framed_cloud(y);
  return detail::framed_potentials(PointAssignment(y, {}).solve_once(x, context).column_potential,
                                   y, rows.frame().shift,
                                   rows.frame().exponent + columns.frame().exponent);
}

double deviation(const std::vector<double>& values) {
  double sum = 0.0, squares = 0.0;
  const double n = static_cast<double>(values.size());
  for (const double value : values) sum += value;
  for (const double value : values) squares += (value - sum / n) * (value - sum / n);
  return std::sqrt(squares / n);
}

std::vector<double> difference(std::vector<double> a, const std::vector<double>& b) {
  for (std::size_t j = 0; j < a.size(); ++j) a[j] -= b[j];
  return a;
}

}  // namespace

TEST_CASE("a stratified sample has the shares of the clusters") {
  for (const std::size_t d : {2, 10, 200}) {
    CAPTURE(d);
    const std::size_t n = 2400, size = 200;
    const Clusters c = clusters(d, n, 1);
    const auto samples = detail::stratified_samples({detail::framed_cloud(c.x)}, size, Rng(7));
    std::vector<double> share(8, 0.0);
    for (const std::size_t cluster : c.of)
      share[cluster] += static_cast<double>(size) / static_cast<double>(n);
    std::set<std::uint32_t> all;
    double squares = 0.0;
    for (const auto& sample : samples) {
      REQUIRE(sample.size() == size);
      all.insert(sample.begin(), sample.end());
      std::vector<double> found(8, 0.0);
      for (const std::uint32_t i : sample) found[c.of[i]] += 1.0;
      for (std::size_t k = 0; k < 8; ++k) {
        CHECK(std::abs(found[k] - share[k]) <= 3.0);
        squares += (found[k] - share[k]) * (found[k] - share[k]);
      }
    }
    CHECK(all.size() == 2 * size);
    CHECK(squares < 20.0);  // of random samples about 350
  }
}

TEST_CASE("strata are of mass: what has many units is taken often") {
  const std::size_t n = 500, size = 50;
  const arma::mat x = clouds::gaussian(4, n, 1);
  std::vector<std::int64_t> units(n, 1);
  units[17] = 500;  // half of the mass
  const auto samples = detail::stratified_samples({detail::framed_cloud(x), &units}, size, Rng(7));
  for (const auto& sample : samples) {
    const auto taken = std::count(sample.begin(), sample.end(), 17u);
    CHECK(taken >= 24);
    CHECK(taken <= 26);
  }
  // Cells that are all the same, and a single one.
  const arma::mat same(3, 40, arma::fill::ones);
  for (const auto& sample : detail::stratified_samples({detail::framed_cloud(same)}, 5, Rng(7)))
    CHECK(sample.size() == 5);
  const arma::mat one(3, 1, arma::fill::ones);
  for (const auto& sample : detail::stratified_samples({detail::framed_cloud(one)}, 2, Rng(7)))
    CHECK(sample == std::vector<std::uint32_t>{0, 0});
}

TEST_CASE("cells at distances of every size are cut into strata at once") {
  const std::size_t n = 100000;
  arma::mat x(2, n);
  Rng rng(5);
  for (std::size_t i = 0; i < n; ++i) {
    x(0, i) = std::ldexp(1.0 + rng.uniform(), -static_cast<int>(i % 1000));
    x(1, i) = std::ldexp(rng.normal(), -static_cast<int>(rng.below(900)));
  }
  std::set<std::uint32_t> all;
  for (const auto& sample : detail::stratified_samples({detail::framed_cloud(x)}, 2000, Rng(7)))
    all.insert(sample.begin(), sample.end());
  CHECK(all.size() == 4000);
}

TEST_CASE("the least reduced costs of the rows are exact, on every path and for any threads") {
  const arma::mat x = clouds::gaussian(7, 333, 1) + 5.0, y = 2.0 * clouds::gaussian(7, 41, 2);
  std::vector<double> v(y.n_cols);
  Rng rng(3);
  for (double& value : v) value = rng.normal();
  for (const VectorPath path : kPaths) {
    if (!available(path)) continue;
    CandidateRows rows(detail::framed_cloud(y), path);
    rows.set_potentials(v);
    rows.set_sources(detail::framed_cloud(x));
    for (const int threads : {1, 2}) {
      Context context;
      context.num_threads = threads;
      const std::vector<double> least = rows.least_of_rows(context);
      for (std::size_t i = 0; i < x.n_cols; ++i) {
        double expected = kInfinity;
        for (std::size_t j = 0; j < y.n_cols; ++j)
          expected = std::min(expected, rows.cost(i, j) - v[j]);
        CHECK(least[i] == expected);
      }
    }
  }
}

TEST_CASE("first potentials have the same bits on every path and for any threads") {
  for (const bool clustered : {false, true}) {
    const arma::mat x = clustered ? clusters(6, 900, 1).x : clouds::gaussian(30, 900, 1),
                    y = clustered ? clusters(6, 700, 2).x : 2.0 * clouds::gaussian(30, 700, 2);
    const FirstPotentials expected = first(x, y);
    for (const VectorPath path : kPaths) {
      if (!available(path)) continue;
      for (const int threads : {1, 2}) {
        const FirstPotentials found = first(x, y, path, threads);
        CHECK(found.of_columns == expected.of_columns);
        CHECK(found.error == expected.error);
      }
    }
  }
}

TEST_CASE("first potentials are near the optimal ones, and their error is what it says") {
  const std::size_t n = 2000;
  struct Case {
    std::string name;
    arma::mat x, y;
    double left;  // of the deviation of the optimal potentials
  };
  const Case cases[] = {
      {"clusters", clusters(10, n, 1).x, clusters(10, n, 2).x, 0.1},
      {"clusters of 50 features", clusters(50, n, 1).x, clusters(50, n, 2).x, 0.1},
      {"a line", clouds::gaussian(1, n, 1), 3.0 * clouds::gaussian(1, n, 2) + 7.0, 0.1},
      {"Gaussian, 10 features", clouds::gaussian(10, n, 1), clouds::gaussian(10, n, 2), 0.5},
      {"Gaussian, 50 features", clouds::gaussian(50, n, 1), clouds::gaussian(50, n, 2), 0.75}};
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const FirstPotentials found = first(c.x, c.y);
    const std::vector<double> best = optimal(c.x, c.y);
    const double off = deviation(difference(found.of_columns, best));
    CHECK(off < c.left * deviation(best));
    // One sample is further off than the average of both.
    CHECK(found.error > 0.7 * off);
    CHECK(found.error < 6.0 * off);
    // Prices that are too low make all others fall: hardly any are, and those by little.
    std::vector<double> above = difference(found.of_columns, best);
    std::sort(above.begin(), above.end());
    CHECK(above[n / 2] - above[n / 100] < above[n - n / 100] - above[n / 2]);
  }
}

TEST_CASE("few points begin at the potentials of a scale, of an unknown error") {
  const arma::mat x = 3.0 * clouds::gaussian(4, 200, 1), y = clouds::gaussian(4, 200, 2);
  const FirstPotentials found = first(x, y);
  CHECK(found.error == kInfinity);
  const FramedCloud rows = detail::framed_cloud(x), columns = detail::framed_cloud(y);
  const double scale =
      std::sqrt(detail::mean_squared_norm(rows) / detail::mean_squared_norm(columns));
  for (std::size_t j = 0; j < y.n_cols; ++j)
    CHECK(found.of_columns[j] == doctest::Approx(-0.7 * scale * columns.squared_norm(j)));
}

TEST_CASE("cells that are all the same have the same first potentials, be they few or many") {
  for (const std::size_t n : {200, 1000}) {
    const arma::mat ones(4, n, arma::fill::ones), zeros(4, n, arma::fill::zeros),
        other = clouds::gaussian(4, n, 1);
    for (const auto& found : {first(ones, zeros), first(zeros, ones), first(other, ones)}) {
      const auto [low, high] =
          std::minmax_element(found.of_columns.begin(), found.of_columns.end());
      CHECK(std::isfinite(*low));
      CHECK(*low == *high);
    }
  }
}

TEST_CASE("with first potentials a cold coupling scans a row about once") {
  const std::size_t n = 2000;
  Context context;
  const auto scans = [&](const arma::mat& x, const arma::mat& y) {
    const Assignment found = PointAssignment(y, {}).solve_once(x, context);
    CHECK(found.certificate.gap <= 1e-12);
    return static_cast<double>(found.statistics.scans) / static_cast<double>(n);
  };
  // 2.1 where a multiple of |y|^2 was guessed and epsilon began at 0.3 of the width.
  CHECK(scans(clouds::gaussian(50, n, 1), clouds::gaussian(50, n, 2)) < 1.1);
  CHECK(scans(clouds::gaussian(10, n, 1), 2.0 * clouds::gaussian(10, n, 2)) < 1.4);
  // 14 and 17
  CHECK(scans(clusters(10, n, 1).x, clusters(10, n, 2).x) < 4.0);
  CHECK(scans(clusters(50, n, 1).x, clusters(50, n, 2).x) < 4.0);
}
