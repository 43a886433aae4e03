/*
 * laot: learns the map between unpaired control and treated cells, and predicts how new cells
 * respond. This header is the whole contract; everything else in the library is hidden.
 *
 * Conventions
 *   Cells are columns. A dense matrix is features x cells, column-major, double: value (k, i) of
 *   feature k and cell i stands at values[k + i * leading_dimension]. This is an R matrix, a Julia
 *   Matrix{Float64}, or a C-contiguous numpy array of shape (cells, features). [a x b] says that an
 *   array has a rows and b columns and lies in this order; [a] is a vector.
 *   Units: any scale on which differences mean something (log-normalised expression, principal
 *   components, transformed intensities). What is fitted is what is predicted; raw counts are
 *   accepted but rarely wanted. NaN and Inf are refused, never carried along.
 *   Indices count from 0 (in the sentences of errors, features and cells count from 1).
 *
 * Reading a comment
 *   @param speaks of one argument, @return of the codes below that belong to that call. Texts are
 *   UTF-8 and end with 0. An argument may be NULL only where its line says so. What is not told
 *   apart by an @since has been there since 0.1.0.
 *
 * Errors
 *   Every call that can fail returns a laot_status: 0, or one of the negative codes below, whose
 *   numbers never change. laot_last_error() then gives one sentence, per thread, that names the
 *   argument and what was found. On failure nothing is changed and outputs are not written, but for
 *   the `needed` of the two-call protocol and `out` of laot_predict. No exception, output, signal
 *   handler or abort crosses this border.
 *   Any call: LAOT_INVALID_ARGUMENT for a NULL that is not allowed, LAOT_OUT_OF_MEMORY,
 *   LAOT_INTERNAL_ERROR. Calls with a context: LAOT_CANCELLED. Calls with cells:
 *   LAOT_INVALID_ARGUMENT where there are none, LAOT_NOT_FINITE for NaN or Inf among them,
 *   LAOT_DIMENSION_MISMATCH where two populations differ in their number of features. @return does
 *   not repeat these.
 *
 * Ownership
 *   `laot_X** out` gives a new object that the caller frees with laot_X_free (which takes NULL).
 *   Each object is freed once, in any order: what was made with a context, from params, data or a
 *   model does not need them any more afterwards. A second free does nothing, and a call that is
 *   given a freed object, or one of another kind, returns LAOT_INVALID_ARGUMENT; only where a newer
 *   object of the same kind has got the address of the freed one is it taken for that one. So set
 *   a handle to NULL when you free it, and free nothing that a call of another thread, or the call
 *   whose callback you are in, still works with. Matrices handed to laot_data_* are borrowed and
 *   must outlive the laot_data; everything else that is passed in is copied. `const char*` returned
 *   by introspection calls belongs to the library and lives as long as it is loaded.
 *
 * Two-call protocol for texts and bytes
 *   call(..., NULL, 0, &needed) sets `needed` (with the final 0 for texts) and returns LAOT_OK;
 *   then call again with a buffer of that size. A buffer too small: LAOT_BUFFER_TOO_SMALL, `needed`
 *   set.
 *
 * Threads
 *   A context, params or data belong to one thread at a time; a context that is given to a second
 *   call while a first works with it is refused (LAOT_INVALID_ARGUMENT). A laot_model or
 *   laot_findings never changes: several threads may use one at once, each with its own context.
 *   While a call works, OpenBLAS is held to one thread and restored afterwards (process-wide:
 *   OpenBLAS has only one setting).
 *
 * Bits
 *   On one machine with one BLAS library, a seed fixes every result for any number of threads and
 *   from every language.
 *
 * Papers
 *   Those of the methods are in laot_method_info.source, those of the metrics in
 *   laot_metric_info.source. LAOT, the isometry constant, the critical gap and the recovery study:
 *   Jafari, Shakeri, Daneshmand, ICML 2026.
 */
#ifndef LAOT_H
#define LAOT_H

#include <stddef.h>
#include <stdint.h>

#if defined(LAOT_STATIC) /* compiled into the program or package that uses it: nothing to export */
#define LAOT_API
#elif defined(_WIN32)
#ifdef LAOT_BUILDING
#define LAOT_API __declspec(dllexport)
#else
#define LAOT_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define LAOT_API __attribute__((visibility("default")))
#else
#define LAOT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Status ---------------------------------------------------------------------------------- */

/** Result of a call. The numbers never change; new ones are added at the end. */
typedef enum laot_status {
  LAOT_OK = 0,                  /* it worked; whether a fit converged is in its report */
  LAOT_INVALID_ARGUMENT = -1,   /* a value outside its range, a NULL, a wrong type */
  LAOT_DIMENSION_MISMATCH = -2, /* sizes that do not fit each other */
  LAOT_NOT_FINITE = -3,         /* NaN or Inf in the input, or cells that differ by so little
                                   (under 1e-140) that no squared distance has digits */
  LAOT_UNKNOWN_NAME = -4,       /* no such method, parameter, preset, metric, entry */
  LAOT_OUT_OF_MEMORY = -5,      /* refused beforehand with the estimate, or the system said no */
  LAOT_CANCELLED = -6,          /* the cancel callback asked for it */
  LAOT_IO_ERROR = -7,           /* a file that cannot be read or written */
  LAOT_BAD_FORMAT = -8,         /* bytes that are not a valid model */
  LAOT_NUMERICAL_FAILURE = -9,  /* LAPACK failed, or the values overflowed */
  LAOT_NOT_AVAILABLE = -10,     /* exists, but not for this object */
  LAOT_BUFFER_TOO_SMALL = -11,  /* see the two-call protocol */
  LAOT_INTERNAL_ERROR = -99     /* a defect of the library */
} laot_status;

/** The sentence of the last failure on this thread ("" if there was none), one line, at most 1023
 * bytes. Valid until the next failing call on this thread. */
LAOT_API const char* laot_last_error(void);

/**
 * The value that the last failure on this thread is about, for a binding that knows the cells by
 * other numbers or names than the library does.
 *
 * @param feature  set to its row, from 0, among those selected; left alone where there is no such
 *                 value; may be NULL
 * @param cell     set to its column, as feature is; may be NULL
 * @param value    set to the value, as feature is; may be NULL
 * @return the name of the argument: "control"; "" where the failure is about no single value. Valid
 *         until the next failing call on this thread
 */
LAOT_API const char* laot_last_error_place(size_t* feature, size_t* cell, double* value);

/**
 * The words of the last failure's sentence on this thread that languages spell each in their own
 * way: names of parameters ("keep_cells", in R keep.cells) and values of flags ("true", in Python
 * True).
 *
 * @param part    0, 1, ..., in the order in which they stand
 * @param start   set to the first byte of the word in laot_last_error(), from 0; left alone where
 *                there are not so many; may be NULL
 * @param length  set to the bytes of the word, as start is
 * @return "parameter", "flag"; "" where there are not so many
 */
LAOT_API const char* laot_last_error_part(size_t part, size_t* start, size_t* length);

/**
 * The name of a code, for a binding's own errors: "invalid_argument". "unknown" for other numbers.
 *
 * @param status  what a call returned
 */
LAOT_API const char* laot_status_name(int status);

/**
 * The candidate that was probably meant by a name, as the library's own "did you mean" finds it, for
 * the arguments that a binding adds: one letter off, or else the shortest that holds the name, or
 * else one that looks like it. Letters of another case are nearer than other letters.
 *
 * @param name        as it was given
 * @param candidates  [count], texts; NULL only without any
 * @param count       may be 0
 * @param nearest     set to the index of the candidate, from 0; to count where none looks like it
 */
LAOT_API laot_status laot_nearest_name(const char* name, const char* const* candidates,
                                       size_t count, size_t* nearest);

/* ---- Version and capabilities ---------------------------------------------------------------- */

/** "MAJOR.MINOR.PATCH" of the library. */
LAOT_API const char* laot_version(void);

/** Number of the binary interface that this header describes; grows only when something that
 * existed changes. It is also the number in the soname. */
#define LAOT_ABI_VERSION 1

/** Number of the binary interface of the library that was loaded: a binding that opens it at run
 * time compares this with LAOT_ABI_VERSION. */
LAOT_API int laot_abi_version(void);

/**
 * One "name=value" a line, for bug reports: version, abi, blas, memory_mb. Two-call protocol.
 *
 * @param buffer  where the text goes; NULL with size 0 to ask for the size
 * @param size    bytes of buffer
 * @param needed  set to the bytes of the text with its final 0
 * @return LAOT_BUFFER_TOO_SMALL
 */
LAOT_API laot_status laot_capabilities(char* buffer, size_t size, size_t* needed);

/* ---- Context: threads, seed, callbacks ------------------------------------------------------- */

/** Threads, seed and callbacks of the calls that it is given to. One thread at a time. */
typedef struct laot_context laot_context;

/**
 * A context with one thread, seed 1 and no callbacks.
 *
 * @param out  the new context; free it with laot_context_free
 */
LAOT_API laot_status laot_context_new(laot_context** out);

/**
 * @param context  freed; NULL does nothing. Not from within one of its callbacks
 */
LAOT_API void laot_context_free(laot_context* context);

/**
 * How many threads a call may use. The result does not depend on it.
 *
 * @param context  changed
 * @param threads  1 .. 1024; 1 unless set
 * @return LAOT_INVALID_ARGUMENT: outside the range
 */
LAOT_API laot_status laot_context_set_threads(laot_context* context, int threads);

/**
 * The seed of everything random. Every call starts from it anew: the same call gives the same.
 *
 * @param context  changed
 * @param seed     any number; 1 unless set
 */
LAOT_API laot_status laot_context_set_seed(laot_context* context, uint64_t seed);

/* Callbacks run on the thread that made the call, never on a worker, and must not call back into
 * the library with the same context (another context is fine). No exception, and no longjmp, may
 * leave them: keep it, return 1, and raise it when the call has come back. */

/**
 * Asked at most every 20 ms while a call works. The longest single step between two questions is
 * one LAPACK call: an eigen-decomposition of at most 1500 x 1500, about a second.
 *
 * @param payload  as given to laot_context_set_cancel
 * @return 0: go on; anything else stops the call, which returns LAOT_CANCELLED
 */
typedef int (*laot_cancel_fn)(void* payload);

/**
 * Sets who is asked whether to stop.
 *
 * @param context   changed
 * @param function  the callback; NULL takes it away
 * @param payload   handed to each of its calls, not looked at; may be NULL
 */
LAOT_API laot_status laot_context_set_cancel(laot_context* context, laot_cancel_fn function,
                                             void* payload);

/**
 * Told at most every 100 ms, and at the fractions 0 and 1 of a stage.
 *
 * @param stage     what is being done, a few words; valid during the callback
 * @param fraction  share of the stage that is done, 0 .. 1
 * @param payload   as given to laot_context_set_progress
 * @return 0: go on; anything else cancels, as laot_cancel_fn does
 */
typedef int (*laot_progress_fn)(const char* stage, double fraction, void* payload);

/**
 * Sets who is told of progress.
 *
 * @param context   changed
 * @param function  the callback; NULL takes it away
 * @param payload   handed to each of its calls, not looked at; may be NULL
 */
LAOT_API laot_status laot_context_set_progress(laot_context* context, laot_progress_fn function,
                                               void* payload);

/**
 * Told lines worth telling an engineer.
 *
 * @param line     one line without its end; valid during the callback
 * @param payload  as given to laot_context_set_log
 */
typedef void (*laot_log_fn)(const char* line, void* payload);

/**
 * Sets who is told of such lines.
 *
 * @param context   changed
 * @param function  the callback; NULL takes it away
 * @param payload   handed to each of its calls, not looked at; may be NULL
 */
LAOT_API laot_status laot_context_set_log(laot_context* context, laot_log_fn function,
                                          void* payload);

/**
 * Work that outlives its process. A fit of a method that trains (laot_method_info.trains) made with
 * this context keeps the state of its training in a file: safetensors, replaced at once or not at
 * all, and written also when the training ends or is cancelled. Where the file exists, the fit goes
 * on from it, and the result has the same bits as that of a training that was never interrupted.
 * The same cells, parameters and seed are needed, else the fit's LAOT_INVALID_ARGUMENT says what
 * differs; only `iterations` or `epochs` (where last_rate is 1), patience, on_cancel and keep_cells
 * may change: more iterations train a finished network further (bit for bit as in one go where the
 * first number was a multiple of check_every). One file holds one training. A file that cannot be
 * written is the fit's LAOT_IO_ERROR; once a training runs, a failure to write ends in its report's
 * `warning` instead. Where methods without a training are fitted to many conditions
 * (laot_fit_experiment), each condition that is done is written to a file of its own ("run.ckpt"
 * and condition "24 h" make "run-24_h.ckpt"), and the same call goes on with the others; all
 * parameters have to be the same. A fit of these methods to one condition takes no notice where the
 * condition has no name, and else has its file as one of several would. A file that is damaged is the
 * fit's LAOT_BAD_FORMAT.
 *
 * @param context  changed
 * @param path     the file, copied; NULL takes it away: no checkpoints, as in a new context
 * @param seconds  between two writings, 0 or more; 30 is a good choice
 * @return LAOT_INVALID_ARGUMENT: path is empty, or seconds is negative or not finite
 */
