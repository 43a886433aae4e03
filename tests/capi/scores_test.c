/* The calls for scores by name, used as a C program would, rightly and wrongly. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

enum { FEATURES = 3, CELLS = 120 };

static double x_values[FEATURES * CELLS];
static double y_values[FEATURES * CELLS];

static void make_cells(void) {
  unsigned long long state = 11;
  int k;
  for (k = 0; k < FEATURES * CELLS; ++k) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    x_values[k] = (double)(state >> 11) / 9007199254740992.0 + (double)(k % FEATURES);
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    y_values[k] = (double)(state >> 11) / 9007199254740992.0 + 1.5 * (double)(k % FEATURES);
  }
}

static void test_listing(void) {
  laot_metric_info info;
  laot_score_preset_info preset;
  size_t i;
  CHECK(laot_metric_count() > 20);
  for (i = 0; i < laot_metric_count(); ++i) {
    info.struct_size = sizeof info;
    CHECK(laot_metric_describe(i, &info) == LAOT_OK);
    CHECK(strlen(info.name) > 0 && strlen(info.doc) > 0 && strlen(info.source) > 0);
    if (strcmp(info.name, "mmd2") == 0) CHECK(info.usual == 1 && info.larger_is_better == 0);
    if (strcmp(info.name, "mmd2_biased") == 0) CHECK(info.usual == 0);
    if (strcmp(info.name, "r2_means") == 0) CHECK(info.larger_is_better == 1);
  }
  info.struct_size = sizeof info;
  REFUSED(laot_metric_describe(laot_metric_count(), &info), LAOT_INVALID_ARGUMENT, "metric");
  REFUSED(laot_metric_describe(0, NULL), LAOT_INVALID_ARGUMENT, "info");
  info.struct_size = 0;
  REFUSED(laot_metric_describe(0, &info), LAOT_INVALID_ARGUMENT, "struct_size");
  CHECK(laot_score_preset_count() >= 2);
  for (i = 0; i < laot_score_preset_count(); ++i) {
    preset.struct_size = sizeof preset;
    CHECK(laot_score_preset_describe(i, &preset) == LAOT_OK);
    CHECK(strlen(preset.metrics) > 0 && preset.repetitions >= 1);
  }
  preset.struct_size = sizeof preset;
  REFUSED(laot_score_preset_describe(99, &preset), LAOT_INVALID_ARGUMENT, "preset");
}

static void test_options(laot_context* context, const laot_data* x, const laot_data* y) {
  laot_score_options options = {0, 0.3, 0.05, 0, 0, 1};
  laot_score_result result, other;
  result.struct_size = other.struct_size = sizeof result;
  REFUSED(laot_score_with(context, "sinkhorn_cost", x, y, NULL, &options, &result),
          LAOT_INVALID_ARGUMENT, "struct_size");
  REFUSED(laot_score_with(context, "sinkhorn_cost", x, y, NULL, NULL, &result),
          LAOT_INVALID_ARGUMENT, "options");
  options.struct_size = sizeof options;
  REFUSED(laot_score_with(context, "sinkhorn", x, y, NULL, &options, &result), LAOT_UNKNOWN_NAME,
          "sinkhorn_cost");
  CHECK(laot_score_with(context, "sinkhorn_cost", x, y, NULL, &options, &result) == LAOT_OK);
  CHECK(laot_score(context, "sinkhorn_cost", x, y, NULL, 0, 0, 1, &other) == LAOT_OK);
  CHECK(result.value == other.value);
  /* With no entropy to speak of against squared distances of about 1: the cost of w2. */
  options.epsilon = 0.02;
  options.epsilon_absolute = 1;
  CHECK(laot_score_with(context, "sinkhorn_cost", x, y, NULL, &options, &other) == LAOT_OK);
  CHECK(other.value < result.value);
  options.epsilon = -1;
  REFUSED(laot_score_with(context, "sinkhorn_cost", x, y, NULL, &options, &result),
          LAOT_INVALID_ARGUMENT, "epsilon");
  options.epsilon = 0.05;
  options.cells = 50;
  options.repetitions = 4;
  CHECK(laot_score_with(context, "mmd2", x, y, NULL, &options, &result) == LAOT_OK);
  CHECK(laot_score(context, "mmd2", x, y, NULL, 0.3, 50, 4, &other) == LAOT_OK);
  CHECK(result.value == other.value && result.sd == other.sd);
}

