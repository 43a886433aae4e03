/* Whether a pairing can be recovered, through the C interface: isometry, rates, simulations, the
 * change of a map, stability, recovery curves, and their refusals. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "made_cells.h"
#include "table_of.h"

static double number_found(const laot_findings* findings, const char* name) {
  double value = -77.0;
  CHECK(laot_findings_number(findings, name, &value) == LAOT_OK);
  return value;
}

static void test_findings(const laot_findings* findings) {
  char* buffer;
  char small[2];
  size_t needed = 0, rows = 0, cols = 0;
  double value = 0.0;
  CHECK(laot_findings_names(findings, "numbers", NULL, 0, &needed) == LAOT_OK);
  buffer = (char*)malloc(needed);
  CHECK(laot_findings_names(findings, "numbers", buffer, needed, &needed) == LAOT_OK);
  CHECK(strcmp(buffer, "n_cells") == 0);
  free(buffer);
  REFUSED(laot_findings_names(findings, "numbers", small, 2, &needed), LAOT_BUFFER_TOO_SMALL,
          "2 bytes");
  REFUSED(laot_findings_names(findings, "colours", NULL, 0, &needed), LAOT_UNKNOWN_NAME,
          "numbers, texts, arrays or tables");
  REFUSED(laot_findings_names(NULL, "numbers", NULL, 0, &needed), LAOT_INVALID_ARGUMENT,
          "findings");
  CHECK(laot_findings_number(findings, "n_cells", &value) == LAOT_OK && value == CONTROLS);
  REFUSED(laot_findings_number(findings, "delta", &value), LAOT_UNKNOWN_NAME,
          "no number \"delta\"; there are n_cells");
  REFUSED(laot_findings_number(findings, NULL, &value), LAOT_INVALID_ARGUMENT, "name");
  REFUSED(laot_findings_number(findings, "n_cells", NULL), LAOT_INVALID_ARGUMENT, "value");
  REFUSED(laot_findings_text(findings, "poem", NULL, 0, &needed), LAOT_UNKNOWN_NAME, "poem");
  REFUSED(laot_findings_array_size(findings, "w", &rows, &cols), LAOT_UNKNOWN_NAME,
          "there is no array \"w\"; there are none");
  laot_findings_free(NULL);
}

static void test_arrays(const laot_findings* stability) {
  size_t rows = 0, cols = 0;
  double draws[3 * 3 * 4];
  CHECK(laot_findings_array_size(stability, "draws", &rows, &cols) == LAOT_OK);
  CHECK(rows == 3 * 3 && cols == 4); /* 31 cells leave 3 components */
  CHECK(laot_findings_array(stability, "draws", draws, 36) == LAOT_OK);
  CHECK(isfinite(draws[0]) && isfinite(draws[35]));
  REFUSED(laot_findings_array(stability, "draws", draws, 35), LAOT_BUFFER_TOO_SMALL, "35 numbers");
  REFUSED(laot_findings_array(stability, "draws", NULL, 36), LAOT_INVALID_ARGUMENT, "out");
}

static void test_isometry_and_rates(laot_context* context, const laot_data* control,
                                    const laot_data* treated) {
  static const double probabilities[] = {0.0, 0.5, 1.0}, wrong[] = {2.0};
  static const double times[] = {0.0, 24.0}, backwards[] = {24.0, 0.0};
  const laot_data* course[2] = {control, treated};
  laot_findings* findings = NULL;
  CHECK(laot_isometry(context, control, 0.1, probabilities, 3, &findings) == LAOT_OK);
  /* Rows: mean_square, unit_norm, smallest. */
  CHECK(number_in(findings, "constants", 1, "delta") > 0.0);
  CHECK(number_in(findings, "constants", 1, "delta") <= 1.0);
  CHECK(isnan(number_in(findings, "constants", 1, "scale")));
  CHECK(number_in(findings, "constants", 2, "delta") <=
        number_in(findings, "constants", 0, "delta"));
  test_findings(findings);
  laot_findings_free(findings);
  REFUSED(laot_isometry(context, control, -1.0, probabilities, 3, &findings), LAOT_INVALID_ARGUMENT,
          "rate must be positive");
  REFUSED(laot_isometry(context, control, 1.0, wrong, 1, &findings), LAOT_INVALID_ARGUMENT,
          "probabilities");
  REFUSED(laot_isometry(context, control, 1.0, NULL, 0, &findings), LAOT_INVALID_ARGUMENT,
          "probabilities");
  REFUSED(laot_isometry(context, NULL, 1.0, probabilities, 3, &findings), LAOT_INVALID_ARGUMENT,
          "cells");
  REFUSED(laot_isometry(context, control, 1.0, probabilities, 3, NULL), LAOT_INVALID_ARGUMENT,
          "out");
  CHECK(laot_rates(context, course, times, 2, probabilities, 3, &findings) == LAOT_OK);
  laot_findings_free(findings);
  REFUSED(laot_rates(context, course, backwards, 2, probabilities, 3, &findings),
          LAOT_INVALID_ARGUMENT, "increasing");
  REFUSED(laot_rates(context, NULL, times, 2, probabilities, 3, &findings), LAOT_INVALID_ARGUMENT,
          "populations");
  course[1] = NULL;
  REFUSED(laot_rates(context, course, times, 2, probabilities, 3, &findings), LAOT_INVALID_ARGUMENT,
          "populations[1]");
}

