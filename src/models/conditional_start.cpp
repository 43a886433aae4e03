#include "conditional_start.hpp"

#include <cmath>
#include <map>

namespace laot {

ConditionalCells cells_of(const ExperimentInput& input, const CovariateFeatures& features) {
  ConditionalCells out;
  for (const EncodedPopulation& x : input.controls) out.controls.push_back(x.z);
  for (const EncodedPopulation& y : input.treated) out.treated.push_back(y.z);
  for (const TreatedPopulation& treated : input.experiment.conditions)
    out.control_of.push_back(treated.control);
  out.phi = features.training();
  return out;
}

namespace {

ConditionGroups groups_of(const CovariateFeatures& features) {
  std::map<std::vector<std::size_t>, std::size_t> number;
  ConditionGroups out;
  for (const auto& levels : features.level_sets())
    out.push_back(number.emplace(levels, number.size()).first->second);
  return out;
}

// Of the mean shift: from here on, what the others say of a condition is next to nothing.
constexpr double kAsLarge = 0.8;

}  // namespace

ConditionalStart::ConditionalStart(const ExperimentInput& input, const CovariateOptions& covariates,
                                   const ConditionalLaotOptions& how, bool by_level)
    : roles(input.experiment), options(how) {
  std::vector<ConditionCovariates> conditions;
  for (const TreatedPopulation& treated : input.experiment.conditions)
    conditions.push_back(roles.of(treated.condition));
  features = CovariateFeatures(std::move(conditions), roles.embedding(), covariates);
  if (by_level) options.alternation.groups = groups_of(features);
  for (std::size_t c = 0; c < input.treated.size(); ++c)
    own_shift = arma::join_rows(
        own_shift, arma::vec(input.treated[c].mean -
                             input.controls[input.experiment.conditions[c].control].mean));
}

RegressedShifts::RegressedShifts(const ConditionalStart& start) {
  const ConditionRegression regression(start.features.training());
  const ConditionGroups& groups = start.options.alternation.groups;
  const double count = static_cast<double>(start.own_shift.n_cols);
  ridge = start.options.shift_ridge == ConditionalLaotOptions::kAutomatic
              ? regression.choose_ridge(start.own_shift, groups)
              : start.options.shift_ridge;
  coefficients = regression.fit(start.own_shift, ridge);
  size = std::sqrt(arma::accu(arma::square(start.own_shift)) / count);
  if (members_of(groups, start.own_shift.n_cols).size() < kFewestLeftOut) return;
  const arma::mat left = regression.left_out(start.own_shift, std::max(ridge, 1e-8), groups);
  error = std::sqrt(arma::accu(arma::square(start.own_shift - left)) / count);
}

void RegressedShifts::add_to(Report& report) const {
  report.add("shift_ridge", ridge);
  report.add("shift_error_left_out", error);
  report.add("shift_size", size);
}

std::string warnings_of(const ConditionalStart& start, const RegressedShifts& shifts) {
  std::vector<std::string> out = start.roles.remarks();
  if (start.features.conditions().size() == 1)
    out.push_back("there is one condition: nothing can be learnt of another");
  if (start.features.has_dose() && start.features.single_dose())
    out.push_back(text("there is one dose, ", start.features.largest_dose(),
                       ": others are interpolated between it and 0"));
  if (shifts.error >= kAsLarge * shifts.size)
    out.push_back(
        text("leaving a condition out, its mean shift is predicted from the others with an error "
             "(root mean square ",
             std::round(1000.0 * shifts.error) / 1000.0, ") about as large as the shift itself (",
             std::round(1000.0 * shifts.size) / 1000.0,
             "): the conditions say nothing about one that is not among them"));
  std::string joined_up;
  for (const std::string& sentence : out) joined_up += (joined_up.empty() ? "" : "; ") + sentence;
  return joined_up;
}

}  // namespace laot
