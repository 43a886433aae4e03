// The score that chooses an iterate: unbiased MMD^2 on validation cells.
#include <algorithm>
#include <cmath>
#include <limits>

#include "laot/nets/kernels.hpp"
#include "laot/nets/training.hpp"

namespace laot::nets {

namespace {

arma::fmat weighted(const arma::fmat& cells, const arma::fvec& weights) {
  arma::fmat out = cells;
  if (weights.n_elem == 0) return out;
  for (arma::uword j = 0; j < out.n_cols; ++j)
    for (arma::uword k = 0; k < out.n_rows; ++k) out(k, j) *= weights(k);
  return out;
}

double squared_distance(const float* a, const float* b, std::size_t d) {
  float total = 0.0F;
  for (std::size_t k = 0; k < d; ++k) total += (a[k] - b[k]) * (a[k] - b[k]);
  return static_cast<double>(total);
}

// Mean of the kernel over all pairs of columns, those of one set with themselves left out.
double mean_kernel(const arma::fmat& a, const arma::fmat& b, double gamma, bool same) {
  double total = 0.0;
  for (arma::uword i = 0; i < a.n_cols; ++i) {
    double row = 0.0;
    for (arma::uword j = same ? i + 1 : 0; j < b.n_cols; ++j)
      row += std::exp(-gamma * squared_distance(a.colptr(i), b.colptr(j), a.n_rows));
    total += row;
  }
  const double n = static_cast<double>(a.n_cols), m = static_cast<double>(b.n_cols);
  return same ? 2.0 * total / (n * (n - 1.0)) : total / (n * m);
}

}  // namespace

ValidationScore::ValidationScore(const arma::fmat& observed, double gamma,
                                 const arma::fvec& weights)
    : gamma_(gamma), weights_(weights), observed_(weighted(observed, weights)) {
  require(observed.n_cols >= 2, Status::invalid_argument,
          "a validation score needs at least 2 cells of each population");
  require(std::isfinite(gamma) && gamma > 0.0, Status::invalid_argument,
          "the kernel's gamma must be a positive number, not ", gamma);
  within_ = mean_kernel(observed_, observed_, gamma_, true);
}

ValidationScore::Value ValidationScore::operator()(const arma::fmat& predicted) const {
  const arma::fmat cells = weighted(predicted, weights_);
  const double among = mean_kernel(cells, cells, gamma_, true);
  const double across = mean_kernel(cells, observed_, gamma_, false);
  return {among + within_ - 2.0 * across, within_ > 0.0 ? across / within_ : 0.0};
}

double median_gamma(const arma::fmat& a, const arma::fmat& b, const arma::fvec& weights) {
  constexpr arma::uword most = 500;
  const arma::fmat first = weighted(a.head_cols(std::min(most, a.n_cols)), weights);
  const arma::fmat second = weighted(b.head_cols(std::min(most, b.n_cols)), weights);
  std::vector<double> distance;
  const auto at = [&](arma::uword i) {
    return i < first.n_cols ? first.colptr(i) : second.colptr(i - first.n_cols);
  };
  const arma::uword count = first.n_cols + second.n_cols;
  distance.reserve(count * (count - 1) / 2);
  for (arma::uword i = 0; i < count; ++i)
    for (arma::uword j = i + 1; j < count; ++j) {
      const double value = squared_distance(at(i), at(j), first.n_rows);
      if (value > 0.0) distance.push_back(value);
    }
  if (distance.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = distance.begin() + static_cast<std::ptrdiff_t>(distance.size() / 2);
  std::nth_element(distance.begin(), middle, distance.end());
  if (distance.size() % 2 == 1) return 1.0 / *middle;
  return 2.0 / (*middle + *std::max_element(distance.begin(), middle));
}

}  // namespace laot::nets
