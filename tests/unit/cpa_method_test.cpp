// CPA through the registry: predictions, files, checkpoints, what it refuses.
#include <doctest/doctest.h>

#include "../../src/models/cpa_conditional_map.hpp"
#include "laot/metrics/mmd.hpp"
#include "laot/nets/cpa_training.hpp"
#include "support/clouds.hpp"
#include "support/small_screen.hpp"

using namespace laot;
using namespace small_screen;

namespace {

Params cpa(const Settings& settings = {}, const char* preset = "calibrated") {
  return params_of("cpa", preset, settings);
}

Params briefly(Settings more = {}) {
  const Settings short_run{{"iterations", "90"},   {"check_every", "30"}, {"batch_size", "32"},
                           {"hidden_units", "16"}, {"latent", "6"},       {"adversary_units", "8"}};
  more.insert(more.begin(), short_run.begin(), short_run.end());
  return cpa(more);
}

// Two cell lines with controls of their own, two drugs; one line was not given the second.
struct TwoLines {
  std::vector<arma::mat> cells;

  Experiment experiment() {
    Experiment out;
    cells.reserve(16);
    const auto keep = [&](const arma::mat& x) -> Cells {
      cells.push_back(x);
      return Cells::dense(cells.back());
    };
    for (std::size_t line = 0; line < 2; ++line) {
      arma::mat x = clouds::gaussian(3, 80, 10 + line);
      x.row(2) += 4.0 * static_cast<double>(line);
      out.controls.push_back({keep(x), {}, {}});
      for (std::size_t drug = 0; drug < (line == 0 ? 2U : 1U); ++drug) {
        arma::mat y = clouds::gaussian(3, 80, 20 + 2 * line + drug);
        y.row(2) += 4.0 * static_cast<double>(line);
        y.row(drug) += 3.0;
        Condition condition{text("line ", line, " drug ", drug),
                            {{"drug", {{}, {drug == 0 ? "a" : "b"}}},
                             {"line", {{}, {line == 0 ? "first" : "second"}}}}};
        out.conditions.push_back({condition, {keep(y), {}, {}}, line});
      }
    }
    return out;
  }
};

}  // namespace

TEST_CASE("CPA predicts seen conditions, doses and pairs better than no change") {
  const Model model = trained(cpa({{"iterations", "2500"}}));
  double of_model[2] = {0.0, 0.0}, of_none[2] = {0.0, 0.0};
  Context context;
  for (const ScreenCondition& c : screen().test) {
    if (c.kind == ConditionKind::unseen_level) continue;
    const int unseen = c.kind == ConditionKind::seen ? 0 : 1;
    of_model[unseen] += error_of(model, c);
    of_none[unseen] +=
        mmd2(screen().new_control, c.treated, {0.05}, MmdEstimator::unbiased, context)[0];
  }
  CHECK(of_model[0] < 0.5 * of_none[0]);
  CHECK(of_model[1] < 0.6 * of_none[1]);
  CHECK(text_in(model, "stop_reason") ==
        "trained to the last iteration, 2500; iteration 2500 is kept, the last");
}

TEST_CASE("CPA survives its file, for every number of threads, and does nothing at dose 0") {
  for (const char* residual : {"keep", "drop"})
    for (const bool embedded : {true, false})
      for (const char* normalised : {"true", "false"}) {
        CAPTURE(residual);
        CAPTURE(embedded);
        CAPTURE(normalised);
        check_survives_file(briefly({{"residual", residual}, {"batch_norm", normalised}}),
                            embedded);
      }
}

TEST_CASE("the vectors of two treatments add up in the code") {
  const Model model = trained(briefly());
  const std::string a = screen().drugs[0], b = screen().drugs[1];
  const auto pair = [&](std::vector<std::string> drugs, std::vector<double> doses) {
    return predicted(model,
                     {"", {{"drug", {{}, std::move(drugs)}}, {"dose", {std::move(doses), {}}}}},
                     screen().new_control);
  };
  const arma::mat both = pair({a, b}, {3.0, 10.0});
  CHECK(arma::abs(both - pair({b, a}, {10.0, 3.0})).max() < 1e-5);
  CHECK(arma::abs(both - pair({a, b}, {3.0, 0.0})).max() > 1e-3);
  CHECK(same(pair({a, b}, {3.0, 0.0}), predicted(model, at(a, 3.0), screen().new_control)));
  // Twice the same is not once.
  CHECK(arma::abs(pair({a, a}, {3.0, 3.0}) - pair({a, b}, {3.0, 0.0})).max() > 1e-3);
}

