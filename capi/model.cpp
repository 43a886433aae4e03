#include "handles.hpp"
#include "laot/covariates_table.hpp"
#include "laot/encoded_cells.hpp"
#include "laot/letters.hpp"
#include "laot/map_change.hpp"

using laot::Status;
using laot::capi::CallContext;
using laot::capi::copy_out;
using laot::capi::free_handle;
using laot::capi::given;
using laot::capi::given_text;
using laot::capi::guarded;
using laot::capi::hand_out;
using laot::capi::hand_out_table;
using laot::capi::lines;
using laot::capi::names_of;
using laot::capi::require_same_features;

namespace {

template <class Pairs>
auto& entry_of(const Pairs& pairs, const char* name, const char* what) {
  const std::string asked = given_text(name, "name");
  for (const auto& entry : pairs)
    if (entry.first == asked) return entry.second;
  laot::fail(Status::unknown_name, what, " has no \"", asked, "\"; it has ",
             laot::joined(names_of(pairs)));
}

void hand_out_model(laot::Model model, laot_model** out) {
  hand_out(std::unique_ptr<laot_model>(new laot_model{std::move(model)}), out);
}

// Whatever is wrong with what a file says (a method that nobody knows, a map of another size) is
// damage to the file: the caller gave no such argument.
laot::Model loaded(const laot::ModelFile& file, const std::string& whose) {
  try {
    return laot::Model::load(file);
  } catch (const laot::Error& error) {
    const bool is_own = error.status() == Status::out_of_memory;
    laot::fail(is_own ? error.status() : Status::bad_format, whose, error.what());
  }
}

void require_length(size_t length, size_t expected, const char* what) {
  laot::require(length >= expected, Status::buffer_too_small, "out has room for ", length,
                " numbers, ", what, " needs ", expected);
}

}  // namespace

