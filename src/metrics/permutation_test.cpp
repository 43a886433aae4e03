#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "laot/metrics/mmd.hpp"
#include "mean_kernel.hpp"
#include "pair_tiles.hpp"

namespace laot {

namespace {

// Labels of many permutations at once: entry (i, b) is 1 where permutation b calls cell i one of x.
// Column 0 is the labelling of the data.
arma::mat label_columns(std::size_t n, std::size_t cells, std::size_t first, std::size_t count,
                        const Rng& rng) {
  arma::mat out(cells, count);
  out.zeros();
  for (std::size_t b = 0; b < count; ++b) {
    double* column = out.colptr(b);
    if (first + b == 0) {
      std::fill(column, column + n, 1.0);
      continue;
    }
    Rng own = rng.stream(first + b);
    for (const std::size_t i : own.sample(cells, n)) column[i] = 1.0;
  }
  return out;
}

// With K the kernel without its diagonal and z the labels, the sum within x over ordered pairs is
// z'Kz, across it is z'K1 - z'Kz, and within y the rest.
struct LabelSums {
  std::vector<double> within_x;  // z'Kz
  std::vector<double> from_x;    // z'K1
  double all = 0.0;              // 1'K1
};

// One tile of the upper triangle stands for its mirror image as well.
void add_tile(const PairTile& tile,
              const std::function<void(const double*, std::size_t, double*)>& kernel,
              const arma::mat& labels, arma::mat& k, LabelSums& sums) {
  k.set_size(tile.rows, tile.columns);
  k.zeros();
  for (std::size_t j = 0; j < tile.columns; ++j)
    kernel(tile.column(j), tile.height(j), k.colptr(j));
  const arma::mat left = labels.rows(tile.first_row, tile.first_row + tile.rows - 1);
  const arma::mat right = labels.rows(tile.first_column, tile.first_column + tile.columns - 1);
  const arma::mat product = k * right;
  std::vector<double> row(tile.rows, 0.0), column(tile.columns, 0.0);
  for (std::size_t j = 0; j < tile.columns; ++j)
    for (std::size_t i = 0; i < tile.rows; ++i) {
      row[i] += k(i, j);
      column[j] += k(i, j);
    }
  for (const double value : row) sums.all += 2.0 * value;
  for (std::size_t b = 0; b < labels.n_cols; ++b) {
    double within = 0.0, from = 0.0;
    for (std::size_t i = 0; i < tile.rows; ++i) {
      within += left(i, b) * product(i, b);
      from += left(i, b) * row[i];
    }
    for (std::size_t j = 0; j < tile.columns; ++j) from += right(j, b) * column[j];
    sums.within_x[b] += 2.0 * within;
    sums.from_x[b] += from;
  }
}

// Squared distances that are known, a tile at a time; cells are pooled, those of x first.
class KnownTiles {
 public:
  explicit KnownTiles(const SquaredDistances& squared)
      : squared_(squared),
        n_(squared.across.n_rows),
        m_(squared.across.n_cols),
        x_strips_((n_ + kSide - 1) / kSide),
        y_strips_((m_ + kSide - 1) / kSide) {}

  // A strip is some columns: of the pairs of x, of those of y, of x with y.
  std::size_t strips() const { return x_strips_ + 2 * y_strips_; }

  void run(Context& context, const std::function<void(const PairTile&)>& visit) const {
    parallel_for(context, strips(), 1, [&](std::size_t first, std::size_t last, int worker) {
      for (std::size_t strip = first; strip < last; ++strip) run_strip(strip, worker, visit);
    });
  }

 private:
  static constexpr std::size_t kSide = 256;

  void run_strip(std::size_t strip, int worker,
                 const std::function<void(const PairTile&)>& visit) const {
    const bool across = strip >= x_strips_ + y_strips_, of_x = strip < x_strips_;
    const arma::mat& all =
        of_x ? squared_.within_x : (across ? squared_.across : squared_.within_y);
    const std::size_t column =
        kSide * (of_x ? strip : (strip - x_strips_) % std::max<std::size_t>(y_strips_, 1));
    const std::size_t columns = std::min<std::size_t>(kSide, all.n_cols - column);
    const std::size_t end = across ? all.n_rows : column + columns;
    for (std::size_t row = 0; row < end; row += kSide) {
      PairTile tile{across ? Pairs::xy : Pairs::xx,
                    row + (of_x || across ? 0 : n_),
                    column + (of_x ? 0 : n_),
                    std::min(kSide, end - row),
                    columns,
                    all.n_rows,
                    all.colptr(column) + row,
                    strip,
                    worker};
      visit(tile);
    }
  }

