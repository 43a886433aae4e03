/* The C interface.
 *   worker methods
 *   worker fit CASES DATA OUT THREADS
 *   worker load CASES DATA OUT MODELS... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "laot.h"

typedef struct matrix {
  int64_t size[2];
  double* values;
} matrix;

typedef struct row {
  char name[64], method[64], preset[64], settings[256];
} row;

static void check(int good) {
  if (good) return;
  fprintf(stderr, "%s\n", laot_last_error());
  exit(1);
}

static void join(char* out, size_t size, const char* a, const char* b, const char* c,
                 const char* d) {
  check((size_t)snprintf(out, size, "%s/%s%s%s", a, b, c, d) < size);
}

static matrix read_matrix(const char* folder, const char* name) {
  char path[1024];
  matrix out;
  FILE* file;
  size_t count;
  join(path, sizeof path, folder, name, "", "");
  file = fopen(path, "rb");
  check(file != NULL && fread(out.size, sizeof out.size, 1, file) == 1);
  count = (size_t)(out.size[0] * out.size[1]);
  out.values = (double*)malloc(count * sizeof(double));
  check(out.values != NULL && fread(out.values, sizeof(double), count, file) == count);
  fclose(file);
  return out;
}

static laot_data* data_of(const matrix* m) {
  laot_data* out = NULL;
  check(laot_data_dense(m->values, (size_t)m->size[0], (size_t)m->size[1], (size_t)m->size[0],
                        &out) == LAOT_OK);
  return out;
}

static int next_case(FILE* file, row* out) {
  char line[512];
  while (fgets(line, sizeof line, file))
    if (line[0] != '#' && sscanf(line, "%63s %63s %63s %255s", out->name, out->method, out->preset,
                                 out->settings) == 4)
      return 1;
  return 0;
}

static laot_params* params_of(row* r) {
  laot_params* out = NULL;
  char* setting;
  check(laot_params_new(r->method, &out) == LAOT_OK);
  if (strcmp(r->preset, "-") != 0) check(laot_params_use_preset(out, r->preset) == LAOT_OK);
  if (strcmp(r->settings, "-") == 0) return out;
  for (setting = strtok(r->settings, ","); setting; setting = strtok(NULL, ",")) {
    char* equals = strchr(setting, '=');
    *equals = '\0';
    check(laot_params_set_text(out, setting, equals + 1) == LAOT_OK);
  }
  return out;
}

static void predict(laot_context* context, const laot_model* model, const matrix* cells,
                    const char* path) {
  const size_t count = (size_t)(cells->size[0] * cells->size[1]);
  double* out = (double*)malloc(count * sizeof(double));
  laot_data* data = data_of(cells);
  FILE* file;
  check(laot_predict(context, model, data, "no", out, count) == LAOT_OK);
  file = fopen(path, "wb");
  check(file != NULL && fwrite(out, sizeof(double), count, file) == count);
  fclose(file);
  laot_data_free(data);
  free(out);
}

static void write_numbers(const laot_table* table, const char* name, size_t rows, FILE* file) {
  double* values = (double*)malloc(rows * sizeof(double));
  size_t k;
  check(values != NULL && laot_table_numbers(table, name, values, rows) == LAOT_OK);
  for (k = 0; k < rows; ++k)
    if (values[k] != values[k]) values[k] = -12345.0;
  check(fwrite(values, sizeof(double), rows, file) == rows);
  free(values);
}

static void write_texts(const laot_table* table, const char* name, FILE* file) {
  size_t needed = 0;
  char* texts;
  check(laot_table_texts(table, name, NULL, 0, &needed) == LAOT_OK);
  texts = (char*)malloc(needed);
  check(texts != NULL && laot_table_texts(table, name, texts, needed, &needed) == LAOT_OK);
  check(fwrite(texts, 1, needed, file) == needed);
  free(texts);
}

/* Every row of an evaluation: numbers, NaN as -12345, then texts, each with its final 0. */
static void evaluate(laot_context* context, const laot_model* model, const laot_data* observed,
                     const laot_data* control, const char* path) {
  static const char* const numbers[] = {"value", "sd", "gamma", "cells", "observed", "left_out"};
  static const char* const texts[] = {"group",     "kind",    "method",   "metric",
                                      "estimator", "setting", "features", "reason"};
  laot_evaluation_options options;
  laot_table* table = NULL;
  size_t rows = 0, columns = 0, k;
  FILE* file = fopen(path, "wb");
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.markers = 5;
  options.reference = "halves";
  check(file != NULL &&
        laot_evaluate(context, model, NULL, observed, control, &options, &table) == LAOT_OK &&
        laot_table_size(table, &rows, &columns) == LAOT_OK);
  for (k = 0; k < sizeof numbers / sizeof *numbers; ++k)
    write_numbers(table, numbers[k], rows, file);
  for (k = 0; k < sizeof texts / sizeof *texts; ++k) write_texts(table, texts[k], file);
  fclose(file);
  laot_table_free(table);
}

/* Every row of a table of responses over three donors. */
static void respond(laot_context* context, const laot_model* model, const laot_data* observed,
                    const laot_data* control, const char* path) {
  static const char* const numbers[] = {"observed",     "low",           "high", "predicted",
                                        "sd_predicted", "zeros_control", "ks"};
  laot_table* table = NULL;
  size_t rows = 0, columns = 0, k;
  FILE* file = fopen(path, "wb");
  check(file != NULL &&
        laot_response_table(context, model, NULL, observed, control, 0.0, &table) == LAOT_OK &&
        laot_table_size(table, &rows, &columns) == LAOT_OK);
  for (k = 0; k < sizeof numbers / sizeof *numbers; ++k)
    write_numbers(table, numbers[k], rows, file);
  fclose(file);
  laot_table_free(table);
}

