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

}  // namespace

double permutation_p_value(const arma::mat& x, const arma::mat& y,
                           const std::vector<double>& gammas, std::size_t permutations,
                           Context& context) {
  require(permutations >= 1, Status::invalid_argument, "permutations must be at least 1, found ",
          permutations);
  if (x.n_cols < 2 || y.n_cols < 2) return kNaN;
  const SingleThreadedBlas blas;
  const std::size_t n = x.n_cols, m = y.n_cols, cells = n + m;
  const arma::mat pooled = arma::join_rows(x, y), none(x.n_rows, 0);
  const PairWalk walk(pooled, none);
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
    std::vector<LabelSums> of_strip(walk.strips());
    for (LabelSums& sums : of_strip)
      sums.within_x.assign(count, 0.0), sums.from_x.assign(count, 0.0);
    std::vector<arma::mat> scratch(static_cast<std::size_t>(std::max(context.num_threads, 1)));
    walk.run(context, [&](const PairTile& tile) {
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

MmdTest mmd2_permutation_test(const arma::mat& x, const arma::mat& y,
                              const std::vector<double>& gammas, std::size_t permutations,
                              Context& context) {
  require(permutations >= 1, Status::invalid_argument, "permutations must be at least 1, found ",
          permutations);
  MmdTest out;
  out.permutations = permutations;
  out.mmd2 = mmd2_mean(x, y, gammas, MmdEstimator::unbiased, context);
  out.p_value = permutation_p_value(x, y, gammas, permutations, context);
  return out;
}

}  // namespace laot
