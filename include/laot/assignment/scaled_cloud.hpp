// Points moved to the origin and scaled to order 1, so that single precision loses nothing that
// counts and nothing overflows.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/assignment/framed_point.hpp"
#include "laot/linear_algebra.hpp"

namespace laot::detail {

/// Shift and scale of a cloud: framed = 2^-exponent (original - shift).
struct Frame {
  arma::vec shift;
  int exponent = 0;
};

/// A cloud read through a frame, point by point: the coordinates are moved and scaled when they are
/// used, so that no second copy of a large cloud is held. Refers to the memory of the matrix, which
/// has to outlive it; only coordinates so large or small (beyond 1e120 or 1e-120) that products of
/// two of them leave the range of a double are copied, scaled. The scaling is exact, and distances
/// between two clouds lose no digits far from the origin, because each difference original - shift
/// is rounded once.
class FramedCloud {
 public:
  FramedCloud() = default;
  FramedCloud(const arma::mat& points, Frame frame);
  /// Some of the points, any number of times: point c is point columns[c] of the cloud.
  FramedCloud(const FramedCloud& cloud, std::vector<std::uint32_t> columns);

  std::size_t size() const { return size_; }
  std::size_t dimension() const { return dimension_; }
  const Frame& frame() const { return frame_; }
  FramedPoint operator[](std::size_t i) const {
    return {memory_ + column(i) * dimension_, offset_.memptr(), scale_};
  }
  /// Of a point, framed.
  double squared_norm(std::size_t i) const { return (*squared_norms_)[column(i)]; }

 private:
  std::size_t column(std::size_t i) const { return columns_.empty() ? i : columns_[i]; }

  const double* memory_ = nullptr;
  std::size_t dimension_ = 0, size_ = 0;
  Frame frame_;
  arma::vec offset_;  // of the coordinates in memory_, as scale_ is their factor
  double scale_ = 1.0;
  std::vector<std::uint32_t> columns_;
  std::shared_ptr<const arma::mat> owned_;
  std::shared_ptr<const std::vector<double>> squared_norms_;  // of all points in memory_
};

/// Refusal of points whose squared distance exceeds the largest double.
constexpr const char* kTooLarge =
    "the squared distances are too large for double precision; rescale the points";

/// Where the coordinates of points lie, in one pass over them.
struct Extent {
  arma::vec mean, least, most;

  /// Refuses points that are not finite, by their name.
  explicit Extent(const arma::mat& points, const char* name = "points");
  /// The exponent that brings the largest coordinate of points - shift to [1/2, 1), if it is not
  /// subnormal; 0 for a cloud that is one point. Refuses points - shift that overflow.
  int natural_exponent(const arma::vec& shift) const;
};

/// With the natural exponent; without a shift, with the mean. Refuses points that are not finite,
/// by their name.
FramedCloud framed_cloud(const arma::mat& points, const arma::vec& shift);
FramedCloud framed_cloud(const arma::mat& points, const char* name = "points");
/// Some columns of a matrix, with the frame of all of it; none named: all.
FramedCloud framed_columns(const arma::mat& points, const std::vector<std::uint32_t>& columns);

/// Potentials of one side for |x - y|^2, from those for -2 <x, y> on the framed clouds, in units of
/// 2^unit_exponent; what |x - y|^2 has besides is shared between the two sides.
std::vector<double> distance_potentials(const std::vector<double>& scaled, int unit_exponent,
                                        const FramedCloud& cloud, const arma::vec& other_shift);

/// The way back: potentials for -2 <x, y> on the framed clouds, in units of 2^unit_exponent, from
/// those of `points` for |x - y|^2; other_shift is that of the other side. Centred at 0.
std::vector<double> framed_potentials(const std::vector<double>& potentials,
                                      const arma::mat& points, const arma::vec& other_shift,
                                      int unit_exponent);

/// Mean of |framed|^2 times 2^(2 exponent): of |original - shift|^2 with the frame's exponent.
double mean_squared_norm(const FramedCloud& cloud, int exponent = 0);

/// Throws Error(not_finite) naming the first column of `points` that has a NaN or Inf.
void require_finite(const arma::mat& points, const char* name);

}  // namespace laot::detail
