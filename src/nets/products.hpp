// Products of the small single precision matrices that a network's batches are made of. A BLAS
// library is made for large ones; here nothing is decided or allocated per call, and because every
// sum runs over its terms in their order, one lane for each row, the bits are those of the plain
// triple loop on every processor and with every BLAS (a test compares the paths).
#pragma once

#include <cstddef>

#include "laot/vector_path.hpp"

namespace laot::nets {

/// c (m x n) <- [c +] a b, column-major; a is m x k, and b(p, j) = b[p * step_p + j * step_j], so
/// that it may stand transposed.
struct Product {
  std::size_t m, n, k;
  const float* a;
  std::size_t lda;
  const float* b;
  std::size_t step_p, step_j;
  float* c;
  std::size_t ldc;
  bool add;
};

namespace products {

/// `best` is the fastest path that can run: AVX2 where a processor works AVX-512 off in halves.
void run(const Product& product, VectorPath path = VectorPath::best);

}  // namespace products

}  // namespace laot::nets
