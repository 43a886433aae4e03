// The kernels for AVX2 and AVX-512. The attributes below let the plain build hold both; which one
// runs is decided by what the processor says.
#include "kernels.hpp"

#ifdef LAOT_X86_VECTORS
#include <immintrin.h>

#include <algorithm>

#include "laot/base.hpp"

#define LAOT_AVX2_ONLY __attribute__((target("avx2")))  // no fused operations can be made of it
#define LAOT_AVX2 __attribute__((target("avx2,fma")))
#define LAOT_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,popcnt")))

namespace laot::detail {

namespace {

// Rows by two vectors of sums, which leave registers for what is multiplied: of 32 and of 16.
constexpr std::size_t kRowBlock512 = 8, kRowBlock256 = 6;
// Features after which AVX2 goes on to the other half of the panel: both stay in the L1 cache.
constexpr std::size_t kFeatures = 256;

// The masked forms with every lane in use compile to the plain instructions. The plain intrinsics
// of some compilers start from an undefined register, and warn of it.
LAOT_AVX512 inline __m512 least_of(__m512 a, __m512 b) {
  return _mm512_maskz_min_ps(0xffff, a, b);
}
LAOT_AVX512 inline __m512d least_of(__m512d a, __m512d b) {
  return _mm512_maskz_min_pd(0xff, a, b);
}

LAOT_AVX512 double least_in(__m512d a) {
  alignas(64) double lane[8];
  _mm512_store_pd(lane, a);
  const __m256d four = _mm256_min_pd(_mm256_load_pd(lane), _mm256_load_pd(lane + 4));
  const __m128d two = _mm_min_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return std::min(_mm_cvtsd_f64(two), _mm_cvtsd_f64(_mm_unpackhi_pd(two, two)));
}

LAOT_AVX512 void block_products_avx512(const float* block, const float* panel, std::size_t d,
                                       std::size_t panels, float* out, std::size_t stride) {
  for (std::size_t p = 0; p < panels; ++p, out += kPanel) {
    __m512 low[kRowBlock512], high[kRowBlock512];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRowBlock512; ++r) low[r] = high[r] = _mm512_setzero_ps();
    const float* a = block;
    for (std::size_t k = 0; k < d; ++k, a += kRowBlock512, panel += kPanel) {
      const __m512 b0 = _mm512_loadu_ps(panel), b1 = _mm512_loadu_ps(panel + 16);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kRowBlock512; ++r) {
        const __m512 s = _mm512_set1_ps(a[r]);
        low[r] = _mm512_fmadd_ps(s, b0, low[r]);
        high[r] = _mm512_fmadd_ps(s, b1, high[r]);
      }
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRowBlock512; ++r) {
      _mm512_storeu_ps(out + r * stride, low[r]);
      _mm512_storeu_ps(out + r * stride + 16, high[r]);
    }
  }
}

// Four panels at a time, for eight independent sums.
LAOT_AVX512 void row_products_avx512(const float* row, const float* panel, std::size_t d,
                                     std::size_t panels, float* out) {
  const std::size_t size = kPanel * d;
  std::size_t p = 0;
  for (; p + 4 <= panels; p += 4, panel += 4 * size, out += 4 * kPanel) {
    __m512 sum[8];
#pragma GCC unroll 8
    for (int q = 0; q < 8; ++q) sum[q] = _mm512_setzero_ps();
    for (std::size_t k = 0; k < d; ++k) {
      const __m512 s = _mm512_set1_ps(row[k]);
      const float* b = panel + k * kPanel;
#pragma GCC unroll 8
      for (int q = 0; q < 8; ++q)
        sum[q] = _mm512_fmadd_ps(s, _mm512_loadu_ps(b + (q / 2) * size + (q % 2) * 16), sum[q]);
    }
#pragma GCC unroll 8
    for (int q = 0; q < 8; ++q) _mm512_storeu_ps(out + 16 * q, sum[q]);
  }
  for (; p < panels; ++p, panel += size, out += kPanel) {
    __m512 low = _mm512_setzero_ps(), high = low;
    for (std::size_t k = 0; k < d; ++k) {
      const __m512 s = _mm512_set1_ps(row[k]);
      low = _mm512_fmadd_ps(s, _mm512_loadu_ps(panel + k * kPanel), low);
      high = _mm512_fmadd_ps(s, _mm512_loadu_ps(panel + k * kPanel + 16), high);
    }
    _mm512_storeu_ps(out, low);
    _mm512_storeu_ps(out + 16, high);
  }
}

