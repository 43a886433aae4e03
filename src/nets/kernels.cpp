#include "laot/nets/kernels.hpp"

#include <algorithm>

namespace laot::nets {

namespace {

constexpr std::size_t kLane = 16;

}  // namespace

template <class T>
void activate(T* z, T* gate, const T* bias, Block block, T slope) {
  for (std::size_t j = 0; j < block.cols; ++j) {
    T* __restrict zj = z + j * block.ld;
    T* __restrict gj = gate + j * block.ld;
    const T* __restrict b = bias;
    std::size_t i = 0;
    for (; i + kLane <= block.rows; i += kLane)
      for (std::size_t k = i; k < i + kLane; ++k) {
        const T a = zj[k] + b[k];
        const T g = a > T(0) ? T(1) : slope;
        zj[k] = a * g;
        gj[k] = g;
      }
    for (; i < block.rows; ++i) {
      const T a = zj[i] + b[i];
      const T g = a > T(0) ? T(1) : slope;
      zj[i] = a * g;
      gj[i] = g;
    }
  }
}

template <class T>
void activate_squared(T* z, T* gate, const T* bias, Block block, T slope) {
  for (std::size_t j = 0; j < block.cols; ++j) {
    T* __restrict zj = z + j * block.ld;
    T* __restrict gj = gate + j * block.ld;
    const T* __restrict b = bias;
    std::size_t i = 0;
    for (; i + kLane <= block.rows; i += kLane)
      for (std::size_t k = i; k < i + kLane; ++k) {
        const T a = zj[k] + b[k];
        const T g = a > T(0) ? T(1) : slope;
        const T s = a * g;
        zj[k] = s * s;
        gj[k] = T(2) * s * g;
      }
    for (; i < block.rows; ++i) {
      const T a = zj[i] + b[i];
      const T g = a > T(0) ? T(1) : slope;
      const T s = a * g;
      zj[i] = s * s;
      gj[i] = T(2) * s * g;
    }
  }
}

template <class T>
void multiply_by(T* z, const T* gate, Block block) {
  for (std::size_t j = 0; j < block.cols; ++j) {
    T* __restrict zj = z + j * block.ld;
    const T* __restrict gj = gate + j * block.ld;
    std::size_t i = 0;
    for (; i + kLane <= block.rows; i += kLane)
      for (std::size_t k = i; k < i + kLane; ++k) zj[k] *= gj[k];
    for (; i < block.rows; ++i) zj[i] *= gj[i];
  }
}

template <class T>
void multiply_into(T* out, std::size_t ld_out, const T* a, std::size_t ld_a, const T* gate,
                   Block block) {
  for (std::size_t j = 0; j < block.cols; ++j) {
    T* __restrict oj = out + j * ld_out;
    const T* __restrict aj = a + j * ld_a;
    const T* __restrict gj = gate + j * block.ld;
    std::size_t i = 0;
    for (; i + kLane <= block.rows; i += kLane)
      for (std::size_t k = i; k < i + kLane; ++k) oj[k] = aj[k] * gj[k];
    for (; i < block.rows; ++i) oj[i] = aj[i] * gj[i];
  }
}

template <class T>
void bend(T* curved, T* tangent, const T* back, const T* gate, Block block, T slope) {
  const T flat = T(2) * slope * slope;
  for (std::size_t j = 0; j < block.cols; ++j) {
    T* __restrict cj = curved + j * block.rows;
    T* __restrict tj = tangent + j * block.ld;
    const T* __restrict bj = back + j * block.rows;
    const T* __restrict gj = gate + j * block.ld;
    std::size_t i = 0;
    for (; i + kLane <= block.rows; i += kLane)
      for (std::size_t k = i; k < i + kLane; ++k) {
        const T second = gj[k] > T(0) ? T(2) : flat;
        cj[k] = bj[k] * second * tj[k];
        tj[k] *= gj[k];
      }
    for (; i < block.rows; ++i) {
      const T second = gj[i] > T(0) ? T(2) : flat;
      cj[i] = bj[i] * second * tj[i];
      tj[i] *= gj[i];
    }
  }
}

template <class T>
void gated_outer(T* out, const T* gate, const T* w, const T* c, Block block) {
  for (std::size_t j = 0; j < block.cols; ++j) {
    T* __restrict oj = out + j * block.ld;
    const T* __restrict gj = gate + j * block.ld;
    const T* __restrict wj = w;
    const T cj = c[j];
    std::size_t i = 0;
    for (; i + kLane <= block.rows; i += kLane)
      for (std::size_t k = i; k < i + kLane; ++k) oj[k] = gj[k] * wj[k] * cj;
    for (; i < block.rows; ++i) oj[i] = gj[i] * wj[i] * cj;
  }
}

template <class T>
void add_row_sums(T* total, const T* z, Block block) {
  T* __restrict sum = total;
  for (std::size_t j = 0; j < block.cols; ++j) {
    const T* __restrict zj = z + j * block.ld;
    std::size_t i = 0;
    for (; i + kLane <= block.rows; i += kLane)
      for (std::size_t k = i; k < i + kLane; ++k) sum[k] += zj[k];
    for (; i < block.rows; ++i) sum[i] += zj[i];
  }
}

template <class T>
double sum_of_squares(const T* values, std::size_t count) {
  double lane[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (std::size_t k = 0; k < 8; ++k) {
      const double v = static_cast<double>(values[i + k]);
      lane[k] += v * v;
    }
  double total = 0.0;
  for (; i < count; ++i) total += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  for (const double part : lane) total += part;
  return total;
}

#define LAOT_INSTANTIATE(T)                                                                \
  template void activate<T>(T*, T*, const T*, Block, T);                                   \
  template void activate_squared<T>(T*, T*, const T*, Block, T);                           \
  template void multiply_by<T>(T*, const T*, Block);                                       \
  template void multiply_into<T>(T*, std::size_t, const T*, std::size_t, const T*, Block); \
  template void bend<T>(T*, T*, const T*, const T*, Block, T);                             \
  template void gated_outer<T>(T*, const T*, const T*, const T*, Block);                   \
  template void add_row_sums<T>(T*, const T*, Block);                                      \
  template double sum_of_squares<T>(const T*, std::size_t);
LAOT_INSTANTIATE(float)
LAOT_INSTANTIATE(double)
#undef LAOT_INSTANTIATE

}  // namespace laot::nets
