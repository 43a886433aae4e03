#include "laot/nets/dense.hpp"

#include <algorithm>
#include <cmath>

#include "laot/nets/kernels.hpp"

namespace laot::nets {

namespace {

// scvi-tools' settings of batch normalisation, which scGen and CPA have.
constexpr double kMomentum = 0.01;
constexpr double kNormEpsilon = 1e-3;

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

}  // namespace

DenseLayer dense_layer(const std::string& name, std::size_t inputs, std::size_t outputs,
                       bool batch_norm, Layout& values, Layout& running) {
  DenseLayer layer;
  layer.name = name;
  layer.inputs = inputs;
  layer.outputs = outputs;
  layer.weight = values.add(name + ".weight", outputs, inputs);
  layer.bias = values.add(name + ".bias", outputs, 1);
  if (batch_norm) {
    layer.scale = values.add(name + ".scale", outputs, 1);
    layer.shift = values.add(name + ".shift", outputs, 1);
    layer.mean = running.add(name + ".mean", outputs, 1);
    layer.variance = running.add(name + ".variance", outputs, 1);
  }
  return layer;
}

template <class T>
void initialise(const DenseLayer& layer, bool batch_norm, Rng& rng, std::vector<T>& values,
                std::vector<T>& running) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(layer.inputs));
  const std::size_t count = layer.outputs * layer.inputs;
  for (std::size_t i = 0; i < count; ++i)
    values[layer.weight + i] = static_cast<T>(rng.uniform(-bound, bound));
  for (std::size_t i = 0; i < layer.outputs; ++i)
    values[layer.bias + i] = static_cast<T>(rng.uniform(-bound, bound));
  if (!batch_norm) return;
  for (std::size_t i = 0; i < layer.outputs; ++i) {
    values[layer.scale + i] = T(1);
    values[layer.shift + i] = T(0);
    running[layer.mean + i] = T(0);
    running[layer.variance + i] = T(1);
  }
}

template <class T>
void linear_forward(const T* values, const DenseLayer& layer, const T* input, std::size_t count,
                    std::vector<T>& out) {
  const std::size_t outputs = layer.outputs;
  out.resize(outputs * count);
  const T* bias = values + layer.bias;
  for (std::size_t j = 0; j < count; ++j)
    std::copy(bias, bias + outputs, out.begin() + static_cast<std::ptrdiff_t>(j * outputs));
  product(false, outputs, count, layer.inputs, values + layer.weight, outputs, input, layer.inputs,
          true, out.data(), outputs);
}

namespace {

// out <- W' delta as (delta' W')': a batch is turned round with less work than a weight matrix.
template <class T>
void to_input(const T* values, const DenseLayer& layer, const T* delta, std::size_t count, T* out,
              DenseScratch<T>& scratch) {
  scratch.turned.resize((layer.outputs + layer.inputs) * count);
  T* back = scratch.turned.data() + layer.outputs * count;
  transpose(delta, layer.outputs, count, scratch.turned.data());
  product(false, count, layer.inputs, layer.outputs, scratch.turned.data(), count,
          values + layer.weight, layer.outputs, false, back, count);
  transpose(back, count, layer.inputs, out);
}

}  // namespace

template <class T>
void linear_backward(const T* values, const DenseLayer& layer, const T* input, const T* delta,
                     std::size_t count, T* gradient, T* delta_input, DenseScratch<T>& scratch) {
  product(true, layer.outputs, layer.inputs, count, delta, layer.outputs, input, layer.inputs,
          false, gradient + layer.weight, layer.outputs);
  if (delta_input) to_input(values, layer, delta, count, delta_input, scratch);
}

template <class T>
void bias_backward(const DenseLayer& layer, const T* delta, std::size_t count, T* gradient) {
  std::fill(gradient + layer.bias, gradient + layer.bias + layer.outputs, T(0));
  add_row_sums(gradient + layer.bias, delta, {layer.outputs, count, layer.outputs});
}

