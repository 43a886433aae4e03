/* A chosen set of the golden values, through the C contract alone: exact W2, MMD^2, scores, and a
 * least-squares run of the alternation. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static const char* const folder = LAOT_GOLDEN_DIR;
static laot_context* context;

static void check(int met, const char* what, double got, double expected) {
  ++checks;
  if (met) return;
  ++failures;
  printf("%s: %.17g, expected %.17g; last error: %s\n", what, got, expected, laot_last_error());
}

static void near_to(const char* what, double got, double expected, double tolerance) {
  const double size = fabs(expected) > 1.0 ? fabs(expected) : 1.0;
  check(fabs(got - expected) <= tolerance * size, what, got, expected);
}

static FILE* opened(const char* name) {
  char path[4096];
  FILE* file;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  file = fopen(path, "r");
  if (!file) {
    printf("cannot open %s\n", path);
    exit(1);
  }
  return file;
}

/* A CSV of cells x features: row after row is cell after cell, the layout of laot_data_dense. */
typedef struct cells {
  double* values;
  size_t features, count;
} cells;

static cells read_cells(const char* name) {
  static char line[1 << 16];
  FILE* file = opened(name);
  cells out = {NULL, 0, 0};
  size_t room = 0;
  char* field;
  if (!fgets(line, sizeof line, file)) exit(1);
  out.features = 1;
  for (field = line; *field; ++field) out.features += *field == ',';
  while (fgets(line, sizeof line, file)) {
    if (line[0] == '\n' || line[0] == '\0') continue;
    if (out.count == room) {
      room = room ? 2 * room : 64;
      out.values = (double*)realloc(out.values, room * out.features * sizeof(double));
    }
    field = line;
    for (size_t k = 0; k < out.features; ++k) {
      out.values[out.count * out.features + k] = strtod(field, &field);
      ++field;
    }
    ++out.count;
  }
  fclose(file);
  return out;
}

static laot_data* data_of(const cells* c) {
  laot_data* data = NULL;
  if (laot_data_dense(c->values, c->features, c->count, c->features, &data) != LAOT_OK) exit(1);
  return data;
}

static void transport(void) {
  char line[512], name[64], path[128];
  double matched, balanced, w2, value = 0.0, gap = 0.0;
  FILE* file = opened("assignment/expected.csv");
  if (!fgets(line, sizeof line, file)) exit(1);
  while (fgets(line, sizeof line, file)) {
    cells x, y;
    laot_data *a, *b;
    if (sscanf(line, "%63[^,],%*d,%*d,%*d,%lf,%lf,%lf", name, &matched, &balanced, &w2) != 4)
      continue;
    snprintf(path, sizeof path, "assignment/%s_x.csv", name);
    x = read_cells(path);
    snprintf(path, sizeof path, "assignment/%s_y.csv", name);
    y = read_cells(path);
    a = data_of(&x);
    b = data_of(&y);
    check(laot_wasserstein2(context, a, b, &value, &gap) == LAOT_OK, name, value, w2);
    near_to(name, value, w2, strcmp(name, "far_from_origin") == 0 ? 1e-6 : 1e-9);
    near_to("duality gap", gap, 0.0, 1e-9);
    laot_data_free(a);
    laot_data_free(b);
    free(x.values);
    free(y.values);
  }
  fclose(file);
}

static void discrepancy(void) {
  char line[512], name[64], quantity[64], path[128];
  double gamma, expected, value = 0.0;
  FILE* file = opened("mmd/expected.csv");
  if (!fgets(line, sizeof line, file)) exit(1);
  while (fgets(line, sizeof line, file)) {
    cells x, y;
    laot_data *a, *b;
    laot_status status;
    if (sscanf(line, "%63[^,],%63[^,],%lf,%lf", name, quantity, &gamma, &expected) != 4) continue;
    if (strcmp(quantity, "median_gamma") != 0 && strcmp(quantity, "mmd2_unbiased") != 0 &&
        strcmp(quantity, "mmd2_biased") != 0)
      continue; /* the C++ tests check the others */
    snprintf(path, sizeof path, "mmd/%s_x.csv", name);
    x = read_cells(path);
    snprintf(path, sizeof path, "mmd/%s_y.csv", name);
    y = read_cells(path);
    a = data_of(&x);
    b = data_of(&y);
    if (strcmp(quantity, "median_gamma") == 0)
      status = laot_median_gamma(context, a, b, &value);
    else
      status = laot_mmd2(context, a, b, &gamma, 1, strchr(quantity, '_') + 1, &value);
    check(status == LAOT_OK, quantity, value, expected);
    near_to(quantity, value, expected, 1e-9);
    laot_data_free(a);
    laot_data_free(b);
    free(x.values);
    free(y.values);
  }
  fclose(file);
}

/* W after five iterations of plain least squares on raw features. */
static void alternation(void) {
  char line[512], run[128];
  int iteration, row, column;
  double expected, map[16];
  cells x = read_cells("laot/noisy_x.csv"), y = read_cells("laot/noisy_y.csv");
  laot_data *a = data_of(&x), *b = data_of(&y);
  laot_params* params = NULL;
  laot_model* model = NULL;
  FILE* file = opened("laot/W.csv");
  int fitted = laot_params_new("laot", &params) == LAOT_OK &&
               laot_params_use_preset(params, "algorithm1") == LAOT_OK &&
               laot_params_set_number(params, "max_iter", 5) == LAOT_OK &&
               laot_params_set_number(params, "tol", 0) == LAOT_OK &&
               laot_fit(context, params, a, b, &model) == LAOT_OK &&
               laot_array(model, "map", map, 16) == LAOT_OK;
  check(fitted, "fit", 0, 0);
  if (!fgets(line, sizeof line, file)) exit(1);
  while (fitted && fgets(line, sizeof line, file)) {
    if (sscanf(line, "%127[^,],%d,%d,%d,%lf", run, &iteration, &row, &column, &expected) != 5)
      continue;
    if (strcmp(run, "noisy/least_squares/none") != 0 || iteration != 5) continue;
    near_to("W", map[row + 4 * column], expected, 1e-7);
  }
  fclose(file);
  laot_model_free(model);
  laot_params_free(params);
  laot_data_free(a);
  laot_data_free(b);
  free(x.values);
  free(y.values);
}

int main(void) {
  if (laot_context_new(&context) != LAOT_OK) return 1;
  transport();
  discrepancy();
  alternation();
  laot_context_free(context);
  return counted();
}
