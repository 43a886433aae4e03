// Trainings that outlive their process: the state in a file, and who may go on from it.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>
#include <fstream>

#include "laot/models.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

const std::vector<std::pair<std::string, Settings>> kSmall{
    {"cellot",
     {{"hidden_units", "8"},
      {"hidden_layers", "2"},
      {"iterations", "40"},
      {"check_every", "10"},
      {"batch_size", "32"}}},
    {"scgen",
     {{"hidden_units", "12"},
      {"latent", "3"},
      {"epochs", "8"},
      {"batch_size", "16"},
      {"dropout", "0.2"}}},
    {"cae", {{"hidden_units", "12"}, {"latent", "3"}, {"epochs", "8"}, {"batch_size", "16"}}}};

const arma::mat kX = clouds::gaussian(5, 80, 1);
const arma::mat kY = clouds::gaussian(5, 90, 2) + 1.0;

struct TemporaryFile {
  std::string path;
  TemporaryFile() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    path = text("checkpoint_test_", now, ".ckpt");
  }
  ~TemporaryFile() { std::remove(path.c_str()); }
};

Params params_of(const std::string& name, const Settings& settings, const Settings& more = {}) {
  Params params(method(name).spec);
  for (const auto& [key, value] : settings) params.set_text(key, value);
  for (const auto& [key, value] : more) params.set_text(key, value);
  return params;
}

Model fitted(const Params& params, Context& context, const arma::mat& x = kX) {
  return fit_model(params, experiment_of(Cells::dense(x), Cells::dense(kY)), context);
}

Model fitted(const Params& params, const std::string& checkpoint, std::uint64_t seed = 3,
             const arma::mat& x = kX) {
  Context context;
  context.seed = seed;
  context.checkpoint = checkpoint;
  return fitted(params, context, x);
}

// Cancels after the training has been asked so many times whether to go on.
Context& cut_after(Context& context, int questions, int& asked) {
  context.seed = 3;
  asked = 0;
  context.progress = [&asked](const std::string& stage, double) { asked += stage == "training"; };
  context.cancel = [&asked, questions] { return asked >= questions; };
  return context;
}

std::string text_of(const Model& model, const std::string& name) {
  for (const auto& [key, value] : model.report.texts)
    if (key == name) return value;
  return {};
}

void check_same(const Model& a, const Model& b) {
  Context context;
  arma::mat one(5, 80), two(5, 80);
  a.predict(Cells::dense(kX), Nonnegative::no, one.memptr(), context);
  b.predict(Cells::dense(kX), Nonnegative::no, two.memptr(), context);
  CHECK(arma::abs(one - two).max() == 0.0);
  CHECK(a.trace == b.trace);
  CHECK(text_of(a, "stop_reason") == text_of(b, "stop_reason"));
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("a cancelled fit goes on from its checkpoint with the bits of an uninterrupted one") {
  for (const auto& [name, settings] : kSmall) {
    CAPTURE(name);
    const Params params = params_of(name, settings);
    const Model whole = fitted(params, "");
    const TemporaryFile file;
    int asked = 0;
    Context stopped;
    stopped.checkpoint = file.path;
    CHECK_THROWS_WITH_AS(fitted(params, cut_after(stopped, 1, asked)),
                         doctest::Contains("the same call goes on from there"), Error);
    check_same(fitted(params, file.path), whole);
    // A finished training is not repeated.
    const std::string finished = content(file.path);
    Context counting;
    counting.seed = 3;
    counting.checkpoint = file.path;
    std::vector<std::string> said;
    asked = 0;
    counting.progress = [&asked](const std::string& stage, double) {
      asked += stage == "training";
    };
    counting.log = [&said](const std::string& line) { said.push_back(line); };
    check_same(fitted(params, counting), whole);
    REQUIRE(!said.empty());
    CHECK(said.front().find("going on from") == 0);
    CHECK(asked == 0);
    CHECK(content(file.path) == finished);
  }
}

TEST_CASE("a fit that was killed at any moment goes on from the file it left") {
  for (const auto& [name, settings] : kSmall) {
    CAPTURE(name);
    const Params params = params_of(name, settings);
    const Model whole = fitted(params, "");
    const TemporaryFile file;
    // The file that a dying process leaves behind: as it stands while the training runs.
    std::vector<std::string> left;
    Context watched;
    watched.seed = 3;
    watched.checkpoint = file.path;
    watched.checkpoint_seconds = 0.0;
    watched.cancel = [&] {
      const std::string now = content(file.path);
      if (!now.empty() && (left.empty() || left.back() != now)) left.push_back(now);
      const auto start = std::chrono::steady_clock::now();
      while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(21)) {
      }
      return false;
    };
    check_same(fitted(params, watched), whole);
    REQUIRE(left.size() >= 8);
    for (std::size_t k = 0; k < left.size(); k += left.size() / 4) {
      write(file.path, left[k]);
      check_same(fitted(params, file.path), whole);
    }
  }
}

