# Fitting by name: one worker for every method, and the functions over it.

#' Fit the map from control to treated cells
#'
#' Alternates exact optimal transport between the two populations with a linear map, from the
#' identity (Algorithm 1 of the paper). The map is shrunk towards the identity by the share of the
#' plan that no linear map explains, and predictions get back the spread that a conditional mean
#' loses. The default preset, `"adaptive"`, lets the map bend and restores the distribution of every
#' feature where that predicts held-out cells better by more than one standard error (five folds, or
#' levels of the batch left out; with fewer than 100 cells on a side nothing is asked and the map is
#' linear); `fit$report$choice.reason` says what was compared. That makes better populations, not
#' better single cells: `"calibrated"` is always one matrix, and a fifth of the time or less.
#' `"algorithm1"` is the paper as printed.
#'
#' All cells are used: the populations may differ in size. Where there are many features for the
#' cells at hand, the map is fitted in principal components and what these leave out of a cell is
#' kept. With fewer than 3 cells on a side (4 for a network; `laot_methods()$fewest.cells`) the fit
#' falls back to the mean shift, with a warning; of a method of many conditions a training refuses
#' such a condition, and the others name it in a warning.
#' Values are read in place: of a large sparse object only the chosen features are copied, once.
#'
#' @param x Control cells as a matrix, features x cells (a base matrix, a data frame of numbers, or
#'   any matrix of the Matrix package; a `dgCMatrix` is never made dense), with the treated cells in
#'   `treated`; or one matrix with all cells and their labels in `condition`; or a
#'   SummarizedExperiment, SingleCellExperiment or Seurat object.
#' @param treated Treated cells as a second matrix or object with the features of `x`. Where both
#'   have row names, features are matched by name.
#' @param method The name of a method: one of `laot_methods()$name`.
#' @param condition The column with the condition of each cell, or one label per cell. Where it is
#'   not given, an object is searched for a column `condition`. Cells with a missing label are left
#'   out. Labels that have names, those of the cells, are matched by these. Of two objects: a column
#'   that both have, each with one level; where it is not given, `condition`, or the one column of
#'   words that is constant in each and differs between them.
#' @param control The level of the control cells. Where it is not given, the one level called
#'   control, ctrl, DMSO, vehicle, untreated, unstimulated or the like is taken.
#' @param target The level of the treated cells. Several of them, or none given where there are
#'   several, give one fit for each, in a `laot_fit_list`.
#' @param batch A column, or one label per cell (for two matrices `list(control =, treated =)`), of
#'   donor, cell line or replicate: cells are paired only within a level, and one map is fitted for
#'   all.
#' @param types A column, or one label per cell (for two matrices `list(control =, treated =)`), of
#'   cell type: the fit tells how the share of each type changes ([composition()]) and warns, naming
#'   the type, where one changes by more than a permutation test at 1% allows. Balanced transport
#'   then turns types into each other; `balance = "types"` weights the control cells so that types
#'   have their treated shares. Without labels, `balance = "clusters"` does so for clusters found in
#'   both populations.
#' @param by A column, or one label per cell, of cell type or another group: one fit for each of its
#'   levels that has control and treated cells, all with the same features, in a `laot_fit_by`.
#'   Levels that lack a side, or have fewer cells on it than the method needs, 3 or 4, are named and
#'   left out, and so are cells without a level; printed fits say which.
#'   [predict()][predict.laot_fit] sends each cell through the fit of its level.
#' @param covariates What is known of the conditions: a formula of columns such as `~ drug + dose`,
#'   their names, or a data frame with one row a cell. Numbers are doses, times and the like, other
#'   columns levels, and each has one value in all cells of a condition; a column of lists may have
#'   several (the drugs of a combination). Control cells have dose 0 or `NA`. Where they have levels
#'   of the conditions (a cell line, a plate), each condition goes with the control cells of its
#'   own. The result is one model of all conditions: see [conditions()].
#' @param embedding Where levels lie, so that what is learnt of some may carry to others: a matrix
#'   with one row for each level, named by it, also for those without cells that are to be predicted
#'   (descriptors of molecules, say); a list of such matrices named by covariate; or `"effect"`,
#'   which places a level by its treated cells. `"control"`, alone or for a covariate as in
#'   `list(patient = "control")`, places the levels of a context (a patient, a cell line) by their
#'   control cells, which each level must have: one that was not seen then needs no more than its
#'   own control cells ([predict()][predict.laot_fit]). `NULL`: levels are one-hot.
#' @param combine What stands between the parts of a combination in the covariates (`"+"` in
#'   `"A+B"`); `NULL`: none are split.
#' @param hold.out Conditions that are left out of the fit, to be asked for and scored as ones
#'   without cells ([evaluate_predictions()], [held_out()]): their names; `list(dose = 1000, drug =
#'   "A")`, those that have one of these values (of a combination, any part); or a data frame of
#'   covariates, those that have all values of one of its rows.
#' @param preset A row of parameters by name: see [laot_presets()]. Without it the first of them.
#' @param ... Parameters of the method by name, such as `ridge = 0.3` or `n.pcs = 0`: see
#'   [laot_params()] for names, defaults and ranges. `coupling` chooses how cells are paired:
#'   `"exact"` (proven optimal), `"hierarchical"` (by parts, nearly optimal, with an estimated
#'   bound) or `"auto"`, exact up to 100,000 cells on the larger side. `fit$report` says which one
#'   ran (`coupling`), what is known of the last plan (`plan.cost`, `plan.cost.lower.bound`,
#'   `plan.gap`) and whether that bound is `"proven"` or `"estimated"` (`plan.bound`). A coupling
#'   that does not fit in memory is refused with the estimate. For objects also where the values are
#'   and which features to use: see below.
#' @param checkpoint A file name. A fit of several conditions that is killed goes on, in the same
#'   call, with the conditions that were not done: with `"run.ckpt"` each leaves a file such as
#'   `"run-24h.ckpt"`. For methods that train, a file that keeps the state of the training: see
#'   [cellot_fit()].
#' @param BPPARAM A backend of BiocParallel, such as `BiocParallel::SnowParam(4)` or
#'   `BatchtoolsParam()` on a cluster, on which several conditions are fitted, some to a task; they
#'   come back as the files of `checkpoint`, which must be in a folder that all workers see.
#' @param checkpoint.seconds,seeds For methods that train: see [cellot_fit()].
#' @param seed Seed of everything random; without it one number is drawn from R's generator.
#' @param num.threads Threads to use. The result does not depend on it.
#' @param verbose Show what was chosen and a progress bar.
#' @section Where the values are: Arguments of objects, given by name:
#' * `assay.type`, `dimred`, `altexp`: which assay (`"logcounts"`), or which reduced dimension, or
#'   which alternative experiment of a SummarizedExperiment or SingleCellExperiment;
#' * `assay`, `layer`, `reduction`: which assay (the default one) and layer (`"data"`), or which
#'   reduction, of a Seurat object;
#' * `subset.row`, for Seurat objects `features`: names, numbers or flags of the features to use.
#'   Without it the 1000 of largest variance among the cells that are used (all, where there are
#'   fewer), the same ones for every target.
#'
#' @returns A `laot_fit`: see [predict()][predict.laot_fit], [coef()][coef.laot_fit],
#'   [summary()][summary.laot_fit], [plot()][plot.laot_fit], [evaluate_predictions()] and
#'   [save_model()]; it survives [saveRDS()]. For several targets a `laot_fit_list`, a named list of
#'   these; with `covariates`, or of a method of many conditions (`laot_methods()$conditions`), its
#'   fits are conditions of one model, which may predict others: see [conditions()].
#'
#'   `laot_fit()` is `fit_method()` with `method = "laot"`: every method that the library has is
#'   fitted so, and its class is that of its name before `laot_fit`, such as `cellot_fit`.
#' @seealso [fit_trivial()] for the predictors that every score is shown beside.
#' @examples
#' set.seed(1)
#' control <- matrix(rnorm(5 * 60), 5, dimnames = list(paste0("gene", 1:5), NULL))
#' treated <- 1.5 * matrix(rnorm(5 * 40), 5, dimnames = list(paste0("gene", 1:5), NULL)) + 2
#' fit <- laot_fit(control, treated, seed = 1)
#' fit
#' coef(fit)$offset
#' laot_fit(control, treated, preset = "algorithm1", seed = 1)
#' fit_method(control, "gaussian_map", treated)
#'
#' if (requireNamespace("SingleCellExperiment", quietly = TRUE)) {
#'   sce <- SingleCellExperiment::SingleCellExperiment(
#'     assays = list(logcounts = cbind(control, treated)),
#'     colData = S4Vectors::DataFrame(condition = rep(c("ctrl", "stim"), c(60, 40)))
#'   )
#'   laot_fit(sce)
#' }
#' @export
laot_fit <- function(x, treated = NULL, ...) {
  exact_arguments()
  of_one_method("laot_fit", ...names())
  fit_method(x, "laot", treated, ...)
}

