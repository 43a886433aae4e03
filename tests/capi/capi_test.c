/* The contract of capi/laot.h, used as a C program would: every call once in its right use, and
 * once in each wrong use. Compiled as C99 with strict warnings. Prints one line for each failed
 * check and a count at the end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "made_cells.h"
#include "table_of.h"
#include "text_of.h"

static void test_version(void) {
  char small[2];
  char* buffer;
  size_t needed = 0;
  CHECK(strchr(laot_version(), '.') != NULL);
  CHECK(laot_abi_version() == LAOT_ABI_VERSION);
  CHECK(strcmp(laot_status_name(LAOT_NOT_FINITE), "not_finite") == 0);
  CHECK(strcmp(laot_status_name(12345), "unknown") == 0);
  CHECK(laot_capabilities(NULL, 0, &needed) == LAOT_OK);
  REFUSED(laot_capabilities(NULL, 0, NULL), LAOT_INVALID_ARGUMENT, "needed");
  REFUSED(laot_capabilities(small, sizeof small, &needed), LAOT_BUFFER_TOO_SMALL, "2 bytes");
  REFUSED(laot_capabilities(NULL, 10, &needed), LAOT_INVALID_ARGUMENT, "buffer");
  buffer = (char*)malloc(needed);
  CHECK(laot_capabilities(buffer, needed, &needed) == LAOT_OK);
  CHECK(strstr(buffer, "blas=") != NULL);
  free(buffer);
}

static void test_context(void) {
  laot_context* context = NULL;
  REFUSED(laot_context_new(NULL), LAOT_INVALID_ARGUMENT, "out");
  CHECK(laot_context_new(&context) == LAOT_OK);
  REFUSED(laot_context_set_threads(context, 0), LAOT_INVALID_ARGUMENT, "1 to 1024, found 0");
  REFUSED(laot_context_set_threads(context, 1025), LAOT_INVALID_ARGUMENT, "1 to 1024, found 1025");
  REFUSED(laot_context_set_threads(NULL, 1), LAOT_INVALID_ARGUMENT, "context");
  REFUSED(laot_context_set_seed(NULL, 1), LAOT_INVALID_ARGUMENT, "context");
  REFUSED(laot_context_set_cancel(NULL, NULL, NULL), LAOT_INVALID_ARGUMENT, "context");
  REFUSED(laot_context_set_progress(NULL, NULL, NULL), LAOT_INVALID_ARGUMENT, "context");
  REFUSED(laot_context_set_log(NULL, NULL, NULL), LAOT_INVALID_ARGUMENT, "context");
  CHECK(laot_context_set_threads(context, 2) == LAOT_OK);
  CHECK(laot_context_set_seed(context, 42) == LAOT_OK);
  CHECK(laot_context_set_log(context, NULL, NULL) == LAOT_OK);
  laot_context_free(context);
  laot_context_free(NULL);
}

static void test_data(void) {
  static const int32_t starts[] = {0, 2, 2, 3};
  static const int32_t rows[] = {2, 0, 1};
  static const int32_t twice[] = {2, 2, 1};
  static const int32_t outside[] = {2, 9, 1};
  static const int32_t falling[] = {0, 2, 1, 3};
  static const int64_t starts64[] = {0, 2, 2, 3};
  static const int64_t rows64[] = {2, 0, 1};
  static const double values[] = {1.0, 2.0, 3.0};
  static const size_t cells[] = {2, 0};
  static const size_t too_far[] = {3};
  static const char* const names[] = {"a", "b", "c"};
  static const char* const hole[] = {"a", NULL, "c"};
  laot_data* data = NULL;
  size_t features = 0, count = 0;

  REFUSED(laot_data_dense(NULL, 2, 2, 2, &data), LAOT_INVALID_ARGUMENT, "NULL");
  REFUSED(laot_data_dense(values, 3, 1, 2, &data), LAOT_DIMENSION_MISMATCH, "leading dimension");
  REFUSED(laot_data_dense(values, 3, 1, 3, NULL), LAOT_INVALID_ARGUMENT, "out");
  REFUSED(laot_data_csc(3, 3, starts, twice, values, &data), LAOT_INVALID_ARGUMENT, "twice");
  REFUSED(laot_data_csc(3, 3, starts, outside, values, &data), LAOT_INVALID_ARGUMENT, "outside");
  REFUSED(laot_data_csc(3, 3, falling, rows, values, &data), LAOT_INVALID_ARGUMENT, "decrease");
  REFUSED(laot_data_csc(3, 3, NULL, rows, values, &data), LAOT_INVALID_ARGUMENT, "begin with 0");
  REFUSED(laot_data_csc(3, 3, starts, NULL, values, &data), LAOT_INVALID_ARGUMENT, "NULL");
  REFUSED(laot_data_csc(3, 3, starts, rows, NULL, &data), LAOT_INVALID_ARGUMENT, "NULL");
  REFUSED(laot_data_csc64(3, 3, NULL, rows64, values, &data), LAOT_INVALID_ARGUMENT, "begin");
  CHECK(data == NULL);
  CHECK(laot_data_csc64(3, 3, starts64, rows64, values, &data) == LAOT_OK);
  laot_data_free(data);
  CHECK(laot_data_csc(3, 3, starts, rows, values, &data) == LAOT_OK);
  CHECK(laot_data_size(data, &features, &count) == LAOT_OK);
  CHECK(features == 3 && count == 3);
  REFUSED(laot_data_size(NULL, &features, &count), LAOT_INVALID_ARGUMENT, "data");
  REFUSED(laot_data_size(data, NULL, &count), LAOT_INVALID_ARGUMENT, "features");

  REFUSED(laot_data_select_cells(data, too_far, 1), LAOT_INVALID_ARGUMENT, "outside 0..2");
  REFUSED(laot_data_select_cells(data, NULL, 1), LAOT_INVALID_ARGUMENT, "empty");
  REFUSED(laot_data_select_features(data, cells, 0), LAOT_INVALID_ARGUMENT, "empty");
  CHECK(laot_data_select_cells(data, cells, 2) == LAOT_OK);
  CHECK(laot_data_select_features(data, cells, 2) == LAOT_OK);
  CHECK(laot_data_size(data, &features, &count) == LAOT_OK);
  CHECK(features == 2 && count == 2);
  REFUSED(laot_data_set_batch(data, names, 3), LAOT_DIMENSION_MISMATCH, "3 entries for 2 cells");
  REFUSED(laot_data_set_feature_names(data, hole, 2), LAOT_INVALID_ARGUMENT, "[1] is NULL");
  REFUSED(laot_data_set_batch(NULL, names, 2), LAOT_INVALID_ARGUMENT, "data is NULL");
  REFUSED(laot_data_set_feature_names(NULL, names, 2), LAOT_INVALID_ARGUMENT, "data is NULL");
  REFUSED(laot_data_set_cell_names(NULL, names, 2), LAOT_INVALID_ARGUMENT, "data is NULL");
  CHECK(laot_data_set_cell_names(data, names, 2) == LAOT_OK);
  laot_data_free(data);
  laot_data_free(NULL);
}

static void test_registry(void) {
  size_t method, row;
  laot_method_info info;
  laot_param_info param;
  laot_preset_info preset;
  laot_params* params = NULL;
  size_t needed = 0;
  char buffer[32];

  CHECK(laot_method_count() >= 4);
  for (method = 0; method < laot_method_count(); ++method) {
    info.struct_size = sizeof info;
    CHECK(laot_method_describe(method, &info) == LAOT_OK);
    CHECK(laot_params_new(info.name, &params) == LAOT_OK);
    for (row = 0; row < info.param_count; ++row) {
      param.struct_size = sizeof param;
      CHECK(laot_param_describe(method, row, &param) == LAOT_OK);
      CHECK(strlen(param.doc) > 10);
      CHECK(laot_params_set_text(params, param.name, param.default_text) == LAOT_OK);
    }
    for (row = 0; row < info.preset_count; ++row) {
      preset.struct_size = sizeof preset;
      CHECK(laot_preset_describe(method, row, &preset) == LAOT_OK);
      CHECK(laot_params_use_preset(params, preset.name) == LAOT_OK);
    }
    laot_params_free(params);
    if (strcmp(info.name, "laot") == 0)
      CHECK(info.affine == 1 && info.dense_map == 1 && info.trains == 0 && info.uses_batch == 1 &&
            info.pairs == 1 && !info.trivial && !info.raw_space && info.fewest_cells == 3);
    if (strcmp(info.name, "cellot") == 0)
      CHECK(info.affine == 0 && info.dense_map == 0 && info.trains == 1 && info.uses_batch == 0);
  }
  info.struct_size = 0;
  REFUSED(laot_method_describe(0, &info), LAOT_INVALID_ARGUMENT, "struct_size");
  info.struct_size = sizeof info;
  REFUSED(laot_method_describe(999, &info), LAOT_INVALID_ARGUMENT, "below");
  REFUSED(laot_method_describe(0, NULL), LAOT_INVALID_ARGUMENT, "info");
  REFUSED(laot_param_describe(0, 999, &param), LAOT_INVALID_ARGUMENT, "below");
  REFUSED(laot_preset_describe(0, 999, &preset), LAOT_INVALID_ARGUMENT, "below");

  REFUSED(laot_params_new("loat", &params), LAOT_UNKNOWN_NAME, "did you mean \"laot\"");
  REFUSED(laot_params_new(NULL, &params), LAOT_INVALID_ARGUMENT, "method");
  REFUSED(laot_params_new("laot", NULL), LAOT_INVALID_ARGUMENT, "out");
  CHECK(laot_params_new("laot", &params) == LAOT_OK);
  REFUSED(laot_params_set_number(params, "ridgee", 1.0), LAOT_UNKNOWN_NAME, "\"ridge\"");
  REFUSED(laot_params_set_number(params, "ridge", -1.0), LAOT_INVALID_ARGUMENT, "found -1");
  REFUSED(laot_params_set_number(params, "max_iter", 2.5), LAOT_INVALID_ARGUMENT, "whole number");
  REFUSED(laot_params_set_number(params, "restore", 1.0), LAOT_INVALID_ARGUMENT, "covariance");
  REFUSED(laot_params_set_number(NULL, "ridge", 1.0), LAOT_INVALID_ARGUMENT, "params");
  REFUSED(laot_params_set_text(params, "ridge", "abc"), LAOT_INVALID_ARGUMENT, "\"abc\"");
  REFUSED(laot_params_set_text(params, "ridge", NULL), LAOT_INVALID_ARGUMENT, "value");
  REFUSED(laot_params_set_text(params, "ridge", "nan"), LAOT_INVALID_ARGUMENT, "ridge");
  REFUSED(laot_params_use_preset(params, "notebok"), LAOT_UNKNOWN_NAME, "\"notebook\"");
  CHECK(laot_params_use_preset(params, "algorithm1") == LAOT_OK);
  CHECK(laot_params_get_text(params, "ridge", buffer, sizeof buffer, &needed) == LAOT_OK);
  CHECK(strcmp(buffer, "0") == 0);
  REFUSED(laot_params_get_text(params, "nothing", buffer, sizeof buffer, &needed),
          LAOT_UNKNOWN_NAME, "nothing");
  laot_params_free(params);
  laot_params_free(NULL);
}

static int count_progress(const char* stage, double fraction, void* payload) {
  (void)stage;
  CHECK(fraction >= 0.0 && fraction <= 1.0);
  ++*(int*)payload;
  return 0;
}

static int stop_by_progress(const char* stage, double fraction, void* payload) {
  (void)stage;
  (void)fraction;
  (void)payload;
  return 1;
}

static int stop_at_once(void* payload) {
  ++*(int*)payload;
  return 1;
}

static void test_fit_and_predict(void) {
  laot_context* context = NULL;
  laot_params* params = NULL;
  laot_model* model = NULL;
  laot_model* other = NULL;
  laot_data* control = dense(control_values, CONTROLS);
  laot_data* treated = dense(treated_values, TREATED);
  laot_data* few = NULL;
  laot_data* bad = NULL;
  double predicted[FEATURES * CONTROLS];
  double again[FEATURES * CONTROLS];
  double map[FEATURES * FEATURES];
  double offset[FEATURES];
  double with_nan[FEATURES];
  double value = 0.0;
  double* column;
  size_t rows = 0, cols = 0, length = 0, needed = 0, i, k, c;
  char* text;
  char* bytes;
  int calls = 0;

  CHECK(laot_context_new(&context) == LAOT_OK);
  CHECK(laot_params_new("laot", &params) == LAOT_OK);
  CHECK(laot_context_set_progress(context, count_progress, &calls) == LAOT_OK);
  CHECK(laot_fit(context, params, control, treated, &model) == LAOT_OK);
  CHECK(calls > 0);
  CHECK(laot_context_set_progress(context, NULL, NULL) == LAOT_OK);

  /* The prediction is the map in original units. */
  CHECK(laot_predict(context, model, control, "no", predicted, FEATURES * CONTROLS) == LAOT_OK);
  CHECK(laot_array_size(model, "map", &rows, &cols) == LAOT_OK);
  CHECK(rows == FEATURES && cols == FEATURES);
  CHECK(laot_array(model, "map", map, FEATURES * FEATURES) == LAOT_OK);
  CHECK(laot_array(model, "offset", offset, FEATURES) == LAOT_OK);
  for (i = 0; i < CONTROLS; ++i)
    for (k = 0; k < FEATURES; ++k) {
      double expected = offset[k];
      for (c = 0; c < FEATURES; ++c)
        expected += map[k + c * FEATURES] * control_values[c + i * FEATURES];
      CHECK(fabs(expected - predicted[k + i * FEATURES]) < 1e-10);
    }

  /* The coupling by parts, chosen by name: the report says so, and that its bound is an estimate.
   */
  {
    laot_params* by_parts = NULL;
    laot_model* parts = NULL;
    CHECK(laot_params_new("laot", &by_parts) == LAOT_OK);
    REFUSED(laot_params_set_text(by_parts, "coupling", "fast"), LAOT_INVALID_ARGUMENT, "coupling");
    CHECK(laot_params_set_text(by_parts, "coupling", "hierarchical") == LAOT_OK);
    CHECK(laot_fit(context, by_parts, control, treated, &parts) == LAOT_OK);
    text = text_of(laot_report_text, parts, "coupling");
    CHECK(strcmp(text, "hierarchical") == 0);
    free(text);
    text = text_of(laot_report_text, parts, "plan_bound");
    CHECK(strcmp(text, "estimated") == 0);
    free(text);
    CHECK(laot_report_number(parts, "plan_cost_lower_bound_error", &value) == LAOT_OK && value > 0);
    CHECK(laot_report_number(parts, "plan_gap", &value) == LAOT_OK && value > 0);
    CHECK(laot_params_set_text(by_parts, "update", "adam") == LAOT_OK);
    CHECK(laot_params_set_number(by_parts, "batch_size", 10) == LAOT_OK);
    laot_model_free(parts);
    parts = NULL;
    REFUSED(laot_fit(context, by_parts, control, treated, &parts), LAOT_INVALID_ARGUMENT,
            "coupled exactly");
    laot_params_free(by_parts);
  }

  /* Report, trace, names. */
  CHECK(laot_report_number(model, "n_treated", &value) == LAOT_OK && value == TREATED);
  CHECK(laot_report_number(model, "plan_gap", &value) == LAOT_OK && fabs(value) < 1e-9);
  text = text_of(laot_report_text, model, "coupling");
  CHECK(strcmp(text, "exact") == 0);
  free(text);
  text = text_of(laot_report_text, model, "outcome");
  CHECK(strcmp(text, "converged") == 0);
  free(text);
  text = text_of(laot_model_text, model, "param.restore");
  CHECK(strcmp(text, "auto") == 0);
  free(text);
  text = text_of(laot_model_names, model, "trace");
  CHECK(strstr(text, "objective_after_update") != NULL);
  free(text);
  CHECK(laot_trace_length(model, &length) == LAOT_OK && length > 0);
  column = (double*)malloc(length * sizeof *column);
  CHECK(laot_trace_column(model, "objective_after_update", column, length) == LAOT_OK);
  CHECK(laot_report_number(model, "objective", &value) == LAOT_OK && value == column[length - 1]);
  REFUSED(laot_trace_column(model, "objective_after_update", column, length - 1),
          LAOT_BUFFER_TOO_SMALL, "room");
  REFUSED(laot_trace_column(model, "nothing", column, length), LAOT_UNKNOWN_NAME, "nothing");
  free(column);
  REFUSED(laot_report_number(model, "nothing", &value), LAOT_UNKNOWN_NAME, "nothing");
  REFUSED(laot_report_number(NULL, "ridge", &value), LAOT_INVALID_ARGUMENT, "model");
  REFUSED(laot_report_text(model, "nothing", NULL, 0, &needed), LAOT_UNKNOWN_NAME, "nothing");
  REFUSED(laot_model_names(model, "nothing", NULL, 0, &needed), LAOT_UNKNOWN_NAME, "trace");
  REFUSED(laot_model_text(model, "param.nothing", NULL, 0, &needed), LAOT_UNKNOWN_NAME, "nothing");
  REFUSED(laot_model_text(model, "nothing", NULL, 0, &needed), LAOT_UNKNOWN_NAME, "nothing");
  REFUSED(laot_array(model, "nothing", map, 1), LAOT_NOT_AVAILABLE, "it has map");
  REFUSED(laot_array(model, "map", map, 3), LAOT_BUFFER_TOO_SMALL, "room for 3");
  REFUSED(laot_array_size(model, "map", NULL, &cols), LAOT_INVALID_ARGUMENT, "rows");
  REFUSED(laot_trace_length(NULL, &length), LAOT_INVALID_ARGUMENT, "model");

  /* Wrong uses of fit and predict. */
  REFUSED(laot_fit(NULL, params, control, treated, &other), LAOT_INVALID_ARGUMENT, "context");
  REFUSED(laot_fit(context, NULL, control, treated, &other), LAOT_INVALID_ARGUMENT, "params");
  REFUSED(laot_fit(context, params, NULL, treated, &other), LAOT_INVALID_ARGUMENT, "control");
  REFUSED(laot_fit(context, params, control, NULL, &other), LAOT_INVALID_ARGUMENT, "treated");
  REFUSED(laot_fit(context, params, control, treated, NULL), LAOT_INVALID_ARGUMENT, "out");
  CHECK(laot_data_dense(control_values, FEATURES - 1, 5, FEATURES, &few) == LAOT_OK);
  REFUSED(laot_fit(context, params, control, few, &other), LAOT_DIMENSION_MISMATCH, "features");
  REFUSED(laot_predict(context, model, few, "no", predicted, FEATURES * CONTROLS),
          LAOT_DIMENSION_MISMATCH, "fitted on 4 features, found 3");
  laot_data_free(few);
  memcpy(with_nan, control_values, sizeof with_nan);
  with_nan[2] = NAN;
  bad = dense(with_nan, 1);
  REFUSED(laot_fit(context, params, bad, treated, &other), LAOT_NOT_FINITE,
          "control has NaN at feature 3, cell 1");
  REFUSED(laot_predict(context, model, bad, "no", predicted, FEATURES), LAOT_NOT_FINITE,
          "feature 3, cell 1");
  with_nan[2] = HUGE_VAL;
  REFUSED(laot_fit(context, params, control, bad, &other), LAOT_NOT_FINITE, "treated has Inf");
  for (k = 0; k < FEATURES; ++k) with_nan[k] = 1.7e308;
  REFUSED(laot_predict(context, model, bad, "no", predicted, FEATURES), LAOT_NUMERICAL_FAILURE,
          "the prediction overflowed");
  laot_data_free(bad);
  REFUSED(laot_predict(context, model, control, "maybe", predicted, FEATURES * CONTROLS),
          LAOT_UNKNOWN_NAME, "no, clip, marginals");
  REFUSED(laot_predict(context, model, control, "no", predicted, FEATURES * CONTROLS - 1),
          LAOT_BUFFER_TOO_SMALL, "out has room for");
  REFUSED(laot_predict(context, model, control, "no", predicted, 3), LAOT_BUFFER_TOO_SMALL,
          "needs 160");
  REFUSED(laot_predict(context, model, control, NULL, predicted, FEATURES * CONTROLS),
          LAOT_INVALID_ARGUMENT, "nonnegative");
  REFUSED(laot_predict(context, NULL, control, "no", predicted, FEATURES * CONTROLS),
          LAOT_INVALID_ARGUMENT, "model");
  CHECK(laot_data_dense(control_values, FEATURES, 0, FEATURES, &bad) == LAOT_OK);
  REFUSED(laot_fit(context, params, bad, treated, &other), LAOT_INVALID_ARGUMENT,
          "control is empty");
  laot_data_free(bad);
  CHECK(other == NULL);

  /* The same bits for two threads, and after a trip through bytes and a file. */
  CHECK(laot_context_set_threads(context, 2) == LAOT_OK);
  CHECK(laot_fit(context, params, control, treated, &other) == LAOT_OK);
  CHECK(laot_predict(context, other, control, "no", again, FEATURES * CONTROLS) == LAOT_OK);
  CHECK(memcmp(predicted, again, sizeof again) == 0);
  laot_model_free(other);
  CHECK(laot_to_bytes(model, NULL, 0, &needed) == LAOT_OK);
  bytes = (char*)malloc(needed);
  REFUSED(laot_to_bytes(model, bytes, needed - 1, &needed), LAOT_BUFFER_TOO_SMALL, "needed");
  CHECK(laot_to_bytes(model, bytes, needed, &needed) == LAOT_OK);
  CHECK(laot_from_bytes(bytes, needed, &other) == LAOT_OK);
  CHECK(laot_predict(context, other, control, "no", again, FEATURES * CONTROLS) == LAOT_OK);
  CHECK(memcmp(predicted, again, sizeof again) == 0);
  laot_model_free(other);
  other = NULL;
  for (length = 0; length < needed; length += 1 + needed / 97)
    CHECK(laot_from_bytes(bytes, length, &other) == LAOT_BAD_FORMAT);
  REFUSED(laot_from_bytes(NULL, 3, &other), LAOT_INVALID_ARGUMENT, "bytes");
  /* A method that nobody knows is damage of the file: the caller gave no such name. */
  for (length = 0; memcmp(bytes + length, "\"method\":\"", 10) != 0;) ++length;
  bytes[length + 10] = 'X';
  REFUSED(laot_from_bytes(bytes, needed, &other), LAOT_BAD_FORMAT, "no method");
  free(bytes);
  CHECK(laot_save(model, "capi_test_model.safetensors") == LAOT_OK);
  CHECK(laot_load("capi_test_model.safetensors", &other) == LAOT_OK);
  CHECK(laot_predict(context, other, control, "no", again, FEATURES * CONTROLS) == LAOT_OK);
  CHECK(memcmp(predicted, again, sizeof again) == 0);
  laot_model_free(other);
  remove("capi_test_model.safetensors");
  REFUSED(laot_save(model, "no/such/folder/model"), LAOT_IO_ERROR, "no/such/folder");
  REFUSED(laot_save(model, NULL), LAOT_INVALID_ARGUMENT, "path");
  other = NULL;
  REFUSED(laot_load("no/such/file", &other), LAOT_IO_ERROR, "no/such/file");
  REFUSED(laot_load(NULL, &other), LAOT_INVALID_ARGUMENT, "path");

  /* Nonnegative predictions, and the trivial predictors. */
  CHECK(laot_predict(context, model, control, "clip", again, FEATURES * CONTROLS) == LAOT_OK);
  for (i = 0; i < FEATURES * CONTROLS; ++i)
    CHECK(again[i] == (predicted[i] < 0.0 ? 0.0 : predicted[i]));
  CHECK(laot_predict(context, model, control, "marginals", again, FEATURES * CONTROLS) == LAOT_OK);
  CHECK(laot_model_trivial(model, "identity", &other) == LAOT_OK);
  CHECK(laot_predict(context, other, control, "no", again, FEATURES * CONTROLS) == LAOT_OK);
  CHECK(memcmp(control_values, again, sizeof again) == 0);
  laot_model_free(other);
  other = NULL;
  REFUSED(laot_model_trivial(model, "laot", &other), LAOT_UNKNOWN_NAME, "gaussian_map");
  REFUSED(laot_model_trivial(NULL, "identity", &other), LAOT_INVALID_ARGUMENT, "model");

  /* Effects at cells: of a linear map the map itself. */
  {
    double effects[FEATURES * FEATURES * 2], linear[FEATURES * FEATURES];
    laot_data* two = NULL;
    CHECK(laot_data_dense(control_values, FEATURES, 2, FEATURES, &two) == LAOT_OK);
    CHECK(laot_effects(context, model, two, effects, FEATURES * FEATURES * 2) == LAOT_OK);
    CHECK(laot_array(model, "map", linear, FEATURES * FEATURES) == LAOT_OK);
    CHECK(memcmp(effects, linear, sizeof linear) == 0);
    CHECK(memcmp(effects + FEATURES * FEATURES, linear, sizeof linear) == 0);
    REFUSED(laot_effects(context, model, two, effects, 7), LAOT_BUFFER_TOO_SMALL, "the effects");
    REFUSED(laot_effects(context, NULL, two, effects, FEATURES * FEATURES * 2),
            LAOT_INVALID_ARGUMENT, "model");
    REFUSED(laot_effects(context, model, NULL, effects, FEATURES * FEATURES * 2),
            LAOT_INVALID_ARGUMENT, "cells");
    laot_data_free(two);
    CHECK(laot_data_dense(control_values, FEATURES - 1, 2, FEATURES, &two) == LAOT_OK);
    REFUSED(laot_effects(context, model, two, effects, FEATURES * FEATURES * 2),
            LAOT_DIMENSION_MISMATCH, "the same features");
    laot_data_free(two);
  }

  /* Cancelling leaves everything usable. */
  calls = 0;
  CHECK(laot_context_set_cancel(context, stop_at_once, &calls) == LAOT_OK);
  REFUSED(laot_fit(context, params, control, treated, &other), LAOT_CANCELLED, "cancelled");
  CHECK(calls == 1 && other == NULL);
  CHECK(laot_context_set_cancel(context, NULL, NULL) == LAOT_OK);
  CHECK(laot_context_set_progress(context, stop_by_progress, NULL) == LAOT_OK);
  CHECK(laot_fit(context, params, control, treated, &other) == LAOT_CANCELLED);
  CHECK(laot_context_set_progress(context, NULL, NULL) == LAOT_OK);
  CHECK(laot_fit(context, params, control, treated, &other) == LAOT_OK);
  laot_model_free(other);

  laot_model_free(model);
  laot_model_free(NULL);
  laot_params_free(params);
  laot_data_free(control);
  laot_data_free(treated);
  laot_context_free(context);
}

