/* A screen: one control population and many conditions in one fit, sparse cells with structure.
 *
 *   laot_screen_fit [conditions [controls [treated [features [threads [checkpoint]]]]]]
 *                                              default 40 13000 770 1000 2, no checkpoint
 *
 * Prints seconds, those of a condition, and how far the process' peak rises above the data. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "laot.h"
#include "sparse_cells.h"

static void must(laot_status status) {
  if (status == LAOT_OK) return;
  fprintf(stderr, "%s\n", laot_last_error());
  exit(1);
}

static double wall(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double peak_mb(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)used.ru_maxrss / 1024.0;
}

int main(int argc, char** argv) {
  const size_t conditions = argc > 1 ? strtoul(argv[1], NULL, 10) : 40;
  const size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 13000;
  const size_t m = argc > 3 ? strtoul(argv[3], NULL, 10) : 770;
  const size_t features = argc > 4 ? strtoul(argv[4], NULL, 10) : 1000;
  const int threads = argc > 5 ? atoi(argv[5]) : 2;
  double* loadings = malloc(features * FACTORS * sizeof *loadings);
  double started, processor, before;
  laot_context* context;
  laot_experiment* experiment;
  laot_params* params;
  laot_model* model;
  laot_data* control;
  struct sparse_cells drawn;
  size_t k, index;
  for (k = 0; k < features * FACTORS; ++k) loadings[k] = 0.35 * normal();
  must(laot_context_new(&context));
  must(laot_context_set_threads(context, threads));
  if (argc > 6) must(laot_context_set_checkpoint(context, argv[6], 30.0));
  must(laot_experiment_new(&experiment));
  drawn = cells(features, n, loadings, 0.0);
  must(laot_data_csc(features, n, drawn.starts, drawn.rows, drawn.values, &control));
  must(laot_experiment_add_control(experiment, control, &index));
  for (k = 0; k < conditions; ++k) {
    laot_data* treated;
    char name[32];
    drawn = cells(features, m, loadings, 0.2 + 0.4 * (double)(k % 4));
    must(laot_data_csc(features, m, drawn.starts, drawn.rows, drawn.values, &treated));
    snprintf(name, sizeof name, "condition %zu", k + 1);
    must(laot_experiment_add_condition(experiment, name, treated, index, NULL, NULL, NULL, 0));
  }
  must(laot_params_new("laot", &params));
  must(laot_params_use_preset(params, "calibrated"));
  before = peak_mb();
  started = wall();
  processor = (double)clock() / CLOCKS_PER_SEC;
  must(laot_fit_experiment(context, params, experiment, &model));
  started = wall() - started;
  processor = (double)clock() / CLOCKS_PER_SEC - processor;
  printf(
      "%zu conditions, %d threads: %.1f s (%.2f s each), %.1f s of processor (%.2f s each), "
      "%.0f MB beyond the data (%.2f MB each)\n",
      conditions, threads, started, started / (double)conditions, processor,
      processor / (double)conditions, peak_mb() - before,
      (peak_mb() - before) / (double)conditions);
  return 0;
}
