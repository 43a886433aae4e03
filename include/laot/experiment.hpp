// An experiment: control populations, and conditions with the cells that were treated so.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
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

/// These in one, a combination as "A + B".
std::string value_text(const CovariateValue& value);

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

/// Cells of a condition that lie elsewhere, on disk say, and are read when a fit comes to them. All
/// is called on the thread of the caller.
class CellsElsewhere {
 public:
  virtual ~CellsElsewhere() = default;
  /// How many there are.
  virtual std::size_t count() const = 0;
  /// With their labels and names, of these features; they stay until they are let go.
  virtual Population read(const std::vector<std::string>& feature_names) = 0;
  /// Also after a read that failed.
  virtual void let_go() noexcept = 0;
};

/// One condition: its cells, and which control population goes with them.
struct TreatedPopulation {
  Condition condition;
  Population population;  // of cells elsewhere empty, but while they are read
  std::size_t control = 0;
  std::shared_ptr<CellsElsewhere> elsewhere = {};

  std::size_t count() const { return elsewhere ? elsewhere->count() : population.cells.cells(); }
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

/// The experiment without the conditions that are held out, and without the control populations
/// that go with these alone. Throws unknown_name where one is not there, and invalid_argument where
/// none is left.
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
/// not finite. Cells that are elsewhere are checked when they are read.
void check_experiment(const Experiment& experiment, Context& context);

/// An experiment whose cells elsewhere are read in turn.
class CellsInTurn {
 public:
  /// The experiment must outlive it; it is copied, without cells, where some are elsewhere.
  explicit CellsInTurn(const Experiment& experiment);

  const Experiment& experiment() const { return copy_ ? *copy_ : given_; }
  bool some_elsewhere() const { return copy_.has_value(); }

  /// While it lives, the cells of conditions first .. last - 1 are there, checked as
  /// check_experiment checks the others.
  class Turn {
   public:
    Turn(CellsInTurn& all, std::size_t first, std::size_t last, Context& context);
    ~Turn() { let_go(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    void let_go() noexcept;

    CellsInTurn& all_;
    std::size_t first_, read_;  // first_ .. read_ - 1 are there
  };

 private:
  const Experiment& given_;
  std::optional<Experiment> copy_;
};

}  // namespace laot
