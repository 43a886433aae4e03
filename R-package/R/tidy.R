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
#' @param x,object A `laot_fit`, or for `tidy()` and `glance()` a `laot_fit_list`; a table to print.
#' @param data,newdata The cells to predict, an object or a matrix (features x cells); without them
#'   those that the fit keeps.
#' @param ... Further arguments of [predict()][predict.laot_fit], or not used.
#' @param row.names,optional Not used.
#' @returns `tidy()`: a data frame with `feature`, `mean.control`, `mean.treated` (training cells),
#'   `shift` (treated - control), `predicted` (the mean of the predicted kept controls) and
#'   `predicted.shift`; of a list also `target`, or the column that the fits were made by.
#'   `glance()`: `method`, `preset`, `control`, `target`, `n.control`, `n.treated`, `features`,
#'   `components`, `iterations`, `outcome`, `seed`.
#'   `augment()`: a data frame with one row a cell, `.cell`, the column of the condition where there
#'   is one, and a column `.pred_` for each feature. `fitted()`: a matrix, features x cells; a list
#'   of them for a list of fits, the mean of an ensemble. Tables of many rows show the first ten;
#'   they are data frames in all else.
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
#' @exportS3Method generics::augment
augment.laot_fit <- function(x, data = NULL, newdata = data, ...) {
  exact_arguments()
  if (is.null(newdata)) {
    values <- fitted(x)
    if (!ncol(values))
      fail("the fit keeps no training cells (keep.cells = 0); give the cells as newdata = ")
    columns <- NULL
  } else {
    values <- predicted_values(x, newdata, ...)$values
    columns <- read_like(x, newdata, where_of(list(...)), "newdata")$columns[x$condition]
  }
  names <- colnames(values)
  out <- data.frame(.cell = if (is.null(names)) seq_len(ncol(values)) else names)
  for (name in names(columns)) out[[name]] <- columns[[name]]
  moved <- t(as.matrix(values))
  colnames(moved) <- paste0(".pred_", feature_labels(x))
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
as.data.frame.laot_fit <- function(x, row.names = NULL, optional = FALSE, ...) {
  exact_arguments()
  no_more(list(...))
  tidy_fit(x)
}

#' @rdname laot_tables
#' @importFrom stats fitted
#' @export
fitted.laot_fit <- function(object, ...) {
  no_more(list(...))
  kept <- model_array(object, "kept_control")
  if (!ncol(kept)) return(kept)
  out <- native(.Call(C_predict, model_pointer(object), cells_of(kept), "no", call_settings()))
  rownames(out) <- object$features
  out
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
fitted.laot_ensemble <- function(object, ...) {
  no_more(list(...))
  Reduce(`+`, lapply(unclass(object), fitted)) / length(object)
}
