/* A screen of many conditions from the C interface.
 *   conditions fit OUT THREADS
 *   conditions load MODEL FILE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "laot.h"

enum { features = 5, drugs = 12, cells = 40, new_cells = 60, most = 64 };

typedef struct condition {
  const char *name, *drug;
  double dose;
  size_t place;
} condition;

typedef struct screen {
  double *control, *treated, *new_control, *embedding, *observed;
  condition training[most], test[most];
  size_t training_count, test_count;
  const char* drug[drugs];
} screen;

enum { method_count = 5 };
static const char* const methods[method_count] = {"conditional_laot", "conditional_gaussian",
                                                  "cmonge", "cpa", "laot"};

static void check(int good) {
  if (good) return;
  fprintf(stderr, "%s\n", laot_last_error());
  exit(1);
}

static double* array(const laot_findings* found, const char* name) {
  size_t rows = 0, columns = 0;
  double* out;
  check(laot_findings_array_size(found, name, &rows, &columns) == LAOT_OK);
  out = (double*)malloc(rows * columns * sizeof(double));
  check(out != NULL && laot_findings_array(found, name, out, rows * columns) == LAOT_OK);
  return out;
}

/* The texts of a column one after the other, each with its final 0. */
static const char* column(const laot_table* table, const char* name) {
  size_t needed = 0;
  char* out;
  check(laot_table_texts(table, name, NULL, 0, &needed) == LAOT_OK);
  out = (char*)malloc(needed);
  check(out != NULL && laot_table_texts(table, name, out, needed, &needed) == LAOT_OK);
  return out;
}

static size_t read_conditions(const laot_findings* found, const char* name, condition* out) {
  laot_table* table = NULL;
  size_t rows = 0, columns = 0, k;
  double doses[most];
  const char *names, *drug;
  check(laot_findings_table(found, name, &table) == LAOT_OK &&
        laot_table_size(table, &rows, &columns) == LAOT_OK && rows <= most &&
        laot_table_numbers(table, "dose", doses, rows) == LAOT_OK);
  names = column(table, "condition");
  drug = column(table, "drug");
  for (k = 0; k < rows; ++k) {
    out[k].name = names;
    out[k].drug = drug;
    out[k].dose = doses[k];
    out[k].place = k;
    names += strlen(names) + 1;
    drug += strlen(drug) + 1;
  }
  laot_table_free(table);
  return rows;
}

static int by_name(const void* a, const void* b) {
  return strcmp(((const condition*)a)->name, ((const condition*)b)->name);
}

static screen simulate(laot_context* context) {
  laot_findings* found = NULL;
  laot_table* table = NULL;
  screen out;
  const char* drug;
  size_t k;
  check(laot_context_set_seed(context, 3) == LAOT_OK &&
        laot_simulate_screen(context, features, drugs, cells, new_cells, 1.0, 0.15, &found) ==
            LAOT_OK &&
        laot_findings_table(found, "drugs", &table) == LAOT_OK);
  out.control = array(found, "control");
  out.treated = array(found, "treated");
  out.new_control = array(found, "new_control");
  out.embedding = array(found, "embedding");
  out.observed = array(found, "test_treated");
  out.training_count = read_conditions(found, "training", out.training);
  out.test_count = read_conditions(found, "test", out.test);
  drug = column(table, "drug");
  for (k = 0; k < drugs; ++k, drug += strlen(drug) + 1) out.drug[k] = drug;
  qsort(out.training, out.training_count, sizeof(condition), by_name);
  laot_table_free(table);
  laot_findings_free(found);
  return out;
}

/* The drugs of a pair stand on both sides of a +, and share the dose. */
typedef struct covariates {
  const char* names[3];
  const char* levels[3];
  double numbers[3];
  size_t count;
  char text[64];
} covariates;

static void describe(const condition* of, covariates* out) {
  char* drug;
  check(strlen(of->drug) < sizeof out->text);
  strcpy(out->text, of->drug);
  out->count = 0;
  for (drug = strtok(out->text, "+"); drug; drug = strtok(NULL, "+")) {
    out->names[out->count] = "drug";
    out->levels[out->count++] = drug;
  }
  out->names[out->count] = "dose";
  out->levels[out->count] = NULL;
  out->numbers[out->count++] = of->dose;
}

static laot_data* data_of(const double* values, size_t count) {
  laot_data* out = NULL;
  check(laot_data_dense(values, features, count, features, &out) == LAOT_OK);
  return out;
}

