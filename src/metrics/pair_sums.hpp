// Sums of functions of the squared distance over all pairs of two clouds.
#pragma once

#include <functional>
#include <vector>

#include "lanes.hpp"
#include "pair_tiles.hpp"

namespace laot {

/// Over the pairs i < j of x, those of y, and the pairs across.
struct PairSums {
  double xx = 0.0, yy = 0.0, xy = 0.0;
};

/// Distances of a tile, laid out as the tile's own, to their place among all: of x with y (n x m),
/// or within x (n x n, above the diagonal).
void copy_distances(const PairTile& tile, const double* squared, arma::mat& out);

/// `add(t, count, sums)` adds each of `functions` functions of the squared distances t[count] to
/// its entry of sums. Every strip of the walk keeps its own sums, which are added in order. The
/// squared distances go to `squared`, where it is given, of the size already: n x n (y has no
/// cells).
std::vector<PairSums> sum_over_pairs(const Cells& x, const Cells& y, std::size_t functions,
                                     Context& context,
                                     const std::function<void(const double* t, std::size_t count,
                                                              std::vector<lanes::Sum>& sums)>& add,
                                     arma::mat* squared = nullptr);
/// Over the pairs of x with y alone; `squared` is n x m.
std::vector<PairSums> sum_across_pairs(
    const Cells& x, const Cells& y, std::size_t functions, Context& context,
    const std::function<void(const double* t, std::size_t count, std::vector<lanes::Sum>& sums)>&
        add,
    arma::mat* squared = nullptr);

}  // namespace laot
