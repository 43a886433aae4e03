# Single measures, for those who want a number and not a table.

#' Squared maximum mean discrepancy and its permutation test
#'
#' `mmd2()` is the squared MMD between two populations of cells with the kernel \eqn{exp(-gamma
#' |u-v|^2)}, averaged over `gamma`. `mmd2_test()` asks whether the two have one law: how often is
#' the unbiased estimate of randomly relabelled cells as large?
#'
#' @param x,y Cells: matrices (features x cells), data frames, sparse matrices,
#'   SummarizedExperiment, SingleCellExperiment or Seurat objects. Features are matched by name
#'   where there are names.
#' @param gamma Bandwidths, over which the mean is taken: numbers, or `"median"`, 1 / median of the
#'   positive squared distances of the pooled cells (of more than 4000, a seeded subsample). To
#'   score predictions, take it from training cells, as [evaluate_predictions()] does.
#' @param estimator `"unbiased"` (the U-statistic: not clipped, so negative about half the time
#'   where the laws are equal; `NA` with one cell) or `"biased"` (the V-statistic, never negative).
#' @param permutations How many random relabellings; `NULL`: as [laot_settings()] has it.
#' @param seed Seed of the relabellings; without it one number is drawn from R's generator.
#' @param ... For objects: `assay.type`, `dimred`, `altexp`, or `assay`, `layer`, `reduction`, as in
#'   [laot_fit()].
#' @param num.threads Threads to use. The result does not depend on it.
#' @returns `mmd2()`: a number. `mmd2_test()`: an object of class `htest`, with the unbiased
#'   estimate as `statistic` and `p.value` = (1 + relabellings with one as large) / (1 +
#'   permutations).
#' @references Gretton et al., A kernel two-sample test, JMLR 2012.
#' @seealso [evaluate_predictions()], which scores predictions beside trivial predictors
#' @examples
#' set.seed(1)
#' x <- matrix(rnorm(3 * 60), 3)
#' y <- matrix(rnorm(3 * 50, 0.5), 3)
#' mmd2(x, y)
#' mmd2(x, y, gamma = 10^seq(1, -3, length.out = 50), estimator = "biased")
#' mmd2_test(x, y, permutations = 199, seed = 1)
#' @export
mmd2 <- function(x, y, gamma = "median", estimator = "unbiased", ..., num.threads = 1L) {
  exact_arguments()
  if (missing(x) || missing(y)) fail(no.samples)
  settings <- call_settings(1, num.threads)
  one_of(estimator, c("unbiased", "biased"), "estimator")
  check_gamma(gamma)
  cells <- two_samples(x, y, list(...))
  gamma <- pooled_gamma(gamma, cells, settings)
  if (anyNA(gamma)) {
    warning("no two cells differ, so that there is no bandwidth: MMD^2 is NA", call. = FALSE)
    return(NA_real_)
  }
  value <- native(.Call(C_mmd2, cells$x, cells$y, gamma, estimator, settings))
  if (is.nan(value)) NA_real_ else value
}

#' @rdname mmd2
#' @export
mmd2_test <- function(x, y, gamma = "median", permutations = NULL, seed = NULL, ...,
                      num.threads = 1L) {
  exact_arguments()
  if (missing(x) || missing(y)) fail(no.samples)
  data.name <- paste(deparse1(substitute(x)), "and", deparse1(substitute(y)))
  check_gamma(gamma)
  permutations <- or_usual(permutations, "mmd2_test", "permutations")
  if (!is.numeric(permutations) || length(permutations) != 1L || is.na(permutations) ||
      permutations < 1 ||
      permutations != floor(permutations)) {
    fail("permutations must be one whole number of at least 1, found ", shown(permutations))
  }
  settings <- call_settings(seed_or_draw(seed), num.threads)
  cells <- two_samples(x, y, list(...))
  gamma <- pooled_gamma(gamma, cells, settings)
  if (anyNA(gamma)) fail("no two cells differ, so that there is no bandwidth and nothing to test")
  found <- native(.Call(C_mmd2_test, cells$x, cells$y, gamma, as.double(permutations), settings))
  if (is.nan(found[["mmd2"]])) fail("the test needs two cells on each side, found ",
                                     cell_count(cells$x), " and ", cell_count(cells$y))
  structure(list(
    statistic = c("MMD^2" = found[["mmd2"]]), p.value = found[["p.value"]],
    parameter = if (length(gamma) == 1L) c(gamma = gamma) else c(gammas = length(gamma)),
    method = paste0("Permutation test of equal laws by MMD^2 (unbiased, ",
                    if (length(gamma) > 1L) paste0("mean over ", length(gamma), " gammas, "),
                    counted(permutations, "permutation"), ")"),
    alternative = "the two populations have different laws", data.name = data.name
  ), class = "htest")
}

