#include <algorithm>
#include <limits>
#include <memory>

#include "handles.hpp"
#include "laot/conditions/labelled_cells.hpp"
#include "laot/letters.hpp"

using laot::Status;
using laot::capi::CallContext;
using laot::capi::free_handle;
using laot::capi::given;
using laot::capi::given_text;
using laot::capi::given_texts;
using laot::capi::guarded;
using laot::capi::hand_out;
using laot::capi::hand_out_table;

namespace {

// Values of one covariate stand together, in the order in which they are given.
laot::Condition condition_from(const char* name, const char* const* covariates,
                               const char* const* levels, const double* numbers, size_t count) {
  laot::Condition out;
  if (name != nullptr) {
    laot::require_name(name, "condition", 0);
    out.name = name;
  }
  for (size_t i = 0; i < count; ++i) {
    given(covariates, "covariates");
    const std::string covariate = given_text(covariates[i], "a covariate");
    laot::require_name(covariate, "covariates", i);
    if (levels != nullptr && levels[i] != nullptr) laot::require_name(levels[i], "levels", i);
    laot::require(!covariate.empty(), Status::invalid_argument, "covariate ", i,
                  " (counted from 0) has no name");
    const bool is_level = levels != nullptr && levels[i] != nullptr;
    laot::require(is_level || numbers != nullptr, Status::invalid_argument, "covariate \"",
                  covariate, "\" has neither a level nor a number");
    const bool is_new = out.find(covariate) == nullptr;
    if (is_new) out.covariates.emplace_back(covariate, laot::CovariateValue());
    for (auto& [known, value] : out.covariates) {
      if (known != covariate) continue;
      laot::require(is_new || is_level != value.is_number(), Status::invalid_argument,
                    "covariate \"", covariate, "\" has levels and numbers; it must have one kind");
      if (is_level)
        value.levels.emplace_back(levels[i]);
      else
        value.numbers.push_back(numbers[i]);
    }
  }
  return out;
}

void require_no_embedding(const laot::Experiment& experiment, const std::string& covariate) {
  for (const laot::LevelEmbedding& other : experiment.embeddings)
    laot::require(other.covariate != covariate, Status::invalid_argument, "\"", covariate,
                  "\" has an embedding already");
}

laot::Table table_of_values(const std::vector<laot::Condition>& conditions) {
  laot::TextColumn condition, covariate, level;
  laot::NumberColumn number;
  const auto add = [&](const std::string& of, const std::string& name, const std::string& text,
                       double value) {
    condition.push_back(of);
    covariate.push_back(name);
    level.push_back(text);
    number.push_back(value);
  };
  for (const laot::Condition& one : conditions)
    for (const auto& [name, value] : one.covariates) {
      for (const std::string& text : value.levels) add(one.name, name, text, laot::kNaN);
      for (const double x : value.numbers) add(one.name, name, "", x);
    }
  laot::Table out;
  out.add("condition", std::move(condition));
  out.add("covariate", std::move(covariate));
  out.add("level", std::move(level));
  out.add("number", std::move(number));
  return out;
}

laot::Table table_of_controls(const std::vector<std::vector<size_t>>& controls) {
  laot::NumberColumn control, cell;
  for (size_t g = 0; g < controls.size(); ++g)
    for (const size_t at : controls[g]) {
      control.push_back(static_cast<double>(g));
      cell.push_back(static_cast<double>(at));
    }
  laot::Table out;
  out.add("control", std::move(control));
  out.add("cell", std::move(cell));
  return out;
}

// The cells that a host reads.
class CellsOfHost : public laot::CellsElsewhere {
 public:
  CellsOfHost(std::string name, std::size_t cells, laot_read_cells_fn reader,
              laot_let_go_cells_fn releaser, void* payload)
      : name_(std::move(name)),
        count_(cells),
        read_(reader),
        let_go_(releaser),
        payload_(payload) {}

  std::size_t count() const override { return count_; }

