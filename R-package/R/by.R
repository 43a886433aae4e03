# One fit for each level of a column, such as a cell type.

fit_by <- function(ask, cells, source, by, seed, seeds) {
  if (is.null(cells$from$cells)) fail("by goes with one object; bind the two with cbind() first")
  if (length(cells$to) > 1L) fail("by goes with one target; choose it with target = ")
  if (!is.null(seeds)) fail("by goes with one seed")
  groups <- labels_of(by, source, "by")
  sides <- list(control = cells$from, treated = cells$to[[1L]])
  count <- vapply(sides, function(side) table(groups[side$cells]), integer(nlevels(groups)))
  count <- matrix(count, nlevels(groups), dimnames = list(levels(groups), names(sides)))
  fewest <- fewest_cells(ask$method)
  left.out <- c(levels_left_out(count, fewest), cells_without_level(groups, sides))
  for (text in left.out) ask$say("Left out: ", text)
  kept <- levels(groups)[count[, "control"] >= fewest & count[, "treated"] >= fewest]
  if (!length(kept)) fail("no level of by has ", fewest, " control and ", fewest, " treated cells")
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

of_level <- function(side, groups, level) some_cells(side, which(groups[side$cells] == level))

some_cells <- function(side, at) {
  side$cells <- side$cells[at]
  side$batch <- side$batch[at]
  side$groups <- side$groups[at]
  side
}

# In words: the levels that lack a side, and the cells that have no level.
levels_left_out <- function(count, fewest) {
  out <- lapply(rownames(count), function(level) {
    few <- colnames(count)[count[level, ] < fewest]
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
  once(predicted_by_level(object, newdata, ..., types = types, by = by, into = into,
                          label = label, suffix = suffix))
}

predicted_by_level <- function(object, newdata, ..., types, by, into, label, suffix) {
  given <- cells_by_level(object, newdata, where_of(list(...)), by)
  types <- labels_of(types, given$source, "types")
  put_predicted(newdata, object[[1L]], into, label, suffix, function(cells, part, place) {
    # Cells of the part that have values, where an assay has fewer, in its order.
    whole <- if (is.null(part)) given$whole else match(given$whole, part)
    here <- which(!is.na(whole))
    whole <- whole[here]
    groups <- given$groups[here]
    out <- values_by_level(object, cells, whole, groups, ..., types = types[here])
    known <- groups %in% names(object)
    out["within"] <- list(if (!is.null(given$source$within)) whole)
    # A place beside what newdata has is for all its cells, but where an assay may have fewer.
    may.lack <- object.classes[[object_kind(newdata)]]$assays.lack.cells
    if (!is.null(place) && (is.null(may.lack) || !may.lack())) return(out)
    out$values <- out$values[, known, drop = FALSE]
    out$weights <- out$weights[known]
    if (is.null(place)) {
      out["within"] <- list(NULL)
      out$cells <- whole[known]
    } else if (!all(known)) {
      out$within <- whole[known]
    }
    out
  }, paste0("predict the cells of a level with fits[[\"", names(object)[1L], "\"]]"))
}

# newdata as the fits read it, which of its cells have values, and the level of each of these.
cells_by_level <- function(fits, newdata, where, by) {
  source <- read_like(fits[[1L]], newdata, where, "newdata")
  if (is.null(by))
    fail("by is missing; give the level of each cell, one of ", listed(names(fits)))
  list(source = source,
       whole = if (is.null(source$within)) seq_len(ncol(newdata)) else source$within,
       groups = as.character(labels_of(by, source, "by")))
}

# As predicted_values() gives it, each cell by the fit of its level; NA where there is none.
values_by_level <- function(fits, newdata, whole, groups, ..., types = NULL) {
  known <- groups %in% names(fits)
  if (!any(known))
    fail("no cell of newdata has a level with a fit; these are ", listed(names(fits)))
  if (!all(known)) {
    warning("left out: ", counted(sum(!known), "cell"), " of levels without a fit (",
            listed(unique(ifelse(is.na(groups), "missing", groups)[!known]), 5L), ")",
            call. = FALSE)
  }
  out <- NULL
  for (level in unique(groups[known])) {
    at <- which(groups == level)
    part <- predicted_values(fits[[level]], cells_at(newdata, whole[at]), ..., types = types[at])
    if (is.null(out)) {
      out <- part
      out$values <- matrix(NA_real_, nrow(part$values), length(groups),
                           dimnames = list(rownames(part$values), colnames(newdata)[whole]))
      out$weights <- if (!is.null(part$weights)) rep(NA_real_, length(groups))
    }
    out$values[, at] <- part$values
    if (!is.null(part$weights)) out$weights[at] <- part$weights
  }
  out
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
  for (text in attr(x, "left.out")) cat("Left out: ", text, "\n", sep = "")
  invisible(x)
}
