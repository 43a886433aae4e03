# The neural methods: the same objects in, the same kind of fit out, and repeated seeds.

#' Fit a neural method: CellOT, scGen, a conditional autoencoder
#'
#' `cellot_fit()` trains two input-convex networks in a min-max game, whose solution is the optimal
#' transport map (CellOT). `scgen_fit()` trains a variational autoencoder and predicts by the shift
#' of the latent means (scGen). `cae_fit()` trains an autoencoder that is told the condition, and
#' predicts by switching it. All of it is trained here, without Python.
#'
#' A share of the training cells (`validation.share`) is held out, and the iterate that predicts
#' these best is kept; never cells that you score on later. A run that diverges keeps the best iterate
#' before that, and a warning says so. Training is in single precision on one thread; a seed fixes
#' the result. Networks see the cells standardised on one common mean (`center = "joint"`,
#' `scale = "feature"`), on principal components where there are many features; what the components
#' leave out of a cell is kept.
#'
#' What is looked at and kept of CellOT is a moving average of the weights (`average`, the decay of an
#' outer iteration; 0 keeps the iterates themselves, as published). What an autoencoder cannot
#' reconstruct of a cell is kept or dropped (`residual`): `"auto"` keeps it, with the whole change or half
#' of it, unless the validation cells score dropping it better by more than the standard error, and
#' `"drop"` is what was published;
#' `fit$report$residual` and `fit$report$change.share` say which it was.
#'
#' With `center = "own"` each population is taken relative to its own mean, and predictions get the
#' treated mean, as those of [laot_fit()] do: the mean of the predicted training controls is that of the
#' treated cells, and the network says how cells lie about it. On the real sets of `docs/networks.md`
#' this mostly scores better than the published `center = "joint"`. (scGen still sees the two
#' populations where they lie, because the shift of its code would vanish otherwise.)
#' `restore = "mean"` asks for it with any centring (but then, where the fit has components, only within
#' them), `restore = "none"` never does it.
#'
#' @inheritParams laot_fit
#' @param batch For `scgen_fit()`: a column, or one label per cell (for two matrices
#'   `list(control =, treated =)`), of the cell types, every one of them in both populations; the
#'   latent shift is then the mean of the shifts of the types.
#' @param compact Use 3 hidden layers of 32 units in place of 4 of 64.
#' @param ... Parameters of the method by name, such as `iterations = 3000`, `learning.rate`,
#'   `hidden.units`, or `on.cancel = "keep"`, with which Ctrl-C ends the training and hands back the
#'   best iterate so far: see `laot_params("cellot")`, `laot_params("scgen")`, `laot_params("cae")`.
#'   For objects also `assay.type`, `dimred`, `altexp`, `subset.row`, or `assay`, `layer`,
#'   `reduction`, `features`, as in [laot_fit()].
#' @param checkpoint A file that keeps the state of the training: it is replaced every
#'   `checkpoint.seconds`, and when the training ends or is interrupted. Where it exists, the call
#'   goes on from it, and the fit is the one that an uninterrupted call would have given, to the last
#'   bit: so a script that was killed is simply run again. The file must be of the same cells,
#'   parameters and seed (a seed that was not given is taken from the file); only `iterations` or
#'   `epochs` may have grown, which trains a finished network further (as more `patience` does where that
#'   had ended it). Several seeds or targets have a file each, with the seed or the target in its
#'   name. Delete the file to start anew.
#' @param checkpoint.seconds How often to write the checkpoint.
#' @param seeds Several seeds give one fit for each: see [predict.laot_ensemble()].
#' @returns A `laot_fit`; with `seeds` a `laot_ensemble`; for several targets a `laot_fit_list`. The
#'   losses and the validation score of the training are `summary(fit)$trace`, and `plot(fit)` draws
#'   them.
#' @references Bunne et al. (2023), Nature Methods 20, 1759-1768. Lotfollahi et al. (2019), Nature
#'   Methods 16, 715-721. Lopez et al. (2018), Nature Methods 15, 1053-1058.
#' @examples
#' set.seed(1)
#' control <- matrix(rnorm(4 * 100), 4)
#' treated <- matrix(rnorm(4 * 100, mean = 2), 4)
#' fit <- cellot_fit(control, treated, compact = TRUE, iterations = 500, seed = 1)
#' fit
#' tail(summary(fit)$trace, 2)
#' predict(fit, control[, 1:3])
#' scgen_fit(control, treated, hidden.units = 16, latent = 4, epochs = 20, seed = 1)
#' cae_fit(control, treated, hidden.units = 16, latent = 4, epochs = 20, seed = 1)
#' @export
cellot_fit <- function(x, treated = NULL, condition = NULL, control = NULL, target = NULL,
                       preset = NULL, compact = FALSE, ..., checkpoint = NULL,
                       checkpoint.seconds = 30, seed = NULL, seeds = NULL, num.threads = 1L,
                       verbose = interactive()) {
  if (!is.logical(compact) || length(compact) != 1L || is.na(compact)) {
    fail("compact must be TRUE or FALSE, found ", shown(compact))
  }
  dots <- list(...)
  if (compact && is.null(preset)) {
    preset <- "compact"
  } else if (compact) {
    if (is.null(dots$hidden.units)) dots$hidden.units <- 32
    if (is.null(dots$hidden.layers)) dots$hidden.layers <- 3
  }
  fit_network("cellot", x, treated, condition, control, target, NULL, preset, dots,
              checked_checkpoint(checkpoint, checkpoint.seconds), seed, seeds, num.threads, verbose,
              quiet = !missing(verbose) && !verbose)
}

