# Fitting: an object becomes two populations of cells, and these a fit.

#' Fit the map from control to treated cells
#'
#' Alternates exact optimal transport between the two populations with a linear map, from the
#' identity (Algorithm 1 of the paper). The default preset, `"calibrated"`, shrinks the map towards
#' the identity by the share of the plan that no linear map explains and gives the predictions back
#' the spread that a conditional mean loses; `"algorithm1"` is the paper as printed.
#'
#' All cells are used: the populations may differ in size. Where there are many features for the
#' cells at hand, the map is fitted in principal components and what these leave out of a cell is
#' kept. With fewer than 3 cells on a side the fit falls back to the mean shift, with a warning. Values
#' are read in place: of a large sparse object only the chosen features are copied, once.
#'
#' @param x Control cells as a matrix, features x cells (a base matrix, a data frame of numbers, or
#'   any matrix of the Matrix package; a `dgCMatrix` is never made dense), with the treated cells in
#'   `treated`; or one matrix with all cells and their labels in `condition`; or a
#'   SummarizedExperiment, SingleCellExperiment or Seurat object.
#' @param treated Treated cells, a matrix with the same features as `x`. Where both have row names,
#'   features are matched by name.
#' @param condition The column with the condition of each cell, or one label per cell. Where it is
#'   not given, an object is searched for a column `condition`. Cells with a missing label are left
#'   out.
#' @param control The level of the control cells. Where it is not given, the one level called
#'   control, ctrl, DMSO, vehicle, untreated or unstimulated is taken.
#' @param target The level of the treated cells. Several of them, or none given where there are
#'   several, give one fit for each, in a `laot_fit_list`.
#' @param batch A column, or one label per cell (for two matrices `list(control =, treated =)`), of
#'   donor, cell line or replicate: cells are paired only within a level, and one map is fitted for
#'   all.
#' @param preset A row of parameters by name: see [laot_presets()].
#' @param ... Parameters of the method by name, such as `ridge = 0.3` or `n.pcs = 0`: see
#'   [laot_params()] for names, defaults and ranges.
#'   `coupling` chooses how cells are paired: `"exact"` (proven optimal), `"hierarchical"` (by parts,
#'   nearly optimal, with an estimated bound) or `"auto"`, exact up to 100,000 cells on the larger
#'   side. `fit$report` says which one ran (`coupling`), what is known of the last plan (`plan.cost`,
#'   `plan.cost.lower.bound`, `plan.gap`) and whether that bound is `"proven"` or `"estimated"`
#'   (`plan.bound`). A coupling that does not fit in memory is refused with the estimate.
#' @param assay.type,dimred,altexp Which assay, or which reduced dimension, or which alternative
#'   experiment of a SingleCellExperiment to use.
#' @param subset.row,features Names, numbers or flags of the features to use. Without it: the 1000
#'   of largest variance among the cells that are used (all, where there are fewer), the same ones
#'   for every target.
#' @param assay,layer,reduction Which assay and layer, or which reduction, of a Seurat object to use.
#' @param seed Seed of everything random; without it one number is drawn from R's generator.
#' @param num.threads Threads to use. The result does not depend on it.
#' @param verbose Show what was chosen and a progress bar.
#' @returns A `laot_fit`: see [predict()][predict.laot_fit], [coef()][coef.laot_fit],
#'   [summary()][summary.laot_fit], [plot()][plot.laot_fit], [evaluate_predictions()] and
#'   [save_model()]; it survives [saveRDS()]. For several targets a `laot_fit_list`, a named list of
#'   these.
#' @seealso [fit_trivial()] for the predictors that every score is shown beside.
#' @examples
#' set.seed(1)
#' control <- matrix(rnorm(5 * 60), 5, dimnames = list(paste0("gene", 1:5), NULL))
#' treated <- 1.5 * matrix(rnorm(5 * 40), 5, dimnames = list(paste0("gene", 1:5), NULL)) + 2
#' fit <- laot_fit(control, treated, seed = 1)
#' fit
#' coef(fit)$offset
#' laot_fit(control, treated, preset = "algorithm1", seed = 1)
#'
#' if (requireNamespace("SingleCellExperiment", quietly = TRUE)) {
#'   sce <- SingleCellExperiment::SingleCellExperiment(
#'     assays = list(logcounts = cbind(control, treated)),
#'     colData = S4Vectors::DataFrame(condition = rep(c("ctrl", "stim"), c(60, 40)))
#'   )
#'   laot_fit(sce)
#' }
#' @export
laot_fit <- function(x, ...) UseMethod("laot_fit")

