#include <algorithm>
#include <cmath>

#include "laot/lift.hpp"

namespace laot {

namespace {

arma::vec column_squares(const arma::mat& z) {
  arma::vec out(z.n_cols, arma::fill::zeros);
  for (std::size_t i = 0; i < z.n_cols; ++i)
    for (std::size_t k = 0; k < z.n_rows; ++k) out[i] += z(k, i) * z(k, i);
  return out;
}

arma::mat shifted(const arma::mat& z, const arma::vec& centre) {
  arma::mat out(z.n_rows, z.n_cols);
  for (std::size_t i = 0; i < z.n_cols; ++i)
    for (std::size_t k = 0; k < z.n_rows; ++k) out(k, i) = z(k, i) - centre[k];
  return out;
}

}  // namespace

KernelLandmarks::KernelLandmarks(arma::mat landmarks, double width)
    : landmarks_(std::move(landmarks)),
      centre_(landmarks_.n_rows, arma::fill::zeros),
      width_(width) {
  for (std::size_t a = 0; a < landmarks_.n_cols; ++a)
    for (std::size_t k = 0; k < landmarks_.n_rows; ++k) centre_[k] += landmarks_(k, a);
  centre_ /= static_cast<double>(std::max<std::size_t>(1, landmarks_.n_cols));
  centred_ = shifted(landmarks_, centre_);
  squares_ = column_squares(centred_);
}

void KernelLandmarks::at(const arma::mat& z, arma::mat& kernels) const {
  const arma::mat centred = shifted(z, centre_);
  const arma::vec squares = column_squares(centred);
  kernels = centred_.t() * centred;
  for (std::size_t i = 0; i < kernels.n_cols; ++i)
    for (std::size_t a = 0; a < kernels.n_rows; ++a) {
      const double square = squares_[a] + squares[i] - 2.0 * kernels(a, i);
      kernels(a, i) = std::exp(-std::max(0.0, square) / width_);
    }
}

void LiftedMap::apply(const arma::mat& z, arma::mat& moved) const {
  arma::mat at_landmarks;
  kernels.at(z, at_landmarks);
  moved = linear * z;
  moved += weights * at_landmarks;
  for (std::size_t i = 0; i < moved.n_cols; ++i)
    for (std::size_t k = 0; k < moved.n_rows; ++k) moved(k, i) += offset[k];
}

arma::mat LiftedMap::jacobian(const arma::vec& z) const {
  arma::mat at_landmarks;
  kernels.at(z, at_landmarks);
  arma::mat pull(z.n_elem, kernels.count());
  for (std::size_t a = 0; a < pull.n_cols; ++a)
    for (std::size_t k = 0; k < pull.n_rows; ++k)
      pull(k, a) = 2.0 / kernels.width() * at_landmarks[a] * (kernels.landmarks()(k, a) - z[k]);
  return linear + weights * pull.t();
}

}  // namespace laot
