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

/// What a method has learnt: a map f of the feature space, z -> f(z).
class ResponseMap {
 public:
  virtual ~ResponseMap() = default;
  /// z: k x count control cells in the space; moved becomes f(z), of the same shape.
  virtual void apply(const arma::mat& z, arma::mat& moved) const = 0;
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
  void store(ModelFile& file) const override;
  /// map and offset of x_t = W x_0 + b in original units, and latent_map.
  void list(const FeatureSpace& space, std::vector<NamedArray>& arrays) const override;
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
  void append(const Report& more) {
    numbers.insert(numbers.end(), more.numbers.begin(), more.numbers.end());
    texts.insert(texts.end(), more.texts.begin(), more.texts.end());
  }
};

/// How predictions under 0 are treated.
///   no:        left as they are.
///   clip:      raised to 0.
///   marginals: each feature sent through the monotone map from its predicted to its observed
///              treated training values (the kept cells), which keeps zeros and shape.
enum class Nonnegative { no, clip, marginals };

using Trace = std::vector<std::pair<std::string, std::vector<double>>>;  // columns of one length

/// A fitted model. Predicting never changes it; several threads may use one at once.
class Model {
 public:
  explicit Model(Params how) : params(std::move(how)) {}

  Params params;  // how it was fitted
  std::vector<std::string> feature_names;
  FeatureSpace space;
  std::shared_ptr<const ResponseMap> map;
  TrainingSummary training;
  Report report;
  Trace trace;
  std::map<std::string, arma::mat> arrays;  // further results, by name

  const std::string& method() const { return params.method().name; }

  /// out[features x cells] for control cells in original units.
  void predict(const Cells& cells, Nonnegative nonnegative, double* out, Context& context) const;

  /// identity, mean_shift or gaussian_map from the same training cells.
  Model trivial(const std::string& name) const;

  /// Results by name: those of the map, of the space and of the training, and `arrays`. They read
  /// from the model.
  std::vector<NamedArray> list() const&;
  std::vector<NamedArray> list() && = delete;
  NamedArray array(const std::string& name) const&;  // throws not_available
  NamedArray array(const std::string& name) && = delete;

  /// The file reads from the model, which must outlive it.
  ModelFile store() const&;
  ModelFile store() && = delete;
  static Model load(const ModelFile& file);

 private:
  void predict_block(arma::mat& block) const;
};

/// What a method is given: the cells as they came and in the feature space.
struct FitInput {
  const Params& params;
  const TrainingCells& cells;
  const FeatureSpace& space;
  const arma::mat& x;  // k x n
  const arma::mat& y;  // k x m
  const arma::vec& weights_x;
  const arma::vec& weights_y;
  const std::vector<std::uint32_t>& batch_x;
  const std::vector<std::uint32_t>& batch_y;
};

/// What a method gives back.
struct FitResult {
  std::shared_ptr<const ResponseMap> map;
  Report report;
  Trace trace;
  std::map<std::string, arma::mat> arrays;
};

/// A predictor made from what another model keeps of its training cells.
struct Beside {
  FeatureSpace space;
  AffineResponse map;
};

/// One method: its registry entry, its fit and its loader.
struct Method {
  MethodSpec spec;
  std::function<FitResult(const FitInput&, Context&)> fit;
  /// Reads the map back for a space of the given dimension; throws bad_format where it does not
  /// fit.
  std::function<std::shared_ptr<const ResponseMap>(const ModelFile&, std::size_t dimension)> load;
  /// Trivial predictors: from a model of the same training cells, without fitting. Others: none.
  std::function<Beside(const Model&)> beside = nullptr;
};

/// All methods, in the order in which they are listed.
const std::vector<Method>& methods();
const Method& method(const std::string& name);  // throws unknown_name, with a suggestion

/// Fits. Throws on invalid input, when memory would not do, and when the host cancels.
Model fit_model(const Params& params, const TrainingCells& cells, Context& context);

/// How a model of method laot was fitted, to fit again as it was. Throws not_available for other
/// methods.
LaotOptions laot_options(const Model& model);

/// "no", "clip", "marginals".
Nonnegative nonnegative_from(const std::string& name);

}  // namespace laot
