// The Conditional Monge Gap through the registry: predictions, files, checkpoints, what it refuses.
#include <doctest/doctest.h>

#include "../../src/models/network_conditional_map.hpp"
#include "laot/asked_pairing.hpp"
#include "laot/nets/cmonge.hpp"
#include "support/clouds.hpp"
#include "support/small_screen.hpp"

using namespace laot;
using namespace small_screen;

namespace {

const Settings kShort{{"iterations", "60"},
                      {"check_every", "20"},
                      {"batch_size", "32"},
                      {"hidden_units", "16"},
                      {"embedding_units", "8"}};

Params cmonge(const Settings& settings = {}, const char* preset = "calibrated") {
  return params_of("cmonge", preset, settings);
}

Params shortly(Settings more = {}) {
  more.insert(more.begin(), kShort.begin(), kShort.end());
  return cmonge(more);
}

double text_number(const Model& model, const std::string& wanted) {
  for (const auto& [name, value] : model.report.numbers)
    if (name == wanted) return value;
  return kNaN;
}

}  // namespace

TEST_CASE(
    "the network gains on its linear start where conditions were seen, and keeps it elsewhere") {
  Params linear(method("conditional_laot").spec);
  linear.set_text("restore", "0");
  linear.set_text("own_share", "0");
  const Model start = trained(linear), network = trained(cmonge({{"iterations", "1000"}}));
  double of_start[2] = {0.0, 0.0}, of_network[2] = {0.0, 0.0};
  for (const ScreenCondition& c : screen().test) {
    const int unseen = c.kind == ConditionKind::seen ? 0 : 1;
    of_start[unseen] += error_of(start, c);
    of_network[unseen] += error_of(network, c);
  }
  CHECK(of_network[0] < of_start[0]);
  CHECK(of_network[1] < 1.1 * of_start[1]);
  CHECK(text_in(network, "outcome") == "limit_reached");
  CHECK(text_in(network, "stop_reason") ==
        "trained to the last iteration, 1000; iteration 1000 is kept, the last");
  CHECK(warning_of(network) == "");
  CHECK(text_number(network, "self_mass") < 0.5);
}

TEST_CASE("networks of many conditions survive their file, for every number of threads") {
  for (const char* start : {"conditional_laot", "identity", "restored"})
    for (const bool embedded : {true, false}) {
      CAPTURE(start);
      const Settings begin = start == std::string("restored") ? Settings{{"start_restore", "0.5"}}
                                                              : Settings{{"start", start}};
      CAPTURE(embedded);
      check_survives_file(shortly(begin), embedded);
    }
}

TEST_CASE("in components, what they leave out of a cell and of a shift is kept") {
  // Without a step, the network of the start is added: the same for all cells that are the same in
  // the components, so that the residual of the prediction is that of the linear map.
  for (const char* restore : {"0", "0.5", "auto"}) {
    CAPTURE(restore);
    const Model model =
        trained(shortly({{"n_pcs", "3"}, {"iterations", "0"}, {"start_restore", restore}}));
    Params linear(method("conditional_laot").spec);
    for (const auto& [name, value] :
         Settings{{"n_pcs", "3"}, {"restore", restore}, {"own_share", "0"}})
      linear.set_text(name, value);
    const Model start = trained(linear);
    CHECK(text_number(model, "start_restore") == text_number(start, "restore"));
    const arma::mat& v = model.space.basis;
    REQUIRE(v.n_cols == 3);
    for (const ScreenCondition& c : screen().test) {
      const arma::mat change = predicted(model, named_covariates(c), screen().new_control) -
                               predicted(start, named_covariates(c), screen().new_control);
      CHECK(arma::abs(change - v * (v.t() * change)).max() < 1e-9);
      CHECK(arma::abs(change).max() > 1e-3);
    }
  }
}

