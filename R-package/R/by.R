# One fit for each level of a column, such as a cell type.

fit_by <- function(ask, cells, source, by, seed, seeds) {
  if (is.null(cells$from$cells)) fail("by goes with one object; bind the two with cbind() first")
  if (length(cells$to) > 1L) fail("by goes with one target; choose it with target = ")
  if (!is.null(seeds)) fail("by goes with one seed")
  groups <- labels_of(by, source, "by")
  sides <- list(control = cells$from, treated = cells$to[[1L]])
  count <- vapply(sides, function(side) table(groups[side$cells]), integer(nlevels(groups)))
  count <- matrix(count, nlevels(groups), dimnames = list(levels(groups), names(sides)))
  left.out <- c(levels_left_out(count), cells_without_level(groups, sides))
  for (text in left.out) ask$say("Left out: ", text)
  kept <- levels(groups)[count[, "control"] >= fewest.by & count[, "treated"] >= fewest.by]
  if (!length(kept))
    fail("no level of by has ", fewest.by, " control and ", fewest.by, " treated cells")
  checkpoint <- ask$checkpoint
  fits <- lapply(stats::setNames(nm = kept), function(level) {
    one <- cells
    one$from <- of_level(cells$from, groups, level)
    one$to[[1L]] <- of_level(cells$to[[1L]], groups, level)
    ask$checkpoint <- checkpoint_for(checkpoint, level)
    fit_targets(ask, one, seed, paste0(level, ": "))
  })
  structure(fits, class = c("laot_fit_by", "laot_fit_list"),
            by = if (is.character(by) && all(by %in% names(source$columns))) by,
            left.out = left.out)
}

# With fewer cells a fit is no more than the mean shift.
fewest.by <- 3L

of_level <- function(side, groups, level) some_cells(side, which(groups[side$cells] == level))

some_cells <- function(side, at) {
  side$cells <- side$cells[at]
  side$batch <- side$batch[at]
  side$groups <- side$groups[at]
  side
}

# In words: the levels that lack a side, and the cells that have no level.
levels_left_out <- function(count) {
  out <- lapply(rownames(count), function(level) {
    few <- colnames(count)[count[level, ] < fewest.by]
    if (!length(few) || !sum(count[level, ])) return(NULL)
    numbers <- ifelse(count[level, few] == 0, "no", paste("only", count[level, few]))
    paste0(level, ", with ", paste(numbers, few, collapse = " and "), " cells")
  })
  unlist(out)
}

cells_without_level <- function(groups, sides) {
  count <- sum(is.na(groups[unlist(lapply(sides, `[[`, "cells"))]))
  if (count) paste(counted(count, "cell"), "without a level of by")
}

#' @rdname predict.laot_fit
#' @param by For a `laot_fit_by`: the level of each cell, where `newdata` has no column of the name
#'   that the fits were made by. Cells of levels without a fit are left out with a warning; in a
#'   place of a SingleCellExperiment beside its other values they are `NA`.
#' @export
predict.laot_fit_by <- function(object, newdata, ..., types = NULL, by = attr(object, "by"),
                                into = NULL, label = "predicted",
                                suffix = "") {
  exact_arguments()
  if (missing(newdata)) fail("newdata is missing; give the control cells to predict")
  first <- object[[1L]]
  place <- checked_into(into, newdata, first)
  if (identical(place$kind, "HDF5"))
    fail("into = \"HDF5\" goes with one fit; predict the cells of a level with fits[[\"",
         names(object)[1L], "\"]]")
  says <- prediction_says(first, label, suffix)
  source <- read_like(first, newdata, where_of(list(...)), "newdata")
  if (is.null(by))
    fail("by is missing; give the level of each cell, one of ", listed(names(object)))
  groups <- as.character(labels_of(by, source, "by"))
  types <- labels_of(types, source, "types")
  # Cells of the object that have values, where an assay of it has fewer.
  whole <- if (is.null(source$within)) seq_len(ncol(newdata)) else source$within
  if (identical(place$kind, "cells")) {
    return(put_cells(newdata, first, says, function(which, cells, suffix) {
      at <- match(which, whole)
      predict(object, cells, ..., types = if (!is.null(types)) types[at], by = groups[at],
              label = label, suffix = suffix)
    }))
  }
  known <- groups %in% names(object)
  if (!any(known))
    fail("no cell of newdata has a level with a fit; these are ", listed(names(object)))
  if (!all(known)) {
    warning("left out: ", counted(sum(!known), "cell"), " of levels without a fit (",
            listed(unique(ifelse(is.na(groups), "missing", groups)[!known]), 5L), ")",
            call. = FALSE)
  }
  out <- NULL
  for (level in unique(groups[known])) {
    at <- which(groups == level)
    part <- predicted_values(object[[level]], cells_at(newdata, whole[at]), ...,
                             types = types[at])
    if (is.null(out)) {
      out <- part
      out$values <- matrix(NA_real_, nrow(part$values), length(groups),
                           dimnames = list(rownames(part$values), colnames(newdata)[whole]))
      out$weights <- if (!is.null(part$weights)) rep(NA_real_, length(groups))
    }
    out$values[, at] <- part$values
    if (!is.null(part$weights)) out$weights[at] <- part$weights
  }
  out["within"] <- list(source$within)
  # A place beside what newdata has is for all its cells, but an assay of Seurat's may have fewer.
  if (is.null(place) || is(newdata, "Seurat")) {
    out$values <- out$values[, known, drop = FALSE]
    if (!is.null(out$weights)) out$weights <- out$weights[known]
    if (!all(known)) out$within <- whole[known]
    if (is.null(place)) {
      newdata <- cells_at(newdata, whole[known])
      out["within"] <- list(NULL)
    }
  }
  put(newdata, out, says, place)
}

# Objects of S4 take no `drop`, or warn of it.
cells_at <- function(x, at) if (isS4(x)) x[, at] else x[, at, drop = FALSE]

where_of <- function(dots) dots[names(dots) %in% where_arguments()]

#' @export
print.laot_fit_by <- function(x, ...) {
  first <- x[[1L]]
  cat(method_title(first), " fits: ", first$control, " to ", first$target, ", one for each of ",
      counted(length(x), "level"), if (!is.null(attr(x, "by"))) paste(" of",
          paste(attr(x, "by"), collapse = " and ")), "\n", sep = "")
  table <- fit_table(x)
  names(table)[1L] <- "level"
  print(table, row.names = FALSE)
  for (text in attr(x, "left.out")) cat("Left out: ", text, "\n", sep = "")
  invisible(x)
}

#' @export
`[.laot_fit_by` <- function(x, i) structure(unclass(x)[i], class = class(x), by = attr(x, "by"))
