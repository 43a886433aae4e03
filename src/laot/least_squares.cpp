#include "least_squares.hpp"

#include <algorithm>
#include <cmath>

#include "laot/linear_algebra.hpp"

namespace laot {

namespace {

constexpr std::size_t kPairsAtOnce = 512;

}  // namespace

arma::mat cross_moment(const arma::mat& x, const arma::mat& y, const Plan& plan) {
  // Entries in blocks: the sum is one GEMM each, in a fixed order.
  arma::mat sum(y.n_rows, x.n_rows, arma::fill::zeros);
  arma::mat left, right;
  for (std::size_t first = 0; first < plan.mass.size(); first += kPairsAtOnce) {
    const std::size_t count = std::min(kPairsAtOnce, plan.mass.size() - first);
    left.set_size(y.n_rows, count);
    right.set_size(x.n_rows, count);
    for (std::size_t c = 0; c < count; ++c) {
      const double* from = y.colptr(plan.target[first + c]);
      const double mass = plan.mass[first + c];
      double* to = left.colptr(c);
      for (std::size_t k = 0; k < y.n_rows; ++k) to[k] = mass * from[k];
      const double* source = x.colptr(plan.source[first + c]);
      std::copy(source, source + x.n_rows, right.colptr(c));
    }
    sum += left * right.t();
  }
  return sum;
}

double weighted_square(const arma::mat& y, const arma::vec& weights) {
  double sum = 0.0;
  for (std::size_t j = 0; j < y.n_cols; ++j)
    sum += weights[j] * squared_norm(y.colptr(j), y.n_rows);
  return sum;
}

LeastSquares::LeastSquares(const arma::mat& x, const arma::vec& weights) {
  arma::mat rooted(x.n_rows, x.n_cols);
  for (std::size_t i = 0; i < x.n_cols; ++i) {
    const double root = std::sqrt(weights[i]);
    for (std::size_t k = 0; k < x.n_rows; ++k) rooted(k, i) = root * x(k, i);
  }
  second_moment_ = symmetrised(arma::mat(rooted * rooted.t()));
  SymmetricEigen eigen = symmetric_eigen(second_moment_);
  directions_ = std::move(eigen.vectors);
  values_ = std::move(eigen.values);
  const double largest = values_.max();
  if (values_.min() < 1e-8 * largest) {
    // The squared singular values have lost half their digits: find the rank from x itself, with
    // the tolerance of numpy's and LAPACK's least squares.
    arma::vec singular;
    arma::mat left, right;
    require(arma::svd_econ(left, singular, right, rooted, "left"), Status::numerical_failure,
            "the singular value decomposition of ", x.n_rows, " features x ", x.n_cols,
            " control cells failed");
    const double tolerance = static_cast<double>(std::max(x.n_rows, x.n_cols)) *
                             2.2204460492503131e-16 * (singular.is_empty() ? 0.0 : singular[0]);
    directions_ = left;
    values_.zeros(left.n_cols);
    for (std::size_t c = 0; c < singular.n_elem; ++c)
      if (singular[c] > tolerance) values_[c] = singular[c] * singular[c];
  }
}

arma::mat LeastSquares::solve(const arma::mat& cross, double ridge) const {
  // (cross + ridge I) restricted to the directions that x reaches, plus I on the rest: with a
  // ridge, what no control cell shows stays unchanged; without, the least norm makes it 0.
  const std::size_t k = cross.n_rows;
  arma::mat target = cross;
  for (std::size_t c = 0; c < k; ++c) target(c, c) += ridge;
  arma::mat along = target * directions_;
  for (std::size_t c = 0; c < along.n_cols; ++c) {
    const double value = values_[c] + ridge;
    const double factor = value > 0.0 ? 1.0 / value : 0.0;
    for (std::size_t r = 0; r < k; ++r) along(r, c) *= factor;
  }
  arma::mat map = along * directions_.t();
  if (ridge > 0.0 && directions_.n_cols < k) {
    // x has fewer cells than features: the directions are a part of a basis, and on the rest the
    // minimiser is that of the ridge alone, I (cross is 0 there).
    map -= directions_ * directions_.t();
    for (std::size_t c = 0; c < k; ++c) map(c, c) += 1.0;
  }
  return map;
}

double LeastSquares::automatic_ridge(const arma::mat& cross, double target_square, std::size_t n,
                                     std::size_t m) const {
  const double k = static_cast<double>(cross.n_rows);
  const double fewer = static_cast<double>(std::min(n, m));
  if (fewer < 1.2 * k) return 0.3;
  if (target_square <= 0.0) return 0.0;
  const arma::mat along = cross * directions_;
  double explained = 0.0;
  for (std::size_t c = 0; c < along.n_cols; ++c) {
    if (values_[c] <= 0.0) continue;
    double square = 0.0;
    for (std::size_t r = 0; r < along.n_rows; ++r) square += along(r, c) * along(r, c);
    explained += square / values_[c];
  }
  const double unexplained = std::max(0.0, target_square - explained) / target_square;
  return std::min(1.0, unexplained / std::max(0.2, 1.0 - k / fewer));
}

}  // namespace laot
