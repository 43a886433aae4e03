# Predicting.

#' Predict how control cells would look treated
#'
#' @param object A `laot_fit` or `laot_fit_list`.
#' @param newdata The control cells to predict: a matrix (features x cells), data frame, sparse
#'   matrix, SummarizedExperiment, SingleCellExperiment or Seurat object. Features are matched to
#'   those of the fit by name, in any order, and further features are left aside; without names on
#'   both sides, by position.
#' @param nonnegative What becomes of predictions under 0: `"no"` leaves them as they are, `"clip"`
#'   raises them to 0, `"marginals"` sends each feature through the monotone map from its predicted
#'   to its observed treated training values, which keeps zeros and the shape of the distribution.
#' @param into Where the prediction goes. Without it: into a new object. `c(assay = "laot")`,
#'   `c(altexp = "laot")`, `c(dimred = "laot")` or, of a Seurat object, `c(assay = "laot")` and
#'   `c(reduction = "laot")` put it under that name into `newdata` itself, with all that this has;
#'   the kind alone (`into = "altexp"`) takes the name of the method, and any other word alone is
#'   the name of an assay, with a message. Features that the fit does not
#'   have are `NA` in an assay of a SummarizedExperiment; an alternative experiment has those of the
#'   fit alone. A name that is there already is refused, but for an earlier prediction's. `"cells"`:
#'   `newdata` with the predicted cells behind its own, ready for plots and marker tests: of an
#'   object with the column of the condition its control cells are predicted. It keeps the features
#'   of the fit (all, of a reduction), since no others are predicted. `"HDF5"`: a new
#'   object whose values are written to disk as they are predicted (a matrix becomes an HDF5Matrix),
#'   for results larger than memory; not of a Seurat object, which has its values in memory.
#' @param label The name of the column of a new object that says which cells are predicted (`TRUE`);
#'   a column of that name that is no such mark is not replaced. Later fits know such cells by it:
#'   an object remembers another name than `"predicted"` in its metadata (of Seurat objects in
#'   `Misc()`, which `merge()` leaves behind).
#'   `NULL` adds none: a later fit takes these cells for measured ones.
#' @section Predicted cells beside measured ones:
#' `into = "cells"` has both in one object, marked, whatever this holds. [cbind()] of
#' `newdata` and a new object fails where one has columns, features or assays that the other
#' lacks: the new object has the column `label`, and only the features and the assay of the fit.
#' Where features and assays are the same, `newdata$predicted <- FALSE` first lets it bind them.
#' `S4Vectors::combineCols(newdata, predicted)` and Seurat's `merge()` take any. Features that
#' were not predicted are 0 in what `merge()` makes, and marker tests take that for a response:
#' keep those of the fit, as `into = "cells"` does.
#' @param suffix Added to the names of the predicted cells, such as `"_predicted"` (what
#'   `into = "cells"` adds without one).
#' @param types Of a fit with `balance = "types"`: a column of the object, or the type of each cell.
#'   Without it the column that the fit had its types from.
#' @param at Of a fit of several conditions, the one to predict: its name, its covariates as
#'   `list(drug = "A", dose = 3)`, or a data frame of covariates with one row for all cells or one a
#'   cell. Methods of many conditions also predict doses, and combinations of levels, that have no
#'   cells. A level that was not seen of a covariate that control cells place (`embedding =
#'   list(patient = "control")` of the fit) is placed by the mean of all the cells that are
#'   predicted at it, and its map starts from their mean and, from 20 cells on, their covariance.
#'   `NULL`: each that was seen.
#' @param controls Control cells of such a level, in place of those of `newdata` (which may be a
#'   part of them).
#' @param ... For objects: `assay.type`, `dimred`, `altexp`, or `assay`, `layer`, `reduction`, where
#'   these differ from those of the fit. Of the other kind of object the place of the same meaning
#'   is read: `counts`, or `logcounts` of a SummarizedExperiment for `data` of a Seurat object.
#' @param num.threads Threads to use. The result does not depend on it.
#' @param verbose Show a progress bar.
#' @returns The predicted cells in the class of `newdata`, with its cell names and its order of
#'   features, and only the features of the fit: what was not predicted is not passed off as
#'   treated. In a new object the cells have the condition that was predicted and its covariates,
#'   where these are columns (a cell keeps a line or a donor of its own that conditions have, unless
#'   `at` names another), and the column
#'   `label` says that they are predicted: a second `predict()` does not take them for control
#'   cells, nor does a fit for treated ones. Identities of a Seurat object that are its conditions
#'   become the predicted one, too. Of a SummarizedExperiment or SingleCellExperiment the
#'   result holds the one predicted assay (or reduced dimension) with all row and column annotation;
#'   other assays, reduced dimensions and alternative experiments described the control cells and
#'   are left out, and a prediction in an alternative experiment comes as that experiment. A Seurat
#'   object comes back with the one predicted assay, or with the one predicted reduction beside its
#'   assay. Objects predicted by a balanced fit have a column `laot_weight` (with `into`, the name
#'   there and `_weight`): what each cell counts in the treated population, see [composition()]. A
#'   matrix or data frame has none. For a `laot_fit_list`: a list of such predictions, one for each
#'   target, or with `at` one of them.
#' @section Constant features:
#' A feature that is the same in all control and all treated training cells, at whatever value, is
#' predicted as exactly that value by every method (of many conditions: the same in all cells of the
#' fit), and the mean over seeds is that value too. Where it is constant at one value in the control
#' cells and at another in the treated ones, a cell of the first is predicted as exactly the second
#' by every method that encodes the populations about their own means (`laot`, `gaussian_map`,
#' `mean_shift`; networks with `center = "own"`); other methods learn such a shift as they learn any
#' other. A new cell with another value of such a feature is moved by the difference of the two.
#' @examples
#' genes <- paste0("gene", 1:4)
#' control <- matrix(rexp(4 * 50), 4, dimnames = list(genes, NULL))
#' treated <- matrix(rexp(4 * 30) + 1, 4, dimnames = list(genes, NULL))
#' fit <- laot_fit(control, treated, seed = 1)
#' new.cells <- matrix(rexp(4 * 3), 4, dimnames = list(rev(genes), c("a", "b", "c")))
#' predict(fit, new.cells)
#' predict(fit, new.cells, nonnegative = "marginals")
#' @export
predict.laot_fit <- function(object, newdata, nonnegative = "no", ..., types = NULL, into = NULL,
                             label = "predicted",
                             suffix = "", num.threads = 1L, verbose = interactive()) {
  exact_arguments()
  if (missing(newdata)) fail("newdata is missing; give the control cells to predict")
  predict_places(list(fits = list(object)), newdata, nonnegative, ..., types = types, into = into,
                 label = label, suffix = suffix,
                 num.threads = num.threads, verbose = verbose)
}