static void test_simulation(laot_context* context) {
  static const size_t features[] = {10};
  static const double gaps[] = {0.0, 1.0};
  double control[3 * 20], treated[3 * 20], map[9], mean[2], sd[2];
  size_t partner[20], i, k, r;
  CHECK(laot_simulate_populations(context, 3, 20, 2.0, 0.0, "gaussian", control, treated, map,
                                  partner) == LAOT_OK);
  for (i = 0; i < 20; ++i)
    for (r = 0; r < 3; ++r) {
      double sum = 0.0;
      for (k = 0; k < 3; ++k) sum += map[r + 3 * k] * control[k + 3 * i];
      CHECK(fabs(sum - treated[r + 3 * partner[i]]) < 1e-12);
    }
  REFUSED(
      laot_simulate_populations(context, 3, 20, 2.0, 0.0, "round", control, treated, map, partner),
      LAOT_UNKNOWN_NAME, "uniform or gaussian");
  REFUSED(laot_simulate_populations(context, 0, 20, 2.0, 0.0, "gaussian", control, treated, map,
                                    partner),
          LAOT_INVALID_ARGUMENT, "at least one feature");
  REFUSED(
      laot_simulate_populations(context, 3, 20, 2.0, 0.0, "gaussian", control, NULL, map, partner),
      LAOT_INVALID_ARGUMENT, "treated");
  CHECK(laot_recovery_study(context, features, 1, gaps, 2, 40, 3, 10, 0.0, "uniform", "squared",
                            mean, sd) == LAOT_OK);
  CHECK(mean[0] == 1.0 && mean[1] == 1.0 && sd[0] == 0.0);
  CHECK(laot_recovery_study(context, features, 1, gaps, 2, 40, 3, 10, 1.0, "uniform", "squared",
                            mean, sd) == LAOT_OK);
  CHECK(mean[0] < 1.0); /* noise as large as the cells hides partners where nothing moved */
  REFUSED(laot_recovery_study(context, features, 1, gaps, 2, 40, 3, 10, 0.0, "uniform", "dear",
                              mean, sd),
          LAOT_UNKNOWN_NAME, "euclidean or squared");
  REFUSED(laot_recovery_study(context, NULL, 0, gaps, 2, 40, 3, 10, 0.0, "uniform", "squared", mean,
                              sd),
          LAOT_INVALID_ARGUMENT, "features");
  REFUSED(laot_recovery_study(context, features, 1, gaps, 2, 40, 0, 10, 0.0, "uniform", "squared",
                              mean, sd),
          LAOT_INVALID_ARGUMENT, "trials");
}

