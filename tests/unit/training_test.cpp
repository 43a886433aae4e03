// The training loops: same bits again, after a stop, and for any number of threads; a run that goes
// wrong keeps what was right.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "laot/nets/autoencoder_training.hpp"
#include "laot/nets/cellot.hpp"
#include "support/clouds.hpp"

using namespace laot;
using namespace laot::nets;

namespace {

arma::mat normal_cells(std::uint64_t seed, std::size_t d, std::size_t n, double shift) {
  return clouds::gaussian(d, n, seed) + shift;
}

const arma::mat kSource = normal_cells(1, 3, 60, 0.0);
const arma::mat kTarget = normal_cells(2, 3, 70, 1.5);

CellotOptions cellot_options() {
  CellotOptions o;
  o.hidden = {8, 8};
  o.batch = 16;
  o.inner = 3;
  o.iterations = 40;
  o.check_every = 10;
  o.average = 0.9;
  return o;
}

AutoencoderOptions scgen_options() {
  AutoencoderOptions o;
  o.shape.kind = AutoencoderKind::variational;
  o.shape.hidden = {8, 8};
  o.shape.latent = 2;
  o.shape.slope = 0.01;
  o.shape.batch_norm = true;
  o.shape.dropout = 0.2;
  o.batch = 16;
  o.epochs = 6;
  o.residual = Residual::drop;
  return o;
}

// Cancels after so many polls; the clock of Context::poll is waited for.
struct StopAfter {
  int left;
  bool operator()() { return left-- <= 0; }
};

template <class Trainer>
void check_same(const Trainer& a, const Trainer& b) {
  CHECK(a.save() == b.save());
  CHECK(a.report().best_score == b.report().best_score);
  CHECK(a.trace().size() == b.trace().size());
}

}  // namespace

TEST_CASE("a run gives the same bits again and for any number of threads") {
  Context one, three;
  three.num_threads = 3;
  CellotTrainer a(kSource, kTarget, cellot_options(), 7), b(kSource, kTarget, cellot_options(), 7);
  a.run(one);
  b.run(three);
  check_same(a, b);
  CellotTrainer other(kSource, kTarget, cellot_options(), 8);
  other.run(one);
  CHECK(other.best_g().values() != a.best_g().values());
  // NaN before the first epoch makes the traces unequal to themselves, so networks are compared.
  AutoencoderTrainer c(kSource, kTarget, scgen_options(), 7);
  AutoencoderTrainer d(kSource, kTarget, scgen_options(), 7);
  c.run(one);
  d.run(three);
  CHECK(c.best().values() == d.best().values());
  CHECK(c.best().running() == d.best().running());
}

TEST_CASE("a run that was put away goes on with the same bits") {
  Context context;
  CellotTrainer whole(kSource, kTarget, cellot_options(), 7);
  whole.run(context);
  for (const std::size_t stop : {3, 10, 27}) {
    CellotOptions part = cellot_options();
    part.iterations = stop;
    CellotTrainer first(kSource, kTarget, part, 7);
    first.run(context);
    Snapshot state = first.save();
    if (stop % 10 != 0) {
      // The look at the end of a shorter run is not one of the longer run: drop it.
      std::vector<double>& trace = state["trace"];
      trace.resize(trace.size() - 6);
    }
    CellotTrainer second(kSource, kTarget, cellot_options(), 7);
    second.restore(state);
    second.run(context);
    CHECK(second.save().at("g") == whole.save().at("g"));
    CHECK(second.save().at("f") == whole.save().at("f"));
    CHECK(second.save().at("trace") == whole.save().at("trace"));
  }
}