/* Cell i is of group, or of batch, i modulo 3; of treated cells whose types are balanced two in
 * four are b. */
static void set_letters(laot_status (*set)(laot_data*, const char* const*, size_t), laot_data* data,
                        size_t cells, const char* const* names, size_t count) {
  const char** labels = (const char**)malloc(cells * sizeof(char*));
  size_t i;
  check(labels != NULL);
  for (i = 0; i < cells; ++i) labels[i] = names[i % count];
  check(set(data, labels, cells) == LAOT_OK);
  free((void*)labels);
}

static void set_labels(laot_status (*set)(laot_data*, const char* const*, size_t), laot_data* data,
                       size_t cells) {
  static const char* const names[] = {"a", "b", "c"};
  set_letters(set, data, cells, names, 3);
}

static void write_blas(const char* folder) {
  char path[1024], text[1024];
  char *begin, *end;
  size_t needed = 0;
  FILE* file;
  check(laot_capabilities(text, sizeof text, &needed) == LAOT_OK);
  begin = strstr(text, "blas=") + 5;
  end = strchr(begin, '\n');
  if (end) *end = '\0';
  join(path, sizeof path, folder, "blas.txt", "", "");
  file = fopen(path, "w");
  check(file != NULL);
  fputs(begin, file);
  fclose(file);
}

static void print_methods(void) {
  size_t k;
  laot_method_info info;
  for (k = 0; k < laot_method_count(); ++k) {
    info.struct_size = sizeof info;
    check(laot_method_describe(k, &info) == LAOT_OK);
    printf("%s\n", info.name);
  }
}

static void fit_all(FILE* cases, const char* data, const char* out, int threads) {
  laot_context* context = NULL;
  matrix control = read_matrix(data, "control.bin"), treated = read_matrix(data, "treated.bin");
  matrix cells = read_matrix(data, "new.bin");
  laot_data *x = data_of(&control), *y = data_of(&treated), *z = data_of(&cells);
  laot_data* t = data_of(&treated);
  laot_data *of_types = data_of(&control), *to_types = data_of(&treated);
  static const char* const four[] = {"a", "b", "b", "c"};
  char path[1024];
  row r;
  check(laot_context_new(&context) == LAOT_OK && laot_context_set_seed(context, 11) == LAOT_OK &&
        laot_context_set_threads(context, threads) == LAOT_OK);
  set_labels(laot_data_set_groups, of_types, (size_t)control.size[1]);
  set_letters(laot_data_set_groups, to_types, (size_t)treated.size[1], four, 4);
  set_labels(laot_data_set_groups, y, (size_t)treated.size[1]);
  set_labels(laot_data_set_groups, z, (size_t)cells.size[1]);
  set_labels(laot_data_set_batch, t, (size_t)treated.size[1]);
  set_labels(laot_data_set_batch, z, (size_t)cells.size[1]);
  write_blas(out);
  while (next_case(cases, &r)) {
    const int types = strcmp(r.settings, "balance=types") == 0;
    laot_params* params = params_of(&r);
    laot_model* model = NULL;
    check(laot_fit(context, params, types ? of_types : x, types ? to_types : y, &model) == LAOT_OK);
    join(path, sizeof path, out, r.name, ".safetensors", "");
    check(laot_save(model, path) == LAOT_OK);
    join(path, sizeof path, out, r.name, ".bin", "");
    predict(context, model, &cells, path);
    join(path, sizeof path, out, r.name, "_scores.bin", "");
    evaluate(context, model, y, z, path);
    join(path, sizeof path, out, r.name, "_responses.bin", "");
    respond(context, model, t, z, path);
    laot_model_free(model);
    laot_params_free(params);
  }
  laot_data_free(x);
  laot_data_free(y);
  laot_data_free(of_types);
  laot_data_free(to_types);
  laot_data_free(t);
  laot_data_free(z);
  laot_context_free(context);
  free(control.values);
  free(treated.values);
  free(cells.values);
}

static void load_all(FILE* cases, const char* data, const char* out, const char* models) {
  laot_context* context = NULL;
  matrix cells = read_matrix(data, "new.bin");
  char path[1024];
  row r;
  check(laot_context_new(&context) == LAOT_OK);
  while (next_case(cases, &r)) {
    laot_model* model = NULL;
    join(path, sizeof path, models, r.name, ".safetensors", "");
    check(laot_load(path, &model) == LAOT_OK);
    join(path, sizeof path, out, strrchr(models, '/') + 1, "/", "");
    strncat(path, r.name, sizeof path - strlen(path) - 1);
    strncat(path, ".bin", sizeof path - strlen(path) - 1);
    predict(context, model, &cells, path);
    laot_model_free(model);
  }
  laot_context_free(context);
  free(cells.values);
}

int main(int count, char** arguments) {
  FILE* cases;
  int k;
  if (count == 2 && strcmp(arguments[1], "methods") == 0) {
    print_methods();
    return 0;
  }
  if (count < 6) return 2;
  cases = fopen(arguments[2], "r");
  check(cases != NULL);
  if (strcmp(arguments[1], "fit") == 0)
    fit_all(cases, arguments[3], arguments[4], atoi(arguments[5]));
  for (k = 5; strcmp(arguments[1], "load") == 0 && k < count; ++k) {
    rewind(cases);
    load_all(cases, arguments[3], arguments[4], arguments[k]);
  }
  fclose(cases);
  return 0;
}
