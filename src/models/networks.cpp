// What the neural methods share: parameters, cancellation, report, and tensors in a model file.
#include <cmath>

#include "checkpoint.hpp"
#include "method_networks.hpp"
#include "shared_params.hpp"

namespace laot::networks {

void add_training_params(std::vector<ParamSpec>& params, double batch_size, double weight_decay) {
  const std::vector<ParamSpec> rows = {
      {"weight_decay",
       ParamType::number,
       weight_decay,
       0,
       1e6,
       {},
       "Adam: weight decay, added to the gradient",
       "published settings"},
      {"last_rate",
       ParamType::number,
       1.0,
       0,
       1,
       {},
       "Share of the learning rate that is left at the end, along half a cosine; 1: constant",
       "own"},
      {"batch_size",
       ParamType::integer,
       batch_size,
       1,
       kMany,
       {},
       "Cells in a minibatch",
       "published settings"},
      {"restore",
       ParamType::choice,
       std::string("auto"),
       0,
       0,
       {"auto", "mean", "none"},
       "What predictions get back: the treated mean (mean: in the feature space the predicted "
       "training controls have it exactly) or nothing, as published (none); auto: the mean with "
       "center = own",
       "own (published: none)"},
      {"validation_share",
       ParamType::number,
       0.2,
       0.01,
       0.5,
       {},
       "Share of the training cells (at most 500 of each population) held out to choose the "
       "iterate "
       "that is kept, by unbiased MMD^2",
       "QUALITY, section 3"},
      {"on_cancel",
       ParamType::choice,
       std::string("stop"),
       0,
       0,
       {"stop", "keep"},
       "When the host cancels: end without a model, or keep the best iterate so far",
       "DESIGN, the C contract"},
  };
  params.insert(params.end(), rows.begin(), rows.end());
  for (ParamSpec shared : shared_params("joint")) {
    if (shared.name == "scale") shared.default_value = std::string("feature");
    params.push_back(std::move(shared));
  }
}

std::vector<std::size_t> hidden_of(const Params& params) {
  return std::vector<std::size_t>(static_cast<std::size_t>(params.integer("hidden_layers")),
                                  static_cast<std::size_t>(params.integer("hidden_units")));
}

arma::fvec score_weights(const FeatureSpace& space) {
  arma::fvec out(space.dimension());
  for (std::size_t k = 0; k < space.dimension(); ++k) out[k] = static_cast<float>(space.scale[k]);
  return out;
}

void add_report(const Params& params, const nets::TrainingReport& training, bool cancelled,
                bool patience_ended, const char* unit, double seconds, const Checkpoint& checkpoint,
                Model& model, Context& context) {
  const bool diverged = training.outcome == nets::Outcome::diverged;
  model.report.add("outcome", std::string(cancelled        ? "cancelled"
                                          : diverged       ? "diverged"
                                          : patience_ended ? "converged"
                                                           : "limit_reached"));
  const std::string kept =
      text("; ", unit, " ", training.best_iteration, " is kept, the best on validation cells");
  std::string reason;
  if (cancelled)
    reason = text("cancelled after ", unit, " ", training.iterations);
  else if (diverged)
    reason = text("diverged at ", unit, " ", training.diverged_at);
  else if (patience_ended)
    reason = text("the validation loss no longer fell after ", unit, " ", training.iterations);
  else
    reason = text("trained to the last ", unit, ", ", training.iterations);
  model.report.add("stop_reason", reason + kept);
  std::string warning = training.warning;
  if (!checkpoint.failure().empty())
    warning +=
        text(warning.empty() ? "" : "; ", "the training could not be kept: ", checkpoint.failure());
  model.report.add("warning", warning);
  if (!warning.empty()) context.note(warning);
  model.report.add("iterations", static_cast<double>(training.iterations));
  model.report.add("best_iteration", static_cast<double>(training.best_iteration));
  if (diverged) model.report.add("diverged_at", static_cast<double>(training.diverged_at));
  model.report.add("validation_mmd2", training.best_score);
  model.report.add("validation_mmd2_untrained", training.untrained_score);
  model.report.add("validation_mmd2_identity", training.identity_score);
  model.report.add("restore", std::string(restores_mean(params) ? "mean" : "none"));
  model.report.add("seconds_training", seconds);
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
