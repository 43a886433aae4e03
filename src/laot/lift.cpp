#include "laot/lift.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "laot/base/clock.hpp"
#include "laot/base/median.hpp"
#include "laot/data/columns.hpp"
#include "laot/linear_algebra.hpp"
#include "least_squares.hpp"
#include "restore.hpp"

namespace laot {

namespace {

constexpr double kSmallestRidge = 1e-10;
constexpr double kSmallestEigenvalue = 1e-6;  // of the kernel matrix, beside its largest
constexpr std::size_t kCellsAtOnce = 512;

// The median positive squared distance of the pairs; 0 where there is none.
double median_square(const arma::mat& points) {
  std::vector<double> squares;
  for (std::size_t j = 1; j < points.n_cols; ++j)
    for (std::size_t i = 0; i < j; ++i) {
      const double square = squared_distance(points.colptr(j), points.colptr(i), points.n_rows);
      if (square > 0.0) squares.push_back(square);
    }
  return squares.empty() ? 0.0 : median(std::move(squares));
}

KernelLandmarks landmarks_of(const arma::mat& x, const LiftOptions& options) {
  std::vector<std::size_t> chosen(x.n_cols);
  if (x.n_cols > options.landmarks) {
    chosen = Rng(options.seed).sample(x.n_cols, options.landmarks);
    std::sort(chosen.begin(), chosen.end());
  } else {
    for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = i;
  }
  arma::mat landmarks = columns_of(x, chosen);
  const double width = options.width * median_square(landmarks);
  return KernelLandmarks(std::move(landmarks), width);
}

// diag(e)^(-1/2) U' of the kernel matrix of the landmarks, its small eigenvalues left out: q x L.
arma::mat whitening(const KernelLandmarks& kernels) {
  arma::mat gram;
  kernels.at(kernels.landmarks(), gram);
  const SymmetricEigen eigen = symmetric_eigen(symmetrised(gram));
  const std::size_t all = eigen.values.n_elem;
  std::size_t first = all;  // ascending
  while (first > 0 && eigen.values[first - 1] > kSmallestEigenvalue * eigen.values[all - 1])
    --first;
  arma::mat out(all - first, all);
  for (std::size_t c = first; c < all; ++c)
    for (std::size_t a = 0; a < all; ++a)
      out(c - first, a) = eigen.vectors(a, c) / std::sqrt(eigen.values[c]);
  return out;
}

// F = [x; phi(x)], phi = Q k(x) - mean, by blocks of cells.
class LiftedCells {
 public:
  LiftedCells(const arma::mat& x, const arma::vec& weights, const KernelLandmarks& kernels,
              double kept_bytes, Context& context)
      : x_(x),
        kernels_(kernels),
        whitening_(whitening(kernels)),
        mean_(whitening_.n_rows, arma::fill::zeros) {
    const std::size_t q = whitening_.n_rows;
    if (8.0 * static_cast<double>(rows()) * static_cast<double>(x.n_cols) <= kept_bytes)
      kept_.set_size(rows(), x.n_cols);
    arma::mat features;
    for (std::size_t first = 0; first < x.n_cols; first += kCellsAtOnce) {
      context.poll();
      compute(first, std::min<std::size_t>(kCellsAtOnce, x_.n_cols - first), features);
      for (std::size_t i = 0; i < features.n_cols; ++i)
        for (std::size_t r = 0; r < q; ++r)
          mean_[r] += weights[first + i] * features(x.n_rows + r, i);
      if (!kept_.is_empty()) std::copy(features.begin(), features.end(), kept_.colptr(first));
    }
    for (std::size_t i = 0; i < kept_.n_cols; ++i)
      for (std::size_t r = 0; r < q; ++r) kept_(x.n_rows + r, i) -= mean_[r];
  }

  std::size_t rows() const { return x_.n_rows + whitening_.n_rows; }
  std::size_t kernel_features() const { return whitening_.n_rows; }
  const arma::mat& projection() const { return whitening_; }
  const arma::vec& kernel_mean() const { return mean_; }

