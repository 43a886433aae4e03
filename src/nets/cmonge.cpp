#include "laot/nets/cmonge.hpp"

#include <algorithm>
#include <cmath>

#include "laot/data/columns.hpp"
#include "laot/nets/kernels.hpp"

namespace laot::nets {

namespace {

void check(const ConditionalPopulations& cells, const CmongeOptions& o) {
  const std::size_t count = cells.treated.size();
  require(count > 0 && cells.control_of.size() == count && cells.contexts.size() == count,
          Status::dimension_mismatch, "there are ", count, " conditions, ", cells.control_of.size(),
          " names of their controls and ", cells.contexts.size(), " contexts");
  for (std::size_t c = 0; c < count; ++c) {
    require(cells.control_of[c] < cells.controls.size(), Status::invalid_argument,
            "a condition names control ", cells.control_of[c] + 1, " (counted from 1) of ",
            cells.controls.size());
    check_training_cells(cells.controls[cells.control_of[c]], cells.treated[c]);
  }
  require(cells.start_maps.empty() ||
              (cells.start_maps.size() == count && cells.start_shifts.size() == count),
          Status::dimension_mismatch, "a start needs a map and a shift for each condition");
  require(o.batch > 1 && o.check_every > 0 && o.conditions_per_step > 0, Status::invalid_argument,
          "batch must be at least 2, check_every and conditions_per_step at least 1");
  require(o.loss.epsilon > 0.0 && o.loss.gap_epsilon >= 0.0 && o.loss.gap_weight >= 0.0,
          Status::invalid_argument, "epsilon must be positive (found ", o.loss.epsilon,
          "), gap_epsilon (", o.loss.gap_epsilon, ") and gap_weight (", o.loss.gap_weight,
          ") 0 or positive");
  require(o.validation_share > 0.0 && o.validation_share < 1.0, Status::invalid_argument,
          "validation_share must lie between 0 and 1, not at ", o.validation_share);
}

// Some cells of each population, joined.
arma::fmat some_of(const std::vector<const arma::fmat*>& populations) {
  const std::size_t each = std::max<std::size_t>(2, 500 / populations.size());
  arma::fmat out;
  for (const arma::fmat* cells : populations)
    out = arma::join_rows(out, columns_of(*cells, spread_over(cells->n_cols, each)));
  return out;
}

arma::mat in_double(const std::vector<float>& values, std::size_t rows) {
  arma::mat out(rows, values.size() / rows);
  std::copy(values.begin(), values.end(), out.begin());
  return out;
}

}  // namespace

CmongeSplit cmonge_split(const ConditionalPopulations& cells, double share, std::uint64_t seed) {
  Rng draws = Rng(seed).stream(1);
  CmongeSplit out;
  for (const arma::mat& x : cells.controls)
    out.controls.push_back(hold_out(x.n_cols, share, draws));
  for (const arma::mat& y : cells.treated) out.treated.push_back(hold_out(y.n_cols, share, draws));
  return out;
}

CmongeTrainer::CmongeTrainer(const ConditionalPopulations& cells, const CmongeOptions& options,
                             std::uint64_t seed)
    : options_(options), rng_(Rng(seed).stream(0)) {
  check(cells, options);
  const CmongeSplit split = cmonge_split(cells, options.validation_share, seed);
  const auto training = [&](const arma::mat& population, const Holdout& part) {
    return options.train_on_all ? arma::conv_to<arma::fmat>::from(population)
                                : single_precision(population, part.train);
  };
  std::vector<arma::fmat> validation;
  for (std::size_t g = 0; g < cells.controls.size(); ++g) {
    sources_.push_back(training(cells.controls[g], split.controls[g]));
    validation.push_back(single_precision(cells.controls[g], split.controls[g].validation));
    source_batches_.emplace_back(sources_.back().n_cols, options.batch);
  }
  std::vector<const arma::fmat*> of_source, of_target;
  for (std::size_t c = 0; c < cells.treated.size(); ++c) {
    Condition next;
    next.control = cells.control_of[c];
    next.target = training(cells.treated[c], split.treated[c]);
    next.validation_target = single_precision(cells.treated[c], split.treated[c].validation);
    next.contexts = cells.contexts[c];
    if (!cells.start_maps.empty()) {
      next.start_map = arma::conv_to<arma::fmat>::from(cells.start_maps[c]);
      next.start_shift = arma::conv_to<arma::fvec>::from(cells.start_shifts[c]);
    }
    next.validation_source = started(next, validation[next.control]);
    target_batches_.emplace_back(next.target.n_cols, options.batch);
    conditions_.push_back(std::move(next));
  }
  for (const arma::fmat& x : sources_) of_source.push_back(&x);
  for (const Condition& c : conditions_) of_target.push_back(&c.target);
  const double gamma = options.gamma > 0.0 ? options.gamma
                                           : median_gamma(some_of(of_source), some_of(of_target),
                                                          options.score_weights);
  require(!std::isnan(gamma), Status::invalid_argument,
          "all training cells are the same, so that a network has nothing to learn");
  const double share = 1.0 / static_cast<double>(conditions_.size());
  for (Condition& c : conditions_) {
    c.score = ValidationScore(c.validation_target, gamma, options.score_weights);
    report_.identity_score += share * c.score(validation[c.control]).mmd2;
    ceiling_ += share * c.score.ceiling();
  }
  options_.shape.features = cells.controls[0].n_rows;
  net_ = ConditionalMap<float>(options_.shape);
  Rng start = Rng(seed).stream(2);
  net_.initialise(start);
  adam_ = Adam<float>(net_.size(), options_.adam);
  gradient_.resize(net_.size());
  look();
}

arma::fmat CmongeTrainer::started(const Condition& condition, const arma::fmat& x) const {
  if (condition.start_map.is_empty()) return x;
  arma::fmat out = condition.start_map * x;
  out.each_col() += condition.start_shift;
  return out;
}

const std::vector<std::uint64_t>& CmongeTrainer::batch_of(BatchSampler& sampler,
                                                          std::size_t count) {
  if (!options_.replacement) return sampler.next(rng_);
  drawn_.resize(options_.batch);
  for (std::uint64_t& index : drawn_) index = rng_.below(count);
  return drawn_;
}

void CmongeTrainer::add_gradient(std::size_t number, double share, Context& context) {
  const Condition& condition = conditions_[number];
  const arma::fmat& source = sources_[condition.control];
  gather(source, batch_of(source_batches_[condition.control], source.n_cols), x_);
  gather(condition.target, batch_of(target_batches_[number], condition.target.n_cols), y_);
  const std::size_t d = source.n_rows, count = x_.size() / d;
  const arma::fmat s = started(condition, arma::fmat(x_.data(), d, count, false, true));
  arma::fmat t(d, count);
  pass_.forward(net_, s.memptr(), count, condition.contexts, t.memptr());
  const CmongeLoss loss =
      cmonge_loss(arma::conv_to<arma::mat>::from(s), arma::conv_to<arma::mat>::from(t),
                  in_double(y_, d), options_.loss, false, context);
  const arma::fmat of_t = arma::conv_to<arma::fmat>::from(arma::mat(share * loss.of_t));
  pass_.backward(net_, s.memptr(), of_t.memptr(), gradient_.data());
  gap_sum_ += loss.gap;
  mass_sum_ += loss.self_mass;
  batches_ += 1.0;
}

void CmongeTrainer::step(Context& context) {
  std::fill(gradient_.begin(), gradient_.end(), 0.0F);
  const double share = 1.0 / static_cast<double>(options_.conditions_per_step);
  for (std::size_t k = 0; k < options_.conditions_per_step; ++k)
    add_gradient(rng_.below(conditions_.size()), share, context);
  norm_ = std::sqrt(sum_of_squares(gradient_.data(), gradient_.size()));
  // lr (last + (1 - last) (1 + cos(pi t / N)) / 2), t = 0 .. N - 1
  adam_.step(net_.values().data(), gradient_.data(),
             cosine_factor(options_.last_rate, report_.iterations, options_.iterations + 1));
  ++report_.iterations;
}

void CmongeTrainer::look() {
  double mmd2 = 0.0, overlap = 0.0;
  const double share = 1.0 / static_cast<double>(conditions_.size());
  for (const Condition& c : conditions_) {
    const ValidationScore::Value value = c.score(moved(net_, c.validation_source, c.contexts));
    mmd2 += share * value.mmd2;
    overlap += share * value.overlap;
  }
  const bool first = trace_.empty();
  if (!std::isfinite(mmd2)) {
    require(!first, Status::numerical_failure,
            "the untrained network is not finite on these cells: scale the features");
    report_.outcome = Outcome::diverged;
    report_.diverged_at = report_.iterations;
    return;
  }
  trace_.push_back({report_.iterations, gap_sum_ / batches_, mass_sum_ / batches_, norm_, mmd2});
  gap_sum_ = mass_sum_ = batches_ = 0.0;
  if (first) report_.untrained_score = mmd2;
  if (first || mmd2 < report_.best_score || options_.keep_last) {
    report_.best_score = mmd2;
    report_.best_iteration = report_.iterations;
    best_overlap_ = overlap;
    best_ = net_;
  }
}

void CmongeTrainer::run(Context& context, const std::function<void()>& between) {
  const SingleThreadedBlas one_thread;
  while (report_.outcome != Outcome::diverged && report_.iterations < options_.iterations) {
    context.poll("training", static_cast<double>(report_.iterations) /
                                 static_cast<double>(options_.iterations));
    if (between) between();
    const Context::Span silent(context, 0.0, 0.0);  // transport of a batch is too short to report
    step(context);
    if (!std::isfinite(norm_) ||
        !std::isfinite(sum_of_squares(net_.values().data(), net_.size()))) {
      report_.outcome = Outcome::diverged;
      report_.diverged_at = report_.iterations;
    } else if (report_.iterations % options_.check_every == 0 ||
               report_.iterations == options_.iterations) {
      look();
    }
  }
  if (report_.outcome != Outcome::diverged) report_.outcome = Outcome::finished;
}

double CmongeTrainer::self_mass() const {
  double sum = 0.0, count = 0.0;
  for (std::size_t k = trace_.size() / 2; k < trace_.size(); ++k) {
    if (std::isnan(trace_[k].self_mass)) continue;
    sum += trace_[k].self_mass;
    count += 1.0;
  }
  return count > 0.0 ? sum / count : kNaN;
}

TrainingReport CmongeTrainer::report() const {
  TrainingReport out = report_;
  out.warning = warning_of(report_, best_overlap_, ceiling_, "iteration");
  const double mass = self_mass();
  if (mass > 0.5) {
    const double shown = std::round(100.0 * mass) / 100.0;
    out.warning +=
        text(out.warning.empty() ? "" : "; ", "epsilon is too small for these cells: ", shown,
             " of the transport of predictions to themselves stays on each cell, so "
             "that predictions lose their spread; raise epsilon");
  }
  return out;
}

Snapshot CmongeTrainer::save() const {
  Snapshot out;
  snapshot::put(out, "rng", rng_);
  for (std::size_t g = 0; g < source_batches_.size(); ++g)
    source_batches_[g].put(out, text("source", g));
  for (std::size_t c = 0; c < target_batches_.size(); ++c)
    target_batches_[c].put(out, text("target", c));
  snapshot::put(out, "net", net_.values());
  snapshot::put(out, "best", best_.values());
  snapshot::put(out, "adam", adam_);
  snapshot::put(out, "steps",
                std::vector<std::uint64_t>{adam_.steps, report_.iterations, report_.best_iteration,
                                           report_.diverged_at});
  out["scores"] = {report_.best_score, best_overlap_};
  out["sums"] = {gap_sum_, mass_sum_, norm_, batches_};
  std::vector<double>& trace = out["trace"];
  for (const CmongeTrace& t : trace_)
    trace.insert(trace.end(), {static_cast<double>(t.iteration), t.gap, t.self_mass,
                               t.gradient_norm, t.validation_mmd2});
  return out;
}

void CmongeTrainer::restore(const Snapshot& state) {
  CmongeTrainer next = *this;
  snapshot::get(state, "rng", next.rng_);
  for (std::size_t g = 0; g < source_batches_.size(); ++g)
    next.source_batches_[g].get(state, text("source", g));
  for (std::size_t c = 0; c < target_batches_.size(); ++c)
    next.target_batches_[c].get(state, text("target", c));
  snapshot::get(state, "net", next.net_.values());
  snapshot::get(state, "best", next.best_.values());
  snapshot::get(state, "adam", next.adam_);
  std::vector<std::uint64_t> steps(4);
  snapshot::get(state, "steps", steps);
  next.adam_.steps = steps[0];
  next.report_.iterations = steps[1];
  next.report_.best_iteration = steps[2];
  next.report_.diverged_at = steps[3];
  next.report_.outcome = steps[3] > 0 ? Outcome::diverged : Outcome::running;
  const auto scores = snapshot::numbers(state, "scores", 2);
  next.report_.best_score = scores[0];
  next.best_overlap_ = scores[1];
  const auto sums = snapshot::numbers(state, "sums", 4);
  next.gap_sum_ = sums[0];
  next.mass_sum_ = sums[1];
  next.norm_ = sums[2];
  next.batches_ = sums[3];
  next.trace_.clear();
  for (const std::vector<double>& t : snapshot::rows(state, "trace", 5))
    next.trace_.push_back({static_cast<std::uint64_t>(t[0]), t[1], t[2], t[3], t[4]});
  *this = std::move(next);
}

}  // namespace laot::nets
