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

/// Adds each of some functions of the squared distances t[count] to its entry of sums.
using AddFunctions =
    std::function<void(const double* t, std::size_t count, std::vector<lanes::Sum>& sums)>;
/// exp(-gamma t) of each gamma; the gammas must outlive it.
AddFunctions kernels_of(const std::vector<double>& gammas);

/// Sums that every strip of a walk keeps for itself, and that are added in the order of the strips:
/// the bits are those of one thread.
class StripSums {
 public:
  StripSums(std::size_t strips, std::size_t functions)
      : functions_(functions), of_(strips * functions, 0.0) {}

  double& at(std::size_t strip, std::size_t function) { return of_[strip * functions_ + function]; }
  double at(std::size_t strip, std::size_t function) const {
    return of_[strip * functions_ + function];
  }
  /// The distances of a tile, laid out as its own, to `count` functions from `first` on.
  void add(const PairTile& tile, const double* squared, const AddFunctions& functions,
           std::size_t first, std::size_t count);
  /// Of `count` functions from `first` on, over all strips.
  std::vector<double> total(std::size_t first, std::size_t count) const;

 private:
  std::size_t functions_;
  std::vector<double> of_;
};

/// The sums of `functions` functions. The squared distances go to `squared`, where it is given, of
/// the size already: n x n (y has no cells).
std::vector<PairSums> sum_over_pairs(const Cells& x, const Cells& y, std::size_t functions,
                                     Context& context, const AddFunctions& add,
                                     arma::mat* squared = nullptr);
/// Over the pairs of x with y alone; `squared` is n x m.
std::vector<PairSums> sum_across_pairs(const Cells& x, const Cells& y, std::size_t functions,
                                       Context& context, const AddFunctions& add,
                                       arma::mat* squared = nullptr);

}  // namespace laot
