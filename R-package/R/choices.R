# Candidates that a fit compared before it settled.

#' The candidates that a fit compared before it settled
#'
#' With `preset = "adaptive"`, the default of [laot_fit()], the linear map competes with maps that
#' bend, and a fit of `"conditional_laot"` (see [fit_method()]) chooses how much of the spread is
#' restored and what share of a condition's own map is blended in. Each is decided by cells, or
#' conditions, that are held out. `fit$report$choice.reason` is the sentence; this is the table
#' behind it.
#'
#' @param fit A `laot_fit`, or fits of several conditions.
#' @returns A data frame with one row a candidate: `choice` (`"map"`, `"restore"` or `"own.share"`),
#'   `candidate`, `mmd2` (unbiased, the mean over what was held out), `gain` (mean difference to the
#'   first candidate, part by part: negative is better), `standard.error` (of the gain; these two NA
#'   for `"restore"` and `"own.share"`) and `chosen` (1 or 0; of `"own.share"`, which each condition
#'   takes for itself, the part of the conditions that took it; those of too few cells to be asked
#'   take 0). Fits of several conditions have `target` before them, empty where one choice was made
#'   for all; fits by a column have that column. No rows where nothing was compared; where `"auto"`
#'   asked for it, `fit$report$choice.reason` says why.
#' @seealso [laot_presets()]
#' @examples
#' set.seed(1)
#' cells <- matrix(rnorm(2 * 300), 2)
#' fit <- laot_fit(cells[, 1:150], (cells * abs(cells))[, 151:300], seed = 1)
#' choices(fit)
#' @export
choices <- function(fit) {
  exact_arguments()
  if (missing(fit)) fail(no.fit)
  if (inherits(fit, c("laot_ensemble", "laot_ensemble_list"))) not_several(fit, "fit")
  if (inherits(fit, "laot_fit")) {
    out <- choices_of(fit)
    out$condition <- NULL
    return(out)
  }
  if (!inherits(fit, "laot_fit_list"))
    fail("fit must be a fit, or fits of several conditions, found ", shown(fit))
  rows <- lapply(fit, choices_of)
  # One choice for all stands once.
  if (!is.null(attr(fit, "whole"))) rows <- c(rows[1L], lapply(rows[-1L], own_choices))
  out <- do.call(rbind, unname(Map(under_name, rows, names(fit))))
  names(out)[1L] <- each_name(fit)
  row.names(out) <- NULL
  out
}

own_choices <- function(rows) rows[nzchar(rows$condition), ]

under_name <- function(rows, name) {
  rows$condition[nzchar(rows$condition)] <- name
  rows
}

# condition: empty where one choice was made for all conditions of the fit's model.
choices_of <- function(fit) {
  pointer <- if (is.null(fit$whole)) model_pointer(fit) else whole_pointer(fit$whole)
  out <- as.data.frame(native(.Call(C_choices, pointer)))
  names(out) <- dotted(names(out))
  out$choice <- dotted(out$choice)
  for (column in c("gain", "standard.error")) out[[column]][is.nan(out[[column]])] <- NA
  if (is.null(fit$whole)) out$condition <- rep(fit$target, nrow(out)) else
    out <- out[out$condition %in% c("", fit$target), ]
  row.names(out) <- NULL
  out
}
