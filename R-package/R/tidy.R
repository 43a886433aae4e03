# Fits as tables: the generics of the package generics (broom), where it is there.

#' Fits as tables
#'
#' `tidy()` gives one row for each feature, `glance()` one row for a fit, `augment()` the cells with
#' their prediction; they are generics of the package generics, which broom and the tidyverse share.
#' `as.data.frame()` is `tidy()`. `fitted()` gives the predicted training cells that the fit keeps.
#'
#' There are no `residuals()`: nobody measured what a control cell became, so that there is nothing
#' to subtract from. See [evaluate_predictions()] for how well the population is met.
#'
#' @param x,object A `laot_fit`, `laot_fit_list`, `laot_ensemble` or `laot_ensemble_list`; a table
#'   to print.
#' @param data,newdata The cells to predict, an object or a matrix (features x cells); without them
#'   those that the fit keeps.
#' @param at,by,types As for [predict()][predict.laot_fit] of such fits: a condition, or the level
#'   or type of each new cell.
#' @param ... Further arguments of [predict()][predict.laot_fit], or not used.
#' @param row.names,optional,stringsAsFactors Not used: they are there for [data.frame()] and
#'   tibble's `as_tibble()`.
#' @returns `tidy()`: a data frame with `feature`, `mean.control`, `mean.treated` (training cells),
#'   `shift` (treated - control), `predicted` (the mean of the predicted kept controls) and
#'   `predicted.shift`; of a list also `target`, or the column that the fits were made by, and
#'   of an ensemble `seed`.
#'   `glance()`: `method`, `preset`, `control`, `target`, `n.control`, `n.treated`, `features`,
#'   `components`, `iterations`, `outcome`, `seed`.
#'   `augment()`: a data frame with one row a cell, `.cell`, the column of the condition where there
#'   is one, and a column `.pred_` for each feature; of an ensemble with the mean prediction of its
#'   seeds. Of a list of targets it has the cells for each of these, which a column `target` names,
#'   or with `at` for one; of fits by a column each cell once, predicted by the fit of its level,
#'   which it names (cells of levels without a fit are left out with a warning). `fitted()`: a
#'   matrix, features x cells; a list of them for a list of fits, the mean of an ensemble. Tables
#'   of many rows show the first ten; they are data frames in all else.
#' @examples
#' genes <- paste0("gene", 1:3)
#' control <- matrix(rnorm(3 * 50), 3, dimnames = list(genes, NULL))
#' fit <- laot_fit(control, 1.5 * control[, 1:40] + 1, seed = 1)
#' as.data.frame(fit)
#' dim(fitted(fit))
#' if (requireNamespace("generics", quietly = TRUE)) generics::glance(fit)
#' @name laot_tables
NULL

tidy_fit <- function(fit) {
  control <- model_array(fit, "training_mean_control")[, 1L]
  treated <- model_array(fit, "training_mean_treated")[, 1L]
  kept <- fitted(fit)
  predicted <- if (ncol(kept)) rowMeans(kept) else rep(NA_real_, length(control))
  start <- if (ncol(kept)) rowMeans(model_array(fit, "kept_control")) else control
  data.frame(feature = feature_labels(fit), mean.control = control, mean.treated = treated,
             shift = treated - control,
             predicted = unname(predicted), predicted.shift = unname(predicted - start))
}

#' @rdname laot_tables
#' @exportS3Method generics::tidy
tidy.laot_fit <- function(x, ...) {
  no_more(list(...))
  long_table(tidy_fit(x))
}

#' @rdname laot_tables
#' @exportS3Method generics::tidy
tidy.laot_fit_list <- function(x, ...) {
  no_more(list(...))
  each <- function(name) {
    table <- cbind(name, tidy_fit(x[[name]]))
    names(table)[1L] <- each_name(x)
    table
  }
  long_table(bind(lapply(names(x), each)))
}

#' @rdname laot_tables
#' @exportS3Method generics::tidy
tidy.laot_ensemble <- function(x, ...) {
  no_more(list(...))
  long_table(bind(lapply(unclass(x), function(fit) cbind(seed = fit$seed, tidy_fit(fit)))))
}

#' @rdname laot_tables
#' @exportS3Method generics::tidy
tidy.laot_ensemble_list <- function(x, ...) {
  no_more(list(...))
  long_table(bind(lapply(names(x), function(name)
    cbind(target = name, as.data.frame(tidy.laot_ensemble(x[[name]]))))))
}

# The column that tells the fits of a list apart: the one that they were made by, or the target.
each_name <- function(fits) {
  by <- attr(fits, "by")
  if (!inherits(fits, "laot_fit_by")) "target" else
    if (is.character(by) && length(by) == 1L) by else "level"
}

