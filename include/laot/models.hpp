// One interface for every method: fit to an experiment, predict at a condition, report, save, load.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "laot/balance.hpp"
#include "laot/base/late_number.hpp"
#include "laot/conditions/covariates.hpp"
#include "laot/experiment.hpp"
#include "laot/feature_space.hpp"
#include "laot/laot.hpp"
#include "laot/lift.hpp"
#include "laot/marginals.hpp"
#include "laot/model_file.hpp"
#include "laot/params.hpp"
#include "laot/stored_cells.hpp"
#include "laot/table.hpp"

namespace laot {

/// The levels of a batch as numbers, in order of first appearance among the controls.
struct Levels {
  std::vector<std::uint32_t> control, treated;
};

/// One label for each cell, or none on both sides (then no numbers). Throws invalid_argument,
/// naming the level, where one has cells on one side only: cells are paired within a level.
Levels levels_of(const std::vector<std::string>& control, const std::vector<std::string>& treated);

/// A result of a model: how large it is, and how to write it, column by column, where it is asked
/// for.
struct NamedArray {
  std::string name;
  std::size_t rows = 0, columns = 0;
  std::function<void(double* out)> write;  // rows x columns numbers

  NamedArray(std::string array_name, std::size_t row_count, std::size_t column_count,
             std::function<void(double* out)> writer)
      : name(std::move(array_name)),
        rows(row_count),
        columns(column_count),
        write(std::move(writer)) {}
  arma::mat matrix() const {
    arma::mat out(rows, columns);
    write(out.memptr());
    return out;
  }
  /// A matrix that outlives it.
  NamedArray(std::string array_name, const arma::mat& values);
};

/// The map f of the feature space that a method has learnt, z -> f(z).
class ResponseMap {
 public:
  virtual ~ResponseMap() = default;
  /// z: k x count control cells in the space; moved becomes f(z), of the same shape.
  virtual void apply(const arma::mat& z, arma::mat& moved) const = 0;
  /// The derivative of f at one cell z[k], k x k; empty: I. Throws not_available where it has no
  /// closed form.
  virtual arma::mat jacobian(const arma::vec& z) const;
  /// May lend its parts to the file.
  virtual void store(ModelFile& file) const = 0;
  /// Adds the arrays that such a map has, of the space in which it works; both must outlive them.
  virtual void list(const FeatureSpace& space, std::vector<NamedArray>& arrays) const;
};

/// f(z) = W z + c. An empty W is I, an empty c is 0.
class AffineResponse final : public ResponseMap {
 public:
  AffineResponse() = default;
  explicit AffineResponse(arma::mat map, arma::vec offset = {})
      : map_(std::move(map)), offset_(std::move(offset)) {}
  static std::shared_ptr<const ResponseMap> load(const ModelFile& file, std::size_t dimension);

  void apply(const arma::mat& z, arma::mat& moved) const override;
  arma::mat jacobian(const arma::vec& z) const override;
  void store(ModelFile& file) const override;
  /// map and offset of x_t = W x_0 + b in original units, and latent_map.
  void list(const FeatureSpace& space, std::vector<NamedArray>& arrays) const override;
  const arma::mat& map() const { return map_; }
  const arma::vec& offset() const { return offset_; }

 private:
  arma::mat map_;
  arma::vec offset_;
};

/// f(z) = W z + B k(z) + c, kernels k at landmarks: the lift of LAOT.
class LiftedResponse final : public ResponseMap {
 public:
  explicit LiftedResponse(LiftedMap map) : map_(std::move(map)) {}
  static std::shared_ptr<const ResponseMap> load(const ModelFile& file, std::size_t dimension);

  void apply(const arma::mat& z, arma::mat& moved) const override { map_.apply(z, moved); }
  arma::mat jacobian(const arma::vec& z) const override { return map_.jacobian(z); }
  void store(ModelFile& file) const override;
  /// map and offset: the linear part W x + b in original units, about which the kernels bend with a
  /// mean of 0 over the training controls; latent_map, landmarks and kernel_weights (B) in the
  /// feature space.
  void list(const FeatureSpace& space, std::vector<NamedArray>& arrays) const override;

