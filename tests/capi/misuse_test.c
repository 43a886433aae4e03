/* A careless host: frees in the wrong order, or twice, uses what it freed, hands over the
 * wrong kind of object, or NULL. Nothing crashes, and each call says what was wrong. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "check.h"

enum { FEATURES = 4, CELLS = 40 };

static laot_context* context;
static laot_params* params;
static laot_data* control;
static laot_data* treated;
static laot_model* model;
static laot_findings* findings;
static double* control_values;
static double* treated_values;

static const double one_number[] = {0.5};
static const double two_numbers[] = {0.0, 1.0};

static double* cells(double scale) {
  double* values = (double*)malloc(sizeof(double) * FEATURES * CELLS);
  unsigned long long state = 17;
  size_t i;
  for (i = 0; i < FEATURES * CELLS; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    values[i] = scale * (double)(state >> 11) / 9007199254740992.0 + (double)(i % FEATURES);
  }
  return values;
}

static void make_all(void) {
  control_values = cells(3.0);
  treated_values = cells(2.0);
  CHECK(laot_context_new(&context) == LAOT_OK);
  CHECK(laot_params_new("laot", &params) == LAOT_OK);
  CHECK(laot_data_dense(control_values, FEATURES, CELLS, FEATURES, &control) == LAOT_OK);
  CHECK(laot_data_dense(treated_values, FEATURES, CELLS, FEATURES, &treated) == LAOT_OK);
  CHECK(laot_fit(context, params, control, treated, &model) == LAOT_OK);
  CHECK(laot_isometry(context, control, 1.0, one_number, 1, &findings) == LAOT_OK);
}

static void free_all(void) {
  laot_findings_free(findings);
  laot_model_free(model);
  laot_data_free(control);
  laot_data_free(treated);
  laot_params_free(params);
  laot_context_free(context);
  free(control_values);
  free(treated_values);
}

static void test_wrong_order(void) {
  laot_context* other = NULL;
  laot_data* again = NULL;
  laot_model* child = NULL;
  double predicted[FEATURES * CELLS], value = 0.0;
  double* values;
  make_all();
  /* Matrices, data, params and context go before what was made with them. */
  memset(control_values, 255, sizeof(double) * FEATURES * CELLS);
  free(control_values);
  free(treated_values);
  laot_context_free(context);
  laot_params_free(params);
  laot_data_free(treated);
  laot_data_free(control);
  CHECK(laot_findings_number(findings, "n_cells", &value) == LAOT_OK && value == CELLS);
  CHECK(laot_model_trivial(model, "gaussian_map", &child) == LAOT_OK);
  CHECK(laot_report_number(model, "n_control", &value) == LAOT_OK && value == CELLS);
  laot_model_free(model);
  values = cells(3.0);
  CHECK(laot_context_new(&other) == LAOT_OK);
  CHECK(laot_data_dense(values, FEATURES, CELLS, FEATURES, &again) == LAOT_OK);
  CHECK(laot_predict(other, child, again, "no", predicted, FEATURES * CELLS) == LAOT_OK);
  laot_context_free(other);
  laot_data_free(again);
  free(values);
  laot_model_free(child);
  laot_findings_free(findings);
}