TEST_CASE("a cancelled run stands at a good iterate and goes on with the same bits") {
  CellotOptions long_run = cellot_options();
  long_run.iterations = 3000;
  CellotTrainer cut(kSource, kTarget, long_run, 7);
  Context cancelling;
  cancelling.cancel = StopAfter{1};
  CHECK_THROWS_AS(cut.run(cancelling), Error);
  CHECK(cut.report().iterations < 3000);
  CHECK(cut.report().outcome == Outcome::running);
  for (const float value : cut.best_g().values()) REQUIRE(std::isfinite(value));
  const Snapshot state = cut.save();
  CellotTrainer resumed(kSource, kTarget, long_run, 7), whole(kSource, kTarget, long_run, 7);
  resumed.restore(state);
  Context context;
  resumed.run(context);
  whole.run(context);
  check_same(resumed, whole);

  AutoencoderOptions many = scgen_options();
  many.epochs = 3000;
  many.patience = 0;
  AutoencoderTrainer stopped(kSource, kTarget, many, 7);
  Context again;
  again.cancel = StopAfter{1};
  CHECK_THROWS_AS(stopped.run(again), Error);
  AutoencoderTrainer continued(kSource, kTarget, many, 7), uncut(kSource, kTarget, many, 7);
  continued.restore(stopped.save());
  continued.run(context);
  uncut.run(context);
  CHECK(continued.best().values() == uncut.best().values());
  CHECK(continued.best_shift()(0) == uncut.best_shift()(0));
  CHECK(continued.trace().back().validation_loss == uncut.trace().back().validation_loss);
  CHECK(continued.trace()[5].training_loss == uncut.trace()[5].training_loss);
}

TEST_CASE("a slow iteration that is cancelled is taken back") {
  CellotOptions slow = cellot_options();
  slow.hidden = {64, 64};
  slow.batch = 60;
  slow.inner = 1500;
  slow.iterations = 2;
  CellotTrainer cut(kSource, kTarget, slow, 7), whole(kSource, kTarget, slow, 7);
  const Snapshot fresh = cut.save();
  Context cancelling, context;
  cancelling.cancel = StopAfter{1};  // not asked for the first time, but 20 ms later
  CHECK_THROWS_AS(cut.run(cancelling), Error);
  CHECK(cut.report().iterations == 0);
  CHECK(cut.save() == fresh);
  cut.run(context);
  whole.run(context);
  check_same(cut, whole);
}

TEST_CASE("the average of the iterates is the weighted mean of them all, and is what is kept") {
  using Weights = std::vector<double>;
  CellotOptions options = cellot_options();
  const auto played = [&](std::vector<Weights>& f, std::vector<Weights>& g) {
    Context context;
    CellotTrainer trainer(kSource, kTarget, options, 7);
    const auto remember = [&] {
      const Snapshot now = trainer.save();
      f.push_back(now.at("f"));
      g.push_back(now.at("g"));
    };
    trainer.run(context, remember);
    remember();
    return trainer;
  };
  std::vector<Weights> f, g, plain_f, plain_g;
  const CellotTrainer averaging = played(f, g);
  options.average = 0.0;
  const CellotTrainer plain = played(plain_f, plain_g);
  CHECK(f == plain_f);  // averaging looks on and takes no part in the game
  CHECK(g == plain_g);
  CHECK(plain.save().at("average_g").empty());

  // Iterate k weighs (1 - d_k) d_(k+1) .. d_t, the start d_1 .. d_t, with d_k = min(0.9, k/(k+10)).
  const auto mean_until = [](const std::vector<Weights>& iterates, std::size_t last) {
    Weights out(iterates[0].size(), 0.0);
    double total = 0.0;
    for (std::size_t k = 0; k <= last; ++k) {
      double weight = 1.0;
      for (std::size_t j = std::max<std::size_t>(k, 1); j <= last; ++j) {
        const double d = std::min(0.9, static_cast<double>(j) / static_cast<double>(j + 10));
        weight *= j == k ? 1.0 - d : d;
      }
      total += weight;
      for (std::size_t i = 0; i < out.size(); ++i) out[i] += weight * iterates[k][i];
    }
    CHECK(total == doctest::Approx(1.0));
    return out;
  };
  const auto check_near = [](const Weights& wanted, const Weights& found) {
    REQUIRE(wanted.size() == found.size());
    double gap = 0.0;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      gap = std::max(gap, std::abs(wanted[i] - found[i]));
    CHECK(gap < 1e-6);
  };
  const Snapshot end = averaging.save();
  check_near(mean_until(f, options.iterations), end.at("average_f"));
  check_near(mean_until(g, options.iterations), end.at("average_g"));
  const std::size_t best = averaging.report().best_iteration;
  CHECK(best > 0);
  check_near(mean_until(g, best), end.at("best_g"));
  check_near(mean_until(f, best), end.at("best_f"));
  // The kernels of f are clamped, so the average of f is convex as each f is.
  for (const char* kernel : {"W1.weight", "W2.weight"})
    CHECK(averaging.best_f().layout().get(averaging.best_f().values(), kernel).min() >= 0.0);
}

