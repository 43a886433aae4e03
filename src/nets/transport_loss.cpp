#include "laot/nets/transport_loss.hpp"

#include <algorithm>
#include <cmath>

#include "laot/assignment.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/sinkhorn.hpp"

namespace laot::nets {

namespace {

// Below this share of |a|^2 + |b|^2 the expansion of |a - b|^2 has lost more than four digits.
constexpr double kClose = 1e-4;
// Exponents of the kernel beyond this underflow: then the log domain is needed.
constexpr double kDeepest = 600.0;

arma::rowvec squares_of(const arma::mat& points) {
  return arma::sum(arma::square(points), 0);
}

arma::vec uniform(std::size_t n) {
  return arma::vec(n, arma::fill::value(1.0 / static_cast<double>(n)));
}

SinkhornOptions log_domain_options(const EntropicOptions& options) {
  SinkhornOptions out;
  out.epsilon = options.epsilon;
  out.tolerance = options.tolerance;
  out.max_iterations = options.max_iterations;
  return out;
}

arma::mat plan_of(const SinkhornResult& result, const arma::mat& costs, double epsilon) {
  const double share = 1.0 / static_cast<double>(costs.n_elem);
  arma::mat out(arma::size(costs));
  for (arma::uword j = 0; j < costs.n_cols; ++j)
    for (arma::uword i = 0; i < costs.n_rows; ++i)
      out(i, j) =
          share * std::exp((result.source_potential[i] + result.target_potential[j] - costs(i, j)) /
                           epsilon);
  return out;
}

// exp(-(C_ij - r_i - s_j) / epsilon), each row and each column with an entry of 1; empty where an
// entry would underflow.
arma::mat kernel_of(const arma::mat& costs, double epsilon) {
  arma::mat out = costs;
  out.each_col() -= arma::vec(arma::min(costs, 1));
  out.each_row() -= arma::rowvec(arma::min(out, 0));
  if (out.max() > kDeepest * epsilon) return {};
  for (double& value : out) value = std::exp(-value / epsilon);
  return out;
}

// Newton's method on f, the logarithm of u, with exact columns: the Hessian of the dual is
// (diag(r) - P diag(1/b) P') / epsilon, r the row sums (halved steps until the error falls).
arma::mat polished(const arma::mat& kernel, arma::vec u, double tolerance, Context& context) {
  const arma::uword n = kernel.n_rows, m = kernel.n_cols;
  const double row = 1.0 / static_cast<double>(n), column = 1.0 / static_cast<double>(m);
  arma::vec rows;
  const auto plan_at = [&](const arma::vec& scaling) {
    arma::mat plan = kernel;
    plan.each_col() %= scaling;
    plan.each_row() %= column / arma::rowvec(arma::sum(plan, 0));
    rows = arma::sum(plan, 1);
    return plan;
  };
  arma::mat plan = plan_at(u);
  double error = arma::accu(arma::abs(rows - row));
  for (int step = 0; step < 50 && error > tolerance; ++step) {
    context.poll();
    const arma::mat hessian = arma::diagmat(rows) - plan * plan.t() / column + row;
    const arma::vec change = arma::solve(hessian, arma::vec(row - rows));
    double length = 1.0;
    arma::mat next;
    double reached = kInfinity;
    for (; length > 1e-4 && !(reached < error); length *= 0.5) {
      next = plan_at(u % arma::exp(length * change));
      reached = arma::accu(arma::abs(rows - row));
      if (reached < error) u %= arma::exp(length * change);
    }
    if (!(reached < error)) break;  // rounding
    plan = next;
    error = reached;
  }
  return plan;
}

double mean_of(const arma::mat& costs) {
  const double mean = arma::accu(costs) / static_cast<double>(costs.n_elem);
  require(mean > 0.0, Status::invalid_argument,
          "all cells of a batch are the same: there is nothing to learn");
  return mean;
}

}  // namespace

arma::mat point_costs(const arma::mat& a, const arma::mat& b, PointCost cost) {
  const std::size_t d = a.n_rows;
  const arma::vec middle = arma::mean(a, 1);
  arma::mat near_a = a, near_b = b;
  near_a.each_col() -= middle;
  near_b.each_col() -= middle;
  const arma::rowvec size_a = squares_of(near_a), size_b = squares_of(near_b);
  arma::mat out = near_a.t() * near_b;
  for (arma::uword j = 0; j < out.n_cols; ++j)
    for (arma::uword i = 0; i < out.n_rows; ++i) {
      const double sizes = size_a[i] + size_b[j];
      double square = sizes - 2.0 * out(i, j);
      if (square < kClose * sizes) square = squared_distance(a.colptr(i), b.colptr(j), d);
      out(i, j) = cost == PointCost::euclidean ? std::sqrt(square) : square;
    }
  return out;
}

arma::mat weighted_cost_gradient(const arma::mat& weights, const arma::mat& a, const arma::mat& b,
                                 const arma::mat& costs, PointCost cost) {
  arma::mat scaled = weights;
  if (cost == PointCost::squared)
    scaled *= 2.0;
  else
    for (arma::uword e = 0; e < scaled.n_elem; ++e)
      scaled[e] = costs[e] > 0.0 ? scaled[e] / costs[e] : 0.0;
  // Differences from one point near all of them: far from the origin nothing cancels.
  const arma::vec middle = arma::mean(a, 1);
  arma::mat out = a, others = b;
  out.each_col() -= middle;
  others.each_col() -= middle;
  out.each_row() %= arma::rowvec(arma::sum(scaled, 1).t());
  out -= others * scaled.t();
  return out;
}

arma::mat entropic_plan(const arma::mat& costs, const EntropicOptions& options, Context& context) {
  const arma::uword n = costs.n_rows, m = costs.n_cols;
  const double row = 1.0 / static_cast<double>(n), column = 1.0 / static_cast<double>(m);
  arma::mat kernel = kernel_of(costs, options.epsilon);
  if (kernel.is_empty()) {
    arma::mat plan =
        plan_of(sinkhorn(costs, uniform(n), uniform(m), log_domain_options(options), context),
                costs, options.epsilon);
    if (!options.polish) return plan;
    return polished(plan, arma::vec(n, arma::fill::ones), options.tolerance, context);
  }
  arma::vec v(m, arma::fill::value(column)), u = row / (kernel * v), sums;
  for (std::size_t step = 0; step < options.max_iterations; ++step) {
    context.poll();
    sums = kernel.t() * u;
    if (arma::accu(arma::abs(v % sums - column)) < options.tolerance) break;
    v = column / sums;
    u = row / (kernel * v);
  }
  if (options.polish) return polished(kernel, u, options.tolerance, context);
  kernel.each_col() %= u;
  kernel.each_row() %= v.t();
  return kernel;
}

arma::mat entropic_self_plan(const arma::mat& costs, const EntropicOptions& options,
                             Context& context) {
  const arma::uword n = costs.n_rows;
  const double share = 1.0 / static_cast<double>(n);
  arma::mat kernel;
  arma::vec u(n, arma::fill::ones);
  if (costs.max() > kDeepest * options.epsilon) {
    kernel = plan_of(sinkhorn_to_itself(costs, uniform(n), log_domain_options(options), context),
                     costs, options.epsilon);
  } else {
    kernel = costs;
    for (double& value : kernel) value = std::exp(-value / options.epsilon);
    u *= share;
    for (std::size_t step = 0; step < options.max_iterations; ++step) {
      context.poll();
      const arma::vec sums = kernel * u;
      if (arma::accu(arma::abs(u % sums - share)) < options.tolerance) break;
      u = arma::sqrt(u % (share / sums));
    }
  }
  if (options.polish) {
    const arma::mat plan = polished(kernel, u, options.tolerance, context);
    return 0.5 * (plan + plan.t());
  }
  kernel.each_col() %= u;
  kernel.each_row() %= u.t();
  return kernel;
}

PlanValue value_of(const arma::mat& plan, const arma::mat& costs) {
  PlanValue out;
  double mass = 0.0;
  for (arma::uword e = 0; e < plan.n_elem; ++e) {
    const double p = plan[e];
    mass += p;
    out.transport += p * costs[e];
    if (p > 0.0) out.entropy -= p * std::log(p);
  }
  out.kl = mass * std::log(static_cast<double>(plan.n_elem)) - out.entropy - mass + 1.0;
  return out;
}

BatchDivergence batch_divergence(const arma::mat& t, const arma::mat& y, PointCost cost,
                                 EntropicOptions options, bool of_mean_cost, bool all,
                                 Context& context) {
  const arma::mat between = point_costs(t, y, cost), within = point_costs(t, t, cost);
  if (of_mean_cost) options.epsilon *= mean_of(between);
  const arma::mat plan = entropic_plan(between, options, context);
  const arma::mat self = entropic_self_plan(within, options, context);
  BatchDivergence out;
  out.self_mass = arma::trace(self);
  out.gradient_t = weighted_cost_gradient(plan, t, y, between, cost) -
                   weighted_cost_gradient(self, t, t, within, cost);
  if (!all) return out;
  const arma::mat of_target = point_costs(y, y, cost);
  const arma::mat target_self = entropic_self_plan(of_target, options, context);
  const auto regularised = [&](const arma::mat& p, const arma::mat& costs) {
    const PlanValue value = value_of(p, costs);
    return value.transport + options.epsilon * value.kl;
  };
  out.value = regularised(plan, between) - 0.5 * regularised(self, within) -
              0.5 * regularised(target_self, of_target);
  out.gradient_y = weighted_cost_gradient(arma::mat(plan.t()), y, t, arma::mat(between.t()), cost) -
                   weighted_cost_gradient(target_self, y, y, of_target, cost);
  return out;
}

MongeGap monge_gap(const arma::mat& x, const arma::mat& t, PointCost cost,
                   const EntropicOptions& options, Context& context) {
  const arma::uword n = x.n_cols;
  const double share = 1.0 / static_cast<double>(n);
  const arma::mat costs = point_costs(x, t, cost);
  arma::mat plan;
  if (options.epsilon > 0.0) {
    plan = entropic_plan(costs, options, context);
  } else {
    const Assignment best = solve_assignment(arma::mat(costs.t()), context);
    plan.zeros(n, n);
    for (arma::uword i = 0; i < n; ++i) plan(i, best.column_of_row[i]) = share;
  }
  const PlanValue value = value_of(plan, costs);
  MongeGap out;
  out.value = share * arma::trace(costs) - value.transport + options.epsilon * value.entropy;
  plan *= -1.0;
  plan.diag() += share;
  out.gradient_x = weighted_cost_gradient(plan, x, t, costs, cost);
  out.gradient_t = weighted_cost_gradient(arma::mat(plan.t()), t, x, arma::mat(costs.t()), cost);
  return out;
}

CmongeLoss cmonge_loss(const arma::mat& x, const arma::mat& t, const arma::mat& y,
                       const CmongeLossOptions& options, bool all, Context& context) {
  EntropicOptions entropic{options.epsilon, options.tolerance, options.max_iterations,
                           options.polish};
  const BatchDivergence fitting =
      batch_divergence(t, y, options.cost, entropic, options.epsilon_of_mean_cost, all, context);
  CmongeLoss out;
  out.self_mass = fitting.self_mass;
  out.of_t = fitting.gradient_t;
  if (options.gap_weight > 0.0) {
    entropic.epsilon = options.gap_epsilon;
    const MongeGap gap = monge_gap(x, t, options.cost, entropic, context);
    out.gap = gap.value;
    out.of_t += options.gap_weight * gap.gradient_t;
    out.of_x = options.gap_weight * gap.gradient_x;
  }
  if (!all) return out;
  out.fitting = fitting.value;
  out.total = out.fitting + (options.gap_weight > 0.0 ? options.gap_weight * out.gap : 0.0);
  out.of_y = fitting.gradient_y;
  return out;
}

}  // namespace laot::nets