TEST_CASE("a cancelled fit that was kept is valid, and can be gone on with") {
  for (const auto& [name, settings] : kSmall) {
    CAPTURE(name);
    const Params params = params_of(name, settings, {{"on_cancel", "keep"}});
    const TemporaryFile file;
    int asked = 0;
    Context stopped;
    stopped.checkpoint = file.path;
    const Model part = fitted(params, cut_after(stopped, 1, asked));
    CHECK(text_of(part, "outcome") == "cancelled");
    check_same(fitted(params, file.path), fitted(params, ""));
  }
}

TEST_CASE("a finished training can be trained further") {
  const auto& [name, settings] = kSmall.front();
  const TemporaryFile file;
  fitted(params_of(name, settings), file.path);
  const Params more = params_of(name, settings, {{"iterations", "70"}});
  check_same(fitted(more, file.path), fitted(more, ""));
  CHECK_THROWS_WITH_AS(fitted(params_of(name, settings), file.path),
                       doctest::Contains("stands at iteration 70, beyond the 40"), Error);
}

TEST_CASE("a checkpoint of another run is refused, naming what differs") {
  const auto& [name, settings] = kSmall.front();
  const Params params = params_of(name, settings);
  const TemporaryFile file;
  fitted(params, file.path);
  const auto refused = [&](const Params& other, std::uint64_t seed, const arma::mat& x,
                           const char* why) {
    CHECK_THROWS_WITH_AS(fitted(other, file.path, seed, x), doctest::Contains(why), Error);
  };
  refused(params, 4, kX, "is of another run: the seed is 3 there and 4 here");
  arma::mat changed = kX;
  changed(2, 7) += 1e-12;
  refused(params, 3, changed, "its control cells are not the ones given here");
  refused(params_of(name, settings, {{"learning_rate", "0.01"}}), 3, kX,
          "parameter learning_rate is 0.0005 there and 0.01 here");
  refused(params_of("cae", kSmall[2].second), 3, kX, "the method is cellot there and cae here");
  // With a rate that falls to the end, the end is part of the run.
  const TemporaryFile falling;
  fitted(params_of(name, settings, {{"last_rate", "0.1"}}), falling.path);
  CHECK_THROWS_WITH_AS(
      fitted(params_of(name, settings, {{"last_rate", "0.1"}, {"iterations", "60"}}), falling.path),
      doctest::Contains("parameter iterations is 40 there and 60 here"), Error);
}

TEST_CASE("a damaged checkpoint, or a place that cannot be written, is refused") {
  const auto& [name, settings] = kSmall.front();
  const Params params = params_of(name, settings);
  const TemporaryFile file;
  fitted(params, file.path);
  const std::string good = content(file.path);
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{5}, good.size() / 2, good.size() - 1}) {
    write(file.path, good.substr(0, length));
    CHECK_THROWS_AS(fitted(params, file.path), Error);
  }
  Context context;
  const Model other = fit_model(Params(method("mean_shift").spec),
                                experiment_of(Cells::dense(kX), Cells::dense(kY)), context);
  other.store().write(file.path);
  CHECK_THROWS_WITH_AS(fitted(params, file.path), doctest::Contains("is no training state"), Error);
  CHECK_THROWS_WITH_AS(fitted(params, "no_such_folder/run.ckpt"), doctest::Contains("cannot write"),
                       Error);
}

