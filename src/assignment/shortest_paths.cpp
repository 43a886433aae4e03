// Dense shortest augmenting paths.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels.hpp"
#include "laot/assignment.hpp"
#include "laot/assignment/candidate_rows.hpp"
#include "laot/assignment/point_assignment.hpp"
#include "laot/linear_algebra.hpp"

namespace laot {

namespace {

using detail::kNone;

constexpr std::size_t kLanes = 8;
// Steps of row reduction per row: price wars between nearly equal columns end here.
constexpr std::size_t kReductionSteps = 4;
constexpr std::size_t kScansPerPoll = 256;
constexpr std::size_t kRowsForTies = 64;
constexpr double kMostRows = 0.9;

double least_of(const double* values, std::size_t n) {
  double least[kLanes];
  std::fill(least, least + kLanes, kInfinity);
  std::size_t j = 0;
  for (; j + kLanes <= n; j += kLanes)
    for (std::size_t q = 0; q < kLanes; ++q)
      least[q] = values[j + q] < least[q] ? values[j + q] : least[q];
  for (; j < n; ++j) least[0] = std::min(least[0], values[j]);
  return *std::min_element(least, least + kLanes);
}

// Jonker and Volgenant's method on the whole cost: prices from the columns where all of them are
// used, reduction of the rows that this leaves free, and shortest augmenting paths for the rest.
class ShortestPaths {
 public:
  ShortestPaths(const arma::mat& cost, Assignment& out)
      : kernels_(detail::kernels(VectorPath::best)),
        cost_(cost),
        out_(out),
        m_(cost.n_rows),
        v_(out.column_potential),
        row_of_column_(m_, kNone),
        key_(m_),
        open_price_(m_),
        distance_(m_),
        offered_by_(m_) {}

  void run(Context& context) {
    if (cost_.n_cols == m_) reduce_columns();
    std::vector<std::uint32_t> free;
    for (std::uint32_t i = 0; i < cost_.n_cols; ++i)
      if (out_.column_of_row[i] == kNone) free.push_back(i);
    for (int round = 0; round < 2; ++round) free = reduce_rows(free, context);
    out_.statistics.augmentations += free.size();
    for (std::size_t k = 0; k < free.size(); ++k) {
      context.poll(detail::kStage, static_cast<double>(k) / static_cast<double>(free.size()));
      augment(free[k], context);
    }
  }

 private:
  void match(std::uint32_t row, std::uint32_t column) {
    out_.column_of_row[row] = column;
    row_of_column_[column] = row;
  }

  // The least cost of each column as its price. Rows take free columns of which they are the
  // cheapest, one of several.
  void reduce_columns() {
    std::fill(v_.begin(), v_.end(), kInfinity);
    for (std::size_t i = 0; i < cost_.n_cols; ++i) {
      const double* c = cost_.colptr(i);
      for (std::size_t j = 0; j < m_; ++j) v_[j] = c[j] < v_[j] ? c[j] : v_[j];
    }
    if (most_rows_tie_in_a_column()) {
      std::fill(v_.begin(), v_.end(), 0.0);
      return;
    }
    for (std::uint32_t i = 0; i < cost_.n_cols; ++i) {
      const double* c = cost_.colptr(i);
      for (std::uint32_t j = 0; j < m_; ++j)
        if (c[j] == v_[j] && row_of_column_[j] == kNone) {
          match(i, j);
          break;
        }
    }
  }

  // A price that is the cost of nearly all rows tells nothing: of a column in which all pairs are
  // forbidden by a large cost, say. It would make them as cheap as the pairs that are allowed, and
  // the searches would wander through both.
  bool most_rows_tie_in_a_column() {
    const std::size_t step = std::max<std::size_t>(1, cost_.n_cols / kRowsForTies);
    std::vector<double>& cheapest = key_;  // how many of the sampled rows cost the least
    std::fill(cheapest.begin(), cheapest.end(), 0.0);
    double sampled = 0.0;
    for (std::size_t i = 0; i < cost_.n_cols; i += step, ++sampled) {
      const double* c = cost_.colptr(i);
      for (std::size_t j = 0; j < m_; ++j) cheapest[j] += c[j] == v_[j] ? 1.0 : 0.0;
    }
    return *std::max_element(cheapest.begin(), cheapest.end()) > kMostRows * sampled;
  }

