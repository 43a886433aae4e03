// The room's front door: which solver for which problem.
#include <algorithm>
#include <cmath>
#include <vector>

#include "laot/assignment.hpp"
#include "laot/assignment/point_assignment.hpp"
#include "laot/assignment/scaled_cloud.hpp"
#include "laot/base/median.hpp"
#include "laot/data/columns.hpp"

namespace laot {

namespace {

// Below this many rows, searching the whole cost is faster than making candidate lists of it.
constexpr std::size_t kDenseRows = 100;

constexpr std::size_t kSampledRows = 64;
constexpr std::ptrdiff_t kNearest = 4;
// How much wider than the rounding of single precision a list has to be to prove anything.
constexpr double kWiderThanRounding = 1024.0;
// Beyond this share of all pairs, searches that leave the lists are slower than those without.
constexpr double kMostWidened = 0.5;

// In lanes, so that it waits for memory and not for the comparison before.
double largest_size(const arma::mat& cost) {
  constexpr std::size_t kMaxima = 8;
  double largest[kMaxima] = {};
  const double* c = cost.memptr();
  std::size_t k = 0;
  for (; k + kMaxima <= cost.n_elem; k += kMaxima)
    for (std::size_t q = 0; q < kMaxima; ++q) {
      const double size = std::abs(c[k + q]);
      largest[q] = size > largest[q] ? size : largest[q];
    }
  for (; k < cost.n_elem; ++k) largest[0] = std::max(largest[0], std::abs(c[k]));
  return *std::max_element(largest, largest + kMaxima);
}

// Candidates are found in single precision, which is of no use where the least costs of a row do
// not differ beside the largest of all: among ties, and beside prices that forbid a pair. Of the
// sampled rows the middle one counts; where it has few pairs that are not forbidden, its list
// reaches into those prices.
bool lists_can_tell(const arma::mat& cost) {
  const std::size_t step = std::max<std::size_t>(1, cost.n_cols / kSampledRows);
  std::vector<double> widths;
  for (std::size_t i = 0; i < cost.n_cols; i += step) {
    std::vector<double> row(cost.begin_col(i), cost.end_col(i));
    std::partial_sort(row.begin(), row.begin() + kNearest, row.end());
    widths.push_back(row[kNearest - 1] - row[0]);
  }
  const double middle = upper_median(widths);
  if (!(middle > 0.0)) return false;
  const double largest = largest_size(cost);
  return middle > kWiderThanRounding * 0x1p-24 * largest && middle < 0.5 * largest;
}

}  // namespace

Assignment solve_assignment(const arma::mat& cost, Context& context) {
  require(cost.n_cols >= 1 && cost.n_rows >= cost.n_cols, Status::dimension_mismatch,
          "an assignment needs at least one row and no more rows than columns, found ", cost.n_cols,
          " rows and ", cost.n_rows, " columns");
  detail::require_finite(cost, "the cost of an assignment");
  if (cost.n_cols <= kDenseRows || !lists_can_tell(cost)) return detail::solve_dense(cost, context);
  detail::SolverOptions options;
  options.most_widened = kMostWidened;
  Assignment out = detail::solve_given_cost(cost, options, context);
  if (out.certificate.gap <= detail::kGapLimit) return out;
  out = detail::solve_dense(cost, context);
  out.statistics.solves = 2;
  return out;
}

}  // namespace laot
