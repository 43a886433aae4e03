// The Conditional Monge Gap (Driessen et al., 2025): training of one map for all conditions.
#pragma once

#include <functional>
#include <vector>

#include "laot/nets/condition_training.hpp"
#include "laot/nets/conditional_map.hpp"
#include "laot/nets/transport_loss.hpp"

namespace laot::nets {

/// The cells of an experiment and the contexts of its conditions. Where there is a start, the
/// network corrects it: T(x, c) = s + N([s ; E(c)]) with s = A_c x + a_c, and the Monge gap is
/// taken between s and T.
struct CmongeCells : ConditionPopulations {
  std::vector<std::vector<std::vector<float>>> contexts;  // [C][contexts][length]
  std::vector<arma::mat> start_maps;                      // [C] A_c, d x d; none: s = x
  std::vector<arma::vec> start_shifts;                    // [C] a_c
};

struct CmongeOptions : ValidationOptions {
  ConditionalMapShape shape;  // features are set from the data
  CmongeLossOptions loss;
  AdamSettings adam{1e-3, 0.9, 0.999, 1e-8, 0.0, 0.0, 1e-5};
  double last_rate = 0.01;  // the learning rate ends at this fraction, along a cosine
  std::size_t batch = 128;  // cells of a population at a time, or all where it has fewer
  bool replacement = false;
  std::size_t iterations = 3000;        // each on one condition, drawn uniformly
  std::size_t conditions_per_step = 1;  // more: the mean of their gradients
  std::size_t check_every = 100;        // iterations between looks at the validation cells
  bool keep_last = true;     // the last iterate, as published; else the best on validation cells
  bool train_on_all = true;  // on the validation cells too, which then only follow the run
};

/// A look: mean over the conditions, on validation cells.
struct CmongeTrace {
  std::uint64_t iteration;
  double gap;            // mean Monge gap of the batches since the last look (NaN before)
  double self_mass;      // mean of trace(P^tt) of these batches
  double gradient_norm;  // of the last of them
  double validation_mmd2;

  static auto columns() {
    using Row = CmongeTrace;
    return std::make_tuple(column("iteration", &Row::iteration), column("monge_gap", &Row::gap),
                           column("self_mass", &Row::self_mass),
                           column("gradient_norm", &Row::gradient_norm),
                           column("validation_mmd2", &Row::validation_mmd2));
  }
};

/// A run that can be stopped, put away and gone on with; see CellotTrainer, whose rules hold here.
class CmongeTrainer {
 public:
  CmongeTrainer(const CmongeCells& cells, const CmongeOptions& options, std::uint64_t seed);

  /// Trains to options.iterations or until a value is no longer finite. Polls the context at every
  /// step. One thread; the same bits for any number.
  void run(Context& context, const std::function<void()>& between = {});

  TrainingReport report() const;
  const std::vector<CmongeTrace>& trace() const { return trace_; }
  /// The iterate that is kept.
  const ConditionalMap<float>& best() const {
    return options_.keep_last && report_.outcome != Outcome::diverged ? net_ : best_;
  }
  /// Mean trace(P^tt) over the second half of the looks: above 1/2, epsilon is too small for these
  /// cells and spread is lost.
  double self_mass() const;

  Snapshot save() const;
  void restore(const Snapshot& state);
  template <class Self, class Archive>
  static void state(Self& self, Archive& archive);

 private:
  struct Condition {
    std::size_t control;
    arma::fmat target;
    arma::fmat validation_source;  // mapped by the start
    std::vector<std::vector<float>> contexts;
    arma::fmat start_map;
    arma::fvec start_shift;
  };

  void step(Context& context);
  void add_gradient(std::size_t condition, double share, Context& context);
  void look();
  const std::vector<std::uint64_t>& batch_of(BatchSampler& sampler, std::size_t count);
  arma::fmat started(const Condition& condition, const arma::fmat& x) const;

  CmongeOptions options_;
  std::vector<Condition> conditions_;
  std::vector<arma::fmat> sources_;
  ConditionScores scores_;
  Rng rng_;
  std::vector<BatchSampler> source_batches_, target_batches_;
  std::vector<std::uint64_t> drawn_;
  ConditionalMap<float> net_, best_;
  Adam<float> adam_;
  ConditionalMapPass<float> pass_;
  std::vector<float> gradient_, x_, y_;
  double gap_sum_ = 0.0, mass_sum_ = 0.0, norm_ = kNaN, batches_ = 0.0;
  std::vector<CmongeTrace> trace_;
  TrainingReport report_;
};

}  // namespace laot::nets
