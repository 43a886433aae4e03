# Shares of cell types before and after, and what each predicted cell counts.

#' Composition of a fit
#'
#' Treatments kill cells, or let them expand, so that the shares of cell types change. Of a fit with
#' `types = `, or with `balance = "clusters"`, `composition()` tells the shares; with `balance =
#' "types"` or `"clusters"` the fit has weighted its control cells so that types have the treated
#' shares, and `composition_weights()` gives the weight of each cell that is predicted.
#' [predict()][predict.laot_fit] writes it into a column of objects, and [evaluate_predictions()]
#' scores with it and without.
#'
#' @param fit A `laot_fit`.
#' @param newdata Control cells, as [predict()][predict.laot_fit] takes them.
#' @param types The type of each cell of `newdata`, where the fit was balanced by types: one label
#'   per cell, or a column of an object. Without it the column that the fit had its types from,
#'   where there is one.
#' @param ... Where the values of an object are: see [predict()][predict.laot_fit].
#' @returns `composition()`: a data frame with one row a type: `type`, `control` and `treated`
#'   (shares), `treated.low` and `treated.high` (95% interval over cells), and `ratio`, what a
#'   control cell of the type counts: 0 where no treated cell has it. `composition_weights()`: the
#'   ratio of each cell, 1 where nothing was balanced: to be used as weights of the predicted cells.
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
  exact_arguments()
  if (missing(fit)) fail(no.fit)
  one_fit(fit, "fit")
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
  exact_arguments()
  one_fit(fit, "fit")
  if (missing(newdata)) fail("newdata is missing; give the control cells that are predicted")
  check_dots(list(...), names(formals(composition_weights)))
  source <- read_like(fit, newdata, list(...), "newdata")
  rows <- match_features(fit$features, feature_count(fit), source$values, "newdata", "the fit")
  weights_of_cells(fit, source, rows, types_of_cells(fit, source, types))
}

# "none", "types" or "clusters".
balance_of <- function(fit) if ("balance" %in% names(fit$params))
  fit$params[["balance"]] else "none"

# The type of each cell: as given, else the column that the fit had them from, where it is there.
types_of_cells <- function(fit, source, types = NULL) {
  if (is.null(types) && balance_of(fit) == "types" &&
      isTRUE(fit$origin$types %in% names(source$columns))) {
    types <- fit$origin$types
  }
  labels <- labels_of(types, source, "types")
  if (anyNA(labels)) fail("types has a missing label")
  if (!is.null(labels)) as.character(labels)
}

# A block at a time, so that cells on disk stay there.
weights_of_cells <- function(fit, source, rows, labels) {
  settings <- call_settings(if (is.na(fit$seed)) 1 else fit$seed)
  blocks <- cell_blocks(length(rows), seq_len(value_dim(source$values)[2L]))
  unlist(lapply(blocks, function(at) {
    cells <- cells_of(source$values, at, rows, with.names = FALSE)
    cells$groups <- labels[at]
    native(.Call(C_weights, model_pointer(fit), cells, settings))
  }))
}

# Weights of the predicted cells of an object; NULL where nothing was balanced or it has no column
# for them.
predicted_weights <- function(fit, source, rows, types) {
  balance <- balance_of(fit)
  if (source$origin$kind == "matrix") {
    if (!is.null(types)) {
      fail("a matrix has no column for the weights of its cells; composition_weights(fit, ",
           "newdata, types = ) gives them")
    }
    return(NULL)
  }
  if (balance != "types" && !is.null(types)) {
    fail("types goes with a fit that was balanced by types, and this one has balance = ",
         quoted(balance))
  }
  if (balance == "none") return(NULL)
  labels <- types_of_cells(fit, source, types)
  if (balance == "types" && is.null(labels)) {
    warning("the fit was balanced by types, and the predicted cells have no weights without ",
            "theirs; give types = ",
            call. = FALSE)
    return(NULL)
  }
  weights_of_cells(fit, source, rows, labels)
}

# The same, of each cell by the fit of its place.
weights_in_places <- function(places, source, rows, types) {
  out <- rep(NA_real_, length(places$of))
  for (k in unique(places$of)) {
    all <- predicted_weights(places$fits[[k]], source, rows, types)
    if (is.null(all)) return(NULL)
    out[places$of == k] <- all[places$of == k]
  }
  out
}
