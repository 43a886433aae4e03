/* The vectors of late.c, whose classes R_init_laot registers. */
#ifndef LAOT_R_LATE_H
#define LAOT_R_LATE_H

#include <R_ext/Rdynload.h>
#include <Rinternals.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A number of the report of the model, an external pointer. name: a text. */
SEXP laot_r_late_number(SEXP model, SEXP name);

void laot_r_init_late(DllInfo* dll);

#ifdef __cplusplus
}
#endif

#endif
