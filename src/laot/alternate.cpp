#include <algorithm>
#include <cmath>

#include "laot/base/adam.hpp"
#include "laot/base/clock.hpp"
#include "laot/data/columns.hpp"
#include "laot/laot.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/parallel.hpp"
#include "least_squares.hpp"
#include "restore.hpp"

namespace laot {

namespace {

// |W - I|_F^2.
double change_square(const arma::mat& map) {
  double sum = 0.0;
  for (std::size_t c = 0; c < map.n_cols; ++c)
    for (std::size_t r = 0; r < map.n_rows; ++r) {
      const double entry = map(r, c) - (r == c ? 1.0 : 0.0);
      sum += entry * entry;
    }
  return sum;
}

class Adam {
 public:
  Adam(std::size_t size, const LaotOptions& options)
      : settings_{options.learning_rate, options.beta1, options.beta2, options.epsilon,
                  options.weight_decay},
        first_(size, size, arma::fill::zeros),
        second_(size, size, arma::fill::zeros) {}

  void step(const arma::mat& gradient, arma::mat& map) {
    const AdamStep<double> step(settings_, ++steps_);
    for (std::size_t e = 0; e < map.n_elem; ++e) step(map[e], gradient[e], first_[e], second_[e]);
  }

 private:
  AdamSettings settings_;
  arma::mat first_, second_;
  std::uint64_t steps_ = 0;
};

class Alternation {
 public:
  Alternation(Coupling& coupling, const arma::mat& x, const arma::mat& y,
              const LaotOptions& options, Context& context)
      : x_(x),
        y_(y),
        options_(options),
        context_(context),
        coupling_(coupling),
        least_squares_(x, coupling_.source_weights()),
        target_square_(weighted_square(y, coupling_.target_weights())),
        map_(x.n_rows, x.n_rows, arma::fill::eye) {
    if (options.start.is_empty()) return;
    require(options.start.n_rows == x.n_rows && options.start.n_cols == x.n_rows,
            Status::dimension_mismatch, "start must be ", x.n_rows, " x ", x.n_rows, ", found ",
            options.start.n_rows, " x ", options.start.n_cols);
    map_ = options.start;
  }

  LaotResult run() {
    const Clock::time_point start = Clock::now();
    if (options_.update == Update::least_squares)
      by_least_squares();
    else if (options_.batch_size == 0)
      by_adam();
    else
      by_minibatches();
    result_.map_unrestored = map_;
    result_.map = restored(map_, x_, coupling_.source_weights(), y_, coupling_.target_weights(),
                           options_.restore);
    result_.seconds = seconds_since(start);
    return std::move(result_);
  }

 private:
  struct Half {
    double residual, penalty;
    double objective(double ridge) const { return residual + ridge * penalty; }
  };

  // The coupling's progress is that of iteration `step` out of `steps`.
  template <class Moved>
  const Plan& couple(const Moved& moved, int step, int steps) {
    const Context::Span span(context_, static_cast<double>(step) / steps,
                             std::min(1.0, static_cast<double>(step + 1) / steps));
    const Clock::time_point start = Clock::now();
    const Plan& plan = coupling_.solve(moved, context_);
    result_.seconds_transport += seconds_since(start);
    return plan;
  }

  double ridge_of(const LeastSquares& squares, const arma::mat& cross, double target_square,
                  std::size_t n, std::size_t m) const {
    if (options_.ridge != LaotOptions::kAutomatic) return options_.ridge;
    return squares.automatic_ridge(cross, target_square, n, m);
  }

  void record(const Half& after_plan, const Half& after_update, double ridge) {
    const double n = static_cast<double>(x_.n_cols);
    result_.trace.j_after_plan.push_back(after_plan.objective(ridge));
    result_.trace.j_after_update.push_back(after_update.objective(ridge));
    result_.trace.residual_after_plan.push_back(n * after_plan.residual);
    result_.trace.residual_after_update.push_back(n * after_update.residual);
    result_.trace.ridge.push_back(ridge);
    result_.trace.change.push_back(std::sqrt(after_update.penalty));
    result_.ridge = ridge;
    ++result_.iterations;
  }

  void by_least_squares() {
    result_.stop_reason =
        text("the limit of ", counted(options_.max_iter, "iteration"), " was reached");
    // Shared with the coupling, which looks at them in its next solve.
    auto moved = options_.start.is_empty() ? std::make_shared<const arma::mat>(x_)
                                           : std::make_shared<const arma::mat>(map_ * x_);
    Half last{};
    for (int k = 0; k < options_.max_iter; ++k) {
      context_.poll("alternation", static_cast<double>(k) / options_.max_iter);
      const Plan& plan = couple(moved, k, options_.max_iter);
      const Half before{plan_cost(*moved, y_, plan), change_square(map_)};
      const arma::mat cross = cross_moment(x_, y_, plan);
      const double ridge = ridge_of(least_squares_, cross, target_square_, x_.n_cols, y_.n_cols);
      if (k > 0 && coupling_.repeated()) {
        // The update is a function of the plan: W would come out as it is.
        record(before, before, ridge);
        finish(plan, "the plan repeated");
        return;
      }
      map_ = least_squares_.solve(cross, ridge);
      moved = std::make_shared<const arma::mat>(map_ * x_);
      const Half after{plan_cost(*moved, y_, plan), change_square(map_)};
      record(before, after, ridge);
      result_.plan = plan;
      // The fall over the whole iteration, both ends seen with this iteration's ridge.
      const double fall = last.objective(ridge) - after.objective(ridge);
      if (k > 0 && fall <= options_.tol * std::abs(last.objective(ridge))) {
        finish(plan, "the objective stopped falling");
        return;
      }
      last = after;
    }
  }

