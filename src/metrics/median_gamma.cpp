#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "laot/metrics/mmd.hpp"
#include "pair_tiles.hpp"

namespace laot {

namespace {

// The pooled cells number `which`, counting on from x into y.
arma::mat pooled_cells(const arma::mat& x, const arma::mat& y,
                       const std::vector<std::size_t>& which) {
  arma::mat out(x.n_rows, which.size());
  for (std::size_t i = 0; i < which.size(); ++i) {
    const double* from = which[i] < x.n_cols ? x.colptr(which[i]) : y.colptr(which[i] - x.n_cols);
    std::copy(from, from + x.n_rows, out.colptr(i));
  }
  return out;
}

// Positive doubles are ordered as their bits are: the top 20 bits put each distance into a class of
// 0.4 % width, and one class with the middle values is all that has to be kept.
constexpr int kClassShift = 44;
constexpr std::size_t kClasses = std::size_t{1} << (63 - kClassShift);

std::size_t class_of(double positive) {
  std::uint64_t bits;
  std::memcpy(&bits, &positive, sizeof bits);
  return static_cast<std::size_t>(bits >> kClassShift);
}

template <class Use>
void for_each_positive(const PairTile& tile, Use use) {
  for (std::size_t j = 0; j < tile.columns; ++j) {
    const double* squared = tile.column(j);
    for (std::size_t i = 0; i < tile.height(j); ++i)
      if (squared[i] > 0.0) use(squared[i]);
  }
}

// How many positive distances each class has.
std::vector<std::uint64_t> class_sizes(const PairWalk& walk, Context& context) {
  const std::size_t workers = static_cast<std::size_t>(std::max(1, context.num_threads));
  std::vector<std::vector<std::uint64_t>> counts(workers);
  walk.run(context, [&](const PairTile& tile) {
    std::vector<std::uint64_t>& mine = counts[static_cast<std::size_t>(tile.worker)];
    if (mine.empty()) mine.assign(kClasses, 0);
    for_each_positive(tile, [&](double squared) { ++mine[class_of(squared)]; });
  });
  std::vector<std::uint64_t> sum(kClasses, 0);
  for (const auto& mine : counts)
    for (std::size_t c = 0; c < mine.size(); ++c) sum[c] += mine[c];
  return sum;
}

// The median of the positive squared distances of all pairs, in two walks over the pairs and
// little memory; NaN where there is none.
double median_positive(const arma::mat& x, const arma::mat& y, Context& context) {
  const PairWalk walk(x, y);
  const std::vector<std::uint64_t> sizes = class_sizes(walk, context);
  const std::uint64_t count = std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
  if (count == 0) return std::numeric_limits<double>::quiet_NaN();
  const std::uint64_t lower_rank = (count - 1) / 2, upper_rank = count / 2;
  std::uint64_t below = 0;
  std::size_t lower = 0;
  for (; below + sizes[lower] <= lower_rank; ++lower) below += sizes[lower];
  std::size_t upper = lower;
  for (std::uint64_t seen = below; seen + sizes[upper] <= upper_rank; ++upper) seen += sizes[upper];

  std::vector<std::vector<double>> found(walk.strips());
  walk.run(context, [&](const PairTile& tile) {
    for_each_positive(tile, [&](double squared) {
      const std::size_t c = class_of(squared);
      if (c >= lower && c <= upper) found[tile.strip].push_back(squared);
    });
  });
  std::vector<double> middle;
  for (const auto& part : found) middle.insert(middle.end(), part.begin(), part.end());
  const auto at = [&](std::uint64_t rank) {
    const auto place = middle.begin() + static_cast<std::ptrdiff_t>(rank - below);
    std::nth_element(middle.begin(), place, middle.end());
    return *place;
  };
  const double first = at(lower_rank);
  return lower_rank == upper_rank ? first : 0.5 * (first + at(upper_rank));
}

}  // namespace

MedianGamma median_gamma(const arma::mat& x, const arma::mat& y, Context& context,
                         std::size_t most_cells) {
  require(most_cells >= 2, Status::invalid_argument,
          "the median heuristic needs at least two cells, most_cells is ", most_cells);
  require(y.n_cols == 0 || x.n_rows == y.n_rows, Status::dimension_mismatch, "x has ", x.n_rows,
          " features and y has ", y.n_rows);
  MedianGamma out;
  const std::size_t pooled = x.n_cols + y.n_cols;
  out.subsample = pooled > most_cells;
  out.cells = std::min<std::size_t>(pooled, most_cells);
  if (out.subsample) {
    const arma::mat drawn = pooled_cells(x, y, Rng(context.seed).sample(pooled, most_cells));
    out.median_squared_distance = median_positive(drawn, arma::mat(drawn.n_rows, 0), context);
  } else {
    out.median_squared_distance = median_positive(x, y, context);
  }
  out.gamma = 1.0 / out.median_squared_distance;
  return out;
}

}  // namespace laot
