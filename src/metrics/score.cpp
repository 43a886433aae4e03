#include <algorithm>
#include <cmath>

#include "laot/data/columns.hpp"
#include "laot/metrics/registry.hpp"
#include "laot/number_text.hpp"

namespace laot {

namespace {

void require_cells(const ScoredCells& predicted, const ScoredCells& observed) {
  const arma::mat &p = predicted.cells(), &t = observed.cells();
  require(p.n_rows == t.n_rows, Status::dimension_mismatch, "predicted has ", p.n_rows,
          " features and observed has ", t.n_rows);
  require(p.n_cols > 0 && t.n_cols > 0 && t.n_rows > 0, Status::invalid_argument,
          "predicted and observed must each have at least one cell and one feature");
}

Score score_of(const ScoredMetric& wanted, Comparison& comparison, Context& context) {
  const MetricSpec& spec = *wanted.metric;
  require(!spec.needs_control || comparison.control, Status::invalid_argument, "the metric ",
          spec.name, " needs the control cells");
  comparison.use_gamma(wanted.gamma);
  // A bandwidth that could not be chosen (no positive distance) leaves the score undefined.
  const bool no_gamma = spec.needs_gamma && std::isnan(comparison.gamma());
  Score out;
  if (!no_gamma) {
    const Measured measured = spec.compute(comparison, context);
    out.value = measured.value;
    out.marginal_error = measured.marginal_error;
  }
  if (spec.features_left_out) out.features_left_out = spec.features_left_out(comparison);
  if (no_gamma)
    out.reason = "no gamma: no positive distance between training cells";
  else if (std::isnan(out.value))
    out.reason = spec.undefined;
  else if (out.marginal_error >= kMarginalError)
    out.reason = text("stopped at a marginal error of ", text_of_number(out.marginal_error, 2),
                      ", wanted was ", text_of_number(kMarginalError, 2));
  return out;
}

std::vector<Score> all_of(const std::vector<ScoredMetric>& wanted, ScoredCells& predicted,
                          ScoredCells& observed, ScoredCells* control,
                          const ScoreSettings& settings, Context& context) {
  require_cells(predicted, observed);
  Comparison comparison(predicted, observed, control, settings.gammas, settings.epsilon);
  if (observed.shared() && shares_distances(wanted, settings.gammas, predicted.count(),
                                            observed.count(), observed.cells().n_rows))
    comparison.share_distances();
  std::vector<Score> out;
  for (const ScoredMetric& one : wanted) out.push_back(score_of(one, comparison, context));
  return out;
}

std::vector<std::size_t> drawn(std::size_t from, const ScoreSettings& settings, Rng& rng) {
  if (!settings.with_replacement) return rng.sample(from, settings.cells);
  std::vector<std::size_t> out(settings.cells);
  for (std::size_t& index : out) index = static_cast<std::size_t>(rng.below(from));
  return out;
}

void require_subsamples(const ScoreSettings& settings, std::size_t n, std::size_t m) {
  require(settings.with_replacement || settings.cells <= std::min(n, m), Status::invalid_argument,
          "a subsample must have 1 to ", std::min(n, m), " cells, found ", settings.cells);
  require(settings.repetitions >= 1, Status::invalid_argument,
          "repetitions must be at least 1, found ", settings.repetitions);
}

// The settings of one score of an input.
ScoreSettings settings_of(const ScoreInput& input) {
  require(input.predicted && input.observed, Status::invalid_argument,
          "a score needs predicted and observed cells");
  ScoreSettings out;
  out.gammas = {input.gamma};
  out.epsilon = input.epsilon;
  return out;
}

Score score_one(const std::string& name, const ScoreInput& input, const ScoreSettings& settings,
                Context& context) {
  const MetricSpec& spec = metric(name);
  ScoredCells predicted(*input.predicted), observed(*input.observed);
  const arma::mat none;
  ScoredCells control(input.control ? *input.control : none);
  return score_all({{&spec, 0}}, predicted, observed, input.control ? &control : nullptr, settings,
                   context)[0];
}

}  // namespace

std::vector<ScoredMetric> scored_metrics(const std::vector<const MetricSpec*>& metrics,
                                         std::size_t gammas) {
  std::vector<ScoredMetric> out;
  for (const MetricSpec* one : metrics) out.push_back({one, 0});
  for (std::size_t g = 1; g < gammas; ++g)
    for (const MetricSpec* one : metrics)
      if (one->needs_gamma) out.push_back({one, g});
  return out;
}

bool shares_distances(const std::vector<ScoredMetric>& wanted, const std::vector<double>& gammas,
                      std::size_t n, std::size_t m, std::size_t d) {
  constexpr std::size_t kLongCells = 256;  // below, products are cheap beside the search
  const auto has = [&](bool MetricSpec::*trait) {
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](const ScoredMetric& one) { return one.metric->*trait; });
  };
  const bool known = !gammas.empty() && std::none_of(gammas.begin(), gammas.end(),
                                                     [](double g) { return std::isnan(g); });
  return has(&MetricSpec::needs_gamma) && known && has(&MetricSpec::couples) && n == m &&
         d >= kLongCells && n <= 2 * d;
}

