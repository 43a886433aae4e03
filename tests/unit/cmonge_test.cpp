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

namespace {

// The mean of exp(-gamma |u - v|^2), with 0.25 for the square of the second feature; of one set the
// pairs of different cells.
double mean_kernel(const arma::fmat& a, const arma::fmat& b, double gamma, bool same) {
  double sum = 0.0, count = 0.0;
  for (arma::uword i = 0; i < a.n_cols; ++i)
    for (arma::uword j = 0; j < b.n_cols; ++j) {
      if (same && i == j) continue;
      const double first = static_cast<double>(a(0, i)) - static_cast<double>(b(0, j));
      const double second = static_cast<double>(a(1, i)) - static_cast<double>(b(1, j));
      sum += std::exp(-gamma * (first * first + 0.25 * second * second));
      count += 1.0;
    }
  return sum / count;
}

arma::fmat single_cells(const arma::mat& cells) {
  return arma::conv_to<arma::fmat>::from(cells);
}

}  // namespace

TEST_CASE("the scores of a run are means over its conditions") {
  std::vector<arma::fmat> observed, unmoved, moved_cells;
  double identity = 0.0, ceiling = 0.0, of_moved = 0.0, overlap = 0.0;
  for (std::size_t c = 0; c < 3; ++c) {
    const double apart = 1.0 + static_cast<double>(c);
    observed.push_back(single_cells(clouds::gaussian(2, 16 + 3 * c, 50 + c) + apart));
    unmoved.push_back(single_cells(clouds::gaussian(2, 20, 60 + c)));
    moved_cells.push_back(single_cells(clouds::gaussian(2, 18, 70 + c) + 0.7 * apart));
    const double within = mean_kernel(observed[c], observed[c], 0.3, true);
    const auto score = [&](const arma::fmat& x) {
      return mean_kernel(x, x, 0.3, true) + within - 2.0 * mean_kernel(x, observed[c], 0.3, false);
    };
    identity += score(unmoved[c]) / 3.0;
    ceiling += within / 3.0;
    of_moved += score(moved_cells[c]) / 3.0;
    overlap += mean_kernel(moved_cells[c], observed[c], 0.3, false) / within / 3.0;
  }
  ValidationOptions options;
  options.gamma = 0.3;
  options.score_weights = arma::fvec{1.0F, 0.5F};
  const ConditionScores scores({}, {}, observed, options,
                               [&](std::size_t c) -> const arma::fmat& { return unmoved[c]; });
  REQUIRE(identity > 0.1);
  CHECK(scores.identity() == doctest::Approx(identity).epsilon(1e-5));
  CHECK(scores.ceiling() == doctest::Approx(ceiling).epsilon(1e-5));
  const ValidationScore::Value value = scores([&](std::size_t c) { return moved_cells[c]; });
  CHECK(value.mmd2 == doctest::Approx(of_moved).epsilon(1e-5));
  CHECK(value.overlap == doctest::Approx(overlap).epsilon(1e-5));
}

