/* A whole cycle (context, data, fit, predict, scores, bytes, save, load, free) while something
 * fails: each allocation once, or all from one on; writes that stutter, a full disk, a folder that
 * cannot be written, threads that cannot be made.
 *
 *   LD_PRELOAD=libfailing.so cycle_test METHOD[,conditions][,checkpoint] STEP [NAME=VALUE ...]
 *
 * Of every cycle is asked: no crash, no hang, only the codes of what failed, a sentence for each
 * failure, the undisturbed bits from every call that says ok, no file but what was saved, nothing
 * live that is not live after an undisturbed cycle, and a context that can be used again. Each runs
 * in a child of its own. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../capi/check.h"

enum { FEATURES = 3, CONTROL = 14, TREATED = 12, NEW = 5, SCORES = 5, VALUES = FEATURES * NEW };

static void (*arm)(long, long);
static void (*disarm)(void);
static long (*allocations)(void);
static long (*live)(void);
static void (*set_writes)(int, int);
static void (*set_threads)(int);

static double control[FEATURES * CONTROL], treated[FEATURES * TREATED], other[FEATURES * TREATED],
    fresh[VALUES];
static char folder[64] = "/tmp/laot_failure_XXXXXX", model_file[96], checkpoint[96];
static const char* method = "laot";
static int conditions, with_checkpoint, settings;
static char** setting;

typedef struct {
  int predicted_ok, again_ok, score_ok[SCORES], saved, unexpected, silent, failures;
  const char* where;
  double predicted[VALUES], again[VALUES], score[SCORES];
} Outcome;

/* Files may fail for want of memory in the system's own way. */
static int note(Outcome* out, int status, int is_file, const char* call) {
  if (status == LAOT_OK) return 1;
  ++out->failures;
  if (status != LAOT_OUT_OF_MEMORY && !(is_file && status == LAOT_IO_ERROR)) {
    out->unexpected = status;
    out->where = call;
  }
  if (*laot_last_error() == '\0') out->silent = 1;
  return 0;
}

static int fit(Outcome* out, laot_context* context, laot_params* params, laot_data* x, laot_data* y,
               laot_model** model) {
  laot_experiment* experiment = NULL;
  laot_data* w = NULL;
  size_t index = 0;
  int ok;
  if (!conditions) return note(out, laot_fit(context, params, x, y, model), with_checkpoint, "fit");
  ok = note(out, laot_data_dense(other, FEATURES, TREATED, FEATURES, &w), 0, "data") &&
       note(out, laot_experiment_new(&experiment), 0, "experiment_new") &&
       note(out, laot_experiment_add_control(experiment, x, &index), 0, "add_control") &&
       note(out, laot_experiment_add_condition(experiment, "a", y, index, NULL, NULL, NULL, 0), 0,
            "add_condition") &&
       note(out, laot_experiment_add_condition(experiment, "b", w, index, NULL, NULL, NULL, 0), 0,
            "add_condition") &&
       note(out, laot_fit_experiment(context, params, experiment, model), with_checkpoint,
            "fit_experiment");
  laot_experiment_free(experiment);
  laot_data_free(w);
  return ok;
}

static int predict(Outcome* out, laot_context* context, const laot_model* model,
                   const laot_data* cells, double* values) {
  const int status = conditions ? laot_predict_at(context, model, cells, "a", NULL, NULL, NULL, 0,
                                                  "no", values, VALUES)
                                : laot_predict(context, model, cells, "no", values, VALUES);
  return note(out, status, 0, "predict");
}

