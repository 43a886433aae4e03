// Points moved to the origin and scaled to order 1, so that single precision loses nothing that
// counts and nothing overflows.
#pragma once

#include <vector>

#include "laot/armadillo.hpp"

namespace laot::detail {

/// What a cloud was moved by and scaled with: points = 2^-exponent (original - shift).
struct Frame {
  arma::vec shift;
  int exponent = 0;
};

/// The scaling is exact, and distances between two clouds lose no digits far from the origin,
/// because each difference original - shift is rounded once. The points may be moved out to whoever
/// works with them; the frame is what leads back.
struct ScaledCloud {
  arma::mat points;
  Frame frame;
};

/// The same memory, for a holder that only reads it while `points` lives: Armadillo has no matrix
/// over constant memory.
arma::mat in_place(const arma::mat& points);

arma::vec mean_point(const arma::mat& points);

/// The exponent that brings the largest coordinate of points - shift to [1/2, 1); 0 for a cloud
/// that is one point.
int natural_exponent(const arma::mat& points, const arma::vec& shift);

ScaledCloud scaled_cloud(const arma::mat& points, const arma::vec& shift, int exponent);

/// With the mean as shift and the natural exponent.
ScaledCloud centred_cloud(const arma::mat& points);

/// Potentials of one side for |x - y|^2, from those for -2 <x, y> on the scaled clouds, in units of
/// 2^unit_exponent; what |x - y|^2 has besides is shared between the two sides.
std::vector<double> distance_potentials(const std::vector<double>& scaled, int unit_exponent,
                                        const arma::mat& points, const Frame& frame,
                                        const arma::vec& other_shift);

/// Mean of |original - shift|^2, from the scaled points.
double mean_squared_norm(const arma::mat& points, int exponent = 0);

double squared_norm(const double* x, std::size_t d);
double squared_distance(const double* a, const double* b, std::size_t d);

/// Throws Error(not_finite) naming the first column of `points` that has a NaN or Inf.
void require_finite(const arma::mat& points, const char* name);

}  // namespace laot::detail
