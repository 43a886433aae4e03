#include "laot/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "at_condition.hpp"
#include "candidates.hpp"
#include "feature_sets.hpp"
#include "groups.hpp"
#include "laot/data/columns.hpp"
#include "laot/metrics/weighted.hpp"
#include "score_rows.hpp"

namespace laot {

namespace {

constexpr std::size_t kHalvings = 5;
constexpr std::uint64_t kHalvingStream = 1u << 21;
constexpr std::size_t kNeighbours = 10;            // of own_group_share
constexpr std::size_t kCellsCoupledAgain = 20000;  // a coupling that is kept holds copies of them
constexpr const char* kNoWeight = "no control cell is of a type that treated cells had";
constexpr std::size_t kCellsOfTest = 1000;  // a side, evenly taken, of the permutation test

using Metrics = std::vector<const MetricSpec*>;

Metrics chosen_metrics(const HeldOut& held_out, const EvaluationOptions& options) {
  std::vector<std::string> names = options.metrics;
  if (names.empty())
    names = options.preset.empty() ? default_metrics() : score_preset(options.preset).metrics;
  Metrics out;
  for (const std::string& name : names) {
    const MetricSpec* spec = &metric(name);
    const bool met = std::find(out.begin(), out.end(), spec) != out.end();
    if (!met && (!spec->needs_control || held_out.control)) out.push_back(spec);
  }
  return out;
}

// The chosen rows and columns of a matrix (empty: all); the matrix itself where all of it is.
arma::mat chosen(const arma::mat& cells, const std::vector<std::size_t>& rows, bool all_columns,
                 const std::vector<std::size_t>& columns) {
  if (rows.empty()) return all_columns ? borrowed(cells) : columns_of(cells, columns);
  const std::size_t count = all_columns ? cells.n_cols : columns.size();
  arma::mat out(rows.size(), count);
  for (std::size_t i = 0; i < count; ++i) {
    const double* cell = cells.colptr(all_columns ? i : columns[i]);
    for (std::size_t k = 0; k < rows.size(); ++k) out.at(k, i) = cell[rows[k]];
  }
  return out;
}

// The observed cells of one random halving, and the rest of them.
struct Halves {
  arma::mat first, second;
  std::vector<std::size_t> order;
};

Halves halves_of(const arma::mat& observed, std::size_t halving, std::uint64_t seed) {
  Halves out;
  out.order = Rng(seed).stream(kHalvingStream + halving).permutation(observed.n_cols);
  const std::size_t half = observed.n_cols / 2;
  out.first = columns_of(observed, half, [&](std::size_t c) { return out.order[c]; });
  out.second = columns_of(observed, observed.n_cols - half,
                          [&](std::size_t c) { return out.order[half + c]; });
  return out;
}

// Every `count`th of the columns, where there are more.
arma::mat evenly_taken(const arma::mat& cells, std::size_t count) {
  if (cells.n_cols <= count) return borrowed(cells);
  return columns_of(cells, count,
                    [&](std::size_t c) { return evenly_placed(c, count, cells.n_cols); });
}

bool wants_prediction(const EvaluationOptions& options) {
  const auto& methods = options.methods;
  return methods.empty() ||
         std::find(methods.begin(), methods.end(), "prediction") != methods.end();
}

// The kind of the condition, in words.
std::string kind_of(const Model& model, Reference reference) {
  std::string kind = model.training.n > 0 ? "seen" : "unseen";
  for (const auto& [name, value] : model.report.texts)
    if (name == "kind") kind = value;
  std::replace(kind.begin(), kind.end(), '_', ' ');
  return kind == "seen" && reference == Reference::halves ? "unseen context" : kind;
}

class Evaluation {
 public:
  Evaluation(const HeldOut& held_out, const EvaluationOptions& options, Context& context)
      : held_out_(held_out),
        options_(options),
        context_(context),
        metrics_(chosen_metrics(held_out, options)),
        reference_(chosen_reference(held_out, options.reference)) {
    if (!options.preset.empty()) preset_ = &score_preset(options.preset);
  }

