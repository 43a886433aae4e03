// Both losses of CellOT and their gradients.
#include <algorithm>
#include <limits>

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

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

}  // namespace

template <class T>
void CellotLoss<T>::transport(const Icnn<T>& g, const T* x, std::size_t count, T* out) {
  grow(weights_, count);
  std::fill(weights_.begin(), weights_.begin() + static_cast<std::ptrdiff_t>(count), T(1));
  pass_g_.forward(g, x, count);
  pass_g_.backward(g, weights_.data());
  pass_g_.input_gradient(g, weights_.data(), out);
}

template <class T>
double CellotLoss<T>::step_g(const Icnn<T>& f, const Icnn<T>& g, const T* x, std::size_t count,
                             T* gradient, bool want_loss) {
  const std::size_t d = g.shape().features;
  grow(moved_, d * count);
  grow(slope_, d * count);
  transport(g, x, count, moved_.data());
  pass_f_.forward(f, moved_.data(), count);
  double loss = kUnknown;
  const double n = static_cast<double>(count);
  if (want_loss) {
    grow(value_, count);
    pass_f_.values(f, moved_.data(), value_.data());
    double inner = 0.0;
    for (std::size_t i = 0; i < d * count; ++i)
      inner += static_cast<double>(x[i]) * static_cast<double>(moved_[i]);
    loss = (sum(value_.data(), count) - inner) / n;
  }
  pass_f_.backward(f, weights_.data());
  pass_f_.input_gradient(f, weights_.data(), slope_.data());
  // d loss / d T_i = (grad f(T_i) - x_i) / count, held fixed while g is differentiated through T.
  const T share = static_cast<T>(1.0 / n);
  for (std::size_t i = 0; i < d * count; ++i) slope_[i] = (slope_[i] - x[i]) * share;
  pass_g_.directional_gradient(g, x, slope_.data(), gradient);
  return loss;
}

template <class T>
double CellotLoss<T>::step_f(const Icnn<T>& f, const Icnn<T>& g, const T* x, std::size_t x_count,
                             const T* y, std::size_t y_count, T* gradient, bool want_loss) {
  const std::size_t d = f.shape().features, count = x_count + y_count;
  // Observed and moved cells side by side, so that f sees one batch.
  grow(both_, d * count);
  std::copy(y, y + d * y_count, both_.begin());
  transport(g, x, x_count, both_.data() + d * y_count);
  grow(weights_, count);
  const auto middle = weights_.begin() + static_cast<std::ptrdiff_t>(y_count);
  std::fill(weights_.begin(), middle, static_cast<T>(1.0 / static_cast<double>(y_count)));
  std::fill(middle, middle + static_cast<std::ptrdiff_t>(x_count),
            static_cast<T>(-1.0 / static_cast<double>(x_count)));
  pass_f_.forward(f, both_.data(), count);
  double loss = kUnknown;
  if (want_loss) {
    grow(value_, count);
    pass_f_.values(f, both_.data(), value_.data());
    loss = sum(value_.data(), y_count) / static_cast<double>(y_count) -
           sum(value_.data() + y_count, x_count) / static_cast<double>(x_count);
  }
  pass_f_.backward(f, weights_.data());
  // The weights sum to 0, so f's last bias never moves.
  pass_f_.value_gradient(f, both_.data(), weights_.data(), T(0), gradient);
  return loss;
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
