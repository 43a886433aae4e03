#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "laot/linear_algebra.hpp"
#include "laot/metrics/mmd.hpp"
#include "pair_tiles.hpp"
#include "rounded_pairs.hpp"

namespace laot {

namespace {

// Positive doubles are ordered as their bits are: the top 20 bits put each distance into a class of
// 0.4 % width, and one class with the middle values is all that has to be kept.
constexpr int kClassShift = 44;
constexpr std::size_t kClassesOfPower = 256;  // between one power of 2 and the next
constexpr std::size_t kPowers = 2048;

// Below these a walk in double precision takes no longer.
constexpr std::size_t kFewestCells = 300, kFewestFeatures = 16;
// Pairs that rounding may leave open before the walk in double precision is the cheaper way.
constexpr std::size_t kMostExact = 50000;

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

// In two walks over the pairs in double precision and little memory; NaN where none is positive.
double median_by_classes(const PairWalk& walk, Context& context) {
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

// Where the median of all pairs is all but sure to lie: quantiles of pairs drawn at random. A draw
// that misses costs time, not the result.
struct Bracket {
  double low, high;
};

Bracket sampled_bracket(const PairWalk& walk) {
  constexpr std::size_t kDrawn = 4096;
  constexpr double kSide = 4.0 * 0.5 / 64.0;  // four standard deviations of a sampled rank
  const std::size_t d = walk.features(), all = walk.cells();
  std::vector<double> a(d), b(d), drawn;
  Rng rng(0x6d65);
  for (std::size_t s = 0; s < kDrawn; ++s) {
    const std::size_t i = rng.below(all), j = rng.below(all);
    if (i == j) continue;
    walk.centred(i, a.data());
    walk.centred(j, b.data());
    const double squared = squared_distance(a.data(), b.data(), d);
    if (squared > 0.0) drawn.push_back(squared);
  }
  if (drawn.size() < kDrawn / 2) return {kNaN, kNaN};
  std::sort(drawn.begin(), drawn.end());
  const auto at = [&](double share) {
    return drawn[static_cast<std::size_t>(share * static_cast<double>(drawn.size() - 1))];
  };
  return {at(0.5 - kSide), at(0.5 + kSide)};
}

struct RoundedPair {
  std::uint32_t i, j;
  double squared;
};

// Findings of one walk over rounded distances: those surely below the bracket are counted; those
// that may lie within are kept, and those that may be 0.
struct Sorted {
  std::uint64_t pairs = 0, below = 0;
  std::vector<RoundedPair> within, near_zero;

  void add(const Sorted& other) {
    pairs += other.pairs;
    below += other.below;
    within.insert(within.end(), other.within.begin(), other.within.end());
    near_zero.insert(near_zero.end(), other.near_zero.begin(), other.near_zero.end());
  }
};

void sort_tile(const RoundedPairs& pairs, const RoundedTile& tile, const Bracket& bracket,
               Sorted& out) {
  std::vector<char> open(tile.rows);
  for (std::size_t c = 0; c < tile.columns; ++c) {
    const double* products = tile.products + c * tile.rows;
    const double* norms_of_rows = pairs.norms() + tile.first_row;
    const std::size_t height = tile.height(c), j = tile.first_column + c;
    const double norm = pairs.norm(j);
    // Half of the pairs lie on either side of the bracket: what is done with most of them has no
    // branches.
    std::uint64_t below = 0;
    for (std::size_t r = 0; r < height; ++r) {
      const double norms = norms_of_rows[r] + norm;
      const double squared = norms - 2.0 * products[r], error = pairs.error(norms);
      const bool is_below = (squared + error < bracket.low) & (squared - error > 0.0);
      below += is_below;
      open[r] = static_cast<char>((squared - error <= bracket.high) & !is_below);
    }
    out.pairs += height;
    out.below += below;
    for (std::size_t r = 0; r < height; ++r) {
      if (open[r] == 0) continue;
      const double norms = norms_of_rows[r] + norm;
      const RoundedPair pair{static_cast<std::uint32_t>(tile.first_row + r),
                             static_cast<std::uint32_t>(j), norms - 2.0 * products[r]};
      if (pair.squared + pairs.error(norms) >= bracket.low)
        out.within.push_back(pair);
      else
        out.near_zero.push_back(pair);
    }
  }
}

// The value of a rank among `within`, from 0: rounded values find where it is, and all that could
// change places there are computed again. NaN where these are too many.
double exact_at(const PairWalk& walk, double error, std::vector<RoundedPair>& within,
                std::uint64_t rank) {
  const auto by_value = [](const RoundedPair& a, const RoundedPair& b) {
    return a.squared < b.squared;
  };
  const auto place = within.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(within.begin(), place, within.end(), by_value);
  const double near = place->squared;
  std::uint64_t below = 0;
  std::vector<double> exact;
  for (const RoundedPair& pair : within) {
    if (pair.squared < near - 2.0 * error)
      ++below;
    else if (pair.squared <= near + 2.0 * error)
      exact.push_back(kNaN);
  }
  if (exact.size() > kMostExact) return kNaN;
  exact.clear();
  for (const RoundedPair& pair : within)
    if (pair.squared >= near - 2.0 * error && pair.squared <= near + 2.0 * error)
      exact.push_back(walk.squared(pair.i, pair.j));
  const auto wanted = exact.begin() + static_cast<std::ptrdiff_t>(rank - below);
  std::nth_element(exact.begin(), wanted, exact.end());
  return *wanted;
}

// The same value from one walk in single precision, which chooses, and double precision for what it
// leaves open; NaN where the draw missed, or ties leave too much open.
double median_by_rounding(const PairWalk& walk, Context& context) {
  const RoundedPairs pairs(walk);
  if (!pairs.usable()) return kNaN;
  const Bracket bracket = sampled_bracket(walk);
  if (!(bracket.low > 0.0)) return kNaN;
  std::vector<Sorted> parts(static_cast<std::size_t>(std::max(1, context.num_threads)));
  pairs.run(context, [&](const RoundedTile& tile) {
    sort_tile(pairs, tile, bracket, parts[static_cast<std::size_t>(tile.worker)]);
  });
  Sorted& found = parts[0];
  for (std::size_t w = 1; w < parts.size(); ++w) found.add(parts[w]);
  if (found.near_zero.size() > kMostExact) return kNaN;
  std::uint64_t count = found.pairs;
  for (const RoundedPair& pair : found.near_zero) {
    if (walk.squared(pair.i, pair.j) > 0.0)
      ++found.below;
    else
      --count;
  }
  if (count == 0) return kNaN;
  const std::uint64_t lower = (count - 1) / 2, upper = count / 2;
  if (lower < found.below || upper >= found.below + found.within.size()) return kNaN;
  double norms = 0.0;
  for (const RoundedPair& pair : found.within)
    norms = std::max(norms, pairs.norm(pair.i) + pairs.norm(pair.j));
  const double error = pairs.error(norms);
  const double first = exact_at(walk, error, found.within, lower - found.below);
  const double last =
      lower == upper ? first : exact_at(walk, error, found.within, upper - found.below);
  // Outside the bracket those that were only counted may have a place between them.
  if (!(first >= bracket.low && last <= bracket.high)) return kNaN;
  return lower == upper ? first : 0.5 * (first + last);
}

// The median of the positive squared distances of all pairs; NaN where there is none.
double median_positive(const Cells& x, const Cells& y, Context& context) {
  const PairWalk walk(x, y);
  if (x.cells() + y.cells() >= kFewestCells && x.features() >= kFewestFeatures) {
    const double median = median_by_rounding(walk, context);
    if (!std::isnan(median)) return median;
  }
  return median_by_classes(walk, context);
}

}  // namespace

PooledCells median_gamma_cells(const Cells& x, const Cells& y, std::size_t most_cells, Rng draws) {
  const std::size_t pooled = x.cells() + y.cells();
  PooledCells out{x, y};
  if (pooled <= most_cells) return out;
  std::vector<std::size_t> of_x, of_y;
  for (const std::size_t i : draws.sample(pooled, most_cells))
    if (i < x.cells())
      of_x.push_back(i);
    else
      of_y.push_back(i - x.cells());
  std::sort(of_x.begin(), of_x.end());
  std::sort(of_y.begin(), of_y.end());
  if (!of_x.empty()) out.x.select_cells(of_x, "x");
  if (!of_y.empty()) out.y.select_cells(of_y, "y");
  if (of_x.empty()) out.x = out.y;
  if (of_x.empty() || of_y.empty()) out.y = Cells::dense(nullptr, x.features(), 0, x.features());
  return out;
}

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
  const PooledCells drawn = median_gamma_cells(x, y, most_cells, draws);
  out.median_squared_distance = median_positive(drawn.x, drawn.y, context);
  out.gamma = 1.0 / out.median_squared_distance;
  return out;
}

MedianGamma median_gamma(const arma::mat& x, const arma::mat& y, Context& context,
                         std::size_t most_cells) {
  return median_gamma(Cells::dense(x), Cells::dense(y), context, most_cells);
}

}  // namespace laot
