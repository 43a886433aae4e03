// CPA at a condition: what its network is told of covariates, and its file.
#pragma once

#include <memory>
#include <vector>

#include "covariate_roles.hpp"
#include "laot/models.hpp"
#include "laot/nets/cpa.hpp"

namespace laot {

/// How the network sees a dose: a learned sigmoid of log1p(dose) or of the dose, as published, or
/// of u of CovariateFeatures, which does not depend on the unit; or the dose itself.
enum class DoseFunction { relative, logsigm, sigm, linear };

/// Conditions as the network takes them. Levels are those of the training, with a vector each, or
/// with the coordinates of their embedding; these, and the context's, are standardised over the
/// levels and conditions of the training, and those that do not vary are left out.
class CpaConditions {
 public:
  CpaConditions() = default;
  CpaConditions(CovariateFeatures features, DoseFunction doses);

  const CovariateFeatures& features() const { return features_; }
  DoseFunction doses() const { return doses_; }
  /// Levels, coordinates, contexts and dose_curve of a network for these.
  void shape_to(nets::CpaShape& shape) const;
  nets::CpaCondition<float> operator()(const ConditionCovariates& condition) const;
  /// Mean context of these training conditions, that of the controls that go with them; of none,
  /// the mean of all.
  std::vector<float> context_of(const std::vector<std::size_t>& conditions) const;

 private:
  struct Scaled {
    std::vector<arma::uword> kept;
    arma::vec mean, scale;
    Scaled() = default;
    explicit Scaled(const arma::mat& values);  // coordinates x items
    std::vector<float> operator()(const arma::vec& value) const;
  };
  float dose(double value) const;

  CovariateFeatures features_;
  DoseFunction doses_ = DoseFunction::relative;
  std::vector<std::size_t> number_;  // of each level among those of the training, or kUnseen
  std::size_t seen_ = 0;
  Scaled embedding_, context_;
};

/// T(x, c) = x + decode(code + offset of c) - decode(code + offset of its context), or the first
/// decoded alone where the residual is dropped; where all doses are 0, x itself. In single
/// precision.
class CpaConditionalMap final : public ConditionalMap {
 public:
  using Network = nets::Cpa<float>;

  CpaConditionalMap(CovariateRoles roles, CpaConditions conditions, Network network,
                    bool keep_residual);
  static std::shared_ptr<const ConditionalMap> load(const ModelFile& file,
                                                    const FeatureSpace& space);

  At at(const Condition& condition, const arma::mat& controls) const override;
  bool needs_controls(const Condition& condition) const override {
    return roles_.needs_controls(condition);
  }
  std::vector<LevelEmbedding> embeddings() const override { return roles_.embeddings(); }
  void store(ModelFile& file) const override;

 private:
  CovariateRoles roles_;
  CpaConditions conditions_;
  std::shared_ptr<const Network> network_;
  bool keep_residual_;
};

}  // namespace laot
