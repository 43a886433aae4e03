#include "laot/screen_findings.hpp"

namespace laot {

namespace {

arma::mat side_by_side(const std::vector<ScreenCondition>& conditions,
                       arma::mat ScreenCondition::*cells) {
  arma::mat out;
  for (const ScreenCondition& c : conditions) out = arma::join_rows(out, c.*cells);
  return out;
}

// The drugs of a pair with "+" between them; both have one dose.
Table conditions_table(const std::vector<ScreenCondition>& conditions,
                       const std::vector<std::string>& drugs) {
  TextColumn names, kinds, levels;
  NumberColumn doses;
  for (const ScreenCondition& c : conditions) {
    names.push_back(c.name);
    kinds.emplace_back(name_of(c.kind));
    std::string all;
    for (const Treatment& t : c.covariates.treatments)
      all += (all.empty() ? "" : "+") + drugs[t.level];
    levels.push_back(all);
    doses.push_back(c.covariates.treatments[0].dose);
  }
  Table out;
  out.add("condition", std::move(names));
  out.add("kind", std::move(kinds));
  out.add("drug", std::move(levels));
  out.add("dose", std::move(doses));
  return out;
}

}  // namespace

Findings findings_of(const Screen& screen) {
  Findings out;
  out.arrays = {{"control", screen.control},
                {"new_control", screen.new_control},
                {"embedding", screen.embedding},
                {"treated", side_by_side(screen.training, &ScreenCondition::treated)},
                {"test_treated", side_by_side(screen.test, &ScreenCondition::treated)},
                {"test_truth", side_by_side(screen.test, &ScreenCondition::truth)}};
  Table drugs;
  drugs.add("drug", screen.drugs);
  out.tables = {{"drugs", std::move(drugs)},
                {"training", conditions_table(screen.training, screen.drugs)},
                {"test", conditions_table(screen.test, screen.drugs)}};
  return out;
}

}  // namespace laot