LAOT_API laot_status laot_context_set_checkpoint(laot_context* context, const char* path,
                                                 double seconds);

/**
 * The seed of the run that left a checkpoint: a run whose seed was drawn goes on with the same one.
 * Reads the whole file.
 *
 * @param path  the file of laot_context_set_checkpoint
 * @param seed  set to its seed
 * @return LAOT_IO_ERROR: the file cannot be read; LAOT_BAD_FORMAT: it is no checkpoint, or damaged
 */
LAOT_API laot_status laot_checkpoint_seed(const char* path, uint64_t* seed);

/* ---- Data ------------------------------------------------------------------------------------ */

/** A population of cells: the caller's matrix seen in place, with a selection, labels, names. */
typedef struct laot_data laot_data;

/**
 * A dense matrix as laot_data. Nothing is copied; values are checked by the calls that read them.
 *
 * @param values             [features x cells], column-major, borrowed: must outlive the data. NULL
 *                           only where the matrix is empty
 * @param features           rows of the matrix
 * @param cells              columns of the matrix
 * @param leading_dimension  distance of two columns in values, at least features
 * @param out                the new data; free it with laot_data_free
 * @return LAOT_DIMENSION_MISMATCH: leading_dimension below features
 */
LAOT_API laot_status laot_data_dense(const double* values, size_t features, size_t cells,
                                     size_t leading_dimension, laot_data** out);

/**
 * Compressed sparse columns as laot_data: a dgCMatrix as it lies in memory. Nothing is copied; the
 * structure is checked here, in one pass over column_starts and rows.
 *
 * @param features       rows of the matrix
 * @param cells          columns of the matrix
 * @param column_starts  [cells + 1], borrowed: where each column begins in rows and values; from 0,
 *                       never decreasing
 * @param rows           [column_starts[cells]], borrowed: feature of each value, from 0, in any
 *                       order within a column but each once. NULL only without values
 * @param values         [column_starts[cells]], borrowed. NULL only without values
 * @param out            the new data; free it with laot_data_free
 * @return LAOT_INVALID_ARGUMENT: a structure that is not of this form
 */
LAOT_API laot_status laot_data_csc(size_t features, size_t cells, const int32_t* column_starts,
                                   const int32_t* rows, const double* values, laot_data** out);

/**
 * The same with indices of 64 bits.
 *
 * @param features       rows of the matrix
 * @param cells          columns of the matrix
 * @param column_starts  [cells + 1], borrowed, as for laot_data_csc
 * @param rows           [column_starts[cells]], borrowed, as for laot_data_csc
 * @param values         [column_starts[cells]], borrowed, as for laot_data_csc
 * @param out            the new data; free it with laot_data_free
 * @return LAOT_INVALID_ARGUMENT: a structure that is not of this form
 */
LAOT_API laot_status laot_data_csc64(size_t features, size_t cells, const int64_t* column_starts,
                                     const int64_t* rows, const double* values, laot_data** out);

/**
 * The same matrix once more, all of its features and cells and without names or labels, for another
 * selection: of many populations in one sparse matrix the structure is checked once, and not with
 * each. Nothing is copied; the memory must outlive every view, the handle it was made from need not.
 *
 * @param data  of any matrix, whatever is selected of it
 * @param out   the new data; free it with laot_data_free
 */
LAOT_API laot_status laot_data_view(const laot_data* data, laot_data** out);

/**
 * @param data  freed, the borrowed matrix is left alone; NULL does nothing
 */
LAOT_API void laot_data_free(laot_data* data);

/**
 * Keeps the listed cells of what is selected now, in that order, in place: no value is copied.
 * Labels, groups and cell names that were set are dropped, so select first.
 *
 * @param data   changed
 * @param index  [count] columns, from 0 among those selected now; may repeat
 * @param count  at least 1
 * @return LAOT_INVALID_ARGUMENT: an index outside the data, or none
 */
LAOT_API laot_status laot_data_select_cells(laot_data* data, const size_t* index, size_t count);

/**
 * Keeps the listed features of what is selected now, in that order, in place: no value is copied.
 * Feature names that were set are dropped, so select first.
 *
 * @param data   changed
 * @param index  [count] rows, from 0 among those selected now; may repeat
 * @param count  at least 1
 * @return LAOT_INVALID_ARGUMENT: an index outside the data, or none
 */
LAOT_API laot_status laot_data_select_features(laot_data* data, const size_t* index, size_t count);

/**
 * The size of what is selected.
 *
 * @param data      looked at
 * @param features  set to the number of rows
 * @param cells     set to the number of columns
 */
LAOT_API laot_status laot_data_size(const laot_data* data, size_t* features, size_t* cells);

/**
 * Labels of the cells (donor, cell line, replicate): cells are paired within a label only, and one
 * map is learnt for all. Two populations that meet in a fit must have the same set of labels.
 *
 * @param data    changed
 * @param labels  [count] texts, one for each selected cell, copied
 * @param count   number of selected cells
 * @return LAOT_DIMENSION_MISMATCH: count is not the number of cells; LAOT_INVALID_ARGUMENT: a text
 *         is NULL
 */
LAOT_API laot_status laot_data_set_batch(laot_data* data, const char* const* labels, size_t count);

/**
 * Groups of the cells, cell types say, of which laot_evaluate speaks one by one, and from which the
 * weights of a balanced prediction follow. A fit whose two
 * populations have them tells how their shares change (laot_composition), warns where they change
 * by more than chance, and with balance = "types" weights control cells to the treated shares.
 *
 * @param data    changed
 * @param labels  [count] texts, one for each selected cell, copied
 * @param count   number of selected cells
 * @return LAOT_DIMENSION_MISMATCH: count is not the number of cells; LAOT_INVALID_ARGUMENT: a text
 *         is NULL
 */
LAOT_API laot_status laot_data_set_groups(laot_data* data, const char* const* labels, size_t count);

/**
 * Names of the features, kept with a model. Where two objects that meet in a call both have feature
 * names, these must be equal and in the same order, or the call gives LAOT_DIMENSION_MISMATCH.
 *
 * @param data   changed
 * @param names  [count] texts, one for each selected feature, copied
 * @param count  number of selected features
 * @return LAOT_DIMENSION_MISMATCH: count is not the number of features; LAOT_INVALID_ARGUMENT: a
 *         text is NULL
 */
LAOT_API laot_status laot_data_set_feature_names(laot_data* data, const char* const* names,
                                                 size_t count);

/**
 * Names of the cells, kept with a model.
 *
 * @param data   changed
 * @param names  [count] texts, one for each selected cell, copied
 * @param count  number of selected cells
 * @return LAOT_DIMENSION_MISMATCH: count is not the number of cells; LAOT_INVALID_ARGUMENT: a text
 *         is NULL
 */
LAOT_API laot_status laot_data_set_cell_names(laot_data* data, const char* const* names,
                                              size_t count);

/**
 * The features that vary most, to be handed to laot_data_select_features of both populations: by
 * variance (divisor: number of cells) over the pooled cells, ties by position.
 *
 * @param context  threads and callbacks
 * @param control  [features x n] control cells
 * @param treated  [features x m] treated cells, same features
 * @param count    how many features: 1 .. features
 * @param index    [count] set to their rows, largest variance first
 * @return LAOT_INVALID_ARGUMENT: count outside its range
 *
 * Cost: two passes over the cells; no copy.
 */
LAOT_API laot_status laot_variable_features(laot_context* context, const laot_data* control,
                                            const laot_data* treated, size_t count, size_t* index);

/* ---- Tables ---------------------------------------------------------------------------------- */

/** A result with named, typed columns, to be shown as a data frame. It never changes. */
typedef struct laot_table laot_table;

/** Type of a column. */
typedef enum laot_column_type {
  LAOT_COLUMN_NUMBER = 0, /* laot_table_numbers; NaN: undefined */
  LAOT_COLUMN_TEXT = 1    /* laot_table_texts */
} laot_column_type;

/**
 * @param table  freed; NULL does nothing
 */
LAOT_API void laot_table_free(laot_table* table);

/**
 * The size of a table.
 *
 * @param table    looked at
 * @param rows     set to the number of rows; 0 where nothing was found
 * @param columns  set to the number of columns
 */
LAOT_API laot_status laot_table_size(const laot_table* table, size_t* rows, size_t* columns);

/**
 * Names of the columns, one a line, in their order. Two-call protocol.
 *
 * @param table   looked at
 * @param buffer  where the text goes; NULL with size 0 to ask for the size
 * @param size    bytes of buffer
 * @param needed  set to the bytes of the text with its final 0
 * @return LAOT_BUFFER_TOO_SMALL
 */
LAOT_API laot_status laot_table_names(const laot_table* table, char* buffer, size_t size,
                                      size_t* needed);

/**
 * Type of a column's values.
 *
 * @param table  looked at
 * @param name   one of laot_table_names
 * @param type   set to a laot_column_type
 * @return LAOT_UNKNOWN_NAME: no such column; the sentence lists what there is
 */
LAOT_API laot_status laot_table_column_type(const laot_table* table, const char* name, int* type);

/**
 * A column of numbers.
 *
 * @param table   looked at
 * @param name    one of laot_table_names
 * @param out     [rows of laot_table_size] filled
 * @param length  numbers that out has room for
 * @return LAOT_UNKNOWN_NAME: no such column; LAOT_INVALID_ARGUMENT: it holds texts;
 *         LAOT_BUFFER_TOO_SMALL: length
 */
LAOT_API laot_status laot_table_numbers(const laot_table* table, const char* name, double* out,
                                        size_t length);

/**
 * A column of texts, one after another, each with its final 0: as many as the table has rows.
 * Two-call protocol.
 *
 * @param table   looked at
 * @param name    one of laot_table_names
 * @param buffer  where the texts go; NULL with size 0 to ask for the size
 * @param size    bytes of buffer
 * @param needed  set to the bytes of all texts with their final 0; 0 where there are no rows
 * @return LAOT_UNKNOWN_NAME: no such column; LAOT_INVALID_ARGUMENT: it holds numbers;
 *         LAOT_BUFFER_TOO_SMALL
 */
LAOT_API laot_status laot_table_texts(const laot_table* table, const char* name, char* buffer,
                                      size_t size, size_t* needed);

/* ---- Methods and parameters: one registry ---------------------------------------------------- */

/** Number of methods: they are numbered from 0. */
LAOT_API size_t laot_method_count(void);

/** A method. Texts belong to the library. */
typedef struct laot_method_info {
  size_t struct_size;  /* set to sizeof(laot_method_info) before the call */
  const char* name;    /* "laot" */
  const char* title;   /* its name, a colon, and what it is, in one line */
  const char* source;  /* the paper */
  size_t param_count;  /* its parameters are numbered from 0 to this, less one */
  size_t preset_count; /* and so are its presets */
  int affine;          /* 1: x_t = W x_0 + b, unless it was let bend: map, offset, latent_map */
  int dense_map;       /* 1: without components, matrices of features x features */
  int trains;          /* 1: a training, with checkpoints and on_cancel */
  int uses_batch;      /* 1: takes labels of cells into account; 0: refuses them */
  int many_conditions; /* 1: one model of all conditions; 0: fitted to each on its own */
  int trivial;         /* 1: one of those that every score is shown beside */
  int pairs;           /* 1: a plan between the cells: plan_source, plan_target, plan_mass */
  int raw_space;       /* 1: cells are taken as they are, without a feature space */
  size_t fewest_cells; /* of either side of a condition; with fewer the fit is the mean shift. Of
                        * many conditions a training refuses, and others warn */
} laot_method_info;

/**
 * Describes a method.
 *
 * @param method  0 .. laot_method_count() - 1
 * @param info    struct_size read, the rest filled as far as struct_size reaches
 * @return LAOT_INVALID_ARGUMENT: no such method, or struct_size not set
 */
LAOT_API laot_status laot_method_describe(size_t method, laot_method_info* info);

/**
 * The name of a method as papers write it, with which its title begins: "CellOT".
 *
 * @param method  0 .. laot_method_count() - 1
 * @return a text of the library; "" where there is no such method
 */
LAOT_API const char* laot_method_label(size_t method);

/** Type of a parameter. */
typedef enum laot_param_type {
  LAOT_NUMBER = 0,  /* minimum .. maximum, or one of words */
  LAOT_INTEGER = 1, /* a whole number in minimum .. maximum, or one of words */
  LAOT_FLAG = 2,    /* "true", "false"; 1, 0 */
  LAOT_CHOICE = 3   /* one of words */
} laot_param_type;

/** A parameter of a method. Texts belong to the library. */
typedef struct laot_param_info {
  size_t struct_size;       /* set to sizeof(laot_param_info) before the call */
  const char* name;         /* "ridge" */
  int type;                 /* a laot_param_type; take numbers that are new to you as texts */
  const char* default_text; /* of the first preset, as laot_params_set_text takes it */
  double minimum;           /* of a number or an integer */
  double maximum;           /* of a number or an integer; Inf: no bound */
  const char* words;        /* values of a choice, or words a number may be; comma-separated */
  const char* doc;          /* one line */
  const char* source;       /* where it is defined */
} laot_param_info;