# places: list(fits), and `of`, the number of its fit for each cell, where there are several.
predict_places <- function(places, newdata, nonnegative = "no", ..., types = NULL, into = NULL,
                           label = "predicted",
                           suffix = "", num.threads = 1L, verbose = interactive()) {
  first <- places$fits[[1L]]
  put_predicted(newdata, first, into, label, suffix, function(cells, part, place) {
    if (!is.null(part)) {
      if (!is.null(places$of)) check_rows_of_at(places$of, ncol(newdata))
      places$of <- places$of[part]
      if (length(types) == ncol(newdata))
        types <- in_cell_order(types, colnames(newdata), "types")[part]
    }
    out <- predicted_values(first, cells, nonnegative, ..., types = types,
                            num.threads = num.threads, verbose = verbose,
                            on.disk = identical(place$kind, "HDF5"), places = places)
    if (is.null(places$of)) return(out)
    out$target <- vapply(places$fits, `[[`, "", "target")[places$of]
    out$covariates <- lapply(covariates_said(places$fits), function(said) {
      said$parts <- said$parts[places$of]
      said
    })
    out
  })
}

# The predicted matrix with its names, where it came from, the rows of newdata that it holds, and
# the cells of newdata, where an assay has fewer. With what each cell counts (weights), where the
# fit was balanced and newdata has columns.
predicted_values <- function(object, newdata, nonnegative = "no", ..., types = NULL,
                             num.threads = 1L,
                             verbose = interactive(), on.disk = FALSE, places = NULL) {
  one_of(nonnegative, c("no", "clip", "marginals"), "nonnegative")
  settings <- call_settings(if (is.na(object$seed)) 1 else object$seed, num.threads,
                            progress_bar(check_verbose(verbose), "Predicting"))
  source <- read_like(object, newdata, list(...), "newdata")
  warn_if_not_control(object, source)
  at <- match_features(object$features, feature_count(object), source$values, "newdata", "the fit")
  names <- value_dimnames(source$values)
  rows <- if (is.null(names[[1L]])) object$features[order(at)] else names[[1L]][sort(at)]
  names <- if (!is.null(rows) || !is.null(names[[2L]])) list(rows, names[[2L]])
  predict <- function(cells, names = NULL)
    predicted_block(object, source$values, at, cells, nonnegative, settings, names)
  if (!is.null(places$of)) {
    check_rows_of_at(places$of, value_dim(source$values)[2L])
    predict <- function(cells, names = NULL)
      predicted_in_places(places, source$values, at, cells, nonnegative, settings, names)
  }
  out <- if (on.disk) {
    written_by_blocks(predict, at, value_dim(source$values)[2L], names)
  } else if (is_lazy(source$values)) {
    filled_by_blocks(predict, at, value_dim(source$values)[2L], names)
  } else {
    predict(NULL, names)
  }
  list(values = out, origin = source$origin, at = sort(at), within = source$within,
       weights = if (is.null(places$of)) predicted_weights(object, source, at, types) else
         weights_in_places(places, source, at, types))
}

