# Fits of several seeds.

#' Repeated seeds
#'
#' `cellot_fit()`, `scgen_fit()` and `cae_fit()` with `seeds = 1:5` give one fit for each seed.
#' `predict()` gives the mean of their predictions, `prediction_spread()` how much they differ for
#' every cell, and [evaluate_predictions()] the mean and the standard deviation of every score.
#'
#' `summary()` gives the summaries of the fits, `plot()` their validation scores. What asks for one
#' fit, such as [save_model()], takes an element: `fits[["seed1"]]`.
#'
#' A method of many conditions, such as `fit_method(x, "cmonge", seeds = 1:5)`, gives a
#' `laot_ensemble_list`: the ensemble of each condition by name, and `predict(at = )` at any that
#' the method can answer.
#'
#' @param object A `laot_ensemble`; its elements are `laot_fit`s. Or a `laot_ensemble_list`.
#' @param at A condition, as in [predict.laot_fit()]; without it the predictions of all that were
#'   seen.
#' @param newdata,...,into,label,suffix As in [predict.laot_fit()].
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
predict.laot_ensemble <- function(object, newdata, ..., into = NULL, label = "predicted",
                                  suffix = "") {
  exact_arguments()
  if (missing(newdata)) fail("newdata is missing; give the control cells to predict")
  put_predicted(newdata, object[[1L]], into, label, suffix,
                function(cells, part, place) mean_values(object, cells, ...),
                paste0("predict with fits[[\"", names(object)[1L], "\"]]"))
}

# The mean of what predicted_values() gives for each seed.
mean_values <- function(fits, newdata, ...) {
  seen <- once(lapply(unclass(fits), predicted_values, newdata, ...))
  out <- seen[[1L]]
  out$values <- mean_of(seen)
  out
}

#' @rdname predict.laot_ensemble
#' @export
prediction_spread <- function(object, newdata, ...) {
  exact_arguments()
  if (missing(object)) fail("object is missing; give an ensemble, as laot_fit(seeds = ) makes it")
  if (!inherits(object, "laot_ensemble"))
    fail("object must be a laot_ensemble, found ", shown(object))
  if (missing(newdata)) fail("newdata is missing; give the control cells to predict")
  seen <- once(lapply(unclass(object), predicted_values, newdata, ...))
  center <- mean_of(seen)
  variance <- Reduce(`+`, lapply(seen, function(one) (one$values - center)^2)) / (length(seen) - 1)
  sqrt(colMeans(variance))
}

# The fits of all seeds, each of many conditions, by condition.
ensemble_of_conditions <- function(fits) {
  ensemble <- function(name) structure(lapply(fits, `[[`, name), class = "laot_ensemble")
  structure(lapply(stats::setNames(nm = names(fits[[1L]])), ensemble), class = "laot_ensemble_list",
            fits = fits)
}

#' @rdname predict.laot_ensemble
#' @export
predict.laot_ensemble_list <- function(object, newdata, at = NULL, ...) {
  exact_arguments()
  if (missing(newdata)) fail("newdata is missing; give the control cells to predict")
  if (is.null(at)) return(once(lapply(by_condition(object), predict, newdata = newdata, ...)))
  predict(ensemble_at(object, newdata, at, ...), newdata, ...)
}

ensemble_at <- function(object, newdata, at, ...) {
  if (is.data.frame(at) && nrow(at) != 1L)
    fail("at must be one condition for an ensemble, found ", counted(nrow(at), "row"))
  controls <- placing_cells(attr(object, "fits")[[1L]], newdata, "newdata", ...)
  structure(lapply(attr(object, "fits"), fit_at, at, controls), class = "laot_ensemble")
}

#' @export
print.laot_ensemble_list <- function(x, ...) {
  first <- x[[1L]][[1L]]
  cat(method_title(first), " fits: ", first$control, " to ", counted(length(x), "target"), ", ",
      counted(length(x[[1L]]), "seed"), "\none model of all for each seed; predict() takes at = \n",
      sep = "")
  invisible(x)
}

# By differences to the first: where all seeds say the same, so does their mean, to the last bit.
mean_of <- function(seen) {
  first <- seen[[1L]]$values
  first + Reduce(`+`, lapply(seen, function(one) one$values - first)) / length(seen)
}

#' @export
summary.laot_ensemble <- function(object, ...) {
  no_more(list(...))
  structure(lapply(unclass(object), summary), class = "summary.laot_fit_list")
}

