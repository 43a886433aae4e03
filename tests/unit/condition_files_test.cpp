// A fit of many conditions that was stopped goes on from the conditions that were done.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "laot/model_file.hpp"
#include "laot/models.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path;
  Folder() : path(fs::temp_directory_path() / "laot_condition_files") {
    fs::remove_all(path);
    fs::create_directory(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string checkpoint() const { return (path / "screen.ckpt").string(); }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
};

// Five conditions of one control, with names and levels of a batch.
struct Conditions {
  arma::mat control = clouds::gaussian(6, 90, 1);
  std::vector<arma::mat> treated;
  Experiment experiment;
  Conditions() {
    Population controls{Cells::dense(control), {}, {}};
    for (std::size_t i = 0; i < 90; ++i) {
      controls.names.push_back(text("c", i));
      controls.batch.push_back(i % 2 == 0 ? "d1" : "d2");
    }
    experiment.controls.push_back(controls);
    for (std::size_t c = 0; c < 5; ++c)
      treated.push_back(clouds::gaussian(6, 40 + c, 10 + c) + 0.2 * static_cast<double>(c));
    for (std::size_t c = 0; c < 5; ++c) {
      Population population{Cells::dense(treated[c]), {}, {}};
      for (std::size_t i = 0; i < treated[c].n_cols; ++i)
        population.batch.push_back(i % 3 == 0 ? "d1" : "d2");
      experiment.conditions.push_back({{text("drug ", c), {}}, population, 0});
    }
  }
};

Params calibrated() {
  Params params(method("laot").spec);
  params.use_preset("calibrated");
  params.set("keep_cells", 30.0);
  return params;
}

// Without the seconds, which no two runs share.
std::string bytes_of(Model model) {
  const auto timeless = [](const Report& report) {
    Report out;
    out.texts = report.texts;
    for (const auto& [name, value] : report.numbers)
      if (name.compare(0, 7, "seconds") != 0) out.numbers.emplace_back(name, value);
    return out;
  };
  model.report = timeless(model.report);
  for (auto& part : model.parts) {
    Model copy = *part;
    copy.report = timeless(copy.report);
    part = std::make_shared<const Model>(std::move(copy));
  }
  return model.store().bytes();
}

// The folder of a run that is killed after two conditions.
void leave_two(const Conditions& data, const Folder& folder) {
  Experiment first_two = data.experiment;
  first_two.conditions.resize(2);
  Context context;
  context.checkpoint = folder.checkpoint();
  fit_model(calibrated(), first_two, context);
}

std::string refusal(const Params& params, const Experiment& experiment, Context& context) {
  try {
    fit_model(params, experiment, context);
  } catch (const Error& error) {
    CHECK(error.status() == Status::invalid_argument);
    return error.what();
  }
  FAIL("the run of another was gone on with");
  return "";
}

}  // namespace

#ifndef _WIN32
TEST_CASE("a file that cannot be written is told of in letters, whatever bytes its path has") {
  const Conditions data;
  const Folder folder;
  // The second condition's file would lie in a folder that is not there.
  fs::create_symlink("nowhere/file", folder.path / "sc\xe9n-drug_1.ckpt");
  Context context;
  context.checkpoint = (folder.path / "sc\xe9n.ckpt").string();
  const Model model = fit_model(calibrated(), data.experiment, context);
  std::string warning;
  for (const auto& [name, value] : model.report.texts)
    if (name == "warning") warning = value;
  CHECK(warning.find("sc\\xe9n-drug_1.ckpt\" could not be written") != std::string::npos);
  const std::string bytes = model.store().bytes();
  CHECK_NOTHROW(Model::load(ModelFile::parse(bytes.data(), bytes.size())));
}
#endif

TEST_CASE("a fit of conditions that was stopped goes on, and ends as an undisturbed one") {
  const Conditions data;
  Context plain;
  const std::string undisturbed = bytes_of(fit_model(calibrated(), data.experiment, plain));
  for (const int threads : {1, 2}) {
    CAPTURE(threads);
    const Folder folder;
    leave_two(data, folder);
    CHECK(folder.files() == 2);
    CHECK(fs::exists(folder.path / "screen-drug_0.ckpt"));
    const auto written = fs::last_write_time(folder.path / "screen-drug_0.ckpt");
    Context context;
    context.num_threads = threads;
    context.checkpoint = folder.checkpoint();
    CHECK(bytes_of(fit_model(calibrated(), data.experiment, context)) == undisturbed);
    CHECK(folder.files() == 5);
    CHECK(fs::last_write_time(folder.path / "screen-drug_0.ckpt") == written);
    // All from files.
    CHECK(bytes_of(fit_model(calibrated(), data.experiment, context)) == undisturbed);
  }
}

