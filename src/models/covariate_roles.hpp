// The roles of covariates in a model of many conditions: the levels and doses of
// treatments, and coordinates of a context.
#pragma once

#include <string>
#include <vector>

#include "laot/conditions/covariates.hpp"
#include "laot/experiment.hpp"
#include "laot/model_file.hpp"

namespace laot {

/// The treatment's level is the covariate of levels of which a condition has several; else the
/// first that has an embedding; else the first; without covariates, the condition's name. The dose
/// is the covariate of numbers of which a condition has several; else the first one without a
/// negative value. All others are coordinates of the context: numbers as they are, levels by their
/// embedding, or one-hot.
class CovariateRoles {
 public:
  CovariateRoles() = default;
  explicit CovariateRoles(const Experiment& experiment);

  /// Gives the treatment's levels coordinates found from their treated cells, coordinates x levels,
  /// in place of what the experiment says of them.
  void place_by_effect(arma::mat coordinates);

  /// Throws unknown_name on a level that has no coordinates, with the nearest one that is known,
  /// and invalid_argument on covariates that are missing, of the other type or too many.
  ConditionCovariates of(const Condition& condition) const;
  /// Of the treatment's levels, coordinates x levels; no rows where they are one-hot.
  const arma::mat& embedding() const { return level_.coordinates; }
  const std::vector<std::string>& levels() const { return level_.levels; }
  bool has_levels() const { return has_level_; }
  const std::string& dose() const { return dose_; }  // empty: there is none
  /// The embeddings of the experiment; none of levels that are one-hot or placed by effect.
  std::vector<LevelEmbedding> embeddings() const;
  /// Sentences on levels that the embedding cannot tell apart and coordinates without variation.
  const std::vector<std::string>& remarks() const { return remarks_; }

  void store(ModelFile& file) const;
  static CovariateRoles load(const ModelFile& file);

 private:
  struct Factor {
    std::string name;  // empty: the condition's name
    bool is_number = false;
    std::vector<std::string> levels;
    arma::mat coordinates;  // coordinates x levels
  };
  Factor factor_of(const Experiment& experiment, const std::string& name, bool one_hot);
  std::size_t index_of(const Factor& factor, const std::string& level) const;
  void add_context(const Factor& factor, const CovariateValue& value,
                   std::vector<double>& context) const;

  bool has_level_ = false, by_effect_ = false;
  Factor level_;
  std::string dose_;
  std::vector<Factor> context_;
  std::vector<std::string> remarks_;
};

}  // namespace laot
