#include "laot/conditions/control_places.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "laot/linear_algebra.hpp"

namespace laot {

ControlPlaces::ControlPlaces(const arma::mat& means, std::size_t at_most) {
  centre_ = arma::mean(means, 1);
  const arma::mat about = means.each_col() - centre_;
  const SymmetricEigen eigen = symmetric_eigen(symmetrised(arma::mat(about.t() * about)));
  const arma::uword count = means.n_cols;
  const double largest = eigen.values[count - 1];
  // Rounding of equal means is no variation.
  const double least = std::max(1e-9 * largest, 1e-24 * arma::accu(arma::square(means)));
  std::vector<arma::vec> axes;
  for (arma::uword e = count; e-- > 0 && axes.size() < at_most;) {
    if (!(eigen.values[e] > least)) break;
    const arma::vec direction = eigen.vectors.col(e);
    const double sign = direction[arma::abs(direction).index_max()] < 0.0 ? -1.0 : 1.0;
    axes.push_back(sign / std::sqrt(eigen.values[e]) * (about * direction));
  }
  axes_.set_size(means.n_rows, axes.size());
  for (std::size_t k = 0; k < axes.size(); ++k) axes_.col(k) = axes[k];
}

std::size_t coordinates_of_levels(std::size_t levels) {
  constexpr std::size_t kMost = 10;
  std::size_t out = 1;
  while (out < kMost && (out + 1) * (out + 1) <= levels) ++out;
  return out;
}

}  // namespace laot
