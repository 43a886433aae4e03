#include "laot/nets/conditional_map.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gelu.hpp"
#include "laot/nets/kernels.hpp"

namespace laot::nets {

namespace {

constexpr double kSdOfCutNormal = 0.87962566103423978;  // of a normal cut at two sd

double cut_normal(Rng& rng) {
  for (;;) {
    const double value = rng.normal();
    if (std::abs(value) <= 2.0) return value / kSdOfCutNormal;
  }
}

template <class T>
void row_sums(const T* z, std::size_t rows, std::size_t cols, std::vector<T>& out) {
  out.assign(rows, T(0));
  add_row_sums(out.data(), z, {rows, cols, rows});
}

}  // namespace

std::size_t ConditionalMapShape::embedding() const {
  return std::accumulate(embedded.begin(), embedded.end(), std::size_t{0});
}

template <class T>
ConditionalMap<T>::ConditionalMap(const ConditionalMapShape& shape) : shape_(shape) {
  require(shape.features > 0 && !shape.contexts.empty() &&
              shape.contexts.size() == shape.embedded.size() &&
              (!shape.set || shape.contexts.size() == 1),
          Status::invalid_argument,
          "a conditional map needs features and a layer for each context");
  require(!shape.hidden.empty(), Status::invalid_argument,
          "a conditional map needs at least one hidden layer");
  const auto add = [&](const std::string& name, std::size_t inputs, std::size_t outputs) {
    Layer layer{inputs, outputs, 0, 0};
    layer.weight = layout_.add(name + ".weight", outputs, inputs);
    layer.bias = layout_.add(name + ".bias", outputs, 1);
    return layer;
  };
  for (std::size_t k = 0; k < shape.contexts.size(); ++k)
    context_layers_.push_back(add(text("E", k), shape.contexts[k], shape.embedded[k]));
  std::size_t inputs = shape.features + shape.embedding();
  for (std::size_t l = 0; l <= shape.hidden.size(); ++l) {
    const std::size_t outputs = l < shape.hidden.size() ? shape.hidden[l] : shape.features;
    layers_.push_back(add(text("L", l), inputs, outputs));
    inputs = outputs;
  }
  values_.assign(layout_.size(), T(0));
}

template <class T>
void ConditionalMap<T>::initialise(Rng& rng) {
  for (const auto* layers : {&context_layers_, &layers_})
    for (const Layer& layer : *layers) {
      const double sd =
          1.0 / std::sqrt(static_cast<double>(std::max<std::size_t>(1, layer.inputs)));
      for (std::size_t k = 0; k < layer.inputs * layer.outputs; ++k)
        values_[layer.weight + k] = static_cast<T>(sd * cut_normal(rng));
      std::fill_n(values_.begin() + static_cast<std::ptrdiff_t>(layer.bias), layer.outputs, T(0));
    }
}

template <class T>
void ConditionalMapPass<T>::embed(const ConditionalMap<T>& net) {
  const ConditionalMapShape& shape = net.shape();
  require(shape.set ? !contexts_.empty() : contexts_.size() == shape.contexts.size(),
          Status::dimension_mismatch, "a condition has ", contexts_.size(),
          " contexts where the network takes ", shape.contexts.size());
  embedding_.assign(shape.embedding(), T(0));
  context_gates_.resize(contexts_.size());
  const T share = shape.set ? T(1) / static_cast<T>(contexts_.size()) : T(1);
  std::size_t at = 0;
  for (std::size_t k = 0; k < contexts_.size(); ++k) {
    const Layer& layer = net.context_layers()[shape.set ? 0 : k];
    require(contexts_[k].size() == layer.inputs, Status::dimension_mismatch, "context ", k + 1,
            " has ", contexts_[k].size(), " values where the network takes ", layer.inputs);
    const T* w = net.values().data() + layer.weight;
    std::vector<T> z(
        net.values().begin() + static_cast<std::ptrdiff_t>(layer.bias),
        net.values().begin() + static_cast<std::ptrdiff_t>(layer.bias + layer.outputs));
    gemv(false, layer.outputs, layer.inputs, T(1), w, layer.outputs, contexts_[k].data(), T(1),
         z.data());
    context_gates_[k].resize(layer.outputs);
    gelu(z.data(), context_gates_[k].data(), static_cast<const T*>(nullptr), layer.outputs, 1);
    for (std::size_t r = 0; r < layer.outputs; ++r) embedding_[at + r] += share * z[r];
    if (!shape.set) at += layer.outputs;
  }
}

template <class T>
void ConditionalMapPass<T>::forward(const ConditionalMap<T>& net, const T* x, std::size_t count,
                                    const std::vector<std::vector<T>>& contexts, T* out) {
  count_ = count;
  contexts_ = contexts;
  embed(net);
  const std::size_t d = net.shape().features, last = net.layers().size() - 1;
  activations_.resize(last);
  gates_.resize(last);
  const T* input = x;
  for (std::size_t l = 0; l <= last; ++l) {
    const Layer& layer = net.layers()[l];
    const T* w = net.values().data() + layer.weight;
    const T* bias = net.values().data() + layer.bias;
    std::size_t inputs = layer.inputs;
    if (l == 0) {
      // The embedding is the same for all cells: its part of the product is a bias.
      inputs = d;
      first_bias_.assign(bias, bias + layer.outputs);
      if (!embedding_.empty())
        gemv(false, layer.outputs, embedding_.size(), T(1), w + d * layer.outputs, layer.outputs,
             embedding_.data(), T(1), first_bias_.data());
      bias = first_bias_.data();
    }
    T* z = out;
    if (l < last) {
      activations_[l].resize(layer.outputs * count);
      gates_[l].resize(layer.outputs * count);
      z = activations_[l].data();
    }
    product(false, layer.outputs, count, inputs, w, layer.outputs, input, inputs, false, z,
            layer.outputs);
    if (l < last) {
      gelu(z, gates_[l].data(), bias, layer.outputs, count);
      input = z;
    } else {
      for (std::size_t j = 0; j < count; ++j)
        for (std::size_t k = 0; k < d; ++k) out[k + j * d] += bias[k] + x[k + j * d];
    }
  }
}

template <class T>
void ConditionalMapPass<T>::backward(const ConditionalMap<T>& net, const T* x, const T* of_output,
                                     T* gradient, T* of_x,
                                     std::vector<std::vector<T>>* of_contexts) {
  const std::size_t d = net.shape().features;
  delta_.assign(of_output, of_output + d * count_);
  for (std::size_t l = net.layers().size(); l-- > 0;) {
    const Layer& layer = net.layers()[l];
    const T* w = net.values().data() + layer.weight;
    const T* input = l == 0 ? x : activations_[l - 1].data();
    const std::size_t inputs = l == 0 ? d : layer.inputs;
    product(true, layer.outputs, inputs, count_, delta_.data(), layer.outputs, input, inputs, true,
            gradient + layer.weight, layer.outputs);
    row_sums(delta_.data(), layer.outputs, count_, sums_);
    for (std::size_t r = 0; r < layer.outputs; ++r) gradient[layer.bias + r] += sums_[r];
    if (l == 0) {
      const std::size_t e = embedding_.size();
      for (std::size_t c = 0; c < e; ++c)
        for (std::size_t r = 0; r < layer.outputs; ++r)
          gradient[layer.weight + (d + c) * layer.outputs + r] += sums_[r] * embedding_[c];
      of_embedding_.assign(e, T(0));
      if (e > 0)
        gemv(true, layer.outputs, e, T(1), w + d * layer.outputs, layer.outputs, sums_.data(), T(0),
             of_embedding_.data());
      embed_backward(net, of_embedding_.data(), gradient, of_contexts);
      if (of_x == nullptr) return;
    }
    turned_.resize(layer.outputs * inputs);
    transpose(w, layer.outputs, inputs, turned_.data());
    next_delta_.resize(inputs * count_);
    product(false, inputs, count_, layer.outputs, turned_.data(), inputs, delta_.data(),
            layer.outputs, false, next_delta_.data(), inputs);
    if (l > 0) multiply_by(next_delta_.data(), gates_[l - 1].data(), {inputs, count_, inputs});
    delta_.swap(next_delta_);
  }
  for (std::size_t k = 0; k < d * count_; ++k) of_x[k] = delta_[k] + of_output[k];
}

template <class T>
void ConditionalMapPass<T>::embed_backward(const ConditionalMap<T>& net, const T* of_embedding,
                                           T* gradient, std::vector<std::vector<T>>* of_contexts) {
  const bool set = net.shape().set;
  const T share = set ? T(1) / static_cast<T>(contexts_.size()) : T(1);
  if (of_contexts != nullptr) of_contexts->assign(contexts_.size(), {});
  std::size_t at = 0;
  for (std::size_t k = 0; k < contexts_.size(); ++k) {
    const Layer& layer = net.context_layers()[set ? 0 : k];
    std::vector<T> delta(layer.outputs);
    for (std::size_t r = 0; r < layer.outputs; ++r)
      delta[r] = share * of_embedding[at + r] * context_gates_[k][r];
    if (!set) at += layer.outputs;
    for (std::size_t r = 0; r < layer.outputs; ++r) gradient[layer.bias + r] += delta[r];
    for (std::size_t c = 0; c < layer.inputs; ++c)
      for (std::size_t r = 0; r < layer.outputs; ++r)
        gradient[layer.weight + c * layer.outputs + r] += delta[r] * contexts_[k][c];
    if (of_contexts == nullptr) continue;
    std::vector<T>& out = (*of_contexts)[k];
    out.assign(layer.inputs, T(0));
    gemv(true, layer.outputs, layer.inputs, T(1), net.values().data() + layer.weight, layer.outputs,
         delta.data(), T(0), out.data());
  }
}

template <class T>
arma::Mat<T> moved(const ConditionalMap<T>& net, const arma::Mat<T>& x,
                   const std::vector<std::vector<T>>& contexts) {
  require(x.n_rows == net.shape().features, Status::dimension_mismatch, "the network takes ",
          net.shape().features, " features, and the cells have ", x.n_rows);
  arma::Mat<T> out(arma::size(x));
  ConditionalMapPass<T> pass;
  constexpr arma::uword portion = 256;
  for (arma::uword first = 0; first < x.n_cols; first += portion) {
    const arma::uword count = std::min(portion, x.n_cols - first);
    pass.forward(net, x.colptr(first), count, contexts, out.colptr(first));
  }
  return out;
}

#define LAOT_INSTANTIATE(T)                                                     \
  template class ConditionalMap<T>;                                             \
  template class ConditionalMapPass<T>;                                         \
  template arma::Mat<T> moved<T>(const ConditionalMap<T>&, const arma::Mat<T>&, \
                                 const std::vector<std::vector<T>>&);
LAOT_INSTANTIATE(float)
LAOT_INSTANTIATE(double)
#undef LAOT_INSTANTIATE

}  // namespace laot::nets
