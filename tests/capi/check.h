/* Checks for the tests written in C: one line for each that failed, and a count at the end. */
#ifndef LAOT_TESTS_CAPI_CHECK_H
#define LAOT_TESTS_CAPI_CHECK_H

#include <stdio.h>
#include <string.h>

#include "laot.h"

static int checks = 0;
static int failures = 0;
static int skipped = 0; /* for want of something on this machine */

#define CHECK(condition)                                                                        \
  do {                                                                                          \
    ++checks;                                                                                   \
    if (!(condition)) {                                                                         \
      ++failures;                                                                               \
      printf("%s:%d: %s; last error: %s\n", __FILE__, __LINE__, #condition, laot_last_error()); \
    }                                                                                           \
  } while (0)

/* A wrong use returns its code, and a sentence, of one line, that contains `words`. */
#define REFUSED(call, code, words)                     \
  do {                                                 \
    CHECK((call) == (code));                           \
    CHECK(strstr(laot_last_error(), (words)) != NULL); \
    CHECK(strchr(laot_last_error(), '\n') == NULL);    \
  } while (0)

/* The status of main. */
static int counted(void) {
  printf("%d passed, %d failed, %d skipped\n", checks - failures, failures, skipped);
  return failures == 0 ? 0 : 1;
}

#endif