/* The cells of a model in its space, and how far its map is from the identity there. */
static void test_change(laot_context* context, const laot_model* model, const laot_data* control,
                        const laot_data* treated) {
  double encoded[FEATURES * CONTROLS], own[FEATURES * CONTROLS], damaged[FEATURES * CONTROLS];
  double size, sum;
  laot_data* few = NULL;
  laot_params* params = NULL;
  laot_model* network = NULL;
  laot_table* table = NULL;
  size_t k = 0, one = 0, i, r;
  CHECK(laot_array_size(model, "scale", &k, &one) == LAOT_OK && k == 3);
  CHECK(laot_encode(context, model, control, "control", encoded, k * CONTROLS) == LAOT_OK);
  CHECK(laot_encode(context, model, control, "own", own, k * CONTROLS) == LAOT_OK);
  for (r = 0; r < k; ++r) {
    for (sum = 0.0, i = 0; i < CONTROLS; ++i) sum += own[r + k * i];
    CHECK(fabs(sum) < 1e-10);
    /* The training controls have the mean of the model's. */
    CHECK(fabs(own[r] - encoded[r]) < 1e-10);
  }
  CHECK(laot_encode(context, model, control, "treated", own, k * CONTROLS) == LAOT_OK);
  CHECK(fabs(own[0] - encoded[0]) > 1e-6);
  REFUSED(laot_encode(context, model, control, "all", own, k * CONTROLS), LAOT_UNKNOWN_NAME,
          "about must be control, treated or own");
  REFUSED(laot_encode(context, model, control, "own", own, 5), LAOT_BUFFER_TOO_SMALL,
          "the encoded cells");
  REFUSED(laot_encode(context, model, NULL, "own", own, k * CONTROLS), LAOT_INVALID_ARGUMENT,
          "cells");
  CHECK(laot_data_dense(control_values, FEATURES - 1, CONTROLS, FEATURES, &few) == LAOT_OK);
  REFUSED(laot_encode(context, model, few, "own", own, k * CONTROLS), LAOT_DIMENSION_MISMATCH,
          "cells has 3 features and the model 4");
  REFUSED(laot_change_at_cells(context, model, few, 1, &table), LAOT_DIMENSION_MISMATCH,
          "control has 3 features and the model 4");
  laot_data_free(few);
  memcpy(damaged, control_values, sizeof damaged);
  damaged[5] = NAN;
  CHECK(laot_data_dense(damaged, FEATURES, CONTROLS, FEATURES, &few) == LAOT_OK);
  REFUSED(laot_encode(context, model, few, "own", own, k * CONTROLS), LAOT_NOT_FINITE, "cells");
  REFUSED(laot_change_at_cells(context, model, few, 100, &table), LAOT_NOT_FINITE, "control");
  laot_data_free(few);

  CHECK(laot_change_at_cells(context, model, control, 4, &table) == LAOT_OK);
  CHECK(rows_of(table) == 4);
  CHECK(number_at(table, 3, "cell") == CONTROLS - 1.0);
  for (size = 0.0, r = 0; r < k; ++r) size += encoded[r] * encoded[r];
  CHECK(fabs(number_at(table, 0, "length") - sqrt(size)) < 1e-12);
  CHECK(number_at(table, 0, "change") > 0.0);
  CHECK(number_at(table, 0, "change") == number_at(table, 3, "change"));
  laot_table_free(table);
  CHECK(laot_change_at_cells(context, model, NULL, 100, &table) == LAOT_OK);
  CHECK(rows_of(table) == CONTROLS);
  laot_table_free(table);
  REFUSED(laot_change_at_cells(context, model, NULL, 0, &table), LAOT_INVALID_ARGUMENT,
          "most_cells");
  CHECK(laot_params_new("scgen", &params) == LAOT_OK);
  CHECK(laot_params_set_number(params, "epochs", 2) == LAOT_OK);
  CHECK(laot_params_set_number(params, "hidden_units", 8) == LAOT_OK);
  CHECK(laot_fit(context, params, control, treated, &network) == LAOT_OK);
  REFUSED(laot_change_at_cells(context, network, NULL, 1, &table), LAOT_NOT_AVAILABLE,
          "no derivative in closed form");
  laot_model_free(network);
  laot_params_free(params);
  REFUSED(laot_change_at_cells(context, NULL, NULL, 1, &table), LAOT_INVALID_ARGUMENT, "model");
  REFUSED(laot_change_at_cells(context, model, NULL, 1, NULL), LAOT_INVALID_ARGUMENT, "out");

  CHECK(laot_strongest_effects(model, 3, &table) == LAOT_OK);
  CHECK(rows_of(table) == 3);
  CHECK(fabs(number_at(table, 0, "change")) >= fabs(number_at(table, 2, "change")));
  laot_table_free(table);
  REFUSED(laot_strongest_effects(NULL, 3, &table), LAOT_INVALID_ARGUMENT, "model");
  REFUSED(laot_strongest_effects(model, 3, NULL), LAOT_INVALID_ARGUMENT, "out");
}