  /// body(first, F of the cells from `first`).
  template <class Body>
  void each_block(Context& context, const Body& body) const {
    arma::mat features;
    for (std::size_t first = 0; first < x_.n_cols; first += kCellsAtOnce) {
      context.poll();
      const std::size_t count = std::min<std::size_t>(kCellsAtOnce, x_.n_cols - first);
      if (!kept_.is_empty()) {
        body(first, borrowed(kept_.colptr(first), rows(), count));
        continue;
      }
      compute(first, count, features);
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t r = 0; r < mean_.n_elem; ++r) features(x_.n_rows + r, i) -= mean_[r];
      body(first, features);
    }
  }

 private:
  // Before the mean is taken off.
  void compute(std::size_t first, std::size_t count, arma::mat& features) const {
    const arma::mat cells = borrowed(x_.colptr(first), x_.n_rows, count);
    arma::mat kernels;
    kernels_.at(cells, kernels);
    const arma::mat phi = whitening_ * kernels;
    features.set_size(rows(), count);
    for (std::size_t i = 0; i < count; ++i) {
      std::copy(cells.colptr(i), cells.colptr(i) + x_.n_rows, features.colptr(i));
      std::copy(phi.colptr(i), phi.colptr(i) + phi.n_rows, features.colptr(i) + x_.n_rows);
    }
  }

  const arma::mat& x_;
  const KernelLandmarks& kernels_;
  arma::mat whitening_;
  arma::vec mean_;
  arma::mat kept_;
};

// sum_i w_i left_i F_i', by blocks.
arma::mat weighted_cross(const arma::mat& left, const arma::vec& weights, const LiftedCells& cells,
                         Context& context) {
  arma::mat sum(left.n_rows, cells.rows(), arma::fill::zeros);
  cells.each_block(context, [&](std::size_t first, const arma::mat& features) {
    arma::mat part(left.n_rows, features.n_cols);
    for (std::size_t i = 0; i < part.n_cols; ++i)
      for (std::size_t k = 0; k < part.n_rows; ++k)
        part(k, i) = weights[first + i] * left(k, first + i);
    sum += part * features.t();
  });
  return sum;
}

// S = sum_i w_i F_i F_i'.
arma::mat second_moment(const arma::vec& weights, const LiftedCells& cells, Context& context) {
  arma::mat sum(cells.rows(), cells.rows(), arma::fill::zeros);
  cells.each_block(context, [&](std::size_t first, const arma::mat& features) {
    arma::mat rooted = features;
    for (std::size_t i = 0; i < rooted.n_cols; ++i)
      for (std::size_t r = 0; r < rooted.n_rows; ++r) rooted(r, i) *= std::sqrt(weights[first + i]);
    sum += rooted * rooted.t();
  });
  return symmetrised(sum);
}

// b_i = sum_j P_ij y_j / a_i.
arma::mat barycentres(const arma::mat& y, const Plan& plan, const arma::vec& weights) {
  arma::mat out(y.n_rows, plan.n, arma::fill::zeros);
  for (std::size_t e = 0; e < plan.mass.size(); ++e) {
    const double share = plan.mass[e] / weights[plan.source[e]];
    for (std::size_t k = 0; k < y.n_rows; ++k)
      out(k, plan.source[e]) += share * y(k, plan.target[e]);
  }
  return out;
}

double squares(const arma::mat& matrix, std::size_t first, std::size_t last) {
  double sum = 0.0;
  for (std::size_t c = first; c < last; ++c)
    for (std::size_t r = 0; r < matrix.n_rows; ++r) sum += matrix(r, c) * matrix(r, c);
  return sum;
}

class LiftedAlternation {
 public:
  LiftedAlternation(Coupling& coupling, const arma::mat& x, const arma::mat& y,
                    const LaotOptions& options, const LiftOptions& lift,
                    const KernelLandmarks& kernels, Context& context)
      : coupling_(coupling),
        x_(x),
        y_(y),
        weights_(coupling.source_weights()),
        options_(options),
        lift_(lift),
        context_(context),
        least_squares_(x, weights_),
        target_square_(weighted_square(y, coupling.target_weights())),
        cells_(x, weights_, kernels, lift.kept_bytes, context),
        second_moment_(second_moment(weights_, cells_, context)),
        coefficients_(x.n_rows, cells_.rows(), arma::fill::zeros) {}

