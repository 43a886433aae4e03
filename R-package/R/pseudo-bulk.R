# Means of groups of cells, measured and predicted side by side.

#' Pseudo-bulk of measured and predicted cells
#'
#' The mean of every feature over the cells of each group, such as a donor, or a donor and a cell
#' type: of the control cells, of what the fit predicts for them, and of measured treated cells.
#' The unit in which replicates of an experiment are compared, since cells of one donor are no
#' replicates of each other.
#'
#' @param x A `laot_fit`, or the fits of several targets or of a column (`laot_fit(by = )`), whose
#'   groups have a first column that names the fit.
#' @param control Control cells: an object as the fit takes it, or a matrix.
#' @param by One or several columns of the objects, or `list(control =, observed =)` with one label
#'   per cell.
#' @param observed `NULL`, or measured treated cells.
#' @param min.cells Groups with fewer cells are left out.
#' @param ... For objects: where their values are, as in [predict.laot_fit()].
#' @returns A SummarizedExperiment with the assay `mean` where `control` is one (or a
#'   SingleCellExperiment), else `list(mean, groups)`: `mean` is features x groups, and the groups
#'   have columns `group`, `population` (`"control"`, `"predicted"`, `"observed"`) and `cells`, how
#'   many there were. Values are means of the fit's values (log counts mostly), so for tests on them
#'   use limma, not a model of counts.
#' @seealso [response_table()], whose `by` gives intervals over such groups
#' @examples
#' genes <- paste0("gene", 1:4)
#' cells <- function(n, shift) matrix(rnorm(4 * n, shift), 4, dimnames = list(genes, NULL))
#' fit <- laot_fit(cells(60, 0), cells(50, c(2, 0, 1, 0)), seed = 1)
#' donors <- rep(c("d1", "d2"), 15)
#' pseudo_bulk(fit, cells(30, 0), by = list(control = donors))$groups
#' @export
pseudo_bulk <- function(x, control, by, observed = NULL, min.cells = 1, ...) {
  exact_arguments()
  check_dots(list(...), names(formals(pseudo_bulk)))
  if (missing(x)) fail("x is missing; give a fit, as laot_fit() makes it")
  several <- inherits(x, "laot_fit_list")
  if (!several) one_fit(x, "x")
  if (missing(control)) fail("control is missing; give the control cells")
  if (missing(by))
    fail("by is missing; give one or several columns, or list(control =, observed =) with one ",
         "label per cell")
  whole(min.cells, "min.cells")
  out <- if (several) bulk_of_each(x, control, by, observed, min.cells, list(...)) else
    bulk_of_fit(x, control, by, observed, min.cells, list(...))
  if (!is(control, "SummarizedExperiment")) return(out)
  SummarizedExperiment::SummarizedExperiment(list(mean = out$mean), colData = out$groups)
}

# list(mean, groups)
bulk_of_fit <- function(x, control, by, observed, min.cells, where) {
  given <- Filter(Negate(is.null), list(control = control, observed = observed))
  sources <- lapply(stats::setNames(nm = names(given)),
                    function(side) read_like(x, given[[side]], where, side))
  warn_of_labels(x, sources)
  parts <- lapply(names(given), function(side) {
    source <- sources[[side]]
    labels <- if (is.list(by)) by[[side]] else by
    if (is.null(labels))
      fail("by has nothing for ", side,
           "; give list(control =, observed =), one label per cell of each")
    means_of_groups(x, source, side, as.character(labels_of(labels, source, "by")), min.cells)
  })
  parts <- unlist(parts, recursive = FALSE)
  groups <- do.call(rbind, lapply(parts, `[[`, "groups"))
  mean <- do.call(cbind, lapply(parts, `[[`, "mean"))
  dimnames(mean) <- list(feature_labels(x), paste(groups$group, groups$population, sep = "."))
  rownames(groups) <- colnames(mean)
  list(mean = mean, groups = groups)
}

# One group at a time, so that never more than its cells are predicted at once.
means_of_groups <- function(x, source, side, labels, min.cells) {
  at <- match_features(x$features, feature_count(x), source$values, side, "the fit")
  counts <- table(labels[!is.na(labels)])
  groups <- names(counts)[counts >= min.cells]
  if (!length(groups)) {
    fail("no group of the ", side, " cells has ", counted(min.cells, "cell"), "; the largest has ",
         max(0L, counts))
  }
  populations <- c(side, if (side == "control") "predicted")
  means <- lapply(groups, function(group) {
    cells <- cells_of(source$values, which(labels %in% group), at, with.names = FALSE)
    out <- list(rowMeans(dense_block(cells)))
    if (side == "control")
      out[[2L]] <- rowMeans(predicted_matrix(x, cells))
    do.call(cbind, out)
  })
  lapply(seq_along(populations), function(k) {
    list(mean = do.call(cbind, lapply(means, function(both) both[, k])),
         groups = data.frame(group = groups, population = populations[k],
                             cells = as.integer(counts[groups])))
  })
}