static void use_model(Outcome* out, laot_context* context, laot_model* model, laot_data* x,
                      laot_data* y, laot_data* z) {
  static const char* const metrics[SCORES] = {"mmd2", "w2", "energy_distance",
                                              "sinkhorn_divergence", "w1"};
  laot_model* loaded = NULL;
  laot_table* table = NULL;
  laot_evaluation_options wanted;
  size_t needed = 0;
  int i;
  out->predicted_ok = predict(out, context, model, z, out->predicted);
  for (i = 0; i < SCORES; ++i) {
    laot_score_result result;
    memset(&result, 0, sizeof result);
    result.struct_size = sizeof result;
    out->score_ok[i] =
        note(out, laot_score(context, metrics[i], x, y, x, 0.5, 0, 1, &result), 0, metrics[i]);
    out->score[i] = result.value;
  }
  memset(&wanted, 0, sizeof wanted);
  wanted.struct_size = sizeof wanted;
  wanted.metrics = "mmd2,w2,r2_means";
  if (conditions) wanted.condition = "a";
  note(out, laot_evaluate(context, model, NULL, y, x, &wanted, &table), 0, "evaluate");
  laot_table_free(table);
  note(out, laot_to_bytes(model, NULL, 0, &needed), 0, "to_bytes");
  out->saved = note(out, laot_save(model, model_file), 1, "save");
  if (out->saved && note(out, laot_load(model_file, &loaded), 1, "load"))
    out->again_ok = predict(out, context, loaded, z, out->again);
  laot_model_free(loaded);
}

static void cycle(Outcome* out, int threads) {
  laot_context* context = NULL;
  laot_data *x = NULL, *y = NULL, *z = NULL;
  laot_params* params = NULL;
  laot_model* model = NULL;
  int i, ok;
  memset(out, 0, sizeof *out);
  ok = note(out, laot_context_new(&context), 0, "context_new") &&
       note(out, laot_data_dense(control, FEATURES, CONTROL, FEATURES, &x), 0, "data") &&
       note(out, laot_data_dense(treated, FEATURES, TREATED, FEATURES, &y), 0, "data") &&
       note(out, laot_data_dense(fresh, FEATURES, NEW, FEATURES, &z), 0, "data") &&
       note(out, laot_params_new(method, &params), 0, "params_new") &&
       note(out, laot_context_set_threads(context, threads), 0, "set_threads");
  if (ok && with_checkpoint)
    ok = note(out, laot_context_set_checkpoint(context, checkpoint, 0.0), 0, "set_checkpoint");
  for (i = 0; ok && i < settings; ++i) {
    char name[64];
    const char* value = strchr(setting[i], '=') + 1;
    snprintf(name, sizeof name, "%.*s", (int)(value - setting[i] - 1), setting[i]);
    ok = note(out, laot_params_set_text(params, name, value), 0, "set_text");
  }
  if (ok) fit(out, context, params, x, y, &model);
  if (model) use_model(out, context, model, x, y, z);
  /* Whatever failed, the context is free again. */
  if (context && x && y) {
    double value = 0.0;
    note(out, laot_wasserstein2(context, x, y, &value, NULL), 0, "context");
  }
  laot_model_free(model);
  laot_params_free(params);
  laot_data_free(x);
  laot_data_free(y);
  laot_data_free(z);
  laot_context_free(context);
}

static int other_files(int saved) {
  DIR* all = opendir(folder);
  const struct dirent* entry;
  int count = 0;
  while (all && (entry = readdir(all)) != NULL) {
    const char* name = entry->d_name;
    if (!strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, "checkpoint")) continue;
    if (strcmp(name, "model") || !saved) ++count;
  }
  if (all) closedir(all);
  return count;
}

static Outcome reference;
static long
    reference_live[3]; /* by the number of threads: their stacks are kept for the next ones */

/* The fault of a cycle; NULL: none. */
static const char* fault(const Outcome* out, long more_live) {
  int i;
  if (out->unexpected) return "a code that says something else";
  if (out->silent) return "a failure without a sentence";
  if (out->predicted_ok && memcmp(out->predicted, reference.predicted, sizeof out->predicted))
    return "a prediction with other bits";
  if (out->again_ok && memcmp(out->again, reference.again, sizeof out->again))
    return "the saved model predicts other bits";
  for (i = 0; i < SCORES; ++i)
    if (out->score_ok[i] && memcmp(&out->score[i], &reference.score[i], sizeof(double)))
      return "a score with other bits";
  if (more_live > 0) return "memory that is not given back";
  if (other_files(out->saved)) return "a file that is left";
  return NULL;
}

static void remove_files(void) {
  unlink(model_file);
  unlink(checkpoint);
}

