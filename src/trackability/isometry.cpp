#include "laot/trackability/isometry.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <mutex>

#include "laot/data/columns.hpp"

namespace laot {

namespace {

constexpr std::size_t kStripRows = 256, kTileColumns = 256;
constexpr std::size_t kBins = std::size_t{1} << 16;
// Deltas below this are the rounding of inner products of norm 1.
constexpr double kNoDifference = 1e-14;

// Keeps the `capacity` pairs of largest delta; of equal ones the first by position.
class WorstPairs {
 public:
  explicit WorstPairs(std::size_t capacity) : capacity_(capacity) {}

  // The delta that a pair has to reach to be kept.
  double threshold() const { return threshold_; }

  void offer(const IsometryPair& pair) {
    if (capacity_ == 0) return;
    const auto worse = [](const IsometryPair& a, const IsometryPair& b) {
      if (a.delta != b.delta) return a.delta > b.delta;
      return a.first != b.first ? a.first < b.first : a.second < b.second;
    };
    pairs_.insert(std::upper_bound(pairs_.begin(), pairs_.end(), pair, worse), pair);
    if (pairs_.size() > capacity_) pairs_.pop_back();
    if (pairs_.size() == capacity_) threshold_ = pairs_.back().delta;
  }

  const std::vector<IsometryPair>& pairs() const { return pairs_; }

 private:
  std::size_t capacity_;
  double threshold_ = kNoDifference;
  std::vector<IsometryPair> pairs_;
};

// Half the trace of a pair's Gram matrix and half the difference of its eigenvalues:
//   lambda = (a + b)/2 -+ sqrt(((a - b)/2)^2 + g^2),
// with a, b the squared norms and g the inner product.
struct Gram {
  double centre, radius;
};

inline Gram gram_of(double a, double b, double g) {
  const double difference = 0.5 * (a - b);
  return {0.5 * (a + b), std::sqrt(difference * difference + g * g)};
}

// Largest distance of the two eigenvalues, times c, from 1.
inline double pair_delta(const Gram& pair, double c) {
  return std::abs(c * pair.centre - 1.0) + c * pair.radius;
}

// Least and largest of a pair's values, and of the eigenvalues.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  void add(const Range& other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
};

// The cells scaled to a mean squared norm of 1, and the walk over their pairs.
class PairGrams {
 public:
  PairGrams(const arma::mat& x, Context& context) : context_(context), cells_(x) {
    const std::size_t d = x.n_rows, n = x.n_cols;
    // Through the largest entry, so that no square overflows.
    double largest = 0.0;
    for (std::size_t e = 0; e < x.n_elem; ++e) largest = std::max(largest, std::abs(x[e]));
    if (largest == 0.0) return;
    double sum = 0.0;
    for (std::size_t e = 0; e < x.n_elem; ++e) {
      const double value = x[e] / largest;
      sum += value * value;
    }
    const double root = std::sqrt(sum / static_cast<double>(n));
    for (std::size_t e = 0; e < x.n_elem; ++e) cells_[e] = x[e] / largest / root;
    scale_ = 1.0 / (largest * root);
    squares_.resize(n);
    inverse_norms_.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      double square = 0.0;
      const double* cell = cells_.colptr(i);
      for (std::size_t k = 0; k < d; ++k) square += cell[k] * cell[k];
      squares_[i] = square;
      all_positive_ = all_positive_ && square > 0.0;
      inverse_norms_[i] = square > 0.0 ? 1.0 / std::sqrt(square) : 0.0;
    }
  }

  double scale() const { return scale_; }  // 0: all cells are zero
  bool all_positive() const { return all_positive_; }
  std::size_t strips() const { return (cells_.n_cols + kStripRows - 1) / kStripRows; }

