#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "laot/metrics/features.hpp"
#include "pair_tiles.hpp"

namespace laot {

namespace {

using Neighbour = std::pair<double, std::size_t>;  // squared distance, number in the pool

// Keeps the k nearest in a heap with the farthest on top; equal distances go to the lower number.
void offer(std::vector<Neighbour>& nearest, std::size_t k, const Neighbour& candidate) {
  if (nearest.size() < k) {
    nearest.push_back(candidate);
    std::push_heap(nearest.begin(), nearest.end());
  } else if (candidate < nearest.front()) {
    std::pop_heap(nearest.begin(), nearest.end());
    nearest.back() = candidate;
    std::push_heap(nearest.begin(), nearest.end());
  }
}

}  // namespace

double knn_enrichment(const arma::mat& predicted, const arma::mat& observed, std::size_t k,
                      Context& context) {
  require(k >= 1, Status::invalid_argument, "k must be at least 1, found ", k);
  require(predicted.n_rows == observed.n_rows, Status::dimension_mismatch, "predicted has ",
          predicted.n_rows, " features and observed has ", observed.n_rows);
  require(predicted.n_cols > 0 && observed.n_cols > 0, Status::invalid_argument,
          "predicted and observed must each have at least one cell");
  const std::size_t count = std::min<std::size_t>(predicted.n_cols, observed.n_cols);
  if (2 * count - 1 < k) return std::numeric_limits<double>::quiet_NaN();
  const arma::mat own = predicted.cols(0, count - 1);
  const arma::mat pool = arma::join_rows(own, observed.cols(0, count - 1));

  const PairWalk walk(own, pool);
  std::vector<double> share_of_strip(walk.strips(), 0.0);
  std::vector<std::vector<std::vector<Neighbour>>> nearest_of_strip(walk.strips());
  walk.run_across(context, [&](const PairTile& tile) {
    std::vector<std::vector<Neighbour>>& nearest = nearest_of_strip[tile.strip];
    nearest.resize(tile.rows);
    for (std::size_t j = 0; j < tile.columns; ++j)
      for (std::size_t i = 0; i < tile.rows; ++i)
        if (tile.first_row + i != tile.first_column + j)
          offer(nearest[i], k, {tile.column(j)[i], tile.first_column + j});
    if (tile.first_column + tile.columns < pool.n_cols) return;
    for (const std::vector<Neighbour>& of_cell : nearest)
      share_of_strip[tile.strip] += static_cast<double>(std::count_if(
          of_cell.begin(), of_cell.end(), [&](const Neighbour& n) { return n.second < count; }));
    std::vector<std::vector<Neighbour>>().swap(nearest);
  });
  double sum = 0.0;
  for (const double part : share_of_strip) sum += part;
  return sum / static_cast<double>(k) / static_cast<double>(count);
}

}  // namespace laot
