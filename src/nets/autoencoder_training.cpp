#include "laot/nets/autoencoder_training.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "laot/nets/kernels.hpp"

namespace laot::nets {

namespace {

constexpr std::size_t kShiftCells = 2000;

void check_options(const AutoencoderOptions& o) {
  require(o.batch > 0, Status::invalid_argument, "batch must be at least 1");
  require(o.validation_share > 0.0 && o.validation_share < 1.0, Status::invalid_argument,
          "validation_share must lie between 0 and 1, not at ", o.validation_share);
}

std::vector<std::uint32_t> types_of(const std::vector<std::uint32_t>& types,
                                    const std::vector<std::uint64_t>& index, std::size_t count,
                                    const char* side) {
  if (types.empty()) return {};
  require(types.size() == count, Status::dimension_mismatch, "there are ", types.size(),
          " cell types for ", count, " ", side, " cells");
  std::vector<std::uint32_t> out;
  for (const std::uint64_t i : index) out.push_back(types[i]);
  return out;
}

std::vector<std::uint32_t> condition_labels(std::size_t control, std::size_t treated) {
  std::vector<std::uint32_t> out(control, 0);
  out.resize(control + treated, 1);
  return out;
}

}  // namespace

AutoencoderTrainer::AutoencoderTrainer(const arma::mat& source, const arma::mat& target,
                                       const AutoencoderOptions& options, std::uint64_t seed,
                                       const std::vector<std::uint32_t>& source_types,
                                       const std::vector<std::uint32_t>& target_types)
    : options_(options), rng_(Rng(seed).stream(0)) {
  check_training_cells(source, target);
  check_options(options);
  require(source_types.empty() == target_types.empty(), Status::invalid_argument,
          "cell types must be given for both populations or for neither");
  Rng split = Rng(seed).stream(1);
  const Holdout of_source = hold_out(source.n_cols, options.validation_share, split);
  const Holdout of_target = hold_out(target.n_cols, options.validation_share, split);
  source_ = single_precision(source, of_source.train);
  target_ = single_precision(target, of_target.train);
  validation_source_ = single_precision(source, of_source.validation);
  validation_target_ = single_precision(target, of_target.validation);
  source_types_ = types_of(source_types, of_source.train, source.n_cols, "control");
  target_types_ = types_of(target_types, of_target.train, target.n_cols, "treated");
  pooled_ = arma::join_rows(source_, target_);
  validation_ = arma::join_rows(validation_source_, validation_target_);
  labels_ = condition_labels(source_.n_cols, target_.n_cols);
  validation_labels_ = condition_labels(validation_source_.n_cols, validation_target_.n_cols);
  if (options_.gamma <= 0.0)
    options_.gamma = median_gamma(source_, target_, options_.score_weights);
  score_ = ValidationScore(validation_target_, options_.gamma, options_.score_weights);
  batches_ = BatchSampler(pooled_.n_cols, options_.batch);

  options_.shape.features = source.n_rows;
  options_.shape.conditions = 2;
  net_ = Autoencoder<float>(options_.shape);
  Rng start = Rng(seed).stream(2);
  net_.initialise(start);
  adam_ = Adam<float>(net_.size(), options_.adam);
  gradient_.resize(net_.size());
  report_.identity_score = score_(validation_source_).mmd2;
  look(kNaN, kNaN);
}

arma::fvec AutoencoderTrainer::shift_of(const Autoencoder<float>& net, std::size_t at_most) const {
  if (net.shape().kind == AutoencoderKind::conditional) return {};
  if (source_.n_cols <= at_most && target_.n_cols <= at_most)
    return latent_shift(net, source_, target_, source_types_, target_types_);
  const auto head = [&](const std::vector<std::uint32_t>& types) {
    return std::vector<std::uint32_t>(
        types.begin(),
        types.begin() + static_cast<std::ptrdiff_t>(std::min(types.size(), at_most)));
  };
  return latent_shift(net,
                      arma::fmat(source_.head_cols(std::min<arma::uword>(source_.n_cols, at_most))),
                      arma::fmat(target_.head_cols(std::min<arma::uword>(target_.n_cols, at_most))),
                      head(source_types_), head(target_types_));
}

arma::fvec AutoencoderTrainer::best_shift() const {
  const SingleThreadedBlas one_thread;
  return shift_of(best_, std::numeric_limits<std::size_t>::max());
}

void AutoencoderTrainer::step() {
  const std::vector<std::uint64_t>& index = batches_.next(rng_);
  gather(pooled_, index, x_);
  batch_labels_.resize(index.size());
  for (std::size_t j = 0; j < index.size(); ++j) batch_labels_[j] = labels_[index[j]];
  const bool variational = net_.shape().kind == AutoencoderKind::variational;
  if (variational) {
    noise_.resize(net_.shape().latent * index.size());
    for (float& value : noise_) value = static_cast<float>(rng_.normal());
  }
  const AutoencoderLoss loss =
      pass_.train(net_, options_.loss, x_.data(), batch_labels_.data(),
                  variational ? noise_.data() : nullptr, index.size(), &rng_, gradient_.data());
  loss_sum_ += loss.total;
  const std::uint64_t per_epoch = std::max<std::uint64_t>(1, pooled_.n_cols / batches_.batch());
  const bool last = batches_done_ + 1 == per_epoch;
  if (last) last_norm_ = std::sqrt(sum_of_squares(gradient_.data(), gradient_.size()));
  adam_.step(net_.values().data(), gradient_.data(),
             cosine_factor(options_.last_rate, report_.iterations, options_.epochs));
  ++batches_done_;
  if (!std::isfinite(loss.total)) {
    report_.outcome = Outcome::diverged;
    report_.diverged_at = report_.iterations + 1;
  } else if (last) {
    ++report_.iterations;
    batches_done_ = 0;
    look(loss_sum_ / static_cast<double>(per_epoch), last_norm_);
    loss_sum_ = 0.0;
  }
}

// Of several candidates one that is not finite is not taken, nor a later one for being as good.
AutoencoderTrainer::Candidate AutoencoderTrainer::best_candidate() const {
  const arma::fmat moved = predict(net_, validation_source_, shift_of(net_, kShiftCells));
  if (options_.residual == Residual::drop) return {score_(moved), {false, 1.0}};
  const arma::fmat change = moved - reconstruct(net_, validation_source_);
  const Candidate kept{score_(arma::fmat(validation_source_ + change)), {true, 1.0}};
  if (options_.residual == Residual::keep) return kept;
  Candidate best = kept;
  for (const Candidate& other :
       {Candidate{score_(arma::fmat(validation_source_ + 0.5F * change)), {true, 0.5}},
        Candidate{score_(moved), {false, 1.0}}})
    if (other.value.mmd2 < best.value.mmd2 || !std::isfinite(best.value.mmd2)) best = other;
  return best;
}

void AutoencoderTrainer::look(double training_loss, double gradient_norm) {
  const bool first = trace_.empty();
  const AutoencoderLoss held =
      pass_.evaluate(net_, options_.loss, validation_.memptr(), validation_labels_.data(), nullptr,
                     validation_.n_cols);
  const auto [value, how] = best_candidate();
  if (!std::isfinite(held.total) || !std::isfinite(value.mmd2) ||
      !(first || std::isfinite(training_loss + gradient_norm))) {
    require(!first, Status::numerical_failure,
            "the untrained network is not finite on these cells: scale the features");
    report_.outcome = Outcome::diverged;
    report_.diverged_at = report_.iterations;
    return;
  }
  trace_.push_back({report_.iterations, training_loss, held.total, gradient_norm, value.mmd2});
  if (first) report_.untrained_score = value.mmd2;
  if (first || value.mmd2 < report_.best_score) {
    report_.best_score = value.mmd2;
    report_.best_iteration = report_.iterations;
    best_overlap_ = value.overlap;
    best_prediction_ = how;
    best_ = net_;
  }
}

bool AutoencoderTrainer::out_of_patience() const {
  if (options_.patience == 0) return false;
  const auto best = std::min_element(trace_.begin(), trace_.end(),
                                     [](const AutoencoderTrace& a, const AutoencoderTrace& b) {
                                       return a.validation_loss < b.validation_loss;
                                     });
  return trace_.back().epoch - best->epoch >= options_.patience;
}

void AutoencoderTrainer::run(Context& context, const std::function<void()>& between) {
  const SingleThreadedBlas one_thread;
  while (report_.outcome != Outcome::diverged && report_.iterations < options_.epochs &&
         !(batches_done_ == 0 && out_of_patience())) {
    context.poll("training",
                 static_cast<double>(report_.iterations) / static_cast<double>(options_.epochs));
    if (between) between();
    step();
  }
  if (report_.outcome != Outcome::diverged) report_.outcome = Outcome::finished;
}

TrainingReport AutoencoderTrainer::report() const {
  TrainingReport out = report_;
  out.warning = warning_of(report_, best_overlap_, score_.ceiling(), "epoch");
  return out;
}

Snapshot AutoencoderTrainer::save() const {
  Snapshot out;
  snapshot::put(out, "rng", rng_);
  batches_.put(out, "batches");
  snapshot::put(out, "net", net_.values());
  snapshot::put(out, "net.running", net_.running());
  snapshot::put(out, "best", best_.values());
  snapshot::put(out, "best.running", best_.running());
  snapshot::put(out, "adam.first", adam_.first);
  snapshot::put(out, "adam.second", adam_.second);
  snapshot::put(out, "steps",
                std::vector<std::uint64_t>{adam_.steps, report_.iterations, report_.best_iteration,
                                           report_.diverged_at, batches_done_});
  out["sums"] = {loss_sum_,
                 last_norm_,
                 report_.best_score,
                 best_overlap_,
                 best_prediction_.keeps_residual ? 1.0 : 0.0,
                 best_prediction_.share};
  std::vector<double>& trace = out["trace"];
  for (const AutoencoderTrace& t : trace_)
    trace.insert(trace.end(), {static_cast<double>(t.epoch), t.training_loss, t.validation_loss,
                               t.gradient_norm, t.validation_mmd2});
  return out;
}

void AutoencoderTrainer::restore(const Snapshot& state) {
  AutoencoderTrainer next = *this;
  snapshot::get(state, "rng", next.rng_);
  next.batches_.get(state, "batches");
  snapshot::get(state, "net", next.net_.values());
  snapshot::get(state, "net.running", next.net_.running());
  snapshot::get(state, "best", next.best_.values());
  snapshot::get(state, "best.running", next.best_.running());
  snapshot::get(state, "adam.first", next.adam_.first);
  snapshot::get(state, "adam.second", next.adam_.second);
  std::vector<std::uint64_t> steps(5);
  snapshot::get(state, "steps", steps);
  next.adam_.steps = steps[0];
  next.report_.iterations = steps[1];
  next.report_.best_iteration = steps[2];
  next.report_.diverged_at = steps[3];
  next.report_.outcome = steps[3] > 0 ? Outcome::diverged : Outcome::running;
  next.batches_done_ = steps[4];
  const auto sums = snapshot::numbers(state, "sums", 6);
  next.loss_sum_ = sums[0];
  next.last_norm_ = sums[1];
  next.report_.best_score = sums[2];
  next.best_overlap_ = sums[3];
  next.best_prediction_ = {sums[4] != 0.0, sums[5]};
  next.trace_.clear();
  for (const std::vector<double>& t : snapshot::rows(state, "trace", 5))
    next.trace_.push_back({static_cast<std::uint64_t>(t[0]), t[1], t[2], t[3], t[4]});
  *this = std::move(next);
}

}  // namespace laot::nets