#' @rdname laot_fit
#' @export
laot_fit.default <- function(x, treated = NULL, condition = NULL, control = NULL, target = NULL,
                             batch = NULL, preset = NULL, ..., seed = NULL, num.threads = 1L,
                             verbose = interactive()) {
  fit_source("laot", x, treated, condition, control, target, batch, preset, list(...), seed,
             num.threads, verbose, quiet = !missing(verbose) && !verbose)
}

#' @rdname laot_fit
#' @export
laot_fit.SummarizedExperiment <- function(x, condition = NULL, control = NULL, target = NULL,
                                          batch = NULL, preset = NULL, ...,
                                          assay.type = "logcounts", dimred = NULL, altexp = NULL,
                                          subset.row = NULL, seed = NULL, num.threads = 1L,
                                          verbose = interactive()) {
  fit_source("laot", x, NULL, condition, control, target, batch, preset, list(...), seed,
             num.threads, verbose, quiet = !missing(verbose) && !verbose, subset = subset.row,
             where = list(assay.type = assay.type, dimred = dimred, altexp = altexp))
}

#' @rdname laot_fit
#' @export
laot_fit.Seurat <- function(x, condition = NULL, control = NULL, target = NULL, batch = NULL,
                            preset = NULL, ..., assay = NULL, layer = "data", reduction = NULL,
                            features = NULL, seed = NULL, num.threads = 1L,
                            verbose = interactive()) {
  fit_source("laot", x, NULL, condition, control, target, batch, preset, list(...), seed,
             num.threads, verbose, quiet = !missing(verbose) && !verbose, subset = features,
             where = list(assay = assay, layer = layer, reduction = reduction))
}

#' Fit a trivial predictor
#'
#' The predictors that need no learning, and that every score should be shown beside: no change at
#' all, every cell moved by the difference of the means, and the optimal map between Gaussians with
#' the populations' means and covariances. They are fitted, used and stored as [laot_fit()]'s models
#' are.
#'
#' @inheritParams laot_fit
#' @param x As in [laot_fit()].
#' @param method `"mean_shift"`, `"identity"` or `"gaussian_map"`.
#' @param ... The further arguments of [laot_fit()], and parameters of the method: see
#'   `laot_params("gaussian_map")`.
#' @returns A `laot_fit`, or a `laot_fit_list` for several targets.
#' @examples
#' control <- matrix(rnorm(3 * 50), 3)
#' treated <- matrix(rnorm(3 * 50, mean = 2), 3)
#' fit_trivial(control, treated)
#' coef(fit_trivial(control, treated, method = "gaussian_map"))$map
#' @export
fit_trivial <- function(x, treated = NULL, method = "mean_shift", condition = NULL, control = NULL,
                        target = NULL, batch = NULL, ..., seed = NULL, num.threads = 1L,
                        verbose = interactive()) {
  one_of(method, c("mean_shift", "identity", "gaussian_map"), "method")
  dots <- object_arguments(x, list(...))
  fit_source(method, x, treated, condition, control, target, batch, NULL, dots$others, seed, num.threads,
             verbose, quiet = !missing(verbose) && !verbose, subset = dots$subset, where = dots$where,
             further = "method")
}

shared.arguments <- c("treated", "condition", "control", "target", "batch", "preset", "assay.type",
                      "dimred", "altexp", "subset.row", "assay", "layer", "reduction", "features",
                      "seed", "num.threads", "verbose")

# The features that an object's fit uses unless it is told.
default.features <- 1000L

