# How far ahead can a population be tracked: one fit for every horizon of a time course.

#' Fit and score every horizon of a time course
#'
#' From the cells at the first time to those at each later one: held-out scores of LAOT beside the
#' trivial predictors and the noise reference, the size of the map, and trackability, against the
#' time gap.
#'
#' @param x A SingleCellExperiment, SummarizedExperiment or Seurat object with a column of times, or
#'   a matrix (features x cells).
#' @param time The column with the time of each cell, or one time per cell. Numbers, or texts that
#'   begin with a number such as `"24h"`. Cells without a time are left out.
#' @param start The time to start from; without it the first.
#' @param gammas Bandwidths of MMD^2: `"median"` (of the training cells) or numbers.
#' @param splits How many random splits into training and test cells to average over.
#' @param test Share of the cells of each time that is held out in a split.
#' @param resamples,repeats,most.cells As in [trackability()], for the fit on all cells.
#' @param batch A column, or one label per cell, of donor or replicate: cells are paired only within
#'   a level.
#' @param ... Arguments of [laot_fit()], such as `assay.type`, `subset.row` or `n.pcs`. The preset
#'   is `"calibrated"`, one matrix, unless another is named.
#' @param seed Seed; without it one number is drawn from R's generator.
#' @param num.threads Threads to use. The result does not depend on it.
#' @param verbose Show progress bars.
#' @param object A `laot_sweep`.
#' @returns A list of class `laot_sweep`:
#' * `scores`: data frame of `time`, `gap`, `method`, `metric` (`mmd2`, `w2`), `setting`, `value`
#'   (mean over the splits) and `sd`;
#' * `track`: one row for each time: `gap`, `n`, `change` (\eqn{|W - I|_F} in the feature space),
#'   `recovery` (share of pairs found again in a simulation of the fit), `residual` (over
#'   nearest-neighbour distance), `verdict`;
#' * `rates`: how fast cells move between successive times, in units of the data over time, with a
#'   `floor`, what two halves of one time would show;
#' * `isometry`: \eqn{\delta} of the centred cells at the start and the critical gap for L, the
#'   largest 95% quantile of the rates. Here all of a cell's movement counts, the common shift too,
#'   in all features; [`trackability(time.course = )`][trackability()] asks the same in the feature
#'   space of one fit;
#' * `fits`: the fits on all cells.
#' @examples
#' start <- matrix(rnorm(3 * 60), 3)
#' cells <- cbind(start, 1.2 * start + 1, 1.5 * start + 2)
#' sweep <- time_gap_sweep(cells, time = rep(c(0, 12, 24), each = 60), splits = 2, resamples = 4,
#'                         repeats = 2, seed = 1, verbose = FALSE)
#' sweep
#' plot(sweep)
#' @export
time_gap_sweep <- function(x, time = "time", start = NULL, gammas = "median", splits = 5,
                           test = 0.2,
                           resamples = 20, repeats = 4, most.cells = 200, batch = NULL, ...,
                           seed = NULL,
                           num.threads = 1L, verbose = interactive()) {
  exact_arguments()
  if (missing(x)) fail(no.cells)
  whole(splits, "splits")
  check_share(test, "test")
  check_gamma(gammas)
  whole(resamples, "resamples", 2)
  seed <- seed_or_draw(seed)
  dots <- list(...)
  source <- do.call(read_source, c(list(x), dots))
  values <- source$values
  times <- time_of_cells(time, source)
  levels <- labels_of(batch, source, "batch")
  if (anyNA(levels[!is.na(times)])) fail("batch has a missing label among the cells that are used")
  if (anyNA(times) && verbose)
    message("Left out: ", counted(sum(is.na(times)), "cell"), " without a time")
  kept <- sort(unique(times[!is.na(times)]))
  if (length(kept) < 2L) {
    fail("a sweep needs cells of at least two times, found ",
         if (length(kept)) paste("only time", kept) else "none with a time")
  }
  start <- if (is.null(start)) kept[1L] else time_of_label(start, time, source, times)
  if (!start %in% kept)
    fail("start must be one of the times, which are ", listed(kept), "; found ", shown(start))
  horizons <- kept[kept > start]
  if (!length(horizons)) fail("there is no time after ", start, "; the times are ", listed(kept))
  features <- sweep_features(source, times, start, call_settings(seed, num.threads))
  population <- function(at) {
    index <- which(times == at)
    list(values = dense_block(cells_of(values, index, features)),
         batch = if (!is.null(levels)) as.character(levels[index]))
  }
  cells <- lapply(stats::setNames(nm = c(start, horizons)), population)
  counts <- vapply(cells, function(at) ncol(at$values), 0L)
  few <- which(counts < 8L)
  if (length(few))
    fail("time ", names(few)[1L], " has only ", counted(counts[few[1L]], "cell"), "; 8 are needed")

  fit <- function(control, treated, seed) {
    batch <- if (!is.null(levels)) list(control = control$batch, treated = treated$batch)
    # one matrix, whose size is told
    if (is.null(source$rest$preset)) source$rest$preset <- "calibrated"
    do.call(laot_fit, c(list(control$values, treated$values, batch = batch), source$rest,
                        list(seed = seed, num.threads = num.threads, verbose = FALSE)))
  }
  fits <- list()
  track <- scores <- list()
  for (horizon in as.character(horizons)) {
    whole.fit <- fit(cells[[1L]], cells[[horizon]], seed)
    whole.fit$control <- as.character(start)
    whole.fit$target <- horizon
    said <- trackability(whole.fit, resamples = resamples, halves = 0, restarts = 0,
                         designs = "counterpart",
                         gaps = c(0, 1), repeats = repeats, most.cells = most.cells, seed = seed,
                         num.threads = num.threads, verbose = verbose)
    latent <- model_array(whole.fit, "latent_map")
    track[[horizon]] <- data.frame(
      time = as.numeric(horizon), gap = as.numeric(horizon) - start, n = counts[[horizon]],
      change = sqrt(sum((latent - diag(nrow(latent)))^2)),
      recovery = attr(said$curves$counterpart, "recovery.at.one"),
      residual = said$spacing[["residual"]], verdict = said$verdict
    )
    scores[[horizon]] <- split_scores(cells[[1L]], cells[[horizon]], fit, splits, test, gammas,
                                      seed, num.threads)
    scores[[horizon]] <- cbind(time = as.numeric(horizon), gap = as.numeric(horizon) - start,
                               scores[[horizon]])
    fits[[horizon]] <- whole.fit
  }
  course <- lapply(cells[order(as.numeric(names(cells)))], function(at) at$values)
  rates <- course_rates(course, call_settings(seed, num.threads))
  centred <- cells[[1L]]$values - rowMeans(cells[[1L]]$values)
  isometry <- isometry_of(centred, rate_of_course(rates), call_settings(seed, num.threads))$table
  structure(list(scores = bind(scores), track = bind(track), rates = rates, isometry = isometry,
                 fits = structure(fits, class = "laot_fit_list"), start = start),
                 class = "laot_sweep")
}

