#include <algorithm>
#include <cmath>
#include <limits>

#include "comparable.hpp"
#include "laot/metrics/features.hpp"
#include "laot/metrics/moments.hpp"

namespace laot {

namespace {

constexpr std::size_t kTile = 256;       // features a tile
constexpr std::size_t kCellsTurned = 8;  // a line of the cache holds so many of a feature, turned

// Some features of all cells, cells x features, each feature centred and of norm 1, so that r_ij is
// a scalar product. Made for a tile whenever it is needed, so that no copy of the cells is held;
// two rows of tiles share it, which makes that a tenth of the time.
class UnitFeatures {
 public:
  UnitFeatures(const arma::mat& cells, const RowMoments& moments,
               const std::vector<std::size_t>& use)
      : cells_(cells), moments_(moments), use_(use) {}

  arma::mat tile(std::size_t first) const {
    const std::size_t count = std::min(kTile, use_.size() - first);
    arma::mat out(cells_.n_cols, count);
    const double root_n = std::sqrt(static_cast<double>(cells_.n_cols));
    for (std::size_t begin = 0; begin < cells_.n_cols; begin += kCellsTurned) {
      const std::size_t end = std::min<std::size_t>(begin + kCellsTurned, cells_.n_cols);
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t feature = use_[first + k];
        const double center = moments_.mean[feature], norm = moments_.sd[feature] * root_n;
        for (std::size_t i = begin; i < end; ++i)
          out.at(i, k) = (cells_.at(feature, i) - center) / norm;
      }
    }
    return out;
  }

 private:
  const arma::mat& cells_;
  const RowMoments& moments_;
  const std::vector<std::size_t>& use_;
};

// The sums behind the correlation of two lists and the distance between them.
struct PairedSums {
  double count = 0, p = 0, t = 0, pp = 0, tt = 0, pt = 0, squared_difference = 0;
};

void add_tile(const arma::mat& p, const arma::mat& t, bool diagonal, PairedSums& sums) {
  for (std::size_t j = 0; j < p.n_cols; ++j) {
    const std::size_t rows = diagonal ? j : p.n_rows;
    for (std::size_t i = 0; i < rows; ++i) {
      const double a = p(i, j), b = t(i, j);
      sums.p += a;
      sums.t += b;
      sums.pp += a * a;
      sums.tt += b * b;
      sums.pt += a * b;
      sums.squared_difference += (a - b) * (a - b);
    }
    sums.count += static_cast<double>(rows);
  }
}

}  // namespace

CorrelationScores correlation_scores(const arma::mat& predicted, const arma::mat& observed,
                                     Context& context) {
  require_comparable(predicted, "predicted", observed, "observed");
  const RowMoments moments_p = row_moments(predicted, context),
                   moments_t = row_moments(observed, context);
  std::vector<std::size_t> use;
  for (std::size_t k = 0; k < predicted.n_rows; ++k)
    if (moments_p.sd[k] > kConstantSd && moments_t.sd[k] > kConstantSd) use.push_back(k);
  CorrelationScores out;
  out.features_used = use.size();
  if (use.size() < 2) {
    out.l2 = out.pearson = std::numeric_limits<double>::quiet_NaN();
    return out;
  }
  const UnitFeatures p(predicted, moments_p, use), t(observed, moments_t, use);

  const SingleThreadedBlas single;
  const std::size_t tiles = (use.size() + kTile - 1) / kTile;
  std::vector<PairedSums> of_tile_row(tiles);
  parallel_for(context, (tiles + 1) / 2, 1, [&](std::size_t begin, std::size_t end, int worker) {
    for (std::size_t first = 2 * begin; first < std::min(2 * end, tiles); first += 2) {
      const std::size_t rows = std::min<std::size_t>(2, tiles - first);
      arma::mat row_p[2], row_t[2];
      for (std::size_t r = 0; r < rows; ++r) {
        row_p[r] = p.tile((first + r) * kTile);
        row_t[r] = t.tile((first + r) * kTile);
      }
      for (std::size_t column = first; column < tiles; ++column) {
        if (worker == 0) context.poll();
        if (context.stopping()) return;
        const arma::mat column_p = p.tile(column * kTile), column_t = t.tile(column * kTile);
        for (std::size_t r = 0; r < rows && first + r <= column; ++r)
          add_tile(row_p[r].t() * column_p, row_t[r].t() * column_t, first + r == column,
                   of_tile_row[first + r]);
      }
    }
  });
  PairedSums sums;
  for (const PairedSums& part : of_tile_row) {
    sums.count += part.count;
    sums.p += part.p;
    sums.t += part.t;
    sums.pp += part.pp;
    sums.tt += part.tt;
    sums.pt += part.pt;
    sums.squared_difference += part.squared_difference;
  }
  out.l2 = std::sqrt(sums.squared_difference);
  const double variance_p = sums.pp - sums.p * sums.p / sums.count;
  const double variance_t = sums.tt - sums.t * sums.t / sums.count;
  const double covariance = sums.pt - sums.p * sums.t / sums.count;
  // Sums of values of at most 1: what is below this is rounding, so the r do not vary.
  const double rounding = 1e-14 * sums.count;
  out.pearson = variance_p > rounding && variance_t > rounding
                    ? covariance / std::sqrt(variance_p * variance_t)
                    : std::numeric_limits<double>::quiet_NaN();
  return out;
}

}  // namespace laot
