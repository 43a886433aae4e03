#include "laot/nets/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "lanes.hpp"
#include "laot/nets/kernels.hpp"

namespace laot::nets {

std::size_t Layout::reserve(std::size_t count) {
  const std::size_t offset = size_;
  size_ += count;
  return offset;
}

std::size_t Layout::add(const std::string& name, std::size_t rows, std::size_t cols) {
  const std::size_t offset = reserve(rows * cols);
  tensors_.push_back({name, offset, rows, cols, rows});
  return offset;
}

const Tensor& Layout::find(const std::string& name) const {
  for (const Tensor& tensor : tensors_)
    if (tensor.name == name) return tensor;
  fail(Status::unknown_name, "the network has no tensor \"", name, "\"");
}

template <class T>
arma::mat Layout::get(const std::vector<T>& values, const std::string& name) const {
  const Tensor& tensor = find(name);
  arma::mat out(tensor.rows, tensor.cols);
  for (std::size_t c = 0; c < tensor.cols; ++c)
    for (std::size_t r = 0; r < tensor.rows; ++r)
      out(r, c) = static_cast<double>(values.at(tensor.offset + r + c * tensor.stride));
  return out;
}

template <class T>
void Layout::set(std::vector<T>& values, const std::string& name, const arma::mat& value) const {
  const Tensor& tensor = find(name);
  require(value.n_rows == tensor.rows && value.n_cols == tensor.cols, Status::dimension_mismatch,
          "tensor \"", name, "\" is ", tensor.rows, " x ", tensor.cols, ", and ", value.n_rows,
          " x ", value.n_cols, " values were given");
  for (std::size_t c = 0; c < tensor.cols; ++c)
    for (std::size_t r = 0; r < tensor.rows; ++r)
      values.at(tensor.offset + r + c * tensor.stride) = static_cast<T>(value(r, c));
}

template <class T>
Adam<T>::Adam(std::size_t count, const AdamSettings& settings)
    : first(count, T(0)), second(count, T(0)), settings_(settings) {}

template <class T>
void Adam<T>::step(T* values, T* gradient, double factor) {
  const std::size_t count = first.size();
  if (settings_.clip_norm > 0.0) {
    const double norm = std::sqrt(sum_of_squares(gradient, count));
    const T scale = static_cast<T>(settings_.clip_norm / (norm + 1e-6));
    if (scale < T(1))
      for (std::size_t i = 0; i < count; ++i) gradient[i] *= scale;
  }
  if (settings_.decoupled_decay > 0.0) {
    const T keep = static_cast<T>(1.0 - settings_.rate * factor * settings_.decoupled_decay);
    for (std::size_t i = 0; i < count; ++i) values[i] *= keep;
  }
  const AdamStep<T> step(settings_, ++steps, factor);
  std::size_t i = 0;
  if constexpr (std::is_same_v<T, float>)
    i = LAOT_IN_LANES(adam(step, values, gradient, first.data(), second.data(), count));
  for (; i < count; ++i) step(values[i], gradient[i], first[i], second[i]);
}

void average_into(std::vector<float>& mean, const std::vector<float>& values, double decay,
                  std::uint64_t t) {
  const double done = static_cast<double>(t);
  const double keep = std::min(decay, done / (done + 10.0));
  const float old_share = static_cast<float>(keep), new_share = static_cast<float>(1.0 - keep);
  for (std::size_t i = 0; i < mean.size(); ++i)
    mean[i] = old_share * mean[i] + new_share * values[i];
}

#define LAOT_INSTANTIATE(T)                                                                  \
  template arma::mat Layout::get<T>(const std::vector<T>&, const std::string&) const;        \
  template void Layout::set<T>(std::vector<T>&, const std::string&, const arma::mat&) const; \
  template class Adam<T>;
LAOT_INSTANTIATE(float)
LAOT_INSTANTIATE(double)
#undef LAOT_INSTANTIATE

}  // namespace laot::nets
