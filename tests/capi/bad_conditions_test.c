/* Experiments as users get them wrong: every one is refused, or told, in a sentence that names the
 * condition, level or parameter, says what was found and what to do; predictions are finite. */
#include <math.h>
#include <stdlib.h>

#include "check.h"

enum { FEATURES = 3, CONTROLS = 40, TREATED = 24, CONDITIONS = 6 };

static laot_context* context = NULL;
static double controls[FEATURES * CONTROLS];
static double treated[CONDITIONS][FEATURES * TREATED];

/* Drugs A, B and C at doses 1 and 10. */
static const char* const kConditions[] = {"A 1", "A 10", "B 1", "B 10", "C 1", "C 10"};
static const char* const kDrugs[] = {"A", "A", "B", "B", "C", "C"};
static const double kDoses[] = {1, 10, 1, 10, 1, 10};
static const char* const kDrugDose[] = {"drug", "dose"};

static double wave(size_t i) {
  return sin(0.7 * (double)(i * i % 1009));
}

static void make_cells(void) {
  size_t i, c;
  for (i = 0; i < FEATURES * CONTROLS; ++i) controls[i] = wave(i);
  for (c = 0; c < CONDITIONS; ++c)
    for (i = 0; i < FEATURES * TREATED; ++i)
      treated[c][i] =
          wave(3 * i + 1000 * (c + 1)) + (i % FEATURES == c / 2 ? log1p(kDoses[c]) : 0.0);
}

static laot_data* dense(const double* values, size_t cells) {
  laot_data* data = NULL;
  CHECK(laot_data_dense(values, FEATURES, cells, FEATURES, &data) == LAOT_OK);
  return data;
}

static laot_experiment* empty(void) {
  laot_experiment* out = NULL;
  laot_data* x = dense(controls, CONTROLS);
  size_t index = 0;
  CHECK(laot_experiment_new(&out) == LAOT_OK);
  CHECK(laot_experiment_add_control(out, x, &index) == LAOT_OK);
  laot_data_free(x);
  return out;
}

/* A condition of these covariates; of a name the level is of the drug, else the number of the dose.
 */
static void add(laot_experiment* to, const char* name, const double* cells, size_t count,
                const char* const* names, const char* const* levels, const double* numbers,
                size_t covariates) {
  laot_data* y = dense(cells, count);
  CHECK(laot_experiment_add_condition(to, name, y, 0, names, levels, numbers, covariates) ==
        LAOT_OK);
  laot_data_free(y);
}

static void add_usual(laot_experiment* to, size_t c) {
  const char* levels[2] = {NULL, NULL};
  double numbers[2] = {0, 0};
  levels[0] = kDrugs[c];
  numbers[1] = kDoses[c];
  add(to, kConditions[c], treated[c], TREATED, kDrugDose, levels, numbers, 2);
}

static laot_experiment* usual(size_t count) {
  laot_experiment* out = empty();
  size_t c;
  for (c = 0; c < count; ++c) add_usual(out, c);
  return out;
}

static laot_params* params_of(const char* method) {
  laot_params* out = NULL;
  CHECK(laot_params_new(method, &out) == LAOT_OK);
  if (strcmp(method, "cmonge") == 0 || strcmp(method, "cpa") == 0)
    CHECK(laot_params_set_text(out, "iterations", "30") == LAOT_OK &&
          laot_params_set_text(out, "check_every", "10") == LAOT_OK);
  return out;
}

/* The fit is refused with the code and the words. */
static void refused(laot_experiment* experiment, const char* method, laot_status code,
                    const char* words) {
  laot_params* params = params_of(method);
  laot_model* model = NULL;
  REFUSED(laot_fit_experiment(context, params, experiment, &model), code, words);
  CHECK(model == NULL);
  laot_params_free(params);
  laot_experiment_free(experiment);
}