/* Of three features, one flat among the observed cells and one flat among the predicted ones. */
static void test_features_left_out(laot_context* context) {
  const double predicted[9] = {0, 1, 7, 2, 3, 7, 1, 5, 7};
  const double observed[9] = {4, 0, 1, 4, 1, 3, 4, 2, 8};
  laot_data *p = NULL, *o = NULL;
  laot_score_result result;
  result.struct_size = sizeof result;
  CHECK(laot_data_dense(predicted, 3, 3, 3, &p) == LAOT_OK);
  CHECK(laot_data_dense(observed, 3, 3, 3, &o) == LAOT_OK);
  CHECK(laot_score(context, "sd_ratio", p, o, NULL, 0, 0, 1, &result) == LAOT_OK);
  CHECK(result.features_left_out == 1);
  CHECK(laot_score(context, "sd_ratio_median", p, o, NULL, 0, 2, 5, &result) == LAOT_OK);
  CHECK(result.features_left_out == 1);
  CHECK(laot_score(context, "l2_feature_correlations", p, o, NULL, 0, 0, 1, &result) == LAOT_OK);
  CHECK(result.features_left_out == 2);
  CHECK(laot_score(context, "l2_sds", p, o, NULL, 0, 0, 1, &result) == LAOT_OK);
  CHECK(result.features_left_out == 0);
  laot_data_free(p);
  laot_data_free(o);
}

static void test_scores(laot_context* context, const laot_data* x, const laot_data* y) {
  laot_score_result result, again;
  laot_metric_info info;
  double gamma = 0.3, value, p;
  size_t i;
  result.struct_size = sizeof result;
  again.struct_size = sizeof again;
  info.struct_size = sizeof info;
  for (i = 0; i < laot_metric_count(); ++i) {
    CHECK(laot_metric_describe(i, &info) == LAOT_OK);
    CHECK(laot_score(context, info.name, x, y, x, gamma, 0, 1, &result) == LAOT_OK);
    /* No shift was predicted, so its correlation is undefined. */
    if (strcmp(info.name, "pearson_mean_shift") == 0)
      CHECK(isnan(result.value) && strlen(info.undefined) > 0);
    else
      CHECK(isfinite(result.value) && isnan(result.sd));
  }
  CHECK(laot_mmd2(context, x, y, &gamma, 1, "unbiased", &value) == LAOT_OK);
  CHECK(laot_score(context, "mmd2", x, y, NULL, gamma, 0, 1, &result) == LAOT_OK);
  CHECK(result.value == value);
  CHECK(laot_score(context, "mmd2", x, y, NULL, (double)NAN, 0, 1, &result) == LAOT_OK);
  CHECK(isnan(result.value));
  CHECK(laot_score(context, "l2_drug_signature", x, y, NULL, 0, 50, 5, &result) == LAOT_OK);
  CHECK(laot_score(context, "l2_drug_signature", x, y, NULL, 0, 50, 5, &again) == LAOT_OK);
  CHECK(result.value == again.value && result.sd > 0);

  test_options(context, x, y);
  test_features_left_out(context);

  REFUSED(laot_score(context, "mmd", x, y, NULL, gamma, 0, 1, &result), LAOT_UNKNOWN_NAME, "mmd2");
  REFUSED(laot_score(context, NULL, x, y, NULL, gamma, 0, 1, &result), LAOT_INVALID_ARGUMENT,
          "metric");
  REFUSED(laot_score(context, "w2", NULL, y, NULL, gamma, 0, 1, &result), LAOT_INVALID_ARGUMENT,
          "predicted");
  REFUSED(laot_score(context, "w2", x, NULL, NULL, gamma, 0, 1, &result), LAOT_INVALID_ARGUMENT,
          "observed");
  REFUSED(laot_score(context, "w2", x, y, NULL, gamma, 0, 1, NULL), LAOT_INVALID_ARGUMENT,
          "result");
  REFUSED(laot_score(context, "cell_spearman", x, y, NULL, gamma, 0, 1, &result),
          LAOT_INVALID_ARGUMENT, "control");
  REFUSED(laot_score(context, "mmd2", x, y, NULL, -1.0, 0, 1, &result), LAOT_INVALID_ARGUMENT,
          "gamma");
  REFUSED(laot_score(context, "w2", x, y, NULL, gamma, CELLS + 1, 1, &result),
          LAOT_INVALID_ARGUMENT, "subsample");
  REFUSED(laot_score(context, "w2", x, y, NULL, gamma, 10, 0, &result), LAOT_INVALID_ARGUMENT,
          "repetitions");

  CHECK(laot_mmd2_test(context, x, y, &gamma, 1, 99, &value, &p) == LAOT_OK);
  CHECK(fabs(p - 0.01) < 1e-12);
  CHECK(laot_mmd2_test(context, x, x, &gamma, 1, 99, NULL, &p) == LAOT_OK);
  CHECK(p > 0.5);
  REFUSED(laot_mmd2_test(context, x, y, &gamma, 1, 0, &value, &p), LAOT_INVALID_ARGUMENT,
          "permutations");
  REFUSED(laot_mmd2_test(context, x, y, NULL, 1, 9, &value, &p), LAOT_INVALID_ARGUMENT, "gammas");
  REFUSED(laot_mmd2_test(context, x, y, &gamma, 0, 9, &value, &p), LAOT_INVALID_ARGUMENT, "gamma");
  REFUSED(laot_mmd2_test(context, x, y, &gamma, 1, 9, &value, NULL), LAOT_INVALID_ARGUMENT,
          "p_value");
}

