// Both losses of CellOT and their gradients.
#include <algorithm>

#include "laot/nets/icnn.hpp"
#include "laot/nets/kernels.hpp"

namespace laot::nets {

namespace {

template <class T>
void grow(std::vector<T>& v, std::size_t count) {
  if (v.size() < count) v.resize(count);
}

template <class T>
double sum(const T* values, std::size_t count) {
  double total = 0.0;
  for (std::size_t i = 0; i < count; ++i) total += static_cast<double>(values[i]);
  return total;
}

// Cells at a time: the activations of a portion fit in a processor's second cache, and BLAS
// libraries have their fastest path for products of this size (measured with bench/nets/speed.py).
constexpr std::size_t kPortion = 64;

}  // namespace

template <class T>
void CellotLoss<T>::transport(const Icnn<T>& g, const T* x, std::size_t count, T* out) {
  if (weights_.size() < count) weights_.assign(count, T(1));
  std::fill(weights_.begin(), weights_.begin() + static_cast<std::ptrdiff_t>(count), T(1));
  pass_g_.forward(g, x, count);
  pass_g_.backward(g, weights_.data());
  pass_g_.input_gradient(g, out);
}

template <class T>
double CellotLoss<T>::g_portion(const Icnn<T>& f, const Icnn<T>& g, const T* x, std::size_t count,
                                T share, T* gradient, bool want_loss) {
  const std::size_t d = g.shape().features;
  grow(moved_, d * count);
  grow(slope_, d * count);
  transport(g, x, count, moved_.data());
  pass_f_.forward(f, moved_.data(), count);
  double loss = 0.0;
  if (want_loss) {
    grow(value_, count);
    pass_f_.values(f, moved_.data(), value_.data());
    loss = sum(value_.data(), count);
    for (std::size_t i = 0; i < d * count; ++i)
      loss -= static_cast<double>(x[i]) * static_cast<double>(moved_[i]);
  }
  pass_f_.backward(f, weights_.data());
  pass_f_.input_gradient(f, slope_.data());
  // d loss / d T_i = (grad f(T_i) - x_i) / n, held fixed while g is differentiated through T.
  scaled_difference(slope_.data(), slope_.data(), x, share, d * count);
  pass_g_.directional_gradient(g, x, slope_.data(), gradient);
  return loss;
}

template <class T>
double CellotLoss<T>::step_g(const Icnn<T>& f, const Icnn<T>& g, const T* x, std::size_t count,
                             T* gradient, bool want_loss) {
  const std::size_t d = g.shape().features, most = kPortion;
  const T share = static_cast<T>(1.0 / static_cast<double>(count));
  std::fill(gradient, gradient + g.size(), T(0));
  double loss = 0.0;
  for (std::size_t begin = 0; begin < count; begin += most)
    loss +=
        g_portion(f, g, x + d * begin, std::min(most, count - begin), share, gradient, want_loss);
  g.through_softplus(gradient);
  return want_loss ? loss / static_cast<double>(count) : kNaN;
}

template <class T>
double CellotLoss<T>::f_portion(const Icnn<T>& f, const T* y, std::size_t count, T weight,
                                T* gradient, bool want_loss) {
  grow(weights_, count);
  std::fill(weights_.begin(), weights_.begin() + static_cast<std::ptrdiff_t>(count), weight);
  pass_f_.forward(f, y, count);
  double loss = 0.0;
  if (want_loss) {
    grow(value_, count);
    pass_f_.values(f, y, value_.data());
    loss = sum(value_.data(), count);
  }
  pass_f_.backward(f, weights_.data());
  pass_f_.value_gradient(f, y, weights_.data(), gradient);
  return loss;
}

template <class T>
double CellotLoss<T>::step_f(const Icnn<T>& f, const Icnn<T>& g, const T* x, std::size_t x_count,
                             const T* y, std::size_t y_count, T* gradient, bool want_loss) {
  const std::size_t d = f.shape().features, most = kPortion;
  const double n = static_cast<double>(x_count), m = static_cast<double>(y_count);
  std::fill(gradient, gradient + f.size(), T(0));
  double loss = 0.0;
  for (std::size_t begin = 0; begin < y_count; begin += most)
    loss += f_portion(f, y + d * begin, std::min(most, y_count - begin), static_cast<T>(1.0 / m),
                      gradient, want_loss) /
            m;
  for (std::size_t begin = 0; begin < x_count; begin += most) {
    const std::size_t count = std::min(most, x_count - begin);
    grow(moved_, d * count);
    transport(g, x + d * begin, count, moved_.data());
    loss -= f_portion(f, moved_.data(), count, static_cast<T>(-1.0 / n), gradient, want_loss) / n;
  }
  // The weights sum to 0: f's last bias has no gradient, and its entry stays exactly 0.
  f.through_softplus(gradient);
  return want_loss ? loss : kNaN;
}

namespace {

template <class T>
void check_features(const Icnn<T>& net, const arma::Mat<T>& x) {
  require(x.n_rows == net.shape().features, Status::dimension_mismatch, "the network takes ",
          net.shape().features, " features, and the cells have ", x.n_rows);
}

}  // namespace

template <class T>
arma::Col<T> potential(const Icnn<T>& net, const arma::Mat<T>& x) {
  check_features(net, x);
  arma::Col<T> out(x.n_cols);
  IcnnPass<T> pass;
  pass.forward(net, x.memptr(), x.n_cols);
  pass.values(net, x.memptr(), out.memptr());
  return out;
}

template <class T>
arma::Mat<T> potential_gradient(const Icnn<T>& net, const arma::Mat<T>& x) {
  check_features(net, x);
  arma::Mat<T> out(x.n_rows, x.n_cols);
  CellotLoss<T>().transport(net, x.memptr(), x.n_cols, out.memptr());
  return out;
}

template class CellotLoss<float>;
template class CellotLoss<double>;
template arma::Col<float> potential<float>(const Icnn<float>&, const arma::Mat<float>&);
template arma::Col<double> potential<double>(const Icnn<double>&, const arma::Mat<double>&);
template arma::Mat<float> potential_gradient<float>(const Icnn<float>&, const arma::Mat<float>&);
template arma::Mat<double> potential_gradient<double>(const Icnn<double>&,
                                                      const arma::Mat<double>&);

}  // namespace laot::nets
