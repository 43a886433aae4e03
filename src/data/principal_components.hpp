#pragma once

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// Above this size a full eigen-decomposition would be one uninterruptible step of more than a
/// second.
constexpr std::size_t kExactLimit = 1500;

/// The leading eigenvectors of a covariance [d x d, d <= kExactLimit], which is overwritten: at
/// most `count`, fewer where the rank is lower, at least one. Signs are fixed: the entry of largest
/// size in each is positive.
arma::mat leading_eigenvectors(arma::mat& covariance, std::size_t count, Context& context);

/// The same directions from a [d x N] with covariance a a': by its Gram matrix where N is small, by
/// block subspace iteration where neither is.
arma::mat leading_directions(const arma::mat& a, std::size_t count, Context& context);

/// sum += block block', lower triangle only.
void add_outer_products(const arma::mat& block, arma::mat& sum);

}  // namespace laot
