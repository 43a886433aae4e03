/*
 * laot: learns the map between unpaired control and treated cells, and predicts how new cells
 * respond. This header is the whole contract; everything else in the library is hidden.
 *
 * Conventions
 *   Cells are columns. A dense matrix is features x cells, column-major, double: value (k, i) of
 *   feature k and cell i stands at values[k + i * leading_dimension]. This is an R matrix, a Julia
 *   Matrix{Float64}, or a C-contiguous numpy array of shape (cells, features).
 *   Units: any scale on which differences mean something (log-normalised expression, principal
 *   components, transformed intensities). What is fitted is what is predicted; raw counts are
 *   accepted but rarely wanted. NaN and Inf are refused, never carried along.
 *   Indices count from 0.
 *
 * Errors
 *   Every call that can fail returns a laot_status: 0, or one of the negative codes below, whose
 *   numbers never change. laot_last_error() then gives one sentence, per thread, that names the
 *   argument and what was found. On failure nothing is changed and outputs are not written, but for
 *   the `needed` of the two-call protocol. No exception, output, signal handler or abort crosses
 *   this border.
 *
 * Ownership
 *   `laot_X** out` gives a new object that the caller frees with laot_X_free (which takes NULL).
 *   Each object is freed once; what was made with a context or from params does not need them any
 *   more afterwards. Matrices handed to laot_data_* are borrowed and must outlive the laot_data;
 *   everything else that is passed in is copied. `const char*` returned by introspection calls
 *   belongs to the library and lives as long as it is loaded.
 *
 * Two-call protocol for texts and bytes
 *   call(..., NULL, 0, &needed) sets `needed` (with the final 0 for texts) and returns LAOT_OK; then
 *   call again with a buffer of that size. A buffer too small: LAOT_BUFFER_TOO_SMALL, `needed` set.
 *
 * Threads
 *   A context, params or data belong to one thread at a time. A laot_model never changes: several
 *   threads may use one at once, each with its own context. While a call works, OpenBLAS is held to
 *   one thread and restored afterwards (process-wide: OpenBLAS has only one setting).
 *
 * Bits
 *   On one machine with one BLAS library, a seed fixes every result for any number of threads and
 *   from every language.
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

/* ---- Status -------------------------------------------------------------------------------- */

