// The training of CPA: weights of classes, learning rates, turns of its two networks, and its
// score.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "laot/nets/cpa_training.hpp"
#include "support/clouds.hpp"

using namespace laot;
using namespace laot::nets;

namespace {

// Eight control cells, six of one drug and four of another.
CpaCells some_cells() {
  CpaCells out;
  out.controls = {clouds::gaussian(3, 8, 1)};
  out.treated = {clouds::gaussian(3, 6, 2) + 2.0, clouds::gaussian(3, 4, 3) - 2.0};
  out.control_of = {0, 0};
  out.conditions = {{{{0, {}, 1.0F}}, {}}, {{{1, {}, 1.0F}}, {}}};
  out.control_contexts.resize(1);  // of no coordinates
  return out;
}

// Networks without hidden layers, so that they are W x + b; all cells in every batch.
CpaOptions plain_options() {
  CpaOptions out;
  out.shape.latent = 4;
  out.shape.levels = 2;
  out.batch = 18;
  out.last_rate = 1.0;
  return out;
}

using Values = std::vector<double>;

// The networks' values before the first step, after it, .., after the last.
std::vector<Values> iterates(const CpaOptions& options) {
  CpaTrainer trainer(some_cells(), options, 1);
  std::vector<Values> out;
  Context context;
  trainer.run(context, [&] { out.push_back(trainer.save().at("net")); });
  out.push_back(trainer.save().at("net"));
  return out;
}

// Whether the step to iterate `after` is half of that of another run from the same iterate.
void check_half(const std::vector<Values>& halved, const std::vector<Values>& whole,
                std::size_t after) {
  REQUIRE(halved.size() == whole.size());
  for (std::size_t k = 0; k < after; ++k) REQUIRE(halved[k] == whole[k]);
  double worst = 0.0, largest = 0.0;
  for (std::size_t i = 0; i < whole[after].size(); ++i) {
    const double step = whole[after][i] - whole[after - 1][i];
    worst = std::max(worst, std::abs(halved[after][i] - halved[after - 1][i] - 0.5 * step));
    largest = std::max(largest, std::abs(step));
  }
  REQUIRE(largest > 1e-4);
  CHECK(worst < 2e-6);  // values are in single precision
}

}  // namespace

TEST_CASE("a class weighs the cells that are not of it over those that are") {
  CpaOptions options = plain_options();
  options.adam.rate = options.adam_doses.rate = options.adam_adversary.rate = 0.0;
  options.iterations = 2;
  options.check_every = 1;
  CpaTrainer trainer(some_cells(), options, 1);
  Context context;
  trainer.run(context);
  REQUIRE(trainer.trace().size() == 3);
  const Cpa<float>& net = trainer.best();
  const CpaAdversary<double> shaped(4, {3}, options.adversary);
  const Values of_classifier = trainer.save().at("adversary");
  const arma::mat encode = net.layout().get(net.values(), "enc_out.weight"),
                  from = net.layout().get(net.values(), "enc_out.bias"),
                  classify = shaped.layout().get(of_classifier, "adv0__out.weight"),
                  bias = shaped.layout().get(of_classifier, "adv0__out.bias");
  const CpaCells cells = some_cells();
  const std::vector<arma::mat> classes{cells.controls[0], cells.treated[0], cells.treated[1]};
  // The mean cross-entropy of the 18 cells, -log softmax(W (E x + e) + b) of the own class.
  const auto mean_with = [&](const std::vector<double>& weights) {
    double sum = 0.0, total = 0.0;
    for (std::size_t k = 0; k < 3; ++k)
      for (arma::uword i = 0; i < classes[k].n_cols; ++i) {
        const arma::vec logits = classify * (encode * classes[k].col(i) + from) + bias;
        sum += weights[k] * (std::log(arma::accu(arma::exp(logits))) - logits[k]);
        total += weights[k];
      }
    return sum / total;
  };
  // 10 / 8, 12 / 6 and 14 / 4.
  const double wanted = mean_with({1.25, 2.0, 3.5});
  for (const std::vector<double>& other :
       {std::vector<double>{2.25, 3.0, 4.5}, {1.0, 1.0, 1.0}, {8.0, 6.0, 4.0}})
    REQUIRE(std::abs(mean_with(other) - wanted) > 1e-3);
  CHECK(trainer.trace().back().adversary == doctest::Approx(wanted).epsilon(1e-5));
}