  Table run() {
    context_.poll("predicting", 0.0);
    candidates_ = candidates_of(held_out_, reference_, options_.methods, context_);
    observed_ = held_out_.observed.gather_all();
    if (held_out_.control) control_ = held_out_.control->gather_all();
    weights_ = weights_of_control(held_out_, context_);
    const std::vector<FeatureSet> sets = feature_sets(held_out_, options_, context_);
    const std::vector<Part> parts = parts_of(held_out_);
    const double blocks = static_cast<double>(parts.size() * sets.size());
    double done = 0.0;
    for (const Part& part : parts)
      for (const FeatureSet& set : sets) {
        const Context::Span span(context_, done / blocks, (done + 1.0) / blocks);
        score_block(part, set);
        done += 1.0;
      }
    require(!rows_.empty(), Status::invalid_argument,
            "nothing is left to score: the metrics need what was not given");
    context_.poll("scoring", 1.0);
    return table_of(rows_);
  }

 private:
  void score_block(const Part& part, const FeatureSet& set) {
    const arma::mat observed = chosen(observed_, set.rows, part.all(), part.observed);
    const arma::mat control = chosen(control_, set.rows, part.all(), part.control);
    ScoredCells seen(observed, true), start(control);
    SharedWork shared = shared_work(part, set, control, observed);
    for (std::size_t c = 0; c < candidates_.size(); ++c) {
      const NamedCells& candidate = candidates_[c];
      context_.poll("scoring", static_cast<double>(c) / static_cast<double>(candidates_.size()));
      if (candidate.of_halves) {
        add_halves(part, set, observed, held_out_.control ? &start : nullptr);
      } else if (candidate.of_control || part.all()) {
        const arma::mat cells = chosen(candidate.cells, set.rows, part.all(), part.control);
        ScoredCells predicted(cells);
        const bool tested = c == 0 && part.all() && wants_prediction(options_);
        if (tested && tests_on_distances(set, cells, observed))
          predicted.keep_within(), seen.keep_within();
        if (candidate.of_control) shared.lend(c, set.gammas, predicted, seen);
        add_candidate(candidate, part, set, predicted, seen, held_out_.control ? &start : nullptr);
        if (candidate.of_control && part.all()) add_weighted(candidate, set, cells, seen, start);
        if (tested) add_test(candidate, set, predicted, seen);
      }
      if (set.rows.empty()) add_group_share(candidate, part);
    }
  }

  // Work shared by the candidates that come from the control cells: of a model with
  // components, the distances of the control cells; and, where W2 does not come from distances, a
  // coupling, each solve of which starts from the last.
  struct SharedWork {
    std::vector<KernelSums> sums;  // of each candidate; without sums: nothing is known
    std::unique_ptr<Coupling> coupling;
    std::size_t coupled = 0;  // its source cells

    void lend(std::size_t candidate, const std::vector<double>& gammas, ScoredCells& predicted,
              const ScoredCells& seen) {
      if (candidate < sums.size() && !sums[candidate].across.empty())
        predicted.know(gammas, std::move(sums[candidate]), seen);
      // Cells that were predicted elsewhere may be more or fewer than the control cells.
      if (predicted.cells().n_cols == coupled) predicted.couple_by(coupling.get());
    }
  };

  bool any_metric(bool MetricSpec::*trait) const {
    return std::any_of(metrics_.begin(), metrics_.end(),
                       [&](const MetricSpec* m) { return m->*trait; });
  }

  SharedWork shared_work(const Part& part, const FeatureSet& set, const arma::mat& control,
                         const arma::mat& observed) {
    SharedWork out;
    std::vector<std::size_t> which;
    for (std::size_t c = 0; c < candidates_.size(); ++c)
      if (candidates_[c].of_control && candidates_[c].cells.n_cols == control_.n_cols)
        which.push_back(c);
    if (preset_ != nullptr || which.size() < 2 || control.is_empty()) return out;
    const bool by_distances =
        shares_distances(scored_metrics(metrics_, set.gammas.size()), set.gammas, control.n_cols,
                         observed.n_cols, control.n_rows);
    if (any_metric(&MetricSpec::couples) && !by_distances &&
        std::max(control.n_cols, observed.n_cols) <= kCellsCoupledAgain) {
      out.coupling = std::make_unique<Coupling>(control, observed);
      out.coupled = control.n_cols;
    }
    const bool kernels = any_metric(&MetricSpec::needs_gamma);
    const FeatureSpace* space = held_out_.model ? &held_out_.model->space : nullptr;
    if (!kernels || !space || !space->has_components() || !set.rows.empty() ||
        space->dimension() * 4 > space->features() || set.gammas.empty() ||
        std::any_of(set.gammas.begin(), set.gammas.end(), [](double g) { return std::isnan(g); }))
      return out;
    std::vector<arma::mat> cells;
    std::vector<const arma::mat*> moved;
    for (const std::size_t c : which)
      cells.push_back(chosen(candidates_[c].cells, set.rows, part.all(), part.control));
    for (const arma::mat& one : cells) moved.push_back(&one);
    KeptDistances kept = by_distances ? KeptDistances::across : KeptDistances::none;
    if (part.all() && tests_on_distances(set, cells[0], observed))
      kept = KeptDistances::within_first_too;
    std::vector<KernelSums> sums =
        kernel_sums_of_moved(control, space->basis, moved, observed, set.gammas, context_, kept);
    out.sums.resize(candidates_.size());
    for (std::size_t k = 0; k < which.size(); ++k) out.sums[which[k]] = std::move(sums[k + 1]);
    return out;
  }

