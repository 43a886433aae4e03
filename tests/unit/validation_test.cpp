// The choice among the iterates of a training: held-out cells, their score, and the cells that a
// look takes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "laot/nets/autoencoder_training.hpp"
#include "laot/nets/cellot.hpp"
#include "support/clouds.hpp"

using namespace laot;
using namespace laot::nets;

TEST_CASE("the validation score is the unbiased MMD^2") {
  const arma::fmat p{{0.0F, 1.0F}}, y{{0.0F, 2.0F, 3.0F}};
  const ValidationScore score(y, 0.5, {});
  const auto k = [](double d) { return std::exp(-0.5 * d * d); };
  const double among = k(1), within = (k(2) + k(3) + k(1)) / 3;
  const double across = (k(0) + k(2) + k(3) + k(1) + k(1) + k(2)) / 6;
  CHECK(score(p).mmd2 == doctest::Approx(among + within - 2 * across).epsilon(1e-6));
  CHECK(score(p).overlap == doctest::Approx(across / within).epsilon(1e-6));
  // Contributions of the cells: the sums over predicted and observed cells, but for constants.
  const ValidationScore::Value value = score(p);
  REQUIRE(value.of_predicted.size() == 2);
  REQUIRE(value.of_observed.size() == 3);
  CHECK(value.of_predicted[0] ==
        doctest::Approx(2 * (k(1) - (k(0) + k(2) + k(3)) / 3)).epsilon(1e-6));
  CHECK(value.of_predicted[1] ==
        doctest::Approx(2 * (k(1) - (k(1) + k(1) + k(2)) / 3)).epsilon(1e-6));
  CHECK(value.of_observed[2] == doctest::Approx(-(k(3) + k(2))).epsilon(1e-6));
  // Squared distances 1 1 1 1 4 4 4 9 9, and one pair of equal cells that does not count.
  CHECK(median_gamma(p, y, {}) == doctest::Approx(0.25));
}

TEST_CASE("cells that are sorted by type do not mislead a look") {
  CHECK(spread_over(5, 10) == std::vector<std::uint64_t>{0, 1, 2, 3, 4});
  CHECK(spread_over(10, 4) == std::vector<std::uint64_t>{0, 2, 5, 7});
  const auto index = spread_over(4099, kLookCells);
  REQUIRE(index.size() == kLookCells);
  CHECK(std::is_sorted(index.begin(), index.end()));
  CHECK(index.back() < 4099);
  CHECK(index.back() > 4090);
  // Two types far apart, the second one after the first 2000 training cells of either side, and as
  // many of it as of the first.
  const arma::uword half = 2600;
  arma::mat x = clouds::gaussian(2, 2 * half, 31), y = clouds::gaussian(2, 2 * half, 32) + 0.5;
  x.tail_cols(half) += 20.0;
  y.tail_cols(half) += 20.0;
  std::vector<std::uint32_t> types(2 * half, 0);
  std::fill(types.begin() + half, types.end(), 1U);
  AutoencoderOptions options;
  options.shape.kind = AutoencoderKind::variational;
  options.shape.hidden = {8, 8};
  options.shape.latent = 2;
  options.shape.batch_norm = true;
  options.epochs = 1;
  options.restore_mean = true;
  options.residual = Residual::keep;
  Context context;
  AutoencoderTrainer trainer(x, y, options, 7, types, types);
  trainer.run(context);
  // Prediction of the mean shift: were the mean taken of one type alone, the cells would be moved
  // by some ten units.
  CHECK(trainer.trace().front().validation_mmd2 < 0.05);
  CHECK(trainer.trace().back().validation_mmd2 < 0.1);
  CellotOptions game;
  game.hidden = {8, 8};
  game.iterations = 0;
  game.restore_mean = true;
  CHECK(CellotTrainer(x, y, game, 7).report().identity_score < 0.05);
  // The bandwidth is that of both types, where half of the pairs are far apart (one type: 0.36).
  CHECK(median_gamma(arma::conv_to<arma::fmat>::from(x), arma::conv_to<arma::fmat>::from(y), {}) <
        0.1);
}

TEST_CASE(
    "the standard error of two scores is the spread of their difference over draws of cells") {
  // Two maps of the same cells, against observed cells that are drawn anew as well.
  Rng rng(31);
  const auto drawn = [&](std::size_t n, double mean, double sd) {
    arma::fmat out(2, n);
    for (float& value : out) value = static_cast<float>(mean + sd * rng.normal());
    return out;
  };
  const std::size_t draws = 400;
  arma::vec difference(draws), error(draws);
  for (std::size_t r = 0; r < draws; ++r) {
    const arma::fmat x = drawn(150, 0.0, 1.0);
    const ValidationScore score(drawn(20, 0.8, 1.2), 0.3, {});
    const ValidationScore::Value a = score(arma::fmat(x + 1.0F)), b = score(arma::fmat(0.5F * x));
    difference(r) = a.mmd2 - b.mmd2;
    error(r) = standard_error(a, b);
    CHECK(standard_error(b, a) == error(r));
    CHECK(standard_error(a, a) == 0.0);
  }
  const double ratio = arma::mean(error) / arma::stddev(difference);
  CHECK(ratio > 0.9);
  CHECK(ratio < 1.1);
}

TEST_CASE("batches pass over all cells and validation cells are held out") {
  Rng rng(4);
  BatchSampler sampler(10, 4);
  std::vector<int> seen(10, 0);
  for (int i = 0; i < 5; ++i)
    for (const std::uint64_t index : sampler.next(rng)) ++seen[index];
  for (const int times : seen) CHECK(times == 2);
  const Holdout parts = hold_out(10, 0.2, rng);
  CHECK(parts.validation.size() == 2);
  CHECK(parts.train.size() == 8);
  for (const std::uint64_t index : parts.validation)
    CHECK(std::count(parts.train.begin(), parts.train.end(), index) == 0);
}
