#include "laot/sinkhorn.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "entropic_newton.hpp"
#include "laot/assignment.hpp"
#include "laot/base/median.hpp"
#include "laot/base/sums.hpp"

namespace laot {

namespace {

constexpr std::size_t kRowsPerChunk = 128;
// Within these powers of e of the absorbed potentials, the plan is rescaled by products; an entry
// that underflows in the absorbed plan stays under 1e-280 of its row.
constexpr double kLargestScaling = 20.0;
// Alternating updates that have not come to an end by then are slow: plans that are nearly a
// matching, as of a prediction that is right cell by cell.
constexpr std::size_t kPatience = 200;
// Epsilon falls by this factor from the range of the cost; each step ends at this error.
constexpr double kAnnealing = 0.25, kAnnealedError = 1e-3;
// An error from which no annealing is needed.
constexpr double kNear = 0.1;
constexpr std::size_t kAttempt = 1000;  // iterations that are worth a try
constexpr double kLostOfDifference = 1e-3;
constexpr std::size_t kSampledCosts = 100000;  // for a median

// out_i = -epsilon log sum_j w_j exp((h_j - c_ij) / epsilon), for the rows of the cost.
void soft_minimum_of_rows(const arma::mat& cost, const arma::vec& weights, const arma::vec& h,
                          double epsilon, arma::vec& out, Context& context) {
  const std::size_t n = cost.n_rows, m = cost.n_cols;
  out.set_size(n);
  parallel_for(context, n, kRowsPerChunk, [&](std::size_t first, std::size_t last, int) {
    double largest[kRowsPerChunk], sum[kRowsPerChunk];
    const std::size_t rows = last - first;
    std::fill(largest, largest + rows, -std::numeric_limits<double>::infinity());
    std::fill(sum, sum + rows, 0.0);
    for (std::size_t j = 0; j < m; ++j) {
      const double* c = cost.colptr(j) + first;
      for (std::size_t i = 0; i < rows; ++i) largest[i] = std::max(largest[i], h[j] - c[i]);
    }
    for (std::size_t j = 0; j < m; ++j) {
      const double* c = cost.colptr(j) + first;
      for (std::size_t i = 0; i < rows; ++i)
        sum[i] += weights[j] * std::exp((h[j] - c[i] - largest[i]) / epsilon);
    }
    for (std::size_t i = 0; i < rows; ++i)
      out[first + i] = -largest[i] - epsilon * std::log(sum[i]);
  });
}

// The same for the columns of the cost.
void soft_minimum_of_columns(const arma::mat& cost, const arma::vec& weights, const arma::vec& h,
                             double epsilon, arma::vec& out, Context& context) {
  const std::size_t n = cost.n_rows, m = cost.n_cols;
  out.set_size(m);
  parallel_for(context, m, 16, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t j = first; j < last; ++j) {
      const double* c = cost.colptr(j);
      double largest = -std::numeric_limits<double>::infinity(), sum = 0.0;
      for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, h[i] - c[i]);
      for (std::size_t i = 0; i < n; ++i)
        sum += weights[i] * std::exp((h[i] - c[i] - largest) / epsilon);
      out[j] = -largest - epsilon * std::log(sum);
    }
  });
}

// density_ij = exp((f_i + g_j - c_ij) / epsilon), the plan without its weights.
void fill_density(const arma::mat& cost, const arma::vec& f, const arma::vec& g, double epsilon,
                  arma::mat& density, Context& context) {
  density.set_size(cost.n_rows, cost.n_cols);
  parallel_for(context, cost.n_cols, 16, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t j = first; j < last; ++j) {
      const double* c = cost.colptr(j);
      double* p = density.colptr(j);
      for (std::size_t i = 0; i < cost.n_rows; ++i) p[i] = std::exp((f[i] + g[j] - c[i]) / epsilon);
    }
  });
}

double dot(const double* a, const double* b, std::size_t n) {
  return sum_in_lanes<8>(n, [a, b](std::size_t i) { return a[i] * b[i]; });
}

void check(const arma::mat& cost, const arma::vec& a, const arma::vec& b,
           const SinkhornOptions& options) {
  require(cost.n_rows == a.n_elem && cost.n_cols == b.n_elem && cost.n_elem > 0,
          Status::dimension_mismatch, "entropic transport of ", a.n_elem, " to ", b.n_elem,
          " weights needs a cost of that size, found ", cost.n_rows, " x ", cost.n_cols);
  require(cost.is_finite(), Status::not_finite, "the cost of a transport has a NaN or Inf");
  require(options.epsilon > 0.0 && std::isfinite(options.epsilon), Status::invalid_argument,
          "epsilon must be positive, found ", options.epsilon);
  for (const arma::vec* weights : {&a, &b}) {
    double sum = 0.0;
    for (const double w : *weights) {
      require(w > 0.0, Status::invalid_argument, "weights must be positive, found ", w);
      sum += w;
    }
    require(std::abs(sum - 1.0) < 1e-9, Status::invalid_argument, "weights must sum to 1, found ",
            sum);
  }
}

