// Conditions whose cells are read when a fit comes to them: the same bits, few at a time.
#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "laot/evaluation.hpp"
#include "laot/models.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

struct Watch {
  std::size_t held = 0, most = 0, reads = 0;
};

class Elsewhere : public CellsElsewhere {
 public:
  Elsewhere(Population population, Watch& watch)
      : population_(std::move(population)), watch_(watch) {}
  std::size_t count() const override { return said != 0 ? said : population_.cells.cells(); }
  Population read(const std::vector<std::string>&) override {
    CHECK(std::this_thread::get_id() == caller_);
    require(!fails, Status::cancelled, "not to be read");
    ++watch_.reads;
    watch_.most = std::max(watch_.most, ++watch_.held);
    held_ = true;
    return population_;
  }
  void let_go() noexcept override {
    if (held_) --watch_.held;
    held_ = false;
  }

  bool fails = false;
  std::size_t said = 0;

 private:
  const Population population_;
  Watch& watch_;
  const std::thread::id caller_ = std::this_thread::get_id();
  bool held_ = false;
};

struct Conditions {
  arma::mat control = clouds::gaussian(5, 70, 1);
  std::vector<arma::mat> treated;
  Experiment here, later;
  Watch watch;
  Conditions() {
    here.controls.push_back({Cells::dense(control), {}, {}});
    for (std::size_t c = 0; c < 5; ++c)
      treated.push_back(clouds::gaussian(5, 40 + c, 10 + c) + 0.3 * static_cast<double>(c));
    for (std::size_t c = 0; c < 5; ++c) {
      CovariateValue dose;
      dose.numbers = {static_cast<double>(c)};
      here.conditions.push_back(
          {{text("drug ", c), {{"dose", dose}}}, {Cells::dense(treated[c]), {}, {}}, 0});
    }
    later = here;
    for (TreatedPopulation& condition : later.conditions) {
      condition.elsewhere = std::make_shared<Elsewhere>(condition.population, watch);
      condition.population = Population();
    }
  }
  Elsewhere& source(std::size_t c) {
    return static_cast<Elsewhere&>(*later.conditions[c].elsewhere);
  }
};

std::vector<arma::mat> predictions(const Params& params, const Experiment& experiment,
                                   const Cells& control, int threads) {
  Context context;
  context.num_threads = threads;
  const Model model = fit_model(params, experiment, context);
  std::vector<arma::mat> out;
  for (const TreatedPopulation& treated : experiment.conditions) {
    out.emplace_back(control.features(), control.cells());
    model.at(treated.condition).predict(control, Nonnegative::no, out.back().memptr(), context);
  }
  return out;
}

void check_same(const std::vector<arma::mat>& a, const std::vector<arma::mat>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t c = 0; c < a.size(); ++c)
    CHECK(std::equal(a[c].begin(), a[c].end(), b[c].begin(), b[c].end()));
}

std::string refusal(Conditions& data, Status status) {
  Context context;
  try {
    fit_model(Params(method("laot").spec), data.later, context);
  } catch (const Error& error) {
    CHECK(error.status() == status);
    CHECK(data.watch.held == 0);
    return error.what();
  }
  FAIL("nothing was refused");
  return "";
}

}  // namespace

TEST_CASE("cells elsewhere give the bits of cells in memory, one condition a thread at a time") {
  Conditions data;
  const Cells control = Cells::dense(data.control);
  const Params params(method("laot").spec);
  const auto expected = predictions(params, data.here, control, 1);
  for (const int threads : {1, 2, 3}) {
    CAPTURE(threads);
    data.watch = Watch();
    check_same(predictions(params, data.later, control, threads), expected);
    CHECK(data.watch.most == static_cast<std::size_t>(threads));
    CHECK(data.watch.reads == 5);
    CHECK(data.watch.held == 0);
  }
}

TEST_CASE("a method of many conditions reads the cells of all, and so does an evaluation") {
  Conditions data;
  const Cells control = Cells::dense(data.control);
  const Params params(method("conditional_laot").spec);
  check_same(predictions(params, data.later, control, 1),
             predictions(params, data.here, control, 1));
  CHECK(data.watch.most == 5);
  CHECK(data.watch.held == 0);

  Context context;
  const Model model = fit_model(Params(method("laot").spec), data.here, context);
  data.watch = Watch();
  const Table expected = evaluate_conditions({&model}, data.here, {}, context);
  const Table found = evaluate_conditions({&model}, data.later, {}, context);
  CHECK(found.numbers("value") == expected.numbers("value"));
  CHECK(data.watch.reads == 5);
  CHECK(data.watch.held == 0);
}

TEST_CASE("conditions that are held out are not read") {
  Conditions data;
  data.later.held_out = {"drug 1", "drug 4"};
  Context context;
  fit_model(Params(method("laot").spec), data.later, context);
  CHECK(data.watch.reads == 3);
  CHECK(data.watch.held == 0);
}

TEST_CASE("what is read is checked as cells in memory are, and let go") {
  {
    Conditions data;
    data.treated[2](3, 7) = arma::datum::nan;
    CHECK(refusal(data, Status::not_finite) ==
          "condition \"drug 2\" has NaN at feature 4, cell 8 (counted from 1); remove or impute "
          "such values first");
  }
  {
    Conditions data;
    data.source(1).said = 39;
    CHECK(refusal(data, Status::dimension_mismatch) ==
          "condition \"drug 1\" was said to have 39 cells, and was read with 41");
  }
  {
    Conditions data;
    data.later.conditions[3].elsewhere =
        std::make_shared<Elsewhere>(data.here.controls[0], data.watch);
    CHECK(refusal(data, Status::invalid_argument).find("cells of its control population") !=
          std::string::npos);
  }
  Conditions data;
  data.source(4).fails = true;
  CHECK(refusal(data, Status::cancelled) == "not to be read");
}