 private:
  LiftedMap map_;
};

/// The maps that a method of many conditions has learnt: one for every condition, seen or not.
class ConditionalMap {
 public:
  virtual ~ConditionalMap() = default;
  /// The map at a condition and, beside it, by how much all cells move [features], in original
  /// units: a control cell x becomes x + shift + V S (f(z) - z). Throws unknown_name and
  /// invalid_argument on what the method cannot answer.
  struct At {
    std::shared_ptr<const ResponseMap> map;
    arma::vec shift;
    ConditionKind kind = ConditionKind::seen;
    std::string warning;  // a sentence; empty where all is well
  };
  /// controls: control cells of the condition in the space of the fit, k x n, which place a level
  /// that only these place and are looked at for nothing else; without cells: none.
  virtual At at(const Condition& condition, const arma::mat& controls) const = 0;
  /// Whether it has a level that was not seen and that its control cells would place.
  virtual bool needs_controls(const Condition& condition) const = 0;
  /// Where levels were placed by the experiment, as it gave them, or by control cells.
  virtual std::vector<LevelEmbedding> embeddings() const { return {}; }
  /// May lend its parts to the file. Names of its tensors begin with "response.".
  virtual void store(ModelFile& file) const = 0;
};

/// Names that models share; never null.
using SharedNames = std::shared_ptr<const std::vector<std::string>>;
inline SharedNames no_names() {
  return std::make_shared<const std::vector<std::string>>();
}

/// The training cells that stay for scoring, plots and the trivial predictors.
struct TrainingSummary {
  std::size_t n = 0, m = 0;
  arma::vec mean_control, mean_treated;  // original units; batch weights where given
  /// 1 / median positive squared distance, NaN: none. Where the fit did not need it and its cells
  /// are kept, or are few beside those that are and so held until then, it is found when it is
  /// first read, at the latest when the model is stored: it would be half of a plain fit.
  LateNumber median_gamma;
  bool gamma_subsampled = false;
  StoredCells kept_control, kept_treated;  // features x at most keep_cells, original order
  /// The level of each kept cell; empty without a batch. Every level has a kept cell on either side
  /// unless there are more levels than keep_cells.
  std::vector<std::string> kept_batch_control, kept_batch_treated;
  /// The Gaussian map in the model's feature space; left out (no map and no offset) where that has
  /// more than 1500 dimensions.
  AffineResponse gaussian;
  SharedNames control_names = no_names(), treated_names = no_names();
  /// The Gaussian map is of cells about their own means, whatever the space of the model.
  bool gaussian_about_own_means = false;
};

/// Numbers and texts that a fit reports, in order.
struct Report {
  std::vector<std::pair<std::string, LateNumber>> numbers;
  std::vector<std::pair<std::string, std::string>> texts;
  void add(const std::string& name, LateNumber value) {
    numbers.emplace_back(name, std::move(value));
  }
  void add(const std::string& name, const std::string& value) { texts.emplace_back(name, value); }
  /// A report has one text "warning": a further clause goes behind what it says.
  void warn(const std::string& clause) {
    for (auto& [name, value] : texts)
      if (name == "warning") return add_clause(value, clause);
    add("warning", clause);
  }
  void append(const Report& more) {
    numbers.insert(numbers.end(), more.numbers.begin(), more.numbers.end());
    for (const auto& [name, value] : more.texts) name == "warning" ? warn(value) : add(name, value);
  }
};

/// A candidate that a fit compared with others by cells, or conditions, that it held out.
struct ComparedCandidate {
  std::string choice;     // map; of conditional_laot restore and own_share
  std::string candidate;  // its name, or its number
  double mmd2 = kNaN;     // unbiased, the mean over what was held out
  double gain = kNaN;     // mean difference of the parts to the first candidate: negative is better
  double standard_error = kNaN;  // of the gain; these two NaN where parts are not compared in pairs
  double chosen = 0.0;           // 1 or 0; of own_share the part of the conditions that took it
};

/// How predictions under 0 are treated.
///   no:        left as they are.
///   clip:      raised to 0.
///   marginals: each feature sent through the monotone map from its predicted to its observed
///              treated training values, whose ends are clamped: that of the model, where it was
///              fitted with restore = marginals, else one of the kept cells. Keeps zeros and shape.
enum class Nonnegative { no, clip, marginals };

using Trace = std::vector<std::pair<std::string, std::vector<double>>>;  // columns of one length

struct FitInput;

/// A fitted model. Predicting never changes it; several threads may use one at once.
class Model {
 public:
  explicit Model(Params how) : params(std::move(how)) {}

  Params params;  // how it was fitted
  std::vector<std::string> feature_names;
  FeatureSpace space;
  std::shared_ptr<const ResponseMap> map;
  MarginalMaps marginals;  // in original units, after the map; empty: none
  TrainingSummary training;
  Composition composition;  // shares of types, where they were given or clusters were found
  bool balanced = false;    // by the ratios of the composition
  Report report;
  Trace trace;
  std::map<std::string, arma::mat> arrays;  // further results, by name
  std::vector<ComparedCandidate> compared;  // empty where the fit had nothing to choose between
  Condition condition;                      // of a fit of one; without name where none was given

