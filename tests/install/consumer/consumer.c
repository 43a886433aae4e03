/* The smallest program that needs the header, the library and what the library needs. */
#include <stdio.h>

#include "laot.h"

int main(void) {
  const double control[] = {0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0};
  const double treated[] = {5.0, 5.0, 6.0, 5.0, 5.0, 6.0, 6.0, 6.0};
  double out[8];
  laot_context* context = NULL;
  laot_params* params = NULL;
  laot_data* x = NULL;
  laot_data* y = NULL;
  laot_model* model = NULL;
  int failed = laot_context_new(&context) || laot_params_new("mean_shift", &params) ||
               laot_data_dense(control, 2, 4, 2, &x) || laot_data_dense(treated, 2, 4, 2, &y) ||
               laot_fit(context, params, x, y, &model) ||
               laot_predict(context, model, x, "no", out, 8);
  if (failed)
    printf("%s\n", laot_last_error());
  else
    printf("%s %g %g\n", laot_version(), out[0], out[7]);
  laot_model_free(model);
  laot_data_free(x);
  laot_data_free(y);
  laot_params_free(params);
  laot_context_free(context);
  return failed;
}