#' @export
summary.laot_ensemble_list <- function(object, ...) {
  no_more(list(...))
  structure(lapply(by_condition(object), summary), class = "summary.laot_fit_list")
}

#' @export
coef.laot_ensemble <- function(object, ...) {
  no_more(list(...))
  lapply(unclass(object), coef)
}

#' @export
coef.laot_ensemble_list <- function(object, ...) {
  no_more(list(...))
  lapply(by_condition(object), coef)
}

#' @export
`[.laot_ensemble` <- function(x, i) structure(some_of(x, i), class = "laot_ensemble")

#' @export
`[.laot_ensemble_list` <- function(x, i)
  structure(some_of(x, i), class = "laot_ensemble_list", fits = attr(x, "fits"))

# As a plain list.
by_condition <- function(x) stats::setNames(unclass(x), names(x))

#' @export
print.laot_ensemble <- function(x, ...) {
  first <- x[[1L]]
  cat(method_title(first), " fits: ", first$control, " to ", first$target, ", ",
      counted(length(x), "seed"), if (nzchar(first$preset)) paste0("  (", first$preset, ")"),
      "\n", sep = "")
  # Fits of too few cells are mean shifts, which were not trained.
  number <- function(name) vapply(x, function(fit) c(fit$report[[name]], NA_real_)[[1L]], 0)
  score <- number("validation.mmd2")
  table <- data.frame(
    seed = vapply(x, `[[`, 0, "seed"), iterations = number("iterations"),
    kept = number("best.iteration"),
    validation.mmd2 = signif(score, 3L),
    outcome = vapply(x, outcome_text, "")
  )
  # The score of a model of many conditions is not one condition's.
  print(table[!vapply(table, function(column) all(is.na(column)), NA)], row.names = FALSE)
  both <- function(values) mean_sd_text(mean(values), stats::sd(values))
  if (!anyNA(score)) {
    cat("validation MMD^2 ", both(score), " (mean +- sd); ",
        if (isTRUE(first$report$restore %in% c("mean", "marginals"))) "the mean shift " else
        "not moving the cells ",
        both(number("validation.mmd2.identity")), "\n", sep = "")
  }
  invisible(x)
}

# Scores of every seed, gathered: mean and sd where the seeds differ. x: by seed a fit, or fits of
# many conditions.
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
  if (inherits(x[[1L]], "laot_fit")) attr(out, "verdict") <- ensemble_verdict(out, x[[1L]]$method)
  out
}

# Of the means over the seeds; whether one seed's cells can be told from true ones is each seed's
# affair.
ensemble_verdict <- function(scores, method) {
  sets <- unique(scores$features)
  unlist(lapply(sets, function(set) {
    out <- set_verdict(scores[scores$features == set, ], method)
    if (length(sets) > 1L && length(out)) paste0("On the ", set, ": ", out) else out
  }))
}

#' @export
print.laot_ensemble_scores <- function(x, digits = 3L, ...) {
  complete <- c("method", "metric", "setting", "features", "gamma", "value", "sd", "seeds",
                "weighted") %in% names(x)
  if (!all(complete) || !nrow(x)) {
    print(as.data.frame(x), digits = digits, ...)
    return(invisible(x))
  }
  if (length(unique(x$condition)) > 1L) {
    print_conditions(x, digits, function(row) seeds_text(row, digits))
    cat(note_of_seeds(x$seeds[1L]))
    return(invisible(x))
  }
  sentences <- attr(x, "verdict")
  x <- as.data.frame(x)
  for (set in unique(x$features)) {
    part <- x[x$features == set, ]
    key <- score_keys(part, c("metric", "setting"))
    print_by_method(part, key, function(row) seeds_text(row, digits))
    # Settings are long: below the table, which then fits a terminal.
    key <- key[nzchar(key$setting), ]
    if (nrow(key)) cat("", paste0(format(key$label), "  ", key$setting), sep = "\n")
    cat(note_of_seeds(part$seeds[1L]))
    cat("scored on ", set, " against ", counted(part$observed[1L], "observed cell"), "\n",
        if (set != x$features[nrow(x)]) "\n", sep = "")
  }
  print_verdict(sentences)
  invisible(x)
}

seeds_text <- function(row, digits)
  mean_sd_text(row$value, if (isTRUE(row$sd > 0)) row$sd else NA, digits)

note_of_seeds <- function(seeds)
  paste0("mean +- sd over ", counted(seeds, "seed"), "; no sd: the same for all\n")