static void test_trackability(void) {
  static const double gaps[] = {0.0, 1.0, 2.0};
  static const double falling[] = {1.0, 0.0};
  laot_context* context = NULL;
  laot_data* control = dense(control_values, CONTROLS);
  laot_data* treated = dense(treated_values, TREATED);
  laot_params* params = NULL;
  laot_model* model = NULL;
  laot_model* shift = NULL;
  laot_findings* findings = NULL;
  char design[16];
  size_t needed = 0;
  CHECK(laot_context_new(&context) == LAOT_OK);
  test_isometry_and_rates(context, control, treated);
  test_simulation(context);
  CHECK(laot_params_new("laot", &params) == LAOT_OK);
  CHECK(laot_fit(context, params, control, treated, &model) == LAOT_OK);
  CHECK(laot_model_trivial(model, "mean_shift", &shift) == LAOT_OK);
  test_change(context, model, control, treated);

  CHECK(laot_stability(context, model, NULL, NULL, 4, 2, 2, "cells", &findings) == LAOT_OK);
  CHECK(agreement_of(findings, 0, "overlap") >= 0.0);
  CHECK(agreement_of(findings, 1, "coherence") <= 1.0);
  test_arrays(findings);
  laot_findings_free(findings);
  CHECK(laot_stability(context, model, control, treated, 1, 0, 0, "cells", &findings) == LAOT_OK);
  CHECK(isnan(agreement_of(findings, 1, "overlap")));
  laot_findings_free(findings);
  REFUSED(laot_stability(context, model, control, NULL, 1, 0, 0, "cells", &findings),
          LAOT_INVALID_ARGUMENT, "both control and treated");
  REFUSED(laot_stability(context, model, NULL, NULL, 1, 0, 0, "genes", &findings),
          LAOT_UNKNOWN_NAME, "cells or levels");
  REFUSED(laot_stability(context, model, NULL, NULL, 1, 0, 0, "levels", &findings),
          LAOT_INVALID_ARGUMENT, "batch");
  REFUSED(laot_stability(context, model, NULL, NULL, SIZE_MAX, 0, 0, "cells", &findings),
          LAOT_INVALID_ARGUMENT, "resamples must be from 0 to 1000000, found 18");
  REFUSED(laot_stability(context, model, NULL, NULL, 0, 1000001, 0, "cells", &findings),
          LAOT_INVALID_ARGUMENT, "halves must be from 0 to 1000000, found 1000001");
  REFUSED(laot_stability(context, model, NULL, NULL, 0, 0, SIZE_MAX, "cells", &findings),
          LAOT_INVALID_ARGUMENT, "restarts must be from 0");
  REFUSED(laot_stability(context, shift, NULL, NULL, 1, 0, 0, "cells", &findings),
          LAOT_NOT_AVAILABLE, "mean_shift");
  REFUSED(laot_stability(context, NULL, NULL, NULL, 1, 0, 0, "cells", &findings),
          LAOT_INVALID_ARGUMENT, "model");

  CHECK(laot_recovery_curve(context, model, NULL, NULL, "counterpart", gaps, 3, 2, 20, &findings) ==
        LAOT_OK);
  CHECK(number_found(findings, "cells") == 20.0);
  CHECK(laot_findings_text(findings, "design", design, sizeof design, &needed) == LAOT_OK);
  CHECK(strcmp(design, "counterpart") == 0);
  REFUSED(laot_findings_text(findings, "design", design, 5, &needed), LAOT_BUFFER_TOO_SMALL,
          "5 bytes");
  CHECK(number_found(findings, "recovery_at_one") >= 0.0);
  CHECK(number_in(findings, "simulations", 5, "gap") == 2.0);
  CHECK(number_in(findings, "simulations", 5, "repeat") == 1.0);
  CHECK(strcmp(laot_trackability_verdict(number_found(findings, "recovery_at_one"), 1.2),
               "not recoverable") == 0);
  CHECK(strcmp(laot_trackability_verdict(1.0, 0.1), "recoverable") == 0);
  CHECK(strcmp(laot_trackability_verdict(NAN, 0.1), "undefined") == 0);
  laot_findings_free(findings);
  CHECK(laot_recovery_curve(context, model, control, treated, "anew", gaps, 3, 2, 20, &findings) ==
        LAOT_OK);
  laot_findings_free(findings);
  REFUSED(laot_recovery_curve(context, model, NULL, NULL, "magic", gaps, 3, 2, 20, &findings),
          LAOT_UNKNOWN_NAME, "counterpart or anew");
  REFUSED(laot_recovery_curve(context, model, NULL, NULL, "anew", falling, 2, 2, 20, &findings),
          LAOT_INVALID_ARGUMENT, "increasing");
  REFUSED(laot_recovery_curve(context, model, NULL, NULL, "anew", gaps, 3, 0, 20, &findings),
          LAOT_INVALID_ARGUMENT, "repeats");
  REFUSED(laot_recovery_curve(context, shift, NULL, NULL, "anew", gaps, 3, 2, 20, &findings),
          LAOT_NOT_AVAILABLE, "mean_shift");
  REFUSED(laot_recovery_curve(context, model, NULL, NULL, "anew", gaps, 3, 2, 20, NULL),
          LAOT_INVALID_ARGUMENT, "out");
  laot_model_free(shift);
  laot_model_free(model);
  laot_params_free(params);
  laot_data_free(control);
  laot_data_free(treated);
  laot_context_free(context);
}

int main(void) {
  make_cells();
  test_trackability();
  return counted();
}
