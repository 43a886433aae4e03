// Autoencoders that predict a response by a shift or a switch in their code: scGen (Lotfollahi et
// al., Nature Methods 16, 2019), the plain autoencoder and the conditional one (Lopez et al.,
// 2018), the last two as CellOT's baselines have them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/base.hpp"
#include "laot/nets/dense.hpp"
#include "laot/nets/parameters.hpp"

namespace laot::nets {

enum class AutoencoderKind { plain, conditional, variational };

struct AutoencoderShape {
  AutoencoderKind kind = AutoencoderKind::plain;
  std::size_t features = 0;
  std::vector<std::size_t> hidden;  // of the encoder; the decoder has them in reverse
  std::size_t latent = 0;
  std::size_t conditions = 0;  // conditional: columns of the one-hot label (0 control, 1 treated)
  double slope = 0.0;          // of the leaky ReLU after every hidden layer
  bool batch_norm = false;     // after every hidden layer, before its activation
  double dropout = 0.0;        // after every hidden activation, while training
};

/// Weights of the loss. plain, conditional:
///   mean over cells of [mean over features (xhat - x)^2 + code_weight |z|^2];
/// variational, with variance = exp(logvar) + 1e-4 and z = mean + sqrt(variance) noise:
///   mean over cells of [sum over features (x - xhat)^2 + kl_weight KL] / 2,
///   KL = sum(variance + mean^2 - 1 - log variance) / 2.
struct AutoencoderLossWeights {
  double code_weight = 0.01;
  double kl_weight = 5e-5;
};

/// Tensors: enc0.weight [h_1 x features (+ conditions)], enc0.bias, .., code.*, (logvar.*,) dec0.*,
/// .., out.*; with batch normalisation also enc0.scale, enc0.shift, .., and, in running(), the
/// means and variances enc0.mean, enc0.variance, .. that predictions use.
template <class T>
class Autoencoder {
 public:
  using Layer = DenseLayer;

  Autoencoder() = default;
  explicit Autoencoder(const AutoencoderShape& shape);

  const AutoencoderShape& shape() const { return shape_; }
  /// Rules of its hidden layers.
  const DenseShape& rules() const { return rules_; }
  const Layout& layout() const { return layout_; }
  const Layout& running_layout() const { return running_layout_; }
  std::size_t size() const { return layout_.size(); }
  const std::vector<Layer>& encoder() const { return encoder_; }
  const std::vector<Layer>& decoder() const { return decoder_; }
  const Layer& code() const { return code_; }
  const Layer& logvar() const { return logvar_; }
  const Layer& output() const { return output_; }

  /// Weights and biases uniform on +-1/sqrt(inputs).
  void initialise(Rng& rng);

  std::vector<T>& values() { return values_; }
  const std::vector<T>& values() const { return values_; }
  std::vector<T>& running() { return running_; }
  const std::vector<T>& running() const { return running_; }

 private:
  Layer add_layer(const std::string& name, std::size_t inputs, std::size_t outputs, bool hidden);

  AutoencoderShape shape_;
  DenseShape rules_;
  Layout layout_, running_layout_;
  std::vector<Layer> encoder_, decoder_;
  Layer code_, logvar_, output_;
  std::vector<T> values_, running_;
};

struct AutoencoderLoss {
  double total = 0.0, reconstruction = 0.0, regulariser = 0.0;
};

/// Work space for one batch. Cells are columns, contiguous; labels (conditional only) are one
/// number a cell; noise (variational only) is latent x count, null for none.
template <class T>
class AutoencoderPass {
 public:
  /// Loss and its gradient (overwritten) in training mode: batch normalisation by the batch, whose
  /// moments enter the running ones (momentum 0.01, as scGen has it), and dropout drawn from
  /// `dropout` (null: none).
  AutoencoderLoss train(Autoencoder<T>& net, const AutoencoderLossWeights& weights, const T* x,
                        const std::uint32_t* labels, const T* noise, std::size_t count,
                        Rng* dropout, T* gradient);
  /// The loss in prediction mode.
  AutoencoderLoss evaluate(const Autoencoder<T>& net, const AutoencoderLossWeights& weights,
                           const T* x, const std::uint32_t* labels, const T* noise,
                           std::size_t count);
  /// Codes (the means, for the variational one), latent x count, in prediction mode.
  void encode(const Autoencoder<T>& net, const T* x, const std::uint32_t* labels, std::size_t count,
              T* code);
  /// Cells from codes, features x count, in prediction mode.
  void decode(const Autoencoder<T>& net, const T* code, const std::uint32_t* labels,
              std::size_t count, T* x);

