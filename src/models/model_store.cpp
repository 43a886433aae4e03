// A model as named tensors and texts, and back.
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "compared_candidates.hpp"
#include "kept_plan.hpp"
#include "laot/models.hpp"
#include "laot/number_text.hpp"
#include "model_store.hpp"

namespace laot {

namespace {

constexpr double kFormatVersion = 2;  // of fits of many conditions; of one, 1

void store_space(const FeatureSpace& space, ModelFile& file) {
  file.lend("space.mean_control", space.mean_control);
  file.lend("space.mean_treated", space.mean_treated);
  file.lend("space.scale", space.scale);
  if (space.has_components()) file.lend("space.basis", space.basis);
  if (!space.constant.empty()) file.lend("space.constant", space.constant);
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
  if (file.has("space.constant")) space.constant = file.integers("space.constant");
  std::int64_t before = -1;
  for (const std::int64_t k : space.constant) {
    require(k > before && k < static_cast<std::int64_t>(space.features()), Status::bad_format,
            "the feature space of the model file has constant features that are not increasing "
            "numbers from 0 to ",
            space.features() - 1);
    before = k;
  }
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

SharedNames shared(std::vector<std::string> names) {
  return std::make_shared<const std::vector<std::string>>(std::move(names));
}

void store_controls(const TrainingSummary& training, ModelFile& file) {
  store_cells(training.kept_control, "training.kept_control", file);
  file.put_texts("training.control_names", *training.control_names);
  if (!training.kept_batch_control.empty())
    file.put_texts("training.kept_batch_control", training.kept_batch_control);
}

void load_controls(const ModelFile& file, std::size_t features, TrainingSummary& out) {
  out.kept_control = load_cells(file, "training.kept_control", features);
  out.control_names = shared(file.texts("training.control_names"));
  if (file.has_text("training.kept_batch_control"))
    out.kept_batch_control = file.texts("training.kept_batch_control");
}

// All but what is of the controls alone, which conditions share.
void store_training(const TrainingSummary& training, ModelFile& file) {
  file.put_number("training.n", static_cast<double>(training.n));
  file.put_number("training.m", static_cast<double>(training.m));
  file.put_number("training.median_gamma", training.median_gamma);
  file.put_number("training.gamma_subsampled", training.gamma_subsampled ? 1.0 : 0.0);
  file.lend("training.mean_control", training.mean_control);
  file.lend("training.mean_treated", training.mean_treated);
  store_cells(training.kept_treated, "training.kept_treated", file);
  file.lend("training.gaussian_map", training.gaussian.map());
  file.lend("training.gaussian_offset", training.gaussian.offset());
  file.put_texts("training.treated_names", *training.treated_names);
  if (training.gaussian_about_own_means) file.put_text("training.gaussian_about", "own means");
  if (!training.kept_batch_treated.empty())
    file.put_texts("training.kept_batch_treated", training.kept_batch_treated);
}

constexpr std::size_t kMostCells = std::numeric_limits<std::uint32_t>::max();

// `before`: the training of an earlier condition, whose controls these are; NULL: there is none.
TrainingSummary load_training(const ModelFile& file, const FeatureSpace& space,
                              const TrainingSummary* before) {
  TrainingSummary out;
  if (before) {
    out.kept_control = before->kept_control;
    out.control_names = before->control_names;
    out.kept_batch_control = before->kept_batch_control;
  } else {
    load_controls(file, space.features(), out);
  }
  out.n = file.count("training.n", 0, kMostCells);
  out.m = file.count("training.m", 0, kMostCells);
  out.median_gamma = file.number("training.median_gamma");
  out.gamma_subsampled = file.number("training.gamma_subsampled") != 0.0;
  out.mean_control = file.vector("training.mean_control");
  out.mean_treated = file.vector("training.mean_treated");
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
  out.treated_names = shared(file.texts("training.treated_names"));
  out.gaussian_about_own_means = file.has_text("training.gaussian_about");
  if (!out.kept_batch_control.empty() || file.has_text("training.kept_batch_control")) {
    out.kept_batch_treated = file.texts("training.kept_batch_treated");
    require(out.kept_batch_control.size() == out.kept_control.cells() &&
                out.kept_batch_treated.size() == out.kept_treated.cells(),
            Status::bad_format, "the model file has the batch of ", out.kept_batch_control.size(),
            " control and ", out.kept_batch_treated.size(), " treated cells, but keeps ",
            out.kept_control.cells(), " and ", out.kept_treated.cells());
  }
  return out;
}

void store_marginals(const MarginalMaps& marginals, ModelFile& file) {
  if (marginals.empty()) return;
  file.put("marginals.from", marginals.from());
  file.put("marginals.to", marginals.to());
  file.put("marginals.strength", marginals.strength());
}

MarginalMaps load_marginals(const ModelFile& file, std::size_t features) {
  if (!file.has("marginals.from")) return {};
  const arma::mat from = file.matrix("marginals.from"), to = file.matrix("marginals.to");
  const arma::vec strength = file.vector("marginals.strength");
  require(from.n_cols == features && to.n_cols == features && from.n_rows == to.n_rows &&
              strength.n_elem == features,
          Status::bad_format, "the marginals of the model file are of ", from.n_cols,
          " features, but the model has ", features);
  require(from.is_finite() && to.is_finite(), Status::bad_format,
          "the marginals of the model file hold a value that is not finite");
  for (const double share : strength)
    require(share >= 0.0 && share <= 1.0, Status::bad_format,
            "the marginals of the model file have a strength of ", share, ", not in [0, 1]");
  return MarginalMaps(from, to, strength);
}

void store_composition(const Model& model, ModelFile& file) {
  const Composition& own = model.composition;
  if (own.empty()) return;
  file.put_texts("composition.types", own.names);
  file.put_number("composition.balanced", model.balanced ? 1.0 : 0.0);
  file.lend("composition.control", own.control);
  file.lend("composition.treated", own.treated);
  file.lend("composition.low", own.low);
  file.lend("composition.high", own.high);
  file.lend("composition.ratio", own.ratio);
  if (!own.centres.is_empty()) file.lend("composition.centres", own.centres);
}

void load_composition(const ModelFile& file, Model& model) {
  if (!file.has_text("composition.types")) return;
  Composition out;
  out.names = file.texts("composition.types");
  out.control = file.vector("composition.control");
  out.treated = file.vector("composition.treated");
  out.low = file.vector("composition.low");
  out.high = file.vector("composition.high");
  out.ratio = file.vector("composition.ratio");
  if (file.has("composition.centres")) out.centres = file.matrix("composition.centres");
  const std::size_t count = out.names.size();
  for (const arma::vec* values : {&out.control, &out.treated, &out.low, &out.high, &out.ratio})
    require(values->n_elem == count && values->is_finite() && !(arma::any(*values < 0.0)),
            Status::bad_format, "the composition of the model file has ", values->n_elem,
            " numbers for ", count, " types, or one that is negative or not finite");
  require(out.centres.is_empty() ||
              (out.centres.n_cols == count && out.centres.n_rows == model.space.dimension() &&
               out.centres.is_finite()),
          Status::bad_format, "the clusters of the model file do not fit its feature space");
  model.composition = std::move(out);
  model.balanced = file.number("composition.balanced") != 0.0;
}

// Parameters that came after the file was written have the values of their fields, which say what
// was done before they were there, whatever the default preset is now.
Params load_params(const ModelFile& file, const MethodSpec& method) {
  Params params = Params::of_fields(method);
  params.set_preset_name(file.text_value("preset"));
  for (const auto& [name, value] : file.texts_below("param.")) {
    try {
      params.set_text(name, value);
    } catch (const Error& error) {
      fail(Status::bad_format, "the model file has a parameter that cannot be read: ", error);
    }
  }
  return params;
}

void store_report(const Report& report, ModelFile& file) {
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
}

Report load_report(const ModelFile& file) {
  Report out;
  for (const std::string& name : file.names("report.order.numbers"))
    out.add(name, file.number("report.number." + name));
  for (const std::string& name : file.names("report.order.texts"))
    out.add(name, file.text_value("report.text." + name));
  return out;
}

void store_results(const Model& model, ModelFile& file) {
  std::vector<std::string> order;
  for (const auto& [name, values] : model.trace) {
    order.push_back(name);
    file.lend("trace." + name, values);
  }
  file.put_texts("trace.order", order);
  for (const auto& [name, values] : model.arrays) file.lend("array." + name, values);
  store_choices(model.compared, file);
}

void load_results(const ModelFile& file, Model& model) {
  for (const std::string& name : file.names("trace.order")) {
    const arma::vec values = file.vector("trace." + name);
    model.trace.emplace_back(name, std::vector<double>(values.begin(), values.end()));
  }
  for (const std::string& name : file.tensor_names())
    if (name.compare(0, 6, "array.") == 0) model.arrays[name.substr(6)] = file.matrix(name);
  load_choices(file, model);
}

// Nothing where there is neither a name nor a covariate. A value of a covariate is a list of texts:
// "number" or "level", then what it has.
void store_condition(const Condition& condition, ModelFile& file) {
  if (!condition.name.empty()) file.put_text("condition.name", condition.name);
  std::vector<std::string> names;
  for (const auto& [name, value] : condition.covariates) {
    names.push_back(name);
    std::vector<std::string> texts(1, value.is_number() ? "number" : "level");
    for (const double number : value.numbers) texts.push_back(number_text(number));
    texts.insert(texts.end(), value.levels.begin(), value.levels.end());
    file.put_texts("condition.covariate." + name, texts);
  }
  if (!names.empty()) file.put_texts("condition.covariates", names);
}

CovariateValue load_value(const ModelFile& file, const std::string& name) {
  const std::vector<std::string> texts = file.texts("condition.covariate." + name);
  require(texts.size() > 1 && (texts[0] == "number" || texts[0] == "level"), Status::bad_format,
          "the model file has a covariate \"", name, "\" that is neither a number nor a level");
  CovariateValue out;
  for (std::size_t i = 1; i < texts.size(); ++i) {
    if (texts[0] == "level") {
      out.levels.push_back(texts[i]);
      continue;
    }
    double number = 0.0;
    require(number_of_text(texts[i], number) && std::isfinite(number), Status::bad_format,
            "the model file has a covariate \"", name, "\" of \"", texts[i],
            "\", which is no number");
    out.numbers.push_back(number);
  }
  return out;
}

Condition load_condition(const ModelFile& file) {
  Condition out;
  if (file.has_text("condition.name")) out.name = file.text_value("condition.name");
  if (!file.has_text("condition.covariates")) return out;
  for (const std::string& name : file.names("condition.covariates"))
    out.covariates.emplace_back(name, load_value(file, name));
  return out;
}

// A model of one condition, or one of the conditions of a method of many, which has a space and a
// map of its own only where it bends.
void store_fit(const Model& model, ModelFile& file) {
  if (model.map) store_space(model.space, file);
  store_training(model.training, file);
  store_report(model.report, file);
  store_results(model, file);
  store_condition(model.condition, file);
  if (model.map) model.map->store(file);
  store_marginals(model.marginals, file);
  store_composition(model, file);
}

std::string place_of_held_out(std::size_t c) {
  return text("held_out.", c + 1, ".");
}

void store_held_out(const Model& model, ModelFile& file) {
  if (model.held_out.empty()) return;
  file.put_number("held_out", static_cast<double>(model.held_out.size()));
  for (std::size_t c = 0; c < model.held_out.size(); ++c) {
    ModelFile of_condition;
    store_condition(model.held_out[c], of_condition);
    file.adopt(place_of_held_out(c), of_condition);
  }
}

std::string place_of_part(std::size_t c) {
  return text("part.", c + 1, ".");
}

// Each condition below a name of its own. Controls stand with the first condition that has them.
void store_parts(const Model& model, ModelFile& file) {
  file.put_number("parts", static_cast<double>(model.parts.size()));
  for (std::size_t c = 0; c < model.parts.size(); ++c) {
    const Model& part = *model.parts[c];
    ModelFile of_part;
    store_fit(part, of_part);
    std::size_t first = 0;
    while (model.parts[first]->training.control_names != part.training.control_names) ++first;
    if (first < c)
      of_part.put_number("controls_of_part", static_cast<double>(first + 1));
    else
      store_controls(part.training, of_part);
    file.adopt(place_of_part(c), of_part);
  }
}

constexpr std::size_t kMostParts = 1000000;

void load_held_out(const ModelFile& file, Model& model) {
  if (!file.has_text("held_out")) return;
  const std::size_t count = file.count("held_out", 1, kMostParts);
  for (std::size_t c = 0; c < count; ++c) {
    model.held_out.push_back(load_condition(file.below(place_of_held_out(c))));
    require(!model.held_out.back().name.empty(), Status::bad_format, "condition ", c + 1,
            " (counted from 1) that the model file holds out has no name");
  }
}

void load_fit(const ModelFile& file, const Method& chosen, const TrainingSummary* before,
              Model& model) {
  if (chosen.load) model.space = load_space(file);
  model.training = load_training(file, model.space, before);
  model.report = load_report(file);
  load_results(file, model);
  require_plan_of(model);
  model.condition = load_condition(file);
  if (chosen.load) model.map = chosen.load(file, model.space.dimension());
  model.marginals = load_marginals(file, model.space.features());
  load_composition(file, model);
}

void load_part(const ModelFile& file, const Method& chosen, Model& model) {
  const TrainingSummary* before = nullptr;
  if (file.has_text("controls_of_part") && !model.parts.empty())
    before = &model.parts[file.count("controls_of_part", 1, model.parts.size()) - 1]->training;
  Model part(model.params);
  if (!chosen.load) part.space = model.space;
  load_fit(file, chosen, before, part);
  if (!chosen.load && file.has("response.map")) {
    part.space = load_space(file);
    const std::size_t dimension = part.space.dimension();
    part.map = file.has("response.landmarks") ? LiftedResponse::load(file, dimension)
                                              : AffineResponse::load(file, dimension);
  }
  require(model.parts.empty() || part.space.features() == model.parts[0]->space.features(),
          Status::bad_format, "it has other features than the first");
  model.parts.push_back(std::make_shared<const Model>(std::move(part)));
}

void load_parts(const ModelFile& file, const Method& chosen, Model& model) {
  const std::size_t count = file.count("parts", 1, kMostParts);
  for (std::size_t c = 0; c < count; ++c) {
    try {
      load_part(file.below(place_of_part(c)), chosen, model);
    } catch (const Error& error) {
      fail(error.status(), "condition ", c + 1, " (counted from 1): ", error);
    }
  }
}

}  // namespace

void store_condition_fit(const Model& model, bool with_controls, ModelFile& file) {
  store_fit(model, file);
  if (with_controls) store_controls(model.training, file);
}

Model load_condition_fit(const ModelFile& file, const Params& params,
                         const TrainingSummary* controls) {
  Model out(params);
  load_fit(file, laot::method(params.method().name), controls, out);
  return out;
}

ModelFile Model::store() const& {
  require(!params.method().traits.many_conditions || conditional, Status::not_available,
          "this is a ", method(),
          " model at one condition, which is a part of the fit of all of "
          "them: save that one");
  ModelFile file;
  file.put_text("format", "laot model");
  file.put_number("format_version", parts.empty() ? 1.0 : kFormatVersion);
  file.put_text("library_version", LAOT_VERSION);
  file.put_text("method", method());
  file.put_text("preset", params.preset());
  for (const auto& [name, value] : params.texts()) file.put_text("param." + name, value);
  file.put_texts("feature_names", feature_names);
  for (const auto& [name, value] : notes) file.put_text("note." + name, value);
  store_held_out(*this, file);
  if (parts.empty()) {
    store_fit(*this, file);
    store_controls(training, file);
    return file;
  }
  store_report(report, file);
  store_results(*this, file);
  store_parts(*this, file);
  if (!conditional) return file;
  store_space(space, file);
  conditional->store(file);
  return file;
}

void Model::require_model(const ModelFile& file) {
  require(file.has_text("format") && file.text_value("format") == "laot model", Status::bad_format,
          "the file is a safetensors file, but not a laot model");
}

Model Model::load(const ModelFile& file) {
  require_model(file);
  const double version = file.number("format_version");
  require(version >= 1 && version <= kFormatVersion, Status::bad_format,
          "the model file has format version ", version, ", this library reads up to ",
          kFormatVersion, "; it was written by version ", file.text_value("library_version"));
  const Method& chosen = laot::method(file.text_value("method"));
  Model model(load_params(file, chosen.spec));
  model.feature_names = file.texts("feature_names");
  model.notes = file.texts_below("note.");
  load_held_out(file, model);
  if (version < kFormatVersion) {
    require(static_cast<bool>(chosen.load), Status::bad_format, "the model file is of method ",
            chosen.spec.name, ", but not of many conditions");
    load_fit(file, chosen, nullptr, model);
  } else {
    if (chosen.load_many) model.space = load_space(file);
    model.report = load_report(file);
    load_results(file, model);
    load_parts(file, chosen, model);
    if (chosen.load_many) model.conditional = chosen.load_many(file, model.space);
  }
  const std::size_t features = (model.parts.empty() ? model : *model.parts[0]).space.features();
  require(model.feature_names.empty() || model.feature_names.size() == features, Status::bad_format,
          "the model file has ", model.feature_names.size(), " feature names for ", features,
          " features");
  return model;
}

}  // namespace laot
