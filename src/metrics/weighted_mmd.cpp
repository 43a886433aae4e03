#include <cmath>

#include "laot/metrics/mmd.hpp"

namespace laot {

namespace {

// sum over pairs of w_i v_j exp(-gamma |a_i - b_j|^2); within one cloud without a cell and itself.
double kernel_sum(const arma::mat& a, const arma::vec& w, const arma::mat& b, const arma::vec& v,
                  bool within, double gamma, Context& context) {
  double sum = 0.0;
  for (std::size_t j = 0; j < b.n_cols; ++j) {
    if (j % 256 == 0) context.poll();
    double column = 0.0;
    for (std::size_t i = 0; i < a.n_cols; ++i) {
      if (within && i == j) continue;
      double square = 0.0;
      for (std::size_t k = 0; k < a.n_rows; ++k)
        square += (a(k, i) - b(k, j)) * (a(k, i) - b(k, j));
      column += w[i] * std::exp(-gamma * square);
    }
    sum += v[j] * column;
  }
  return sum;
}

}  // namespace

double weighted_mmd2(const arma::mat& x, const arma::vec& weights, const arma::mat& y, double gamma,
                     Context& context) {
  const double m = static_cast<double>(y.n_cols);
  const arma::vec w = weights / arma::accu(weights), v(y.n_cols, arma::fill::value(1.0 / m));
  const double alone = 1.0 - arma::accu(arma::square(w));
  if (!(alone > 0.0) || y.n_cols < 2) return kNaN;
  return kernel_sum(x, w, x, w, true, gamma, context) / alone +
         kernel_sum(y, v, y, v, true, gamma, context) / (1.0 - 1.0 / m) -
         2.0 * kernel_sum(x, w, y, v, false, gamma, context);
}

}  // namespace laot