#' @rdname cellot_fit
#' @export
scgen_fit <- function(x, treated = NULL, condition = NULL, control = NULL, target = NULL,
                      batch = NULL, preset = NULL, ..., checkpoint = NULL,
                      checkpoint.seconds = 30, seed = NULL, seeds = NULL, num.threads = 1L,
                      verbose = interactive()) {
  fit_network("scgen", x, treated, condition, control, target, batch, preset, list(...),
              checked_checkpoint(checkpoint, checkpoint.seconds), seed, seeds, num.threads, verbose,
              quiet = !missing(verbose) && !verbose)
}

#' @rdname cellot_fit
#' @export
cae_fit <- function(x, treated = NULL, condition = NULL, control = NULL, target = NULL,
                    preset = NULL, ..., checkpoint = NULL, checkpoint.seconds = 30, seed = NULL,
                    seeds = NULL, num.threads = 1L, verbose = interactive()) {
  fit_network("cae", x, treated, condition, control, target, NULL, preset, list(...),
              checked_checkpoint(checkpoint, checkpoint.seconds), seed, seeds, num.threads, verbose,
              quiet = !missing(verbose) && !verbose)
}

fit_network <- function(method, x, treated, condition, control, target, batch, preset, dots,
                        checkpoint, seed, seeds, num.threads, verbose, quiet) {
  dots <- object_arguments(x, dots)
  one <- function(seed, quiet, checkpoint) {
    fit_source(method, x, treated, condition, control, target, batch, preset, dots$others, seed, num.threads,
               verbose, quiet, subset = dots$subset, where = dots$where, checkpoint = checkpoint,
               further = c("compact"[method == "cellot"], "checkpoint", "checkpoint.seconds", "seeds"))
  }
  if (is.null(seeds)) return(warn_of_training(one(seed, quiet, checkpoint)))
  if (!is.null(seed)) fail("give either seed or seeds, not both")
  if (!is.numeric(seeds) || length(seeds) < 2L || anyDuplicated(seeds)) {
    fail("seeds must be two or more different numbers, found ", shown(seeds))
  }
  for (value in seeds) seed_or_draw(value)
  fits <- list()
  for (k in seq_along(seeds)) {
    fit <- one(seeds[k], quiet || k > 1L, checkpoint_for(checkpoint, paste0("seed", seeds[k])))
    if (inherits(fit, "laot_fit_list")) fail("seeds goes with one target; choose it with target = ")
    fits[[k]] <- warn_of_training(fit, paste0("seed ", seeds[k], ": "))
  }
  names(fits) <- paste0("seed", seeds)
  structure(fits, class = "laot_ensemble")
}

