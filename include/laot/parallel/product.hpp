// Products of large matrices that hear a cancellation.
#pragma once

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// a b, as many columns of b at a time as take a tenth of a second or so. One thread.
arma::mat product(const arma::mat& a, const arma::mat& b, Context& context);

/// How many columns take about that long, of as many operations each; at least one.
std::size_t columns_at_once(double operations);

}  // namespace laot
