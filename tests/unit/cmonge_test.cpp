// Training of the Conditional Monge Gap, and what its losses must obey.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "laot/nets/cmonge.hpp"
#include "support/clouds.hpp"

using namespace laot;
using namespace laot::nets;

namespace {

// Three conditions that shift the cells along a direction by 1, 2 and 3, and stretch another.
CmongeCells some_cells(std::size_t d = 3) {
  CmongeCells out;
  out.controls = {clouds::gaussian(d, 60, 1)};
  for (std::size_t c = 0; c < 3; ++c) {
    arma::mat y = clouds::gaussian(d, 50, 10 + c);
    y.row(0) += 1.0 + static_cast<double>(c);
    y.row(1) *= 1.5;
    out.treated.push_back(y);
    out.control_of.push_back(0);
    out.contexts.push_back({{static_cast<float>(c)}});
  }
  return out;
}

CmongeOptions small_options() {
  CmongeOptions out;
  out.shape.contexts = {1};
  out.shape.embedded = {4};
  out.shape.hidden = {16, 16};
  out.adam.rate = 5e-3;
  out.batch = 32;
  out.iterations = 300;
  out.check_every = 50;
  out.keep_last = out.train_on_all = false;
  return out;
}

std::vector<float> trained(CmongeTrainer& trainer) {
  Context context;
  trainer.run(context);
  return trainer.best().values();
}

}  // namespace

TEST_CASE("the same share of every population is held out, each cell on one side") {
  const CmongeCells cells = some_cells();
  const PopulationSplits split = split_populations(cells, 0.2, 5);
  REQUIRE(split.controls.size() == 1);
  REQUIRE(split.treated.size() == 3);
  const auto check = [](const Holdout& part, std::size_t held, std::size_t count) {
    CHECK(part.validation.size() == held);
    CHECK(part.train.size() == count - held);
    std::vector<std::uint64_t> all = part.train;
    all.insert(all.end(), part.validation.begin(), part.validation.end());
    std::sort(all.begin(), all.end());
    for (std::size_t i = 0; i < count; ++i) CHECK(all[i] == i);
  };
  check(split.controls[0], 12, 60);
  for (const Holdout& part : split.treated) check(part, 10, 50);
  CHECK(split.treated[0].validation != split.treated[1].validation);
}

TEST_CASE("the gradient of the whole loss agrees with finite differences") {
  const arma::mat x = clouds::gaussian(4, 9, 1), y = 1.3 * clouds::gaussian(4, 7, 2) + 0.5;
  ConditionalMapShape shape;
  shape.features = 4;
  shape.contexts = {2, 1};
  shape.embedded = {3, 2};
  shape.hidden = {6, 5};
  ConditionalMap<double> net(shape);
  Rng rng(3);
  net.initialise(rng);
  for (double& value : net.values()) value += 0.1 * rng.normal();
  const std::vector<std::vector<double>> contexts{{0.3, -1.0}, {0.7}};
  for (const PointCost cost : {PointCost::euclidean, PointCost::squared})
    for (const double gap_epsilon : {0.0, 0.4}) {
      CmongeLossOptions options;
      options.cost = cost;
      options.epsilon = 0.8;
      options.epsilon_of_mean_cost = false;  // a difference would see epsilon move
      options.gap_weight = 0.7;
      options.gap_epsilon = gap_epsilon;
      options.tolerance = 1e-14;
      options.polish = true;
      Context context;
      ConditionalMapPass<double> pass;
      arma::mat t(4, 9);
      const auto loss = [&](const ConditionalMap<double>& at) {
        pass.forward(at, x.memptr(), 9, contexts, t.memptr());
        return cmonge_loss(x, t, y, options, true, context);
      };
      std::vector<double> gradient(net.size(), 0.0);
      const CmongeLoss here = loss(net);
      pass.backward(net, x.memptr(), here.of_t.memptr(), gradient.data());
      double worst = 0.0;
      for (std::size_t k = 0; k < net.size(); k += 3) {
        const double h = 1e-5;
        ConditionalMap<double> up = net, down = net;
        up.values()[k] += h;
        down.values()[k] -= h;
        worst = std::max(worst,
                         std::abs((loss(up).total - loss(down).total) / (2.0 * h) - gradient[k]));
      }
      CHECK(worst < 1e-7);
    }
}