class Scaling {
 public:
  Scaling(const arma::mat& cost, const arma::vec& a, const arma::vec& b, double epsilon)
      : cost_(cost), a_(a), b_(b), epsilon_(epsilon), f_(cost.n_rows), g_(cost.n_cols) {
    g_.zeros();
  }

  void run(const SinkhornOptions& options, Context& context, SinkhornResult& out) {
    alternate(options, std::min(options.max_iterations, kPatience), context, out);
    if (!out.converged && out.iterations < options.max_iterations)
      accelerate(options, context, out);
    finish(context, out);
  }

 private:
  void alternate(const SinkhornOptions& options, std::size_t most, Context& context,
                 SinkhornResult& out) {
    soft_minimum_of_rows(cost_, b_, g_, epsilon_, f_, context);
    for (out.iterations = 1;; ++out.iterations) {
      context.poll("sinkhorn", static_cast<double>(out.iterations) /
                                   static_cast<double>(options.max_iterations + 1));
      out.marginal_error = absorbed_ ? column_error_of_scaling() : update_columns(context);
      out.converged = out.marginal_error < options.tolerance;
      if (out.converged || out.iterations >= most) break;
      if (!absorbed_) {
        const double change = update_rows(context);
        if (change <= kLargestScaling) absorb(context);
      } else if (!rescale()) {
        release();
        (void)update_columns(context);
        (void)update_rows(context);
      }
    }
    if (absorbed_) release();
    density_.reset();
  }

  // Newton's method from where the updates stand and, where that does not come to an end, along a
  // path of falling epsilon (Schmitzer, 2019). What it comes to is a dual value, and so a bound
  // from below, in any case.
  void accelerate(const SinkhornOptions& options, Context& context, SinkhornResult& out) {
    detail::EntropicNewton newton(cost_, a_, b_);
    const auto solve = [&](arma::vec& g, double epsilon, double tolerance, std::size_t most) {
      const std::size_t before = newton.iterations();
      most = std::min(most, options.max_iterations - out.iterations);
      const double error = newton.run(g, epsilon, tolerance, most, context);
      out.iterations += newton.iterations() - before;
      return error;
    };
    const auto finish_from = [&](arma::vec& g, std::size_t most) {
      const double error = solve(g, epsilon_, options.tolerance, most);
      if (!(error < out.marginal_error)) return;
      g_ = g;
      out.marginal_error = error;
      out.converged = error < options.tolerance;
    };
    arma::vec g = g_;
    if (out.marginal_error < kNear) finish_from(g, kAttempt);
    if (out.converged) return;
    g.zeros();
    for (double epsilon = cost_.max() - cost_.min(); epsilon > epsilon_; epsilon *= kAnnealing)
      (void)solve(g, epsilon, kAnnealedError, kAttempt);
    finish_from(g, options.max_iterations);
  }

  // New g; returns the error of the column sums before the update.
  double update_columns(Context& context) {
    soft_minimum_of_columns(cost_, a_, f_, epsilon_, next_, context);
    double error = 0.0;
    for (std::size_t j = 0; j < g_.n_elem; ++j)
      error += b_[j] * std::abs(std::expm1((g_[j] - next_[j]) / epsilon_));
    previous_g_ = g_;
    g_ = next_;
    return error;
  }

  // New f; returns the largest change of either potential in this iteration, in units of epsilon.
  double update_rows(Context& context) {
    soft_minimum_of_rows(cost_, b_, g_, epsilon_, next_, context);
    double change = 0.0;
    for (std::size_t i = 0; i < f_.n_elem; ++i)
      change = std::max(change, std::abs(next_[i] - f_[i]));
    for (std::size_t j = 0; j < g_.n_elem; ++j)
      change = std::max(change, std::abs(g_[j] - previous_g_[j]));
    f_ = next_;
    return change / epsilon_;
  }

  // Plan = diag(a u) density diag(b v), with u = v = 1 at first.
  void absorb(Context& context) {
    fill_density(cost_, f_, g_, epsilon_, density_, context);
    weighted_u_ = a_;
    weighted_v_ = b_;
    absorbed_ = true;
  }

  void release() {
    for (std::size_t i = 0; i < f_.n_elem; ++i)
      f_[i] += epsilon_ * std::log(weighted_u_[i] / a_[i]);
    for (std::size_t j = 0; j < g_.n_elem; ++j)
      g_[j] += epsilon_ * std::log(weighted_v_[j] / b_[j]);
    absorbed_ = false;
  }