static void test_names_and_batches(void) {
  static const char* const genes[FEATURES] = {"A", "B", "C", "D"};
  static const char* const swapped[FEATURES] = {"A", "C", "B", "D"};
  const char* donors_control[CONTROLS];
  const char* donors_treated[TREATED];
  laot_context* context = NULL;
  laot_params* params = NULL;
  laot_model* model = NULL;
  laot_data* control = dense(control_values, CONTROLS);
  laot_data* treated = dense(treated_values, TREATED);
  double* plan[2];
  laot_findings* given = NULL;
  laot_findings* kept = NULL;
  size_t rows = 0, cols = 0, i, top[2];

  CHECK(laot_context_new(&context) == LAOT_OK);
  CHECK(laot_params_new("laot", &params) == LAOT_OK);
  CHECK(laot_data_set_feature_names(control, genes, FEATURES) == LAOT_OK);
  CHECK(laot_data_set_feature_names(treated, swapped, FEATURES) == LAOT_OK);
  REFUSED(laot_fit(context, params, control, treated, &model), LAOT_DIMENSION_MISMATCH,
          "feature 2 is \"B\" in control but \"C\" in treated");
  CHECK(laot_data_set_feature_names(treated, genes, FEATURES) == LAOT_OK);
  for (i = 0; i < CONTROLS; ++i) donors_control[i] = i % 2 ? "one" : "two";
  for (i = 0; i < TREATED; ++i) donors_treated[i] = i % 3 ? "one" : "three";
  CHECK(laot_data_set_batch(control, donors_control, CONTROLS) == LAOT_OK);
  REFUSED(laot_fit(context, params, control, treated, &model), LAOT_DIMENSION_MISMATCH,
          "one level per cell");
  CHECK(laot_data_set_batch(treated, donors_treated, TREATED) == LAOT_OK);
  REFUSED(laot_fit(context, params, control, treated, &model), LAOT_INVALID_ARGUMENT,
          "\"three\" has treated cells but no control cells");
  for (i = 0; i < TREATED; ++i) donors_treated[i] = i % 3 ? "one" : "two";
  CHECK(laot_data_set_batch(treated, donors_treated, TREATED) == LAOT_OK);
  CHECK(laot_fit(context, params, control, treated, &model) == LAOT_OK);

  CHECK(laot_array_size(model, "plan_source", &rows, &cols) == LAOT_OK);
  plan[0] = (double*)malloc(rows * sizeof(double));
  plan[1] = (double*)malloc(rows * sizeof(double));
  CHECK(laot_array(model, "plan_source", plan[0], rows) == LAOT_OK);
  CHECK(laot_array(model, "plan_target", plan[1], rows) == LAOT_OK);
  for (i = 0; i < rows; ++i) {
    top[0] = (size_t)plan[0][i];
    top[1] = (size_t)plan[1][i];
    CHECK(strcmp(donors_control[top[0]], donors_treated[top[1]]) == 0);
  }
  free(plan[0]);
  free(plan[1]);

  /* The model kept the cells with their levels: the same analysis as of the cells themselves. */
  CHECK(laot_stability(context, model, control, treated, 3, 1, 1, "levels", &given) == LAOT_OK);
  CHECK(laot_stability(context, model, NULL, NULL, 3, 1, 1, "levels", &kept) == LAOT_OK);
  for (i = 0; i < 3; ++i)
    CHECK(agreement_of(given, i, "coherence") == agreement_of(kept, i, "coherence"));
  CHECK(agreement_of(given, 0, "overlap") == agreement_of(kept, 0, "overlap"));
  laot_findings_free(given);
  laot_findings_free(kept);
  laot_model_free(model);
  laot_params_free(params);
  laot_data_free(control);
  laot_data_free(treated);
  laot_context_free(context);
}

