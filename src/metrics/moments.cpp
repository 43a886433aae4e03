#include "laot/metrics/moments.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "laot/base/median.hpp"
#include "laot/data.hpp"
#include "laot/linear_algebra.hpp"

namespace laot {

namespace {

constexpr std::size_t kRowsAtOnce = 64;

void require_cells(const arma::mat& cells, const char* name, std::size_t features) {
  require(cells.n_cols > 0, Status::invalid_argument, name, " has no cells");
  require(cells.n_rows == features, Status::dimension_mismatch, name, " has ", cells.n_rows,
          " features where ", features, " were expected");
  require_finite(cells, name);
}

double l2(const arma::vec& a, const arma::vec& b) {
  return std::sqrt(squared_distance(a.memptr(), b.memptr(), a.n_elem));
}

// The mean relative to the first entry, so that the deviations of constant entries are exactly 0.
double mean_of(const arma::vec& a) {
  double sum = 0.0;
  for (std::size_t k = 0; k < a.n_elem; ++k) sum += a[k] - a[0];
  return a[0] + sum / static_cast<double>(a.n_elem);
}

arma::vec scaled(const arma::vec& a, double factor) {
  arma::vec out(a.n_elem);
  for (std::size_t k = 0; k < a.n_elem; ++k) out[k] = a[k] * factor;
  return out;
}

double r_squared(const arma::vec& predicted, const arma::vec& observed) {
  const double center = mean_of(observed);
  const double residual = squared_distance(observed.memptr(), predicted.memptr(), observed.n_elem);
  const double total =
      sum_of_squares(observed.n_elem, [&](std::size_t k) { return observed[k] - center; });
  return total > 0.0 ? 1.0 - residual / total : kNaN;
}

void sd_ratio(const arma::vec& predicted, const arma::vec& observed, MomentScores& out) {
  std::vector<double> ratios;
  for (std::size_t k = 0; k < observed.n_elem; ++k)
    if (observed[k] >= kConstantSd) ratios.push_back(predicted[k] / observed[k]);
  out.sd_ratio_left_out = observed.n_elem - ratios.size();
  out.sd_ratio = out.sd_ratio_median = kNaN;
  if (ratios.empty()) return;
  double sum = 0.0;
  for (const double ratio : ratios) sum += ratio;
  out.sd_ratio = sum / static_cast<double>(ratios.size());
  out.sd_ratio_median = median(std::move(ratios));
}

}  // namespace

namespace {

// Of at most kRowsAtOnce rows. Deviations from the first cell keep the digits of features far from
// 0, and give constant features a spread of exactly 0.
void add_moments(const arma::mat& cells, std::size_t first, std::size_t last, RowMoments& out) {
  const std::size_t n = cells.n_cols;
  if (n == 0) {
    std::fill(out.mean.begin() + first, out.mean.begin() + last, kNaN);
    std::fill(out.sd.begin() + first, out.sd.begin() + last, kNaN);
    return;
  }
  const double* origin = cells.colptr(0);
  double sum[kRowsAtOnce] = {}, squares[kRowsAtOnce] = {};
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = first; k < last; ++k) sum[k - first] += cells.colptr(i)[k] - origin[k];
  for (double& s : sum) s /= static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = first; k < last; ++k) {
      const double deviation = cells.colptr(i)[k] - origin[k] - sum[k - first];
      squares[k - first] += deviation * deviation;
    }
  for (std::size_t k = first; k < last; ++k) {
    out.mean[k] = origin[k] + sum[k - first];
    out.sd[k] = std::sqrt(squares[k - first] / static_cast<double>(n));
  }
}

}  // namespace

RowMoments row_moments(const arma::mat& cells) {
  const std::size_t d = cells.n_rows;
  RowMoments out{arma::vec(d), arma::vec(d)};
  for (std::size_t first = 0; first < d; first += kRowsAtOnce)
    add_moments(cells, first, std::min(first + kRowsAtOnce, d), out);
  return out;
}

RowMoments row_moments(const arma::mat& cells, Context& context) {
  RowMoments out{arma::vec(cells.n_rows), arma::vec(cells.n_rows)};
  parallel_for(context, cells.n_rows, kRowsAtOnce, [&](std::size_t first, std::size_t last, int) {
    add_moments(cells, first, last, out);
  });
  return out;
}

double pearson(const arma::vec& a, const arma::vec& b) {
  require(a.n_elem == b.n_elem, Status::dimension_mismatch, "a correlation of ", a.n_elem, " with ",
          b.n_elem, " values");
  if (a.n_elem < 2) return kNaN;
  const double mean_a = mean_of(a), mean_b = mean_of(b);
  double aa = 0.0, bb = 0.0, ab = 0.0;
  for (std::size_t k = 0; k < a.n_elem; ++k) {
    const double x = a[k] - mean_a, y = b[k] - mean_b;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  if (!(aa > 0.0) || !(bb > 0.0)) return kNaN;
  return std::max(-1.0, std::min(1.0, ab / (std::sqrt(aa) * std::sqrt(bb))));
}

MomentScores moment_scores(const RowMoments& p, std::size_t n, const RowMoments& t, std::size_t m) {
  MomentScores out;
  out.l2_means = l2(p.mean, t.mean);
  out.pearson_means = pearson(p.mean, t.mean);
  out.r2_means = r_squared(p.mean, t.mean);
  out.l2_sds = l2(p.sd, t.sd);
  sd_ratio(p.sd, t.sd, out);
  if (n < 2 || m < 2) {
    out.l2_sds_ddof1 = out.pearson_sds = kNaN;
    return out;
  }
  const auto to_ddof1 = [](std::size_t count) {
    return std::sqrt(static_cast<double>(count) / static_cast<double>(count - 1));
  };
  out.l2_sds_ddof1 = l2(scaled(p.sd, to_ddof1(n)), scaled(t.sd, to_ddof1(m)));
  out.pearson_sds = pearson(p.sd, t.sd);
  return out;
}

MomentScores moment_scores(const arma::mat& predicted, const arma::mat& observed) {
  require_cells(observed, "observed", observed.n_rows);
  require_cells(predicted, "predicted", observed.n_rows);
  return moment_scores(row_moments(predicted), predicted.n_cols, row_moments(observed),
                       observed.n_cols);
}

double pearson_mean_shift(const arma::vec& control, arma::vec predicted, arma::vec observed) {
  for (std::size_t k = 0; k < control.n_elem; ++k) {
    predicted[k] -= control[k];
    observed[k] -= control[k];
  }
  return pearson(predicted, observed);
}

double pearson_mean_shift(const arma::mat& control, const arma::mat& predicted,
                          const arma::mat& observed) {
  require_cells(observed, "observed", observed.n_rows);
  require_cells(predicted, "predicted", observed.n_rows);
  require_cells(control, "control", observed.n_rows);
  return pearson_mean_shift(row_moments(control).mean, row_moments(predicted).mean,
                            row_moments(observed).mean);
}

}  // namespace laot
