# Effects of a change of a feature on the prediction of a cell.

#' Effects of features at cells
#'
#' The derivative of the prediction at a cell: how the predicted value of every feature changes with
#' every feature of the control cell, in the units of the cells. A linear fit has one such matrix,
#' the map of [coef()]; a fit that bends (`lift`) or whose marginals are restored has one for each
#' cell.
#'
#' @param object A `laot_fit` of a method with a map in closed form: not a network.
#' @param at The control cells: a matrix (features x cells) or an object, read as [predict()]
#'   reads `newdata`.
#' @param ... For objects: `assay.type`, `dimred`, `altexp`, or `assay`, `layer`, `reduction`, where
#'   these differ from those of the fit.
#' @returns An array, features x features x cells: entry `[j, k, i]` is the change of the predicted
#'   feature j with feature k of cell i. Features are in the order of the fit.
#' @examples
#' control <- matrix(rnorm(2 * 300), 2, dimnames = list(c("a", "b"), NULL))
#' treated <- exp(matrix(rnorm(2 * 200), 2, dimnames = list(c("a", "b"), NULL)))
#' fit <- laot_fit(control, treated, lift = "yes")
#' effects(fit, at = control[, 1:2])
#' @export
effects.laot_fit <- function(object, at, ...) {
  exact_arguments()
  if (missing(at)) fail("at is missing; give the control cells at which the effects are wanted")
  source <- read_like(object, at, list(...), "at")
  rows <- match_features(object$features, feature_count(object), source$values, "at", "the fit")
  out <- native(.Call(C_effects, model_pointer(object), cells_of(source$values, features = rows,
      with.names = FALSE),
                      call_settings(if (is.na(object$seed)) 1 else object$seed)))
  cells <- value_dimnames(source$values)[[2L]]
  if (!is.null(object$features) || !is.null(cells))
    dimnames(out) <- list(object$features, object$features, cells)
  out
}

#' @export
effects.laot_fit_list <- function(object, ...) not_several(object, "object")
#' @export
effects.laot_ensemble <- effects.laot_fit_list
#' @export
effects.laot_ensemble_list <- effects.laot_fit_list