TEST_CASE("each condition has controls of its own in its file where it uses only some of them") {
  const Conditions data;
  Params params = calibrated();
  params.set("equal_counts", 1.0);
  Context context;
  const std::string undisturbed = bytes_of(fit_model(params, data.experiment, context));
  const Folder folder;
  context.checkpoint = folder.checkpoint();
  fit_model(params, data.experiment, context);
  CHECK(bytes_of(fit_model(params, data.experiment, context)) == undisturbed);
}

TEST_CASE("the files of another run are refused, and say what differs") {
  Conditions data;
  const Folder folder;
  Context context;
  context.checkpoint = folder.checkpoint();
  fit_model(calibrated(), data.experiment, context);
  Params params = calibrated();
  params.set("ridge", 0.5);
  CHECK(refusal(params, data.experiment, context).find("parameter ridge is") != std::string::npos);
  context.seed = 2;
  CHECK(refusal(calibrated(), data.experiment, context).find("the seed is 1 there") !=
        std::string::npos);
  context.seed = 1;
  data.experiment.conditions[3].population.batch[0] = "d2";
  CHECK(refusal(calibrated(), data.experiment, context).find("its treated cells are not") !=
        std::string::npos);
  data.experiment.controls[0].names[0] = "other";
  CHECK(refusal(calibrated(), data.experiment, context).find("its control cells are not") !=
        std::string::npos);
  std::ofstream(folder.path / "screen-drug_0.ckpt") << "no file of ours";
  CHECK_THROWS_AS(fit_model(calibrated(), data.experiment, context), Error);
}

TEST_CASE("a place that cannot be written is found at the first condition") {
  const Conditions data;
  Context context;
  context.checkpoint = "/nowhere/at all/screen.ckpt";
  CHECK_THROWS_AS(fit_model(calibrated(), data.experiment, context), Error);
}

TEST_CASE("a condition that is fitted alone leaves the file that a fit of many goes on from") {
  const Conditions data;
  const Folder folder;
  Context plain;
  const Params params = calibrated();
  const std::string expected = bytes_of(fit_model(params, data.experiment, plain));
  Context context;
  context.checkpoint = folder.checkpoint();
  std::string alone;
  for (std::size_t c = 0; c < 5; ++c) {
    Experiment one = data.experiment;
    one.conditions = {data.experiment.conditions[c]};
    const Model fitted = fit_model(params, one, context);
    CHECK(folder.files() == c + 1);
    if (c == 2) alone = bytes_of(fitted);
  }
  CHECK(bytes_of(fit_model(params, data.experiment, context)) == expected);
  // From its file, as from its cells.
  Experiment third = data.experiment;
  third.conditions = {data.experiment.conditions[2]};
  CHECK(bytes_of(fit_model(params, third, context)) == alone);
  CHECK(bytes_of(fit_model(params, third, plain)) == alone);
}

namespace {

class Elsewhere : public CellsElsewhere {
 public:
  explicit Elsewhere(Population population) : population_(std::move(population)) {}
  std::size_t count() const override { return population_.cells.cells(); }
  Population read(const std::vector<std::string>&) override { return population_; }
  void let_go() noexcept override {}

 private:
  const Population population_;
};

}  // namespace

TEST_CASE("fits to cells elsewhere wait in their files, and come back with their bits") {
  const Conditions data;
  Experiment later = data.experiment;
  for (TreatedPopulation& condition : later.conditions) {
    condition.elsewhere = std::make_shared<Elsewhere>(condition.population);
    condition.population = Population();
  }
  const Params params = calibrated();
  Context plain;
  const std::string expected = bytes_of(fit_model(params, data.experiment, plain));
  for (const int threads : {1, 2}) {
    const Folder folder;
    Context context;
    context.num_threads = threads;
    context.checkpoint = folder.checkpoint();
    CHECK(bytes_of(fit_model(params, later, context)) == expected);
    CHECK(folder.files() == 5);
    // Once more, from the files of the first run.
    CHECK(bytes_of(fit_model(params, later, context)) == expected);
  }
}