#' @rdname laot_fit
#' @export
fit_method <- function(x, method, treated = NULL, ..., condition = NULL, control = NULL,
                       target = NULL, batch = NULL,
                       types = NULL, by = NULL, covariates = NULL, embedding = NULL, combine = NULL,
                       hold.out = NULL,
                       preset = NULL, checkpoint = NULL, checkpoint.seconds = 30, BPPARAM = NULL,
                       seed = NULL, seeds = NULL, num.threads = 1L,
                       verbose = interactive()) {
  exact_arguments()
  levels_not_cells(control, "control")
  levels_not_cells(target, "target")
  if (missing(x)) fail(no.cells)
  if (missing(method)) {
    fail("method is missing; name one, as in fit_method(x, \"gaussian_map\"): there are ",
         listed(laot_methods()$name, 30L))
  }
  given.covariates <- list(embedding = embedding, combine = combine, hold.out = hold.out)
  ask <- list(
    method = known_method(method), preset = if (!is.null(preset)) one_string(preset, "preset"),
    checkpoint = checked_checkpoint(checkpoint, checkpoint.seconds),
    BPPARAM = checked_backend(BPPARAM, checkpoint, method), verbose = check_verbose(verbose),
    say = if (missing(verbose) || verbose) message else function(...) NULL,
    settings = call_settings(1, num.threads)
  )
  check_seeds_of_fit(seed, seeds, method)
  source <- read_source(x, ..., what = if (is.null(treated) ||
                                           is_labels(treated)) "x" else sample_name("control", x))
  # A second argument without a name may be the condition, where x is an object.
  if (is.null(condition) && is_labels(treated)) {
    condition <- condition_not_cells(treated, source)
    treated <- NULL
  }
  params_of <- function(rest)
    params_from_dots(method, rest, setdiff(names(formals(fit_method)), "..."), fitting = TRUE)
  source$rest$embedding <- if (is.character(embedding)) word_of_embedding(embedding)
  ask$params <- params_of(source$rest)
  if (!is.null(batch)) batch_is_used(method)
  if (!is.null(covariates)) {
    covariates_alone(list(treated = treated, by = by,
                          seeds = if (!trait(method, "conditions")) seeds))
    check_combine(combine)
    ask$covariates <- covariate_columns(covariates, source)
    ask$combine <- combine
    ask$embedding <- embedding
    ask$hold.out <- hold.out
  } else {
    covariates_needed(given.covariates)
  }
  cells <- if (is.null(treated)) {
    populations_of_levels(ask, source, condition, control, target, batch, types)
  } else {
    populations_of_two(ask, source, treated, list(...), condition, control, target, batch, types)
  }
  if (is.list(embedding)) {
    source$rest$embedding <- word_of_embedding(embedding, cells$experiment$covariates[[1L]])
    ask$params <- params_of(source$rest)
  }
  if (!is.null(by)) return(fit_by(ask, cells, source, by, seed, seeds))
  if (is.null(seeds)) fit_targets(ask, cells, seed) else fit_seeds(ask, cells, seeds)
}