  // Each free row takes its best column and lowers the price by what the second best costs more;
  // the row that had it looks on. Returns the rows that are still free.
  std::vector<std::uint32_t> reduce_rows(const std::vector<std::uint32_t>& free, Context& context) {
    std::vector<std::uint32_t> left;
    std::size_t steps = kReductionSteps * cost_.n_cols;
    for (const std::uint32_t start : free) {
      std::uint32_t i = start;
      while (i != kNone && steps > 0) {
        if (steps-- % kScansPerPoll == 0) context.poll();
        const double* c = cost_.colptr(i);
        for (std::size_t j = 0; j < m_; ++j) key_[j] = c[j] - v_[j];
        const double least = least_of(key_.data(), m_);
        std::uint32_t column = first_equal(least);
        key_[column] = kInfinity;
        const double second = least_of(key_.data(), m_);
        if (!(second > least) && row_of_column_[column] != kNone && second < kInfinity)
          column = free_or_first_equal(second);
        else if (second > least && second < kInfinity)
          v_[column] -= second - least;
        const std::uint32_t rival = row_of_column_[column];
        if (rival != kNone && !(second > least)) break;
        match(i, column);
        if (rival != kNone) out_.column_of_row[rival] = kNone;
        i = rival;
      }
      if (i != kNone) left.push_back(i);
    }
    return left;
  }

  std::uint32_t first_equal(double value) const {
    return static_cast<std::uint32_t>(std::find(key_.begin(), key_.end(), value) - key_.begin());
  }

  // Of the columns with this key one that nobody has, if there is one.
  std::uint32_t free_or_first_equal(double value) const {
    const std::uint32_t first = first_equal(value);
    for (std::uint32_t j = first; j < m_; ++j)
      if (key_[j] == value && row_of_column_[j] == kNone) return j;
    return first;
  }

  // Dijkstra's search on reduced costs from a free row, then the update of the prices that keeps
  // matched pairs tight, then the flip along the path. All columns at one distance are scanned
  // before the next distance is looked for, which is what makes ties cheap.
  void augment(std::uint32_t free_row, Context& context) {
    std::fill(key_.begin(), key_.end(), kInfinity);
    std::copy(v_.begin(), v_.end(), open_price_.begin());
    columns_.clear();
    double reached = -kInfinity;
    double nearest = visit(free_row, reached, 0.0);
    std::uint32_t sink = kNone;
    for (std::size_t next = 0; sink == kNone;) {
      if (next == columns_.size()) {
        require(nearest < kInfinity, Status::numerical_failure,
                "the assignment search found no column that can be reached");
        reached = nearest;
      }
      if (nearest <= reached) sink = close_columns(reached);
      if (sink != kNone) break;
      const std::uint32_t column = columns_[next++];
      const std::uint32_t row = row_of_column_[column];
      if (next % kScansPerPoll == 0) context.poll();
      nearest = visit(row, reached, reached - (cost_(column, row) - v_[column]));
    }
    flip(free_row, sink);
    for (const std::uint32_t j : columns_) v_[j] -= reached - distance_[j];
  }

  // Offers the columns of a row; returns the least distance of the columns that are open. The price
  // of a closed one is minus infinity, so that nothing is offered to it.
  double visit(std::uint32_t row, double at, double offset) {
    ++out_.statistics.scans;
    return kernels_.offer({cost_.colptr(row), at, offset, row}, open_price_.data(), m_, key_.data(),
                          offered_by_.data());
  }