static void test_metrics(void) {
  static const double gammas[] = {0.1, 1.0};
  static const double negative[] = {-1.0};
  laot_context* context = NULL;
  laot_data* control = dense(control_values, CONTROLS);
  laot_data* treated = dense(treated_values, TREATED);
  laot_data* few = NULL;
  size_t index[FEATURES];
  double value = 0.0, gap = 0.0;

  CHECK(laot_context_new(&context) == LAOT_OK);
  CHECK(laot_mmd2(context, control, treated, gammas, 2, "unbiased", &value) == LAOT_OK);
  CHECK(value > 0.0 && value < 2.0);
  CHECK(laot_mmd2(context, control, control, gammas, 1, "biased", &value) == LAOT_OK);
  CHECK(fabs(value) < 1e-12);
  REFUSED(laot_mmd2(context, control, treated, gammas, 0, "biased", &value), LAOT_INVALID_ARGUMENT,
          "gammas");
  REFUSED(laot_mmd2(context, control, treated, NULL, 1, "biased", &value), LAOT_INVALID_ARGUMENT,
          "gammas");
  REFUSED(laot_mmd2(context, control, treated, negative, 1, "biased", &value),
          LAOT_INVALID_ARGUMENT, "gamma");
  REFUSED(laot_mmd2(context, control, treated, gammas, 1, "fair", &value), LAOT_UNKNOWN_NAME,
          "unbiased or biased");
  REFUSED(laot_mmd2(context, NULL, treated, gammas, 1, "biased", &value), LAOT_INVALID_ARGUMENT,
          "x is NULL");
  CHECK(laot_median_gamma(context, control, treated, &value) == LAOT_OK && value > 0.0);
  CHECK(laot_median_gamma(context, control, NULL, &value) == LAOT_OK && value > 0.0);
  REFUSED(laot_median_gamma(context, NULL, treated, &value), LAOT_INVALID_ARGUMENT, "x");
  CHECK(laot_wasserstein2(context, control, control, &value, &gap) == LAOT_OK);
  CHECK(value == 0.0);
  CHECK(laot_wasserstein2(context, control, treated, &value, NULL) == LAOT_OK && value > 0.5);
  CHECK(laot_data_dense(control_values, FEATURES - 1, 5, FEATURES, &few) == LAOT_OK);
  REFUSED(laot_wasserstein2(context, control, few, &value, NULL), LAOT_DIMENSION_MISMATCH,
          "x has 4 features and y has 3");
  laot_data_free(few);
  CHECK(laot_variable_features(context, control, treated, FEATURES, index) == LAOT_OK);
  REFUSED(laot_variable_features(context, control, treated, 0, index), LAOT_INVALID_ARGUMENT,
          "1 to the 4 features");
  laot_data_free(control);
  laot_data_free(treated);
  laot_context_free(context);
}