/**
 * Describes a parameter.
 *
 * @param method  0 .. laot_method_count() - 1
 * @param param   0 .. laot_method_info.param_count - 1
 * @param info    struct_size read, the rest filled as far as struct_size reaches
 * @return LAOT_INVALID_ARGUMENT: no such method or parameter, or struct_size not set
 */
LAOT_API laot_status laot_param_describe(size_t method, size_t param, laot_param_info* info);

/** A preset of a method: values for all its parameters; the first is the default. Texts belong to
 *  the library. */
typedef struct laot_preset_info {
  size_t struct_size; /* set to sizeof(laot_preset_info) before the call */
  const char* name;   /* "notebook" */
  const char* doc;    /* what it is for, one line */
} laot_preset_info;

/**
 * Describes a preset.
 *
 * @param method  0 .. laot_method_count() - 1
 * @param preset  0 .. laot_method_info.preset_count - 1
 * @param info    struct_size read, the rest filled as far as struct_size reaches
 * @return LAOT_INVALID_ARGUMENT: no such method or preset, or struct_size not set
 */
LAOT_API laot_status laot_preset_describe(size_t method, size_t preset, laot_preset_info* info);

/** A method and a value for each of its parameters. One thread at a time. */
typedef struct laot_params laot_params;

/**
 * A method with its first preset, which is the default: "adaptive" for "laot".
 *
 * @param method  name of a method: "laot", "identity", "mean_shift", "gaussian_map", "cellot", ...
 * @param out     the new params; free them with laot_params_free
 * @return LAOT_UNKNOWN_NAME: no such method; the sentence names the nearest one
 */
LAOT_API laot_status laot_params_new(const char* method, laot_params** out);

/**
 * @param params  freed; NULL does nothing
 */
LAOT_API void laot_params_free(laot_params* params);

/**
 * Sets every parameter to the preset's value, so call it before single settings.
 *
 * @param params  changed
 * @param preset  name of a preset of the method
 * @return LAOT_UNKNOWN_NAME: the method has no such preset
 */
LAOT_API laot_status laot_params_use_preset(laot_params* params, const char* preset);

/**
 * Sets a number, an integer or a flag (1, 0).
 *
 * @param params  changed
 * @param name    name of a parameter of the method
 * @param value   within the range of laot_param_info
 * @return LAOT_UNKNOWN_NAME: the method has no such parameter; LAOT_INVALID_ARGUMENT: out of range,
 *         not whole, or the parameter takes a word
 */
LAOT_API laot_status laot_params_set_number(laot_params* params, const char* name, double value);

/**
 * Sets any parameter from a text.
 *
 * @param params  changed
 * @param name    name of a parameter of the method
 * @param value   "0.3", "auto", "true", "covariance"
 * @return LAOT_UNKNOWN_NAME: the method has no such parameter; LAOT_INVALID_ARGUMENT: a text that
 *         it does not take
 */
LAOT_API laot_status laot_params_set_text(laot_params* params, const char* name, const char* value);

/**
 * The present value of a parameter, as laot_params_set_text takes it. Two-call protocol.
 *
 * @param params  looked at
 * @param name    name of a parameter of the method
 * @param buffer  where the text goes; NULL with size 0 to ask for the size
 * @param size    bytes of buffer
 * @param needed  set to the bytes of the text with its final 0
 * @return LAOT_UNKNOWN_NAME: the method has no such parameter; LAOT_BUFFER_TOO_SMALL
 */
LAOT_API laot_status laot_params_get_text(const laot_params* params, const char* name, char* buffer,
                                          size_t size, size_t* needed);

/* ---- Fit and predict ------------------------------------------------------------------------- */

/** A fitted model. It never changes. */
typedef struct laot_model laot_model;

/**
 * Learns the response. Whether the call worked and whether the fit converged are two answers: see
 * "outcome" in the report. Fewer than 3 cells on a side: the mean shift, and the report says so.
 * The numbers of cells may differ; all are used, with weights 1/n and 1/m. Labels and names of the
 * data count.
 *
 * @param context  threads, seed, callbacks
 * @param params   method and parameters; copied
 * @param control  [features x n] control cells, any units
 * @param treated  [features x m] treated cells, the same features in the same order and units
 * @param out      the new model; free it with laot_model_free
 * @return LAOT_DIMENSION_MISMATCH: features or their names differ, or only one side has labels;
 *         LAOT_INVALID_ARGUMENT: a label that one side lacks; LAOT_NUMERICAL_FAILURE: values so
 *         large that the fit overflows
 *
 * Cost: laot, iterations x (one exact transport + O(n k^2 + k^3)) in k dimensions of the feature
 * space; networks, iterations x minibatch (docs/performance.md, docs/networks.md). Memory beyond
 * the input: one working copy of the cells, the kept cells, and the transport's.
 */
LAOT_API laot_status laot_fit(laot_context* context, const laot_params* params,
                              const laot_data* control, const laot_data* treated, laot_model** out);

/**
 * @param model  freed; NULL does nothing
 */
LAOT_API void laot_model_free(laot_model* model);

/**
 * Predicts control cells as treated, in the units of the training cells. BLAS may add in
 * another order where other cells stand beside a cell, so that its last digits can differ then.
 * A feature that has one value in all training cells is predicted as exactly that value; one that
 * has a in all control and b in all treated cells as exactly b where the populations are encoded
 * about their own means (laot, gaussian_map, mean_shift; networks with center = own).
 *
 * @param context      threads and callbacks
 * @param model        looked at
 * @param cells        [features x count] control cells, features as in the fit
 * @param nonnegative  "no": as predicted. "clip": negative values raised to 0. "marginals": each
 *                     feature sent through the monotone map from its predicted to its observed
 *                     treated training values, with clamped ends, which keeps zeros and shape (the
 *                     model's own map with restore = "marginals", else one of its kept cells)
 * @param out          [features x count], column-major, filled; undefined if the call fails after
 *                     it began (LAOT_NOT_FINITE, LAOT_NUMERICAL_FAILURE, LAOT_CANCELLED)
 * @param length       numbers that out has room for, at least features * count
 * @return LAOT_DIMENSION_MISMATCH: other features than the model's; LAOT_BUFFER_TOO_SMALL: length;
 *         LAOT_UNKNOWN_NAME: nonnegative; LAOT_NOT_AVAILABLE: "marginals" of a model that kept no
 *         cells; LAOT_NUMERICAL_FAILURE: values so large that the prediction overflows
 *
 * Cost: one pass over the cells, 256 at a time; O(features k + k^2) a cell for laot.
 */
LAOT_API laot_status laot_predict(laot_context* context, const laot_model* model,
                                  const laot_data* cells, const char* nonnegative, double* out,
                                  size_t length);

/**
 * The shares of cell types before and after, where the cells of the fit had groups or balance was
 * "clusters": columns type, control, treated (shares), treated_low, treated_high (95% interval over
 * cells) and ratio, what a control cell of the type counts (treated share over control share, 0
 * where no treated cell has the type). Without types a table without rows.
 *
 * @param model  looked at, of one condition
 * @param out    the new table; free it with laot_table_free
 */
LAOT_API laot_status laot_composition(const laot_model* model, laot_table** out);

/**
 * The candidates that the fit compared by cells, or conditions, that it held out: texts
 * condition (empty where the fit is of none, or it was compared for all), choice (map: the linear
 * map against those that bend, of laot; restore and own_share, of conditional_laot), candidate;
 * numbers mmd2 (unbiased, the mean over what was held out), gain (the mean difference to the first
 * candidate, part by part: negative is better), standard_error (of the gain; these two NaN for
 * restore and own_share), chosen (1 or 0; of own_share, which each condition takes for itself, the
 * part of the conditions that took it; those of too few cells to be asked take 0). A model of many
 * conditions has the rows of each. Where nothing was compared a table without rows; of laot whose
 * lift or restore is auto, report text choice_reason then says why.
 *
 * @param model  looked at
 * @param out    the new table; free it with laot_table_free
 */
LAOT_API laot_status laot_choices(const laot_model* model, laot_table** out);

/**
 * Weight of each control cell in the predicted population: the ratio of its type, or of the
 * cluster that it is nearest to; 1 where the fit was not balanced.
 *
 * @param context  threads and callbacks
 * @param model    looked at, of one condition
 * @param cells    [features x count] control cells; of a fit that was balanced by types with their
 *                 groups
 * @param out      [count] filled; undefined if the call fails
 * @param length   numbers that out has room for, at least count
 * @return LAOT_DIMENSION_MISMATCH: other features than the model's; LAOT_BUFFER_TOO_SMALL: length;
 *         LAOT_INVALID_ARGUMENT: groups that are missing or that the fit has not seen
 */
LAOT_API laot_status laot_weights(laot_context* context, const laot_model* model,
                                  const laot_data* cells, double* out, size_t length);

/**
 * Effect of a feature of a cell on its prediction: the derivative of the prediction at
 * each cell, in the units of the training cells. The map W everywhere where the map is linear and
 * the marginals are not restored.
 *
 * @param context  threads and callbacks
 * @param model    looked at
 * @param cells    [features x count] control cells, features as in the fit
 * @param out      [features x features x count], column-major: entry (j, k) of a cell is the change
 *                 of the predicted feature j with feature k; undefined if the call fails
 * @param length   numbers that out has room for, at least features * features * count
 * @return LAOT_DIMENSION_MISMATCH: other features than the model's; LAOT_BUFFER_TOO_SMALL: length;
 *         LAOT_NOT_AVAILABLE: cellot, scgen, cae or cpa, whose maps have no derivative in closed form
 *
 * Cost: O(features^2 k) a cell for a feature space of dimension k.
 */
LAOT_API laot_status laot_effects(laot_context* context, const laot_model* model,
                                  const laot_data* cells, double* out, size_t length);

/**
 * The strongest effects of a linear map, or of the linear part of one that bends: the entries of
 * W - I that are largest by absolute value, the largest first. Columns treated and control (the row
 * and the column of W: features from 0) and change. Entries within 1e-12 of 0 are the rounding of
 * sums and have no row; a model without an array map has none.
 *
 * @param model  looked at
 * @param count  rows at most
 * @param out    the new table; free it with laot_table_free
 * @return LAOT_INVALID_ARGUMENT: a model of several conditions
 *
 * Cost: features x features numbers at once.
 */
LAOT_API laot_status laot_strongest_effects(const laot_model* model, size_t count,
                                            laot_table** out);

/**
 * Cells in the feature space of a model: centred, in components where it has them, and scaled. What
 * isometry constants and rates of movement are asked of, so that they are about the cells as the
 * fit sees them.
 *
 * @param context  threads and callbacks
 * @param model    looked at
 * @param cells    [features x count], features as in the fit
 * @param about    the mean that is taken off: "control" or "treated", that of the model's cells, or
 *                 "own", that of these
 * @param out      [k x count], column-major, k the rows of the array scale; undefined if the call
 *                 fails
 * @param length   numbers that out has room for, at least k * count
 * @return LAOT_DIMENSION_MISMATCH: other features than the model's; LAOT_BUFFER_TOO_SMALL: length;
 *         LAOT_UNKNOWN_NAME: about; LAOT_NOT_FINITE: a NaN or Inf in the cells;
 *         LAOT_INVALID_ARGUMENT: a model of an experiment, at none of its conditions
 *
 * Cost: O(features k) a cell.
 */
LAOT_API laot_status laot_encode(laot_context* context, const laot_model* model,
                                 const laot_data* cells, const char* about, double* out,
                                 size_t length);

/**
 * A trivial predictor of the same training cells, to score beside the model.
 *
 * @param model  looked at
 * @param name   "identity", "mean_shift" or "gaussian_map"
 * @param out    the new model; free it with laot_model_free
 * @return LAOT_UNKNOWN_NAME: another name
 */
LAOT_API laot_status laot_model_trivial(const laot_model* model, const char* name,
                                        laot_model** out);

/* ---- Experiments of many conditions ---------------------------------------------------------- */

/** Control populations, and conditions with the cells that were treated so. One thread at a time.
 */
typedef struct laot_experiment laot_experiment;

/**
 * An experiment without populations.
 *
 * @param out  the new experiment; free it with laot_experiment_free
 */
LAOT_API laot_status laot_experiment_new(laot_experiment** out);

/**
 * @param experiment  freed, the borrowed matrices are left alone; NULL does nothing
 */
LAOT_API void laot_experiment_free(laot_experiment* experiment);

/**
 * Adds a control population: one for all conditions, or one for each context (cell line, patient,
 * plate).
 *
 * @param experiment  changed
 * @param control     [features x n] control cells with their labels and names. Copied but for the
 *                    matrix, which must outlive the experiment
 * @param index       set to its number, from 0, for laot_experiment_add_condition
 * @return LAOT_DIMENSION_MISMATCH: names of features differ from those of what was added before
 */
LAOT_API laot_status laot_experiment_add_control(laot_experiment* experiment,
                                                 const laot_data* control, size_t* index);

