/* Tables, and the place of the last failure, used as a C program would, rightly and wrongly. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { FEATURES = 3, CELLS = 20 };

static double early[FEATURES * CELLS];
static double late[FEATURES * CELLS];

static void make_cells(void) {
  int k;
  for (k = 0; k < FEATURES * CELLS; ++k) {
    early[k] = sin(1.7 * k);
    late[k] = 0.5 * sin(1.7 * k) + 2.0 * (k % FEATURES);
  }
}

static laot_data* dense(const double* values) {
  laot_data* out = NULL;
  CHECK(laot_data_dense(values, FEATURES, CELLS, FEATURES, &out) == LAOT_OK);
  return out;
}

/* The pairs' deltas at rising probabilities, three rows a scaling. */
static void test_quantiles(laot_context* context, laot_data* x) {
  static const double probabilities[] = {0.0, 0.5, 1.0};
  laot_findings* findings = NULL;
  laot_table* table = NULL;
  double delta[9];
  size_t k;
  CHECK(laot_isometry(context, x, 1.0, probabilities, 3, &findings) == LAOT_OK);
  CHECK(laot_findings_table(findings, "quantiles", &table) == LAOT_OK);
  laot_findings_free(findings);
  CHECK(laot_table_numbers(table, "delta", delta, 9) == LAOT_OK);
  for (k = 0; k < 9; k += 3) CHECK(delta[k] <= delta[k + 1] && delta[k + 1] <= delta[k + 2]);
  laot_table_free(table);
}

static void test_table(laot_context* context, laot_data* x, laot_data* y) {
  static const double times[] = {0.0, 24.0};
  static const double probabilities[] = {0.5, 0.95};
  static const char* const names[] = {"from",      "to",        "mean",         "mean_low",
                                      "mean_high", "largest",   "quantile_0.5", "quantile_0.95",
                                      "last_low",  "last_high", "floor"};
  const laot_data* course[2];
  laot_findings* findings = NULL;
  laot_table* table = NULL;
  char text[256], expected[256] = "";
  double value = 0.0, mean = 0.0;
  size_t rows = 0, columns = 0, needed = 0, k;
  int type = -1;
  course[0] = x;
  course[1] = y;
  CHECK(laot_rates(context, course, times, 2, probabilities, 2, &findings) == LAOT_OK);
  CHECK(laot_findings_names(findings, "tables", text, sizeof text, &needed) == LAOT_OK);
  CHECK(strcmp(text, "rates") == 0);
  REFUSED(laot_findings_table(findings, "speeds", &table), LAOT_UNKNOWN_NAME, "rates");
  REFUSED(laot_findings_table(findings, "rates", NULL), LAOT_INVALID_ARGUMENT, "out");
  REFUSED(laot_findings_table(NULL, "rates", &table), LAOT_INVALID_ARGUMENT, "findings");
  CHECK(laot_findings_table(findings, "rates", &table) == LAOT_OK);
  laot_findings_free(findings);

  CHECK(laot_table_size(table, &rows, &columns) == LAOT_OK && rows == 1 && columns == 11);
  REFUSED(laot_table_size(table, NULL, &columns), LAOT_INVALID_ARGUMENT, "rows");
  REFUSED(laot_table_size(NULL, &rows, &columns), LAOT_INVALID_ARGUMENT, "table");
  for (k = 0; k < 11; ++k) {
    if (k > 0) strcat(expected, "\n");
    strcat(expected, names[k]);
  }
  CHECK(laot_table_names(table, NULL, 0, &needed) == LAOT_OK && needed == strlen(expected) + 1);
  CHECK(laot_table_names(table, text, needed, &needed) == LAOT_OK && strcmp(text, expected) == 0);
  REFUSED(laot_table_names(table, text, 2, &needed), LAOT_BUFFER_TOO_SMALL, "2 bytes");
  REFUSED(laot_table_names(NULL, NULL, 0, &needed), LAOT_INVALID_ARGUMENT, "table");
  REFUSED(laot_table_column_type(table, "mean", NULL), LAOT_INVALID_ARGUMENT, "type");
  CHECK(laot_table_column_type(table, "mean", &type) == LAOT_OK && type == LAOT_COLUMN_NUMBER);
  REFUSED(laot_table_column_type(table, "speed", &type), LAOT_UNKNOWN_NAME, "there are from, to");
  CHECK(laot_table_numbers(table, "to", &value, 1) == LAOT_OK && value == 24.0);
  CHECK(laot_table_numbers(table, "mean", &mean, 1) == LAOT_OK && mean > 0.0);
  CHECK(laot_table_numbers(table, "largest", &value, 1) == LAOT_OK && value >= mean);
  CHECK(laot_table_numbers(table, "floor", &value, 1) == LAOT_OK && value > 0.0);
  REFUSED(laot_table_numbers(table, "speed", &value, 1), LAOT_UNKNOWN_NAME, "speed");
  REFUSED(laot_table_numbers(table, "mean", &value, 0), LAOT_BUFFER_TOO_SMALL, "room for 0");
  REFUSED(laot_table_numbers(table, "mean", NULL, 1), LAOT_INVALID_ARGUMENT, "out");
  REFUSED(laot_table_texts(table, "mean", text, sizeof text, &needed), LAOT_INVALID_ARGUMENT,
          "holds numbers");
  REFUSED(laot_table_texts(table, "speed", text, sizeof text, &needed), LAOT_UNKNOWN_NAME, "speed");
  laot_table_free(table);
  laot_table_free(NULL);
}

