// Drawing cells, and the mean of what they give.
#pragma once

#include <vector>

#include "laot/armadillo.hpp"
#include "laot/base.hpp"

namespace laot {

/// Fewer cells tell nothing when they are drawn again.
constexpr std::size_t kFewestResampled = 4;

/// n of the numbers 0 .. n-1, drawn with replacement.
std::vector<std::size_t> with_replacement(std::size_t n, Rng& rng);

double mean_of(const std::vector<double>& values);  // NaN for none

}  // namespace laot
