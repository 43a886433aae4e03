#include <algorithm>
#include <cmath>
#include <limits>
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

// Of all pairs i < j. Each strip writes its own part, whatever the thread.
std::vector<double> positive_distances(const arma::mat& x, const arma::mat& y, Context& context) {
  const PairWalk walk(x, y);
  std::vector<std::size_t> next(walk.strips());
  std::size_t pairs = 0;
  for (std::size_t strip = 0; strip < walk.strips(); ++strip) {
    next[strip] = pairs;
    pairs += walk.size_of(strip);
  }
  std::vector<double> out(pairs);
  walk.run(context, [&](const PairTile& tile) {
    for (std::size_t j = 0; j < tile.columns; ++j) {
      std::copy(tile.column(j), tile.column(j) + tile.height(j),
                out.begin() + static_cast<std::ptrdiff_t>(next[tile.strip]));
      next[tile.strip] += tile.height(j);
    }
  });
  out.erase(std::remove_if(out.begin(), out.end(), [](double t) { return !(t > 0.0); }), out.end());
  return out;
}

double median(std::vector<double>& values) {
  const std::ptrdiff_t half = static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), values.begin() + half, values.end());
  const double upper = values[static_cast<std::size_t>(half)];
  if (values.size() % 2 == 1) return upper;
  return 0.5 * (*std::max_element(values.begin(), values.begin() + half) + upper);
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
  std::vector<double> values;
  if (out.subsample) {
    const arma::mat drawn = pooled_cells(x, y, Rng(context.seed).sample(pooled, most_cells));
    values = positive_distances(drawn, arma::mat(drawn.n_rows, 0), context);
  } else {
    values = positive_distances(x, y, context);
  }
  if (values.empty()) {
    out.gamma = out.median_squared_distance = std::numeric_limits<double>::quiet_NaN();
    return out;
  }
  out.median_squared_distance = median(values);
  out.gamma = 1.0 / out.median_squared_distance;
  return out;
}

}  // namespace laot