/* The names of a bad value stand in the sentence, and its numbers are apart. */
static void test_place(laot_context* context, laot_data* y) {
  static const char* const features[] = {"GAPDH", "SERINC2", "CD4"};
  const char* cells[CELLS];
  laot_data* bad = NULL;
  laot_params* params = NULL;
  laot_model* model = NULL;
  double value = 0.0;
  size_t feature = 99, cell = 99;
  int i;
  for (i = 0; i < CELLS; ++i) cells[i] = "";
  cells[4] = "ACGT-1";
  early[4 * FEATURES + 1] = NAN;
  bad = dense(early);
  CHECK(laot_params_new("mean_shift", &params) == LAOT_OK);
  REFUSED(laot_fit(context, params, bad, y, &model), LAOT_NOT_FINITE,
          "control has NaN at feature 2, cell 5 (counted from 1)");
  CHECK(strcmp(laot_last_error_place(&feature, &cell, &value), "control") == 0);
  CHECK(feature == 1 && cell == 4 && isnan(value));
  CHECK(laot_data_set_feature_names(bad, features, FEATURES) == LAOT_OK);
  CHECK(laot_data_set_cell_names(bad, cells, CELLS) == LAOT_OK);
  REFUSED(laot_median_gamma(context, y, bad, &value), LAOT_NOT_FINITE,
          "y has NaN at feature 2 (SERINC2), cell 5 (ACGT-1) (counted from 1)");
  CHECK(strcmp(laot_last_error_place(NULL, NULL, NULL), "y") == 0);
  /* A selection drops the names; the numbers are those of what is selected. */
  feature = 1;
  CHECK(laot_data_select_features(bad, &feature, 1) == LAOT_OK);
  REFUSED(laot_median_gamma(context, bad, NULL, &value), LAOT_NOT_FINITE,
          "x has NaN at feature 1, cell 5 (ACGT-1)");
  /* Of no single value: nothing is written. */
  feature = cell = 99;
  REFUSED(laot_fit(context, params, NULL, y, &model), LAOT_INVALID_ARGUMENT, "control is NULL");
  CHECK(strcmp(laot_last_error_place(&feature, &cell, NULL), "") == 0 && feature == 99 &&
        cell == 99);
  laot_params_free(params);
  laot_data_free(bad);
}

