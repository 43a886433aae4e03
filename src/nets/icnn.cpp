// The network itself: where its tensors lie, its start, its kernels and what keeps it convex.
#include "laot/nets/icnn.hpp"

#include <algorithm>
#include <cmath>

#include "laot/nets/kernels.hpp"

namespace laot::nets {

template <class T>
Icnn<T>::Icnn(const IcnnShape& shape) : shape_(shape) {
  require(shape.features > 0, Status::invalid_argument, "an input-convex network needs features");
  require(!shape.hidden.empty(), Status::invalid_argument,
          "an input-convex network needs at least one hidden layer");
  const std::size_t d = shape.features, depth = shape.hidden.size();
  for (const std::size_t units : shape.hidden) {
    require(units > 0, Status::invalid_argument, "every hidden layer needs at least one unit");
    start_.push_back(total_);
    total_ += units;
  }
  const std::size_t stack = layout_.reserve(total_ * d);
  bias_ = layout_.reserve(total_);
  for (std::size_t l = 0; l < depth; ++l) {
    const std::string name = text("A", l);
    layout_.alias({name + ".weight", stack + start_[l], shape.hidden[l], d, total_});
    layout_.alias({name + ".bias", bias_ + start_[l], shape.hidden[l], 1, shape.hidden[l]});
  }
  last_weight_ = layout_.add(text("A", depth, ".weight"), 1, d);
  last_bias_ = layout_.add(text("A", depth, ".bias"), 1, 1);
  kernels_begin_ = layout_.size();
  kernel_.assign(depth + 1, 0);
  for (std::size_t l = 1; l <= depth; ++l)
    kernel_[l] =
        layout_.add(text("W", l, ".weight"), l < depth ? shape.hidden[l] : 1, shape.hidden[l - 1]);
  transposed_kernel_.assign(depth, 0);
  std::size_t room = total_ * d;
  for (std::size_t l = 1; l < depth; ++l) {
    transposed_kernel_[l] = room;
    room += shape.hidden[l] * shape.hidden[l - 1];
  }
  transposed_.resize(room);
  values_.assign(layout_.size(), T(0));
  refresh();
}

template <class T>
void Icnn<T>::initialise(Rng& rng, double low, double high) {
  std::fill(values_.begin(), values_.end(), T(0));
  for (const Tensor& tensor : layout_.tensors()) {
    if (tensor.name.find(".bias") != std::string::npos) continue;
    for (std::size_t c = 0; c < tensor.cols; ++c)
      for (std::size_t r = 0; r < tensor.rows; ++r)
        values_[tensor.offset + r + c * tensor.stride] = static_cast<T>(rng.uniform(low, high));
  }
  refresh();
}

template <class T>
void Icnn<T>::assign(const std::vector<T>& values) {
  require(values.size() == values_.size(), Status::dimension_mismatch, "the network has ",
          values_.size(), " parameters, and ", values.size(), " were given");
  values_ = values;
  refresh();
}

template <class T>
const T* Icnn<T>::kernel(std::size_t l) const {
  return shape_.softplus_kernels ? effective_.data() + (kernel_[l] - kernels_begin_)
                                 : values_.data() + kernel_[l];
}

template <class T>
void Icnn<T>::refresh() {
  if (shape_.softplus_kernels) refresh_softplus();
  transpose(stack(), total_, shape_.features, transposed_.data());
  for (std::size_t l = 1; l < layers(); ++l)
    transpose(kernel(l), shape_.hidden[l], shape_.hidden[l - 1],
              transposed_.data() + transposed_kernel_[l]);
}

template <class T>
void Icnn<T>::refresh_softplus() {
  const std::size_t count = values_.size() - kernels_begin_;
  effective_.resize(count);
  sigmoid_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    // log(1 + e^w) = max(w, 0) + log(1 + e^-|w|): no overflow on either side.
    const T w = values_[kernels_begin_ + i];
    const T e = std::exp(-std::abs(w));
    effective_[i] = std::max(w, T(0)) + std::log1p(e);
    sigmoid_[i] = (w >= T(0) ? T(1) : e) / (T(1) + e);
  }
}

template <class T>
void Icnn<T>::through_softplus(T* gradient) const {
  if (!shape_.softplus_kernels) return;
  for (std::size_t i = 0; i < sigmoid_.size(); ++i) gradient[kernels_begin_ + i] *= sigmoid_[i];
}

template <class T>
double Icnn<T>::penalty(T* gradient, double weight) const {
  if (shape_.softplus_kernels) return 0.0;
  double total = 0.0;
  for (std::size_t l = 1; l < kernel_.size(); ++l) {
    const std::size_t begin = kernel_[l];
    const std::size_t end = l + 1 < kernel_.size() ? kernel_[l + 1] : values_.size();
    double squares = 0.0;
    for (std::size_t i = begin; i < end; ++i) {
      const double negative = std::min(static_cast<double>(values_[i]), 0.0);
      squares += negative * negative;
    }
    const double norm = std::sqrt(squares);
    total += weight * norm;
    // The norm has no derivative at 0; no negative entry, no pull.
    if (!gradient || norm == 0.0) continue;
    const T scale = static_cast<T>(weight / norm);
    for (std::size_t i = begin; i < end; ++i) gradient[i] += scale * std::min(values_[i], T(0));
  }
  return total;
}

template <class T>
void Icnn<T>::clamp() {
  if (shape_.softplus_kernels) return;
  for (std::size_t i = kernels_begin_; i < values_.size(); ++i)
    // Written so that a NaN stays one and is found by whoever checks.
    if (values_[i] < T(0)) values_[i] = T(0);
  refresh();
}

template class Icnn<float>;
template class Icnn<double>;

}  // namespace laot::nets
