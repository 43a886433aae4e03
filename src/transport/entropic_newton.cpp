#include "entropic_newton.hpp"

#include <algorithm>
#include <cmath>

namespace laot::detail {

namespace {

constexpr std::size_t kRows = 128;
constexpr std::size_t kColumns = 16;
constexpr int kStepHalvings = 12;
// In units of epsilon: beyond, entries of the plan change by factors that no Hessian foresees.
constexpr double kLongestStep = 10.0;
// Of the square of the error (Levenberg and Marquardt): groups without exchange make the Hessian
// singular.
constexpr double kDamping = 1e-2;
// A conjugate gradient that has not come far by then is of little use for a step.
constexpr std::size_t kInnerIterations = 400;

double inner(const arma::vec& a, const arma::vec& b) {
  double sum = 0.0;
  for (std::size_t k = 0; k < a.n_elem; ++k) sum += a[k] * b[k];
  return sum;
}

}  // namespace

EntropicNewton::EntropicNewton(const arma::mat& cost, const arma::vec& a, const arma::vec& b)
    : cost_(cost),
      a_(a),
      b_(b),
      plan_(cost.n_rows, cost.n_cols),
      column_(cost.n_cols),
      diagonal_(cost.n_cols),
      gradient_(cost.n_cols),
      direction_(cost.n_cols),
      along_rows_(cost.n_rows) {}

double EntropicNewton::evaluate(const arma::vec& g, Context& context) {
  const std::size_t n = cost_.n_rows, m = cost_.n_cols;
  parallel_for(context, n, kRows, [&](std::size_t first, std::size_t last, int) {
    double largest[kRows], sum[kRows];
    const std::size_t rows = last - first;
    std::fill(largest, largest + rows, -kInfinity);
    std::fill(sum, sum + rows, 0.0);
    for (std::size_t j = 0; j < m; ++j) {
      const double* c = cost_.colptr(j) + first;
      for (std::size_t i = 0; i < rows; ++i) largest[i] = std::max(largest[i], g[j] - c[i]);
    }
    for (std::size_t j = 0; j < m; ++j) {
      const double* c = cost_.colptr(j) + first;
      double* p = plan_.colptr(j) + first;
      for (std::size_t i = 0; i < rows; ++i) {
        p[i] = b_[j] * std::exp((g[j] - c[i] - largest[i]) / epsilon_);
        sum[i] += p[i];
      }
    }
    for (std::size_t j = 0; j < m; ++j) {
      double* p = plan_.colptr(j) + first;
      for (std::size_t i = 0; i < rows; ++i) p[i] *= a_[first + i] / sum[i];
    }
    for (std::size_t i = 0; i < rows; ++i)
      along_rows_[first + i] = -largest[i] - epsilon_ * std::log(sum[i]);
  });
  value_ = inner(a_, along_rows_) + inner(b_, g);
  parallel_for(context, m, kColumns, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t j = first; j < last; ++j) {
      const double* p = plan_.colptr(j);
      double sum = 0.0, diagonal = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        sum += p[i];
        diagonal += p[i] * (1.0 - std::min(1.0, p[i] / a_[i]));
      }
      column_[j] = sum;
      diagonal_[j] = std::max(diagonal, 1e-16 * b_[j]);
    }
  });
  double error = 0.0;
  for (std::size_t j = 0; j < m; ++j) {
    gradient_[j] = b_[j] - column_[j];
    error += std::abs(gradient_[j]);
  }
  return error;
}

// out = (diag(columns) - P' diag(1/a) P) v
void EntropicNewton::multiply(const arma::vec& v, arma::vec& out, Context& context) {
  const std::size_t n = cost_.n_rows, m = cost_.n_cols;
  out.set_size(m);
  parallel_for(context, n, kRows, [&](std::size_t first, std::size_t last, int) {
    double sum[kRows] = {};
    for (std::size_t j = 0; j < m; ++j) {
      const double* p = plan_.colptr(j) + first;
      for (std::size_t i = 0; i < last - first; ++i) sum[i] += p[i] * v[j];
    }
    for (std::size_t i = first; i < last; ++i) along_rows_[i] = sum[i - first] / a_[i];
  });
  parallel_for(context, m, kColumns, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t j = first; j < last; ++j) {
      const double* p = plan_.colptr(j);
      double sum = 0.0;
      for (std::size_t i = 0; i < n; ++i) sum += p[i] * (v[j] - along_rows_[i]);
      out[j] = sum;
    }
  });
}

void EntropicNewton::find_direction(double accuracy, double damping, std::size_t most,
                                    Context& context) {
  const std::size_t m = b_.n_elem;
  for (std::size_t j = 0; j < m; ++j) diagonal_[j] += damping * column_[j];
  direction_.zeros();
  residual_ = gradient_;
  search_.set_size(m);
  for (std::size_t j = 0; j < m; ++j) search_[j] = residual_[j] / diagonal_[j];
  arma::vec scaled = search_;
  double square = inner(residual_, scaled);
  const double enough = accuracy * accuracy * square;
  for (std::size_t k = 0; k < std::min(most, kInnerIterations) && square > enough; ++k) {
    context.poll();
    ++iterations_;
    multiply(search_, product_, context);
    for (std::size_t j = 0; j < m; ++j) product_[j] += damping * column_[j] * search_[j];
    const double curvature = inner(search_, product_);
    if (!(curvature > 0.0)) break;  // constant but for rounding: no such step changes the plan
    const double step = square / curvature;
    for (std::size_t j = 0; j < m; ++j) {
      direction_[j] += step * search_[j];
      residual_[j] -= step * product_[j];
      scaled[j] = residual_[j] / diagonal_[j];
    }
    const double next = inner(residual_, scaled);
    for (std::size_t j = 0; j < m; ++j) search_[j] = scaled[j] + next / square * search_[j];
    square = next;
  }
  // A constant added to g is taken from f: the plan does not see it.
  const double constant = inner(b_, direction_);
  for (std::size_t j = 0; j < m; ++j) direction_[j] = epsilon_ * (direction_[j] - constant);
}

double EntropicNewton::run(arma::vec& g, double epsilon, double tolerance, std::size_t most,
                           Context& context) {
  epsilon_ = epsilon;
  const std::size_t begun = iterations_;
  double error = evaluate(g, context);
  arma::vec moved(g.n_elem);
  while (error >= tolerance && iterations_ - begun < most) {
    context.poll("sinkhorn", static_cast<double>(iterations_ - begun) / static_cast<double>(most));
    ++iterations_;
    find_direction(std::min(0.1, error), kDamping * error * error, most - (iterations_ - begun),
                   context);
    const double value = value_, slope = inner(gradient_, direction_);
    const double noise = 1e-13 * (std::abs(value) + epsilon_);
    double longest = 0.0;
    for (const double d : direction_) longest = std::max(longest, std::abs(d));
    double step = std::min(1.0, kLongestStep * epsilon_ / longest), trial = kInfinity;
    bool better = false;
    for (int halved = 0; halved < kStepHalvings && !better; ++halved, step *= 0.5) {
      for (std::size_t j = 0; j < g.n_elem; ++j) moved[j] = g[j] + step * direction_[j];
      trial = evaluate(moved, context);
      better = trial < (1.0 - 1e-3 * step) * error || value_ > value + 1e-4 * step * slope + noise;
    }
    if (!better) break;
    g = moved;
    error = trial;
  }
  return error;
}

}  // namespace laot::detail