LAOT_AVX512 void group_minima_avx512(const float* raw, const float* minus_v, std::size_t columns,
                                     float* minima) {
  __m512 least[4];
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) least[q] = _mm512_set1_ps(kHuge);
  std::size_t j = 0;
  for (; j + 64 <= columns; j += 64) {
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q)
      least[q] = least_of(least[q], _mm512_add_ps(_mm512_loadu_ps(raw + j + 16 * q),
                                                  _mm512_loadu_ps(minus_v + j + 16 * q)));
  }
  if (j < columns) {
#pragma GCC unroll 2
    for (int q = 0; q < 2; ++q)
      least[q] = least_of(least[q], _mm512_add_ps(_mm512_loadu_ps(raw + j + 16 * q),
                                                  _mm512_loadu_ps(minus_v + j + 16 * q)));
  }
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) _mm512_storeu_ps(minima + 16 * q, least[q]);
}

// The values within the mask and their columns, moved together and written with what lies beyond:
// no branch depends on the data.
LAOT_AVX512 inline std::size_t append_hits(__m512 values, __mmask16 mask, std::uint32_t first,
                                           float* value, std::uint32_t* column) {
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i columns = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(first)));
  _mm512_storeu_ps(value, _mm512_maskz_compress_ps(mask, values));
  _mm512_storeu_si512(column, _mm512_maskz_compress_epi32(mask, columns));
  return static_cast<std::size_t>(__builtin_popcount(mask));
}

LAOT_AVX512 std::size_t collect_avx512(const float* raw, const float* minus_v, std::size_t columns,
                                       float limit, std::uint32_t first, float* value,
                                       std::uint32_t* column) {
  const __m512 bound = _mm512_set1_ps(limit);
  std::size_t count = 0, j = 0;
  for (; j + 64 <= columns; j += 64) {
    __m512 sum[4];
    __mmask16 mask[4];
#pragma GCC unroll 4
    for (std::size_t q = 0; q < 4; ++q) {
      sum[q] =
          _mm512_add_ps(_mm512_loadu_ps(raw + j + 16 * q), _mm512_loadu_ps(minus_v + j + 16 * q));
      mask[q] = _mm512_cmp_ps_mask(sum[q], bound, _CMP_LE_OQ);
    }
    if (((mask[0] | mask[1]) | (mask[2] | mask[3])) == 0) continue;
#pragma GCC unroll 4
    for (std::size_t q = 0; q < 4; ++q)
      count += append_hits(sum[q], mask[q], first + static_cast<std::uint32_t>(j + 16 * q),
                           value + count, column + count);
  }
  for (; j < columns; j += 16) {
    const __m512 sum = _mm512_add_ps(_mm512_loadu_ps(raw + j), _mm512_loadu_ps(minus_v + j));
    count += append_hits(sum, _mm512_cmp_ps_mask(sum, bound, _CMP_LE_OQ),
                         first + static_cast<std::uint32_t>(j), value + count, column + count);
  }
  return count;
}

