// All weights of a network in one flat array, named views of it, and Adam on the whole of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/base.hpp"
#include "laot/base/adam.hpp"

namespace laot::nets {

/// One named tensor inside the flat array: element (r, c) lies at offset + r + c * stride. Weights
/// are outputs x inputs; a bias has one column.
struct Tensor {
  std::string name;
  std::size_t offset = 0, rows = 0, cols = 0, stride = 0;
};

/// The order of a network's tensors in its flat array.
class Layout {
 public:
  /// Appends a tensor of its own and returns its offset.
  std::size_t add(const std::string& name, std::size_t rows, std::size_t cols);
  /// Names a block inside what has been added (a row block of stacked weights, say).
  void alias(const Tensor& tensor) { tensors_.push_back(tensor); }
  /// Reserves room that aliases will name.
  std::size_t reserve(std::size_t count);

  std::size_t size() const { return size_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }
  const Tensor& find(const std::string& name) const;  // unknown_name if there is none

  template <class T>
  arma::mat get(const std::vector<T>& values, const std::string& name) const;
  template <class T>
  void set(std::vector<T>& values, const std::string& name, const arma::mat& value) const;

 private:
  std::vector<Tensor> tensors_;
  std::size_t size_ = 0;
};

/// Adam on an array, with what may come before its step (clipping, decoupled decay).
template <class T>
class Adam {
 public:
  Adam() = default;
  Adam(std::size_t count, const AdamSettings& settings);

  /// One step down `gradient` (clipped in place where asked for) with the rate times `factor`.
  void step(T* values, T* gradient, double factor = 1.0);

  const AdamSettings& settings() const { return settings_; }
  /// State from which an interrupted run goes on: both moments and the number of steps taken.
  std::vector<T> first, second;
  std::uint64_t steps = 0;

 private:
  AdamSettings settings_;
};

/// mean <- d mean + (1 - d) values with d = min(decay, t / (t + 10)): the exponential moving
/// average of Polyak & Juditsky's kind, that forgets its start while t, the number of iterations
/// done, is small. Convex: where no value was negative, no mean is.
void average_into(std::vector<float>& mean, const std::vector<float>& values, double decay,
                  std::uint64_t t);

}  // namespace laot::nets
