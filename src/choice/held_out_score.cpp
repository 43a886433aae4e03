#include "held_out_score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace laot {

namespace {

arma::vec squared_norms(const arma::mat& cells) {
  arma::vec out(cells.n_cols);
  for (std::size_t i = 0; i < cells.n_cols; ++i)
    out[i] = arma::dot(cells.unsafe_col(i), cells.unsafe_col(i));
  return out;
}

// sum over pairs of w_i v_j exp(-gamma |a_i - b_j|^2); within one cloud without a cell and itself.
double kernel_sum(const arma::mat& a, const arma::vec& w, const arma::mat& b, const arma::vec& v,
                  bool within, double gamma, Context& context) {
  constexpr std::size_t kColumns = 256;
  const arma::vec norms = squared_norms(a), other_norms = squared_norms(b);
  double sum = 0.0;
  for (std::size_t first = 0; first < b.n_cols; first += kColumns) {
    context.poll();
    const std::size_t last = std::min<std::size_t>(first + kColumns, b.n_cols);
    const arma::mat products = a.t() * b.cols(first, last - 1);
    for (std::size_t j = first; j < last; ++j) {
      double column = 0.0;
      for (std::size_t i = 0; i < a.n_cols; ++i) {
        if (within && i == j) continue;
        const double square = norms[i] + other_norms[j] - 2.0 * products(i, j - first);
        column += w[i] * std::exp(-gamma * std::max(0.0, square));
      }
      sum += v[j] * column;
    }
  }
  return sum;
}

void centre(arma::mat& cells, const arma::vec& at) {
  cells.each_col() -= at;
}

}  // namespace

HeldOutScore::HeldOutScore(const arma::mat& treated, double gamma, Context& context)
    : centre_(arma::mean(treated, 1)),
      treated_(treated),
      even_(treated.n_cols, arma::fill::value(1.0 / static_cast<double>(treated.n_cols))),
      gamma_(gamma) {
  centre(treated_, centre_);
  within_ = kernel_sum(treated_, even_, treated_, even_, true, gamma_, context);
}

double HeldOutScore::operator()(arma::mat predicted, const arma::vec& weights,
                                Context& context) const {
  const double n = static_cast<double>(predicted.n_cols), m = static_cast<double>(even_.n_elem);
  const arma::vec w = weights.is_empty() ? arma::vec(predicted.n_cols, arma::fill::value(1.0 / n))
                                         : arma::vec(weights / arma::accu(weights));
  const double alone = 1.0 - arma::accu(arma::square(w));
  if (!(alone > 0.0) || predicted.n_cols < 2 || even_.n_elem < 2)
    return std::numeric_limits<double>::quiet_NaN();
  centre(predicted, centre_);
  return kernel_sum(predicted, w, predicted, w, true, gamma_, context) / alone +
         within_ / (1.0 - 1.0 / m) -
         2.0 * kernel_sum(predicted, w, treated_, even_, false, gamma_, context);
}

}  // namespace laot