typedef enum laot_status {
  LAOT_OK = 0,
  LAOT_INVALID_ARGUMENT = -1,   /* a value outside its range, a NULL, a wrong type */
  LAOT_DIMENSION_MISMATCH = -2, /* sizes that do not fit each other */
  LAOT_NOT_FINITE = -3,         /* NaN or Inf in the input */
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

/* The sentence of the last failure on this thread ("" if there was none). Valid until the next
 * failing call on this thread. */
LAOT_API const char* laot_last_error(void);

/* "invalid_argument", ...; "unknown" for other numbers. */
LAOT_API const char* laot_status_name(int status);

/* ---- Version and capabilities -------------------------------------------------------------- */

/* "MAJOR.MINOR.PATCH" of the library. */
LAOT_API const char* laot_version(void);

/* Number of the binary interface; grows only when something that existed changes. */
#define LAOT_ABI_VERSION 1
LAOT_API int laot_abi_version(void);

/* One "name=value" a line, for bug reports: version, abi, blas, memory_mb. Two-call protocol. */
LAOT_API laot_status laot_capabilities(char* buffer, size_t size, size_t* needed);

/* ---- Context: threads, seed, callbacks ------------------------------------------------------ */

typedef struct laot_context laot_context;

LAOT_API laot_status laot_context_new(laot_context** out);
LAOT_API void laot_context_free(laot_context* context);

/* Threads to use, 1 .. 1024 (default 1). The result does not depend on it. */
LAOT_API laot_status laot_context_set_threads(laot_context* context, int threads);

/* The seed of everything random (default 1). */
LAOT_API laot_status laot_context_set_seed(laot_context* context, uint64_t seed);

/* Callbacks run on the thread that made the call, never on a worker, and must not call back into
 * the library with the same context. NULL takes a callback away. */

/* Asked at most every 20 ms while a call works; a return other than 0 stops it with LAOT_CANCELLED.
 * The longest single step between two questions is one LAPACK call: an eigen-decomposition of at
 * most 1500 x 1500, about a second. */
typedef int (*laot_cancel_fn)(void* payload);
LAOT_API laot_status laot_context_set_cancel(laot_context* context, laot_cancel_fn function,
                                             void* payload);

/* Progress of the named stage, fraction 0 .. 1, at most every 100 ms. A return other than 0 cancels
 * as above. */
typedef int (*laot_progress_fn)(const char* stage, double fraction, void* payload);
LAOT_API laot_status laot_context_set_progress(laot_context* context, laot_progress_fn function,
                                               void* payload);

/* Lines worth telling an engineer. */
typedef void (*laot_log_fn)(const char* line, void* payload);
LAOT_API laot_status laot_context_set_log(laot_context* context, laot_log_fn function,
                                          void* payload);

/* ---- Data ------------------------------------------------------------------------------------ */

typedef struct laot_data laot_data;

/* values[features x cells], column-major, borrowed; leading_dimension >= features. */
LAOT_API laot_status laot_data_dense(const double* values, size_t features, size_t cells,
                                     size_t leading_dimension, laot_data** out);

/* Compressed sparse columns, borrowed: column_starts[cells + 1], rows[nnz] counted from 0 and
 * unique within a column (any order), values[nnz]. A dgCMatrix as it lies in memory. */
LAOT_API laot_status laot_data_csc(size_t features, size_t cells, const int32_t* column_starts,
                                   const int32_t* rows, const double* values, laot_data** out);
LAOT_API laot_status laot_data_csc64(size_t features, size_t cells, const int64_t* column_starts,
                                     const int64_t* rows, const double* values, laot_data** out);
LAOT_API void laot_data_free(laot_data* data);

/* Keeps the listed columns or rows of what is selected now, in that order, in place: no copy of the
 * values is made. Labels and names that were set are dropped, so select first. */
LAOT_API laot_status laot_data_select_cells(laot_data* data, const size_t* index, size_t count);
LAOT_API laot_status laot_data_select_features(laot_data* data, const size_t* index, size_t count);

/* Selected features (rows) and cells (columns). */
LAOT_API laot_status laot_data_size(const laot_data* data, size_t* features, size_t* cells);

/* One label per cell [cells]: cells are paired within a label only (donor, cell line, replicate).
 * Both populations must have the same labels. */
LAOT_API laot_status laot_data_set_batch(laot_data* data, const char* const* labels, size_t count);

/* UTF-8 names, kept with the model: features [features], cells [cells]. Where two objects that meet
 * in a call both have feature names, these must be equal and in the same order. */
LAOT_API laot_status laot_data_set_feature_names(laot_data* data, const char* const* names,
                                                 size_t count);
LAOT_API laot_status laot_data_set_cell_names(laot_data* data, const char* const* names,
                                              size_t count);

/* index[count]: the features of largest variance (divisor: number of cells) over the pooled cells,
 * in decreasing order, ties by position. count must be 1 .. features. Cost: two passes. */
LAOT_API laot_status laot_variable_features(laot_context* context, const laot_data* control,
                                            const laot_data* treated, size_t count, size_t* index);

/* ---- Methods and parameters: one registry ----------------------------------------------------- */

/* Methods are numbered 0 .. laot_method_count() - 1; so are their parameters and presets. */
LAOT_API size_t laot_method_count(void);

typedef struct laot_method_info {
  size_t struct_size; /* set to sizeof(laot_method_info) before the call */
  const char* name;   /* "laot" */
  const char* title;  /* one line */
  const char* source; /* the paper */
  size_t param_count;
  size_t preset_count;
} laot_method_info;
LAOT_API laot_status laot_method_describe(size_t method, laot_method_info* info);

typedef enum laot_param_type {
  LAOT_NUMBER = 0,
  LAOT_INTEGER = 1,
  LAOT_FLAG = 2,
  LAOT_CHOICE = 3
} laot_param_type;

typedef struct laot_param_info {
  size_t struct_size; /* set to sizeof(laot_param_info) before the call */
  const char* name;
  int type;                 /* laot_param_type */
  const char* default_text; /* as laot_params_set_text takes it */
  double minimum;           /* of a number or an integer */
  double maximum;
  const char* words;  /* a choice's values, or words that a number may be: "auto"; comma-separated */
  const char* doc;    /* one line */
  const char* source; /* where it is defined */
} laot_param_info;
LAOT_API laot_status laot_param_describe(size_t method, size_t param, laot_param_info* info);

typedef struct laot_preset_info {
  size_t struct_size; /* set to sizeof(laot_preset_info) before the call */
  const char* name;
  const char* doc;
} laot_preset_info;
LAOT_API laot_status laot_preset_describe(size_t method, size_t preset, laot_preset_info* info);

typedef struct laot_params laot_params;

/* The defaults of a method ("laot", "identity", "mean_shift", "gaussian_map", ...). */
LAOT_API laot_status laot_params_new(const char* method, laot_params** out);
LAOT_API void laot_params_free(laot_params* params);

/* Sets every parameter to the preset's value; call it before single settings. */
LAOT_API laot_status laot_params_use_preset(laot_params* params, const char* preset);
LAOT_API laot_status laot_params_set_number(laot_params* params, const char* name, double value);
/* "0.3", "auto", "true", "covariance". */
LAOT_API laot_status laot_params_set_text(laot_params* params, const char* name, const char* value);
/* The present value as text. Two-call protocol. */
LAOT_API laot_status laot_params_get_text(const laot_params* params, const char* name, char* buffer,
                                          size_t size, size_t* needed);

/* ---- Fit and predict ---------------------------------------------------------------------------- */

typedef struct laot_model laot_model;

/* Fits. control: features x n, treated: features x m, same features; n and m may differ, and all
 * cells are used. Whether the call worked and whether the fit converged are two answers: see
 * "outcome" in the report. Fewer than 3 cells on a side: the mean shift, and the report says so.
 * Memory beyond the input: one working copy of the selected features, and the transport's. */
LAOT_API laot_status laot_fit(laot_context* context, const laot_params* params,
                              const laot_data* control, const laot_data* treated, laot_model** out);
LAOT_API void laot_model_free(laot_model* model);

/* out[features x cells], column-major, length >= features * cells: what the control cells of `cells`
 * would look like treated, in the units of the training cells. nonnegative: "no", "clip" (raise
 * negative values to 0), or "marginals" (send each feature through the monotone map from its
 * predicted to its observed treated training values, which keeps zeros and shape). */
LAOT_API laot_status laot_predict(laot_context* context, const laot_model* model,
                                  const laot_data* cells, const char* nonnegative, double* out,
                                  size_t length);

/* A trivial predictor of the same training cells: "identity", "mean_shift", "gaussian_map". */
LAOT_API laot_status laot_model_trivial(const laot_model* model, const char* name,
                                        laot_model** out);

/* ---- What a model holds --------------------------------------------------------------------------- */

/* Names of what is there, one a line. Two-call protocol. `what`: "report_numbers", "report_texts",
 * "trace", "arrays", "params", "feature_names", "control_names", "treated_names" (the last three
 * may be empty). */
LAOT_API laot_status laot_model_names(const laot_model* model, const char* what, char* buffer,
                                      size_t size, size_t* needed);

/* Method, preset, or a parameter's value as text: "method", "preset", "param.ridge". Two-call. */
LAOT_API laot_status laot_model_text(const laot_model* model, const char* name, char* buffer,
                                     size_t size, size_t* needed);

/* Report: numbers such as n_control, n_treated, features, dimension, components, iterations,
 * objective (J), residual_sum (n times its first term), ridge, plan_cost, plan_gap (certificate of
 * the last plan, relative), negative_share (of predictions on the training controls), median_gamma,
 * seconds; texts: outcome ("converged", "limit_reached"), stop_reason. NaN: undefined. */
LAOT_API laot_status laot_report_number(const laot_model* model, const char* name, double* value);
LAOT_API laot_status laot_report_text(const laot_model* model, const char* name, char* buffer,
                                      size_t size, size_t* needed);

/* Trace: columns of equal length, one value an iteration (least squares) or epoch (Adam). */
LAOT_API laot_status laot_trace_length(const laot_model* model, size_t* length);
LAOT_API laot_status laot_trace_column(const laot_model* model, const char* name, double* out,
                                       size_t length);

/* Arrays, column-major [rows x cols]. Affine methods have map [features x features] (x_t = W x_0 +
 * b, original units), offset [features x 1], latent_map [k x k] (in the feature space); all have
 * mean_control, mean_treated, scale and, with components, basis [features x k]; laot has
 * plan_source, plan_target, plan_mass [entries x 1] (cell numbers from 0, masses sum to 1);
 * kept_control, kept_treated [features x kept cells]. */
LAOT_API laot_status laot_array_size(const laot_model* model, const char* name, size_t* rows,
                                     size_t* cols);
LAOT_API laot_status laot_array(const laot_model* model, const char* name, double* out,
                                size_t length);

/* ---- Save and load ----------------------------------------------------------------------------------- */

/* One safetensors file: tensors row-major, JSON metadata; docs/model-file.md lists them. Written
 * beside `path` and renamed, so that a failure leaves no half file. */
LAOT_API laot_status laot_save(const laot_model* model, const char* path);
LAOT_API laot_status laot_load(const char* path, laot_model** out);
/* The same bytes in memory. Two-call protocol (no final 0). */
LAOT_API laot_status laot_to_bytes(const laot_model* model, void* buffer, size_t size,
                                   size_t* needed);
LAOT_API laot_status laot_from_bytes(const void* bytes, size_t size, laot_model** out);

/* ---- Metrics -------------------------------------------------------------------------------------------- */

/* Squared maximum mean discrepancy between two populations of cells with the kernel
 * exp(-gamma |u - v|^2), averaged over gammas[count] (each > 0). estimator: "unbiased" (the
 * U-statistic; not clipped, so negative about half the time when the populations are alike; NaN for
 * one cell) or "biased" (the V-statistic). Gretton et al., JMLR 2012. O((n + m)^2 features). */
LAOT_API laot_status laot_mmd2(laot_context* context, const laot_data* x, const laot_data* y,
                               const double* gammas, size_t count, const char* estimator,
                               double* value);

/* 1 / median of the positive squared distances over all pairs of the pooled cells; exact up to 4000
 * pooled cells, a seeded subsample of as many beyond. y may be NULL. NaN: no positive distance. */
LAOT_API laot_status laot_median_gamma(laot_context* context, const laot_data* x,
                                       const laot_data* y, double* value);

/* Exact 2-Wasserstein distance between the populations, uniform weights, any sizes: the root of the
 * least mean squared distance of a coupling. gap (may be NULL): relative duality gap of the proof. */
LAOT_API laot_status laot_wasserstein2(laot_context* context, const laot_data* x,
                                       const laot_data* y, double* value, double* gap);

/* ---- Scores by name ------------------------------------------------------------------------------------- */

/* Every metric with its definition: numbered 0 .. laot_metric_count() - 1. */
LAOT_API size_t laot_metric_count(void);

typedef struct laot_metric_info {
  size_t struct_size; /* set to sizeof(laot_metric_info) before the call */
  const char* name;   /* "mmd2" */
  const char* title;
  const char* estimator; /* "unbiased" */
  const char* setting;   /* fixed settings: "k = 50" */
  const char* doc;       /* the definition */
  const char* source;    /* paper or published code */
  const char* undefined; /* when the value is NaN; "" if never */
  double perfect;        /* the value of a perfect prediction */
  int larger_is_better;
  int needs_gamma;
  int needs_control;
} laot_metric_info;
LAOT_API laot_status laot_metric_describe(size_t metric, laot_metric_info* info);

typedef struct laot_score_result {
  size_t struct_size; /* set to sizeof(laot_score_result) before the call */
  double value;       /* NaN: undefined, see laot_metric_info.undefined */
  double sd;          /* over repetitions, divisor repetitions - 1; NaN with one */
} laot_score_result;

/* The score of predicted against observed cells. control may be NULL where the metric does not need
 * it; for cell_spearman it holds the cells that were predicted, in their order. gamma: the RBF
 * bandwidth (take it from training cells) for metrics that need one, else any number; NaN gives NaN.
 * cells = 0: all cells, once. Else the mean over `repetitions` random subsamples of `cells` cells a
 * side, drawn without replacement with the context's seed, the same cells for every metric.
 * Cost: a copy of the cells, and the metric's own time: O((n + m)^2 features) for MMD and energy
 * distances, exact transport for w1 and w2. */
LAOT_API laot_status laot_score(laot_context* context, const char* metric,
                                const laot_data* predicted, const laot_data* observed,
                                const laot_data* control, double gamma, size_t cells,
                                size_t repetitions, laot_score_result* result);

/* The settings under which published code prints its scores. */
LAOT_API size_t laot_score_preset_count(void);

typedef struct laot_score_preset_info {
  size_t struct_size; /* set to sizeof(laot_score_preset_info) before the call */
  const char* name;   /* "cellot" */
  const char* doc;
  const char* source;
  const char* metrics; /* comma-separated */
  const char* cells;   /* sizes of subsamples, comma-separated, the largest that fits; "": all */
  size_t repetitions;
  int gamma_from_all_features; /* also where a part of the features is scored */
} laot_score_preset_info;
LAOT_API laot_status laot_score_preset_describe(size_t preset, laot_score_preset_info* info);

/* Feature by feature, each output [features] or NULL: two-sample Kolmogorov-Smirnov statistic,
 * one-dimensional Wasserstein distance, mean(predicted) - mean(observed). */
LAOT_API laot_status laot_feature_scores(laot_context* context, const laot_data* predicted,
                                         const laot_data* observed, double* ks, double* w1,
                                         double* mean_difference, size_t length);

/* index[count]: the features that respond most, by |t| of Welch's test of treated against control
 * (training cells, so that scores on them are honest), in decreasing order, ties by position. */
LAOT_API laot_status laot_marker_features(laot_context* context, const laot_data* control,
                                          const laot_data* treated, size_t count, size_t* index);

/* out[cells]: Spearman's correlation over features of each cell's control state with its predicted
 * state. NaN where a cell's values are all the same. */
LAOT_API laot_status laot_cell_spearman(laot_context* context, const laot_data* control,
                                        const laot_data* predicted, double* out, size_t length);

/* Permutation test of equal laws by the unbiased MMD^2, mean over gammas[count]: p_value is
 * (1 + relabellings, drawn with the context's seed, with an MMD^2 as large) / (1 + permutations).
 * NaN for one cell. mmd2 may be NULL. */
LAOT_API laot_status laot_mmd2_test(laot_context* context, const laot_data* x, const laot_data* y,
                                    const double* gammas, size_t count, size_t permutations,
                                    double* mmd2, double* p_value);

#ifdef __cplusplus
}
#endif

#endif /* LAOT_H */