TEST_CASE("an autoencoder keeps or drops what it cannot reconstruct, what has proved better") {
  int halves = 0;
  for (const std::uint64_t seed : {7, 8, 9, 10, 11, 12}) {
    // Half of the seeds have nothing to learn but noise, where half of the change is better.
    const AutoencoderKind kind =
        seed % 2 == 0 ? AutoencoderKind::variational : AutoencoderKind::conditional;
    const arma::mat target = normal_cells(seed, 3, 70, seed < 9 ? 1.5 : 0.1);
    CAPTURE(seed);
    AutoencoderOptions options = scgen_options();
    options.shape.kind = kind;
    options.epochs = 30;
    Context context;
    const auto trained = [&](Residual residual) {
      options.residual = residual;
      AutoencoderTrainer trainer(kSource, target, options, seed);
      trainer.run(context);
      return trainer;
    };
    const AutoencoderTrainer keep = trained(Residual::keep), drop = trained(Residual::drop);
    const AutoencoderTrainer both = trained(Residual::automatic);
    CHECK(keep.best_prediction().keeps_residual);
    CHECK(!drop.best_prediction().keeps_residual);
    REQUIRE(both.trace().size() == keep.trace().size());
    CHECK(both.trace().back().training_loss == keep.trace().back().training_loss);
    // The rule from the state: of each way the best look, then the choice among the three.
    const Snapshot state = both.save();
    const auto value_of = [&](const char* way) {
      const std::string name = way;
      const std::vector<double>& score = state.at(name + ".score");
      return ValidationScore::Value{score[0], score[1], state.at(name + ".predicted"),
                                    state.at(name + ".observed")};
    };
    const ValidationScore::Value kept = value_of("best0"), half = value_of("best1");
    const ValidationScore::Value dropped = value_of("best2");
    CHECK(kept.mmd2 == keep.report().best_score);
    CHECK(dropped.mmd2 == drop.report().best_score);
    CHECK(state.at("best0") == keep.save().at("best0"));
    CHECK(state.at("best2") == drop.save().at("best0"));
    const bool halved = half.mmd2 < kept.mmd2;
    const ValidationScore::Value& reference = halved ? half : kept;
    const double proof = standard_error(reference, dropped);
    const bool drops = dropped.mmd2 < reference.mmd2 - proof;
    const AutoencoderTrainer::Prediction how = both.best_prediction();
    CHECK(how.keeps_residual == !drops);
    CHECK(how.share == (halved && !drops ? 0.5 : 1.0));
    const ValidationScore::Value& best = drops ? dropped : reference;
    CHECK(both.report().best_score == best.mmd2);
    halves += halved && !drops;
    // The trace is that of the way taken, and its smallest score is the one that is kept.
    double least = both.trace()[0].validation_mmd2;
    for (const AutoencoderTrace& t : both.trace()) least = std::min(least, t.validation_mmd2);
    CHECK(least == best.mmd2);
    CHECK(both.trace()[both.report().best_iteration].validation_mmd2 == best.mmd2);
    CHECK(both.report().untrained_score == both.trace()[0].validation_mmd2);

    // The score is that of the prediction it names.
    Rng split = Rng(seed).stream(1);
    const Holdout x = hold_out(kSource.n_cols, options.validation_share, split);
    const Holdout y = hold_out(target.n_cols, options.validation_share, split);
    const double gamma =
        median_gamma(single_precision(kSource, x.train), single_precision(target, y.train), {});
    const ValidationScore score(single_precision(target, y.validation), gamma, {});
    const arma::fmat cells = single_precision(kSource, x.validation);
    const arma::fmat moved = predict(both.best(), cells, both.best_shift());
    const arma::fmat change = moved - reconstruct(both.best(), cells);
    const ValidationScore::Value again =
        score(drops ? moved : arma::fmat(cells + static_cast<float>(how.share) * change));
    CHECK(again.mmd2 == best.mmd2);
    CHECK(again.of_predicted == best.of_predicted);
    CHECK(again.of_observed == best.of_observed);

    AutoencoderTrainer resumed(kSource, target, options, seed);
    resumed.restore(state);
    for (const auto& [name, values] : resumed.save())
      if (name != "trace") CHECK(values == state.at(name));  // the trace begins with NaN
    CHECK(resumed.best_prediction().keeps_residual == how.keeps_residual);
    CHECK(resumed.best_prediction().share == how.share);
    CHECK(resumed.best().values() == both.best().values());
    // Dropping is taken just above the standard error, and not just below it.
    for (const double errors : {0.9, 1.1}) {
      Snapshot moved_score = state;
      moved_score["best2.score"][0] = reference.mmd2 - errors * proof;
      resumed.restore(moved_score);
      CHECK(resumed.best_prediction().keeps_residual == (errors < 1.0));
    }
  }
  CHECK(halves > 0);
}

