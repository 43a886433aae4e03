// One network for all conditions, on top of the pooled linear map or on its own.
#pragma once

#include <memory>
#include <vector>

#include "covariate_roles.hpp"
#include "laot/models.hpp"
#include "laot/nets/conditional_map.hpp"
#include "linear_conditional_map.hpp"

namespace laot {

/// How a dose enters the network: u of CovariateFeatures, which does not depend on its unit, or its
/// natural logarithm.
enum class DoseScale { relative, logarithm };

/// The network's inputs for a condition. A treatment is its standardised coordinates (those of
/// its level's embedding, or one-hot without one, and of the context) and its dose: two contexts.
/// Where training conditions have several treatments, each treatment is one vector of a set.
class ConditionContexts {
 public:
  ConditionContexts() = default;
  ConditionContexts(CovariateFeatures features, DoseScale scale);

  const CovariateFeatures& features() const { return features_; }
  bool set() const { return set_; }
  DoseScale scale() const { return scale_; }
  std::vector<std::size_t> lengths() const;
  /// Throws invalid_argument on a dose without a logarithm, on several treatments where training
  /// conditions had one each, and on a treatment that is there twice: a mean over a set does not
  /// count.
  std::vector<std::vector<float>> operator()(const ConditionCovariates& condition) const;

 private:
  std::vector<float> coordinates(const Treatment& treatment, const arma::vec& context) const;
  float dose(double value) const;

  CovariateFeatures features_;
  DoseScale scale_ = DoseScale::relative;
  bool set_ = false;
};

/// T(z, c) = s + N([s ; E(c)]), s = A_c z + a_c where there is a start and z where there is none;
/// where all doses are 0, z itself. In single precision.
class NetworkConditionalMap final : public ConditionalMap {
 public:
  using Network = nets::ConditionalMap<float>;

  /// start: null, or the pooled linear map; of_shift: its shifts in the space, k x K.
  NetworkConditionalMap(CovariateRoles roles, ConditionContexts contexts, Network network,
                        std::shared_ptr<const LinearConditionalMap> start, arma::mat of_shift);
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
  ConditionContexts contexts_;
  std::shared_ptr<const Network> network_;
  std::shared_ptr<const LinearConditionalMap> start_;
  arma::mat of_shift_;
};

}  // namespace laot
