// The kernels for AVX2 and AVX-512: what both do alike is in kernels_x86.inc.
#include "kernels.hpp"

#ifdef LAOT_X86_VECTORS
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "laot/base.hpp"

#define LAOT_AVX2_ONLY __attribute__((target("avx2")))  // no fused operations can be made of it
#define LAOT_AVX2 __attribute__((target("avx2,fma")))
#define LAOT_AVX512 __attribute__((target("avx512f,popcnt")))
#define LAOT_AVX512_VNNI __attribute__((target("avx512f,avx512vnni")))

namespace laot::detail {

namespace {

// Decisions, in double precision, are the same on both paths: for the bits, and because four lanes
// gather no slower than eight.

LAOT_AVX2_ONLY inline __m256d four_of(const FramedPoint& a, std::size_t k) {
  return _mm256_sub_pd(_mm256_loadu_pd(a.at + k), _mm256_loadu_pd(a.shift + k));
}

// The first features of the last group of kDotLanes, zeros beyond: a lane that adds a product of
// zeros keeps its bits, because sums that begin at zero are never -0.
struct Tail {
  __m256i low, high;
};

LAOT_AVX2_ONLY inline Tail tail_of(std::size_t features) {
  alignas(32) static constexpr std::int64_t kMasks[2 * kDotLanes] = {-1, -1, -1, -1,
                                                                     -1, -1, -1, -1};
  const auto* from = reinterpret_cast<const __m256i*>(kMasks + kDotLanes - features);
  return {_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1)};
}

LAOT_AVX2_ONLY inline __m256d some_of(const FramedPoint& a, std::size_t k, __m256i mask) {
  return _mm256_sub_pd(_mm256_maskload_pd(a.at + k, mask), _mm256_maskload_pd(a.shift + k, mask));
}

LAOT_AVX2_ONLY double dot_avx2(FramedPoint a, FramedPoint b, std::size_t d) {
  static_assert(kDotLanes == 8, "two vectors of four");
  __m256d low = _mm256_setzero_pd(), high = low;
  std::size_t k = 0;
  for (; k + kDotLanes <= d; k += kDotLanes) {
    low = _mm256_add_pd(low, _mm256_mul_pd(four_of(a, k), four_of(b, k)));
    high = _mm256_add_pd(high, _mm256_mul_pd(four_of(a, k + 4), four_of(b, k + 4)));
  }
  if (k < d) {
    const Tail tail = tail_of(d - k);
    low = _mm256_add_pd(low, _mm256_mul_pd(some_of(a, k, tail.low), some_of(b, k, tail.low)));
    high = _mm256_add_pd(high,
                         _mm256_mul_pd(some_of(a, k + 4, tail.high), some_of(b, k + 4, tail.high)));
  }
  const __m256d pairs = _mm256_hadd_pd(low, high);
  const __m128d fours = _mm_add_pd(_mm256_castpd256_pd128(pairs), _mm256_extractf128_pd(pairs, 1));
  return (_mm_cvtsd_f64(fours) + _mm_cvtsd_f64(_mm_unpackhi_pd(fours, fours))) * a.scale * b.scale;
}

// The sums (0 + 1) + (2 + 3) of the lanes of each of four vectors.
LAOT_AVX2_ONLY inline __m256d sums_of_four(const __m256d (&a)[kDots]) {
  const __m256d first = _mm256_hadd_pd(a[0], a[1]), second = _mm256_hadd_pd(a[2], a[3]);
  return _mm256_add_pd(_mm256_permute2f128_pd(first, second, 0x20),
                       _mm256_permute2f128_pd(first, second, 0x31));
}

LAOT_AVX2_ONLY void dots_avx2(FramedPoint a, const FramedPoint* b, std::size_t d, double* out) {
  static_assert(kDots == 4, "a vector of four sums");
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
  if (k < d) {
    const Tail tail = tail_of(d - k);
    const __m256d a0 = some_of(a, k, tail.low), a1 = some_of(a, k + 4, tail.high);
#pragma GCC unroll 4
    for (std::size_t q = 0; q < kDots; ++q) {
      low[q] = _mm256_add_pd(low[q], _mm256_mul_pd(a0, some_of(b[q], k, tail.low)));
      high[q] = _mm256_add_pd(high[q], _mm256_mul_pd(a1, some_of(b[q], k + 4, tail.high)));
    }
  }
  const __m256d sums = _mm256_add_pd(sums_of_four(low), sums_of_four(high));
  const __m256d scale = _mm256_setr_pd(b[0].scale, b[1].scale, b[2].scale, b[3].scale);
  _mm256_storeu_pd(out, _mm256_mul_pd(_mm256_mul_pd(sums, _mm256_set1_pd(a.scale)), scale));
}

// Where no two values are equal, those below one say its place, and the places add up to what the
// numbers below `count` do.
LAOT_AVX2_ONLY void places_avx2(const double* value, std::size_t count, std::uint32_t* place) {
  static_assert(kPlaceLanes == 8, "two vectors of four");
  std::size_t sum = 0;
  for (std::size_t a = 0; a < count; a += kPlaceLanes) {
    const __m256d low = _mm256_loadu_pd(value + a), high = _mm256_loadu_pd(value + a + 4);
    __m256i below_low = _mm256_setzero_si256(), below_high = below_low;
    for (std::size_t b = 0; b < count; ++b) {
      const __m256d other = _mm256_broadcast_sd(value + b);
      below_low =
          _mm256_sub_epi64(below_low, _mm256_castpd_si256(_mm256_cmp_pd(other, low, _CMP_LT_OQ)));
      below_high =
          _mm256_sub_epi64(below_high, _mm256_castpd_si256(_mm256_cmp_pd(other, high, _CMP_LT_OQ)));
    }
    const __m256 both =
        _mm256_shuffle_ps(_mm256_castsi256_ps(below_low), _mm256_castsi256_ps(below_high), 0x88);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(place + a),
                        _mm256_permute4x64_epi64(_mm256_castps_si256(both), 0xd8));
  }
  for (std::size_t a = 0; a < count; ++a) sum += place[a];
  if (2 * sum != count * (count - 1)) stable_places(value, count, place);
}

