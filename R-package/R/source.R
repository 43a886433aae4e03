# Objects as values and columns. A source is list(values, columns, origin): a matrix as it lies in
# the object, the cells' annotation, and what it takes to find the same values in another object.

read_source <- function(x, ..., what = "x") UseMethod("read_source")

#' @exportS3Method
read_source.default <- function(x, ..., what = "x") {
  list(values = require_some(as_values(x, what), what), columns = NULL,
       origin = list(kind = "matrix"))
}

#' @exportS3Method
read_source.SummarizedExperiment <- function(x, assay.type = "logcounts", dimred = NULL,
                                             altexp = NULL, ..., what = "x") {
  need("SummarizedExperiment", paste("to read", what))
  columns <- as.list(SummarizedExperiment::colData(x))
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
  list(values = require_some(values, what), columns = columns,
       origin = list(kind = "SummarizedExperiment", assay.type = assay.type, dimred = dimred,
                     altexp = altexp))
}

#' @exportS3Method
read_source.Seurat <- function(x, assay = NULL, layer = "data", reduction = NULL, ..., what = "x") {
  need("SeuratObject", paste("to read", what))
  if (!is.null(reduction)) {
    known <- SeuratObject::Reductions(x)
    if (!one_string(reduction, "reduction") %in% known) {
      fail(what, " has no reduction ", quoted(reduction), "; it has ", listed(known))
    }
    values <- as_coordinates(SeuratObject::Embeddings(x[[reduction]]), reduction, colnames(x))
  } else {
    known <- SeuratObject::Assays(x)
    if (is.null(assay)) assay <- SeuratObject::DefaultAssay(x)
    if (!one_string(assay, "assay") %in% known) {
      fail(what, " has no assay ", quoted(assay), "; it has ", listed(known))
    }
    values <- seurat_layer(x, assay, one_string(layer, "layer"))
    if (!all(value_dim(values) > 0L)) {
      fail("layer ", quoted(layer), " of assay ", quoted(assay), " is empty; normalise first ",
           "(NormalizeData) or choose another layer")
    }
    if (layer == "data" && is_raw(values, x, assay)) {
      warning("layer \"data\" of assay ", quoted(assay), " of ", what, " holds the counts: normalise first ",
              "(NormalizeData), or say layer = \"counts\" to use them as they are", call. = FALSE)
    }
  }
  list(values = require_some(values, what), columns = as.list(x[[]]),
       origin = list(kind = "Seurat", assay = assay, layer = layer, reduction = reduction))
}

# Before NormalizeData(), version 4 keeps the counts as data too.
is_raw <- function(values, x, assay) {
  counts <- tryCatch(seurat_layer(x, assay, "counts"), error = function(e) NULL)
  !is.null(counts) && identical(value_dim(counts), value_dim(values)) && identical(counts, values)
}

# Version 4 calls a layer a slot.
seurat_layer <- function(x, assay, layer) {
  what <- paste0("layer ", quoted(layer))
  if (utils::packageVersion("SeuratObject") >= "5.0.0") {
    LayerData <- getExportedValue("SeuratObject", "LayerData")
    return(as_values(LayerData(x, assay = assay, layer = layer), what))
  }
  one_of(layer, c("counts", "data", "scale.data"), "layer")
  as_values(SeuratObject::GetAssayData(x, assay = assay, slot = layer), what)
}

# Reduced dimensions are stored cells x components.
as_coordinates <- function(embedding, name, cells) {
  values <- t(as.matrix(embedding))
  storage.mode(values) <- "double"
  if (is.null(rownames(values))) rownames(values) <- paste0(name, "_", seq_len(nrow(values)))
  colnames(values) <- cells
  values
}

is_reduced <- function(origin) !is.null(origin$dimred) || !is.null(origin$reduction)

no.cells <- "x is missing; give the cells: an object, or a matrix with features as rows and cells as columns"

# Which arguments behind ... belong to the kind of object that x is: where its values are, and which
# features of it to use. The rest is in `others`.
object_arguments <- function(x, dots) {
  if (missing(x)) fail(no.cells)
  known <- if (is(x, "SummarizedExperiment")) c("assay.type", "dimred", "altexp") else
    if (is(x, "Seurat")) c("assay", "layer", "reduction")
  subset <- subset_argument(x)
  mine <- names(dots) %in% known
  list(where = dots[mine], subset = if (!is.null(subset)) dots[[subset]],
       others = dots[!mine & !names(dots) %in% subset])
}

subset_argument <- function(x) {
  if (is(x, "SummarizedExperiment")) "subset.row" else if (is(x, "Seurat")) "features"
}

# subset: names, numbers or flags of features; NULL: none given.
chosen_features <- function(subset, values, argument) {
  if (is.null(subset)) return(NULL)
  names <- value_dimnames(values)[[1L]]
  rows <- value_dim(values)[1L]
  if (is.logical(subset)) {
    if (length(subset) != rows || anyNA(subset)) {
      fail(argument, " has ", if (anyNA(subset)) "a missing flag" else counted(length(subset), "flag"), " for ",
           counted(rows, "feature"), "; give TRUE or FALSE for each")
    }
    subset <- which(subset)
  } else if (is.numeric(subset)) {
    if (anyNA(subset) || any(subset < 1 | subset > rows | subset != floor(subset))) {
      fail(argument, " must be row numbers from 1 to ", rows)
    }
    subset <- as.integer(subset)
  } else if (is.character(subset)) {
    if (is.null(names)) fail(argument, " has names, but the features of x have none")
    at <- match(subset, names)
    if (anyNA(at)) {
      fail(argument, " names ", counted(sum(is.na(at)), "feature"), " that x lacks: ",
           listed(subset[is.na(at)], 5L))
    }
    unique_features(names[names %in% subset], "x")
    subset <- at
  } else {
    fail(argument, " must be names, numbers or flags of features, found ", shown(subset))
  }
  if (!length(subset)) fail(argument, " selects no feature")
  if (anyDuplicated(subset)) fail(argument, " selects a feature twice")
  subset
}
