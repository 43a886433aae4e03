// A model as named tensors and texts, and back.
#include <cmath>

#include "laot/models.hpp"

namespace laot {

namespace {

constexpr double kFormatVersion = 1;

void store_space(const FeatureSpace& space, ModelFile& file) {
  file.lend("space.mean_control", space.mean_control);
  file.lend("space.mean_treated", space.mean_treated);
  file.lend("space.scale", space.scale);
  if (space.has_components()) file.lend("space.basis", space.basis);
}

FeatureSpace load_space(const ModelFile& file) {
  FeatureSpace space;
  space.mean_control = file.vector("space.mean_control");
  space.mean_treated = file.vector("space.mean_treated");
  space.scale = file.vector("space.scale");
  if (file.has("space.basis")) space.basis = file.matrix("space.basis");
  const bool fits = space.mean_treated.n_elem == space.features() && space.features() > 0 &&
                    (space.has_components() ? space.basis.n_rows == space.features() &&
                                                  space.basis.n_cols == space.dimension()
                                            : space.dimension() == space.features());
  require(fits, Status::bad_format,
          "the feature space of the model file does not fit together: means of ", space.features(),
          " and ", space.mean_treated.n_elem, ", basis ", space.basis.n_rows, " x ",
          space.basis.n_cols, ", scale of ", space.dimension());
  for (const double scale : space.scale)
    require(std::isfinite(scale) && scale > 0.0, Status::bad_format,
            "the feature space of the model file has a scale that is not positive");
  return space;
}

// One matrix, or compressed sparse columns.
void store_cells(const StoredCells& cells, const std::string& name, ModelFile& file) {
  if (!cells.is_sparse()) {
    file.lend(name, cells.dense());
    return;
  }
  file.lend(name + ".values", cells.values());
  file.lend(name + ".rows", cells.rows());
  file.lend(name + ".column_starts", cells.column_starts());
}

StoredCells load_cells(const ModelFile& file, const std::string& name, std::size_t features) {
  if (file.has(name)) return StoredCells(file.matrix(name));
  return StoredCells(features, file.integers(name + ".column_starts"),
                     file.integers(name + ".rows"), file.numbers(name + ".values"),
                     "tensor \"" + name + "\" of the model file");
}

void store_training(const TrainingSummary& training, ModelFile& file) {
  file.put_number("training.n", static_cast<double>(training.n));
  file.put_number("training.m", static_cast<double>(training.m));
  file.put_number("training.median_gamma", training.median_gamma);
  file.put_number("training.gamma_subsampled", training.gamma_subsampled ? 1.0 : 0.0);
  file.lend("training.mean_control", training.mean_control);
  file.lend("training.mean_treated", training.mean_treated);
  store_cells(training.kept_control, "training.kept_control", file);
  store_cells(training.kept_treated, "training.kept_treated", file);
  file.lend("training.gaussian_map", training.gaussian.map());
  file.lend("training.gaussian_offset", training.gaussian.offset());
  file.put_texts("training.control_names", training.control_names);
  file.put_texts("training.treated_names", training.treated_names);
  if (training.kept_batch_control.empty()) return;
  file.put_texts("training.kept_batch_control", training.kept_batch_control);
  file.put_texts("training.kept_batch_treated", training.kept_batch_treated);
}

TrainingSummary load_training(const ModelFile& file, const FeatureSpace& space) {
  TrainingSummary out;
  out.n = static_cast<std::size_t>(file.number("training.n"));
  out.m = static_cast<std::size_t>(file.number("training.m"));
  out.median_gamma = file.number("training.median_gamma");
  out.gamma_subsampled = file.number("training.gamma_subsampled") != 0.0;
  out.mean_control = file.vector("training.mean_control");
  out.mean_treated = file.vector("training.mean_treated");
  out.kept_control = load_cells(file, "training.kept_control", space.features());
  out.kept_treated = load_cells(file, "training.kept_treated", space.features());
  arma::mat map = file.matrix("training.gaussian_map");
  arma::vec offset = file.vector("training.gaussian_offset");
  const std::size_t k = space.dimension();
  require(out.mean_control.n_elem == space.features() &&
              out.mean_treated.n_elem == space.features() &&
              out.kept_control.features() == space.features() &&
              out.kept_treated.features() == space.features() &&
              (map.is_empty() || (map.n_rows == k && map.n_cols == k)) &&
              (offset.is_empty() || offset.n_elem == k),
          Status::bad_format, "the training summary of the model file does not fit its features");
  out.gaussian = AffineResponse(std::move(map), std::move(offset));
  out.control_names = file.texts("training.control_names");
  out.treated_names = file.texts("training.treated_names");
  if (file.has_text("training.kept_batch_control")) {
    out.kept_batch_control = file.texts("training.kept_batch_control");
    out.kept_batch_treated = file.texts("training.kept_batch_treated");
    require(out.kept_batch_control.size() == out.kept_control.cells() &&
                out.kept_batch_treated.size() == out.kept_treated.cells(),
            Status::bad_format, "the model file has the batch of ", out.kept_batch_control.size(),
            " control and ", out.kept_batch_treated.size(), " treated cells, but keeps ",
            out.kept_control.cells(), " and ", out.kept_treated.cells());
  }
  return out;
}

// Parameters that came after the file was written have their defaults, which say what was done
// before they were there.
Params load_params(const ModelFile& file, const MethodSpec& method) {
  Params params(method);
  params.set_preset_name(file.text_value("preset"));
  for (const auto& [name, value] : file.texts_below("param.")) {
    try {
      params.set_text(name, value);
    } catch (const Error& error) {
      fail(Status::bad_format,
           "the model file has a parameter that cannot be read: ", error.what());
    }
  }
  return params;
}

}  // namespace

ModelFile Model::store() const& {
  ModelFile file;
  file.put_text("format", "laot model");
  file.put_number("format_version", kFormatVersion);
  file.put_text("library_version", LAOT_VERSION);
  file.put_text("method", method());
  file.put_text("preset", params.preset());
  for (const auto& [name, value] : params.texts()) file.put_text("param." + name, value);
  file.put_texts("feature_names", feature_names);
  store_space(space, file);
  store_training(training, file);
  std::vector<std::string> order;
  for (const auto& [name, value] : report.numbers) {
    order.push_back(name);
    file.put_number("report.number." + name, value);
  }
  file.put_texts("report.order.numbers", order);
  order.clear();
  for (const auto& [name, value] : report.texts) {
    order.push_back(name);
    file.put_text("report.text." + name, value);
  }
  file.put_texts("report.order.texts", order);
  order.clear();
  for (const auto& [name, values] : trace) {
    order.push_back(name);
    file.lend("trace." + name, values);
  }
  file.put_texts("trace.order", order);
  for (const auto& [name, values] : arrays) file.lend("array." + name, values);
  map->store(file);
  return file;
}

Model Model::load(const ModelFile& file) {
  require(file.has_text("format") && file.text_value("format") == "laot model", Status::bad_format,
          "the file is a safetensors file, but not a laot model");
  const double version = file.number("format_version");
  require(version >= 1 && version <= kFormatVersion, Status::bad_format,
          "the model file has format version ", version, ", this library reads up to ",
          kFormatVersion, "; it was written by version ", file.text_value("library_version"));
  const Method& chosen = laot::method(file.text_value("method"));
  Model model(load_params(file, chosen.spec));
  model.feature_names = file.texts("feature_names");
  model.space = load_space(file);
  require(model.feature_names.empty() || model.feature_names.size() == model.space.features(),
          Status::bad_format, "the model file has ", model.feature_names.size(),
          " feature names for ", model.space.features(), " features");
  model.training = load_training(file, model.space);
  for (const std::string& name : file.texts("report.order.numbers"))
    model.report.add(name, file.number("report.number." + name));
  for (const std::string& name : file.texts("report.order.texts"))
    model.report.add(name, file.text_value("report.text." + name));
  for (const std::string& name : file.texts("trace.order")) {
    const arma::vec values = file.vector("trace." + name);
    model.trace.emplace_back(name, std::vector<double>(values.begin(), values.end()));
  }
  for (const std::string& name : file.tensor_names())
    if (name.compare(0, 6, "array.") == 0) model.arrays[name.substr(6)] = file.matrix(name);
  model.map = chosen.load(file, model.space.dimension());
  return model;
}

}  // namespace laot
