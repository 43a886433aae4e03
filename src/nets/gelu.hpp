// The Gaussian error linear unit in its tanh form (Hendrycks & Gimpel, 2016).
#pragma once

#include <cmath>
#include <cstddef>

namespace laot::nets {

/// z <- u (1 + tanh v) / 2, gate <- its derivative, with u = z + bias (null: 0; one value a row)
/// and v = sqrt(2/pi) (u + 0.044715 u^3); rows x cols, contiguous.
template <class T>
void gelu(T* z, T* gate, const T* bias, std::size_t rows, std::size_t cols) {
  constexpr T k = T(0.79788456080286535588), cubic = T(0.044715);
  for (std::size_t j = 0; j < cols; ++j)
    for (std::size_t i = 0; i < rows; ++i) {
      T& at = z[i + j * rows];
      const T u = bias == nullptr ? at : at + bias[i];
      const T square = u * u;
      // tanh v, to the rounding of 1; large v give 1 and -1.
      const T t = T(1) - T(2) / (std::exp(T(2) * k * u * (T(1) + cubic * square)) + T(1));
      const T half = T(0.5) * (T(1) + t);
      at = u * half;
      gate[i + j * rows] = half + T(0.5) * u * (T(1) - t * t) * k * (T(1) + T(3) * cubic * square);
    }
}

}  // namespace laot::nets