/* The neural methods go through the same calls: fit, predict, report, trace, bytes and back. */
static void test_networks(void) {
  static const char* const names[] = {"cellot", "scgen", "cae"};
  laot_context* context = NULL;
  laot_data* control = dense(control_values, CONTROLS);
  laot_data* treated = dense(treated_values, TREATED);
  size_t m;
  CHECK(laot_context_new(&context) == LAOT_OK);
  for (m = 0; m < 3; ++m) {
    laot_params* params = NULL;
    laot_model* model = NULL;
    laot_model* back = NULL;
    double predicted[FEATURES * CONTROLS];
    double effects[FEATURES * FEATURES * CONTROLS];
    double again[FEATURES * CONTROLS];
    double value = 0.0;
    size_t size = 0, length = 0, k;
    char* bytes;
    char* text;
    const int is_cellot = m == 0;
    CHECK(laot_params_new(names[m], &params) == LAOT_OK);
    CHECK(laot_params_set_number(params, is_cellot ? "iterations" : "epochs", 10) == LAOT_OK);
    CHECK(laot_params_set_number(params, "hidden_units", 8) == LAOT_OK);
    CHECK(laot_fit(context, params, control, treated, &model) == LAOT_OK);
    CHECK(laot_predict(context, model, control, "no", predicted, FEATURES * CONTROLS) == LAOT_OK);
    REFUSED(laot_effects(context, model, control, effects, FEATURES * FEATURES * CONTROLS),
            LAOT_NOT_AVAILABLE, "no derivative in closed form");
    for (k = 0; k < FEATURES * CONTROLS; ++k) CHECK(isfinite(predicted[k]));
    CHECK(laot_report_number(model, "validation_mmd2", &value) == LAOT_OK && isfinite(value));
    CHECK(laot_trace_length(model, &length) == LAOT_OK && length > 0);
    text = text_of(laot_report_text, model, "outcome");
    CHECK(strcmp(text, "limit_reached") == 0);
    free(text);
    REFUSED(laot_array_size(model, "map", &size, &length), LAOT_NOT_AVAILABLE, "no array");
    CHECK(laot_to_bytes(model, NULL, 0, &size) == LAOT_OK);
    bytes = malloc(size);
    CHECK(laot_to_bytes(model, bytes, size, &size) == LAOT_OK);
    CHECK(laot_from_bytes(bytes, size, &back) == LAOT_OK);
    CHECK(laot_predict(context, back, control, "no", again, FEATURES * CONTROLS) == LAOT_OK);
    CHECK(memcmp(predicted, again, sizeof predicted) == 0);
    free(bytes);
    laot_model_free(back);
    laot_model_free(model);
    laot_params_free(params);
  }
  laot_data_free(control);
  laot_data_free(treated);
  laot_context_free(context);
}

int main(void) {
  make_cells();
  test_version();
  test_context();
  test_data();
  test_registry();
  test_fit_and_predict();
  test_names_and_batches();
  test_metrics();
  test_networks();
  return counted();
}
