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
  CHECK(usual("laot_recovery_curve", "gaps") == "0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 6, 8");
  CHECK(usual("laot_recovery_study", "features") == "10, 20, 50, 80, 100");
  CHECK(usual("laot_evaluate", "epsilon") == "0.05");
  CHECK(usual("laot_evaluate", "permutations") == std::to_string(EvaluationOptions().permutations));
  CHECK(usual("laot_evaluate", "metrics") == joined(default_metrics()));
}
