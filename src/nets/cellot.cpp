#include "laot/nets/cellot.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <tuple>

#include "laot/base/clock.hpp"
#include "laot/data/columns.hpp"
#include "laot/nets/kernels.hpp"

namespace laot::nets {

namespace {

// An iteration that takes longer is put away before it begins, so that it can be taken back.
constexpr std::chrono::milliseconds kSlowIteration{300};

void check_options(const CellotOptions& o) {
  require(o.batch > 0 && o.inner > 0 && o.check_every > 0, Status::invalid_argument,
          "batch, inner and check_every must be at least 1");
  require(o.average >= 0.0 && o.average < 1.0, Status::invalid_argument,
          "average must lie in [0, 1), not at ", o.average);
}

}  // namespace

CellotTrainer::CellotTrainer(const arma::mat& source, const arma::mat& target,
                             const CellotOptions& options, std::uint64_t seed)
    : options_(options),
      cells_(source, target, options, Rng(seed).stream(1)),
      rng_(Rng(seed).stream(0)) {
  check_options(options);
  source_batches_ = BatchSampler(cells_.source.n_cols, options_.batch);
  target_batches_ = BatchSampler(cells_.target.n_cols, options_.batch);

  const IcnnShape shape{source.n_rows, options_.hidden, options_.slope, options_.softplus_kernels};
  f_ = g_ = Icnn<float>(shape);
  Rng start = Rng(seed).stream(2);
  f_.initialise(start, options_.init_low, options_.init_high);
  g_.initialise(start, options_.init_low, options_.init_high);
  adam_g_ = Adam<float>(g_.size(), options_.adam);
  AdamSettings of_f = options_.adam;
  of_f.clip_norm = 0.0;
  adam_f_ = Adam<float>(f_.size(), of_f);
  if (options.average > 0.0) {
    average_f_ = f_.values();
    average_g_ = g_.values();
  }
  gradient_f_.resize(f_.size());
  gradient_g_.resize(g_.size());
  report_.identity_score = cells_.identity_score;
  report_.mean_restored = options_.restore_mean;
  look();
}

void CellotTrainer::outer_iteration(const std::function<void()>& between_steps) {
  const double factor = cosine_factor(options_.last_rate, report_.iterations, options_.iterations);
  for (std::size_t k = 0; k < options_.inner; ++k) {
    if (between_steps) between_steps();
    gather(cells_.source, source_batches_.next(rng_), x_);
    loss_.step_g(f_, g_, x_.data(), source_batches_.batch(), gradient_g_.data(), false);
    if (options_.penalty > 0.0) g_.penalty(gradient_g_.data(), options_.penalty);
    g_.change([&](float* values) { adam_g_.step(values, gradient_g_.data(), factor); });
  }
  gather(cells_.source, source_batches_.next(rng_), x_);
  gather(cells_.target, target_batches_.next(rng_), y_);
  loss_.step_f(f_, g_, x_.data(), source_batches_.batch(), y_.data(), target_batches_.batch(),
               gradient_f_.data(), false);
  f_.change([&](float* values) { adam_f_.step(values, gradient_f_.data(), factor); });
  f_.clamp();
  ++report_.iterations;
  average();
}

void CellotTrainer::slow_iteration(Context& context) {
  // All that the steps of g change; the rest changes after the last poll.
  const auto before = std::make_tuple(g_, adam_g_, rng_, source_batches_, target_batches_);
  try {
    outer_iteration([&context] { context.poll(); });
  } catch (...) {
    std::tie(g_, adam_g_, rng_, source_batches_, target_batches_) = before;
    throw;
  }
}

// Minimax games circle around their solution; the average of the iterates lies inside the circle.
// That of networks with nonnegative kernels has nonnegative kernels, so it is convex as they are.
void CellotTrainer::average() {
  if (options_.average == 0.0) return;
  average_into(average_f_, f_.values(), options_.average, report_.iterations);
  average_into(average_g_, g_.values(), options_.average, report_.iterations);
}

arma::fmat CellotTrainer::prediction(const Icnn<float>& g) const {
  arma::fmat out = potential_gradient(g, cells_.validation_source);
  if (options_.restore_mean) {
    const auto index = spread_over(cells_.source.n_cols, kLookCells);
    restore_mean(out, potential_gradient(g, columns_of(cells_.source, index)), cells_.target_mean);
  }
  return out;
}

void CellotTrainer::look() {
  const std::size_t n = cells_.validation_source.n_cols, m = cells_.validation_target.n_cols;
  CellotTrace entry{};
  entry.iteration = report_.iterations;
  entry.loss_g =
      loss_.step_g(f_, g_, cells_.validation_source.memptr(), n, gradient_g_.data(), true);
  entry.norm_g = std::sqrt(sum_of_squares(gradient_g_.data(), gradient_g_.size()));
  entry.loss_f = loss_.step_f(f_, g_, cells_.validation_source.memptr(), n,
                              cells_.validation_target.memptr(), m, gradient_f_.data(), true);
  entry.norm_f = std::sqrt(sum_of_squares(gradient_f_.data(), gradient_f_.size()));
  Icnn<float> f = f_, g = g_;
  if (options_.average > 0.0) {
    f.assign(average_f_);
    g.assign(average_g_);
  }
  const ValidationScore::Value value = cells_.score(prediction(g));
  entry.validation_mmd2 = value.mmd2;
  const bool first = trace_.empty();
  const bool finite =
      std::isfinite(entry.loss_g) && std::isfinite(entry.loss_f) && std::isfinite(value.mmd2);
  if (!note_look(report_, finite, first)) return;
  trace_.push_back(entry);
  if (takes_iterate(report_, value, first, false)) {
    best_g_ = std::move(g);
    best_f_ = std::move(f);
  }
}

void CellotTrainer::run(Context& context, const std::function<void()>& between) {
  Clock::duration last{kSlowIteration};
  const auto step = [&] {
    const Clock::time_point start = Clock::now();
    if (last < kSlowIteration)
      outer_iteration({});
    else
      slow_iteration(context);
    last = Clock::now() - start;
    return std::isfinite(sum_of_squares(gradient_f_.data(), gradient_f_.size())) &&
           std::isfinite(sum_of_squares(gradient_g_.data(), gradient_g_.size())) &&
           std::isfinite(sum_of_squares(g_.values().data(), g_.size()));
  };
  run_iterations(report_, options_.iterations, options_.check_every, context, between, step,
                 [&] { look(); });
}

TrainingReport CellotTrainer::report() const {
  TrainingReport out = report_;
  out.warning = warning_of(report_, cells_.score.ceiling(), "iteration");
  return out;
}

template <class Self, class Archive>
void CellotTrainer::state(Self& self, Archive& archive) {
  archive.value("rng", self.rng_);
  archive.batches("source", self.source_batches_);
  archive.batches("target", self.target_batches_);
  archive.network("f", self.f_);
  archive.network("g", self.g_);
  archive.value("average_f", self.average_f_);
  archive.value("average_g", self.average_g_);
  archive.network("best_f", self.best_f_);
  archive.network("best_g", self.best_g_);
  archive.value("adam_f", self.adam_f_);
  archive.value("adam_g", self.adam_g_);
  archive.words("steps", self.adam_f_.steps, self.adam_g_.steps);
  report_state(self.report_, archive);
  archive.trace("trace", self.trace_);
}

Snapshot CellotTrainer::save() const {
  return snapshot::saved(*this);
}

void CellotTrainer::restore(const Snapshot& state) {
  snapshot::restore(*this, state);
}

arma::mat transport(const Icnn<float>& g, const arma::mat& x) {
  const SingleThreadedBlas one_thread;
  return arma::conv_to<arma::mat>::from(potential_gradient(g, arma::conv_to<arma::fmat>::from(x)));
}

}  // namespace laot::nets
