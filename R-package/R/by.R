# One fit for each level of a column, such as a cell type.

fit_by <- function(ask, cells, source, by, seed, seeds) {
  if (is.null(cells$from$cells)) fail("by goes with one object; bind the two with cbind() first")
  if (length(cells$to) > 1L) fail("by goes with one target; choose it with target = ")
  if (!is.null(seeds)) fail("by goes with one seed")
  groups <- labels_of(by, source, "by")
  sides <- list(control = cells$from, treated = cells$to[[1L]])
  count <- vapply(sides, function(side) table(groups[side$cells]), integer(nlevels(groups)))
  count <- matrix(count, nlevels(groups), dimnames = list(levels(groups), names(sides)))
  say_left_out(count, ask$say)
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
            by = if (is.character(by) && all(by %in% names(source$columns))) by)
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

say_left_out <- function(count, say) {
  for (level in rownames(count)) {
    few <- colnames(count)[count[level, ] < fewest.by]
    if (length(few) && sum(count[level, ])) {
      numbers <- ifelse(count[level, few] == 0, "no", paste("only", count[level, few]))
      say("Left out: ", level, ", with ", paste(numbers, few, collapse = " and "), " cells")
    }
  }
}

#' @rdname predict.laot_fit
#' @param by For a `laot_fit_by`: the level of each cell, where `newdata` has no column of the name
#'   that the fits were made by. Cells of levels without a fit are left out with a warning.
#' @export
predict.laot_fit_by <- function(object, newdata, ..., types = NULL, by = attr(object, "by"),
                                label = "predicted",
                                suffix = "") {
  exact_arguments()
  if (missing(newdata)) fail("newdata is missing; give the control cells to predict")
  says <- prediction_says(object[[1L]], label, suffix)
  columns <- read_like(object[[1L]], newdata, where_of(list(...)), "newdata")
  if (is.null(by))
    fail("by is missing; give the level of each cell, one of ", listed(names(object)))
  groups <- as.character(labels_of(by, columns, "by"))
  known <- groups %in% names(object)
  if (!any(known))
    fail("no cell of newdata has a level with a fit; these are ", listed(names(object)))
  if (!all(known)) {
    warning("left out: ", counted(sum(!known), "cell"), " of levels without a fit (",
            listed(unique(ifelse(is.na(groups), "missing", groups)[!known]), 5L), ")",
            call. = FALSE)
  }
  types <- labels_of(types, columns, "types")[known]
  newdata <- newdata[, known, drop = FALSE]
  groups <- groups[known]
  out <- NULL
  for (level in unique(groups)) {
    at <- which(groups == level)
    part <- predicted_values(object[[level]], newdata[, at, drop = FALSE], ..., types = types[at])
    if (is.null(out)) {
      out <- part
      out$values <- matrix(0, nrow(part$values), length(groups),
                           dimnames = list(rownames(part$values), colnames(newdata)))
      out$weights <- if (!is.null(part$weights)) numeric(length(groups))
    }
    out$values[, at] <- part$values
    if (!is.null(part$weights)) out$weights[at] <- part$weights
  }
  out$within <- NULL
  put_back(newdata, out, says)
}

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
  invisible(x)
}

#' @export
`[.laot_fit_by` <- function(x, i) structure(unclass(x)[i], class = class(x), by = attr(x, "by"))
