/* Experiments of many conditions through the contract: the bits of a fit on its own, predictions at
 * a condition, files, and each wrong use with its code. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "check.h"

enum { FEATURES = 3, CONTROLS = 30, TREATED = 25 };

static double controls[FEATURES * CONTROLS];
static double treated[2][FEATURES * TREATED];

static void make_cells(void) {
  size_t i;
  for (i = 0; i < FEATURES * CONTROLS; ++i) controls[i] = sin(0.7 * (double)(i * i % 101));
  for (i = 0; i < FEATURES * TREATED; ++i) {
    treated[0][i] = 1.0 + sin(0.3 * (double)(i * i % 97));
    treated[1][i] = 2.0 * cos(0.4 * (double)(i * i % 89));
  }
}

static laot_data* dense(const double* values, size_t cells) {
  laot_data* data = NULL;
  CHECK(laot_data_dense(values, FEATURES, cells, FEATURES, &data) == LAOT_OK);
  return data;
}

static const char* const kNames[] = {"drug", "dose"};
static const char* const kFirst[] = {"A", NULL};
static const char* const kSecond[] = {"B", NULL};
static const double kDoses[] = {0.0, 2.5};

/* Two conditions of one control population; the data are not needed afterwards. */
static laot_experiment* two_conditions(void) {
  laot_experiment* experiment = NULL;
  laot_data *x = dense(controls, CONTROLS), *a = dense(treated[0], TREATED),
            *b = dense(treated[1], TREATED);
  size_t index = 99;
  CHECK(laot_experiment_new(&experiment) == LAOT_OK);
  CHECK(laot_experiment_add_control(experiment, x, &index) == LAOT_OK);
  CHECK(index == 0);
  CHECK(laot_experiment_add_condition(experiment, "first", a, 0, kNames, kFirst, kDoses, 2) ==
        LAOT_OK);
  CHECK(laot_experiment_add_condition(experiment, "second", b, 0, kNames, kSecond, kDoses, 2) ==
        LAOT_OK);
  laot_data_free(x);
  laot_data_free(a);
  laot_data_free(b);
  return experiment;
}

static void check_text(const laot_model* model, const char* name, const char* expected) {
  char buffer[64];
  size_t needed = 0;
  CHECK(laot_model_text(model, name, buffer, sizeof buffer, &needed) == LAOT_OK);
  CHECK(strcmp(buffer, expected) == 0);
}

/* The covariates of both conditions, and of one of them. */
static void check_covariates(const laot_model* model, const laot_model* part) {
  static const char expected[] = "A\0002.5\0B\0002.5";
  char values[64];
  double numbers[4];
  size_t rows = 0, columns = 0, needed = 0;
  laot_table* table = NULL;
  CHECK(laot_covariates(model, &table) == LAOT_OK);
  CHECK(laot_table_size(table, &rows, &columns) == LAOT_OK && rows == 4 && columns == 4);
  CHECK(laot_table_texts(table, "condition", values, sizeof values, &needed) == LAOT_OK);
  CHECK(needed == 26 && memcmp(values, "first\0first\0second\0second", needed) == 0);
  CHECK(laot_table_texts(table, "covariate", values, sizeof values, &needed) == LAOT_OK);
  CHECK(needed == 20 && memcmp(values, "drug\0dose\0drug\0dose", needed) == 0);
  CHECK(laot_table_texts(table, "value", values, sizeof values, &needed) == LAOT_OK);
  CHECK(needed == sizeof expected && memcmp(values, expected, needed) == 0);
  CHECK(laot_table_numbers(table, "number", numbers, 4) == LAOT_OK);
  CHECK(isnan(numbers[0]) && numbers[1] == 2.5 && isnan(numbers[2]) && numbers[3] == 2.5);
  laot_table_free(table);
  CHECK(laot_covariates(part, &table) == LAOT_OK);
  CHECK(laot_table_texts(table, "condition", values, sizeof values, &needed) == LAOT_OK);
  CHECK(needed == 14 && memcmp(values, "second\0second", needed) == 0);
  laot_table_free(table);
  REFUSED(laot_covariates(model, NULL), LAOT_INVALID_ARGUMENT, "out is NULL");
}

static void check_names(const laot_model* model, const char* what, const char* expected) {
  char buffer[64];
  size_t needed = 0;
  CHECK(laot_model_names(model, what, buffer, sizeof buffer, &needed) == LAOT_OK);
  CHECK(strcmp(buffer, expected) == 0);
}

/* A held-out experiment, as it was fitted, beside a model of another method. */
static void test_evaluation(laot_context* context, const laot_params* params) {
  laot_experiment* experiment = two_conditions();
  laot_params* plain = NULL;
  const laot_model* models[2];
  laot_model *model = NULL, *other = NULL;
  laot_table* table = NULL;
  laot_data* y = dense(treated[0], TREATED);
  const double elsewhere[2] = {0.0, 77.0};
  size_t rows = 0, columns = 0;
  CHECK(laot_params_new("mean_shift", &plain) == LAOT_OK);
  CHECK(laot_fit_experiment(context, params, experiment, &model) == LAOT_OK);
  CHECK(laot_fit_experiment(context, plain, experiment, &other) == LAOT_OK);
  models[0] = model;
  models[1] = other;
  CHECK(laot_evaluate_experiment(context, models, 2, experiment, NULL, &table) == LAOT_OK);
  CHECK(laot_table_size(table, &rows, &columns) == LAOT_OK && columns == 21 && rows % 2 == 0 &&
        rows > 0);
  laot_table_free(table);
  models[1] = model;
  REFUSED(laot_evaluate_experiment(context, models, 2, experiment, NULL, &table),
          LAOT_INVALID_ARGUMENT, "two of the models");
  REFUSED(laot_evaluate_experiment(context, models, 0, experiment, NULL, &table),
          LAOT_INVALID_ARGUMENT, "models is empty");
  REFUSED(laot_evaluate_experiment(context, models, 1, NULL, NULL, &table), LAOT_INVALID_ARGUMENT,
          "held_out");
  CHECK(laot_experiment_add_condition(experiment, "third", y, 0, kNames, kFirst, elsewhere, 2) ==
        LAOT_OK);
  REFUSED(laot_evaluate_experiment(context, models, 1, experiment, NULL, &table), LAOT_UNKNOWN_NAME,
          "knows no condition");
  laot_data_free(y);
  laot_experiment_free(experiment);
  laot_params_free(plain);
  laot_model_free(model);
  laot_model_free(other);
}