# Cells as cells_of() gives them, predicted. names: the dimnames, which are given where the matrix
# is made: R copies it to name it later. what: for native().
predicted_matrix <- function(fit, cells, settings = call_settings(), nonnegative = "no",
                             names = NULL, what = list()) {
  native(.Call(C_predict, model_pointer(fit), cells, nonnegative, settings, names), what)
}

# Some cells (NULL: all), predicted, with features in the order of newdata and not of the fit.
predicted_block <- function(fit, values, at, cells, nonnegative, settings, names = NULL) {
  read <- cells_of(values, cells, features = at, with.names = FALSE)
  known <- value_dimnames(values)
  named <- list(subject = "the new cells have", features = at, cells = cells,
                feature.names = known[[1L]][at],
                cell.names = if (is.null(cells)) known[[2L]] else known[[2L]][cells])
  in.order <- !is.unsorted(at)
  out <- predicted_matrix(fit, read, settings, nonnegative, names = if (in.order) names,
                          what = list(cells = named))
  if (in.order) return(out)
  out <- out[order(at), , drop = FALSE]
  dimnames(out) <- names
  out
}

# The same, each cell by the fit of its place.
predicted_in_places <- function(places, values, at, cells, nonnegative, settings, names = NULL) {
  if (is.null(cells)) cells <- seq_along(places$of)
  out <- matrix(0, length(at), length(cells), dimnames = names)
  for (k in unique(places$of[cells])) {
    of.place <- which(places$of[cells] == k)
    out[, of.place] <- predicted_block(places$fits[[k]], values, at, cells[of.place],
                                       nonnegative, settings)
  }
  out
}

# Predictions of values that are not in memory: of a block of cells at a time.
filled_by_blocks <- function(predict, at, count, names) {
  out <- matrix(0, length(at), count, dimnames = names)
  for (cells in cell_blocks(length(at), seq_len(count))) out[, cells] <- predict(cells)
  out
}

# An HDF5Matrix, written as it is predicted.
written_by_blocks <- function(predict, at, count, names) {
  need("HDF5Array", "for into = \"HDF5\"")
  blocks <- cell_blocks(length(at), seq_len(count))
  size <- c(length(at), count)
  sink <- HDF5Array::HDF5RealizationSink(size, type = "double",
                                         chunkdim = as.integer(pmin(size,
                                             c(size[1L], max(1, 1e6 %/% size[1L])))))
  for (cells in blocks) {
    viewport <- of_arrays("ArrayViewport")(size, IRanges::IRanges(
      c(1L, cells[1L]), c(length(at), cells[length(cells)])))
    of_arrays("write_block")(sink, viewport, predict(cells))
  }
  DelayedArray::close(sink)
  out <- as(sink, "DelayedArray")
  if (!is.null(names)) dimnames(out) <- names
  out
}

check_rows_of_at <- function(of, count) {
  if (length(of) != count) {
    fail("at must have one row, or one for each of the ", counted(count, "cell"),
         " of newdata; found ", length(of))
  }
}

#' @rdname predict.laot_fit
#' @export
predict.laot_fit_list <- function(object, newdata, at = NULL, ..., controls = NULL) {
  exact_arguments()
  if (missing(newdata)) fail("newdata is missing; give the control cells to predict")
  if (is.null(at)) {
    if (!is.null(controls)) fail("controls place a level of at, which is missing")
    return(once(lapply(object, predict, newdata = newdata, ...)))
  }
  if (is(at, "DataFrame")) at <- as.data.frame(at)
  if (is.data.frame(at) && nrow(at) != 1L) {
    if (!is.null(controls))
      fail("controls go with one condition, and at has one row a cell: its own cells place a level")
    given <- placing_cells(object, newdata, "newdata", ...)
    at <- in_cell_order(at, colnames(newdata), "at")
    return(predict_places(places_of_rows(object, at, given), newdata, ...))
  }
  given <- if (is.null(controls)) placing_cells(object, newdata, "newdata", ...) else
    placing_cells(object, controls, "controls", ...)
  predict(fit_at(object, at, given), newdata, ...)
}

