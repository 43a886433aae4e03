// One batch through an autoencoder and back.
#include <algorithm>
#include <cmath>

#include "laot/nets/autoencoder.hpp"
#include "laot/nets/kernels.hpp"

namespace laot::nets {

namespace {

// The floor under scGen's variances.
constexpr double kVarianceFloor = 1e-4;

// One logarithm for four factors: variances of single precision are between 1e-4 and 3e38, so that
// the product of four is a number of double precision.
template <class T>
double sum_of_logs(const std::vector<T>& variances) {
  double sum = 0.0;
  std::size_t i = 0;
  for (; i + 4 <= variances.size(); i += 4) {
    double product = 1.0;
    for (std::size_t k = i; k < i + 4; ++k) product *= static_cast<double>(variances[k]);
    sum += std::log(product);
  }
  for (; i < variances.size(); ++i) sum += std::log(static_cast<double>(variances[i]));
  return sum;
}

// Stacks `rows` values a cell and the one-hot label below them.
template <class T>
const T* with_condition(std::vector<T>& room, const T* values, std::size_t rows,
                        std::size_t conditions, const std::uint32_t* labels, std::size_t count) {
  if (conditions == 0) return values;
  const std::size_t wide = rows + conditions;
  room.assign(wide * count, T(0));
  for (std::size_t j = 0; j < count; ++j) {
    std::copy(values + j * rows, values + (j + 1) * rows,
              room.begin() + static_cast<std::ptrdiff_t>(j * wide));
    room[j * wide + rows + labels[j]] = T(1);
  }
  return room.data();
}

}  // namespace

template <class T>
const T* AutoencoderPass<T>::run_encoder(const Autoencoder<T>& net, const T* x,
                                         const std::uint32_t* labels, std::size_t count,
                                         Autoencoder<T>* training, Rng* dropout) {
  const T* input =
      with_condition(input_, x, net.shape().features, net.shape().conditions, labels, count);
  encoder_.resize(net.encoder().size());
  for (std::size_t l = 0; l < encoder_.size(); ++l) {
    hidden_forward(net.rules(), net.encoder()[l], net.values().data(), net.running().data(), input,
                   count, encoder_[l], training ? training->running().data() : nullptr, dropout,
                   scratch_);
    input = encoder_[l].z.data();
  }
  return input;
}

template <class T>
void AutoencoderPass<T>::run_code(const Autoencoder<T>& net, const T* top, std::size_t count) {
  const Layer& code = net.code();
  linear_forward(net.values().data(), code, top, count, code_);
  if (net.shape().kind != AutoencoderKind::variational) return;
  const Layer& logvar = net.logvar();
  linear_forward(net.values().data(), logvar, top, count, logvar_);
}

template <class T>
const T* AutoencoderPass<T>::run_decoder(const Autoencoder<T>& net, const T* code,
                                         const std::uint32_t* labels, std::size_t count,
                                         Autoencoder<T>* training, Rng* dropout) {
  const T* input =
      with_condition(code_input_, code, net.shape().latent, net.shape().conditions, labels, count);
  decoder_.resize(net.decoder().size());
  for (std::size_t l = 0; l < decoder_.size(); ++l) {
    hidden_forward(net.rules(), net.decoder()[l], net.values().data(), net.running().data(), input,
                   count, decoder_[l], training ? training->running().data() : nullptr, dropout,
                   scratch_);
    input = decoder_[l].z.data();
  }
  const Layer& out = net.output();
  linear_forward(net.values().data(), out, input, count, output_);
  return input;
}

template <class T>
AutoencoderLoss AutoencoderPass<T>::forward(const Autoencoder<T>& net,
                                            const AutoencoderLossWeights& weights, const T* x,
                                            const std::uint32_t* labels, const T* noise,
                                            std::size_t count, Autoencoder<T>* training,
                                            Rng* dropout) {
  const bool variational = net.shape().kind == AutoencoderKind::variational;
  const std::size_t latent = net.shape().latent, d = net.shape().features;
  run_code(net, run_encoder(net, x, labels, count, training, dropout), count);
  const double cells = static_cast<double>(count);
  AutoencoderLoss loss;
  if (variational) {
    variance_.resize(latent * count);
    sample_.resize(latent * count);
    double kl = 0.0;
    for (std::size_t i = 0; i < latent * count; ++i) {
      const T variance = std::exp(logvar_[i]) + static_cast<T>(kVarianceFloor);
      const T mean = code_[i];
      variance_[i] = variance;
      sample_[i] = noise ? mean + std::sqrt(variance) * noise[i] : mean;
      kl += static_cast<double>(variance + mean * mean - T(1));
    }
    kl -= sum_of_logs(variance_);
    loss.regulariser = 0.5 * kl / cells;
  } else {
    loss.regulariser = sum_of_squares(code_.data(), latent * count) / cells;
  }
  run_decoder(net, variational ? sample_.data() : code_.data(), labels, count, training, dropout);
  double gap = 0.0;
  for (std::size_t i = 0; i < d * count; ++i) {
    const double r = static_cast<double>(output_[i]) - static_cast<double>(x[i]);
    gap += r * r;
  }
  loss.reconstruction = gap / cells / (variational ? 1.0 : static_cast<double>(d));
  loss.total = variational ? 0.5 * (loss.reconstruction + weights.kl_weight * loss.regulariser)
                           : loss.reconstruction + weights.code_weight * loss.regulariser;
  return loss;
}

template <class T>
void AutoencoderPass<T>::back_code(const Autoencoder<T>& net, const AutoencoderLossWeights& weights,
                                   const T* noise, std::size_t count) {
  const std::size_t latent = net.shape().latent, wide = latent + net.shape().conditions;
  const double cells = static_cast<double>(count);
  delta_code_.resize(latent * count);
  // The one-hot rows below the code take no gradient.
  for (std::size_t j = 0; j < count; ++j)
    std::copy(delta_.begin() + static_cast<std::ptrdiff_t>(j * wide),
              delta_.begin() + static_cast<std::ptrdiff_t>(j * wide + latent),
              delta_code_.begin() + static_cast<std::ptrdiff_t>(j * latent));
  if (net.shape().kind != AutoencoderKind::variational) {
    const T pull = static_cast<T>(2.0 * weights.code_weight / cells);
    for (std::size_t i = 0; i < latent * count; ++i) delta_code_[i] += pull * code_[i];
    return;
  }
  const T pull = static_cast<T>(0.5 * weights.kl_weight / cells);
  delta_logvar_.resize(latent * count);
  for (std::size_t i = 0; i < latent * count; ++i) {
    const T variance = variance_[i], dz = delta_code_[i];
    const T along = noise ? dz * noise[i] / (T(2) * std::sqrt(variance)) : T(0);
    delta_logvar_[i] = (along + pull * T(0.5) * (T(1) - T(1) / variance)) *
                       (variance - static_cast<T>(kVarianceFloor));
    delta_code_[i] = dz + pull * code_[i];
  }
}

template <class T>
AutoencoderLoss AutoencoderPass<T>::train(Autoencoder<T>& net,
                                          const AutoencoderLossWeights& weights, const T* x,
                                          const std::uint32_t* labels, const T* noise,
                                          std::size_t count, Rng* dropout, T* gradient) {
  const bool variational = net.shape().kind == AutoencoderKind::variational;
  const AutoencoderLoss loss = forward(net, weights, x, labels, noise, count, &net, dropout);
  const std::size_t d = net.shape().features;
  const T* values = net.values().data();
  const double cells = static_cast<double>(count);
  const T outer =
      static_cast<T>(variational ? 1.0 / cells : 2.0 / (cells * static_cast<double>(d)));
  delta_.resize(d * count);
  scaled_difference(delta_.data(), output_.data(), x, outer, d * count);
  const T* code = variational ? sample_.data() : code_.data();
  if (net.shape().conditions > 0) code = code_input_.data();
  const T* below = decoder_.empty() ? code : decoder_.back().z.data();
  bias_backward(net.output(), delta_.data(), count, gradient);
  delta_next_.resize(net.output().inputs * count);
  linear_backward(values, net.output(), below, delta_.data(), count, gradient, delta_next_.data(),
                  scratch_);
  delta_.swap(delta_next_);
  for (std::size_t l = decoder_.size(); l-- > 0;) {
    const Layer& layer = net.decoder()[l];
    hidden_backward(net.rules(), layer, values, decoder_[l], delta_.data(), count, gradient,
                    scratch_);
    delta_next_.resize(layer.inputs * count);
    linear_backward(values, layer, l > 0 ? decoder_[l - 1].z.data() : code, delta_.data(), count,
                    gradient, delta_next_.data(), scratch_);
    delta_.swap(delta_next_);
  }

  back_code(net, weights, noise, count);
  const T* input = net.shape().conditions > 0 ? input_.data() : x;
  const T* top = encoder_.empty() ? input : encoder_.back().z.data();
  bias_backward(net.code(), delta_code_.data(), count, gradient);
  delta_.resize(net.code().inputs * count);
  linear_backward(values, net.code(), top, delta_code_.data(), count, gradient, delta_.data(),
                  scratch_);
  if (variational) {
    const Layer& logvar = net.logvar();
    bias_backward(logvar, delta_logvar_.data(), count, gradient);
    delta_next_.resize(logvar.inputs * count);
    linear_backward(values, logvar, top, delta_logvar_.data(), count, gradient, delta_next_.data(),
                    scratch_);
    for (std::size_t i = 0; i < logvar.inputs * count; ++i) delta_[i] += delta_next_[i];
  }
  for (std::size_t l = encoder_.size(); l-- > 0;) {
    const Layer& layer = net.encoder()[l];
    hidden_backward(net.rules(), layer, values, encoder_[l], delta_.data(), count, gradient,
                    scratch_);
    if (l > 0) delta_next_.resize(layer.inputs * count);
    linear_backward(values, layer, l > 0 ? encoder_[l - 1].z.data() : input, delta_.data(), count,
                    gradient, l > 0 ? delta_next_.data() : nullptr, scratch_);
    if (l > 0) delta_.swap(delta_next_);
  }
  return loss;
}

template <class T>
AutoencoderLoss AutoencoderPass<T>::evaluate(const Autoencoder<T>& net,
                                             const AutoencoderLossWeights& weights, const T* x,
                                             const std::uint32_t* labels, const T* noise,
                                             std::size_t count) {
  return forward(net, weights, x, labels, noise, count, nullptr, nullptr);
}

template <class T>
void AutoencoderPass<T>::encode(const Autoencoder<T>& net, const T* x, const std::uint32_t* labels,
                                std::size_t count, T* code) {
  const T* top = run_encoder(net, x, labels, count, nullptr, nullptr);
  const Layer& layer = net.code();
  linear_forward(net.values().data(), layer, top, count, code_);
  std::copy(code_.begin(), code_.end(), code);
}

template <class T>
void AutoencoderPass<T>::decode(const Autoencoder<T>& net, const T* code,
                                const std::uint32_t* labels, std::size_t count, T* x) {
  run_decoder(net, code, labels, count, nullptr, nullptr);
  std::copy(output_.begin(), output_.end(), x);
}

template class AutoencoderPass<float>;
template class AutoencoderPass<double>;

}  // namespace laot::nets
