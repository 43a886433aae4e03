// One interface for every method: fit on two populations, predict, report, save, load.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "laot/feature_space.hpp"
#include "laot/laot.hpp"
#include "laot/model_file.hpp"
#include "laot/params.hpp"
#include "laot/stored_cells.hpp"

namespace laot {

/// What a fit is given. Values as the user has them (log-normalised expression, PCs, intensities:
/// whatever is fitted is what is predicted); the feature space does the scaling.
struct TrainingCells {
  Cells control, treated;                                 // features x n, features x m
  std::vector<std::string> batch_control, batch_treated;  // level of each cell; empty: one level
  std::vector<std::string> feature_names;                 // empty, or one each
  std::vector<std::string> control_names, treated_names;  // cell names; empty, or one each
};

/// The levels of a batch as numbers, in order of first appearance among the controls.
struct Levels {
  std::vector<std::uint32_t> control, treated;
};

/// One label for each cell, or none on both sides (then no numbers). Throws invalid_argument,
/// naming the level, where one has cells on one side only: cells are paired within a level.
Levels levels_of(const std::vector<std::string>& control, const std::vector<std::string>& treated);

/// What a method has learnt: a map f of the feature space, z -> f(z).
class ResponseMap {
 public:
  virtual ~ResponseMap() = default;
  /// z: k x count control cells in the space; moved becomes f(z), of the same shape.
  virtual void apply(const arma::mat& z, arma::mat& moved) const = 0;
  /// May lend its parts to the file.
  virtual void store(ModelFile& file) const = 0;
};

/// f(z) = W z + c. An empty W is I, an empty c is 0.
class AffineResponse final : public ResponseMap {
 public:
  AffineResponse() = default;
  explicit AffineResponse(arma::mat map, arma::vec offset = {})
      : map_(std::move(map)), offset_(std::move(offset)) {}
  static std::shared_ptr<const ResponseMap> load(const ModelFile& file, std::size_t dimension);

  void apply(const arma::mat& z, arma::mat& moved) const override;
  void store(ModelFile& file) const override;
  const arma::mat& map() const { return map_; }
  const arma::vec& offset() const { return offset_; }

 private:
  arma::mat map_;
  arma::vec offset_;
};

/// What stays of the training cells for scoring, plots and the trivial predictors.
struct TrainingSummary {
  std::size_t n = 0, m = 0;
  arma::vec mean_control, mean_treated;  // original units; batch weights where given
  double median_gamma = 0.0;             // 1 / median positive squared distance; NaN: none
  bool gamma_subsampled = false;
  StoredCells kept_control, kept_treated;  // features x at most keep_cells, original order
  /// The level of each kept cell; empty without a batch. Every level has a kept cell on either side
  /// unless there are more levels than keep_cells.
  std::vector<std::string> kept_batch_control, kept_batch_treated;
  /// The Gaussian map in the model's feature space; left out (no map and no offset) where that has
  /// more than 1500 dimensions.
  AffineResponse gaussian;
  std::vector<std::string> control_names, treated_names;
};

/// Numbers and texts that a fit reports, in order.
struct Report {
  std::vector<std::pair<std::string, double>> numbers;
  std::vector<std::pair<std::string, std::string>> texts;
  void add(const std::string& name, double value) { numbers.emplace_back(name, value); }
  void add(const std::string& name, const std::string& value) { texts.emplace_back(name, value); }
};

/// How predictions under 0 are treated.
///   no:        left as they are.
///   clip:      raised to 0.
///   marginals: each feature sent through the monotone map from its predicted to its observed
///              treated training values (the kept cells), which keeps zeros and shape.
enum class Nonnegative { no, clip, marginals };

/// A fitted model. Predicting never changes it; several threads may use one at once.
class Model {
 public:
  std::string method;
  std::string preset;
  std::map<std::string, std::string> params;  // every parameter's value, as text
  std::vector<std::string> feature_names;
  FeatureSpace space;
  std::shared_ptr<const ResponseMap> map;
  TrainingSummary training;
  Report report;
  std::vector<std::pair<std::string, std::vector<double>>> trace;  // columns of one length
  std::map<std::string, arma::mat> arrays;                         // further results, by name

  /// out[features x cells] for control cells in original units.
  void predict(const Cells& cells, Nonnegative nonnegative, double* out, Context& context) const;

  /// identity, mean_shift or gaussian_map from the same training cells.
  Model trivial(const std::string& name) const;

  /// Results by name: those in `arrays` and, for affine models, the map in original units. See
  /// array_names(). A vector is one column.
  arma::mat array(const std::string& name) const;
  /// The kept cells behind "kept_control" and "kept_treated", in their own form; else NULL.
  const StoredCells* kept_cells(const std::string& name) const;
  std::vector<std::string> array_names() const;

  /// The file reads from the model, which must outlive it.
  ModelFile store() const&;
  ModelFile store() && = delete;
  static Model load(const ModelFile& file);

 private:
  void to_observed_marginals(arma::mat& block, Context& context) const;
  void predict_block(arma::mat& block) const;
};

/// What a method is given: the cells as they came and in the feature space.
struct FitInput {
  const Params& params;
  const TrainingCells& cells;
  const arma::mat& x;  // k x n
  const arma::mat& y;  // k x m
  const arma::vec& weights_x;
  const arma::vec& weights_y;
  const std::vector<std::uint32_t>& batch_x;
  const std::vector<std::uint32_t>& batch_y;
};

/// One method: its registry entry, its fit and its loader.
struct Method {
  MethodSpec spec;
  /// Sets model.map and adds to report, trace and arrays.
  std::function<void(const FitInput&, Model&, Context&)> fit;
  /// Reads the map back for a space of the given dimension; throws bad_format where it does not
  /// fit.
  std::function<std::shared_ptr<const ResponseMap>(const ModelFile&, std::size_t dimension)> load;
};

/// All methods, in the order in which they are listed.
const std::vector<Method>& methods();
const Method& method(const std::string& name);  // throws unknown_name, with a suggestion

/// Fits. Throws on invalid input, when memory would not do, and when the host cancels.
Model fit_model(const Params& params, const TrainingCells& cells, Context& context);

/// How a model of method laot was fitted, from its parameters: to fit again as it was. Throws
/// not_available for other methods.
LaotOptions laot_options(const Model& model);

/// "no", "clip", "marginals".
Nonnegative nonnegative_from(const std::string& name);

}  // namespace laot
