/* Control and treated cells of four features, the same on every platform. */
#ifndef LAOT_TESTS_CAPI_MADE_CELLS_H
#define LAOT_TESTS_CAPI_MADE_CELLS_H

#include "check.h"

enum { FEATURES = 4, CONTROLS = 40, TREATED = 31 };

static double control_values[FEATURES * CONTROLS];
static double treated_values[FEATURES * TREATED];

/* A small generator of our own: the test must not depend on the platform's rand(). */
static double uniform(unsigned long long* state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(*state >> 11) / 9007199254740992.0;
}

static void make_cells(void) {
  unsigned long long state = 7;
  size_t i, k;
  for (i = 0; i < CONTROLS; ++i)
    for (k = 0; k < FEATURES; ++k) control_values[k + i * FEATURES] = 3.0 * uniform(&state);
  for (i = 0; i < TREATED; ++i)
    for (k = 0; k < FEATURES; ++k)
      treated_values[k + i * FEATURES] = 1.0 + 2.0 * uniform(&state) + (double)k;
}

static laot_data* dense(const double* values, size_t cells) {
  laot_data* data = NULL;
  CHECK(laot_data_dense(values, FEATURES, cells, FEATURES, &data) == LAOT_OK);
  return data;
}

#endif
