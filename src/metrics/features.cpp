#include "laot/metrics/features.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "comparable.hpp"
#include "laot/metrics/moments.hpp"
#include "laot/metrics/student.hpp"

namespace laot {

namespace {

std::vector<double> sorted_feature(const arma::mat& cells, std::size_t feature) {
  std::vector<double> out(cells.n_cols);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = cells(feature, i);
  std::sort(out.begin(), out.end());
  return out;
}

// Both from the two empirical distribution functions F and G: sup |F - G|, and the integral of it.
void compare_distributions(const std::vector<double>& a, const std::vector<double>& b, double& ks,
                           double& w1) {
  ks = w1 = 0.0;
  std::size_t i = 0, j = 0;
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  while (i < a.size() || j < b.size()) {
    const double at = j == b.size() || (i < a.size() && a[i] <= b[j]) ? a[i] : b[j];
    while (i < a.size() && a[i] == at) ++i;
    while (j < b.size() && b[j] == at) ++j;
    const double gap = std::abs(static_cast<double>(i) / n - static_cast<double>(j) / m);
    ks = std::max(ks, gap);
    if (i == a.size() && j == b.size()) return;
    const double next = j == b.size() || (i < a.size() && a[i] <= b[j]) ? a[i] : b[j];
    w1 += gap * (next - at);
  }
}

std::vector<std::size_t> by_decreasing(const std::vector<double>& values, std::size_t count) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  order.resize(std::min(count, order.size()));
  return order;
}

arma::vec average_ranks(const double* values, std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  arma::vec ranks(count);
  for (std::size_t first = 0; first < count;) {
    std::size_t last = first;
    while (last < count && values[order[last]] == values[order[first]]) ++last;
    for (std::size_t k = first; k < last; ++k)
      ranks[order[k]] = 0.5 * static_cast<double>(first + last - 1);
    first = last;
  }
  return ranks;
}

}  // namespace

FeatureScores feature_scores(const arma::mat& predicted, const arma::mat& observed,
                             Context& context) {
  require_comparable(predicted, "predicted", observed, "observed");
  const std::size_t d = predicted.n_rows;
  FeatureScores out{arma::vec(d), arma::vec(d), arma::vec(d)};
  const arma::vec mean_p = row_moments(predicted, context).mean,
                  mean_t = row_moments(observed, context).mean;
  parallel_for(context, d, 8, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t k = first; k < last; ++k) {
      compare_distributions(sorted_feature(predicted, k), sorted_feature(observed, k), out.ks[k],
                            out.w1[k]);
      out.mean_difference[k] = mean_p[k] - mean_t[k];
    }
  });
  return out;
}

std::vector<std::size_t> marker_features(const arma::mat& control, const arma::mat& treated,
                                         std::size_t count, Context& context) {
  require_comparable(control, "control", treated, "treated");
  require(control.n_cols >= 2 && treated.n_cols >= 2, Status::invalid_argument,
          "marker features need two cells on each side, found ", control.n_cols, " and ",
          treated.n_cols);
  require(count >= 1 && count <= control.n_rows, Status::invalid_argument,
          "the number of marker features must be 1 to ", control.n_rows, ", found ", count);
  const RowMoments x = row_moments(control, context), y = row_moments(treated, context);
  std::vector<double> t(control.n_rows);
  const double n = static_cast<double>(control.n_cols), m = static_cast<double>(treated.n_cols);
  for (std::size_t k = 0; k < t.size(); ++k) t[k] = std::abs(Welch(x, n, y, m, k).t());
  return by_decreasing(t, count);
}

arma::vec cell_spearman(const arma::mat& control, const arma::mat& predicted, Context& context) {
  require_comparable(control, "control", predicted, "predicted");
  require(control.n_cols == predicted.n_cols, Status::dimension_mismatch, "control has ",
          control.n_cols, " cells and predicted has ", predicted.n_cols,
          "; each predicted cell needs its control state");
  arma::vec out(control.n_cols);
  parallel_for(context, control.n_cols, 64, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t i = first; i < last; ++i)
      out[i] = control.n_rows < 2 ? kNaN
                                  : pearson(average_ranks(control.colptr(i), control.n_rows),
                                            average_ranks(predicted.colptr(i), control.n_rows));
  });
  return out;
}

}  // namespace laot
