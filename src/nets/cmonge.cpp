#include "laot/nets/cmonge.hpp"

#include <algorithm>
#include <cmath>

#include "laot/data/columns.hpp"
#include "laot/nets/kernels.hpp"

namespace laot::nets {

namespace {

void check(const CmongeCells& cells, const CmongeOptions& o) {
  check_training_cells(cells);
  const std::size_t count = cells.treated.size();
  require(cells.contexts.size() == count, Status::dimension_mismatch, "there are ", count,
          " conditions and ", cells.contexts.size(), " contexts");
  require(cells.start_maps.empty() ||
              (cells.start_maps.size() == count && cells.start_shifts.size() == count),
          Status::dimension_mismatch, "a start needs a map and a shift for each condition");
  require(o.batch > 1 && o.check_every > 0 && o.conditions_per_step > 0, Status::invalid_argument,
          "batch must be at least 2, check_every and conditions_per_step at least 1");
  require(o.loss.epsilon > 0.0 && o.loss.gap_epsilon >= 0.0 && o.loss.gap_weight >= 0.0,
          Status::invalid_argument, "epsilon must be positive (found ", o.loss.epsilon,
          "), gap_epsilon (", o.loss.gap_epsilon, ") and gap_weight (", o.loss.gap_weight,
          ") 0 or positive");
}

arma::mat in_double(const std::vector<float>& values, std::size_t rows) {
  arma::mat out(rows, values.size() / rows);
  std::copy(values.begin(), values.end(), out.begin());
  return out;
}

}  // namespace

CmongeTrainer::CmongeTrainer(const CmongeCells& cells, const CmongeOptions& options,
                             std::uint64_t seed)
    : options_(options), rng_(Rng(seed).stream(0)) {
  check(cells, options);
  const PopulationSplits split = split_populations(cells, options.validation_share, seed);
  sources_ = training_part(cells.controls, split.controls, options.train_on_all);
  for (const arma::fmat& x : sources_) source_batches_.emplace_back(x.n_cols, options.batch);
  const std::vector<arma::fmat> unmoved = validation_part(cells.controls, split.controls);
  const std::vector<arma::fmat> targets =
      training_part(cells.treated, split.treated, options.train_on_all);
  for (std::size_t c = 0; c < cells.treated.size(); ++c) {
    Condition next;
    next.control = cells.control_of[c];
    next.target = targets[c];
    next.contexts = cells.contexts[c];
    if (!cells.start_maps.empty()) {
      next.start_map = arma::conv_to<arma::fmat>::from(cells.start_maps[c]);
      next.start_shift = arma::conv_to<arma::fvec>::from(cells.start_shifts[c]);
    }
    next.validation_source = started(next, unmoved[next.control]);
    target_batches_.emplace_back(next.target.n_cols, options.batch);
    conditions_.push_back(std::move(next));
  }
  scores_ = ConditionScores(
      sources_, targets, validation_part(cells.treated, split.treated), options,
      [&](std::size_t c) -> const arma::fmat& { return unmoved[conditions_[c].control]; });
  report_.identity_score = scores_.identity();
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
  const ValidationScore::Value value = scores_([&](std::size_t c) {
    return moved(net_, conditions_[c].validation_source, conditions_[c].contexts);
  });
  const bool first = trace_.empty();
  if (!note_look(report_, std::isfinite(value.mmd2), first)) return;
  trace_.push_back(
      {report_.iterations, gap_sum_ / batches_, mass_sum_ / batches_, norm_, value.mmd2});
  gap_sum_ = mass_sum_ = batches_ = 0.0;
  if (takes_iterate(report_, value, first, options_.keep_last)) best_ = net_;
}

void CmongeTrainer::run(Context& context, const std::function<void()>& between) {
  const auto one_step = [&] {
    const Context::Span silent(context, 0.0, 0.0);  // transport of a batch is too short to report
    step(context);
    return std::isfinite(norm_) && std::isfinite(sum_of_squares(net_.values().data(), net_.size()));
  };
  run_iterations(report_, options_.iterations, options_.check_every, context, between, one_step,
                 [&] { look(); });
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
  out.warning = warning_of(report_, scores_.ceiling(), "iteration");
  const double mass = self_mass();
  if (mass > 0.5) {
    const double shown = std::round(100.0 * mass) / 100.0;
    add_clause(out.warning,
               text("epsilon is too small for these cells: ", shown,
                    " of the transport of predictions to themselves stays on each cell, so that "
                    "predictions lose their spread; raise epsilon"));
  }
  return out;
}

template <class Self, class Archive>
void CmongeTrainer::state(Self& self, Archive& archive) {
  archive.value("rng", self.rng_);
  for (std::size_t g = 0; g < self.source_batches_.size(); ++g)
    archive.batches(text("source", g), self.source_batches_[g]);
  for (std::size_t c = 0; c < self.target_batches_.size(); ++c)
    archive.batches(text("target", c), self.target_batches_[c]);
  archive.value("net", self.net_.values());
  archive.value("best", self.best_.values());
  archive.value("adam", self.adam_);
  archive.words("steps", self.adam_.steps);
  archive.numbers("sums", self.gap_sum_, self.mass_sum_, self.norm_, self.batches_);
  report_state(self.report_, archive);
  archive.trace("trace", self.trace_);
}

Snapshot CmongeTrainer::save() const {
  return snapshot::saved(*this);
}

void CmongeTrainer::restore(const Snapshot& state) {
  snapshot::restore(*this, state);
}

}  // namespace laot::nets
