#include "covariate_roles.hpp"

#include <algorithm>
#include <iterator>

#include "laot/conditions/embeddings.hpp"
#include "laot/number_text.hpp"

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

// Levels are few, so that many a new one lies a little outside: by more than this share of their
// span it is told.
constexpr double kMargin = 0.25;

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
  std::vector<std::string> placed;
  const auto is_placed = [&](const std::string& name) {
    const LevelEmbedding* embedding = embedding_for(experiment, name);
    return embedding != nullptr && embedding->by_controls;
  };
  std::copy_if(levels.begin(), levels.end(), std::back_inserter(placed), is_placed);
  levels.erase(std::remove_if(levels.begin(), levels.end(), is_placed), levels.end());
  has_level_ = !levels.empty() || (numbers.empty() && placed.empty());
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
  for (const std::string& name : placed) context_.push_back(factor_of(experiment, name, false));
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
  const LevelEmbedding* unordered = embedding_for(experiment, name);
  out.by_controls = unordered != nullptr && unordered->by_controls;
  if (unordered != nullptr && !out.by_controls) {
    const LevelEmbedding given = in_order(*unordered);
    const Embedding seen =
        embedding_of(out.levels, given.levels, given.coordinates, given.coordinate_names,
                     "the embedding of \"" + name + "\"");
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

std::vector<CovariateRoles::ByControls> CovariateRoles::by_controls() const {
  std::vector<ByControls> out;
  for (const Factor& factor : context_)
    if (factor.by_controls) out.push_back({factor.name, factor.levels});
  return out;
}

std::size_t CovariateRoles::place_by_controls(const std::string& covariate,
                                              const arma::mat& means) {
  std::size_t out = 0;
  for (Factor& factor : context_) {
    if (factor.name != covariate) continue;
    factor.places = ControlPlaces(means, coordinates_of_levels(factor.levels.size()));
    out = factor.places.axes().n_cols;
    factor.coordinates.set_size(out, means.n_cols);
    if (out == 0) continue;  // means that are all the same: refused by the caller
    for (arma::uword level = 0; level < means.n_cols; ++level)
      factor.coordinates.col(level) = factor.places(means.col(level));
  }
  return out;
}

bool CovariateRoles::Factor::knows(const std::string& level) const {
  return std::find(levels.begin(), levels.end(), level) != levels.end();
}

bool CovariateRoles::needs_controls(const Condition& condition) const {
  return std::any_of(context_.begin(), context_.end(), [&](const Factor& factor) {
    const CovariateValue* value = factor.by_controls ? condition.find(factor.name) : nullptr;
    return value != nullptr && value->levels.size() == 1 && !factor.knows(value->levels[0]);
  });
}

std::string CovariateRoles::doubts(const Condition& condition, const arma::mat& controls) const {
  std::string out;
  const arma::uword cells = controls.n_cols;
  if (cells == 0) return out;
  for (const Factor& factor : context_) {
    const CovariateValue* value = factor.by_controls ? condition.find(factor.name) : nullptr;
    if (value == nullptr || value->levels.size() != 1 || factor.knows(value->levels[0])) continue;
    const std::string who = text("level \"", value->levels[0], "\" of \"", factor.name, "\"");
    if (cells < kFewControls)
      add_clause(out, text(who, " is placed by the mean of ", cells, " control cell",
                           cells == 1 ? "" : "s"));
    const arma::vec at = factor.places(arma::mean(controls, 1));
    for (arma::uword k = 0; k < at.n_elem; ++k) {
      const double low = factor.coordinates.row(k).min(), high = factor.coordinates.row(k).max();
      const double margin = kMargin * (high - low);
      if (at[k] >= low - margin && at[k] <= high + margin) continue;
      add_clause(out, text(who, " lies beyond the levels that were seen (coordinate ", k + 1,
                           " of the control cells is ", text_of_number(at[k], 3), ", theirs are ",
                           text_of_number(low, 3), " to ", text_of_number(high, 3),
                           "): the prediction is an extrapolation"));
      break;
    }
  }
  return out;
}

std::size_t CovariateRoles::index_of(const Factor& factor, const std::string& level) const {
  const auto at = std::find(factor.levels.begin(), factor.levels.end(), level);
  if (at != factor.levels.end()) return static_cast<std::size_t>(at - factor.levels.begin());
  const std::string near = nearest_name(level, factor.levels);
  const std::string meant = near.empty() ? joined(factor.levels) : near;
  const std::string what = factor.name.empty() ? "condition" : "level of \"" + factor.name + "\"";
  require(!factor.by_controls, Status::unknown_name, "the model knows no ", what, " \"", level,
          "\" (", near.empty() ? "it knows " : "the nearest is ", meant,
          "), and a level that was not seen is placed by its control cells; give these");
  fail(Status::unknown_name, "the model knows no ", what, " \"", level, "\" (",
       near.empty() ? "it knows " : "the nearest is ", meant,
       by_effect_
           ? "); an embedding by effect places a level by its treated cells, so to predict at "
             "one without, fit with an embedding that has it"
           : "); to predict at a level without cells, fit with an embedding that has it");
}

void CovariateRoles::add_context(const Factor& factor, const CovariateValue& value,
                                 const arma::vec& control_mean,
                                 std::vector<double>& context) const {
  const std::size_t count = value.is_number() ? value.numbers.size() : value.levels.size();
  require(value.is_number() == factor.is_number && count == 1, Status::invalid_argument,
          "covariate \"", factor.name, "\" must be one ", factor.is_number ? "number" : "level",
          "; found ", count, value.is_number() ? " numbers" : " levels");
  if (factor.is_number) {
    context.push_back(value.numbers[0]);
    return;
  }
  if (factor.by_controls && !control_mean.is_empty() && !factor.knows(value.levels[0])) {
    for (const double coordinate : factor.places(control_mean)) context.push_back(coordinate);
    return;
  }
  const std::size_t level = index_of(factor, value.levels[0]);
  for (arma::uword k = 0; k < factor.coordinates.n_rows; ++k)
    context.push_back(factor.coordinates(k, level));
}

// Those that control cells place, which their coordinates alone would not tell apart, numbered
// through all such covariates.
std::vector<std::size_t> CovariateRoles::context_levels(const Condition& condition) const {
  std::vector<std::size_t> out;
  std::size_t first = 0;
  for (const Factor& factor : context_) {
    if (!factor.by_controls) continue;
    const std::string& level = condition.find(factor.name)->levels[0];
    if (factor.knows(level)) out.push_back(first + index_of(factor, level));
    first += factor.levels.size();
  }
  return out;
}

ConditionCovariates CovariateRoles::of(const Condition& condition,
                                       const arma::mat& controls) const {
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
  require(!has_level_ || !levels.empty(), Status::invalid_argument, "\"", level_.name,
          "\" has levels in this model, and a number was given (", described(condition),
          "); give a level");
  require(dose_.empty() || !doses.empty(), Status::invalid_argument, "\"", dose_,
          "\" is a number in this model, and a level was given (", described(condition),
          "); give a number");
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
  arma::vec control_mean;
  if (controls.n_cols > 0) control_mean = arma::mean(controls, 1);
  for (const Factor& factor : context_)
    add_context(factor, value_of(factor.name), control_mean, context);
  out.context = arma::vec(context);
  out.context_levels = context_levels(condition);
  return out;
}

std::vector<LevelEmbedding> CovariateRoles::embeddings() const {
  std::vector<LevelEmbedding> out;
  const auto add = [&](const Factor& factor) {
    out.push_back({factor.name, factor.levels, factor.coordinates, {}});
  };
  for (const Factor& factor : context_)
    if (factor.by_controls) out.push_back(placed_by_controls(factor.name));
  if (has_level_ && !by_effect_ && level_.coordinates.n_rows > 0) add(level_);
  for (const Factor& factor : context_) {
    const arma::uword count = factor.levels.size();
    const bool one_hot =
        factor.coordinates.n_rows == count &&
        arma::approx_equal(factor.coordinates, arma::eye(count, count), "absdiff", 0.0);
    if (!factor.is_number && !one_hot && !factor.by_controls) add(factor);
  }
  return out;
}

namespace {

const char kLevelPlace[] = "response.level.";

std::string place(std::size_t k) {
  return text("response.context", k, ".");
}

}  // namespace

void CovariateRoles::store(ModelFile& file) const {
  const auto put = [&](const Factor& factor, const std::string& at) {
    file.put_text(at + "name", factor.name);
    file.put_texts(at + "levels", factor.levels);
    if (factor.coordinates.n_elem > 0) file.put(at + "coordinates", factor.coordinates);
    if (!factor.by_controls) return;
    file.put_text(at + "placed_by", "control");
    file.put(at + "centre", factor.places.centre());
    file.put(at + "axes", factor.places.axes());
  };
  file.put_text("response.dose", dose_);
  if (has_level_) put(level_, kLevelPlace);
  if (by_effect_) file.put_text("response.level.placed_by", "effect");
  file.put_number("response.contexts", static_cast<double>(context_.size()));
  for (std::size_t k = 0; k < context_.size(); ++k) put(context_[k], place(k));
}

CovariateRoles CovariateRoles::load(const ModelFile& file, std::size_t dimension) {
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
    out.by_controls = at != kLevelPlace && file.has_text(at + "placed_by");
    if (!out.by_controls) return out;
    const arma::vec centre = file.vector(at + "centre");
    const arma::mat axes = file.matrix(at + "axes");
    require(!out.is_number && centre.n_elem == dimension && axes.n_rows == dimension &&
                centre.is_finite() && axes.n_cols == out.coordinates.n_rows && axes.n_cols > 0 &&
                axes.is_finite(),
            Status::bad_format, "the model file places the levels of \"", out.name, "\" along ",
            axes.n_rows, " x ", axes.n_cols, " axes about ", centre.n_elem, " means, where ",
            dimension, " x ", out.coordinates.n_rows, " finite numbers are needed");
    out.places = ControlPlaces(centre, axes);
    return out;
  };
  CovariateRoles out;
  out.dose_ = file.text_value("response.dose");
  out.has_level_ = file.has_text("response.level.name");
  if (out.has_level_) out.level_ = get(kLevelPlace);
  out.by_effect_ = file.has_text("response.level.placed_by");
  const std::size_t contexts = file.count("response.contexts", 0, 1000);
  for (std::size_t k = 0; k < contexts; ++k) out.context_.push_back(get(place(k)));
  return out;
}

}  // namespace laot
