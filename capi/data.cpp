#include "handles.hpp"

using laot::Status;
using laot::capi::CallContext;
using laot::capi::free_handle;
using laot::capi::given;
using laot::capi::given_texts;
using laot::capi::guarded;
using laot::capi::hand_out;

namespace {

void set_labels(std::vector<std::string>& into, const char* const* texts, size_t count,
                size_t expected, const char* argument, const char* unit) {
  laot::require(count == expected, Status::dimension_mismatch, argument, " has ", count,
                " entries for ", expected, " ", unit);
  into = given_texts(texts, count, argument);
}

std::unique_ptr<laot_data> new_data(const laot::Cells& cells) {
  return std::unique_ptr<laot_data>(new laot_data{cells, cells, {}, {}, {}, {}});
}

std::vector<std::size_t> given_index(const size_t* index, size_t count) {
  laot::require(index != nullptr && count > 0, Status::invalid_argument,
                "index is empty; give at least one");
  return {index, index + count};
}

}  // namespace

const laot::Cells& laot::capi::valid_cells(const laot_data* data, const char* name,
                                           Context& context) {
  require_valid(given(data, name).cells, name, context);
  return data->cells;
}

arma::mat laot::capi::valid_matrix(const laot_data* data, const char* name, Context& context) {
  return valid_cells(data, name, context).as_matrix();
}

extern "C" {

laot_status laot_data_dense(const double* values, size_t features, size_t cells,
                            size_t leading_dimension, laot_data** out) {
  return guarded([&] {
    given(out, "out");
    hand_out(new_data(laot::Cells::dense(values, features, cells, leading_dimension)), out);
  });
}

laot_status laot_data_csc(size_t features, size_t cells, const int32_t* column_starts,
                          const int32_t* rows, const double* values, laot_data** out) {
  return guarded([&] {
    given(out, "out");
    hand_out(
        new_data(laot::Cells::sparse(features, cells, column_starts, rows, values, "sparse data")),
        out);
  });
}

laot_status laot_data_csc64(size_t features, size_t cells, const int64_t* column_starts,
                            const int64_t* rows, const double* values, laot_data** out) {
  return guarded([&] {
    given(out, "out");
    hand_out(
        new_data(laot::Cells::sparse(features, cells, column_starts, rows, values, "sparse data")),
        out);
  });
}

laot_status laot_data_view(const laot_data* data, laot_data** out) {
  return guarded([&] {
    given(out, "out");
    hand_out(new_data(given(data, "data").whole), out);
  });
}

void laot_data_free(laot_data* data) {
  free_handle(data, "data");
}

laot_status laot_data_select_cells(laot_data* data, const size_t* index, size_t count) {
  return guarded([&] {
    given(data, "data").cells.select_cells(given_index(index, count), "cells");
    data->batch.clear();
    data->groups.clear();
    data->cell_names.clear();
    data->cells.set_cell_names(nullptr);
  });
}

laot_status laot_data_select_features(laot_data* data, const size_t* index, size_t count) {
  return guarded([&] {
    given(data, "data").cells.select_features(given_index(index, count), "features");
    data->feature_names.clear();
    data->cells.set_feature_names(nullptr);
  });
}

laot_status laot_data_size(const laot_data* data, size_t* features, size_t* cells) {
  return guarded([&] {
    given(data, "data");
    given(features, "features");
    given(cells, "cells");
    *features = data->cells.features();
    *cells = data->cells.cells();
  });
}

laot_status laot_data_set_batch(laot_data* data, const char* const* labels, size_t count) {
  return guarded([&] {
    laot_data& d = given(data, "data");
    set_labels(d.batch, labels, count, d.cells.cells(), "labels", "cells");
  });
}

laot_status laot_data_set_groups(laot_data* data, const char* const* labels, size_t count) {
  return guarded([&] {
    laot_data& d = given(data, "data");
    set_labels(d.groups, labels, count, d.cells.cells(), "labels", "cells");
  });
}

laot_status laot_data_set_feature_names(laot_data* data, const char* const* names, size_t count) {
  return guarded([&] {
    laot_data& d = given(data, "data");
    std::vector<std::string> labels;
    set_labels(labels, names, count, d.cells.features(), "names", "features");
    d.cells.set_feature_names(std::make_shared<const std::vector<std::string>>(labels));
    d.feature_names = std::move(labels);
  });
}

laot_status laot_data_set_cell_names(laot_data* data, const char* const* names, size_t count) {
  return guarded([&] {
    laot_data& d = given(data, "data");
    std::vector<std::string> labels;
    set_labels(labels, names, count, d.cells.cells(), "names", "cells");
    d.cells.set_cell_names(std::make_shared<const std::vector<std::string>>(labels));
    d.cell_names = std::move(labels);
  });
}

laot_status laot_variable_features(laot_context* context, const laot_data* control,
                                   const laot_data* treated, size_t count, size_t* index) {
  return guarded([&] {
    CallContext call(context);
    given(control, "control");
    given(treated, "treated");
    given(index, "index");
    laot::require(count >= 1 && count <= control->cells.features(), Status::invalid_argument,
                  "count must be from 1 to the ", control->cells.features(), " features, found ",
                  count);
    const auto chosen = laot::variable_features(control->cells, treated->cells, count, *call);
    std::copy(chosen.begin(), chosen.end(), index);
  });
}

}  // extern "C"
