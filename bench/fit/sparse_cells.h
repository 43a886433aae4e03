/* Sparse cells with structure, drawn by a generator of their own. */
#ifndef LAOT_BENCH_SPARSE_CELLS_H
#define LAOT_BENCH_SPARSE_CELLS_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define FACTORS 12

static uint64_t state = 1;
static double uniform(void) {
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(state >> 11) / 9007199254740992.0;
}
static double normal(void) {
  return sqrt(-2.0 * log(1.0 - uniform())) * cos(6.283185307179586 * uniform());
}

struct sparse_cells {
  int32_t *starts, *rows;
  double* values;
};

/* log1p of counts whose rates follow a few factors; about a fifth of the values are not zero. */
static struct sparse_cells cells(size_t features, size_t count, const double* loadings,
                                 double shift) {
  struct sparse_cells out;
  size_t i, k, f, stored = 0;
  out.starts = malloc((count + 1) * sizeof *out.starts);
  out.rows = malloc(features * count * sizeof *out.rows);
  out.values = malloc(features * count * sizeof *out.values);
  out.starts[0] = 0;
  for (i = 0; i < count; ++i) {
    double score[FACTORS];
    for (f = 0; f < FACTORS; ++f) score[f] = normal() + shift * (f % 3 == 0);
    for (k = 0; k < features; ++k) {
      double rate = -2.2, u = uniform(), p, below;
      int counted = 0;
      for (f = 0; f < FACTORS; ++f) rate += loadings[k * FACTORS + f] * score[f];
      rate = exp(rate);
      for (below = p = exp(-rate); u > below && counted < 50; below += p)
        p *= rate / (double)++counted;
      if (counted == 0) continue;
      out.rows[stored] = (int32_t)k;
      out.values[stored++] = log1p((double)counted);
    }
    out.starts[i + 1] = (int32_t)stored;
  }
  return out;
}

#endif
