// The (2, delta)-restricted isometry constant of a population: how far any two cells are from being
// orthogonal and of one length.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// How the cells are scaled before delta is taken. mean_square: one factor, the mean squared norm
/// becomes 1. unit_norm: every cell has norm 1; delta is then the largest |cosine|. smallest: the
/// one factor that makes delta smallest, (max - min)/(max + min) over the eigenvalues of all pairs'
/// Gram matrices.
enum class IsometryScaling { mean_square, unit_norm, smallest };
const char* name_of(IsometryScaling scaling);

struct IsometryPair {
  std::size_t first = 0, second = 0;  // cells, first < second
  double delta = 0.0;                 // of this pair alone
};

/// Delta under one scaling.
struct IsometryConstant {
  IsometryScaling scaling = IsometryScaling::mean_square;
  /// The smallest delta with (1 - delta)|v|^2 <= |X v|^2 <= (1 + delta)|v|^2 for every v with at
  /// most two entries other than 0. NaN where undefined, see `undefined`.
  double delta = 0.0;
  /// The factor of the cells; NaN for unit_norm, where every cell has its own factor.
  double scale = 1.0;
  /// The pairs of largest delta, decreasing, ties by position; at most `pairs` of them, and none
  /// where all cells are orthogonal and of one length (delta under 1e-14).
  std::vector<IsometryPair> worst;
  /// Quantiles of the pairs' deltas at the probabilities asked for, right to 2^-16 of their range.
  std::vector<double> quantiles;
  std::string undefined;  // why delta is NaN; empty where it is not
};

struct IsometryOptions {
  std::size_t pairs = 10;
  std::vector<double> probabilities = {0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0};
};

/// All three scalings, exactly, over all n(n-1)/2 pairs of columns of x (d x n, n >= 2, finite).
/// O(n^2 d) time (n = 20,000, d = 50: under ten seconds on one thread), and O(n) memory plus 3 MB a
/// thread beyond x and one copy of it: no n x n matrix. The bits do not depend on the threads.
std::array<IsometryConstant, 3> isometry_constants(const arma::mat& x,
                                                   const IsometryOptions& options,
                                                   Context& context);

}  // namespace laot
