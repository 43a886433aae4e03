# SummarizedExperiment and SingleCellExperiment: where their values are, and how predictions go
# back.

#' @exportS3Method
read_source.SummarizedExperiment <- function(x, ..., assay.type = "logcounts", dimred = NULL,
                                             altexp = NULL,
                                             subset.row = NULL, what = "x") {
  need("SummarizedExperiment", paste("to read", what))
  columns <- marked_columns(x)
  if (!is.null(dimred) || !is.null(altexp)) {
    if (!is(x, "SingleCellExperiment")) {
      fail("dimred and altexp need a SingleCellExperiment, found a ", class(x)[1L])
    }
    need("SingleCellExperiment", paste("to read", what))
  }
  if (!is.null(altexp)) {
    known <- SingleCellExperiment::altExpNames(x)
    if (!one_string(altexp, "altexp") %in% known) {
      fail(what, " has no alternative experiment ", quoted(altexp), "; it has ", listed(known))
    }
    x <- SingleCellExperiment::altExp(x, altexp)
  }
  if (!is.null(dimred)) {
    known <- SingleCellExperiment::reducedDimNames(x)
    if (!one_string(dimred, "dimred") %in% known) {
      fail(what, " has no reduced dimension ", quoted(dimred), "; it has ", listed(known))
    }
    values <- as_coordinates(SingleCellExperiment::reducedDim(x, dimred), dimred, colnames(x))
  } else {
    known <- SummarizedExperiment::assayNames(x)
    if (!one_string(assay.type, "assay.type") %in% known) {
      fail(what, " has no assay ", quoted(assay.type), "; it has ", listed(known),
           "; choose one with assay.type = , or normalise first")
    }
    values <- as_values(SummarizedExperiment::assay(x, assay.type, withDimnames = TRUE),
                        paste0("assay ", quoted(assay.type)))
  }
  if (is.null(dimred) && assay.type == "logcounts" && what %in% c("x", "the control object") &&
      looks_raw(values)) {
    warning("assay \"logcounts\" of ", what,
            " holds whole numbers only, as counts are: normalise first ",
            "(scuttle::logNormCounts), or say assay.type = \"counts\" to use them as they are",
            call. = FALSE)
  }
  if (is.null(dimred) && assay.type == "logcounts") {
    warn_if_unlogged(values, "assay \"logcounts\"", what,
                     "(log1p, or scuttle::logNormCounts of the counts)", "assay.type")
  }
  new_source(values, what, columns,
             origin = list(kind = "SummarizedExperiment", assay.type = assay.type, dimred = dimred,
                           altexp = altexp),
             subset = list(argument = "subset.row", value = subset.row), rest = list(...))
}

#' @exportS3Method
columns_of.SummarizedExperiment <- function(x) SummarizedExperiment::colData(x)

#' @exportS3Method
features_of.SummarizedExperiment <- function(x, origin) rownames(x)

#' @exportS3Method
some_features.SummarizedExperiment <- function(x, features, origin) x[features, ]

# Whether there is anything to remove: the setters, and the getters of names, bring the whole object
# up to date and check it, which took longer than the prediction of a few hundred cells.
holds <- function(x, what) {
  if (!is(x, "SingleCellExperiment")) return(FALSE)
  inside <- SingleCellExperiment::int_colData(x)[[what]]
  is.null(inside) || ncol(inside) > 0L
}

#' @exportS3Method
put_back.SummarizedExperiment <- function(newdata, out, says) {
  origin <- out$origin
  if (!is.null(origin$altexp)) {
    newdata <- SingleCellExperiment::altExp(newdata, origin$altexp, withColData = TRUE)
  }
  if (holds(newdata, "altExps")) SingleCellExperiment::altExps(newdata) <- NULL
  if (!is.null(origin$dimred)) {
    SummarizedExperiment::assays(newdata) <- list()
    SingleCellExperiment::reducedDims(newdata) <- stats::setNames(list(t(out$values)),
        origin$dimred)
  } else {
    if (holds(newdata, "reducedDims")) SingleCellExperiment::reducedDims(newdata) <- NULL
    if (!identical(as.integer(out$at), seq_len(nrow(newdata)))) {
      SummarizedExperiment::assays(newdata) <- list()  # no values are picked that are replaced
      newdata <- newdata[out$at, ]
    }
    SummarizedExperiment::assays(newdata, withDimnames = FALSE) <-
      stats::setNames(list(out$values), origin$assay.type)
  }
  SummarizedExperiment::colData(newdata) <- labelled(SummarizedExperiment::colData(newdata), says,
                                                     ncol(newdata),
                                                     out$weights)
  if (nzchar(says$suffix) && !is.null(colnames(newdata)))
    colnames(newdata) <- paste0(colnames(newdata), says$suffix)
  newdata
}