template <class T>
void hidden_forward(const DenseShape& rules, const DenseLayer& layer, const T* values,
                    const T* running, const T* input, std::size_t count, HiddenState<T>& out,
                    T* training, Rng* dropout, DenseScratch<T>& scratch) {
  const std::size_t h = layer.outputs, need = h * count;
  const Block block{h, count, h};
  const T slope = static_cast<T>(rules.slope);
  out.gate.resize(need);
  if (!rules.batch_norm) {
    out.z.resize(need);
    product(false, h, count, layer.inputs, values + layer.weight, h, input, layer.inputs, false,
            out.z.data(), h);
    activate(out.z.data(), out.gate.data(), values + layer.bias, block, slope);
  } else {
    linear_forward(values, layer, input, count, out.z);
    out.inverse.resize(h);
    if (training) {
      std::vector<T>&squares = scratch.row_a, &zero = scratch.row_b;
      out.normal.resize(need);
      out.mean.assign(h, T(0));
      squares.assign(h, T(0));
      add_row_sums(out.mean.data(), out.z.data(), block);
      for (std::size_t i = 0; i < h; ++i) out.mean[i] /= static_cast<T>(count);
      add_row_squares(squares.data(), out.z.data(), out.mean.data(), block);
      const T keep = static_cast<T>(1.0 - kMomentum), share = static_cast<T>(kMomentum);
      const T more = count > 1 ? static_cast<T>(count - 1) : T(1);
      for (std::size_t i = 0; i < h; ++i) {
        const T variance = squares[i] / static_cast<T>(count);
        out.inverse[i] = T(1) / std::sqrt(variance + static_cast<T>(kNormEpsilon));
        training[layer.mean + i] = keep * training[layer.mean + i] + share * out.mean[i];
        training[layer.variance + i] =
            keep * training[layer.variance + i] + share * (squares[i] / more);
      }
      standardise_rows(out.normal.data(), out.z.data(), out.mean.data(), out.inverse.data(), block);
      zero.assign(h, T(0));
      standardise_rows(out.z.data(), out.normal.data(), zero.data(), values + layer.scale, block);
    } else {
      for (std::size_t i = 0; i < h; ++i)
        out.inverse[i] = values[layer.scale + i] /
                         std::sqrt(running[layer.variance + i] + static_cast<T>(kNormEpsilon));
      standardise_rows(out.z.data(), out.z.data(), running + layer.mean, out.inverse.data(), block);
    }
    activate(out.z.data(), out.gate.data(), values + layer.shift, block, slope);
  }
  if (dropout && rules.dropout > 0.0) drop(out.z, out.gate, need, rules.dropout, *dropout);
}

