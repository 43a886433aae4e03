// Squared maximum mean discrepancy with the RBF kernel k(u, v) = exp(-gamma |u - v|^2)
// (Gretton et al., A kernel two-sample test, JMLR 2012).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/data.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// unbiased: the U-statistic, mean of k over the pairs i != j within each cloud minus twice the
/// mean over the pairs across. It is not clipped: about half of its values are negative where the
/// laws are equal. biased: the V-statistic, with the diagonals, never negative.
enum class MmdEstimator { unbiased, biased };

/// MMD^2 between x (d x n) and y (d x m), cells as columns, for each gamma > 0, in one pass over
/// the distances. NaN for the unbiased estimate where n or m is 1: it needs pairs. Time O((n + m)^2
/// (d + number of gammas)); memory under 5 MB a thread beside the input, whatever n and m (d up to
/// 2000; 31 MB at 20000): sparse and selected cells are made dense a tile at a time. The bits are
/// the same for every number of threads and every instruction set.
std::vector<double> mmd2(const Cells& x, const Cells& y, const std::vector<double>& gammas,
                         MmdEstimator estimator, Context& context);
std::vector<double> mmd2(const arma::mat& x, const arma::mat& y, const std::vector<double>& gammas,
                         MmdEstimator estimator, Context& context);

/// Both estimates, for each gamma.
struct Mmd2 {
  double unbiased = 0.0, biased = 0.0;
};
std::vector<Mmd2> mmd2_both(const Cells& x, const Cells& y, const std::vector<double>& gammas,
                            Context& context);

/// Work that comparisons with one population share: the sums of exp(-gamma |u - v|^2), one for each
/// gamma, over the pairs i < j of x, and over all pairs of x with y; and both estimates from the
/// sums within x (n cells), within y (m cells) and across. They differ from mmd2_both by rounding
/// alone. They can leave the squared distances behind them, which are right to about 1e-12 of
/// themselves: [n x n], above the diagonal, and [n x m].
std::vector<double> kernel_sums_within(const arma::mat& x, const std::vector<double>& gammas,
                                       Context& context, arma::mat* squared = nullptr);
std::vector<double> kernel_sums_across(const arma::mat& x, const arma::mat& y,
                                       const std::vector<double>& gammas, Context& context,
                                       arma::mat* squared = nullptr);
std::vector<Mmd2> mmd2_from_sums(const std::vector<double>& within_x,
                                 const std::vector<double>& within_y,
                                 const std::vector<double>& across, std::size_t n, std::size_t m);

/// The mean of mmd2 over a list of gammas, which costs little more than one gamma: with four or
/// more of them, and enough pairs, the mean kernel is read from piecewise cubics in the squared
/// distance. The cubics are within 5e-13 of the mean kernel, so the result is within 2e-12 of the
/// exact mean.
double mmd2_mean(const Cells& x, const Cells& y, const std::vector<double>& gammas,
                 MmdEstimator estimator, Context& context);
double mmd2_mean(const arma::mat& x, const arma::mat& y, const std::vector<double>& gammas,
                 MmdEstimator estimator, Context& context);

/// 10^first ... 10^last, `count` values equally spaced in the exponent (numpy's logspace).
std::vector<double> logspace(double first_exponent, double last_exponent, std::size_t count);

/// Of how many pooled cells the median heuristic looks at all pairs, unless told otherwise.
constexpr std::size_t kMedianGammaCells = 4000;

struct MedianGamma {
  double gamma = 0.0;                    // 1 / median
  double median_squared_distance = 0.0;  // of the positive squared distances of all pairs
  std::size_t cells = 0;                 // pooled cells that were used
  bool subsample = false;                // true: a part of the cells, drawn with the context's seed
};

/// The pooled cells that the heuristic looks at: all of them, or most_cells, drawn without
/// replacement by `draws`, in their order. They read from x and y; the second may have none.
struct PooledCells {
  Cells x, y;
};
PooledCells median_gamma_cells(const Cells& x, const Cells& y, std::size_t most_cells, Rng draws);

/// The median heuristic: gamma = 1 / median of the positive squared distances over the pairs i < j
/// of the pooled cells of x and y (y may have none); the median of an even number of values is the
/// mean of the middle two. Exact for up to `most_cells` pooled cells; of more, most_cells are drawn
/// without replacement with the context's seed. gamma and median are NaN where no distance is
/// positive. One walk over the pairs in single precision chooses, and double precision decides the
/// few that it leaves open; where ties leave many, two walks in double precision. The same bits
/// either way, in the memory of mmd2 and that of the distances near the median.
MedianGamma median_gamma(const Cells& x, const Cells& y, Context& context,
                         std::size_t most_cells = kMedianGammaCells);
/// The same with cells drawn by `draws`.
MedianGamma median_gamma(const Cells& x, const Cells& y, Context& context, std::size_t most_cells,
                         Rng draws);
MedianGamma median_gamma(const arma::mat& x, const arma::mat& y, Context& context,
                         std::size_t most_cells = kMedianGammaCells);

constexpr std::size_t kTestPermutations = 999;  // what a host asks for by default

struct MmdTest {
  double mmd2 = 0.0;     // unbiased, mean over the gammas
  double p_value = 0.0;  // (1 + permutations with an MMD^2 as large) / (1 + permutations)
  std::size_t permutations = 0;
};

/// Permutation test of equal laws: how often the unbiased MMD^2 (mean over the gammas) of randomly
/// relabelled cells, drawn with the context's seed, is as large as that of the data. NaN where n or
/// m is 1. O((n + m)^2 (d + permutations)) time; a copy of the cells and under 60 MB of memory.
MmdTest mmd2_permutation_test(const arma::mat& x, const arma::mat& y,
                              const std::vector<double>& gammas, std::size_t permutations,
                              Context& context);
/// The p-value alone, in half the time.
double permutation_p_value(const arma::mat& x, const arma::mat& y,
                           const std::vector<double>& gammas, std::size_t permutations,
                           Context& context);

/// Squared distances of the pairs i < j of x and of y, above the diagonal, and of all pairs of x
/// with y: n x n, m x m and n x m.
struct SquaredDistances {
  const arma::mat &within_x, &within_y, &across;
};
/// The p-value where the distances are known: O((n + m)^2 permutations) time.
double permutation_p_value(const SquaredDistances& squared, const std::vector<double>& gammas,
                           std::size_t permutations, Context& context);

}  // namespace laot