/* A model of many conditions is evaluated, and asked about its pairing, at one that is named. */
static void test_one_condition(laot_context* context) {
  laot_experiment* experiment = two_conditions();
  laot_params* params = NULL;
  laot_model *model = NULL, *at = NULL;
  laot_table* table = NULL;
  laot_findings* found = NULL;
  laot_data *x = dense(controls, CONTROLS), *y = dense(treated[0], TREATED);
  const double gaps[2] = {0.0, 1.0};
  laot_evaluation_options options = {0};
  options.struct_size = sizeof options;
  CHECK(laot_params_new("conditional_laot", &params) == LAOT_OK);
  CHECK(laot_fit_experiment(context, params, experiment, &model) == LAOT_OK);
  REFUSED(laot_evaluate(context, model, NULL, y, x, NULL, &table), LAOT_INVALID_ARGUMENT,
          "say which");
  options.condition = "third";
  REFUSED(laot_evaluate(context, model, NULL, y, x, &options, &table), LAOT_UNKNOWN_NAME,
          "knows no condition");
  options.condition = "first";
  CHECK(laot_evaluate(context, model, NULL, y, x, &options, &table) == LAOT_OK);
  laot_table_free(table);
  REFUSED(laot_stability(context, model, NULL, NULL, 1, 0, 0, "cells", &found),
          LAOT_INVALID_ARGUMENT, "say which");
  CHECK(laot_model_at(model, "first", NULL, NULL, NULL, 0, &at) == LAOT_OK);
  CHECK(laot_stability(context, at, NULL, NULL, 1, 0, 0, "cells", &found) == LAOT_OK);
  laot_findings_free(found);
  CHECK(laot_recovery_curve(context, at, NULL, NULL, "counterpart", gaps, 2, 1, 10, &found) ==
        LAOT_OK);
  laot_findings_free(found);
  laot_data_free(x);
  laot_data_free(y);
  laot_model_free(at);
  laot_model_free(model);
  laot_params_free(params);
  laot_experiment_free(experiment);
}

static void test_fit(laot_context* context, const laot_params* params) {
  laot_experiment* experiment = two_conditions();
  laot_model *model = NULL, *own = NULL, *part = NULL, *back = NULL;
  laot_data *x = dense(controls, CONTROLS), *b = dense(treated[1], TREATED);
  double expected[FEATURES * CONTROLS], found[FEATURES * CONTROLS], value = 0.0;
  void* bytes;
  size_t needed = 0;
  CHECK(laot_fit_experiment(context, params, experiment, &model) == LAOT_OK);
  laot_experiment_free(experiment);
  CHECK(laot_fit(context, params, x, b, &own) == LAOT_OK);
  CHECK(laot_predict(context, own, x, "no", expected, FEATURES * CONTROLS) == LAOT_OK);

  CHECK(laot_predict_at(context, model, x, "second", NULL, NULL, NULL, 0, "no", found,
                        FEATURES * CONTROLS) == LAOT_OK);
  CHECK(memcmp(expected, found, sizeof found) == 0);
  memset(found, 0, sizeof found);
  CHECK(laot_predict_at(context, model, x, NULL, kNames, kSecond, kDoses, 2, "no", found,
                        FEATURES * CONTROLS) == LAOT_OK);
  CHECK(memcmp(expected, found, sizeof found) == 0);

  CHECK(laot_model_at(model, "second", NULL, NULL, NULL, 0, &part) == LAOT_OK);
  check_text(part, "condition", "second");
  check_text(part, "covariate.drug", "B");
  check_text(part, "covariate.dose", "2.5");
  check_covariates(model, part);
  check_names(model, "conditions", "first\nsecond");
  check_names(model, "covariates", "drug\ndose");
  check_names(own, "conditions", "");
  check_text(own, "condition", "");
  CHECK(laot_report_number(model, "conditions", &value) == LAOT_OK && value == 2.0);
  CHECK(laot_report_number(part, "n_treated", &value) == LAOT_OK && value == TREATED);
  laot_model_free(part);

  CHECK(laot_to_bytes(model, NULL, 0, &needed) == LAOT_OK);
  bytes = malloc(needed);
  CHECK(laot_to_bytes(model, bytes, needed, &needed) == LAOT_OK);
  CHECK(laot_from_bytes(bytes, needed, &back) == LAOT_OK);
  free(bytes);
  memset(found, 0, sizeof found);
  CHECK(laot_predict_at(context, back, x, "second", NULL, NULL, NULL, 0, "no", found,
                        FEATURES * CONTROLS) == LAOT_OK);
  CHECK(memcmp(expected, found, sizeof found) == 0);
  laot_model_free(back);

  REFUSED(laot_predict(context, model, x, "no", found, FEATURES * CONTROLS), LAOT_INVALID_ARGUMENT,
          "first, second");
  REFUSED(laot_predict_at(context, model, x, "third", NULL, NULL, NULL, 0, "no", found,
                          FEATURES * CONTROLS),
          LAOT_UNKNOWN_NAME, "\"third\"");
  REFUSED(laot_predict_at(context, model, x, "first", NULL, NULL, NULL, 0, "perhaps", found,
                          FEATURES * CONTROLS),
          LAOT_UNKNOWN_NAME, "nonnegative");
  REFUSED(laot_predict_at(context, model, x, "first", NULL, NULL, NULL, 0, "no", found, 5),
          LAOT_BUFFER_TOO_SMALL, "room for 5");
  REFUSED(laot_predict_at(context, model, x, NULL, kNames, NULL, NULL, 2, "no", found,
                          FEATURES * CONTROLS),
          LAOT_INVALID_ARGUMENT, "neither a level nor a number");
  REFUSED(laot_model_at(model, NULL, NULL, NULL, NULL, 0, &part), LAOT_UNKNOWN_NAME, "first");
  REFUSED(laot_model_at(model, "first", NULL, NULL, NULL, 1, &part), LAOT_INVALID_ARGUMENT,
          "covariates is NULL");
  REFUSED(laot_model_text(own, "covariate.dose", NULL, 0, &needed), LAOT_UNKNOWN_NAME, "dose");
  REFUSED(laot_model_text(model, "covariate.dose", NULL, 0, &needed), LAOT_INVALID_ARGUMENT,
          "say which");
  laot_model_free(model);
  laot_model_free(own);
  laot_data_free(x);
  laot_data_free(b);
}