static void test_features(laot_context* context, const laot_data* x, const laot_data* y) {
  double ks[FEATURES], w1[FEATURES], difference[FEATURES], r[CELLS];
  size_t marker[FEATURES];
  double best[2], shift[FEATURES];
  static const double zeros[] = {0.0, 0.0, 0.0, 0.0}, twos[] = {2.0, 2.0, 2.0, 2.0};
  laot_table* table = NULL;
  laot_data *one = NULL, *two = NULL;
  CHECK(laot_feature_scores(context, x, y, ks, w1, difference, FEATURES) == LAOT_OK);
  CHECK(ks[2] > ks[0] && w1[2] > w1[0] && difference[2] < -0.8);
  CHECK(laot_feature_scores(context, x, y, NULL, NULL, NULL, FEATURES) == LAOT_OK);
  CHECK(laot_data_dense(zeros, 1, 4, 1, &one) == LAOT_OK);
  CHECK(laot_data_dense(twos, 1, 4, 1, &two) == LAOT_OK);
  CHECK(laot_feature_scores(context, one, two, ks, w1, difference, 1) == LAOT_OK);
  CHECK(ks[0] == 1.0 && w1[0] == 2.0 && difference[0] == -2.0);
  laot_data_free(one);
  laot_data_free(two);
  one = NULL;
  REFUSED(laot_feature_scores(context, x, y, ks, w1, difference, FEATURES + 1),
          LAOT_DIMENSION_MISMATCH, "length must be the");
  REFUSED(laot_feature_scores(context, x, y, ks, w1, difference, 2), LAOT_DIMENSION_MISMATCH,
          "length");
  CHECK(laot_marker_features(context, x, y, 2, marker) == LAOT_OK);
  CHECK(marker[0] == 2 && marker[1] == 1);
  REFUSED(laot_marker_features(context, x, y, 4, marker), LAOT_INVALID_ARGUMENT, "marker");
  REFUSED(laot_marker_features(context, x, y, 1, NULL), LAOT_INVALID_ARGUMENT, "index");
  CHECK(laot_marker_table(context, x, y, 2, &table) == LAOT_OK);
  CHECK(laot_table_numbers(table, "position", best, 2) == LAOT_OK && best[0] == 2.0 &&
        best[1] == 1.0);
  laot_table_free(table);
  REFUSED(laot_marker_table(context, x, y, 4, &table), LAOT_INVALID_ARGUMENT, "marker");
  REFUSED(laot_marker_table(context, x, y, 1, NULL), LAOT_INVALID_ARGUMENT, "out");
  CHECK(laot_response_table(context, NULL, x, y, x, 0.9, &table) == LAOT_OK);
  CHECK(laot_table_numbers(table, "predicted", shift, FEATURES) == LAOT_OK && shift[0] == 0.0);
  laot_table_free(table);
  REFUSED(laot_response_table(context, NULL, NULL, y, x, 0.9, &table), LAOT_INVALID_ARGUMENT,
          "a model or predicted cells");
  REFUSED(laot_response_table(context, NULL, x, y, x, 1.0, &table), LAOT_INVALID_ARGUMENT, "level");
  REFUSED(laot_response_table(context, NULL, x, y, NULL, 0.9, &table), LAOT_INVALID_ARGUMENT,
          "control");
  CHECK(laot_data_dense(ks, FEATURES, 1, FEATURES, &one) == LAOT_OK);
  REFUSED(laot_response_table(context, NULL, one, y, x, 0.9, &table), LAOT_DIMENSION_MISMATCH,
          "predicted has 1");
  laot_data_free(one);
  CHECK(laot_cell_spearman(context, x, x, r, CELLS) == LAOT_OK);
  CHECK(fabs(r[0] - 1.0) < 1e-12);
  REFUSED(laot_cell_spearman(context, x, x, r, 3), LAOT_DIMENSION_MISMATCH, "length");
  REFUSED(laot_cell_spearman(context, x, x, NULL, CELLS), LAOT_INVALID_ARGUMENT, "out");
}