static laot_model* fitted(laot_experiment* experiment, const char* method, const char* name,
                          const char* value) {
  laot_params* params = params_of(method);
  laot_model* model = NULL;
  if (name != NULL) CHECK(laot_params_set_text(params, name, value) == LAOT_OK);
  CHECK(laot_fit_experiment(context, params, experiment, &model) == LAOT_OK);
  laot_params_free(params);
  laot_experiment_free(experiment);
  return model;
}

static void check_warning(const laot_model* model, const char* words) {
  char text[2048];
  size_t needed = 0;
  CHECK(laot_report_text(model, "warning", text, sizeof text, &needed) == LAOT_OK);
  if (strstr(text, words) == NULL) printf("warning: %s\n", text);
  CHECK(strstr(text, words) != NULL);
  CHECK(strchr(text, '\n') == NULL);
}

static void refused_at(const laot_model* model, const char* drug, const char* level_as_dose,
                       double dose, laot_status code, const char* words) {
  const char* levels[2] = {NULL, NULL};
  double numbers[2] = {0, 0};
  laot_model* at = NULL;
  levels[0] = drug;
  levels[1] = level_as_dose;
  numbers[1] = dose;
  REFUSED(laot_model_at(model, NULL, kDrugDose, levels, numbers, 2, &at), code, words);
  CHECK(at == NULL);
}

static void check_finite(const laot_model* model, const char* drug, double dose) {
  static double moved[FEATURES * CONTROLS];
  const char* levels[2] = {NULL, NULL};
  double numbers[2] = {0, 0};
  laot_data* x = dense(controls, CONTROLS);
  size_t i;
  levels[0] = drug;
  numbers[1] = dose;
  CHECK(laot_predict_at(context, model, x, NULL, kDrugDose, levels, numbers, 2, "no", moved,
                        FEATURES * CONTROLS) == LAOT_OK);
  for (i = 0; i < FEATURES * CONTROLS; ++i) CHECK(isfinite(moved[i]));
  laot_data_free(x);
}

static const char* const kMany[] = {"conditional_laot", "conditional_gaussian",
                                    "regressed_shift",  "nearest_shift",
                                    "cmonge",           "cpa"};
enum { MANY = sizeof kMany / sizeof kMany[0] };

static void test_levels(void) {
  static const char* const two[] = {"A", "b"};
  static const char* const all[] = {"A", "B", "C"};
  static const double places[] = {0, 1, 1, 0};
  double table[] = {0, 1, 5, 1, 0, 5, 0, 1, 5};
  laot_experiment* experiment;
  laot_model* model;
  size_t m;
  for (m = 0; m < MANY; ++m) {
    experiment = usual(6);
    CHECK(laot_experiment_add_embedding(experiment, "drug", two, 2, places, 2) == LAOT_OK);
    refused(experiment, kMany[m], LAOT_UNKNOWN_NAME,
            "the embedding of \"drug\" has no row for B, C; the nearest name that it has is \"b\"");
    model = fitted(usual(6), kMany[m], NULL, NULL);
    refused_at(model, "c", NULL, 3, LAOT_UNKNOWN_NAME,
               "knows no level of \"drug\" \"c\" (the nearest is C); to predict at a level without "
               "cells, fit with an embedding that has it");
    laot_model_free(model);
    /* The third coordinate is the same for all, and A cannot be told from C. */
    experiment = usual(6);
    CHECK(laot_experiment_add_embedding(experiment, "drug", all, 3, table, 3) == LAOT_OK);
    model = fitted(experiment, kMany[m], NULL, NULL);
    check_warning(model, "coordinates of \"drug\" that do not vary are left out: 3");
    check_warning(model, "the embedding of \"drug\" cannot tell A and C apart");
    check_finite(model, "B", 3);
    laot_model_free(model);
  }
  table[4] = nan("");
  experiment = usual(6);
  CHECK(laot_experiment_add_embedding(experiment, "drug", all, 3, table, 3) == LAOT_OK);
  refused(experiment, "conditional_laot", LAOT_NOT_FINITE,
          "the embedding of \"drug\" has NaN at coordinate 2 of level \"B\"");
  table[4] = -HUGE_VAL;
  experiment = usual(6);
  CHECK(laot_experiment_add_embedding(experiment, "drug", all, 3, table, 3) == LAOT_OK);
  refused(experiment, "cmonge", LAOT_NOT_FINITE,
          "the embedding of \"drug\" has Inf at coordinate 2 of level \"B\"");
  model = fitted(usual(6), "conditional_laot", "embedding", "effect");
  refused_at(model, "D", NULL, 3, LAOT_UNKNOWN_NAME,
             "an embedding by effect places a level by its treated cells, so to predict at one "
             "without, fit with an embedding that has it");
  laot_model_free(model);
}