#' Fit a trivial predictor
#'
#' The predictors that need no learning, and that every score should be shown beside: no change at
#' all, every cell moved by the difference of the means, and the optimal map between Gaussians with
#' the populations' means and covariances. They are fitted, used and stored as [laot_fit()]'s models
#' are.
#'
#' @param x,treated As in [laot_fit()].
#' @param method `"mean_shift"`, `"gaussian_map"` or `"identity"`.
#' @param ... The further arguments of [laot_fit()], and parameters of the method: see
#'   `laot_params("gaussian_map")`.
#' @returns A `laot_fit`, or a `laot_fit_list` for several targets.
#' @examples
#' control <- matrix(rnorm(3 * 50), 3)
#' treated <- matrix(rnorm(3 * 50, mean = 2), 3)
#' fit_trivial(control, treated)
#' coef(fit_trivial(control, treated, method = "gaussian_map"))$map
#' @export
fit_trivial <- function(x, treated = NULL, method = "mean_shift", ...) {
  exact_arguments()
  one_of(method, trivial_methods(), "method")
  fit_method(x, method, treated, ...)
}

# `method` would take the place of the function's own.
of_one_method <- function(name, given) {
  given <- as.character(setdiff(given, c("", NA)))
  if (any(startsWith(rep("method", length(given)), given))) {
    fail(name, "() is of one method, and takes no method = ; fit another with fit_method(x, ",
         "\"gaussian_map\"), say")
  }
}