LAOT_AVX2_ONLY double least_in(__m256d a) {
  const __m128d half = _mm_min_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
  return std::min(_mm_cvtsd_f64(half), _mm_cvtsd_f64(_mm_unpackhi_pd(half, half)));
}

// One by one: quicker than a gathering instruction.
LAOT_AVX2_ONLY inline __m256d four_at(const double* v, const std::uint32_t* column) {
  const __m128d low = _mm_loadh_pd(_mm_load_sd(v + column[0]), v + column[1]);
  const __m128d high = _mm_loadh_pd(_mm_load_sd(v + column[2]), v + column[3]);
  return _mm256_insertf128_pd(_mm256_castpd128_pd256(low), high, 1);
}

LAOT_AVX2_ONLY ListMinimum list_minimum_avx2(const double* cost, const std::uint32_t* column,
                                             const double* v) {
  static_assert(kListLength == 16, "four vectors of four");
  __m256d reduced[4];
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q)
    reduced[q] = _mm256_sub_pd(_mm256_loadu_pd(cost + 4 * q), four_at(v, column + 4 * q));
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

// The lanes in which `a` is less than `b`, for eight whole numbers.
LAOT_AVX2_ONLY inline __m256i less_in(const __m256d (&a)[2], const __m256d (&b)[2]) {
  const __m256 low = _mm256_castpd_ps(_mm256_cmp_pd(a[0], b[0], _CMP_LT_OQ));
  const __m256 high = _mm256_castpd_ps(_mm256_cmp_pd(a[1], b[1], _CMP_LT_OQ));
  const __m256i mixed = _mm256_castps_si256(_mm256_shuffle_ps(low, high, 0x88));
  return _mm256_permute4x64_epi64(mixed, 0xd8);
}

