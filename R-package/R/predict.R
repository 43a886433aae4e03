# Predicting, and putting the prediction back where it came from.

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
#' @param ... For objects: `assay.type`, `dimred`, `altexp`, or `assay`, `layer`, `reduction`, where
#'   these differ from those of the fit.
#' @param num.threads Threads to use. The result does not depend on it.
#' @param verbose Show a progress bar.
#' @returns The predicted cells in the class of `newdata`, with its cell names and its order of
#'   features, and only the features of the fit: what was not predicted is not passed off as
#'   treated. Of a SummarizedExperiment or SingleCellExperiment the result holds the one predicted
#'   assay (or reduced dimension) with all row and column annotation; other assays, reduced
#'   dimensions and alternative experiments described the control cells and are left out, and a
#'   prediction in an alternative experiment comes as that experiment. A Seurat object comes back
#'   with the one predicted assay, or with the one predicted reduction beside its assay. For a
#'   `laot_fit_list`: a list of such predictions, one for each target.
#' @examples
#' genes <- paste0("gene", 1:4)
#' control <- matrix(rexp(4 * 50), 4, dimnames = list(genes, NULL))
#' treated <- matrix(rexp(4 * 30) + 1, 4, dimnames = list(genes, NULL))
#' fit <- laot_fit(control, treated, seed = 1)
#' new.cells <- matrix(rexp(4 * 3), 4, dimnames = list(rev(genes), c("a", "b", "c")))
#' predict(fit, new.cells)
#' predict(fit, new.cells, nonnegative = "marginals")
#' @export
predict.laot_fit <- function(object, newdata, nonnegative = "no", ..., num.threads = 1L,
                             verbose = interactive()) {
  if (missing(newdata)) fail("newdata is missing; give the control cells to predict")
  out <- predicted_values(object, newdata, nonnegative, ..., num.threads = num.threads, verbose = verbose)
  put_back(newdata, out$values, out$origin, out$at)
}

# The predicted matrix with its names, where it came from, and the rows of newdata that it holds.
predicted_values <- function(object, newdata, nonnegative = "no", ..., num.threads = 1L,
                             verbose = interactive()) {
  one_of(nonnegative, c("no", "clip", "marginals"), "nonnegative")
  settings <- call_settings(if (is.na(object$seed)) 1 else object$seed, num.threads,
                            progress_bar(check_verbose(verbose), "Predicting"))
  source <- read_like(object, newdata, list(...), "newdata")
  warn_if_not_control(object, source)
  at <- match_features(object$features, feature_count(object), source$values, "newdata", "the fit")
  cells <- cells_of(source$values, features = at, with.names = FALSE)
  names <- value_dimnames(source$values)
  named <- c(cells[c("features", "cells")], list(feature.names = names[[1L]][at], cell.names = names[[2L]]))
  out <- native(.Call(C_predict, model_pointer(object), cells, nonnegative, settings), list(`the new cells` = named))
  # The order of newdata, not of the fit.
  if (is.unsorted(at)) {
    order <- order(at)
    out <- out[order, , drop = FALSE]
    at <- at[order]
  }
  rows <- if (is.null(names[[1L]])) object$features else names[[1L]][at]
  if (!is.null(rows) || !is.null(names[[2L]])) dimnames(out) <- list(rows, names[[2L]])
  list(values = out, origin = source$origin, at = at)
}

#' @rdname predict.laot_fit
#' @export
predict.laot_fit_list <- function(object, newdata, ...) {
  if (missing(newdata)) fail("newdata is missing; give the control cells to predict")
  lapply(object, predict, newdata = newdata, ...)
}

where.arguments <- c("assay.type", "dimred", "altexp", "assay", "layer", "reduction")

# Arguments behind ... say where the values of an object are; others are slips, of those or of `others`.
check_dots <- function(dots, others) {
  unknown <- setdiff(names(dots)[nzchar(names(dots))], where.arguments)
  if (length(unknown) || !all(nzchar(names(dots))) || length(dots) != length(names(dots))) {
    named <- names(dots)[nzchar(names(dots))]
    if (length(named) != length(dots)) {
      position <- if (is.null(names(dots))) 1L else which(!nzchar(names(dots)))[1L]
      fail("further arguments must be given by name; found ", shown(dots[[position]]), " without one")
    }
    fail("unknown argument ", quoted(unknown[1L]),
         did_you_mean(unknown[1L], setdiff(c(where.arguments, others), "...")))
  }
}

