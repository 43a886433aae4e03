# Made from capi/laot.h by scripts/bindings.py; do not edit.

const LAOT_OK = Cint(0)
const LAOT_INVALID_ARGUMENT = Cint(-1)
const LAOT_DIMENSION_MISMATCH = Cint(-2)
const LAOT_NOT_FINITE = Cint(-3)
const LAOT_UNKNOWN_NAME = Cint(-4)
const LAOT_OUT_OF_MEMORY = Cint(-5)
const LAOT_CANCELLED = Cint(-6)
const LAOT_IO_ERROR = Cint(-7)
const LAOT_BAD_FORMAT = Cint(-8)
const LAOT_NUMERICAL_FAILURE = Cint(-9)
const LAOT_NOT_AVAILABLE = Cint(-10)
const LAOT_BUFFER_TOO_SMALL = Cint(-11)
const LAOT_INTERNAL_ERROR = Cint(-99)

laot_last_error() =
    ccall(@symbol(laot_last_error), Cstring, ())

laot_last_error_place(feature, cell, value) =
    ccall(@symbol(laot_last_error_place), Cstring, (Ptr{Csize_t}, Ptr{Csize_t}, Ptr{Cdouble}), feature, cell, value)

laot_last_error_part(part, start, length) =
    ccall(@symbol(laot_last_error_part), Cstring, (Csize_t, Ptr{Csize_t}, Ptr{Csize_t}), counted(part, "part"), start, length)

laot_status_name(status) =
    ccall(@symbol(laot_status_name), Cstring, (Cint,), status)

laot_nearest_name(name, candidates, count, nearest) =
    ccall(@symbol(laot_nearest_name), Cint, (Cstring, Ptr{Cstring}, Csize_t, Ptr{Csize_t}), name, candidates, counted(count, "count"), nearest)

laot_version() =
    ccall(@symbol(laot_version), Cstring, ())

const LAOT_ABI_VERSION = Cint(1)

laot_abi_version() =
    ccall(@symbol(laot_abi_version), Cint, ())

laot_capabilities(buffer, size, needed) =
    ccall(@symbol(laot_capabilities), Cint, (Ptr{UInt8}, Csize_t, Ptr{Csize_t}), buffer, counted(size, "size"), needed)

laot_context_new(out) =
    ccall(@symbol(laot_context_new), Cint, (Ptr{Ptr{Cvoid}},), out)

laot_context_free(context) =
    ccall(@symbol(laot_context_free), Cvoid, (Ptr{Cvoid},), context)

laot_context_set_threads(context, threads) =
    ccall(@symbol(laot_context_set_threads), Cint, (Ptr{Cvoid}, Cint), context, threads)

laot_context_set_seed(context, seed) =
    ccall(@symbol(laot_context_set_seed), Cint, (Ptr{Cvoid}, UInt64), context, seed)

laot_context_set_cancel(context, callback, payload) =
    ccall(@symbol(laot_context_set_cancel), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), context, callback, payload)

laot_context_set_progress(context, callback, payload) =
    ccall(@symbol(laot_context_set_progress), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), context, callback, payload)

laot_context_set_log(context, callback, payload) =
    ccall(@symbol(laot_context_set_log), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), context, callback, payload)

laot_context_set_checkpoint(context, path, seconds) =
    ccall(@symbol(laot_context_set_checkpoint), Cint, (Ptr{Cvoid}, Cstring, Cdouble), context, path, seconds)

laot_checkpoint_seed(path, seed) =
    ccall(@symbol(laot_checkpoint_seed), Cint, (Cstring, Ptr{UInt64}), path, seed)

laot_data_dense(values, features, cells, leading_dimension, out) =
    ccall(@symbol(laot_data_dense), Cint, (Ptr{Cdouble}, Csize_t, Csize_t, Csize_t, Ptr{Ptr{Cvoid}}), values, counted(features, "features"), counted(cells, "cells"), counted(leading_dimension, "leading_dimension"), out)

