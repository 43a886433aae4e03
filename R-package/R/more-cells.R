# The object itself, with the predicted cells behind its own.

# Which cells of newdata are to be predicted: its control cells, and all where no column tells them.
cells_to_predict <- function(fit, columns) {
  labels <- if (!is.null(fit$condition)) columns[[fit$condition]]
  if (!is.null(labels)) labels <- as.character(labels)
  start <- if (is.null(labels)) !predicted_cells(columns) else
    labels %in% fit$control & !predicted_cells(columns)
  if (!any(start)) {
    fail("newdata has no cell that is ", quoted(fit$control), " in column ", quoted(fit$condition),
         ", to be predicted; it has ", listed(unique(labels), 5L))
  }
  which(start)
}

# Names of cells are unique in one object.
default.suffix <- "_predicted"

# predict: a function of which cells, the object of these and a suffix that gives the predicted
# object.
put_cells <- function(newdata, fit, says, predict) {
  if (!is.null(fit$origin$altexp))
    fail("the fit is one of an alternative experiment; its predictions go into c(altexp = )")
  columns <- as.list(columns_of(newdata))
  start <- cells_to_predict(fit, columns)
  suffix <- if (nzchar(says$suffix)) says$suffix else default.suffix
  more <- predict(start, newdata[, start], suffix)
  twice <- intersect(colnames(newdata), colnames(more))
  if (length(twice)) {
    fail("newdata has cells of the names of predicted ones already: ", listed(twice, 5L),
         "; choose another suffix")
  }
  out <- bind_cells(newdata, more)
  if (is.null(says$label)) return(out)
  old <- columns[[says$label]]
  here <- if (is.logical(old)) !is.na(old) & old else logical(ncol(newdata))
  with_column(out, says$label, c(here, rep(TRUE, ncol(more))))
}

with_column <- function(x, name, values) {
  x[[name]] <- unname(values)
  x
}

columns_of <- function(x) UseMethod("columns_of")
#' @exportS3Method
columns_of.SummarizedExperiment <- function(x) SummarizedExperiment::colData(x)
#' @exportS3Method
columns_of.Seurat <- function(x) x[[]]

# Features, assays and reductions that the predicted cells do not have are NA, or lack them.
bind_cells <- function(newdata, more) UseMethod("bind_cells")

#' @exportS3Method
bind_cells.SummarizedExperiment <- function(newdata, more) {
  names <- SummarizedExperiment::assayNames(newdata)
  # It takes objects without any for ones without names.
  if (length(names) && !length(SummarizedExperiment::assays(more))) {
    SummarizedExperiment::assay(more, names[1L], withDimnames = FALSE) <-
      matrix(NA_real_, nrow(more), ncol(more))
  }
  delayed <- any(vapply(as.list(SummarizedExperiment::assays(newdata)), is, NA, "DelayedMatrix"))
  out <- S4Vectors::combineCols(newdata, more, delayed = delayed)
  if (is.null(colnames(newdata))) colnames(out) <- NULL
  out
}

# Seurat renames cells of the same names, and says so; here there are none.
#' @exportS3Method
bind_cells.Seurat <- function(newdata, more) merge(newdata, more)