LAOT_AVX512 ListMinimum list_minimum_avx512(const double* cost, const std::uint32_t* column,
                                            const double* v) {
  static_assert(kListLength == 16, "two vectors of eight");
  const auto* at = reinterpret_cast<const __m256i*>(column);
  const __m512d zero = _mm512_setzero_pd();
  const __m512d low = _mm512_sub_pd(
      _mm512_loadu_pd(cost), _mm512_mask_i32gather_pd(zero, 0xff, _mm256_loadu_si256(at), v, 8));
  const __m512d high =
      _mm512_sub_pd(_mm512_loadu_pd(cost + 8),
                    _mm512_mask_i32gather_pd(zero, 0xff, _mm256_loadu_si256(at + 1), v, 8));
  const double least = least_in(least_of(low, high));
  const __m512d all_least = _mm512_set1_pd(least);
  const unsigned mask = static_cast<unsigned>(_mm512_cmp_pd_mask(low, all_least, _CMP_EQ_OQ)) |
                        static_cast<unsigned>(_mm512_cmp_pd_mask(high, all_least, _CMP_EQ_OQ)) << 8;
  const unsigned first = mask & (0u - mask);
  const __m512d none = _mm512_set1_pd(kInfinity);
  const __m512d others =
      least_of(_mm512_mask_mov_pd(low, static_cast<__mmask8>(first), none),
               _mm512_mask_mov_pd(high, static_cast<__mmask8>(first >> 8), none));
  return {least, least_in(others), static_cast<std::size_t>(__builtin_ctz(first))};
}

// A block by half a panel: twelve sums, two vectors of the panel and a broadcast in registers. Adds
// to `out` or writes it.
LAOT_AVX2 void half_panel_avx2(const float* block, const float* panel, std::size_t d, bool add,
                               float* out, std::size_t stride) {
  __m256 low[kRowBlock256], high[kRowBlock256];
#pragma GCC unroll 6
  for (std::size_t r = 0; r < kRowBlock256; ++r) {
    low[r] = add ? _mm256_loadu_ps(out + r * stride) : _mm256_setzero_ps();
    high[r] = add ? _mm256_loadu_ps(out + r * stride + 8) : _mm256_setzero_ps();
  }
  for (std::size_t k = 0; k < d; ++k, block += kRowBlock256, panel += kPanel) {
    const __m256 b0 = _mm256_loadu_ps(panel), b1 = _mm256_loadu_ps(panel + 8);
#pragma GCC unroll 6
    for (std::size_t r = 0; r < kRowBlock256; ++r) {
      const __m256 s = _mm256_set1_ps(block[r]);
      low[r] = _mm256_fmadd_ps(s, b0, low[r]);
      high[r] = _mm256_fmadd_ps(s, b1, high[r]);
    }
  }
#pragma GCC unroll 6
  for (std::size_t r = 0; r < kRowBlock256; ++r) {
    _mm256_storeu_ps(out + r * stride, low[r]);
    _mm256_storeu_ps(out + r * stride + 8, high[r]);
  }
}

LAOT_AVX2 void block_products_avx2(const float* block, const float* panel, std::size_t d,
                                   std::size_t panels, float* out, std::size_t stride) {
  for (std::size_t p = 0; p < panels; ++p, panel += kPanel * d, out += kPanel) {
    std::size_t k = 0;
    do {
      const std::size_t features = std::min(kFeatures, d - k);
      for (const std::size_t half : {std::size_t{0}, kPanel / 2})
        half_panel_avx2(block + k * kRowBlock256, panel + k * kPanel + half, features, k > 0,
                        out + half, stride);
      k += features;
    } while (k < d);
  }
}

// Two panels at a time, for eight independent sums.
LAOT_AVX2 void row_products_avx2(const float* row, const float* panel, std::size_t d,
                                 std::size_t panels, float* out) {
  const std::size_t size = kPanel * d;
  std::size_t p = 0;
  for (; p + 2 <= panels; p += 2, panel += 2 * size, out += 2 * kPanel) {
    __m256 sum[8];
#pragma GCC unroll 8
    for (int q = 0; q < 8; ++q) sum[q] = _mm256_setzero_ps();
    for (std::size_t k = 0; k < d; ++k) {
      const __m256 s = _mm256_set1_ps(row[k]);
      const float* b = panel + k * kPanel;
#pragma GCC unroll 8
      for (int q = 0; q < 8; ++q)
        sum[q] = _mm256_fmadd_ps(s, _mm256_loadu_ps(b + (q / 4) * size + (q % 4) * 8), sum[q]);
    }
#pragma GCC unroll 8
    for (int q = 0; q < 8; ++q) _mm256_storeu_ps(out + 8 * q, sum[q]);
  }
  for (; p < panels; ++p, panel += size, out += kPanel) {
    __m256 sum[4];
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) sum[q] = _mm256_setzero_ps();
    for (std::size_t k = 0; k < d; ++k) {
      const __m256 s = _mm256_set1_ps(row[k]);
#pragma GCC unroll 4
      for (int q = 0; q < 4; ++q)
        sum[q] = _mm256_fmadd_ps(s, _mm256_loadu_ps(panel + k * kPanel + 8 * q), sum[q]);
    }
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) _mm256_storeu_ps(out + 8 * q, sum[q]);
  }
}