laot_data_csc(features, cells, column_starts, rows, values, out) =
    ccall(@symbol(laot_data_csc), Cint, (Csize_t, Csize_t, Ptr{Int32}, Ptr{Int32}, Ptr{Cdouble}, Ptr{Ptr{Cvoid}}), counted(features, "features"), counted(cells, "cells"), column_starts, rows, values, out)

laot_data_csc64(features, cells, column_starts, rows, values, out) =
    ccall(@symbol(laot_data_csc64), Cint, (Csize_t, Csize_t, Ptr{Int64}, Ptr{Int64}, Ptr{Cdouble}, Ptr{Ptr{Cvoid}}), counted(features, "features"), counted(cells, "cells"), column_starts, rows, values, out)

laot_data_view(data, out) =
    ccall(@symbol(laot_data_view), Cint, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), data, out)

laot_data_free(data) =
    ccall(@symbol(laot_data_free), Cvoid, (Ptr{Cvoid},), data)

laot_data_select_cells(data, index, count) =
    ccall(@symbol(laot_data_select_cells), Cint, (Ptr{Cvoid}, Ptr{Csize_t}, Csize_t), data, index, counted(count, "count"))

laot_data_select_features(data, index, count) =
    ccall(@symbol(laot_data_select_features), Cint, (Ptr{Cvoid}, Ptr{Csize_t}, Csize_t), data, index, counted(count, "count"))

laot_data_size(data, features, cells) =
    ccall(@symbol(laot_data_size), Cint, (Ptr{Cvoid}, Ptr{Csize_t}, Ptr{Csize_t}), data, features, cells)

laot_data_set_batch(data, labels, count) =
    ccall(@symbol(laot_data_set_batch), Cint, (Ptr{Cvoid}, Ptr{Cstring}, Csize_t), data, labels, counted(count, "count"))

laot_data_set_groups(data, labels, count) =
    ccall(@symbol(laot_data_set_groups), Cint, (Ptr{Cvoid}, Ptr{Cstring}, Csize_t), data, labels, counted(count, "count"))

laot_data_set_feature_names(data, names, count) =
    ccall(@symbol(laot_data_set_feature_names), Cint, (Ptr{Cvoid}, Ptr{Cstring}, Csize_t), data, names, counted(count, "count"))

laot_data_set_cell_names(data, names, count) =
    ccall(@symbol(laot_data_set_cell_names), Cint, (Ptr{Cvoid}, Ptr{Cstring}, Csize_t), data, names, counted(count, "count"))

laot_variable_features(context, control, treated, count, index) =
    ccall(@symbol(laot_variable_features), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Csize_t, Ptr{Csize_t}), context, control, treated, counted(count, "count"), index)

const LAOT_COLUMN_NUMBER = Cint(0)
const LAOT_COLUMN_TEXT = Cint(1)

laot_table_free(table) =
    ccall(@symbol(laot_table_free), Cvoid, (Ptr{Cvoid},), table)

laot_table_size(table, rows, columns) =
    ccall(@symbol(laot_table_size), Cint, (Ptr{Cvoid}, Ptr{Csize_t}, Ptr{Csize_t}), table, rows, columns)

laot_table_names(table, buffer, size, needed) =
    ccall(@symbol(laot_table_names), Cint, (Ptr{Cvoid}, Ptr{UInt8}, Csize_t, Ptr{Csize_t}), table, buffer, counted(size, "size"), needed)

laot_table_column_type(table, name, type) =
    ccall(@symbol(laot_table_column_type), Cint, (Ptr{Cvoid}, Cstring, Ptr{Cint}), table, name, type)

laot_table_numbers(table, name, out, length) =
    ccall(@symbol(laot_table_numbers), Cint, (Ptr{Cvoid}, Cstring, Ptr{Cdouble}, Csize_t), table, name, out, counted(length, "length"))

laot_table_texts(table, name, buffer, size, needed) =
    ccall(@symbol(laot_table_texts), Cint, (Ptr{Cvoid}, Cstring, Ptr{UInt8}, Csize_t, Ptr{Csize_t}), table, name, buffer, counted(size, "size"), needed)

laot_method_count() =
    ccall(@symbol(laot_method_count), Csize_t, ())

