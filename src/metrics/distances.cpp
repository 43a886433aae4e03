#include "laot/metrics/distances.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "comparable.hpp"
#include "laot/cost_transport.hpp"
#include "laot/metrics/weighted.hpp"
#include "laot/transport.hpp"
#include "pair_sums.hpp"

namespace laot {

namespace {

// Relative error to which a cost is known.
constexpr double kResolved = 1e-9;
// A pair costs eight bytes; what is solved on the whole cost besides takes the cube of this.
constexpr double kMostPairs = 1.5e8;

// Exact transport of evenly weighted cells for costs that are given, averaged over the mass.
Certificate cost_of_pairs(const arma::mat& cost, Context& context) {
  const std::int64_t n = static_cast<std::int64_t>(cost.n_cols);
  const std::int64_t m = static_cast<std::int64_t>(cost.n_rows);
  if (n == m) {
    Certificate out = solve_assignment(cost, context).certificate;
    out.primal /= static_cast<double>(n);
    out.dual /= static_cast<double>(n);
    return out;
  }
  const std::int64_t common = std::gcd(n, m);
  return solve_transport(cost, std::vector<std::int64_t>(cost.n_cols, m / common),
                         std::vector<std::int64_t>(cost.n_rows, n / common), context)
      .certificate;
}

// Of cells of x with weights in `per_y` units for each cell of y.
Certificate cost_of_pairs(const arma::mat& cost, const arma::vec& weights, std::int64_t per_y,
                          Context& context) {
  const double total = static_cast<double>(per_y) * static_cast<double>(cost.n_rows);
  std::vector<std::int64_t> supply;
  for (const double weight : weights) supply.push_back(std::llround(weight * total));
  return solve_transport(cost, supply, std::vector<std::int64_t>(cost.n_rows, per_y), context)
      .certificate;
}

// Units of the weights of cells: their rounding is below that of the costs.
constexpr std::int64_t kWeightUnits = std::int64_t{1} << 40;

std::int64_t units_for_each(std::size_t cells) {
  const std::int64_t m = static_cast<std::int64_t>(cells);
  return (kWeightUnits + m - 1) / m;
}

Certificate cost_by(Coupling& coupling, const arma::mat& x, const arma::mat& y, bool even,
                    Context& context) {
  const Certificate out = coupling.solve(x, context).certificate;
  const double rounding = rounding_of_costs(x, y);
  if (out.primal == 0.0 || rounding <= kResolved * out.primal) return out;
  // Cells far from all others: what the others cost is lost beside the squares of such distances,
  // but not in the differences themselves.
  require(static_cast<double>(x.n_cols) * static_cast<double>(y.n_cols) <= kMostPairs,
          Status::numerical_failure, "the populations differ by ", std::sqrt(out.primal),
          " in the mean, which double precision does not resolve beside cells that are ",
          std::sqrt(rounding / (8.0 * std::numeric_limits<double>::epsilon())),
          " away from the others; leave such cells out, or score a subsample");
  const arma::mat squared = squared_distances(x, y, context);
  return even
             ? cost_of_pairs(squared, context)
             : cost_of_pairs(squared, coupling.source_weights(), units_for_each(y.n_cols), context);
}

}  // namespace

Certificate transport_cost(const arma::mat& x, const arma::mat& y, Context& context) {
  require_comparable(x, "x", y, "y");
  CouplingOptions options;
  options.mode = CouplingMode::exact;
  options.once = true;
  Coupling coupling(x, y, {}, {}, options);
  return cost_by(coupling, x, y, true, context);
}

double wasserstein2(const arma::mat& x, const arma::mat& y, Context& context) {
  return std::sqrt(std::max(0.0, transport_cost(x, y, context).primal));
}

double wasserstein2(const arma::mat& x, const arma::mat& y, Coupling& coupling, Context& context) {
  require_comparable(x, "x", y, "y");
  return std::sqrt(std::max(0.0, cost_by(coupling, x, y, true, context).primal));
}

double weighted_wasserstein2(const arma::mat& x, const arma::vec& weights, const arma::mat& y,
                             Context& context) {
  require_comparable(x, "x", y, "y");
  const arma::uvec counting = arma::find(weights > 0.0);
  const arma::mat cells = x.cols(counting);
  const arma::vec w = weights.elem(counting);
  CouplingOptions options;
  options.mode = CouplingMode::exact;
  options.once = true;
  options.units = kWeightUnits;
  Coupling coupling(cells, y, arma::vec(w / arma::accu(w)), {}, {}, options);
  return std::sqrt(std::max(0.0, cost_by(coupling, cells, y, false, context).primal));
}

double wasserstein2_of_distances(const arma::mat& squared, Context& context) {
  require(squared.n_rows == squared.n_cols, Status::dimension_mismatch,
          "as many cells are needed on both sides, found ", squared.n_rows, " and ",
          squared.n_cols);
  return std::sqrt(std::max(0.0, cost_of_pairs(squared, context).primal));
}

double wasserstein1(const arma::mat& x, const arma::mat& y, Context& context) {
  require_comparable(x, "x", y, "y");
  return cost_of_pairs(pairwise_costs(y, x, PairCost::euclidean, context), context).primal;
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
  // Not negative but for rounding, as the square of a norm.
  out.biased = std::max(0.0, across - 2.0 * sums.xx / (n * n) - 2.0 * sums.yy / (m * m));
  out.unbiased = x.n_cols < 2 || y.n_cols < 2
                     ? std::numeric_limits<double>::quiet_NaN()
                     : across - 2.0 * sums.xx / (n * (n - 1.0)) - 2.0 * sums.yy / (m * (m - 1.0));
  return out;
}

}  // namespace laot
