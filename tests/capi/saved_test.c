/* Notes in the file of a model, and the seed in that of a training. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "text_of.h"

/* Notes come back with the model, are saved again with it, and give way to new ones. */
static void notes_go_with_a_model(const laot_model* model) {
  static const char* const path = "saved_test_notes.safetensors";
  static const char* const names[] = {"assay", "cell state"};
  static const char* const values[] = {"log\"counts\"\n\\", "\xc3\xa9"};
  static const char* const later[] = {"none", NULL};
  static const char* const wrong[] = {"", "\xff"};
  laot_model *other = NULL, *again = NULL;
  size_t needed = 0;
  char* text = text_of(laot_model_names, model, "notes");
  CHECK(strcmp(text, "") == 0);
  free(text);
  CHECK(laot_save_with_notes(model, path, names, values, 2) == LAOT_OK);
  CHECK(laot_load(path, &other) == LAOT_OK);
  text = text_of(laot_model_names, other, "notes");
  CHECK(strcmp(text, "assay\ncell state") == 0);
  free(text);
  text = text_of(laot_model_text, other, "note.assay");
  CHECK(strcmp(text, values[0]) == 0);
  free(text);
  CHECK(laot_save_with_notes(other, path, names, later, 1) == LAOT_OK);
  CHECK(laot_load(path, &again) == LAOT_OK);
  text = text_of(laot_model_text, again, "note.assay");
  CHECK(strcmp(text, "none") == 0);
  free(text);
  text = text_of(laot_model_text, again, "note.cell state");
  CHECK(strcmp(text, values[1]) == 0);
  free(text);
  REFUSED(laot_model_text(again, "note.x", NULL, 0, &needed), LAOT_UNKNOWN_NAME,
          "what is noted has no \"x\"; it has assay, cell state");
  laot_model_free(again);
  laot_model_free(other);
  remove(path);
  REFUSED(laot_save_with_notes(model, path, names, later, 2), LAOT_INVALID_ARGUMENT, "values");
  REFUSED(laot_save_with_notes(model, path, names, wrong + 1, 1), LAOT_INVALID_ARGUMENT,
          "values[0], the note \"assay\", is not UTF-8");
  REFUSED(laot_save_with_notes(model, path, wrong, values, 1), LAOT_INVALID_ARGUMENT,
          "names[0] is empty");
  REFUSED(laot_save_with_notes(model, path, NULL, values, 1), LAOT_INVALID_ARGUMENT, "names");
  REFUSED(laot_save_with_notes(model, path, names, NULL, 1), LAOT_INVALID_ARGUMENT, "values");
  REFUSED(laot_save_with_notes(model, "no/such/folder/model", names, values, 2), LAOT_IO_ERROR,
          "no/such/folder");
  REFUSED(laot_save_with_notes(NULL, path, names, values, 2), LAOT_INVALID_ARGUMENT, "model");
  REFUSED(laot_load(path, &other), LAOT_IO_ERROR, path); /* nothing was left */
}

/* The seed of a training that left its checkpoint; a model and a torn file are none. */
static void checkpoints_know_their_seed(const laot_data* x, const laot_data* y,
                                        const laot_model* model) {
  static const char* const path = "saved_test.ckpt";
  laot_context* context = NULL;
  laot_params* params = NULL;
  laot_model* fitted = NULL;
  uint64_t seed = 0;
  FILE* file;
  remove(path);
  CHECK(laot_context_new(&context) == LAOT_OK && laot_params_new("cellot", &params) == LAOT_OK);
  CHECK(laot_context_set_seed(context, 18446744073709551615u) == LAOT_OK);
  CHECK(laot_context_set_checkpoint(context, path, 0.0) == LAOT_OK);
  CHECK(laot_params_set_number(params, "iterations", 2) == LAOT_OK);
  CHECK(laot_params_set_number(params, "hidden_units", 4) == LAOT_OK);
  CHECK(laot_fit(context, params, x, y, &fitted) == LAOT_OK);
  CHECK(laot_checkpoint_seed(path, &seed) == LAOT_OK && seed == 18446744073709551615u);
  REFUSED(laot_checkpoint_seed(path, NULL), LAOT_INVALID_ARGUMENT, "seed");
  REFUSED(laot_checkpoint_seed(NULL, &seed), LAOT_INVALID_ARGUMENT, "path");
  CHECK(laot_save(model, path) == LAOT_OK);
  REFUSED(laot_checkpoint_seed(path, &seed), LAOT_BAD_FORMAT, "is no checkpoint");
  file = fopen(path, "wb");
  CHECK(file != NULL && fwrite("torn", 4, 1, file) == 1 && fclose(file) == 0);
  REFUSED(laot_checkpoint_seed(path, &seed), LAOT_BAD_FORMAT, path);
  remove(path);
  REFUSED(laot_checkpoint_seed(path, &seed), LAOT_IO_ERROR, path);
  laot_model_free(fitted);
  laot_params_free(params);
  laot_context_free(context);
}

int main(void) {
  enum { FEATURES = 3, CELLS = 40 };
  static double values[2][FEATURES * CELLS];
  laot_context* context = NULL;
  laot_params* params = NULL;
  laot_data *x = NULL, *y = NULL;
  laot_model* model = NULL;
  int k;
  for (k = 0; k < FEATURES * CELLS; ++k) {
    values[0][k] = (double)(k * 7919 % 1009) / 1009.0;
    values[1][k] = 1.0 + (double)(k * 6271 % 1013) / 1013.0;
  }
  CHECK(laot_context_new(&context) == LAOT_OK && laot_params_new("mean_shift", &params) == LAOT_OK);
  CHECK(laot_data_dense(values[0], FEATURES, CELLS, FEATURES, &x) == LAOT_OK);
  CHECK(laot_data_dense(values[1], FEATURES, CELLS, FEATURES, &y) == LAOT_OK);
  CHECK(laot_fit(context, params, x, y, &model) == LAOT_OK);
  notes_go_with_a_model(model);
  checkpoints_know_their_seed(x, y, model);
  laot_model_free(model);
  laot_data_free(x);
  laot_data_free(y);
  laot_params_free(params);
  laot_context_free(context);
  return counted();
}