TEST_CASE("CPA sees the logarithm of a dose, the dose, or its place among the doses") {
  const CovariateFeatures features({{{{0, 1.0}}, {}}, {{{0, 3.0}}, {}}}, arma::mat(0, 1));
  const auto seen = [&](DoseFunction function, double dose) {
    const auto condition = CpaConditions(features, function)({{{0, dose}}, {}});
    REQUIRE(condition.treatments.size() == 1);
    return condition.treatments[0].dose;
  };
  for (const double dose : {1.0, 2.0, 3.0}) {
    CHECK(seen(DoseFunction::logsigm, dose) == static_cast<float>(std::log(1.0 + dose)));
    CHECK(seen(DoseFunction::sigm, dose) == static_cast<float>(dose));
    CHECK(seen(DoseFunction::linear, dose) == static_cast<float>(dose));
  }
  // The smallest dose is the unit: log(1 + dose / 1) over log(1 + 3 / 1).
  CHECK(seen(DoseFunction::relative, 3.0) == 1.0F);
  CHECK(seen(DoseFunction::relative, 1.0) == 0.5F);
  CHECK(seen(DoseFunction::relative, 2.0) == doctest::Approx(std::log(3.0) / std::log(4.0)));
}

TEST_CASE("a context has a vector of its own, and controls of their own") {
  TwoLines lines;
  const Experiment cells = lines.experiment();
  const Model model = trained(cpa({{"iterations", "3000"}}), cells);
  const arma::mat x = clouds::gaussian(3, 200, 99);
  arma::mat second = x;
  second.row(2) += 4.0;
  const auto moved = [&](const arma::mat& cells_of_line, const char* drug, const char* line) {
    const Condition condition{"", {{"drug", {{}, {drug}}}, {"line", {{}, {line}}}}};
    return arma::vec(arma::mean(predicted(model, condition, cells_of_line) - cells_of_line, 1));
  };
  // Each drug moves its own feature most, and the line's hardly: the last is of no condition that
  // was seen.
  for (const auto& [drug, line, feature] :
       {std::tuple{"a", "first", 0}, {"b", "first", 1}, {"a", "second", 0}, {"b", "second", 1}}) {
    CAPTURE(drug);
    CAPTURE(line);
    const arma::vec change = moved(line == std::string("first") ? x : second, drug, line);
    CHECK(change.index_max() == static_cast<arma::uword>(feature));
    CHECK(change[static_cast<arma::uword>(feature)] > 0.8);
    CHECK(std::abs(change[2]) < 1.0);
  }
  CHECK(refusal([&] {
          (void)model.at({"", {{"drug", {{}, {"b"}}}, {"line", {{}, {"third"}}}}});
        }).find("the model knows no level of \"line\" \"third\"") == 0);
}

TEST_CASE("a cancelled training of CPA goes on with the bits of an undisturbed one") {
  const Params params = briefly({{"iterations", "3000"}});
  const TemporaryFile file;
  check_goes_on(params, trained(params), file.path);
  Context again;
  again.checkpoint = file.path;
  CHECK(refusal([&] {
          (void)fit_model(briefly({{"iterations", "3000"}, {"latent", "5"}}), experiment(), again);
        }).find("parameter latent") != std::string::npos);
}

TEST_CASE("a training of CPA that is cancelled may keep what it has, within a second") {
  Cancelled stopped;
  const Model model = fit_model(briefly({{"on_cancel", "keep"}, {"iterations", "1000000"}}),
                                experiment(), stopped.context);
  CHECK(stopped.seconds() < 1.0);
  CHECK(text_in(model, "outcome") == "cancelled");
  CHECK(predicted(model, at(screen().drugs[0], 3.0), screen().new_control).is_finite());
}

