#pragma once

#include <memory>
#include <string>
#include <vector>

#include "laot/models.hpp"
#include "laot/nets/condition_training.hpp"
#include "laot/nets/parameters.hpp"
#include "shared_params.hpp"

namespace laot {

Method cellot_method();
Method scgen_method();
Method cae_method();
Method cmonge_method();
Method cpa_method();

namespace networks {

class Checkpoint;

/// Larger networks are in no file that this library wrote.
constexpr std::size_t kMostLayers = 64, kMostUnits = 100000;

enum class RestoredMeanChoice { automatic, mean, none, marginals };
enum class OnCancel { stop, keep };

/// The options that all networks share, beside those of their training.
struct NetworkSettings : MethodOptions {
  std::size_t hidden_units = 64, hidden_layers = 4;
  RestoredMeanChoice restore = RestoredMeanChoice::automatic;
  OnCancel on_cancel = OnCancel::stop;

  NetworkSettings() { space = {Center::joint, Scale::feature, FeatureSpaceOptions::kAutomatic}; }
  std::vector<std::size_t> layers() const {
    return std::vector<std::size_t>(hidden_layers, hidden_units);
  }
};

/// The populations of an experiment as a training takes them.
nets::ConditionPopulations populations_of(const ExperimentInput& input);

/// Registry rows that all networks share, after those of the method. Training: the options of the
/// training, which the method's options derive from as well.
template <class Training>
std::vector<ParamSpec> training_params();

/// Length of a unit of each coordinate in the original units.
arma::fvec score_weights(const FeatureSpace& space);

/// Whether predictions get the mean of the treated cells: asked for, or automatic and each
/// population is centred on its own mean. As the affine maps do, the network then says only how
/// cells lie about the mean.
bool restores_mean(const NetworkSettings& settings);

/// Whether each feature's distribution is given back besides.
inline bool restores_marginals(const NetworkSettings& settings) {
  return settings.restore == RestoredMeanChoice::marginals;
}

/// f(z) = inner(z + origin) + offset (empty: 0), the offset such that the mean of f over the
/// training control cells is the mean of the treated ones, both with the weights of the fit.
std::shared_ptr<const ResponseMap> restored_mean(std::shared_ptr<const ResponseMap> inner,
                                                 const arma::vec& origin, const FitInput& input,
                                                 Context& context);
/// The map that restored_mean made of `inner`, as the file has it; `inner` where it has none.
std::shared_ptr<const ResponseMap> stored_mean(std::shared_ptr<const ResponseMap> inner,
                                               const ModelFile& file, std::size_t dimension);

/// A training that has ended, at iteration (`unit`) `last` at the latest.
struct Training {
  bool cancelled;  // and what was reached is kept
  double seconds;
  std::size_t last;
  const char* unit;
};

/// outcome, stop_reason, warning (empty: none), iterations, best_iteration, the validation scores
/// and restore. A training that is neither cancelled nor diverged and ended before its last
/// iteration has converged. A checkpoint that could not be written is a warning. `kept`: what the
/// iterate that is kept is.
void add_report(const NetworkSettings& settings, const nets::TrainingReport& report,
                const Training& training, const Checkpoint& checkpoint, Report& to,
                Context& context, const char* kept = "the best on validation cells");

template <class Training>
std::vector<ParamSpec> training_params() {
  using Network = NetworkSettings;
  const std::vector<ParamSpec> rows = {
      number("weight_decay", in(&Training::adam, &AdamSettings::weight_decay))
          .to(1e6)
          .doc("Adam: weight decay, added to the gradient")
          .source("published settings"),
      number("last_rate", &Training::last_rate)
          .to(1)
          .doc("Share of the learning rate that is left at the end, along half a cosine; 1: "
               "constant")
          .source("own"),
      integer("batch_size", &Training::batch)
          .from(1)
          .to(kMany)
          .doc("Cells in a minibatch")
          .source("published settings"),
      choice("restore", &Network::restore,
             {{"auto", RestoredMeanChoice::automatic},
              {"mean", RestoredMeanChoice::mean},
              {"none", RestoredMeanChoice::none},
              {"marginals", RestoredMeanChoice::marginals}})
          .doc("What predictions get back: the treated mean (mean: in the feature space the "
               "predicted training controls have it exactly) or nothing, as published (none); "
               "marginals: the mean, then each feature's distribution by one monotone map; auto: "
               "the mean with center = own")
          .source("own (published: none)"),
      number("validation_share", &nets::ValidationOptions::validation_share)
          .from(0.01)
          .to(0.5)
          .doc("Share of the training cells (at most 500 of each population) held out to choose "
               "the iterate that is kept, by unbiased MMD^2")
          .source("docs/networks.md"),
      choice("on_cancel", &Network::on_cancel, {{"stop", OnCancel::stop}, {"keep", OnCancel::keep}})
          .doc("When the host cancels: end without a model, or keep the best iterate so far")
          .source("own"),
  };
  return joined_rows(rows, space_params());
}

/// When a run is looked at. `iterations`: what is counted, capitalised.
template <class Training>
ParamSpec looks_row(const std::string& iterations) {
  return integer("check_every", &Training::check_every)
      .from(1)
      .to(kMany)
      .doc(iterations + " between two looks at the validation cells")
      .source("own");
}

/// Which iterate a method of many conditions keeps.
template <class Training>
ParamSpec keep_row(const char* source) {
  return choice("keep", &Training::keep_last, {{"last", true}, {"best", false}})
      .doc(
          "The last iterate, trained on all cells (the validation scores are then of cells that "
          "were trained on); or the best on held-out cells, a share validation_share of each "
          "population, which nothing else of the fit has seen either")
      .source(source);
}

template <class T>
void store_tensors(const nets::Layout& layout, const std::vector<T>& values,
                   const std::string& prefix, ModelFile& file) {
  for (const nets::Tensor& tensor : layout.tensors())
    file.put(prefix + tensor.name, layout.get(values, tensor.name));
}

/// Throws bad_format where a value of the array with this name is not finite in single precision.
void require_single_precision(const arma::mat& value, const std::string& name);

/// Throws bad_format where a tensor is missing, has another shape, or is not finite.
void load_tensors(const ModelFile& file, const nets::Layout& layout, const std::string& prefix,
                  std::vector<float>& values);

/// The units of a layer, by its weight in the file, which must be of 1 to kMostUnits for so many
/// inputs: a network is made only as large as what the file holds of it. Throws bad_format.
std::size_t units_of(const ModelFile& file, const std::string& weight, std::size_t inputs);

/// Throws bad_format unless the file has a matrix of this size.
void require_size(const ModelFile& file, const std::string& name, std::size_t rows,
                  std::size_t columns);

/// The same of what batch normalisation keeps, whose variances are not negative.
void load_running(const ModelFile& file, const nets::Layout& layout, const std::string& prefix,
                  std::vector<float>& values);

/// Whether the file is of the mean shift that too few cells were given (see fit_model), and not of
/// a network, one of whose tensors is `tensor`.
bool is_mean_shift(const ModelFile& file, const std::string& tensor);

}  // namespace networks

}  // namespace laot
