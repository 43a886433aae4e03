#include "lanes.hpp"

#include <cmath>
#include <cstring>

#ifdef LAOT_X86_VECTORS
#include <immintrin.h>
#endif

// No fused multiply-add in this file, whatever the flags: GCC contracts across statements and even
// through intrinsics wherever the target has it (AVX-512 always has), clang within an expression.
#if defined(__clang__)
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

#if defined(__clang__)
#define LAOT_UNROLLED _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define LAOT_UNROLLED _Pragma("GCC unroll 8")
#else
#define LAOT_UNROLLED
#endif

namespace laot::lanes {

namespace {

constexpr int kStepShift = 52 - Cubics::kStepBits;
constexpr std::uint64_t kBitsOfOne = 0x3ff0000000000000ULL;
constexpr std::uint64_t kMantissa = 0x000fffffffffffffULL;

// 2^(j/16)
alignas(64) constexpr double kRootsOfTwo[16] = {
    0x1.0000000000000p0, 0x1.0b5586cf9890fp0, 0x1.172b83c7d517bp0, 0x1.2387a6e756238p0,
    0x1.306fe0a31b715p0, 0x1.3dea64c123422p0, 0x1.4bfdad5362a27p0, 0x1.5ab07dd485429p0,
    0x1.6a09e667f3bcdp0, 0x1.7a11473eb0187p0, 0x1.8ace5422aa0dbp0, 0x1.9c49182a3f090p0,
    0x1.ae89f995ad3adp0, 0x1.c199bdd85529cp0, 0x1.d5818dcfba487p0, 0x1.ea4afa2a490dap0};
// k div 16 in the exponent's place, from the bits of k + 1.5 * 2^52
constexpr std::uint64_t kExponent = 0xfff0000000000000ULL;

namespace portable {

struct V {
  double v[kWidth];
};
constexpr std::size_t kBlockColumns = 2;

inline std::uint64_t bits_of(double x) {
  std::uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
inline double from_bits(std::uint64_t bits) {
  double x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

#define LAOT_LANE_FUNCTION inline
#define LAOT_LANE_ENTRY
#define LAOT_EACH_LANE(expression)                                  \
  V out;                                                            \
  for (std::size_t l = 0; l < kWidth; ++l) out.v[l] = (expression); \
  return out

inline V all(double x) {
  LAOT_EACH_LANE(x);
}
inline V load(const double* p) {
  LAOT_EACH_LANE(p[l]);
}
inline void store(double* p, V a) {
  for (std::size_t l = 0; l < kWidth; ++l) p[l] = a.v[l];
}
inline V add(V a, V b) {
  LAOT_EACH_LANE(a.v[l] + b.v[l]);
}
inline V subtract(V a, V b) {
  LAOT_EACH_LANE(a.v[l] - b.v[l]);
}
inline V multiply(V a, V b) {
  LAOT_EACH_LANE(a.v[l] * b.v[l]);
}
// As the machine instructions do it: the second where neither is larger, so a NaN in `a` gives `b`.
inline V maximum(V a, V b) {
  LAOT_EACH_LANE(a.v[l] > b.v[l] ? a.v[l] : b.v[l]);
}
inline V minimum(V a, V b) {
  LAOT_EACH_LANE(a.v[l] < b.v[l] ? a.v[l] : b.v[l]);
}
inline V square_root(V a) {
  LAOT_EACH_LANE(std::sqrt(a.v[l]));
}
inline bool any_less(V a, V b) {
  bool any = false;
  for (std::size_t l = 0; l < kWidth; ++l) any |= a.v[l] < b.v[l];
  return any;
}
inline V zero_where_less(V a, V x, V bound) {
  LAOT_EACH_LANE(x.v[l] < bound.v[l] ? 0.0 : a.v[l]);
}
inline V root_of_two(V shifted) {
  LAOT_EACH_LANE(kRootsOfTwo[bits_of(shifted.v[l]) & 15]);
}
inline V scale(V a, V shifted) {
  LAOT_EACH_LANE(from_bits(bits_of(a.v[l]) + ((bits_of(shifted.v[l]) << 48) & kExponent)));
}
inline V position(V t) {
  LAOT_EACH_LANE(from_bits(((bits_of(t.v[l]) << Cubics::kStepBits) & kMantissa) | kBitsOfOne) -
                 1.0);
}
inline void coefficients(V t, const Cubics& cubics, V& a0, V& a1, V& a2, V& a3) {
  for (std::size_t l = 0; l < kWidth; ++l) {
    const std::int64_t k = static_cast<std::int64_t>(bits_of(t.v[l]) >> kStepShift) - cubics.first;
    const double* a = cubics.coefficients.data() + 4 * k;
    a0.v[l] = a[0];
    a1.v[l] = a[1];
    a2.v[l] = a[2];
    a3.v[l] = a[3];
  }
}
#include "lane_kernels.inc"
#undef LAOT_LANE_FUNCTION
#undef LAOT_LANE_ENTRY
#undef LAOT_EACH_LANE

}  // namespace portable

#ifdef LAOT_X86_VECTORS

namespace avx2 {

struct V {
  __m256d low, high;
};
constexpr std::size_t kBlockColumns = 2;

#define LAOT_LANE_FUNCTION __attribute__((target("avx2"), always_inline)) inline
#define LAOT_LANE_ENTRY __attribute__((target("avx2")))
#define LAOT_BOTH_HALVES(operation)                    \
  return {                                             \
    operation(a.low, b.low), operation(a.high, b.high) \
  }

LAOT_LANE_FUNCTION V all(double x) {
  return {_mm256_set1_pd(x), _mm256_set1_pd(x)};
}
LAOT_LANE_FUNCTION V load(const double* p) {
  return {_mm256_loadu_pd(p), _mm256_loadu_pd(p + 4)};
}
LAOT_LANE_FUNCTION void store(double* p, V a) {
  _mm256_storeu_pd(p, a.low);
  _mm256_storeu_pd(p + 4, a.high);
}
LAOT_LANE_FUNCTION V add(V a, V b) {
  LAOT_BOTH_HALVES(_mm256_add_pd);
}
LAOT_LANE_FUNCTION V subtract(V a, V b) {
  LAOT_BOTH_HALVES(_mm256_sub_pd);
}
LAOT_LANE_FUNCTION V multiply(V a, V b) {
  LAOT_BOTH_HALVES(_mm256_mul_pd);
}
LAOT_LANE_FUNCTION V maximum(V a, V b) {
  LAOT_BOTH_HALVES(_mm256_max_pd);
}
LAOT_LANE_FUNCTION V minimum(V a, V b) {
  LAOT_BOTH_HALVES(_mm256_min_pd);
}
LAOT_LANE_FUNCTION V square_root(V a) {
  return {_mm256_sqrt_pd(a.low), _mm256_sqrt_pd(a.high)};
}
LAOT_LANE_FUNCTION bool any_less(V a, V b) {
  return (_mm256_movemask_pd(_mm256_cmp_pd(a.low, b.low, _CMP_LT_OQ)) |
          _mm256_movemask_pd(_mm256_cmp_pd(a.high, b.high, _CMP_LT_OQ))) != 0;
}
LAOT_LANE_FUNCTION V zero_where_less(V a, V x, V bound) {
  return {_mm256_andnot_pd(_mm256_cmp_pd(x.low, bound.low, _CMP_LT_OQ), a.low),
          _mm256_andnot_pd(_mm256_cmp_pd(x.high, bound.high, _CMP_LT_OQ), a.high)};
}
LAOT_LANE_FUNCTION __m256d root_of_two_half(__m256d shifted) {
  return _mm256_i64gather_pd(
      kRootsOfTwo, _mm256_and_si256(_mm256_castpd_si256(shifted), _mm256_set1_epi64x(15)), 8);
}
LAOT_LANE_FUNCTION V root_of_two(V shifted) {
  return {root_of_two_half(shifted.low), root_of_two_half(shifted.high)};
}
LAOT_LANE_FUNCTION __m256d scale_half(__m256d a, __m256d shifted) {
  const __m256i exponent = _mm256_set1_epi64x(static_cast<long long>(kExponent));
  return _mm256_castsi256_pd(_mm256_add_epi64(
      _mm256_castpd_si256(a),
      _mm256_and_si256(_mm256_slli_epi64(_mm256_castpd_si256(shifted), 48), exponent)));
}
LAOT_LANE_FUNCTION V scale(V a, V b) {
  LAOT_BOTH_HALVES(scale_half);
}
LAOT_LANE_FUNCTION __m256d position_half(__m256d t) {
  const __m256i mantissa = _mm256_set1_epi64x(static_cast<long long>(kMantissa));
  const __m256i one = _mm256_set1_epi64x(static_cast<long long>(kBitsOfOne));
  const __m256i w = _mm256_slli_epi64(_mm256_castpd_si256(t), Cubics::kStepBits);
  return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(_mm256_and_si256(w, mantissa), one)),
                       _mm256_set1_pd(1.0));
}
LAOT_LANE_FUNCTION V position(V t) {
  return {position_half(t.low), position_half(t.high)};
}
LAOT_LANE_FUNCTION __m256i index_half(__m256d t, const Cubics& cubics) {
  const __m256i k = _mm256_srli_epi64(_mm256_castpd_si256(t), kStepShift);
  return _mm256_slli_epi64(_mm256_sub_epi64(k, _mm256_set1_epi64x(cubics.first)), 2);
}
LAOT_LANE_FUNCTION void coefficients(V t, const Cubics& cubics, V& a0, V& a1, V& a2, V& a3) {
  const double* a = cubics.coefficients.data();
  const __m256i i = index_half(t.low, cubics), j = index_half(t.high, cubics);
  a0 = {_mm256_i64gather_pd(a, i, 8), _mm256_i64gather_pd(a, j, 8)};
  a1 = {_mm256_i64gather_pd(a + 1, i, 8), _mm256_i64gather_pd(a + 1, j, 8)};
  a2 = {_mm256_i64gather_pd(a + 2, i, 8), _mm256_i64gather_pd(a + 2, j, 8)};
  a3 = {_mm256_i64gather_pd(a + 3, i, 8), _mm256_i64gather_pd(a + 3, j, 8)};
}
#include "lane_kernels.inc"
#undef LAOT_LANE_FUNCTION
#undef LAOT_LANE_ENTRY
#undef LAOT_BOTH_HALVES

}  // namespace avx2

namespace avx512 {

using V = __m512d;
constexpr std::size_t kBlockColumns = 8;
// Masked forms with every lane on: the plain ones warn of an uninitialised operand in GCC 12.
constexpr __mmask8 kAll = 0xff;

#define LAOT_LANE_FUNCTION __attribute__((target("avx512f"), always_inline)) inline
#define LAOT_LANE_ENTRY __attribute__((target("avx512f")))

LAOT_LANE_FUNCTION V all(double x) {
  return _mm512_set1_pd(x);
}
LAOT_LANE_FUNCTION V load(const double* p) {
  return _mm512_loadu_pd(p);
}
LAOT_LANE_FUNCTION void store(double* p, V a) {
  _mm512_storeu_pd(p, a);
}
LAOT_LANE_FUNCTION V add(V a, V b) {
  return _mm512_add_pd(a, b);
}
LAOT_LANE_FUNCTION V subtract(V a, V b) {
  return _mm512_sub_pd(a, b);
}
// With an explicit rounding mode the product is opaque to the compiler, which so cannot fuse it.
LAOT_LANE_FUNCTION V multiply(V a, V b) {
  return _mm512_maskz_mul_round_pd(kAll, a, b, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
LAOT_LANE_FUNCTION V maximum(V a, V b) {
  return _mm512_maskz_max_pd(kAll, a, b);
}
LAOT_LANE_FUNCTION V minimum(V a, V b) {
  return _mm512_maskz_min_pd(kAll, a, b);
}
LAOT_LANE_FUNCTION V square_root(V a) {
  return _mm512_maskz_sqrt_pd(kAll, a);
}
LAOT_LANE_FUNCTION bool any_less(V a, V b) {
  return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ) != 0;
}
LAOT_LANE_FUNCTION V zero_where_less(V a, V x, V bound) {
  return _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(x, bound, _CMP_NLT_UQ), a);
}
LAOT_LANE_FUNCTION V root_of_two(V shifted) {
  return _mm512_permutex2var_pd(_mm512_load_pd(kRootsOfTwo), _mm512_castpd_si512(shifted),
                                _mm512_load_pd(kRootsOfTwo + 8));
}
LAOT_LANE_FUNCTION V scale(V a, V shifted) {
  const __m512i exponent = _mm512_set1_epi64(static_cast<long long>(kExponent));
  return _mm512_castsi512_pd(_mm512_add_epi64(
      _mm512_castpd_si512(a),
      _mm512_and_si512(_mm512_maskz_slli_epi64(kAll, _mm512_castpd_si512(shifted), 48), exponent)));
}
LAOT_LANE_FUNCTION V position(V t) {
  const __m512i mantissa = _mm512_set1_epi64(static_cast<long long>(kMantissa));
  const __m512i one = _mm512_set1_epi64(static_cast<long long>(kBitsOfOne));
  const __m512i w = _mm512_maskz_slli_epi64(kAll, _mm512_castpd_si512(t), Cubics::kStepBits);
  return _mm512_sub_pd(_mm512_castsi512_pd(_mm512_or_si512(_mm512_and_si512(w, mantissa), one)),
                       _mm512_set1_pd(1.0));
}
LAOT_LANE_FUNCTION void coefficients(V t, const Cubics& cubics, V& a0, V& a1, V& a2, V& a3) {
  const double* a = cubics.coefficients.data();
  const __m512i k = _mm512_maskz_srli_epi64(kAll, _mm512_castpd_si512(t), kStepShift);
  const __m512i i =
      _mm512_maskz_slli_epi64(kAll, _mm512_sub_epi64(k, _mm512_set1_epi64(cubics.first)), 2);
  a0 = _mm512_mask_i64gather_pd(all(0.0), kAll, i, a, 8);
  a1 = _mm512_mask_i64gather_pd(all(0.0), kAll, i, a + 1, 8);
  a2 = _mm512_mask_i64gather_pd(all(0.0), kAll, i, a + 2, 8);
  a3 = _mm512_mask_i64gather_pd(all(0.0), kAll, i, a + 3, 8);
}
#include "lane_kernels.inc"
#undef LAOT_LANE_FUNCTION
#undef LAOT_LANE_ENTRY

}  // namespace avx512

#endif

}  // namespace

double product_in_order(const double* a, const double* b, std::size_t features) {
  double sum = 0.0;
  for (std::size_t k = 0; k < features; ++k) sum += a[k] * b[k];
  return sum;
}

const Kernels& kernels(VectorPath path) {
  switch (resolved(path)) {
#ifdef LAOT_X86_VECTORS
    case VectorPath::avx512:
      return avx512::kKernels;
    case VectorPath::avx2:
      return avx2::kKernels;
#endif
    default:
      return portable::kKernels;
  }
}

}  // namespace laot::lanes