bind <- function(parts) {
  out <- do.call(rbind, unname(parts))
  rownames(out) <- NULL
  out
}

sweep_features <- function(source, times, start, settings) {
  chosen <- chosen_features(source$subset$value, source$values, source$subset$argument)
  rows <- value_dim(source$values)[1L]
  if (!is.null(chosen) || rows <= usual_features()) return(chosen)
  variable_features(population(source$values, which(times == start)),
                    population(source$values, which(times > start)),
                    settings)
}

# Scores on held-out cells, averaged over splits.
split_scores <- function(control, treated, fit, splits, test, gammas, seed, num.threads) {
  all <- lapply(seq_len(splits), function(s) {
    draw <- function(from) {
      count <- ncol(from$values)
      with_seed(seed + s, sample.int(count, max(2L, round(test * count))))
    }
    part <- function(from, index)
      list(values = from$values[, index, drop = FALSE], batch = from$batch[index])
    out <- list(control = draw(control), treated = draw(treated))
    trained <- fit(part(control, -out$control), part(treated, -out$treated), seed + s)
    as.data.frame(suppressMessages(evaluate_predictions(
      trained, observed = part(treated, out$treated)$values,
      control = part(control, out$control)$values,
      metrics = c("mmd2", "w2"), gamma = gammas, num.threads = num.threads
    )))
  })
  values <- vapply(all, function(one) one$value, all[[1L]]$value)
  values <- matrix(values, nrow(all[[1L]]))
  # A median bandwidth differs from split to split; its name does not.
  setting <- all[[1L]]$setting
  if (identical(gammas, "median"))
    setting <- ifelse(all[[1L]]$metric == "mmd2", "median gamma", setting)
  data.frame(method = all[[1L]]$method, metric = all[[1L]]$metric, setting = setting,
             value = rowMeans(values), sd = apply(values, 1L, stats::sd))
}

#' @export
print.laot_sweep <- function(x, ...) {
  cat("Time-gap sweep from ", x$start, " to ", listed(x$track$time), "\n\n", sep = "")
  print(format(x$track, digits = 2L), row.names = FALSE)
  writeLines(strwrap(paste(
    paste("change: |W - I|. recovery: share of pairs found again, were the fit right.",
          "residual: how far partners lie"),
    paste("from where the map sends cells, over the distance to the nearest neighbour",
          "(1: others would do as well).")
  ), 84L))
  for (metric in unique(x$scores$metric)) {
    for (setting in unique(x$scores$setting[x$scores$metric == metric])) {
      part <- x$scores[x$scores$metric == metric & x$scores$setting == setting, ]
      wide <- tapply(part$value, list(factor(part$method, unique(part$method)), part$time), mean)
      cat("\n", metric, if (nzchar(setting)) paste0(" (", setting, ")"),
          " on held-out cells\n", sep = "")
      print(signif(wide, 3L))
    }
  }
  best <- x$isometry[x$isometry$scaling == "smallest", ]
  cat("\n")
  writeLines(strwrap(paste0("The theorem's bound, cells at ", x$start, ": ",
                            theorem_sentence(best, x$track$gap), "."),
                     84L, exdent = 2L))
  invisible(x)
}
