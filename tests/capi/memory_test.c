/* A coupling that does not fit is refused with its estimate before anything is allocated, through
 * the C contract; Linux, where the limit of a process can be set and its size read. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "laot.h"

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <sys/resource.h>
#include <unistd.h>

#define FEATURES ((size_t)100)
#define CELLS ((size_t)100000)

static int failures = 0;

static void refused(laot_context* context, const laot_data* control, const laot_data* treated,
                    const char* coupling, const char* expected) {
  laot_params* params = NULL;
  laot_model* model = NULL;
  laot_status status = laot_params_new("laot", &params);
  if (status == LAOT_OK) status = laot_params_set_text(params, "coupling", coupling);
  if (status == LAOT_OK) status = laot_params_set_text(params, "n_pcs", "0");
  if (status == LAOT_OK) status = laot_fit(context, params, control, treated, &model);
  printf("%s: status %d, %s\n", coupling, (int)status, laot_last_error());
  if (status != LAOT_OUT_OF_MEMORY || model || !strstr(laot_last_error(), expected) ||
      !strstr(laot_last_error(), "would need about") || !strstr(laot_last_error(), "MB"))
    ++failures;
  laot_params_free(params);
}

int main(void) {
  double* values = (double*)malloc(FEATURES * CELLS * sizeof *values);
  laot_context* context = NULL;
  laot_data *control = NULL, *treated = NULL;
  struct rlimit limit;
  unsigned long pages = 0;
  size_t k;
  FILE* file;
  if (!values) return 1;
  for (k = 0; k < FEATURES * CELLS; ++k) values[k] = (double)((k * 2654435761u) % 1000003u);
  if (laot_context_new(&context) != LAOT_OK ||
      laot_data_dense(values, FEATURES, CELLS, FEATURES, &control) != LAOT_OK ||
      laot_data_dense(values, FEATURES, CELLS, FEATURES, &treated) != LAOT_OK)
    return 1;
  file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%lu", &pages) != 1) return 1;
  fclose(file);
  /* Room for the two clouds in the feature space, and little more. */
  if (getrlimit(RLIMIT_AS, &limit) != 0) return 1;
  limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (rlim_t)300000000;
  if (setrlimit(RLIMIT_AS, &limit) != 0) return 1;
  refused(context, control, treated, "exact", "an exact coupling of 100000 and 100000 cells");
  refused(context, control, treated, "auto", "an exact coupling of 100000 and 100000 cells");
  laot_data_free(control);
  laot_data_free(treated);
  laot_context_free(context);
  free(values);
  printf("%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
#else
int main(void) {
  printf("skipped: no limit of memory that could be set here\n");
  return 77;
}
#endif
