// Training of the autoencoders: scGen, the plain one and the conditional one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "laot/nets/autoencoder.hpp"
#include "laot/nets/training.hpp"

namespace laot::nets {

/// The part of a cell that the network cannot reconstruct: kept, so that x + predict(x) -
/// reconstruct(x) is predicted; dropped, so that predict(x) is; or the best on the validation
/// cells, each way with its best epoch: kept, or kept with half of the change, which has half of
/// its noise, or dropped where that is better than both by more than the standard error of the
/// difference.
enum class Residual { keep, drop, automatic };

/// Of every autoencoder; each method has its own below.
struct AutoencoderOptions : ValidationOptions {
  AutoencoderShape shape;  // features and conditions are set from the data
  AutoencoderLossWeights loss;
  AdamSettings adam{1e-3, 0.9, 0.999, 1e-8, 0.0, 0.0};
  double last_rate = 1.0;  // the learning rate ends at this fraction, along a cosine
  std::size_t batch = 64;
  std::size_t epochs = 150;
  std::size_t patience =
      25;  // stop after so many epochs without a smaller validation loss (0: never)
  Residual residual = Residual::automatic;
  // Added to the cells of either side; empty: 0. A shift of the code is the difference of two
  // populations that lie where they lie: with both centred on their own means it would vanish.
  arma::vec source_origin, target_origin;
};

/// Layers are set by who trains.
struct ScgenOptions : AutoencoderOptions {
  ScgenOptions() {
    shape.kind = AutoencoderKind::variational;
    shape.latent = 50;
    shape.slope = 0.01;
    shape.batch_norm = true;
    loss.code_weight = 0.0;
  }
};

/// The conditional autoencoder.
struct CaeOptions : AutoencoderOptions {
  CaeOptions() {
    shape.kind = AutoencoderKind::conditional;
    shape.latent = 10;
    batch = 128;
    adam.weight_decay = 1e-5;
  }
};

/// A look at the run, once an epoch: mean training loss of the epoch's batches (NaN before the
/// first), loss on the validation cells (no noise, no dropout), norm of the last gradient (NaN
/// before the first), and MMD^2 of the predicted validation controls against the validation treated
/// cells, predicted in the way that is best.
struct AutoencoderTrace {
  std::uint64_t epoch;
  double training_loss, validation_loss, gradient_norm, validation_mmd2;

  static auto columns() {
    using Row = AutoencoderTrace;
    return std::make_tuple(column("epoch", &Row::epoch),
                           column("training_loss", &Row::training_loss),
                           column("validation_loss", &Row::validation_loss),
                           column("gradient_norm", &Row::gradient_norm),
                           column("validation_mmd2", &Row::validation_mmd2));
  }
};

/// A run that can be stopped, put away and gone on with; see CellotTrainer, whose rules hold here.
/// Control and treated cells are trained together. Cell types (both empty: none) balance the latent
/// shift.
class AutoencoderTrainer {
 public:
  AutoencoderTrainer(const arma::mat& source, const arma::mat& target,
                     const AutoencoderOptions& options, std::uint64_t seed,
                     const std::vector<std::uint32_t>& source_types = {},
                     const std::vector<std::uint32_t>& target_types = {});

  /// Trains to options.epochs, to the end of the patience, or until a loss is no longer finite.
  /// Polls the context at every batch; a cancelled run (Error, cancelled) stands between two
  /// batches, and its best iterate is as good as any. One thread; the same bits for any number.
  /// `between` is called between any two batches, where save() may be called.
  void run(Context& context, const std::function<void()>& between = {});

  TrainingReport report() const;  // iterations are epochs
  std::vector<AutoencoderTrace> trace() const;
  /// The epoch with the best validation score so far, the untrained network included.
  const Autoencoder<float>& best() const { return best_[best_way()].net; }
  /// How it predicts best; as asked for where that is not automatic.
  struct Prediction {
    bool keeps_residual;
    double share;  // of the change, where the residual is kept; else 1
  };
  Prediction best_prediction() const { return ways_[best_way()]; }
  /// Its latent shift from all training cells; empty for a conditional autoencoder. One pass over
  /// the cells. (The validation score of an epoch takes at most 2000 of each side.)
  arma::fvec best_shift() const;

  Snapshot save() const;
  void restore(const Snapshot& state);
  template <class Self, class Archive>
  static void state(Self& self, Archive& archive);

 private:
  void step();
  void look(double training_loss, double gradient_norm);
  struct Best {  // of one way to predict
    ValidationScore::Value value;
    std::uint64_t epoch;
    Autoencoder<float> net;
  };
  Predicted<float> predicted(const arma::fmat& cells, const arma::fvec& shift) const;
  std::vector<ValidationScore::Value> scores() const;
  std::size_t best_way() const;
  bool out_of_patience() const;
  arma::fvec shift_of(const Autoencoder<float>& net, std::size_t at_most) const;

  AutoencoderOptions options_;
  std::vector<Prediction> ways_;
  SplitCells cells_;
  arma::fmat pooled_, validation_;
  std::vector<std::uint32_t> source_types_, target_types_, labels_, validation_labels_;
  Rng rng_;
  BatchSampler batches_;
  Autoencoder<float> net_;
  std::vector<Best> best_;
  Adam<float> adam_;
  AutoencoderPass<float> pass_;
  std::vector<float> gradient_, x_, noise_;
  std::vector<std::uint32_t> batch_labels_;
  std::uint64_t batches_done_ = 0;  // of the current epoch
  double loss_sum_ = 0.0, last_norm_ = 0.0;
  std::vector<AutoencoderTrace> trace_;      // without the score, which depends on the way
  std::vector<std::vector<double>> scores_;  // of each look, in each way
  TrainingReport report_;
};

}  // namespace laot::nets
