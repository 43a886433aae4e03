// Dense layers, with batch normalisation, a leaky ReLU and dropout after the hidden ones: forward,
// back, and the penalty on the gradient of what a classifier says.
#pragma once

#include <string>
#include <vector>

#include "laot/base.hpp"
#include "laot/nets/parameters.hpp"

namespace laot::nets {

/// Offsets of a layer's tensors: in the values of its network, and in its running moments.
struct DenseLayer {
  std::string name;
  std::size_t inputs = 0, outputs = 0;
  std::size_t weight = 0, bias = 0;
  bool hidden = false;
  std::size_t scale = 0, shift = 0;    // batch normalisation only
  std::size_t mean = 0, variance = 0;  // in the running moments
};

struct DenseShape {
  std::size_t inputs = 0, outputs = 0;
  std::vector<std::size_t> hidden;
  double slope = 0.0;       // of the leaky ReLU after every hidden layer
  bool batch_norm = false;  // after every hidden layer, before its activation
  double dropout = 0.0;     // after every hidden activation, while training
};

/// Appends <name>.weight and <name>.bias, of a hidden layer with batch normalisation also
/// <name>.scale and <name>.shift, and to `running` <name>.mean and <name>.variance.
DenseLayer dense_layer(const std::string& name, std::size_t inputs, std::size_t outputs,
                       bool batch_norm, Layout& values, Layout& running);

/// Weights and biases uniform on +-1/sqrt(inputs); a normalisation starts as none.
template <class T>
void initialise(const DenseLayer& layer, bool batch_norm, Rng& rng, std::vector<T>& values,
                std::vector<T>& running);

/// A hidden layer's record of a batch for the way back.
template <class T>
struct HiddenState {
  std::vector<T> z, gate, normal, inverse, mean;
};

/// Room that the layers of a network share.
template <class T>
struct DenseScratch {
  std::vector<T> row_a, row_b, factor, turned;
};

/// out <- W input + b
template <class T>
void linear_forward(const T* values, const DenseLayer& layer, const T* input, std::size_t count,
                    std::vector<T>& out);

/// gradient of the weight <- delta input'; delta_input (null: not wanted) <- W' delta. The bias is
/// bias_backward's.
template <class T>
void linear_backward(const T* values, const DenseLayer& layer, const T* input, const T* delta,
                     std::size_t count, T* gradient, T* delta_input, DenseScratch<T>& scratch);
template <class T>
void bias_backward(const DenseLayer& layer, const T* delta, std::size_t count, T* gradient);

/// One hidden layer. In training mode (`training`, the running moments, not null) it normalises by
/// the batch, whose moments enter the running ones (momentum 0.01, epsilon 1e-3, as scvi-tools has
/// them), and drops units where `dropout` is not null; else by the running moments.
template <class T>
void hidden_forward(const DenseShape& rules, const DenseLayer& layer, const T* values,
                    const T* running, const T* input, std::size_t count, HiddenState<T>& out,
                    T* training, Rng* dropout, DenseScratch<T>& scratch);
/// delta, of the activation, becomes that of the linear part; gradients of bias, scale and shift.
template <class T>
void hidden_backward(const DenseShape& rules, const DenseLayer& layer, const T* values,
                     const HiddenState<T>& at, T* delta, std::size_t count, T* gradient,
                     DenseScratch<T>& scratch);

/// Hidden layers <name>0, <name>1, .. and a linear one, <name>_out, in the arrays of a larger
/// network.
class DenseNet {
 public:
  DenseNet() = default;
  DenseNet(const std::string& name, const DenseShape& shape, Layout& values, Layout& running);

  const DenseShape& shape() const { return shape_; }
  const std::vector<DenseLayer>& hidden() const { return hidden_; }
  const DenseLayer& output() const { return output_; }
  template <class T>
  void initialise(Rng& rng, std::vector<T>& values, std::vector<T>& running) const;

 private:
  DenseShape shape_;
  std::vector<DenseLayer> hidden_;
  DenseLayer output_;
};

/// Work space for one batch through a DenseNet. Cells are columns, contiguous.
template <class T>
class DensePass {
 public:
  /// Outputs, outputs x count; training and dropout as hidden_forward has them.
  const std::vector<T>& forward(const DenseNet& net, const T* values, const T* running,
                                const T* input, std::size_t count, T* training, Rng* dropout);
  /// After forward on the same input in training mode: gradients of all tensors (overwritten; null:
  /// not wanted) and of the input (null: not wanted), given that of the outputs.
  void backward(const DenseNet& net, const T* values, const T* input, const T* of_output,
                std::size_t count, T* gradient, T* of_input);
  /// The penalty P = mean over all entries of (d sum of all outputs / d input)^2, and the gradient
  /// (overwritten) of <of_output, outputs> + weight P: a backward pass of ones, a tangent pass
  /// along the gradient it gives, and one pass back through both. Batch normalisation is
  /// differentiated twice.
  double backward_with_penalty(const DenseNet& net, const T* values, const T* input,
                               const T* of_output, double weight, std::size_t count, T* gradient);

 private:
  const T* below(std::size_t layer, const T* input) const;

  std::vector<HiddenState<T>> hidden_;
  std::vector<T> output_, delta_, next_, room_;
  DenseScratch<T> scratch_;
};

}  // namespace laot::nets