known_method <- function(method) {
  known <- laot_methods()$name
  if (!one_string(method, "method") %in% known)
    fail("there is no method ", quoted(method), did_you_mean(method, known))
  method
}

levels_not_cells <- function(value, argument) {
  if (isS4(value) || !is.null(dim(value))) {
    fail(argument, " names a level of condition, and holds cells here (", shown(value),
         "); give the control cells as x and the treated cells as treated = ")
  }
}

# Labels have no rows and columns, and cells have.
is_labels <- function(value) is.null(dim(value)) && (is.character(value) || is.factor(value))

condition_not_cells <- function(value, source) {
  if (length(value) == 1L && !value %in% names(source$columns)) {
    fail("treated must hold cells, found ", shown(as.character(value)),
         if (!is.null(file_advice(value))) file_advice(value) else
           "; a level of the condition is named by target = , a column by condition = ")
  }
  value
}

check_seeds_of_fit <- function(seed, seeds, method) {
  if (!is.null(seed)) seed_or_draw(seed)
  if (is.null(seeds)) return(invisible())
  if (!trains(method))
    fail("seeds goes with methods that train networks, and ", method, " does not")
  if (!is.null(seed)) fail("give either seed or seeds, not both")
  if (!is.numeric(seeds) || length(seeds) < 2L || anyDuplicated(seeds)) {
    fail("seeds must be two or more different numbers, found ", shown(seeds))
  }
  for (value in seeds) seed_or_draw(value)
}

# A property of a method, by the library's list: see laot_methods(). Other words have none.
trait <- function(method, name) {
  methods <- laot_methods()
  isTRUE(methods[[name]][match(method, methods$name)])
}

# The fewest cells of either side that it is fitted to.
fewest_cells <- function(method) {
  methods <- laot_methods()
  max(1L, methods$fewest.cells[match(method, methods$name)])
}

# Predictors of one condition or of many that every score is shown beside. That of no change is of
# both, and the last.
trivial_methods <- function(many = FALSE) {
  methods <- laot_methods()
  methods <- methods[methods$trivial & (methods$conditions == many | methods$raw), ]
  methods$name[order(methods$raw)]
}

trains <- function(method) trait(method, "trains")

batch_is_used <- function(method) {
  if (!trait(method, "batch")) {
    fail("method ", method, " has no batch: it does not pair cells; laot_fit() pairs them within ",
         "the levels of one, and ",
         "scgen_fit() takes its shift within them")
  }
}