TEST_CASE("the bandwidth of a run is by 500 cells of either side, evenly, and 2 of a population") {
  using Populations = std::vector<arma::fmat>;
  // 1 / median of the positive squared distances among so many cells of each population.
  const auto gamma_by = [](const Populations& sources, std::size_t of_source,
                           const Populations& targets, std::size_t of_target) {
    std::vector<arma::fvec> pooled;
    for (const auto& [side, each] : {std::pair{&sources, of_source}, {&targets, of_target}}) {
      std::vector<arma::fvec> some;
      for (const arma::fmat& cells : *side) {
        const std::size_t n = cells.n_cols, taken = std::min(n, each);
        for (std::size_t i = 0; i < taken; ++i) some.push_back(cells.col(i * n / taken));
      }
      some.resize(std::min<std::size_t>(some.size(), 500));
      pooled.insert(pooled.end(), some.begin(), some.end());
    }
    std::vector<double> squares;
    for (std::size_t i = 0; i < pooled.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        const double first = static_cast<double>(pooled[i][0]) - static_cast<double>(pooled[j][0]);
        const double second = static_cast<double>(pooled[i][1]) - static_cast<double>(pooled[j][1]);
        if (first != 0.0 || second != 0.0) squares.push_back(first * first + second * second);
      }
    std::sort(squares.begin(), squares.end());
    const std::size_t half = squares.size() / 2;
    return squares.size() % 2 == 1 ? 1.0 / squares[half]
                                   : 2.0 / (squares[half - 1] + squares[half]);
  };
  const Populations observed{single_cells(clouds::gaussian(2, 20, 50) + 1.0)},
      unmoved{single_cells(clouds::gaussian(2, 25, 51))};
  const auto identity = [&](const Populations& sources, const Populations& targets, double gamma) {
    ValidationOptions options;
    options.gamma = gamma;
    return ConditionScores(sources, targets, observed, options,
                           [&](std::size_t c) -> const arma::fmat& { return unmoved[c]; })
        .identity();
  };
  struct Case {
    Populations sources, targets;
    std::size_t of_source, of_target, other;
  };
  Case few{{single_cells(clouds::gaussian(2, 900, 1))}, {}, 500, 166, 133};
  few.targets = {single_cells(clouds::gaussian(2, 400, 2)),
                 single_cells(clouds::gaussian(2, 300, 3) + 2.0),
                 single_cells(clouds::gaussian(2, 180, 4) + 4.0)};
  Case many{{single_cells(clouds::gaussian(2, 30, 7))}, {}, 500, 2, 1};
  for (std::size_t k = 0; k < 260; ++k)
    many.targets.push_back(
        single_cells(static_cast<double>(1 + k % 3) * clouds::gaussian(2, 6, 100 + k)));
  for (const Case& one : {few, many}) {
    CAPTURE(one.of_target);
    const double wanted = identity(
        one.sources, one.targets, gamma_by(one.sources, one.of_source, one.targets, one.of_target));
    const double otherwise = identity(one.sources, one.targets,
                                      gamma_by(one.sources, one.of_source, one.targets, one.other));
    REQUIRE(std::abs(otherwise - wanted) > 1e-3);
    CHECK(identity(one.sources, one.targets, 0.0) == doctest::Approx(wanted).epsilon(1e-6));
  }
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

TEST_CASE("the mass that stays is that of the second half of the looks") {
  CmongeOptions options = small_options();
  options.iterations = 40;
  options.check_every = 5;
  CmongeTrainer trainer(some_cells(), options, 3);
  Context context;
  trainer.run(context);
  REQUIRE(trainer.trace().size() == 9);
  const auto mean_from = [&](std::size_t first) {
    double sum = 0.0;
    for (std::size_t k = first; k < 9; ++k) sum += trainer.trace()[k].self_mass;
    return sum / static_cast<double>(9 - first);
  };
  REQUIRE(std::isnan(trainer.trace()[0].self_mass));
  REQUIRE(std::abs(mean_from(1) - mean_from(4)) > 1e-6);
  CHECK(trainer.self_mass() == doctest::Approx(mean_from(4)).epsilon(1e-12));
}

TEST_CASE("of two steps along a cosine the second has half of the rate") {
  // 1 at the first, (1 + cos(pi / 2)) / 2 at the second: the rate would be 0 after the last.
  CmongeOptions options = small_options();
  options.iterations = 2;
  options.keep_last = true;
  const auto iterates = [&](double last_rate) {
    options.last_rate = last_rate;
    CmongeTrainer trainer(some_cells(), options, 3);
    std::vector<std::vector<double>> out;
    Context context;
    trainer.run(context, [&] { out.push_back(trainer.save().at("net")); });
    out.push_back(trainer.save().at("net"));
    return out;
  };
  const auto steady = iterates(1.0), falling = iterates(0.0);
  REQUIRE(steady.size() == 3);
  REQUIRE(falling[1] == steady[1]);
  double worst = 0.0, largest = 0.0;
  for (std::size_t i = 0; i < steady[0].size(); ++i) {
    const double step = steady[2][i] - steady[1][i];
    worst = std::max(worst, std::abs(falling[2][i] - falling[1][i] - 0.5 * step));
    largest = std::max(largest, std::abs(step));
  }
  REQUIRE(largest > 1e-3);
  CHECK(worst < 1e-6);
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