fit_source <- function(method, x, treated, condition, control, target, batch, preset, dots, seed,
                       num.threads, verbose, quiet, subset = NULL, where = list(), checkpoint = NULL,
                       further = character()) {
  if (missing(x)) fail(no.cells)
  check_verbose(verbose)
  params <- params_from_dots(method, dots, c(shared.arguments, further))
  if (!is.null(preset)) one_string(preset, "preset")
  settings <- call_settings(1, num.threads)
  settings$seed <- seed_or_draw(seed)
  settings$drawn <- is.null(seed)
  ask <- list(method = method, preset = preset, params = params, settings = settings,
              checkpoint = checkpoint, verbose = verbose)
  if (!is.null(treated)) {
    if (!is.null(condition)) fail("give either treated or condition, not both")
    if (!is.null(control) || !is.null(target)) {
      fail("control and target name levels of condition; with two matrices, x holds the control ",
           "cells and treated the treated ones")
    }
    return(warn_of_fallback(fit_pair(ask, x, treated, batch)))
  }
  source <- do.call(read_source, c(list(x), where))
  if (source$origin$kind == "matrix" && is.null(condition)) {
    fail("give the treated cells as treated = , or the condition of each cell as condition = ")
  }
  warn_of_fallback(fit_levels(ask, source, condition, control, target, batch, subset, quiet))
}

# What was fitted is then not what was asked for.
warn_of_fallback <- function(fits) {
  for (fit in if (inherits(fits, "laot_fit_list")) fits else list(fits)) {
    if (startsWith(fit$report$stop.reason, "fell back")) {
      warning(method_title(fit), ", ", fit_title(fit), ": ", fit$report$stop.reason, call. = FALSE)
    }
  }
  fits
}

# Two matrices.
fit_pair <- function(ask, x, treated, batch) {
  x <- read_source(x, what = "the control matrix")
  y <- read_source(treated, what = "the treated matrix")
  if (x$origin$kind != "matrix" || y$origin$kind != "matrix") {
    fail("treated goes with two matrices; with an object, give condition, control and target")
  }
  size <- value_dim(x$values)
  names <- value_dimnames(x$values)[[1L]]
  if (!is.null(names)) unique_features(names, "the control matrix")
  at <- match_features(names, size[1L], y$values, "the treated matrix", "the control matrix")
  extra <- setdiff(value_dimnames(y$values)[[1L]], names)
  if (!is.null(names) && length(extra)) {
    fail("the treated matrix has ", counted(length(extra), "feature"),
         " that the control matrix lacks: ", listed(extra, 5L))
  }
  if (identical(at, seq_len(size[1L]))) at <- NULL
  m <- value_dim(y$values)[2L]
  batches <- pair_batches(batch, size[2L], m)
  fit_populations(
    ask,
    cells_of(x$values, batch = batches$control),
    cells_of(y$values, features = at, batch = batches$treated),
    levels = list(control = "control", target = "treated"), condition = NULL, origin = x$origin
  )
}

pair_batches <- function(batch, n, m) {
  if (is.null(batch)) return(list())
  if (is.list(batch)) {
    if (!all(c("control", "treated") %in% names(batch))) {
      fail("batch must be list(control =, treated =) for two matrices")
    }
    batch <- lapply(batch, as.character)
  } else {
    if (length(batch) != n + m) {
      fail("batch must have one label for each of the ", n, " control and ", m, " treated cells, ",
           "found ", length(batch))
    }
    batch <- as.character(batch)
    batch <- list(control = batch[seq_len(n)], treated = batch[n + seq_len(m)])
  }
  for (side in c("control", "treated")) {
    count <- if (side == "control") n else m
    if (length(batch[[side]]) != count) {
      fail("batch has ", counted(length(batch[[side]]), "label"), " for ",
           counted(count, paste(side, "cell")))
    }
    if (anyNA(batch[[side]])) fail("batch has a missing label among the ", side, " cells")
  }
  batch
}