static void test_doses(void) {
  static const char* const text[] = {"D", "much"};
  static const char* const drug[] = {"D", NULL};
  double numbers[2] = {0, 0};
  laot_experiment* experiment;
  laot_model *model, *at = NULL;
  laot_params* params;
  const char* levels[2] = {"A", NULL};
  size_t m;
  for (m = 0; m < MANY; ++m) {
    numbers[1] = -2;
    experiment = usual(6);
    add(experiment, "D", treated[0], TREATED, kDrugDose, drug, numbers, 2);
    /* A number that may be below 0 is no dose: it is a coordinate of the context. */
    model = fitted(experiment, kMany[m], NULL, NULL);
    check_finite(model, "A", -1);
    laot_model_free(model);
    numbers[1] = nan("");
    experiment = usual(6);
    add(experiment, "D", treated[0], TREATED, kDrugDose, drug, numbers, 2);
    refused(experiment, kMany[m], LAOT_NOT_FINITE,
            "covariate \"dose\" of condition \"D\" is NaN; it must be a finite number");
    experiment = usual(6);
    add(experiment, "D", treated[0], TREATED, kDrugDose, text, numbers, 2);
    refused(
        experiment, kMany[m], LAOT_INVALID_ARGUMENT,
        "covariate \"dose\" is a number in one condition and a level in another (\"D\", \"A 1\")");
    model = fitted(usual(6), kMany[m], NULL, NULL);
    refused_at(model, "A", NULL, -1, LAOT_INVALID_ARGUMENT,
               "a dose must be 0 or a positive number, found -1");
    refused_at(model, "A", NULL, nan(""), LAOT_NOT_FINITE, "\"dose\"");
    refused_at(model, "A", "much", 0, LAOT_INVALID_ARGUMENT,
               "\"dose\" is a number in this model, and a level was given (drug = A, dose = much)");
    refused_at(model, NULL, NULL, 3, LAOT_INVALID_ARGUMENT,
               "\"drug\" has levels in this model, and a number was given (drug = 0, dose = 3)");
    check_finite(model, "A", 0);
    /* Beyond the range: predicted, and told. */
    numbers[1] = 50;
    CHECK(laot_model_at(model, NULL, kDrugDose, levels, numbers, 2, &at) == LAOT_OK);
    check_warning(at, "a dose of 50 lies beyond those that were seen, 1 to 10");
    laot_model_free(at);
    check_finite(model, "A", 50);
    laot_model_free(model);
  }
  /* Dose 0 has no logarithm. */
  numbers[1] = 0;
  experiment = usual(6);
  add(experiment, "D", treated[0], TREATED, kDrugDose, drug, numbers, 2);
  params = params_of("cmonge");
  CHECK(laot_params_set_text(params, "dose_scale", "log") == LAOT_OK);
  REFUSED(laot_fit_experiment(context, params, experiment, &model), LAOT_INVALID_ARGUMENT,
          "a dose of 0 has no logarithm; fit with dose_scale = relative");
  laot_params_free(params);
  laot_experiment_free(experiment);
}

