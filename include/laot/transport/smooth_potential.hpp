// The part of a potential that depends smoothly on the place.
#pragma once

#include <vector>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot::detail {

/// a + sum_k (b_k z_k + c_k z_k^2) at each point, where z are the coordinates in units of their
/// spread: nearly the least-squares fit of `values` over (at most 20,000 of) the points.
std::vector<double> smooth_potential(const arma::mat& points, const std::vector<double>& values,
                                     Context& context);

}  // namespace laot::detail
