// One point seen through the frame of its cloud.
#pragma once

#include <cstddef>

namespace laot::detail {

/// Coordinate k is scale (at[k] - shift[k]): the difference is rounded once, and the scale is a
/// power of two.
struct FramedPoint {
  const double* at;
  const double* shift;
  double scale;

  double moved(std::size_t k) const { return at[k] - shift[k]; }
  double operator[](std::size_t k) const { return moved(k) * scale; }
};

}  // namespace laot::detail