  LiftResult run(const LaotResult& linear) {
    const Clock::time_point start = Clock::now();
    for (std::size_t c = 0; c < x_.n_rows; ++c)
      for (std::size_t r = 0; r < x_.n_rows; ++r)
        coefficients_(r, c) = linear.map(r, c) - (r == c ? 1.0 : 0.0);
    moved_ = linear.map * x_;
    result_.features = cells_.kernel_features();
    result_.lifted = alternate();
    result_.seconds = seconds_since(start);
    return std::move(result_);
  }

  const arma::mat& coefficients() const { return coefficients_; }
  const arma::mat& moved() const { return moved_; }
  const LiftedCells& cells() const { return cells_; }

 private:
  double penalty() const {
    return squares(coefficients_, 0, x_.n_rows) +
           lift_.ridge_share * squares(coefficients_, x_.n_rows, coefficients_.n_cols);
  }

  const Plan& couple(int step) {
    const Context::Span span(context_, static_cast<double>(step) / options_.max_iter,
                             static_cast<double>(step + 1) / options_.max_iter);
    const Clock::time_point start = Clock::now();
    const Plan& plan = coupling_.solve(moved_, context_);
    result_.seconds_transport += seconds_since(start);
    return plan;
  }

  double ridge_of(const Plan& plan) const {
    if (options_.ridge != LaotOptions::kAutomatic) return options_.ridge;
    return least_squares_.automatic_ridge(cross_moment(x_, y_, plan), target_square_, x_.n_cols,
                                          y_.n_cols);
  }

  // A = ((b - x) F') (S + diag(r, share r))^-1.
  void update(const Plan& plan, double ridge) {
    const arma::mat cross =
        weighted_cross(barycentres(y_, plan, weights_) - x_, weights_, cells_, context_);
    arma::mat system = second_moment_;
    for (std::size_t c = 0; c < system.n_cols; ++c)
      system(c, c) += c < x_.n_rows ? ridge : lift_.ridge_share * ridge;
    arma::mat solution;
    require(arma::solve(solution, system, cross.t(),
                        arma::solve_opts::likely_sympd + arma::solve_opts::no_approx),
            Status::numerical_failure, "the least-squares problem of ", system.n_cols,
            " lifted features could not be solved with a ridge of ", ridge,
            "; use a larger ridge or lift = \"no\"");
    coefficients_ = solution.t();
    moved_ = x_;
    cells_.each_block(context_, [&](std::size_t first, const arma::mat& features) {
      const arma::mat change = coefficients_ * features;
      for (std::size_t i = 0; i < change.n_cols; ++i)
        for (std::size_t k = 0; k < change.n_rows; ++k) moved_(k, first + i) += change(k, i);
    });
  }

  void record(double residual_before, double penalty_before, double residual_after, double ridge) {
    const double n = static_cast<double>(x_.n_cols);
    result_.trace.j_after_plan.push_back(residual_before + ridge * penalty_before);
    result_.trace.j_after_update.push_back(residual_after + ridge * penalty());
    result_.trace.residual_after_plan.push_back(n * residual_before);
    result_.trace.residual_after_update.push_back(n * residual_after);
    result_.trace.ridge.push_back(ridge);
    result_.trace.change.push_back(std::sqrt(squares(coefficients_, 0, x_.n_rows)));
    result_.ridge = ridge;
    ++result_.iterations;
  }

  // False where the linear map stays.
  bool alternate() {
    result_.stop_reason =
        text("the limit of ", counted(options_.max_iter, "iteration"), " was reached");
    double last_residual = 0.0, last_penalty = 0.0;
    for (int k = 0; k < options_.max_iter; ++k) {
      context_.poll("lift", static_cast<double>(k) / options_.max_iter);
      const Plan& plan = couple(k);
      result_.plan = plan;
      const double before = plan_cost(moved_, y_, plan), penalty_before = penalty();
      const double ridge = ridge_of(plan);
      if (ridge < kSmallestRidge) {
        result_.stop_reason = "a linear map explains the plan: the linear map stays";
        result_.converged = true;
        return false;
      }
      if (k > 0 && coupling_.repeated()) {
        record(before, penalty_before, before, ridge);
        return finish("the plan repeated");
      }
      update(plan, ridge);
      const double after = plan_cost(moved_, y_, plan);
      record(before, penalty_before, after, ridge);
      const double last = last_residual + ridge * last_penalty;
      if (k > 0 && last - (after + ridge * penalty()) <= options_.tol * std::abs(last))
        return finish("the objective stopped falling");
      last_residual = after;
      last_penalty = penalty();
    }
    return true;
  }

