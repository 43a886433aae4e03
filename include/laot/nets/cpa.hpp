// The Compositional Perturbation Autoencoder (Lotfollahi et al., Molecular Systems Biology 2023):
// a cell's code, made blind to what was done to it by classifiers that it is trained against, plus
// a vector for what is done to it and one for its context, decoded.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/base.hpp"
#include "laot/nets/dense.hpp"

namespace laot::nets {

struct CpaShape {
  std::size_t features = 0, latent = 20;
  std::vector<std::size_t> hidden;  // of the encoder; the decoder has them in reverse
  bool batch_norm = false;          // of both networks
  bool variance = false;        // the decoder says a variance for each feature too (Gaussian loss)
  std::size_t levels = 1;       // of the treatment
  std::size_t coordinates = 0;  // of a level's embedding; 0: each level has a vector of its own
  std::size_t contexts = 0;     // coordinates of a context
  bool dose_curve = true;       // doses go through a sigmoid of their level; else as they are
};

/// A level at a dose, as the network takes them: the dose transformed, so that 0 is no treatment
/// (1 where the experiment has none).
template <class T>
struct CpaTreatment {
  static constexpr std::size_t kUnseen = std::numeric_limits<std::size_t>::max();
  std::size_t level = 0;       // kUnseen: only its coordinates are known
  std::vector<T> coordinates;  // of its embedding, where the shape has any
  T dose = T(1);
};

template <class T>
struct CpaCondition {
  std::vector<CpaTreatment<T>> treatments;  // none: a control
  std::vector<T> context;
};

/// The offset added to the code of a cell at condition c:
///   sum_t s(dose_t, level_t) v(level_t) + C context,
/// v a vector of the level's own or V times its coordinates, and with a dose curve
///   s = sigmoid(slope dose + offset) - sigmoid(offset),
/// so that s is 0 at dose 0; slope and offset are the level's own, starting at 1 and 0, and for an
/// unseen level the means of the others.
/// Tensors: enc0.weight, .., enc_out.*, dec0.*, .., dec_out.*, level.vectors [latent x levels or
/// coordinates], context.vectors [latent x contexts], then dose.slope and dose.offset [levels].
template <class T>
class Cpa {
 public:
  Cpa() = default;
  explicit Cpa(const CpaShape& shape);

  const CpaShape& shape() const { return shape_; }
  const Layout& layout() const { return layout_; }
  const Layout& running_layout() const { return running_layout_; }
  const DenseNet& encoder() const { return encoder_; }
  const DenseNet& decoder() const { return decoder_; }
  std::size_t size() const { return layout_.size(); }
  std::size_t of_doses() const { return slope_; }  // values from here on are of the dose curves

  /// Layers as `initialise` of a DenseLayer; vectors standard normal.
  void initialise(Rng& rng);

  std::vector<T>& values() { return values_; }
  const std::vector<T>& values() const { return values_; }
  std::vector<T>& running() { return running_; }
  const std::vector<T>& running() const { return running_; }

  /// The sum above. without_treatments: the context's part alone.
  std::vector<T> offset(const CpaCondition<T>& condition, bool without_treatments = false) const;
  /// Adds to `gradient` what that of the offset makes of it.
  void offset_backward(const CpaCondition<T>& condition, const T* of_offset, T* gradient) const;

 private:
  struct Curve {
    T scale, by_slope, by_offset;  // s, and its derivatives
  };
  Curve curve(const CpaTreatment<T>& treatment) const;
  std::vector<T> direction(const CpaTreatment<T>& treatment) const;

  CpaShape shape_;
  Layout layout_, running_layout_;
  DenseNet encoder_, decoder_;
  std::size_t vectors_ = 0, context_ = 0, slope_ = 0, bent_ = 0;  // offsets
  std::vector<T> values_, running_;
};

/// Classifiers of the code, one for each way to label the populations: tensors adv0_0.weight, ..,
/// adv0_out.*, adv1_0.*, ..
template <class T>
class CpaAdversary {
 public:
  CpaAdversary() = default;
  /// shape: its inputs and outputs are set here.
  CpaAdversary(std::size_t latent, const std::vector<std::size_t>& classes, DenseShape shape);

  const std::vector<DenseNet>& classifiers() const { return classifiers_; }
  const Layout& layout() const { return layout_; }
  std::size_t size() const { return layout_.size(); }
  void initialise(Rng& rng);
  std::vector<T>& values() { return values_; }
  const std::vector<T>& values() const { return values_; }
  std::vector<T>& running() { return running_; }
  const std::vector<T>& running() const { return running_; }

 private:
  Layout layout_, running_layout_;
  std::vector<DenseNet> classifiers_;
  std::vector<T> values_, running_;
};

/// A batch: cells, and the population of each.
template <class T>
struct CpaBatch {
  const T* cells;  // features x count
  std::size_t count;
  const std::vector<std::size_t>& population;  // [count]
};

/// Labels of the populations: their condition, and their class for each classifier with the weight
/// of the class in the cross-entropy.
template <class T>
struct CpaPopulations {
  std::vector<CpaCondition<T>> conditions;
  std::vector<std::vector<std::size_t>> classes;  // [classifiers][populations]
  std::vector<std::vector<double>> weights;       // [classifiers][classes]
};

/// reconstruction: mean over cells of the sum over features of the negative logarithm of a normal
/// density, its variance exp(.) + 1e-4 of the decoder (or 1: then half the squares alone);
/// adversary: sum over classifiers of the weighted mean cross-entropy; penalty: sum over
/// classifiers of the mean square of the gradient of the sum of all logits in the codes.
struct CpaLoss {
  double reconstruction = 0.0, adversary = 0.0, penalty = 0.0;
};

template <class T>
class CpaPass {
 public:
  /// Gradient (overwritten) of reconstruction - weight adversary in the autoencoder's values, in
  /// training mode; `dropout` (null: none) is drawn in the classifiers.
  CpaLoss train_autoencoder(Cpa<T>& net, CpaAdversary<T>& adversary,
                            const CpaPopulations<T>& populations, const CpaBatch<T>& batch,
                            double weight, Rng* dropout, T* gradient);
  /// Gradient of adversary + weight penalty in the classifiers' values.
  CpaLoss train_adversary(Cpa<T>& net, CpaAdversary<T>& adversary,
                          const CpaPopulations<T>& populations, const CpaBatch<T>& batch,
                          double weight, Rng* dropout, T* gradient);

 private:
  double cross_entropy(const CpaPopulations<T>& populations, std::size_t classifier,
                       const CpaBatch<T>& batch, const std::vector<T>& logits);
  double reconstruct(const Cpa<T>& net, const CpaBatch<T>& batch, const std::vector<T>& decoded);

  DensePass<T> encoder_, decoder_;
  std::vector<DensePass<T>> classifiers_;
  std::vector<T> moved_, of_decoded_, of_logits_, of_code_, of_classified_;
};

/// Cells of features x n, in prediction mode: the means that the decoder says of the code plus the
/// condition's offset, and of the code plus the offset of its context alone.
template <class T>
struct CpaPrediction {
  arma::Mat<T> moved, unmoved;
};
template <class T>
CpaPrediction<T> predict(const Cpa<T>& net, const arma::Mat<T>& x,
                         const CpaCondition<T>& condition);

}  // namespace laot::nets
