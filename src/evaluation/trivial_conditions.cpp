// The trivial predictors of many conditions, fitted to the training cells that a model keeps.
#include <algorithm>

#include "trivial_conditions.hpp"

namespace laot {

namespace {

// Its kept cells lie in the model, which must live as long. No condition: some have no cells.
Experiment kept_experiment(const Model& model) {
  Experiment out;
  out.feature_names = model.feature_names;
  std::vector<SharedNames> of_controls;  // controls that conditions share have one list of names
  for (const auto& part : model.parts) {
    const TrainingSummary& training = part->training;
    if (training.kept_control.cells() == 0 || training.kept_treated.cells() == 0) return {};
    const auto at = std::find(of_controls.begin(), of_controls.end(), training.control_names);
    const auto control = static_cast<std::size_t>(at - of_controls.begin());
    if (at == of_controls.end()) {
      of_controls.push_back(training.control_names);
      out.controls.push_back({training.kept_control.view(), {}, {}});
    }
    out.conditions.push_back({part->condition, {training.kept_treated.view(), {}, {}}, control});
  }
  out.embeddings = model.conditional->embeddings();
  return out;
}

Params plain_params(const MethodSpec& trivial, const Model& model) {
  Params out(trivial);
  out.take_over(model.params);
  for (const ParamSpec& spec : out.method().params)
    if (spec.name == "marginals") out.set(spec.name, spec.read(*out.method().defaults));
  out.set_preset_name("");
  return out;
}

}  // namespace

std::vector<std::shared_ptr<const Model>> trivial_conditions(
    const std::vector<const Model*>& models, Context& context) {
  std::vector<std::shared_ptr<const Model>> out;
  const Model& first = *models[0];
  if (!first.conditional || first.parts.size() < 2) return out;
  const Experiment kept = kept_experiment(first);
  if (kept.conditions.empty()) return out;
  // Its notes are those that the model has given of the same conditions.
  Context silent;
  silent.num_threads = context.num_threads;
  silent.seed = context.seed;
  silent.cancel = context.cancel;
  for (const Method* trivial : trivial_methods(true)) {
    if (std::any_of(models.begin(), models.end(),
                    [&](const Model* model) { return model->method() == trivial->spec.name; }))
      continue;
    Model fitted = fit_model(plain_params(trivial->spec, first), kept, silent);
    fitted.held_out = first.held_out;  // to be found by name
    out.push_back(std::make_shared<const Model>(std::move(fitted)));
  }
  return out;
}

}  // namespace laot
