/* A process forks while other threads make and free handles and fit: the child has the whole
 * library at once, with the same bits. R's mclapply and Python's multiprocessing fork. */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { FEATURES = 4, CELLS = 30, FORKS = 1000, WORKERS = 3 };

static double x[FEATURES * CELLS], y[FEATURES * CELLS];
static atomic_int stop;

static int work(double* sum) {
  double out[FEATURES * CELLS];
  laot_context* context = NULL;
  laot_data *control = NULL, *treated = NULL;
  laot_params* params = NULL;
  laot_model* model = NULL;
  double gamma = 0.0;
  int i, status = laot_context_new(&context);
  if (!status) status = laot_context_set_threads(context, 2);
  if (!status) status = laot_data_dense(x, FEATURES, CELLS, FEATURES, &control);
  if (!status) status = laot_data_dense(y, FEATURES, CELLS, FEATURES, &treated);
  if (!status) status = laot_params_new("mean_shift", &params);
  if (!status) status = laot_fit(context, params, control, treated, &model);
  if (!status) status = laot_predict(context, model, control, "no", out, FEATURES * CELLS);
  if (!status) status = laot_report_number(model, "median_gamma", &gamma);
  *sum = gamma;
  for (i = 0; !status && i < FEATURES * CELLS; ++i) *sum += out[i] * i;
  laot_model_free(model);
  laot_params_free(params);
  laot_data_free(control);
  laot_data_free(treated);
  laot_context_free(context);
  return status;
}

static void* fits(void* unused) {
  double sum;
  while (!stop) work(&sum);
  return unused;
}

/* A number that is found when it is first read, and looked up whenever it is read again. */
static void* numbers(void* unused) {
  laot_context* context = NULL;
  laot_data *control = NULL, *treated = NULL;
  laot_params* params = NULL;
  laot_model* model = NULL;
  double gamma;
  if (!laot_context_new(&context) && !laot_params_new("mean_shift", &params) &&
      !laot_data_dense(x, FEATURES, CELLS, FEATURES, &control) &&
      !laot_data_dense(y, FEATURES, CELLS, FEATURES, &treated) &&
      !laot_fit(context, params, control, treated, &model))
    while (!stop) laot_report_number(model, "median_gamma", &gamma);
  laot_model_free(model);
  laot_params_free(params);
  laot_data_free(control);
  laot_data_free(treated);
  laot_context_free(context);
  return unused;
}

static void* handles(void* unused) {
  while (!stop) {
    laot_data* data = NULL;
    laot_data_dense(x, FEATURES, CELLS, FEATURES, &data);
    laot_data_free(data);
  }
  return unused;
}

int main(void) {
  void* (*const kinds[WORKERS])(void*) = {fits, numbers, handles};
  pthread_t workers[WORKERS];
  double expected = 0.0;
  int i, hung = 0, wrong = 0;
  for (i = 0; i < FEATURES * CELLS; ++i) {
    x[i] = sin(1.1 * i * i);
    y[i] = 1.0 + cos(0.7 * i * i);
  }
  /* No call before the threads: a table that one of them is just making must not be lost. */
  for (i = 0; i < WORKERS; ++i) pthread_create(&workers[i], NULL, kinds[i], NULL);
  for (i = 0; i < FORKS && hung < 3; ++i) {
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
      double sum = 0.0, again = 0.0;
      alarm(60);
      _exit(work(&sum) || work(&again) || sum != again ? 1 : 0);
    }
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
      ++hung;
    else if (WEXITSTATUS(status) != 0)
      ++wrong;
  }
  stop = 1;
  for (i = 0; i < WORKERS; ++i) pthread_join(workers[i], NULL);
  CHECK(hung == 0);
  CHECK(wrong == 0);
  CHECK(work(&expected) == LAOT_OK);
  return counted();
}