static laot_experiment* experiment_of(const screen* s, int embedded) {
  laot_experiment* out = NULL;
  laot_data* data = data_of(s->control, cells);
  size_t k, control = 0;
  check(laot_experiment_new(&out) == LAOT_OK &&
        laot_experiment_add_control(out, data, &control) == LAOT_OK);
  laot_data_free(data);
  for (k = 0; k < s->training_count; ++k) {
    const condition* one = &s->training[k];
    covariates at;
    describe(one, &at);
    data = data_of(s->treated + one->place * features * cells, cells);
    check(laot_experiment_add_condition(out, one->name, data, control, at.names, at.levels,
                                        at.numbers, at.count) == LAOT_OK);
    laot_data_free(data);
  }
  check(laot_experiment_hold_out(out, s->training[2].name) == LAOT_OK);
  if (embedded)
    check(laot_experiment_add_embedding(out, "drug", s->drug, drugs, s->embedding, 8) == LAOT_OK);
  return out;
}

enum { patients = 5 };
static const char* const patient_names[patients] = {"p0", "p1", "p2", "p3", "p4"};

/* Cells of conditions of the screen, as control and treated cells of patients. */
static laot_experiment* patients_of(const screen* s) {
  static const char* const covariate[] = {"patient"};
  laot_experiment* out = NULL;
  size_t k, control = 0;
  check(laot_experiment_new(&out) == LAOT_OK);
  for (k = 0; k < patients; ++k) {
    const double* of_control = s->treated + s->training[k].place * features * cells;
    const double* treated = s->treated + s->training[k + patients].place * features * cells;
    laot_data* data = data_of(of_control, cells);
    check(laot_experiment_add_control(out, data, &control) == LAOT_OK);
    laot_data_free(data);
    data = data_of(treated, cells);
    check(laot_experiment_add_condition(out, patient_names[k], data, control, covariate,
                                        &patient_names[k], NULL, 1) == LAOT_OK);
    laot_data_free(data);
  }
  check(laot_experiment_place_by_controls(out, "patient") == LAOT_OK);
  return out;
}

static FILE* open_in(const char* folder, const char* name, const char* ending) {
  char path[1024];
  FILE* file;
  check((size_t)snprintf(path, sizeof path, "%s/%s%s", folder, name, ending) < sizeof path);
  file = fopen(path, "wb");
  check(file != NULL);
  return file;
}

static void write_numbers(const double* values, size_t count, FILE* file) {
  check(fwrite(values, sizeof(double), count, file) == count);
}

/* At every condition of the test; a method of one condition at the training ones, by name. */
static void predict(laot_context* context, const laot_model* model, const screen* s, int of_one,
                    FILE* file) {
  laot_data* data = data_of(s->new_control, new_cells);
  double out[features * new_cells];
  size_t k;
  for (k = 0; k < (of_one ? s->training_count : s->test_count); ++k) {
    covariates at;
    if (of_one && k == 2) continue; /* held out */
    describe(&s->test[k], &at);
    check(of_one ? laot_predict_at(context, model, data, s->training[k].name, NULL, NULL, NULL, 0,
                                   "no", out, sizeof out / sizeof *out) == LAOT_OK
                 : laot_predict_at(context, model, data, NULL, at.names, at.levels, at.numbers,
                                   at.count, "no", out, sizeof out / sizeof *out) == LAOT_OK);
    write_numbers(out, sizeof out / sizeof *out, file);
  }
  fclose(file);
  laot_data_free(data);
}

/* Of a patient that was not seen, and of one that was. */
static void predict_patients(laot_context* context, const laot_model* model, const screen* s,
                             FILE* file) {
  static const char* const covariate[] = {"patient"};
  static const char* const asked[] = {"new", "p1"};
  laot_data* data = data_of(s->new_control, new_cells);
  double out[features * new_cells];
  size_t k;
  for (k = 0; k < 2; ++k) {
    check(laot_predict_at(context, model, data, NULL, covariate, &asked[k], NULL, 1, "no", out,
                          sizeof out / sizeof *out) == LAOT_OK);
    write_numbers(out, sizeof out / sizeof *out, file);
  }
  fclose(file);
  laot_data_free(data);
}

static void fit_patients(laot_context* context, const screen* s, const char* folder) {
  laot_experiment* experiment = patients_of(s);
  laot_params* params = NULL;
  laot_model* model = NULL;
  char path[1024];
  check((size_t)snprintf(path, sizeof path, "%s/patients.safetensors", folder) < sizeof path);
  check(laot_params_new("conditional_laot", &params) == LAOT_OK &&
        laot_fit_experiment(context, params, experiment, &model) == LAOT_OK &&
        laot_save(model, path) == LAOT_OK);
  predict_patients(context, model, s, open_in(folder, "patients", ".bin"));
  laot_model_free(model);
  laot_params_free(params);
  laot_experiment_free(experiment);
}

