#include "laot/nets/cpa_training.hpp"

#include <algorithm>
#include <cmath>

#include "laot/data/columns.hpp"
#include "laot/nets/kernels.hpp"

namespace laot::nets {

namespace {

void check_cpa(const CpaCells& cells, const CpaOptions& o) {
  check_training_cells(cells);
  require(cells.conditions.size() == cells.treated.size() &&
              cells.control_contexts.size() == cells.controls.size(),
          Status::dimension_mismatch, "there are ", cells.conditions.size(), " descriptions of ",
          cells.treated.size(), " conditions, and ", cells.control_contexts.size(), " contexts of ",
          cells.controls.size(), " controls");
  require(o.batch > 1 && o.check_every > 0 && o.adversary_steps > 1, Status::invalid_argument,
          "batch and adversary_steps must be at least 2, check_every at least 1");
}

std::vector<std::size_t> levels_of_treatments(const CpaCondition<float>& condition) {
  std::vector<std::size_t> out;
  for (const auto& treatment : condition.treatments) out.push_back(treatment.level);
  std::sort(out.begin(), out.end());
  return out;
}

// Equal things get one number, in order of first appearance.
template <class Thing>
std::vector<std::size_t> numbered(const std::vector<Thing>& things) {
  std::vector<Thing> known;
  std::vector<std::size_t> out;
  for (const Thing& thing : things) {
    const auto at = std::find(known.begin(), known.end(), thing);
    out.push_back(static_cast<std::size_t>(at - known.begin()));
    if (at == known.end()) known.push_back(thing);
  }
  return out;
}

// As published: the cells that are not of a class, over those that are.
std::vector<double> class_weights(const std::vector<std::size_t>& classes,
                                  const std::vector<double>& cells) {
  std::vector<double> out(*std::max_element(classes.begin(), classes.end()) + 1, 0.0);
  double all = 0.0;
  for (std::size_t p = 0; p < classes.size(); ++p) {
    out[classes[p]] += cells[p];
    all += cells[p];
  }
  for (double& value : out) value = all / value - 1.0;
  return out;
}

// The levels that a population was treated with, in any dose; and its context.
CpaPopulations<float> populations_of(const CpaCells& cells, const std::vector<double>& counts) {
  CpaPopulations<float> out;
  std::vector<std::vector<std::size_t>> levels;
  std::vector<std::vector<float>> contexts;
  for (const std::vector<float>& context : cells.control_contexts) {
    out.conditions.push_back({{}, context});
    levels.emplace_back();
    contexts.push_back(context);
  }
  for (const CpaCondition<float>& condition : cells.conditions) {
    out.conditions.push_back(condition);
    levels.push_back(levels_of_treatments(condition));
    contexts.push_back(condition.context);
  }
  for (const std::vector<std::size_t>& classes : {numbered(levels), numbered(contexts)}) {
    if (*std::max_element(classes.begin(), classes.end()) == 0) continue;
    out.classes.push_back(classes);
    // Contexts have even weights.
    out.weights.push_back(out.weights.empty()
                              ? class_weights(classes, counts)
                              : std::vector<double>(class_weights(classes, counts).size(), 1.0));
  }
  return out;
}

}  // namespace

std::size_t published_cpa_steps(std::size_t cells, std::size_t batch) {
  const double n = static_cast<double>(cells);
  const double passes = std::min(std::round(20000.0 / n * 400.0), 400.0);
  return static_cast<std::size_t>(passes *
                                  std::max(1.0, std::ceil(n / static_cast<double>(batch))));
}

arma::fmat predict_cells(const Cpa<float>& net, const arma::fmat& x,
                         const CpaCondition<float>& condition, bool keep_residual) {
  const CpaPrediction<float> predicted = predict(net, x, condition);
  if (!keep_residual) return predicted.moved;
  return x + (predicted.moved - predicted.unmoved);
}

CpaTrainer::CpaTrainer(const CpaCells& cells, const CpaOptions& options, std::uint64_t seed)
    : options_(options), rng_(Rng(seed).stream(0)) {
  check_cpa(cells, options);
  const PopulationSplits split = split_populations(cells, options.validation_share, seed);
  const std::vector<arma::fmat> sources =
      training_part(cells.controls, split.controls, options.train_on_all);
  const std::vector<arma::fmat> targets =
      training_part(cells.treated, split.treated, options.train_on_all);
  validation_sources_ = validation_part(cells.controls, split.controls);
  control_of_ = cells.control_of;
  std::vector<double> counts;
  for (const auto* side : {&sources, &targets})
    for (const arma::fmat& part : *side) {
      population_.insert(population_.end(), part.n_cols, counts.size());
      counts.push_back(static_cast<double>(part.n_cols));
    }
  pooled_.set_size(cells.controls[0].n_rows, population_.size());
  arma::uword filled = 0;
  for (const auto* side : {&sources, &targets})
    for (const arma::fmat& part : *side) {
      pooled_.cols(filled, filled + part.n_cols - 1) = part;
      filled += part.n_cols;
    }
  populations_ = populations_of(cells, counts);
  if (options.adversary_weight == 0.0) {
    populations_.classes.clear();
    populations_.weights.clear();
  }
  batches_ = BatchSampler(pooled_.n_cols, options.batch);
  scores_ = ConditionScores(
      sources, targets, validation_part(cells.treated, split.treated), options,
      [&](std::size_t c) -> const arma::fmat& { return validation_sources_[control_of_[c]]; });
  report_.identity_score = scores_.identity();

  options_.shape.features = pooled_.n_rows;
  Rng start = Rng(seed).stream(2);
  net_ = Cpa<float>(options_.shape);
  net_.initialise(start);
  std::vector<std::size_t> classes;
  for (const auto& weights : populations_.weights) classes.push_back(weights.size());
  adversary_ = CpaAdversary<float>(options_.shape.latent, classes, options_.adversary);
  adversary_.initialise(start);
  adam_ = Adam<float>(net_.of_doses(), options_.adam);
  adam_doses_ = Adam<float>(net_.size() - net_.of_doses(), options_.adam_doses);
  adam_adversary_ = Adam<float>(adversary_.size(), options_.adam_adversary);
  gradient_.resize(net_.size());
  of_adversary_.resize(adversary_.size());
  look();
}

double CpaTrainer::rate_factor() const {
  const double passes = static_cast<double>(report_.iterations * batches_.batch()) /
                        static_cast<double>(pooled_.n_cols);
  return cosine_factor(options_.last_rate, report_.iterations, options_.iterations + 1) *
         std::pow(options_.rate_decay, std::floor(passes / 45.0));
}

void CpaTrainer::step() {
  const std::vector<std::uint64_t>& index = batches_.next(rng_);
  gather(pooled_, index, x_);
  batch_population_.resize(index.size());
  for (std::size_t j = 0; j < index.size(); ++j) batch_population_[j] = population_[index[j]];
  const CpaBatch<float> batch{x_.data(), index.size(), batch_population_};
  const double factor = rate_factor();
  const bool adversarial = !populations_.classes.empty();
  if (adversarial && report_.iterations % options_.adversary_steps != 0) {
    const CpaLoss loss =
        pass_.train_adversary(net_, adversary_, populations_, batch, options_.penalty_weight, &rng_,
                              of_adversary_.data());
    adam_adversary_.step(adversary_.values().data(), of_adversary_.data(), factor);
    adversary_loss_ += loss.adversary;
    penalty_ += loss.penalty;
    adversary_count_ += 1.0;
  } else {
    const CpaLoss loss = pass_.train_autoencoder(
        net_, adversary_, populations_, batch, options_.adversary_weight, &rng_, gradient_.data());
    norm_ = std::sqrt(sum_of_squares(gradient_.data(), gradient_.size()));
    adam_.step(net_.values().data(), gradient_.data(), factor);
    adam_doses_.step(net_.values().data() + net_.of_doses(), gradient_.data() + net_.of_doses(),
                     factor);
    reconstruction_ += loss.reconstruction;
    steps_ += 1.0;
  }
  ++report_.iterations;
}

void CpaTrainer::look() {
  const ValidationScore::Value value = scores_([&](std::size_t c) {
    const CpaCondition<float>& condition = populations_.conditions[validation_sources_.size() + c];
    return predict_cells(net_, validation_sources_[control_of_[c]], condition,
                         options_.keep_residual);
  });
  const bool first = trace_.empty();
  if (!note_look(report_, std::isfinite(value.mmd2), first)) return;
  trace_.push_back({report_.iterations, reconstruction_ / steps_,
                    adversary_loss_ / adversary_count_, penalty_ / adversary_count_, norm_,
                    value.mmd2});
  reconstruction_ = adversary_loss_ = penalty_ = steps_ = adversary_count_ = 0.0;
  if (takes_iterate(report_, value, first, options_.keep_last)) best_ = net_;
}

void CpaTrainer::run(Context& context, const std::function<void()>& between) {
  const auto one_step = [&] {
    step();
    return std::isfinite(sum_of_squares(net_.values().data(), net_.size())) &&
           std::isfinite(sum_of_squares(adversary_.values().data(), adversary_.size()));
  };
  run_iterations(report_, options_.iterations, options_.check_every, context, between, one_step,
                 [&] { look(); });
}

TrainingReport CpaTrainer::report() const {
  TrainingReport out = report_;
  out.warning = warning_of(report_, scores_.ceiling(), "iteration");
  return out;
}

template <class Self, class Archive>
void CpaTrainer::state(Self& self, Archive& archive) {
  archive.value("rng", self.rng_);
  archive.batches("batches", self.batches_);
  archive.normalised("net", self.net_);
  archive.normalised("best", self.best_);
  archive.normalised("adversary", self.adversary_);
  archive.value("adam", self.adam_);
  archive.value("adam_doses", self.adam_doses_);
  archive.value("adam_adversary", self.adam_adversary_);
  archive.words("steps", self.adam_.steps, self.adam_doses_.steps, self.adam_adversary_.steps);
  archive.numbers("sums", self.reconstruction_, self.adversary_loss_, self.penalty_, self.norm_,
                  self.steps_, self.adversary_count_);
  report_state(self.report_, archive);
  archive.trace("trace", self.trace_);
}

Snapshot CpaTrainer::save() const {
  return snapshot::saved(*this);
}

void CpaTrainer::restore(const Snapshot& state) {
  snapshot::restore(*this, state);
}

}  // namespace laot::nets
