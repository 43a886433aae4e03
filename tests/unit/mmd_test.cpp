#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../../src/metrics/lanes.hpp"
#include "../../src/metrics/mean_kernel.hpp"
#include "laot/metrics.hpp"
#include "support/vector_paths.hpp"

using namespace laot;

namespace {

arma::mat normal_cells(std::size_t d, std::size_t n, std::uint64_t seed, double shift = 0.0) {
  Rng rng(seed);
  arma::mat out(d, n);
  for (std::size_t i = 0; i < out.n_elem; ++i) out[i] = rng.normal() + shift;
  return out;
}

double kernel_mean(const arma::mat& a, const arma::mat& b, double gamma, bool off_diagonal) {
  long double sum = 0.0;
  for (std::size_t i = 0; i < a.n_cols; ++i)
    for (std::size_t j = 0; j < b.n_cols; ++j) {
      if (off_diagonal && i == j) continue;
      long double t = 0.0;
      for (std::size_t k = 0; k < a.n_rows; ++k) {
        const long double step = static_cast<long double>(a(k, i)) - b(k, j);
        t += step * step;
      }
      sum += std::exp(-gamma * t);
    }
  const std::size_t pairs = a.n_cols * (b.n_cols - (off_diagonal ? 1 : 0));
  return static_cast<double>(sum / pairs);
}

double plain_mmd2(const arma::mat& x, const arma::mat& y, double gamma, bool unbiased) {
  return kernel_mean(x, x, gamma, unbiased) + kernel_mean(y, y, gamma, unbiased) -
         2.0 * kernel_mean(x, y, gamma, false);
}

bool same_bits(const double* a, const double* b, std::size_t count) {
  return count == 0 || std::memcmp(a, b, count * sizeof(double)) == 0;
}

}  // namespace

TEST_CASE("MMD^2 is the plain double sum, over several tiles and ragged edges") {
  Context context;
  for (const auto& [n, m] : {std::pair<std::size_t, std::size_t>{2, 3}, {257, 300}, {520, 255}}) {
    const arma::mat x = normal_cells(3, n, 1), y = normal_cells(3, m, 2, 0.3);
    const std::vector<double> gammas = {0.01, 0.7, 30.0};
    const std::vector<double> unbiased = mmd2(x, y, gammas, MmdEstimator::unbiased, context);
    const std::vector<double> biased = mmd2(x, y, gammas, MmdEstimator::biased, context);
    for (std::size_t g = 0; g < gammas.size(); ++g) {
      CHECK(std::abs(unbiased[g] - plain_mmd2(x, y, gammas[g], true)) < 1e-13);
      CHECK(std::abs(biased[g] - plain_mmd2(x, y, gammas[g], false)) < 1e-13);
    }
  }
}

TEST_CASE("near duplicates far from each other's cloud keep their digits") {
  Context context;
  arma::mat x = normal_cells(4, 40, 3), y = normal_cells(4, 40, 4);
  for (std::size_t i = 0; i < 40; ++i) {
    x.col(i) = x.col(i % 5) + 1e-4 * normal_cells(4, 1, 100 + i);
    y.col(i) = x.col(i) + 1e-4 * normal_cells(4, 1, 200 + i) + 1e4;
  }
  const double gamma = 1e7;
  CHECK(std::abs(mmd2(x, y, {gamma}, MmdEstimator::unbiased, context)[0] -
                 plain_mmd2(x, y, gamma, true)) < 1e-11);
}

TEST_CASE("identical cells have distance 0 exactly") {
  Context context;
  arma::mat x = normal_cells(7, 30, 5, 50.0);
  x.cols(10, 19) = x.cols(0, 9);
  x.cols(20, 29) = x.cols(0, 9);
  const arma::mat none(7, 0);
  const MedianGamma all = median_gamma(x, none, context);
  const MedianGamma once = median_gamma(x.cols(0, 9), none, context);
  CHECK(all.median_squared_distance ==
        doctest::Approx(once.median_squared_distance).epsilon(1e-12));
  const arma::mat constant = arma::mat(7, 5, arma::fill::ones) * 0.1;
  CHECK(std::isnan(median_gamma(constant, constant, context).gamma));
  CHECK(mmd2(constant, constant, {2.0}, MmdEstimator::biased, context)[0] == 0.0);
}