  /// visit(strip, worker, first, second, gram, |cosine|) for every pair first < second, a strip on
  /// one thread.
  template <class Visit>
  void walk(const char* stage, Visit visit) const {
    const std::size_t n = cells_.n_cols, d = cells_.n_rows;
    parallel_for(context_, strips(), 1, [&](std::size_t strip, std::size_t, int worker) {
      const std::size_t row = strip * kStripRows, rows = std::min(kStripRows, n - row);
      const arma::mat left = borrowed(cells_.colptr(row), d, rows);
      arma::mat products;
      for (std::size_t column = row; column < n; column += kTileColumns) {
        if (worker == 0)
          context_.poll(stage, static_cast<double>(strip) / static_cast<double>(strips()));
        else
          context_.throw_if_stopping();
        const std::size_t columns = std::min(kTileColumns, n - column);
        const arma::mat right = borrowed(cells_.colptr(column), d, columns);
        products = left.t() * right;
        for (std::size_t j = 0; j < columns; ++j) {
          const double* inner = products.colptr(j);
          const std::size_t second = column + j;
          const std::size_t height = second < row + rows ? second - row : rows;
          const double b = squares_[second], inverse = inverse_norms_[second];
          for (std::size_t i = 0; i < height; ++i) {
            const double g = inner[i];
            visit(strip, worker, row + i, second, gram_of(squares_[row + i], b, g),
                  std::min(1.0, std::abs(g) * inverse * inverse_norms_[row + i]));
          }
        }
      }
    });
  }

 private:
  Context& context_;
  arma::mat cells_;
  double scale_ = 0.0;
  bool all_positive_ = true;
  std::vector<double> squares_, inverse_norms_;
};

struct StripExtremes {
  Range eigenvalues, mean_square, cosine;
};

// Counts of one scaling's deltas in equal bins over their range.
struct DeltaCounts {
  std::vector<std::uint64_t> counts;
  Range range;

  void add(double delta) { ++counts[bin(delta)]; }
  std::size_t bin(double delta) const {
    if (!(range.high > range.low)) return 0;
    const double at = (delta - range.low) / (range.high - range.low) * static_cast<double>(kBins);
    return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(kBins - 1)));
  }
  double quantile(double probability) const {
    if (probability <= 0.0) return range.low;
    if (probability >= 1.0) return range.high;
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts) total += count;
    const double wanted = probability * static_cast<double>(total);
    double below = 0.0;
    for (std::size_t b = 0; b < kBins; ++b) {
      const double count = static_cast<double>(counts[b]);
      if (below + count >= wanted && count > 0.0) {
        const double within =
            (static_cast<double>(b) + (wanted - below) / count) / static_cast<double>(kBins);
        return range.low + within * (range.high - range.low);
      }
      below += count;
    }
    return range.high;
  }
};

constexpr std::size_t kScalings = 3;

struct StripFindings {
  std::array<WorstPairs, kScalings> worst;
  Range smallest;
};

// The delta of a pair under each scaling, in the order of the enumeration.
inline std::array<double, kScalings> deltas_of(const Gram& pair, double cosine, double best) {
  return {pair_delta(pair, 1.0), cosine, pair_delta(pair, best)};
}

}  // namespace

const char* name_of(IsometryScaling scaling) {
  switch (scaling) {
    case IsometryScaling::mean_square:
      return "mean_square";
    case IsometryScaling::unit_norm:
      return "unit_norm";
    case IsometryScaling::smallest:
      return "smallest";
  }
  return "";
}

