// Training of CPA on the cells of an experiment.
#pragma once

#include <functional>
#include <vector>

#include "laot/nets/condition_training.hpp"
#include "laot/nets/cpa.hpp"

namespace laot::nets {

/// The cells of an experiment, and what was done to them.
struct CpaCells : ConditionPopulations {
  std::vector<CpaCondition<float>> conditions;       // [C]
  std::vector<std::vector<float>> control_contexts;  // [G]
};

struct CpaOptions : ValidationOptions {
  CpaShape shape;  // features are set from the cells
  /// Of the classifiers; inputs and outputs are set from the code and the classes.
  DenseShape adversary{0, 0, {}, 0.0, true, 0.1};
  AdamSettings adam{2e-3, 0.9, 0.999, 1e-8, 1e-6};
  AdamSettings adam_doses{3e-4, 0.9, 0.999, 1e-8, 4e-7};
  AdamSettings adam_adversary{4e-3, 0.9, 0.999, 1e-8, 4e-7};
  double adversary_weight = 20.0;   // 0: no classifiers, and every step trains the autoencoder
  double penalty_weight = 0.1;      // of the gradient of the classifiers' logits
  std::size_t adversary_steps = 3;  // of so many steps one trains the autoencoder
  double last_rate = 0.01;          // the learning rates end at this fraction, along a cosine
  double rate_decay = 1.0;  // and are multiplied by this after every 45 passes over the cells
  std::size_t batch = 128;
  std::size_t iterations = 6000;  // steps
  std::size_t check_every = 200;
  bool keep_residual = true;
  bool keep_last = true, train_on_all = true;
};

/// The steps of the published training: 400 passes over the cells, fewer above 20,000 cells.
std::size_t published_cpa_steps(std::size_t cells, std::size_t batch);

/// A look: means of the steps since the last one (NaN where there was none), and the score on
/// validation cells, mean over the conditions.
struct CpaTrace {
  std::uint64_t iteration;
  double reconstruction, adversary, penalty;
  double gradient_norm;  // of the last step of the autoencoder
  double validation_mmd2;

  static auto columns() {
    using Row = CpaTrace;
    return std::make_tuple(column("iteration", &Row::iteration),
                           column("reconstruction", &Row::reconstruction),
                           column("adversary", &Row::adversary), column("penalty", &Row::penalty),
                           column("gradient_norm", &Row::gradient_norm),
                           column("validation_mmd2", &Row::validation_mmd2));
  }
};

/// Control cells in a condition: x + moved - unmoved where the residual is kept, else moved.
arma::fmat predict_cells(const Cpa<float>& net, const arma::fmat& x,
                         const CpaCondition<float>& condition, bool keep_residual);

/// A run that can be stopped, put away and gone on with; see CellotTrainer, whose rules hold here.
class CpaTrainer {
 public:
  CpaTrainer(const CpaCells& cells, const CpaOptions& options, std::uint64_t seed);

  /// Trains to options.iterations or until a value is no longer finite. Polls the context at every
  /// step. One thread; the same bits for any number.
  void run(Context& context, const std::function<void()>& between = {});

  TrainingReport report() const;
  const std::vector<CpaTrace>& trace() const { return trace_; }
  /// The iterate that is kept.
  const Cpa<float>& best() const {
    return options_.keep_last && report_.outcome != Outcome::diverged ? net_ : best_;
  }

  Snapshot save() const;
  void restore(const Snapshot& state);
  template <class Self, class Archive>
  static void state(Self& self, Archive& archive);

 private:
  double rate_factor() const;
  void step();
  void look();

  CpaOptions options_;
  CpaPopulations<float> populations_;  // the controls first
  std::vector<std::size_t> control_of_;
  std::vector<arma::fmat> validation_sources_;
  ConditionScores scores_;
  arma::fmat pooled_;
  std::vector<std::size_t> population_;  // of each pooled cell
  Rng rng_;
  BatchSampler batches_;
  Cpa<float> net_, best_;
  CpaAdversary<float> adversary_;
  Adam<float> adam_, adam_doses_, adam_adversary_;
  CpaPass<float> pass_;
  std::vector<float> gradient_, of_adversary_, x_;
  std::vector<std::size_t> batch_population_;
  double reconstruction_ = 0.0, adversary_loss_ = 0.0, penalty_ = 0.0, norm_ = kNaN;
  double steps_ = 0.0, adversary_count_ = 0.0;  // since the last look
  std::vector<CpaTrace> trace_;
  TrainingReport report_;
};

}  // namespace laot::nets