static double value_of(const laot_table* table, size_t row) {
  double values[512];
  CHECK(laot_table_numbers(table, "value", values, 512) == LAOT_OK);
  return values[row];
}

/* Populations with groups "a" and "b", as many of each on both sides. */
static void composition_and_weights(laot_context* context, const laot_data* x, const laot_data* y) {
  laot_params* params = NULL;
  laot_model* model = NULL;
  laot_table* table = NULL;
  laot_data* bare = NULL;
  size_t rows = 0, columns = 0;
  double weights[CELLS], ratio[2], chosen[4];
  char texts[8192];
  const char* at = NULL;
  static const double zeros[FEATURES * CELLS] = {0};
  CHECK(laot_params_new("laot", &params) == LAOT_OK);
  CHECK(laot_params_set_text(params, "balance", "types") == LAOT_OK);
  CHECK(laot_fit(context, params, x, y, &model) == LAOT_OK);
  CHECK(laot_composition(model, &table) == LAOT_OK);
  CHECK(laot_table_size(table, &rows, &columns) == LAOT_OK && rows == 2 && columns == 6);
  CHECK(laot_table_numbers(table, "ratio", ratio, 2) == LAOT_OK);
  CHECK(fabs(ratio[0] - 1.0) < 1e-12 && fabs(ratio[1] - 1.0) < 1e-12);
  laot_table_free(table);
  REFUSED(laot_composition(NULL, &table), LAOT_INVALID_ARGUMENT, "model");
  REFUSED(laot_composition(model, NULL), LAOT_INVALID_ARGUMENT, "out");
  CHECK(laot_choices(model, &table) == LAOT_OK);
  CHECK(laot_table_size(table, &rows, &columns) == LAOT_OK && rows == 4 && columns == 7);
  CHECK(laot_table_numbers(table, "chosen", chosen, 4) == LAOT_OK);
  CHECK(chosen[0] + chosen[1] + chosen[2] + chosen[3] == 1.0);
  laot_table_free(table);
  REFUSED(laot_choices(NULL, &table), LAOT_INVALID_ARGUMENT, "model");
  REFUSED(laot_choices(model, NULL), LAOT_INVALID_ARGUMENT, "out");
  CHECK(laot_weights(context, model, x, weights, CELLS) == LAOT_OK);
  CHECK(fabs(weights[0] - 1.0) < 1e-12);
  REFUSED(laot_weights(context, model, x, weights, 3), LAOT_BUFFER_TOO_SMALL, "the weights");
  CHECK(laot_data_dense(zeros, 2, CELLS, 2, &bare) == LAOT_OK);
  REFUSED(laot_weights(context, model, bare, weights, CELLS), LAOT_DIMENSION_MISMATCH,
          "2 features");
  laot_data_free(bare);
  bare = NULL;
  CHECK(laot_data_dense(zeros, FEATURES, 2, FEATURES, &bare) == LAOT_OK);
  REFUSED(laot_weights(context, model, bare, weights, CELLS), LAOT_INVALID_ARGUMENT,
          "give one for each");
  laot_data_free(bare);
  CHECK(laot_evaluate(context, model, NULL, y, x, NULL, &table) == LAOT_OK);
  CHECK(laot_table_texts(table, "estimator", NULL, 0, &rows) == LAOT_OK && rows < sizeof texts);
  CHECK(laot_table_texts(table, "estimator", texts, sizeof texts, &rows) == LAOT_OK);
  /* The usual metrics, then the same with weights, which are all 1 here. */
  for (rows = 0, at = texts; rows < 8; ++rows) at += strlen(at) + 1;
  CHECK(strcmp(at, "unbiased, weighted") == 0);
  CHECK(fabs(value_of(table, 8) - value_of(table, 0)) < 1e-12);
  laot_table_free(table);
  CHECK(laot_data_dense(zeros, FEATURES, CELLS, FEATURES, &bare) == LAOT_OK);
  REFUSED(laot_evaluate(context, model, NULL, y, bare, NULL, &table), LAOT_INVALID_ARGUMENT,
          "balanced by types");
  laot_data_free(bare);
  laot_model_free(model);
  laot_params_free(params);
}