  /// The conditions of a fit of many, each as a model of one; empty: this is a model of one. A
  /// model of many has its features, its report and, of a method of many, the space, the trace and
  /// the arrays; everything else is in its parts.
  std::vector<std::shared_ptr<const Model>> parts;
  std::shared_ptr<const ConditionalMap> conditional;  // of a method of many; else empty
  /// The conditions of the experiment that the fit left out.
  std::vector<Condition> held_out;

  /// Texts of the host that go with the model, such as where its cells came from.
  std::map<std::string, std::string> notes;

  /// Refuses a model of many conditions: `what`, "a prediction" say, is of one.
  void require_one(const char* what) const;
  /// The conditions that were seen.
  std::vector<Condition> conditions() const;
  std::vector<std::string> covariate_names() const;
  /// The covariates of a method of many conditions whose levels were placed by control cells.
  std::vector<std::string> placed_by_controls() const;
  /// The model of one condition, named or described by its covariates: one that was seen or, of a
  /// method of many, any that it can answer; of these one that was held out may be named. Of the
  /// latter its report says the kind of the condition (seen, unseen_dose, unseen_level,
  /// unseen_combination, unseen_context), and has a warning where a dose lies beyond those that
  /// were seen, or where the conditions say nothing about one that is not among them. Throws
  /// unknown_name and invalid_argument.
  Model at(const Condition& asked) const { return at(asked, nullptr, nullptr); }
  /// Where the condition has a level that was not seen, of a covariate whose levels are placed by
  /// their control cells (LevelEmbedding::by_controls), `controls` are those of the level, in
  /// original units; otherwise they are not looked at.
  Model at(const Condition& asked, const Cells& controls, Context& context) const {
    return at(asked, &controls, &context);
  }

  const std::string& method() const { return params.method().name; }

  /// out[features x cells] for control cells in original units. Throws invalid_argument where
  /// there are several conditions: see at().
  void predict(const Cells& cells, Nonnegative nonnegative, double* out, Context& context) const;

  /// Weight of each control cell in the predicted population: the ratio of its type (types: one
  /// label a cell, of those that were fitted) or of its cluster; 1 where nothing was balanced.
  /// Throws invalid_argument where a type is new or the labels are missing.
  arma::vec weights(const Cells& cells, const std::vector<std::string>& types,
                    Context& context) const;

  /// The derivative of the prediction at each cell, features x features a cell, to
  /// out[features^2 * cells]: column c of the matrix of a cell is what a change of feature c does.
  /// Throws not_available for methods whose map has no derivative in closed form.
  void effects(const Cells& cells, double* out, Context& context) const;

  /// identity, mean_shift or gaussian_map from the same training cells.
  Model trivial(const std::string& name) const;

  /// Results by name: those of the map, of the space and of the training, and `arrays`. They read
  /// from the model.
  std::vector<NamedArray> list() const&;
  std::vector<NamedArray> list() && = delete;
  NamedArray array(const std::string& name) const&;  // throws not_available
  NamedArray array(const std::string& name) && = delete;

  /// `block` holds control cells (features x count) that lie at z in the space, and becomes their
  /// prediction without the marginals.
  void map_block(const arma::mat& z, arma::mat& block, BlockRoom& room) const;

  /// The file reads from the model, which must outlive it.
  ModelFile store() const&;
  ModelFile store() && = delete;
  static Model load(const ModelFile& file);
  /// Throws bad_format unless the texts of a file are those of a model: load() asks first.
  static void require_model(const ModelFile& file);

 private:
  Model at(const Condition& asked, const Cells* controls, Context* context) const;
  arma::mat placing_cells(const Condition& asked, const Cells* controls, Context* context) const;
  void map_block(arma::mat& block, BlockRoom& room) const;
  MarginalMaps kept_marginals() const;

  friend MarginalMaps fitted_marginals(const Model& model, const FitInput& input, Context& context);
};

/// Input of a method of one condition: the cells as they came and in the feature space.
struct FitInput {
  const Params& params;
  const Population& control;
  const Population& treated;
  const FeatureSpace& space;
  const arma::mat& x;  // k x n
  const arma::mat& y;  // k x m
  const arma::vec& weights_x;
  const arma::vec& weights_y;
  const std::vector<std::uint32_t>& batch_x;
  const std::vector<std::uint32_t>& batch_y;
  const CellTypes& types;  // whose shares are known; empty: none
  const arma::vec& ratio;  // of each control cell, by which weights_x are balanced; empty: not

