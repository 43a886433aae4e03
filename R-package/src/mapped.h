/* The classes of mapped.c, which R_init_laot registers. */
#ifndef LAOT_R_MAPPED_H
#define LAOT_R_MAPPED_H

#include <R_ext/Rdynload.h>
#include <Rinternals.h>

void laot_r_init_mapped(DllInfo* dll);

#endif