struct laot_method_info
    struct_size::Csize_t
    name::Cstring
    title::Cstring
    source::Cstring
    param_count::Csize_t
    preset_count::Csize_t
    affine::Cint
    dense_map::Cint
    trains::Cint
    uses_batch::Cint
    many_conditions::Cint
    trivial::Cint
    pairs::Cint
    raw_space::Cint
    fewest_cells::Csize_t
end
laot_method_info() = laot_method_info(sizeof(laot_method_info), Cstring(C_NULL), Cstring(C_NULL), Cstring(C_NULL), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

laot_method_describe(method, info) =
    ccall(@symbol(laot_method_describe), Cint, (Csize_t, Ptr{laot_method_info}), counted(method, "method"), info)

laot_method_label(method) =
    ccall(@symbol(laot_method_label), Cstring, (Csize_t,), counted(method, "method"))

const LAOT_NUMBER = Cint(0)
const LAOT_INTEGER = Cint(1)
const LAOT_FLAG = Cint(2)
const LAOT_CHOICE = Cint(3)

struct laot_param_info
    struct_size::Csize_t
    name::Cstring
    type::Cint
    default_text::Cstring
    minimum::Cdouble
    maximum::Cdouble
    words::Cstring
    doc::Cstring
    source::Cstring
end
laot_param_info() = laot_param_info(sizeof(laot_param_info), Cstring(C_NULL), 0, Cstring(C_NULL), 0, 0, Cstring(C_NULL), Cstring(C_NULL), Cstring(C_NULL))

laot_param_describe(method, param, info) =
    ccall(@symbol(laot_param_describe), Cint, (Csize_t, Csize_t, Ptr{laot_param_info}), counted(method, "method"), counted(param, "param"), info)

struct laot_preset_info
    struct_size::Csize_t
    name::Cstring
    doc::Cstring
end
laot_preset_info() = laot_preset_info(sizeof(laot_preset_info), Cstring(C_NULL), Cstring(C_NULL))

laot_preset_describe(method, preset, info) =
    ccall(@symbol(laot_preset_describe), Cint, (Csize_t, Csize_t, Ptr{laot_preset_info}), counted(method, "method"), counted(preset, "preset"), info)

laot_params_new(method, out) =
    ccall(@symbol(laot_params_new), Cint, (Cstring, Ptr{Ptr{Cvoid}}), method, out)

laot_params_free(params) =
    ccall(@symbol(laot_params_free), Cvoid, (Ptr{Cvoid},), params)

laot_params_use_preset(params, preset) =
    ccall(@symbol(laot_params_use_preset), Cint, (Ptr{Cvoid}, Cstring), params, preset)

laot_params_set_number(params, name, value) =
    ccall(@symbol(laot_params_set_number), Cint, (Ptr{Cvoid}, Cstring, Cdouble), params, name, value)

laot_params_set_text(params, name, value) =
    ccall(@symbol(laot_params_set_text), Cint, (Ptr{Cvoid}, Cstring, Cstring), params, name, value)

laot_params_get_text(params, name, buffer, size, needed) =
    ccall(@symbol(laot_params_get_text), Cint, (Ptr{Cvoid}, Cstring, Ptr{UInt8}, Csize_t, Ptr{Csize_t}), params, name, buffer, counted(size, "size"), needed)

laot_fit(context, params, control, treated, out) =
    ccall(@symbol(laot_fit), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), context, params, control, treated, out)

laot_model_free(model) =
    ccall(@symbol(laot_model_free), Cvoid, (Ptr{Cvoid},), model)

laot_predict(context, model, cells, nonnegative, out, length) =
    ccall(@symbol(laot_predict), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Cdouble}, Csize_t), context, model, cells, nonnegative, out, counted(length, "length"))

laot_composition(model, out) =
    ccall(@symbol(laot_composition), Cint, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), model, out)

laot_choices(model, out) =
    ccall(@symbol(laot_choices), Cint, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), model, out)

laot_weights(context, model, cells, out, length) =
    ccall(@symbol(laot_weights), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cdouble}, Csize_t), context, model, cells, out, counted(length, "length"))

laot_effects(context, model, cells, out, length) =
    ccall(@symbol(laot_effects), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cdouble}, Csize_t), context, model, cells, out, counted(length, "length"))

