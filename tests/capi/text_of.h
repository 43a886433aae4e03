/* The text of a two-call getter of a model, to be freed. */
#ifndef LAOT_TESTS_CAPI_TEXT_OF_H
#define LAOT_TESTS_CAPI_TEXT_OF_H

#include <stdlib.h>
#include <string.h>

#include "check.h"

static char* text_of(laot_status (*get)(const laot_model*, const char*, char*, size_t, size_t*),
                     const laot_model* model, const char* name) {
  size_t needed = 0;
  char* buffer;
  CHECK(get(model, name, NULL, 0, &needed) == LAOT_OK);
  buffer = (char*)malloc(needed ? needed : 1);
  CHECK(get(model, name, buffer, needed, &needed) == LAOT_OK);
  CHECK(strlen(buffer) + 1 == needed);
  return buffer;
}

#endif
