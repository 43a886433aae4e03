#include "principal_components.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "laot/data.hpp"

// LAPACK's symmetric eigenproblem by relatively robust representations, with the hidden lengths of
// Fortran's character arguments.
extern "C" void dsyevr_(const char* jobz, const char* range, const char* uplo,
                        const arma::blas_int* n, double* a, const arma::blas_int* lda,
                        const double* vl, const double* vu, const arma::blas_int* il,
                        const arma::blas_int* iu, const double* abstol, arma::blas_int* m,
                        double* w, double* z, const arma::blas_int* ldz, arma::blas_int* isuppz,
                        double* work, const arma::blas_int* lwork, arma::blas_int* iwork,
                        const arma::blas_int* liwork, arma::blas_int* info, std::size_t,
                        std::size_t, std::size_t);

namespace laot {

namespace {

constexpr double kRankTolerance = 1e-12;  // on eigenvalues, relative to the largest

void fix_signs(arma::mat& directions) {
  for (std::size_t c = 0; c < directions.n_cols; ++c) {
    double* v = directions.colptr(c);
    std::size_t largest = 0;
    for (std::size_t k = 1; k < directions.n_rows; ++k)
      if (std::abs(v[k]) > std::abs(v[largest])) largest = k;
    if (v[largest] < 0.0)
      for (std::size_t k = 0; k < directions.n_rows; ++k) v[k] = -v[k];
  }
}

// The `count` largest eigenvalues (largest first) with their vectors, those above the rank
// tolerance; the lower triangle of `symmetric` is read, and all of it overwritten. dsyevr needs no
// work space of the matrix' size, which dsyevd (Armadillo's choice) does.
void largest_eigenpairs(arma::mat& symmetric, std::size_t count, arma::vec& values,
                        arma::mat& vectors) {
  const arma::blas_int size = static_cast<arma::blas_int>(symmetric.n_rows);
  const arma::blas_int wanted =
      static_cast<arma::blas_int>(std::min<std::size_t>(count, symmetric.n_rows));
  const arma::blas_int first = size - wanted + 1;
  const double no_bound = 0.0, tolerance = 0.0;
  arma::blas_int found = 0, info = 0, double_work = -1, integer_work = -1;
  arma::vec ascending(symmetric.n_rows);
  arma::mat found_vectors(symmetric.n_rows, static_cast<std::size_t>(wanted));
  std::vector<arma::blas_int> support(2 * symmetric.n_rows), integers(1);
  std::vector<double> doubles(1);
  for (int pass = 0; pass < 2; ++pass) {  // the first asks for the sizes of the work space
    dsyevr_("V", "I", "L", &size, symmetric.memptr(), &size, &no_bound, &no_bound, &first, &size,
            &tolerance, &found, ascending.memptr(), found_vectors.memptr(), &size, support.data(),
            doubles.data(), &double_work, integers.data(), &integer_work, &info, 1, 1, 1);
    require(info == 0 && (pass == 0 || found == wanted), Status::numerical_failure,
            "the eigen-decomposition of a ", size, " x ", size, " covariance failed");
    if (pass == 1) break;
    double_work = static_cast<arma::blas_int>(doubles[0]);
    integer_work = integers[0];
    doubles.resize(static_cast<std::size_t>(double_work));
    integers.resize(static_cast<std::size_t>(integer_work));
  }
  const std::size_t available = static_cast<std::size_t>(wanted);
  const double largest = std::max(ascending[available - 1], 0.0);
  std::size_t keep = 0;
  while (keep < available && ascending[available - 1 - keep] > kRankTolerance * largest) ++keep;
  keep = std::max<std::size_t>(keep, 1);
  values.set_size(keep);
  vectors.set_size(symmetric.n_rows, keep);
  for (std::size_t c = 0; c < keep; ++c) {
    values[c] = ascending[available - 1 - c];
    const double* from = found_vectors.colptr(available - 1 - c);
    std::copy(from, from + vectors.n_rows, vectors.colptr(c));
  }
}

arma::mat orthonormal(const arma::mat& a) {
  arma::mat q, r;
  require(arma::qr_econ(q, r, a), Status::numerical_failure,
          "the orthogonalisation of the principal components failed");
  return q;
}

// visit(block, first) for all cells, a block of them at a time.
template <class Visit>
void for_each_block(const CentredCells& cells, Context& context, Visit visit,
                    std::size_t begin = 0) {
  const std::size_t at_a_time = cells_at_a_time(cells.features);
  arma::mat block;
  for (std::size_t first = begin; first < cells.cells; first += at_a_time) {
    context.poll();
    const std::size_t count = std::min(at_a_time, cells.cells - first);
    block.set_size(cells.features, count);
    cells.gather(first, count, block.memptr());
    visit(block, first);
  }
}

// sum += block block', lower triangle only.
void add_outer_products(const arma::mat& block, arma::mat& sum) {
  const arma::blas_int rows = static_cast<arma::blas_int>(block.n_rows);
  const arma::blas_int columns = static_cast<arma::blas_int>(block.n_cols);
  const double one = 1.0;
  arma::blas::syrk("L", "N", &rows, &columns, &one, block.memptr(), &rows, &one, sum.memptr(),
                   &rows);
}

arma::mat directions_of_covariance(const CentredCells& cells, std::size_t count, Context& context,
                                   const OuterProducts* begun) {
  arma::mat covariance = begun ? begun->sum : arma::mat(cells.features, cells.features);
  for_each_block(
      cells, context,
      [&](const arma::mat& block, std::size_t) { add_outer_products(block, covariance); },
      begun ? begun->cells : 0);
  arma::vec values;
  arma::mat directions;
  largest_eigenpairs(covariance, count, values, directions);
  return directions;
}

// Of a'a, where there are fewer cells than features: with a'a w = v w, a w / sqrt(v) is a
// direction.
arma::mat by_gram(const CentredCells& cells, std::size_t count, Context& context) {
  arma::mat gram(cells.cells, cells.cells, arma::fill::zeros);
  for_each_block(cells, context, [&](const arma::mat& left, std::size_t column) {
    for_each_block(cells, context, [&](const arma::mat& below, std::size_t row) {
      if (row < column) return;
      const arma::mat products = below.t() * left;
      for (std::size_t c = 0; c < products.n_cols; ++c)
        std::copy(products.colptr(c), products.colptr(c) + products.n_rows,
                  gram.colptr(column + c) + row);
    });
  });
  arma::vec values;
  arma::mat weights;
  largest_eigenpairs(gram, count, values, weights);
  gram.reset();
  arma::mat directions(cells.features, weights.n_cols, arma::fill::zeros);
  for_each_block(cells, context, [&](const arma::mat& block, std::size_t first) {
    directions += block * weights.rows(first, first + block.n_cols - 1);
  });
  for (std::size_t c = 0; c < directions.n_cols; ++c) {
    const double length = std::sqrt(values[c]);
    for (std::size_t k = 0; k < directions.n_rows; ++k)
      directions(k, c) /= length > 0.0 ? length : 1.0;
  }
  return directions;
}

// Block subspace iteration with Rayleigh-Ritz (Halko, Martinsson & Tropp, 2011).
arma::mat by_iteration(const CentredCells& cells, std::size_t count, Context& context) {
  const std::size_t width = std::min<std::size_t>({count + 12, cells.features, cells.cells});
  Rng rng(0x70c5);
  arma::mat q(cells.features, width);
  for (double& entry : q) entry = rng.normal();
  q = orthonormal(q);
  arma::vec before, values;
  arma::mat rotation;
  for (int round = 0; round < 200; ++round) {
    context.poll("principal components", round / 200.0);
    arma::mat compressed(q.n_cols, q.n_cols, arma::fill::zeros);   // q' a a' q
    arma::mat moved(cells.features, q.n_cols, arma::fill::zeros);  // a a' q
    for_each_block(cells, context, [&](const arma::mat& block, std::size_t) {
      const arma::mat projected = block.t() * q;
      compressed += projected.t() * projected;
      context.poll();
      moved += block * projected;
    });
    largest_eigenpairs(compressed, q.n_cols, values, rotation);
    const std::size_t compared = std::min<std::size_t>(count, values.n_elem);
    if (before.n_elem >= compared) {
      double change = 0.0;
      for (std::size_t c = 0; c < compared; ++c)
        change = std::max(change, std::abs(values[c] - before[c]) / values[0]);
      if (change < 1e-10) return arma::mat(q * rotation).head_cols(compared);
    }
    before = values;
    q = round < 199 ? orthonormal(arma::mat(moved * rotation)) : arma::mat(q * rotation);
  }
  return q.head_cols(std::min<std::size_t>(count, q.n_cols));
}

}  // namespace

OuterProducts outer_products(const CentredCells& cells, Context& context) {
  const std::size_t at_a_time = cells_at_a_time(cells.features);
  OuterProducts out{cells.cells / at_a_time * at_a_time,
                    arma::mat(cells.features, cells.features, arma::fill::zeros)};
  for_each_block({cells.features, out.cells, cells.gather}, context,
                 [&](const arma::mat& block, std::size_t) { add_outer_products(block, out.sum); });
  return out;
}

bool by_covariance(const CentredCells& cells) {
  return cells.features <= cells.cells && cells.features <= kExactLimit;
}

arma::mat leading_directions(const CentredCells& cells, std::size_t count, Context& context,
                             const OuterProducts* begun) {
  context.poll("principal components", 0.0);
  arma::mat directions =
      std::min(cells.features, cells.cells) > kExactLimit ? by_iteration(cells, count, context)
      : by_covariance(cells) ? directions_of_covariance(cells, count, context, begun)
                             : by_gram(cells, count, context);
  fix_signs(directions);
  return directions;
}

}  // namespace laot