/* Of a map that bends the effects are its derivative at the cell. */
static void effects_of_a_bent_map(laot_context* context, const laot_data* x, const laot_data* y) {
  double effects[FEATURES * FEATURES], at[FEATURES], high[FEATURES], low[FEATURES], share = 0.0;
  const double step = 1e-5;
  laot_params* params = NULL;
  laot_model* model = NULL;
  laot_data* one = NULL;
  size_t j, k;
  CHECK(laot_params_new("laot", &params) == LAOT_OK);
  CHECK(laot_params_use_preset(params, "calibrated") == LAOT_OK);
  CHECK(laot_params_set_text(params, "lift", "yes") == LAOT_OK);
  CHECK(laot_fit(context, params, x, y, &model) == LAOT_OK);
  CHECK(laot_report_number(model, "lift_share", &share) == LAOT_OK && share > 0.0 && share <= 1.0);
  for (k = 0; k < FEATURES; ++k) at[k] = 0.3 * (double)k - 0.2;
  CHECK(laot_data_dense(at, FEATURES, 1, FEATURES, &one) == LAOT_OK);
  CHECK(laot_effects(context, model, one, effects, FEATURES * FEATURES) == LAOT_OK);
  for (k = 0; k < FEATURES; ++k) {
    const double here = at[k];
    at[k] = here + step;
    CHECK(laot_predict(context, model, one, "no", high, FEATURES) == LAOT_OK);
    at[k] = here - step;
    CHECK(laot_predict(context, model, one, "no", low, FEATURES) == LAOT_OK);
    at[k] = here;
    for (j = 0; j < FEATURES; ++j)
      CHECK(fabs((high[j] - low[j]) / (2.0 * step) - effects[j + k * FEATURES]) < 1e-6);
  }
  laot_data_free(one);
  laot_model_free(model);
  laot_params_free(params);
}

