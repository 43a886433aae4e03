#include "laot/usual_settings.hpp"

#include <doctest/doctest.h>

#include <set>

#include "laot/evaluation.hpp"
#include "laot/trackability.hpp"

using namespace laot;

namespace {

std::string usual(const std::string& call, const std::string& name) {
  for (const UsualSetting& one : usual_settings())
    if (one.call == call && one.name == name) return one.value;
  return "is not listed";
}

}  // namespace

TEST_CASE("usual settings are those of the options, one row each") {
  std::set<std::pair<std::string, std::string>> met;
  for (const UsualSetting& one : usual_settings()) {
    CAPTURE(one.call);
    CAPTURE(one.name);
    CHECK(met.emplace(one.call, one.name).second);
    CHECK_FALSE(one.value.empty());
    CHECK_FALSE(one.doc.empty());
    CHECK(one.list == (one.value.find(", ") != std::string::npos));
  }
  CHECK(usual("laot_stability", "resamples") == std::to_string(StabilityOptions().resamples));
  CHECK(control_words().size() == 18);
  CHECK(usual("laot_evaluate", "permutations") == std::to_string(EvaluationOptions().permutations));
  CHECK(usual("laot_evaluate", "metrics") == joined(default_metrics()));
}

// Hosts take these, so that a change of one changes what their users get.
TEST_CASE("usual settings have these values") {
  struct Row {
    const char *call, *name, *value;
  };
  const std::vector<Row> expected = {
      {"laot_fit", "control",
       "control, ctrl, dmso, vehicle, untreated, unstimulated, mock, pbs, nt, ntc, ctl, unstim, "
       "unperturbed, baseline, scramble, scrambled, non-targeting, nontargeting"},
      {"laot_variable_features", "count", "1000"},
      {"laot_evaluate", "metrics",
       "mmd2, w2, l2_drug_signature, pearson_means, r2_means, pearson_sds, sd_ratio, "
       "sd_ratio_median"},
      {"laot_evaluate", "epsilon", "0.05"},
      {"laot_evaluate", "permutations", "199"},
      {"laot_mmd2_test", "permutations", "999"},
      {"laot_response_table", "level", "0.95"},
      {"laot_strongest_effects", "count", "20"},
      {"laot_change_at_cells", "most_cells", "100"},
      {"laot_isometry", "probabilities", "0, 0.05, 0.25, 0.5, 0.75, 0.95, 1"},
      {"laot_rates", "probabilities", "0.5, 0.9, 0.95"},
      {"laot_stability", "resamples", "30"},
      {"laot_stability", "halves", "10"},
      {"laot_stability", "restarts", "5"},
      {"laot_recovery_curve", "gaps", "0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 6, 8"},
      {"laot_recovery_curve", "repeats", "8"},
      {"laot_recovery_curve", "most_cells", "300"},
      {"laot_recovery_study", "features", "10, 20, 50, 80, 100"},
      {"laot_recovery_study", "gaps", "0, 5, 10, 20, 30, 50, 100, 200"},
      {"laot_recovery_study", "cells", "100"},
      {"laot_recovery_study", "trials", "10"},
      {"laot_recovery_study", "iterations", "10"},
      {"laot_simulate_screen", "features", "20"},
      {"laot_simulate_screen", "drugs", "20"},
      {"laot_simulate_screen", "cells", "200"},
      {"laot_simulate_screen", "new_cells", "300"},
      {"laot_simulate_screen", "kappa", "1"},
      {"laot_simulate_screen", "noise", "0.15"},
  };
  const std::vector<UsualSetting>& found = usual_settings();
  REQUIRE(found.size() == expected.size());
  for (std::size_t k = 0; k < expected.size(); ++k) {
    CHECK(found[k].call == expected[k].call);
    CHECK(found[k].name == expected[k].name);
    CHECK(found[k].value == expected[k].value);
  }
  // Of settings without a row.
  CHECK(StabilityOptions().level == 0.95);
  CHECK(RateOptions().resamples == 200);
  CHECK(IsometryOptions().pairs == 10);
}
