// The network: its layers, its start, and what it says of whole matrices.
#include "laot/nets/autoencoder.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace laot::nets {

template <class T>
typename Autoencoder<T>::Layer Autoencoder<T>::add_layer(const std::string& name,
                                                         std::size_t inputs, std::size_t outputs,
                                                         bool hidden) {
  Layer layer =
      dense_layer(name, inputs, outputs, hidden && shape_.batch_norm, layout_, running_layout_);
  layer.hidden = hidden;
  return layer;
}

template <class T>
Autoencoder<T>::Autoencoder(const AutoencoderShape& shape) : shape_(shape) {
  require(shape.features > 0 && shape.latent > 0, Status::invalid_argument,
          "an autoencoder needs features and a code of at least one dimension");
  require(shape.dropout >= 0.0 && shape.dropout < 1.0, Status::invalid_argument,
          "dropout must lie in [0, 1), not at ", shape.dropout);
  for (const std::size_t units : shape.hidden)
    require(units > 0, Status::invalid_argument, "every hidden layer needs at least one unit");
  if (shape.kind != AutoencoderKind::conditional) shape_.conditions = 0;
  rules_.slope = shape.slope;
  rules_.batch_norm = shape.batch_norm;
  rules_.dropout = shape.dropout;
  const std::size_t extra = shape_.conditions;
  std::size_t width = shape.features + extra;
  for (std::size_t l = 0; l < shape.hidden.size(); ++l) {
    encoder_.push_back(add_layer(text("enc", l), width, shape.hidden[l], true));
    width = shape.hidden[l];
  }
  code_ = add_layer("code", width, shape.latent, false);
  if (shape.kind == AutoencoderKind::variational)
    logvar_ = add_layer("logvar", width, shape.latent, false);
  width = shape.latent + extra;
  for (std::size_t l = 0; l < shape.hidden.size(); ++l) {
    const std::size_t units = shape.hidden[shape.hidden.size() - 1 - l];
    decoder_.push_back(add_layer(text("dec", l), width, units, true));
    width = units;
  }
  output_ = add_layer("out", width, shape.features, false);
  values_.assign(layout_.size(), T(0));
  running_.assign(running_layout_.size(), T(0));
}

template <class T>
void Autoencoder<T>::initialise(Rng& rng) {
  const auto draw = [&](const Layer& layer) {
    nets::initialise(layer, layer.hidden && shape_.batch_norm, rng, values_, running_);
  };
  for (const Layer& layer : encoder_) draw(layer);
  draw(code_);
  if (shape_.kind == AutoencoderKind::variational) draw(logvar_);
  for (const Layer& layer : decoder_) draw(layer);
  draw(output_);
}

namespace {

// Whole matrices go through in blocks, so that activations take little memory.
template <class Run>
void in_blocks(std::size_t cells, std::uint32_t condition, Run&& run) {
  constexpr std::size_t block = 256;
  const std::vector<std::uint32_t> labels(std::min(cells, block), condition);
  for (std::size_t first = 0; first < cells; first += block)
    run(first, std::min(block, cells - first), labels.data());
}

}  // namespace

template <class T>
arma::Mat<T> encode(const Autoencoder<T>& net, const arma::Mat<T>& x, std::uint32_t condition) {
  require(x.n_rows == net.shape().features, Status::dimension_mismatch, "the network takes ",
          net.shape().features, " features, and the cells have ", x.n_rows);
  arma::Mat<T> out(net.shape().latent, x.n_cols);
  AutoencoderPass<T> pass;
  in_blocks(x.n_cols, condition, [&](std::size_t first, std::size_t count, const auto* labels) {
    pass.encode(net, x.colptr(first), labels, count, out.colptr(first));
  });
  return out;
}

template <class T>
arma::Mat<T> decode(const Autoencoder<T>& net, const arma::Mat<T>& code, std::uint32_t condition) {
  require(code.n_rows == net.shape().latent, Status::dimension_mismatch,
          "the network's codes have ", net.shape().latent, " dimensions, and ", code.n_rows,
          " were given");
  arma::Mat<T> out(net.shape().features, code.n_cols);
  AutoencoderPass<T> pass;
  in_blocks(code.n_cols, condition, [&](std::size_t first, std::size_t count, const auto* labels) {
    pass.decode(net, code.colptr(first), labels, count, out.colptr(first));
  });
  return out;
}