static void set(laot_params* params, const char* name, const char* value) {
  check(laot_params_set_text(params, name, value) == LAOT_OK);
}

static void make_small(laot_params* params, const char* method) {
  const int is_cpa = strcmp(method, "cpa") == 0;
  if (!is_cpa && strcmp(method, "cmonge") != 0) return;
  set(params, "iterations", "12");
  set(params, "check_every", "6");
  set(params, "hidden_units", "8");
  set(params, "batch_size", "16");
  if (!is_cpa) return;
  set(params, "latent", "4");
  set(params, "adversary_units", "4");
}

/* Held-out cells of the test conditions, by conditional LAOT with both networks beside it. */
static void evaluate(laot_context* context, laot_model* const* models, const screen* s,
                     FILE* file) {
  const laot_model* const asked[] = {models[0], models[2], models[3]};
  laot_evaluation_options options;
  laot_experiment* held_out = NULL;
  laot_data* data = data_of(s->new_control, new_cells);
  laot_table* table = NULL;
  size_t rows = 0, columns = 0, k, control = 0;
  double* values;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.metrics = "mmd2,sd_ratio";
  check(laot_experiment_new(&held_out) == LAOT_OK &&
        laot_experiment_add_control(held_out, data, &control) == LAOT_OK);
  laot_data_free(data);
  for (k = 0; k < s->test_count; ++k) {
    covariates at;
    describe(&s->test[k], &at);
    data = data_of(s->observed + k * features * new_cells, new_cells);
    check(laot_experiment_add_condition(held_out, s->test[k].name, data, control, at.names,
                                        at.levels, at.numbers, at.count) == LAOT_OK);
    laot_data_free(data);
  }
  check(laot_context_set_seed(context, 11) == LAOT_OK &&
        laot_evaluate_experiment(context, asked, 3, held_out, &options, &table) == LAOT_OK &&
        laot_table_size(table, &rows, &columns) == LAOT_OK);
  values = (double*)malloc(rows * sizeof(double));
  check(values != NULL && laot_table_numbers(table, "value", values, rows) == LAOT_OK);
  write_numbers(values, rows, file);
  fclose(file);
  free(values);
  laot_table_free(table);
  laot_experiment_free(held_out);
}

static void fit_all(laot_context* context, const screen* s, const char* folder) {
  FILE* file = open_in(folder, "screen", ".bin");
  laot_model* models[method_count];
  size_t k;
  write_numbers(s->control, features * cells, file);
  write_numbers(s->treated, features * cells * s->training_count, file);
  fclose(file);
  check(laot_context_set_seed(context, 11) == LAOT_OK);
  for (k = 0; k < method_count; ++k) {
    const int of_one = strcmp(methods[k], "laot") == 0;
    laot_experiment* experiment = experiment_of(s, !of_one);
    laot_params* params = NULL;
    laot_model* model = NULL;
    char path[1024];
    check(laot_params_new(methods[k], &params) == LAOT_OK);
    make_small(params, methods[k]);
    check(laot_fit_experiment(context, params, experiment, &model) == LAOT_OK);
    models[k] = model;
    check((size_t)snprintf(path, sizeof path, "%s/%s.safetensors", folder, methods[k]) <
          sizeof path);
    check(laot_save(model, path) == LAOT_OK);
    predict(context, model, s, of_one, open_in(folder, methods[k], ".bin"));
    laot_params_free(params);
    laot_experiment_free(experiment);
  }
  fit_patients(context, s, folder);
  evaluate(context, models, s, open_in(folder, "scores", ".bin"));
  for (k = 0; k < method_count; ++k) laot_model_free(models[k]);
}

int main(int count, char** arguments) {
  laot_context* context = NULL;
  screen s;
  if (count != 4) return 2;
  check(laot_context_new(&context) == LAOT_OK);
  s = simulate(context);
  if (strcmp(arguments[1], "fit") == 0) {
    check(laot_context_set_threads(context, atoi(arguments[3])) == LAOT_OK);
    fit_all(context, &s, arguments[2]);
  } else {
    laot_model* model = NULL;
    FILE* file = fopen(arguments[3], "wb");
    check(file != NULL && laot_load(arguments[2], &model) == LAOT_OK);
    if (strstr(arguments[2], "patients"))
      predict_patients(context, model, &s, file);
    else
      predict(context, model, &s, 0, file);
    laot_model_free(model);
  }
  laot_context_free(context);
  return 0;
}
