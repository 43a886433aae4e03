#include "conditional_start.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "laot/conditions/embeddings.hpp"

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

arma::mat shifts_of(const ExperimentInput& input) {
  arma::mat out(input.treated[0].mean.n_elem, input.treated.size());
  for (std::size_t c = 0; c < input.treated.size(); ++c)
    out.col(c) =
        input.treated[c].mean - input.controls[input.experiment.conditions[c].control].mean;
  return out;
}

constexpr std::size_t kEffectCoordinates = 10;

arma::mat effects_of_levels(const CovariateRoles& roles,
                            const std::vector<ConditionCovariates>& conditions,
                            const ExperimentInput& input, Context& context) {
  require(roles.has_levels(), Status::invalid_argument,
          "embedding = effect places levels, and the conditions have numbers only; leave it out");
  std::vector<arma::mat> populations;
  std::vector<std::size_t> level_of;
  for (std::size_t c = 0; c < conditions.size(); ++c) {
    if (conditions[c].treatments.size() > 1) continue;
    populations.push_back(input.treated[c].z);
    level_of.push_back(conditions[c].treatments[0].level);
  }
  std::vector<std::string> without;
  for (std::size_t level = 0; level < roles.levels().size(); ++level)
    if (std::find(level_of.begin(), level_of.end(), level) == level_of.end())
      without.push_back("\"" + roles.levels()[level] + "\"");
  require(
      without.empty(), Status::invalid_argument,
      "embedding = effect places a level by cells that were treated with it alone, and there are "
      "none of ",
      joined(without), "; give an embedding, or leave out the conditions of these levels");
  const arma::mat places = effect_embedding(populations, kEffectCoordinates, context);
  arma::mat out(places.n_rows, roles.levels().size(), arma::fill::zeros);
  arma::rowvec count(roles.levels().size(), arma::fill::zeros);
  for (std::size_t p = 0; p < level_of.size(); ++p) {
    out.col(level_of[p]) += places.col(p);
    count[level_of[p]] += 1.0;
  }
  out.each_row() /= count;
  return out;
}

// The mean of the control cells of each level, and a refusal where levels share them.
arma::mat control_means(const CovariateRoles::ByControls& wanted, const ExperimentInput& input) {
  const std::size_t count = wanted.levels.size();
  require(count > 1, Status::invalid_argument, "\"", wanted.covariate,
          "\" is placed by control cells and has one level, \"", wanted.levels[0],
          "\": where another lies is not learnt from it; leave the covariate out");
  std::vector<std::size_t> level_of(input.controls.size(), count);
  for (const TreatedPopulation& treated : input.experiment.conditions) {
    const std::vector<std::string>& found = treated.condition.find(wanted.covariate)->levels;
    require(found.size() == 1, Status::invalid_argument, "\"", wanted.covariate,
            "\" is placed by control cells, and condition ", described(treated.condition), " has ",
            found.size(), " levels of it; give each condition one");
    const auto level = static_cast<std::size_t>(
        std::find(wanted.levels.begin(), wanted.levels.end(), found[0]) - wanted.levels.begin());
    std::size_t& owner = level_of[treated.control];
    require(owner == count || owner == level, Status::invalid_argument, "\"", wanted.covariate,
            "\" is placed by control cells, and \"", wanted.levels[owner], "\" and \"", found[0],
            "\" have the same ones; give each level control cells of its own, labelled with it");
    owner = level;
  }
  arma::mat out(input.space.dimension(), count, arma::fill::zeros);
  arma::rowvec cells(count, arma::fill::zeros);
  for (std::size_t g = 0; g < level_of.size(); ++g) {
    if (level_of[g] == count) continue;
    out.col(level_of[g]) += arma::sum(input.controls[g].z, 1);
    cells[level_of[g]] += static_cast<double>(input.controls[g].z.n_cols);
  }
  out.each_row() /= cells;
  return out;
}

void place_by_controls(const ExperimentInput& input, CovariateRoles& roles) {
  for (const CovariateRoles::ByControls& wanted : roles.by_controls())
    require(roles.place_by_controls(wanted.covariate, control_means(wanted, input)) > 0,
            Status::invalid_argument, "\"", wanted.covariate,
            "\" is placed by control cells, and those of all levels have the same mean; leave the "
            "covariate one-hot, or give an embedding");
}

// Of the mean shift: from here on, what the others say of a condition is next to nothing.
constexpr double kAsLarge = 0.8;

}  // namespace

ConditionalStart::ConditionalStart(const ExperimentInput& input, const CovariateOptions& covariates,
                                   const ConditionalLaotOptions& how, bool by_level,
                                   EmbeddingChoice embedding, Context& context)
    : roles(input.experiment), options(how) {
  place_by_controls(input, roles);
  std::vector<ConditionCovariates> conditions;
  for (const TreatedPopulation& treated : input.experiment.conditions)
    conditions.push_back(roles.of(treated.condition));
  if (embedding == EmbeddingChoice::effect)
    roles.place_by_effect(effects_of_levels(roles, conditions, input, context));
  features = CovariateFeatures(std::move(conditions), roles.embedding(), covariates);
  if (by_level) options.alternation.groups = groups_of(features);
  own_shift = shifts_of(input);
}

ConditionalStart ConditionalStart::of_cells(const ExperimentInput& input) const {
  ConditionalStart out = *this;
  out.own_shift = shifts_of(input);
  return out;
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

bool says_nothing(double error, double size) {
  return error >= kAsLarge * size;
}

std::string nothing_sentence(double error, double size) {
  return text(
      "leaving a condition out, its mean shift is predicted from the others with an error (root "
      "mean square ",
      std::round(1000.0 * error) / 1000.0, ") about as large as the shift itself (",
      std::round(1000.0 * size) / 1000.0,
      "): the conditions say nothing about one that is not among them");
}

std::string warnings_of(const ConditionalStart& start, const RegressedShifts& shifts) {
  std::vector<std::string> out = start.roles.remarks();
  if (start.features.conditions().size() == 1)
    out.push_back("there is one condition: nothing can be learnt of another");
  if (start.features.has_dose() && start.features.single_dose())
    out.push_back(text("there is one dose, ", start.features.largest_dose(),
                       ": others are interpolated between it and 0"));
  if (says_nothing(shifts.error, shifts.size))
    out.push_back(nothing_sentence(shifts.error, shifts.size));
  std::string joined_up;
  for (const std::string& sentence : out) add_clause(joined_up, sentence);
  return joined_up;
}

}  // namespace laot
