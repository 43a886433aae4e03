// Input-convex networks (Amos, Xu & Kolter, ICML 2017) as CellOT uses them (Bunne et al., Nature
// Methods 2023), with closed forms for everything that training needs.
#pragma once

#include <string>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/base.hpp"
#include "laot/nets/parameters.hpp"

namespace laot::nets {

struct IcnnShape {
  std::size_t features = 0;         // d
  std::vector<std::size_t> hidden;  // h_1 .. h_L, L >= 1
  double slope = 0.2;               // of the leaky ReLU s; 0 is ReLU
  bool softplus_kernels = false;    // log(1 + exp(W)) in place of W
};

/// u: R^d -> R,
///   z_1 = s(A_0 x + b_0)^2,  z_(l+1) = s(W_l z_l + A_l x + b_l),  u = W_L z_L + A_L x + b_L,
/// convex in x where all (effective) W_l are nonnegative. Tensors: A0.weight [h_1 x d], A0.bias,
/// .., AL.weight [1 x d], AL.bias, W1.weight [h_2 x h_1], .., WL.weight [1 x h_L].
template <class T>
class Icnn {
 public:
  Icnn() = default;
  explicit Icnn(const IcnnShape& shape);

  const IcnnShape& shape() const { return shape_; }
  const Layout& layout() const { return layout_; }
  std::size_t size() const { return layout_.size(); }
  std::size_t layers() const { return shape_.hidden.size(); }

  /// Weights uniform on [low, high), biases 0.
  void initialise(Rng& rng, double low, double high);

  const std::vector<T>& values() const { return values_; }
  void assign(const std::vector<T>& values);
  /// Changes the flat array in place: `change(T* values)`.
  template <class Change>
  void change(Change&& how) {
    how(values_.data());
    refresh();
  }

  /// Plain kernels: sum over W_l of the Frobenius norm of max(-W_l, 0), and its gradient added to
  /// `gradient` where that is not null. 0 for softplus kernels, which cannot be negative.
  double penalty(T* gradient, double weight = 1.0) const;
  /// Plain kernels: W_l <- max(W_l, 0). Nothing for softplus kernels.
  void clamp();

  // Where things lie: the hidden A_l are stacked into one matrix [total x d].
  std::size_t total() const { return total_; }
  std::size_t start(std::size_t layer) const { return start_[layer]; }  // row of layer 0..L-1
  const T* stack() const { return values_.data(); }
  const T* bias() const { return values_.data() + bias_; }
  const T* last_weight() const { return values_.data() + last_weight_; }
  T last_bias() const { return values_[last_bias_]; }
  const T* kernel(std::size_t l) const;  // effective W_l, l = 1 .. L
  // Transposed copies, because BLAS libraries multiply untransposed small matrices fastest.
  const T* stack_transposed() const { return transposed_.data(); }
  const T* kernel_transposed(std::size_t l) const {  // l = 1 .. L - 1
    return transposed_.data() + transposed_kernel_[l];
  }
  std::size_t bias_offset() const { return bias_; }
  std::size_t last_weight_offset() const { return last_weight_; }
  std::size_t last_bias_offset() const { return last_bias_; }
  std::size_t kernel_offset(std::size_t l) const { return kernel_[l]; }
  /// For softplus kernels: turns a gradient in the effective kernels into one in the kernels.
  void through_softplus(T* gradient) const;

 private:
  void refresh();
  void refresh_softplus();

