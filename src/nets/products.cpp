#include "products.hpp"

#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#define LAOT_X86_PRODUCTS 1
#endif

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
typedef float V __attribute__((vector_size(4 * kWidth)));
#define LAOT_PRODUCT_FUNCTION inline
#define LAOT_PRODUCT_ENTRY
#include "products.inc"
#undef LAOT_PRODUCT_FUNCTION
#undef LAOT_PRODUCT_ENTRY

}  // namespace portable

#ifdef LAOT_X86_PRODUCTS

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

bool available(Path path) {
#ifdef LAOT_X86_PRODUCTS
  if (path == Path::avx512) return __builtin_cpu_supports("avx512f") != 0;
  if (path == Path::avx2) return __builtin_cpu_supports("avx2") != 0;
#endif
  return path == Path::portable;
}

void run(const Product& product, Path path) {
#ifdef LAOT_X86_PRODUCTS
  if (path == Path::avx512) return avx512::run(product);
  if (path == Path::avx2) return avx2::run(product);
#endif
  static_cast<void>(path);
  portable::run(product);
}

void run(const Product& product) {
  static const Path best = available(Path::avx512) ? Path::avx512
                           : available(Path::avx2) ? Path::avx2
                                                   : Path::portable;
  run(product, best);
}

}  // namespace laot::nets::products