#' @rdname laot_tables
#' @exportS3Method generics::glance
glance.laot_fit <- function(x, ...) {
  no_more(list(...))
  number <- function(name) c(x$report[[name]], NA_real_)[[1L]]
  data.frame(method = x$method, preset = x$preset, control = x$control, target = x$target,
             n.control = number("n.control"), n.treated = number("n.treated"),
             features = number("features"),
             components = number("components"), iterations = number("iterations"),
             outcome = outcome_text(x), seed = x$seed)
}

#' @rdname laot_tables
#' @exportS3Method generics::glance
glance.laot_fit_list <- function(x, ...) {
  no_more(list(...))
  bind(lapply(names(x), function(target) cbind(name = target, glance.laot_fit(x[[target]]))))
}

#' @rdname laot_tables
#' @exportS3Method generics::glance
glance.laot_ensemble <- function(x, ...) {
  no_more(list(...))
  bind(lapply(unclass(x), glance.laot_fit))
}

#' @rdname laot_tables
#' @exportS3Method generics::glance
glance.laot_ensemble_list <- function(x, ...) {
  no_more(list(...))
  bind(lapply(names(x), function(name) cbind(name = name, glance.laot_ensemble(x[[name]]))))
}

#' @rdname laot_tables
#' @exportS3Method generics::augment
augment.laot_fit <- function(x, data = NULL, newdata = data, ...) {
  exact_arguments()
  if (is.null(newdata)) {
    no_more(list(...))
    return(cells_table(x, fitted(x)))
  }
  cells_table(x, predicted_values(x, newdata, ...)$values, condition_column(x, newdata, ...))
}

#' @rdname laot_tables
#' @exportS3Method generics::augment
augment.laot_fit_list <- function(x, data = NULL, newdata = data, at = NULL, ...) {
  exact_arguments()
  if (is.null(at)) return(cells_of_each(x, newdata, ...))
  if (is.null(newdata)) fail("at goes with new cells; give these as newdata = ")
  if (is(at, "DataFrame")) at <- as.data.frame(at)
  given <- placing_cells(x, newdata, "newdata", ...)
  if (!is.data.frame(at) || nrow(at) == 1L)
    return(augment.laot_fit(fit_at(x, at, given), newdata = newdata, ...))
  places <- places_of_rows(x, in_cell_order(at, colnames(newdata), "at"), given)
  out <- predicted_values(x[[1L]], newdata, ..., places = places)
  target <- vapply(places$fits, `[[`, "", "target")[places$of]
  long_table(cbind(target, cells_table(x[[1L]], out$values,
                                       condition_column(x[[1L]], newdata, ...))))
}

#' @rdname laot_tables
#' @exportS3Method generics::augment
augment.laot_fit_by <- function(x, data = NULL, newdata = data, ..., types = NULL,
                                by = attr(x, "by")) {
  exact_arguments()
  if (is.null(newdata)) return(cells_of_each(x, NULL, ...))
  given <- cells_by_level(x, newdata, where_of(list(...)), by)
  types <- labels_of(types, given$source, "types")
  out <- values_by_level(x, newdata, given$whole, given$groups, ..., types = types)
  known <- given$groups %in% names(x)
  level <- stats::setNames(list(given$groups), each_name(x))
  columns <- lapply(c(level, given$source$columns[x[[1L]]$condition]), `[`, known)
  cells_table(x[[1L]], out$values[, known, drop = FALSE], columns)
}

#' @rdname laot_tables
#' @exportS3Method generics::augment
augment.laot_ensemble <- function(x, data = NULL, newdata = data, ...) {
  exact_arguments()
  if (is.null(newdata)) {
    no_more(list(...))
    return(cells_table(x[[1L]], fitted(x)))
  }
  cells_table(x[[1L]], mean_values(x, newdata, ...)$values,
              condition_column(x[[1L]], newdata, ...))
}

#' @rdname laot_tables
#' @exportS3Method generics::augment
augment.laot_ensemble_list <- function(x, data = NULL, newdata = data, at = NULL, ...) {
  exact_arguments()
  if (is.null(at)) return(cells_of_each(x, newdata, ...))
  if (is.null(newdata)) fail("at goes with new cells; give these as newdata = ")
  augment.laot_ensemble(ensemble_at(x, newdata, at, ...), newdata = newdata, ...)
}

# The cells of every fit of a list, one fit below the other.
cells_of_each <- function(fits, newdata, ...) {
  augmented <- if (inherits(fits, "laot_ensemble_list")) augment.laot_ensemble else augment.laot_fit
  each <- function(name) {
    table <- augmented(fits[[name]], newdata = newdata, ...)
    table <- cbind(name, as.data.frame(table))
    names(table)[1L] <- each_name(fits)
    table
  }
  long_table(bind(lapply(names(fits), each)))
}