static void test_evaluate(laot_context* context, laot_data* x, laot_data* y) {
  static const double gammas[] = {0.3, 0.6};
  const char* labels[CELLS];
  laot_evaluation_options options;
  laot_params* params = NULL;
  laot_model* model = NULL;
  laot_table* table = NULL;
  laot_score_result alone;
  char texts[16384];
  size_t rows = 0, columns = 0, needed = 0, i;
  memset(&options, 0, sizeof options);
  CHECK(laot_params_new("mean_shift", &params) == LAOT_OK);
  CHECK(laot_fit(context, params, x, y, &model) == LAOT_OK);
  CHECK(laot_evaluate(context, model, NULL, y, x, NULL, &table) == LAOT_OK);
  CHECK(laot_table_size(table, &rows, &columns) == LAOT_OK && rows == 32 && columns == 21);
  CHECK(laot_table_texts(table, "method", texts, sizeof texts, &needed) == LAOT_OK);
  CHECK(strcmp(texts, "mean_shift") == 0);
  laot_table_free(table);

  REFUSED(laot_evaluate(context, model, NULL, y, x, &options, &table), LAOT_INVALID_ARGUMENT,
          "struct_size");
  options.struct_size = sizeof options;
  options.metrics = " w2, mmd2 ";
  options.gammas = gammas;
  options.gamma_count = 2;
  options.condition = "drug";
  CHECK(laot_evaluate(context, NULL, x, y, NULL, &options, &table) == LAOT_OK);
  CHECK(laot_table_size(table, &rows, &columns) == LAOT_OK && rows == 3);
  REFUSED(laot_table_texts(table, "condition", texts, 3, &needed), LAOT_BUFFER_TOO_SMALL,
          "3 bytes");
  CHECK(laot_table_texts(table, "condition", texts, sizeof texts, &needed) == LAOT_OK);
  CHECK(needed == 15 && strcmp(texts + 5, "drug") == 0);
  alone.struct_size = sizeof alone;
  CHECK(laot_score(context, "mmd2", x, y, NULL, 0.6, 0, 1, &alone) == LAOT_OK);
  CHECK(fabs(value_of(table, 2) - alone.value) < 1e-13);
  laot_table_free(table);

  for (i = 0; i < CELLS; ++i) labels[i] = i % 3 == 0 ? "a" : "b";
  REFUSED(laot_data_set_groups(x, labels, 3), LAOT_DIMENSION_MISMATCH, "3 entries");
  REFUSED(laot_data_set_groups(NULL, labels, CELLS), LAOT_INVALID_ARGUMENT, "data");
  CHECK(laot_data_set_groups(x, labels, CELLS) == LAOT_OK);
  REFUSED(laot_evaluate(context, model, NULL, y, x, &options, &table), LAOT_DIMENSION_MISMATCH,
          "observed has 0 group labels");
  CHECK(laot_data_set_groups(y, labels, CELLS) == LAOT_OK);
  CHECK(laot_evaluate(context, model, NULL, y, x, &options, &table) == LAOT_OK);
  CHECK(laot_table_texts(table, "group", NULL, 0, &needed) == LAOT_OK && needed > 1);
  laot_table_free(table);
  effects_of_a_bent_map(context, x, y);
  composition_and_weights(context, x, y);
  labels[1] = NULL;
  REFUSED(laot_data_set_groups(x, labels, CELLS), LAOT_INVALID_ARGUMENT, "labels[1]");

  options.methods = "noise_reference, training_treated";
  CHECK(laot_evaluate(context, model, NULL, y, NULL, &options, &table) == LAOT_OK);
  CHECK(laot_table_texts(table, "method", texts, sizeof texts, &needed) == LAOT_OK);
  CHECK(strcmp(texts, "noise_reference") == 0);
  laot_table_free(table);
  options.methods = "noise";
  REFUSED(laot_evaluate(context, model, NULL, y, x, &options, &table), LAOT_UNKNOWN_NAME,
          "methods must be among");
  options.methods = NULL;
  options.metrics = "mmd";
  REFUSED(laot_evaluate(context, model, NULL, y, x, &options, &table), LAOT_UNKNOWN_NAME, "mmd2");
  options.metrics = NULL;
  options.preset = "cello";
  REFUSED(laot_evaluate(context, model, NULL, y, x, &options, &table), LAOT_UNKNOWN_NAME, "cellot");
  options.preset = NULL;
  options.reference = "thirds";
  REFUSED(laot_evaluate(context, model, NULL, y, x, &options, &table), LAOT_UNKNOWN_NAME, "halves");
  options.reference = NULL;
  options.gammas = NULL;
  REFUSED(laot_evaluate(context, model, NULL, y, x, &options, &table), LAOT_INVALID_ARGUMENT,
          "gammas");
  options.gamma_count = 0;
  options.epsilon = -1.0;
  options.metrics = "sinkhorn_cost";
  REFUSED(laot_evaluate(context, model, NULL, y, x, &options, &table), LAOT_INVALID_ARGUMENT,
          "epsilon");
  REFUSED(laot_evaluate(context, NULL, NULL, y, x, NULL, &table), LAOT_INVALID_ARGUMENT,
          "a model or predicted");
  REFUSED(laot_evaluate(context, model, NULL, y, NULL, NULL, &table), LAOT_INVALID_ARGUMENT,
          "control is missing");
  REFUSED(laot_evaluate(context, model, NULL, NULL, x, NULL, &table), LAOT_INVALID_ARGUMENT,
          "observed");
  REFUSED(laot_evaluate(context, model, NULL, y, x, NULL, NULL), LAOT_INVALID_ARGUMENT, "out");
  laot_model_free(model);
  CHECK(laot_params_set_number(params, "keep_cells", 0.0) == LAOT_OK);
  CHECK(laot_fit(context, params, x, y, &model) == LAOT_OK);
  options.metrics = NULL;
  options.epsilon = 0.0;
  options.markers = 2;
  REFUSED(laot_evaluate(context, model, NULL, y, x, &options, &table), LAOT_NOT_AVAILABLE,
          "keep_cells");
  laot_model_free(model);
  laot_params_free(params);
}

