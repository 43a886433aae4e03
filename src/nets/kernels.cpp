#include "laot/nets/kernels.hpp"

#include <algorithm>
#include <type_traits>

#include "lanes.hpp"
#include "products.hpp"

namespace laot::nets {

namespace {

// Calls the eight-lane form of a loop for floats where the processor has it; what it leaves, and
// everything else, is the plain loop's.
#define LAOT_LEAD(call) \
  std::size_t i = 0;    \
  if constexpr (std::is_same_v<T, float>) i = LAOT_IN_LANES(call);

}  // namespace

template <class T>
void product(bool transpose_b, std::size_t m, std::size_t n, std::size_t k, const T* a,
             std::size_t lda, const T* b, std::size_t ldb, bool add, T* c, std::size_t ldc) {
  if constexpr (std::is_same_v<T, float>) {
    products::run({m, n, k, a, lda, b, transpose_b ? ldb : 1, transpose_b ? 1 : ldb, c, ldc, add});
  } else {
    gemm<T>(false, transpose_b, m, n, k, T(1), a, lda, b, ldb, add ? T(1) : T(0), c, ldc);
  }
}

template <class T>
void transpose(const T* from, std::size_t rows, std::size_t cols, T* to) {
  constexpr std::size_t side = 16;  // whole lines of the cache on both sides
  for (std::size_t c0 = 0; c0 < cols; c0 += side)
    for (std::size_t r0 = 0; r0 < rows; r0 += side) {
      const std::size_t c1 = std::min(cols, c0 + side), r1 = std::min(rows, r0 + side);
      for (std::size_t c = c0; c < c1; ++c)
        for (std::size_t r = r0; r < r1; ++r) to[c + r * cols] = from[r + c * rows];
    }
}

template <class T>
void activate(T* z, T* gate, const T* bias, Block block, T slope) {
  for (std::size_t j = 0; j < block.cols; ++j) {
    T* zj = z + j * block.ld;
    T* gj = gate + j * block.ld;
    LAOT_LEAD(activate(zj, gj, bias, block.rows, slope))
    for (; i < block.rows; ++i) {
      const T a = zj[i] + bias[i];
      const T g = a > T(0) ? T(1) : slope;
      zj[i] = a * g;
      gj[i] = g;
    }
  }
}

template <class T>
void activate_squared(T* z, T* gate, const T* bias, Block block, T slope) {
  for (std::size_t j = 0; j < block.cols; ++j) {
    T* zj = z + j * block.ld;
    T* gj = gate + j * block.ld;
    LAOT_LEAD(activate_squared(zj, gj, bias, block.rows, slope))
    for (; i < block.rows; ++i) {
      const T a = zj[i] + bias[i];
      const T g = a > T(0) ? T(1) : slope;
      const T s = a * g;
      zj[i] = s * s;
      gj[i] = T(2) * s * g;
    }
  }
}

template <class T>
void multiply_by(T* z, const T* gate, Block block) {
  multiply_into(z, block.ld, z, block.ld, gate, block);
}

template <class T>
void multiply_into(T* out, std::size_t ld_out, const T* a, std::size_t ld_a, const T* gate,
                   Block block) {
  for (std::size_t j = 0; j < block.cols; ++j) {
    T* oj = out + j * ld_out;
    const T* aj = a + j * ld_a;
    const T* gj = gate + j * block.ld;
    LAOT_LEAD(multiply(oj, aj, gj, block.rows))
    for (; i < block.rows; ++i) oj[i] = aj[i] * gj[i];
  }
}

template <class T>
void bend(T* curved, T* tangent, const T* back, const T* gate, Block block, T slope) {
  const T flat = T(2) * slope * slope;
  for (std::size_t j = 0; j < block.cols; ++j) {
    T* cj = curved + j * block.rows;
    T* tj = tangent + j * block.ld;
    const T* bj = back + j * block.rows;
    const T* gj = gate + j * block.ld;
    LAOT_LEAD(bend(cj, tj, bj, gj, block.rows, slope))
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
    T* oj = out + j * block.ld;
    const T* gj = gate + j * block.ld;
    LAOT_LEAD(scaled_product(oj, gj, w, c[j], block.rows))
    for (; i < block.rows; ++i) oj[i] = gj[i] * w[i] * c[j];
  }
}

template <class T>
void scaled_difference(T* out, const T* a, const T* b, T scale, std::size_t count) {
  LAOT_LEAD(scaled_difference(out, a, b, scale, count))
  for (; i < count; ++i) out[i] = (a[i] - b[i]) * scale;
}

template <class T>
void add_row_sums(T* total, const T* z, Block block) {
  for (std::size_t j = 0; j < block.cols; ++j) {
    const T* zj = z + j * block.ld;
    LAOT_LEAD(accumulate(total, zj, block.rows))
    for (; i < block.rows; ++i) total[i] += zj[i];
  }
}

template <class T>
void add_row_squares(T* total, const T* z, const T* centre, Block block) {
  for (std::size_t j = 0; j < block.cols; ++j) {
    const T* zj = z + j * block.ld;
    LAOT_LEAD(add_squares(total, zj, centre, block.rows))
    for (; i < block.rows; ++i) {
      const T gap = zj[i] - centre[i];
      total[i] += gap * gap;
    }
  }
}

template <class T>
void add_squares(T* total, const T* z, T centre, std::size_t count) {
  LAOT_LEAD(add_squares(total, z, centre, count))
  for (; i < count; ++i) {
    const T gap = z[i] - centre;
    total[i] += gap * gap;
  }
}

template <class T>
void add_row_products(T* total, const T* a, const T* b, Block block) {
  for (std::size_t j = 0; j < block.cols; ++j) {
    const T* aj = a + j * block.ld;
    const T* bj = b + j * block.ld;
    LAOT_LEAD(add_products(total, aj, bj, block.rows))
    for (; i < block.rows; ++i) total[i] += aj[i] * bj[i];
  }
}

template <class T>
void standardise_rows(T* out, const T* z, const T* centre, const T* scale, Block block) {
  for (std::size_t j = 0; j < block.cols; ++j) {
    T* oj = out + j * block.ld;
    const T* zj = z + j * block.ld;
    LAOT_LEAD(standardise(oj, zj, centre, scale, block.rows))
    for (; i < block.rows; ++i) oj[i] = (zj[i] - centre[i]) * scale[i];
  }
}

template <class T>
void unstandardise_gradient(T* delta, const T* normal, const T* scale, const T* mean,
                            const T* slope, Block block) {
  for (std::size_t j = 0; j < block.cols; ++j) {
    T* dj = delta + j * block.ld;
    const T* nj = normal + j * block.ld;
    LAOT_LEAD(unstandardise_gradient(dj, nj, scale, mean, slope, block.rows))
    for (; i < block.rows; ++i) dj[i] = scale[i] * (dj[i] - mean[i] - nj[i] * slope[i]);
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

#define LAOT_INSTANTIATE(T)                                                                    \
  template void product<T>(bool, std::size_t, std::size_t, std::size_t, const T*, std::size_t, \
                           const T*, std::size_t, bool, T*, std::size_t);                      \
  template void transpose<T>(const T*, std::size_t, std::size_t, T*);                          \
  template void activate<T>(T*, T*, const T*, Block, T);                                       \
  template void activate_squared<T>(T*, T*, const T*, Block, T);                               \
  template void multiply_by<T>(T*, const T*, Block);                                           \
  template void multiply_into<T>(T*, std::size_t, const T*, std::size_t, const T*, Block);     \
  template void bend<T>(T*, T*, const T*, const T*, Block, T);                                 \
  template void gated_outer<T>(T*, const T*, const T*, const T*, Block);                       \
  template void scaled_difference<T>(T*, const T*, const T*, T, std::size_t);                  \
  template void add_row_sums<T>(T*, const T*, Block);                                          \
  template void add_row_squares<T>(T*, const T*, const T*, Block);                             \
  template void add_squares<T>(T*, const T*, T, std::size_t);                                  \
  template void add_row_products<T>(T*, const T*, const T*, Block);                            \
  template void standardise_rows<T>(T*, const T*, const T*, const T*, Block);                  \
  template void unstandardise_gradient<T>(T*, const T*, const T*, const T*, const T*, Block);  \
  template double sum_of_squares<T>(const T*, std::size_t);
LAOT_INSTANTIATE(float)
LAOT_INSTANTIATE(double)
#undef LAOT_INSTANTIATE
#undef LAOT_LEAD

}  // namespace laot::nets