/**
 * Adds a condition.
 *
 * @param experiment   changed
 * @param name         of the condition, each its own; "" only where there is one condition
 * @param treated      [features x m] treated cells with their labels and names. Copied but for the
 *                     matrix, which must outlive the experiment
 * @param control      the number of the control population that goes with it
 * @param covariates   [count] names of covariates; NULL where count is 0. Several values of one
 *                     covariate (the drugs of a combination) have its name several times
 * @param levels       [count] the level of each, or NULL for one that is a number; NULL: all are
 *                     numbers
 * @param numbers      [count] the number of each that has no level; NULL: all have levels
 * @param count        number of values
 * @return LAOT_DIMENSION_MISMATCH: names of features differ; LAOT_INVALID_ARGUMENT: no such control,
 *         or a covariate without a value, or with levels and numbers
 */
LAOT_API laot_status laot_experiment_add_condition(laot_experiment* experiment, const char* name,
                                                   const laot_data* treated, size_t control,
                                                   const char* const* covariates,
                                                   const char* const* levels,
                                                   const double* numbers, size_t count);

/**
 * Reads the cells of a condition. It may make data, and call back into the library with another
 * context.
 *
 * @param payload  as given to laot_experiment_add_condition_later
 * @param cells    set to new data [features x m] with labels and names, whose matrix stays until it
 *                 is let go; the library frees the data
 * @return 0: read; anything else stops the call, which returns LAOT_CANCELLED
 */
typedef int (*laot_read_cells_fn)(void* payload, laot_data** cells);

/**
 * Told that the cells are not needed any more, so that their matrix may be freed. They may be read
 * again.
 *
 * @param payload  as given to laot_experiment_add_condition_later
 */
typedef void (*laot_let_go_cells_fn)(void* payload);

/**
 * Adds a condition whose cells are read when a call needs them, for cells that lie on disk.
 * laot_fit_experiment holds those of one condition a thread at a time where each is fitted on its
 * own; a method of many conditions and laot_evaluate_experiment read those of all first. The result
 * has the bits of that of cells in memory.
 *
 * @param experiment   changed
 * @param name         of the condition, as for laot_experiment_add_condition
 * @param cells        how many treated cells there are
 * @param read         reads them; called on the thread that makes the call, and so is let_go
 * @param let_go       told when they are not needed any more; NULL: nobody is
 * @param payload      handed to both, not looked at; must outlive the experiment. May be NULL
 * @param control      the number of the control population that goes with it
 * @param covariates   [count], as for laot_experiment_add_condition, and so the next three
 * @param levels       [count] or NULL
 * @param numbers      [count] or NULL
 * @param count        number of values
 * @return those of laot_experiment_add_condition, and LAOT_INVALID_ARGUMENT: no cells, or no read.
 *         The calls that read them refuse other numbers of cells and other names of features
 */
LAOT_API laot_status laot_experiment_add_condition_later(
    laot_experiment* experiment, const char* name, size_t cells, laot_read_cells_fn read,
    laot_let_go_cells_fn let_go, void* payload, size_t control, const char* const* covariates,
    const char* const* levels, const double* numbers, size_t count);

/**
 * Adds an embedding, which says where the levels of a covariate lie, so that what is learnt of some
 * may carry to others: one column of coordinates a level, for all levels of the conditions and for
 * those that are to be predicted without cells. Without an embedding levels are one-hot.
 *
 * @param experiment   changed
 * @param covariate    the name of a covariate of levels
 * @param levels       [count] the levels, each once
 * @param count        number of levels
 * @param coordinates  [rows x count] finite numbers, column by column; copied
 * @param rows         number of coordinates
 * @return LAOT_INVALID_ARGUMENT: no level, no coordinate, or the covariate has an embedding already.
 *         laot_fit_experiment refuses an embedding of a covariate that the conditions do not have or
 *         that has numbers, one with a level twice or without a level that a condition has (naming
 *         all of them), and NaN and Inf
 */
LAOT_API laot_status laot_experiment_add_embedding(laot_experiment* experiment,
                                                   const char* covariate, const char* const* levels,
                                                   size_t count, const double* coordinates,
                                                   size_t rows);

/**
 * Has a fit of a method of many conditions place the levels of a covariate (patient, cell line) by
 * their control cells, in place of an embedding: principal coordinates of the means of the control
 * cells of each level in the feature space of the fit, as many as the whole part of the root of the
 * number of levels, at most 10. A level that was not seen is then placed by its own control cells
 * (laot_predict_at, laot_model_at_controls, laot_evaluate_experiment), whose mean and covariance are
 * also those that its map starts from. The covariate is a context, never the treatment. Models of
 * one condition pay no regard to it.
 *
 * @param experiment  changed
 * @param covariate   the name of a covariate of levels
 * @return LAOT_INVALID_ARGUMENT: the covariate has an embedding already. laot_fit_experiment refuses
 *         a covariate that the conditions do not have or that has numbers, one of a single level, a
 *         condition with several of its levels, and levels that have the same control population
 */
LAOT_API laot_status laot_experiment_place_by_controls(laot_experiment* experiment,
                                                       const char* covariate);

/**
 * Leaves a condition out of fits: laot_fit_experiment learns from the others, and the model keeps
 * its name and its covariates. A method of many conditions can then be asked for it by name, as for
 * one that was seen; its kind says what it is to the model (unseen_dose, unseen_level, ..).
 *
 * @param experiment  changed
 * @param condition   the name of a condition; looked up when the experiment is fitted
 *
 * @return LAOT_INVALID_ARGUMENT: NULL, an empty name, or one that is held out already.
 *         laot_fit_experiment refuses a name of no condition (naming the nearest), and an experiment
 *         of which no condition is left.
 */
LAOT_API laot_status laot_experiment_hold_out(laot_experiment* experiment, const char* condition);

/**
 * Reads the covariates of conditions from columns that have a value at each cell, by the rules of
 * every language. A level is missing where it is blank, or NA, N/A, <NA>, NaN or NULL in any case.
 * Where a level of a covariate has `combine`, all are split at it, and parts that all are numbers
 * are numbers. A covariate has one value in all cells of a condition. The dose (the first covariate
 * of numbers of which a condition has several, else the first without a negative one) is 0 or
 * missing in control cells. Covariates of one level, of which control cells have one that a
 * condition has, are a context (a cell line, a plate): each condition goes with the control cells
 * of its own context.
 *
 * @param labels        [cells] the condition of each cell; NULL: of none
 * @param cells         number of cells
 * @param control       the label of control cells
 * @param targets       [target_count] the labels of the conditions
 * @param target_count  at least 1
 * @param at            [count] which cell a value is of, from 0; NULL where count is 0
 * @param covariates    [count] which covariate. A cell with a combination has several values of one
 * @param levels        [count] the level, or NULL for a number; NULL: all are numbers
 * @param numbers       [count] the number of each that has no level, NaN: missing; NULL: all have
 *                      levels
 * @param count         number of values
 * @param combine       stands between the parts of a combination; NULL: levels are whole
 * @param missing       the host's word for a missing value, for sentences; NULL: "missing"
 * @param conditions    the table of the covariates, a row for each value: texts condition, covariate
 *                      and level ("" of a number), number number (NaN of a level). Free it with
 *                      laot_table_free
 * @param controls      the table of the control cells that conditions go with, a row for each cell:
 *                      numbers control (which population, from 0) and cell (from 0). Free it with
 *                      laot_table_free
 * @param control_of    [target_count] filled with the number of the control population of each
 * @return LAOT_INVALID_ARGUMENT: what breaks a rule, in one sentence that names the covariate and
 *         the condition
 */
LAOT_API laot_status laot_read_conditions(const char* const* labels, size_t cells,
                                          const char* control, const char* const* targets,
                                          size_t target_count, const size_t* at,
                                          const char* const* covariates, const char* const* levels,
                                          const double* numbers, size_t count, const char* combine,
                                          const char* missing, laot_table** conditions,
                                          laot_table** controls, size_t* control_of);

/**
 * Learns the responses to all conditions of an experiment. A method of one condition is fitted to
 * each, with the bits of laot_fit on its two populations; a method of many conditions
 * (laot_method_info.many_conditions) learns one model of all. laot_fit is this of one condition
 * without a name. The report of a fit of many conditions has conditions, n_control, n_treated,
 * features, seconds, outcome (that of the first condition that has not converged) and warning; that
 * of each condition is in laot_model_at. Of a method of many conditions a checkpoint of the context
 * is one file; where each condition is fitted on its own, it becomes a file for each: "run.ckpt" and
 * condition "24 h" make "run-24_h.ckpt".
 *
 * @param context     threads, seed, callbacks
 * @param params      method and parameters; copied
 * @param experiment  looked at
 * @param out         the new model; free it with laot_model_free
 * @return LAOT_INVALID_ARGUMENT: no controls, no conditions, two conditions with the same name or
 *         one of several without, covariates that only some have or that are numbers here and
 *         levels there, or a label that one side lacks; LAOT_NOT_FINITE: a number of a covariate;
 *         LAOT_NUMERICAL_FAILURE: values so large that the fit overflows
 *
 * Cost: that of laot_fit for each condition; controls are checked, and their moments made, once.
 */
LAOT_API laot_status laot_fit_experiment(laot_context* context, const laot_params* params,
                                         const laot_experiment* experiment, laot_model** out);

/**
 * The model of one condition, with its report, trace and arrays: one that was seen, by name or by
 * its covariates, or, of a method of many conditions, any that it can answer, by covariates.
 *
 * @param model        looked at
 * @param condition    a name of laot_model_names("conditions"); NULL or "": by covariates
 * @param covariates   [count] names of covariates; NULL where count is 0. Several values of one
 *                     covariate (the drugs of a combination) have its name several times
 * @param levels       [count] the level of each, or NULL for one that is a number; NULL: all are
 *                     numbers
 * @param numbers      [count] the number of each that has no level; NULL: all have levels
 * @param count        number of values
 * @param out          the new model; free it with laot_model_free
 * @return LAOT_UNKNOWN_NAME: no such condition; LAOT_INVALID_ARGUMENT: covariates that the method
 *         cannot answer
 */
LAOT_API laot_status laot_model_at(const laot_model* model, const char* condition,
                                   const char* const* covariates, const char* const* levels,
                                   const double* numbers, size_t count, laot_model** out);

/**
 * laot_model_at, of a condition with a level that was not seen and that its control cells place
 * (laot_experiment_place_by_controls), a new patient say. Other conditions are those of
 * laot_model_at, and the cells are not looked at.
 *
 * @param context      threads, callbacks
 * @param model        looked at
 * @param controls     [features x cells] control cells of the level, features as in the fit. The
 *                     report warns where they are under 20, whose covariance is then not used, and
 *                     where the level lies beyond those that were seen
 * @param condition    a name of laot_model_names("conditions") or of "held_out"; NULL or "": by
 *                     covariates
 * @param covariates   [count] names of covariates; NULL where count is 0. Several values of one
 *                     covariate (the drugs of a combination) have its name several times
 * @param levels       [count] the level of each, or NULL for one that is a number; NULL: all are
 *                     numbers
 * @param numbers      [count] the number of each that has no level; NULL: all have levels
 * @param count        number of values
 * @param out          the new model; free it with laot_model_free. It predicts any cells as those of
 *                     the level
 * @return as laot_model_at; LAOT_DIMENSION_MISMATCH: other features; LAOT_INVALID_ARGUMENT: no
 *         control cells; LAOT_NOT_FINITE: NaN or Inf in them
 */
LAOT_API laot_status laot_model_at_controls(laot_context* context, const laot_model* model,
                                            const laot_data* controls, const char* condition,
                                            const char* const* covariates,
                                            const char* const* levels, const double* numbers,
                                            size_t count, laot_model** out);

/**
 * laot_predict with laot_model_at: what control cells would look like at a condition. A level that
 * was not seen and that only its control cells place (laot_experiment_place_by_controls) is placed by
 * these cells, all of them.
 *
 * @param context      threads and callbacks
 * @param model        looked at
 * @param cells        [features x cells] control cells, features as in the fit
 * @param condition    a name of laot_model_names("conditions"); NULL or "": by covariates
 * @param covariates   [count] names of covariates; NULL where count is 0. Several values of one
 *                     covariate (the drugs of a combination) have its name several times
 * @param levels       [count] the level of each, or NULL for one that is a number; NULL: all are
 *                     numbers
 * @param numbers      [count] the number of each that has no level; NULL: all have levels
 * @param count        number of values
 * @param nonnegative  as in laot_predict
 * @param out          [features x cells], column-major, filled; undefined if the call fails after it
 *                     began
 * @param length       numbers that out has room for, at least features * cells
 * @return as laot_model_at and laot_predict: LAOT_UNKNOWN_NAME: no such condition, or nonnegative;
 *         LAOT_INVALID_ARGUMENT: covariates that the method cannot answer; LAOT_BUFFER_TOO_SMALL:
 *         length
 */
LAOT_API laot_status laot_predict_at(laot_context* context, const laot_model* model,
                                     const laot_data* cells, const char* condition,
                                     const char* const* covariates, const char* const* levels,
                                     const double* numbers, size_t count, const char* nonnegative,
                                     double* out, size_t length);

/* ---- What a model holds ---------------------------------------------------------------------- */

