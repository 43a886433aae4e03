// Distances of populations that lie badly for double precision.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "laot/metrics.hpp"

using namespace laot;

namespace {

double scored(const char* metric, const arma::mat& predicted, const arma::mat& observed) {
  ScoreInput input;
  input.predicted = &predicted;
  input.observed = &observed;
  Context context;
  return score(metric, input, context).value;
}

// Multiples of 1/16, so that sums are exact.
arma::mat coarse(std::size_t cells, Rng& rng) {
  arma::mat out(2, cells);
  for (double& value : out) value = (static_cast<double>(rng.below(129)) - 64.0) / 16.0;
  return out;
}

arma::mat with_cell(const arma::mat& cells, double first) {
  arma::mat out(cells.n_rows, cells.n_cols + 1, arma::fill::zeros);
  out.cols(0, cells.n_cols - 1) = cells;
  out(0, cells.n_cols) = first;
  return out;
}

double best_of_all(const arma::mat& x, const arma::mat& y) {
  std::vector<std::size_t> order(y.n_cols);
  std::iota(order.begin(), order.end(), std::size_t{0});
  double best = kInfinity;
  do {
    double sum = 0.0;
    for (std::size_t i = 0; i < x.n_cols; ++i)
      sum += arma::accu(arma::square(x.col(i) - y.col(order[i])));
    best = std::min(best, sum);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

}  // namespace

TEST_CASE("a cell far away from all others spoils no distance") {
  Rng rng(61);
  Context context;
  for (int round = 0; round < 5; ++round) {
    const arma::mat x = coarse(6, rng), y = coarse(6, rng);
    const double best = best_of_all(x, y);
    for (const double far : {1e3, 1e6, 1e9, 1e12, 1e15, 1e60}) {
      CAPTURE(far);
      const Certificate found = transport_cost(with_cell(x, far), with_cell(y, far), context);
      CHECK(found.primal == doctest::Approx(best / 7.0).epsilon(1e-9));
    }
  }
}

TEST_CASE("a cell far away spoils no distance of unequal numbers of cells either") {
  Rng rng(62);
  Context context;
  const arma::mat x = coarse(4, rng), y = coarse(4, rng);
  // Each cell of y twice, and the far one twice: the same distance.
  arma::mat twice = arma::join_rows(y, y);
  twice = with_cell(with_cell(twice, 1e12), 1e12);
  CHECK(transport_cost(with_cell(x, 1e12), twice, context).primal ==
        doctest::Approx(best_of_all(x, y) / 5.0).epsilon(1e-9));
}

TEST_CASE("a divergence that a cell far away hides is refused, its cost is not") {
  Rng rng(63);
  Context context;
  const arma::mat x = coarse(40, rng), y = coarse(40, rng) + 2.0;
  const double apart = arma::accu(arma::square(arma::mean(x, 1) - arma::mean(y, 1)));
  SinkhornOptions options;
  const auto divergence = [&](const arma::mat& a, const arma::mat& b) {
    return sinkhorn_divergence(a, b, PairCost::squared_euclidean, options, context);
  };
  for (const double far : {1e5, 1e8, 1e12}) {
    CAPTURE(far);
    const arma::mat a = with_cell(x, far), b = with_cell(y, far);
    options.epsilon = epsilon_of_mean_cost(a, b, 0.05);
    if (far > 1e7) {
      CHECK_THROWS_AS(divergence(a, b).value(), Error);
    } else {
      // Such an epsilon blurs all but the far cell: what is left is the distance of the means.
      CHECK(divergence(a, b).value() == doctest::Approx(apart * 40.0 / 41.0).epsilon(1e-3));
    }
    // On one side only, the divergence is as large as the costs.
    CHECK(divergence(a, with_cell(y, 0.0)).value() > 0.5 * far * far / 41.0);
  }
  const arma::mat near_x = with_cell(x, 1e8), near_y = with_cell(y, 1e8),
                  far_x = with_cell(x, 1e15), far_y = with_cell(y, 1e15);
  CHECK(scored("sinkhorn_divergence_euclidean", near_x, near_y) > 0.0);
  CHECK_THROWS_WITH_AS(scored("sinkhorn_divergence_euclidean", far_x, far_y),
                       doctest::Contains("score w2"), Error);
  CHECK(scored("sinkhorn_euclidean", far_x, far_y) > 0.0);
}

TEST_CASE("cells whose squared distances underflow are refused, the same cell is not") {
  Context context;
  arma::mat x(1, 3), y(1, 3);
  for (std::size_t i = 0; i < 3; ++i) {
    x[i] = 1e-160 * static_cast<double>(i);
    y[i] = 1e-160 * static_cast<double>(i + 1);
  }
  CHECK_THROWS_AS(wasserstein2(x, y, context), Error);
  CHECK_THROWS_AS(energy_distance(x, y, context), Error);
  // 0 would be a perfect prediction.
  for (const char* metric : {"sinkhorn_cost", "sinkhorn_regularised", "sinkhorn_divergence"})
    CHECK_THROWS_WITH_AS(scored(metric, x, y), doctest::Contains("too small for double precision"),
                         Error);
  CHECK(wasserstein2(arma::mat(x * 1e60), arma::mat(y * 1e60), context) ==
        doctest::Approx(1e-100).epsilon(1e-12));
  x.fill(1e-200);
  CHECK(wasserstein2(x, x, context) == 0.0);
}

TEST_CASE("the distance of a population to itself is never below 0") {
  Rng rng(64);
  Context context;
  for (int round = 0; round < 20; ++round) {
    arma::mat x(5, 12 + rng.below(18));
    for (double& value : x) value = 3.0 + rng.normal();
    CHECK(energy_distance(x, x, context).biased >= 0.0);
    CHECK(energy_distance(x, x, context).biased < 1e-13);
    const double mmd = mmd2(x, x, {0.3}, MmdEstimator::biased, context)[0];
    CHECK((mmd >= 0.0 && mmd < 1e-13));
  }
}
