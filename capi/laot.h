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
 * seconds; texts: outcome ("converged", "limit_reached"), stop_reason. NaN: undefined.
 * Networks: iterations, best_iteration (kept), validation_mmd2, validation_mmd2_untrained,
 * validation_mmd2_identity (of cells that do not move), seconds_training, diverged_at (where the run
 * diverged); outcome may also be "diverged" or, with on_cancel = "keep", "cancelled"; warning: one
 * sentence, or empty. */
LAOT_API laot_status laot_report_number(const laot_model* model, const char* name, double* value);
LAOT_API laot_status laot_report_text(const laot_model* model, const char* name, char* buffer,
                                      size_t size, size_t* needed);

/* Trace: columns of equal length, one value an iteration (least squares) or epoch (Adam, scgen,
 * cae) or look at the validation cells (cellot, with its column iteration). */
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

/* ---- Trackability: can the pairing be recovered? ----------------------------------------------
 */

/* What an analysis found: numbers, texts and arrays, each by name. Never changes. */
typedef struct laot_findings laot_findings;
LAOT_API void laot_findings_free(laot_findings* findings);

/* Names of what is there, one a line. `what`: "numbers", "texts" or "arrays". Two-call protocol. */
LAOT_API laot_status laot_findings_names(const laot_findings* findings, const char* what,
                                         char* buffer, size_t size, size_t* needed);
/* NaN: undefined; a text says why. */
LAOT_API laot_status laot_findings_number(const laot_findings* findings, const char* name,
                                          double* value);
LAOT_API laot_status laot_findings_text(const laot_findings* findings, const char* name,
                                        char* buffer, size_t size, size_t* needed);
/* Column-major [rows x cols]. */
LAOT_API laot_status laot_findings_array_size(const laot_findings* findings, const char* name,
                                              size_t* rows, size_t* cols);
LAOT_API laot_status laot_findings_array(const laot_findings* findings, const char* name,
                                         double* out, size_t length);

/* The (2, delta)-restricted isometry constant of the cells as they are given (encode or centre them
 * first where that is wanted), exactly over all pairs, and the critical gap of the paper,
 * sqrt((1 - delta) / (2 n L^2)). rate: L in units of the data over time, positive; NaN: unknown.
 * For each scaling s, one of mean_square (one factor: mean squared norm 1), unit_norm (every cell
 * norm 1) and smallest (the one factor that makes delta smallest): numbers delta_s, scale_s (NaN
 * for unit_norm), critical_gap_s (in time; NaN where vacuous_s says why: delta is 1 or more, or L
 * is unknown in these units); texts undefined_s, vacuous_s ("" where there is a value); arrays
 * worst_s [pairs x 3] (two cell numbers from 0, and the pair's delta, largest first, at most 10),
 * quantiles_s [count x 1] of the pairs' deltas at probabilities[count] (0 .. 1, right to 2^-16 of
 * their range). n is the number n_cells. O(n^2 features) time, no n x n memory. */
LAOT_API laot_status laot_isometry(laot_context* context, const laot_data* cells, double rate,
                                   const double* probabilities, size_t count, laot_findings** out);

/* How fast cells move in a time course: populations[count] at times[count] (increasing), coupled
 * exactly between successive times. Array rates [count - 1 x 9]: from, to, mean, mean_low,
 * mean_high, largest, last_low, last_high, floor, in units of the data over time; array quantiles
 * [count - 1 x probabilities] weighted by mass. The intervals (95%, bootstrap over the coupled
 * pairs) are of the mean and of the last quantile; floor is the mean rate between two random halves
 * of the cells at `from`: movement that is sampling alone. */
LAOT_API laot_status laot_rates(laot_context* context, const laot_data* const* populations,
                                const double* times, size_t count, const double* probabilities,
                                size_t probability_count, laot_findings** out);

/* The paper's synthetic populations: controls with normal entries of variance 1/features, moved by
 * W = I + gap E / |E|_F with entries of E "uniform" on [0, 1) or "gaussian", plus noise (sd in
 * units of the controls' sd), shuffled. control and treated [features x cells], map [features x
 * features], partner[cells]: treated column of each control cell. Drawn with the context's seed. */
