/* The numbers of a fit's report, some of which take work, and the bytes that let it survive its
 * session, which are as large as the model: R's own vectors whose values are asked of the library
 * when R looks at them first (ALTREP). Written to a file they are plain vectors. */
#include "late.h"

#include <R_ext/Altrep.h>

#include "calls.h"
#include "laot.h"

static R_altrep_class_t late_bytes, late_number;

/* data1: the pair of the model and, of a number, its name. data2: the plain vector, once it is
 * there. */
static laot_model* model_of_late(SEXP vector) {
  laot_model* model = R_ExternalPtrAddr(CAR(R_altrep_data1(vector)));
  if (model == NULL) Rf_error("the model of this fit is lost; load it again");
  return model;
}

static int is_there(SEXP vector) {
  return R_altrep_data2(vector) != R_NilValue;
}

static void must(laot_status status) {
  if (status != LAOT_OK) Rf_error("%s", laot_last_error());
}

static SEXP plain_bytes(SEXP vector) {
  if (!is_there(vector)) {
    laot_model* model = model_of_late(vector);
    size_t size = 0;
    SEXP out;
    must(laot_to_bytes(model, NULL, 0, &size));
    out = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)size));
    must(laot_to_bytes(model, RAW(out), size, &size));
    R_set_altrep_data2(vector, out);
    UNPROTECT(1);
  }
  return R_altrep_data2(vector);
}

static SEXP plain_number(SEXP vector) {
  if (!is_there(vector)) {
    double value = 0.0;
    SEXP name = CDR(R_altrep_data1(vector));
    must(laot_report_number(model_of_late(vector), CHAR(STRING_ELT(name, 0)), &value));
    R_set_altrep_data2(vector, Rf_ScalarReal(value));
  }
  return R_altrep_data2(vector);
}

static R_xlen_t byte_count(SEXP vector) {
  size_t size = 0;
  if (is_there(vector)) return XLENGTH(R_altrep_data2(vector));
  must(laot_to_bytes(model_of_late(vector), NULL, 0, &size));
  return (R_xlen_t)size;
}

static R_xlen_t one(SEXP vector) {
  (void)vector;
  return 1;
}

static void* bytes_of(SEXP vector, Rboolean writable) {
  (void)writable;
  return RAW(plain_bytes(vector));
}

static void* number_of(SEXP vector, Rboolean writable) {
  (void)writable;
  return REAL(plain_number(vector));
}

static const void* bytes_at_hand(SEXP vector) {
  return is_there(vector) ? RAW(R_altrep_data2(vector)) : NULL;
}

static const void* number_at_hand(SEXP vector) {
  return is_there(vector) ? REAL(R_altrep_data2(vector)) : NULL;
}

static double element(SEXP vector, R_xlen_t at) {
  (void)at;
  return REAL(plain_number(vector))[0];
}

static Rbyte byte_at(SEXP vector, R_xlen_t at) {
  return RAW(plain_bytes(vector))[at];
}

static Rboolean show_late(SEXP vector, int before, int deep, int within,
                          void (*inspect)(SEXP, int, int, int)) {
  (void)before, (void)deep, (void)within, (void)inspect;
  Rprintf(is_there(vector) ? " of a model\n" : " of a model, not asked for yet\n");
  return TRUE;
}

SEXP laot_r_late_bytes(SEXP model) {
  SEXP of = PROTECT(Rf_cons(model, R_NilValue)), out = R_new_altrep(late_bytes, of, R_NilValue);
  UNPROTECT(1);
  return out;
}

SEXP laot_r_late_number(SEXP model, SEXP name) {
  SEXP of = PROTECT(Rf_cons(model, name)), out = R_new_altrep(late_number, of, R_NilValue);
  UNPROTECT(1);
  return out;
}

void laot_r_init_late(DllInfo* dll) {
  late_bytes = R_make_altraw_class("late_bytes", "laot", dll);
  R_set_altrep_Length_method(late_bytes, byte_count);
  R_set_altrep_Inspect_method(late_bytes, show_late);
  R_set_altvec_Dataptr_method(late_bytes, bytes_of);
  R_set_altvec_Dataptr_or_null_method(late_bytes, bytes_at_hand);
  R_set_altraw_Elt_method(late_bytes, byte_at);
  late_number = R_make_altreal_class("late_number", "laot", dll);
  R_set_altrep_Length_method(late_number, one);
  R_set_altrep_Inspect_method(late_number, show_late);
  R_set_altvec_Dataptr_method(late_number, number_of);
  R_set_altvec_Dataptr_or_null_method(late_number, number_at_hand);
  R_set_altreal_Elt_method(late_number, element);
}