/* Cells that the host reads when they are wanted. */
struct reader {
  const double* values;
  size_t cells;
  const char* const* names;
  int reads, held, fails;
};

static int read_cells(void* payload, laot_data** cells) {
  struct reader* reader = payload;
  if (reader->fails) return 1;
  ++reader->reads;
  ++reader->held;
  *cells = dense(reader->values, reader->cells);
  if (reader->names) CHECK(laot_data_set_feature_names(*cells, reader->names, FEATURES) == LAOT_OK);
  return 0;
}

static int read_nothing(void* payload, laot_data** cells) {
  (void)payload;
  (void)cells;
  return 0;
}

static void let_go_cells(void* payload) {
  --((struct reader*)payload)->held;
}

static laot_experiment* of_readers(struct reader* first, struct reader* second) {
  laot_experiment* experiment = NULL;
  laot_data* x = dense(controls, CONTROLS);
  size_t index = 99;
  CHECK(laot_experiment_new(&experiment) == LAOT_OK);
  CHECK(laot_experiment_add_control(experiment, x, &index) == LAOT_OK);
  CHECK(laot_experiment_add_condition_later(experiment, "first", TREATED, read_cells, let_go_cells,
                                            first, 0, kNames, kFirst, kDoses, 2) == LAOT_OK);
  CHECK(laot_experiment_add_condition_later(experiment, "second", TREATED, read_cells, let_go_cells,
                                            second, 0, kNames, kSecond, kDoses, 2) == LAOT_OK);
  laot_data_free(x);
  return experiment;
}

static void test_later(laot_context* context, const laot_params* params) {
  static const char* const names[] = {"a", "b", "c"};
  static const char* const others[] = {"a", "b", "d"};
  struct reader a = {NULL, TREATED, NULL, 0, 0, 0}, b = {NULL, TREATED, NULL, 0, 0, 0};
  static double expected[FEATURES * CONTROLS], found[FEATURES * CONTROLS];
  laot_experiment *now = two_conditions(), *later = NULL;
  laot_model *model = NULL, *same = NULL;
  laot_data* x = dense(controls, CONTROLS);
  size_t index = 0;
  a.values = treated[0];
  b.values = treated[1];
  later = of_readers(&a, &b);
  CHECK(a.reads == 0);
  CHECK(laot_fit_experiment(context, params, now, &model) == LAOT_OK);
  CHECK(laot_fit_experiment(context, params, later, &same) == LAOT_OK);
  CHECK(a.reads == 1 && b.reads == 1 && a.held == 0 && b.held == 0);
  CHECK(laot_predict_at(context, model, x, "second", NULL, NULL, NULL, 0, "no", expected,
                        FEATURES * CONTROLS) == LAOT_OK);
  CHECK(laot_predict_at(context, same, x, "second", NULL, NULL, NULL, 0, "no", found,
                        FEATURES * CONTROLS) == LAOT_OK);
  CHECK(memcmp(expected, found, sizeof found) == 0);
  laot_model_free(same);
  b.fails = 1;
  same = NULL;
  REFUSED(laot_fit_experiment(context, params, later, &same), LAOT_CANCELLED,
          "condition \"second\" could not be read");
  CHECK(same == NULL && a.held == 0 && b.held == 0);
  b.fails = 0;
  b.cells = TREATED - 1;
  REFUSED(laot_fit_experiment(context, params, later, &same), LAOT_DIMENSION_MISMATCH,
          "was said to have 25 cells, and was read with 24");
  CHECK(b.held == 0);
  b.cells = TREATED;
  CHECK(laot_data_set_feature_names(x, names, FEATURES) == LAOT_OK);
  CHECK(laot_experiment_add_control(later, x, &index) == LAOT_OK);
  b.names = others;
  REFUSED(laot_fit_experiment(context, params, later, &same), LAOT_DIMENSION_MISMATCH,
          "feature 3 is \"c\"");
  CHECK(b.held == 0);
  REFUSED(laot_experiment_add_condition_later(NULL, "c", 5, read_cells, NULL, &a, 0, NULL, NULL,
                                              NULL, 0),
          LAOT_INVALID_ARGUMENT, "experiment");
  REFUSED(laot_experiment_add_condition_later(later, NULL, 5, read_cells, NULL, &a, 0, NULL, NULL,
                                              NULL, 0),
          LAOT_INVALID_ARGUMENT, "name");
  REFUSED(
      laot_experiment_add_condition_later(later, "c", 5, NULL, NULL, &a, 0, NULL, NULL, NULL, 0),
      LAOT_INVALID_ARGUMENT, "read is NULL");
  REFUSED(laot_experiment_add_condition_later(later, "c", 0, read_cells, NULL, &a, 0, NULL, NULL,
                                              NULL, 0),
          LAOT_INVALID_ARGUMENT, "condition \"c\" has no cells");
  REFUSED(laot_experiment_add_condition_later(later, "c", 5, read_cells, NULL, &a, 7, NULL, NULL,
                                              NULL, 0),
          LAOT_INVALID_ARGUMENT, "control must be below 2, found 7");
  laot_experiment_free(later);
  CHECK(laot_experiment_new(&later) == LAOT_OK);
  CHECK(laot_experiment_add_control(later, x, &index) == LAOT_OK);
  CHECK(laot_experiment_add_condition_later(later, "c", 5, read_nothing, NULL, NULL, 0, NULL, NULL,
                                            NULL, 0) == LAOT_OK);
  REFUSED(laot_fit_experiment(context, params, later, &same), LAOT_INVALID_ARGUMENT,
          "the cells that were read of condition \"c\" is NULL");
  laot_experiment_free(later);
  laot_experiment_free(now);
  laot_model_free(model);
  laot_data_free(x);
}

