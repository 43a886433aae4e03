// Small pieces of linear algebra that the rooms share: sums of squares in one order, symmetric
// matrices.
#pragma once

#include <cstddef>

#include "laot/armadillo.hpp"
#include "laot/base.hpp"
#include "laot/base/sums.hpp"

namespace laot {

/// value(0)^2 + .. + value(d - 1)^2.
template <class Value>
double sum_of_squares(std::size_t d, const Value& value) {
  return sum_in_lanes<4>(d, [&value](std::size_t k) {
    const double z = value(k);
    return z * z;
  });
}

inline double squared_norm(const double* x, std::size_t d) {
  return sum_of_squares(d, [x](std::size_t k) { return x[k]; });
}

inline double squared_distance(const double* a, const double* b, std::size_t d) {
  return sum_of_squares(d, [a, b](std::size_t k) { return a[k] - b[k]; });
}

/// Eigenvalues (ascending) and eigenvectors of a symmetric matrix; throws when LAPACK fails.
struct SymmetricEigen {
  arma::vec values;
  arma::mat vectors;
};
SymmetricEigen symmetric_eigen(const arma::mat& symmetric);

/// (S + S')/2, so that rounding leaves no asymmetry.
arma::mat symmetrised(const arma::mat& square);

/// The positive semi-definite square root (eigenvalues under 1e-14 of the largest count as 0).
arma::mat square_root(const arma::mat& positive);

/// Weighted covariance of the columns of z (weights sum to 1) about their weighted mean.
arma::mat weighted_covariance(const arma::mat& z, const arma::vec& weights);
arma::vec weighted_mean(const arma::mat& z, const arma::vec& weights);

/// (1 - a) S + a tr(S)/d I.
arma::mat shrunk(const arma::mat& covariance, double amount);

/// A variance below this share of another is the rounding of equal values.
constexpr double kNoSpread = 1e-24;

/// The linear map between Gaussians of covariance a and b:
///   a^(-1/2) (a^(1/2) b a^(1/2))^(1/2) a^(-1/2)
/// (Dowson & Landau 1982; Peyre & Cuturi 2019, section 2.6). The identity where a has no spread
/// beside b's (kNoSpread), for then no map gives it.
arma::mat gaussian_map(const arma::mat& a, const arma::mat& b);

}  // namespace laot