extern "C" {

laot_status laot_fit(laot_context* context, const laot_params* params, const laot_data* control,
                     const laot_data* treated, laot_model** out) {
  return guarded([&] {
    given(out, "out");
    given(params, "params");
    given(control, "control");
    given(treated, "treated");
    CallContext call(context);
    laot::Experiment experiment;
    laot::capi::add_control(*control, experiment);
    laot::capi::add_condition({}, *treated, 0, experiment);
    hand_out_model(laot::fit_model(params->params, experiment, *call), out);
  });
}

void laot_model_free(laot_model* model) {
  free_handle(model, "model");
}

laot_status laot_predict(laot_context* context, const laot_model* model, const laot_data* cells,
                         const char* nonnegative, double* out, size_t length) {
  return guarded([&] {
    given(model, "model");
    given(cells, "cells");
    given(out, "out");
    require_same_features(model->model.feature_names, "the model", cells->feature_names, "cells");
    require_length(length, cells->cells.features() * cells->cells.cells(), "the prediction");
    CallContext call(context);
    model->model.predict(
        cells->cells, laot::nonnegative_from(given_text(nonnegative, "nonnegative")), out, *call);
  });
}

laot_status laot_effects(laot_context* context, const laot_model* model, const laot_data* cells,
                         double* out, size_t length) {
  return guarded([&] {
    given(model, "model");
    given(cells, "cells");
    given(out, "out");
    require_same_features(model->model.feature_names, "the model", cells->feature_names, "cells");
    const size_t features = cells->cells.features();
    require_length(length, features * features * cells->cells.cells(), "the effects");
    CallContext call(context);
    model->model.effects(cells->cells, out, *call);
  });
}

laot_status laot_strongest_effects(const laot_model* model, size_t count, laot_table** out) {
  return guarded([&] {
    given(out, "out");
    hand_out_table(laot::strongest_effects(given(model, "model").model, count), out);
  });
}

laot_status laot_encode(laot_context* context, const laot_model* model, const laot_data* cells,
                        const char* about, double* out, size_t length) {
  return guarded([&] {
    given(model, "model");
    given(cells, "cells");
    given(out, "out");
    require_same_features(model->model.feature_names, "the model", cells->feature_names, "cells");
    CallContext call(context);
    const arma::mat z = laot::encoded_cells(
        model->model, cells->cells, laot::about_from(given_text(about, "about")), "cells", *call);
    require_length(length, z.n_elem, "the encoded cells");
    std::copy(z.begin(), z.end(), out);
  });
}

laot_status laot_composition(const laot_model* model, laot_table** out) {
  return guarded([&] {
    given(out, "out");
    const laot::Model& fitted = given(model, "model").model;
    fitted.require_one("a composition");
    laot::capi::hand_out_table(laot::table_of(fitted.composition), out);
  });
}

laot_status laot_choices(const laot_model* model, laot_table** out) {
  return guarded([&] {
    given(out, "out");
    laot::capi::hand_out_table(laot::table_of_choices(given(model, "model").model), out);
  });
}

laot_status laot_weights(laot_context* context, const laot_model* model, const laot_data* cells,
                         double* out, size_t length) {
  return guarded([&] {
    given(model, "model");
    given(cells, "cells");
    given(out, "out");
    require_same_features(model->model.feature_names, "the model", cells->feature_names, "cells");
    require_length(length, cells->cells.cells(), "the weights");
    CallContext call(context);
    const arma::vec weights = model->model.weights(cells->cells, cells->groups, *call);
    std::copy(weights.begin(), weights.end(), out);
  });
}

laot_status laot_model_trivial(const laot_model* model, const char* name, laot_model** out) {
  return guarded([&] {
    given(model, "model");
    given(out, "out");
    hand_out_model(model->model.trivial(given_text(name, "name")), out);
  });
}

laot_status laot_model_names(const laot_model* model, const char* what, char* buffer, size_t size,
                             size_t* needed) {
  return guarded([&] {
    const laot::Model& m = given(model, "model").model;
    const std::string asked = given_text(what, "what");
    std::vector<std::string> names;
    if (asked == "report_numbers")
      names = names_of(m.report.numbers);
    else if (asked == "report_texts")
      names = names_of(m.report.texts);
    else if (asked == "trace")
      names = names_of(m.trace);
    else if (asked == "arrays")
      for (const laot::NamedArray& array : m.list()) names.push_back(array.name);
    else if (asked == "params")
      names = names_of(m.params.texts());
    else if (asked == "feature_names")
      names = m.feature_names;
    else if (asked == "control_names")
      names = *m.training.control_names;
    else if (asked == "conditions")
      for (const laot::Condition& condition : m.conditions()) names.push_back(condition.name);
    else if (asked == "covariates")
      names = m.covariate_names();
    else if (asked == "held_out")
      for (const laot::Condition& condition : m.held_out) names.push_back(condition.name);
    else if (asked == "placed_by_controls")
      names = m.placed_by_controls();
    else if (asked == "notes")
      for (const auto& note : m.notes) names.push_back(note.first);
    else if (asked == "treated_names")
      names = *m.training.treated_names;
    else
      laot::fail(Status::unknown_name, "what must be one of report_numbers, report_texts, trace, ",
                 "arrays, params, feature_names, control_names, treated_names, conditions, ",
                 "held_out, covariates, placed_by_controls, notes, found \"", asked, "\"");
    copy_out(lines(names), buffer, size, needed);
  });
}

laot_status laot_model_text(const laot_model* model, const char* name, char* buffer, size_t size,
                            size_t* needed) {
  return guarded([&] {
    const laot::Model& m = given(model, "model").model;
    const std::string asked = given_text(name, "name");
    std::string value;
    if (asked == "method")
      value = m.method();
    else if (asked == "preset")
      value = m.params.preset();
    else if (asked == "condition")
      value = m.condition.name;
    else if (asked.compare(0, 10, "covariate.") == 0)
      value = laot::capi::lines(laot::texts_of(laot::capi::covariate_of(m, asked.substr(10))));
    else if (asked.compare(0, 6, "param.") == 0)
      value = m.params.text_of(asked.substr(6));
    else if (asked.compare(0, 5, "note.") == 0)
      value = entry_of(m.notes, asked.substr(5).c_str(), "what is noted");
    else
      laot::fail(Status::unknown_name,
                 "name must be method, preset, param.<name>, condition, covariate.<name> or "
                 "note.<name>, found \"",
                 asked, "\"");
    copy_out(value, buffer, size, needed);
  });
}

laot_status laot_covariates(const laot_model* model, laot_table** out) {
  return guarded([&] {
    given(out, "out");
    hand_out_table(laot::covariates_table(given(model, "model").model), out);
  });
}

laot_status laot_report_number(const laot_model* model, const char* name, double* value) {
  return guarded([&] {
    given(model, "model");
    given(value, "value") = entry_of(model->model.report.numbers, name, "the report");
  });
}

laot_status laot_report_text(const laot_model* model, const char* name, char* buffer, size_t size,
                             size_t* needed) {
  return guarded([&] {
    const laot::Report& report = given(model, "model").model.report;
    const bool has_no_warning =
        given_text(name, "name") == "warning" &&
        std::none_of(report.texts.begin(), report.texts.end(),
                     [](const auto& entry) { return entry.first == "warning"; });
    copy_out(has_no_warning ? std::string() : entry_of(report.texts, name, "the report"), buffer,
             size, needed);
  });
}

laot_status laot_trace_length(const laot_model* model, size_t* length) {
  return guarded([&] {
    given(model, "model");
    given(length, "length") = model->model.trace.empty() ? 0 : model->model.trace[0].second.size();
  });
}

laot_status laot_trace_column(const laot_model* model, const char* name, double* out,
                              size_t length) {
  return guarded([&] {
    given(model, "model");
    given(out, "out");
    const std::vector<double>& column = entry_of(model->model.trace, name, "the trace");
    require_length(length, column.size(), "the trace");
    std::copy(column.begin(), column.end(), out);
  });
}

laot_status laot_array_size(const laot_model* model, const char* name, size_t* rows, size_t* cols) {
  return guarded([&] {
    given(model, "model");
    given(rows, "rows");
    given(cols, "cols");
    const laot::NamedArray array = model->model.array(given_text(name, "name"));
    *rows = array.rows;
    *cols = array.columns;
  });
}

laot_status laot_array(const laot_model* model, const char* name, double* out, size_t length) {
  return guarded([&] {
    given(model, "model");
    given(out, "out");
    const laot::NamedArray array = model->model.array(given_text(name, "name"));
    require_length(length, array.rows * array.columns, "the array");
    array.write(out);
  });
}

laot_status laot_save(const laot_model* model, const char* path) {
  return guarded([&] { given(model, "model").model.store().write(given_text(path, "path")); });
}

laot_status laot_save_with_notes(const laot_model* model, const char* path,
                                 const char* const* names, const char* const* values,
                                 size_t count) {
  return guarded([&] {
    laot::ModelFile file = given(model, "model").model.store();
    const std::vector<std::string> keys = laot::capi::given_texts(names, count, "names");
    if (count > 0) given(values, "values");
    for (size_t i = 0; i < count; ++i) {
      laot::require(!keys[i].empty(), Status::invalid_argument, "names[", i,
                    "] is empty; give each note a name");
      const std::string value = given_text(values[i], "values");
      laot::require(laot::is_utf8(value), Status::invalid_argument, "values[", i, "], the note \"",
                    keys[i], "\", is not UTF-8; convert it first");
      file.put_text("note." + keys[i], value);
    }
    file.write(given_text(path, "path"));
  });
}

laot_status laot_load(const char* path, laot_model** out) {
  return guarded([&] {
    given(out, "out");
    const laot::ModelFile file =
        laot::ModelFile::read(given_text(path, "path"), laot::Model::require_model);
    hand_out_model(loaded(file, laot::text("\"", path, "\": ")), out);
  });
}

laot_status laot_to_bytes(const laot_model* model, void* buffer, size_t size, size_t* needed) {
  return guarded([&] {
    const laot::ModelFile file = given(model, "model").model.store();
    given(needed, "needed") = file.byte_count();
    if (buffer == nullptr && size == 0) return;
    char* out = &given(static_cast<char*>(buffer), "buffer");
    laot::require(size >= *needed, Status::buffer_too_small, "buffer has ", size,
                  " bytes, needed are ", *needed);
    file.copy_bytes(out);
  });
}

laot_status laot_from_bytes(const void* bytes, size_t size, laot_model** out) {
  return guarded([&] {
    given(out, "out");
    const char* first = &given(static_cast<const char*>(bytes), "bytes");
    hand_out_model(loaded(laot::ModelFile::parse(first, size), ""), out);
  });
}

}  // extern "C"
