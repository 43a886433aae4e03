// An experiment: control populations, and conditions with the cells that were treated so.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "laot/data.hpp"

namespace laot {

/// Cells in the user's units: log-normalised expression, PCs, intensities. Whatever is fitted is
/// what is predicted; the feature space does the scaling.
struct Population {
  Cells cells;                          // features x n
  std::vector<std::string> names;       // of the cells; empty, or one each
  std::vector<std::string> batch;       // level of each cell (donor, replicate); empty: one level
  std::vector<std::string> types = {};  // type of each cell, for its share; empty: not known
};

/// A condition's value of one covariate: numbers (a dose, a time) or levels (a drug, a patient).
/// One of either; a combination has several, in the same order in every covariate that has several:
/// its drugs, and the dose of each.
struct CovariateValue {
  std::vector<double> numbers;
  std::vector<std::string> levels;

  bool is_number() const { return levels.empty(); }
};

/// A name, and what is known besides. Either may be missing where the other says enough.
struct Condition {
  std::string name;
  std::vector<std::pair<std::string, CovariateValue>> covariates;

  const CovariateValue* find(const std::string& covariate) const;  // nullptr: has none
};

/// Each number or level as text.
std::vector<std::string> texts_of(const CovariateValue& value);

/// The same covariates with the same values, whatever the names and the order of covariates.
bool same_covariates(const Condition& a, const Condition& b);

/// Throws not_finite, naming it, where a number of the covariates is NaN or Inf.
void require_finite_covariates(const Condition& condition);

/// `"A"`, or `drug = A, dose = 3` where it has no name: for sentences.
std::string described(const Condition& condition);

/// Coordinates of the levels of a covariate, by which what is learnt of some levels may carry to
/// others.
struct LevelEmbedding {
  std::string covariate;
  std::vector<std::string> levels;
  arma::mat coordinates;  // coordinates x levels
  std::vector<std::string> coordinate_names;
  /// The fit places the levels by the control cells of each: no levels and no coordinates here.
  bool by_controls = false;
};

/// The word for an embedding by_controls.
LevelEmbedding placed_by_controls(const std::string& covariate);

/// One condition: its cells, and which control population goes with them.
struct TreatedPopulation {
  Condition condition;
  Population population;
  std::size_t control = 0;
};

struct Experiment {
  std::vector<std::string> feature_names;  // empty, or one each
  std::vector<Population> controls;        // one for all conditions, or one a context (cell line)
  std::vector<TreatedPopulation> conditions;
  std::vector<LevelEmbedding> embeddings;
  std::vector<std::string> held_out;  // names of conditions that a fit leaves out

  /// Of the conditions, in order of first appearance.
  std::vector<std::string> condition_names() const;
  std::vector<std::string> covariate_names() const;
};

/// The same embedding with its levels in the order of their bytes, so that a fit does not depend on
/// the order in which they were given.
LevelEmbedding in_order(const LevelEmbedding& embedding);

/// The experiment without the conditions that are held out, and without the control populations that
/// go with these alone. Throws unknown_name where one is not there, and invalid_argument where none
/// is left.
Experiment without_held_out(const Experiment& experiment);

/// The experiment of one condition without covariates.
Experiment experiment_of(const Cells& control, const Cells& treated);

/// Which condition is meant: by its name, or else by its covariates; their number where it is none
/// of them.
std::size_t find_condition(const std::vector<Condition>& conditions, const Condition& wanted);

/// Refuses what is no experiment, in one sentence that names the condition: no controls, no
/// conditions, a control that does not exist, populations without cells, of other features or with
/// NaN or Inf, names that are not one each, conditions without a name or with the same one, and
/// covariates that only some conditions have, that are numbers here and levels there, or that are
/// not finite.
void check_experiment(const Experiment& experiment, Context& context);

}  // namespace laot
