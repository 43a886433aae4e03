// Dense shortest augmenting paths.
#include <algorithm>
#include <cmath>
#include <limits>

#include "laot/assignment.hpp"
#include "laot/assignment/candidate_rows.hpp"
#include "laot/assignment/point_assignment.hpp"

namespace laot {

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// One search from a free row: Dijkstra on reduced costs over all columns, then the update of the
// potentials that keeps matched pairs tight, then the flip along the path.
class ShortestPaths {
 public:
  ShortestPaths(const arma::mat& cost, Assignment& out)
      : cost_(cost),
        out_(out),
        row_of_column_(cost.n_rows, kNone),
        distance_(cost.n_rows),
        previous_row_(cost.n_rows),
        scanned_(cost.n_rows) {}

  void augment(std::uint32_t free_row) {
    const std::size_t m = cost_.n_rows;
    std::fill(distance_.begin(), distance_.end(), kInfinity);
    std::fill(scanned_.begin(), scanned_.end(), char{0});
    rows_.clear();
    columns_.clear();

    double reached = 0.0;
    std::uint32_t row = free_row;
    std::uint32_t sink = kNone;
    while (sink == kNone) {
      rows_.emplace_back(row, reached);
      const double* c = cost_.colptr(row);
      const double offset = reached - out_.row_potential[row];
      double nearest = kInfinity;
      std::uint32_t nearest_column = kNone;
      for (std::size_t j = 0; j < m; ++j) {
        if (scanned_[j]) continue;
        const double through = c[j] - out_.column_potential[j] + offset;
        if (through < distance_[j]) {
          distance_[j] = through;
          previous_row_[j] = row;
        }
        if (distance_[j] < nearest ||
            (distance_[j] == nearest && row_of_column_[j] == kNone && nearest_column != kNone &&
             row_of_column_[nearest_column] != kNone)) {
          nearest = distance_[j];
          nearest_column = static_cast<std::uint32_t>(j);
        }
      }
      require(nearest_column != kNone, Status::numerical_failure,
              "the assignment search found no column that can be reached");
      // Rounding aside, distances only grow; the first of a search may be negative, as costs may.
      reached = rows_.size() == 1 ? nearest : std::max(nearest, reached);
      scanned_[nearest_column] = 1;
      columns_.push_back(nearest_column);
      if (row_of_column_[nearest_column] == kNone)
        sink = nearest_column;
      else
        row = row_of_column_[nearest_column];
    }

    for (const auto& [i, at] : rows_) out_.row_potential[i] += reached - at;
    for (const std::uint32_t j : columns_)
      out_.column_potential[j] -= std::max(0.0, reached - distance_[j]);

    for (std::uint32_t j = sink;;) {
      const std::uint32_t i = previous_row_[j];
      row_of_column_[j] = i;
      std::swap(out_.column_of_row[i], j);
      if (i == free_row) break;
    }
  }

 private:
  const arma::mat& cost_;
  Assignment& out_;
  std::vector<std::uint32_t> row_of_column_;
  std::vector<double> distance_;
  std::vector<std::uint32_t> previous_row_;
  std::vector<char> scanned_;
  std::vector<std::pair<std::uint32_t, double>> rows_;
  std::vector<std::uint32_t> columns_;
};

// Lowers each u_i to what is feasible for its row, so that the dual value is a true bound.
void certify(const arma::mat& cost, Assignment& out) {
  const std::size_t n = cost.n_cols, m = cost.n_rows;
  double primal = 0.0, dual = 0.0, magnitude = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double* c = cost.colptr(i);
    double feasible = kInfinity;
    for (std::size_t j = 0; j < m; ++j)
      feasible = std::min(feasible, c[j] - out.column_potential[j]);
    out.row_potential[i] = feasible;
    dual += feasible;
    primal += c[out.column_of_row[i]];
  }
  for (std::size_t j = 0; j < m; ++j) dual += out.column_potential[j];
  for (std::size_t k = 0; k < cost.n_elem; ++k) magnitude += std::abs(cost[k]);
  magnitude = magnitude / static_cast<double>(cost.n_elem) * static_cast<double>(n);
  out.certificate.primal = primal;
  out.certificate.dual = dual;
  const double scale = std::max(std::abs(primal), magnitude);
  out.certificate.gap = scale > 0.0 ? (primal - dual) / scale : 0.0;
}

}  // namespace

Assignment detail::solve_dense(const arma::mat& cost, Context& context) {
  const std::size_t n = cost.n_cols, m = cost.n_rows;
  Assignment out;
  out.column_of_row.assign(n, kNone);
  out.row_potential.assign(n, 0.0);
  out.column_potential.assign(m, 0.0);
  ShortestPaths search(cost, out);
  for (std::size_t i = 0; i < n; ++i) {
    context.poll(kStage, static_cast<double>(i) / static_cast<double>(n));
    search.augment(static_cast<std::uint32_t>(i));
  }
  certify(cost, out);
  return out;
}

arma::mat squared_distances(const arma::mat& x, const arma::mat& y, Context& context) {
  require(x.n_rows == y.n_rows, Status::dimension_mismatch, "the points have ", x.n_rows, " and ",
          y.n_rows, " features");
  require_memory(8.0 * static_cast<double>(x.n_cols) * static_cast<double>(y.n_cols),
                 text("a cost matrix of ", x.n_cols, " x ", y.n_cols));
  arma::mat cost(y.n_cols, x.n_cols);
  // Some ten milliseconds at a time.
  const double work = static_cast<double>(y.n_cols) * static_cast<double>(x.n_rows);
  const std::size_t at_once =
      static_cast<std::size_t>(std::clamp(1e7 / std::max(work, 1.0), 1.0, 32.0));
  parallel_for(context, x.n_cols, at_once, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t i = first; i < last; ++i) {
      const double* a = x.colptr(i);
      double* c = cost.colptr(i);
      for (std::size_t j = 0; j < y.n_cols; ++j) {
        const double* b = y.colptr(j);
        double sum = 0.0;
        for (std::size_t k = 0; k < x.n_rows; ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
        c[j] = sum;
      }
    }
  });
  return cost;
}

}  // namespace laot
