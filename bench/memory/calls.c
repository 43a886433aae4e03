/* The memory that each call of the library takes beyond the cells that it is given.
 *
 *   laot_memory             prints the peak of each call on a dense input of 2000 features x 4000
 * cells laot_memory --check     the same, and fails where a call holds more than one working copy
 *
 * A working copy is the used features of all cells as doubles. The peak is the growth of the
 * process' resident memory over its size before the call (Linux: /proc/self). Exit code 77 where
 * the system does not tell. */
#include <inttypes.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "laot.h"

#define SKIPPED 77

static laot_context* context;
static int over_limit = 0;
/* The choice has the cells of a part dense, training and held out, moved and as they are: at most
 * 2000 cells a side, however many there are. */
static const double choice_limit = 3.0;

static void must(laot_status status) {
  if (status == LAOT_OK) return;
  fprintf(stderr, "%s\n", laot_last_error());
  exit(1);
}

/* In MB; -1 where the system does not tell. */
static double status_of(const char* field) {
  FILE* file = fopen("/proc/self/status", "r");
  char line[256];
  double value = -1.0;
  if (!file) return value;
  while (fgets(line, sizeof line, file))
    if (strncmp(line, field, strlen(field)) == 0) {
      value = strtod(line + strlen(field) + 1, NULL) * 1024.0 / 1e6;
      break;
    }
  fclose(file);
  return value;
}

static int reset_peak(void) {
  FILE* file = fopen("/proc/self/clear_refs", "w");
  int written;
  malloc_trim(0);
  if (!file) return 0;
  written = fputs("5", file) >= 0;
  return fclose(file) == 0 && written;
}

static double before;

static void start(void) {
  if (!reset_peak() || (before = status_of("VmRSS:")) < 0.0 || status_of("VmHWM:") < 0.0) {
    printf("skipped: /proc/self/clear_refs or status is not to be had\n");
    exit(SKIPPED);
  }
}

static void finish(const char* what, double copy, double limit) {
  const double grown = status_of("VmHWM:") - before;
  const int too_much = grown > limit * copy;
  printf("| %s | %.1f | %.2f | %.2f |%s\n", what, grown, grown / copy, limit,
         too_much ? " too much" : "");
  over_limit |= too_much;
}

static uint64_t state = 1;
static double uniform(void) {
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(state >> 11) / 9007199254740992.0;
}

static double* dense_cells(size_t features, size_t cells, double shift) {
  double* values = malloc(features * cells * sizeof *values);
  size_t i, k;
  for (i = 0; i < cells; ++i) {
    const double size = 0.5 + uniform();
    for (k = 0; k < features; ++k)
      values[i * features + k] =
          size * (double)(k % 7) + shift + (uniform() + uniform() + uniform()) * (1.0 + k % 3);
  }
  return values;
}

struct sparse_cells {
  int32_t *starts, *rows;
  double* values;
};

static struct sparse_cells sparse_cells(size_t features, size_t cells, double density) {
  struct sparse_cells out;
  size_t i, k, count = 0;
  const size_t most = (size_t)((double)(features * cells) * density * 1.2) + features;
  out.starts = malloc((cells + 1) * sizeof *out.starts);
  out.rows = malloc(most * sizeof *out.rows);
  out.values = malloc(most * sizeof *out.values);
  out.starts[0] = 0;
  for (i = 0; i < cells; ++i) {
    for (k = 0; k < features; ++k)
      if (uniform() < density && count < most) {
        out.rows[count] = (int32_t)k;
        out.values[count++] = 0.5 + uniform() * (double)(1 + k % 5);
      }
    out.starts[i + 1] = (int32_t)count;
  }
  return out;
}

static laot_model* fit(const laot_data* x, const laot_data* y, const char* preset, double keep) {
  laot_params* params;
  laot_model* model;
  must(laot_params_new("laot", &params));
  must(laot_params_use_preset(params, preset));
  must(laot_params_set_number(params, "keep_cells", keep));
  must(laot_fit(context, params, x, y, &model));
  laot_params_free(params);
  return model;
}

/* So that what is loaded and set aside once (BLAS, tables) is not counted. */
static void warm_up(void) {
  double *a = dense_cells(200, 300, 0.0), *b = dense_cells(200, 300, 1.0), value;
  laot_data *x, *y;
  laot_score_result score = {sizeof score, 0.0, 0.0, 0, 0.0};
  must(laot_data_dense(a, 200, 300, 200, &x));
  must(laot_data_dense(b, 200, 300, 200, &y));
  laot_model_free(fit(x, y, "calibrated", 100));
  must(laot_score(context, "w2", x, y, NULL, 0.0, 0, 1, &score));
  value = 0.01;
  must(laot_mmd2(context, x, y, &value, 1, "unbiased", &value));
  laot_data_free(x);
  laot_data_free(y);
  free(a);
  free(b);
}