laot_strongest_effects(model, count, out) =
    ccall(@symbol(laot_strongest_effects), Cint, (Ptr{Cvoid}, Csize_t, Ptr{Ptr{Cvoid}}), model, counted(count, "count"), out)

laot_encode(context, model, cells, about, out, length) =
    ccall(@symbol(laot_encode), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Cdouble}, Csize_t), context, model, cells, about, out, counted(length, "length"))

laot_model_trivial(model, name, out) =
    ccall(@symbol(laot_model_trivial), Cint, (Ptr{Cvoid}, Cstring, Ptr{Ptr{Cvoid}}), model, name, out)

laot_experiment_new(out) =
    ccall(@symbol(laot_experiment_new), Cint, (Ptr{Ptr{Cvoid}},), out)

laot_experiment_free(experiment) =
    ccall(@symbol(laot_experiment_free), Cvoid, (Ptr{Cvoid},), experiment)

laot_experiment_add_control(experiment, control, index) =
    ccall(@symbol(laot_experiment_add_control), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Csize_t}), experiment, control, index)

laot_experiment_add_condition(experiment, name, treated, control, covariates, levels, numbers, count) =
    ccall(@symbol(laot_experiment_add_condition), Cint, (Ptr{Cvoid}, Cstring, Ptr{Cvoid}, Csize_t, Ptr{Cstring}, Ptr{Cstring}, Ptr{Cdouble}, Csize_t), experiment, name, treated, counted(control, "control"), covariates, levels, numbers, counted(count, "count"))

laot_experiment_add_condition_later(experiment, name, cells, read, let_go, payload, control, covariates, levels, numbers, count) =
    ccall(@symbol(laot_experiment_add_condition_later), Cint, (Ptr{Cvoid}, Cstring, Csize_t, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Csize_t, Ptr{Cstring}, Ptr{Cstring}, Ptr{Cdouble}, Csize_t), experiment, name, counted(cells, "cells"), read, let_go, payload, counted(control, "control"), covariates, levels, numbers, counted(count, "count"))

laot_experiment_add_embedding(experiment, covariate, levels, count, coordinates, rows) =
    ccall(@symbol(laot_experiment_add_embedding), Cint, (Ptr{Cvoid}, Cstring, Ptr{Cstring}, Csize_t, Ptr{Cdouble}, Csize_t), experiment, covariate, levels, counted(count, "count"), coordinates, counted(rows, "rows"))

laot_experiment_place_by_controls(experiment, covariate) =
    ccall(@symbol(laot_experiment_place_by_controls), Cint, (Ptr{Cvoid}, Cstring), experiment, covariate)

laot_experiment_hold_out(experiment, condition) =
    ccall(@symbol(laot_experiment_hold_out), Cint, (Ptr{Cvoid}, Cstring), experiment, condition)

laot_read_conditions(labels, cells, control, targets, target_count, at, covariates, levels, numbers, count, combine, missing, conditions, controls, control_of) =
    ccall(@symbol(laot_read_conditions), Cint, (Ptr{Cstring}, Csize_t, Cstring, Ptr{Cstring}, Csize_t, Ptr{Csize_t}, Ptr{Cstring}, Ptr{Cstring}, Ptr{Cdouble}, Csize_t, Cstring, Cstring, Ptr{Ptr{Cvoid}}, Ptr{Ptr{Cvoid}}, Ptr{Csize_t}), labels, counted(cells, "cells"), control, targets, counted(target_count, "target_count"), at, covariates, levels, numbers, counted(count, "count"), combine, missing, conditions, controls, control_of)

laot_fit_experiment(context, params, experiment, out) =
    ccall(@symbol(laot_fit_experiment), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), context, params, experiment, out)

laot_model_at(model, condition, covariates, levels, numbers, count, out) =
    ccall(@symbol(laot_model_at), Cint, (Ptr{Cvoid}, Cstring, Ptr{Cstring}, Ptr{Cstring}, Ptr{Cdouble}, Csize_t, Ptr{Ptr{Cvoid}}), model, condition, covariates, levels, numbers, counted(count, "count"), out)

