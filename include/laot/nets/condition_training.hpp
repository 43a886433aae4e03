// Parts that trainings of many conditions share: the cells of an experiment, the held-out part of
// them, and the validation score as a mean over conditions.
#pragma once

#include <functional>
#include <vector>

#include "laot/nets/training.hpp"

namespace laot::nets {

/// The cells of an experiment in one space: d x n_g of each control population, d x m_c of each
/// condition, and which control population goes with a condition.
struct ConditionPopulations {
  std::vector<arma::mat> controls, treated;
  std::vector<std::size_t> control_of;  // [C]
};

/// Refuses an experiment without conditions, or whose lists do not fit each other, and populations
/// that a training with held-out cells cannot use.
void check_training_cells(const ConditionPopulations& cells);

/// Which cells of each population the trainer with this seed holds out.
struct PopulationSplits {
  std::vector<Holdout> controls, treated;
};
PopulationSplits split_populations(const ConditionPopulations& cells, double share,
                                   std::uint64_t seed);

/// The part of each population that a training sees, in single precision: all of it, or without
/// what is held out.
std::vector<arma::fmat> training_part(const std::vector<arma::mat>& populations,
                                      const std::vector<Holdout>& splits, bool all);
std::vector<arma::fmat> validation_part(const std::vector<arma::mat>& populations,
                                        const std::vector<Holdout>& splits);

/// The validation scores of all conditions on one kernel, and their mean.
class ConditionScores {
 public:
  ConditionScores() = default;
  /// gamma: options.gamma, or by the median of some of the training cells (sources, targets).
  /// unmoved(c): the validation controls of condition c as they are.
  ConditionScores(const std::vector<arma::fmat>& sources, const std::vector<arma::fmat>& targets,
                  const std::vector<arma::fmat>& observed, const ValidationOptions& options,
                  const std::function<const arma::fmat&(std::size_t)>& unmoved);

  /// Mean MMD^2 and overlap over the conditions of what predicted(c) gives.
  ValidationScore::Value operator()(const std::function<arma::fmat(std::size_t)>& predicted) const;
  double identity() const { return identity_; }  // MMD^2 of cells that do not move
  double ceiling() const { return ceiling_; }

 private:
  std::vector<ValidationScore> scores_;
  double identity_ = 0.0, ceiling_ = 0.0;
};

}  // namespace laot::nets
