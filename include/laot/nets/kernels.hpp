// The few dense loops that every network needs: matrix products on strided blocks, and fused
// element-wise loops, whose bits do not depend on the processor.
#pragma once

#include <cstddef>

#include "laot/armadillo.hpp"

namespace laot::nets {

/// c = alpha op(a) op(b) + beta c, column-major; op(a) is m x k and op(b) is k x n.
template <class T>
inline void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k,
                 T alpha, const T* a, std::size_t lda, const T* b, std::size_t ldb, T beta, T* c,
                 std::size_t ldc) {
  if (m == 0 || n == 0) return;
  const char ta = transpose_a ? 'T' : 'N';
  const char tb = transpose_b ? 'T' : 'N';
  const arma::blas_int m_ = static_cast<arma::blas_int>(m);
  const arma::blas_int n_ = static_cast<arma::blas_int>(n);
  const arma::blas_int k_ = static_cast<arma::blas_int>(k);
  const arma::blas_int lda_ = static_cast<arma::blas_int>(lda);
  const arma::blas_int ldb_ = static_cast<arma::blas_int>(ldb);
  const arma::blas_int ldc_ = static_cast<arma::blas_int>(ldc);
  arma::blas::gemm<T>(&ta, &tb, &m_, &n_, &k_, &alpha, a, &lda_, b, &ldb_, &beta, c, &ldc_);
}

/// c (m x n) <- [c +] a op(b), op(b) being k x n: in single precision by loops of our own for small
/// matrices (src/nets/products.hpp), else by BLAS.
template <class T>
void product(bool transpose_b, std::size_t m, std::size_t n, std::size_t k, const T* a,
             std::size_t lda, const T* b, std::size_t ldb, bool add, T* c, std::size_t ldc);

/// to (cols x rows, contiguous) <- the transpose of from (rows x cols, contiguous).
template <class T>
void transpose(const T* from, std::size_t rows, std::size_t cols, T* to);

/// y = alpha op(a) x + beta y for a column-major a of `rows` x `cols`.
template <class T>
inline void gemv(bool transpose, std::size_t rows, std::size_t cols, T alpha, const T* a,
                 std::size_t lda, const T* x, T beta, T* y) {
  const char t = transpose ? 'T' : 'N';
  const arma::blas_int m_ = static_cast<arma::blas_int>(rows);
  const arma::blas_int n_ = static_cast<arma::blas_int>(cols);
  const arma::blas_int lda_ = static_cast<arma::blas_int>(lda);
  const arma::blas_int one = 1;
  arma::blas::gemv<T>(&t, &m_, &n_, &alpha, a, &lda_, x, &one, &beta, y, &one);
}

/// A block of rows of a column-major array: `rows` x `cols`, columns `ld` elements apart.
struct Block {
  std::size_t rows, cols, ld;
};

/// z <- s(z + bias), gate <- s'(z + bias), s leaky ReLU with this slope (0: ReLU).
template <class T>
void activate(T* z, T* gate, const T* bias, Block block, T slope);

/// z <- s(z + bias)^2, gate <- the derivative 2 s s'.
template <class T>
void activate_squared(T* z, T* gate, const T* bias, Block block, T slope);

/// z <- z * gate
template <class T>
void multiply_by(T* z, const T* gate, Block block);

/// out(., ., ld_out) <- a(., ., ld_a) * gate, `block` describing gate.
template <class T>
void multiply_into(T* out, std::size_t ld_out, const T* a, std::size_t ld_a, const T* gate,
                   Block block);

/// The turn of a tangent in a squared layer: curved <- back * 2 s'^2 * tangent, then
/// tangent <- gate * tangent, with gate = 2 s s' (its sign tells s'). `block` describes tangent and
/// gate; back and curved are contiguous.
template <class T>
void bend(T* curved, T* tangent, const T* back, const T* gate, Block block, T slope);

/// out <- gate * w * c, w one value a row, c one value a column.
template <class T>
void gated_outer(T* out, const T* gate, const T* w, const T* c, Block block);

/// out <- (a - b) * scale
template <class T>
void scaled_difference(T* out, const T* a, const T* b, T scale, std::size_t count);

/// total[i] += sum over the columns of z(i, .)
template <class T>
void add_row_sums(T* total, const T* z, Block block);

/// total[i] += sum over the columns of (z(i, .) - centre[i])^2
template <class T>
void add_row_squares(T* total, const T* z, const T* centre, Block block);

/// total[i] += (z[i] - centre)^2
template <class T>
void add_squares(T* total, const T* z, T centre, std::size_t count);

/// total[i] += sum over the columns of a(i, .) b(i, .), both laid out as `block` says
template <class T>
void add_row_products(T* total, const T* a, const T* b, Block block);

/// out <- (z - centre) * scale, row by row; out may be z
template <class T>
void standardise_rows(T* out, const T* z, const T* centre, const T* scale, Block block);

/// delta <- scale (delta - mean - normal slope), row by row: the way back through a standardisation
template <class T>
void unstandardise_gradient(T* delta, const T* normal, const T* scale, const T* mean,
                            const T* slope, Block block);

/// Sum of squares, in double, in an order that is fixed.
template <class T>
double sum_of_squares(const T* values, std::size_t count);

}  // namespace laot::nets
