#pragma once

#include <functional>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// Above this size a full eigen-decomposition would be one uninterruptible step of more than a
/// second.
constexpr std::size_t kExactLimit = 1500;

/// Many cells, to be had a few at a time: the covariance is the sum of their outer products.
struct CentredCells {
  std::size_t features, cells;
  /// out[features x count] = cells first ..., centred and weighted.
  std::function<void(std::size_t first, std::size_t count, double* out)> gather;
};

/// The sum of the outer products of the first cells, a whole number of blocks (cells_at_a_time):
/// what many covariances that begin with these cells share.
struct OuterProducts {
  std::size_t cells = 0;
  arma::mat sum;  // features x features, lower triangle
};
OuterProducts outer_products(const CentredCells& cells, Context& context);

/// Whether the components are made from a covariance that may begin with such a sum.
bool by_covariance(const CentredCells& cells);

/// The leading eigenvectors of the covariance: at most `count`, fewer where the rank is lower, at
/// least one. Signs are fixed: the entry of largest size in each is positive. Memory: the smaller
/// of features and cells squared where it is at most kExactLimit, else a few times features x
/// count; the cells are never copied whole.
/// `begun`: the sum of the first of these cells, where it is known; the bits are the same.
arma::mat leading_directions(const CentredCells& cells, std::size_t count, Context& context,
                             const OuterProducts* begun = nullptr);

}  // namespace laot