static void test_wrong_use(laot_context* context, const laot_params* params) {
  static const char* const other_names[] = {"a", "b", "d"};
  static const char* const names[] = {"a", "b", "c"};
  static const char* const twice[] = {"dose", "dose"};
  static const char* const mixed[] = {"high", NULL};
  static const char* const labels[] = {"x", "x", "x", "x", "x", "x", "x", "x", "x",
                                       "x", "x", "x", "x", "x", "x", "x", "x", "x",
                                       "x", "x", "x", "x", "x", "x", "x"};
  double nan_dose[] = {0.0, 0.0};
  double huge[FEATURES * TREATED];
  laot_experiment* experiment = NULL;
  laot_model* model = NULL;
  laot_data *x = dense(controls, CONTROLS), *a = dense(treated[0], TREATED);
  size_t index = 0, i;
  nan_dose[1] = nan("");
  REFUSED(laot_experiment_add_control(NULL, x, &index), LAOT_INVALID_ARGUMENT, "experiment");
  REFUSED(laot_experiment_new(NULL), LAOT_INVALID_ARGUMENT, "out");
  CHECK(laot_experiment_new(&experiment) == LAOT_OK);
  REFUSED(laot_fit_experiment(context, params, experiment, &model), LAOT_INVALID_ARGUMENT,
          "no control population");
  REFUSED(laot_experiment_add_condition(experiment, "c", a, 0, NULL, NULL, NULL, 0),
          LAOT_INVALID_ARGUMENT, "add the control population first");
  CHECK(laot_data_set_feature_names(x, names, FEATURES) == LAOT_OK);
  CHECK(laot_experiment_add_control(experiment, x, &index) == LAOT_OK);
  REFUSED(laot_fit_experiment(context, params, experiment, &model), LAOT_INVALID_ARGUMENT,
          "no condition");
  CHECK(laot_data_set_feature_names(a, other_names, FEATURES) == LAOT_OK);
  REFUSED(laot_experiment_add_condition(experiment, "c", a, 0, NULL, NULL, NULL, 0),
          LAOT_DIMENSION_MISMATCH, "\"d\"");
  REFUSED(laot_experiment_add_control(experiment, a, &index), LAOT_DIMENSION_MISMATCH, "\"d\"");
  CHECK(laot_data_set_feature_names(a, names, FEATURES) == LAOT_OK);
  REFUSED(laot_experiment_add_condition(experiment, "c", a, 0, twice, mixed, kDoses, 2),
          LAOT_INVALID_ARGUMENT, "levels and numbers");
  CHECK(laot_experiment_add_condition(experiment, "c", a, 0, kNames, kFirst, nan_dose, 2) ==
        LAOT_OK);
  REFUSED(laot_fit_experiment(context, params, experiment, &model), LAOT_NOT_FINITE, "dose");
  laot_experiment_free(experiment);

  CHECK(laot_experiment_new(&experiment) == LAOT_OK);
  CHECK(laot_experiment_add_control(experiment, x, &index) == LAOT_OK);
  CHECK(laot_data_set_batch(a, labels, TREATED) == LAOT_OK);
  CHECK(laot_experiment_add_condition(experiment, "c", a, 0, NULL, NULL, NULL, 0) == LAOT_OK);
  REFUSED(laot_fit_experiment(context, params, experiment, &model), LAOT_DIMENSION_MISMATCH,
          "batch");
  laot_experiment_free(experiment);
  laot_data_free(a);

  for (i = 0; i < FEATURES * TREATED; ++i) huge[i] = i % 2 ? 1e200 : -1e200;
  a = dense(huge, TREATED);
  CHECK(laot_experiment_new(&experiment) == LAOT_OK);
  CHECK(laot_experiment_add_control(experiment, x, &index) == LAOT_OK);
  CHECK(laot_experiment_add_condition(experiment, "c", a, 0, NULL, NULL, NULL, 0) == LAOT_OK);
  REFUSED(laot_fit_experiment(context, params, experiment, &model), LAOT_NUMERICAL_FAILURE,
          "rescale");
  laot_experiment_free(experiment);
  laot_experiment_free(experiment); /* twice does nothing */
  CHECK(strstr(laot_last_error(), "experiment is no laot_experiment that is in use") != NULL);
  laot_experiment_free(NULL);
  REFUSED(laot_fit_experiment(context, params, NULL, &model), LAOT_INVALID_ARGUMENT, "experiment");
  laot_data_free(a);
  laot_data_free(x);
}

