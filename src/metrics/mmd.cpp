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

double combine(const PairSums& sums, std::size_t cells_x, std::size_t cells_y,
               MmdEstimator estimator) {
  const double n = static_cast<double>(cells_x), m = static_cast<double>(cells_y);
  if (estimator == MmdEstimator::biased)  // the square of a norm: negative by rounding alone
    return std::max(0.0, (2.0 * sums.xx + n) / (n * n) + (2.0 * sums.yy + m) / (m * m) -
                             2.0 * sums.xy / (n * m));
  if (cells_x < 2 || cells_y < 2) return kNaN;
  return 2.0 * sums.xx / (n * (n - 1.0)) + 2.0 * sums.yy / (m * (m - 1.0)) -
         2.0 * sums.xy / (n * m);
}

bool worth_a_table(const std::vector<double>& gammas, std::size_t n, std::size_t m) {
  if (gammas.size() < 4) return false;
  const double cells = static_cast<double>(n + m);
  const double intervals = static_cast<double>(mean_kernel_intervals(gammas));
  return 0.5 * cells * cells > 4.0 * intervals && intervals < 1e5;
}

}  // namespace

std::vector<double> mmd2(const Cells& x, const Cells& y, const std::vector<double>& gammas,
                         MmdEstimator estimator, Context& context) {
  require_gammas(gammas);
  require(y.cells() > 0, Status::invalid_argument, "y must have at least one cell");
  const lanes::Kernels& kernel = lanes::kernels();
  const std::vector<PairSums> sums =
      sum_over_pairs(x, y, gammas.size(), context,
                     [&](const double* t, std::size_t count, std::vector<lanes::Sum>& out) {
                       for (std::size_t g = 0; g < gammas.size(); ++g)
                         kernel.add_exp(t, count, gammas[g], out[g]);
                     });
  std::vector<double> out;
  for (const PairSums& s : sums) out.push_back(combine(s, x.cells(), y.cells(), estimator));
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
  return combine(sums[0], x.cells(), y.cells(), estimator);
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