warn_of_training <- function(fit, label = "") {
  fits <- if (inherits(fit, "laot_fit_list")) unclass(fit) else list(fit)
  for (each in fits) {
    text <- each$report$warning
    if (!is.null(text) && nzchar(text)) {
      warning(label, if (length(fits) > 1L) paste0(each$target, ": "), text, call. = FALSE)
    }
  }
  fit
}

is_network <- function(fit) fit$method %in% c("cellot", "scgen", "cae")

#' Repeated seeds
#'
#' `cellot_fit()`, `scgen_fit()` and `cae_fit()` with `seeds = 1:5` give one fit for each seed.
#' `predict()` gives the mean of their predictions, `prediction_spread()` how much they differ for
#' every cell, and [evaluate_predictions()] the mean and the standard deviation of every score.
#'
#' `summary()` gives the summaries of the fits. What asks for one fit, such as [save_model()], takes an element:
#' `fits[["seed1"]]`.
#'
#' @param object A `laot_ensemble`; its elements are `laot_fit`s.
#' @param newdata,... As in [predict.laot_fit()].
#' @returns `predict()`: the mean prediction, in the class of `newdata`. `prediction_spread()`: one
#'   number a cell, in the units of the features: the root of the mean over the features of the
#'   variance between the seeds (divisor: seeds - 1).
#' @examples
#' set.seed(1)
#' control <- matrix(rnorm(3 * 80), 3)
#' treated <- matrix(rnorm(3 * 80, mean = 2), 3)
#' fits <- cellot_fit(control, treated, compact = TRUE, iterations = 500, seeds = 1:3)
#' fits
#' new.cells <- matrix(rnorm(3 * 5), 3)
#' predict(fits, new.cells)
#' prediction_spread(fits, new.cells)
#' @export
predict.laot_ensemble <- function(object, newdata, ...) {
  if (missing(newdata)) fail("newdata is missing; give the control cells to predict")
  seen <- lapply(unclass(object), predicted_values, newdata, ...)
  put_back(newdata, mean_of(seen), seen[[1L]]$origin, seen[[1L]]$at)
}

#' @rdname predict.laot_ensemble
#' @export
prediction_spread <- function(object, newdata, ...) {
  if (!inherits(object, "laot_ensemble")) fail("object must be a laot_ensemble, found ", shown(object))
  if (missing(newdata)) fail("newdata is missing; give the control cells to predict")
  seen <- lapply(unclass(object), predicted_values, newdata, ...)
  center <- mean_of(seen)
  variance <- Reduce(`+`, lapply(seen, function(one) (one$values - center)^2)) / (length(seen) - 1)
  sqrt(colMeans(variance))
}

mean_of <- function(seen) Reduce(`+`, lapply(seen, `[[`, "values")) / length(seen)

#' @export
summary.laot_ensemble <- function(object, ...) {
  structure(lapply(unclass(object), summary), class = "summary.laot_fit_list")
}

#' @export
coef.laot_ensemble <- function(object, ...) lapply(unclass(object), coef)

#' @export
`[.laot_ensemble` <- function(x, i) structure(unclass(x)[i], class = "laot_ensemble")