Score over_repetitions(const std::vector<Score>& repeated) {
  Score out = repeated.front();
  double sum = 0.0, squares = 0.0;
  for (const Score& one : repeated) {
    sum += one.value;
    out.features_left_out = std::max(out.features_left_out, one.features_left_out);
    if (std::isnan(one.value) || one.marginal_error > out.marginal_error) out.reason = one.reason;
    out.marginal_error = std::max(out.marginal_error, one.marginal_error);
  }
  const double count = static_cast<double>(repeated.size());
  out.repetitions = repeated.size();
  out.value = sum / count;
  for (const Score& one : repeated) squares += (one.value - out.value) * (one.value - out.value);
  out.sd = repeated.size() > 1 ? std::sqrt(squares / (count - 1.0)) : kNaN;
  return out;
}

std::vector<Score> score_all(const std::vector<ScoredMetric>& wanted, ScoredCells& predicted,
                             ScoredCells& observed, ScoredCells* control,
                             const ScoreSettings& settings, Context& context) {
  if (settings.cells == 0) return all_of(wanted, predicted, observed, control, settings, context);
  const std::size_t n = predicted.count(), m = observed.count();
  require_subsamples(settings, n, m);
  std::vector<std::vector<Score>> repeated(wanted.size());
  for (std::size_t r = 0; r < settings.repetitions; ++r) {
    context.poll("subsamples", static_cast<double>(r) / static_cast<double>(settings.repetitions));
    Rng own = Rng(context.seed).stream(r);
    const std::vector<std::size_t> from_predicted = drawn(n, settings, own);
    const std::vector<std::size_t> from_observed = drawn(m, settings, own);
    const arma::mat p = columns_of(predicted.cells(), from_predicted);
    const arma::mat t = columns_of(observed.cells(), from_observed);
    arma::mat x;
    const bool paired = control && control->count() == n;
    if (paired) x = columns_of(control->cells(), from_predicted);
    ScoredCells some_predicted(p), some_observed(t), some_control(x);
    const std::vector<Score> found = all_of(wanted, some_predicted, some_observed,
                                            paired ? &some_control : control, settings, context);
    for (std::size_t k = 0; k < found.size(); ++k) repeated[k].push_back(found[k]);
  }
  std::vector<Score> out;
  for (const std::vector<Score>& one : repeated) {
    out.push_back(over_repetitions(one));
    out.back().cells = settings.cells;
  }
  return out;
}

Score score(const std::string& name, const ScoreInput& input, Context& context) {
  return score_one(name, input, settings_of(input), context);
}

Score score_subsampled(const std::string& name, const ScoreInput& input, std::size_t cells,
                       std::size_t repetitions, Context& context) {
  ScoreSettings settings = settings_of(input);
  require(cells >= 1, Status::invalid_argument, "a subsample must have 1 to ",
          std::min(input.predicted->n_cols, input.observed->n_cols), " cells, found ", cells);
  settings.cells = cells;
  settings.repetitions = repetitions;
  return score_one(name, input, settings, context);
}

std::size_t subsample_size(const ScorePreset& preset, std::size_t n, std::size_t m) {
  std::size_t out = 0;
  for (const std::size_t size : preset.cells)
    if (preset.with_replacement || size <= std::min(n, m)) out = std::max(out, size);
  return out;
}

const std::vector<ScorePreset>& score_presets() {
  static const std::vector<ScorePreset> all = {
      {"laot",
       "MMD^2 unbiased and clipped at 0; gamma is the median heuristic on all features of the "
       "training cells, also where a part of the features is scored",
       "LAOT notebooks (Jafari et al., ICML 2026)",
       {"mmd2_clipped", "l2_drug_signature"},
       {},
       1,
       true},
      {"cellot",
       "MMD^2 biased, mean over 50 gammas from 10 to 0.001; every score is the mean over 10 random "
       "subsamples of 1500, 1000, 500, 250 or 100 cells a side, the largest number that there are. "
       "Without the script's w2, an entropic cost cut off before convergence (see "
       "sinkhorn_regularised)",
       "Bunne et al., Nature Methods 2023, scripts/evaluate.py",
       {"mmd2_mean50", "l2_drug_signature", "l2_sds_ddof1", "pearson_means", "pearson_sds",
        "pearson_feature_correlations", "l2_feature_correlations", "knn_enrichment_50",
        "knn_enrichment_100"},
       {100, 250, 500, 1000, 1500},
       10,
       false},
      {"cmonge",
       "Every score is the mean over 10 batches of 512 cells a side, drawn with replacement. The "
       "published code compares decoded cells, the observed ones decoded as well, which hides what "
       "its autoencoder loses: here cells are compared as they are. Without its monge_gap, which "
       "compares cells that do not belong together",
       "Driessen et al., arXiv 2504.08328, evaluation code",
       {"sinkhorn_euclidean", "mmd2_mean6", "sinkhorn_divergence_euclidean", "l2_drug_signature",
        "pearson_means_squared"},
       {512},
       10,
       false,
       true},
  };
  return all;
}

const ScorePreset& score_preset(const std::string& name) {
  std::vector<std::string> names;
  for (const ScorePreset& preset : score_presets()) {
    if (preset.name == name) return preset;
    names.push_back(preset.name);
  }
  fail(Status::unknown_name, "there is no preset of scores \"", name, "\"; there are ",
       joined(names));
}

}  // namespace laot
