#include "restore.hpp"

#include <algorithm>
#include <cmath>

#include "laot/linear_algebra.hpp"

namespace laot {

double shrinkage(std::size_t dimension, std::size_t n, std::size_t m) {
  const double k = static_cast<double>(dimension);
  return k / (k + static_cast<double>(std::min(n, m)));
}

arma::mat spread_map(const arma::mat& moved, const arma::mat& observed, double amount,
                     Restore restore) {
  if (restore != Restore::sd && restore != Restore::none)
    return gaussian_map(shrunk(moved, amount), shrunk(observed, amount));
  arma::mat out(moved.n_rows, moved.n_cols, arma::fill::eye);
  if (restore == Restore::none) return out;
  for (std::size_t r = 0; r < out.n_rows; ++r)
    if (moved(r, r) > kNoSpread * observed(r, r))  // else there is nothing to stretch
      out(r, r) = std::sqrt(std::max(0.0, observed(r, r)) / moved(r, r));
  return out;
}

arma::mat restored(const arma::mat& map, const arma::mat& x, const arma::vec& weights_x,
                   const arma::mat& y, const arma::vec& weights_y, Restore restore) {
  if (restore == Restore::none) return map;
  const arma::mat spread_x = weighted_covariance(x, weights_x);
  const arma::mat spread_moved = symmetrised(arma::mat(arma::mat(map * spread_x) * map.t()));
  return spread_map(spread_moved, weighted_covariance(y, weights_y),
                    shrinkage(map.n_rows, x.n_cols, y.n_cols), restore) *
         map;
}

}  // namespace laot
