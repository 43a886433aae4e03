#include "laot/conditions/conditional_alternation.hpp"

#include <algorithm>
#include <cmath>

#include "laot/base/clock.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/parallel/tasks.hpp"

namespace laot {

namespace {

constexpr double kRidgeOfFew = 0.3;  // where no condition can be left out

// mean_i t_i x_i' over the plan, t_i being the treated cells of control cell i, averaged.
arma::mat plan_moment(const arma::mat& x, const arma::mat& y, const Plan& plan) {
  arma::mat gathered(y.n_rows, x.n_cols, arma::fill::zeros);
  for (std::size_t e = 0; e < plan.mass.size(); ++e) {
    const double mass = plan.mass[e];
    const double* from = y.colptr(plan.target[e]);
    double* to = gathered.colptr(plan.source[e]);
    for (std::size_t k = 0; k < y.n_rows; ++k) to[k] += mass * from[k];
  }
  return gathered * x.t();
}

double square(const arma::cube& maps) {
  double sum = 0.0;
  for (const double entry : maps) sum += entry * entry;
  return sum;
}

class SharedAlternation {
 public:
  SharedAlternation(const ConditionalCells& cells, const ConditionalAlternationOptions& options,
                    Context& context)
      : cells_(cells),
        options_(options),
        context_(context),
        features_(cells.phi),
        regression_(map_regression(cells, options.solver)),
        count_(cells.treated.size()),
        plans_(count_),
        residual_(count_) {
    const std::size_t d = cells.controls[0].n_rows;
    for (std::size_t c = 0; c < count_; ++c)
      couplings_.emplace_back(control(c), cells.treated[c], std::vector<std::uint32_t>{},
                              std::vector<std::uint32_t>{}, options.coupling);
    out_.basis = features_.basis();
    out_.maps.zeros(d, d, features_.psi().n_rows);
    out_.cross.zeros(d, d, count_);
    out_.ridge = options.ridge == options.kAutomatic ? kRidgeOfFew : options.ridge;
  }

  ConditionalAlternation run() {
    const auto start = Clock::now();
    out_.stop_reason =
        text("the limit of ", counted(options_.max_iter, "iteration"), " was reached");
    for (int step = 0; step < options_.max_iter && !out_.converged; ++step) iterate(step);
    for (const Plan* plan : plans_)
      out_.worst_gap = std::max(out_.worst_gap, plan->certificate.gap);
    out_.seconds = seconds_since(start);
    return std::move(out_);
  }

 private:
  const arma::mat& control(std::size_t c) const { return cells_.controls[cells_.control_of[c]]; }

  double objective() const {
    double sum = 0.0;
    for (const double value : residual_) sum += value / static_cast<double>(count_);
    return sum + out_.ridge * square(out_.maps);
  }

  void iterate(int step) {
    {
      const Context::Span span(context_, static_cast<double>(step) / options_.max_iter,
                               static_cast<double>(step + 1) / options_.max_iter);
      couple();
    }
    // The ridge is chosen with plans that have seen a map, and kept: J is another function then.
    if (options_.ridge == options_.kAutomatic && (step == 1 || step == 2))
      out_.ridge = regression_.choose_ridge(out_.cross, kRidgeOfFew, options_.groups, context_);
    const double before = objective();
    const bool settled = step > 2 || options_.ridge != options_.kAutomatic;
    if (step > 0 && settled && repeated()) return finish(before, before, "the plans repeated");
    out_.maps = regression_.solve(out_.cross, out_.ridge, context_);
    measure();
    const double after = objective();
    if (step > 0 && settled && last_ - after <= options_.tol * std::abs(last_))
      return finish(before, after, "the objective stopped falling");
    record(before, after);
    last_ = after;
  }

  void record(double before, double after) {
    out_.trace.j_after_plan.push_back(before);
    out_.trace.j_after_update.push_back(after);
    out_.trace.ridge.push_back(out_.ridge);
    ++out_.iterations;
  }

  void finish(double before, double after, const char* reason) {
    record(before, after);
    out_.converged = true;
    out_.stop_reason = reason;
  }

