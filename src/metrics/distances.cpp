#include "laot/metrics/distances.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "comparable.hpp"
#include "laot/cost_transport.hpp"
#include "laot/transport.hpp"
#include "pair_sums.hpp"

namespace laot {

Certificate transport_cost(const arma::mat& x, const arma::mat& y, Context& context) {
  require_comparable(x, "x", y, "y");
  CouplingOptions options;
  options.once = true;
  return Coupling(x, y, {}, {}, options).solve(x, context).certificate;
}

double wasserstein2(const arma::mat& x, const arma::mat& y, Context& context) {
  return std::sqrt(std::max(0.0, transport_cost(x, y, context).primal));
}

double wasserstein1(const arma::mat& x, const arma::mat& y, Context& context) {
  require_comparable(x, "x", y, "y");
  arma::mat cost = squared_distances(x, y, context);
  for (std::size_t k = 0; k < cost.n_elem; ++k) cost[k] = std::sqrt(cost[k]);
  const std::int64_t n = static_cast<std::int64_t>(x.n_cols);
  const std::int64_t m = static_cast<std::int64_t>(y.n_cols);
  if (n == m) return solve_assignment(cost, context).certificate.primal / static_cast<double>(n);
  const std::int64_t common = std::gcd(n, m);
  return solve_transport(cost, std::vector<std::int64_t>(x.n_cols, m / common),
                         std::vector<std::int64_t>(y.n_cols, n / common), context)
      .certificate.primal;
}

EnergyDistance energy_distance(const arma::mat& x, const arma::mat& y, Context& context) {
  require_comparable(x, "x", y, "y");
  const lanes::Kernels& kernel = lanes::kernels();
  const PairSums sums =
      sum_over_pairs(Cells::dense(x), Cells::dense(y), 1, context,
                     [&](const double* t, std::size_t count, std::vector<lanes::Sum>& out) {
                       kernel.add_sqrt(t, count, out[0]);
                     })[0];
  const double n = static_cast<double>(x.n_cols), m = static_cast<double>(y.n_cols);
  const double across = 2.0 * sums.xy / (n * m);
  EnergyDistance out;
  out.biased = across - 2.0 * sums.xx / (n * n) - 2.0 * sums.yy / (m * m);
  out.unbiased = x.n_cols < 2 || y.n_cols < 2
                     ? std::numeric_limits<double>::quiet_NaN()
                     : across - 2.0 * sums.xx / (n * (n - 1.0)) - 2.0 * sums.yy / (m * (m - 1.0));
  return out;
}

}  // namespace laot