/* The model of A and B carries to C, which has a place and no cells. */
static void test_embedding(laot_context* context) {
  static const char* const levels[] = {"A", "B", "C"};
  static const char* const third[] = {"C", NULL};
  static const char* const again[] = {"A", "B", "A"};
  static const double places[] = {0.0, 1.0, 1.0, 0.0, 0.5, 0.5};
  static double moved[FEATURES * CONTROLS];
  laot_experiment* experiment = two_conditions();
  laot_params* params = NULL;
  laot_model *model = NULL, *at = NULL;
  laot_data* x = dense(controls, CONTROLS);
  char kind[32];
  size_t i, needed = 0;
  CHECK(laot_params_new("regressed_shift", &params) == LAOT_OK);
  CHECK(laot_fit_experiment(context, params, experiment, &model) == LAOT_OK);
  REFUSED(laot_model_at(model, "", kNames, third, kDoses, 2, &at), LAOT_UNKNOWN_NAME,
          "fit with an embedding that has it");
  laot_model_free(model);
  REFUSED(laot_experiment_add_embedding(NULL, "drug", levels, 3, places, 2), LAOT_INVALID_ARGUMENT,
          "experiment");
  REFUSED(laot_experiment_add_embedding(experiment, NULL, levels, 3, places, 2),
          LAOT_INVALID_ARGUMENT, "covariate");
  REFUSED(laot_experiment_add_embedding(experiment, "drug", NULL, 3, places, 2),
          LAOT_INVALID_ARGUMENT, "levels");
  REFUSED(laot_experiment_add_embedding(experiment, "drug", levels, 3, NULL, 2),
          LAOT_INVALID_ARGUMENT, "coordinates");
  REFUSED(laot_experiment_add_embedding(experiment, "drug", levels, 3, places, SIZE_MAX / 16),
          LAOT_INVALID_ARGUMENT, "more than memory has addresses");
  REFUSED(laot_experiment_add_embedding(experiment, "drug", levels, 3, places, 0),
          LAOT_INVALID_ARGUMENT, "0 coordinates of 3 levels");
  CHECK(laot_experiment_add_embedding(experiment, "drug", levels, 3, places, 2) == LAOT_OK);
  REFUSED(laot_experiment_add_embedding(experiment, "drug", levels, 3, places, 2),
          LAOT_INVALID_ARGUMENT, "has an embedding already");
  CHECK(laot_fit_experiment(context, params, experiment, &model) == LAOT_OK);
  CHECK(laot_model_at(model, "", kNames, third, kDoses, 2, &at) == LAOT_OK);
  CHECK(laot_report_text(at, "kind", kind, sizeof kind, &needed) == LAOT_OK);
  CHECK(strcmp(kind, "unseen_level") == 0);
  CHECK(laot_predict_at(context, model, x, "", kNames, third, kDoses, 2, "no", moved,
                        FEATURES * CONTROLS) == LAOT_OK);
  for (i = 0; i < FEATURES * CONTROLS; ++i) CHECK(isfinite(moved[i]));
  CHECK(fabs(moved[0] - controls[0]) > 1e-3);
  laot_model_free(at);
  laot_model_free(model);
  laot_experiment_free(experiment);
  experiment = two_conditions();
  CHECK(laot_experiment_add_embedding(experiment, "drug", again, 3, places, 2) == LAOT_OK);
  REFUSED(laot_fit_experiment(context, params, experiment, &model), LAOT_INVALID_ARGUMENT, "\"A\"");
  laot_experiment_free(experiment);
  laot_params_free(params);
  laot_data_free(x);
}

/* Names of the cells that were there before a selection would be those of others. */
static void test_selected(laot_context* context) {
  laot_experiment* experiment = NULL;
  laot_params* params = NULL;
  laot_model* model = NULL;
  laot_data *x = dense(controls, CONTROLS), *y = dense(treated[0], TREATED);
  const char* names[CONTROLS];
  size_t kept[20], i;
  for (i = 0; i < CONTROLS; ++i) names[i] = "cell";
  for (i = 0; i < 20; ++i) kept[i] = i;
  CHECK(laot_data_set_cell_names(x, names, CONTROLS) == LAOT_OK);
  CHECK(laot_data_select_cells(x, kept, 20) == LAOT_OK);
  CHECK(laot_experiment_new(&experiment) == LAOT_OK);
  CHECK(laot_experiment_add_control(experiment, x, &i) == LAOT_OK);
  CHECK(laot_experiment_add_condition(experiment, "only", y, 0, NULL, NULL, NULL, 0) == LAOT_OK);
  CHECK(laot_params_new("mean_shift", &params) == LAOT_OK);
  CHECK(laot_fit_experiment(context, params, experiment, &model) == LAOT_OK);
  laot_model_free(model);
  laot_params_free(params);
  laot_experiment_free(experiment);
  laot_data_free(x);
  laot_data_free(y);
}

