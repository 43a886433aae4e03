// The maps of conditional LAOT and of the trivial conditional predictors.
#pragma once

#include <memory>
#include <vector>

#include "covariate_roles.hpp"
#include "laot/conditions/conditional_laot.hpp"
#include "laot/models.hpp"

namespace laot {

/// nearest_shift: the mean shift of the nearest training condition. regressed_shift: the mean shift
/// regressed on the features. gaussian: that, and the Gaussian map to the regressed covariance.
/// laot: conditional LAOT. pooled_laot: its pooled map alone, without the own maps of conditions
/// and without the spread (restore = 0): where a network starts.
enum class ConditionalForm { nearest_shift, regressed_shift, gaussian, laot, pooled_laot };

class LinearConditionalMap final : public ConditionalMap {
 public:
  LinearConditionalMap(ConditionalForm form, const ExperimentInput& input, CovariateRoles roles,
                       CovariateFeatures features, ConditionalLaot model, arma::mat own_shift,
                       arma::mat shift);
  static std::shared_ptr<const ConditionalMap> load(ConditionalForm form, const ModelFile& file,
                                                    const FeatureSpace& space);

  At at(const Condition& condition, const arma::mat& controls) const override;
  bool needs_controls(const Condition& condition) const override {
    return roles_.needs_controls(condition);
  }
  std::vector<LevelEmbedding> embeddings() const override { return roles_.embeddings(); }
  void store(ModelFile& file) const override;

 private:
  LinearConditionalMap() = default;
  std::size_t control_for(const ConditionCovariates& covariates, std::size_t own) const;
  struct ControlMoments {
    arma::vec mean;
    SpreadOfControl spread;  // nothing where the form has none
  };
  ControlMoments moments_of(const arma::mat& controls) const;
  ControlMoments moments_of(std::size_t control) const;
  arma::mat map_at(const arma::vec& phi, std::size_t own, const SpreadOfControl& control) const;
  void add_pooled_control();
  void store_pooled(ModelFile& file) const;

  ConditionalForm form_ = ConditionalForm::laot;
  CovariateRoles roles_;
  CovariateFeatures features_;
  ConditionalLaot model_;        // its shifts are not used: those here are of the features
  arma::mat own_shift_, shift_;  // features x C, features x K
  arma::mat control_means_;      // k x controls, and one more: their mean
  std::vector<std::size_t> control_of_;
};

}  // namespace laot
