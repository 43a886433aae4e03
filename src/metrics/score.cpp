#include <algorithm>
#include <cmath>

#include "laot/data/columns.hpp"
#include "laot/metrics/registry.hpp"
#include "laot/number_text.hpp"

namespace laot {

namespace {

Measured checked_value(const MetricSpec& spec, const ScoreInput& input, Context& context) {
  require(input.predicted && input.observed, Status::invalid_argument,
          "a score needs predicted and observed cells");
  require(input.predicted->n_rows == input.observed->n_rows, Status::dimension_mismatch,
          "predicted has ", input.predicted->n_rows, " features and observed has ",
          input.observed->n_rows);
  require(input.predicted->n_cols > 0 && input.observed->n_cols > 0 && input.observed->n_rows > 0,
          Status::invalid_argument,
          "predicted and observed must each have at least one cell and one feature");
  require(!spec.needs_control || input.control, Status::invalid_argument, "the metric ", spec.name,
          " needs the control cells");
  // A bandwidth that could not be chosen (no positive distance) leaves the score undefined.
  if (spec.needs_gamma && std::isnan(input.gamma)) return input.gamma;
  return spec.compute(input, context);
}

std::string reason_for(const MetricSpec& spec, const ScoreInput& input, const Score& score) {
  if (!std::isnan(score.value))
    return score.marginal_error < kMarginalError
               ? ""
               : text("stopped at a marginal error of ", text_of_number(score.marginal_error, 2),
                      ", wanted was ", text_of_number(kMarginalError, 2));
  if (spec.needs_gamma && std::isnan(input.gamma))
    return "no gamma: no positive distance between training cells";
  return spec.undefined;
}

std::size_t left_out_of(const MetricSpec& spec, const ScoreInput& input) {
  return spec.features_left_out ? spec.features_left_out(input) : 0;
}

}  // namespace

Score score(const std::string& name, const ScoreInput& input, Context& context) {
  const MetricSpec& spec = metric(name);
  Score out;
  const Measured measured = checked_value(spec, input, context);
  out.value = measured.value;
  out.marginal_error = measured.marginal_error;
  out.features_left_out = left_out_of(spec, input);
  out.reason = reason_for(spec, input, out);
  return out;
}

Score score_subsampled(const std::string& name, const ScoreInput& input, std::size_t cells,
                       std::size_t repetitions, Context& context) {
  const MetricSpec& spec = metric(name);
  require(input.predicted && input.observed, Status::invalid_argument,
          "a score needs predicted and observed cells");
  const std::size_t n = input.predicted->n_cols, m = input.observed->n_cols;
  require(cells >= 1 && cells <= std::min(n, m), Status::invalid_argument,
          "a subsample must have 1 to ", std::min(n, m), " cells, found ", cells);
  require(repetitions >= 1, Status::invalid_argument, "repetitions must be at least 1, found ",
          repetitions);
  Score out;
  out.repetitions = repetitions;
  out.cells = cells;
  std::vector<double> values;
  for (std::size_t r = 0; r < repetitions; ++r) {
    Rng own = Rng(context.seed).stream(r);
    const std::vector<std::size_t> from_predicted = own.sample(n, cells);
    const std::vector<std::size_t> from_observed = own.sample(m, cells);
    const arma::mat predicted = columns_of(*input.predicted, from_predicted);
    const arma::mat observed = columns_of(*input.observed, from_observed);
    ScoreInput part = input;
    part.predicted = &predicted;
    part.observed = &observed;
    arma::mat control;
    if (input.control && input.control->n_cols == n) {
      control = columns_of(*input.control, from_predicted);
      part.control = &control;
    }
    const Measured measured = checked_value(spec, part, context);
    values.push_back(measured.value);
    out.marginal_error = std::max(out.marginal_error, measured.marginal_error);
    out.features_left_out = std::max(out.features_left_out, left_out_of(spec, part));
  }
  double sum = 0.0, squares = 0.0;
  for (const double value : values) sum += value;
  out.value = sum / static_cast<double>(repetitions);
  for (const double value : values) squares += (value - out.value) * (value - out.value);
  if (repetitions > 1) out.sd = std::sqrt(squares / static_cast<double>(repetitions - 1));
  out.reason = reason_for(spec, input, out);
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

std::vector<Score> score_with_preset(const std::string& name, const ScoreInput& input,
                                     Context& context) {
  const ScorePreset& preset = score_preset(name);
  require(input.predicted && input.observed, Status::invalid_argument,
          "a score needs predicted and observed cells");
  std::size_t cells = 0;
  for (const std::size_t size : preset.cells)
    if (size <= std::min(input.predicted->n_cols, input.observed->n_cols))
      cells = std::max(cells, size);
  std::vector<Score> out;
  for (const std::string& metric_name : preset.metrics)
    out.push_back(cells == 0
                      ? score(metric_name, input, context)
                      : score_subsampled(metric_name, input, cells, preset.repetitions, context));
  return out;
}

}  // namespace laot