TEST_CASE("undefined and wrong input") {
  Context context;
  const arma::mat x = normal_cells(3, 5, 1), one = normal_cells(3, 1, 2);
  CHECK(std::isnan(mmd2(x, one, {1.0}, MmdEstimator::unbiased, context)[0]));
  CHECK(std::isfinite(mmd2(x, one, {1.0}, MmdEstimator::biased, context)[0]));
  CHECK_THROWS_AS(mmd2(x, normal_cells(4, 5, 1), {1.0}, MmdEstimator::biased, context), Error);
  CHECK_THROWS_AS(mmd2(x, arma::mat(3, 0), {1.0}, MmdEstimator::biased, context), Error);
  CHECK_THROWS_AS(mmd2_mean(x, arma::mat(3, 0), {1.0, 2.0}, MmdEstimator::biased, context), Error);
  CHECK_THROWS_AS(mmd2(x, x, {}, MmdEstimator::biased, context), Error);
  CHECK_THROWS_AS(mmd2(x, x, {0.0}, MmdEstimator::biased, context), Error);
  CHECK_THROWS_AS(mmd2(x, x, {std::nan("")}, MmdEstimator::biased, context), Error);
  arma::mat broken = x;
  broken(1, 1) = std::nan("");
  CHECK_THROWS_AS(mmd2(x, broken, {1.0}, MmdEstimator::biased, context), Error);
  CHECK_THROWS_AS(median_gamma(broken, x, context), Error);
  CHECK_THROWS_AS(median_gamma(x, x, context, 1), Error);
}

TEST_CASE("the bits do not depend on the number of threads") {
  const arma::mat x = normal_cells(20, 700, 1), y = normal_cells(20, 900, 2);
  Context one, three;
  three.num_threads = 3;
  const std::vector<double> gammas = {0.01, 0.1};
  CHECK(mmd2(x, y, gammas, MmdEstimator::unbiased, one) ==
        mmd2(x, y, gammas, MmdEstimator::unbiased, three));
  const std::vector<double> fifty = logspace(1, -3, 50);
  CHECK(mmd2_mean(x, y, fifty, MmdEstimator::biased, one) ==
        mmd2_mean(x, y, fifty, MmdEstimator::biased, three));
  CHECK(median_gamma(x, y, one).gamma == median_gamma(x, y, three).gamma);
}

TEST_CASE("a cancelled MMD^2 stops") {
  const arma::mat x = normal_cells(20, 3000, 1);
  Context context;
  context.cancel = [] { return true; };
  CHECK_THROWS_AS(mmd2(x, x, {0.1}, MmdEstimator::unbiased, context), Error);
}

TEST_CASE("the mean over gammas by cubics is within its bound of the exact mean") {
  const arma::mat x = normal_cells(5, 400, 1), y = normal_cells(5, 300, 2, 0.2);
  Context context;
  for (const std::vector<double>& gammas :
       {logspace(1, -3, 50), logspace(4, -6, 31), std::vector<double>{2, 1, 0.5, 0.1, 0.01, 0.005}})
    for (const MmdEstimator estimator : {MmdEstimator::unbiased, MmdEstimator::biased}) {
      double exact = 0.0;
      for (const double value : mmd2(x, y, gammas, estimator, context)) exact += value;
      exact /= static_cast<double>(gammas.size());
      CHECK(std::abs(mmd2_mean(x, y, gammas, estimator, context) - exact) < 2e-12);
    }
}

TEST_CASE("the cubics keep their bound at every scale of the distance") {
  Rng rng(9);
  for (const std::vector<double>& gammas : {logspace(1, -3, 50), std::vector<double>{0.3}}) {
    const lanes::Cubics cubics = mean_kernel(gammas);
    double worst = 0.0;
    for (int k = 0; k < 200000; ++k) {
      const double t = k == 0 ? 0.0 : std::pow(10.0, rng.uniform(-18.0, 7.0));
      double value, exact = 0.0;
      lanes::kernels().write_cubics(&t, 1, cubics, &value);
      for (const double gamma : gammas) exact += std::exp(-gamma * t);
      worst = std::max(worst, std::abs(value - exact / static_cast<double>(gammas.size())));
    }
    CHECK(worst < 5e-13);
    CHECK(worst > 1e-14);  // the test does reach the intervals where the bound is close
  }
}

TEST_CASE("the exponential is right to 3 ulp, and 0 far down") {
  Rng rng(4);
  double worst = 0.0;
  for (int k = 0; k < 200000; ++k) {
    const double t = k % 2 == 0 ? rng.uniform(0.0, 700.0) : std::pow(10.0, rng.uniform(-20.0, 1.0));
    double value;
    lanes::kernels().write_exp(&t, 1, 1.0, &value);
    const long double exact = std::exp(-static_cast<long double>(t));
    worst = std::max(worst, std::abs(static_cast<double>((value - exact) / exact)));
  }
  CHECK(worst < 6.7e-16);
  const double edges[3] = {0.0, 709.0, 1e300};
  double out[3];
  lanes::kernels().write_exp(edges, 3, 1.0, out);
  CHECK(out[0] == 1.0);
  CHECK(out[1] == 0.0);
  CHECK(out[2] == 0.0);
}