laot_model_at_controls(context, model, controls, condition, covariates, levels, numbers, count, out) =
    ccall(@symbol(laot_model_at_controls), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Cstring}, Ptr{Cstring}, Ptr{Cdouble}, Csize_t, Ptr{Ptr{Cvoid}}), context, model, controls, condition, covariates, levels, numbers, counted(count, "count"), out)

laot_predict_at(context, model, cells, condition, covariates, levels, numbers, count, nonnegative, out, length) =
    ccall(@symbol(laot_predict_at), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Cstring}, Ptr{Cstring}, Ptr{Cdouble}, Csize_t, Cstring, Ptr{Cdouble}, Csize_t), context, model, cells, condition, covariates, levels, numbers, counted(count, "count"), nonnegative, out, counted(length, "length"))

laot_model_names(model, what, buffer, size, needed) =
    ccall(@symbol(laot_model_names), Cint, (Ptr{Cvoid}, Cstring, Ptr{UInt8}, Csize_t, Ptr{Csize_t}), model, what, buffer, counted(size, "size"), needed)

laot_model_text(model, name, buffer, size, needed) =
    ccall(@symbol(laot_model_text), Cint, (Ptr{Cvoid}, Cstring, Ptr{UInt8}, Csize_t, Ptr{Csize_t}), model, name, buffer, counted(size, "size"), needed)

laot_covariates(model, out) =
    ccall(@symbol(laot_covariates), Cint, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), model, out)

laot_report_number(model, name, value) =
    ccall(@symbol(laot_report_number), Cint, (Ptr{Cvoid}, Cstring, Ptr{Cdouble}), model, name, value)

laot_report_text(model, name, buffer, size, needed) =
    ccall(@symbol(laot_report_text), Cint, (Ptr{Cvoid}, Cstring, Ptr{UInt8}, Csize_t, Ptr{Csize_t}), model, name, buffer, counted(size, "size"), needed)

laot_trace_length(model, length) =
    ccall(@symbol(laot_trace_length), Cint, (Ptr{Cvoid}, Ptr{Csize_t}), model, length)

laot_trace_column(model, name, out, length) =
    ccall(@symbol(laot_trace_column), Cint, (Ptr{Cvoid}, Cstring, Ptr{Cdouble}, Csize_t), model, name, out, counted(length, "length"))

laot_array_size(model, name, rows, cols) =
    ccall(@symbol(laot_array_size), Cint, (Ptr{Cvoid}, Cstring, Ptr{Csize_t}, Ptr{Csize_t}), model, name, rows, cols)

laot_array(model, name, out, length) =
    ccall(@symbol(laot_array), Cint, (Ptr{Cvoid}, Cstring, Ptr{Cdouble}, Csize_t), model, name, out, counted(length, "length"))

laot_transitions(model, from, from_count, to, to_count, out) =
    ccall(@symbol(laot_transitions), Cint, (Ptr{Cvoid}, Ptr{Cstring}, Csize_t, Ptr{Cstring}, Csize_t, Ptr{Ptr{Cvoid}}), model, from, counted(from_count, "from_count"), to, counted(to_count, "to_count"), out)

laot_partners(model, direction, cells, count, out) =
    ccall(@symbol(laot_partners), Cint, (Ptr{Cvoid}, Cstring, Ptr{Csize_t}, Csize_t, Ptr{Ptr{Cvoid}}), model, direction, cells, counted(count, "count"), out)

laot_save(model, path) =
    ccall(@symbol(laot_save), Cint, (Ptr{Cvoid}, Cstring), model, path)

laot_save_with_notes(model, path, names, values, count) =
    ccall(@symbol(laot_save_with_notes), Cint, (Ptr{Cvoid}, Cstring, Ptr{Cstring}, Ptr{Cstring}, Csize_t), model, path, names, values, counted(count, "count"))

laot_load(path, out) =
    ccall(@symbol(laot_load), Cint, (Cstring, Ptr{Ptr{Cvoid}}), path, out)

laot_to_bytes(model, buffer, size, needed) =
    ccall(@symbol(laot_to_bytes), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Csize_t, Ptr{Csize_t}), model, buffer, counted(size, "size"), needed)

