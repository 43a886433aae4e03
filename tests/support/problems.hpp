// Random transport problems of many kinds, for property tests.
#pragma once

#include <string>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/base.hpp"

namespace problems {

/// The kinds of clouds: gaussian, clustered, lattice (few integer values), counts (mostly zero),
/// duplicates, identical (one point many times), zeros, far (offset of 1e6), scales (features over
/// eight orders of magnitude), line (one feature), equal (y is a shuffled x), half_zero.
const std::vector<std::string>& kinds();

struct Clouds {
  arma::mat x, y;  // d x n, d x m
};

/// Two clouds of one kind.
Clouds clouds(const std::string& kind, std::size_t d, std::size_t n, std::size_t m, laot::Rng& rng);

}  // namespace problems