TEST_CASE("epsilon by the batch is a share of the mean cost between predicted and treated cells") {
  const arma::mat x = clouds::gaussian(3, 30, 1), t = 1.1 * x + 0.2,
                  y = 2.0 * clouds::gaussian(3, 25, 2);
  Context context;
  CmongeLossOptions share, absolute;
  share.epsilon = 0.5;
  share.epsilon_of_mean_cost = true;
  absolute.epsilon_of_mean_cost = false;
  absolute.epsilon = 0.5 * arma::accu(point_costs(t, y, share.cost)) / (30.0 * 25.0);
  const CmongeLoss a = cmonge_loss(x, t, y, share, true, context),
                   b = cmonge_loss(x, t, y, absolute, true, context);
  CHECK(a.total == doctest::Approx(b.total).epsilon(1e-9));
  CHECK(arma::abs(a.of_t - b.of_t).max() < 1e-9);
}

TEST_CASE("float and double networks are the same function") {
  ConditionalMapShape shape;
  shape.features = 5;
  shape.contexts = {2};
  shape.embedded = {3};
  shape.hidden = {64, 64, 64, 64};
  ConditionalMap<double> exact(shape);
  Rng rng(9);
  exact.initialise(rng);
  ConditionalMap<float> single(shape);
  std::copy(exact.values().begin(), exact.values().end(), single.values().begin());
  const arma::mat x = clouds::gaussian(5, 300, 4);
  const arma::mat a = moved(exact, x, {{0.5, -0.2}});
  const arma::fmat b = moved(single, arma::conv_to<arma::fmat>::from(x), {{0.5F, -0.2F}});
  CHECK(arma::abs(a - arma::conv_to<arma::mat>::from(b)).max() < 1e-5);
  CHECK_THROWS_AS((void)moved(exact, x, {{0.5}}), Error);
  CHECK_THROWS_AS((void)moved(exact, x, {}), Error);
  double mean = 0.0, square = 0.0, largest = 0.0;
  const auto& layer = exact.layers()[1];
  for (std::size_t k = 0; k < 64 * 64; ++k) {
    const double w = exact.values()[layer.weight + k];
    mean += w / 4096.0;
    square += w * w / 4096.0;
    largest = std::max(largest, std::abs(w));
  }
  CHECK(std::abs(mean) < 0.01);
  CHECK(square == doctest::Approx(1.0 / 64.0).epsilon(0.1));
  CHECK(largest <= 2.0 / 0.8796 / 8.0);
}

TEST_CASE("training moves each condition's cells where its treated cells are") {
  const CmongeCells cells = some_cells();
  CmongeTrainer trainer(cells, small_options(), 5);
  Context context;
  trainer.run(context);
  const TrainingReport report = trainer.report();
  CHECK(report.outcome == Outcome::finished);
  CHECK(report.warning == "");
  CHECK(report.best_score < 0.1 * report.identity_score);
  CHECK(trainer.trace().size() == 7);
  const arma::fmat x = arma::conv_to<arma::fmat>::from(cells.controls[0]);
  for (std::size_t c = 0; c < 3; ++c) {
    const arma::fmat t = moved(trainer.best(), x, cells.contexts[c]);
    CHECK(arma::norm(arma::mean(arma::conv_to<arma::mat>::from(t), 1) -
                     arma::mean(cells.treated[c], 1)) < 0.45);
    CHECK(arma::stddev(t.row(1)) > 1.2F);
  }
}

