#include <algorithm>
#include <cmath>
#include <limits>

#include "unbalanced_sinkhorn.hpp"

namespace laot {

namespace {

// log sum_i exp((potential_i - cost_i) / epsilon)
double log_sum(const double* cost, const arma::vec& potential, double epsilon) {
  double top = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < potential.n_elem; ++i)
    top = std::max(top, (potential[i] - cost[i]) / epsilon);
  double sum = 0.0;
  for (std::size_t i = 0; i < potential.n_elem; ++i)
    sum += std::exp((potential[i] - cost[i]) / epsilon - top);
  return top + std::log(sum);
}

}  // namespace

UnbalancedPlan unbalanced_sinkhorn(const arma::mat& cost, const arma::vec& a, const arma::vec& b,
                                   const UnbalancedOptions& options, Context& context) {
  const double epsilon = options.epsilon, rho = options.relaxation;
  require(epsilon > 0.0 && rho > 0.0, Status::invalid_argument,
          "epsilon and relaxation must be positive, found ", epsilon, " and ", rho);
  require(a.n_elem == cost.n_rows && b.n_elem == cost.n_cols && !cost.is_empty(),
          Status::dimension_mismatch, "a cost of ", cost.n_rows, " x ", cost.n_cols,
          " needs as many weights, found ", a.n_elem, " and ", b.n_elem);
  const arma::mat transposed = cost.t();
  const double share = rho / (rho + epsilon);
  arma::vec f(a.n_elem, arma::fill::zeros), g(b.n_elem, arma::fill::zeros);
  UnbalancedPlan out;
  for (; out.iterations < options.max_iterations && !out.converged; ++out.iterations) {
    context.poll();
    double moved = 0.0;
    const auto update = [&](arma::vec& own, const arma::vec& other, const arma::vec& weights,
                            const arma::mat& columns) {
      for (std::size_t i = 0; i < own.n_elem; ++i) {
        const double next =
            share * epsilon * (std::log(weights[i]) - log_sum(columns.colptr(i), other, epsilon));
        moved = std::max(moved, std::abs(next - own[i]) / epsilon);
        own[i] = next;
      }
    };
    update(f, g, a, transposed);
    update(g, f, b, cost);
    out.converged = moved < options.tolerance;
  }
  out.mass.set_size(cost.n_rows, cost.n_cols);
  for (std::size_t j = 0; j < cost.n_cols; ++j)
    for (std::size_t i = 0; i < cost.n_rows; ++i)
      out.mass(i, j) = std::exp((f[i] + g[j] - cost(i, j)) / epsilon);
  return out;
}

}  // namespace laot