static void test_cells(void) {
  static const char* const drug[] = {"D", NULL};
  static const double numbers[] = {0, 3};
  laot_experiment* experiment;
  laot_model* model;
  size_t m;
  for (m = 0; m < MANY; ++m) {
    experiment = usual(6);
    add(experiment, "none", treated[0], 0, kDrugDose, drug, numbers, 2);
    refused(experiment, kMany[m], LAOT_INVALID_ARGUMENT,
            "condition \"none\" is empty: it has 3 features and 0 cells");
    experiment = usual(6);
    add(experiment, "few", treated[0], 3, kDrugDose, drug, numbers, 2);
    if (m >= 4) {
      refused(experiment, kMany[m], LAOT_INVALID_ARGUMENT,
              "condition \"few\" has 3 treated and 40 control cells");
    } else {
      model = fitted(experiment, kMany[m], NULL, NULL);
      check_finite(model, "D", 3);
      laot_model_free(model);
    }
    experiment = usual(6);
    add(experiment, "untreated", controls, CONTROLS, kDrugDose, drug, numbers, 2);
    refused(experiment, kMany[m], LAOT_INVALID_ARGUMENT,
            "condition \"untreated\" has the cells of its control population; leave it out");
    /* One condition teaches nothing of others. */
    model = fitted(usual(1), kMany[m], NULL, NULL);
    check_warning(model, "there is one condition: nothing can be learnt of another");
    laot_model_free(model);
  }
}

static void test_batches(void) {
  static const char *of_controls[CONTROLS], *of_treated[TREATED];
  laot_experiment* experiment = NULL;
  laot_data *x = dense(controls, CONTROLS), *y = dense(treated[0], TREATED);
  laot_params* params = params_of("laot");
  laot_model* model = NULL;
  size_t i, index = 0;
  for (i = 0; i < CONTROLS; ++i) of_controls[i] = i % 2 ? "donor 1" : "donor 2";
  for (i = 0; i < TREATED; ++i) of_treated[i] = i % 2 ? "donor 1" : "donor 3";
  CHECK(laot_data_set_batch(x, of_controls, CONTROLS) == LAOT_OK);
  CHECK(laot_data_set_batch(y, of_treated, TREATED) == LAOT_OK);
  CHECK(laot_experiment_new(&experiment) == LAOT_OK);
  CHECK(laot_experiment_add_control(experiment, x, &index) == LAOT_OK);
  CHECK(laot_experiment_add_condition(experiment, "A 1", y, 0, NULL, NULL, NULL, 0) == LAOT_OK);
  REFUSED(laot_fit_experiment(context, params, experiment, &model), LAOT_INVALID_ARGUMENT,
          "donor 3");
  laot_experiment_free(experiment);
  laot_params_free(params);
  laot_data_free(x);
  laot_data_free(y);
}