#' @export
print.laot_ensemble <- function(x, ...) {
  first <- x[[1L]]
  cat(method_title(first), " fits: ", first$control, " to ", first$target, ", ",
      counted(length(x), "seed"), if (nzchar(first$preset)) paste0("  (", first$preset, ")"), "\n", sep = "")
  # Fits of too few cells are mean shifts, which were not trained.
  number <- function(name) vapply(x, function(fit) c(fit$report[[name]], NA_real_)[[1L]], 0)
  score <- number("validation.mmd2")
  print(data.frame(
    seed = vapply(x, `[[`, 0, "seed"), iterations = number("iterations"), kept = number("best.iteration"),
    validation.mmd2 = signif(score, 3L),
    outcome = vapply(x, outcome_text, "")
  ), row.names = FALSE)
  both <- function(values) mean_sd_text(mean(values), stats::sd(values))
  if (!anyNA(score)) {
    cat("validation MMD^2 ", both(score), " (mean +- sd); ",
        if (identical(first$report$restore, "mean")) "the mean shift " else "not moving the cells ",
        both(number("validation.mmd2.identity")), "\n", sep = "")
  }
  invisible(x)
}

# Scores of every seed, gathered: mean and sd where the seeds differ.
evaluate_ensemble <- function(x, ...) {
  each <- lapply(seq_along(x), function(k) {
    run <- if (k == 1L) identity else function(scores) suppressWarnings(suppressMessages(scores))
    run(evaluate_predictions(x[[k]], ...))
  })
  values <- vapply(each, `[[`, numeric(nrow(each[[1L]])), "value")
  values <- matrix(values, nrow = nrow(each[[1L]]))
  out <- as.data.frame(each[[1L]])
  out$value <- rowMeans(values)
  out$sd <- apply(values, 1L, stats::sd)
  out$seeds <- length(x)
  out <- structure(out, class = c("laot_ensemble_scores", "data.frame"))
  attr(out, "verdict") <- ensemble_verdict(out, x[[1L]]$method)
  out
}

# Of the means over the seeds; whether one seed's cells can be told from true ones is each seed's affair.
ensemble_verdict <- function(scores, method) {
  sets <- unique(scores$features)
  unlist(lapply(sets, function(set) {
    out <- set_verdict(scores[scores$features == set, ], method)
    if (length(sets) > 1L && length(out)) paste0("On the ", set, ": ", out) else out
  }))
}

#' @export
print.laot_ensemble_scores <- function(x, digits = 3L, ...) {
  if (!all(c("method", "metric", "setting", "features", "value", "sd", "seeds") %in% names(x)) || !nrow(x)) {
    print(as.data.frame(x), digits = digits, ...)
    return(invisible(x))
  }
  sentences <- attr(x, "verdict")
  x <- as.data.frame(x)
  for (set in unique(x$features)) {
    part <- x[x$features == set, ]
    key <- score_keys(part, c("metric", "setting"))
    print_by_method(part, key, function(row) mean_sd_text(row$value, if (isTRUE(row$sd > 0)) row$sd else NA, digits))
    # Settings are long: below the table, which then fits a terminal.
    key <- key[nzchar(key$setting), ]
    if (nrow(key)) cat("", paste0(format(key$label), "  ", key$setting), sep = "\n")
    cat("mean +- sd over ", counted(part$seeds[1L], "seed"), "; no sd: the same for all\n", sep = "")
    cat("scored on ", set, " against ", part$reference[1L], "\n", if (set != x$features[nrow(x)]) "\n", sep = "")
  }
  print_verdict(sentences)
  invisible(x)
}

# The training of a network, long: series, iteration, value.
training_data <- function(fit) {
  trace <- fit_trace(fit)
  if (!nrow(trace)) fail("the training ended before its first look at the validation cells; there is nothing to plot")
  series <- if (fit$method == "cellot") {
    c(validation.mmd2 = "validation MMD^2", loss.g = "loss of g", norm.g = "gradient norm of g",
      loss.f = "loss of f", norm.f = "gradient norm of f")
  } else {
    c(validation.mmd2 = "validation MMD^2", training.loss = "training loss",
      validation.loss = "validation loss", gradient.norm = "gradient norm")
  }
  out <- do.call(rbind, lapply(names(series), function(name) {
    data.frame(series = series[[name]], iteration = trace[[1L]], value = trace[[name]])
  }))
  out$series <- factor(out$series, unique(out$series))
  attr(out, "unit") <- names(trace)[1L]
  attr(out, "kept") <- fit$report$best.iteration
  out
}

