/* One fit, one mean shift and one prediction of all controls, through the C interface, on sparse
 * cells with structure: what a condition of a screen costs.
 *
 *   laot_one_fit [n [m [features [threads]]]]     default 13000 770 1000 1
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "laot.h"
#include "sparse_cells.h"

static laot_context* context;

static void must(laot_status status) {
  if (status == LAOT_OK) return;
  fprintf(stderr, "%s\n", laot_last_error());
  exit(1);
}

static double processor_seconds(void) {
  return (double)clock() / CLOCKS_PER_SEC;
}

static laot_model* fitted(const char* method, const char* preset, const laot_data* x,
                          const laot_data* y) {
  laot_params* params;
  laot_model* model;
  const double start = processor_seconds();
  must(laot_params_new(method, &params));
  if (preset != NULL) must(laot_params_use_preset(params, preset));
  must(laot_fit(context, params, x, y, &model));
  laot_params_free(params);
  printf("%-12s %8.3f s\n", preset ? preset : method, processor_seconds() - start);
  return model;
}

int main(int argc, char** argv) {
  const size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 13000;
  const size_t m = argc > 2 ? strtoul(argv[2], NULL, 10) : 770;
  const size_t features = argc > 3 ? strtoul(argv[3], NULL, 10) : 1000;
  double *loadings = malloc(features * FACTORS * sizeof *loadings), *predicted, start, sum = 0.0;
  struct sparse_cells control, treated;
  laot_data *x, *y;
  laot_model* model;
  size_t k;
  for (k = 0; k < features * FACTORS; ++k) loadings[k] = 0.35 * normal();
  control = cells(features, n, loadings, 0.0);
  treated = cells(features, m, loadings, 0.6);
  must(laot_context_new(&context));
  must(laot_context_set_threads(context, argc > 4 ? atoi(argv[4]) : 1));
  start = processor_seconds();
  must(laot_data_csc(features, n, control.starts, control.rows, control.values, &x));
  must(laot_data_csc(features, m, treated.starts, treated.rows, treated.values, &y));
  printf("%-12s %8.3f s, %.0f%% not zero\n", "handles", processor_seconds() - start,
         100.0 * control.starts[n] / (double)(features * n));
  laot_model_free(fitted("mean_shift", NULL, x, y));
  laot_model_free(fitted("laot", "adaptive", x, y));
  model = fitted("laot", "calibrated", x, y);
  predicted = malloc(features * n * sizeof *predicted);
  /* Twice: the first time, the system clears the memory that the prediction goes to. */
  for (k = 0; k < 2; ++k) {
    start = processor_seconds();
    must(laot_predict(context, model, x, "no", predicted, features * n));
    printf("%-12s %8.3f s\n", k == 0 ? "predict" : "once more", processor_seconds() - start);
  }
  for (k = 0; k < features * n; ++k) sum += predicted[k];
  printf("sum of the prediction %.15g\n", sum);
  return 0;
}