TEST_CASE("a look scores predictions with the mean restored where that is asked for") {
  Context context;
  Rng split = Rng(7).stream(1);
  const Holdout of_x = hold_out(kSource.n_cols, 0.2, split);
  const Holdout of_y = hold_out(kTarget.n_cols, 0.2, split);
  const arma::fmat x = single_precision(kSource, of_x.train),
                   y = single_precision(kTarget, of_y.train),
                   cells = single_precision(kSource, of_x.validation);
  const ValidationScore score(single_precision(kTarget, of_y.validation), median_gamma(x, y, {}),
                              {});
  const auto restored = [&](arma::fmat moved, const arma::fmat& training) {
    moved.each_col() += arma::fvec(arma::mean(y, 1) - arma::mean(training, 1));
    return score(moved).mmd2;
  };
  CellotOptions game = cellot_options();
  game.restore_mean = true;
  CellotTrainer cellot(kSource, kTarget, game, 7);
  cellot.run(context);
  const auto transported = [&](const arma::fmat& of) {
    return potential_gradient(cellot.best_g(), of);
  };
  CHECK(cellot.report().best_iteration > 0);
  CHECK(cellot.report().best_score ==
        doctest::Approx(restored(transported(cells), transported(x))).scale(0).epsilon(1e-4));
  CHECK(cellot.report().identity_score ==
        doctest::Approx(restored(cells, x)).scale(0).epsilon(1e-4));

  for (const Residual residual : {Residual::keep, Residual::drop}) {
    AutoencoderOptions options = scgen_options();
    options.restore_mean = true;
    options.residual = residual;
    AutoencoderTrainer scgen(kSource, kTarget, options, 7);
    scgen.run(context);
    const auto moved = [&](const arma::fmat& of) {
      arma::fmat out = predict(scgen.best(), of, scgen.best_shift());
      if (residual == Residual::keep) out += of - reconstruct(scgen.best(), of);
      return out;
    };
    CHECK(scgen.report().best_score ==
          doctest::Approx(restored(moved(cells), moved(x))).scale(0).epsilon(1e-4));
    CHECK(scgen.report().identity_score ==
          doctest::Approx(restored(cells, x)).scale(0).epsilon(1e-4));
  }
}