TEST_CASE("a start is what the network corrects") {
  CmongeCells cells = some_cells();
  for (std::size_t c = 0; c < 3; ++c) {
    arma::mat map = arma::eye(3, 3);
    map(1, 1) = 1.5;
    cells.start_maps.push_back(map);
    cells.start_shifts.push_back(arma::vec{1.0 + static_cast<double>(c), 0.0, 0.0});
  }
  CmongeOptions options = small_options();
  options.iterations = 0;
  const TrainingReport started = CmongeTrainer(cells, options, 5).report();
  cells.start_maps.clear();
  cells.start_shifts.clear();
  const TrainingReport plain = CmongeTrainer(cells, options, 5).report();
  CHECK(started.identity_score == plain.identity_score);
  CHECK(started.untrained_score < 0.5 * plain.untrained_score);
}

TEST_CASE("a run that was put away goes on with the same bits") {
  const CmongeCells cells = some_cells();
  const CmongeOptions options = small_options();
  CmongeTrainer whole(cells, options, 5);
  const std::vector<float> wanted = trained(whole);
  CmongeTrainer first(cells, options, 5), second(cells, options, 5);
  Context context;
  int steps = 0;
  Snapshot kept;
  try {
    first.run(context, [&] {
      if (++steps == 120) kept = first.save();
      if (steps == 121) throw Error(Status::cancelled, "enough");
    });
  } catch (const Error&) {
  }
  REQUIRE(!kept.empty());
  CHECK(first.report().iterations == 120);
  second.restore(kept);
  CHECK(trained(second) == wanted);
  CHECK(second.report().best_iteration == whole.report().best_iteration);
  CHECK(second.self_mass() == whole.self_mass());
  CHECK(trained(first) == wanted);
  kept.erase("adam.first");
  CHECK_THROWS_AS(second.restore(kept), Error);
}

TEST_CASE("an epsilon too small for the dimension is told") {
  CmongeOptions options = small_options();
  options.iterations = 20;
  options.check_every = 10;
  options.loss.epsilon = 0.05;
  CmongeTrainer trainer(some_cells(50), options, 1);
  Context context;
  trainer.run(context);
  CHECK(trainer.self_mass() > 0.5);
  CHECK(trainer.report().warning.find("epsilon is too small for these cells") != std::string::npos);
  options.loss.epsilon = 0.5;
  CmongeTrainer wide(some_cells(50), options, 1);
  wide.run(context);
  CHECK(wide.self_mass() < 0.2);
}

TEST_CASE("published settings: with replacement, the last iterate, several conditions a step") {
  CmongeOptions options = small_options();
  options.replacement = options.keep_last = true;
  options.batch = 80;  // more than there are cells
  options.conditions_per_step = 2;
  options.loss.epsilon = 1.0;
  options.loss.epsilon_of_mean_cost = false;
  options.loss.gap_epsilon = 0.01;
  options.iterations = 60;
  CmongeTrainer trainer(some_cells(), options, 2);
  (void)trained(trainer);
  CHECK(trainer.report().best_iteration == 60);
  CHECK(trainer.report().best_score < trainer.report().untrained_score);
}

TEST_CASE("a conditional training refuses what it cannot use") {
  const auto refused = [](const CmongeCells& cells, const CmongeOptions& options) {
    try {
      CmongeTrainer(cells, options, 1);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CmongeOptions options = small_options();
  CmongeCells cells = some_cells();
  cells.treated[1] = cells.treated[1].cols(0, 2);
  CHECK(refused(cells, options) ==
        "treated has 3 cells; training with held-out cells needs at least 4");
  cells = some_cells();
  cells.contexts.pop_back();
  CHECK(refused(cells, options).find("there are 3 conditions") == 0);
  options.loss.epsilon = 0.0;
  CHECK(refused(some_cells(), options).find("epsilon must be positive (found 0)") == 0);
  options = small_options();
  options.shape.hidden.clear();
  CHECK(refused(some_cells(), options) == "a conditional map needs at least one hidden layer");
  options = small_options();
  cells = some_cells();
  cells.contexts[0] = {{1.0F}, {2.0F}};
  CHECK(refused(cells, options) == "a condition has 2 contexts where the network takes 1");
  cells = some_cells();
  cells.controls[0].fill(1.0);
  for (arma::mat& y : cells.treated) y = arma::mat(3, 50, arma::fill::ones);
  CHECK(refused(cells, options).find("all training cells are the same") == 0);
}
