#include "covariate_roles.hpp"

#include <algorithm>

#include "laot/conditions/embeddings.hpp"

namespace laot {

namespace {

using Named = std::pair<std::string, CovariateValue>;

bool several(const Experiment& experiment, const std::string& name) {
  return std::any_of(experiment.conditions.begin(), experiment.conditions.end(),
                     [&](const TreatedPopulation& treated) {
                       const CovariateValue* value = treated.condition.find(name);
                       return value->levels.size() > 1 || value->numbers.size() > 1;
                     });
}

bool negative(const Experiment& experiment, const std::string& name) {
  for (const TreatedPopulation& treated : experiment.conditions)
    for (const double number : treated.condition.find(name)->numbers)
      if (number < 0.0) return true;
  return false;
}

const LevelEmbedding* embedding_for(const Experiment& experiment, const std::string& name) {
  for (const LevelEmbedding& embedding : experiment.embeddings)
    if (embedding.covariate == name) return &embedding;
  return nullptr;
}

// The first of these for which the test holds; empty: none.
template <class Test>
std::string first_with(const std::vector<std::string>& names, const Test& test) {
  const auto at = std::find_if(names.begin(), names.end(), test);
  return at == names.end() ? std::string() : *at;
}

}  // namespace

CovariateRoles::CovariateRoles(const Experiment& experiment) {
  std::vector<std::string> levels, numbers;
  for (const Named& entry : experiment.conditions[0].condition.covariates)
    (entry.second.is_number() ? numbers : levels).push_back(entry.first);
  const auto is_several = [&](const std::string& name) { return several(experiment, name); };
  has_level_ = !levels.empty() || numbers.empty();
  std::string treatment;
  if (!levels.empty()) {
    treatment = first_with(levels, is_several);
    if (treatment.empty())
      treatment = first_with(levels, [&](const std::string& name) {
        return embedding_for(experiment, name) != nullptr;
      });
    if (treatment.empty()) treatment = levels[0];
  }
  if (has_level_) level_ = factor_of(experiment, treatment, false);
  dose_ = first_with(numbers, is_several);
  if (dose_.empty())
    dose_ =
        first_with(numbers, [&](const std::string& name) { return !negative(experiment, name); });
  for (const std::string& name : levels)
    if (name != treatment) context_.push_back(factor_of(experiment, name, true));
  for (const std::string& name : numbers)
    if (name != dose_) {
      context_.push_back({});
      context_.back().name = name;
      context_.back().is_number = true;
    }
}

CovariateRoles::Factor CovariateRoles::factor_of(const Experiment& experiment,
                                                 const std::string& name, bool one_hot) {
  Factor out;
  out.name = name;
  for (const TreatedPopulation& treated : experiment.conditions) {
    const std::vector<std::string> found = name.empty()
                                               ? std::vector<std::string>{treated.condition.name}
                                               : treated.condition.find(name)->levels;
    for (const std::string& level : found)
      if (std::find(out.levels.begin(), out.levels.end(), level) == out.levels.end())
        out.levels.push_back(level);
  }
  if (const LevelEmbedding* unordered = embedding_for(experiment, name)) {
    const LevelEmbedding given = in_order(*unordered);
    const Embedding seen = embedding_of(out.levels, given.levels, given.coordinates,
                                        given.coordinate_names, "the embedding of \"" + name + "\"");
    if (!seen.dropped.empty())
      remarks_.push_back(text("coordinates of \"", name,
                              "\" that do not vary are left out: ", joined(seen.dropped)));
    for (const std::string& pair : seen.alike)
      remarks_.push_back(text("the embedding of \"", name, "\" cannot tell ", pair, " apart"));
    out.levels = given.levels;
    out.coordinates = given.coordinates;
  } else {
    out.coordinates = one_hot ? arma::mat(arma::eye(out.levels.size(), out.levels.size()))
                              : arma::mat(0, out.levels.size());
  }
  return out;
}

void CovariateRoles::place_by_effect(arma::mat coordinates) {
  level_.coordinates = std::move(coordinates);
  by_effect_ = true;
}

std::size_t CovariateRoles::index_of(const Factor& factor, const std::string& level) const {
  const auto at = std::find(factor.levels.begin(), factor.levels.end(), level);
  if (at != factor.levels.end()) return static_cast<std::size_t>(at - factor.levels.begin());
  const std::string near = nearest_name(level, factor.levels);
  const std::string meant = near.empty() ? joined(factor.levels) : near;
  const std::string what = factor.name.empty() ? "condition" : "level of \"" + factor.name + "\"";
  fail(Status::unknown_name, "the model knows no ", what, " \"", level, "\" (",
       near.empty() ? "it knows " : "the nearest is ", meant,
       by_effect_
           ? "); an embedding by effect places a level by its treated cells, so to predict at "
             "one without, fit with an embedding that has it"
           : "); to predict at a level without cells, fit with an embedding that has it");
}

void CovariateRoles::add_context(const Factor& factor, const CovariateValue& value,
                                 std::vector<double>& context) const {
  const std::size_t count = value.is_number() ? value.numbers.size() : value.levels.size();
  require(value.is_number() == factor.is_number && count == 1, Status::invalid_argument,
          "covariate \"", factor.name, "\" must be one ", factor.is_number ? "number" : "level",
          "; found ", count, value.is_number() ? " numbers" : " levels");
  if (factor.is_number) {
    context.push_back(value.numbers[0]);
    return;
  }
  const std::size_t level = index_of(factor, value.levels[0]);
  for (arma::uword k = 0; k < factor.coordinates.n_rows; ++k)
    context.push_back(factor.coordinates(k, level));
}

ConditionCovariates CovariateRoles::of(const Condition& condition) const {
  const auto value_of = [&](const std::string& name) -> const CovariateValue& {
    const CovariateValue* value = condition.find(name);
    require(value != nullptr, Status::invalid_argument, "condition ", described(condition),
            " has no covariate \"", name, "\", which the model was fitted with");
    return *value;
  };
  std::vector<std::string> levels;
  std::vector<double> doses;
  if (has_level_)
    levels = level_.name.empty() ? std::vector<std::string>{condition.name}
                                 : value_of(level_.name).levels;
  if (!dose_.empty()) doses = value_of(dose_).numbers;
  require((!has_level_ || !levels.empty()) && (dose_.empty() || !doses.empty()),
          Status::invalid_argument, "condition ", described(condition),
          " has a number where the model was fitted with levels, or the other way");
  // Where all covariates are of the context, there is one treatment, of no level and no dose.
  const std::size_t count = std::max({levels.size(), doses.size(), std::size_t{1}});
  require(doses.size() <= 1 || doses.size() == std::max<std::size_t>(levels.size(), 1),
          Status::invalid_argument, "condition ", described(condition), " has ", doses.size(),
          " doses and ", levels.size(), levels.size() == 1 ? " level" : " levels",
          "; give each level its dose, or one for all, and ask for one condition at a time");
  ConditionCovariates out;
  for (std::size_t k = 0; k < count; ++k) {
    Treatment t;
    if (has_level_) t.level = index_of(level_, levels[levels.size() == 1 ? 0 : k]);
    if (!dose_.empty()) t.dose = doses[doses.size() == 1 ? 0 : k];
    out.treatments.push_back(t);
  }
  std::vector<double> context;
  for (const Factor& factor : context_) add_context(factor, value_of(factor.name), context);
  out.context = arma::vec(context);
  return out;
}

std::vector<LevelEmbedding> CovariateRoles::embeddings() const {
  std::vector<LevelEmbedding> out;
  const auto add = [&](const Factor& factor) {
    out.push_back({factor.name, factor.levels, factor.coordinates, {}});
  };
  if (has_level_ && !by_effect_ && level_.coordinates.n_rows > 0) add(level_);
  for (const Factor& factor : context_) {
    const arma::uword count = factor.levels.size();
    const bool one_hot = factor.coordinates.n_rows == count &&
                         arma::approx_equal(factor.coordinates, arma::eye(count, count), "absdiff", 0.0);
    if (!factor.is_number && !one_hot) add(factor);
  }
  return out;
}

namespace {

std::string place(std::size_t k) {
  return text("response.context", k, ".");
}

}  // namespace

void CovariateRoles::store(ModelFile& file) const {
  const auto put = [&](const Factor& factor, const std::string& at) {
    file.put_text(at + "name", factor.name);
    file.put_texts(at + "levels", factor.levels);
    if (factor.coordinates.n_elem > 0) file.put(at + "coordinates", factor.coordinates);
  };
  file.put_text("response.dose", dose_);
  if (has_level_) put(level_, "response.level.");
  if (by_effect_) file.put_text("response.level.placed_by", "effect");
  file.put_number("response.contexts", static_cast<double>(context_.size()));
  for (std::size_t k = 0; k < context_.size(); ++k) put(context_[k], place(k));
}

CovariateRoles CovariateRoles::load(const ModelFile& file) {
  const auto get = [&](const std::string& at) {
    Factor out;
    out.name = file.text_value(at + "name");
    out.levels = file.texts(at + "levels");
    out.is_number = out.levels.empty();
    out.coordinates.set_size(0, out.levels.size());
    if (file.has(at + "coordinates")) out.coordinates = file.matrix(at + "coordinates");
    require(out.coordinates.n_cols == out.levels.size() && out.coordinates.is_finite(),
            Status::bad_format, "the model file has coordinates of ", out.coordinates.n_cols,
            " levels for ", out.levels.size());
    return out;
  };
  CovariateRoles out;
  out.dose_ = file.text_value("response.dose");
  out.has_level_ = file.has_text("response.level.name");
  if (out.has_level_) out.level_ = get("response.level.");
  out.by_effect_ = file.has_text("response.level.placed_by");
  const double contexts = file.number("response.contexts");
  require(contexts >= 0.0 && contexts <= 1000.0, Status::bad_format, "the model file has ",
          contexts, " contexts");
  for (std::size_t k = 0; k < static_cast<std::size_t>(contexts); ++k)
    out.context_.push_back(get(place(k)));
  return out;
}

}  // namespace laot
