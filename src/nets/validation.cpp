// The score that chooses an iterate: unbiased MMD^2 on validation cells.
#include <algorithm>
#include <cmath>
#include <utility>

#include "laot/base/median.hpp"
#include "laot/data/columns.hpp"
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

// From a cell to the rows first, first + 1, ... of others: many at a time, each of them summed over
// the features in their order.
void squared_distances(const float* cell, const arma::fmat& others, std::size_t first,
                       std::vector<float>& out) {
  out.assign(others.n_rows, 0.0F);
  for (arma::uword k = 0; k < others.n_cols; ++k)
    add_squares(out.data() + first, others.colptr(k) + first, cell[k], others.n_rows - first);
}

// Mean of the kernel over all pairs of a column of a and a row of b, those of one set with
// themselves left out; and the mean for each cell of a and of b.
struct KernelMeans {
  double all;
  std::vector<double> of_a, of_b;  // where a and b are one set, of_a alone
};

KernelMeans kernel_means(const arma::fmat& a, const arma::fmat& b, double gamma, bool same) {
  const std::size_t n = a.n_cols, m = b.n_rows;
  KernelMeans out{0.0, std::vector<double>(n, 0.0), std::vector<double>(same ? 0 : m, 0.0)};
  std::vector<double>& of_b = same ? out.of_a : out.of_b;
  std::vector<float> distance;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t first = same ? i + 1 : 0;
    squared_distances(a.colptr(i), b, first, distance);
    double row = 0.0;
    for (std::size_t j = first; j < m; ++j) {
      const double kernel = std::exp(-gamma * static_cast<double>(distance[j]));
      row += kernel;
      of_b[j] += kernel;
    }
    out.of_a[i] += row;
    out.all += row;
  }
  const double others = static_cast<double>(same ? m - 1 : m);
  out.all = (same ? 2.0 : 1.0) * out.all / (static_cast<double>(n) * others);
  for (double& mean : out.of_a) mean /= others;
  for (double& mean : out.of_b) mean /= static_cast<double>(n);
  return out;
}

// Variance of the mean of a[i] - b[i].
double variance_of_mean_difference(const std::vector<double>& a, const std::vector<double>& b) {
  const double n = static_cast<double>(a.size());
  double mean = 0.0, squares = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) mean += (a[i] - b[i]) / n;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i] - mean) * (a[i] - b[i] - mean);
  return squares / (n - 1.0) / n;
}

}  // namespace

ValidationScore::ValidationScore(const arma::fmat& observed, double gamma,
                                 const arma::fvec& weights)
    : gamma_(gamma), weights_(weights), observed_(weighted(observed, weights).t()) {
  require(observed.n_cols >= 2, Status::invalid_argument,
          "a validation score needs at least 2 cells of each population");
  require(std::isfinite(gamma) && gamma > 0.0, Status::invalid_argument,
          "the kernel's gamma must be a positive number, not ", gamma);
  within_ = kernel_means(arma::fmat(observed_.t()), observed_, gamma_, true).all;
}

ValidationScore::Value ValidationScore::operator()(const arma::fmat& predicted) const {
  const arma::fmat cells = weighted(predicted, weights_);
  const KernelMeans among = kernel_means(cells, arma::fmat(cells.t()), gamma_, true);
  KernelMeans across = kernel_means(cells, observed_, gamma_, false);
  Value out{among.all + within_ - 2.0 * across.all, within_ > 0.0 ? across.all / within_ : 0.0,
            among.of_a, std::move(across.of_b)};
  for (std::size_t i = 0; i < cells.n_cols; ++i)
    out.of_predicted[i] = 2.0 * (out.of_predicted[i] - across.of_a[i]);
  for (double& value : out.of_observed) value *= -2.0;
  return out;
}

double standard_error(const ValidationScore::Value& a, const ValidationScore::Value& b) {
  return std::sqrt(variance_of_mean_difference(a.of_predicted, b.of_predicted) +
                   variance_of_mean_difference(a.of_observed, b.of_observed));
}

std::vector<std::uint64_t> spread_over(std::size_t count, std::size_t at_most) {
  std::vector<std::uint64_t> out(std::min(count, at_most));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = i * count / out.size();
  return out;
}

arma::vec mean_cell(const arma::fmat& cells) {
  arma::vec out(cells.n_rows, arma::fill::zeros);
  for (arma::uword j = 0; j < cells.n_cols; ++j)
    for (arma::uword k = 0; k < cells.n_rows; ++k) out[k] += static_cast<double>(cells(k, j));
  return out / static_cast<double>(cells.n_cols);
}

void restore_mean(arma::fmat& predicted, const arma::fmat& training, const arma::vec& wanted) {
  const arma::vec lack = wanted - mean_cell(training);
  for (arma::uword j = 0; j < predicted.n_cols; ++j)
    for (arma::uword k = 0; k < predicted.n_rows; ++k)
      predicted(k, j) += static_cast<float>(lack[k]);
}

double median_gamma(const arma::fmat& a, const arma::fmat& b, const arma::fvec& weights) {
  constexpr arma::uword most = 500;
  const auto some = [&](const arma::fmat& of) {
    std::vector<std::uint64_t> index(std::min(most, of.n_cols));
    const arma::uword step = std::max<arma::uword>(1, of.n_cols / most);
    for (std::size_t i = 0; i < index.size(); ++i) index[i] = i * step;
    return columns_of(of, index);
  };
  const arma::fmat cells = weighted(arma::join_rows(some(a), some(b)), weights);
  const arma::fmat turned = cells.t();
  std::vector<double> distance;
  std::vector<float> row;
  const arma::uword count = cells.n_cols;
  distance.reserve(count * (count - 1) / 2);
  for (arma::uword i = 0; i < count; ++i) {
    squared_distances(cells.colptr(i), turned, i + 1, row);
    for (arma::uword j = i + 1; j < count; ++j)
      if (row[j] > 0.0F) distance.push_back(static_cast<double>(row[j]));
  }
  return 1.0 / median(std::move(distance));
}

}  // namespace laot::nets