#' @exportS3Method
places_of.SummarizedExperiment <- function(x, kind) {
  single <- is(x, "SingleCellExperiment")
  switch(kind, assay = SummarizedExperiment::assayNames(x),
         altexp = if (single) SingleCellExperiment::altExpNames(x),
         dimred = if (single) SingleCellExperiment::reducedDimNames(x))
}

#' @exportS3Method
predicted_places.SummarizedExperiment <- function(x) {
  all <- S4Vectors::metadata(x)
  unlist(all[names(all) == predicted.mark])
}

#' @exportS3Method
mark_places.SummarizedExperiment <- function(x, marks) {
  S4Vectors::metadata(x)[[predicted.mark]] <- marks
  x
}

# Bytes of an assay that are given to features without a prediction, which are NA there.
most.of.assay <- 2e9

#' @exportS3Method
put_in.SummarizedExperiment <- function(newdata, out, place) {
  values <- out$values
  if (!is.null(out$weights))
    SummarizedExperiment::colData(newdata)[[weight_column(place$name)]] <- out$weights
  if (place$kind != "assay") {
    if (!is(newdata, "SingleCellExperiment"))
      fail("into = c(", place$kind, " = ) needs a SingleCellExperiment, found a ",
           class(newdata)[1L])
  }
  if (place$kind == "dimred") {
    SingleCellExperiment::reducedDim(newdata, place$name) <- t(values)
    return(newdata)
  }
  if (!is.null(out$origin$dimred))
    fail("the fit is one of a reduced dimension; its predictions go into c(dimred = )")
  if (place$kind == "altexp") {
    rows <- if (is.null(out$origin$altexp))
      newdata else SingleCellExperiment::altExp(newdata, out$origin$altexp)
    SingleCellExperiment::altExp(newdata, place$name) <- SummarizedExperiment::SummarizedExperiment(
      stats::setNames(list(values), out$origin$assay.type),
      rowData = SummarizedExperiment::rowData(rows)[out$at, , drop = FALSE]
    )
    return(newdata)
  }
  if (!is.null(out$origin$altexp))
    fail("the fit is one of an alternative experiment; its predictions go into c(altexp = )")
  size <- 8 * as.numeric(nrow(newdata)) * ncol(newdata)
  if (size > most.of.assay && length(out$at) < nrow(newdata)) {
    fail("into = ", quoted(place$name), " would take ", format(size / 1e9, digits = 2), " GB for ",
         nrow(newdata), " features x ", ncol(newdata), " cells, of which the fit has ",
         length(out$at), " features; into = c(altexp = ", quoted(place$name),
         ") has these alone, and into = \"HDF5\" is written to disk")
  }
  all <- matrix(NA_real_, nrow(newdata), ncol(newdata), dimnames = dimnames(newdata))
  all[out$at, ] <- values
  SummarizedExperiment::assay(newdata, place$name) <- all
  newdata
}

#' @exportS3Method
bind_cells.SummarizedExperiment <- function(newdata, more) {
  names <- SummarizedExperiment::assayNames(newdata)
  # It takes objects without any for ones without names.
  if (length(names) && !length(SummarizedExperiment::assays(more))) {
    SummarizedExperiment::assay(more, names[1L], withDimnames = FALSE) <-
      matrix(NA_real_, nrow(more), ncol(more))
  }
  delayed <- any(vapply(as.list(SummarizedExperiment::assays(newdata)), is, NA, "DelayedMatrix"))
  unnamed <- is.null(rownames(newdata)) && nrow(newdata) == nrow(more)
  if (unnamed) rownames(newdata) <- rownames(more) <- seq_len(nrow(newdata))
  out <- S4Vectors::combineCols(newdata, more, delayed = delayed)
  if (unnamed) rownames(out) <- NULL
  if (is.null(colnames(newdata))) colnames(out) <- NULL
  # It binds metadata end to end, and forgets the order of levels.
  S4Vectors::metadata(out) <- S4Vectors::metadata(newdata)
  for (name in names(columns_of(newdata))) {
    sides <- list(columns_of(newdata)[[name]], columns_of(more)[[name]])
    if (all(vapply(sides, is.ordered, NA)))
      out[[name]] <- factor(out[[name]], union(levels(sides[[1L]]), levels(sides[[2L]])),
                            ordered = TRUE)
  }
  out
}