  // Closes the columns at the distance that is reached, unless one of them is free.
  std::uint32_t close_columns(double reached) {
    const std::size_t first = columns_.size();
    const double* key = key_.data();
    std::size_t next = 0;
    for (; next + kLanes <= m_; next += kLanes) {
      double least = key[next];
      for (std::size_t q = 1; q < kLanes; ++q)
        least = key[next + q] < least ? key[next + q] : least;
      if (least > reached) continue;
      for (std::size_t q = 0; q < kLanes; ++q)
        if (key[next + q] <= reached) columns_.push_back(static_cast<std::uint32_t>(next + q));
    }
    for (; next < m_; ++next)
      if (key[next] <= reached) columns_.push_back(static_cast<std::uint32_t>(next));
    for (std::size_t k = first; k < columns_.size(); ++k) {
      const std::uint32_t j = columns_[k];
      if (row_of_column_[j] != kNone) continue;
      columns_.resize(first);
      return j;
    }
    for (std::size_t k = first; k < columns_.size(); ++k) {
      const std::uint32_t j = columns_[k];
      distance_[j] = key_[j];
      key_[j] = kInfinity;
      open_price_[j] = -kInfinity;
    }
    return kNone;
  }

  // From the end, each column is given to the first row that offered the distance it has.
  void flip(std::uint32_t free_row, std::uint32_t sink) {
    for (std::uint32_t column = sink;;) {
      const std::uint32_t row = offered_by_[column];
      const std::uint32_t before = out_.column_of_row[row];
      match(row, column);
      if (row == free_row) return;
      column = before;
    }
  }

  const detail::Kernels& kernels_;
  const arma::mat& cost_;
  Assignment& out_;
  const std::size_t m_;
  std::vector<double>& v_;
  std::vector<std::uint32_t> row_of_column_;
  std::vector<double> key_;  // distances of the columns that are open; infinite for closed ones
  std::vector<double> open_price_;         // prices; minus infinity for closed columns
  std::vector<double> distance_;           // of closed columns
  std::vector<std::uint32_t> offered_by_;  // the row that offered a column its distance
  std::vector<std::uint32_t> columns_;     // closed ones, as they were closed
};

// Lowers each u_i to what is feasible for its row, so that the dual value is a true bound.
void certify(const arma::mat& cost, Assignment& out) {
  const std::size_t n = cost.n_cols, m = cost.n_rows;
  const double* v = out.column_potential.data();
  double primal = 0.0, dual = 0.0, magnitude = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double* c = cost.colptr(i);
    double least[kLanes], sizes[kLanes] = {};
    std::fill(least, least + kLanes, kInfinity);
    std::size_t j = 0;
    for (; j + kLanes <= m; j += kLanes)
      for (std::size_t q = 0; q < kLanes; ++q) {
        const double reduced = c[j + q] - v[j + q];
        least[q] = reduced < least[q] ? reduced : least[q];
        sizes[q] += std::abs(c[j + q]);
      }
    for (; j < m; ++j) {
      least[0] = std::min(least[0], c[j] - v[j]);
      sizes[0] += std::abs(c[j]);
    }
    const double feasible = *std::min_element(least, least + kLanes);
    magnitude += std::accumulate(sizes, sizes + kLanes, 0.0);
    out.row_potential[i] = feasible;
    dual += feasible;
    primal += c[out.column_of_row[i]];
  }
  for (std::size_t j = 0; j < m; ++j) dual += v[j];
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
  ShortestPaths(cost, out).run(context);
  certify(cost, out);
  return out;
}

arma::mat squared_distances(const arma::mat& x, const arma::mat& y, Context& context) {
  require(x.n_rows == y.n_rows, Status::dimension_mismatch, "the points have ", x.n_rows, " and ",
          y.n_rows, " features");
  require_memory(8.0 * static_cast<double>(x.n_cols) * static_cast<double>(y.n_cols),
                 text("a cost matrix of ", x.n_cols, " x ", y.n_cols));
  arma::mat cost(y.n_cols, x.n_cols, arma::fill::none);
  // Some ten milliseconds at a time.
  const double work = static_cast<double>(y.n_cols) * static_cast<double>(x.n_rows);
  const std::size_t at_once =
      static_cast<std::size_t>(std::clamp(1e7 / std::max(work, 1.0), 1.0, 32.0));
  parallel_for(context, x.n_cols, at_once, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t i = first; i < last; ++i) {
      const double* a = x.colptr(i);
      double* c = cost.colptr(i);
      for (std::size_t j = 0; j < y.n_cols; ++j) c[j] = squared_distance(a, y.colptr(j), x.n_rows);
    }
  });
  return cost;
}

}  // namespace laot