  // Whether the permutation test takes the distances that MMD^2 and W2 are computed from.
  bool tests_on_distances(const FeatureSet& set, const arma::mat& predicted,
                          const arma::mat& observed) const {
    return options_.test && wants_prediction(options_) && preset_ == nullptr &&
           predicted.n_cols <= kCellsOfTest &&
           shares_distances(scored_metrics(metrics_, set.gammas.size()), set.gammas,
                            predicted.n_cols, observed.n_cols, observed.n_rows);
  }

  // The metrics of a candidate: its cells may be no predictions, and no bandwidth may be known.
  std::vector<ScoredMetric> metrics_for(const NamedCells& candidate, const FeatureSet& set) const {
    Metrics out;
    for (const MetricSpec* m : metrics_)
      if ((candidate.of_control || !m->of_same_cells) && (!m->needs_gamma || !set.gammas.empty()))
        out.push_back(m);
    return scored_metrics(out, set.gammas.size());
  }

  void add_candidate(const NamedCells& candidate, const Part& part, const FeatureSet& set,
                     ScoredCells& predicted, ScoredCells& seen, ScoredCells* start) {
    const std::vector<ScoredMetric> wanted = metrics_for(candidate, set);
    const ScoreSettings settings = settings_for(set, predicted.count(), seen.count());
    const std::vector<Score> found = score_all(wanted, predicted, seen, start, settings, context_);
    add_rows(candidate, part, set, wanted, found, settings, predicted.count(), seen.count());
  }

  // The same metrics with what each cell counts, where they have such a form and are of all cells.
  void add_weighted(const NamedCells& candidate, const FeatureSet& set, const arma::mat& cells,
                    ScoredCells& seen, ScoredCells& start) {
    const ScoreSettings settings = settings_for(set, cells.n_cols, seen.count());
    if (weights_.is_empty() || settings.cells > 0) return;
    std::vector<ScoredMetric> wanted = metrics_for(candidate, set);
    wanted.erase(
        std::remove_if(wanted.begin(), wanted.end(),
                       [](const ScoredMetric& m) { return !has_weighted_form(*m.metric); }),
        wanted.end());
    std::vector<Score> found(wanted.size());
    for (Score& score : found) score.reason = kNoWeight;
    if (arma::accu(weights_) > 0.0)
      found = score_weighted(wanted, cells, weights_, seen, &start, settings, context_);
    const std::size_t first = rows_.size();
    add_rows(candidate, Part{}, set, wanted, found, settings, cells.n_cols, seen.count());
    for (std::size_t k = first; k < rows_.size(); ++k)
      make_weighted(wanted[k - first].metric->needs_gamma, rows_[k]);
  }

  // Of settings that are those of the metric alone; `keeps` whether they hold with weights.
  void make_weighted(bool keeps, ScoreRow& row) const {
    row.weighted = true;
    row.estimator += ", weighted";
    if (!keeps) row.metric_setting.clear();
    add_clause(row.metric_setting, weighting());
    row.setting = row.metric_setting;
  }

  std::string weighting() const {
    return weighted_by_types(*held_out_.model) ? "cells weighted by type"
                                               : "cells weighted by cluster";
  }

  void add_halves(const Part& part, const FeatureSet& set, const arma::mat& observed,
                  ScoredCells* start) {
    const std::size_t half = observed.n_cols / 2, rest = observed.n_cols - half;
    if (half == 0) return;
    const NamedCells candidate{"noise_reference", {}, false, true};
    const std::vector<ScoredMetric> wanted = metrics_for(candidate, set);
    const ScoreSettings settings = settings_for(set, half, rest);
    std::vector<std::vector<Score>> repeated;
    for (std::size_t h = 0; h < kHalvings; ++h) {
      const Halves halves = halves_of(observed, h, context_.seed);
      ScoredCells first(halves.first), second(halves.second);
      const std::vector<Score> found = score_all(wanted, first, second, start, settings, context_);
      repeated.resize(found.size());
      for (std::size_t k = 0; k < found.size(); ++k) repeated[k].push_back(found[k]);
    }
    std::vector<Score> means;
    for (const std::vector<Score>& one : repeated) means.push_back(over_repetitions(one));
    add_rows(candidate, part, set, wanted, means, settings, half, rest, kHalvings);
  }

