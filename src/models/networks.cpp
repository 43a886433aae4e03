// What the neural methods share: report, and tensors in a model file.
#include <cmath>

#include "checkpoint.hpp"
#include "method_networks.hpp"

namespace laot::networks {

arma::fvec score_weights(const FeatureSpace& space) {
  arma::fvec out(space.dimension());
  for (std::size_t k = 0; k < space.dimension(); ++k) out[k] = static_cast<float>(space.scale[k]);
  return out;
}

void require_cells(const ExperimentInput& input, const char* method) {
  constexpr std::size_t fewest = 4;
  for (std::size_t c = 0; c < input.treated.size(); ++c) {
    const TreatedPopulation& given = input.experiment.conditions[c];
    const std::size_t m = input.treated[c].z.n_cols, n = input.controls[given.control].z.n_cols;
    require(m >= fewest && n >= fewest, Status::invalid_argument, "condition ",
            described(given.condition), " has ", m, " treated and ", n, " control cells, and ",
            method, " needs at least ", fewest, " of either; leave the condition out");
  }
}

void add_report(const NetworkSettings& settings, const nets::TrainingReport& training,
                bool cancelled, bool patience_ended, const char* unit, double seconds,
                const Checkpoint& checkpoint, Report& report, Context& context,
                const char* kept_is) {
  const bool diverged = training.outcome == nets::Outcome::diverged;
  report.add("outcome", std::string(cancelled        ? "cancelled"
                                    : diverged       ? "diverged"
                                    : patience_ended ? "converged"
                                                     : "limit_reached"));
  const std::string kept = text("; ", unit, " ", training.best_iteration, " is kept, ", kept_is);
  std::string reason;
  if (cancelled)
    reason = text("cancelled after ", unit, " ", training.iterations);
  else if (diverged)
    reason = text("diverged at ", unit, " ", training.diverged_at);
  else if (patience_ended)
    reason = text("the validation loss no longer fell after ", unit, " ", training.iterations);
  else
    reason = text("trained to the last ", unit, ", ", training.iterations);
  report.add("stop_reason", reason + kept);
  std::string warning = training.warning;
  if (!checkpoint.failure().empty())
    warning +=
        text(warning.empty() ? "" : "; ", "the training could not be kept: ", checkpoint.failure());
  report.add("warning", warning);
  if (!warning.empty()) context.note(warning);
  report.add("iterations", static_cast<double>(training.iterations));
  report.add("best_iteration", static_cast<double>(training.best_iteration));
  if (diverged) report.add("diverged_at", static_cast<double>(training.diverged_at));
  report.add("validation_mmd2", training.best_score);
  report.add("validation_mmd2_untrained", training.untrained_score);
  report.add("validation_mmd2_identity", training.identity_score);
  report.add("restore", std::string(restores_marginals(settings) ? "marginals"
                                    : restores_mean(settings)    ? "mean"
                                                                 : "none"));
  report.add("seconds_training", seconds);
}

void load_tensors(const ModelFile& file, const nets::Layout& layout, const std::string& prefix,
                  std::vector<float>& values) {
  for (const nets::Tensor& tensor : layout.tensors()) {
    const arma::mat value = file.matrix(prefix + tensor.name);
    require(value.n_rows == tensor.rows && value.n_cols == tensor.cols, Status::bad_format,
            "tensor \"", prefix, tensor.name, "\" of the model file is ", value.n_rows, " x ",
            value.n_cols, " where ", tensor.rows, " x ", tensor.cols, " is needed");
    for (const double entry : value)
      require(std::abs(entry) <= 3e38, Status::bad_format, "tensor \"", prefix, tensor.name,
              "\" of the model file holds a value that is no finite single precision number");
    layout.set(values, tensor.name, value);
  }
}

bool is_mean_shift(const ModelFile& file, const std::string& tensor) {
  return !file.has("response.layers") && !file.has_text("response.layers") && !file.has(tensor);
}

std::size_t stored_count(const ModelFile& file, const std::string& name, std::size_t least,
                         std::size_t most) {
  const double value = file.number(name);
  require(value >= static_cast<double>(least) && value <= static_cast<double>(most) &&
              value == std::floor(value),
          Status::bad_format, "\"", name, "\" of the model file is ", value,
          ", not a whole number from ", least, " to ", most);
  return static_cast<std::size_t>(value);
}

double stored_finite(const ModelFile& file, const std::string& name) {
  const double value = file.number(name);
  require(std::abs(value) <= 1e30, Status::bad_format, "\"", name, "\" of the model file is ",
          value, ", not a usable number");
  return value;
}

}  // namespace laot::networks