no.samples <- "give the cells of the two populations as x and y"

# Both as the library reads them, the features of y in the order of x.
two_samples <- function(x, y, dots) {
  check_dots(dots, c(names(formals(mmd2)), names(formals(mmd2_test))))
  like <- list(origin = list(kind = "none"))
  x <- read_like(like, x, dots, "x")$values
  y <- read_like(like, y, dots, "y")$values
  at <- match_features(value_dimnames(x)[[1L]], value_dim(x)[1L], y, "y", "x", x)
  list(x = cells_of(x, with.names = FALSE), y = cells_of(y, features = at, with.names = FALSE))
}

pooled_gamma <- function(gamma, cells, settings) {
  if (identical(gamma, "median")) native(.Call(C_median_gamma, cells$x, cells$y, settings)) else
    as.double(gamma)
}

#' Does a prediction keep each cell's identity?
#'
#' Spearman's correlation over features of each cell's control state with its own predicted state,
#' as the per-cell check of the CellOT preprint, Figure 4. It compares with the control, not with
#' observed cells: no change at all gives 1, and a map that forgets which cell it started from gives
#' low values.
#'
#' @inheritParams evaluate_predictions
#' @param x A `laot_fit`, whose predictions for the `control` cells are compared, or predicted
#'   cells: a matrix (features x cells), data frame, sparse matrix, SummarizedExperiment,
#'   SingleCellExperiment or Seurat object.
#' @param control The control cells: those that the fit should predict, or, where `x` holds
#'   predicted cells, those from which they were predicted, in the same order.
#' @returns One number for each control cell, with the names of the cells; `NA` where all values of
#'   a cell are the same. Its mean is the metric `cell_spearman` of [evaluate_predictions()].
#' @examples
#' set.seed(1)
#' control <- matrix(rnorm(6 * 50), 6, dimnames = list(letters[1:6], paste0("cell", 1:50)))
#' fit <- laot_fit(control, control + 1:6, seed = 1)
#' summary(cell_spearman(fit, control))
#' @export
cell_spearman <- function(x, control, ..., num.threads = 1L) {
  exact_arguments()
  check_dots(list(...), names(formals(cell_spearman)))
  settings <- call_settings(1, num.threads)
  if (missing(control)) control <- NULL
  if (is.null(control))
    fail("control is missing; give the control cells that the predictions start from")
  given <- predictions_of(x, control, list(...), settings)
  start <- read_like(given$like, control, list(...), "control")$values
  size <- value_dim(given$predicted)
  at <- match_features(value_dimnames(given$predicted)[[1L]], size[1L], start, "control",
                       "the prediction", given$predicted)
  if (value_dim(start)[2L] != size[2L]) {
    fail("control has ", counted(value_dim(start)[2L], "cell"), " and the prediction ", size[2L],
         "; each predicted cell needs its control state, in the same order")
  }
  out <- native(.Call(C_cell_spearman, cells_of(start, features = at, with.names = FALSE),
                cells_of(given$predicted, with.names = FALSE), settings))
  out[is.nan(out)] <- NA
  stats::setNames(out, value_dimnames(start)[[2L]])
}