condition_column <- function(fit, newdata, ...)
  read_like(fit, newdata, where_of(list(...)), "newdata")$columns[fit$condition]

# One row a cell: its name, `columns` and the predicted features.
cells_table <- function(fit, values, columns = NULL) {
  if (!ncol(values))
    fail("the fit keeps no training cells (keep.cells = 0); give the cells as newdata = ")
  names <- colnames(values)
  out <- data.frame(.cell = if (is.null(names)) seq_len(ncol(values)) else names)
  for (name in names(columns)) out[[name]] <- columns[[name]]
  # Predictions come in the order of the new cells' features.
  if (!is.null(fit$features)) values <- values[fit$features, , drop = FALSE]
  moved <- t(as.matrix(values))
  colnames(moved) <- paste0(".pred_", feature_labels(fit))
  rownames(moved) <- NULL
  long_table(cbind(out, moved))
}

# Tables with a row for each feature or cell: the first rows and columns are shown.
long_table <- function(x) {
  class(x) <- unique(c("laot_table", class(x)))
  x
}

#' @rdname laot_tables
#' @param n Rows to show.
#' @export
print.laot_table <- function(x, n = 10L, ...) {
  exact_arguments()
  rows <- min(nrow(x), whole(n, "n", 0))
  columns <- min(ncol(x), most.columns)
  print(as.data.frame(x)[seq_len(rows), seq_len(columns), drop = FALSE], ...)
  more <- c(if (rows < nrow(x)) counted(nrow(x) - rows, "more row"),
            if (columns < ncol(x)) counted(ncol(x) - columns, "more column"))
  if (length(more))
    cat("# ", paste(more, collapse = " and "), "; print(x, n = ) shows more rows\n", sep = "")
  invisible(x)
}
most.columns <- 20L

#' @rdname laot_tables
#' @export
as.data.frame.laot_fit <- function(x, row.names = NULL, optional = FALSE, ...,
                                   stringsAsFactors = FALSE) {
  exact_arguments()
  no_more(list(...))
  tidy_fit(x)
}

#' @rdname laot_tables
#' @export
as.data.frame.laot_fit_list <- function(x, row.names = NULL, optional = FALSE, ...,
                                        stringsAsFactors = FALSE) {
  exact_arguments()
  as.data.frame(tidy.laot_fit_list(x, ...))
}

#' @rdname laot_tables
#' @export
as.data.frame.laot_ensemble <- function(x, row.names = NULL, optional = FALSE, ...,
                                        stringsAsFactors = FALSE) {
  exact_arguments()
  as.data.frame(tidy.laot_ensemble(x, ...))
}

#' @rdname laot_tables
#' @export
as.data.frame.laot_ensemble_list <- function(x, row.names = NULL, optional = FALSE, ...,
                                             stringsAsFactors = FALSE) {
  exact_arguments()
  as.data.frame(tidy.laot_ensemble_list(x, ...))
}

#' @rdname laot_tables
#' @importFrom stats fitted
#' @export
fitted.laot_fit <- function(object, ...) {
  no_more(list(...))
  kept <- model_array(object, "kept_control")
  if (!ncol(kept)) return(kept)
  # Which ones they are is not kept where they are fewer.
  cells <- if (ncol(kept) == object$report$n.control) object$control.cells
  predicted_matrix(object, cells_of(kept), names = list(object$features, cells))
}

#' @rdname laot_tables
#' @export
fitted.laot_fit_list <- function(object, ...) {
  no_more(list(...))
  lapply(stats::setNames(unclass(object), names(object)), fitted)
}

#' @importFrom stats residuals
#' @export
residuals.laot_fit <- function(object, ...) {
  no_more(list(...))
  fail("a fit of unpaired cells has no residuals: nobody measured what a control cell became; ",
       "evaluate_predictions() says how well the population is met, and summary(fit)$report has ",
       "the objective")
}

#' @export
residuals.laot_fit_list <- residuals.laot_fit
#' @export
residuals.laot_ensemble <- residuals.laot_fit
#' @export
residuals.laot_ensemble_list <- residuals.laot_fit
#' @export
fitted.laot_ensemble_list <- fitted.laot_fit_list
#' @export
fitted.laot_ensemble <- function(object, ...) {
  no_more(list(...))
  kept <- lapply(unclass(object), model_array, "kept_control")
  if (!all(vapply(kept, identical, NA, kept[[1L]])))
    fail("the fits of the seeds keep different training cells (of each as many as keep.cells ",
         "allows), which have no mean; give the cells to predict() or as newdata = ")
  mean_of(lapply(unclass(object), function(fit) list(values = fitted(fit))))
}
