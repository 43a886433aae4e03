#pragma once

#include <memory>
#include <string>
#include <vector>

#include "laot/models.hpp"
#include "laot/nets/parameters.hpp"
#include "laot/nets/training.hpp"

namespace laot {

Method cellot_method();
Method scgen_method();
Method cae_method();

namespace networks {

class Checkpoint;

/// Larger networks are in no file that this library wrote.
constexpr std::size_t kMostLayers = 64, kMostUnits = 100000;

/// Registry rows that all networks share, after those of the method: what the trainings have in
/// common and the feature space with the networks' defaults.
void add_training_params(std::vector<ParamSpec>& params, double batch_size, double weight_decay);

/// Integers of the registry as sizes: `hidden_layers` layers of `hidden_units`.
std::vector<std::size_t> hidden_of(const Params& params);

/// What a unit of each coordinate is worth in the original units.
arma::fvec score_weights(const FeatureSpace& space);

/// Whether predictions get the mean of the treated cells: `restore` is "mean", or "auto" and each
/// population is centred on its own mean. As the affine maps do, the network then says only how
/// cells lie about the mean.
bool restores_mean(const Params& params);

/// f(z) = inner(z + origin) + offset (empty: 0), the offset such that the mean of f over the
/// training control cells is the mean of the treated ones, both with the weights of the fit.
std::shared_ptr<const ResponseMap> restored_mean(std::shared_ptr<const ResponseMap> inner,
                                                 const arma::vec& origin, const FitInput& input,
                                                 Context& context);
/// What restored_mean made of `inner`, as the file has it; `inner` where it has none.
std::shared_ptr<const ResponseMap> stored_mean(std::shared_ptr<const ResponseMap> inner,
                                               const ModelFile& file, std::size_t dimension);

/// outcome, stop_reason, warning (empty: none), iterations, best_iteration, the validation scores
/// and restore. `patience_ended`: the run ended before its last iteration, because nothing was
/// gained. A checkpoint that could not be written is a warning.
void add_report(const Params& params, const nets::TrainingReport& training, bool cancelled,
                bool patience_ended, const char* unit, double seconds, const Checkpoint& checkpoint,
                Model& model, Context& context);

template <class T>
void store_tensors(const nets::Layout& layout, const std::vector<T>& values,
                   const std::string& prefix, ModelFile& file) {
  for (const nets::Tensor& tensor : layout.tensors())
    file.put(prefix + tensor.name, layout.get(values, tensor.name));
}

/// Throws bad_format where a tensor is missing, has another shape, or is not finite.
void load_tensors(const ModelFile& file, const nets::Layout& layout, const std::string& prefix,
                  std::vector<float>& values);

/// Whether the file is of the mean shift that too few cells were given (see fit_model), and not of
/// a network, one of whose tensors is `tensor`.
bool is_mean_shift(const ModelFile& file, const std::string& tensor);

/// A count of the file, checked to be a whole number from `least` to `most`.
std::size_t stored_count(const ModelFile& file, const std::string& name, std::size_t least,
                         std::size_t most);
double stored_finite(const ModelFile& file, const std::string& name);

}  // namespace networks

}  // namespace laot
