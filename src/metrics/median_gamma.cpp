#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "laot/metrics/mmd.hpp"
#include "pair_tiles.hpp"

namespace laot {

namespace {

// Those of the pooled cells that are chosen, counting on from x into y; both in order.
struct Pooled {
  Cells x, y;
};

Pooled chosen_of(const Cells& x, const Cells& y, const std::vector<std::size_t>& chosen) {
  std::vector<std::size_t> of_x, of_y;
  for (const std::size_t i : chosen)
    if (i < x.cells())
      of_x.push_back(i);
    else
      of_y.push_back(i - x.cells());
  std::sort(of_x.begin(), of_x.end());
  std::sort(of_y.begin(), of_y.end());
  Pooled out{x, y};
  if (!of_x.empty()) out.x.select_cells(of_x, "x");
  if (!of_y.empty()) out.y.select_cells(of_y, "y");
  if (of_x.empty()) out.x = out.y;
  if (of_x.empty() || of_y.empty()) out.y = Cells::dense(nullptr, x.features(), 0, x.features());
  return out;
}

// Positive doubles are ordered as their bits are: the top 20 bits put each distance into a class of
// 0.4 % width, and one class with the middle values is all that has to be kept.
constexpr int kClassShift = 44;
constexpr std::size_t kClassesOfPower = 256;  // between one power of 2 and the next
constexpr std::size_t kPowers = 2048;

std::size_t class_of(double positive) {
  std::uint64_t bits;
  std::memcpy(&bits, &positive, sizeof bits);
  return static_cast<std::size_t>(bits >> kClassShift);
}

// Counts of the classes. Distances of one data set span few powers of 2: only these are stored.
class Histogram {
 public:
  Histogram() : powers_(kPowers) {}
  void add(std::size_t c, std::uint64_t count = 1) {
    std::vector<std::uint64_t>& power = powers_[c / kClassesOfPower];
    if (power.empty()) power.assign(kClassesOfPower, 0);
    power[c % kClassesOfPower] += count;
  }
  void add(const Histogram& other) {
    for (std::size_t p = 0; p < kPowers; ++p)
      for (std::size_t c = 0; c < other.powers_[p].size(); ++c)
        add(p * kClassesOfPower + c, other.powers_[p][c]);
  }
  std::uint64_t operator[](std::size_t c) const {
    const std::vector<std::uint64_t>& power = powers_[c / kClassesOfPower];
    return power.empty() ? 0 : power[c % kClassesOfPower];
  }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto& power : powers_) sum = std::accumulate(power.begin(), power.end(), sum);
    return sum;
  }

 private:
  std::vector<std::vector<std::uint64_t>> powers_;
};

template <class Use>
void for_each_positive(const PairTile& tile, Use use) {
  for (std::size_t j = 0; j < tile.columns; ++j) {
    const double* squared = tile.column(j);
    for (std::size_t i = 0; i < tile.height(j); ++i)
      if (squared[i] > 0.0) use(squared[i]);
  }
}

// How many positive distances each class has.
Histogram class_sizes(const PairWalk& walk, Context& context) {
  std::vector<Histogram> counts(static_cast<std::size_t>(std::max(1, context.num_threads)));
  walk.run(context, [&](const PairTile& tile) {
    Histogram& mine = counts[static_cast<std::size_t>(tile.worker)];
    for_each_positive(tile, [&](double squared) { mine.add(class_of(squared)); });
  });
  for (std::size_t w = 1; w < counts.size(); ++w) counts[0].add(counts[w]);
  return std::move(counts[0]);
}

// The median of the positive squared distances of all pairs, in two walks over the pairs and
// little memory; NaN where there is none.
double median_positive(const Cells& x, const Cells& y, Context& context) {
  const PairWalk walk(x, y);
  const Histogram sizes = class_sizes(walk, context);
  const std::uint64_t count = sizes.total();
  if (count == 0) return std::numeric_limits<double>::quiet_NaN();
  const std::uint64_t lower_rank = (count - 1) / 2, upper_rank = count / 2;
  std::uint64_t below = 0;
  std::size_t lower = 0;
  for (; below + sizes[lower] <= lower_rank; ++lower) below += sizes[lower];
  std::uint64_t within = sizes[lower];
  std::size_t upper = lower;
  while (below + within <= upper_rank) within += sizes[++upper];

  // The order in which threads put the values down does not matter: ranks are looked up.
  std::vector<double> middle(within);
  std::atomic<std::size_t> next{0};
  walk.run(context, [&](const PairTile& tile) {
    for_each_positive(tile, [&](double squared) {
      const std::size_t c = class_of(squared);
      if (c >= lower && c <= upper) middle[next++] = squared;
    });
  });
  const auto at = [&](std::uint64_t rank) {
    const auto place = middle.begin() + static_cast<std::ptrdiff_t>(rank - below);
    std::nth_element(middle.begin(), place, middle.end());
    return *place;
  };
  const double first = at(lower_rank);
  return lower_rank == upper_rank ? first : 0.5 * (first + at(upper_rank));
}

}  // namespace

MedianGamma median_gamma(const Cells& x, const Cells& y, Context& context, std::size_t most_cells) {
  return median_gamma(x, y, context, most_cells, Rng(context.seed));
}

MedianGamma median_gamma(const Cells& x, const Cells& y, Context& context, std::size_t most_cells,
                         Rng draws) {
  require(most_cells >= 2, Status::invalid_argument,
          "the median heuristic needs at least two cells, most_cells is ", most_cells);
  require(y.cells() == 0 || x.features() == y.features(), Status::dimension_mismatch, "x has ",
          x.features(), " features and y has ", y.features());
  MedianGamma out;
  const std::size_t pooled = x.cells() + y.cells();
  out.subsample = pooled > most_cells;
  out.cells = std::min<std::size_t>(pooled, most_cells);
  if (out.subsample) {
    const Pooled drawn = chosen_of(x, y, draws.sample(pooled, most_cells));
    out.median_squared_distance = median_positive(drawn.x, drawn.y, context);
  } else {
    out.median_squared_distance = median_positive(x, y, context);
  }
  out.gamma = 1.0 / out.median_squared_distance;
  return out;
}

MedianGamma median_gamma(const arma::mat& x, const arma::mat& y, Context& context,
                         std::size_t most_cells) {
  return median_gamma(Cells::dense(x), Cells::dense(y), context, most_cells);
}

}  // namespace laot
