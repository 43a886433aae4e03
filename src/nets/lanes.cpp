#include "lanes.hpp"

#ifdef LAOT_X86_VECTORS

#include <immintrin.h>

#define LAOT_AVX2 __attribute__((target("avx2")))

namespace laot::nets::lanes {

namespace {

constexpr std::size_t kLanes = 8;

}  // namespace

LAOT_AVX2 std::size_t activate(float* z, float* gate, const float* bias, std::size_t n,
                               float slope) {
  const __m256 one = _mm256_set1_ps(1.0F), low = _mm256_set1_ps(slope), zero = _mm256_setzero_ps();
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256 a = _mm256_add_ps(_mm256_loadu_ps(z + i), _mm256_loadu_ps(bias + i));
    const __m256 g = _mm256_blendv_ps(low, one, _mm256_cmp_ps(a, zero, _CMP_GT_OQ));
    _mm256_storeu_ps(z + i, _mm256_mul_ps(a, g));
    _mm256_storeu_ps(gate + i, g);
  }
  return i;
}

LAOT_AVX2 std::size_t activate_squared(float* z, float* gate, const float* bias, std::size_t n,
                                       float slope) {
  const __m256 one = _mm256_set1_ps(1.0F), low = _mm256_set1_ps(slope), zero = _mm256_setzero_ps();
  const __m256 two = _mm256_set1_ps(2.0F);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256 a = _mm256_add_ps(_mm256_loadu_ps(z + i), _mm256_loadu_ps(bias + i));
    const __m256 g = _mm256_blendv_ps(low, one, _mm256_cmp_ps(a, zero, _CMP_GT_OQ));
    const __m256 s = _mm256_mul_ps(a, g);
    _mm256_storeu_ps(z + i, _mm256_mul_ps(s, s));
    _mm256_storeu_ps(gate + i, _mm256_mul_ps(_mm256_mul_ps(two, s), g));
  }
  return i;
}

LAOT_AVX2 std::size_t multiply(float* out, const float* a, const float* b, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    _mm256_storeu_ps(out + i, _mm256_mul_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i)));
  return i;
}

LAOT_AVX2 std::size_t bend(float* curved, float* tangent, const float* back, const float* gate,
                           std::size_t n, float slope) {
  const __m256 two = _mm256_set1_ps(2.0F), flat = _mm256_set1_ps(2.0F * slope * slope);
  const __m256 zero = _mm256_setzero_ps();
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256 g = _mm256_loadu_ps(gate + i), t = _mm256_loadu_ps(tangent + i);
    const __m256 second = _mm256_blendv_ps(flat, two, _mm256_cmp_ps(g, zero, _CMP_GT_OQ));
    _mm256_storeu_ps(curved + i,
                     _mm256_mul_ps(_mm256_mul_ps(_mm256_loadu_ps(back + i), second), t));
    _mm256_storeu_ps(tangent + i, _mm256_mul_ps(t, g));
  }
  return i;
}

LAOT_AVX2 std::size_t scaled_product(float* out, const float* a, const float* b, float c,
                                     std::size_t n) {
  const __m256 scale = _mm256_set1_ps(c);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256 product = _mm256_mul_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));
    _mm256_storeu_ps(out + i, _mm256_mul_ps(product, scale));
  }
  return i;
}

LAOT_AVX2 std::size_t scaled_difference(float* out, const float* a, const float* b, float c,
                                        std::size_t n) {
  const __m256 scale = _mm256_set1_ps(c);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256 gap = _mm256_sub_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));
    _mm256_storeu_ps(out + i, _mm256_mul_ps(gap, scale));
  }
  return i;
}

LAOT_AVX2 std::size_t accumulate(float* total, const float* z, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    _mm256_storeu_ps(total + i, _mm256_add_ps(_mm256_loadu_ps(total + i), _mm256_loadu_ps(z + i)));
  return i;
}

LAOT_AVX2 std::size_t add_squares(float* total, const float* z, const float* centre,
                                  std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256 gap = _mm256_sub_ps(_mm256_loadu_ps(z + i), _mm256_loadu_ps(centre + i));
    _mm256_storeu_ps(total + i, _mm256_add_ps(_mm256_loadu_ps(total + i), _mm256_mul_ps(gap, gap)));
  }
  return i;
}

LAOT_AVX2 std::size_t add_squares(float* total, const float* z, float centre, std::size_t n) {
  const __m256 all = _mm256_set1_ps(centre);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256 gap = _mm256_sub_ps(_mm256_loadu_ps(z + i), all);
    _mm256_storeu_ps(total + i, _mm256_add_ps(_mm256_loadu_ps(total + i), _mm256_mul_ps(gap, gap)));
  }
  return i;
}

LAOT_AVX2 std::size_t add_products(float* total, const float* a, const float* b, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256 product = _mm256_mul_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));
    _mm256_storeu_ps(total + i, _mm256_add_ps(_mm256_loadu_ps(total + i), product));
  }
  return i;
}

LAOT_AVX2 std::size_t standardise(float* out, const float* z, const float* centre,
                                  const float* scale, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256 gap = _mm256_sub_ps(_mm256_loadu_ps(z + i), _mm256_loadu_ps(centre + i));
    _mm256_storeu_ps(out + i, _mm256_mul_ps(gap, _mm256_loadu_ps(scale + i)));
  }
  return i;
}

LAOT_AVX2 std::size_t unstandardise_gradient(float* delta, const float* normal, const float* scale,
                                             const float* mean, const float* slope, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256 level = _mm256_sub_ps(_mm256_loadu_ps(delta + i), _mm256_loadu_ps(mean + i));
    const __m256 along = _mm256_mul_ps(_mm256_loadu_ps(normal + i), _mm256_loadu_ps(slope + i));
    _mm256_storeu_ps(delta + i,
                     _mm256_mul_ps(_mm256_loadu_ps(scale + i), _mm256_sub_ps(level, along)));
  }
  return i;
}

LAOT_AVX2 std::size_t adam(const AdamStep<float>& s, float* value, const float* gradient, float* m,
                           float* v, std::size_t n) {
  const __m256 beta1 = _mm256_set1_ps(s.beta1), keep1 = _mm256_set1_ps(s.keep1);
  const __m256 beta2 = _mm256_set1_ps(s.beta2), keep2 = _mm256_set1_ps(s.keep2);
  const __m256 decay = _mm256_set1_ps(s.decay), rate = _mm256_set1_ps(s.rate);
  const __m256 root = _mm256_set1_ps(s.of_second), epsilon = _mm256_set1_ps(s.epsilon);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256 x = _mm256_loadu_ps(value + i);
    const __m256 g = _mm256_add_ps(_mm256_loadu_ps(gradient + i), _mm256_mul_ps(decay, x));
    const __m256 mi =
        _mm256_add_ps(_mm256_mul_ps(beta1, _mm256_loadu_ps(m + i)), _mm256_mul_ps(keep1, g));
    const __m256 vi = _mm256_add_ps(_mm256_mul_ps(beta2, _mm256_loadu_ps(v + i)),
                                    _mm256_mul_ps(keep2, _mm256_mul_ps(g, g)));
    const __m256 below = _mm256_add_ps(_mm256_mul_ps(_mm256_sqrt_ps(vi), root), epsilon);
    _mm256_storeu_ps(m + i, mi);
    _mm256_storeu_ps(v + i, vi);
    _mm256_storeu_ps(value + i, _mm256_sub_ps(x, _mm256_div_ps(_mm256_mul_ps(rate, mi), below)));
  }
  return i;
}

}  // namespace laot::nets::lanes

#endif
