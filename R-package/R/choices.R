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
#'   takes for itself, the part of the conditions that took it). Fits of several conditions have
#'   `condition` before them, empty where one choice was made for all. No rows where nothing was
#'   compared: `fit$report$choice.reason` says why.
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
  if (!inherits(fit, c("laot_fit", "laot_fit_list")))
    fail("fit must be a fit, or fits of several conditions, found ", shown(fit))
  whole <- attr(fit, "whole")
  rows <- if (inherits(fit, "laot_fit")) list(choices_of(model_pointer(fit)))
  else if (is.null(whole)) Map(choices_of, lapply(unclass(fit), model_pointer), names(fit))
  else list(choices_of(whole_pointer(whole)))
  out <- do.call(rbind, unname(rows))
  if (inherits(fit, "laot_fit")) out$condition <- NULL
  else out <- out[out$condition %in% c("", names(fit)), , drop = FALSE]
  row.names(out) <- NULL
  out
}

# condition: the name that the list gives the fit, where it is one of a list.
choices_of <- function(pointer, condition = NULL) {
  out <- as.data.frame(native(.Call(C_choices, pointer)))
  names(out) <- dotted(names(out))
  out$choice <- dotted(out$choice)
  for (column in c("gain", "standard.error")) out[[column]][is.nan(out[[column]])] <- NA
  if (!is.null(condition)) out$condition <- rep(condition, nrow(out))
  out
}
