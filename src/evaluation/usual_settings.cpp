#include "laot/usual_settings.hpp"

#include "laot/conditions/simulated_screen.hpp"
#include "laot/evaluation.hpp"
#include "laot/map_change.hpp"
#include "laot/metrics/mmd.hpp"
#include "laot/number_text.hpp"
#include "laot/response.hpp"
#include "laot/trackability.hpp"

namespace laot {

namespace {

template <class Number>
std::string listed(const std::vector<Number>& values) {
  std::vector<std::string> out;
  for (const Number value : values) out.push_back(number_text(static_cast<double>(value)));
  return joined(out);
}

UsualSetting integer(const char* call, const char* name, std::size_t value, const char* doc) {
  return {call, name, ParamType::integer, false, std::to_string(value), doc};
}

UsualSetting number(const char* call, const char* name, double value, const char* doc) {
  return {call, name, ParamType::number, false, number_text(value), doc};
}

UsualSetting numbers(const char* call, const char* name, std::string values, const char* doc) {
  return {call, name, ParamType::number, true, std::move(values), doc};
}

// Taken of an object whose user names nothing.
std::vector<UsualSetting> of_objects() {
  return {
      {"laot_fit", "control", ParamType::choice, true, joined(control_words()),
       "Levels of a condition that are taken for the controls, in capitals or not"},
      integer("laot_variable_features", "count", kUsualFeatures,
              "Features of largest variance, of an object that has more"),
  };
}

std::vector<UsualSetting> of_scores() {
  const EvaluationOptions evaluation;
  constexpr const char* kEvaluate = "laot_evaluate";
  return {
      {kEvaluate, "metrics", ParamType::choice, true, joined(default_metrics()),
       "Metrics where neither these nor a preset are asked for"},
      number(kEvaluate, "epsilon", evaluation.epsilon.value,
             "Entropy of the sinkhorn metrics, a share of the mean squared distance"),
      integer(kEvaluate, "permutations", evaluation.permutations, "Relabellings of the test"),
      integer("laot_mmd2_test", "permutations", kTestPermutations, "Relabellings of the cells"),
      number("laot_response_table", "level", kResponseLevel, "Of the intervals"),
  };
}

std::vector<UsualSetting> of_trackability() {
  const IsometryOptions isometry;
  const RateOptions rates;
  const StabilityOptions stability;
  const RecoveryCurveOptions curve;
  constexpr const char* kStability = "laot_stability";
  constexpr const char* kCurve = "laot_recovery_curve";
  return {
      integer("laot_strongest_effects", "count", kStrongestEffects, "Entries of W - I"),
      integer("laot_change_at_cells", "most_cells", kCellsOfChange,
              "Control cells, evenly taken, at which the map's change is found"),
      numbers("laot_isometry", "probabilities", listed(isometry.probabilities),
              "Quantiles of delta over the pairs of cells"),
      numbers("laot_rates", "probabilities", listed(rates.probabilities),
              "Quantiles of the distances that cells move"),
      integer(kStability, "resamples", stability.resamples, "Refits on bootstrap resamples"),
      integer(kStability, "halves", stability.halves, "Splits into halves, each fitted"),
      integer(kStability, "restarts", stability.restarts, "Refits from other starts"),
      numbers(kCurve, "gaps", listed(curve.gaps), "Multiples of the change of the fit"),
      integer(kCurve, "repeats", curve.repeats, "Simulations for each gap"),
      integer(kCurve, "most_cells", curve.most_cells, "Cells a side in one simulation, at most"),
  };
}

std::vector<UsualSetting> of_the_study() {
  const RecoveryStudyOptions study;
  constexpr const char* kStudy = "laot_recovery_study";
  return {
      {kStudy, "features", ParamType::integer, true, listed(study.features), "Numbers of features"},
      numbers(kStudy, "gaps", listed(study.gaps), "Values of |W - I|"),
      integer(kStudy, "cells", study.cells, "Cells of either population"),
      integer(kStudy, "trials", study.trials, "Populations for each pair of features and gap"),
      integer(kStudy, "iterations", study.iterations, "Turns of assignment and least squares"),
  };
}

std::vector<UsualSetting> of_the_screen() {
  const ScreenOptions screen;
  constexpr const char* kScreen = "laot_simulate_screen";
  return {
      integer(kScreen, "features", screen.features, "Features of each cell"),
      integer(kScreen, "drugs", screen.drugs, "Drugs"),
      integer(kScreen, "cells", screen.cells, "Controls, and cells of each training condition"),
      integer(kScreen, "new_cells", screen.new_cells,
              "New controls, and cells of a test condition"),
      number(kScreen, "kappa", screen.kappa, "Size of effects that switch with the cell"),
      number(kScreen, "noise", screen.noise, "sd of what is added to each treated value"),
  };
}

}  // namespace

const std::vector<std::string>& control_words() {
  static const std::vector<std::string> words = {
      "control",     "ctrl",     "dmso",     "vehicle",   "untreated",     "unstimulated",
      "mock",        "pbs",      "nt",       "ntc",       "ctl",           "unstim",
      "unperturbed", "baseline", "scramble", "scrambled", "non-targeting", "nontargeting"};
  return words;
}

const std::vector<UsualSetting>& usual_settings() {
  static const std::vector<UsualSetting> all = [] {
    std::vector<UsualSetting> out = of_objects();
    for (const auto& more : {of_scores(), of_trackability(), of_the_study(), of_the_screen()})
      out.insert(out.end(), more.begin(), more.end());
    return out;
  }();
  return all;
}

}  // namespace laot