# For functions whose ... is there for their generic only: what is behind it is a slip, of `others` perhaps.
no_more <- function(dots, others = character()) {
  if (!length(dots)) return(invisible())
  name <- names(dots)[1L]
  if (is.null(name) || !nzchar(name)) fail("one argument too many: ", shown(dots[[1L]]))
  fail("unknown argument ", quoted(name), if (length(others)) did_you_mean(name, setdiff(others, "...")))
}

# newdata read as the fit's own object was, unless told otherwise.
read_like <- function(fit, x, where, what) {
  check_dots(where, c("nonnegative", "num.threads", "verbose"))
  same <- fit$origin[setdiff(names(fit$origin), "kind")]
  kind <- Find(function(class) is(x, class), c("SummarizedExperiment", "Seurat"))
  if (is.null(kind)) kind <- "matrix"
  if (!identical(kind, fit$origin$kind)) same <- list()
  same[names(where)] <- where
  do.call(read_source, c(list(x), same, list(what = what)))
}

warn_if_not_control <- function(fit, source) {
  labels <- if (!is.null(fit$condition)) source$columns[[fit$condition]]
  others <- labels[!is.na(labels) & as.character(labels) != fit$control]
  if (length(others)) {
    warning("newdata has ", counted(length(others), "cell"), " that ",
            if (length(others) == 1) "is" else "are", " not ", quoted(fit$control), " in column ",
            quoted(fit$condition), "; the map is for control cells", call. = FALSE)
  }
}

# `at`: the rows of newdata that were predicted, ascending.
put_back <- function(newdata, values, origin, at) UseMethod("put_back")

#' @exportS3Method
put_back.default <- function(newdata, values, origin, at) {
  if (is.data.frame(newdata)) {
    out <- as.data.frame(values, optional = TRUE)
    names(out) <- names(newdata)
    if (.row_names_info(newdata) > 0L) rownames(out) <- rownames(newdata)[at]
    return(out)
  }
  if (!is(newdata, "Matrix")) return(values)
  general <- as(as(values, "dMatrix"), "generalMatrix")
  if (is(newdata, "sparseMatrix")) as(general, "CsparseMatrix") else general
}

#' @exportS3Method
put_back.SummarizedExperiment <- function(newdata, values, origin, at) {
  if (!is.null(origin$altexp)) {
    newdata <- SingleCellExperiment::altExp(newdata, origin$altexp, withColData = TRUE)
  }
  if (is(newdata, "SingleCellExperiment")) SingleCellExperiment::altExps(newdata) <- NULL
  if (!is.null(origin$dimred)) {
    values <- t(values)
    SummarizedExperiment::assays(newdata) <- list()
    SingleCellExperiment::reducedDims(newdata) <- stats::setNames(list(values), origin$dimred)
    return(newdata)
  }
  SummarizedExperiment::assays(newdata) <- SummarizedExperiment::assays(newdata)[origin$assay.type]
  if (is(newdata, "SingleCellExperiment")) SingleCellExperiment::reducedDims(newdata) <- NULL
  newdata <- newdata[at, ]
  SummarizedExperiment::assay(newdata, origin$assay.type, withDimnames = FALSE) <- values
  newdata
}

#' @exportS3Method
put_back.Seurat <- function(newdata, values, origin, at) {
  if (!is.null(origin$reduction)) {
    old <- newdata[[origin$reduction]]
    for (name in SeuratObject::Reductions(newdata)) newdata[[name]] <- NULL
    newdata[[origin$reduction]] <- SeuratObject::CreateDimReducObject(
      embeddings = t(values), assay = SeuratObject::DefaultAssay(old), key = SeuratObject::Key(old)
    )
    return(newdata)
  }
  assay <- SeuratObject::CreateAssayObject(data = values)
  SeuratObject::Key(assay) <- SeuratObject::Key(newdata[[origin$assay]])
  out <- SeuratObject::CreateSeuratObject(assay, assay = origin$assay, meta.data = newdata[[]],
                                          project = SeuratObject::Project(newdata))
  SeuratObject::Idents(out) <- SeuratObject::Idents(newdata)
  out
}
