/* The cost of the lift and the choice beside the linear map: processor seconds of whole fits of
 * 1000 + 1000 cells with 23 features, a response that switches in a part of the cells.
 *
 *   laot_bent_fit [cells [features [rounds]]]     default 1000 23 5; the least of the rounds is
 * told
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "laot.h"

static void must(laot_status status) {
  if (status == LAOT_OK) return;
  fprintf(stderr, "%s\n", laot_last_error());
  exit(1);
}

static uint64_t state = 1;
static double uniform(void) {
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(state >> 11) / 9007199254740992.0;
}
static double normal(void) {
  return sqrt(-2.0 * log(1.0 - uniform())) * cos(6.283185307179586 * uniform());
}

static laot_context* context;
static laot_data *control, *treated;

static double seconds(const char* preset, const char* lift, const char* restore, int rounds) {
  double best = 1e300;
  while (rounds-- > 0) {
    laot_params* params = NULL;
    laot_model* model = NULL;
    clock_t start;
    double taken;
    must(laot_params_new("laot", &params));
    must(laot_params_use_preset(params, preset));
    if (lift) must(laot_params_set_text(params, "lift", lift));
    if (restore) must(laot_params_set_text(params, "restore", restore));
    start = clock();
    must(laot_fit(context, params, control, treated, &model));
    taken = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (taken < best) best = taken;
    laot_model_free(model);
    laot_params_free(params);
  }
  return best;
}

int main(int count, char** arguments) {
  const size_t cells = count > 1 ? (size_t)atol(arguments[1]) : 1000;
  const size_t features = count > 2 ? (size_t)atol(arguments[2]) : 23;
  const int rounds = count > 3 ? atoi(arguments[3]) : 5;
  double* x = malloc(features * cells * sizeof *x);
  double* y = malloc(features * cells * sizeof *y);
  double linear, lift, choice;
  size_t i, k;
  if (!x || !y) return 1;
  for (i = 0; i < cells; ++i) {
    const double of_x = normal(), of_y = normal();
    for (k = 0; k < features; ++k) {
      const double weight = (double)(k % 5) / 4.0;
      x[i * features + k] = normal() + weight * of_x;
      y[i * features + k] = normal() + weight * of_y + 3.0 * (of_y > 0.3) * (double)(k % 3 == 0);
    }
  }
  must(laot_context_new(&context));
  must(laot_data_dense(x, features, cells, features, &control));
  must(laot_data_dense(y, features, cells, features, &treated));
  linear = seconds("calibrated", NULL, NULL, rounds);
  lift = seconds("calibrated", "yes", NULL, rounds);
  choice = seconds("adaptive", NULL, NULL, rounds);
  printf("linear   %.4f s\nlift     %.4f s, %.1f times linear\n", linear, lift, lift / linear);
  printf("marginals %.4f s, %.1f times linear\n", seconds("calibrated", NULL, "marginals", rounds),
         seconds("calibrated", NULL, "marginals", rounds) / linear);
  printf("adaptive %.4f s, %.1f times the lift\n", choice, choice / lift);
  laot_data_free(control);
  laot_data_free(treated);
  laot_context_free(context);
  free(x);
  free(y);
  return 0;
}