  /// After train or evaluate: variances and sampled codes of the variational one, latent x count.
  const std::vector<T>& variance() const { return variance_; }
  const std::vector<T>& sample() const { return sample_; }
  /// And of every kind the codes (means), latent x count, and what was made of them, features x
  /// count.
  const std::vector<T>& code() const { return code_; }
  const std::vector<T>& output() const { return output_; }

 private:
  using Layer = typename Autoencoder<T>::Layer;
  using Hidden = HiddenState<T>;

  const T* run_encoder(const Autoencoder<T>& net, const T* x, const std::uint32_t* labels,
                       std::size_t count, Autoencoder<T>* training, Rng* dropout);
  void run_code(const Autoencoder<T>& net, const T* top, std::size_t count);
  const T* run_decoder(const Autoencoder<T>& net, const T* code, const std::uint32_t* labels,
                       std::size_t count, Autoencoder<T>* training, Rng* dropout);
  AutoencoderLoss forward(const Autoencoder<T>& net, const AutoencoderLossWeights& weights,
                          const T* x, const std::uint32_t* labels, const T* noise,
                          std::size_t count, Autoencoder<T>* training, Rng* dropout);
  void back_code(const Autoencoder<T>& net, const AutoencoderLossWeights& weights, const T* noise,
                 std::size_t count);

  std::vector<Hidden> encoder_, decoder_;
  std::vector<T> input_, code_input_;  // with the one-hot rows, conditional only
  std::vector<T> code_, logvar_, variance_, sample_, output_;
  std::vector<T> delta_, delta_next_, delta_code_, delta_logvar_;
  DenseScratch<T> scratch_;
};

/// Codes and cells of whole matrices (features x n), in prediction mode. `condition` is the label
/// of all the cells (conditional only).
template <class T>
arma::Mat<T> encode(const Autoencoder<T>& net, const arma::Mat<T>& x, std::uint32_t condition = 0);
template <class T>
arma::Mat<T> decode(const Autoencoder<T>& net, const arma::Mat<T>& code,
                    std::uint32_t condition = 0);

/// Mean code of the treated minus mean code of the control cells. With labels (cell types, numbered
/// from 0; both empty: none) the means are taken type by type over the types present on both sides
/// and averaged with equal weights, which is what scGen's balancing by resampling estimates.
template <class T>
arma::Col<T> latent_shift(const Autoencoder<T>& net, const arma::Mat<T>& control,
                          const arma::Mat<T>& treated,
                          const std::vector<std::uint32_t>& control_labels = {},
                          const std::vector<std::uint32_t>& treated_labels = {});

/// Codes of control cells as cells of the treated condition: decode(code + shift), or, for a
/// conditional autoencoder, decoded as treated (no shift).
template <class T>
arma::Mat<T> decode_moved(const Autoencoder<T>& net, arma::Mat<T> code, const arma::Col<T>& shift);

/// New control cells moved to the treated condition: decode(encode(x) + shift), or, for a
/// conditional autoencoder, encoded as control and decoded as treated (no shift).
template <class T>
arma::Mat<T> predict(const Autoencoder<T>& net, const arma::Mat<T>& x, const arma::Col<T>& shift);

/// Reconstruction of control cells, where nothing changes: decode(encode(x)). x + predict -
/// reconstruct keeps what the network cannot reconstruct; a shift of zero leaves x as it is.
template <class T>
arma::Mat<T> reconstruct(const Autoencoder<T>& net, const arma::Mat<T>& x);

/// Both, of the same cells, which are encoded once.
template <class T>
struct Predicted {
  arma::Mat<T> moved, reconstructed;
};
template <class T>
Predicted<T> predict_and_reconstruct(const Autoencoder<T>& net, const arma::Mat<T>& x,
                                     const arma::Col<T>& shift);

}  // namespace laot::nets
