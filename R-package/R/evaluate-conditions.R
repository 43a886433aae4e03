# Held-out cells of several conditions, seen and not seen, in one table.

#' Score held-out cells of several conditions
#'
#' The table of [evaluate_predictions()], one condition after the other, for conditions that were seen and, with a
#' method of many conditions, for ones that were not: another dose, a drug, a combination. Predictions of other fits
#' of the same experiment, such as those of the simpler methods `"regressed_shift"` and `"conditional_gaussian"`, stand
#' beside them.
#'
#' Of a condition that was not seen there are no training cells: identity is the only trivial predictor of one
#' condition, the noise reference is of halves of the observed cells, and the bandwidth is 1 / the median over the
#' seen conditions of their median squared distances.
#'
#' @param x The `laot_fit_list` of an experiment ([fit_method()] with `covariates`).
#' @param observed A named list of matrices (features x cells): the treated cells of each condition, best ones that no
#'   fit has seen.
#' @param control A matrix of control cells to predict, or a list of one for each condition.
#' @param at A data frame of covariates, one row for each of `observed`; without it their names must be those of
#'   conditions that were seen.
#' @param beside `NULL`, or a list of fits of other methods.
#' @param metrics,gamma,preset,markers,epsilon,reference,num.threads As in [evaluate_predictions()].
#' @returns A data frame of class `laot_scores`, as from [evaluate_predictions()]; `condition` is the name in
#'   `observed`, `kind` what it is to the fit (`"seen"`, `"unseen dose"`, `"unseen level"`, `"unseen combination"`,
#'   `"unseen context"`, or `"unseen"` where the method does not tell).
#' @seealso [conditions()]
#' @examples
#' set.seed(1)
#' dose <- rep(c(0, 1, 3, 10), each = 40)
#' cells <- matrix(rnorm(3 * 160), 3) + rep(log1p(dose), each = 3)
#' fit <- function(method) fit_method(cells, method, condition = paste("dose", dose), control = "dose 0",
#'                                    covariates = data.frame(dose = dose), seed = 1)
#' evaluate_conditions(fit("conditional_laot"), observed = list(five = matrix(rnorm(90), 3) + log1p(5)),
#'                     control = matrix(rnorm(90), 3), at = data.frame(dose = 5),
#'                     beside = list(fit("regressed_shift")), metrics = c("mmd2", "w2"))
#' @export
evaluate_conditions <- function(x, observed, control, at = NULL, beside = NULL, metrics = NULL, gamma = "median",
                                preset = NULL, markers = NULL, epsilon = NULL, reference = "auto", num.threads = 1L) {
  exact_arguments()
  fits <- c(list(x), if (inherits(beside, "laot_fit_list")) list(beside) else beside)
  for (one in fits) {
    if (!inherits(one, "laot_fit_list") || is.null(attr(one, "whole"))) {
      fail("x and beside must be fits of an experiment, as fit_method(covariates = ) gives them, found ", shown(one))
    }
  }
  if (missing(observed) || missing(control)) fail("give the measured cells as observed = and control cells as control = ")
  if (!is.list(observed) || !length(observed) || is.null(names(observed)) || !all(nzchar(names(observed)))) {
    fail("observed must be a named list of matrices, one for each condition, found ", shown(observed))
  }
  if (!is.list(control) || is.data.frame(control)) control <- list(control)
  if (!length(control) %in% c(1L, length(observed))) {
    fail("control must be one matrix, or a list of ", length(observed), ", found ", length(control))
  }
  first <- x[[1L]]
  read <- function(cells, what) {
    values <- as_values(cells, what)
    cells_of(values, features = match_features(first$features, feature_count(first), values, what, "the fit"),
             with.names = FALSE)
  }
  options <- score_options(metrics, gamma, preset, markers, epsilon, reference)
  options$markers <- checked_number_of_markers(markers, feature_count(first), first)
  options$test <- FALSE
  treated <- sapply(names(observed), function(name) read(observed[[name]], paste("observed", quoted(name))),
                    simplify = FALSE)
  columns <- native(.Call(C_evaluate_experiment, lapply(fits, function(one) whole_pointer(attr(one, "whole"))),
                          lapply(control, read, "control"), treated, rep_len(seq_along(control), length(observed)),
                          covariates_at(x, observed, at), options, call_settings(first$seed, num.threads)))
  as_scores(as.data.frame(columns))
}

# The covariates of each condition: those of the rows of at, or of the condition of that name.
covariates_at <- function(fits, observed, at) {
  if (is.null(at)) {
    unknown <- setdiff(names(observed), names(fits))
    if (length(unknown)) {
      fail("the fit has not seen ", quoted(unknown[1L]), "; give the covariates of each condition as at = ")
    }
    return(lapply(observed, function(cells) list()))
  }
  if (!is.data.frame(at) || nrow(at) != length(observed)) {
    fail("at must be a data frame with one row for each of the ", length(observed), " conditions, found ", shown(at))
  }
  known <- native(.Call(C_conditions, whole_pointer(attr(fits, "whole"))))$covariates
  check_names_at(names(at), known)
  lapply(seq_along(observed), function(row) {
    sapply(known, function(name) value_at(at[[name]][[row]], name), simplify = FALSE)
  })
}
