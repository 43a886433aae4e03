#include "products.hpp"

#include <cstring>
#include <utility>

// No fused multiply-add in this file, whatever the flags and the target (see metrics/lanes.cpp).
#if defined(__clang__)
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

namespace laot::nets::products {

namespace {

constexpr std::size_t kDepth = 128;  // terms of a sum at a time: a panel stays in the first cache
constexpr std::size_t kNear = 64;    // columns no further apart than this are read in place

namespace portable {

constexpr std::size_t kWidth = 4;
constexpr std::size_t kColumns = 6;  // as for AVX2, of 16 registers
#ifdef __GNUC__
typedef float V __attribute__((vector_size(4 * kWidth)));
#else
struct V {
  float lane[kWidth];
  V& operator+=(const V& other) {
    for (std::size_t i = 0; i < kWidth; ++i) lane[i] += other.lane[i];
    return *this;
  }
  V operator*(float factor) const {
    V out = *this;
    for (float& value : out.lane) value *= factor;
    return out;
  }
};
#endif
#define LAOT_PRODUCT_FUNCTION inline
#define LAOT_PRODUCT_ENTRY
#include "products.inc"
#undef LAOT_PRODUCT_FUNCTION
#undef LAOT_PRODUCT_ENTRY

}  // namespace portable

#ifdef LAOT_X86_VECTORS

namespace avx2 {

constexpr std::size_t kWidth = 8;
// Columns that are summed together, in 12 of 16 registers: with 8 of them a processor that starts
// two multiplications and two additions a cycle spends more on loads and counters than on these.
constexpr std::size_t kColumns = 6;
typedef float V __attribute__((vector_size(4 * kWidth)));
#define LAOT_PRODUCT_FUNCTION __attribute__((target("avx2"), always_inline)) inline
#define LAOT_PRODUCT_ENTRY __attribute__((target("avx2")))
#include "products.inc"
#undef LAOT_PRODUCT_FUNCTION
#undef LAOT_PRODUCT_ENTRY

}  // namespace avx2

namespace avx512 {

constexpr std::size_t kWidth = 16;
constexpr std::size_t kColumns = 4;  // near the limit where 512 bits are multiplied at once
typedef float V __attribute__((vector_size(4 * kWidth)));
#define LAOT_PRODUCT_FUNCTION __attribute__((target("avx512f"), always_inline)) inline
#define LAOT_PRODUCT_ENTRY __attribute__((target("avx512f")))
#include "products.inc"
#undef LAOT_PRODUCT_FUNCTION
#undef LAOT_PRODUCT_ENTRY

}  // namespace avx512

#endif

// The fastest of the paths that can run. Zen 4 (family 19h with AVX-512) works vectors of 512 bits
// off in halves, and multiplications and additions of such vectors get in each other's way: 12 of
// them a cycle by measurement, where AVX2 comes to 15 of 16.
VectorPath fastest() {
  const VectorPath widest = widest_path();
#ifdef LAOT_X86_VECTORS
  if (widest == VectorPath::avx512 && __builtin_cpu_is("amdfam19h")) return VectorPath::avx2;
#endif
  return widest;
}

}  // namespace

void run(const Product& product, VectorPath path) {
  switch (path == VectorPath::best ? fastest() : resolved(path)) {
#ifdef LAOT_X86_VECTORS
    case VectorPath::avx512:
      return avx512::run(product);
    case VectorPath::avx2:
      return avx2::run(product);
#endif
    default:
      return portable::run(product);
  }
}

}  // namespace laot::nets::products
