# A fit's prediction of each feature beside the measurement: the table for a paper.

#' Response of every feature
#'
#' The table for a paper: the shift of every feature that was predicted for new controls and the
#' one that was observed, with an interval of the observed one over cells or over donors, and how
#' far the two distributions are apart.
#'
#' @param x A `laot_fit`, or the fits of several targets or of a column (`laot_fit(by = )`).
#' @param observed Measured treated cells, best ones that the fit has not seen: of several fits one
#'   object with the column that tells them apart, or a named list, as in [evaluate_predictions()].
#' @param control Control cells, from which the shifts are counted and which are predicted.
#' @param by `NULL`, or a column of both objects, or `list(control =, observed =)` with one label
#'   per cell, such as the donor: then shifts are those of the means of each level (pseudo-bulk),
#'   and the interval is over the levels that both sides have.
#' @param sets `NULL`, or a named list of feature names (gene sets): one row for each set, whose
#'   value for a cell is the mean of its features.
#' @param level Coverage of the interval, of Welch's t over cells or, over levels, Student's t of
#'   their shifts; `NULL`: as [laot_settings()] has it.
#' @param ... For objects: where their values are, as in [predict.laot_fit()].
#' @returns A data frame with `feature` (or `set` and `features`, how many the fit has),
#'   `mean.control`, `observed`, `low` and `high` (shift against the controls and its interval),
#'   `predicted` (shift), `sd.control`, `sd.observed`, `sd.predicted` (divisor n), `zeros.control`,
#'   `zeros.observed`, `zeros.predicted` (share of values that are exactly 0), `ks`
#'   (Kolmogorov-Smirnov distance of predicted and observed cells), `units` (cells, or levels),
#'   largest observed shift first; of several fits one below the other, named in a first column
#'   (`target`, or the fits' column), as in [tidy()][laot_tables]. The library's own table:
#'   `laot_response_table` in C.
#' @seealso [worst_features()], [marker_table()]
#' @examples
#' genes <- paste0("gene", 1:4)
#' cells <- function(n, shift) matrix(rnorm(4 * n, shift), 4, dimnames = list(genes, NULL))
#' fit <- laot_fit(cells(60, 0), cells(50, c(2, 0, 1, 0)), seed = 1)
#' response_table(fit, observed = cells(40, c(2, 0, 1, 0)), control = cells(30, 0))
#' response_table(fit, observed = cells(40, 1), control = cells(30, 0),
#'                sets = list(first = genes[1:2]))
#' plot(response_table(fit, observed = cells(40, c(2, 0, 1, 0)), control = cells(30, 0)))
#' @export
response_table <- function(x, observed, control, by = NULL, sets = NULL, level = NULL, ...) {
  exact_arguments()
  check_dots(list(...), names(formals(response_table)))
  level <- or_usual(level, "response_table", "level")
  if (missing(x)) fail("x is missing; give a fit, as laot_fit() makes it")
  several <- inherits(x, "laot_fit_list")
  if (!several) one_fit(x, "x")
  if (missing(observed) || missing(control))
    fail("give the measured treated cells as observed = and the control cells as control = ")
  if (!is.numeric(level) || length(level) != 1L || is.na(level) || level <= 0 || level >= 1) {
    fail("level must be a number between 0 and 1, found ", shown(level))
  }
  if (several) return(response_of_each(x, observed, control, by, sets, level, ...))
  read <- function(cells, what) read_like(x, cells, list(...), what)
  sources <- list(control = read(control, "control"), observed = read(observed, "observed"))
  warn_of_labels(x, sources)
  groups <- by_of_two(by, sources)
  cells <- lapply(stats::setNames(nm = names(sources)), function(side) {
    at <- match_features(x$features, feature_count(x), sources[[side]]$values, side, "the fit")
    cells_of(sources[[side]]$values, features = at, batch = groups[[side]], with.names = FALSE)
  })
  labels <- feature_labels(x)
  size <- NULL
  if (!is.null(sets)) {
    rows <- checked_sets(sets, labels)
    size <- lengths(rows)
    labels <- names(rows)
    predicted <- cells_of(predicted_matrix(x, cells$control), with.names = FALSE)
    in_sets <- function(part) {
      values <- dense_block(part)
      means <- do.call(rbind, lapply(rows, function(at) colMeans(values[at, , drop = FALSE])))
      cells_of(unname(means), batch = part$batch, with.names = FALSE)
    }
    cells <- c(lapply(cells, in_sets), list(predicted = in_sets(predicted)))
  }
  warn_of_leakage(NULL, x, sources$observed$values)
  out <- as.data.frame(native(.Call(C_response_table, if (is.null(sets)) model_pointer(x),
                                    cells$predicted,
                                    cells$observed, cells$control, level, call_settings())))
  names(out) <- dotted(names(out))
  out$feature <- labels[out$position + 1]
  out$units <- as.integer(out$units)
  if (!is.null(size))
    out <- cbind(set = out$feature, features = unname(size)[out$position + 1], out)
  if (nrow(out) && all(is.na(out$low)))
    warning("an interval needs at least two cells or levels on each side: low and high are NA",
            call. = FALSE)
  out <- long_table(out[setdiff(names(out), c("position", if (!is.null(size)) "feature"))])
  class(out) <- c("laot_response", class(out))
  out
}