std::array<IsometryConstant, 3> isometry_constants(const arma::mat& x,
                                                   const IsometryOptions& options,
                                                   Context& context) {
  require(x.n_cols >= 2 && x.n_rows >= 1, Status::invalid_argument,
          "the isometry constant needs at least two cells and one feature, found ", x.n_cols,
          " cells and ", x.n_rows, " features");
  require(x.is_finite(), Status::not_finite, "the cells have a NaN or Inf");
  for (const double p : options.probabilities)
    require(p >= 0.0 && p <= 1.0, Status::invalid_argument,
            "probabilities must be from 0 to 1, found ", p);

  std::array<IsometryConstant, kScalings> out;
  for (std::size_t s = 0; s < kScalings; ++s) {
    out[s].scaling = static_cast<IsometryScaling>(s);
    out[s].delta = kNaN;
    out[s].scale = kNaN;
    out[s].quantiles.assign(options.probabilities.size(), kNaN);
  }
  const SingleThreadedBlas blas;
  const PairGrams grams(x, context);
  if (grams.scale() == 0.0) {
    for (IsometryConstant& constant : out)
      constant.undefined = "all cells are zero vectors, which no scaling makes unit length";
    return out;
  }

  std::vector<StripExtremes> extremes(grams.strips());
  grams.walk("extremes over all pairs", [&](std::size_t strip, int, std::size_t, std::size_t,
                                            const Gram& pair, double cosine) {
    StripExtremes& e = extremes[strip];
    e.eigenvalues.low = std::min(e.eigenvalues.low, pair.centre - pair.radius);
    e.eigenvalues.high = std::max(e.eigenvalues.high, pair.centre + pair.radius);
    e.mean_square.add(pair_delta(pair, 1.0));
    e.cosine.add(cosine);
  });
  StripExtremes all;
  for (const StripExtremes& e : extremes) {
    all.eigenvalues.add(e.eigenvalues);
    all.mean_square.add(e.mean_square);
    all.cosine.add(e.cosine);
  }
  // A Gram matrix has no negative eigenvalue; what is below 0 is rounding.
  const double least = std::max(0.0, all.eigenvalues.low), most = all.eigenvalues.high;
  const double best = 2.0 / (most + least);

  std::vector<StripFindings> findings(
      grams.strips(),
      StripFindings{
          {WorstPairs(options.pairs), WorstPairs(options.pairs), WorstPairs(options.pairs)}, {}});
  std::array<Range, kScalings> ranges = {all.mean_square, all.cosine, Range{}};
  ranges[2].low = 0.0;
  ranges[2].high = (most - least) / (most + least);
  std::array<DeltaCounts, kScalings> empty;
  for (std::size_t s = 0; s < kScalings; ++s) empty[s].range = ranges[s];
  std::vector<std::array<DeltaCounts, kScalings>> histograms(
      static_cast<std::size_t>(std::max(1, context.num_threads)), empty);
  grams.walk(
      "distribution over all pairs", [&](std::size_t strip, int worker, std::size_t first,
                                         std::size_t second, const Gram& pair, double cosine) {
        StripFindings& found = findings[strip];
        std::array<DeltaCounts, kScalings>& counts = histograms[static_cast<std::size_t>(worker)];
        const std::array<double, kScalings> delta = deltas_of(pair, cosine, best);
        for (std::size_t s = 0; s < kScalings; ++s) {
          if (counts[s].counts.empty()) counts[s].counts.assign(kBins, 0);
          counts[s].add(delta[s]);
          if (delta[s] >= found.worst[s].threshold())
            found.worst[s].offer({first, second, delta[s]});
        }
        found.smallest.add(delta[2]);
      });

  Range smallest;
  for (const StripFindings& found : findings) smallest.add(found.smallest);
  for (std::size_t s = 0; s < kScalings; ++s) {
    DeltaCounts total = empty[s];
    total.counts.assign(kBins, 0);
    for (const auto& counts : histograms)
      for (std::size_t b = 0; b < counts[s].counts.size(); ++b)
        total.counts[b] += counts[s].counts[b];
    IsometryConstant& constant = out[s];
    if (constant.scaling == IsometryScaling::unit_norm && !grams.all_positive()) {
      constant.undefined = "a cell is a zero vector, which no scaling makes unit length";
      continue;
    }
    constant.delta = s == 2 ? ranges[2].high : ranges[s].high;
    if (constant.delta < kNoDifference) constant.delta = 0.0;
    if (constant.scaling == IsometryScaling::mean_square) constant.scale = grams.scale();
    if (constant.scaling == IsometryScaling::smallest)
      constant.scale = grams.scale() * std::sqrt(best);
    WorstPairs worst(options.pairs);
    for (const StripFindings& found : findings)
      for (const IsometryPair& pair : found.worst[s].pairs()) worst.offer(pair);
    constant.worst = worst.pairs();
    for (std::size_t p = 0; p < options.probabilities.size(); ++p) {
      constant.quantiles[p] = total.quantile(options.probabilities[p]);
      if (s == 2 && options.probabilities[p] <= 0.0) constant.quantiles[p] = smallest.low;
    }
  }
  return out;
}

}  // namespace laot