  ScoreSettings settings_for(const FeatureSet& set, std::size_t n, std::size_t m) const {
    ScoreSettings out;
    out.gammas = set.gammas;
    out.epsilon = options_.epsilon;
    if (preset_ == nullptr) return out;
    out.cells = subsample_size(*preset_, n, m);
    out.repetitions = preset_->repetitions;
    out.with_replacement = preset_->with_replacement;
    return out;
  }

  // One row for each metric, and one for each further bandwidth of those that take one.
  void add_rows(const NamedCells& candidate, const Part& part, const FeatureSet& set,
                const std::vector<ScoredMetric>& wanted, const std::vector<Score>& found,
                const ScoreSettings& settings, std::size_t cells, std::size_t observed,
                std::size_t halvings = 0) {
    Averaged averaged{halvings, 0, settings.cells};
    if (settings.cells > 0) averaged.subsamples = settings.repetitions;
    for (std::size_t k = 0; k < found.size(); ++k) {
      const ScoredMetric& which = wanted[k];
      ScoreRow row = row_of(candidate, part, set.label, cells, observed);
      row.metric = which.metric->name;
      row.estimator = which.metric->estimator;
      row.metric_setting =
          setting_text(*which.metric, set.bandwidths.empty() ? "" : set.bandwidths[which.gamma],
                       options_.epsilon);
      row.averaged = averaged;
      row.setting = row.metric_setting;
      add_clause(row.setting, averaged_text(averaged));
      if (which.metric->needs_gamma) {
        row.gamma = set.gammas[which.gamma];
        row.gamma_from = origin_of_gamma(set);
      }
      row.value = found[k].value;
      row.sd = found[k].sd;
      row.left_out = found[k].features_left_out;
      row.reason = found[k].reason;
      rows_.push_back(std::move(row));
    }
  }

  static const char* origin_of_gamma(const FeatureSet& set) {
    return set.median ? "median" : "given";
  }

  ScoreRow row_of(const NamedCells& candidate, const Part& part, const std::string& features,
                  std::size_t cells, std::size_t observed) const {
    ScoreRow row;
    row.condition = options_.condition;
    if (row.condition.empty() && held_out_.model) row.condition = held_out_.model->condition.name;
    if (held_out_.model) row.kind = kind_of(*held_out_.model, reference_);
    row.group = part.group;
    row.method = candidate.method;
    row.features = features;
    row.cells = cells;
    row.observed = observed;
    return row;
  }

  void add_test(const NamedCells& candidate, const FeatureSet& set, const ScoredCells& predicted,
                const ScoredCells& seen) {
    std::vector<double> gammas;
    for (const double gamma : set.gammas)
      if (!std::isnan(gamma)) gammas.push_back(gamma);
    if (!options_.test || gammas.empty()) return;
    const arma::mat x = evenly_taken(predicted.cells(), kCellsOfTest),
                    y = evenly_taken(seen.cells(), kCellsOfTest);
    ScoreRow row = row_of(candidate, Part{}, set.label, x.n_cols, y.n_cols);
    row.metric = "mmd2_p_value";
    row.estimator = "permutation test";
    row.setting = row.metric_setting =
        text(joined(set.bandwidths), "; ", options_.permutations, " relabellings");
    row.gamma = gammas.size() == 1 ? gammas[0] : kNaN;
    row.gamma_from = origin_of_gamma(set);
    const arma::mat& across = predicted.known_squared(seen);
    const bool known = !predicted.within_squared().is_empty() && !across.is_empty();
    row.value = known ? permutation_p_value(SquaredDistances{predicted.within_squared(),
                                                             seen.within_squared(), across},
                                            gammas, options_.permutations, context_)
                      : permutation_p_value(x, y, gammas, options_.permutations, context_);
    if (std::isnan(row.value)) row.reason = "one cell on a side";
    rows_.push_back(std::move(row));
  }

