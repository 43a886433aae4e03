#include "laot/metrics/mmd.hpp"

#include <algorithm>
#include <cmath>

#include "lanes.hpp"
#include "mean_kernel.hpp"
#include "pair_sums.hpp"

namespace laot {

namespace {

void require_gammas(const std::vector<double>& gammas) {
  require(!gammas.empty(), Status::invalid_argument, "gamma must have at least one value");
  for (const double gamma : gammas)
    require(std::isfinite(gamma) && gamma > 0.0, Status::invalid_argument,
            "gamma must be positive and finite, found ", gamma);
}

Mmd2 estimates(const PairSums& sums, std::size_t cells_x, std::size_t cells_y) {
  const double n = static_cast<double>(cells_x), m = static_cast<double>(cells_y);
  Mmd2 out;
  // The square of a norm: negative by rounding alone.
  out.biased = std::max(
      0.0, (2.0 * sums.xx + n) / (n * n) + (2.0 * sums.yy + m) / (m * m) - 2.0 * sums.xy / (n * m));
  out.unbiased = cells_x < 2 || cells_y < 2
                     ? kNaN
                     : 2.0 * sums.xx / (n * (n - 1.0)) + 2.0 * sums.yy / (m * (m - 1.0)) -
                           2.0 * sums.xy / (n * m);
  return out;
}

double of(const Mmd2& both, MmdEstimator estimator) {
  return estimator == MmdEstimator::biased ? both.biased : both.unbiased;
}

bool worth_a_table(const std::vector<double>& gammas, std::size_t n, std::size_t m) {
  if (gammas.size() < 4) return false;
  const double cells = static_cast<double>(n + m);
  const double intervals = static_cast<double>(mean_kernel_intervals(gammas));
  return 0.5 * cells * cells > 4.0 * intervals && intervals < 1e5;
}

}  // namespace

std::vector<Mmd2> mmd2_both(const Cells& x, const Cells& y, const std::vector<double>& gammas,
                            Context& context) {
  require_gammas(gammas);
  require(y.cells() > 0, Status::invalid_argument, "y must have at least one cell");
  std::vector<Mmd2> out;
  for (const PairSums& s : sum_over_pairs(x, y, gammas.size(), context, kernels_of(gammas)))
    out.push_back(estimates(s, x.cells(), y.cells()));
  return out;
}

std::vector<double> mmd2(const Cells& x, const Cells& y, const std::vector<double>& gammas,
                         MmdEstimator estimator, Context& context) {
  std::vector<double> out;
  for (const Mmd2& both : mmd2_both(x, y, gammas, context)) out.push_back(of(both, estimator));
  return out;
}

std::vector<double> kernel_sums_within(const arma::mat& x, const std::vector<double>& gammas,
                                       Context& context, arma::mat* squared) {
  require_gammas(gammas);
  if (squared != nullptr) squared->set_size(x.n_cols, x.n_cols);
  const arma::mat none(x.n_rows, 0);
  std::vector<double> out;
  for (const PairSums& s : sum_over_pairs(Cells::dense(x), Cells::dense(none), gammas.size(),
                                          context, kernels_of(gammas), squared))
    out.push_back(s.xx);
  return out;
}

std::vector<double> kernel_sums_across(const arma::mat& x, const arma::mat& y,
                                       const std::vector<double>& gammas, Context& context,
                                       arma::mat* squared) {
  require_gammas(gammas);
  if (squared != nullptr) squared->set_size(x.n_cols, y.n_cols);
  std::vector<double> out;
  for (const PairSums& s : sum_across_pairs(Cells::dense(x), Cells::dense(y), gammas.size(),
                                            context, kernels_of(gammas), squared))
    out.push_back(s.xy);
  return out;
}

std::vector<Mmd2> mmd2_from_sums(const std::vector<double>& within_x,
                                 const std::vector<double>& within_y,
                                 const std::vector<double>& across, std::size_t n, std::size_t m) {
  std::vector<Mmd2> out;
  for (std::size_t g = 0; g < across.size(); ++g)
    out.push_back(estimates({within_x[g], within_y[g], across[g]}, n, m));
  return out;
}

double mmd2_mean(const Cells& x, const Cells& y, const std::vector<double>& gammas,
                 MmdEstimator estimator, Context& context) {
  require_gammas(gammas);
  if (!worth_a_table(gammas, x.cells(), y.cells())) {
    double sum = 0.0;
    for (const double value : mmd2(x, y, gammas, estimator, context)) sum += value;
    return sum / static_cast<double>(gammas.size());
  }
  require(y.cells() > 0, Status::invalid_argument, "y must have at least one cell");
  const lanes::Kernels& kernel = lanes::kernels();
  const lanes::Cubics cubics = mean_kernel(gammas);
  const std::vector<PairSums> sums = sum_over_pairs(
      x, y, 1, context, [&](const double* t, std::size_t count, std::vector<lanes::Sum>& out) {
        kernel.add_cubics(t, count, cubics, out[0]);
      });
  return of(estimates(sums[0], x.cells(), y.cells()), estimator);
}

std::vector<double> mmd2(const arma::mat& x, const arma::mat& y, const std::vector<double>& gammas,
                         MmdEstimator estimator, Context& context) {
  return mmd2(Cells::dense(x), Cells::dense(y), gammas, estimator, context);
}

double mmd2_mean(const arma::mat& x, const arma::mat& y, const std::vector<double>& gammas,
                 MmdEstimator estimator, Context& context) {
  return mmd2_mean(Cells::dense(x), Cells::dense(y), gammas, estimator, context);
}

std::vector<double> logspace(double first_exponent, double last_exponent, std::size_t count) {
  std::vector<double> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double share = count < 2 ? 0.0 : static_cast<double>(i) / static_cast<double>(count - 1);
    out[i] = std::pow(10.0, first_exponent + share * (last_exponent - first_exponent));
  }
  return out;
}

}  // namespace laot
