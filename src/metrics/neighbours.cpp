#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "comparable.hpp"
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
  require_comparable(predicted, "predicted", observed, "observed");
  const std::size_t count = std::min<std::size_t>(predicted.n_cols, observed.n_cols);
  if (2 * count - 1 < k) return std::numeric_limits<double>::quiet_NaN();
  // Neighbours among the predicted cells, then among the observed ones; the latter are numbered on.
  const Cells own = Cells::dense(predicted.memptr(), predicted.n_rows, count, predicted.n_rows);
  const Cells seen = Cells::dense(observed.memptr(), observed.n_rows, count, observed.n_rows);
  std::vector<std::vector<Neighbour>> nearest(count);
  for (const Cells* others : {&own, &seen}) {
    const bool among_own = others == &own;
    PairWalk(own, *others).run_across(context, [&](const PairTile& tile) {
      for (std::size_t j = 0; j < tile.columns; ++j)
        for (std::size_t i = 0; i < tile.rows; ++i) {
          const std::size_t cell = tile.first_row + i, other = tile.first_column + j;
          if (!among_own || cell != other)
            offer(nearest[cell], k, {tile.column(j)[i], among_own ? other : count + other});
        }
    });
  }
  double sum = 0.0;
  for (const std::vector<Neighbour>& of_cell : nearest)
    sum += static_cast<double>(std::count_if(of_cell.begin(), of_cell.end(),
                                             [&](const Neighbour& n) { return n.second < count; }));
  return sum / static_cast<double>(k) / static_cast<double>(count);
}

arma::vec own_label_shares(const arma::mat& predicted, const std::vector<std::string>& labels,
                           const arma::mat& observed,
                           const std::vector<std::string>& observed_labels, std::size_t k,
                           Context& context) {
  require_comparable(predicted, "predicted", observed, "observed");
  require(labels.size() == predicted.n_cols && observed_labels.size() == observed.n_cols,
          Status::dimension_mismatch, "each predicted and each observed cell needs its label");
  std::vector<std::vector<Neighbour>> nearest(predicted.n_cols);
  PairWalk(predicted, observed).run_across(context, [&](const PairTile& tile) {
    for (std::size_t j = 0; j < tile.columns; ++j)
      for (std::size_t i = 0; i < tile.rows; ++i)
        offer(nearest[tile.first_row + i], k, {tile.column(j)[i], tile.first_column + j});
  });
  arma::vec out(predicted.n_cols);
  for (std::size_t i = 0; i < out.n_elem; ++i) {
    const auto own = std::count_if(nearest[i].begin(), nearest[i].end(), [&](const Neighbour& n) {
      return observed_labels[n.second] == labels[i];
    });
    out[i] = static_cast<double>(own) / static_cast<double>(nearest[i].size());
  }
  return out;
}

}  // namespace laot
