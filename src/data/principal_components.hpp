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

/// The leading eigenvectors of the covariance: at most `count`, fewer where the rank is lower, at
/// least one. Signs are fixed: the entry of largest size in each is positive. Memory: the smaller
/// of features and cells squared where it is at most kExactLimit, else a few times features x
/// count; the cells are never copied whole.
arma::mat leading_directions(const CentredCells& cells, std::size_t count, Context& context);

}  // namespace laot
