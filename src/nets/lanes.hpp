// The same element-wise work eight floats at a time, on the wide vector paths (AVX-512 takes the
// instructions of AVX2 here). Only separate multiplications, additions and comparisons are used,
// never a fused one, so the bits are those of the plain loops in kernels.cpp (a test compares
// them).
#pragma once

#include <cstddef>

#include "laot/base/adam.hpp"
#include "laot/vector_path.hpp"

// How many leading elements a call of a function below has done: none on the portable path.
#ifdef LAOT_X86_VECTORS
#define LAOT_IN_LANES(...) (widest_path() == VectorPath::portable ? 0 : lanes::__VA_ARGS__)
#else
#define LAOT_IN_LANES(...) 0
#endif

namespace laot::nets::lanes {

// Each treats one column or array. To be called through LAOT_IN_LANES.
std::size_t activate(float* z, float* gate, const float* bias, std::size_t n, float slope);
std::size_t activate_squared(float* z, float* gate, const float* bias, std::size_t n, float slope);
std::size_t multiply(float* out, const float* a, const float* b, std::size_t n);
std::size_t bend(float* curved, float* tangent, const float* back, const float* gate, std::size_t n,
                 float slope);
std::size_t scaled_product(float* out, const float* a, const float* b, float c, std::size_t n);
std::size_t scaled_difference(float* out, const float* a, const float* b, float c, std::size_t n);
std::size_t accumulate(float* total, const float* z, std::size_t n);

std::size_t add_squares(float* total, const float* z, const float* centre, std::size_t n);
std::size_t add_squares(float* total, const float* z, float centre, std::size_t n);
std::size_t add_products(float* total, const float* a, const float* b, std::size_t n);
std::size_t standardise(float* out, const float* z, const float* centre, const float* scale,
                        std::size_t n);
std::size_t unstandardise_gradient(float* delta, const float* normal, const float* scale,
                                   const float* mean, const float* slope, std::size_t n);

std::size_t adam(const AdamStep<float>& step, float* value, const float* gradient, float* m,
                 float* v, std::size_t n);

}  // namespace laot::nets::lanes