laot_from_bytes(bytes, size, out) =
    ccall(@symbol(laot_from_bytes), Cint, (Ptr{Cvoid}, Csize_t, Ptr{Ptr{Cvoid}}), bytes, counted(size, "size"), out)

laot_mmd2(context, x, y, gammas, count, estimator, value) =
    ccall(@symbol(laot_mmd2), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cdouble}, Csize_t, Cstring, Ptr{Cdouble}), context, x, y, gammas, counted(count, "count"), estimator, value)

laot_median_gamma(context, x, y, value) =
    ccall(@symbol(laot_median_gamma), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cdouble}), context, x, y, value)

laot_wasserstein2(context, x, y, value, gap) =
    ccall(@symbol(laot_wasserstein2), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cdouble}, Ptr{Cdouble}), context, x, y, value, gap)

laot_metric_count() =
    ccall(@symbol(laot_metric_count), Csize_t, ())

struct laot_metric_info
    struct_size::Csize_t
    name::Cstring
    title::Cstring
    estimator::Cstring
    setting::Cstring
    doc::Cstring
    source::Cstring
    undefined::Cstring
    perfect::Cdouble
    larger_is_better::Cint
    needs_gamma::Cint
    needs_control::Cint
    takes_epsilon::Cint
    usual::Cint
end
laot_metric_info() = laot_metric_info(sizeof(laot_metric_info), Cstring(C_NULL), Cstring(C_NULL), Cstring(C_NULL), Cstring(C_NULL), Cstring(C_NULL), Cstring(C_NULL), Cstring(C_NULL), 0, 0, 0, 0, 0, 0)

laot_metric_describe(metric, info) =
    ccall(@symbol(laot_metric_describe), Cint, (Csize_t, Ptr{laot_metric_info}), counted(metric, "metric"), info)

laot_setting_count() =
    ccall(@symbol(laot_setting_count), Csize_t, ())

struct laot_setting_info
    struct_size::Csize_t
    call::Cstring
    name::Cstring
    type::Cint
    list::Cint
    usual_text::Cstring
    doc::Cstring
end
laot_setting_info() = laot_setting_info(sizeof(laot_setting_info), Cstring(C_NULL), Cstring(C_NULL), 0, 0, Cstring(C_NULL), Cstring(C_NULL))

laot_setting_describe(setting, info) =
    ccall(@symbol(laot_setting_describe), Cint, (Csize_t, Ptr{laot_setting_info}), counted(setting, "setting"), info)

struct laot_score_result
    struct_size::Csize_t
    value::Cdouble
    sd::Cdouble
    features_left_out::Csize_t
    marginal_error::Cdouble
end
laot_score_result() = laot_score_result(sizeof(laot_score_result), 0, 0, 0, 0)

laot_score(context, metric, predicted, observed, control, gamma, cells, repetitions, result) =
    ccall(@symbol(laot_score), Cint, (Ptr{Cvoid}, Cstring, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Cdouble, Csize_t, Csize_t, Ptr{laot_score_result}), context, metric, predicted, observed, control, gamma, counted(cells, "cells"), counted(repetitions, "repetitions"), result)

struct laot_score_options
    struct_size::Csize_t
    gamma::Cdouble
    epsilon::Cdouble
    epsilon_absolute::Cint
    cells::Csize_t
    repetitions::Csize_t
end
laot_score_options() = laot_score_options(sizeof(laot_score_options), 0, 0, 0, 0, 0)

laot_score_with(context, metric, predicted, observed, control, options, result) =
    ccall(@symbol(laot_score_with), Cint, (Ptr{Cvoid}, Cstring, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{laot_score_options}, Ptr{laot_score_result}), context, metric, predicted, observed, control, options, result)

laot_score_preset_count() =
    ccall(@symbol(laot_score_preset_count), Csize_t, ())

struct laot_score_preset_info
    struct_size::Csize_t
    name::Cstring
    doc::Cstring
    source::Cstring
    metrics::Cstring
    cells::Cstring
    repetitions::Csize_t
    gamma_from_all_features::Cint
    with_replacement::Cint