  laot::Population read(const std::vector<std::string>& feature_names) override {
    laot_data* made = nullptr;
    const int failed = read_(payload_, &made);
    const Freed freed{made};
    laot::require(failed == 0, Status::cancelled, "condition \"", name_, "\" could not be read");
    held_ = true;
    const std::string what = "the cells that were read of condition \"" + name_ + "\"";
    const laot_data& cells = given(made, what.c_str());
    laot::capi::require_same_features(feature_names, "control", cells.feature_names, "treated");
    return {cells.cells, cells.cell_names, cells.batch, cells.groups};
  }

  void let_go() noexcept override {
    if (held_ && let_go_) let_go_(payload_);
    held_ = false;
  }

 private:
  struct Freed {
    laot_data* data;
    ~Freed() { free_handle(data, "cells"); }
  };

  const std::string name_;
  const std::size_t count_;
  const laot_read_cells_fn read_;
  const laot_let_go_cells_fn let_go_;
  void* const payload_;
  bool held_ = false;
};

void require_control(std::size_t control, const laot::Experiment& experiment) {
  laot::require(control < experiment.controls.size(), Status::invalid_argument,
                "control must be below ", experiment.controls.size(), ", found ", control,
                "; add the control population first");
}

void use_feature_names(const laot_data& data, const char* what, laot::Experiment& experiment) {
  laot::capi::require_same_features(experiment.feature_names, "control", data.feature_names, what);
  if (experiment.feature_names.empty()) experiment.feature_names = data.feature_names;
}

}  // namespace

void laot::capi::require_same_features(const std::vector<std::string>& a, const char* a_name,
                                       const std::vector<std::string>& b, const char* b_name) {
  if (a.empty() || b.empty()) return;
  require(a.size() == b.size(), Status::dimension_mismatch, a_name, " has ", a.size(),
          " features and ", b_name, " has ", b.size());
  for (std::size_t k = 0; k < a.size(); ++k)
    require(a[k] == b[k], Status::dimension_mismatch, "feature ", k + 1, " is \"", a[k], "\" in ",
            a_name, " but \"", b[k], "\" in ", b_name,
            "; give both the same features in the same order");
}

void laot::capi::add_control(const laot_data& control, Experiment& experiment) {
  use_feature_names(control, "control", experiment);
  experiment.controls.push_back({control.cells, control.cell_names, control.batch, control.groups});
}

void laot::capi::add_condition(Condition condition, const laot_data& treated, std::size_t control,
                               Experiment& experiment) {
  use_feature_names(treated, "treated", experiment);
  experiment.conditions.push_back(
      {std::move(condition),
       {treated.cells, treated.cell_names, treated.batch, treated.groups},
       control});
}

const laot::CovariateValue& laot::capi::covariate_of(const Model& model, const std::string& name) {
  model.require_one("a covariate");
  const CovariateValue* value = model.condition.find(name);
  if (value == nullptr)
    fail(Status::unknown_name, "condition ", described(model.condition), " has no covariate \"",
         name, "\"");
  return *value;
}