/* A condition that is left out is asked for by its name, and stands in the file. */
static void test_hold_out(laot_context* context) {
  laot_experiment* experiment = two_conditions();
  laot_params* params = NULL;
  laot_model* model = NULL;
  char text[256], first[64], second[64];
  size_t needed = 0;
  CHECK(laot_params_new("regressed_shift", &params) == LAOT_OK);
  CHECK(laot_fit_experiment(context, params, experiment, &model) == LAOT_OK);
  CHECK(laot_model_names(model, "held_out", text, sizeof text, &needed) == LAOT_OK);
  CHECK(strcmp(text, "") == 0);
  CHECK(laot_model_names(model, "conditions", text, sizeof text, &needed) == LAOT_OK);
  CHECK(sscanf(text, "%63[^\n]\n%63[^\n]", first, second) == 2);
  laot_model_free(model);
  REFUSED(laot_experiment_hold_out(NULL, second), LAOT_INVALID_ARGUMENT, "experiment");
  REFUSED(laot_experiment_hold_out(experiment, NULL), LAOT_INVALID_ARGUMENT, "condition");
  REFUSED(laot_experiment_hold_out(experiment, ""), LAOT_INVALID_ARGUMENT, "condition is empty");
  REFUSED(laot_experiment_hold_out(experiment, "\xb5m"), LAOT_INVALID_ARGUMENT, "is not UTF-8");
  CHECK(laot_experiment_hold_out(experiment, second) == LAOT_OK);
  REFUSED(laot_experiment_hold_out(experiment, second), LAOT_INVALID_ARGUMENT,
          "is held out already");
  CHECK(laot_fit_experiment(context, params, experiment, &model) == LAOT_OK);
  CHECK(laot_model_names(model, "held_out", text, sizeof text, &needed) == LAOT_OK);
  CHECK(strcmp(text, second) == 0);
  CHECK(laot_model_names(model, "conditions", text, sizeof text, &needed) == LAOT_OK);
  CHECK(strcmp(text, first) == 0);
  laot_model_free(model);
  CHECK(laot_experiment_hold_out(experiment, "none") == LAOT_OK);
  REFUSED(laot_fit_experiment(context, params, experiment, &model), LAOT_UNKNOWN_NAME, "\"none\"");
  laot_experiment_free(experiment);
  experiment = two_conditions();
  CHECK(laot_experiment_hold_out(experiment, first) == LAOT_OK &&
        laot_experiment_hold_out(experiment, second) == LAOT_OK);
  REFUSED(laot_fit_experiment(context, params, experiment, &model), LAOT_INVALID_ARGUMENT,
          "leave one to fit");
  laot_experiment_free(experiment);
  laot_params_free(params);
}

/* Patients with control cells of their own, and one that has no others. */
static void test_placed_by_controls(laot_context* context) {
  static const char* const covariate[] = {"patient"};
  static const char* const patients[] = {"p0", "p1", "new"};
  laot_experiment* experiment = NULL;
  laot_params* params = NULL;
  laot_model *model = NULL, *at = NULL;
  laot_data *x = dense(controls, CONTROLS), *a = dense(treated[0], TREATED),
            *b = dense(treated[1], TREATED);
  const size_t length = FEATURES * CONTROLS;
  double through[FEATURES * CONTROLS], direct[FEATURES * CONTROLS];
  laot_data *patient[2], *other = NULL;
  char text[64];
  size_t index = 0, needed = 0, p;
  patient[0] = a;
  patient[1] = b;
  CHECK(laot_experiment_new(&experiment) == LAOT_OK);
  for (p = 0; p < 2; ++p) {
    CHECK(laot_experiment_add_control(experiment, patient[p], &index) == LAOT_OK);
    CHECK(laot_experiment_add_condition(experiment, patients[p], x, index, covariate, &patients[p],
                                        NULL, 1) == LAOT_OK);
  }
  REFUSED(laot_experiment_place_by_controls(NULL, "patient"), LAOT_INVALID_ARGUMENT, "experiment");
  REFUSED(laot_experiment_place_by_controls(experiment, NULL), LAOT_INVALID_ARGUMENT, "covariate");
  CHECK(laot_experiment_place_by_controls(experiment, "patient") == LAOT_OK);
  REFUSED(laot_experiment_place_by_controls(experiment, "patient"), LAOT_INVALID_ARGUMENT,
          "has an embedding already");
  CHECK(laot_params_new("regressed_shift", &params) == LAOT_OK);
  CHECK(laot_fit_experiment(context, params, experiment, &model) == LAOT_OK);
  CHECK(laot_model_names(model, "placed_by_controls", text, sizeof text, &needed) == LAOT_OK);
  CHECK(strcmp(text, "patient") == 0);
  REFUSED(laot_model_at(model, NULL, covariate, &patients[2], NULL, 1, &at), LAOT_UNKNOWN_NAME,
          "placed by its control cells");
  REFUSED(laot_model_at_controls(context, model, NULL, NULL, covariate, &patients[2], NULL, 1, &at),
          LAOT_INVALID_ARGUMENT, "controls");
  CHECK(laot_model_at_controls(context, model, x, NULL, covariate, &patients[2], NULL, 1, &at) ==
        LAOT_OK);
  CHECK(laot_report_text(at, "kind", text, sizeof text, &needed) == LAOT_OK);
  CHECK(strcmp(text, "unseen_context") == 0);
  CHECK(laot_predict(context, at, x, "no", through, length) == LAOT_OK);
  CHECK(laot_predict_at(context, model, x, NULL, covariate, &patients[2], NULL, 1, "no", direct,
                        length) == LAOT_OK);
  CHECK(memcmp(through, direct, sizeof direct) == 0);
  laot_model_free(at);
  CHECK(laot_data_dense(controls, 2, CONTROLS, 2, &other) == LAOT_OK);
  REFUSED(
      laot_model_at_controls(context, model, other, NULL, covariate, &patients[2], NULL, 1, &at),
      LAOT_DIMENSION_MISMATCH, "the model was fitted on 3 features, found 2");
  laot_data_free(other);
  for (p = 0; p < FEATURES * CONTROLS; ++p) through[p] = controls[p];
  through[4] = NAN;
  other = dense(through, CONTROLS);
  REFUSED(
      laot_model_at_controls(context, model, other, NULL, covariate, &patients[2], NULL, 1, &at),
      LAOT_NOT_FINITE, "control has NaN at feature 2, cell 2");
  laot_data_free(other);
  REFUSED(laot_model_at_controls(context, model, x, "none", NULL, NULL, NULL, 0, &at),
          LAOT_UNKNOWN_NAME, "none");
  /* One that was seen needs no cells, and pays no regard to them. */
  CHECK(laot_model_at_controls(context, model, x, "p0", NULL, NULL, NULL, 0, &at) == LAOT_OK);
  CHECK(laot_report_text(at, "kind", text, sizeof text, &needed) == LAOT_OK);
  CHECK(strcmp(text, "seen") == 0);
  laot_model_free(at);
  laot_model_free(model);
  laot_params_free(params);
  laot_experiment_free(experiment);
  laot_data_free(x);
  laot_data_free(a);
  laot_data_free(b);
}