TEST_CASE("an origin moves the cells that an autoencoder sees") {
  Context context;
  const arma::uword d = kSource.n_rows;
  AutoencoderOptions options = scgen_options();
  AutoencoderTrainer plain(kSource, kTarget, options, 7);
  options.source_origin = arma::vec(d, arma::fill::value(-0.5));
  options.target_origin = arma::vec(d, arma::fill::value(2.0));
  AutoencoderTrainer moved(kSource + 0.5, kTarget - 2.0, options, 7);
  plain.run(context);
  moved.run(context);
  CHECK(moved.report().identity_score ==
        doctest::Approx(plain.report().identity_score).scale(0).epsilon(1e-4));
  CHECK(moved.trace().back().validation_loss ==
        doctest::Approx(plain.trace().back().validation_loss).scale(0).epsilon(1e-2));
  options.target_origin = arma::vec(d + 1, arma::fill::zeros);
  CHECK_THROWS_WITH_AS(AutoencoderTrainer(kSource, kTarget, options, 7),
                       doctest::Contains("origin"), Error);
}

TEST_CASE("a diverged run reports where and keeps a finite iterate") {
  Context context;
  CellotOptions wild = cellot_options();
  wild.adam.rate = 1e30;
  CellotTrainer a(kSource, kTarget, wild, 7);
  a.run(context);
  CHECK(a.report().outcome == Outcome::diverged);
  CHECK(a.report().diverged_at >= 1);
  CHECK(a.report().warning.find("diverged at iteration") != std::string::npos);
  for (const CellotTrace& t : a.trace())
    CHECK(std::isfinite(t.loss_f + t.loss_g + t.norm_f + t.norm_g + t.validation_mmd2));
  const arma::mat moved = transport(a.best_g(), kSource);
  for (const double value : moved) REQUIRE(std::isfinite(value));

  AutoencoderOptions steep = scgen_options();
  steep.adam.rate = 1e30;
  AutoencoderTrainer b(kSource, kTarget, steep, 7);
  b.run(context);
  CHECK(b.report().outcome == Outcome::diverged);
  CHECK(b.report().warning.find("diverged at epoch") != std::string::npos);
  for (const float value : b.best().values()) REQUIRE(std::isfinite(value));
}

TEST_CASE("a run that saturates or gains nothing says so") {
  Context context;
  CellotOptions far = cellot_options();
  far.iterations = 0;
  far.init_low = 3.0;
  far.init_high = 4.0;
  CellotTrainer a(kSource, kTarget, far, 7);
  a.run(context);
  CHECK(a.report().warning.find("saturated") != std::string::npos);
  CellotOptions still = cellot_options();
  still.iterations = 0;
  CellotTrainer b(kSource, kSource, still, 7);
  b.run(context);
  CHECK(b.report().warning.find("not moving") != std::string::npos);
  // Better than not moving, and still not where the treated cells are.
  TrainingReport report;
  report.outcome = Outcome::finished;
  report.iterations = 500;
  report.best_iteration = 25;
  report.best_score = 0.163;
  report.identity_score = report.untrained_score = 0.21;
  report.best_overlap = 0.3;
  CHECK(warning_of(report, 0.4, "iteration") ==
        "even the best iterate (iteration 25) is far from the treated cells (its mean kernel with "
        "them is 0.3 of that among them; validation MMD^2 0.163): train longer or change the "
        "learning rate");
  report.best_overlap = 0.6;
  CHECK(warning_of(report, 0.4, "iteration").empty());
  report.best_score = 0.21;
  report.best_overlap = 0.9;
  CHECK(warning_of(report, 0.4, "iteration").find("than not moving them (") != std::string::npos);
  report.mean_restored = true;
  CHECK(warning_of(report, 0.4, "iteration").find("than the mean shift (") != std::string::npos);
}

TEST_CASE("the penalty of CellOT acts on the negative kernels of g") {
  Context context;
  const auto negative = [&](double penalty) {
    CellotOptions o = cellot_options();
    o.penalty = penalty;
    o.init_low = -0.1;
    o.iterations = 5;
    CellotTrainer trainer(kSource, kTarget, o, 7);
    trainer.run(context);
    return trainer.save().at("g");
  };
  CHECK(negative(0.0) != negative(1.0));
}