TEST_CASE("every instruction set gives the portable path's bits") {
  Rng rng(77);
  const lanes::Kernels& portable = lanes::kernels(VectorPath::portable);
  const lanes::Cubics cubics = mean_kernel(logspace(1, -3, 50));
  const std::vector<VectorPath> paths = vector_paths::all();
  if (paths.size() < 3)
    MESSAGE("this machine has not every instruction set: a path is not compared");
  for (const VectorPath path : paths) {
    const lanes::Kernels& fast = lanes::kernels(path);
    for (const std::size_t count : {0, 1, 7, 8, 9, 1000, 4099}) {
      std::vector<double> t(count), a(count), b(count);
      for (double& value : t) value = std::pow(10.0, rng.uniform(-12.0, 4.0));
      portable.write_exp(t.data(), count, 0.37, a.data());
      fast.write_exp(t.data(), count, 0.37, b.data());
      CHECK(same_bits(a.data(), b.data(), count));
      portable.write_cubics(t.data(), count, cubics, a.data());
      fast.write_cubics(t.data(), count, cubics, b.data());
      CHECK(same_bits(a.data(), b.data(), count));
      lanes::Sum left, right;
      portable.add_exp(t.data(), count, 0.37, left);
      fast.add_exp(t.data(), count, 0.37, right);
      CHECK(same_bits(left.lane, right.lane, lanes::kWidth));
      portable.add_cubics(t.data(), count, cubics, left);
      fast.add_cubics(t.data(), count, cubics, right);
      CHECK(same_bits(left.lane, right.lane, lanes::kWidth));
      portable.add_sqrt(t.data(), count, left);
      fast.add_sqrt(t.data(), count, right);
      CHECK(same_bits(left.lane, right.lane, lanes::kWidth));
    }
  }
}

TEST_CASE("every instruction set gives the same bits of distances between panels") {
  constexpr std::size_t rows = lanes::kPanelRows, columns = lanes::kPanelColumns;
  constexpr std::size_t stride = rows + 8;
  Rng rng(78);
  const lanes::Kernels& portable = lanes::kernels(VectorPath::portable);
  for (const std::size_t d : {1, 2, 50, 301}) {
    std::vector<double> left(rows * d), right(columns * d), row_norms(rows), column_norms(columns);
    for (double& value : left) value = rng.normal();
    for (double& value : right) value = rng.normal();
    for (std::size_t k = 0; k < d; ++k) right[k * columns + 3] = left[k * rows + 9] + 1e-6;
    for (std::size_t k = 0; k < d; ++k) {
      for (std::size_t i = 0; i < rows; ++i)
        row_norms[i] += left[k * rows + i] * left[k * rows + i];
      for (std::size_t j = 0; j < columns; ++j)
        column_norms[j] += right[k * columns + j] * right[k * columns + j];
    }
    const auto distances = [&](const lanes::Kernels& kernel, std::size_t first, double small,
                               bool& lost) {
      std::vector<double> out(stride * columns, -1.0);
      lanes::PanelPair panels{left.data(),         right.data(), first, row_norms.data(),
                              column_norms.data(), out.data(),   stride};
      if (first > 0) kernel.products(panels, false);
      panels.left += first * rows;
      panels.right += first * columns;
      panels.features = d - first;
      lost = kernel.distances(panels, first > 0, small);
      return out;
    };
    bool lost = false;
    const std::vector<double> wanted = distances(portable, 0, 1e-3, lost);
    CHECK(lost);
    distances(portable, 0, 0.0, lost);
    CHECK(!lost);
    double worst = 0.0;
    for (std::size_t j = 0; j < columns; ++j) {
      for (std::size_t i = 0; i < rows; ++i) {
        long double t = 0.0L;
        for (std::size_t k = 0; k < d; ++k) {
          const long double step =
              static_cast<long double>(left[k * rows + i]) - right[k * columns + j];
          t += step * step;
        }
        worst = std::max(worst, std::abs(static_cast<double>(wanted[i + j * stride] - t)) /
                                    (row_norms[i] + column_norms[j]));
      }
      for (std::size_t i = rows; i < stride; ++i) CHECK(wanted[i + j * stride] == -1.0);
    }
    CHECK(worst < 2e-15);
    for (const VectorPath path : vector_paths::all()) {
      for (const std::size_t first : {std::size_t{0}, d / 2}) {
        const std::vector<double> found = distances(lanes::kernels(path), first, 1e-3, lost);
        CHECK(lost);
        CHECK(same_bits(found.data(), wanted.data(), wanted.size()));
      }
    }
  }
}

