#include "laot/nets/cpa_training.hpp"

#include <algorithm>
#include <cmath>

#include "laot/data/columns.hpp"
#include "laot/nets/kernels.hpp"

namespace laot::nets {

namespace {

void check_cpa(const CpaCells& cells, const CpaOptions& o) {
  const std::size_t count = cells.treated.size();
  require(count > 0 && cells.control_of.size() == count && cells.conditions.size() == count &&
              cells.control_contexts.size() == cells.controls.size(),
          Status::dimension_mismatch, "there are ", count, " conditions, ", cells.control_of.size(),
          " names of their controls, ", cells.conditions.size(), " descriptions, and ",
          cells.control_contexts.size(), " contexts of ", cells.controls.size(), " controls");
  for (std::size_t c = 0; c < count; ++c) {
    require(cells.control_of[c] < cells.controls.size(), Status::invalid_argument,
            "a condition names control ", cells.control_of[c] + 1, " (counted from 1) of ",
            cells.controls.size());
    check_training_cells(cells.controls[cells.control_of[c]], cells.treated[c]);
  }
  require(o.batch > 1 && o.check_every > 0 && o.adversary_steps > 1, Status::invalid_argument,
          "batch and adversary_steps must be at least 2, check_every at least 1");
  require(o.validation_share > 0.0 && o.validation_share < 1.0, Status::invalid_argument,
          "validation_share must lie between 0 and 1, not at ", o.validation_share);
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

arma::fmat some_cells(const arma::fmat& cells, std::size_t most) {
  return columns_of(cells, spread_over(cells.n_cols, most));
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
  Rng draws = Rng(seed).stream(1);
  std::vector<arma::fmat> training;
  std::vector<double> counts;
  const auto add = [&](const arma::mat& population) {
    const Holdout split = hold_out(population.n_cols, options.validation_share, draws);
    training.push_back(options.train_on_all ? arma::conv_to<arma::fmat>::from(population)
                                            : single_precision(population, split.train));
    counts.push_back(static_cast<double>(training.back().n_cols));
    population_.insert(population_.end(), training.back().n_cols, training.size() - 1);
    return single_precision(population, split.validation);
  };
  for (const arma::mat& x : cells.controls) validation_sources_.push_back(add(x));
  for (std::size_t c = 0; c < cells.treated.size(); ++c)
    conditions_.push_back({cells.control_of[c], add(cells.treated[c]), {}});
  pooled_.set_size(cells.controls[0].n_rows, population_.size());
  arma::uword filled = 0;
  for (const arma::fmat& part : training) {
    pooled_.cols(filled, filled + part.n_cols - 1) = part;
    filled += part.n_cols;
  }
  populations_ = populations_of(cells, counts);
  if (options.adversary_weight == 0.0) {
    populations_.classes.clear();
    populations_.weights.clear();
  }
  batches_ = BatchSampler(pooled_.n_cols, options.batch);

  const std::size_t controls = cells.controls.size();
  arma::fmat sources, targets;
  for (std::size_t p = 0; p < training.size(); ++p) {
    const bool control = p < controls;
    const std::size_t of_kind = control ? controls : training.size() - controls;
    arma::fmat& to = control ? sources : targets;
    to = arma::join_rows(to, some_cells(training[p], std::max<std::size_t>(2, 500 / of_kind)));
  }
  const double gamma =
      options.gamma > 0.0 ? options.gamma : median_gamma(sources, targets, options.score_weights);
  require(!std::isnan(gamma), Status::invalid_argument,
          "all training cells are the same, so that a network has nothing to learn");
  const double share = 1.0 / static_cast<double>(conditions_.size());
  for (Condition& c : conditions_) {
    c.score = ValidationScore(c.validation_target, gamma, options.score_weights);
    report_.identity_score += share * c.score(validation_sources_[c.control]).mmd2;
    ceiling_ += share * c.score.ceiling();
  }

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
  double mmd2 = 0.0, overlap = 0.0;
  const double share = 1.0 / static_cast<double>(conditions_.size());
  for (std::size_t c = 0; c < conditions_.size(); ++c) {
    const CpaCondition<float>& condition = populations_.conditions[validation_sources_.size() + c];
    const ValidationScore::Value value = conditions_[c].score(predict_cells(
        net_, validation_sources_[conditions_[c].control], condition, options_.keep_residual));
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
  trace_.push_back({report_.iterations, reconstruction_ / steps_,
                    adversary_loss_ / adversary_count_, penalty_ / adversary_count_, norm_, mmd2});
  reconstruction_ = adversary_loss_ = penalty_ = steps_ = adversary_count_ = 0.0;
  if (first) report_.untrained_score = mmd2;
  if (first || mmd2 < report_.best_score || options_.keep_last) {
    report_.best_score = mmd2;
    report_.best_iteration = report_.iterations;
    best_overlap_ = overlap;
    best_ = net_;
  }
}

void CpaTrainer::run(Context& context, const std::function<void()>& between) {
  const SingleThreadedBlas one_thread;
  while (report_.outcome != Outcome::diverged && report_.iterations < options_.iterations) {
    context.poll("training", static_cast<double>(report_.iterations) /
                                 static_cast<double>(options_.iterations));
    if (between) between();
    step();
    if (!std::isfinite(sum_of_squares(net_.values().data(), net_.size())) ||
        !std::isfinite(sum_of_squares(adversary_.values().data(), adversary_.size()))) {
      report_.outcome = Outcome::diverged;
      report_.diverged_at = report_.iterations;
    } else if (report_.iterations % options_.check_every == 0 ||
               report_.iterations == options_.iterations) {
      look();
    }
  }
  if (report_.outcome != Outcome::diverged) report_.outcome = Outcome::finished;
}

TrainingReport CpaTrainer::report() const {
  TrainingReport out = report_;
  out.warning = warning_of(report_, best_overlap_, ceiling_, "iteration");
  return out;
}

Snapshot CpaTrainer::save() const {
  Snapshot out;
  snapshot::put(out, "rng", rng_);
  batches_.put(out, "batches");
  snapshot::put(out, "net", net_.values());
  snapshot::put(out, "net.running", net_.running());
  snapshot::put(out, "best", best_.values());
  snapshot::put(out, "best.running", best_.running());
  snapshot::put(out, "adversary", adversary_.values());
  snapshot::put(out, "adversary.running", adversary_.running());
  snapshot::put(out, "adam", adam_);
  snapshot::put(out, "adam_doses", adam_doses_);
  snapshot::put(out, "adam_adversary", adam_adversary_);
  snapshot::put(
      out, "steps",
      std::vector<std::uint64_t>{adam_.steps, adam_doses_.steps, adam_adversary_.steps,
                                 report_.iterations, report_.best_iteration, report_.diverged_at});
  out["scores"] = {report_.best_score, best_overlap_};
  out["sums"] = {reconstruction_, adversary_loss_, penalty_, norm_, steps_, adversary_count_};
  std::vector<double>& trace = out["trace"];
  for (const CpaTrace& t : trace_)
    trace.insert(trace.end(), {static_cast<double>(t.iteration), t.reconstruction, t.adversary,
                               t.penalty, t.gradient_norm, t.validation_mmd2});
  return out;
}

void CpaTrainer::restore(const Snapshot& state) {
  CpaTrainer next = *this;
  snapshot::get(state, "rng", next.rng_);
  next.batches_.get(state, "batches");
  snapshot::get(state, "net", next.net_.values());
  snapshot::get(state, "net.running", next.net_.running());
  snapshot::get(state, "best", next.best_.values());
  snapshot::get(state, "best.running", next.best_.running());
  snapshot::get(state, "adversary", next.adversary_.values());
  snapshot::get(state, "adversary.running", next.adversary_.running());
  snapshot::get(state, "adam", next.adam_);
  snapshot::get(state, "adam_doses", next.adam_doses_);
  snapshot::get(state, "adam_adversary", next.adam_adversary_);
  std::vector<std::uint64_t> steps(6);
  snapshot::get(state, "steps", steps);
  next.adam_.steps = steps[0];
  next.adam_doses_.steps = steps[1];
  next.adam_adversary_.steps = steps[2];
  next.report_.iterations = steps[3];
  next.report_.best_iteration = steps[4];
  next.report_.diverged_at = steps[5];
  next.report_.outcome = steps[5] > 0 ? Outcome::diverged : Outcome::running;
  const auto scores = snapshot::numbers(state, "scores", 2);
  next.report_.best_score = scores[0];
  next.best_overlap_ = scores[1];
  const auto sums = snapshot::numbers(state, "sums", 6);
  next.reconstruction_ = sums[0];
  next.adversary_loss_ = sums[1];
  next.penalty_ = sums[2];
  next.norm_ = sums[3];
  next.steps_ = sums[4];
  next.adversary_count_ = sums[5];
  next.trace_.clear();
  for (const std::vector<double>& t : snapshot::rows(state, "trace", 6))
    next.trace_.push_back({static_cast<std::uint64_t>(t[0]), t[1], t[2], t[3], t[4], t[5]});
  *this = std::move(next);
}

}  // namespace laot::nets