template <class T>
void hidden_backward(const DenseShape& rules, const DenseLayer& layer, const T* values,
                     const HiddenState<T>& at, T* delta, std::size_t count, T* gradient,
                     DenseScratch<T>& scratch) {
  const std::size_t h = layer.outputs;
  const Block block{h, count, h};
  multiply_by(delta, at.gate.data(), block);
  T* bias = gradient + layer.bias;
  std::fill(bias, bias + h, T(0));
  if (!rules.batch_norm) {
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
  scratch.row_a.resize(h);
  scratch.row_b.resize(h);
  scratch.factor.resize(h);
  for (std::size_t i = 0; i < h; ++i) {
    scratch.factor[i] = values[layer.scale + i] * at.inverse[i];
    scratch.row_a[i] = shift[i] / static_cast<T>(count);
    scratch.row_b[i] = scale[i] / static_cast<T>(count);
  }
  unstandardise_gradient(delta, at.normal.data(), scratch.factor.data(), scratch.row_a.data(),
                         scratch.row_b.data(), block);
}

DenseNet::DenseNet(const std::string& name, const DenseShape& shape, Layout& values,
                   Layout& running)
    : shape_(shape) {
  require(shape.inputs > 0 && shape.outputs > 0, Status::invalid_argument, "the network \"", name,
          "\" needs inputs and outputs");
  require(shape.dropout >= 0.0 && shape.dropout < 1.0, Status::invalid_argument,
          "dropout must lie in [0, 1), not at ", shape.dropout);
  std::size_t width = shape.inputs;
  for (const std::size_t units : shape.hidden) {
    require(units > 0, Status::invalid_argument, "every hidden layer needs at least one unit");
    hidden_.push_back(
        dense_layer(text(name, hidden_.size()), width, units, shape.batch_norm, values, running));
    hidden_.back().hidden = true;
    width = units;
  }
  output_ = dense_layer(name + "_out", width, shape.outputs, false, values, running);
}

template <class T>
void DenseNet::initialise(Rng& rng, std::vector<T>& values, std::vector<T>& running) const {
  for (const DenseLayer& layer : hidden_)
    nets::initialise(layer, shape_.batch_norm, rng, values, running);
  nets::initialise(output_, false, rng, values, running);
}

template <class T>
const T* DensePass<T>::below(std::size_t layer, const T* input) const {
  return layer == 0 ? input : hidden_[layer - 1].z.data();
}

template <class T>
const std::vector<T>& DensePass<T>::forward(const DenseNet& net, const T* values, const T* running,
                                            const T* input, std::size_t count, T* training,
                                            Rng* dropout) {
  hidden_.resize(net.hidden().size());
  for (std::size_t l = 0; l < hidden_.size(); ++l)
    hidden_forward(net.shape(), net.hidden()[l], values, running, below(l, input), count,
                   hidden_[l], training, dropout, scratch_);
  linear_forward(values, net.output(), below(hidden_.size(), input), count, output_);
  return output_;
}

template <class T>
void DensePass<T>::backward(const DenseNet& net, const T* values, const T* input,
                            const T* of_output, std::size_t count, T* gradient, T* of_input) {
  if (!gradient) {  // of the input alone: the tensors' go to waste
    std::size_t end = net.output().bias + net.output().outputs;
    room_.resize(end);
    gradient = room_.data();
  }
  const std::size_t depth = hidden_.size();
  bias_backward(net.output(), of_output, count, gradient);
  next_.resize(net.output().inputs * count);
  linear_backward(values, net.output(), below(depth, input), of_output, count, gradient,
                  depth > 0 ? next_.data() : of_input, scratch_);
  for (std::size_t l = depth; l-- > 0;) {
    const DenseLayer& layer = net.hidden()[l];
    delta_.swap(next_);
    hidden_backward(net.shape(), layer, values, hidden_[l], delta_.data(), count, gradient,
                    scratch_);
    next_.resize(layer.inputs * count);
    linear_backward(values, layer, below(l, input), delta_.data(), count, gradient,
                    l > 0 ? next_.data() : of_input, scratch_);
  }
}

namespace {

// Of a normalised layer's rows: means of a, of a n and of a b less that of their means' product.
template <class T>
std::vector<T> row_means(const T* a, std::size_t rows, std::size_t count) {
  std::vector<T> out(rows, T(0));
  add_row_sums(out.data(), a, {rows, count, rows});
  for (T& value : out) value /= static_cast<T>(count);
  return out;
}

template <class T>
std::vector<T> mean_products(const T* a, const T* b, std::size_t rows, std::size_t count) {
  std::vector<T> out(rows, T(0));
  add_row_products(out.data(), a, b, {rows, count, rows});
  for (T& value : out) value /= static_cast<T>(count);
  return out;
}

}  // namespace

// With delta the signal that a backward pass of ones leaves at y = scale n + shift, and u' the
// tangent of the linear part, the tangent of y is scale inverse (u' - mean u' - n E), E = mean(n
// u'). What <delta, y'> changes by with the batch itself is, with A = cov(delta, u') and D =
// mean(delta n),
//   d/du = -scale inverse^2 [n (A - 3 D E) + E (delta - mean delta) + D (u' - mean u')],
//   d/dscale = count inverse (A - D E).
template <class T>
double DensePass<T>::backward_with_penalty(const DenseNet& net, const T* values, const T* input,
                                           const T* of_output, double weight, std::size_t count,
                                           T* gradient) {
  const std::size_t depth = hidden_.size();
  const DenseLayer& out = net.output();
  const bool normalised = net.shape().batch_norm;
  // The gradient of the sum of outputs, with the signals on the way: at y, and at the linear part.
  std::vector<std::vector<T>> at_y(depth), at_linear(depth);
  const std::vector<T> ones(out.outputs * count, T(1));
  next_.resize(out.inputs * count);
  to_input(values, out, ones.data(), count, next_.data(), scratch_);
  for (std::size_t l = depth; l-- > 0;) {
    const DenseLayer& layer = net.hidden()[l];
    const HiddenState<T>& at = hidden_[l];
    const std::size_t h = layer.outputs;
    const Block block{h, count, h};
    at_y[l] = next_;
    multiply_by(at_y[l].data(), at.gate.data(), block);
    at_linear[l] = at_y[l];
    if (normalised) {
      std::vector<T> factor(h);
      for (std::size_t i = 0; i < h; ++i) factor[i] = values[layer.scale + i] * at.inverse[i];
      const std::vector<T> mean = row_means(at_y[l].data(), h, count);
      const std::vector<T> along = mean_products(at_y[l].data(), at.normal.data(), h, count);
      unstandardise_gradient(at_linear[l].data(), at.normal.data(), factor.data(), mean.data(),
                             along.data(), block);
    }
    next_.resize(layer.inputs * count);
    to_input(values, layer, at_linear[l].data(), count, next_.data(), scratch_);
  }
  const std::size_t inputs = net.shape().inputs;
  const double entries = static_cast<double>(inputs * count);
  const double penalty = sum_of_squares(next_.data(), inputs * count) / entries;

  // The tangents of all layers along the gradient.
  std::vector<T> start(next_);
  for (T& value : start) value *= static_cast<T>(2.0 * weight / entries);
  std::vector<std::vector<T>> tangent(depth), of_linear(depth);
  const auto tangent_below = [&](std::size_t l) {
    return l == 0 ? start.data() : tangent[l - 1].data();
  };
  for (std::size_t l = 0; l < depth; ++l) {
    const DenseLayer& layer = net.hidden()[l];
    const HiddenState<T>& at = hidden_[l];
    const std::size_t h = layer.outputs;
    const Block block{h, count, h};
    of_linear[l].resize(h * count);
    product(false, h, count, layer.inputs, values + layer.weight, h, tangent_below(l), layer.inputs,
            false, of_linear[l].data(), h);
    tangent[l] = of_linear[l];
    if (normalised) {
      std::vector<T> factor(h);
      for (std::size_t i = 0; i < h; ++i) factor[i] = values[layer.scale + i] * at.inverse[i];
      const std::vector<T> mean = row_means(of_linear[l].data(), h, count);
      const std::vector<T> along = mean_products(of_linear[l].data(), at.normal.data(), h, count);
      unstandardise_gradient(tangent[l].data(), at.normal.data(), factor.data(), mean.data(),
                             along.data(), block);
    }
    multiply_by(tangent[l].data(), at.gate.data(), block);
  }

  // Back through both.
  const auto add_weight = [&](const DenseLayer& layer, const T* delta, const T* along) {
    product(true, layer.outputs, layer.inputs, count, delta, layer.outputs, along, layer.inputs,
            true, gradient + layer.weight, layer.outputs);
  };
  bias_backward(out, of_output, count, gradient);
  next_.resize(out.inputs * count);
  linear_backward(values, out, below(depth, input), of_output, count, gradient, next_.data(),
                  scratch_);
  add_weight(out, ones.data(), tangent_below(depth));
  for (std::size_t l = depth; l-- > 0;) {
    const DenseLayer& layer = net.hidden()[l];
    const HiddenState<T>& at = hidden_[l];
    const std::size_t h = layer.outputs;
    delta_.swap(next_);
    hidden_backward(net.shape(), layer, values, at, delta_.data(), count, gradient, scratch_);
    if (normalised) {
      const std::vector<T> mean_delta = row_means(at_y[l].data(), h, count);
      const std::vector<T> mean_tangent = row_means(of_linear[l].data(), h, count);
      std::vector<T> a = mean_products(at_y[l].data(), of_linear[l].data(), h, count);
      const std::vector<T> d = mean_products(at_y[l].data(), at.normal.data(), h, count);
      const std::vector<T> e = mean_products(of_linear[l].data(), at.normal.data(), h, count);
      for (std::size_t i = 0; i < h; ++i) {
        a[i] -= mean_delta[i] * mean_tangent[i];
        const T inverse = at.inverse[i], factor = values[layer.scale + i] * inverse * inverse;
        gradient[layer.scale + i] += static_cast<T>(count) * inverse * (a[i] - d[i] * e[i]);
        for (std::size_t j = 0; j < count; ++j) {
          const std::size_t k = i + j * h;
          delta_[k] -= factor * (at.normal[k] * (a[i] - T(3) * d[i] * e[i]) +
                                 e[i] * (at_y[l][k] - mean_delta[i]) +
                                 d[i] * (of_linear[l][k] - mean_tangent[i]));
        }
      }
    }
    if (l > 0) next_.resize(layer.inputs * count);
    linear_backward(values, layer, below(l, input), delta_.data(), count, gradient,
                    l > 0 ? next_.data() : nullptr, scratch_);
    add_weight(layer, at_linear[l].data(), tangent_below(l));
  }
  return penalty;
}

#define LAOT_INSTANTIATE(T)                                                                       \
  template void initialise<T>(const DenseLayer&, bool, Rng&, std::vector<T>&, std::vector<T>&);   \
  template void linear_forward<T>(const T*, const DenseLayer&, const T*, std::size_t,             \
                                  std::vector<T>&);                                               \
  template void linear_backward<T>(const T*, const DenseLayer&, const T*, const T*, std::size_t,  \
                                   T*, T*, DenseScratch<T>&);                                     \
  template void bias_backward<T>(const DenseLayer&, const T*, std::size_t, T*);                   \
  template void hidden_forward<T>(const DenseShape&, const DenseLayer&, const T*, const T*,       \
                                  const T*, std::size_t, HiddenState<T>&, T*, Rng*,               \
                                  DenseScratch<T>&);                                              \
  template void hidden_backward<T>(const DenseShape&, const DenseLayer&, const T*,                \
                                   const HiddenState<T>&, T*, std::size_t, T*, DenseScratch<T>&); \
  template void DenseNet::initialise<T>(Rng&, std::vector<T>&, std::vector<T>&) const;            \
  template class DensePass<T>;
LAOT_INSTANTIATE(float)
LAOT_INSTANTIATE(double)
#undef LAOT_INSTANTIATE

}  // namespace laot::nets