TEST_CASE("the gradient of g alone is clipped") {
  // A step of Adam is rate g / (|g| + 1e-8): next to nothing where the norm is clipped to 1e-12,
  // and nearly the rate where it is not.
  CellotOptions options = cellot_options();
  options.adam.clip_norm = 1e-12;
  options.average = 0.0;
  options.inner = 1;
  options.iterations = 1;
  Context context;
  CellotTrainer trainer(kSource, kTarget, options, 7);
  const Snapshot before = trainer.save();
  trainer.run(context);
  const Snapshot after = trainer.save();
  const auto largest_step = [&](const char* network) {
    const std::vector<double>&a = before.at(network), &b = after.at(network);
    double out = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) out = std::max(out, std::abs(b[i] - a[i]));
    return out;
  };
  CHECK(largest_step("g") < 1e-3 * options.adam.rate);
  CHECK(largest_step("f") > 0.5 * options.adam.rate);
  CHECK(largest_step("f") < 1.01 * options.adam.rate);
}

TEST_CASE("cells that are all the same are refused with the reason") {
  const arma::mat same(3, 20, arma::fill::ones);
  CHECK_THROWS_WITH_AS(CellotTrainer(same, same, cellot_options(), 7),
                       doctest::Contains("all training cells are the same"), Error);
  CHECK_THROWS_WITH_AS(AutoencoderTrainer(same, same, scgen_options(), 7),
                       doctest::Contains("all training cells are the same"), Error);
}

TEST_CASE("a run that keeps the untrained network says so") {
  TrainingReport report;
  report.outcome = Outcome::finished;
  report.iterations = 30;
  report.best_score = report.untrained_score = 0.3;
  report.identity_score = 0.5;
  report.best_overlap = 1.0;
  CHECK(warning_of(report, 1.0, "epoch").find("the untrained network, which is kept") !=
        std::string::npos);
  report.best_iteration = 10;
  CHECK(warning_of(report, 1.0, "epoch").empty());
  report.best_iteration = report.iterations = 0;  // nothing was asked for
  CHECK(warning_of(report, 1.0, "epoch").empty());
}

TEST_CASE("a shift of a Gaussian is learned") {
  Context context;
  CellotOptions o = cellot_options();
  o.hidden = {16, 16};
  o.adam.rate = 2e-3;
  o.iterations = 600;
  const arma::mat source = normal_cells(3, 3, 400, 0.0), target = normal_cells(4, 3, 400, 1.5);
  CellotTrainer trainer(source, target, o, 1);
  trainer.run(context);
  CHECK(trainer.report().warning.empty());
  CHECK(trainer.report().best_score < 0.05 * trainer.report().identity_score);
  CHECK(trainer.report().best_score < trainer.report().untrained_score);
}

TEST_CASE("hard inputs of a training are refused in one sentence") {
  const auto refused = [](const arma::mat& x, const arma::mat& y) {
    CHECK_THROWS_AS(CellotTrainer(x, y, cellot_options(), 1), Error);
    CHECK_THROWS_AS(AutoencoderTrainer(x, y, scgen_options(), 1), Error);
  };
  refused(kSource.head_cols(3), kTarget);
  refused(kSource.head_rows(2), kTarget);
  arma::mat holed = kTarget;
  holed(1, 1) = std::numeric_limits<double>::quiet_NaN();
  refused(kSource, holed);
  CellotTrainer trainer(kSource, kTarget, cellot_options(), 1);
  Snapshot damaged = trainer.save();
  damaged.erase("adam_f.first");
  CHECK_THROWS_AS(trainer.restore(damaged), Error);
  damaged = trainer.save();
  damaged["average_g"].clear();
  CHECK_THROWS_AS(trainer.restore(damaged), Error);
  damaged = trainer.save();
  damaged["f"].pop_back();
  CHECK_THROWS_AS(trainer.restore(damaged), Error);
  damaged = trainer.save();
  damaged["source.order"][1] = 1e6;
  CHECK_THROWS_AS(trainer.restore(damaged), Error);
}
