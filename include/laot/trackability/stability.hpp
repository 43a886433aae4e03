// Measures that remain informative where the bound of the theorem says nothing: how far cells move
// compared with how close they lie, and how far the matching and the map depend on the cells at
// hand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "laot/laot.hpp"

namespace laot {

/// The units of a bootstrap resample: cells (within their level, where levels are given), or
/// whole levels of the batch (donors), each draw a level of its own.
enum class Resample { cells, levels };
Resample resample_from(const std::string& name);  // throws unknown_name

struct StabilityOptions {
  LaotOptions fit;
  bool own_means = true;  // centre each refit on its own means, as center = own does
  std::size_t resamples = 30;
  std::size_t halves = 10;
  std::size_t restarts = 5;
  Resample resample = Resample::cells;
  double level = 0.95;  // of the intervals
  /// Where the map that is asked about takes the cells of x, k x n; empty: the map of the fit. The
  /// spacings are then of this map, and of the exact coupling of its images with y, both about
  /// their means; refits are those of the alternation.
  arma::mat images;
};

/// How alike two matchings of all cells are, over repetitions: mean, least and largest. NaN where
/// there were no repetitions.
struct Agreement {
  /// Share of the mass on the same pairs. By chance about 1/m.
  double overlap = 0.0, overlap_low = 0.0, overlap_high = 0.0;
  /// 1 minus the mean squared distance between a cell's two partners, relative to that of two
  /// treated cells drawn at random: 1, the same place; 0, unrelated.
  double coherence = 0.0, coherence_low = 0.0, coherence_high = 0.0;
};

struct Stability {
  LaotResult fit;  // on all cells
  /// Medians over cells. Displacement |W x - x| beyond the common shift, over the distance to the
  /// nearest other control cell: well under one half, every cell stays nearest to itself. Residual
  /// |y - W x| of the coupled pairs, over the distance from y to the nearest other treated cell:
  /// around 1 and above, other treated cells would do as well as the partner. Over at most 2000
  /// cells, evenly spaced in their order; NaN where more than half of the spacings are 0.
  double displacement_over_spacing = 0.0;
  double residual_over_spacing = 0.0;
  /// The matching under maps fitted on: each resample against all cells; one half of the cells
  /// against the other; other starts, W = I + G with |G|_F = |W - I|_F, against the fit.
  Agreement resamples, halves, restarts;
  /// W (with restoration, as it predicts), and over the resamples: limits of the interval at
  /// `level` (percentiles), and sd. Empty without resamples.
  arma::mat map_low, map_high, map_sd;  // k x k
  arma::mat draws;                      // k^2 x resamples: W of each resample
};

/// x: k x n and y: k x m, in the space of the fit; levels as in Coupling. Needs at least 4 cells on
/// either side. Drawn with the context's seed; runs (1 + resamples + 2 halves + restarts) fits on
/// the context's threads, and keeps k^2 numbers for each resample.
Stability stability(const arma::mat& x, const arma::mat& y,
                    const std::vector<std::uint32_t>& batch_x,
                    const std::vector<std::uint32_t>& batch_y, const StabilityOptions& options,
                    Context& context);

}  // namespace laot