  const SquaredDistances& squared_;
  std::size_t n_, m_, x_strips_, y_strips_;
};

// `tiles` walks over all pairs of n + m pooled cells, those of x first.
template <class Tiles>
double p_value_of(const Tiles& tiles, std::size_t n, std::size_t m,
                  const std::vector<double>& gammas, std::size_t permutations, Context& context) {
  const SingleThreadedBlas blas;
  const std::size_t cells = n + m;
  const lanes::Kernels& lane = lanes::kernels();
  const lanes::Cubics cubics = gammas.size() > 1 ? mean_kernel(gammas) : lanes::Cubics();
  const auto kernel = [&](const double* t, std::size_t count, double* k) {
    if (gammas.size() > 1)
      lane.write_cubics(t, count, cubics, k);
    else
      lane.write_exp(t, count, gammas[0], k);
  };

  // As many permutations at a time as keep their labels within 16 MB.
  const std::size_t at_once = std::max<std::size_t>(1, std::min<std::size_t>(256, 2000000 / cells));
  const Rng rng(context.seed);
  std::vector<double> values;
  for (std::size_t first = 0; first <= permutations; first += at_once) {
    const std::size_t count = std::min(at_once, permutations + 1 - first);
    const arma::mat labels = label_columns(n, cells, first, count, rng);
    std::vector<LabelSums> of_strip(tiles.strips());
    for (LabelSums& sums : of_strip)
      sums.within_x.assign(count, 0.0), sums.from_x.assign(count, 0.0);
    std::vector<arma::mat> scratch(static_cast<std::size_t>(std::max(context.num_threads, 1)));
    tiles.run(context, [&](const PairTile& tile) {
      add_tile(tile, kernel, labels, scratch[static_cast<std::size_t>(tile.worker)],
               of_strip[tile.strip]);
    });
    const double p = static_cast<double>(n), q = static_cast<double>(m);
    for (std::size_t b = 0; b < count; ++b) {
      double all = 0.0, xx = 0.0, from = 0.0;
      for (const LabelSums& sums : of_strip) {
        all += sums.all;
        xx += sums.within_x[b];
        from += sums.from_x[b];
      }
      const double xy = from - xx, yy = all - xx - 2.0 * xy;
      values.push_back(xx / (p * (p - 1.0)) + yy / (q * (q - 1.0)) - 2.0 * xy / (p * q));
    }
  }
  // The same labelling may be drawn again, and then differs by rounding alone.
  const double observed = values[0] - 1e-12;
  std::size_t as_large = 0;
  for (const double value : values) as_large += value >= observed ? 1 : 0;
  return static_cast<double>(as_large) / static_cast<double>(permutations + 1);
}

void require_permutations(std::size_t permutations) {
  require(permutations >= 1, Status::invalid_argument, "permutations must be at least 1, found ",
          permutations);
}

}  // namespace

double permutation_p_value(const arma::mat& x, const arma::mat& y,
                           const std::vector<double>& gammas, std::size_t permutations,
                           Context& context) {
  require_permutations(permutations);
  if (x.n_cols < 2 || y.n_cols < 2) return kNaN;
  const arma::mat pooled = arma::join_rows(x, y), none(x.n_rows, 0);
  return p_value_of(PairWalk(pooled, none), x.n_cols, y.n_cols, gammas, permutations, context);
}

double permutation_p_value(const SquaredDistances& squared, const std::vector<double>& gammas,
                           std::size_t permutations, Context& context) {
  require_permutations(permutations);
  const std::size_t n = squared.across.n_rows, m = squared.across.n_cols;
  require(squared.within_x.n_rows == n && squared.within_x.n_cols == n &&
              squared.within_y.n_rows == m && squared.within_y.n_cols == m,
          Status::dimension_mismatch, "distances across are ", n, " x ", m, ", those within ",
          squared.within_x.n_rows, " x ", squared.within_x.n_cols, " and ", squared.within_y.n_rows,
          " x ", squared.within_y.n_cols);
  if (n < 2 || m < 2) return kNaN;
  return p_value_of(KnownTiles(squared), n, m, gammas, permutations, context);
}

MmdTest mmd2_permutation_test(const arma::mat& x, const arma::mat& y,
                              const std::vector<double>& gammas, std::size_t permutations,
                              Context& context) {
  require_permutations(permutations);
  MmdTest out;
  out.permutations = permutations;
  out.mmd2 = mmd2_mean(x, y, gammas, MmdEstimator::unbiased, context);
  out.p_value = permutation_p_value(x, y, gammas, permutations, context);
  return out;
}

}  // namespace laot