static void dense_calls(void) {
  const size_t d = 2000, n = 2000;
  const double copy = 2.0 * (double)(d * n) * 8.0 / 1e6;
  double *a = dense_cells(d, n, 0.0), *b = dense_cells(d, n, 1.0),
         *out = malloc(d * n * sizeof *out);
  size_t* index = malloc(1000 * sizeof *index);
  double value, gap, gammas[1] = {1e-4};
  laot_data *x, *y, *fewer;
  laot_model* model;
  size_t k;
  const char* metrics[] = {"mmd2",
                           "energy_distance",
                           "pearson_sds",
                           "cell_spearman",
                           "mean_ks",
                           "w1",
                           "knn_enrichment_50",
                           "pearson_feature_correlations"};
  for (k = 0; k < d * n; ++k) out[k] = 1.0;
  must(laot_data_dense(a, d, n, d, &x));
  must(laot_data_dense(b, d, n, d, &y));
  printf("\n2000 features x 4000 cells, dense: a working copy is %.0f MB\n\n", copy);
  printf("| call | MB | working copies | limit |\n| --- | ---: | ---: | ---: |\n");
  start();
  must(laot_variable_features(context, x, y, 1000, index));
  finish("laot_variable_features", copy, 1.0);
  start();
  model = fit(x, y, "calibrated", 0);
  finish("laot_fit, keep_cells 0", copy, 1.0);
  laot_model_free(model);
  start();
  model = fit(x, y, "calibrated", 1000);
  finish("laot_fit", copy, 1.0);
  start();
  must(laot_predict(context, model, x, "no", out, d * n));
  finish("laot_predict", copy, 1.0);
  start();
  must(laot_predict(context, model, x, "marginals", out, d * n));
  finish("laot_predict, marginals", copy, 1.0);
  laot_model_free(model);
  start();
  must(laot_mmd2(context, x, y, gammas, 1, "unbiased", &value));
  finish("laot_mmd2", copy, 1.0);
  start();
  must(laot_median_gamma(context, x, y, &value));
  finish("laot_median_gamma", copy, 1.0);
  start();
  must(laot_wasserstein2(context, x, y, &value, &gap));
  finish("laot_wasserstein2", copy, 1.0);
  /* Unequal numbers are a transport and not an assignment. */
  must(laot_data_dense(a, d, n - 1, d, &fewer));
  start();
  must(laot_wasserstein2(context, fewer, y, &value, &gap));
  finish("laot_wasserstein2, one control less", copy, 1.0);
  laot_data_free(fewer);
  memcpy(a, a + d, d * sizeof *a);
  memcpy(b, b + d, d * sizeof *b);
  start();
  must(laot_wasserstein2(context, x, y, &value, &gap));
  finish("laot_wasserstein2, a cell twice on both sides", copy, 1.0);
  for (k = 0; k < sizeof metrics / sizeof *metrics; ++k) {
    laot_score_result score = {sizeof score, 0.0, 0.0, 0, 0.0};
    char what[64];
    start();
    must(laot_score(context, metrics[k], x, y, x, 1e-4, 0, 1, &score));
    snprintf(what, sizeof what, "laot_score, %s", metrics[k]);
    finish(what, copy, 1.0);
  }
  laot_data_free(x);
  laot_data_free(y);
  free(a);
  free(b);
  free(out);
  free(index);
}

static void sparse_fits(void) {
  const size_t d = 20000, n = 2000, used = 1000;
  const double copy = (double)(used * n) * 8.0 / 1e6;
  const struct sparse_cells all = sparse_cells(d, n, 0.08);
  size_t *half = malloc(n / 2 * sizeof *half), *features = malloc(used * sizeof *features), i;
  const double keeps[] = {0, 1000};
  laot_data *x, *y;
  laot_model* model;
  must(laot_data_csc(d, n, all.starts, all.rows, all.values, &x));
  must(laot_data_csc(d, n, all.starts, all.rows, all.values, &y));
  for (i = 0; i < n / 2; ++i) half[i] = 2 * i;
  must(laot_data_select_cells(x, half, n / 2));
  for (i = 0; i < n / 2; ++i) half[i] = 2 * i + 1;
  must(laot_data_select_cells(y, half, n / 2));
  must(laot_variable_features(context, x, y, used, features));
  must(laot_data_select_features(x, features, used));
  must(laot_data_select_features(y, features, used));
  printf("\n1000 of 20000 features x 2000 cells, 8%% not 0: a working copy is %.0f MB\n\n", copy);
  printf("| call | MB | working copies | limit |\n| --- | ---: | ---: | ---: |\n");
  for (i = 0; i < 2; ++i) {
    char what[64];
    start();
    model = fit(x, y, "calibrated", keeps[i]);
    snprintf(what, sizeof what, "laot_fit, keep_cells %.0f", keeps[i]);
    finish(what, copy, 1.0);
    laot_model_free(model);
  }
  start();
  model = fit(x, y, "adaptive", 1000);
  finish("laot_fit, adaptive", copy, choice_limit);
  laot_model_free(model);
  laot_data_free(x);
  laot_data_free(y);
  free(all.starts);
  free(all.rows);
  free(all.values);
  free(half);
  free(features);
}

int main(int argc, char** argv) {
  const int check = argc > 1 && strcmp(argv[1], "--check") == 0;
  /* Every larger block of its own, so that what is freed is given back and not counted twice. */
  mallopt(M_MMAP_THRESHOLD, 64 * 1024);
  must(laot_context_new(&context));
  warm_up();
  sparse_fits();
  dense_calls();
  laot_context_free(context);
  return check && over_limit ? 1 : 0;
}