  void finish(const Plan& plan, const char* reason) {
    result_.plan = plan;
    result_.converged = true;
    result_.stop_reason = reason;
    context_.poll("alternation", 1.0);
  }

  // One step on J times n, the sum that the published notebooks minimise.
  arma::mat gradient(const arma::mat& second_moment, const arma::mat& cross, double ridge,
                     double cells) const {
    arma::mat g = map_ * second_moment;
    for (std::size_t c = 0; c < g.n_cols; ++c)
      for (std::size_t r = 0; r < g.n_rows; ++r)
        g(r, c) =
            2.0 * cells * (g(r, c) - cross(r, c) + ridge * (map_(r, c) - (r == c ? 1.0 : 0.0)));
    return g;
  }

  void end_of_epochs() {
    result_.converged = true;
    result_.stop_reason = options_.epochs == 1 ? text("its one epoch was run")
                                               : text("all ", options_.epochs, " epochs were run");
    context_.poll("alternation", 1.0);
  }

  void by_adam() {
    Adam adam(x_.n_rows, options_);
    arma::mat moved = options_.start.is_empty() ? x_ : arma::mat(map_ * x_);
    for (int epoch = 0; epoch < options_.epochs; ++epoch) {
      context_.poll("alternation", static_cast<double>(epoch) / options_.epochs);
      const Plan& plan = couple(moved, epoch, options_.epochs);
      const Half before{plan_cost(moved, y_, plan), change_square(map_)};
      const arma::mat cross = cross_moment(x_, y_, plan);
      const double ridge = ridge_of(least_squares_, cross, target_square_, x_.n_cols, y_.n_cols);
      adam.step(
          gradient(least_squares_.second_moment(), cross, ridge, static_cast<double>(x_.n_cols)),
          map_);
      moved = map_ * x_;
      record(before, Half{plan_cost(moved, y_, plan), change_square(map_)}, ridge);
      result_.plan = plan;
    }
    end_of_epochs();
  }

  // Each epoch deals both populations into minibatches, couples them within, and takes a step each.
  void by_minibatches() {
    Adam adam(x_.n_rows, options_);
    Rng rng(context_.seed);
    for (int epoch = 0; epoch < options_.epochs; ++epoch) {
      const std::vector<std::size_t> order_x = rng.permutation(x_.n_cols);
      const std::vector<std::size_t> order_y = rng.permutation(y_.n_cols);
      const std::size_t fewer = std::min(x_.n_cols, y_.n_cols);
      const std::size_t batches = std::max<std::size_t>(1, fewer / options_.batch_size);
      for (std::size_t b = 0; b < batches; ++b) {
        context_.poll(
            "alternation",
            (epoch + static_cast<double>(b) / static_cast<double>(batches)) / options_.epochs);
        const Context::Span none(context_, 0.0, 0.0);  // too short to report
        step_on(part(x_, order_x, b, batches), part(y_, order_y, b, batches), adam);
      }
      const arma::mat moved = map_ * x_;
      const Plan& plan = couple(moved, epoch + 1, options_.epochs);
      const Half now{plan_cost(moved, y_, plan), change_square(map_)};
      const double ridge = ridge_of(least_squares_, cross_moment(x_, y_, plan), target_square_,
                                    x_.n_cols, y_.n_cols);
      record(now, now, ridge);
      result_.plan = plan;
    }
    end_of_epochs();
  }

  static arma::mat part(const arma::mat& cells, const std::vector<std::size_t>& order,
                        std::size_t b, std::size_t batches) {
    const std::size_t first = order.size() * b / batches;
    const std::size_t last = order.size() * (b + 1) / batches;
    return columns_of(cells, last - first, [&](std::size_t i) { return order[first + i]; });
  }

  void step_on(const arma::mat& x, const arma::mat& y, Adam& adam) {
    Coupling coupling(x, y);
    const Clock::time_point start = Clock::now();
    const Plan& plan = coupling.solve(arma::mat(map_ * x), context_);
    result_.seconds_transport += seconds_since(start);
    const LeastSquares squares(x, coupling.source_weights());
    const arma::mat cross = cross_moment(x, y, plan);
    const double ridge =
        ridge_of(squares, cross, weighted_square(y, coupling.target_weights()), x.n_cols, y.n_cols);
    adam.step(gradient(squares.second_moment(), cross, ridge, static_cast<double>(x.n_cols)), map_);
  }

  const arma::mat& x_;
  const arma::mat& y_;
  const LaotOptions& options_;
  Context& context_;
  Coupling& coupling_;
  LeastSquares least_squares_;
  double target_square_;
  arma::mat map_;
  LaotResult result_;
};

}  // namespace

LaotResult alternate(const arma::mat& x, const arma::mat& y,
                     const std::vector<std::uint32_t>& batch_x,
                     const std::vector<std::uint32_t>& batch_y, const LaotOptions& options,
                     Context& context) {
  require(options.batch_size == 0 || batch_x.empty(), Status::invalid_argument,
          "minibatches (batch_size) and pairing within levels (batch) exclude each other");
  require(options.update != Update::adam || options.batch_size == 0 ||
              options.coupling.mode != CouplingMode::hierarchical,
          Status::invalid_argument, "minibatches (batch_size = ", options.batch_size,
          ") are coupled exactly; set batch_size to 0 or coupling to \"auto\"");
  CouplingOptions coupled = options.coupling;
  coupled.in_place = true;
  Coupling coupling(x, y, batch_x, batch_y, coupled);
  return alternate(coupling, x, y, options, context);
}

LaotResult alternate(Coupling& coupling, const arma::mat& x, const arma::mat& y,
                     const LaotOptions& options, Context& context) {
  const SingleThreadedBlas one_thread;
  return Alternation(coupling, x, y, options, context).run();
}

}  // namespace laot