end
laot_score_preset_info() = laot_score_preset_info(sizeof(laot_score_preset_info), Cstring(C_NULL), Cstring(C_NULL), Cstring(C_NULL), Cstring(C_NULL), Cstring(C_NULL), 0, 0, 0)

laot_score_preset_describe(preset, info) =
    ccall(@symbol(laot_score_preset_describe), Cint, (Csize_t, Ptr{laot_score_preset_info}), counted(preset, "preset"), info)

struct laot_evaluation_options
    struct_size::Csize_t
    condition::Cstring
    methods::Cstring
    metrics::Cstring
    preset::Cstring
    gammas::Ptr{Cdouble}
    gamma_count::Csize_t
    epsilon::Cdouble
    epsilon_absolute::Cint
    markers::Csize_t
    reference::Cstring
    test::Cint
    permutations::Csize_t
end
laot_evaluation_options() = laot_evaluation_options(sizeof(laot_evaluation_options), Cstring(C_NULL), Cstring(C_NULL), Cstring(C_NULL), Cstring(C_NULL), C_NULL, 0, 0, 0, 0, Cstring(C_NULL), 0, 0)

laot_evaluate(context, model, predicted, observed, control, options, out) =
    ccall(@symbol(laot_evaluate), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{laot_evaluation_options}, Ptr{Ptr{Cvoid}}), context, model, predicted, observed, control, options, out)

laot_evaluate_experiment(context, models, count, held_out, options, out) =
    ccall(@symbol(laot_evaluate_experiment), Cint, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Csize_t, Ptr{Cvoid}, Ptr{laot_evaluation_options}, Ptr{Ptr{Cvoid}}), context, models, counted(count, "count"), held_out, options, out)

laot_response_table(context, model, predicted, observed, control, level, out) =
    ccall(@symbol(laot_response_table), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Cdouble, Ptr{Ptr{Cvoid}}), context, model, predicted, observed, control, level, out)

laot_marker_table(context, control, treated, count, out) =
    ccall(@symbol(laot_marker_table), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Csize_t, Ptr{Ptr{Cvoid}}), context, control, treated, counted(count, "count"), out)

laot_feature_scores(context, predicted, observed, ks, w1, mean_difference, length) =
    ccall(@symbol(laot_feature_scores), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cdouble}, Ptr{Cdouble}, Ptr{Cdouble}, Csize_t), context, predicted, observed, ks, w1, mean_difference, counted(length, "length"))

laot_marker_features(context, control, treated, count, index) =
    ccall(@symbol(laot_marker_features), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Csize_t, Ptr{Csize_t}), context, control, treated, counted(count, "count"), index)

laot_cell_spearman(context, control, predicted, out, length) =
    ccall(@symbol(laot_cell_spearman), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cdouble}, Csize_t), context, control, predicted, out, counted(length, "length"))

laot_mmd2_test(context, x, y, gammas, count, permutations, mmd2, p_value) =
    ccall(@symbol(laot_mmd2_test), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cdouble}, Csize_t, Csize_t, Ptr{Cdouble}, Ptr{Cdouble}), context, x, y, gammas, counted(count, "count"), counted(permutations, "permutations"), mmd2, p_value)

laot_findings_free(findings) =
    ccall(@symbol(laot_findings_free), Cvoid, (Ptr{Cvoid},), findings)

laot_findings_names(findings, what, buffer, size, needed) =
    ccall(@symbol(laot_findings_names), Cint, (Ptr{Cvoid}, Cstring, Ptr{UInt8}, Csize_t, Ptr{Csize_t}), findings, what, buffer, counted(size, "size"), needed)

laot_findings_number(findings, name, value) =
    ccall(@symbol(laot_findings_number), Cint, (Ptr{Cvoid}, Cstring, Ptr{Cdouble}), findings, name, value)

laot_findings_text(findings, name, buffer, size, needed) =
    ccall(@symbol(laot_findings_text), Cint, (Ptr{Cvoid}, Cstring, Ptr{UInt8}, Csize_t, Ptr{Csize_t}), findings, name, buffer, counted(size, "size"), needed)

