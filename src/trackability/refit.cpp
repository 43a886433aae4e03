#include "refit.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "laot/data/columns.hpp"
#include "laot/linear_algebra.hpp"
#include "resampling.hpp"

namespace laot {

namespace {

arma::mat centred_at(const arma::mat& x, const arma::vec& mean) {
  arma::mat out = x;
  for (std::size_t i = 0; i < out.n_cols; ++i)
    for (std::size_t k = 0; k < out.n_rows; ++k) out(k, i) -= mean[k];
  return out;
}

std::vector<std::uint32_t> labels_of(const std::vector<std::uint32_t>& batch,
                                     const std::vector<std::size_t>& index) {
  std::vector<std::uint32_t> out;
  if (batch.empty()) return out;
  out.reserve(index.size());
  for (const std::size_t cell : index) out.push_back(batch[cell]);
  return out;
}

// Weighted mean partner of every control cell (k x n).
arma::mat partners(const Plan& plan, const arma::mat& y) {
  arma::mat out(y.n_rows, plan.n, arma::fill::zeros);
  std::vector<double> mass(plan.n, 0.0);
  for (std::size_t e = 0; e < plan.mass.size(); ++e) {
    const double* from = y.colptr(plan.target[e]);
    double* to = out.colptr(plan.source[e]);
    for (std::size_t k = 0; k < y.n_rows; ++k) to[k] += plan.mass[e] * from[k];
    mass[plan.source[e]] += plan.mass[e];
  }
  for (std::size_t i = 0; i < plan.n; ++i)
    for (std::size_t k = 0; k < y.n_rows; ++k) out(k, i) /= mass[i];
  return out;
}

}  // namespace

Refit refit(const Pair& cells, const LaotOptions& options, bool own_means, Context& context) {
  arma::vec weights_x, weights_y;
  batch_weights(cells.batch_x, cells.batch_y, cells.x.n_cols, cells.y.n_cols, weights_x, weights_y);
  Refit out;
  out.mean_x =
      own_means ? weighted_mean(cells.x, weights_x) : arma::vec(cells.x.n_rows, arma::fill::zeros);
  out.mean_y =
      own_means ? weighted_mean(cells.y, weights_y) : arma::vec(cells.y.n_rows, arma::fill::zeros);
  out.fit = alternate(centred_at(cells.x, out.mean_x), centred_at(cells.y, out.mean_y),
                      cells.batch_x, cells.batch_y, options, context);
  return out;
}

Pair part_of(const Pair& cells, const std::vector<std::size_t>& index_x,
             const std::vector<std::size_t>& index_y) {
  return {columns_of(cells.x, index_x), columns_of(cells.y, index_y),
          labels_of(cells.batch_x, index_x), labels_of(cells.batch_y, index_y)};
}

Plan plan_of(const Pair& cells, const arma::mat& moved, Context& context) {
  return Coupling(cells.x, cells.y, cells.batch_x, cells.batch_y).solve(moved, context);
}

Plan plan_by(const Pair& cells, const arma::mat& map, Context& context) {
  return plan_of(cells, arma::mat(map * cells.x), context);
}

double overlap(const Plan& a, const Plan& b) {
  // Both are sorted by source, then target.
  double shared = 0.0;
  std::size_t i = 0, j = 0;
  while (i < a.mass.size() && j < b.mass.size()) {
    const auto left = std::make_pair(a.source[i], a.target[i]);
    const auto right = std::make_pair(b.source[j], b.target[j]);
    if (left == right) shared += std::min(a.mass[i], b.mass[j]);
    if (left <= right) ++i;
    if (right <= left) ++j;
  }
  return std::min(shared, 1.0);  // masses need not sum to 1 exactly
}

double coherence(const Plan& a, const Plan& b, const arma::mat& y) {
  const arma::mat to_a = partners(a, y), to_b = partners(b, y);
  std::vector<double> weight(a.n, 0.0), weight_y(a.m, 0.0);
  for (std::size_t e = 0; e < a.mass.size(); ++e) {
    weight[a.source[e]] += a.mass[e];
    weight_y[a.target[e]] += a.mass[e];
  }
  const double spread = arma::trace(weighted_covariance(y, arma::vec(weight_y)));
  if (!(spread > 0.0)) return std::numeric_limits<double>::quiet_NaN();
  double apart = 0.0;
  for (std::size_t i = 0; i < a.n; ++i) {
    double square = 0.0;
    for (std::size_t k = 0; k < y.n_rows; ++k)
      square += (to_a(k, i) - to_b(k, i)) * (to_a(k, i) - to_b(k, i));
    apart += weight[i] * square;
  }
  return 1.0 - apart / (2.0 * spread);
}

}  // namespace laot