  /// Within which cells have one weight; none where nothing is balanced.
  CellTypes balanced_types() const { return ratio.is_empty() ? CellTypes() : types; }
};

/// Its result.
struct FitResult {
  std::shared_ptr<const ResponseMap> map;
  bool marginals = false;  // the marginals of the predicted training cells are to be restored
  std::optional<double> median_gamma;  // of all training cells, where the method needed it
  Report report;
  Trace trace;
  std::map<std::string, arma::mat> arrays;
  std::vector<ComparedCandidate> compared;
};

/// A population as a method of many conditions sees it.
struct EncodedPopulation {
  const Population& cells;           // as they came
  arma::mat z;                       // k x n, about the one mean of the space
  arma::vec mean;                    // [features], original units
  std::vector<std::uint32_t> batch;  // levels as numbers, the same in all populations; or empty
};

/// Input of a method of many conditions: experiment.conditions[c] are the cells treated[c],
/// which go with controls[experiment.conditions[c].control].
struct ExperimentInput {
  const Params& params;
  const Experiment& experiment;
  const FeatureSpace& space;
  const std::vector<EncodedPopulation>& controls;
  const std::vector<EncodedPopulation>& treated;
};

/// The own map and marginals of a condition that was seen.
struct OwnResponse {
  std::shared_ptr<const ResponseMap> map;  // in place of the map at the condition; empty: none
  arma::vec shift;                         // that goes with it, as ConditionalMap::At has
  bool marginals = false;                  // those of its predicted training cells are restored
};

/// Its result.
struct ExperimentResult {
  std::shared_ptr<const ConditionalMap> map;
  std::vector<OwnResponse> own;  // empty, or one for each condition
  Report report;
  std::vector<Report> of_conditions;  // empty, or one each
  Trace trace;
  std::map<std::string, arma::mat> arrays;
  std::vector<ComparedCandidate> compared;
};

/// A predictor made from what another model keeps of its training cells.
struct Beside {
  FeatureSpace space;
  AffineResponse map;
};

/// One method: its registry entry, its fit and its loader. Of a method of many conditions
/// (traits.many_conditions) the last two are there, and fit and load are not.
struct Method {
  MethodSpec spec;
  std::function<FitResult(const FitInput&, Context&)> fit;
  /// Reads the map back for a space of the given dimension; throws bad_format where it does not
  /// fit.
  std::function<std::shared_ptr<const ResponseMap>(const ModelFile&, std::size_t dimension)> load;
  /// Trivial predictors: from a model of the same training cells, without fitting. Others: none.
  std::function<Beside(const Model&)> beside = nullptr;
  std::function<ExperimentResult(const ExperimentInput&, Context&)> fit_many = nullptr;
  /// Reads the map of many conditions back; throws bad_format where it does not fit the space.
  std::function<std::shared_ptr<const ConditionalMap>(const ModelFile&, const FeatureSpace&)>
      load_many = nullptr;
};

/// All methods, in the order in which they are listed.
const std::vector<Method>& methods();
const Method& method(const std::string& name);  // throws unknown_name, with a suggestion
/// Those with the trait, of one condition or of many, in the same order.
std::vector<const Method*> trivial_methods(bool many_conditions);

/// Fits. A method of one condition is fitted to each condition, to the same bits as on its own; a
/// checkpoint then is a file for each: "run.ckpt" and condition "24 h" make "run-24_h.ckpt". Throws
/// on invalid input, naming the condition, when memory would not do, and when the host cancels.
Model fit_model(const Params& params, const Experiment& experiment, Context& context);

/// The seed of the run that left a checkpoint. Throws io_error and bad_format.
std::uint64_t seed_of_checkpoint(const std::string& path);

/// How a model of method laot was fitted, to fit again as it was. Throws not_available for other
/// methods.
LaotOptions laot_options(const Model& model);

/// Columns type, control, treated, treated_low, treated_high, ratio: one row a type.
Table table_of(const Composition& composition);

/// Columns condition, choice, candidate, mmd2, gain, standard_error, chosen: what the fit compared
/// (condition empty where it is of no condition, or of all), then what those of its conditions did.
Table table_of_choices(const Model& model);

/// "no", "clip", "marginals".
Nonnegative nonnegative_from(const std::string& name);

}  // namespace laot
