#include "laot/linear_algebra.hpp"

#include <algorithm>
#include <cmath>

namespace laot {

namespace {

constexpr double kZero = 1e-14;

// Q f(values) Q' for f = value^power, with what is 0 up to rounding (under 1e-14 of the largest)
// left at 0.
arma::mat power(const SymmetricEigen& eigen, double exponent) {
  const double largest = std::max(eigen.values.max(), 0.0);
  arma::mat scaled = eigen.vectors;
  for (std::size_t c = 0; c < scaled.n_cols; ++c) {
    const double value = eigen.values[c];
    const double factor = value > kZero * largest ? std::pow(value, exponent) : 0.0;
    for (std::size_t k = 0; k < scaled.n_rows; ++k) scaled(k, c) *= factor;
  }
  return symmetrised(arma::mat(scaled * eigen.vectors.t()));
}

}  // namespace

SymmetricEigen symmetric_eigen(const arma::mat& symmetric) {
  SymmetricEigen out;
  require(arma::eig_sym(out.values, out.vectors, symmetric), Status::numerical_failure,
          "the eigen-decomposition of a ", symmetric.n_rows, " x ", symmetric.n_cols,
          " matrix failed");
  return out;
}

arma::mat symmetrised(const arma::mat& square) {
  arma::mat out(square.n_rows, square.n_cols);
  for (std::size_t j = 0; j < square.n_cols; ++j)
    for (std::size_t i = 0; i < square.n_rows; ++i) out(i, j) = 0.5 * (square(i, j) + square(j, i));
  return out;
}

arma::mat square_root(const arma::mat& positive) {
  return power(symmetric_eigen(positive), 0.5);
}

arma::vec weighted_mean(const arma::mat& z, const arma::vec& weights) {
  arma::vec mean(z.n_rows, arma::fill::zeros);
  for (std::size_t i = 0; i < z.n_cols; ++i)
    for (std::size_t k = 0; k < z.n_rows; ++k) mean[k] += weights[i] * z(k, i);
  return mean;
}

arma::mat weighted_covariance(const arma::mat& z, const arma::vec& weights) {
  const arma::vec mean = weighted_mean(z, weights);
  arma::mat centred(z.n_rows, z.n_cols);
  for (std::size_t i = 0; i < z.n_cols; ++i) {
    const double root = std::sqrt(weights[i]);
    for (std::size_t k = 0; k < z.n_rows; ++k) centred(k, i) = root * (z(k, i) - mean[k]);
  }
  return symmetrised(arma::mat(centred * centred.t()));
}

arma::mat shrunk(const arma::mat& covariance, double amount) {
  double trace = 0.0;
  for (std::size_t k = 0; k < covariance.n_rows; ++k) trace += covariance(k, k);
  const double floor = amount * trace / static_cast<double>(covariance.n_rows);
  arma::mat out = covariance;
  for (double& entry : out) entry *= 1.0 - amount;
  for (std::size_t k = 0; k < out.n_rows; ++k) out(k, k) += floor;
  return out;
}

arma::mat gaussian_map(const arma::mat& a, const arma::mat& b) {
  // Cells that do not differ, up to the rounding of their mean, have no spread that could be
  // stretched; an inverse would make 1e15 of that rounding.
  if (!(arma::trace(a) > kNoSpread * arma::trace(b)))
    return arma::mat(a.n_rows, a.n_cols, arma::fill::eye);
  const SymmetricEigen spread = symmetric_eigen(a);
  const arma::mat root = power(spread, 0.5), inverse = power(spread, -0.5);
  const arma::mat middle = square_root(symmetrised(arma::mat(arma::mat(root * b) * root)));
  return symmetrised(arma::mat(arma::mat(inverse * middle) * inverse));
}

}  // namespace laot
