# Shares of cell types before and after, and what each predicted cell counts.

#' Composition of a fit
#'
#' Treatments kill cells, or let them expand, so that the shares of cell types change. Of a fit with
#' `types = `, or with `balance = "clusters"`, `composition()` tells the shares; with
#' `balance = "types"` or `"clusters"` the fit has weighted its control cells so that types have the
#' treated shares, and `composition_weights()` gives the weight of each cell that is predicted.
#'
#' @param fit A `laot_fit`.
#' @param newdata Control cells, as [predict()][predict.laot_fit] takes them.
#' @param types The type of each cell of `newdata`, where the fit was balanced by types: one label per
#'   cell, or a column of an object.
#' @param ... Where the values of an object are: see [predict()][predict.laot_fit].
#' @returns `composition()`: a data frame with one row a type: `type`, `control` and `treated` (shares),
#'   `treated.low` and `treated.high` (95% interval over cells), and `ratio`, what a control cell of
#'   the type counts: 0 where no treated cell has it. `composition_weights()`: the ratio of each cell,
#'   1 where nothing was balanced: to be used as weights of the predicted cells.
#' @examples
#' set.seed(1)
#' cells <- matrix(rnorm(2 * 400), 2) + rep(rep(c(0, 6), c(300, 100)), each = 2)
#' after <- matrix(rnorm(2 * 400), 2) + rep(rep(c(1, 7), c(100, 300)), each = 2)
#' types <- list(control = rep(c("A", "B"), c(300, 100)), treated = rep(c("A", "B"), c(100, 300)))
#' fit <- laot_fit(cells, after, types = types, balance = "types", preset = "calibrated", seed = 1)
#' composition(fit)
#' tapply(composition_weights(fit, cells, types = types$control), types$control, sum)
#' @export
composition <- function(fit) {
  if (!inherits(fit, "laot_fit")) fail("fit must be a laot_fit, found ", shown(fit))
  out <- as.data.frame(native(.Call(C_composition, model_pointer(fit))))
  if (!nrow(out)) {
    fail("the fit knows no types; give types = , or balance = \"clusters\", to laot_fit()")
  }
  names(out) <- dotted(names(out))
  out
}

#' @rdname composition
#' @export
composition_weights <- function(fit, newdata, types = NULL, ...) {
  if (!inherits(fit, "laot_fit")) fail("fit must be a laot_fit, found ", shown(fit))
  if (missing(newdata)) fail("newdata is missing; give the control cells that are predicted")
  source <- read_like(fit, newdata, list(...), "newdata")
  rows <- match_features(fit$features, feature_count(fit), source$values, "newdata", "the fit")
  labels <- labels_of(types, source, "types")
  if (anyNA(labels)) fail("types has a missing label")
  cells <- cells_of(source$values, features = rows, with.names = FALSE)
  if (!is.null(labels)) cells$groups <- as.character(labels)
  native(.Call(C_weights, model_pointer(fit), cells,
               call_settings(if (is.na(fit$seed)) 1 else fit$seed)))
}