  IcnnShape shape_;
  Layout layout_;
  std::size_t total_ = 0, bias_ = 0, last_weight_ = 0, last_bias_ = 0, kernels_begin_ = 0;
  std::vector<std::size_t> start_, kernel_;
  std::vector<T> values_;
  std::vector<T> effective_, sigmoid_;  // of the kernels, where softplus is used
  std::vector<T> transposed_;
  std::vector<std::size_t> transposed_kernel_;
};

/// Work space for one batch of cells (columns, contiguous, d x count) through one network. The
/// steps are called in order; each says what it needs.
template <class T>
class IcnnPass {
 public:
  /// Activations of all layers.
  void forward(const Icnn<T>& net, const T* x, std::size_t count);
  /// After forward: u of each cell.
  void values(const Icnn<T>& net, const T* x, T* out) const;
  /// After forward: delta_l = weight_i * d u(x_i) / d a_l, a_l being what enters s in layer l.
  /// `weights` holds one number a cell.
  void backward(const Icnn<T>& net, const T* weights);
  /// After backward with weights 1: grad u(x_i) = sum_l A_l' delta_l + A_L', d x count.
  void input_gradient(const Icnn<T>& net, T* out) const;
  /// After backward: gradient += d/d theta of sum_i weight_i u(x_i), but for b_L, whose gradient is
  /// the sum of the weights. In the effective kernels (see Icnn::through_softplus).
  void value_gradient(const Icnn<T>& net, const T* x, const T* weights, T* gradient) const;
  /// After backward with weights 1: gradient += d/d theta of sum_i <v_i, grad u(x_i)>, v fixed. In
  /// the effective kernels.
  ///
  /// <v, grad u(x)> is the derivative of u along v, found by carrying tangents forward:
  ///   a'_0 = A_0 v, z'_1 = 2 s s' a'_0, a'_l = W_l z'_l + A_l v, z'_(l+1) = s' a'_l.
  /// s' is piecewise constant, so the only path through a second derivative is layer 1, where
  /// d(2 s s')/da = 2 s'^2. With delta as in backward, hence
  ///   dW_l = delta_(l+1) z'_l',  dA_l = delta_l v',  and in layer 1 also
  ///   e = (W_1' delta_2) 2 s'^2 a'_0,  dA_0 += e x',  db_0 = e;  all other biases 0.
  void directional_gradient(const Icnn<T>& net, const T* x, const T* v, T* gradient);

 private:
  void reserve(const Icnn<T>& net, std::size_t count);

  std::size_t count_ = 0;
  std::vector<T> z_, gate_, delta_;  // total x count
  std::vector<T> back_;              // W_1' delta_2, h_1 x count
  std::vector<T> tangent_;           // total x count
  std::vector<T> curved_;            // e, h_1 x count
};

/// The two losses of CellOT for convex potentials f and g, with T = grad g:
///   loss_g = mean_i [f(T(x_i)) - <x_i, T(x_i)>],  loss_f = mean_j f(y_j) - mean_i f(T(x_i)),
/// g minimises the first, f the second. Batches are d x count, contiguous. A batch is worked off in
/// portions of cells that stay in the cache, always the same ones.
template <class T>
class CellotLoss {
 public:
  /// Gradient in the parameters of g (overwritten). The loss itself costs one more product, and is
  /// NaN unless asked for.
  double step_g(const Icnn<T>& f, const Icnn<T>& g, const T* x, std::size_t count, T* gradient,
                bool want_loss);
  /// Gradient in the parameters of f (overwritten), and the loss under the same condition.
  double step_f(const Icnn<T>& f, const Icnn<T>& g, const T* x, std::size_t x_count, const T* y,
                std::size_t y_count, T* gradient, bool want_loss);
  /// T(x) into out, d x count.
  void transport(const Icnn<T>& g, const T* x, std::size_t count, T* out);

 private:
  double g_portion(const Icnn<T>& f, const Icnn<T>& g, const T* x, std::size_t count, T share,
                   T* gradient, bool want_loss);
  double f_portion(const Icnn<T>& f, const T* y, std::size_t count, T weight, T* gradient,
                   bool want_loss);

  IcnnPass<T> pass_g_, pass_f_;
  std::vector<T> moved_, slope_, weights_, value_;
};

/// u of each column of x.
template <class T>
arma::Col<T> potential(const Icnn<T>& net, const arma::Mat<T>& x);

/// grad u at each column of x, d x n: CellOT's map, where u is g.
template <class T>
arma::Mat<T> potential_gradient(const Icnn<T>& net, const arma::Mat<T>& x);

}  // namespace laot::nets
