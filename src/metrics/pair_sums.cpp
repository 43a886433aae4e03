#include "pair_sums.hpp"

#include <algorithm>

namespace laot {

namespace {

using Walk = void (PairWalk::*)(Context&, const std::function<void(const PairTile&)>&) const;

std::vector<PairSums> summed(const PairWalk& walk, Walk run, std::size_t functions,
                             Context& context, const AddFunctions& add,
                             arma::mat* squared = nullptr) {
  StripSums sums(walk.strips(), functions);
  (walk.*run)(context, [&](const PairTile& tile) {
    sums.add(tile, tile.squared, add, 0, functions);
    if (squared != nullptr) copy_distances(tile, tile.squared, *squared);
  });
  std::vector<PairSums> out(functions);
  for (std::size_t strip = 0; strip < walk.strips(); ++strip)
    for (std::size_t f = 0; f < functions; ++f) {
      const double value = sums.at(strip, f);
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

AddFunctions kernels_of(const std::vector<double>& gammas) {
  return [&gammas](const double* t, std::size_t count, std::vector<lanes::Sum>& out) {
    for (std::size_t g = 0; g < gammas.size(); ++g)
      lanes::kernels().add_exp(t, count, gammas[g], out[g]);
  };
}

void StripSums::add(const PairTile& tile, const double* squared, const AddFunctions& functions,
                    std::size_t first, std::size_t count) {
  std::vector<lanes::Sum> sums(count);
  for (std::size_t j = 0; j < tile.columns; ++j)
    functions(squared + j * tile.stride, tile.height(j), sums);
  for (std::size_t f = 0; f < count; ++f) at(tile.strip, first + f) += sums[f].total();
}

std::vector<double> StripSums::total(std::size_t first, std::size_t count) const {
  std::vector<double> out(count, 0.0);
  for (std::size_t strip = 0; strip * functions_ < of_.size(); ++strip)
    for (std::size_t f = 0; f < count; ++f) out[f] += at(strip, first + f);
  return out;
}

void copy_distances(const PairTile& tile, const double* squared, arma::mat& out) {
  for (std::size_t j = 0; j < tile.columns; ++j) {
    const double* column = squared + j * tile.stride;
    std::copy(column, column + tile.height(j),
              out.colptr(tile.first_column + j) + static_cast<std::ptrdiff_t>(tile.first_row));
  }
}

std::vector<PairSums> sum_over_pairs(const Cells& x, const Cells& y, std::size_t functions,
                                     Context& context, const AddFunctions& add,
                                     arma::mat* squared) {
  return summed(PairWalk(x, y), &PairWalk::run, functions, context, add, squared);
}

std::vector<PairSums> sum_across_pairs(const Cells& x, const Cells& y, std::size_t functions,
                                       Context& context, const AddFunctions& add,
                                       arma::mat* squared) {
  return summed(PairWalk(x, y), &PairWalk::run_across, functions, context, add, squared);
}

}  // namespace laot