TEST_CASE("the levels of the batch are part of a run") {
  const auto& [name, settings] = kSmall[1];  // scGen: they balance its latent shift
  const Params params = params_of(name, settings);
  const TemporaryFile file;
  Experiment cells = experiment_of(Cells::dense(kX), Cells::dense(kY));
  for (std::size_t i = 0; i < kX.n_cols; ++i) cells.controls[0].batch.push_back(i % 2 ? "a" : "b");
  for (std::size_t j = 0; j < kY.n_cols; ++j)
    cells.conditions[0].population.batch.push_back(j % 2 ? "a" : "b");
  const auto fit = [&](const Experiment& given) {
    Context context;
    context.seed = 3;
    context.checkpoint = file.path;
    return fit_model(params, given, context);
  };
  check_same(fit(cells), fit(cells));
  Experiment others = cells;
  std::swap(others.conditions[0].population.batch[4], others.conditions[0].population.batch[5]);
  CHECK_THROWS_WITH_AS(fit(others),
                       doctest::Contains("its treated cells are not the ones given here"), Error);
  others = cells;
  std::swap(others.controls[0].batch[6], others.controls[0].batch[7]);
  CHECK_THROWS_WITH_AS(fit(others),
                       doctest::Contains("its control cells are not the ones given here"), Error);
  others.controls[0].batch.clear();
  others.conditions[0].population.batch.clear();
  CHECK_THROWS_WITH_AS(fit(others), doctest::Contains("cells are not the ones given here"), Error);
}

TEST_CASE("conditions that are fitted on their own have a file each, named by the condition") {
  Experiment experiment = experiment_of(Cells::dense(kX), Cells::dense(kY));
  experiment.conditions.push_back(experiment.conditions[0]);
  experiment.conditions.push_back(experiment.conditions[0]);
  experiment.conditions[0].condition.name = "24 h, \xc3\xa9";
  experiment.conditions[1].condition.name = "48.h";
  experiment.conditions[2].condition.name = "48-h";
  Context context;
  const TemporaryFile file;
  context.checkpoint = file.path;
  const std::string stem = file.path.substr(0, file.path.size() - 5);
  const std::vector<std::string> wanted{stem + "-24_h___.ckpt", stem + "-48.h.ckpt",
                                        stem + "-48-h.ckpt"};
  (void)fit_model(params_of("cae", kSmall[2].second, {{"epochs", "1"}}), experiment, context);
  CHECK(context.checkpoint == file.path);
  CHECK(content(file.path).empty());
  for (const std::string& path : wanted) {
    CAPTURE(path);
    CHECK(!content(path).empty());
    std::remove(path.c_str());
  }
  // Two names that are one file name get their numbers.
  experiment.conditions[1].condition.name = "48/h";
  experiment.conditions[2].condition.name = "48 h";
  (void)fit_model(params_of("cae", kSmall[2].second, {{"epochs", "1"}}), experiment, context);
  for (const std::string& path : {wanted[0], stem + "-48_h-2.ckpt", stem + "-48_h-3.ckpt"}) {
    CAPTURE(path);
    CHECK(!content(path).empty());
    std::remove(path.c_str());
  }
  // Which another condition has for a name.
  experiment.conditions[0].condition.name = "48_h-2";
  (void)fit_model(params_of("cae", kSmall[2].second, {{"epochs", "1"}}), experiment, context);
  for (const char* ending : {"-48_h-2.ckpt", "-48_h-2-.ckpt", "-48_h-3.ckpt"}) {
    CAPTURE(ending);
    CHECK(!content(stem + ending).empty());
    std::remove((stem + ending).c_str());
  }
}
