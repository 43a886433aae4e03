#pragma once

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

/// outcome, stop_reason, warning (empty: none), iterations, best_iteration and the validation
/// scores. `patience_ended`: the run ended before its last iteration, because nothing was gained.
/// A checkpoint that could not be written is a warning.
void add_report(const nets::TrainingReport& training, bool cancelled, bool patience_ended,
                const char* unit, double seconds, const Checkpoint& checkpoint, Model& model,
                Context& context);

template <class T>
void store_tensors(const nets::Layout& layout, const std::vector<T>& values,
                   const std::string& prefix, ModelFile& file) {
  for (const nets::Tensor& tensor : layout.tensors())
    file.put(prefix + tensor.name, layout.get(values, tensor.name));
}

/// Throws bad_format where a tensor is missing, has another shape, or is not finite.
void load_tensors(const ModelFile& file, const nets::Layout& layout, const std::string& prefix,
                  std::vector<float>& values);

/// A count of the file, checked to be a whole number from `least` to `most`.
std::size_t stored_count(const ModelFile& file, const std::string& name, std::size_t least,
                         std::size_t most);
double stored_finite(const ModelFile& file, const std::string& name);

}  // namespace networks

}  // namespace laot
