#include "principal_components.hpp"

#include <algorithm>
#include <cmath>

namespace laot {

namespace {

// Above this, a full eigen-decomposition would be one uninterruptible step of more than a second.
constexpr std::size_t kExactLimit = 1500;
constexpr double kRankTolerance = 1e-12;  // on eigenvalues, relative to the largest

void fix_signs(arma::mat& directions) {
  for (std::size_t c = 0; c < directions.n_cols; ++c) {
    double* v = directions.colptr(c);
    std::size_t largest = 0;
    for (std::size_t k = 1; k < directions.n_rows; ++k)
      if (std::abs(v[k]) > std::abs(v[largest])) largest = k;
    if (v[largest] < 0.0)
      for (std::size_t k = 0; k < directions.n_rows; ++k) v[k] = -v[k];
  }
}

// Eigenvectors of a symmetric matrix, largest eigenvalue first, those above the rank tolerance.
void leading_eigenvectors(const arma::mat& symmetric, std::size_t count, arma::vec& values,
                          arma::mat& vectors) {
  arma::vec all;
  arma::mat every;
  require(arma::eig_sym(all, every, symmetric), Status::numerical_failure,
          "the eigen-decomposition of a ", symmetric.n_rows, " x ", symmetric.n_cols,
          " covariance failed");
  const std::size_t size = all.n_elem;
  const double largest = std::max(all[size - 1], 0.0);
  std::size_t keep = 0;
  while (keep < std::min(count, size) && all[size - 1 - keep] > kRankTolerance * largest) ++keep;
  keep = std::max<std::size_t>(keep, 1);
  values.set_size(keep);
  vectors.set_size(symmetric.n_rows, keep);
  for (std::size_t c = 0; c < keep; ++c) {
    values[c] = all[size - 1 - c];
    std::copy(every.colptr(size - 1 - c), every.colptr(size - 1 - c) + every.n_rows,
              vectors.colptr(c));
  }
}

arma::mat orthonormal(const arma::mat& a) {
  arma::mat q, r;
  require(arma::qr_econ(q, r, a), Status::numerical_failure,
          "the orthogonalisation of the principal components failed");
  return q;
}

// Block subspace iteration with Rayleigh-Ritz (Halko, Martinsson & Tropp, 2011).
arma::mat by_iteration(const arma::mat& a, std::size_t count, Context& context) {
  const std::size_t width = std::min<std::size_t>({count + 12, a.n_rows, a.n_cols});
  Rng rng(0x70c5);
  arma::mat q(a.n_rows, width);
  for (double& entry : q) entry = rng.normal();
  q = orthonormal(q);
  arma::vec before, values;
  arma::mat rotation;
  for (int round = 0; round < 200; ++round) {
    context.poll("principal components", round / 200.0);
    const arma::mat projected = a.t() * q;  // N x width
    leading_eigenvectors(arma::mat(projected.t() * projected), width, values, rotation);
    q = q * rotation;
    const std::size_t compared = std::min<std::size_t>(count, values.n_elem);
    if (before.n_elem >= compared) {
      double change = 0.0;
      for (std::size_t c = 0; c < compared; ++c)
        change = std::max(change, std::abs(values[c] - before[c]) / values[0]);
      if (change < 1e-10) return q.head_cols(compared);
    }
    before = values;
    q = orthonormal(arma::mat(a * (a.t() * q)));
  }
  return q.head_cols(std::min<std::size_t>(count, q.n_cols));
}

}  // namespace

arma::mat leading_directions(const arma::mat& a, std::size_t count, Context& context) {
  context.poll("principal components", 0.0);
  const std::size_t d = a.n_rows, cells = a.n_cols;
  arma::mat directions;
  arma::vec values;
  if (std::min(d, cells) > kExactLimit) {
    directions = by_iteration(a, count, context);
  } else if (d <= cells) {
    leading_eigenvectors(arma::mat(a * a.t()), count, values, directions);
  } else {
    arma::mat weights;
    leading_eigenvectors(arma::mat(a.t() * a), count, values, weights);
    directions = a * weights;
    for (std::size_t c = 0; c < directions.n_cols; ++c) {
      const double length = std::sqrt(values[c]);
      for (std::size_t k = 0; k < d; ++k) directions(k, c) /= length > 0.0 ? length : 1.0;
    }
  }
  fix_signs(directions);
  return directions;
}

}  // namespace laot