LAOT_AVX2_ONLY double offer_avx2(const Offer& offer, const double* price, std::size_t columns,
                                 double* distance, std::uint32_t* by) {
  static_assert(kOfferLanes == 8, "two vectors of four");
  const __m256d at = _mm256_set1_pd(offer.at), offset = _mm256_set1_pd(offer.offset);
  const __m256i who = _mm256_set1_epi32(static_cast<int>(offer.who));
  __m256d least[2] = {_mm256_set1_pd(kInfinity), _mm256_set1_pd(kInfinity)};
  std::size_t j = 0;
  for (; j + kOfferLanes <= columns; j += kOfferLanes) {
    __m256d through[2], before[2];
#pragma GCC unroll 2
    for (std::size_t q = 0; q < 2; ++q) {
      const __m256d reduced = _mm256_sub_pd(_mm256_loadu_pd(offer.cost + j + 4 * q),
                                            _mm256_loadu_pd(price + j + 4 * q));
      through[q] = _mm256_max_pd(at, _mm256_add_pd(reduced, offset));
      before[q] = _mm256_loadu_pd(distance + j + 4 * q);
      const __m256d after = _mm256_min_pd(through[q], before[q]);
      _mm256_storeu_pd(distance + j + 4 * q, after);
      least[q] = _mm256_min_pd(after, least[q]);
    }
    auto* names = reinterpret_cast<__m256i*>(by + j);
    _mm256_storeu_si256(
        names, _mm256_blendv_epi8(_mm256_loadu_si256(names), who, less_in(through, before)));
  }
  double lane[kOfferLanes];
  _mm256_storeu_pd(lane, least[0]);
  _mm256_storeu_pd(lane + 4, least[1]);
  for (; j < columns; ++j) offer_one(offer, price, j, distance, by, lane);
  return *std::min_element(lane, lane + kOfferLanes);
}