  double column_error_of_scaling() {
    column_sum_.set_size(g_.n_elem);
    double error = 0.0;
    for (std::size_t j = 0; j < g_.n_elem; ++j) {
      column_sum_[j] = dot(density_.colptr(j), weighted_u_.memptr(), f_.n_elem);
      error += std::abs(weighted_v_[j] * column_sum_[j] - b_[j]);
    }
    return error;
  }

  // One iteration by products; false where it would leave the range that is safe, in which case the
  // iteration has to be made in the log domain.
  bool rescale() {
    const double low = std::exp(-kLargestScaling), high = std::exp(kLargestScaling);
    bool safe = true;
    for (const double sum : column_sum_) safe = safe && sum > low && sum < high;
    if (!safe) return false;
    for (std::size_t j = 0; j < g_.n_elem; ++j) weighted_v_[j] = b_[j] / column_sum_[j];
    next_.zeros(f_.n_elem);
    for (std::size_t j = 0; j < g_.n_elem; ++j) {
      const double* p = density_.colptr(j);
      const double v = weighted_v_[j];
      for (std::size_t i = 0; i < f_.n_elem; ++i) next_[i] += p[i] * v;
    }
    for (const double sum : next_) safe = safe && sum > low && sum < high;
    if (!safe) return false;
    for (std::size_t i = 0; i < f_.n_elem; ++i) weighted_u_[i] = a_[i] / next_[i];
    return true;
  }

  void finish(Context& context, SinkhornResult& out) {
    // Rows exact: then the plan has mass 1 and the dual value is the regularised cost.
    soft_minimum_of_rows(cost_, b_, g_, epsilon_, f_, context);
    out.transport_cost = 0.0;
    for (std::size_t j = 0; j < g_.n_elem; ++j) {
      const double* c = cost_.colptr(j);
      double sum = 0.0;
      for (std::size_t i = 0; i < f_.n_elem; ++i)
        sum += a_[i] * std::exp((f_[i] + g_[j] - c[i]) / epsilon_) * c[i];
      out.transport_cost += b_[j] * sum;
    }
    out.regularised_cost =
        dot(a_.memptr(), f_.memptr(), f_.n_elem) + dot(b_.memptr(), g_.memptr(), g_.n_elem);
    out.source_potential = f_;
    out.target_potential = g_;
  }

  const arma::mat& cost_;
  const arma::vec &a_, &b_;
  double epsilon_;
  arma::vec f_, g_, next_, previous_g_, column_sum_, weighted_u_, weighted_v_;
  arma::mat density_;
  bool absorbed_ = false;
};

arma::vec uniform(std::size_t n) {
  arma::vec out(n);
  out.fill(1.0 / static_cast<double>(n));
  return out;
}

}  // namespace

arma::mat pairwise_costs(const arma::mat& x, const arma::mat& y, PairCost kind, Context& context) {
  arma::mat cost = squared_distances(y, x, context);
  if (kind == PairCost::euclidean)
    parallel_for(context, cost.n_cols, 16, [&](std::size_t first, std::size_t last, int) {
      for (std::size_t j = first; j < last; ++j)
        for (std::size_t i = 0; i < cost.n_rows; ++i) cost(i, j) = std::sqrt(cost(i, j));
    });
  return cost;
}

arma::mat entropic_plan(const arma::mat& cost, const arma::vec& a, const arma::vec& b,
                        double epsilon, const SinkhornResult& result, Context& context) {
  require(result.source_potential.n_elem == cost.n_rows &&
              result.target_potential.n_elem == cost.n_cols && a.n_elem == cost.n_rows &&
              b.n_elem == cost.n_cols,
          Status::dimension_mismatch, "potentials of ", result.source_potential.n_elem, " and ",
          result.target_potential.n_elem, " do not fit a cost of ", cost.n_rows, " x ",
          cost.n_cols);
  arma::mat plan;
  fill_density(cost, result.source_potential, result.target_potential, epsilon, plan, context);
  for (std::size_t j = 0; j < plan.n_cols; ++j)
    for (std::size_t i = 0; i < plan.n_rows; ++i) plan(i, j) *= a[i] * b[j];
  return plan;
}

SinkhornResult sinkhorn(const arma::mat& cost, const arma::vec& a, const arma::vec& b,
                        const SinkhornOptions& options, Context& context) {
  check(cost, a, b, options);
  SinkhornResult out;
  Scaling(cost, a, b, options.epsilon).run(options, context, out);
  return out;
}

SinkhornResult sinkhorn(const arma::mat& x, const arma::mat& y, const SinkhornOptions& options,
                        Context& context) {
  return sinkhorn(pairwise_costs(x, y, PairCost::squared_euclidean, context), uniform(x.n_cols),
                  uniform(y.n_cols), options, context);
}