  bool finish(const char* reason) {
    result_.converged = true;
    result_.stop_reason = reason;
    context_.poll("lift", 1.0);
    return true;
  }

  Coupling& coupling_;
  const arma::mat& x_;
  const arma::mat& y_;
  const arma::vec& weights_;
  const LaotOptions& options_;
  const LiftOptions& lift_;
  Context& context_;
  LeastSquares least_squares_;
  double target_square_;
  LiftedCells cells_;
  arma::mat second_moment_;
  arma::mat coefficients_;  // A = [A_x, A_phi]
  arma::mat moved_;
  LiftResult result_;
};

// The spread and the mean of y given to z = x + A F(x), written as one map of x and the kernels.
void finish_map(const LiftedAlternation& fit, const arma::mat& y, const Coupling& coupling,
                Restore restore, const KernelLandmarks& kernels, LiftResult& out) {
  const std::size_t k = y.n_rows;
  const arma::mat& a = fit.coefficients();
  arma::mat linear = a.head_cols(k), kernel = a.tail_cols(a.n_cols - k);
  for (std::size_t c = 0; c < k; ++c) linear(c, c) += 1.0;
  arma::vec shift(k, arma::fill::zeros);
  out.moved = fit.moved();
  if (restore != Restore::none) {
    const arma::vec &from = coupling.source_weights(), &to = coupling.target_weights();
    const arma::mat spread =
        spread_map(weighted_covariance(fit.moved(), from), weighted_covariance(y, to),
                   shrinkage(k, out.moved.n_cols, y.n_cols), restore);
    linear = arma::mat(spread * linear);
    kernel = arma::mat(spread * kernel);
    shift = weighted_mean(y, to) - spread * weighted_mean(fit.moved(), from);
    out.moved = arma::mat(spread * fit.moved());
    for (std::size_t i = 0; i < out.moved.n_cols; ++i)
      for (std::size_t r = 0; r < k; ++r) out.moved(r, i) += shift[r];
  }
  out.map.linear = linear;
  out.map.weights = kernel * fit.cells().projection();
  out.map.bend = kernel * fit.cells().kernel_mean();
  out.map.offset = shift - out.map.bend;
  out.map.kernels = kernels;
}

arma::mat centred(const arma::mat& z, const arma::vec& weights) {
  const arma::vec mean = weighted_mean(z, weights);
  arma::mat out = z;
  for (std::size_t i = 0; i < z.n_cols; ++i)
    for (std::size_t k = 0; k < z.n_rows; ++k) out(k, i) -= mean[k];
  return out;
}

// 1 - (variance of the displacement that a linear map of the cell explains) / variance.
double share_beyond_linear(const arma::mat& x, const arma::mat& moved, const arma::vec& weights) {
  const arma::mat displacement = centred(moved - x, weights), cells = centred(x, weights);
  const double variance = weighted_square(displacement, weights);
  if (!(variance > 0.0)) return 0.0;
  arma::mat weighted = displacement;
  for (std::size_t i = 0; i < x.n_cols; ++i)
    for (std::size_t k = 0; k < x.n_rows; ++k) weighted(k, i) *= weights[i];
  const arma::mat best = LeastSquares(cells, weights).solve(weighted * cells.t(), 0.0);
  return weighted_square(displacement - best * cells, weights) / variance;
}

}  // namespace

LiftResult lift(Coupling& coupling, const arma::mat& x, const arma::mat& y,
                const LaotResult& linear, const LaotOptions& options, const LiftOptions& lift,
                Context& context) {
  LiftResult out;
  if (linear.ridge < kSmallestRidge) {
    out.stop_reason = "a linear map explains the plan: the linear map stays";
    out.converged = true;
    return out;
  }
  const KernelLandmarks kernels = landmarks_of(x, lift);
  if (!(kernels.width() > 0.0)) {
    out.stop_reason = "the control cells do not differ: the linear map stays";
    out.converged = true;
    return out;
  }
  LiftedAlternation alternation(coupling, x, y, options, lift, kernels, context);
  out = alternation.run(linear);
  if (!out.lifted) return out;
  finish_map(alternation, y, coupling, options.restore, kernels, out);
  out.share = share_beyond_linear(x, out.moved, coupling.source_weights());
  return out;
}

}  // namespace laot