checked_sets <- function(sets, labels) {
  if (is.data.frame(sets) || is(sets, "DataFrame")) {
    column <- function(words, usual)
      c(grep(words, names(sets), ignore.case = TRUE, value = TRUE), usual)[1L]
    fail("sets must be a list of feature names, found ", shown(sets), "; of a table df with a row ",
         "for each feature of each set give split(df$",
         column("symbol|gene$|feature", "gene_symbol"), ", df$",
         column("gs_name|set|term|pathway", "gs_name"), ")")
  }
  if (!is.list(sets) || is.null(names(sets)) || !all(nzchar(names(sets)))) {
    fail("sets must be a list of feature names, each set with a name, found ", shown(sets),
         if (is.character(sets)) "; one set is list(name = ) of them")
  }
  wrong <- which(!vapply(sets, is.character, NA))
  if (length(wrong)) {
    one <- sets[[wrong[1L]]]
    fail("set ", quoted(names(sets)[wrong[1L]]), " must be names of features, found ",
         class(one)[1L], " values",
         if (is.factor(one)) "; give as.character() of it" else
           if (is.numeric(one)) "; name the features, as in rownames(x)[...]")
  }
  rows <- lapply(sets, function(names) which(labels %in% names))
  style <- differing_style(setdiff(unlist(sets), labels), labels)
  empty <- names(rows)[!lengths(rows)]
  if (length(empty))
    warning("left out: sets without a feature of the fit (", listed(empty, 5L), ")", style,
            call. = FALSE)
  rows <- rows[lengths(rows) > 0L]
  if (!length(rows))
    fail("no set has a feature of the fit, whose features are ", listed(labels, 3L), style)
  rows
}

by_of_two <- function(by, sources) {
  if (is.null(by)) return(NULL)
  if (!is.list(by)) by <- list(control = by, observed = by)
  sides <- c("control", "observed")
  if (!all(sides %in% names(by)))
    fail("by must be a column of both objects, or list(control =, observed =)")
  out <- lapply(stats::setNames(nm = sides),
                function(side) as.character(labels_of(by[[side]], sources[[side]], "by")))
  shared <- setdiff(intersect(out$control, out$observed), NA)
  if (length(shared) < 2L)
    fail("by needs at least 2 levels that control and observed cells share, found ", listed(shared))
  # Cells without a level, or of one that the other side lacks, count for none.
  lapply(stats::setNames(nm = sides), function(side) ifelse(out[[side]] %in% shared, out[[side]],
                                                            paste(side, "only")))
}

#' The features that respond most
#'
#' By Welch's t of treated against control cells. Chosen on training cells, scores on them are
#' honest.
#'
#' @param control,treated Training cells: matrices (features x cells), data frames, sparse matrices,
#'   SummarizedExperiment, SingleCellExperiment or Seurat objects.
#' @param count How many features.
#' @param ... For objects: `assay.type`, `dimred`, `altexp`, or `assay`, `layer`, `reduction`, as in
#'   [laot_fit()].
#' @returns A data frame with `position`, `feature`, `t` (`Inf` where neither side varies), `shift`,
#'   `mean.control`, `mean.treated`, largest absolute t first.
#' @seealso [response_table()], [evaluate_predictions()], which scores on markers
#' @examples
#' control <- matrix(rnorm(4 * 50), 4, dimnames = list(paste0("gene", 1:4), NULL))
#' marker_table(control, control + c(0, 2, 0, 1), count = 2)
#' @export
marker_table <- function(control, treated, count = 50, ...) {
  exact_arguments()
  if (missing(control) || missing(treated))
    fail("give the training cells as control = and treated = ")
  whole(count, "count")
  check_dots(list(...), names(formals(marker_table)))
  like <- list(origin = list(kind = "none"))
  control <- read_like(like, control, list(...), "control")$values
  treated <- read_like(like, treated, list(...), "treated")$values
  features <- value_dim(control)[1L]
  at <- match_features(value_dimnames(control)[[1L]], features, treated, "treated", "control",
                       control)
  both <- list(control = cells_of(control), treated = cells_of(treated, features = at))
  # The library makes its cells dense: some features at a time, of which each has its own t.
  blocks <- cell_blocks(sum(vapply(both, cell_count, 0)), seq_len(features))
  out <- bind(lapply(blocks, function(rows) markers_among(rows, both, count)))
  out <- utils::head(out[order(-abs(out$t), out$position), ], count)
  rownames(out) <- NULL
  long_table(out)
}

markers_among <- function(rows, both, count) {
  block <- lapply(both, function(side) {
    side$features <- if (is.null(side$features)) rows else side$features[rows]
    side["feature.names"] <- list(side$feature.names[rows])
    side
  })
  named <- lapply(block, function(side) {
    side["features"] <- list(if (is.null(side$feature.names)) rows else side$features)
    side
  })
  out <- as.data.frame(native(.Call(C_marker_table, block$control, block$treated,
                                    min(count, length(rows)), call_settings()), named))
  names(out) <- dotted(names(out))
  out$position <- rows[out$position + 1]
  out
}
