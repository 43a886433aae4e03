#include "laot/experiment.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "laot/number_text.hpp"

namespace laot {

namespace {

void add_new(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

void check_names(const std::vector<std::string>& names, std::size_t count,
                 const std::string& what) {
  require(names.empty() || names.size() == count, Status::dimension_mismatch, what, " are ",
          names.size(), " for ", count);
}

void check_population(const Population& population, const std::string& name, std::size_t features,
                      const std::string& first, Context& context) {
  require_valid(population.cells, name, context);
  require(population.cells.features() == features, Status::dimension_mismatch, first, " has ",
          features, " features and ", name, " has ", population.cells.features(),
          "; both must have the same features in the same order");
  check_names(population.names, population.cells.cells(), "names of " + name + " cells");
}

void check_covariates(const Condition& condition, const Condition& first) {
  const std::string who = described(condition);
  require(condition.covariates.size() == first.covariates.size(), Status::invalid_argument,
          "condition ", who, " has ", condition.covariates.size(), " covariates and condition ",
          described(first), " has ", first.covariates.size(), "; all must have the same ones");
  for (const auto& [name, value] : condition.covariates) {
    const CovariateValue* other = first.find(name);
    require(other != nullptr, Status::invalid_argument, "condition ", who, " has a covariate \"",
            name, "\" that condition ", described(first), " does not have");
    require(value.is_number() == other->is_number(), Status::invalid_argument, "covariate \"", name,
            "\" is a number in one condition and a level in another (", who, ", ", described(first),
            ")");
    require(!value.numbers.empty() || !value.levels.empty(), Status::invalid_argument,
            "covariate \"", name, "\" of condition ", who, " has no value");
  }
  require_finite_covariates(condition);
}

void check_conditions(const Experiment& experiment) {
  const std::vector<TreatedPopulation>& all = experiment.conditions;
  for (std::size_t c = 0; c < all.size(); ++c) {
    const Condition& condition = all[c].condition;
    require(all[c].control < experiment.controls.size(), Status::invalid_argument, "condition ",
            described(condition), " goes with control population ", all[c].control, ", but there ",
            experiment.controls.size() == 1 ? "is only one" : "are only ",
            experiment.controls.size() == 1 ? "" : text(experiment.controls.size()),
            " (counted from 0)");
    require(all.size() == 1 || !condition.name.empty(), Status::invalid_argument, "condition ",
            c + 1, " (counted from 1) has no name; of several conditions each needs one");
    check_covariates(condition, all[0].condition);
    for (std::size_t before = 0; before < c; ++before)
      require(all[before].condition.name != condition.name, Status::invalid_argument,
              "there are two conditions with the name \"", condition.name,
              "\"; give each its own, or put their cells together");
  }
}

void check_embedding(const LevelEmbedding& embedding, const Condition& condition) {
  const CovariateValue* value = condition.find(embedding.covariate);
  std::vector<std::string> names;
  for (const auto& entry : condition.covariates) names.push_back(entry.first);
  require(value != nullptr, Status::unknown_name, "there is an embedding of \"",
          embedding.covariate, "\", and the conditions have no such covariate",
          names.empty() ? "" : " (they have " + joined(names) + ")");
  require(!value->is_number(), Status::invalid_argument, "covariate \"", embedding.covariate,
          "\" has numbers, and an embedding is of levels; leave it out");
  if (embedding.by_controls) return;
  require(embedding.coordinates.n_cols == embedding.levels.size(), Status::dimension_mismatch,
          "the embedding of \"", embedding.covariate, "\" has ", embedding.coordinates.n_cols,
          " columns for ", embedding.levels.size(), " levels");
}

bool same_cells(const Cells& a, const Cells& b) {
  if (a.cells() != b.cells()) return false;
  arma::vec x(a.features()), y(a.features());
  for (std::size_t i = 0; i < a.cells(); ++i) {
    a.gather(i, 1, x.memptr());
    b.gather(i, 1, y.memptr());
    if (!std::equal(x.begin(), x.end(), y.begin())) return false;
  }
  return true;
}

void check_treated(const TreatedPopulation& treated, const Experiment& experiment,
                   Context& context) {
  check_population(
      treated.population,
      experiment.conditions.size() == 1 ? "treated" : "condition " + described(treated.condition),
      experiment.controls[0].cells.features(),
      experiment.controls.size() == 1 ? "control" : "control 1", context);
}

void require_other_cells(const TreatedPopulation& treated, const Experiment& experiment) {
  if (experiment.conditions.size() == 1) return;
  require(!same_cells(treated.population.cells, experiment.controls[treated.control].cells),
          Status::invalid_argument, "condition ", described(treated.condition),
          " has the cells of its control population; leave it out, for dose 0 is no condition");
}

}  // namespace

const CovariateValue* Condition::find(const std::string& covariate) const {
  for (const auto& [candidate, value] : covariates)
    if (candidate == covariate) return &value;
  return nullptr;
}

std::vector<std::string> texts_of(const CovariateValue& value) {
  std::vector<std::string> out = value.levels;
  for (const double number : value.numbers) out.push_back(number_text(number));
  return out;
}

std::string value_text(const CovariateValue& value) {
  std::string out;
  for (const std::string& part : texts_of(value)) out += (out.empty() ? "" : " + ") + part;
  return out;
}

bool same_covariates(const Condition& a, const Condition& b) {
  if (a.covariates.size() != b.covariates.size()) return false;
  return std::all_of(a.covariates.begin(), a.covariates.end(), [&](const auto& entry) {
    const CovariateValue* other = b.find(entry.first);
    return other != nullptr && other->numbers == entry.second.numbers &&
           other->levels == entry.second.levels;
  });
}

void require_finite_covariates(const Condition& condition) {
  for (const auto& [name, value] : condition.covariates)
    for (const double number : value.numbers)
      require(std::isfinite(number), Status::not_finite, "covariate \"", name, "\" of condition ",
              described(condition), " is ", std::isnan(number) ? "NaN" : "Inf",
              "; it must be a finite number");
}

std::string described(const Condition& condition) {
  if (!condition.name.empty()) return "\"" + condition.name + "\"";
  std::string out;
  for (const auto& [name, value] : condition.covariates)
    out += (out.empty() ? "" : ", ") + name + " = " + value_text(value);
  return out.empty() ? "without a name" : out;
}

std::vector<std::string> Experiment::condition_names() const {
  std::vector<std::string> out;
  for (const TreatedPopulation& treated : conditions) out.push_back(treated.condition.name);
  return out;
}

std::vector<std::string> Experiment::covariate_names() const {
  std::vector<std::string> out;
  for (const TreatedPopulation& treated : conditions)
    for (const auto& entry : treated.condition.covariates) add_new(out, entry.first);
  return out;
}

LevelEmbedding placed_by_controls(const std::string& covariate) {
  LevelEmbedding out;
  out.covariate = covariate;
  out.by_controls = true;
  return out;
}

LevelEmbedding in_order(const LevelEmbedding& embedding) {
  LevelEmbedding out = embedding;
  const std::size_t count =
      std::min<std::size_t>(embedding.levels.size(), embedding.coordinates.n_cols);
  std::vector<arma::uword> order(count);
  std::iota(order.begin(), order.end(), arma::uword{0});
  std::stable_sort(order.begin(), order.end(), [&](arma::uword a, arma::uword b) {
    return embedding.levels[a] < embedding.levels[b];
  });
  for (std::size_t k = 0; k < count; ++k) {
    out.levels[k] = embedding.levels[order[k]];
    out.coordinates.col(k) = embedding.coordinates.col(order[k]);
  }
  return out;
}

Experiment without_held_out(const Experiment& experiment) {
  const std::vector<std::string> names = experiment.condition_names();
  for (const std::string& name : experiment.held_out)
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const std::string near = nearest_name(name, names);
      fail(Status::unknown_name, "there is no condition \"", name, "\" to hold out",
           near.empty() ? "; there are " + joined(names) : "; did you mean \"" + near + "\"?");
    }
  Experiment out;
  out.feature_names = experiment.feature_names;
  out.embeddings = experiment.embeddings;
  std::vector<std::size_t> place(experiment.controls.size(), experiment.controls.size());
  for (const TreatedPopulation& treated : experiment.conditions) {
    const std::string& name = treated.condition.name;
    if (std::find(experiment.held_out.begin(), experiment.held_out.end(), name) !=
        experiment.held_out.end())
      continue;
    out.conditions.push_back(treated);
    if (treated.control >= place.size()) continue;  // refused where the experiment is checked
    std::size_t& at = place[treated.control];
    if (at == place.size()) {
      at = out.controls.size();
      out.controls.push_back(experiment.controls[treated.control]);
    }
    out.conditions.back().control = at;
  }
  require(!out.conditions.empty(), Status::invalid_argument, "all ", names.size(),
          " conditions are held out; leave one to fit");
  return out;
}

Experiment experiment_of(const Cells& control, const Cells& treated) {
  Experiment out;
  out.controls.push_back({control, {}, {}});
  out.conditions.push_back({{}, {treated, {}, {}}, 0});
  return out;
}

std::size_t find_condition(const std::vector<Condition>& conditions, const Condition& wanted) {
  const auto found =
      std::find_if(conditions.begin(), conditions.end(), [&](const Condition& candidate) {
        if (!wanted.name.empty()) return candidate.name == wanted.name;
        // The one condition of two populations may have neither.
        if (wanted.covariates.empty() && !candidate.name.empty()) return false;
        return same_covariates(candidate, wanted);
      });
  return static_cast<std::size_t>(found - conditions.begin());
}

void check_experiment(const Experiment& experiment, Context& context) {
  const std::vector<Population>& controls = experiment.controls;
  const std::vector<TreatedPopulation>& conditions = experiment.conditions;
  require(!controls.empty(), Status::invalid_argument, "the experiment has no control population");
  require(!conditions.empty(), Status::invalid_argument, "the experiment has no condition");
  check_conditions(experiment);
  const std::size_t d = controls[0].cells.features();
  for (std::size_t g = 0; g < controls.size(); ++g)
    check_population(controls[g], controls.size() == 1 ? "control" : text("control ", g + 1), d,
                     "control 1", context);
  for (const TreatedPopulation& treated : conditions)
    if (!treated.elsewhere) check_treated(treated, experiment, context);
  check_names(experiment.feature_names, d, "feature names");
  for (const LevelEmbedding& embedding : experiment.embeddings)
    check_embedding(embedding, conditions[0].condition);
  for (const TreatedPopulation& treated : conditions)
    if (!treated.elsewhere) require_other_cells(treated, experiment);
}

CellsInTurn::CellsInTurn(const Experiment& experiment) : given_(experiment) {
  if (std::any_of(experiment.conditions.begin(), experiment.conditions.end(),
                  [](const TreatedPopulation& treated) { return treated.elsewhere != nullptr; }))
    copy_ = experiment;
}

CellsInTurn::Turn::Turn(CellsInTurn& all, std::size_t first, std::size_t last, Context& context)
    : all_(all), first_(first), read_(first) {
  if (!all.copy_) return;
  Experiment& experiment = *all.copy_;
  try {
    for (; read_ < last; ++read_) {
      TreatedPopulation& treated = experiment.conditions[read_];
      if (!treated.elsewhere) continue;
      treated.population = treated.elsewhere->read(experiment.feature_names);
      const std::size_t found = treated.population.cells.cells();
      require(found == treated.count(), Status::dimension_mismatch, "condition ",
              described(treated.condition), " was said to have ", treated.count(),
              " cells, and was read with ", found);
      check_treated(treated, experiment, context);
      require_other_cells(treated, experiment);
    }
  } catch (...) {
    ++read_;  // what was refused was read
    let_go();
    throw;
  }
}

void CellsInTurn::Turn::let_go() noexcept {
  if (!all_.copy_) return;
  for (std::size_t c = first_; c < read_; ++c) {
    TreatedPopulation& treated = all_.copy_->conditions[c];
    if (!treated.elsewhere) continue;
    treated.population = Population();
    treated.elsewhere->let_go();
  }
}

}  // namespace laot
