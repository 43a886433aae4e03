/* Numbers of tables and of findings, by their names. */
#ifndef LAOT_TESTS_CAPI_TABLE_OF_H
#define LAOT_TESTS_CAPI_TABLE_OF_H

#include <stdlib.h>

#include "check.h"

static size_t rows_of(const laot_table* table) {
  size_t rows = 0, columns = 0;
  CHECK(laot_table_size(table, &rows, &columns) == LAOT_OK);
  return rows;
}

static double number_at(const laot_table* table, size_t row, const char* column) {
  const size_t rows = rows_of(table);
  double* values = (double*)malloc((rows ? rows : 1) * sizeof(double));
  double value = -77.0;
  CHECK(row < rows);
  CHECK(laot_table_numbers(table, column, values, rows) == LAOT_OK);
  if (row < rows) value = values[row];
  free(values);
  return value;
}

static double number_in(const laot_findings* findings, const char* name, size_t row,
                        const char* column) {
  laot_table* table = NULL;
  double value;
  CHECK(laot_findings_table(findings, name, &table) == LAOT_OK);
  value = number_at(table, row, column);
  laot_table_free(table);
  return value;
}

/* Rows: resamples, halves, restarts. */
static double agreement_of(const laot_findings* findings, size_t row, const char* column) {
  return number_in(findings, "agreement", row, column);
}

#endif
