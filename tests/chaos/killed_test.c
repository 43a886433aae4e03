/* Long work that is killed with SIGKILL at random moments, through the C contract alone.
 *
 *   laot_killed_test KILLS [SEED]
 *
 * Trainings and fits of many conditions go on from their checkpoint, one process at a time and two
 * on one checkpoint, until KILLS of them died; then an undisturbed run ends with the bits of one
 * that nobody killed. Two processes save to one path and are killed: whoever reads it finds one
 * whole model. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../capi/check.h"

enum { FEATURES = 4, CELLS = 60, VALUES = FEATURES * CELLS, WORKERS = 2 };

static double control[VALUES], treated[VALUES], shifted[VALUES];
static char folder[] = "/tmp/laot_killed_XXXXXX", checkpoint[64], saved[64];

static void wait_for(double seconds) {
  struct timespec t;
  t.tv_sec = (time_t)seconds;
  t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
  nanosleep(&t, NULL);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* In (0, most]. */
static double some_time(double most) {
  return most * (rand() + 1.0) / (RAND_MAX + 1.0);
}

static void set(laot_params* params, const char* name, double value) {
  if (laot_params_set_number(params, name, value)) exit(2);
}

/* Predictions of the control cells into `out`, or nothing where it is NULL. */
static laot_status train(const char* method, const char* path, double* out) {
  laot_context* context = NULL;
  laot_params* params = NULL;
  laot_data *x = NULL, *y = NULL;
  laot_model* model = NULL;
  laot_status status;
  if (laot_context_new(&context) || laot_context_set_checkpoint(context, path, 0.05) ||
      laot_params_new(method, &params) || laot_data_dense(control, FEATURES, CELLS, FEATURES, &x) ||
      laot_data_dense(treated, FEATURES, CELLS, FEATURES, &y))
    exit(2);
  set(params, "hidden_units", 8);
  set(params, "batch_size", 16);
  if (strcmp(method, "cellot") == 0) {
    set(params, "iterations", 2000);
    set(params, "check_every", 100);
  } else {
    set(params, "epochs", 2000);
    set(params, "patience", 0);
  }
  status = laot_fit(context, params, x, y, &model);
  if (status == LAOT_OK && out) status = laot_predict(context, model, x, "no", out, VALUES);
  laot_model_free(model);
  laot_data_free(x);
  laot_data_free(y);
  laot_params_free(params);
  laot_context_free(context);
  return status;
}

enum { CONDITIONS = 12 };

/* The sum over the conditions of the predictions of the control cells. */
static laot_status predicted(laot_context* context, const laot_model* model, const laot_data* x,
                             double* out) {
  static double at[VALUES];
  int c, i;
  memset(out, 0, VALUES * sizeof *out);
  for (c = 0; c < CONDITIONS; ++c) {
    char name[16];
    laot_status status;
    snprintf(name, sizeof name, "c%d", c);
    status = laot_predict_at(context, model, x, name, NULL, NULL, NULL, 0, "no", at, VALUES);
    if (status) return status;
    for (i = 0; i < VALUES; ++i) out[i] += at[i];
  }
  return LAOT_OK;
}

static laot_status screen(const char* method, const char* path, double* out) {
  static double values[CONDITIONS][VALUES];
  laot_context* context = NULL;
  laot_params* params = NULL;
  laot_experiment* experiment = NULL;
  laot_data* x = NULL;
  laot_model* model = NULL;
  laot_status status;
  size_t index;
  int c, i;
  if (laot_context_new(&context) || laot_context_set_checkpoint(context, path, 0.05) ||
      laot_params_new(method, &params) || laot_experiment_new(&experiment) ||
      laot_data_dense(control, FEATURES, CELLS, FEATURES, &x) ||
      laot_experiment_add_control(experiment, x, &index))
    exit(2);
  for (c = 0; c < CONDITIONS; ++c) {
    laot_data* y = NULL;
    char name[16];
    snprintf(name, sizeof name, "c%d", c);
    for (i = 0; i < VALUES; ++i) values[c][i] = treated[i] * (1.0 + 0.1 * c);
    if (laot_data_dense(values[c], FEATURES, CELLS, FEATURES, &y) ||
        laot_experiment_add_condition(experiment, name, y, index, NULL, NULL, NULL, 0))
      exit(2);
    laot_data_free(y);
  }
  status = laot_fit_experiment(context, params, experiment, &model);
  if (status == LAOT_OK && out) status = predicted(context, model, x, out);
  laot_model_free(model);
  laot_data_free(x);
  laot_experiment_free(experiment);
  laot_params_free(params);
  laot_context_free(context);
  return status;
}

typedef laot_status (*job)(const char* method, const char* path, double* out);

static pid_t in_child(job work, const char* method) {
  const pid_t child = fork();
  if (child == 0) _exit(work(method, checkpoint, NULL) == LAOT_OK ? 0 : 1);
  return child;
}

/* The checkpoint, and what a screen names after it. */
static void forget(void) {
  char command[96];
  snprintf(command, sizeof command, "rm -f %s*", checkpoint);
  if (system(command) != 0) exit(2);
}

