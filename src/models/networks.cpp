// Report and tensors of the neural methods in a model file.
#include <cmath>

#include "checkpoint.hpp"
#include "method_networks.hpp"

namespace laot::networks {

arma::fvec score_weights(const FeatureSpace& space) {
  arma::fvec out(space.dimension());
  for (std::size_t k = 0; k < space.dimension(); ++k) out[k] = static_cast<float>(space.scale[k]);
  return out;
}

nets::ConditionPopulations populations_of(const ExperimentInput& input) {
  nets::ConditionPopulations out;
  for (const EncodedPopulation& x : input.controls) out.controls.push_back(x.z);
  for (const EncodedPopulation& y : input.treated) out.treated.push_back(y.z);
  for (const TreatedPopulation& treated : input.experiment.conditions)
    out.control_of.push_back(treated.control);
  return out;
}

void add_report(const NetworkSettings& settings, const nets::TrainingReport& report,
                const Training& training, const Checkpoint& checkpoint, Report& to,
                Context& context, const char* kept_is) {
  const char* unit = training.unit;
  const bool diverged = report.outcome == nets::Outcome::diverged;
  const bool early = report.iterations < training.last;
  to.add("outcome", std::string(training.cancelled ? "cancelled"
                                : diverged         ? "diverged"
                                : early            ? "converged"
                                                   : "limit_reached"));
  const std::string kept = text("; ", unit, " ", report.best_iteration, " is kept, ", kept_is);
  std::string reason;
  if (training.cancelled)
    reason = text("cancelled after ", unit, " ", report.iterations);
  else if (diverged)
    reason = text("diverged at ", unit, " ", report.diverged_at);
  else if (early)
    reason = text("the validation loss no longer fell after ", unit, " ", report.iterations);
  else
    reason = text("trained to the last ", unit, ", ", report.iterations);
  to.add("stop_reason", reason + kept);
  std::string warning = report.warning;
  if (!checkpoint.failure().empty())
    add_clause(warning, "the training could not be kept: " + checkpoint.failure());
  to.warn(warning);
  if (!warning.empty()) context.note(warning);
  to.add("iterations", static_cast<double>(report.iterations));
  to.add("best_iteration", static_cast<double>(report.best_iteration));
  if (diverged) to.add("diverged_at", static_cast<double>(report.diverged_at));
  to.add("validation_mmd2", report.best_score);
  to.add("validation_mmd2_untrained", report.untrained_score);
  to.add("validation_mmd2_identity", report.identity_score);
  to.add("restore", std::string(restores_marginals(settings) ? "marginals"
                                : restores_mean(settings)    ? "mean"
                                                             : "none"));
  to.add("seconds_training", training.seconds);
}

void require_single_precision(const arma::mat& value, const std::string& name) {
  for (const double entry : value)
    require(std::abs(entry) <= 3e38, Status::bad_format, "\"", name,
            "\" of the model file holds a value that is no finite single precision number");
}

void require_size(const ModelFile& file, const std::string& name, std::size_t rows,
                  std::size_t columns) {
  const auto [found_rows, found_columns] = file.matrix_size(name);
  require(found_rows == rows && found_columns == columns, Status::bad_format, "tensor \"", name,
          "\" of the model file is ", found_rows, " x ", found_columns, " where ", rows, " x ",
          columns, " is needed");
}

std::size_t units_of(const ModelFile& file, const std::string& weight, std::size_t inputs) {
  const std::size_t units = file.matrix_size(weight).first;
  require(units >= 1 && units <= kMostUnits, Status::bad_format, "layer \"", weight,
          "\" of the model file has ", units, " units");
  require_size(file, weight, units, inputs);
  return units;
}

void load_tensors(const ModelFile& file, const nets::Layout& layout, const std::string& prefix,
                  std::vector<float>& values) {
  for (const nets::Tensor& tensor : layout.tensors()) {
    require_size(file, prefix + tensor.name, tensor.rows, tensor.cols);
    const arma::mat value = file.matrix(prefix + tensor.name);
    require_single_precision(value, prefix + tensor.name);
    layout.set(values, tensor.name, value);
  }
}

void load_running(const ModelFile& file, const nets::Layout& layout, const std::string& prefix,
                  std::vector<float>& values) {
  load_tensors(file, layout, prefix, values);
  for (const nets::Tensor& tensor : layout.tensors())
    if (tensor.name.find(".variance") != std::string::npos)
      for (std::size_t i = 0; i < tensor.rows; ++i)
        require(values[tensor.offset + i] >= 0.0F, Status::bad_format,
                "the model file has a negative variance");
}

bool is_mean_shift(const ModelFile& file, const std::string& tensor) {
  return !file.has("response.layers") && !file.has_text("response.layers") && !file.has(tensor);
}

}  // namespace laot::networks