/* Runs `prepare`, a cycle and its check in a child; `fails`: where a call has to be refused. */
static void in_child(void (*prepare)(long), long argument, int threads, const char* what,
                     int fails) {
  pid_t child;
  int status = 0;
  remove_files();
  fflush(stdout);
  child = fork();
  if (child == 0) {
    Outcome out;
    const char* wrong;
    alarm(120);
    prepare(argument);
    cycle(&out, threads);
    disarm();
    wrong = fault(&out, live() - reference_live[threads]);
    if (!wrong && fails && out.failures == 0) wrong = "no call was refused";
    if (wrong)
      printf("%s, %s %ld: %s (%d from %s)\n", method, what, argument, wrong, out.unexpected,
             out.where ? out.where : "no call");
    fflush(stdout);
    _exit(wrong ? 1 : 0);
  }
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    printf("%s, %s %ld: signal %d\n", method, what, argument, WTERMSIG(status));
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void fail_once(long number) {
  arm(number, number);
}
static void fail_from(long number) {
  arm(number, 1L << 60);
}
static void stutter(long unused) {
  (void)unused;
  arm(0, 0);
  set_writes(1, 0);
}
static void fill_disk(long unused) {
  (void)unused;
  arm(0, 0);
  set_writes(0, 1);
}
static void refuse_threads(long unused) {
  (void)unused;
  arm(0, 0);
  set_threads(1);
}
static void take_folder(long unused) {
  (void)unused;
  arm(0, 0);
  chmod(folder, 0500);
}

static void find(void* function, const char* name) {
  void* found = dlsym(RTLD_DEFAULT, name);
  memcpy(function, &found, sizeof found);
}

int main(int count, char** arguments) {
  long total, number, step = 1;
  int i;
  find(&arm, "failing_arm");
  find(&disarm, "failing_disarm");
  find(&allocations, "failing_allocations");
  find(&live, "failing_live");
  find(&set_writes, "failing_writes");
  find(&set_threads, "failing_threads");
  if (!arm || count < 3) {
    printf("run with failing.c preloaded, a method and a step\n");
    return 77;
  }
  conditions = strstr(arguments[1], ",conditions") != NULL;
  with_checkpoint = strstr(arguments[1], ",checkpoint") != NULL;
  method = strtok(arguments[1], ",");
  step = atol(arguments[2]);
  settings = count - 3;
  setting = arguments + 3;
  for (i = 0; i < FEATURES * CONTROL; ++i) control[i] = sin(1.7 * i) + 0.3 * cos(0.9 * i * i);
  for (i = 0; i < FEATURES * TREATED; ++i) treated[i] = 1.0 + 1.5 * sin(2.3 * i + 0.2);
  for (i = 0; i < FEATURES * TREATED; ++i) other[i] = treated[i] + 0.5 * cos(0.7 * i);
  for (i = 0; i < VALUES; ++i) fresh[i] = cos(1.1 * i);
  if (!mkdtemp(folder)) return 77;
  snprintf(model_file, sizeof model_file, "%s/model", folder);
  snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
  for (i = 3; i >= 0; --i) { /* the tables of the first use are there in the second */
    const int threads = i / 2 + 1;
    remove_files();
    arm(0, 0);
    cycle(&reference, threads);
    disarm();
    reference_live[threads] = live();
    CHECK(reference.failures == 0);
  }
  total = allocations();
  for (number = 1; number <= total; number += step) {
    in_child(fail_once, number, 1, "once at allocation", 0);
    if (number % (4 * step) == 1) in_child(fail_from, number, 2, "from allocation", 0);
  }
  in_child(stutter, 0, 1, "short and interrupted writes", 0);
  in_child(fill_disk, 0, 1, "a full disk", 1);
  in_child(refuse_threads, 0, 2, "no threads", 0);
  in_child(take_folder, 0, 1, "a folder that is read only", geteuid() != 0);
  chmod(folder, 0700);
  remove_files();
  CHECK(rmdir(folder) == 0);
  printf("%s: %ld allocations, every %ld of them\n", method, total, step);
  return counted();
}
