/*
 * Fits LAOT to two small populations, predicts one new cell, and saves the model.
 *
 *   cc -std=c99 examples/c/fit_predict.c -Icapi -L<build> -llaot -lm -o fit_predict
 *
 * Every call returns a status; laot_last_error() then says in one sentence what was wrong.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "laot.h"

enum { FEATURES = 3, CONTROLS = 60, TREATED = 40 };

static void check(laot_status status) {
  if (status == LAOT_OK) return;
  fprintf(stderr, "%s: %s\n", laot_status_name(status), laot_last_error());
  exit(EXIT_FAILURE);
}

/* Cells are columns: feature k of cell i stands at values[i * FEATURES + k]. */
static void make_cells(double* values, int cells, double stretch, double shift, double phase) {
  for (int i = 0; i < cells; ++i)
    for (int k = 0; k < FEATURES; ++k)
      values[i * FEATURES + k] = stretch * sin(phase + 0.7 * i + 1.3 * k * i) + shift;
}

int main(void) {
  static double control_values[FEATURES * CONTROLS], treated_values[FEATURES * TREATED];
  make_cells(control_values, CONTROLS, 1.0, 0.0, 0.1);
  make_cells(treated_values, TREATED, 2.0, 5.0, 0.4);

  laot_context* context;
  laot_data *control, *treated, *unseen;
  laot_params* params;
  laot_model* model;
  check(laot_context_new(&context));
  check(laot_data_dense(control_values, FEATURES, CONTROLS, FEATURES, &control));
  check(laot_data_dense(treated_values, FEATURES, TREATED, FEATURES, &treated));
  check(laot_params_new("laot", &params));
  check(laot_fit(context, params, control, treated, &model));

  double iterations, objective;
  char outcome[64];
  size_t needed;
  check(laot_report_number(model, "iterations", &iterations));
  check(laot_report_number(model, "objective", &objective));
  check(laot_report_text(model, "outcome", outcome, sizeof outcome, &needed));
  printf("laot %s: %s after %.0f iterations, J = %.6g\n", laot_version(), outcome, iterations,
         objective);

  const double new_cell[FEATURES] = {0.5, -0.5, 0.0};
  double predicted[FEATURES];
  check(laot_data_dense(new_cell, FEATURES, 1, FEATURES, &unseen));
  check(laot_predict(context, model, unseen, "no", predicted, FEATURES));
  printf("control (%g, %g, %g) -> treated (%.4f, %.4f, %.4f)\n", new_cell[0], new_cell[1],
         new_cell[2], predicted[0], predicted[1], predicted[2]);

  check(laot_save(model, "fit_predict.safetensors"));
  printf("saved to fit_predict.safetensors\n");

  laot_model_free(model);
  laot_params_free(params);
  laot_data_free(unseen);
  laot_data_free(treated);
  laot_data_free(control);
  laot_context_free(context);
  return EXIT_SUCCESS;
}
