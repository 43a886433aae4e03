// CellOT (Bunne et al., Nature Methods 20, 2023): two input-convex networks f and g in a min-max
// game; the map is T = grad g.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "laot/nets/icnn.hpp"
#include "laot/nets/training.hpp"

namespace laot::nets {

struct CellotOptions : ValidationOptions {
  std::vector<std::size_t> hidden;  // units of each layer, at least one layer
  double slope = 0.2;               // leaky ReLU
  bool softplus_kernels = false;  // else: penalty on the negative kernels of g, clamp on those of f
  double init_low = 0.0, init_high = 0.1;
  double penalty = 1.0;
  AdamSettings adam{5e-4, 0.5, 0.9, 1e-8, 0.0, 0.0};  // of f and g; clip_norm is that of g alone
  double last_rate = 1.0;  // the learning rate ends at this fraction, along a cosine
  std::size_t batch = 256;
  std::size_t inner = 10;  // steps of g for one of f
  std::size_t iterations = 1500;
  std::size_t check_every = 25;  // iterations between two looks at the validation cells
  double average = 0.9;          // decay of the averages of f and g that are looked at; 0: none
};

/// A look at the run: both losses and the norms of their gradients on the validation cells.
struct CellotTrace {
  std::uint64_t iteration;
  double loss_g, loss_f, norm_g, norm_f, validation_mmd2;

  static auto columns() {
    using Row = CellotTrace;
    return std::make_tuple(column("iteration", &Row::iteration), column("loss_g", &Row::loss_g),
                           column("loss_f", &Row::loss_f), column("norm_g", &Row::norm_g),
                           column("norm_f", &Row::norm_f),
                           column("validation_mmd2", &Row::validation_mmd2));
  }
};

/// A run that can be stopped, put away and gone on with. Cells are columns, finite, in the feature
/// space; either side needs at least 4.
class CellotTrainer {
 public:
  CellotTrainer(const arma::mat& source, const arma::mat& target, const CellotOptions& options,
                std::uint64_t seed);

  /// Trains to options.iterations, or until a gradient is no longer finite. Polls the context at
  /// every outer iteration and, of slow ones, at every step; a cancelled run (Error, cancelled)
  /// stands between two iterations, and its best iterate is as good as any. One thread; the same
  /// bits for any number.
  /// `between` is called between any two iterations, where save() may be called.
  void run(Context& context, const std::function<void()>& between = {});

  TrainingReport report() const;
  const std::vector<CellotTrace>& trace() const { return trace_; }
  /// The best iterate on the validation cells so far, the untrained networks included. With
  /// options.average the iterates are the averages, not the networks that play the game.
  const Icnn<float>& best_g() const { return best_g_; }
  const Icnn<float>& best_f() const { return best_f_; }

  /// The whole state. A new trainer with the same cells, options and seed that restores it goes on
  /// as if it had never stopped (options.iterations may be larger where last_rate is 1).
  Snapshot save() const;
  void restore(const Snapshot& state);
  template <class Self, class Archive>
  static void state(Self& self, Archive& archive);

 private:
  void outer_iteration(const std::function<void()>& between_steps);
  /// An iteration that polls the context between its steps. What a cancellation leaves undone is
  /// taken back.
  void slow_iteration(Context& context);
  void average();
  void look();
  /// T of the validation cells, with the mean restored where that is asked for.
  arma::fmat prediction(const Icnn<float>& g) const;

  CellotOptions options_;
  SplitCells cells_;
  Rng rng_;
  BatchSampler source_batches_, target_batches_;
  Icnn<float> f_, g_, best_f_, best_g_;
  std::vector<float> average_f_, average_g_;  // empty: none
  Adam<float> adam_f_, adam_g_;
  CellotLoss<float> loss_;
  std::vector<float> gradient_f_, gradient_g_, x_, y_;
  std::vector<CellotTrace> trace_;
  TrainingReport report_;
};

/// T(x) = grad g(x) in single precision.
arma::mat transport(const Icnn<float>& g, const arma::mat& x);

}  // namespace laot::nets