TEST_CASE("where the best iterate is kept, the start has not seen the cells that choose it") {
  const auto start_of = [](const char* keep, const Experiment& cells) {
    return trained(shortly({{"iterations", "0"}, {"keep", keep}, {"scale", "none"}}), cells);
  };
  // Held-out cells turned about their mean: no mean of a population changes.
  nets::CmongeCells counts;
  counts.controls = {screen().control};
  for (const ScreenCondition& c : screen().training) counts.treated.push_back(c.treated);
  const nets::PopulationSplits split = nets::split_populations(counts, 0.2, Context().seed);
  Experiment turned = experiment();
  std::vector<arma::mat> cells;
  for (std::size_t c = 0; c < screen().training.size(); ++c) {
    arma::mat y = screen().training[c].treated;
    const arma::uvec held = arma::conv_to<arma::uvec>::from(split.treated[c].validation);
    const arma::vec mean = arma::mean(y.cols(held), 1);
    arma::mat part = -y.cols(held);
    part.each_col() += 2.0 * mean;
    y.cols(held) = part;
    cells.push_back(y);
  }
  for (std::size_t c = 0; c < cells.size(); ++c)
    turned.conditions[c].population.cells = Cells::dense(cells[c]);
  const auto difference = [&](const char* keep) {
    return arma::abs(predicted(start_of(keep, experiment()), named_covariates(screen().test[0]),
                               screen().new_control) -
                     predicted(start_of(keep, turned), named_covariates(screen().test[0]),
                               screen().new_control))
        .max();
  };
  CHECK(difference("best") < 1e-5);
  CHECK(difference("last") > 1e-3);
  const Model best = trained(shortly({{"keep", "best"}}));
  CHECK(text_in(best, "stop_reason").find("the best on validation cells") != std::string::npos);
}

TEST_CASE("a cancelled training of many conditions goes on with the bits of an undisturbed one") {
  const Params params = shortly({{"iterations", "1500"}});
  const TemporaryFile file;
  check_goes_on(params, trained(params), file.path);
  Context again;
  again.checkpoint = file.path;
  // The file is of these conditions and no others.
  const auto refused = [&](const Experiment& cells, const Params& how) {
    return refusal([&] { (void)fit_model(how, cells, again); });
  };
  Experiment renamed = experiment();
  renamed.conditions[0].condition.name = "another";
  CHECK(refused(renamed, params).find("its conditions, their covariates or embeddings") !=
        std::string::npos);
  Experiment moved = experiment();
  moved.embeddings[0].coordinates(0, 0) += 0.5;
  CHECK(refused(moved, params).find("its conditions, their covariates or embeddings") !=
        std::string::npos);
  Experiment fewer = experiment();
  fewer.conditions.pop_back();
  CHECK(refused(fewer, params).find("its treated cells") != std::string::npos);
  CHECK(refused(experiment(), shortly({{"iterations", "1500"}, {"epsilon", "0.7"}}))
            .find("parameter epsilon") != std::string::npos);
}

TEST_CASE("a cancelled training of many conditions may keep what it has") {
  Cancelled stopped;
  const Model model = fit_model(shortly({{"on_cancel", "keep"}, {"iterations", "100000"}}),
                                experiment(), stopped.context);
  CHECK(text_in(model, "outcome") == "cancelled");
  CHECK(error_of(model, screen().test[0]) < 1.0);
}

TEST_CASE("a training of many conditions is cancelled within a second") {
  Cancelled stopped;
  CHECK_THROWS_AS(fit_model(cmonge({{"iterations", "1000000"}}), experiment(), stopped.context),
                  Error);
  CHECK(stopped.seconds() < 1.0);
}

TEST_CASE("the network says what it cannot learn") {
  Experiment one = experiment();
  one.conditions.resize(1);
  CHECK(warning_of(trained(shortly(), one)).find("there is one condition: nothing can be learnt") !=
        std::string::npos);
  CHECK(warning_of(trained(shortly({{"epsilon", "0.01"}}))).find("epsilon is too small") == 0);
}

TEST_CASE("what the network cannot take is refused in a sentence") {
  const Model pairs = trained(shortly());
  const std::string drug = screen().drugs[screen().training[0].covariates.treatments[0].level];
  const Condition same_twice{"", {{"drug", {{}, {drug, drug}}}, {"dose", {{3.0}, {}}}}};
  CHECK(refusal([&] { (void)pairs.at(same_twice); }).find("the same level twice") !=
        std::string::npos);
  Experiment single = experiment();
  while (single.conditions.back().condition.find("drug")->levels.size() > 1)
    single.conditions.pop_back();
  const Model singles = trained(shortly(), single);
  CHECK(refusal([&] {
          (void)singles.at(named_covariates(screen().training.back()));
        }).find("the network was trained on conditions of one treatment each") == 0);
  Experiment few = experiment();
  const arma::mat three = screen().training[1].treated.head_cols(3);
  few.conditions[1].population.cells = Cells::dense(three);
  CHECK(refusal([&] { (void)trained(shortly(), few); }) ==
        "condition \"" + few.conditions[1].condition.name +
            "\" has 3 treated and 60 control cells, and cmonge needs at least 4 of either; leave "
            "the condition out");
  Experiment untreated = experiment();
  untreated.conditions[0].condition.covariates[1].second.numbers = {0.0};
  CHECK(refusal([&] {
          (void)trained(shortly({{"dose_scale", "log"}}), untreated);
        }) == "a dose of 0 has no logarithm; fit with dose_scale = relative");
  CHECK(refusal([&] { (void)cmonge({{"epsilon", "0"}}); }).find("epsilon") != std::string::npos);
  CHECK(refusal([&] {
          (void)cmonge({{"gap_weight", "-1"}});
        }).find("gap_weight") != std::string::npos);
}

