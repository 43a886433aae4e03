// Every score by name, with its definition, so that hosts list and document what they print from
// one place; and the presets under which published code reports the same names.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/metrics/comparison.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// Input of a score: features x cells, same features, one unit.
struct ScoreInput {
  const arma::mat* predicted = nullptr;
  const arma::mat* observed = nullptr;
  /// Control cells, where the metric needs them: for cell_spearman the very cells that were
  /// predicted, in their order.
  const arma::mat* control = nullptr;
  /// Bandwidth of metrics that take one; to be chosen on training cells (median_gamma).
  double gamma = std::numeric_limits<double>::quiet_NaN();
  /// Entropy of metrics that take it.
  EntropyStrength epsilon;
};

/// A value and, of entropic scores, how far the marginals of the plan are off in total:
/// kMarginalError is what is asked for, and more where 10000 iterations did not reach it.
struct Measured {
  Measured(double measured, double error = 0.0) : value(measured), marginal_error(error) {}
  double value;
  double marginal_error;
};
constexpr double kMarginalError = 1e-7;

class WeightedComparison;

struct MetricSpec {
  std::string name;
  std::string title;      // a few words
  std::string estimator;  // which of the estimators that share the name
  std::string setting;    // fixed settings, "" where there are none
  std::string doc;        // the definition, in a sentence or two
  std::string source;     // paper or published code
  std::string undefined;  // when it is NaN; "" where it is always defined
  /// Its value for a perfect prediction, or for one that cannot be told apart.
  double perfect = 0.0;
  bool larger_is_better = false;
  bool needs_gamma = false;  // it is computed from the kernel sums at one bandwidth
  bool needs_control = false;
  bool takes_epsilon = false;
  bool by_default = false;  // an evaluation shows it where none is named
  /// It is solved by an exact coupling of all cells, whose prices may start the next candidate's.
  bool couples = false;
  /// Its control cells must be the very cells that were predicted.
  bool of_same_cells = false;
  std::function<Measured(Comparison&, Context&)> compute;
  /// The same of predicted cells that count differently; none where the metric has no such form.
  std::function<double(WeightedComparison&, Context&)> compute_weighted = {};
  /// How many features `compute` leaves out; none where empty.
  std::function<std::size_t(Comparison&)> features_left_out = {};
};

/// All metrics, in the order in which they are listed. Names never change their meaning.
const std::vector<MetricSpec>& metrics();
const MetricSpec& metric(const std::string& name);  // throws unknown_name, with a suggestion

struct Score {
  double value = std::numeric_limits<double>::quiet_NaN();
  double sd =
      std::numeric_limits<double>::quiet_NaN();  // over repetitions (divisor repetitions - 1)
  std::size_t repetitions = 1;
  std::size_t cells = 0;  // a side and repetition; 0: all
  /// Why the value is NaN; of an entropic score also the marginal error, where more was left of it
  /// than was asked for. "" else.
  std::string reason;
  /// Features that the metric left out because their spread is 0; the most of any subsample.
  std::size_t features_left_out = 0;
  /// Of an entropic score the largest marginal error of any subsample; 0 of the others.
  double marginal_error = 0.0;
};

/// A metric and, of one that takes a bandwidth, which of the bandwidths.
struct ScoredMetric {
  const MetricSpec* metric;
  std::size_t gamma;
};
/// Every metric at the first of `gammas` bandwidths, then those that take one at each further one.
std::vector<ScoredMetric> scored_metrics(const std::vector<const MetricSpec*>& metrics,
                                         std::size_t gammas);

struct ScoreSettings {
  std::vector<double> gammas;  // positive, or NaN, which leaves its scores undefined
  EntropyStrength epsilon;
  std::size_t cells = 0;  // of a subsample; 0: all cells, once
  std::size_t repetitions = 1;
  bool with_replacement = false;  // of the subsamples
};

/// Whether the exact W2 of n predicted and m observed cells of d features is solved on the squared
/// distances that the MMD^2 is computed from: where both are asked for, n = m and cells are long
/// (256 features or more, and n <= 2 d, so that the distances take no more than twice the memory of
/// the predicted cells). Their products are then computed once, in double precision.
bool shares_distances(const std::vector<ScoredMetric>& wanted, const std::vector<double>& gammas,
                      std::size_t n, std::size_t m, std::size_t d);

/// Several scores of one prediction: what they share is computed once. Subsamples are drawn as by
/// score_subsampled, the same for all.
std::vector<Score> score_all(const std::vector<ScoredMetric>& wanted, ScoredCells& predicted,
                             ScoredCells& observed, ScoredCells* control,
                             const ScoreSettings& settings, Context& context);

/// Mean and sd (divisor: their number - 1) of one score over repetitions; NaN where one is.
Score over_repetitions(const std::vector<Score>& repeated);

/// The score of all cells.
Score score(const std::string& name, const ScoreInput& input, Context& context);

/// The mean of the score over `repetitions` random subsamples of `cells` predicted and `cells`
/// observed cells, drawn without replacement with the context's seed (control cells go with their
/// predictions where there are as many). Repetition r of one seed draws the same cells for every
/// metric.
Score score_subsampled(const std::string& name, const ScoreInput& input, std::size_t cells,
                       std::size_t repetitions, Context& context);

/// Which scores published code prints, and how it computes them.
struct ScorePreset {
  std::string name;
  std::string doc;
  std::string source;
  std::vector<std::string> metrics;
  std::vector<std::size_t>
      cells;  // sizes of subsamples; the largest that fits is used. None: all cells
  std::size_t repetitions;
  bool gamma_from_all_features;   // where features are scored in part, gamma is of all of them
  bool with_replacement = false;  // of the subsamples, which then need not fit
};
/// The cells a side of a subsample of n predicted and m observed cells; 0: all cells.
std::size_t subsample_size(const ScorePreset& preset, std::size_t n, std::size_t m);
const std::vector<ScorePreset>& score_presets();
const ScorePreset& score_preset(const std::string& name);  // throws unknown_name

}  // namespace laot