TEST_CASE(
    "of so many steps one trains the autoencoder, the first, and the others the classifiers") {
  CpaOptions options = plain_options();
  options.adversary_steps = 4;
  options.iterations = 9;
  options.check_every = 1;
  CpaTrainer trainer(some_cells(), options, 1);
  Context context;
  trainer.run(context);
  REQUIRE(trainer.trace().size() == 10);
  for (std::size_t k = 1; k < 10; ++k) {
    CAPTURE(k);
    const CpaTrace& look = trainer.trace()[k];
    REQUIRE(look.iteration == k);
    const bool of_autoencoder = k == 1 || k == 5 || k == 9;
    CHECK(std::isfinite(look.reconstruction) == of_autoencoder);
    CHECK(std::isfinite(look.adversary) == !of_autoencoder);
    CHECK(std::isfinite(look.penalty) == !of_autoencoder);
  }
}

TEST_CASE("the rates of CPA fall after every 45 whole passes over the cells") {
  CpaOptions options = plain_options();
  options.adversary_weight = 0.0;
  options.iterations = 46;  // each a pass
  const std::vector<Values> steady = iterates(options);
  REQUIRE(steady.size() == 47);
  options.rate_decay = 0.5;
  check_half(iterates(options), steady, 46);
}

TEST_CASE("of two steps of CPA along a cosine the second has half of the rate") {
  // 1 at the first, (1 + cos(pi / 2)) / 2 at the second: the rate would be 0 after the last.
  CpaOptions options = plain_options();
  options.adversary_weight = 0.0;
  options.iterations = 2;
  const std::vector<Values> steady = iterates(options);
  options.last_rate = 0.0;
  check_half(iterates(options), steady, 2);
}

TEST_CASE("the score of CPA is that of the prediction of each condition") {
  CpaCells cells = some_cells();
  for (arma::mat* population : {&cells.controls[0], &cells.treated[0], &cells.treated[1]})
    *population = arma::join_rows(*population, 0.5 * *population);
  for (const bool keeps : {true, false}) {
    CAPTURE(keeps);
    CpaOptions options = plain_options();
    options.keep_residual = keeps;
    options.gamma = 0.1;
    const CpaTrainer trainer(cells, options, 1);
    const PopulationSplits split = split_populations(cells, options.validation_share, 1);
    const auto held = [](const arma::mat& population, const Holdout& part) {
      return arma::mat(population.cols(arma::conv_to<arma::uvec>::from(part.validation)));
    };
    const arma::mat x = held(cells.controls[0], split.controls[0]);
    const Cpa<float>& net = trainer.best();
    const auto tensor = [&](const char* name) { return net.layout().get(net.values(), name); };
    const auto kernel = [](const arma::mat& a, const arma::mat& b, bool same) {
      double sum = 0.0, count = 0.0;
      for (arma::uword i = 0; i < a.n_cols; ++i)
        for (arma::uword j = 0; j < b.n_cols; ++j) {
          if (same && i == j) continue;
          sum += std::exp(-0.1 * arma::accu(arma::square(a.col(i) - b.col(j))));
          count += 1.0;
        }
      return sum / count;
    };
    double wanted = 0.0, unmoved = 0.0;
    for (std::size_t c = 0; c < 2; ++c) {
      const arma::mat y = held(cells.treated[c], split.treated[c]);
      // A curve begins as sigmoid(dose) - 1/2, here of dose 1.
      const arma::vec offset =
          (1.0 / (1.0 + std::exp(-1.0)) - 0.5) * tensor("level.vectors").col(c);
      const arma::mat code = tensor("enc_out.weight") * x;
      arma::mat moved =
          tensor("dec_out.weight") * (code.each_col() + (tensor("enc_out.bias").col(0) + offset));
      moved.each_col() += tensor("dec_out.bias").col(0);
      if (keeps) moved = x + arma::repmat(tensor("dec_out.weight") * offset, 1, x.n_cols);
      const auto score = [&](const arma::mat& at) {
        return kernel(at, at, true) + kernel(y, y, true) - 2.0 * kernel(at, y, false);
      };
      wanted += 0.5 * score(moved);
      unmoved += 0.5 * score(x);
    }
    CHECK(trainer.report().untrained_score == doctest::Approx(wanted).epsilon(1e-5));
    CHECK(trainer.report().identity_score == doctest::Approx(unmoved).epsilon(1e-5));
    REQUIRE(std::abs(wanted - unmoved) > 1e-3);
  }
}