extern "C" {

laot_status laot_experiment_new(laot_experiment** out) {
  return guarded([&] {
    given(out, "out");
    hand_out(std::make_unique<laot_experiment>(), out);
  });
}

void laot_experiment_free(laot_experiment* experiment) {
  free_handle(experiment, "experiment");
}

laot_status laot_experiment_add_control(laot_experiment* experiment, const laot_data* control,
                                        size_t* index) {
  return guarded([&] {
    laot::Experiment& to = given(experiment, "experiment").experiment;
    given(index, "index");
    laot::capi::add_control(given(control, "control"), to);
    *index = to.controls.size() - 1;
  });
}

laot_status laot_experiment_add_condition(laot_experiment* experiment, const char* name,
                                          const laot_data* treated, size_t control,
                                          const char* const* covariates, const char* const* levels,
                                          const double* numbers, size_t count) {
  return guarded([&] {
    laot::Experiment& to = given(experiment, "experiment").experiment;
    given_text(name, "name");
    require_control(control, to);
    laot::capi::add_condition(condition_from(name, covariates, levels, numbers, count),
                              given(treated, "treated"), control, to);
  });
}

laot_status laot_experiment_add_condition_later(laot_experiment* experiment, const char* name,
                                                size_t cells, laot_read_cells_fn read,
                                                laot_let_go_cells_fn let_go, void* payload,
                                                size_t control, const char* const* covariates,
                                                const char* const* levels, const double* numbers,
                                                size_t count) {
  return guarded([&] {
    laot::Experiment& to = given(experiment, "experiment").experiment;
    const std::string of = given_text(name, "name");
    laot::require(read != nullptr, Status::invalid_argument, "read is NULL");
    laot::require(cells > 0, Status::invalid_argument, "condition \"", of, "\" has no cells");
    require_control(control, to);
    to.conditions.push_back({condition_from(name, covariates, levels, numbers, count),
                             {},
                             control,
                             std::make_shared<CellsOfHost>(of, cells, read, let_go, payload)});
  });
}

laot_status laot_experiment_add_embedding(laot_experiment* experiment, const char* covariate,
                                          const char* const* levels, size_t count,
                                          const double* coordinates, size_t rows) {
  return guarded([&] {
    laot::Experiment& to = given(experiment, "experiment").experiment;
    laot::LevelEmbedding out;
    out.covariate = given_text(covariate, "covariate");
    laot::require_name(out.covariate, "covariate", 0);
    laot::require(count > 0 && rows > 0, Status::invalid_argument, "the embedding of \"",
                  out.covariate, "\" has ", rows, " coordinates of ", count,
                  " levels; give at least one of either");
    laot::require(rows <= std::numeric_limits<size_t>::max() / sizeof(double) / count,
                  Status::invalid_argument, "the embedding of \"", out.covariate, "\" has ", rows,
                  " coordinates of ", count, " levels, more than memory has addresses");
    given(levels, "levels");
    given(coordinates, "coordinates");
    require_no_embedding(to, out.covariate);
    for (size_t k = 0; k < count; ++k) {
      out.levels.push_back(given_text(levels[k], "a level"));
      laot::require_name(out.levels.back(), "levels", k);
    }
    out.coordinates = arma::mat(coordinates, rows, count);
    to.embeddings.push_back(std::move(out));
  });
}

laot_status laot_experiment_place_by_controls(laot_experiment* experiment, const char* covariate) {
  return guarded([&] {
    laot::Experiment& to = given(experiment, "experiment").experiment;
    const std::string name = given_text(covariate, "covariate");
    laot::require_name(name, "covariate", 0);
    require_no_embedding(to, name);
    to.embeddings.push_back(laot::placed_by_controls(name));
  });
}

laot_status laot_experiment_hold_out(laot_experiment* experiment, const char* condition) {
  return guarded([&] {
    std::vector<std::string>& held = given(experiment, "experiment").experiment.held_out;
    const std::string name = given_text(condition, "condition");
    laot::require(!name.empty(), Status::invalid_argument,
                  "condition is empty; name the condition to hold out");
    laot::require_name(name, "condition", 0);
    laot::require(std::find(held.begin(), held.end(), name) == held.end(), Status::invalid_argument,
                  "condition \"", name, "\" is held out already");
    held.push_back(name);
  });
}

laot_status laot_read_conditions(const char* const* labels, size_t cells, const char* control,
                                 const char* const* targets, size_t target_count, const size_t* at,
                                 const char* const* covariates, const char* const* levels,
                                 const double* numbers, size_t count, const char* combine,
                                 const char* missing, laot_table** conditions,
                                 laot_table** controls, size_t* control_of) {
  return guarded([&] {
    given(conditions, "conditions");
    given(controls, "controls");
    given(control_of, "control_of");
    laot::LabelledCells from;
    from.control = given_text(control, "control");
    from.targets = given_texts(targets, target_count, "targets");
    given(labels, "labels");
    for (size_t cell = 0; cell < cells; ++cell)
      from.labels.emplace_back(labels[cell] != nullptr ? labels[cell] : "");
    for (size_t i = 0; i < count; ++i) {
      const bool is_level = levels != nullptr && levels[i] != nullptr;
      laot::LabelledValue value;
      value.cell = (&given(at, "at"))[i];
      value.covariate = given_text((&given(covariates, "covariates"))[i], "a covariate");
      laot::require_name(value.covariate, "covariates", i);
      if (is_level) {
        laot::require_name(levels[i], "levels", i);
        value.level = levels[i];
      }
      if (!is_level && numbers != nullptr) value.number = numbers[i];
      from.values.push_back(std::move(value));
    }
    if (combine != nullptr) from.combine = combine;
    if (missing != nullptr) from.missing = missing;
    laot::require_name(from.control, "control", 0);
    for (size_t k = 0; k < target_count; ++k) laot::require_name(from.targets[k], "targets", k);
    laot::require_name(from.combine, "combine", 0);
    laot::require_name(from.missing, "missing", 0);
    const laot::LabelledConditions found = laot::read_conditions(from);
    // Where either fails, neither is handed out.
    auto of_values = std::make_unique<laot_table>(laot_table{table_of_values(found.conditions)});
    laot_table* first = nullptr;
    hand_out_table(table_of_controls(found.controls), &first);
    try {
      hand_out(std::move(of_values), conditions);
    } catch (...) {
      laot_table_free(first);
      throw;
    }
    *controls = first;
    std::copy(found.control_of.begin(), found.control_of.end(), control_of);
  });
}

laot_status laot_fit_experiment(laot_context* context, const laot_params* params,
                                const laot_experiment* experiment, laot_model** out) {
  return guarded([&] {
    given(out, "out");
    given(params, "params");
    given(experiment, "experiment");
    CallContext call(context);
    laot::Model model = laot::fit_model(params->params, experiment->experiment, *call);
    hand_out(std::unique_ptr<laot_model>(new laot_model{std::move(model)}), out);
  });
}

laot_status laot_model_at(const laot_model* model, const char* condition,
                          const char* const* covariates, const char* const* levels,
                          const double* numbers, size_t count, laot_model** out) {
  return guarded([&] {
    given(model, "model");
    given(out, "out");
    laot::Model at = model->model.at(condition_from(condition, covariates, levels, numbers, count));
    hand_out(std::unique_ptr<laot_model>(new laot_model{std::move(at)}), out);
  });
}

laot_status laot_model_at_controls(laot_context* context, const laot_model* model,
                                   const laot_data* controls, const char* condition,
                                   const char* const* covariates, const char* const* levels,
                                   const double* numbers, size_t count, laot_model** out) {
  return guarded([&] {
    given(model, "model");
    given(controls, "controls");
    given(out, "out");
    laot::capi::require_same_features(model->model.feature_names, "the model",
                                      controls->feature_names, "controls");
    CallContext call(context);
    laot::Model at = model->model.at(condition_from(condition, covariates, levels, numbers, count),
                                     controls->cells, *call);
    hand_out(std::unique_ptr<laot_model>(new laot_model{std::move(at)}), out);
  });
}

laot_status laot_predict_at(laot_context* context, const laot_model* model, const laot_data* cells,
                            const char* condition, const char* const* covariates,
                            const char* const* levels, const double* numbers, size_t count,
                            const char* nonnegative, double* out, size_t length) {
  return guarded([&] {
    given(model, "model");
    given(cells, "cells");
    given(out, "out");
    laot::capi::require_same_features(model->model.feature_names, "the model", cells->feature_names,
                                      "cells");
    const size_t needed = cells->cells.features() * cells->cells.cells();
    laot::require(length >= needed, Status::buffer_too_small, "out has room for ", length,
                  " numbers, the prediction needs ", needed);
    CallContext call(context);
    const laot::Model at = model->model.at(
        condition_from(condition, covariates, levels, numbers, count), cells->cells, *call);
    if (!model->model.parts.empty())
      for (const auto& [name, value] : at.report.texts)
        if (name == "warning" && !value.empty()) (*call).note(value);
    at.predict(cells->cells, laot::nonnegative_from(given_text(nonnegative, "nonnegative")), out,
               *call);
  });
}

}  // extern "C"