  bool repeated() const {
    return std::all_of(couplings_.begin(), couplings_.end(),
                       [](const Coupling& coupling) { return coupling.repeated(); });
  }

  arma::mat moved(const arma::cube& changes, std::size_t c) const {
    return control(c) + changes.slice(c) * control(c);
  }

  void couple() {
    const arma::cube changes = regression_.changes(out_.maps);
    run_tasks(context_, "plans", count_, [&](std::size_t c, Context& inner) {
      const arma::mat at = moved(changes, c);
      plans_[c] = &couplings_[c].solve(at, inner);
      residual_[c] = plan_cost(at, cells_.treated[c], *plans_[c]);
      out_.cross.slice(c) =
          plan_moment(control(c), cells_.treated[c], *plans_[c]) - regression_.second_moment(c);
    });
  }

  void measure() {
    const arma::cube changes = regression_.changes(out_.maps);
    parallel_for(context_, count_, 1, [&](std::size_t c, std::size_t, int) {
      residual_[c] = plan_cost(moved(changes, c), cells_.treated[c], *plans_[c]);
    });
  }

  const ConditionalCells& cells_;
  const ConditionalAlternationOptions& options_;
  Context& context_;
  ConditionRegression features_;
  MapRegression regression_;
  std::size_t count_;
  std::vector<Coupling> couplings_;
  std::vector<const Plan*> plans_;
  std::vector<double> residual_;
  double last_ = kInfinity;
  ConditionalAlternation out_;
};

}  // namespace

void check_conditional_cells(const ConditionalCells& cells) {
  const std::size_t count = cells.treated.size();
  require(count > 0 && !cells.controls.empty(), Status::invalid_argument,
          "an experiment needs at least one control population and one condition");
  require(cells.control_of.size() == count && cells.phi.n_cols == count, Status::dimension_mismatch,
          "there are ", count, " conditions, ", cells.control_of.size(),
          " names of their controls and features of ", cells.phi.n_cols);
  for (const std::size_t g : cells.control_of)
    require(g < cells.controls.size(), Status::invalid_argument, "a condition names control ",
            g + 1, " (counted from 1) of ", cells.controls.size());
  const auto check = [&](const std::vector<arma::mat>& populations, const char* what) {
    for (std::size_t p = 0; p < populations.size(); ++p) {
      require(populations[p].n_rows == cells.controls[0].n_rows && populations[p].n_elem > 0,
              Status::dimension_mismatch, what, " population ", p + 1, " (counted from 1) is ",
              populations[p].n_rows, " x ", populations[p].n_cols, "; cells of ",
              cells.controls[0].n_rows, " features are needed");
      require(populations[p].is_finite(), Status::not_finite, what, " population ", p + 1,
              " (counted from 1) has a NaN or Inf");
    }
  };
  check(cells.controls, "control");
  check(cells.treated, "treated");
}

ConditionalCells centred(ConditionalCells cells) {
  for (arma::mat& x : cells.controls) x.each_col() -= arma::vec(arma::mean(x, 1));
  for (arma::mat& y : cells.treated) y.each_col() -= arma::vec(arma::mean(y, 1));
  return cells;
}

arma::mat ConditionalAlternation::change(const arma::vec& phi) const {
  const arma::vec psi = basis.t() * phi;
  arma::mat out(maps.n_rows, maps.n_cols, arma::fill::zeros);
  for (arma::uword k = 0; k < psi.n_elem; ++k) out += psi[k] * maps.slice(k);
  return out;
}

MapRegression map_regression(const ConditionalCells& cells, MapSolver solver) {
  std::vector<arma::mat> moments;
  for (const arma::mat& x : cells.controls)
    moments.push_back(symmetrised(arma::mat(x * x.t() / static_cast<double>(x.n_cols))));
  return MapRegression(ConditionRegression(cells.phi).psi(), std::move(moments), cells.control_of,
                       solver);
}

ConditionalAlternation alternate_conditions(const ConditionalCells& cells,
                                            const ConditionalAlternationOptions& options,
                                            Context& context) {
  check_conditional_cells(cells);
  const SingleThreadedBlas one_thread;
  return SharedAlternation(cells, options, context).run();
}

}  // namespace laot