/* The arrays fit together, a seed gives the same screen, and the truth is what no noise leaves. */
static void test_screen(laot_context* context) {
  laot_findings *screen = NULL, *other = NULL;
  laot_table *training = NULL, *test = NULL;
  static double one[3 * 10], two[3 * 10];
  size_t rows = 0, cols = 0, conditions = 0, tests = 0, columns = 0;
  CHECK(laot_simulate_screen(context, 3, 12, 8, 10, 1.0, 0.15, &screen) == LAOT_OK);
  CHECK(laot_simulate_screen(context, 3, 12, 8, 10, 1.0, 0.15, &other) == LAOT_OK);
  CHECK(laot_findings_array(screen, "new_control", one, 30) == LAOT_OK);
  CHECK(laot_findings_array(other, "new_control", two, 30) == LAOT_OK);
  CHECK(memcmp(one, two, sizeof one) == 0);
  CHECK(laot_findings_table(screen, "training", &training) == LAOT_OK);
  CHECK(laot_findings_table(screen, "test", &test) == LAOT_OK);
  CHECK(laot_table_size(training, &conditions, &columns) == LAOT_OK);
  CHECK(columns == 4);
  CHECK(conditions == 8 * 4 - 8 + 8);
  CHECK(laot_table_size(test, &tests, &columns) == LAOT_OK);
  CHECK(tests == 8 + 8 + 2 * 4 + 8);
  CHECK(laot_findings_array_size(screen, "treated", &rows, &cols) == LAOT_OK);
  CHECK(rows == 3 && cols == 8 * conditions);
  CHECK(laot_findings_array_size(screen, "test_truth", &rows, &cols) == LAOT_OK);
  CHECK(rows == 3 && cols == 10 * tests);
  CHECK(laot_findings_array_size(screen, "embedding", &rows, &cols) == LAOT_OK);
  CHECK(rows == 8 && cols == 12);
  laot_table_free(training);
  laot_table_free(test);
  laot_findings_free(screen);
  laot_findings_free(other);
  REFUSED(laot_simulate_screen(context, 3, 12, 8, 10, 1.0, 0.15, NULL), LAOT_INVALID_ARGUMENT,
          "out");
  REFUSED(laot_simulate_screen(NULL, 3, 12, 8, 10, 1.0, 0.15, &screen), LAOT_INVALID_ARGUMENT,
          "context");
  REFUSED(laot_simulate_screen(context, 3, 4, 8, 10, 1.0, 0.15, &screen), LAOT_INVALID_ARGUMENT,
          "drugs");
  REFUSED(laot_simulate_screen(context, 3, 12, 8, 10, 1.0, -0.1, &screen), LAOT_INVALID_ARGUMENT,
          "noise");
  REFUSED(laot_simulate_screen(context, 1000000, 20, 1000000, 10, 1.0, 0.1, &screen),
          LAOT_OUT_OF_MEMORY, "a screen of 20 drugs");
}

/* Effects that switch with the cell move it elsewhere; the cells are the same. */
static void test_switches(laot_context* context) {
  static const double kappas[] = {0.0, 1.0};
  static double cells[2][3 * 10], truth[2][3 * 10 * 32];
  laot_findings* screen = NULL;
  size_t k, p, differ = 0;
  for (k = 0; k < 2; ++k) {
    CHECK(laot_simulate_screen(context, 3, 12, 8, 10, kappas[k], 0.0, &screen) == LAOT_OK);
    CHECK(laot_findings_array(screen, "new_control", cells[k], 30) == LAOT_OK);
    CHECK(laot_findings_array(screen, "test_truth", truth[k], 3 * 10 * 32) == LAOT_OK);
    laot_findings_free(screen);
  }
  for (p = 0; p < 3 * 10 * 32; ++p)
    if (truth[0][p] != truth[1][p]) ++differ;
  CHECK(memcmp(cells[0], cells[1], sizeof cells[0]) == 0);
  CHECK(differ > 3 * 10 * 16);
}