TEST_CASE("the published preset is the published training") {
  check_settings(cmonge({}, "official"), {{"start", "identity"},
                                          {"epsilon", "1"},
                                          {"epsilon_unit", "absolute"},
                                          {"gap_epsilon", "0.01"},
                                          {"cost", "euclidean"},
                                          {"learning_rate", "0.0001"},
                                          {"weight_decay", "1e-05"},
                                          {"last_rate", "0.01"},
                                          {"iterations", "10000"},
                                          {"batch_size", "512"},
                                          {"sampling", "replacement"},
                                          {"keep", "last"},
                                          {"hidden_units", "64"},
                                          {"hidden_layers", "4"},
                                          {"embedding_units", "50"},
                                          {"dose_units", "1"},
                                          {"dose_scale", "log"},
                                          {"gap_weight", "1"}});
  // And it runs: the screen without its pairs, which has contexts of their own for drug and dose.
  Experiment single = experiment();
  while (single.conditions.back().condition.find("drug")->levels.size() > 1)
    single.conditions.pop_back();
  const Model model = trained(
      cmonge({{"iterations", "20"}, {"batch_size", "32"}, {"check_every", "10"}}, "official"),
      single);
  CHECK(error_of(model, screen().test[0]) < 1.0);
}

TEST_CASE("the derivative at a cell is that of the prediction") {
  for (const char* start : {"conditional_laot", "identity"}) {
    CAPTURE(start);
    const Model at = trained(shortly({{"start", start}})).at({screen().training[1].name, {}});
    Context context;
    const arma::mat cell = screen().control.col(3);
    arma::mat effect(6, 6);
    at.effects(Cells::dense(cell), effect.memptr(), context);
    // Central differences of a map in single precision.
    constexpr double kStep = 1e-2;
    for (std::size_t j = 0; j < 6; ++j) {
      arma::mat ends = arma::repmat(cell, 1, 2), moved(6, 2);
      ends(j, 0) -= kStep;
      ends(j, 1) += kStep;
      at.predict(Cells::dense(ends), Nonnegative::no, moved.memptr(), context);
      const arma::vec slope = (moved.col(1) - moved.col(0)) / (2.0 * kStep);
      CHECK(arma::approx_equal(effect.col(j), slope, "absdiff", 2e-3));
    }
    CHECK(arma::norm(effect - arma::eye(6, 6), "fro") > 0.05);
  }
}

TEST_CASE("its pairing is asked about at a condition") {
  const Model model = trained(shortly());
  CHECK(refusal([&] { (void)alternation_of(model); }).find("a pairing is of one condition") == 0);
  const Model at = model.at({screen().training[1].name, {}});
  Context context;
  const arma::mat z = at.space.encode(Cells::dense(screen().control), Side::control, context);
  arma::mat expected;
  at.map->apply(z, expected);
  CHECK(same(images_of(at, z), expected));
  CHECK(alternation_of(at).max_iter == Params(method("laot").spec).texts().count("max_iter") * 30);
  const Model plain =
      small_screen::fitted("mean_shift", experiment()).at({screen().training[1].name, {}});
  CHECK(refusal([&] { (void)alternation_of(plain); }).find("has no alternation") !=
        std::string::npos);
}

TEST_CASE("the network sees the logarithm of a dose, or its place among the doses") {
  const CovariateFeatures features({{{{0, 2.0}}, {}}, {{{0, 6.0}}, {}}}, arma::mat(0, 1));
  const auto seen = [&](DoseScale scale, double dose) {
    const auto contexts = ConditionContexts(features, scale)({{{0, dose}}, {}});
    REQUIRE(contexts.size() == 2);  // the level, and the dose
    REQUIRE(contexts[1].size() == 1);
    return static_cast<double>(contexts[1][0]);
  };
  for (const double dose : {0.5, 2.0, 3.0, 6.0}) {
    CHECK(seen(DoseScale::logarithm, dose) == doctest::Approx(std::log(dose)).epsilon(1e-6));
    CHECK(seen(DoseScale::relative, dose) ==
          doctest::Approx(std::log(1.0 + dose / 2.0) / std::log(4.0)).epsilon(1e-6));
  }
}
