// The network of the Conditional Monge Gap: one map for all conditions,
//   T(x, c) = x + N([x ; E(c)]).
#pragma once

#include <string>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/base.hpp"
#include "laot/nets/parameters.hpp"

namespace laot::nets {

/// E(c) of the contexts c_1, c_2, ..: separate contexts go through a dense layer with GELU each and
/// are concatenated; of a set, all go through one layer, and their mean is taken, so that their
/// order and number do not matter. N is dense layers with GELU (its tanh form) and a last one
/// without.
struct ConditionalMapShape {
  std::size_t features = 0;
  bool set = false;
  std::vector<std::size_t> contexts;  // length of each context; one where they are a set
  std::vector<std::size_t> embedded;  // outputs of each context's layer; one where they are a set
  std::vector<std::size_t> hidden;    // units of each layer

  std::size_t embedding() const;  // length of E(c)
};

/// Tensors: E0.weight [embedded x context], E0.bias, .., L0.weight [hidden x (features +
/// embedding)], L0.bias, ..
template <class T>
class ConditionalMap {
 public:
  struct Layer {
    std::size_t inputs = 0, outputs = 0, weight = 0, bias = 0;  // the last two: offsets
  };

  ConditionalMap() = default;
  explicit ConditionalMap(const ConditionalMapShape& shape);

  const ConditionalMapShape& shape() const { return shape_; }
  const Layout& layout() const { return layout_; }
  std::size_t size() const { return layout_.size(); }
  const std::vector<Layer>& context_layers() const { return context_layers_; }
  const std::vector<Layer>& layers() const { return layers_; }

  /// Weights normal with variance 1/inputs, cut at two standard deviations and rescaled so that the
  /// variance stays; biases 0.
  void initialise(Rng& rng);

  std::vector<T>& values() { return values_; }
  const std::vector<T>& values() const { return values_; }

 private:
  ConditionalMapShape shape_;
  Layout layout_;
  std::vector<Layer> context_layers_, layers_;
  std::vector<T> values_;
};

/// Work space for one batch of one condition. Cells are columns, contiguous.
template <class T>
class ConditionalMapPass {
 public:
  /// out <- T(x, c), features x count. Throws dimension_mismatch where the contexts are not of the
  /// network's lengths.
  void forward(const ConditionalMap<T>& net, const T* x, std::size_t count,
               const std::vector<std::vector<T>>& contexts, T* out);
  /// After forward on the same x: adds the gradient of the parameters, given the one of the output,
  /// to `gradient`; and writes those of x and the contexts where asked for (not null).
  void backward(const ConditionalMap<T>& net, const T* x, const T* of_output, T* gradient,
                T* of_x = nullptr, std::vector<std::vector<T>>* of_contexts = nullptr);

 private:
  using Layer = typename ConditionalMap<T>::Layer;
  void embed(const ConditionalMap<T>& net);
  void embed_backward(const ConditionalMap<T>& net, const T* of_embedding, T* gradient,
                      std::vector<std::vector<T>>* of_contexts);

  std::size_t count_ = 0;
  std::vector<std::vector<T>> contexts_, context_gates_;
  std::vector<T> embedding_, first_bias_, of_embedding_;
  std::vector<std::vector<T>> activations_, gates_;  // of the hidden layers
  std::vector<T> delta_, next_delta_, turned_, sums_;
};

/// T(x, c) of whole matrices, features x n.
template <class T>
arma::Mat<T> moved(const ConditionalMap<T>& net, const arma::Mat<T>& x,
                   const std::vector<std::vector<T>>& contexts);

}  // namespace laot::nets