/* Columns of labelled cells: two conditions, the control cells of each of their own line. */
static void test_columns(void) {
  static const char* const labels[] = {"none", "a", "b", NULL, "none", "b"};
  static const char* const targets[] = {"b", "a"};
  static const size_t at[] = {0, 1, 2, 4, 5, 1, 2, 5, 0, 4};
  static const char* const names[] = {"line", "line", "line", "line", "line",
                                      "dose", "dose", "dose", "dose", "dose"};
  static const char* const levels[] = {"x", "x", "y", "y", "y", NULL, NULL, NULL, NULL, NULL};
  double numbers[] = {NAN, NAN, NAN, NAN, NAN, 1.0, 2.5, 2.5, 0.0, NAN};
  laot_table *of_conditions = NULL, *of_controls = NULL;
  size_t control_of[2] = {9, 9}, rows, columns;
  double found[4];
  CHECK(laot_read_conditions(labels, 6, "none", targets, 2, at, names, levels, numbers, 10, NULL,
                             NULL, &of_conditions, &of_controls, control_of) == LAOT_OK);
  CHECK(control_of[0] == 0 && control_of[1] == 1);
  CHECK(laot_table_size(of_conditions, &rows, &columns) == LAOT_OK && rows == 4 && columns == 4);
  CHECK(laot_table_numbers(of_conditions, "number", found, 4) == LAOT_OK);
  CHECK(isnan(found[0]) && found[1] == 2.5 && isnan(found[2]) && found[3] == 1.0);
  CHECK(laot_table_size(of_controls, &rows, &columns) == LAOT_OK && rows == 2 && columns == 2);
  CHECK(laot_table_numbers(of_controls, "cell", found, 2) == LAOT_OK);
  CHECK(found[0] == 4.0 && found[1] == 0.0);
  laot_table_free(of_conditions);
  laot_table_free(of_controls);
  of_conditions = NULL;
  numbers[8] = 3.0;
  REFUSED(laot_read_conditions(labels, 6, "none", targets, 2, at, names, levels, numbers, 10, NULL,
                               "NA", &of_conditions, &of_controls, control_of),
          LAOT_INVALID_ARGUMENT, "control cells must have dose 0 or NA");
  CHECK(of_conditions == NULL);
  REFUSED(laot_read_conditions(NULL, 6, "none", targets, 2, at, names, levels, numbers, 10, NULL,
                               NULL, &of_conditions, &of_controls, control_of),
          LAOT_INVALID_ARGUMENT, "labels is NULL");
  REFUSED(laot_read_conditions(labels, 6, "none", targets, 2, NULL, names, levels, numbers, 10,
                               NULL, NULL, &of_conditions, &of_controls, control_of),
          LAOT_INVALID_ARGUMENT, "at is NULL");
  static const char* const latin1[] = {"b", "\xe9"};
  REFUSED(laot_read_conditions(labels, 6, "none", latin1, 2, at, names, levels, numbers, 10, NULL,
                               NULL, &of_conditions, &of_controls, control_of),
          LAOT_INVALID_ARGUMENT, "targets[1] (\"\\xe9\") is not UTF-8");
  REFUSED(laot_read_conditions(labels, 6, "\xe9", targets, 2, at, names, levels, numbers, 10, NULL,
                               NULL, &of_conditions, &of_controls, control_of),
          LAOT_INVALID_ARGUMENT, "control");
  REFUSED(laot_read_conditions(labels, 6, "none", targets, 2, at, names, levels, numbers, 10,
                               "\xe9", NULL, &of_conditions, &of_controls, control_of),
          LAOT_INVALID_ARGUMENT, "combine");
  REFUSED(laot_read_conditions(labels, 6, "none", targets, 2, at, names, levels, numbers, 10, NULL,
                               "\xe9", &of_conditions, &of_controls, control_of),
          LAOT_INVALID_ARGUMENT, "missing");
}

/* The place of a value names its condition as far as there is room, and cuts no letter. */
static void test_place_in_a_long_name(laot_context* context, const laot_params* params) {
  laot_experiment* experiment = two_conditions();
  laot_model* model = NULL;
  double bad[FEATURES * TREATED];
  char name[82] = "a";
  const double seventh[2] = {0.0, 7.0};
  const char* place;
  laot_data* data;
  size_t i;
  memcpy(bad, treated[0], sizeof bad);
  bad[4] = NAN;
  for (i = 0; i < 40; ++i) memcpy(name + 1 + 2 * i, "\xc3\xa9", 2);
  data = dense(bad, TREATED);
  CHECK(laot_experiment_add_condition(experiment, name, data, 0, kNames, kFirst, seventh, 2) ==
        LAOT_OK);
  REFUSED(laot_fit_experiment(context, params, experiment, &model), LAOT_NOT_FINITE, "NaN");
  place = laot_last_error_place(NULL, NULL, NULL);
  CHECK(strncmp(place, "condition \"a\xc3\xa9", 14) == 0 && strlen(place) > 50);
  for (i = 12; place[i] != '\0'; i += 2) CHECK(memcmp(place + i, "\xc3\xa9", 2) == 0);
  laot_data_free(data);
  laot_experiment_free(experiment);
}

int main(void) {
  laot_context* context = NULL;
  laot_params* params = NULL;
  make_cells();
  CHECK(laot_context_new(&context) == LAOT_OK);
  CHECK(laot_params_new("laot", &params) == LAOT_OK);
  test_fit(context, params);
  test_evaluation(context, params);
  test_one_condition(context);
  test_later(context, params);
  test_wrong_use(context, params);
  test_embedding(context);
  test_selected(context);
  test_hold_out(context);
  test_placed_by_controls(context);
  test_screen(context);
  test_switches(context);
  test_columns();
  test_place_in_a_long_name(context, params);
  laot_params_free(params);
  laot_context_free(context);
  return counted();
}