namespace avx2 {

using V = __m256;
constexpr std::size_t kWidth = 8;
constexpr std::size_t kRowBlock = 6;  // two vectors of sums for each row, of 16 registers
// Features after which the products go on to the other half of the panel: both stay in the L1
// cache.
constexpr std::size_t kFeatures = 256;

#define LAOT_KERNEL LAOT_AVX2
#define LAOT_KERNEL_PART LAOT_AVX2 __attribute__((always_inline)) inline

LAOT_KERNEL_PART V all(float x) {
  return _mm256_set1_ps(x);
}
LAOT_KERNEL_PART V load(const float* p) {
  return _mm256_loadu_ps(p);
}
LAOT_KERNEL_PART void store(float* p, V a) {
  _mm256_storeu_ps(p, a);
}
LAOT_KERNEL_PART V add(V a, V b) {
  return _mm256_add_ps(a, b);
}
LAOT_KERNEL_PART V multiply_add(V a, V b, V c) {
  return _mm256_fmadd_ps(a, b, c);
}
LAOT_KERNEL_PART V multiply(V a, V b) {
  return _mm256_mul_ps(a, b);
}
LAOT_KERNEL_PART V least_of(V a, V b) {
  return _mm256_min_ps(a, b);
}
LAOT_KERNEL_PART void store_codes(std::int16_t* p, V low, V high) {
  // Packing takes the halves of both in turn.
  const __m256i mixed = _mm256_packs_epi32(_mm256_cvtps_epi32(low), _mm256_cvtps_epi32(high));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm256_permute4x64_epi64(mixed, 0xd8));
}
LAOT_KERNEL_PART V load_codes(const std::int16_t* p) {
  return _mm256_cvtepi32_ps(
      _mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
#include "kernels_x86.inc"

LAOT_AVX2 void block_products(const float* block, const float* panel, std::size_t d,
                              std::size_t panels, float* out, std::size_t stride) {
  for (std::size_t p = 0; p < panels; ++p, panel += kPanel * d, out += kPanel) {
    std::size_t k = 0;
    do {
      const std::size_t features = std::min(kFeatures, d - k);
      for (const std::size_t half : {std::size_t{0}, kPanel / 2})
        tile_products(block + k * kRowBlock, panel + k * kPanel + half, features, k > 0, out + half,
                      stride);
      k += features;
    } while (k < d);
  }
}

LAOT_AVX2 std::size_t collect(const float* raw, const float* minus_v, std::size_t columns,
                              float limit, std::uint32_t first, float* value,
                              std::uint32_t* column) {
  const V bound = all(limit);
  std::size_t count = 0;
  for (std::size_t j = 0; j < columns; j += 16) {
    const V low = add(load(raw + j), load(minus_v + j));
    const V high = add(load(raw + j + 8), load(minus_v + j + 8));
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

using W = __m256i;
constexpr std::size_t kWholeRows = 3;  // a sum waits for an addition only: few of them do

LAOT_KERNEL_PART W no_sums() {
  return _mm256_setzero_si256();
}
LAOT_KERNEL_PART W load_pairs(const std::int16_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
LAOT_KERNEL_PART W all_pairs(const std::int16_t* p) {
  std::int32_t both;
  std::memcpy(&both, p, sizeof both);
  return _mm256_set1_epi32(both);
}
LAOT_KERNEL_PART W add_products(W sum, W a, W b) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}
LAOT_KERNEL_PART void store_sums(float* p, W sum, float unit) {
  store(p, multiply(_mm256_cvtepi32_ps(sum), all(unit)));
}
#include "kernels_x86_whole.inc"

#undef LAOT_KERNEL
#undef LAOT_KERNEL_PART

}  // namespace avx2

namespace avx512 {

using V = __m512;
constexpr std::size_t kWidth = 16;
constexpr std::size_t kRowBlock = 8;  // two vectors of sums for each row, of 32 registers

#define LAOT_KERNEL LAOT_AVX512
#define LAOT_KERNEL_PART LAOT_AVX512 __attribute__((always_inline)) inline

LAOT_KERNEL_PART V all(float x) {
  return _mm512_set1_ps(x);
}
LAOT_KERNEL_PART V load(const float* p) {
  return _mm512_loadu_ps(p);
}
LAOT_KERNEL_PART void store(float* p, V a) {
  _mm512_storeu_ps(p, a);
}
LAOT_KERNEL_PART V add(V a, V b) {
  return _mm512_add_ps(a, b);
}
LAOT_KERNEL_PART V multiply_add(V a, V b, V c) {
  return _mm512_fmadd_ps(a, b, c);
}
// The masked forms with every lane in use compile to the plain instructions. The plain intrinsics
// of some compilers start from an undefined register, and warn of it.
LAOT_KERNEL_PART V least_of(V a, V b) {
  return _mm512_maskz_min_ps(0xffff, a, b);
}
LAOT_KERNEL_PART V multiply(V a, V b) {
  return _mm512_mul_ps(a, b);
}
LAOT_KERNEL_PART void store_codes(std::int16_t* p, V low, V high) {
  auto* at = reinterpret_cast<__m256i*>(p);
  _mm256_storeu_si256(at,
                      _mm512_maskz_cvtepi32_epi16(0xffff, _mm512_maskz_cvtps_epi32(0xffff, low)));
  _mm256_storeu_si256(at + 1,
                      _mm512_maskz_cvtepi32_epi16(0xffff, _mm512_maskz_cvtps_epi32(0xffff, high)));
}
LAOT_KERNEL_PART V load_codes(const std::int16_t* p) {
  const __m256i code = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm512_maskz_cvtepi32_ps(0xffff, _mm512_maskz_cvtepi16_epi32(0xffff, code));
}
#include "kernels_x86.inc"

LAOT_AVX512 void block_products(const float* block, const float* panel, std::size_t d,
                                std::size_t panels, float* out, std::size_t stride) {
  for (std::size_t p = 0; p < panels; ++p, panel += kPanel * d, out += kPanel)
    tile_products(block, panel, d, false, out, stride);
}

// The values within the mask and their columns, moved together and written with what lies beyond:
// no branch depends on the data.
LAOT_AVX512 inline std::size_t append_hits(V values, __mmask16 mask, std::uint32_t first,
                                           float* value, std::uint32_t* column) {
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i columns = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(first)));
  _mm512_storeu_ps(value, _mm512_maskz_compress_ps(mask, values));
  _mm512_storeu_si512(column, _mm512_maskz_compress_epi32(mask, columns));
  return static_cast<std::size_t>(__builtin_popcount(mask));
}

LAOT_AVX512 std::size_t collect(const float* raw, const float* minus_v, std::size_t columns,
                                float limit, std::uint32_t first, float* value,
                                std::uint32_t* column) {
  const V bound = all(limit);
  std::size_t count = 0, j = 0;
  for (; j + 64 <= columns; j += 64) {
    V sum[4];
    __mmask16 mask[4];
#pragma GCC unroll 4
    for (std::size_t q = 0; q < 4; ++q) {
      sum[q] = add(load(raw + j + 16 * q), load(minus_v + j + 16 * q));
      mask[q] = _mm512_cmp_ps_mask(sum[q], bound, _CMP_LE_OQ);
    }
    if (((mask[0] | mask[1]) | (mask[2] | mask[3])) == 0) continue;
#pragma GCC unroll 4
    for (std::size_t q = 0; q < 4; ++q)
      count += append_hits(sum[q], mask[q], first + static_cast<std::uint32_t>(j + 16 * q),
                           value + count, column + count);
  }
  for (; j < columns; j += 16) {
    const V sum = add(load(raw + j), load(minus_v + j));
    count += append_hits(sum, _mm512_cmp_ps_mask(sum, bound, _CMP_LE_OQ),
                         first + static_cast<std::uint32_t>(j), value + count, column + count);
  }
  return count;
}

#undef LAOT_KERNEL
#undef LAOT_KERNEL_PART

}  // namespace avx512

// A product of whole numbers and its sum in one instruction. Without it the sets of AVX-512 take as
// many for whole numbers as for floating point.
namespace avx512_vnni {

using W = __m512i;
constexpr std::size_t kWholeRows = 8;
using avx512::kRowBlock, avx512::kSums, avx512::kVectors, avx512::kWidth;
static_assert(kRowBlock == kWholeRows);

#define LAOT_KERNEL LAOT_AVX512_VNNI
#define LAOT_KERNEL_PART LAOT_AVX512_VNNI __attribute__((always_inline)) inline

LAOT_KERNEL_PART W no_sums() {
  return _mm512_setzero_si512();
}
LAOT_KERNEL_PART W load_pairs(const std::int16_t* p) {
  return _mm512_loadu_si512(p);
}
LAOT_KERNEL_PART W all_pairs(const std::int16_t* p) {
  std::int32_t both;
  std::memcpy(&both, p, sizeof both);
  return _mm512_set1_epi32(both);
}
LAOT_KERNEL_PART W add_products(W sum, W a, W b) {
  return _mm512_dpwssd_epi32(sum, a, b);
}
LAOT_KERNEL_PART void store_sums(float* p, W sum, float unit) {
  _mm512_storeu_ps(p, _mm512_mul_ps(_mm512_maskz_cvtepi32_ps(0xffff, sum), _mm512_set1_ps(unit)));
}
#include "kernels_x86_whole.inc"

#undef LAOT_KERNEL
#undef LAOT_KERNEL_PART

}  // namespace avx512_vnni

constexpr Kernels with_whole_products(Kernels kernels,
                                      decltype(Kernels::whole_block_products) of_blocks,
                                      decltype(Kernels::whole_row_products) of_rows) {
  kernels.whole_block_products = of_blocks;
  kernels.whole_row_products = of_rows;
  return kernels;
}

}  // namespace

const Kernels avx2_kernels = {avx2::kRowBlock,
                              avx2::block_products,
                              avx2::row_products,
                              avx2::whole_block_products,
                              avx2::whole_row_products,
                              avx2::narrow,
                              avx2::widen,
                              avx2::group_minima,
                              avx2::collect,
                              dot_avx2,
                              dots_avx2,
                              places_avx2,
                              list_minimum_avx2,
                              offer_avx2};
constexpr Kernels avx512_kernels = {avx512::kRowBlock,
                                    avx512::block_products,
                                    avx512::row_products,
                                    nullptr,
                                    nullptr,
                                    avx512::narrow,
                                    avx512::widen,
                                    avx512::group_minima,
                                    avx512::collect,
                                    dot_avx2,
                                    dots_avx2,
                                    places_avx2,
                                    list_minimum_avx2,
                                    offer_avx2};
const Kernels avx512_vnni_kernels = with_whole_products(
    avx512_kernels, avx512_vnni::whole_block_products, avx512_vnni::whole_row_products);

}  // namespace laot::detail

#endif
