/* Vectors whose values stand in a file, as R's own numbers and whole numbers (ALTREP): the system
 * brings in what is looked at, and takes it out of memory again where it needs the room. The file
 * may be deleted meanwhile. */
#include "mapped.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"

#ifndef _WIN32
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <R_ext/Altrep.h>

struct mapping {
  void* values;
  size_t bytes;
};

static R_altrep_class_t mapped_numbers, mapped_integers;

static struct mapping* mapping_of(SEXP vector) {
  return R_ExternalPtrAddr(R_altrep_data1(vector));
}

static void end_mapping(SEXP pointer) {
  struct mapping* mapping = R_ExternalPtrAddr(pointer);
  if (mapping == NULL) return;
  munmap(mapping->values, mapping->bytes);
  free(mapping);
  R_ClearExternalPtr(pointer);
}

static R_xlen_t number_count(SEXP vector) {
  return (R_xlen_t)(mapping_of(vector)->bytes / sizeof(double));
}

static R_xlen_t integer_count(SEXP vector) {
  return (R_xlen_t)(mapping_of(vector)->bytes / sizeof(int));
}

static void* values_of(SEXP vector, Rboolean writable) {
  (void)writable; /* a page that is written to becomes the process' own */
  return mapping_of(vector)->values;
}

static const void* values_at_hand(SEXP vector) {
  return mapping_of(vector)->values;
}

static Rboolean show_mapping(SEXP vector, int before, int deep, int within,
                             void (*inspect)(SEXP, int, int, int)) {
  (void)before, (void)deep, (void)within, (void)inspect;
  Rprintf(" %.0f bytes of a file\n", (double)mapping_of(vector)->bytes);
  return TRUE;
}

/* All of a file as numbers ("double") or whole numbers ("integer"); NULL on a system without such
 * mappings. */
SEXP laot_r_mapped(SEXP path, SEXP type) {
  const char* name = R_ExpandFileName(Rf_translateChar(STRING_ELT(path, 0)));
  const int numbers = strcmp(CHAR(STRING_ELT(type, 0)), "double") == 0;
  const int file = open(name, O_RDONLY);
  struct stat about;
  struct mapping* mapping;
  SEXP pointer, out;
  int flags = MAP_PRIVATE;
#ifdef MAP_NORESERVE
  flags |= MAP_NORESERVE; /* nothing is written, so that no memory need be set aside */
#endif
  if (file < 0 || fstat(file, &about) != 0) {
    if (file >= 0) close(file);
    Rf_error("cannot open '%s'", name);
  }
  if (about.st_size == 0) {
    close(file);
    return Rf_allocVector(numbers ? REALSXP : INTSXP, 0);
  }
  mapping = malloc(sizeof *mapping);
  if (mapping == NULL) {
    close(file);
    Rf_error("out of memory");
  }
  mapping->bytes = (size_t)about.st_size;
  mapping->values = mmap(NULL, mapping->bytes, PROT_READ | PROT_WRITE, flags, file, 0);
  if (mapping->values == MAP_FAILED) {
    close(file);
    free(mapping);
    Rf_error("cannot map '%s' into memory", name);
  }
  close(file);
  pointer = PROTECT(R_MakeExternalPtr(mapping, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(pointer, end_mapping, TRUE);
  out = R_new_altrep(numbers ? mapped_numbers : mapped_integers, pointer, R_NilValue);
  UNPROTECT(1);
  return out;
}

/* Alike in both classes. */
static void set_methods(R_altrep_class_t class) {
  R_set_altrep_Inspect_method(class, show_mapping);
  R_set_altvec_Dataptr_method(class, values_of);
  R_set_altvec_Dataptr_or_null_method(class, values_at_hand);
}

void laot_r_init_mapped(DllInfo* dll) {
  mapped_numbers = R_make_altreal_class("mapped_numbers", "laot", dll);
  R_set_altrep_Length_method(mapped_numbers, number_count);
  set_methods(mapped_numbers);
  mapped_integers = R_make_altinteger_class("mapped_integers", "laot", dll);
  R_set_altrep_Length_method(mapped_integers, integer_count);
  set_methods(mapped_integers);
}

#else

SEXP laot_r_mapped(SEXP path, SEXP type) {
  (void)path;
  (void)type;
  return R_NilValue;
}

void laot_r_init_mapped(DllInfo* dll) {
  (void)dll;
}

#endif