# One object and its labels: one fit, or one for each target.
fit_levels <- function(ask, source, condition, control, target, batch, subset, quiet) {
  count <- value_dim(source$values)[2L]
  column <- if (is.null(condition) && !is.null(source$columns)) "condition" else condition
  labels <- cell_labels(column, source$columns, count, "condition")
  column <- if (is.character(column) && length(column) == 1L) column
  what <- if (is.null(column)) "condition" else paste("column", quoted(column))
  chosen <- choose_levels(labels, control, target, what)
  say <- function(...) if (!quiet) message(...)
  if (length(chosen$explained)) say("Using ", what, ": ", paste(chosen$explained, collapse = "; "))
  unlabelled <- sum(is.na(labels))
  if (unlabelled) say("Left out: ", counted(unlabelled, "cell"), " without a condition")
  levels.of.batch <- cell_labels(batch, source$columns, count, "batch")

  from <- which(labels == chosen$control)
  to <- lapply(chosen$target, function(level) which(labels == level))
  names(to) <- chosen$target
  if (anyNA(levels.of.batch[c(from, unlist(to))])) {
    fail("batch has a missing label among the cells that are used")
  }
  part <- function(cells, features) {
    batch <- if (!is.null(levels.of.batch)) as.character(levels.of.batch[cells])
    cells_of(source$values, cells, features, batch)
  }
  features <- chosen_features(subset, source$values,
                              if (source$origin$kind == "Seurat") "features" else "subset.row")
  rows <- value_dim(source$values)[1L]
  if (is.null(features) && source$origin$kind != "matrix" && !is_reduced(source$origin) &&
      rows > default.features) {
    bare <- function(cells) cells_of(source$values, cells, with.names = FALSE)
    features <- native(.Call(C_variable_features, bare(from), bare(unlist(to, use.names = FALSE)),
                             default.features, ask$settings))
    say("Using the ", default.features, " most variable of ", rows, " features")
  }
  names <- value_dimnames(source$values)[[1L]]
  if (!is.null(names)) unique_features(if (is.null(features)) names else names[features], "x")

  fits <- lapply(names(to), function(level) {
    if (length(to) > 1L) ask$checkpoint <- checkpoint_for(ask$checkpoint, level)
    fit_populations(ask, part(from, features), part(to[[level]], features),
                    levels = list(control = chosen$control, target = level), condition = column,
                    origin = source$origin)
  })
  if (length(fits) == 1L) return(fits[[1L]])
  names(fits) <- names(to)
  structure(fits, class = "laot_fit_list")
}

fit_populations <- function(ask, control, treated, levels, condition, origin) {
  ask$settings$progress <- progress_bar(ask$verbose, paste("Fitting", levels$target))
  if (!is.null(ask$checkpoint)) {
    if (ask$settings$drawn) ask$settings$seed <- c(checkpoint_seed(ask$checkpoint), ask$settings$seed)[1L]
    ask$settings$checkpoint <- enc2native(ask$checkpoint$path)
    ask$settings$checkpoint.seconds <- ask$checkpoint$seconds
  }
  pointer <- tell_of_checkpoint(
    native(.Call(C_fit, ask$method, ask$preset, ask$params, control, treated, ask$settings),
           list(control = control, treated = treated)),
    ask$checkpoint
  )
  new_fit(pointer, control = levels$control, target = levels$target, condition = condition,
          origin = origin, seed = ask$settings$seed,
          batches = if (!is.null(control$batch)) length(unique(control$batch)))
}

new_fit <- function(pointer, control = "control", target = "treated", condition = NULL,
                    origin = list(kind = "matrix"), seed = NA_real_, bytes = NULL, batches = NULL) {
  facts <- native(.Call(C_describe, pointer))
  texts <- as.list(facts$texts)
  structure(list(
    method = facts$method, preset = facts$preset,
    params = stats::setNames(facts$params, dotted(names(facts$params))),
    control = control, target = target, condition = condition, origin = origin, seed = seed,
    batches = batches, features = if (length(facts$feature.names)) facts$feature.names,
    control.cells = if (length(facts$control.names)) facts$control.names,
    treated.cells = if (length(facts$treated.names)) facts$treated.names,
    report = c(as.list(stats::setNames(facts$numbers, dotted(names(facts$numbers)))),
               stats::setNames(texts, dotted(names(texts)))),
    bytes = if (is.null(bytes)) native(.Call(C_to_bytes, pointer)) else bytes,
    handle = new_handle(pointer)
  ), class = "laot_fit")
}
