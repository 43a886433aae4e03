/* A training that is killed for real and goes on from its checkpoint, through the C contract alone:
 * the predictions have the bits of a training that nobody interrupted. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

enum { FEATURES = 4, CELLS = 60 };

static double control_values[FEATURES * CELLS], treated_values[FEATURES * CELLS];
static const char path[] = "capi_checkpoint_test.ckpt";

static void check(int met, const char* what, const char* method) {
  ++checks;
  if (met) return;
  ++failures;
  printf("%s, %s; last error: %s\n", method, what, laot_last_error());
}

static void pause_ms(long ms) {
  struct timespec t;
  t.tv_sec = ms / 1000;
  t.tv_nsec = ms % 1000 * 1000000;
  nanosleep(&t, NULL);
}

/* Asked every 20 ms while the training runs, so that it lasts long enough to be killed in it. */
static int slowly(void* payload) {
  (void)payload;
  pause_ms(20);
  return 0;
}

/* One fit as a user writes it. Status of laot_fit; predictions of the control cells into out. */
static laot_status fit(const char* method, const char* checkpoint, int slow, uint64_t seed,
                       double* out) {
  laot_context* context = NULL;
  laot_params* params = NULL;
  laot_data *control = NULL, *treated = NULL;
  laot_model* model = NULL;
  const int is_cellot = strcmp(method, "cellot") == 0;
  laot_status status;
  if (laot_context_new(&context) || laot_context_set_seed(context, seed) ||
      laot_context_set_checkpoint(context, checkpoint, 0.0) ||
      laot_context_set_cancel(context, slow ? slowly : NULL, NULL) ||
      laot_params_new(method, &params) || laot_params_set_number(params, "hidden_units", 8) ||
      laot_params_set_number(params, "batch_size", 16) ||
      laot_params_set_number(params, is_cellot ? "iterations" : "epochs", 100) ||
      laot_params_set_number(params, is_cellot ? "check_every" : "patience", is_cellot ? 5 : 0) ||
      laot_data_dense(control_values, FEATURES, CELLS, FEATURES, &control) ||
      laot_data_dense(treated_values, FEATURES, CELLS, FEATURES, &treated))
    exit(2);
  status = laot_fit(context, params, control, treated, &model);
  if (status == LAOT_OK && out)
    status = laot_predict(context, model, control, "no", out, FEATURES * CELLS);
  laot_model_free(model);
  laot_data_free(control);
  laot_data_free(treated);
  laot_params_free(params);
  laot_context_free(context);
  return status;
}

static void kill_and_go_on(const char* method) {
  static double whole[FEATURES * CELLS], resumed[FEATURES * CELLS];
  struct stat info;
  int waited, state = 0;
  uint64_t seed = 0;
  pid_t child;
  remove(path);
  check(fit(method, NULL, 0, 7, whole) == LAOT_OK, "an uninterrupted fit", method);
  check(stat(path, &info) != 0, "no checkpoint was asked for, and one was written", method);
  child = fork();
  if (child == 0) _exit(fit(method, path, 1, 7, NULL) == LAOT_OK ? 0 : 1);
  for (waited = 0; stat(path, &info) != 0 && waited < 6000; ++waited) pause_ms(10);
  pause_ms(300);
  kill(child, SIGKILL);
  waitpid(child, &state, 0);
  check(WIFSIGNALED(state), "the process was to be killed while it trained", method);
  check(laot_checkpoint_seed(path, &seed) == LAOT_OK && seed == 7, "the seed of the file", method);
  check(fit(method, path, 0, 8, resumed) == LAOT_INVALID_ARGUMENT &&
            strstr(laot_last_error(), "the seed is 7 there and 8 here"),
        "another seed is refused", method);
  check(fit(method, path, 0, 7, resumed) == LAOT_OK, "the same call goes on", method);
  check(memcmp(whole, resumed, sizeof whole) == 0, "it has other bits", method);
  remove(path);
}

int main(void) {
  laot_context* context = NULL;
  size_t i;
  uint32_t state = 12345;
  for (i = 0; i < FEATURES * CELLS; ++i) {
    state = state * 1664525u + 1013904223u;
    control_values[i] = (double)(state >> 8) / 16777216.0;
    state = state * 1664525u + 1013904223u;
    treated_values[i] = 1.0 + (double)(state >> 8) / 16777216.0;
  }
  check(laot_context_new(&context) == LAOT_OK, "a context", "");
  check(laot_context_set_checkpoint(context, "", 1.0) == LAOT_INVALID_ARGUMENT, "an empty path",
        "");
  check(laot_context_set_checkpoint(context, "x", -1.0) == LAOT_INVALID_ARGUMENT, "seconds < 0",
        "");
  check(laot_context_set_checkpoint(NULL, "x", 1.0) == LAOT_INVALID_ARGUMENT, "no context", "");
  laot_context_free(context);
  check(fit("cellot", "no_such_folder/x.ckpt", 0, 7, NULL) == LAOT_IO_ERROR, "no such folder", "");
  kill_and_go_on("cellot");
  kill_and_go_on("scgen");
  kill_and_go_on("cae");
  return counted();
}