TEST_CASE("cells longer than a block of features, in panels that are not full") {
  const arma::mat x = normal_cells(601, 37, 5), y = normal_cells(601, 41, 6, 0.1);
  Context context;
  const double gamma = 1e-3;
  const double exact = kernel_mean(x, x, gamma, true) + kernel_mean(y, y, gamma, true) -
                       2.0 * kernel_mean(x, y, gamma, false);
  CHECK(mmd2(x, y, {gamma}, MmdEstimator::unbiased, context)[0] ==
        doctest::Approx(exact).epsilon(1e-11));
}

namespace {

// The median of the positive squared distances of all pairs, by differences.
double plain_median(const arma::mat& cells) {
  std::vector<double> squared;
  for (std::size_t j = 0; j < cells.n_cols; ++j)
    for (std::size_t i = 0; i < j; ++i) {
      const double t = arma::accu(arma::square(cells.col(i) - cells.col(j)));
      if (t > 0.0) squared.push_back(t);
    }
  std::sort(squared.begin(), squared.end());
  const std::size_t half = squared.size() / 2;
  return squared.size() % 2 == 1 ? squared[half] : 0.5 * (squared[half - 1] + squared[half]);
}

void check_median(const arma::mat& cells) {
  const arma::mat x = cells.head_cols(cells.n_cols / 3),
                  y = cells.tail_cols(cells.n_cols - x.n_cols);
  Context one, three;
  three.num_threads = 3;
  const double found = median_gamma(x, y, one).median_squared_distance;
  CHECK(found == doctest::Approx(plain_median(cells)).epsilon(1e-12));
  CHECK(median_gamma(x, y, three).median_squared_distance == found);
}

}  // namespace

TEST_CASE("a permutation test of known distances is that of the cells") {
  const arma::mat x = normal_cells(3, 530, 1), y = normal_cells(3, 270, 2) + 0.08;
  Context one, three;
  three.num_threads = 3;
  arma::mat within_x, within_y, across;
  (void)kernel_sums_within(x, {1.0}, one, &within_x);
  (void)kernel_sums_within(y, {1.0}, one, &within_y);
  (void)kernel_sums_across(x, y, {1.0}, one, &across);
  const SquaredDistances squared{within_x, within_y, across};
  for (const std::vector<double>& gammas : {std::vector<double>{0.3}, {0.1, 0.3, 1.0}}) {
    const double p = permutation_p_value(x, y, gammas, 300, one);
    CHECK(p > 1.0 / 301);
    CHECK(p < 0.9);
    CHECK(permutation_p_value(squared, gammas, 300, one) == p);
    CHECK(permutation_p_value(squared, gammas, 300, three) == p);
  }
  CHECK_THROWS_AS(permutation_p_value({within_y, within_x, across}, {0.3}, 300, one), Error);
}

TEST_CASE("the median of many long cells is that of all pairs, however they lie") {
  check_median(normal_cells(40, 331, 1));
  check_median(normal_cells(1100, 310, 2));  // longer than one sum of single precision
  check_median(1e140 * normal_cells(20, 320, 3));
  check_median(1e-120 * normal_cells(20, 320, 4));
  arma::mat far = normal_cells(20, 320, 5);
  far += 1e7;
  far.col(0) *= 3.0;
  check_median(far);
  arma::mat ties = arma::round(normal_cells(20, 330, 6));
  ties.head_cols(40) = ties.cols(40, 79);  // pairs at no distance
  check_median(ties);
  arma::mat repeated = normal_cells(20, 320, 8);  // a fiftieth of the pairs at no distance
  for (std::size_t i = 0; i < repeated.n_cols; ++i) repeated.col(i) = repeated.col(i % 40);
  check_median(repeated);
  arma::mat corners(24, 320, arma::fill::zeros);  // few distances, all of them many times
  for (std::size_t i = 0; i < corners.n_cols; ++i) corners(i % 24, i) = i % 2 == 0 ? 1.0 : 2.0;
  check_median(corners);
  arma::mat two = normal_cells(30, 340, 7);  // the median is between two clouds
  two.head_cols(170) += 50.0;
  check_median(two);
}

TEST_CASE("beyond its limit the median comes from a seeded subsample") {
  const arma::mat x = normal_cells(6, 500, 1), y = normal_cells(6, 400, 2);
  Context context;
  const MedianGamma exact = median_gamma(x, y, context), part = median_gamma(x, y, context, 300);
  CHECK(!exact.subsample);
  CHECK(exact.cells == 900);
  CHECK(part.subsample);
  CHECK(part.cells == 300);
  CHECK(part.gamma != exact.gamma);
  CHECK(part.gamma == doctest::Approx(exact.gamma).scale(0).epsilon(0.05));
  CHECK(median_gamma(x, y, context, 300).gamma == part.gamma);
  Context other;
  other.seed = 2;
  CHECK(median_gamma(x, y, other, 300).gamma != part.gamma);
}