# One panel for each series, or, without `all`, that of the validation score, headed by what it shows.
draw_training <- function(data, title = NULL, all = TRUE) {
  series <- levels(data$series)
  if (all) {
    old <- par(mfrow = panels(length(series)))
    on.exit(par(old))
  } else {
    series <- series[1L]
  }
  for (name in series) {
    part <- data[data$series == name, ]
    first <- name == series[1L]
    plot(part$iteration, part$value, type = "l", las = 1, bty = "l", col = "grey20", xlab = attr(data, "unit"), ylab = "",
         main = paste(c(if (first) title, name), collapse = ": "), font.main = 1)
    graphics::abline(v = attr(data, "kept"), col = "grey60", lty = 2L)
    if (first) {
      # The dashed line is to be seen as well.
      along <- seq(min(part$value), max(part$value), length.out = 20L)
      in_emptiest_corner(c(part$iteration, rep(attr(data, "kept"), 20L)), c(part$value, along),
                         paste(attr(data, "unit"), attr(data, "kept"), "is kept"), lty = 2L, col = "grey60", cex = 0.8)
    }
  }
}

ggplot_training <- function(data) {
  ggplot2::ggplot(data, ggplot2::aes(.data$iteration, .data$value)) +
    ggplot2::geom_vline(xintercept = attr(data, "kept"), colour = "grey60", linetype = 2L) +
    ggplot2::geom_line(colour = "grey20") +
    ggplot2::facet_wrap("series", scales = "free_y") +
    ggplot2::labs(x = attr(data, "unit"), y = NULL,
                  caption = paste0("dashed: ", attr(data, "unit"), " ", attr(data, "kept"), ", which is kept")) +
    laot_theme()
}

# The validation scores of all seeds.
ensemble_data <- function(fits) {
  do.call(rbind, lapply(names(fits), function(name) {
    data <- training_data(fits[[name]])
    data <- data[data$series == "validation MMD^2", ]
    data.frame(seed = fits[[name]]$seed, iteration = data$iteration, value = data$value,
               kept = data$iteration == fits[[name]]$report$best.iteration)
  }))
}

#' @rdname plot.laot_fit
#' @export
plot.laot_ensemble <- function(x, ...) {
  no_more(list(...))
  data <- ensemble_data(x)
  old <- par(tight.margins)
  on.exit(par(old))
  plot(range(data$iteration), range(data$value), type = "n", las = 1, bty = "l", main = fit_title(x[[1L]]),
       font.main = 1, xlab = names(fit_trace(x[[1L]]))[1L], ylab = "validation MMD^2")
  shades <- grDevices::hcl.colors(length(x) + 1L, "viridis")[seq_along(x)]
  seeds <- unique(data$seed)
  for (k in seq_along(seeds)) {
    part <- data[data$seed == seeds[k], ]
    lines(part$iteration, part$value, col = shades[k])
    points(part$iteration[part$kept], part$value[part$kept], col = shades[k], pch = 19)
  }
  legend("topright", c(paste("seed", seeds), "iterate that is kept"), col = c(shades, "grey20"),
         lty = c(rep(1L, length(seeds)), NA), pch = c(rep(NA, length(seeds)), 19), bty = "n", cex = 0.9)
  invisible(x)
}

#' @rdname plot.laot_fit
#' @exportS3Method ggplot2::autoplot
autoplot.laot_ensemble <- function(object, ...) {
  no_more(list(...))
  need("ggplot2", "for autoplot(); plot() works without it")
  data <- ensemble_data(object)
  data$seed <- factor(data$seed)
  ggplot2::ggplot(data, ggplot2::aes(.data$iteration, .data$value, colour = .data$seed)) +
    ggplot2::geom_line() +
    ggplot2::geom_point(data = data[data$kept, ]) +
    ggplot2::labs(x = names(fit_trace(object[[1L]]))[1L], y = "validation MMD^2", title = fit_title(object[[1L]]),
                  caption = "points: the iterates that are kept") + laot_theme()
}