/**
 * Names of what is there, one a line. Two-call protocol.
 *
 * @param model   looked at
 * @param what    "report_numbers", "report_texts", "trace", "arrays", "params", "feature_names",
 *                "control_names", "treated_names" (the last three may be empty), "conditions"
 *                (that were seen; "" where the one condition has no name), "held_out" (the
 *                conditions that the fit left out), "covariates", "placed_by_controls" (those of the
 *                covariates whose levels were placed by control cells), "notes" (laot_save_with_notes)
 * @param buffer  where the text goes; NULL with size 0 to ask for the size
 * @param size    bytes of buffer
 * @param needed  set to the bytes of the text with its final 0
 * @return LAOT_UNKNOWN_NAME: another what; LAOT_BUFFER_TOO_SMALL
 */
LAOT_API laot_status laot_model_names(const laot_model* model, const char* what, char* buffer,
                                      size_t size, size_t* needed);

/**
 * Method, preset, the value of a parameter, the condition of a model of one, or a note, as text.
 * Two-call protocol.
 *
 * @param model   looked at
 * @param name    "method", "preset" ("" if none), "param." and a parameter: "param.ridge",
 *                "condition" ("" if it has no name), "covariate." and a covariate:
 *                "covariate.dose", one value a line, or "note." and a note
 * @param buffer  where the text goes; NULL with size 0 to ask for the size
 * @param size    bytes of buffer
 * @param needed  set to the bytes of the text with its final 0
 * @return LAOT_UNKNOWN_NAME: another name; LAOT_BUFFER_TOO_SMALL
 */
LAOT_API laot_status laot_model_text(const laot_model* model, const char* name, char* buffer,
                                     size_t size, size_t* needed);

/**
 * The covariates of the conditions that were seen, or of the condition of a model of one. One row
 * for each value; those of a combination have a row each, in their order. Columns: texts condition
 * (its name), covariate, value (a level, or a number as text); number number (NaN of a level).
 *
 * @param model  looked at
 * @param out    the new table; free it with laot_table_free
 */
LAOT_API laot_status laot_covariates(const laot_model* model, laot_table** out);

/**
 * A number of the report. All: n_control, n_treated, features, median_gamma (1 / squared units; where
 * the model keeps all of its training cells and the fit did not need it, it is found when it is
 * first read or the model is saved, which may take a second), negative_share (of the values that are
 * predicted for the training controls, or for 1000 of them that are taken evenly), seconds.
 * laot: dimension, components, iterations, objective (J), residual_sum (n times its first term),
 * ridge, plan_cost, plan_cost_lower_bound and plan_gap (certificate of the last plan: the least cost
 * is not below the bound; the gap is relative to the cost or, where larger, to the spread of the
 * cells), plan_cost_lower_bound_error (0: the bound is proven; else it was estimated from a sample
 * and lowered by three standard errors of this size). Networks: iterations, best_iteration (kept),
 * validation_mmd2, validation_mmd2_untrained, validation_mmd2_identity (of cells that do not move),
 * seconds_training, diverged_at (where the run diverged).
 *
 * @param model  looked at
 * @param name   one of laot_model_names("report_numbers")
 * @param value  set to the number; NaN: undefined
 * @return LAOT_UNKNOWN_NAME: the report has no such number; the sentence lists what it has
 */
LAOT_API laot_status laot_report_number(const laot_model* model, const char* name, double* value);

/**
 * A text of the report: outcome ("converged", "limit_reached"; of networks also "diverged" or, with
 * on_cancel = "keep", "cancelled"), stop_reason, warning (one sentence, or empty; of a model of
 * several conditions with those of each); fallback ("mean_shift") where a side had too few cells
 * for the method, and only there; of laot also coupling ("exact", "hierarchical") and plan_bound
 * ("proven", "estimated"). Two-call protocol.
 *
 * @param model   looked at
 * @param name    one of laot_model_names("report_texts")
 * @param buffer  where the text goes; NULL with size 0 to ask for the size
 * @param size    bytes of buffer
 * @param needed  set to the bytes of the text with its final 0
 * @return LAOT_UNKNOWN_NAME: the report has no such text; LAOT_BUFFER_TOO_SMALL
 */
LAOT_API laot_status laot_report_text(const laot_model* model, const char* name, char* buffer,
                                      size_t size, size_t* needed);

/**
 * The length of the trace: its columns have one value an iteration (least squares) or epoch (Adam,
 * scgen, cae) or look at the validation cells (cellot, with its column iteration).
 *
 * @param model   looked at
 * @param length  set to the number of rows; 0: the method has no trace
 */
LAOT_API laot_status laot_trace_length(const laot_model* model, size_t* length);

/**
 * A column of the trace.
 *
 * @param model   looked at
 * @param name    one of laot_model_names("trace")
 * @param out     [laot_trace_length] filled
 * @param length  numbers that out has room for
 * @return LAOT_UNKNOWN_NAME: no such column; LAOT_BUFFER_TOO_SMALL: length
 */
LAOT_API laot_status laot_trace_column(const laot_model* model, const char* name, double* out,
                                       size_t length);

/**
 * The size of an array. Affine methods have map [features x features] (x_t = W x_0 + b, original
 * units), offset [features x 1], latent_map [k x k] (in the feature space); of a laot fit that
 * bends (report text lift: "yes") these are its linear part, about which kernel_weights at
 * landmarks bend it: see laot_effects. All have mean_control,
 * mean_treated [features x 1], scale [k x 1], training_mean_control, training_mean_treated
 * [features x 1] and, with components, basis [features x k]; laot has plan_source, plan_target,
 * plan_mass [entries x 1] (cell numbers from 0, masses sum to 1); kept_control, kept_treated
 * [features x kept cells].
 *
 * @param model  looked at
 * @param name   one of laot_model_names("arrays")
 * @param rows   set to the number of rows
 * @param cols   set to the number of columns
 * @return LAOT_NOT_AVAILABLE: the model has no such array; the sentence lists what it has
 */
LAOT_API laot_status laot_array_size(const laot_model* model, const char* name, size_t* rows,
                                     size_t* cols);

/**
 * An array of the model.
 *
 * @param model   looked at
 * @param name    one of laot_model_names("arrays")
 * @param out     [rows x cols] of laot_array_size, column-major, filled
 * @param length  numbers that out has room for
 * @return LAOT_NOT_AVAILABLE: the model has no such array; LAOT_BUFFER_TOO_SMALL: length
 *
 * Cost: a copy; map is made from its factors, O(features^2 k), so ask for it once.
 */
LAOT_API laot_status laot_array(const laot_model* model, const char* name, double* out,
                                size_t length);

/**
 * Which group of cells goes where, in the last coupling of a laot model (plan_source, plan_target,
 * plan_mass of laot_array): texts from, to; numbers mass (that goes from one to the other; all sum
 * to 1), share (of the mass of from), expected (the mass if groups did not matter: what leaves from
 * times what arrives at to). One row for each pair, groups in the order in which they are met.
 *
 * @param model       a laot model
 * @param from        [from_count] a label for each training control cell, in their order
 * @param from_count  number of training control cells
 * @param to          [to_count] a label for each training treated cell, in their order
 * @param to_count    number of training treated cells
 * @param out         the table; free it with laot_table_free
 * @return LAOT_NOT_AVAILABLE: a model of another method; LAOT_DIMENSION_MISMATCH: another number of
 *         labels than of cells; LAOT_INVALID_ARGUMENT: a label is NULL
 */
LAOT_API laot_status laot_transitions(const laot_model* model, const char* const* from,
                                      size_t from_count, const char* const* to, size_t to_count,
                                      laot_table** out);

/**
 * The partners of chosen cells in the last coupling of a laot model: numbers cell (from 0) and mass
 * (sums to 1), text name ("" where the model has none), the largest mass first.
 *
 * @param model      a laot model
 * @param direction  "descendants": the treated cells that the chosen control cells go to.
 *                   "ancestors": the control cells that the chosen treated cells come from
 * @param cells      [count] numbers of the chosen training cells, from 0
 * @param count      at least 1
 * @param out        the table; free it with laot_table_free
 * @return LAOT_NOT_AVAILABLE: a model of another method; LAOT_UNKNOWN_NAME: direction;
 *         LAOT_INVALID_ARGUMENT: a number outside the cells, or none
 */
LAOT_API laot_status laot_partners(const laot_model* model, const char* direction,
                                   const size_t* cells, size_t count, laot_table** out);

/* ---- Save and load --------------------------------------------------------------------------- */

/**
 * Writes a model to one safetensors file: tensors row-major, JSON metadata; docs/model-file.md
 * lists them. It is written beside its path and then renamed, so that a failure leaves no half
 * file, and an older file stays as it was.
 *
 * @param model  looked at
 * @param path   where to, in the encoding of the system's own calls
 * @return LAOT_IO_ERROR: the file cannot be written; the sentence has the system's reason
 */
LAOT_API laot_status laot_save(const laot_model* model, const char* path);

/**
 * As laot_save, with texts of the caller's own that go with the model: which values of which object
 * its cells were, say. They come back with it (laot_model_names "notes", laot_model_text
 * "note.<name>"), are written again whenever it is saved, and give way to new ones of their names.
 *
 * @param model   looked at
 * @param path    where to, in the encoding of the system's own calls
 * @param names   [count] name of each note: UTF-8, in one line, not empty; the last of equal ones
 *                counts
 * @param values  [count] its text: UTF-8
 * @param count   number of notes; 0: as laot_save
 * @return LAOT_INVALID_ARGUMENT: a name or a text is NULL or not UTF-8, a name is empty or has a
 *         line feed; LAOT_IO_ERROR: the file cannot be written; the sentence has the system's reason
 */
LAOT_API laot_status laot_save_with_notes(const laot_model* model, const char* path,
                                          const char* const* names, const char* const* values,
                                          size_t count);

/**
 * Reads a model that any version up to this one has written, in any language. The file is not
 * trusted: everything in it is checked before it is used.
 *
 * @param path  the file
 * @param out   the new model; free it with laot_model_free
 * @return LAOT_IO_ERROR: the file cannot be read; LAOT_BAD_FORMAT: it is not a model, damaged, or
 *         of a newer format
 */
LAOT_API laot_status laot_load(const char* path, laot_model** out);

/**
 * The bytes of the file, in memory. Two-call protocol (no final 0).
 *
 * @param model   looked at
 * @param buffer  where the bytes go; NULL with size 0 to ask for the size
 * @param size    bytes of buffer
 * @param needed  set to the number of bytes
 * @return LAOT_BUFFER_TOO_SMALL
 */
LAOT_API laot_status laot_to_bytes(const laot_model* model, void* buffer, size_t size,
                                   size_t* needed);

/**
 * Reads a model from such bytes, or from a file's, trusting them as little as laot_load does.
 *
 * @param bytes  [size] copied
 * @param size   number of bytes
 * @param out    the new model; free it with laot_model_free
 * @return LAOT_BAD_FORMAT: not a model, damaged, or of a newer format
 */
LAOT_API laot_status laot_from_bytes(const void* bytes, size_t size, laot_model** out);

/* ---- Metrics --------------------------------------------------------------------------------- */

/**
 * Squared maximum mean discrepancy between two populations with the kernel exp(-gamma |u - v|^2),
 * averaged over bandwidths.
 *
 * @param context    threads and callbacks
 * @param x          [features x n] cells
 * @param y          [features x m] cells, same features and units
 * @param gammas     [count] bandwidths, each positive, in 1 / squared units
 * @param count      number of bandwidths, at least 1
 * @param estimator  "unbiased": the U-statistic, not clipped, so negative about half the time when
 *                   the populations are alike. "biased": the V-statistic, never negative
 * @param value      set to the MMD^2; NaN: unbiased, and one of n and m is 1
 * @return LAOT_INVALID_ARGUMENT: a gamma that is not positive, or none; LAOT_UNKNOWN_NAME:
 *         estimator
 *
 * Cost: O((n + m)^2 features); four or more gammas cost little more than one. Memory: a copy of the
 * cells and under 20 MB a thread.
 * Source: Gretton et al., JMLR 2012.
 */
LAOT_API laot_status laot_mmd2(laot_context* context, const laot_data* x, const laot_data* y,
                               const double* gammas, size_t count, const char* estimator,
                               double* value);

/**
 * The median heuristic: 1 / median of the positive squared distances over all pairs of the pooled
 * cells; exact up to 4000 pooled cells, of a subsample of as many beyond.
 *
 * @param context  threads, callbacks, and the seed of the subsample
 * @param x        [features x n] cells
 * @param y        [features x m] cells, same features and units; NULL: none
 * @param value    set to the bandwidth, in 1 / squared units; NaN: no distance is positive
 *
 * Cost: O(min(n + m, 4000)^2 features), and a copy of the cells.
 */
LAOT_API laot_status laot_median_gamma(laot_context* context, const laot_data* x,
                                       const laot_data* y, double* value);