/* 1: it was killed; 0: it had ended well before; -1: it failed. */
static int killed(pid_t child) {
  int status = 0;
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return 1;
  return WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* After an end the next ones begin anew: the moments are those of a whole training. */
static void kill_work(job work, const char* method, int workers, int kills) {
  static double whole[VALUES], resumed[VALUES];
  double start, lasts;
  int deaths = 0, ends = 0, rounds = 0, i;
  forget();
  start = now();
  CHECK(work(method, checkpoint, whole) == LAOT_OK);
  lasts = now() - start;
  while (deaths < kills && ++rounds < 20 * kills) {
    pid_t child[WORKERS];
    const int ends_before = ends;
    for (i = 0; i < workers; ++i) child[i] = in_child(work, method);
    for (i = 0; i < workers; ++i) {
      int ended;
      wait_for(some_time(lasts));
      ended = killed(child[i]);
      CHECK(ended >= 0);
      deaths += ended == 1;
      ends += ended == 0;
    }
    if (ends > ends_before) forget();
  }
  CHECK(deaths >= kills);
  CHECK(work(method, checkpoint, resumed) == LAOT_OK);
  CHECK(memcmp(whole, resumed, sizeof whole) == 0);
  printf("%s, %d at a time: %d killed, %d ended before\n", method, workers, deaths, ends);
}

static laot_model* model_of(const double* y_values) {
  laot_context* context = NULL;
  laot_params* params = NULL;
  laot_data *x = NULL, *y = NULL;
  laot_model* model = NULL;
  if (laot_context_new(&context) || laot_params_new("laot", &params) ||
      laot_data_dense(control, FEATURES, CELLS, FEATURES, &x) ||
      laot_data_dense(y_values, FEATURES, CELLS, FEATURES, &y) ||
      laot_fit(context, params, x, y, &model))
    exit(2);
  laot_data_free(x);
  laot_data_free(y);
  laot_params_free(params);
  laot_context_free(context);
  return model;
}

static void bytes_of(const laot_model* model, unsigned char** bytes, size_t* count) {
  if (laot_to_bytes(model, NULL, 0, count)) exit(2);
  *bytes = malloc(*count);
  if (!*bytes || laot_to_bytes(model, *bytes, *count, count)) exit(2);
}

/* A whole model that is one of both. */
static int is_one_of(const laot_model* loaded, laot_model* const* models) {
  unsigned char *found, *wanted;
  size_t count, other;
  int i, same = 0;
  bytes_of(loaded, &found, &count);
  for (i = 0; i < WORKERS; ++i) {
    bytes_of(models[i], &wanted, &other);
    same |= count == other && memcmp(found, wanted, count) == 0;
    free(wanted);
  }
  free(found);
  return same;
}

static void kill_savers(int kills) {
  laot_model* models[WORKERS];
  pid_t child[WORKERS];
  int deaths = 0, i;
  models[0] = model_of(treated);
  models[1] = model_of(shifted);
  CHECK(laot_save(models[0], saved) == LAOT_OK);
  for (i = 0; i < WORKERS; ++i) child[i] = 0;
  while (deaths < kills) {
    laot_model* loaded = NULL;
    const int one = rand() % WORKERS;
    for (i = 0; i < WORKERS; ++i) {
      if (child[i] != 0) continue;
      child[i] = fork();
      if (child[i] == 0)
        while (laot_save(models[i], saved) == LAOT_OK) continue;
      if (child[i] == 0) _exit(1);
    }
    wait_for(some_time(0.02));
    CHECK(laot_load(saved, &loaded) == LAOT_OK);
    CHECK(loaded && is_one_of(loaded, models));
    laot_model_free(loaded);
    CHECK(killed(child[one]) == 1);
    child[one] = 0;
    ++deaths;
  }
  for (i = 0; i < WORKERS; ++i)
    if (child[i] != 0) killed(child[i]);
  for (i = 0; i < WORKERS; ++i) laot_model_free(models[i]);
}

int main(int count, char** arguments) {
  const int kills = count > 1 ? atoi(arguments[1]) : 50;
  char command[96];
  int i;
  srand(count > 2 ? (unsigned)atol(arguments[2]) : 1u);
  for (i = 0; i < VALUES; ++i) {
    control[i] = sin(1.7 * i) + 0.3 * cos(0.9 * i * i);
    treated[i] = 1.0 + 1.5 * sin(2.3 * i + 0.2);
    shifted[i] = control[i] + 0.5 * cos(0.4 * i);
  }
  if (!mkdtemp(folder)) return 77;
  snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
  snprintf(saved, sizeof saved, "%s/model", folder);
  for (i = 1; i <= WORKERS; ++i) {
    kill_work(train, "cellot", i, kills);
    kill_work(train, "scgen", i, kills);
    kill_work(screen, "laot", i, kills);
  }
  kill_savers(kills);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  if (system(command) != 0) ++failures;
  return counted();
}