# A function that reads cells (NULL: all) as control cells of a level that was not seen.
placing_cells <- function(fits, cells, what, ...) {
  dots <- list(...)
  where <- dots[names(dots) %in% where_arguments()]
  function(some = NULL) {
    first <- fits[[1L]]
    values <- read_like(first, cells, where, what)$values
    cells_of(values, some, features = match_features(first$features, feature_count(first), values,
                                                     what, "the fit"),
             with.names = FALSE)
  }
}

# Arguments behind ... say where the values of an object are; others are slips, of those or of
# `others`.
check_dots <- function(dots, others) {
  unknown <- setdiff(names(dots)[nzchar(names(dots))], where_arguments())
  if (length(unknown) || !all(nzchar(names(dots))) || length(dots) != length(names(dots))) {
    named <- names(dots)[nzchar(names(dots))]
    if (length(named) != length(dots)) {
      position <- if (is.null(names(dots))) 1L else which(!nzchar(names(dots)))[1L]
      fail("further arguments must be given by name; found ", shown(dots[[position]]),
           " without one")
    }
    fail("unknown argument ", quoted(unknown[1L]),
         if (unknown[1L] %in% names(other.hints)) other.hints[[unknown[1L]]] else
           did_you_mean(unknown[1L], setdiff(c(where_arguments(), others), "...")))
  }
}

# For functions whose ... is there for their generic only: what is behind it is a slip, of `others`
# perhaps.
no_more <- function(dots, others = character()) {
  if (!length(dots)) return(invisible())
  name <- names(dots)[1L]
  if (is.null(name) || !nzchar(name)) fail("one argument too many: ", shown(dots[[1L]]))
  fail("unknown argument ", quoted(name), if (length(others)) did_you_mean(name,
      setdiff(others, "...")))
}

# newdata read as the fit's own object was, unless told otherwise.
read_like <- function(fit, x, where, what) {
  check_dots(where, setdiff(c(names(formals(predict.laot_fit)), "at", "by", "controls"),
                            c("object", "newdata")))
  same <- fit$origin[setdiff(names(fit$origin), c("kind", "types", "combine", "values"))]
  if (object_kind(x) != fit$origin$kind) same <- place_in_other_kind(fit$origin, object_kind(x))
  where <- where_in(x, where, what)
  same[names(where)] <- where
  source <- do.call(read_source, c(list(x), same, list(what = what)))
  warn_if_raw(fit, source, what)
  if (what %in% measured.arguments) warn_of_predicted(source, what)
  source
}

# Those of the arguments of objects that x, `what` in sentences, has. Where it has others alone, it
# would be read from its usual place, without a word.
where_in <- function(x, where, what) {
  kind <- object_kind(x)
  here <- where[names(where) %in% source_arguments(kind)]
  if (kind == "matrix" || !length(where) || length(here)) return(here)
  name <- names(where)[1L]
  owner <- Find(function(kind) name %in% source_arguments(kind), names(object.classes))
  fail(name, " is an argument of a ", object.classes[[owner]]$called, ", and ", what, " is a ",
       object.classes[[kind]]$called, ": say ", listed(where_arguments(kind)))
}

warn_if_not_control <- function(fit, source) {
  labels <- if (!is.null(fit$condition)) as.character(source$columns[[fit$condition]])
  others <- labels[!is_blank(labels) & trimmed(labels) != fit$control]
  if (length(others)) {
    warning("newdata has ", counted(length(others), "cell"), " that ",
            if (length(others) == 1) "is" else "are", " not ", quoted(fit$control), " in column ",
            quoted(fit$condition), "; the map is for control cells", call. = FALSE)
  }
  predicted <- sum(predicted_cells(source$columns))
  if (predicted && !length(others)) {
    warning("newdata has ", counted(predicted, "cell"), " that ",
            if (predicted == 1) "is" else "are",
            " predicted already ", predicted_by(source$columns),
            "; the map is for control cells", call. = FALSE)
  }
}

# The place of the values in the other kind of object that has the same meaning.
place_in_other_kind <- function(origin, kind) {
  place <- place_of(origin)
  if (is.null(place) || is_reduced(origin)) return(list())
  same <- match(place, object.classes[[origin$kind]]$values)
  there <- object.classes[[kind]]
  if (is.na(same) || is.null(there)) return(list())
  stats::setNames(list(there$values[[same]]), there$place)
}

# The assay or layer of an object's values; NULL of a matrix.
place_of <- function(origin) {
  place <- object.classes[[origin$kind]]$place
  if (!is.null(place)) origin[[place]]
}

place_text <- function(origin)
  paste(object.classes[[origin$kind]]$place, "=", quoted(place_of(origin)))