/**
 * The exact 2-Wasserstein distance between two populations with weights 1/n and 1/m: the root of
 * the least mean squared distance of a coupling.
 *
 * @param context  threads and callbacks
 * @param x        [features x n] cells
 * @param y        [features x m] cells, same features and units
 * @param value    set to the distance, in units of the cells
 * @param gap      set to the relative duality gap, which proves it; may be NULL
 * @return LAOT_NUMERICAL_FAILURE: more than 1.5e8 pairs of cells, some of them so far from the
 *         others that rounding hides how these differ; of fewer, the differences are taken one by one
 *
 * Cost: one exact transport (docs/performance.md: seconds for 10,000 against 10,000 cells), and with
 * n = m some n^2.1: half a minute for 100,000 on two threads, and from there an hour for a million.
 * It is exact for any number of cells.
 */
LAOT_API laot_status laot_wasserstein2(laot_context* context, const laot_data* x,
                                       const laot_data* y, double* value, double* gap);

/* ---- Scores by name -------------------------------------------------------------------------- */

/** Number of metrics: they are numbered from 0. */
LAOT_API size_t laot_metric_count(void);

/** A metric and its definition. Texts belong to the library. */
typedef struct laot_metric_info {
  size_t struct_size;    /* set to sizeof(laot_metric_info) before the call */
  const char* name;      /* "mmd2" */
  const char* title;     /* a few words */
  const char* estimator; /* "unbiased" */
  const char* setting;   /* fixed settings: "k = 50" */
  const char* doc;       /* the definition */
  const char* source;    /* paper or published code */
  const char* undefined; /* when the value is NaN; "" if never */
  double perfect;        /* the value of a perfect prediction */
  int larger_is_better;  /* 1, or 0 where smaller is */
  int needs_gamma;       /* 1: the score depends on gamma */
  int needs_control;     /* 1: the score needs the control cells */
  int takes_epsilon;     /* 1: entropic, the score depends on epsilon (laot_score_options) */
  int usual;             /* 1: in an evaluation that asks for no metrics */
} laot_metric_info;

/**
 * Describes a metric.
 *
 * @param metric  0 .. laot_metric_count() - 1
 * @param info    struct_size read, the rest filled as far as struct_size reaches
 * @return LAOT_INVALID_ARGUMENT: no such metric, or struct_size not set
 */
LAOT_API laot_status laot_metric_describe(size_t metric, laot_metric_info* info);

/** Number of usual settings: they are numbered from 0. */
LAOT_API size_t laot_setting_count(void);

/** A usual argument of a call, beside the parameters of methods: hosts read their defaults
 * here. Texts belong to the library. */
typedef struct laot_setting_info {
  size_t struct_size;     /* set to sizeof(laot_setting_info) before the call */
  const char* call;       /* the function: "laot_stability" */
  const char* name;       /* its parameter, or the field of its options: "resamples" */
  int type;               /* a laot_param_type: a number, an integer or a choice */
  int list;               /* 1: usual_text has several values, with commas between them */
  const char* usual_text; /* "30"; "0, 0.25, 0.5" */
  const char* doc;        /* one line */
} laot_setting_info;

/**
 * Describes a usual setting.
 *
 * @param setting  0 .. laot_setting_count() - 1
 * @param info     struct_size read, the rest filled as far as struct_size reaches
 * @return LAOT_INVALID_ARGUMENT: no such setting, or struct_size not set
 */
LAOT_API laot_status laot_setting_describe(size_t setting, laot_setting_info* info);

/** A score. */
typedef struct laot_score_result {
  size_t struct_size; /* set to sizeof(laot_score_result) before the call */
  double value;       /* NaN: undefined, see laot_metric_info.undefined */
  double sd;          /* over repetitions, divisor repetitions - 1; NaN with one */
  size_t features_left_out; /* features that do not vary and that the metric leaves out, as
                             * laot_metric_info.doc says; the most of any subsample */
  double marginal_error;    /* of entropic scores: by how much the marginals of the plan are off in
                             * total, the most of any subsample. 1e-7 is asked for; more is left
                             * where 10000 iterations do not reach it. 0 of other scores */
} laot_score_result;

/**
 * The score of predicted against observed cells, by the name of a metric.
 *
 * @param context      threads, callbacks, and the seed of the subsamples
 * @param metric       name of a metric
 * @param predicted    [features x n] predicted cells
 * @param observed     [features x m] observed treated cells, same features and units
 * @param control      [features x c] control cells; may be NULL where the metric does not need
 *                     them. For cell_spearman the cells that were predicted, in their order
 * @param gamma        bandwidth of metrics that need one, in 1 / squared units (take it from
 *                     training cells): positive, or NaN, which gives NaN. Ignored by the others
 * @param cells        0: all cells, once. Else the size of random subsamples on either side, at
 *                     most min(n, m), drawn without replacement, the same for every metric
 * @param repetitions  number of subsamples, at least 1; ignored with cells = 0
 * @param result       struct_size read; set to the score, or the mean and sd over the subsamples
 * @return LAOT_UNKNOWN_NAME: no such metric; LAOT_NUMERICAL_FAILURE: w2 as laot_wasserstein2, or a
 *         Sinkhorn divergence that rounding hides; LAOT_INVALID_ARGUMENT: control is needed, or gamma,
 *         cells or repetitions are outside their range
 *
 * Cost: a copy of the cells, and the metric's own time: O((n + m)^2 features) for MMD and energy
 * distances, exact transport for w1 and w2.
 */
LAOT_API laot_status laot_score(laot_context* context, const char* metric,
                                const laot_data* predicted, const laot_data* observed,
                                const laot_data* control, double gamma, size_t cells,
                                size_t repetitions, laot_score_result* result);

/** Every setting of a score. */
typedef struct laot_score_options {
  size_t struct_size;   /* set to sizeof(laot_score_options) before the call */
  double gamma;         /* RBF bandwidth, as in laot_score */
  double epsilon;       /* strength of the entropy, > 0; laot_score uses 0.05, relative */
  int epsilon_absolute; /* 0: epsilon is a share of the mean squared distance between predicted and
                         * observed cells; 1: a number in units of squared distances */
  size_t cells;         /* of each subsample; 0: all, once */
  size_t repetitions;   /* number of subsamples */
} laot_score_options;

/**
 * Scores predicted against observed cells, with every setting.
 *
 * @param context    seed of the subsamples, threads and callbacks
 * @param metric     name, as laot_metric_describe lists it
 * @param predicted  [features x n] predicted cells
 * @param observed   [features x m] observed treated cells, same features and units
 * @param control    [features x c] control cells, as in laot_score; may be NULL where the metric
 *                   does not need them
 * @param options    settings, struct_size set
 * @param result     struct_size read, the rest filled; a small epsilon may leave a marginal_error
 * @return LAOT_UNKNOWN_NAME: no such metric; LAOT_INVALID_ARGUMENT: a setting out of range, or
 *         struct_size not set
 *
 * Cost: as laot_score; entropic scores O(n m) an iteration.
 */
LAOT_API laot_status laot_score_with(laot_context* context, const char* metric,
                                     const laot_data* predicted, const laot_data* observed,
                                     const laot_data* control, const laot_score_options* options,
                                     laot_score_result* result);

/** Number of presets of scores, the settings under which published code prints them: numbered from
 * 0. */
LAOT_API size_t laot_score_preset_count(void);

/** Settings under which scores are printed. Texts belong to the library. */
typedef struct laot_score_preset_info {
  size_t struct_size;          /* set to sizeof(laot_score_preset_info) before the call */
  const char* name;            /* "cellot" */
  const char* doc;             /* what it reproduces */
  const char* source;          /* paper or published code */
  const char* metrics;         /* comma-separated */
  const char* cells;           /* sizes of subsamples, the largest that fits is used; "": all */
  size_t repetitions;          /* number of subsamples */
  int gamma_from_all_features; /* 1: also where a part of the features is scored */
  int with_replacement;        /* 1: subsamples are drawn so, and need not fit */
} laot_score_preset_info;

/**
 * Describes a preset of scores.
 *
 * @param preset  0 .. laot_score_preset_count() - 1
 * @param info    struct_size read, the rest filled as far as struct_size reaches
 * @return LAOT_INVALID_ARGUMENT: no such preset, or struct_size not set
 */
LAOT_API laot_status laot_score_preset_describe(size_t preset, laot_score_preset_info* info);

/** Every setting of an evaluation. 0 or NULL in a field: the usual. */
typedef struct laot_evaluation_options {
  size_t struct_size;    /* set to sizeof(laot_evaluation_options) before the call */
  const char* condition; /* what the rows say they are of; NULL: the condition of the model. Of a
                          * model of many conditions the name of the one that it is asked at */
  const char* methods;   /* the methods that have rows, comma-separated, "prediction" being the
                          * model's own or the cells that are given; NULL: all */
  const char* metrics;   /* names, comma-separated; NULL: those of the preset, else those whose
                          * laot_metric_info.usual is 1 */
  const char* preset;    /* name of a preset of scores; NULL: none */
  const double* gammas;  /* [gamma_count] bandwidths, positive, in 1 / squared units; NULL: the
                          * median heuristic of the training cells */
  size_t gamma_count;    /* number of gammas; 0: the median heuristic */
  double epsilon;        /* of entropic scores, as in laot_score_options; 0: 0.05, relative */
  int epsilon_absolute;  /* as in laot_score_options */
  size_t markers;        /* score on so many markers of the training cells as well; 0: no */
  const char* reference; /* noise reference: "training", "halves", or NULL, "auto": halves where
                          * the observed cells have batch labels, none of them a training cell's */
  int test;              /* 1: a permutation test of the prediction against the observed cells */
  size_t permutations;   /* its relabellings; 0: 199 */
} laot_evaluation_options;

/**
 * Scores predictions against observed treated cells, beside the trivial predictors of the same
 * training cells and beside what true treated cells score. One row for each metric of each method:
 *
 * - texts condition, kind ("seen"; "unseen context" where the reference is of halves; "" without a
 *   model), group ("" for all cells), method, metric, estimator, setting, features (what was
 *   scored: "1000 features", "top 50 markers"), reason (why a value is NaN, else ""), gamma_from
 *   ("median": of the training cells; "given"; "" where no bandwidth is used), metric_setting (the
 *   setting of the metric alone, without what the value is a mean over);
 * - numbers gamma (NaN where none is used), cells (of the method), observed (cells that these were
 *   compared with), value, sd (over subsamples or halvings; NaN without), left_out (features that
 *   the metric left out because they do not vary), weighted (1: control cells count what they
 *   weigh, see below; else 0), halvings (of the observed cells, that the value is a mean over; 0:
 *   none), subsamples (random ones, the same; 0: none), subsample_cells (a side of each).
 *
 * Methods: the model's own, or "prediction"; identity, mean_shift, gaussian_map, where there are
 * control cells and a model (no gaussian_map where the model has none); noise_reference: as many
 * kept training treated cells as there are observed ones, drawn with the seed. Where the observed
 * cells are of a group that training knows nothing of (options->reference), noise_reference is the
 * observed cells, half against half, mean over 5 halvings, and the training treated cells stand
 * under training_treated. Metrics whose cells or bandwidth are not there have no rows.
 *
 * With groups on observed and control each group that both have gets rows of its own, and
 * own_group_share says how far predicted cells stay within theirs: the share of the 10 observed
 * cells nearest to a predicted one that are of its group, mean over cells. A test adds
 * mmd2_p_value, of the first method.
 *
 * Predictions of a model that was balanced are also scored with what each control cell counts
 * (laot_weights): every method that starts from the control cells has, after its rows of all cells,
 * a second row of each metric that has such a form: weighted is 1, estimator ends with ", weighted"
 * and setting with "cells weighted by type" or "by cluster". With w the weights scaled to a sum of 1 and
 * v = 1/m: mmd2 is sum_{i != j} w_i w_j k(x_i, x_j) / (1 - sum w^2) and the same of y with v, less 2
 * sum w_i v_j k(x_i, y_j); the biased forms have the diagonals and no divisor; energy distances are
 * the same of distances; w2 is exact transport between w and v; means are sum w_i x_i, and sds the
 * root of sum w_i (x_i - mean)^2 (r2_means, pearson_means, pearson_means_squared,
 * pearson_mean_shift, l2_drug_signature, l2_sds, pearson_sds, sd_ratio, sd_ratio_median). A preset
 * that scores subsamples has none. Balanced by types, the model needs the type of each control cell:
 * the groups of control, which may then have some where observed has none.
 *
 * @param context    threads, callbacks, and the seed of all draws
 * @param model      its training cells are those of the trivial predictors, the bandwidth, the
 *                   markers and the reference; NULL: these have no rows. One of many conditions is
 *                   asked at options->condition; laot_evaluate_experiment takes several conditions,
 *                   also ones that were not seen
 * @param predicted  [features x n] predicted cells; NULL: the model's predictions for control
 * @param observed   [features x m] observed treated cells, same features and units, best ones that
 *                   no fit has seen; with their batch and groups
 * @param control    [features x c] control cells; NULL: none. With their groups, the types of a model
 *                   that was balanced by types
 * @param options    settings, struct_size set; NULL: the usual
 * @param out        the table; free it with laot_table_free
 * @return LAOT_INVALID_ARGUMENT: neither a model with control nor predicted is given, a setting is
 *         out of range, struct_size is not set, the model has many conditions and none is named, or
 *         it was balanced by types and control has no groups, or ones that the fit has not seen;
 *         LAOT_UNKNOWN_NAME: a metric, a method, a preset, the reference, or a condition that the
 *         model has not seen; LAOT_NOT_AVAILABLE: markers of a model that kept no cells
 *
 * Cost: a copy of the cells for each method, and the metrics' own time; what several metrics or
 * methods share is computed once.
 */