namespace {

struct Group {
  std::vector<double> sum;
  double count = 0.0;
};

template <class T>
std::map<std::uint32_t, Group> group_means(const arma::Mat<T>& code,
                                           const std::vector<std::uint32_t>& labels,
                                           const char* side) {
  require(labels.empty() || labels.size() == code.n_cols, Status::dimension_mismatch, "there are ",
          labels.size(), " labels for ", code.n_cols, " ", side, " cells");
  std::map<std::uint32_t, Group> out;
  for (arma::uword j = 0; j < code.n_cols; ++j) {
    Group& group = out[labels.empty() ? 0 : labels[j]];
    group.sum.resize(code.n_rows, 0.0);
    group.count += 1.0;
    for (arma::uword k = 0; k < code.n_rows; ++k) group.sum[k] += static_cast<double>(code(k, j));
  }
  return out;
}

}  // namespace

template <class T>
arma::Col<T> latent_shift(const Autoencoder<T>& net, const arma::Mat<T>& control,
                          const arma::Mat<T>& treated,
                          const std::vector<std::uint32_t>& control_labels,
                          const std::vector<std::uint32_t>& treated_labels) {
  const auto before = group_means(encode(net, control), control_labels, "control");
  const auto after = group_means(encode(net, treated), treated_labels, "treated");
  std::vector<double> shift(net.shape().latent, 0.0);
  double shared = 0.0;
  for (const auto& [label, group] : before) {
    const auto match = after.find(label);
    if (match == after.end()) continue;
    shared += 1.0;
    for (std::size_t k = 0; k < shift.size(); ++k)
      shift[k] += match->second.sum[k] / match->second.count - group.sum[k] / group.count;
  }
  require(shared > 0.0, Status::invalid_argument,
          "no cell type is present in both conditions, so there is no latent shift");
  arma::Col<T> out(shift.size());
  for (std::size_t k = 0; k < shift.size(); ++k) out(k) = static_cast<T>(shift[k] / shared);
  return out;
}

template <class T>
arma::Mat<T> decode_moved(const Autoencoder<T>& net, arma::Mat<T> code, const arma::Col<T>& shift) {
  if (net.shape().kind == AutoencoderKind::conditional) return decode(net, code, 1);
  for (arma::uword j = 0; j < code.n_cols; ++j)
    for (arma::uword k = 0; k < code.n_rows; ++k) code(k, j) += shift(k);
  return decode(net, code);
}

template <class T>
arma::Mat<T> predict(const Autoencoder<T>& net, const arma::Mat<T>& x, const arma::Col<T>& shift) {
  return decode_moved(net, encode(net, x, 0), shift);
}

template <class T>
arma::Mat<T> reconstruct(const Autoencoder<T>& net, const arma::Mat<T>& x) {
  return decode(net, encode(net, x, 0), 0);
}

template <class T>
Predicted<T> predict_and_reconstruct(const Autoencoder<T>& net, const arma::Mat<T>& x,
                                     const arma::Col<T>& shift) {
  const arma::Mat<T> code = encode(net, x, 0);
  return {decode_moved(net, code, shift), decode(net, code, 0)};
}

#define LAOT_INSTANTIATE(T)                                                                        \
  template class Autoencoder<T>;                                                                   \
  template arma::Mat<T> encode<T>(const Autoencoder<T>&, const arma::Mat<T>&, std::uint32_t);      \
  template arma::Mat<T> decode<T>(const Autoencoder<T>&, const arma::Mat<T>&, std::uint32_t);      \
  template arma::Col<T> latent_shift<T>(const Autoencoder<T>&, const arma::Mat<T>&,                \
                                        const arma::Mat<T>&, const std::vector<std::uint32_t>&,    \
                                        const std::vector<std::uint32_t>&);                        \
  template arma::Mat<T> decode_moved<T>(const Autoencoder<T>&, arma::Mat<T>, const arma::Col<T>&); \
  template arma::Mat<T> predict<T>(const Autoencoder<T>&, const arma::Mat<T>&,                     \
                                   const arma::Col<T>&);                                           \
  template arma::Mat<T> reconstruct<T>(const Autoencoder<T>&, const arma::Mat<T>&);                \
  template Predicted<T> predict_and_reconstruct<T>(const Autoencoder<T>&, const arma::Mat<T>&,     \
                                                   const arma::Col<T>&);
LAOT_INSTANTIATE(float)
LAOT_INSTANTIATE(double)
#undef LAOT_INSTANTIATE

}  // namespace laot::nets