/* The words of a sentence that languages spell in their own way, and names of methods. */
static void test_words(void) {
  laot_params* params = NULL;
  size_t begin = 99, length = 99;
  CHECK(laot_params_new("laot", &params) == LAOT_OK);
  REFUSED(laot_params_set_text(params, "equal_counts", "2"), LAOT_INVALID_ARGUMENT,
          "parameter equal_counts must be true or false");
  CHECK(strcmp(laot_last_error_part(0, &begin, &length), "parameter") == 0);
  CHECK(length == 12 && strncmp(laot_last_error() + begin, "equal_counts", length) == 0);
  CHECK(strcmp(laot_last_error_part(2, &begin, &length), "flag") == 0);
  CHECK(length == 5 && strncmp(laot_last_error() + begin, "false", length) == 0);
  begin = length = 99;
  CHECK(strcmp(laot_last_error_part(3, &begin, &length), "") == 0);
  CHECK(begin == 99 && length == 99);
  CHECK(strcmp(laot_last_error_part(1, NULL, NULL), "flag") == 0);
  REFUSED(laot_params_set_text(NULL, "ridge", "2"), LAOT_INVALID_ARGUMENT, "params is NULL");
  CHECK(strcmp(laot_last_error_part(0, &begin, &length), "") == 0);
  laot_params_free(params);
  CHECK(strcmp(laot_method_label(0), "LAOT") == 0);
  CHECK(strcmp(laot_method_label(1), "CellOT") == 0);
  CHECK(strcmp(laot_method_label(laot_method_count()), "") == 0);
}

// Beside the binding's own arguments: one letter off, one that holds it, none.
static void test_nearest(void) {
  const char* const own[] = {"treated", "num.threads", NULL};
  size_t nearest = 99;
  CHECK(laot_nearest_name("treatd", own, 2, &nearest) == LAOT_OK && nearest == 0);
  CHECK(laot_nearest_name("threads", own, 2, &nearest) == LAOT_OK && nearest == 1);
  CHECK(laot_nearest_name("zzzzzzzz", own, 2, &nearest) == LAOT_OK && nearest == 2);
  CHECK(laot_nearest_name("treated", NULL, 0, &nearest) == LAOT_OK && nearest == 0);
  nearest = 99;
  REFUSED(laot_nearest_name("treatd", own, 3, &nearest), LAOT_INVALID_ARGUMENT,
          "candidates[2] is NULL");
  REFUSED(laot_nearest_name("treatd", NULL, 1, &nearest), LAOT_INVALID_ARGUMENT,
          "candidates is NULL");
  REFUSED(laot_nearest_name(NULL, own, 2, &nearest), LAOT_INVALID_ARGUMENT, "name is NULL");
  CHECK(nearest == 99);
  REFUSED(laot_nearest_name("treatd", own, 2, NULL), LAOT_INVALID_ARGUMENT, "nearest is NULL");
}

// The whole matrix again, which outlives the handle that it was made from.
static void test_view(void) {
  static const int32_t starts[] = {0, 1, 2, 3}, rows[] = {0, 1, 2};
  static const double values[] = {1.0, 2.0, 3.0};
  static const char* const names[] = {"a"};
  static const size_t last[] = {2};
  laot_data *data = NULL, *view = NULL;
  size_t features = 0, count = 0;
  CHECK(laot_data_csc(3, 3, starts, rows, values, &data) == LAOT_OK);
  CHECK(laot_data_select_cells(data, last, 1) == LAOT_OK);
  CHECK(laot_data_select_features(data, last, 1) == LAOT_OK);
  CHECK(laot_data_set_cell_names(data, names, 1) == LAOT_OK);
  REFUSED(laot_data_view(NULL, &view), LAOT_INVALID_ARGUMENT, "data is NULL");
  REFUSED(laot_data_view(data, NULL), LAOT_INVALID_ARGUMENT, "out is NULL");
  CHECK(laot_data_view(data, &view) == LAOT_OK);
  laot_data_free(data);
  CHECK(laot_data_size(view, &features, &count) == LAOT_OK);
  CHECK(features == 3 && count == 3);
  CHECK(laot_data_select_cells(view, last, 1) == LAOT_OK);
  CHECK(laot_data_size(view, &features, &count) == LAOT_OK);
  CHECK(features == 3 && count == 1);
  laot_data_free(view);
}

int main(void) {
  laot_context* context = NULL;
  laot_data *x, *y;
  make_cells();
  CHECK(laot_context_new(&context) == LAOT_OK);
  x = dense(early);
  y = dense(late);
  test_table(context, x, y);
  test_quantiles(context, x);
  test_place(context, y);
  test_words();
  test_nearest();
  test_view();
  laot_data_free(x);
  laot_data_free(y);
  laot_context_free(context);
  return counted();
}