LAOT_API laot_status laot_evaluate(laot_context* context, const laot_model* model,
                                   const laot_data* predicted, const laot_data* observed,
                                   const laot_data* control, const laot_evaluation_options* options,
                                   laot_table** out);

/**
 * Scores held-out cells of several conditions: the table of laot_evaluate, one condition after the
 * other. The first model is scored as there, at each condition; the predictions of the others stand
 * beside it under the names of their methods. So do, beside a first model of many conditions, the
 * trivial predictors of many conditions, conditional_gaussian, regressed_shift and nearest_shift,
 * unless they are among the models: fitted to the training cells that it keeps, in its feature space
 * (none where it keeps none, keep_cells = 0). A method that does not beat conditional_gaussian has
 * shown nothing.
 *
 * A condition is found by its name, else by its covariates; condition in the rows is the name of the
 * held-out one, kind what it is to the model ("seen", "unseen dose", "unseen level", "unseen
 * combination", "unseen context"; "unseen" where the method does not tell). Of one that was not seen
 * there are no training cells: no trivial predictors of one condition, the noise reference is of
 * halves unless options->reference says otherwise, and the bandwidth is 1 / the median over the seen
 * conditions of their median squared distances.
 *
 * @param context   threads, callbacks, and the seed of all draws
 * @param models    [count] models of different methods, each of which knows all conditions, or can
 *                  answer them
 * @param count     number of models, at least 1
 * @param held_out  controls and conditions with their held-out cells; with their batch
 * @param options   settings, struct_size set, without condition; NULL: the usual
 * @param out       the table; free it with laot_table_free
 * @return LAOT_INVALID_ARGUMENT: two models of one method, options->condition, or markers at a
 *         condition that was not seen; LAOT_UNKNOWN_NAME: a condition that a model cannot answer;
 *         and the codes of laot_evaluate
 *
 * Cost: that of laot_evaluate for each condition and model.
 */
LAOT_API laot_status laot_evaluate_experiment(laot_context* context,
                                              const laot_model* const* models, size_t count,
                                              const laot_experiment* held_out,
                                              const laot_evaluation_options* options,
                                              laot_table** out);

/**
 * A paper's table of features: the shift of the means that was predicted and the one that was
 * observed, with an interval. One row a feature, the largest observed shift first:
 *
 * - number position (of the feature, from 0), text feature (its name, or "");
 * - numbers mean_control; observed, low, high (shift away from control, and its interval);
 *   predicted; sd_control, sd_observed, sd_predicted (divisor n); zeros_control, zeros_observed,
 *   zeros_predicted (share of values that are exactly 0); ks (Kolmogorov-Smirnov distance of
 *   predicted and observed cells); units (that the interval is over).
 *
 * Without batches the interval is Welch's t over cells, and says nothing of other donors. With
 * batches on both sides (laot_data_set_batch: donors), shifts are means over the levels that both
 * have, of the means of their cells, and the interval is Student's t over the levels.
 *
 * @param context    threads and callbacks
 * @param model      predicts for control; NULL: predicted is given
 * @param predicted  [features x n] predicted cells, in the order of control; NULL: the model's
 * @param observed   [features x m] observed treated cells, same features and units, best ones that
 *                   no fit has seen; with their batch
 * @param control    [features x n] control cells; with their batch
 * @param level      coverage of the interval, between 0 and 1; 0: 0.95
 * @param out        the table; free it with laot_table_free
 * @return LAOT_INVALID_ARGUMENT: neither model nor predicted is given, level is out of range, one
 *         side alone has batches, or fewer than 2 levels are shared; LAOT_DIMENSION_MISMATCH:
 *         predicted and control differ in their number of cells
 *
 * Cost: a copy of the cells and a sort of each feature.
 */
LAOT_API laot_status laot_response_table(laot_context* context, const laot_model* model,
                                         const laot_data* predicted, const laot_data* observed,
                                         const laot_data* control, double level, laot_table** out);

/**
 * The features that respond most, as laot_marker_features ranks them, with what ranks them: numbers
 * position (from 0), t (Welch's, of treated against control; +-Inf where neither side varies),
 * shift, mean_control, mean_treated, and text feature (its name, or "").
 *
 * @param context  threads and callbacks
 * @param control  [features x n] control cells, n at least 2
 * @param treated  [features x m] treated cells, m at least 2, same features and units
 * @param count    how many features: 1 .. features
 * @param out      the table; free it with laot_table_free
 * @return LAOT_INVALID_ARGUMENT: count outside its range, or fewer than 2 cells on a side
 *
 * Cost: a copy of the cells.
 */
LAOT_API laot_status laot_marker_table(laot_context* context, const laot_data* control,
                                       const laot_data* treated, size_t count, laot_table** out);

/**
 * Scores feature by feature.
 *
 * @param context          threads and callbacks
 * @param predicted        [features x n] predicted cells
 * @param observed         [features x m] observed treated cells, same features and units
 * @param ks               [length] set to the two-sample Kolmogorov-Smirnov statistics; may be NULL
 * @param w1               [length] set to the one-dimensional Wasserstein distances, in units of
 *                         the feature; may be NULL
 * @param mean_difference  [length] set to mean(predicted) - mean(observed); may be NULL
 * @param length           number of features
 * @return LAOT_DIMENSION_MISMATCH: length is not the number of features
 *
 * Cost: a copy of the cells and a sort of each feature.
 */
LAOT_API laot_status laot_feature_scores(laot_context* context, const laot_data* predicted,
                                         const laot_data* observed, double* ks, double* w1,
                                         double* mean_difference, size_t length);

/**
 * The features that respond most: by |t| of Welch's test of treated against control, ties by
 * position; one that differs and varies on neither side comes first. Choose them on training cells,
 * so that scores on them are honest.
 *
 * @param context  threads and callbacks
 * @param control  [features x n] control cells, n at least 2
 * @param treated  [features x m] treated cells, m at least 2, same features and units
 * @param count    how many features: 1 .. features
 * @param index    [count] set to their rows, largest |t| first
 * @return LAOT_INVALID_ARGUMENT: count outside its range, or fewer than 2 cells on a side
 *
 * Cost: a copy of the cells.
 */
LAOT_API laot_status laot_marker_features(laot_context* context, const laot_data* control,
                                          const laot_data* treated, size_t count, size_t* index);

/**
 * Spearman's correlation, over features, of each cell's control state with its predicted state
 * (mean ranks for ties): low values mean that the map loses the cell's identity.
 *
 * @param context    threads and callbacks
 * @param control    [features x cells] control cells
 * @param predicted  [features x cells] their predictions, in the same order
 * @param out        [length] set to the correlations; NaN where a cell's values are all the same
 * @param length     number of cells
 * @return LAOT_DIMENSION_MISMATCH: length or the two numbers of cells differ
 *
 * Cost: a copy of the cells and two sorts a cell.
 * Source: Bunne et al., the preprint of CellOT, Figure 4.
 */
LAOT_API laot_status laot_cell_spearman(laot_context* context, const laot_data* control,
                                        const laot_data* predicted, double* out, size_t length);

/**
 * Permutation test of equal laws by the unbiased MMD^2, mean over bandwidths.
 *
 * @param context       threads, callbacks, and the seed of the relabellings
 * @param x             [features x n] cells
 * @param y             [features x m] cells, same features and units
 * @param gammas        [count] bandwidths, each positive, in 1 / squared units
 * @param count         number of bandwidths, at least 1
 * @param permutations  number of relabellings, at least 1; the least p-value is 1 over one more
 * @param mmd2          set to the MMD^2 of the data; may be NULL
 * @param p_value       set to (1 + relabellings with an MMD^2 as large) / (1 + permutations); NaN
 *                      where n or m is 1
 * @return LAOT_INVALID_ARGUMENT: a gamma that is not positive, none, or no permutations
 *
 * Cost: O((n + m)^2 (features + permutations)); a copy of the cells and under 60 MB.
 * Source: Gretton et al., JMLR 2012.
 */
LAOT_API laot_status laot_mmd2_test(laot_context* context, const laot_data* x, const laot_data* y,
                                    const double* gammas, size_t count, size_t permutations,
                                    double* mmd2, double* p_value);

/* ---- Trackability: can the pairing be recovered? --------------------------------------------- */

/** Findings of an analysis: numbers, texts, arrays and tables, each by name. They never change. */
typedef struct laot_findings laot_findings;

/**
 * @param findings  freed; NULL does nothing
 */
LAOT_API void laot_findings_free(laot_findings* findings);

/**
 * Names of what is there, one a line. Two-call protocol.
 *
 * @param findings  looked at
 * @param what      "numbers", "texts", "arrays" or "tables"
 * @param buffer    where the text goes; NULL with size 0 to ask for the size
 * @param size      bytes of buffer
 * @param needed    set to the bytes of the text with its final 0
 * @return LAOT_UNKNOWN_NAME: another what; LAOT_BUFFER_TOO_SMALL
 */
LAOT_API laot_status laot_findings_names(const laot_findings* findings, const char* what,
                                         char* buffer, size_t size, size_t* needed);

/**
 * A number of the findings.
 *
 * @param findings  looked at
 * @param name      one of laot_findings_names("numbers")
 * @param value     set to the number; NaN: undefined, and a text says why
 * @return LAOT_UNKNOWN_NAME: no such number; the sentence lists what there is
 */
LAOT_API laot_status laot_findings_number(const laot_findings* findings, const char* name,
                                          double* value);

/**
 * A text of the findings. Two-call protocol.
 *
 * @param findings  looked at
 * @param name      one of laot_findings_names("texts")
 * @param buffer    where the text goes; NULL with size 0 to ask for the size
 * @param size      bytes of buffer
 * @param needed    set to the bytes of the text with its final 0
 * @return LAOT_UNKNOWN_NAME: no such text; LAOT_BUFFER_TOO_SMALL
 */
LAOT_API laot_status laot_findings_text(const laot_findings* findings, const char* name,
                                        char* buffer, size_t size, size_t* needed);

/**
 * The size of an array.
 *
 * @param findings  looked at
 * @param name      one of laot_findings_names("arrays")
 * @param rows      set to the number of rows
 * @param cols      set to the number of columns
 * @return LAOT_UNKNOWN_NAME: no such array
 */
LAOT_API laot_status laot_findings_array_size(const laot_findings* findings, const char* name,
                                              size_t* rows, size_t* cols);

/**
 * An array of the findings.
 *
 * @param findings  looked at
 * @param name      one of laot_findings_names("arrays")
 * @param out       [rows x cols] of laot_findings_array_size, column-major, filled
 * @param length    numbers that out has room for
 * @return LAOT_UNKNOWN_NAME: no such array; LAOT_BUFFER_TOO_SMALL: length
 */
LAOT_API laot_status laot_findings_array(const laot_findings* findings, const char* name,
                                         double* out, size_t length);

/**
 * A table of the findings.
 *
 * @param findings  looked at
 * @param name      one of laot_findings_names("tables")
 * @param out       a copy of the table; free it with laot_table_free
 * @return LAOT_UNKNOWN_NAME: no such table
 */
LAOT_API laot_status laot_findings_table(const laot_findings* findings, const char* name,
                                         laot_table** out);

/**
 * The (2, delta)-restricted isometry constant, exactly over all pairs of cells, and the critical
 * gap of the paper, sqrt((1 - delta) / (2 n L^2)). For each scaling s, one of mean_square (one
 * factor: mean squared norm 1), unit_norm (every cell norm 1) and smallest (the one factor that
 * makes delta smallest) there are
 *
 * - in the table constants a row: scaling, delta, scale (NaN for unit_norm), critical_gap (in time;
 *   NaN where vacuous says why: delta is 1 or more, or L is unknown in these units), undefined (""
 *   where there is a delta) and vacuous;
 * - in the table worst at most 10 rows (scaling, first, second, delta): pairs of cells, numbered from
 *   0, the largest delta first;
 * - in the table quantiles a row for each probability (scaling, probability, delta): of the pairs'
 *   deltas, right to 2^-16 of their range;
 *
 * and there is the number n_cells (n).
 *
 * @param context        threads and callbacks
 * @param cells          [features x n] cells as they are, n at least 2: encode or centre them first
 *                       where that is wanted
 * @param rate           L, in units of the cells over time, positive; NaN: unknown
 * @param probabilities  [count] of the quantiles, each 0 .. 1
 * @param count          number of probabilities, at least 1
 * @param out            the findings; free them with laot_findings_free
 * @return LAOT_INVALID_ARGUMENT: rate or a probability outside its range, or fewer than 2 cells
 *
 * Cost: O(n^2 features) time (20,000 x 50: about ten seconds on one thread), a copy of the cells
 * and no n x n memory.
 * Source: Jafari, Shakeri, Daneshmand, ICML 2026.
 */