LAOT_AVX2 void group_minima_avx2(const float* raw, const float* minus_v, std::size_t columns,
                                 float* minima) {
  __m256 least[8];
#pragma GCC unroll 8
  for (int q = 0; q < 8; ++q) least[q] = _mm256_set1_ps(kHuge);
  std::size_t j = 0;
  for (; j + 64 <= columns; j += 64) {
#pragma GCC unroll 8
    for (int q = 0; q < 8; ++q)
      least[q] = _mm256_min_ps(least[q], _mm256_add_ps(_mm256_loadu_ps(raw + j + 8 * q),
                                                       _mm256_loadu_ps(minus_v + j + 8 * q)));
  }
  if (j < columns) {
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q)
      least[q] = _mm256_min_ps(least[q], _mm256_add_ps(_mm256_loadu_ps(raw + j + 8 * q),
                                                       _mm256_loadu_ps(minus_v + j + 8 * q)));
  }
#pragma GCC unroll 8
  for (int q = 0; q < 8; ++q) _mm256_storeu_ps(minima + 8 * q, least[q]);
}

LAOT_AVX2 std::size_t collect_avx2(const float* raw, const float* minus_v, std::size_t columns,
                                   float limit, std::uint32_t first, float* value,
                                   std::uint32_t* column) {
  const __m256 bound = _mm256_set1_ps(limit);
  std::size_t count = 0;
  for (std::size_t j = 0; j < columns; j += 16) {
    const __m256 low = _mm256_add_ps(_mm256_loadu_ps(raw + j), _mm256_loadu_ps(minus_v + j));
    const __m256 high =
        _mm256_add_ps(_mm256_loadu_ps(raw + j + 8), _mm256_loadu_ps(minus_v + j + 8));
    unsigned mask =
        static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(low, bound, _CMP_LE_OQ))) |
        static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(high, bound, _CMP_LE_OQ))) << 8;
    for (; mask != 0; mask &= mask - 1) {
      const std::size_t c = j + static_cast<std::size_t>(__builtin_ctz(mask));
      value[count] = raw[c] + minus_v[c];
      column[count++] = first + static_cast<std::uint32_t>(c);
    }
  }
  return count;
}

LAOT_AVX2_ONLY inline __m256d four_of(const FramedPoint& a, std::size_t k) {
  return _mm256_sub_pd(_mm256_loadu_pd(a.at + k), _mm256_loadu_pd(a.shift + k));
}

LAOT_AVX2_ONLY double dot_avx2(FramedPoint a, FramedPoint b, std::size_t d) {
  static_assert(kDotLanes == 8, "two vectors of four");
  __m256d low = _mm256_setzero_pd(), high = low;
  std::size_t k = 0;
  for (; k + kDotLanes <= d; k += kDotLanes) {
    low = _mm256_add_pd(low, _mm256_mul_pd(four_of(a, k), four_of(b, k)));
    high = _mm256_add_pd(high, _mm256_mul_pd(four_of(a, k + 4), four_of(b, k + 4)));
  }
  double sum[kDotLanes];
  _mm256_storeu_pd(sum, low);
  _mm256_storeu_pd(sum + 4, high);
  for (std::size_t q = 0; k < d; ++k, ++q) sum[q] += a.moved(k) * b.moved(k);
  return (((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]))) *
         a.scale * b.scale;
}