  // How far a prediction stays within its group, which scores of whole populations cannot tell.
  void add_group_share(const NamedCells& candidate, const Part& part) {
    if (held_out_.observed_groups.empty() || !candidate.of_control) return;
    const arma::vec& share = group_shares(candidate);
    double sum = 0.0;
    const std::size_t count = part.all() ? share.n_elem : part.control.size();
    for (std::size_t i = 0; i < count; ++i) sum += share[part.all() ? i : part.control[i]];
    ScoreRow row =
        row_of(candidate, part, counted(observed_.n_rows, "feature"), count, observed_.n_cols);
    row.metric = "own_group_share";
    row.estimator = "mean over cells";
    row.setting = row.metric_setting = text(
        "the ", std::min<std::size_t>(kNeighbours, observed_.n_cols), " nearest observed cells");
    row.value = sum / static_cast<double>(count);
    rows_.push_back(row);
    if (!part.all() || weights_.is_empty()) return;
    make_weighted(true, row);
    row.value = arma::dot(share, weights_) / arma::accu(weights_);
    if (std::isnan(row.value)) row.reason = kNoWeight;
    rows_.push_back(std::move(row));
  }

  const arma::vec& group_shares(const NamedCells& candidate) {
    const auto found = group_shares_.find(candidate.method);
    if (found != group_shares_.end()) return found->second;
    return group_shares_[candidate.method] =
               own_label_shares(candidate.cells, held_out_.control_groups, observed_,
                                held_out_.observed_groups, kNeighbours, context_);
  }

  const HeldOut& held_out_;
  const EvaluationOptions& options_;
  Context& context_;
  const Metrics metrics_;
  const Reference reference_;
  const ScorePreset* preset_ = nullptr;
  std::vector<NamedCells> candidates_;
  arma::mat observed_, control_;
  arma::vec weights_;  // of the control cells; empty: none
  std::map<std::string, arma::vec> group_shares_;
  std::vector<ScoreRow> rows_;
};

// Names of methods are few, and a slip would leave the table empty.
void require_methods(const EvaluationOptions& options) {
  std::vector<std::string> known = {"prediction"};
  for (const Method* trivial : trivial_methods(false)) known.push_back(trivial->spec.name);
  known.insert(known.end(), {"noise_reference", "training_treated"});
  for (const std::string& name : options.methods)
    require(std::find(known.begin(), known.end(), name) != known.end(), Status::unknown_name,
            "methods must be among ", joined(known), ", found \"", name, "\"");
}

void require_given(const HeldOut& held_out, const EvaluationOptions& options, Context& context) {
  require(held_out.model || held_out.predicted, Status::invalid_argument,
          "a model or predicted cells are needed");
  require(held_out.predicted || held_out.control || !wants_prediction(options),
          Status::invalid_argument,
          "control is missing; give the control cells that the model should predict");
  const auto check = [&](const Cells& cells, const char* name) {
    require_valid(cells, name, context);
    require(cells.features() == held_out.observed.features(), Status::dimension_mismatch, name,
            " has ", cells.features(), " features and observed has ", held_out.observed.features());
  };
  require_valid(held_out.observed, "observed", context);
  if (held_out.predicted) check(*held_out.predicted, "predicted");
  if (held_out.control) check(*held_out.control, "control");
  if (held_out.model)
    require(held_out.model->space.features() == held_out.observed.features(),
            Status::dimension_mismatch, "the model was fitted on ",
            held_out.model->space.features(), " features, observed has ",
            held_out.observed.features());
  require_groups(held_out);
}

// The condition that the rows are of: the only one, or the one that they say they are of.
Model model_of_rows(const HeldOut& held_out, const EvaluationOptions& options, Context& context) {
  const Model& model = *held_out.model;
  if (model.parts.size() == 1) return model.at(model.parts[0]->condition);
  if (options.condition.empty()) model.require_one("an evaluation");
  const Condition wanted{options.condition, {}};
  return held_out.control ? model_at(model, wanted, *held_out.control, context) : model.at(wanted);
}

}  // namespace

const std::vector<std::string>& default_metrics() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const MetricSpec& spec : metrics())
      if (spec.by_default) out.push_back(spec.name);
    return out;
  }();
  return names;
}

Table evaluate(const HeldOut& held_out, const EvaluationOptions& options, Context& context) {
  if (held_out.model && !held_out.model->parts.empty()) {
    const Model one = model_of_rows(held_out, options, context);
    HeldOut of_one = held_out;
    of_one.model = &one;
    return evaluate(of_one, options, context);
  }
  const SingleThreadedBlas blas;
  require_methods(options);
  require_given(held_out, options, context);
  return Evaluation(held_out, options, context).run();
}

}  // namespace laot