static void test_pairing(laot_context* context, const laot_data* x, const laot_data* y) {
  const char* labels[CELLS];
  static const size_t chosen[] = {0, 5};
  static const size_t outside[] = {CELLS};
  laot_params* params = NULL;
  laot_model *model = NULL, *other = NULL;
  laot_table* table = NULL;
  double mass[CELLS], sum = 0.0;
  size_t rows = 0, columns = 0, needed = 0, i;
  char names[256];
  for (i = 0; i < CELLS; ++i) labels[i] = i % 2 == 0 ? "even" : "odd";
  CHECK(laot_params_new("laot", &params) == LAOT_OK);
  CHECK(laot_fit(context, params, x, y, &model) == LAOT_OK);
  CHECK(laot_model_trivial(model, "mean_shift", &other) == LAOT_OK);
  CHECK(laot_transitions(model, labels, CELLS, labels, CELLS, &table) == LAOT_OK);
  CHECK(laot_table_size(table, &rows, &columns) == LAOT_OK && rows == 4 && columns == 5);
  CHECK(laot_table_numbers(table, "mass", mass, CELLS) == LAOT_OK);
  CHECK(fabs(mass[0] + mass[1] + mass[2] + mass[3] - 1.0) < 1e-12);
  CHECK(fabs(mass[0] + mass[1] - 0.5) < 1e-12);
  laot_table_free(table);
  REFUSED(laot_transitions(model, labels, 3, labels, CELLS, &table), LAOT_DIMENSION_MISMATCH,
          "from has 3 labels");
  REFUSED(laot_transitions(other, labels, CELLS, labels, CELLS, &table), LAOT_NOT_AVAILABLE,
          "mean_shift has no pairing");
  REFUSED(laot_transitions(NULL, labels, CELLS, labels, CELLS, &table), LAOT_INVALID_ARGUMENT,
          "model");
  labels[2] = NULL;
  REFUSED(laot_transitions(model, labels, CELLS, labels, CELLS, &table), LAOT_INVALID_ARGUMENT,
          "from[2] is NULL");
  CHECK(laot_partners(model, "descendants", chosen, 2, &table) == LAOT_OK);
  CHECK(laot_table_size(table, &rows, &columns) == LAOT_OK && rows == 2 && columns == 3);
  CHECK(laot_table_numbers(table, "mass", mass, CELLS) == LAOT_OK);
  for (i = 0; i < rows; ++i) sum += mass[i];
  CHECK(fabs(sum - 1.0) < 1e-12);
  CHECK(laot_table_texts(table, "name", names, sizeof names, &needed) == LAOT_OK && needed == 2);
  laot_table_free(table);
  REFUSED(laot_partners(model, "parents", chosen, 2, &table), LAOT_UNKNOWN_NAME, "ancestors");
  REFUSED(laot_partners(model, "ancestors", outside, 1, &table), LAOT_INVALID_ARGUMENT,
          "cells has 120");
  REFUSED(laot_partners(model, "ancestors", NULL, 0, &table), LAOT_INVALID_ARGUMENT, "empty");
  REFUSED(laot_partners(other, "ancestors", chosen, 2, &table), LAOT_NOT_AVAILABLE, "no pairing");
  laot_model_free(model);
  laot_model_free(other);
  laot_params_free(params);
}

