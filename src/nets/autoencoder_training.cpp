#include "laot/nets/autoencoder_training.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "laot/data/columns.hpp"
#include "laot/nets/kernels.hpp"

namespace laot::nets {

namespace {

void check_options(const AutoencoderOptions& o) {
  require(o.batch > 0, Status::invalid_argument, "batch must be at least 1");
}

std::vector<std::uint32_t> labels_at(const std::vector<std::uint32_t>& labels,
                                     const std::vector<std::uint64_t>& index) {
  std::vector<std::uint32_t> out;
  for (const std::uint64_t i : index) out.push_back(labels[i]);
  return out;
}

std::vector<std::uint32_t> types_of(const std::vector<std::uint32_t>& types,
                                    const std::vector<std::uint64_t>& index, std::size_t count,
                                    const char* side) {
  if (types.empty()) return {};
  require(types.size() == count, Status::dimension_mismatch, "there are ", types.size(),
          " cell types for ", count, " ", side, " cells");
  return labels_at(types, index);
}

// Those that keep the residual first.
std::vector<AutoencoderTrainer::Prediction> ways_to_predict(Residual residual) {
  if (residual == Residual::keep) return {{true, 1.0}};
  if (residual == Residual::drop) return {{false, 1.0}};
  return {{true, 1.0}, {true, 0.5}, {false, 1.0}};
}

arma::fmat in_way(const AutoencoderTrainer::Prediction& way, const arma::fmat& cells,
                  const Predicted<float>& at) {
  if (!way.keeps_residual) return at.moved;
  return cells + static_cast<float>(way.share) * (at.moved - at.reconstructed);
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
    : options_(options),
      ways_(ways_to_predict(options.residual)),
      cells_(source, target, options, Rng(seed).stream(1), options.source_origin,
             options.target_origin),
      rng_(Rng(seed).stream(0)),
      best_(ways_.size()) {
  check_options(options);
  require(source_types.empty() == target_types.empty(), Status::invalid_argument,
          "cell types must be given for both populations or for neither");
  source_types_ = types_of(source_types, cells_.of_source.train, source.n_cols, "control");
  target_types_ = types_of(target_types, cells_.of_target.train, target.n_cols, "treated");
  pooled_ = arma::join_rows(cells_.source, cells_.target);
  validation_ = arma::join_rows(cells_.validation_source, cells_.validation_target);
  labels_ = condition_labels(cells_.source.n_cols, cells_.target.n_cols);
  validation_labels_ =
      condition_labels(cells_.validation_source.n_cols, cells_.validation_target.n_cols);
  batches_ = BatchSampler(pooled_.n_cols, options_.batch);

  options_.shape.features = source.n_rows;
  options_.shape.conditions = 2;
  net_ = Autoencoder<float>(options_.shape);
  Rng start = Rng(seed).stream(2);
  net_.initialise(start);
  adam_ = Adam<float>(net_.size(), options_.adam);
  gradient_.resize(net_.size());
  report_.identity_score = cells_.identity_score;
  report_.mean_restored = options_.restore_mean;
  look(kNaN, kNaN);
}

arma::fvec AutoencoderTrainer::shift_of(const Autoencoder<float>& net, std::size_t at_most) const {
  if (net.shape().kind == AutoencoderKind::conditional) return {};
  if (cells_.source.n_cols <= at_most && cells_.target.n_cols <= at_most)
    return latent_shift(net, cells_.source, cells_.target, source_types_, target_types_);
  const auto index_x = spread_over(cells_.source.n_cols, at_most);
  const auto index_y = spread_over(cells_.target.n_cols, at_most);
  const bool typed = !source_types_.empty();
  return latent_shift(net, columns_of(cells_.source, index_x), columns_of(cells_.target, index_y),
                      typed ? labels_at(source_types_, index_x) : source_types_,
                      typed ? labels_at(target_types_, index_y) : target_types_);
}

arma::fvec AutoencoderTrainer::best_shift() const {
  const SingleThreadedBlas one_thread;
  return shift_of(best(), std::numeric_limits<std::size_t>::max());
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

Predicted<float> AutoencoderTrainer::predicted(const arma::fmat& cells,
                                               const arma::fvec& shift) const {
  if (options_.residual == Residual::drop) return {predict(net_, cells, shift), {}};
  return predict_and_reconstruct(net_, cells, shift);
}

// After the loss of the validation cells, when the pass still holds their codes and what the
// network made of them; the controls come first.
std::vector<ValidationScore::Value> AutoencoderTrainer::scores() const {
  const arma::fvec shift = shift_of(net_, kLookCells);
  const arma::uword count = cells_.validation_source.n_cols;
  const arma::fmat code(pass_.code().data(), net_.shape().latent, count);
  const Predicted<float> validation{
      decode_moved(net_, code, shift),
      arma::fmat(pass_.output().data(), net_.shape().features, count)};
  const arma::fmat controls =
      options_.restore_mean
          ? columns_of(cells_.source, spread_over(cells_.source.n_cols, kLookCells))
          : arma::fmat();
  const Predicted<float> training =
      options_.restore_mean ? predicted(controls, shift) : Predicted<float>();
  std::vector<ValidationScore::Value> out;
  for (const Prediction& way : ways_) {
    arma::fmat moved = in_way(way, cells_.validation_source, validation);
    if (options_.restore_mean)
      restore_mean(moved, in_way(way, controls, training), cells_.target_mean);
    out.push_back(cells_.score(moved));
  }
  return out;
}

void AutoencoderTrainer::look(double training_loss, double gradient_norm) {
  const bool first = trace_.empty();
  const AutoencoderLoss held =
      pass_.evaluate(net_, options_.loss, validation_.memptr(), validation_labels_.data(), nullptr,
                     validation_.n_cols);
  std::vector<ValidationScore::Value> values = scores();
  double finite = first ? held.total : held.total + training_loss + gradient_norm;
  for (const ValidationScore::Value& value : values) finite += value.mmd2;
  if (!note_look(report_, std::isfinite(finite), first)) return;
  trace_.push_back({report_.iterations, training_loss, held.total, gradient_norm, kNaN});
  scores_.emplace_back();
  for (std::size_t w = 0; w < ways_.size(); ++w) {
    scores_.back().push_back(values[w].mmd2);
    if (first || values[w].mmd2 < best_[w].value.mmd2)
      best_[w] = {std::move(values[w]), report_.iterations, net_};
  }
}

// Dropping the residual loses something for certain, and its gain may be noise, so that it has to
// prove better than the best way that keeps it. That is asked of the best looks, not at each: of
// many looks some pass by luck, and one of them would have the least score.
std::size_t AutoencoderTrainer::best_way() const {
  std::size_t out = 0;
  for (std::size_t w = 1; w < ways_.size(); ++w) {
    const ValidationScore::Value &reference = best_[out].value, &value = best_[w].value;
    const double proof = ways_[w].keeps_residual ? 0.0 : standard_error(reference, value);
    if (reference.mmd2 - value.mmd2 > proof) out = w;
  }
  return out;
}

std::vector<AutoencoderTrace> AutoencoderTrainer::trace() const {
  const std::size_t way = best_way();
  std::vector<AutoencoderTrace> out = trace_;
  for (std::size_t i = 0; i < out.size(); ++i) out[i].validation_mmd2 = scores_[i][way];
  return out;
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
  run_steps(
      report_, options_.epochs, context, between, [&] { step(); },
      [&] { return batches_done_ > 0 || !out_of_patience(); });
}

TrainingReport AutoencoderTrainer::report() const {
  const std::size_t way = best_way();
  TrainingReport out = report_;
  out.best_score = best_[way].value.mmd2;
  out.best_iteration = best_[way].epoch;
  out.best_overlap = best_[way].value.overlap;
  out.untrained_score = scores_.front()[way];
  out.warning = warning_of(out, cells_.score.ceiling(), "epoch");
  return out;
}

template <class Self, class Archive>
void AutoencoderTrainer::state(Self& self, Archive& archive) {
  archive.value("rng", self.rng_);
  archive.batches("batches", self.batches_);
  archive.normalised("net", self.net_);
  for (std::size_t w = 0; w < self.ways_.size(); ++w) {
    const std::string name = text("best", w);
    auto& [value, epoch, net] = self.best_[w];
    archive.normalised(name, net);
    archive.words(name + ".epoch", epoch);
    archive.numbers(name + ".score", value.mmd2, value.overlap);
    archive.array(name + ".predicted", value.of_predicted);
    archive.array(name + ".observed", value.of_observed);
  }
  archive.value("adam", self.adam_);
  archive.words("steps", self.adam_.steps, self.batches_done_);
  archive.numbers("sums", self.loss_sum_, self.last_norm_);
  report_state(self.report_, archive);
  archive.trace("trace", self.trace_);
  archive.table("scores", self.scores_, self.ways_.size());
}

Snapshot AutoencoderTrainer::save() const {
  return snapshot::saved(*this);
}

void AutoencoderTrainer::restore(const Snapshot& state) {
  snapshot::restore(*this, state);
}

}  // namespace laot::nets
