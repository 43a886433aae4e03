#include "products.hpp"

#include <cstring>

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
typedef float V __attribute__((vector_size(4 * kWidth)));
#define LAOT_PRODUCT_FUNCTION __attribute__((target("avx2"), always_inline)) inline
#define LAOT_PRODUCT_ENTRY __attribute__((target("avx2")))
#include "products.inc"
#undef LAOT_PRODUCT_FUNCTION
#undef LAOT_PRODUCT_ENTRY

}  // namespace avx2

namespace avx512 {

constexpr std::size_t kWidth = 16;
typedef float V __attribute__((vector_size(4 * kWidth)));
#define LAOT_PRODUCT_FUNCTION __attribute__((target("avx512f"), always_inline)) inline
#define LAOT_PRODUCT_ENTRY __attribute__((target("avx512f")))
#include "products.inc"
#undef LAOT_PRODUCT_FUNCTION
#undef LAOT_PRODUCT_ENTRY

}  // namespace avx512

#endif

}  // namespace

void run(const Product& product, VectorPath path) {
  switch (resolved(path)) {
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
