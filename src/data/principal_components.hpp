#pragma once

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// The leading left singular vectors of a [d x N]: at most `count`, fewer where the rank is lower,
/// at least one. Signs are fixed: the entry of largest size in each is positive.
arma::mat leading_directions(const arma::mat& a, std::size_t count, Context& context);

}  // namespace laot
