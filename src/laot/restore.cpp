#include "restore.hpp"

#include <algorithm>
#include <cmath>

#include "laot/linear_algebra.hpp"

namespace laot {

double shrinkage(std::size_t dimension, std::size_t n, std::size_t m) {
  const double k = static_cast<double>(dimension);
  return k / (k + static_cast<double>(std::min(n, m)));
}

arma::mat restored(const arma::mat& map, const arma::mat& x, const arma::vec& weights_x,
                   const arma::mat& y, const arma::vec& weights_y, Restore restore) {
  if (restore == Restore::none) return map;
  const arma::mat spread_x = weighted_covariance(x, weights_x);
  const arma::mat spread_moved = symmetrised(arma::mat(arma::mat(map * spread_x) * map.t()));
  const arma::mat spread_y = weighted_covariance(y, weights_y);
  if (restore == Restore::sd) {
    arma::mat out = map;
    for (std::size_t r = 0; r < out.n_rows; ++r) {
      if (!(spread_moved(r, r) > kNoSpread * spread_y(r, r))) continue;  // nothing to stretch
      const double factor = std::sqrt(std::max(0.0, spread_y(r, r)) / spread_moved(r, r));
      for (std::size_t c = 0; c < out.n_cols; ++c) out(r, c) *= factor;
    }
    return out;
  }
  const double amount = shrinkage(map.n_rows, x.n_cols, y.n_cols);
  return gaussian_map(shrunk(spread_moved, amount), shrunk(spread_y, amount)) * map;
}

}  // namespace laot
