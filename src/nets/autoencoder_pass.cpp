// One batch through an autoencoder and back.
#include <algorithm>
#include <cmath>

#include "laot/nets/autoencoder.hpp"
#include "laot/nets/kernels.hpp"

namespace laot::nets {

namespace {

// scGen's settings of batch normalisation, and the floor under its variances.
constexpr double kMomentum = 0.01;
constexpr double kNormEpsilon = 1e-3;
constexpr double kVarianceFloor = 1e-4;

template <class T>
void zero(std::vector<T>& v, std::size_t count) {
  v.assign(count, T(0));
}

// Keeps a unit with probability 1 - p, scaled so that its mean stays: 16 random bits a unit.
template <class T>
void drop(std::vector<T>& z, std::vector<T>& gate, std::size_t count, double p, Rng& rng) {
  const auto threshold = static_cast<std::uint64_t>(std::llround(p * 65536.0));
  const T scale = static_cast<T>(65536.0 / (65536.0 - static_cast<double>(threshold)));
  const T factor[2] = {T(0), scale};
  for (std::size_t i = 0; i < count; i += 4) {
    std::uint64_t bits = rng.bits();
    for (std::size_t k = i; k < std::min(i + 4, count); ++k, bits >>= 16) {
      const T keep = factor[(bits & 0xffff) >= threshold];
      z[k] *= keep;
      gate[k] *= keep;
    }
  }
}

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

template <class T>
void linear(const std::vector<T>& values, std::size_t weight, std::size_t bias, std::size_t inputs,
            std::size_t outputs, const T* input, std::size_t count, std::vector<T>& out) {
  out.resize(outputs * count);
  for (std::size_t j = 0; j < count; ++j)
    std::copy(values.begin() + static_cast<std::ptrdiff_t>(bias),
              values.begin() + static_cast<std::ptrdiff_t>(bias + outputs),
              out.begin() + static_cast<std::ptrdiff_t>(j * outputs));
  product(false, outputs, count, inputs, values.data() + weight, outputs, input, inputs, true,
          out.data(), outputs);
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
void AutoencoderPass<T>::run_hidden(const Autoencoder<T>& net, const Layer& layer, const T* input,
                                    Hidden& out, std::size_t count, Autoencoder<T>* training,
                                    Rng* dropout) {
  const std::size_t h = layer.outputs, need = h * count;
  const Block block{h, count, h};
  const T slope = static_cast<T>(net.shape().slope);
  const T* values = net.values().data();
  out.gate.resize(need);
  if (!net.shape().batch_norm) {
    out.z.resize(need);
    product(false, h, count, layer.inputs, values + layer.weight, h, input, layer.inputs, false,
            out.z.data(), h);
    activate(out.z.data(), out.gate.data(), values + layer.bias, block, slope);
  } else {
    linear(net.values(), layer.weight, layer.bias, layer.inputs, h, input, count, out.z);
    out.inverse.resize(h);
    const T* running = net.running().data();
    if (training) {
      out.normal.resize(need);
      zero(out.mean, h);
      zero(row_a_, h);
      add_row_sums(out.mean.data(), out.z.data(), block);
      for (std::size_t i = 0; i < h; ++i) out.mean[i] /= static_cast<T>(count);
      add_row_squares(row_a_.data(), out.z.data(), out.mean.data(), block);
      T* moments = training->running().data();
      const T keep = static_cast<T>(1.0 - kMomentum), share = static_cast<T>(kMomentum);
      const T more = count > 1 ? static_cast<T>(count - 1) : T(1);
      for (std::size_t i = 0; i < h; ++i) {
        const T variance = row_a_[i] / static_cast<T>(count);
        out.inverse[i] = T(1) / std::sqrt(variance + static_cast<T>(kNormEpsilon));
        moments[layer.mean + i] = keep * moments[layer.mean + i] + share * out.mean[i];
        moments[layer.variance + i] =
            keep * moments[layer.variance + i] + share * (row_a_[i] / more);
      }
      standardise_rows(out.normal.data(), out.z.data(), out.mean.data(), out.inverse.data(), block);
      zero(row_b_, h);
      standardise_rows(out.z.data(), out.normal.data(), row_b_.data(), values + layer.scale, block);
    } else {
      for (std::size_t i = 0; i < h; ++i)
        out.inverse[i] = values[layer.scale + i] /
                         std::sqrt(running[layer.variance + i] + static_cast<T>(kNormEpsilon));
      standardise_rows(out.z.data(), out.z.data(), running + layer.mean, out.inverse.data(), block);
    }
    activate(out.z.data(), out.gate.data(), values + layer.shift, block, slope);
  }
  if (dropout && net.shape().dropout > 0.0)
    drop(out.z, out.gate, need, net.shape().dropout, *dropout);
}

template <class T>
const T* AutoencoderPass<T>::run_encoder(const Autoencoder<T>& net, const T* x,
                                         const std::uint32_t* labels, std::size_t count,
                                         Autoencoder<T>* training, Rng* dropout) {
  const T* input =
      with_condition(input_, x, net.shape().features, net.shape().conditions, labels, count);
  encoder_.resize(net.encoder().size());
  for (std::size_t l = 0; l < encoder_.size(); ++l) {
    run_hidden(net, net.encoder()[l], input, encoder_[l], count, training, dropout);
    input = encoder_[l].z.data();
  }
  return input;
}

template <class T>
void AutoencoderPass<T>::run_code(const Autoencoder<T>& net, const T* top, std::size_t count) {
  const Layer& code = net.code();
  linear(net.values(), code.weight, code.bias, code.inputs, code.outputs, top, count, code_);
  if (net.shape().kind != AutoencoderKind::variational) return;
  const Layer& logvar = net.logvar();
  linear(net.values(), logvar.weight, logvar.bias, logvar.inputs, logvar.outputs, top, count,
         logvar_);
}

template <class T>
const T* AutoencoderPass<T>::run_decoder(const Autoencoder<T>& net, const T* code,
                                         const std::uint32_t* labels, std::size_t count,
                                         Autoencoder<T>* training, Rng* dropout) {
  const T* input =
      with_condition(code_input_, code, net.shape().latent, net.shape().conditions, labels, count);
  decoder_.resize(net.decoder().size());
  for (std::size_t l = 0; l < decoder_.size(); ++l) {
    run_hidden(net, net.decoder()[l], input, decoder_[l], count, training, dropout);
    input = decoder_[l].z.data();
  }
  const Layer& out = net.output();
  linear(net.values(), out.weight, out.bias, out.inputs, out.outputs, input, count, output_);
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
void AutoencoderPass<T>::back_linear(const Autoencoder<T>& net, const Layer& layer, const T* input,
                                     const T* delta, std::size_t count, T* gradient,
                                     T* delta_input) {
  product(true, layer.outputs, layer.inputs, count, delta, layer.outputs, input, layer.inputs,
          false, gradient + layer.weight, layer.outputs);
  if (!delta_input) return;
  // W' delta as (delta' W)': a batch is turned round with less work than a weight matrix.
  turned_.resize((layer.outputs + layer.inputs) * count);
  T* back = turned_.data() + layer.outputs * count;
  transpose(delta, layer.outputs, count, turned_.data());
  product(false, count, layer.inputs, layer.outputs, turned_.data(), count,
          net.values().data() + layer.weight, layer.outputs, false, back, count);
  transpose(back, count, layer.inputs, delta_input);
}

template <class T>
void AutoencoderPass<T>::back_hidden(const Autoencoder<T>& net, const Layer& layer,
                                     const Hidden& at, T* delta, std::size_t count, T* gradient) {
  const std::size_t h = layer.outputs;
  const Block block{h, count, h};
  multiply_by(delta, at.gate.data(), block);
  T* bias = gradient + layer.bias;
  std::fill(bias, bias + h, T(0));
  if (!net.shape().batch_norm) {
    add_row_sums(bias, delta, block);
    return;
  }
  // y = scale n + shift, n = (z - mean) inverse, with the batch's own mean and variance:
  // dz = scale inverse (dy - mean(dy) - n mean(dy n)). The bias before it cancels: gradient 0.
  T* scale = gradient + layer.scale;
  T* shift = gradient + layer.shift;
  std::fill(scale, scale + h, T(0));
  std::fill(shift, shift + h, T(0));
  add_row_sums(shift, delta, block);
  add_row_products(scale, delta, at.normal.data(), block);
  row_a_.resize(h);
  row_b_.resize(h);
  std::vector<T>& factor = delta_logvar_;  // free by now: the code layer comes after the decoder
  factor.resize(std::max(factor.size(), h));
  for (std::size_t i = 0; i < h; ++i) {
    factor[i] = net.values()[layer.scale + i] * at.inverse[i];
    row_a_[i] = shift[i] / static_cast<T>(count);
    row_b_[i] = scale[i] / static_cast<T>(count);
  }
  unstandardise_gradient(delta, at.normal.data(), factor.data(), row_a_.data(), row_b_.data(),
                         block);
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
  const auto bias_of = [&](const Layer& layer, const T* delta) {
    std::fill(gradient + layer.bias, gradient + layer.bias + layer.outputs, T(0));
    add_row_sums(gradient + layer.bias, delta, {layer.outputs, count, layer.outputs});
  };

  const double cells = static_cast<double>(count);
  const T outer =
      static_cast<T>(variational ? 1.0 / cells : 2.0 / (cells * static_cast<double>(d)));
  delta_.resize(d * count);
  scaled_difference(delta_.data(), output_.data(), x, outer, d * count);
  const T* code = variational ? sample_.data() : code_.data();
  if (net.shape().conditions > 0) code = code_input_.data();
  const T* below = decoder_.empty() ? code : decoder_.back().z.data();
  bias_of(net.output(), delta_.data());
  delta_next_.resize(net.output().inputs * count);
  back_linear(net, net.output(), below, delta_.data(), count, gradient, delta_next_.data());
  delta_.swap(delta_next_);
  for (std::size_t l = decoder_.size(); l-- > 0;) {
    const Layer& layer = net.decoder()[l];
    back_hidden(net, layer, decoder_[l], delta_.data(), count, gradient);
    delta_next_.resize(layer.inputs * count);
    back_linear(net, layer, l > 0 ? decoder_[l - 1].z.data() : code, delta_.data(), count, gradient,
                delta_next_.data());
    delta_.swap(delta_next_);
  }

  back_code(net, weights, noise, count);
  const T* input = net.shape().conditions > 0 ? input_.data() : x;
  const T* top = encoder_.empty() ? input : encoder_.back().z.data();
  bias_of(net.code(), delta_code_.data());
  delta_.resize(net.code().inputs * count);
  back_linear(net, net.code(), top, delta_code_.data(), count, gradient, delta_.data());
  if (variational) {
    const Layer& logvar = net.logvar();
    bias_of(logvar, delta_logvar_.data());
    delta_next_.resize(logvar.inputs * count);
    back_linear(net, logvar, top, delta_logvar_.data(), count, gradient, delta_next_.data());
    for (std::size_t i = 0; i < logvar.inputs * count; ++i) delta_[i] += delta_next_[i];
  }
  for (std::size_t l = encoder_.size(); l-- > 0;) {
    const Layer& layer = net.encoder()[l];
    back_hidden(net, layer, encoder_[l], delta_.data(), count, gradient);
    if (l > 0) delta_next_.resize(layer.inputs * count);
    back_linear(net, layer, l > 0 ? encoder_[l - 1].z.data() : input, delta_.data(), count,
                gradient, l > 0 ? delta_next_.data() : nullptr);
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
  linear(net.values(), layer.weight, layer.bias, layer.inputs, layer.outputs, top, count, code_);
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
