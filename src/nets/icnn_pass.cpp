// One batch through an input-convex network: values, input gradients, and the closed forms of the
// two kinds of parameter gradient that training needs.
#include <algorithm>
#include <limits>

#include "laot/nets/icnn.hpp"
#include "laot/nets/kernels.hpp"

namespace laot::nets {

template <class T>
void IcnnPass<T>::reserve(const Icnn<T>& net, std::size_t count) {
  count_ = count;
  const std::size_t need = net.total() * count;
  if (z_.size() < need) {
    z_.resize(need);
    gate_.resize(need);
    delta_.resize(need);
  }
  const std::size_t first = net.shape().hidden[0] * count;
  if (back_.size() < first) back_.resize(first);
}

template <class T>
void IcnnPass<T>::forward(const Icnn<T>& net, const T* x, std::size_t count) {
  reserve(net, count);
  const auto& hidden = net.shape().hidden;
  const std::size_t total = net.total(), d = net.shape().features;
  const T slope = static_cast<T>(net.shape().slope);
  product(false, total, count, d, net.stack(), total, x, d, false, z_.data(), total);
  activate_squared(z_.data(), gate_.data(), net.bias(), {hidden[0], count, total}, slope);
  for (std::size_t l = 1; l < hidden.size(); ++l) {
    const std::size_t from = net.start(l - 1), to = net.start(l);
    product(false, hidden[l], count, hidden[l - 1], net.kernel(l), hidden[l], z_.data() + from,
            total, true, z_.data() + to, total);
    activate(z_.data() + to, gate_.data() + to, net.bias() + to, {hidden[l], count, total}, slope);
  }
}

template <class T>
void IcnnPass<T>::values(const Icnn<T>& net, const T* x, T* out) const {
  const std::size_t depth = net.layers(), d = net.shape().features;
  std::fill(out, out + count_, net.last_bias());
  gemv<T>(true, net.shape().hidden[depth - 1], count_, 1, z_.data() + net.start(depth - 1),
          net.total(), net.kernel(depth), 1, out);
  gemv<T>(true, d, count_, 1, x, d, net.last_weight(), 1, out);
}

template <class T>
void IcnnPass<T>::backward(const Icnn<T>& net, const T* weights) {
  const auto& hidden = net.shape().hidden;
  const std::size_t depth = hidden.size(), total = net.total();
  const std::size_t last = net.start(depth - 1);
  if (depth == 1) {
    // With one hidden layer, W_1 is the output row: u_1 = W_1' c has to be kept for layer 1.
    for (std::size_t j = 0; j < count_; ++j)
      for (std::size_t i = 0; i < hidden[0]; ++i)
        back_[i + j * hidden[0]] = net.kernel(1)[i] * weights[j];
  }
  gated_outer(delta_.data() + last, gate_.data() + last, net.kernel(depth), weights,
              {hidden[depth - 1], count_, total});
  for (std::size_t l = depth - 1; l >= 1; --l) {
    const std::size_t from = net.start(l), to = net.start(l - 1);
    const Block block{hidden[l - 1], count_, total};
    if (l > 1) {
      product(false, hidden[l - 1], count_, hidden[l], net.kernel_transposed(l), hidden[l - 1],
              delta_.data() + from, total, false, delta_.data() + to, total);
      multiply_by(delta_.data() + to, gate_.data() + to, block);
    } else {
      product(false, hidden[0], count_, hidden[1], net.kernel_transposed(1), hidden[0],
              delta_.data() + from, total, false, back_.data(), hidden[0]);
      multiply_into(delta_.data(), total, back_.data(), hidden[0], gate_.data(), block);
    }
  }
}

template <class T>
void IcnnPass<T>::input_gradient(const Icnn<T>& net, T* out) const {
  const std::size_t total = net.total(), d = net.shape().features;
  const T* last = net.last_weight();
  for (std::size_t j = 0; j < count_; ++j) std::copy(last, last + d, out + j * d);
  product(false, d, count_, total, net.stack_transposed(), d, delta_.data(), total, true, out, d);
}

template <class T>
void IcnnPass<T>::value_gradient(const Icnn<T>& net, const T* x, const T* weights,
                                 T* gradient) const {
  const auto& hidden = net.shape().hidden;
  const std::size_t depth = hidden.size(), total = net.total(), d = net.shape().features;
  product(true, total, d, count_, delta_.data(), total, x, d, true, gradient, total);
  add_row_sums(gradient + net.bias_offset(), delta_.data(), {total, count_, total});
  gemv<T>(false, d, count_, 1, x, d, weights, 1, gradient + net.last_weight_offset());
  for (std::size_t l = 1; l < depth; ++l)
    product(true, hidden[l], hidden[l - 1], count_, delta_.data() + net.start(l), total,
            z_.data() + net.start(l - 1), total, true, gradient + net.kernel_offset(l), hidden[l]);
  gemv<T>(false, hidden[depth - 1], count_, 1, z_.data() + net.start(depth - 1), total, weights, 1,
          gradient + net.kernel_offset(depth));
}

template <class T>
void IcnnPass<T>::directional_gradient(const Icnn<T>& net, const T* x, const T* v, T* gradient) {
  const auto& hidden = net.shape().hidden;
  const std::size_t depth = hidden.size(), total = net.total(), d = net.shape().features;
  const std::size_t first = hidden[0];
  const T slope = static_cast<T>(net.shape().slope);
  if (tangent_.size() < total * count_) tangent_.resize(total * count_);
  if (curved_.size() < first * count_) curved_.resize(first * count_);

  T* tangent = tangent_.data();
  product(false, total, count_, d, net.stack(), total, v, d, false, tangent, total);
  bend(curved_.data(), tangent, back_.data(), gate_.data(), {first, count_, total}, slope);
  for (std::size_t l = 1; l < depth; ++l) {
    const std::size_t from = net.start(l - 1), to = net.start(l);
    product(false, hidden[l], count_, hidden[l - 1], net.kernel(l), hidden[l], tangent + from,
            total, true, tangent + to, total);
    multiply_by(tangent + to, gate_.data() + to, {hidden[l], count_, total});
  }

  product(true, total, d, count_, delta_.data(), total, v, d, true, gradient, total);
  product(true, first, d, count_, curved_.data(), first, x, d, true, gradient, total);
  add_row_sums(gradient + net.bias_offset(), curved_.data(), {first, count_, first});
  add_row_sums(gradient + net.last_weight_offset(), v, {d, count_, d});
  for (std::size_t l = 1; l < depth; ++l)
    product(true, hidden[l], hidden[l - 1], count_, delta_.data() + net.start(l), total,
            tangent + net.start(l - 1), total, true, gradient + net.kernel_offset(l), hidden[l]);
  add_row_sums(gradient + net.kernel_offset(depth), tangent + net.start(depth - 1),
               {hidden[depth - 1], count_, total});
}

template class IcnnPass<float>;
template class IcnnPass<double>;

}  // namespace laot::nets
