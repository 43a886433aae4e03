#include "laot/trackability_of_model.hpp"

#include "laot/encoded_cells.hpp"
#include "laot/map_change.hpp"

namespace laot {

namespace {

// Training cells in the feature space, with the levels of the batch as numbers.
struct EncodedTraining {
  arma::mat x, y;
  Levels batch;
};

EncodedTraining encoded_kept(const Model& model, Context& context) {
  const TrainingSummary& kept = model.training;
  require(kept.kept_control.cells() > 0 && kept.kept_treated.cells() > 0, Status::not_available,
          "the model kept no cells (", parameter_name("keep_cells"),
          " is 0); give control and treated");
  return {encoded_cells(model, kept.kept_control.view(), About::control, "control", context),
          encoded_cells(model, kept.kept_treated.view(), About::treated, "treated", context),
          levels_of(kept.kept_batch_control, kept.kept_batch_treated)};
}

EncodedTraining encoded_training(const Model& model, const AskedCells& cells, Context& context) {
  require(cells.control.has_value() == cells.treated.has_value(), Status::invalid_argument,
          "give both control and treated, or neither for the cells that the model kept");
  if (!cells.control) return encoded_kept(model, context);
  const Population &control = *cells.control, &treated = *cells.treated;
  require(control.batch.empty() == treated.batch.empty(), Status::invalid_argument,
          "only one of control and treated has a batch");
  return {encoded_cells(model, control.cells, About::control, "control", context),
          encoded_cells(model, treated.cells, About::treated, "treated", context),
          levels_of(control.batch, treated.batch)};
}

bool has_own_means(const Model& model) {
  return model.params.options().space.center == Center::own;
}

// The map and the residual that cells are moved by: the model's own where it has images.
RecoverySource source_of(const EncodedTraining& cells, const arma::mat& images,
                         const LaotOptions& fit, Context& context) {
  const Levels& batch = cells.batch;
  if (!images.is_empty())
    return recovery_source(cells.x, cells.y, batch.control, batch.treated, images, context);
  return recovery_source(cells.x, cells.y, batch.control,
                         alternate(cells.x, cells.y, batch.control, batch.treated, fit, context));
}

}  // namespace

Findings stability_findings(const Model& model, const AskedCells& cells, StabilityOptions options,
                            Context& context) {
  options.fit = alternation_of(model);
  options.own_means = has_own_means(model);
  const SingleThreadedBlas blas;
  const EncodedTraining training = encoded_training(model, cells, context);
  options.images = images_of(model, training.x);
  const Stability stable = stability(training.x, training.y, training.batch.control,
                                     training.batch.treated, options, context);
  Findings out = findings_of(stable, training.x.n_cols, training.y.n_cols);
  out.tables.emplace_back("effects", strongest_effects(model, stable.draws, options.level));
  return out;
}

Findings recovery_findings(const Model& model, const AskedCells& cells, Design design,
                           RecoveryCurveOptions options, Context& context) {
  options.fit = alternation_of(model);
  options.own_means = has_own_means(model);
  const SingleThreadedBlas blas;
  const EncodedTraining training = encoded_training(model, cells, context);
  const RecoverySource source =
      source_of(training, images_of(model, training.x), options.fit, context);
  return findings_of(recovery_curve(source, design, options, context));
}

}  // namespace laot