static void test_usual_settings(void) {
  size_t k, resamples = 0;
  laot_setting_info info = {0};
  CHECK(laot_setting_count() > 10);
  REFUSED(laot_setting_describe(0, &info), LAOT_INVALID_ARGUMENT, "struct_size");
  info.struct_size = sizeof info;
  for (k = 0; k < laot_setting_count(); ++k) {
    CHECK(laot_setting_describe(k, &info) == LAOT_OK);
    if (strcmp(info.call, "laot_stability") == 0 && strcmp(info.name, "resamples") == 0) {
      CHECK(info.type == LAOT_INTEGER && !info.list && strcmp(info.usual_text, "30") == 0);
      ++resamples;
    }
  }
  CHECK(resamples == 1);
  REFUSED(laot_setting_describe(k, &info), LAOT_INVALID_ARGUMENT, "setting must be below");
}

/* Too many pairs to take one by one, and a cell beside which rounding hides what the others cost.
 */
static void test_hidden_by_rounding(laot_context* context) {
  enum { MANY = 12300 };
  static double near_values[MANY], far_values[MANY];
  laot_data *near_cells = NULL, *far_cells = NULL;
  laot_score_result result;
  double value;
  int i;
  for (i = 0; i < MANY; ++i) far_values[i] = near_values[i] + 1.0;
  near_values[0] = far_values[0] = 1e9;
  result.struct_size = sizeof result;
  CHECK(laot_data_dense(near_values, 1, MANY, 1, &near_cells) == LAOT_OK);
  CHECK(laot_data_dense(far_values, 1, MANY, 1, &far_cells) == LAOT_OK);
  REFUSED(laot_wasserstein2(context, near_cells, far_cells, &value, NULL), LAOT_NUMERICAL_FAILURE,
          "leave such cells out");
  REFUSED(laot_score(context, "w2", near_cells, far_cells, NULL, 0.3, 0, 1, &result),
          LAOT_NUMERICAL_FAILURE, "leave such cells out");
  laot_data_free(near_cells);
  laot_data_free(far_cells);
}

int main(void) {
  laot_context* context = NULL;
  laot_data *x = NULL, *y = NULL;
  make_cells();
  CHECK(laot_context_new(&context) == LAOT_OK);
  CHECK(laot_data_dense(x_values, FEATURES, CELLS, FEATURES, &x) == LAOT_OK);
  CHECK(laot_data_dense(y_values, FEATURES, CELLS, FEATURES, &y) == LAOT_OK);
  test_listing();
  test_scores(context, x, y);
  test_features(context, x, y);
  test_evaluate(context, x, y);
  test_pairing(context, x, y);
  test_usual_settings();
  test_hidden_by_rounding(context);
  laot_data_free(x);
  laot_data_free(y);
  laot_context_free(context);
  return counted();
}
