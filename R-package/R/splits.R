# Which cells train, which choose a model, and which are kept to score it.

#' Split cells into training, validation and test cells
#'
#' Random cells of every condition, or whole groups: a held-out donor, cell line, replicate or batch
#' tells how a prediction carries over to one that was not seen. Validation cells are for choosing
#' models and parameters: they are neither trained on nor scored in the end.
#'
#' @param x The cells: an object or matrix with cells as columns, or their number.
#' @param condition A column of `x`, or one label per cell. Random parts are drawn within each
#'   condition.
#' @param by A column of `x`, or one label per cell, with the groups to hold out.
#' @param hold.out The levels of `by` whose cells are the test cells. Without it: one split for each
#'   level, in a named list.
#' @param test,validation Shares of the cells, of each condition: rounded, and at least one cell
#'   where the share is above 0. With `by`, `test` is not used, and the validation cells are drawn
#'   from those that are not held out; `validation` may also name levels of `by`.
#' @param seed Seed of the random parts; without it one number is drawn from R's generator.
#' @param ... Not used.
#' @returns A factor with the levels `train`, `validation` and `test`, one for each cell, or a named
#'   list of such factors. Cells without a condition, and cells that are predicted, are `NA`.
#' @examples
#' condition <- rep(c("ctrl", "stim"), c(50, 40))
#' donor <- rep(c("a", "b", "c"), 30)
#' table(split_cells(90, condition, validation = 0.1, seed = 1), condition)
#' lapply(split_cells(90, condition, by = donor, seed = 1), table, donor)
#' @export
split_cells <- function(x, condition = NULL, by = NULL, hold.out = NULL, test = 0.2,
                        validation = 0, seed = NULL, ...) {
  exact_arguments()
  refuse_treated(list(...))
  no_more(list(...), names(formals(split_cells)))
  if (missing(x)) fail("x is missing; give the cells, or their number")
  cells <- cells_to_split(x)
  condition <- cell_labels(condition, cells$columns, cells$count, "condition",
                           cells = cells$names)
  if (is.null(condition)) condition <- factor(rep("all", cells$count))
  condition <- without_predicted(condition, cells$columns)
  group <- cell_labels(by, cells$columns, cells$count, "by", cells = cells$names)
  seed <- seed_or_draw(seed)
  if (is.null(group)) {
    if (!is.null(hold.out)) fail("hold.out names levels of by = ; give by as well")
    check_share(test, "test")
    check_share(validation, "validation")
    if (test + validation >= 1)
      fail("test and validation leave no cells to train on; their sum must be below 1")
    return(random_split(condition, test, validation, seed, cells$names))
  }
  if (anyNA(group)) fail("by has a missing label")
  if (is.null(hold.out)) {
    if (nlevels(group) < 2L)
      fail("by has only the level ", quoted(levels(group)), "; there is nothing to hold out")
    out <- lapply(levels(group), function(level) {
      group_split(group, level, condition, setdiff_validation(validation, level), seed, cells$names)
    })
    return(stats::setNames(out, levels(group)))
  }
  unknown <- setdiff(as.character(hold.out), levels(group))
  if (length(unknown))
    fail("by has no level ", quoted(unknown[1L]), did_you_mean(unknown[1L], levels(group)))
  group_split(group, as.character(hold.out), condition, validation, seed, cells$names)
}

split.parts <- c("train", "validation", "test")

cells_to_split <- function(x) {
  if (is.numeric(x) && is.null(dim(x)) && length(x) == 1L) {
    if (is.na(x) || x < 1 || x != floor(x)) fail("x must be a number of cells, found ", shown(x))
    return(list(count = as.integer(x), columns = NULL, names = NULL))
  }
  if (length(dim(x)) != 2L)
    fail("x must have cells as columns, or be their number; found ", shown(x))
  columns <- if (object_kind(x) != "matrix") marked_columns(x)
  list(count = ncol(x), columns = columns, names = colnames(x))
}

check_share <- function(share, argument) {
  if (!is.numeric(share) || length(share) != 1L || is.na(share) || share < 0 || share >= 1) {
    fail(argument, " must be a share of the cells, from 0 to below 1, found ", shown(share))
  }
}

part_size <- function(share, count) if (share == 0)
  0L else max(1L, as.integer(round(share * count)))

# Within each condition and batch; cells without a condition are not used by anything and stay NA. A
# batch with too few cells in a condition keeps one there for training, so that a split never breaks
# it.
random_split <- function(condition, test, validation, seed, names, batch = NULL) {
  out <- rep(NA_character_, length(condition))
  with_seed(seed, for (level in levels(condition)) {
    of.level <- which(condition == level)
    within <- if (is.null(batch)) list(of.level) else split(of.level, as.character(batch[of.level]))
    for (at in within) {
      order <- at[sample.int(length(at))]
      sizes <- c(test = part_size(test, length(at)), validation = part_size(validation, length(at)))
      if (sum(sizes) >= length(at)) sizes <- trimmed_sizes(sizes, length(at), level, is.null(batch))
      out[order] <- "train"
      out[order[seq_len(sizes[["test"]])]] <- "test"
      out[order[sizes[["test"]] + seq_len(sizes[["validation"]])]] <- "validation"
    }
  })
  stats::setNames(factor(out, split.parts), names)
}

trimmed_sizes <- function(sizes, count, level, whole) {
  if (whole) {
    fail("condition ", quoted(level), " has ", counted(count, "cell"),
         ", too few for test and validation cells beside training cells")
  }
  sizes[] <- c(0L, 0L)
  if (count > 1L) sizes[["test"]] <- 1L
  sizes
}

setdiff_validation <- function(validation, level) {
  if (is.character(validation)) setdiff(validation, level) else validation
}

group_split <- function(group, hold.out, condition, validation, seed, names) {
  out <- rep("train", length(group))
  out[group %in% hold.out] <- "test"
  rest <- which(out == "train")
  if (is.character(validation)) {
    unknown <- setdiff(validation, levels(group))
    if (length(unknown))
      fail("by has no level ", quoted(unknown[1L]), did_you_mean(unknown[1L], levels(group)))
    if (length(intersect(validation, hold.out)))
      fail("a level cannot be held out for test and validation")
    out[group %in% validation] <- "validation"
  } else {
    check_share(validation, "validation")
    if (validation > 0 && length(rest)) {
      parts <- random_split(droplevels(condition[rest]), 0, validation, seed, NULL)
      out[rest] <- as.character(parts)
    }
  }
  out[is.na(condition)] <- NA
  if (!any(out %in% "train")) fail("no cells are left to train on; hold out fewer levels")
  stats::setNames(factor(out, split.parts), names)
}