TEST_CASE("trainings of many conditions that diverge keep the last finite iterate") {
  for (const char* name : {"cpa", "cmonge"}) {
    CAPTURE(name);
    Params params(method(name).spec);
    for (const auto& [key, value] : Settings{{"iterations", "4000"},
                                             {"check_every", "1"},
                                             {"learning_rate", "1"},
                                             {"hidden_units", "16"},
                                             {"weight_decay", name[1] == 'p' ? "1e6" : "1e3"},
                                             {"last_rate", "1"}})
      params.set_text(key, value);
    if (name[1] == 'p') params.set_text("likelihood", "gaussian");
    const Model model = trained(params);
    CHECK(text_in(model, "outcome") == "diverged");
    CHECK(warning_of(model).find("training diverged at iteration") != std::string::npos);
    for (const ScreenCondition& c : screen().test)
      CHECK(predicted(model, named_covariates(c), screen().new_control).is_finite());
  }
}

TEST_CASE("CPA without classifiers trains its autoencoder at every step") {
  const Model plain = trained(briefly({{"adversary_weight", "0"}}));
  const Model blind = trained(briefly());
  const auto column = [](const Model& model, const std::string& name) {
    for (const auto& [key, values] : model.trace)
      if (key == name) return values;
    return std::vector<double>();
  };
  CHECK(std::isnan(column(plain, "adversary").back()));
  CHECK(std::isfinite(column(blind, "adversary").back()));
  CHECK(column(plain, "reconstruction").back() < column(blind, "reconstruction").back());
}

TEST_CASE("what CPA cannot take is refused in a sentence, or told") {
  Experiment one = experiment();
  one.conditions.resize(1);
  CHECK(warning_of(trained(briefly(), one)).find("there is one condition: nothing can be learnt") !=
        std::string::npos);
  Experiment few = experiment();
  const arma::mat three = screen().training[1].treated.head_cols(3);
  few.conditions[1].population.cells = Cells::dense(three);
  CHECK(refusal([&] { (void)trained(briefly(), few); }) ==
        "condition \"" + few.conditions[1].condition.name +
            "\" has 3 treated and 60 control cells, and cpa needs at least 4 of either; leave the "
            "condition out");
  const Model model = trained(briefly(), experiment(false));
  CHECK(refusal([&] {
          (void)model.at(at("nothing", 3.0));
        }).find("the model knows no level of \"drug\" \"nothing\"") == 0);
  nets::CpaOptions options;
  options.adversary_steps = 1;
  CHECK(refusal([&] {
          nets::CpaTrainer({{{screen().control}, {screen().training[0].treated}, {0}},
                            {{{{0, {}, 1.0F}}, {}}},
                            {{}}},
                           options, 1);
        }).find("batch and adversary_steps must be at least 2") == 0);
}

TEST_CASE("CPA's published preset is the published training") {
  check_settings(cpa({}, "official"), {{"hidden_units", "256"},
                                       {"hidden_layers", "3"},
                                       {"latent", "128"},
                                       {"batch_norm", "true"},
                                       {"likelihood", "gaussian"},
                                       {"dose_function", "logsigm"},
                                       {"adversary_units", "64"},
                                       {"adversary_layers", "3"},
                                       {"adversary_batch_norm", "true"},
                                       {"adversary_dropout", "0.1"},
                                       {"adversary_weight", "1"},
                                       {"penalty_weight", "1"},
                                       {"adversary_steps", "3"},
                                       {"learning_rate", "0.0005"},
                                       {"weight_decay", "1e-06"},
                                       {"adversary_rate", "0.0003"},
                                       {"adversary_decay", "4e-07"},
                                       {"dose_rate", "0.0003"},
                                       {"dose_decay", "4e-07"},
                                       {"rate_decay", "0.9"},
                                       {"last_rate", "1"},
                                       {"batch_size", "128"},
                                       {"iterations", "published"},
                                       {"validation_share", "0.1"},
                                       {"keep", "best"},
                                       {"residual", "drop"}});
  CHECK(nets::published_cpa_steps(1280, 128) == 4000);
  CHECK(nets::published_cpa_steps(40000, 128) == 200 * 313);
  const Model model =
      trained(cpa({{"iterations", "30"}, {"batch_size", "32"}, {"check_every", "10"}}, "official"));
  CHECK(error_of(model, screen().test[0]) < 1.0);
}