SinkhornResult sinkhorn_to_itself(const arma::mat& cost, const arma::vec& a,
                                  const SinkhornOptions& options, Context& context) {
  check(cost, a, a, options);
  const double epsilon = options.epsilon;
  SinkhornResult out;
  arma::vec f(a.n_elem, arma::fill::zeros), next;
  for (out.iterations = 1;; ++out.iterations) {
    context.poll("sinkhorn", static_cast<double>(out.iterations) /
                                 static_cast<double>(options.max_iterations + 1));
    soft_minimum_of_columns(cost, a, f, epsilon, next, context);
    out.marginal_error = 0.0;
    for (std::size_t i = 0; i < f.n_elem; ++i)
      out.marginal_error += a[i] * std::abs(std::expm1((f[i] - next[i]) / epsilon));
    out.converged = out.marginal_error < options.tolerance;
    if (out.converged || out.iterations >= options.max_iterations) break;
    for (std::size_t i = 0; i < f.n_elem; ++i) f[i] = 0.5 * (f[i] + next[i]);
  }
  double mass = 0.0;
  for (std::size_t j = 0; j < f.n_elem; ++j) {
    const double* c = cost.colptr(j);
    for (std::size_t i = 0; i < f.n_elem; ++i) {
      const double p = a[i] * a[j] * std::exp((f[i] + f[j] - c[i]) / epsilon);
      out.transport_cost += p * c[i];
      mass += p;
    }
  }
  out.regularised_cost = 2.0 * dot(a.memptr(), f.memptr(), f.n_elem) - epsilon * (mass - 1.0);
  out.source_potential = f;
  out.target_potential = f;
  return out;
}

namespace {

double median_of_sample(const arma::mat& values) {
  const std::size_t step = std::max<std::size_t>(1, values.n_elem / kSampledCosts);
  std::vector<double> sample;
  for (std::size_t k = 0; k < values.n_elem; k += step) sample.push_back(values[k]);
  return upper_median(sample);
}

}  // namespace

double SinkhornDivergence::value() const {
  const double lost = std::numeric_limits<double>::epsilon() * largest_cost;
  const double known = std::max(std::abs(difference), median_cost);
  require(median_cost == 0.0 || lost <= kLostOfDifference * known, Status::numerical_failure,
          "a divergence is a difference of costs that double precision does not resolve here: the "
          "median cost of a pair is ",
          median_cost, " and the largest ", largest_cost,
          "; leave out cells that are far away from all others, or score w2");
  return difference;
}

SinkhornDivergence sinkhorn_divergence(const arma::mat& x, const arma::mat& y, PairCost kind,
                                       const SinkhornOptions& options, Context& context) {
  SinkhornDivergence out;
  const auto to_itself = [&](const arma::mat& cloud) {
    return sinkhorn_to_itself(pairwise_costs(cloud, cloud, kind, context), uniform(cloud.n_cols),
                              options, context);
  };
  {
    const arma::mat cost = pairwise_costs(x, y, kind, context);
    out.median_cost = median_of_sample(cost);
    out.largest_cost = cost.max();
    out.between = sinkhorn(cost, uniform(x.n_cols), uniform(y.n_cols), options, context);
  }
  const SinkhornResult xx = to_itself(x), yy = to_itself(y);
  out.difference = out.between.regularised_cost - 0.5 * (xx.regularised_cost + yy.regularised_cost);
  out.converged = out.between.converged && xx.converged && yy.converged;
  out.marginal_error = std::max({out.between.marginal_error, xx.marginal_error, yy.marginal_error});
  return out;
}

double epsilon_of_mean_cost(const arma::mat& x, const arma::mat& y, double factor) {
  // mean |x - y|^2 = tr cov(x) + tr cov(y) + |difference of the means|^2, feature by feature, seen
  // from a cell: far from the origin a mean has fewer digits than a difference.
  double mean_cost = 0.0;
  for (std::size_t k = 0; k < x.n_rows; ++k) {
    double mean[2], variance[2];
    const arma::mat* clouds[2] = {&x, &y};
    const double origin = x(k, 0);
    for (int c = 0; c < 2; ++c) {
      const arma::mat& points = *clouds[c];
      const double share = 1.0 / static_cast<double>(points.n_cols);
      mean[c] = variance[c] = 0.0;
      for (std::size_t i = 0; i < points.n_cols; ++i) mean[c] += share * (points(k, i) - origin);
      for (std::size_t i = 0; i < points.n_cols; ++i) {
        const double apart = points(k, i) - origin - mean[c];
        variance[c] += share * apart * apart;
      }
    }
    mean_cost += variance[0] + variance[1] + (mean[0] - mean[1]) * (mean[0] - mean[1]);
  }
  return factor * mean_cost;
}

}  // namespace laot