laot_findings_array_size(findings, name, rows, cols) =
    ccall(@symbol(laot_findings_array_size), Cint, (Ptr{Cvoid}, Cstring, Ptr{Csize_t}, Ptr{Csize_t}), findings, name, rows, cols)

laot_findings_array(findings, name, out, length) =
    ccall(@symbol(laot_findings_array), Cint, (Ptr{Cvoid}, Cstring, Ptr{Cdouble}, Csize_t), findings, name, out, counted(length, "length"))

laot_findings_table(findings, name, out) =
    ccall(@symbol(laot_findings_table), Cint, (Ptr{Cvoid}, Cstring, Ptr{Ptr{Cvoid}}), findings, name, out)

laot_isometry(context, cells, rate, probabilities, count, out) =
    ccall(@symbol(laot_isometry), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Cdouble, Ptr{Cdouble}, Csize_t, Ptr{Ptr{Cvoid}}), context, cells, rate, probabilities, counted(count, "count"), out)

laot_rates(context, populations, times, count, probabilities, probability_count, out) =
    ccall(@symbol(laot_rates), Cint, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Ptr{Cdouble}, Csize_t, Ptr{Cdouble}, Csize_t, Ptr{Ptr{Cvoid}}), context, populations, times, counted(count, "count"), probabilities, counted(probability_count, "probability_count"), out)

laot_simulate_populations(context, features, cells, gap, noise, entries, control, treated, map, partner) =
    ccall(@symbol(laot_simulate_populations), Cint, (Ptr{Cvoid}, Csize_t, Csize_t, Cdouble, Cdouble, Cstring, Ptr{Cdouble}, Ptr{Cdouble}, Ptr{Cdouble}, Ptr{Csize_t}), context, counted(features, "features"), counted(cells, "cells"), gap, noise, entries, control, treated, map, partner)

laot_simulate_screen(context, features, drugs, cells, new_cells, kappa, noise, out) =
    ccall(@symbol(laot_simulate_screen), Cint, (Ptr{Cvoid}, Csize_t, Csize_t, Csize_t, Csize_t, Cdouble, Cdouble, Ptr{Ptr{Cvoid}}), context, counted(features, "features"), counted(drugs, "drugs"), counted(cells, "cells"), counted(new_cells, "new_cells"), kappa, noise, out)

laot_recovery_study(context, features, feature_count, gaps, gap_count, cells, trials, iterations, noise, entries, cost, mean, sd) =
    ccall(@symbol(laot_recovery_study), Cint, (Ptr{Cvoid}, Ptr{Csize_t}, Csize_t, Ptr{Cdouble}, Csize_t, Csize_t, Csize_t, Csize_t, Cdouble, Cstring, Cstring, Ptr{Cdouble}, Ptr{Cdouble}), context, features, counted(feature_count, "feature_count"), gaps, counted(gap_count, "gap_count"), counted(cells, "cells"), counted(trials, "trials"), counted(iterations, "iterations"), noise, entries, cost, mean, sd)

laot_change_at_cells(context, model, control, most_cells, out) =
    ccall(@symbol(laot_change_at_cells), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Csize_t, Ptr{Ptr{Cvoid}}), context, model, control, counted(most_cells, "most_cells"), out)

laot_stability(context, model, control, treated, resamples, halves, restarts, resample, out) =
    ccall(@symbol(laot_stability), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Csize_t, Csize_t, Csize_t, Cstring, Ptr{Ptr{Cvoid}}), context, model, control, treated, counted(resamples, "resamples"), counted(halves, "halves"), counted(restarts, "restarts"), resample, out)

laot_recovery_curve(context, model, control, treated, design, gaps, count, repeats, most_cells, out) =
    ccall(@symbol(laot_recovery_curve), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Cdouble}, Csize_t, Csize_t, Csize_t, Ptr{Ptr{Cvoid}}), context, model, control, treated, design, gaps, counted(count, "count"), counted(repeats, "repeats"), counted(most_cells, "most_cells"), out)

laot_trackability_verdict(recovery_at_one, residual_over_spacing) =
    ccall(@symbol(laot_trackability_verdict), Cstring, (Cdouble, Cdouble), recovery_at_one, residual_over_spacing)
