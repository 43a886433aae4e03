#include "pair_sums.hpp"

#include <algorithm>

namespace laot {

namespace {

using Add = std::function<void(const double*, std::size_t, std::vector<lanes::Sum>&)>;
using Walk = void (PairWalk::*)(Context&, const std::function<void(const PairTile&)>&) const;

std::vector<PairSums> summed(const PairWalk& walk, Walk run, std::size_t functions,
                             Context& context, const Add& add, arma::mat* squared = nullptr) {
  std::vector<double> of_strip(walk.strips() * functions, 0.0);
  (walk.*run)(context, [&](const PairTile& tile) {
    std::vector<lanes::Sum> sums(functions);
    for (std::size_t j = 0; j < tile.columns; ++j) add(tile.column(j), tile.height(j), sums);
    for (std::size_t f = 0; f < functions; ++f)
      of_strip[tile.strip * functions + f] += sums[f].total();
    if (squared != nullptr) copy_distances(tile, tile.squared, *squared);
  });
  std::vector<PairSums> out(functions);
  for (std::size_t strip = 0; strip < walk.strips(); ++strip)
    for (std::size_t f = 0; f < functions; ++f) {
      const double value = of_strip[strip * functions + f];
      switch (walk.pairs_of(strip)) {
        case Pairs::xx:
          out[f].xx += value;
          break;
        case Pairs::yy:
          out[f].yy += value;
          break;
        case Pairs::xy:
          out[f].xy += value;
          break;
      }
    }
  return out;
}

}  // namespace

void copy_distances(const PairTile& tile, const double* squared, arma::mat& out) {
  for (std::size_t j = 0; j < tile.columns; ++j) {
    const double* column = squared + j * tile.stride;
    std::copy(column, column + tile.height(j),
              out.colptr(tile.first_column + j) + static_cast<std::ptrdiff_t>(tile.first_row));
  }
}

std::vector<PairSums> sum_over_pairs(const Cells& x, const Cells& y, std::size_t functions,
                                     Context& context, const Add& add, arma::mat* squared) {
  return summed(PairWalk(x, y), &PairWalk::run, functions, context, add, squared);
}

std::vector<PairSums> sum_across_pairs(const Cells& x, const Cells& y, std::size_t functions,
                                       Context& context, const Add& add, arma::mat* squared) {
  return summed(PairWalk(x, y), &PairWalk::run_across, functions, context, add, squared);
}

}  // namespace laot