LAOT_API laot_status laot_simulate_populations(laot_context* context, size_t features, size_t cells,
                                               double gap, double noise, const char* entries,
                                               double* control, double* treated, double* map,
                                               size_t* partner);

/* The paper's phase transition: share of cells whose partner is found by `iterations` of exact
 * assignment and raw least squares in turn; mean and sd over the trials [feature_count x
 * gap_count], column-major. cost: "euclidean" (the published notebook) or "squared" (Algorithm 1).
 */
LAOT_API laot_status laot_recovery_study(laot_context* context, const size_t* features,
                                         size_t feature_count, const double* gaps, size_t gap_count,
                                         size_t cells, size_t trials, size_t iterations,
                                         double noise, const char* entries, const char* cost,
                                         double* mean, double* sd);

/* How far the matching and the map of a laot model depend on the cells at hand: fits repeated, with
 * the model's parameters in the model's feature space, on bootstrap resamples (resample: "cells",
 * or "levels" of the batch), on halves of the cells, and from other starts. control and treated:
 * the training cells, with their batch; both NULL: the up to keep_cells a side that the model kept.
 * Numbers: displacement_over_spacing (median |W x - x| beyond the common shift, over the distance
 * to the nearest other control cell), residual_over_spacing (median |y - W x| of coupled pairs,
 * over the distance to the nearest other treated cell: around 1, others would do as well), and for
 * each p of resamples, halves, restarts: p_overlap (mass on the same pairs), p_overlap_low,
 * p_overlap_high (extremes), p_coherence (1: partners in the same place, 0: unrelated),
 * p_coherence_low, _high; n_control, n_treated. Arrays, in the feature space [k x k]: map, map_low
 * and map_high (95% percentiles over the resamples), map_sd; draws [k^2 x resamples]. Needs 4 cells
 * a side. LAOT_NOT_AVAILABLE for other methods. Cost: resamples + 2 halves + restarts fits. */
LAOT_API laot_status laot_stability(laot_context* context, const laot_model* model,
                                    const laot_data* control, const laot_data* treated,
                                    size_t resamples, size_t halves, size_t restarts,
                                    const char* resample, laot_findings** out);

/* The recovery curve of a laot model: controls drawn from the data, moved by I + s (W - I) with the
 * residual noise of the fit, the pairing forgotten, fitted again; for s in gaps[count] (increasing,
 * from 0 or above; 1 is the experiment). design: "counterpart" (every cell is also among the
 * treated ones) or "anew" (the treated are other cells, as in most experiments). control and
 * treated as in laot_stability. Arrays [count x repeats]: pairs (share of counterparts found; NaN
 * for anew), identified (share of cells whose predicted state is nearest to their own), map_error,
 * cell_error (relative to the change; NaN at s = 0); gaps and recovery [count x 1] (mean of pairs,
 * for anew of identified). Numbers: cells (a side), critical (the least s with recovery under one
 * half; Inf: none on the grid; 0: from the start), critical_low, critical_high (95%, over repeats),
 * position (1 / critical: where the experiment stands), position_low, position_high,
 * recovery_at_one. Fewer cells than the experiment has make recovery easier: most_cells bounds
 * them. Cost: count x repeats fits. */
LAOT_API laot_status laot_recovery_curve(laot_context* context, const laot_model* model,
                                         const laot_data* control, const laot_data* treated,
                                         const char* design, const double* gaps, size_t count,
                                         size_t repeats, size_t most_cells, laot_findings** out);

/* "recoverable", "borderline", "not recoverable" or, for NaN, "undefined", from recovery_at_one of
 * the counterpart curve and residual_over_spacing of the stability. docs/trackability.md states how
 * often it errs. */
LAOT_API const char* laot_trackability_verdict(double recovery_at_one,
                                               double residual_over_spacing);

#ifdef __cplusplus
}
#endif

#endif /* LAOT_H */