LAOT_API laot_status laot_isometry(laot_context* context, const laot_data* cells, double rate,
                                   const double* probabilities, size_t count, laot_findings** out);

/**
 * How fast cells move in a time course, coupled exactly between successive times, so that a rate is
 * of the least movement that explains the data. In units of the cells over time, the table rates
 * with one row a step: from, to (times), mean, mean_low, mean_high, largest, a column quantile_p for
 * each probability p (weighted by the coupled mass), last_low, last_high, floor. The intervals (95%,
 * bootstrap over the coupled pairs) are of the mean and of the last quantile; floor is the mean rate
 * between two random halves of the cells at `from`: movement that is sampling alone (NaN with one
 * cell).
 *
 * @param context            threads, callbacks, and the seed of bootstrap and halves
 * @param populations        [count] data, each [features x its own number of cells], same features
 * @param times              [count] increasing, in any unit of time
 * @param count              number of times, at least 2
 * @param probabilities      [probability_count] of the quantiles, each 0 .. 1
 * @param probability_count  number of probabilities, at least 1
 * @param out                the findings; free them with laot_findings_free
 * @return LAOT_INVALID_ARGUMENT: times that do not increase, a probability outside its range;
 *         LAOT_DIMENSION_MISMATCH: fewer than 2 populations, or their features differ
 *
 * Cost: two exact transports a step, and a copy of the cells.
 */
LAOT_API laot_status laot_rates(laot_context* context, const laot_data* const* populations,
                                const double* times, size_t count, const double* probabilities,
                                size_t probability_count, laot_findings** out);

/**
 * The paper's synthetic populations: controls with independent normal entries of variance
 * 1/features, moved by W = I + gap E / |E|_F, plus noise, shuffled.
 *
 * @param context   the seed
 * @param features  rows, at least 1
 * @param cells     columns of either population, at least 1
 * @param gap       |W - I|_F, 0 or more
 * @param noise     sd of what is added to each treated value, in units of the controls' sd, 0 or
 *                  more
 * @param entries   of E: "uniform" on [0, 1) (the published notebook) or "gaussian"
 * @param control   [features x cells], column-major, filled
 * @param treated   [features x cells], column-major, filled
 * @param map       [features x features], column-major, set to W
 * @param partner   [cells] set to the treated column of each control cell, from 0
 * @return LAOT_UNKNOWN_NAME: entries; LAOT_INVALID_ARGUMENT: a number outside its range
 *
 * Source: Jafari, Shakeri, Daneshmand, ICML 2026.
 */
LAOT_API laot_status laot_simulate_populations(laot_context* context, size_t features, size_t cells,
                                               double gap, double noise, const char* entries,
                                               double* control, double* treated, double* map,
                                               size_t* partner);

/**
 * A simulated drug screen with known truth: drugs at the doses 1, 3, 7 and 15 and pairs of drugs, in
 * cells of three clusters. A drug has a latent effect z = B e + noise (e: the 8 numbers of its
 * embedding; z: 4; sd of the noise 0.15) and an EC50 of its own, which the embedding does not tell.
 * With h = u^3 / (u^3 + EC50^3), u = log(dose + 1) / log(16),
 *   T(x) = x + h [S z + sum_k z_k A_k x + kappa sum_k z_k tanh(2 q_k'x) v_k],
 * and the effects of a pair add up. Four drugs are in no training condition; of eight others one
 * dose is left out; eight pairs are in the training and eight others are not.
 *
 * Arrays: control and new_control [features x cells, new_cells]; embedding [8 x drugs]; treated
 * [features x cells a training condition, one after the other]; test_treated and test_truth
 * [features x new_cells a test condition]: fresh treated cells, and new_control moved, without
 * noise. Tables: drugs (drug), training and test (condition, kind, drug, dose): the drugs of a pair
 * with a "+" between them, both at the dose.
 *
 * @param context    the seed
 * @param features   at least 1; 20 in docs/conditions.md
 * @param drugs      at least 12; 20
 * @param cells      controls, and cells of each training condition, at least 2; 200
 * @param new_cells  new controls, and cells of each test condition, at least 2; 300
 * @param kappa      size of effects that switch with the cell; 0: effects are linear in the cell
 * @param noise      sd of what is added to each treated value, 0 or more; 0.15
 * @param out        what was simulated; free it with laot_findings_free
 * @return LAOT_INVALID_ARGUMENT: a number outside its range; LAOT_OUT_OF_MEMORY: too many cells
 */
LAOT_API laot_status laot_simulate_screen(laot_context* context, size_t features, size_t drugs,
                                          size_t cells, size_t new_cells, double kappa,
                                          double noise, laot_findings** out);

/**
 * The paper's phase transition: the share of cells whose partner is found in synthetic populations
 * by exact assignment and raw least squares in turn, from W = I.
 *
 * @param context        threads, callbacks, and the seed of the trials
 * @param features       [feature_count] numbers of features, each at least 1
 * @param feature_count  at least 1
 * @param gaps           [gap_count] values of |W - I|_F, each 0 or more
 * @param gap_count      at least 1
 * @param cells          cells of either population, at least 1
 * @param trials         populations drawn for each pair of features and gap, at least 1
 * @param iterations     turns of assignment and least squares, at least 1
 * @param noise          as in laot_simulate_populations
 * @param entries        as in laot_simulate_populations
 * @param cost           what the assignment adds up: "euclidean" distances (the published notebook)
 *                       or "squared" ones (Algorithm 1)
 * @param mean           [feature_count x gap_count], column-major, set to the mean share, 0 .. 1
 * @param sd             [feature_count x gap_count], column-major, set to the sd over the trials
 *                       (divisor trials - 1; NaN with one)
 * @return LAOT_UNKNOWN_NAME: entries or cost; LAOT_INVALID_ARGUMENT: a number outside its range, or
 *         an empty list
 *
 * Cost: feature_count x gap_count x trials, about 5 ms each with 100 cells.
 * Source: Jafari, Shakeri, Daneshmand, ICML 2026.
 */
LAOT_API laot_status laot_recovery_study(laot_context* context, const size_t* features,
                                         size_t feature_count, const double* gaps, size_t gap_count,
                                         size_t cells, size_t trials, size_t iterations,
                                         double noise, const char* entries, const char* cost,
                                         double* mean, double* sd);

/**
 * How far the map is from the identity at single cells: |J(z) - I|, the largest singular value, J
 * being the derivative of the prediction in the feature space. Everywhere the same for a linear map
 * without marginals.
 * The 95% quantile of change x length, over the time between the populations, is an L for the
 * critical gap of laot_isometry. Columns cell (from 0), change and length (|z|, about the mean of
 * the model's controls).
 *
 * @param context     threads and callbacks
 * @param model       of one condition, or at one
 * @param control     [features x n] control cells, features as in the fit; NULL: those that the
 *                    model kept
 * @param most_cells  rows at most, at least 1: so many cells, evenly taken
 * @param out         the new table; free it with laot_table_free
 * @return LAOT_NOT_AVAILABLE: cellot, scgen, cae or cpa, whose maps have no derivative in closed
 *         form, or a model that kept no cells; LAOT_DIMENSION_MISMATCH: other features than the
 *         model's; LAOT_INVALID_ARGUMENT: most_cells is 0, or a model of several conditions;
 *         LAOT_NOT_FINITE: a NaN or Inf in a cell that is looked at
 *
 * Cost: the singular values of a k x k matrix a cell, once where they are the same everywhere.
 */
LAOT_API laot_status laot_change_at_cells(laot_context* context, const laot_model* model,
                                          const laot_data* control, size_t most_cells,
                                          laot_table** out);

/**
 * How far the matching and the map of a laot model depend on the cells at hand: fits repeated, with
 * the model's parameters in the model's feature space, on bootstrap resamples, on halves of the
 * cells, and from other starts.
 *
 * - Numbers: n_control, n_treated; displacement_over_spacing (median |W x - x| beyond the common
 *   shift, over the distance to the nearest other control cell); residual_over_spacing (median
 *   |y - W x| of coupled pairs, over the distance to the nearest other treated cell: around 1,
 *   others would do as well).
 * - Table agreement, a row for each of resamples, halves and restarts: repetitions, overlap (mass on
 *   the same pairs), overlap_low, overlap_high (extremes), coherence (1: partners in the same place,
 *   0: unrelated), coherence_low, coherence_high. NaN: no such repetitions.
 * - Table effects: the 20 strongest, as laot_strongest_effects has them, with low and high, 95%
 *   percentiles over the resamples (NaN without these), and stable, 1 where these leave out 0. No
 *   rows for a model of many conditions, whose map the resamples are not of.
 * - Arrays, in the feature space [k x k]: map; map_low and map_high (95% percentiles over the
 *   resamples) and map_sd; draws [k^2 x resamples], the map of each.
 *
 * A model of many conditions is asked at one of them (laot_model_at): the spacings are then those of
 * its own map there and of the exact coupling of its predictions with the treated cells, and the refits
 * are of laot with its defaults to the condition's cells.
 *
 * @param context    threads, callbacks, and the seed of all draws
 * @param model      a laot model, or one of many conditions at one that it has seen
 * @param control    [features x n] the training control cells, with their labels, n at least 4;
 *                   NULL, like treated: the up to keep_cells that the model kept, with theirs
 * @param treated    [features x m] the training treated cells, m at least 4; NULL as control is
 * @param resamples  bootstrap resamples, 0 to 1,000,000
 * @param halves     splits into halves, 0 to 1,000,000
 * @param restarts   other starts, 0 to 1,000,000
 * @param resample   what is resampled: "cells" (within their label), or "levels" of the batch
 * @param out        the findings; free them with laot_findings_free
 * @return LAOT_NOT_AVAILABLE: a model of another method, or one that kept no cells;
 *         LAOT_DIMENSION_MISMATCH: other features than the model's; LAOT_INVALID_ARGUMENT: a model of
 *         many conditions at none of them, only one of control and treated, labels that do not
 *         agree, "levels" without labels or with only one level, fewer than 4 cells, or more than
 *         1,000,000 of one kind of refit; LAOT_UNKNOWN_NAME: resample
 *
 * Cost: 1 + resamples + 2 halves + restarts fits.
 */
LAOT_API laot_status laot_stability(laot_context* context, const laot_model* model,
                                    const laot_data* control, const laot_data* treated,
                                    size_t resamples, size_t halves, size_t restarts,
                                    const char* resample, laot_findings** out);

/**
 * The recovery curve of a laot model: controls drawn from the data, moved by I + s (W - I) with the
 * residual noise of the fit, the pairing forgotten, fitted again. s = 1 is the experiment. Pairs
 * are sought within a label of the batch, where there is one.
 *
 * - Table curve: gap, and recovery (mean of pairs, for "anew" of identified).
 * - Table simulations: gap, repeat (from 0), pairs (share of counterparts found; NaN for "anew"),
 *   identified (share of cells whose predicted state is nearest to their own), map_error,
 *   cell_error (relative to the change; NaN at s = 0).
 * - Numbers: cells (a side); critical (the least s with recovery under one half; Inf: none on the
 *   grid; 0: from the start), critical_low, critical_high (95%, over repeats); position (1 /
 *   critical: where the experiment stands), position_low, position_high; recovery_at_one.
 * - Text: design.
 *
 * Of a model of many conditions, at one of them, the map is its own there: of a network the linear part
 * over the cells. The fits of the simulations are those of laot with its defaults.
 *
 * @param context     threads, callbacks, and the seed of all draws
 * @param model       a laot model, or one of many conditions at one that it has seen
 * @param control     [features x n] the training control cells, as in laot_stability, or NULL; n at
 *                    least 4, for "anew" 8
 * @param treated     [features x m] the training treated cells, as in laot_stability, or NULL
 * @param design      "counterpart": every cell is also among the treated ones. "anew": the treated
 *                    are other cells, as in most experiments
 * @param gaps        [count] values of s, increasing, from 0 or above
 * @param count       number of gaps, at least 1
 * @param repeats     simulations for each s, at least 1
 * @param most_cells  cells a side in one simulation, at least 4. Fewer than the experiment has make
 *                    recovery easier
 * @param out         the findings; free them with laot_findings_free
 * @return LAOT_NOT_AVAILABLE, LAOT_DIMENSION_MISMATCH: as laot_stability; LAOT_INVALID_ARGUMENT: a
 *         number outside its range, gaps that do not increase, too few cells; LAOT_UNKNOWN_NAME:
 *         design
 *
 * Cost: 1 + count x repeats fits.
 */
LAOT_API laot_status laot_recovery_curve(laot_context* context, const laot_model* model,
                                         const laot_data* control, const laot_data* treated,
                                         const char* design, const double* gaps, size_t count,
                                         size_t repeats, size_t most_cells, laot_findings** out);

/**
 * "recoverable", "borderline", "not recoverable" or, for NaN, "undefined". docs/trackability.md
 * states how often it errs.
 *
 * @param recovery_at_one        of the recovery curve with design "counterpart", 0 .. 1
 * @param residual_over_spacing  of the stability, 0 or more
 */
LAOT_API const char* laot_trackability_verdict(double recovery_at_one,
                                               double residual_over_spacing);

#ifdef __cplusplus
}
#endif

#endif /* LAOT_H */