LAOT_AVX2_ONLY void dots_avx2(FramedPoint a, const FramedPoint* b, std::size_t d, double* out) {
  __m256d low[kDots], high[kDots];
#pragma GCC unroll 4
  for (std::size_t q = 0; q < kDots; ++q) low[q] = high[q] = _mm256_setzero_pd();
  const double* shift = b[0].shift;
  std::size_t k = 0;
  for (; k + kDotLanes <= d; k += kDotLanes) {
    const __m256d a0 = four_of(a, k), a1 = four_of(a, k + 4);
    const __m256d s0 = _mm256_loadu_pd(shift + k), s1 = _mm256_loadu_pd(shift + k + 4);
#pragma GCC unroll 4
    for (std::size_t q = 0; q < kDots; ++q) {
      const __m256d b0 = _mm256_sub_pd(_mm256_loadu_pd(b[q].at + k), s0);
      const __m256d b1 = _mm256_sub_pd(_mm256_loadu_pd(b[q].at + k + 4), s1);
      low[q] = _mm256_add_pd(low[q], _mm256_mul_pd(a0, b0));
      high[q] = _mm256_add_pd(high[q], _mm256_mul_pd(a1, b1));
    }
  }
#pragma GCC unroll 4
  for (std::size_t q = 0; q < kDots; ++q) {
    double sum[kDotLanes];
    _mm256_storeu_pd(sum, low[q]);
    _mm256_storeu_pd(sum + 4, high[q]);
    for (std::size_t t = k, lane = 0; t < d; ++t, ++lane) sum[lane] += a.moved(t) * b[q].moved(t);
    out[q] = (((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]))) *
             a.scale * b[q].scale;
  }
}

LAOT_AVX2 double least_in(__m256d a) {
  const __m128d half = _mm_min_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
  return std::min(_mm_cvtsd_f64(half), _mm_cvtsd_f64(_mm_unpackhi_pd(half, half)));
}

LAOT_AVX2 ListMinimum list_minimum_avx2(const double* cost, const std::uint32_t* column,
                                        const double* v) {
  static_assert(kListLength == 16, "four vectors of four");
  __m256d reduced[4];
  const auto* at = reinterpret_cast<const __m128i*>(column);
  const __m256d zero = _mm256_setzero_pd();
  const __m256d all = _mm256_castsi256_pd(_mm256_set1_epi64x(-1));
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q)
    reduced[q] = _mm256_sub_pd(_mm256_loadu_pd(cost + 4 * q),
                               _mm256_mask_i32gather_pd(zero, v, _mm_loadu_si128(at + q), all, 8));
  const double least = least_in(
      _mm256_min_pd(_mm256_min_pd(reduced[0], reduced[1]), _mm256_min_pd(reduced[2], reduced[3])));
  const __m256d all_least = _mm256_set1_pd(least);
  unsigned mask = 0;
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q)
    mask |=
        static_cast<unsigned>(_mm256_movemask_pd(_mm256_cmp_pd(reduced[q], all_least, _CMP_EQ_OQ)))
        << (4 * q);
  const std::size_t position = static_cast<std::size_t>(__builtin_ctz(mask));
  double second = least;
  if ((mask & (mask - 1)) == 0) {  // the least value is there once: the second is larger
    const __m256d none = _mm256_set1_pd(kInfinity);
    __m256d others = none;
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q)
      others = _mm256_min_pd(
          others,
          _mm256_blendv_pd(reduced[q], none, _mm256_cmp_pd(reduced[q], all_least, _CMP_EQ_OQ)));
    second = least_in(others);
  }
  return {least, second, position};
}

}  // namespace

const Kernels avx2_kernels = {kRowBlock256,      block_products_avx2, row_products_avx2,
                              group_minima_avx2, collect_avx2,        dot_avx2,
                              dots_avx2,         list_minimum_avx2};
const Kernels avx512_kernels = {kRowBlock512,        block_products_avx512, row_products_avx512,
                                group_minima_avx512, collect_avx512,        dot_avx2,
                                dots_avx2,           list_minimum_avx512};

}  // namespace laot::detail

#endif
