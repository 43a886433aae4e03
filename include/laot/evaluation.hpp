// A model and held-out cells in, one typed table of scores out: the model beside the trivial
// predictors of the same training cells and beside what true treated cells score.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "laot/metrics/registry.hpp"
#include "laot/models.hpp"
#include "laot/table.hpp"

namespace laot {

/// The cells behind the noise reference, which says what true treated cells score.
///   training: as many training treated cells as observed ones: right where training and observed
///             cells are of one population, as after a random split.
///   halves:   the observed cells, half against half, several times: right where they are of a
///             group (donor, cell line, condition) that no training cell is of. What training
///             treated cells score then has rows of its own, training_treated.
///   automatic: halves where the observed cells have batch labels and none of these is among the
///             training cells', else training.
enum class Reference { automatic, training, halves };
Reference reference_from(const std::string& name);  // throws unknown_name

struct EvaluationOptions {
  /// The methods that have rows, "prediction" being the model's own or the cells that are given;
  /// empty: all.
  std::vector<std::string> methods;
  std::vector<std::string> metrics;  // empty: those of the preset, else default_metrics()
  std::string preset;                // of scores (score_presets()); empty: none
  std::vector<double> gammas;        // empty: the median heuristic of the training cells
  EntropyStrength epsilon;
  std::size_t markers = 0;  // score on so many marker features as well; 0: none
  Reference reference = Reference::automatic;
  bool test = false;               // whether the prediction can be told from the observed cells
  std::size_t permutations = 199;  // relabellings of the test
  /// The condition that the rows name; empty: that of the model. Of a model of many
  /// conditions the name of the one that it is asked at, which it must have seen.
  std::string condition;
};

/// The scored cells: features x cells each, features as in the model.
struct HeldOut {
  const Model* model = nullptr;    // null: bare predictions, without training cells
  std::optional<Cells> predicted;  // none: the model's predictions for `control`
  Cells observed = Cells::dense(nullptr, 0, 0, 0);
  std::optional<Cells> control;  // where the trivial predictors start; the cells of `predicted`
  std::vector<std::string> observed_batch;  // level of each observed cell, or none
  /// Group (cell type) of each cell, or none: then each group has rows of its own, and a prediction
  /// is of the group that its control cell is of. Beside a model that was balanced by types
  /// control_groups are the types, and may be there without observed_groups.
  std::vector<std::string> observed_groups, control_groups;
};

/// The metrics of an evaluation that asks for none.
const std::vector<std::string>& default_metrics();

/// Columns: condition, kind (what the condition is to the model: "seen", or what its report says
/// (Model::at); "unseen context" where it was seen, but the reference is of halves; "" without a
/// model), group ("" for all cells), method, metric, estimator, setting, features (what was
/// scored: "1000 features", "top 50 markers"), gamma, cells (of the method), observed (cells that
/// these were compared with), value, sd (over subsamples or halvings), left_out (features that the
/// metric left out since they do not vary), reason (why the value is NaN), weighted (1 or 0),
/// gamma_from ("median", "given", or "" where no bandwidth is used), metric_setting (`setting`
/// without what the value is a mean over), halvings, subsamples, subsample_cells (what it is a mean
/// over; 0: nothing).
///
/// Methods: the model's own name, or "prediction"; identity, mean_shift and gaussian_map (where
/// control cells are given, and a model); noise_reference and, beside halves, training_treated
/// (where the model kept cells). Metrics whose cells or bandwidth are not there have no rows.
/// Beside the metrics asked for: mmd2_p_value of the first method, where a test is asked for; and
/// own_group_share, where there are groups: the share of the nearest observed cells of a predicted
/// cell that are of its group.
///
/// Predictions of a balanced model also have rows with what each control cell counts
/// (Model::weights), of the metrics that has_weighted_form() is true of, for every method that
/// starts from the control cells, of all cells and without subsamples: estimator "..., weighted",
/// setting "...; cells weighted by type" or "by cluster". They come after the unweighted rows of
/// their method.
///
/// Draws with the context's seed. Memory: the candidates, features x cells each, and the squared
/// distances of those that start from control cells to the observed ones, where W2 is solved on
/// them (shares_distances()).
Table evaluate(const HeldOut& held_out, const EvaluationOptions& options, Context& context);

/// The same for held-out cells of several conditions, one after the other, with one or several
/// models: the first is scored as evaluate() does, at each condition (Model::at), and the
/// predictions of the others stand beside it under the names of their methods. So do, where the
/// first is of many conditions and no methods are named in the options, conditional_gaussian,
/// regressed_shift and nearest_shift, fitted to the training cells that it keeps, in its feature
/// space; none where it keeps none. A condition is found by its name, else by its covariates. Where
/// it was not seen, there are no training cells: no rows of trivial predictors of one condition,
/// the noise reference is the observed cells, half against half (where `automatic`), and the
/// bandwidth is 1 / the median over the conditions that were seen of their median squared
/// distances. Throws invalid_argument where two models are of one method or markers are asked for
/// at a condition that was not seen, and what Model::at throws.
Table evaluate_conditions(const std::vector<const Model*>& models, const Experiment& held_out,
                          const EvaluationOptions& options, Context& context);

}  // namespace laot
