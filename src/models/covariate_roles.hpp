// The roles of covariates in a model of many conditions: the levels and doses of
// treatments, and coordinates of a context.
#pragma once

#include <string>
#include <vector>

#include "laot/conditions/control_places.hpp"
#include "laot/conditions/covariates.hpp"
#include "laot/experiment.hpp"
#include "laot/model_file.hpp"

namespace laot {

constexpr std::size_t kFewControls = 20;  // whose mean says little of a level

/// Covariates whose levels are placed by control cells are of the context. Of the others, the
/// treatment's level is the covariate of levels of which a condition has several; else the first
/// that has an embedding; else the first; without covariates, the condition's name. The dose is the
/// covariate of numbers of which a condition has several; else the first one without a negative
/// value. All others are coordinates of the context: numbers as they are, levels by their
/// embedding, or one-hot.
class CovariateRoles {
 public:
  CovariateRoles() = default;
  explicit CovariateRoles(const Experiment& experiment);

  /// Gives the treatment's levels coordinates found from their treated cells, coordinates x levels,
  /// in place of what the experiment says of them.
  void place_by_effect(arma::mat coordinates);

  /// The covariates whose levels are placed by control cells, and their levels.
  struct ByControls {
    std::string covariate;
    std::vector<std::string> levels;
  };
  std::vector<ByControls> by_controls() const;
  /// means: those of the control cells of each of these levels, in the space of the fit [k x
  /// levels]. How many coordinates they have: 0 where all means are the same.
  std::size_t place_by_controls(const std::string& covariate, const arma::mat& means);

  /// Throws unknown_name on a level that has no coordinates, with the nearest one that is known,
  /// and invalid_argument on covariates that are missing, of the other type or too many. A level
  /// that only control cells place lies where the mean of `controls` [k x n] puts it; without cells
  /// it is unknown.
  ConditionCovariates of(const Condition& condition, const arma::mat& controls = {}) const;
  /// Whether it has a level that only its control cells place.
  bool needs_controls(const Condition& condition) const;
  /// Sentences on such levels: cells that are few, places beyond those of the levels of the fit.
  std::string doubts(const Condition& condition, const arma::mat& controls) const;
  /// Of the treatment's levels, coordinates x levels; no rows where they are one-hot.
  const arma::mat& embedding() const { return level_.coordinates; }
  const std::vector<std::string>& levels() const { return level_.levels; }
  bool has_levels() const { return has_level_; }
  const std::string& dose() const { return dose_; }  // empty: there is none
  /// The embeddings of the experiment, those by_controls too; none of levels that are one-hot or
  /// placed by effect.
  std::vector<LevelEmbedding> embeddings() const;
  /// Sentences on levels that the embedding cannot tell apart and coordinates without variation.
  const std::vector<std::string>& remarks() const { return remarks_; }

  void store(ModelFile& file) const;
  /// dimension: of the space of the fit.
  static CovariateRoles load(const ModelFile& file, std::size_t dimension);

 private:
  struct Factor {
    std::string name;  // empty: the condition's name
    bool is_number = false;
    std::vector<std::string> levels;
    arma::mat coordinates;  // coordinates x levels
    bool by_controls = false;
    ControlPlaces places;  // by_controls
    bool knows(const std::string& level) const;
  };
  Factor factor_of(const Experiment& experiment, const std::string& name, bool one_hot);
  std::size_t index_of(const Factor& factor, const std::string& level) const;
  void add_context(const Factor& factor, const CovariateValue& value, const arma::vec& control_mean,
                   std::vector<double>& context) const;
  std::vector<std::size_t> context_levels(const Condition& condition) const;

  bool has_level_ = false, by_effect_ = false;
  Factor level_;
  std::string dose_;
  std::vector<Factor> context_;
  std::vector<std::string> remarks_;
};

}  // namespace laot