static void test_combinations(void) {
  static const char* const names[] = {"drug", "drug", "dose", "dose", "dose"};
  static const char* const pair[] = {"A", "B", NULL, NULL, NULL};
  static const double doses[] = {0, 0, 1, 10, 1};
  static const char* const of_line[] = {"drug", "drug", "dose", "line", "line"};
  static const char* const two_lines[] = {"A", "B", NULL, "x", "y"};
  static const char* const twice[] = {"drug", "drug", "dose"};
  static const char* const same[] = {"A", "A", NULL};
  static const double one_dose[] = {0, 0, 1};
  laot_experiment* experiment;
  laot_model *model, *at = NULL;
  size_t m;
  for (m = 0; m < MANY; ++m) {
    experiment = usual(6);
    add(experiment, "A+B", treated[0], TREATED, names, pair, doses, 5);
    refused(experiment, kMany[m], LAOT_INVALID_ARGUMENT,
            "condition \"A+B\" has 3 doses and 2 levels; give each level its dose, or one for all");
    experiment = empty();
    add(experiment, "A+B", treated[0], TREATED, of_line, two_lines, doses, 5);
    refused(experiment, kMany[m], LAOT_INVALID_ARGUMENT,
            "covariate \"line\" must be one level; found 2 levels");
    experiment = usual(6);
    add(experiment, "other", treated[0], TREATED, names, pair, doses, 2);
    refused(
        experiment, kMany[m], LAOT_INVALID_ARGUMENT,
        "condition \"other\" has 1 covariates and condition \"A 1\" has 2; all must have the same");
    experiment = usual(5);
    add(experiment, "A 1 again", treated[5], TREATED, kDrugDose, (const char*[]){"A", NULL},
        (const double[]){0, 1}, 2);
    refused(experiment, kMany[m], LAOT_INVALID_ARGUMENT,
            "conditions 1 and 6 (counted from 1) have the same covariates; pool their cells");
  }
  model = fitted(usual(6), "cmonge", NULL, NULL);
  REFUSED(laot_model_at(model, NULL, names, pair, doses, 3, &at), LAOT_INVALID_ARGUMENT,
          "the network was trained on conditions of one treatment each");
  laot_model_free(model);
  experiment = usual(6);
  add(experiment, "A+B", treated[0], TREATED, names, pair, doses, 4);
  model = fitted(experiment, "cmonge", NULL, NULL);
  REFUSED(laot_model_at(model, NULL, twice, same, one_dose, 3, &at), LAOT_INVALID_ARGUMENT,
          "the same level twice");
  laot_model_free(model);
  /* Where effects add up, twice the same is twice its effect. */
  experiment = usual(6);
  add(experiment, "A+B", treated[0], TREATED, names, pair, doses, 4);
  model = fitted(experiment, "regressed_shift", NULL, NULL);
  CHECK(laot_model_at(model, NULL, twice, same, one_dose, 3, &at) == LAOT_OK);
  laot_model_free(at);
  laot_model_free(model);
}

static void test_network_parameters(void) {
  laot_params* params = params_of("cmonge");
  laot_experiment* diverging = usual(6);
  laot_model* model;
  REFUSED(laot_params_set_text(params, "epsilon", "0"), LAOT_INVALID_ARGUMENT, "epsilon");
  REFUSED(laot_params_set_text(params, "epsilon", "-1"), LAOT_INVALID_ARGUMENT, "epsilon");
  REFUSED(laot_params_set_text(params, "gap_weight", "-1"), LAOT_INVALID_ARGUMENT, "gap_weight");
  REFUSED(laot_params_set_text(params, "gap_epsilon", "-1"), LAOT_INVALID_ARGUMENT, "gap_epsilon");
  CHECK(laot_params_set_text(params, "gap_epsilon", "0") == LAOT_OK);
  laot_params_free(params);
  /* Fewer cells than a batch: the batch is all of them. */
  model = fitted(usual(6), "cmonge", "batch_size", "128");
  check_finite(model, "B", 3);
  laot_model_free(model);
  /* Of a training that diverges the last finite iterate is kept. */
  params = params_of("cmonge");
  CHECK(laot_params_set_text(params, "iterations", "4000") == LAOT_OK &&
        laot_params_set_text(params, "check_every", "1") == LAOT_OK &&
        laot_params_set_text(params, "learning_rate", "1") == LAOT_OK &&
        laot_params_set_text(params, "weight_decay", "1e3") == LAOT_OK &&
        laot_params_set_text(params, "last_rate", "1") == LAOT_OK);
  CHECK(laot_fit_experiment(context, params, diverging, &model) == LAOT_OK);
  check_warning(model, "training diverged at iteration");
  check_finite(model, "B", 3);
  laot_model_free(model);
  laot_params_free(params);
  laot_experiment_free(diverging);
}

int main(void) {
  make_cells();
  CHECK(laot_context_new(&context) == LAOT_OK);
  test_levels();
  test_doses();
  test_cells();
  test_batches();
  test_combinations();
  test_network_parameters();
  laot_context_free(context);
  return counted();
}