/* A second free does nothing, and says so. */
#define FREED_TWICE(kind, object)                                                           \
  do {                                                                                      \
    laot_##kind##_free(object);                                                             \
    laot_##kind##_free(object);                                                             \
    CHECK(strstr(laot_last_error(), #kind " is no laot_" #kind " that is in use") != NULL); \
    laot_##kind##_free(NULL);                                                               \
  } while (0)

static void test_freed_twice(void) {
  double predicted[FEATURES * CELLS], value = 0.0;
  laot_model* other = NULL;
  size_t needed = 0;
  make_all();
  FREED_TWICE(findings, findings);
  REFUSED(laot_findings_number(findings, "n_cells", &value), LAOT_INVALID_ARGUMENT, "was freed");
  FREED_TWICE(params, params);
  REFUSED(laot_fit(context, params, control, treated, &other), LAOT_INVALID_ARGUMENT,
          "params is no laot_params");
  FREED_TWICE(data, treated);
  REFUSED(laot_wasserstein2(context, control, treated, &value, NULL), LAOT_INVALID_ARGUMENT,
          "y is no laot_data");
  REFUSED(laot_stability(context, model, control, treated, 1, 0, 0, "cells", &findings),
          LAOT_INVALID_ARGUMENT, "treated is no laot_data");
  FREED_TWICE(model, model);
  REFUSED(laot_to_bytes(model, NULL, 0, &needed), LAOT_INVALID_ARGUMENT, "model is no laot_model");
  REFUSED(laot_predict(context, model, control, "no", predicted, FEATURES * CELLS),
          LAOT_INVALID_ARGUMENT, "model is no laot_model");
  FREED_TWICE(context, context);
  REFUSED(laot_context_set_seed(context, 1), LAOT_INVALID_ARGUMENT, "context is no laot_context");
  FREED_TWICE(data, control);
  free(control_values);
  free(treated_values);
  CHECK(other == NULL);
}

static void test_wrong_kind(void) {
  double predicted[FEATURES * CELLS], value = 0.0;
  laot_model* other = NULL;
  make_all();
  REFUSED(laot_fit((laot_context*)(void*)control, params, control, treated, &other),
          LAOT_INVALID_ARGUMENT, "context is no laot_context");
  REFUSED(laot_predict(context, (const laot_model*)(const void*)params, control, "no", predicted,
                       FEATURES * CELLS),
          LAOT_INVALID_ARGUMENT, "model is no laot_model");
  REFUSED(laot_report_number((const laot_model*)(const void*)predicted, "seconds", &value),
          LAOT_INVALID_ARGUMENT, "model is no laot_model");
  laot_model_free((laot_model*)(void*)control);
  CHECK(strstr(laot_last_error(), "model is no laot_model") != NULL);
  /* A newer object may have the address of one that was freed: then it is taken for that one. */
  laot_model_free(model);
  CHECK(laot_fit(context, params, control, treated, &other) == LAOT_OK);
  laot_model_free(model);
  CHECK(laot_report_number(other, "seconds", &value) != LAOT_INTERNAL_ERROR);
  laot_model_free(other);
  model = NULL;
  free_all();
}

typedef struct inner {
  laot_context* mine;
  laot_status with_same, with_mine;
} inner;

static int calls_back(const char* stage, double fraction, void* payload) {
  inner* in = (inner*)payload;
  double value;
  (void)stage;
  (void)fraction;
  in->with_same = laot_median_gamma(context, control, NULL, &value);
  in->with_mine = laot_median_gamma(in->mine, control, NULL, &value);
  return 0;
}

static void test_callback(void) {
  inner in = {NULL, LAOT_OK, LAOT_INTERNAL_ERROR};
  laot_model* other = NULL;
  double value = 0.0;
  make_all();
  CHECK(laot_context_new(&in.mine) == LAOT_OK);
  CHECK(laot_context_set_progress(context, calls_back, &in) == LAOT_OK);
  CHECK(laot_fit(context, params, control, treated, &other) == LAOT_OK);
  CHECK(in.with_same == LAOT_INVALID_ARGUMENT && in.with_mine == LAOT_OK);
  CHECK(laot_context_set_progress(context, NULL, NULL) == LAOT_OK);
  CHECK(laot_median_gamma(context, control, NULL, &value) == LAOT_OK);
  laot_model_free(other);
  laot_context_free(in.mine);
  free_all();
}

/* NULL where it may not be names its argument. */
#define NULL_REFUSED(call, argument) REFUSED(call, LAOT_INVALID_ARGUMENT, argument " is NULL")

static void test_null_params(void) {
  size_t needed = 0;
  NULL_REFUSED(laot_params_use_preset(NULL, "notebook"), "params");
  NULL_REFUSED(laot_params_use_preset(params, NULL), "preset");
  NULL_REFUSED(laot_params_set_number(params, NULL, 1.0), "name");
  NULL_REFUSED(laot_params_set_text(NULL, "ridge", "1"), "params");
  NULL_REFUSED(laot_params_set_text(params, NULL, "1"), "name");
  NULL_REFUSED(laot_params_get_text(NULL, "ridge", NULL, 0, &needed), "params");
  NULL_REFUSED(laot_params_get_text(params, NULL, NULL, 0, &needed), "name");
  REFUSED(laot_params_get_text(params, "ridge", NULL, 0, NULL), LAOT_INVALID_ARGUMENT,
          "needed is NULL");
  REFUSED(laot_params_set_text(params, "ridgee", "1"), LAOT_UNKNOWN_NAME, "\"ridge\"");
}

static void test_null_data(void) {
  static const int32_t starts[] = {0, 0};
  static const int64_t starts64[] = {0, 0};
  static const char* const names[] = {"a", "b"};
  size_t features = 0, count = 0, index[1] = {0};
  NULL_REFUSED(laot_data_csc(1, 1, starts, NULL, NULL, NULL), "out");
  NULL_REFUSED(laot_data_csc64(1, 1, starts64, NULL, NULL, NULL), "out");
  NULL_REFUSED(laot_data_select_cells(NULL, index, 1), "data");
  NULL_REFUSED(laot_data_select_features(NULL, index, 1), "data");
  features = 77;
  NULL_REFUSED(laot_data_size(control, &features, NULL), "cells");
  CHECK(features == 77); /* a failure writes nothing */
  NULL_REFUSED(laot_data_size(control, NULL, &count), "features");
  REFUSED(laot_data_set_feature_names(control, names, 2), LAOT_DIMENSION_MISMATCH,
          "2 entries for 4 features");
  REFUSED(laot_data_set_cell_names(control, names, 2), LAOT_DIMENSION_MISMATCH,
          "2 entries for 40 cells");
  NULL_REFUSED(laot_data_set_cell_names(control, NULL, CELLS), "names");
  NULL_REFUSED(laot_data_set_batch(control, NULL, CELLS), "labels");
  NULL_REFUSED(laot_variable_features(NULL, control, treated, 1, index), "context");
  NULL_REFUSED(laot_variable_features(context, NULL, treated, 1, index), "control");
  NULL_REFUSED(laot_variable_features(context, control, NULL, 1, index), "treated");
  NULL_REFUSED(laot_variable_features(context, control, treated, 1, NULL), "index");
}

static void test_null_model(void) {
  double out[FEATURES * CELLS];
  char small[1];
  laot_model* other = NULL;
  size_t rows = 0, needed = 0;
  NULL_REFUSED(laot_predict(NULL, model, control, "no", out, FEATURES * CELLS), "context");
  NULL_REFUSED(laot_predict(context, model, NULL, "no", out, FEATURES * CELLS), "cells");
  NULL_REFUSED(laot_predict(context, model, control, "no", NULL, FEATURES * CELLS), "out");
  NULL_REFUSED(laot_model_trivial(model, NULL, &other), "name");
  NULL_REFUSED(laot_model_trivial(model, "identity", NULL), "out");
  REFUSED(laot_model_names(NULL, "params", NULL, 0, &needed), LAOT_INVALID_ARGUMENT, "model");
  NULL_REFUSED(laot_model_names(model, NULL, NULL, 0, &needed), "what");
  NULL_REFUSED(laot_model_names(model, "params", NULL, 0, NULL), "needed");
  REFUSED(laot_model_names(model, "params", small, 1, &needed), LAOT_BUFFER_TOO_SMALL, "1 bytes");
  REFUSED(laot_model_text(NULL, "method", NULL, 0, &needed), LAOT_INVALID_ARGUMENT, "model");
  NULL_REFUSED(laot_model_text(model, NULL, NULL, 0, &needed), "name");
  NULL_REFUSED(laot_model_text(model, "method", NULL, 0, NULL), "needed");
  REFUSED(laot_model_text(model, "method", small, 1, &needed), LAOT_BUFFER_TOO_SMALL, "1 bytes");
  CHECK(needed == 5);
  NULL_REFUSED(laot_report_number(model, NULL, out), "name");
  NULL_REFUSED(laot_report_number(model, "seconds", NULL), "value");
  REFUSED(laot_report_text(NULL, "outcome", NULL, 0, &needed), LAOT_INVALID_ARGUMENT, "model");
  NULL_REFUSED(laot_report_text(model, NULL, NULL, 0, &needed), "name");
  NULL_REFUSED(laot_report_text(model, "outcome", NULL, 0, NULL), "needed");
  REFUSED(laot_report_text(model, "outcome", small, 1, &needed), LAOT_BUFFER_TOO_SMALL, "1 bytes");
  NULL_REFUSED(laot_trace_length(model, NULL), "length");
  REFUSED(laot_trace_column(NULL, "objective_after_plan", out, 9), LAOT_INVALID_ARGUMENT, "model");
  NULL_REFUSED(laot_trace_column(model, NULL, out, 9), "name");
  NULL_REFUSED(laot_trace_column(model, "objective_after_plan", NULL, 9), "out");
  NULL_REFUSED(laot_array_size(NULL, "map", &rows, &needed), "model");
  NULL_REFUSED(laot_array_size(model, NULL, &rows, &needed), "name");
  NULL_REFUSED(laot_array_size(model, "map", &rows, NULL), "cols");
  REFUSED(laot_array(NULL, "map", out, 16), LAOT_INVALID_ARGUMENT, "model is NULL");
  NULL_REFUSED(laot_array(model, NULL, out, 16), "name");
  NULL_REFUSED(laot_array(model, "map", NULL, 16), "out");
}

static void test_null_file(void) {
  static const char* const path = "misuse_test_model.safetensors";
  laot_model* other = NULL;
  size_t needed = 0;
  char junk[64] = "not a model";
  FILE* file = fopen(path, "wb");
  CHECK(file != NULL && fwrite(junk, sizeof junk, 1, file) == 1 && fclose(file) == 0);
  REFUSED(laot_load(path, &other), LAOT_BAD_FORMAT, "\"misuse_test_model.safetensors\": ");
  remove(path);
  REFUSED(laot_from_bytes(junk, sizeof junk, &other), LAOT_BAD_FORMAT, "model file");
  NULL_REFUSED(laot_save(NULL, path), "model");
  NULL_REFUSED(laot_load(path, NULL), "out");
  REFUSED(laot_to_bytes(NULL, NULL, 0, &needed), LAOT_INVALID_ARGUMENT, "model is NULL");
  NULL_REFUSED(laot_to_bytes(model, NULL, 0, NULL), "needed");
  NULL_REFUSED(laot_to_bytes(model, NULL, 9, &needed), "buffer");
  NULL_REFUSED(laot_from_bytes(junk, 3, NULL), "out");
  CHECK(other == NULL);
}

static void test_null_scores(void) {
  laot_score_result result;
  double value = 0.0, out[FEATURES];
  result.struct_size = sizeof result;
  NULL_REFUSED(laot_mmd2(NULL, control, treated, one_number, 1, "biased", &value), "context");
  NULL_REFUSED(laot_mmd2(context, control, NULL, one_number, 1, "biased", &value), "y");
  NULL_REFUSED(laot_mmd2(context, control, treated, one_number, 1, NULL, &value), "estimator");
  NULL_REFUSED(laot_mmd2(context, control, treated, one_number, 1, "biased", NULL), "value");
  NULL_REFUSED(laot_median_gamma(NULL, control, NULL, &value), "context");
  NULL_REFUSED(laot_median_gamma(context, control, NULL, NULL), "value");
  NULL_REFUSED(laot_wasserstein2(NULL, control, treated, &value, NULL), "context");
  NULL_REFUSED(laot_wasserstein2(context, NULL, treated, &value, NULL), "x");
  NULL_REFUSED(laot_wasserstein2(context, control, treated, NULL, NULL), "value");
  NULL_REFUSED(laot_score(NULL, "w2", control, treated, NULL, 1.0, 0, 1, &result), "context");
  NULL_REFUSED(laot_score_preset_describe(0, NULL), "info");
  REFUSED(laot_feature_scores(NULL, control, treated, out, NULL, NULL, FEATURES),
          LAOT_INVALID_ARGUMENT, "context is NULL");
  NULL_REFUSED(laot_feature_scores(context, NULL, treated, out, NULL, NULL, FEATURES), "predicted");
  NULL_REFUSED(laot_feature_scores(context, control, NULL, out, NULL, NULL, FEATURES), "observed");
  NULL_REFUSED(laot_marker_features(NULL, control, treated, 1, NULL), "index");
  NULL_REFUSED(laot_cell_spearman(NULL, control, treated, out, CELLS), "context");
  NULL_REFUSED(laot_cell_spearman(context, NULL, treated, out, CELLS), "control");
  NULL_REFUSED(laot_mmd2_test(NULL, control, treated, one_number, 1, 9, NULL, &value), "context");
  NULL_REFUSED(laot_mmd2_test(context, control, NULL, one_number, 1, 9, NULL, &value), "y");
}

static void test_null_trackability(void) {
  double value = 0.0, numbers[9];
  size_t rows = 0, needed = 0, features[1] = {3}, partner[9];
  laot_findings* other = NULL;
  const laot_data* course[2];
  course[0] = control;
  course[1] = treated;
  NULL_REFUSED(laot_findings_names(findings, NULL, NULL, 0, &needed), "what");
  NULL_REFUSED(laot_findings_names(findings, "numbers", NULL, 0, NULL), "needed");
  NULL_REFUSED(laot_findings_number(NULL, "n_cells", &value), "findings");
  REFUSED(laot_findings_text(NULL, "design", NULL, 0, &needed), LAOT_INVALID_ARGUMENT,
          "findings is NULL");
  NULL_REFUSED(laot_findings_text(findings, NULL, NULL, 0, &needed), "name");
  REFUSED(laot_findings_array_size(NULL, "worst", &rows, &needed), LAOT_INVALID_ARGUMENT,
          "findings is NULL");
  NULL_REFUSED(laot_findings_array_size(findings, "worst", NULL, &needed), "rows");
  NULL_REFUSED(laot_findings_array_size(findings, "worst", &rows, NULL), "cols");
  NULL_REFUSED(laot_findings_array(NULL, "worst", numbers, 9), "findings");
  REFUSED(laot_findings_array(findings, "worst", numbers, 9), LAOT_UNKNOWN_NAME, "there are none");
  NULL_REFUSED(laot_isometry(NULL, control, 1.0, one_number, 1, &other), "context");
  NULL_REFUSED(laot_rates(NULL, course, two_numbers, 2, one_number, 1, &other), "context");
  NULL_REFUSED(laot_rates(context, course, two_numbers, 2, one_number, 1, NULL), "out");
  REFUSED(laot_rates(context, course, NULL, 2, one_number, 1, &other), LAOT_INVALID_ARGUMENT,
          "times");
  REFUSED(laot_rates(context, course, two_numbers, 1, one_number, 1, &other),
          LAOT_DIMENSION_MISMATCH, "at least two");
  NULL_REFUSED(
      laot_simulate_populations(NULL, 1, 1, 0, 0, "gaussian", numbers, numbers, numbers, partner),
      "context");
  NULL_REFUSED(
      laot_simulate_populations(context, 1, 1, 0, 0, NULL, numbers, numbers, numbers, partner),
      "entries");
  NULL_REFUSED(laot_recovery_study(NULL, features, 1, one_number, 1, 9, 1, 1, 0.0, "uniform",
                                   "squared", numbers, numbers),
               "context");
  NULL_REFUSED(laot_recovery_study(context, features, 1, one_number, 1, 9, 1, 1, 0.0, "uniform",
                                   "squared", NULL, numbers),
               "mean");
  NULL_REFUSED(laot_stability(context, model, NULL, NULL, 1, 0, 0, NULL, &other), "resample");
  NULL_REFUSED(laot_stability(NULL, model, NULL, NULL, 1, 0, 0, "cells", &other), "context");
  NULL_REFUSED(laot_recovery_curve(context, NULL, NULL, NULL, "anew", two_numbers, 2, 1, 9, &other),
               "model");
  NULL_REFUSED(laot_recovery_curve(context, model, NULL, NULL, NULL, two_numbers, 2, 1, 9, &other),
               "design");
  CHECK(other == NULL);
}

/* Sizes and values that do not fit. */
static void test_values(void) {
  double huge[FEATURES * CELLS], predicted[FEATURES * CELLS];
  char small[1];
  laot_data* few = NULL;
  laot_data* many = NULL;
  laot_model* other = NULL;
  laot_findings* found = NULL;
  size_t i, needed = 0;
  REFUSED(laot_context_set_checkpoint(context, "", 1.0), LAOT_INVALID_ARGUMENT, "path is empty");
  REFUSED(laot_context_set_checkpoint(context, "x", -1.0), LAOT_INVALID_ARGUMENT, "found -1");
  REFUSED(laot_context_set_checkpoint(context, "x", (double)NAN), LAOT_INVALID_ARGUMENT, "seconds");
  REFUSED(laot_context_set_checkpoint(NULL, "x", 1.0), LAOT_INVALID_ARGUMENT, "context is NULL");
  CHECK(laot_data_dense(control_values, FEATURES - 1, CELLS, FEATURES, &few) == LAOT_OK);
  REFUSED(laot_stability(context, model, few, few, 1, 0, 0, "cells", &found),
          LAOT_DIMENSION_MISMATCH, "control has 3 features and the model 4");
  REFUSED(laot_recovery_curve(context, model, few, few, "anew", two_numbers, 2, 1, 9, &found),
          LAOT_DIMENSION_MISMATCH, "control has 3 features and the model 4");
  REFUSED(laot_params_get_text(params, "ridge", small, 1, &needed), LAOT_BUFFER_TOO_SMALL,
          "1 bytes");
  for (i = 0; i < FEATURES * CELLS; ++i) huge[i] = (i % 2 ? 1e300 : -1e300) * (double)(1 + i % 7);
  CHECK(laot_data_dense(huge, FEATURES, CELLS, FEATURES, &many) == LAOT_OK);
  REFUSED(laot_fit(context, params, many, treated, &other), LAOT_NUMERICAL_FAILURE, "");
  CHECK(laot_params_set_number(params, "keep_cells", 0) == LAOT_OK);
  CHECK(laot_fit(context, params, control, treated, &other) == LAOT_OK);
  REFUSED(laot_predict(context, other, control, "marginals", predicted, FEATURES * CELLS),
          LAOT_NOT_AVAILABLE, "keep_cells = 1000");
  REFUSED(laot_stability(context, other, NULL, NULL, 1, 0, 0, "cells", &found), LAOT_NOT_AVAILABLE,
          "kept no cells");
  CHECK(found == NULL);
  laot_model_free(other);
  laot_data_free(many);
  laot_data_free(few);
}

/* A host whose decimal point is a comma: texts and files have a point all the same. */
static void test_locale(void) {
  static const char* const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"};
  laot_model* here = NULL;
  laot_model* back = NULL;
  char text[32];
  char *before, *bytes[2];
  size_t needed[2] = {0, 0}, i;
  double found[2] = {0.0, 0.0};
  CHECK(laot_fit(context, params, control, treated, &here) == LAOT_OK);
  CHECK(laot_to_bytes(here, NULL, 0, &needed[0]) == LAOT_OK);
  bytes[0] = (char*)malloc(needed[0]);
  CHECK(laot_to_bytes(here, bytes[0], needed[0], &needed[0]) == LAOT_OK);
  for (i = 0; i < 4 && strcmp(setlocale(LC_NUMERIC, NULL), "C") == 0; ++i)
    (void)setlocale(LC_NUMERIC, names[i]);
  if (strcmp(setlocale(LC_NUMERIC, NULL), "C") == 0) ++skipped;
  CHECK(laot_params_set_text(params, "ridge", "0.25") == LAOT_OK);
  CHECK(laot_params_get_text(params, "ridge", text, sizeof text, &needed[1]) == LAOT_OK);
  CHECK(strcmp(text, "0.25") == 0);
  REFUSED(laot_params_set_text(params, "ridge", "0,25"), LAOT_INVALID_ARGUMENT, "0,25");
  CHECK(laot_params_set_text(params, "ridge", "auto") == LAOT_OK);
  CHECK(laot_from_bytes(bytes[0], needed[0], &back) == LAOT_OK);
  CHECK(laot_report_number(here, "objective", &found[0]) == LAOT_OK);
  CHECK(laot_report_number(back, "objective", &found[1]) == LAOT_OK && found[0] == found[1]);
  CHECK(laot_to_bytes(back, NULL, 0, &needed[1]) == LAOT_OK && needed[0] == needed[1]);
  bytes[1] = (char*)malloc(needed[1]);
  CHECK(laot_to_bytes(back, bytes[1], needed[1], &needed[1]) == LAOT_OK);
  CHECK(memcmp(bytes[0], bytes[1], needed[0]) == 0);
  before = setlocale(LC_NUMERIC, "C");
  CHECK(before != NULL);
  free(bytes[0]);
  free(bytes[1]);
  laot_model_free(back);
  laot_model_free(here);
}

int main(void) {
  test_wrong_order();
  test_freed_twice();
  test_wrong_kind();
  test_callback();
  make_all();
  test_null_params();
  test_null_data();
  test_null_model();
  test_null_file();
  test_null_scores();
  test_null_trackability();
  test_locale();
  test_values();
  free_all();
  return counted();
}
