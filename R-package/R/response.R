# What a fit says of each feature beside what was measured: the table for a paper.

#' Response of every feature
#'
#' What goes into a paper: the shift of every feature that was predicted for new controls and the one that was
#' observed, with an interval of the observed one over cells or over donors, and how far the two distributions are
#' apart.
#'
#' @param x A `laot_fit`.
#' @param observed Measured treated cells, best ones that the fit has not seen.
#' @param control Control cells, from which the shifts are counted and which are predicted.
#' @param by `NULL`, or a column of both objects, or `list(control =, observed =)` with one label per cell, such as the
#'   donor: then shifts are those of the means of each level (pseudo-bulk), and the interval is over the levels
#'   that both sides have.
#' @param sets `NULL`, or a named list of feature names (gene sets): one row for each set, whose value for a cell is
#'   the mean of its features.
#' @param level Coverage of the interval, of Welch's t or, over levels, Student's.
#' @param ... For objects: where their values are, as in [predict.laot_fit()].
#' @returns A data frame with `feature` (or `set` and `features`, how many the fit has), `mean.control`,
#'   `observed` and `predicted` (shifts against the controls), `low` and `high` (interval of `observed`), `ks`
#'   (Kolmogorov-Smirnov distance of predicted and observed cells), `units` (cells, or levels), largest observed
#'   shift first.
#' @seealso [worst_features()]
#' @examples
#' genes <- paste0("gene", 1:4)
#' cells <- function(n, shift) matrix(rnorm(4 * n, shift), 4, dimnames = list(genes, NULL))
#' fit <- laot_fit(cells(60, 0), cells(50, c(2, 0, 1, 0)), seed = 1)
#' response_table(fit, observed = cells(40, c(2, 0, 1, 0)), control = cells(30, 0))
#' response_table(fit, observed = cells(40, 1), control = cells(30, 0), sets = list(first = genes[1:2]))
#' @export
response_table <- function(x, observed, control, by = NULL, sets = NULL, level = 0.95, ...) {
  exact_arguments()
  if (!inherits(x, "laot_fit")) fail("x must be a laot_fit, found ", shown(x))
  if (missing(observed) || missing(control)) fail("give the measured treated cells as observed = and the control cells as control = ")
  if (!is.numeric(level) || length(level) != 1L || is.na(level) || level <= 0 || level >= 1) {
    fail("level must be a number between 0 and 1, found ", shown(level))
  }
  check_dots(list(...), names(formals(response_table)))
  read <- function(cells, what) read_like(x, cells, list(...), what)
  sources <- list(control = read(control, "control"), observed = read(observed, "observed"))
  values <- lapply(names(sources), function(side) {
    at <- match_features(x$features, feature_count(x), sources[[side]]$values, side, "the fit")
    dense_block(cells_of(sources[[side]]$values, features = at))
  })
  names(values) <- names(sources)
  values$predicted <- native(.Call(C_predict, model_pointer(x), cells_of(unname(values$control)), "no", call_settings()))
  labels <- feature_labels(x)
  size <- NULL
  if (!is.null(sets)) {
    rows <- checked_sets(sets, labels)
    size <- lengths(rows)
    values <- lapply(values, function(part) do.call(rbind, lapply(rows, function(at) colMeans(part[at, , drop = FALSE]))))
    labels <- names(rows)
  }
  groups <- by_of_two(by, sources)
  shift <- if (is.null(groups)) shift_over_cells(values, level) else shift_over_levels(values, groups, level)
  out <- data.frame(feature = labels, mean.control = rowMeans(values$control), shift,
                    ks = vapply(seq_along(labels), function(k) ks_distance(values$predicted[k, ], values$observed[k, ]), 0), row.names = NULL)
  if (!is.null(size)) out <- cbind(set = out$feature, features = unname(size), out[-1L])
  out <- out[order(-abs(out$observed)), ]
  rownames(out) <- NULL
  out
}

checked_sets <- function(sets, labels) {
  if (!is.list(sets) || is.null(names(sets)) || !all(vapply(sets, is.character, NA))) {
    fail("sets must be a named list of feature names, found ", shown(sets))
  }
  rows <- lapply(sets, function(names) which(labels %in% names))
  empty <- names(rows)[!lengths(rows)]
  if (length(empty)) warning("left out: sets without a feature of the fit (", listed(empty, 5L), ")", call. = FALSE)
  rows <- rows[lengths(rows) > 0L]
  if (!length(rows)) fail("no set has a feature of the fit, whose features are ", listed(labels, 3L))
  rows
}

by_of_two <- function(by, sources) {
  if (is.null(by)) return(NULL)
  if (!is.list(by)) by <- list(control = by, observed = by)
  sides <- c("control", "observed")
  if (!all(sides %in% names(by))) fail("by must be a column of both objects, or list(control =, observed =)")
  out <- lapply(stats::setNames(nm = sides), function(side) as.character(labels_of(by[[side]], sources[[side]], "by")))
  shared <- setdiff(intersect(out$control, out$observed), NA)
  if (length(shared) < 2L) fail("by needs at least 2 levels that control and observed cells share, found ", listed(shared))
  lapply(out, factor, levels = shared)
}

# Welch's interval.
shift_over_cells <- function(values, level) {
  n <- ncol(values$control)
  m <- ncol(values$observed)
  variance <- function(part) rowSums((part - rowMeans(part))^2) / (ncol(part) - 1)
  a <- variance(values$control) / n
  b <- variance(values$observed) / m
  observed <- rowMeans(values$observed) - rowMeans(values$control)
  width <- stats::qt((1 + level) / 2, (a + b)^2 / (a^2 / (n - 1) + b^2 / (m - 1))) * sqrt(a + b)
  width[a + b == 0] <- 0
  data.frame(observed = observed, low = observed - width, high = observed + width,
             predicted = rowMeans(values$predicted) - rowMeans(values$control), units = m)
}

# Of the means of each level on both sides: pseudo-bulk, paired.
shift_over_levels <- function(values, groups, level) {
  means <- function(part, group) vapply(levels(group), function(one) rowMeans(part[, which(group == one), drop = FALSE]), numeric(nrow(part)))
  as_rows <- function(x) matrix(x, nrow(values$control))
  control <- as_rows(means(values$control, groups$control))
  each <- as_rows(means(values$observed, groups$observed)) - control
  predicted <- as_rows(means(values$predicted, groups$control)) - control
  k <- ncol(each)
  center <- rowMeans(each)
  width <- stats::qt((1 + level) / 2, k - 1) * sqrt(rowSums((each - center)^2) / (k - 1) / k)
  data.frame(observed = center, low = center - width, high = center + width, predicted = rowMeans(predicted), units = k)
}

ks_distance <- function(x, y) {
  at <- sort(unique(c(x, y)))
  max(abs(stats::ecdf(x)(at) - stats::ecdf(y)(at)))
}
