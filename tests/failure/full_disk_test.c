/* A disk that is really full: full_disk_test FOLDER, on a file system of 64 kB. A model that does
 * not fit is refused with the path, the file of the smaller one before it still loads, nothing else
 * is left, and the model that could not be saved still can be elsewhere. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../capi/check.h"
#include "laot.h"

static laot_model* fitted(size_t features) {
  enum { CELLS = 60, MOST = 200 };
  static double control[MOST * CELLS], treated[MOST * CELLS];
  laot_context* context = NULL;
  laot_data *x = NULL, *y = NULL;
  laot_params* params = NULL;
  laot_model* model = NULL;
  size_t i;
  for (i = 0; i < features * CELLS; ++i) {
    control[i] = sin(1.7 * (double)i);
    treated[i] = 1.0 + cos(2.3 * (double)i);
  }
  CHECK(laot_context_new(&context) == LAOT_OK);
  CHECK(laot_data_dense(control, features, CELLS, features, &x) == LAOT_OK);
  CHECK(laot_data_dense(treated, features, CELLS, features, &y) == LAOT_OK);
  CHECK(laot_params_new("laot", &params) == LAOT_OK);
  CHECK(laot_fit(context, params, x, y, &model) == LAOT_OK);
  laot_params_free(params);
  laot_data_free(x);
  laot_data_free(y);
  laot_context_free(context);
  return model;
}

static int files_in(const char* folder) {
  DIR* open = opendir(folder);
  int count = 0;
  const struct dirent* entry;
  while ((entry = readdir(open)) != NULL)
    count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  closedir(open);
  return count;
}

int main(int argc, char** argv) {
  char path[512];
  laot_model *small, *large, *again = NULL;
  size_t before = 0, after = 0, needed = 0;
  if (argc != 2) return 2;
  snprintf(path, sizeof path, "%s/model.safetensors", argv[1]);
  small = fitted(3);
  large = fitted(200);
  CHECK(laot_to_bytes(large, NULL, 0, &needed) == LAOT_OK && needed > 65536);
  CHECK(laot_save(small, path) == LAOT_OK);
  CHECK(laot_save(large, path) == LAOT_IO_ERROR);
  CHECK(strstr(laot_last_error(), path) != NULL);
  printf("%s\n", laot_last_error());
  CHECK(files_in(argv[1]) == 1);
  CHECK(laot_load(path, &again) == LAOT_OK);
  CHECK(laot_to_bytes(small, NULL, 0, &before) == LAOT_OK);
  CHECK(laot_to_bytes(again, NULL, 0, &after) == LAOT_OK && before == after);
  laot_model_free(again);
  again = NULL;
  snprintf(path, sizeof path, "%s/../elsewhere.safetensors", argv[1]);
  CHECK(laot_save(large, path) == LAOT_OK && laot_load(path, &again) == LAOT_OK);
  laot_model_free(again);
  laot_model_free(large);
  laot_model_free(small);
  remove(path);
  return counted();
}
