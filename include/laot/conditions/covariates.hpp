// Conditions as covariates, and the features phi of a condition on which what it does is regressed.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/base.hpp"

namespace laot {

/// A level (a drug, a patient) at a dose. A condition is one of them, or several: a combination.
struct Treatment {
  static constexpr std::size_t kNoLevel = static_cast<std::size_t>(-1);
  std::size_t level = kNoLevel;  // a column of the embedding, or kNoLevel where there are no levels
  double dose = kNaN;            // >= 0; NaN where the experiment has no dose
};

/// A condition's covariates. The order of the treatments does not matter.
struct ConditionCovariates {
  std::vector<Treatment> treatments;  // at least one
  arma::vec context;  // further coordinates (of the cell line, say), as many for each condition
  /// Numbers of the levels of the context, from 0, that have an effect of their own beside what its
  /// coordinates say. None of a context that no training condition has.
  std::vector<std::size_t> context_levels = {};
};

/// Kind of a condition for a model that was trained on others, the first that holds: known; a level
/// that no training condition has; a context that none has; levels that none has together in this
/// context; another dose of what is known.
enum class ConditionKind { seen, unseen_level, unseen_context, unseen_combination, unseen_dose };
const char* name_of(ConditionKind kind);

struct CovariateOptions {
  double level_weight = 1.0;      // alpha: a level's own effect, of treatments and of contexts
  double condition_weight = 0.5;  // beta: a training condition's own effect
};

/// The features of the mixed model,
///   phi = [ sum_t h(dose_t) (x) [1, e(level_t), context],
///           alpha sum_t h(dose_t) (x) [onehot(level_t), onehot(context levels)],
///           beta onehot(condition) ],
/// the sums over the treatments of the condition, e the embedding and the context standardised over
/// the treatments of the training conditions (constant coordinates are left out), h = (u, u^2) with
///   u = log1p(dose / d0) / log1p(max / d0),
/// d0 the smallest positive training dose and max the largest; h = u where there is one training
/// dose, and 1 where there is none. The first block carries to levels that were not seen, the
/// second to other doses of those that were, the third is a training condition's own. At dose 0 phi
/// is 0, and with it what is regressed on phi.
class CovariateFeatures {
 public:
  CovariateFeatures() = default;
  /// embedding: coordinates x levels (no rows: one-hot, nothing carries to other levels). Throws
  /// invalid_argument on a dose that is negative or not finite, doses that only some treatments
  /// have, a level without a column, contexts of different length, and two equal conditions.
  CovariateFeatures(std::vector<ConditionCovariates> training, arma::mat embedding,
                    const CovariateOptions& options = {});

  std::size_t size() const;    // K
  arma::mat training() const;  // K x C
  /// Of any condition, its own effect included where it is a training condition. Throws as the
  /// constructor does, and unknown_name for an unseen level where the embedding has no coordinates.
  arma::vec operator()(const ConditionCovariates& condition) const;

  /// Which training condition has the same treatments, in any order, in the same context; their
  /// number where none has.
  std::size_t find(const ConditionCovariates& condition) const;
  ConditionKind kind(const ConditionCovariates& condition) const;
  /// A sentence where a dose lies beyond the largest training dose; empty where none does.
  std::string beyond_doses(const ConditionCovariates& condition) const;
  /// The level numbers of a training condition, sorted: equal for conditions of the same levels.
  const std::vector<std::vector<std::size_t>>& level_sets() const { return level_sets_; }

  /// 1, then the standardised embedding and context of a treatment.
  arma::vec coordinates(const Treatment& treatment, const arma::vec& context) const;
  /// h(dose).
  std::vector<double> dose_curve(double dose) const;

  std::size_t context_levels() const { return context_levels_; }

  bool has_dose() const { return has_dose_; }
  double largest_dose() const { return largest_dose_; }  // of the training, positive
  bool single_dose() const { return single_dose_; }
  const std::vector<ConditionCovariates>& conditions() const { return training_; }
  const arma::mat& embedding() const { return embedding_; }
  const CovariateOptions& options() const { return options_; }

 private:
  // Treatments in order, then the context: equal for the same condition.
  using Key = std::tuple<std::vector<std::pair<std::size_t, double>>, std::vector<std::size_t>,
                         std::vector<double>>;
  static Key key_of(const ConditionCovariates& condition);
  void check(const ConditionCovariates& condition) const;
  void learn_doses();
  void learn_scale();

  std::vector<ConditionCovariates> training_;
  std::map<Key, std::size_t> number_of_;  // of the training conditions
  arma::mat embedding_;
  CovariateOptions options_;
  bool has_dose_ = false, single_dose_ = false;
  double smallest_dose_ = 0.0, largest_dose_ = 0.0;
  std::vector<bool> level_seen_;
  std::size_t context_levels_ = 0;
  std::vector<std::vector<std::size_t>> level_sets_;
  std::vector<std::size_t> kept_;  // of [embedding, context]: those that are not constant
  arma::vec mean_, scale_;         // of the kept
};

}  // namespace laot
