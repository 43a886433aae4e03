# The verdict of a table of scores in words; and the faults that would make it say too much.

# Sentences on the first method, of all cells, for each set of features: worse than the mean shift,
# spread lost behind a good w2, not to be told from true treated cells. scores: the library's table.
verdict <- function(scores) {
  scores <- scores[!nzchar(scores$group), ]
  method <- scores$method[1L]
  if (method %in% c("mean_shift", "noise_reference") || trait(method, "raw")) return(character())
  sets <- unique(scores$features[scores$metric != "own_group_share"])
  sentences <- lapply(sets, function(set) {
    out <- set_verdict(scores[scores$features == set, ], method)
    if (length(sets) > 1L && length(out)) paste0("On the ", set, ": ", out) else out
  })
  unlist(sentences)
}

# Of a balanced fit by the rows with weights: cells alike have the shares of the controls.
set_verdict <- function(scores, method) {
  value <- function(who, metric) {
    at <- which(scores$method == who & scores$metric == metric & !is.na(scores$value))
    at <- at[order(!is_weighted(scores[at, ]))]
    if (length(at)) scores$value[at[1L]] else NA_real_
  }
  balanced <- any(is_weighted(scores))
  out <- character()
  for (metric in c("mmd2", "mmd2_clipped", "mmd2_mean50", "energy_distance", "l2_drug_signature")) {
    own <- value(method, metric)
    trivial <- value("mean_shift", metric)
    if (is.na(own) || is.na(trivial)) next
    if (own > trivial) {
      out <- c(out, paste0("worse than the mean shift in ", metric, ", ", number_text(own, 3L),
                           " against ",
                           number_text(trivial, 3L), if (balanced) ", cells weighted", "."))
    }
    break
  }
  spread <- value(method, "sd_ratio")
  if (isTRUE(spread < 0.8)) {
    good <- isTRUE(value(method, "w2") <= value("noise_reference", "w2"))
    out <- c(out, paste0("spread is lost (sd ratio ", number_text(spread, 2L), ")",
                         if (good) "; that is why its w2 beats true treated cells, not that ",
                         if (good) "it is better.",
                         if (!good) "; predicted cells are more alike than treated cells are."))
  }
  test <- scores[scores$method == method & scores$metric == p.value.metric & !is.na(scores$value), ]
  if (nrow(test)) {
    p <- paste0("told from true treated cells by MMD (",
                if (balanced) "cells alike, whose types have the shares of the controls; ",
                "permutation test, p = ", number_text(test$value, 2L))
    out <- c(out, if (test$value > 0.05) {
      paste0("cannot be ", p, ", ", counted(test$observed, "observed cell"), ").")
    } else paste0("can be ", p, ")."))
  }
  out
}

# Training cells among the observed ones make a score worthless, and nothing else shows it.
warn_of_leakage <- function(train, model, observed) {
  trained <- if (!is.null(model)) c(model$control.cells, model$treated.cells, model$whole$cells)
  if (is.list(train) && !inherits(train, "laot_fit")) trained <- unlist(lapply(train, colnames))
  warn_of_trained(list(observed), trained, if (!is.null(model)) list(model))
}

# observed: a list of values; trained: the names of training cells; fits: those that keep some.
# Names alone say little, since every run has the same barcodes: kept cells are compared by value.
warn_of_trained <- function(observed, trained, fits) {
  found <- unlist(lapply(unname(observed), compared_with_kept, trained, fits))
  if (all(found %in% FALSE)) return(invisible())
  known <- any(found, na.rm = TRUE)
  if (!known && any(!found, na.rm = TRUE)) return(invisible())
  names <- names(found)[!(found %in% FALSE)]
  one <- length(names) == 1L
  warning(counted(length(names), "observed cell"),
          if (!known) paste(if (one) " has the barcode" else " have barcodes", "of training cells")
          else paste(if (one) " is" else " are", "among the training cells"),
          " (", listed(names, 5L), "); scores on cells that were trained on say ",
          "little about new ones", call. = FALSE)
}

# By name, for each cell with the name of a training cell: whether a kept one has its values; NA
# where none of its name is kept.
compared_with_kept <- function(values, trained, fits) {
  names <- value_dimnames(values)[[2L]]
  at <- which(names %in% trained)
  out <- stats::setNames(rep(NA, length(at)), names[at])
  if (!length(at)) return(out)
  for (fit in fits) for (side in c("control", "treated")) {
    called <- fit[[paste0(side, ".cells")]]
    if (!any(names[at] %in% called)) next
    kept <- model_array(fit, paste0("kept_", side))
    if (ncol(kept) != length(called)) next
    rows <- match_features(fit$features, feature_count(fit), values, "observed", "the fit")
    some <- which(names(out) %in% called & !(out %in% TRUE))
    # Not one by one: cells on disk are read in blocks.
    for (block in split(some, ceiling(seq_along(some) / 500))) {
      cells <- dense_block(cells_of(values, at[block], rows, with.names = FALSE))
      for (k in seq_along(block)) {
        own <- cells[, k]
        same <- abs(kept[, called == names(out)[block[k]], drop = FALSE] - own) <=
          1e-6 * (1 + abs(own))
        out[block[k]] <- any(colSums(!same) == 0)
      }
    }
  }
  out
}

# Labels that contradict the arguments: controls among the observed cells, treated cells among the
# controls.
warn_of_labels <- function(fit, sources, what = NULL) {
  column <- fit$condition
  if (is.null(column)) return(invisible())
  told <- function(name, right) {
    labels <- trimmed(as.character(sources[[name]]$columns[[column]]))
    others <- labels[!is_blank(labels) & labels != right]
    if (!length(others)) return(FALSE)
    warning(c(what, name)[1L], " has ", counted(length(others), "cell"),
            if (length(others) == 1) " that is " else " that are ",
            listed(quoted(unique(others)), 3L), ", not ", quoted(right), " in column ",
            quoted(column), "; are ", treated, " and control what you meant?", call. = FALSE)
    TRUE
  }
  treated <- intersect(c("treated", "observed"), c(names(sources), "observed"))[1L]
  told(treated, fit$target)
  told("control", fit$control)
}

#' The features that are predicted worst
#'
#' A feature that is 0 in most cells and predicted near 0 has a large `ks`, since hardly a
#' prediction is 0 exactly, but a small `w1`: order by `w1` where such features are of no interest.
#'
#' @inheritParams evaluate_predictions
#' @param x A `laot_fit`, whose predictions for the `control` cells are compared, or predicted
#'   cells: a matrix (features x cells), data frame, sparse matrix, SummarizedExperiment,
#'   SingleCellExperiment or Seurat object.
#' @param count How many features to list.
#' @returns A data frame with the columns `feature`, `ks` (two-sample Kolmogorov-Smirnov statistic),
#'   `w1` (one-dimensional Wasserstein distance, in the units of the cells) and `mean.difference`
#'   (predicted - observed), the largest `ks` first.
#' @examples
#' control <- matrix(rnorm(3 * 60), 3, dimnames = list(c("a", "b", "c"), NULL))
#' observed <- control * c(1, 1, 3) + c(0, 2, 0)
#' worst_features(control, observed)
#' worst_features(laot_fit(control, observed, seed = 1), observed, control)
#' @export
worst_features <- function(x, observed, control = NULL, count = 10L, ..., num.threads = 1L) {
  exact_arguments()
  check_dots(list(...), names(formals(worst_features)))
  if (missing(x)) fail("x is missing; give a fit, or predicted cells")
  if (missing(observed) || is.null(observed))
    fail("observed is missing; give the measured treated cells")
  whole(count, "count")
  settings <- call_settings(1, num.threads)
  given <- predictions_of(x, control, list(...), settings)
  predicted <- given$predicted
  names <- value_dimnames(predicted)[[1L]]
  rows <- value_dim(predicted)[1L]
  source <- read_like(given$like, observed, list(...), "observed")
  if (inherits(x, "laot_fit"))
    warn_of_labels(x, list(observed = source, control = given$control))
  seen <- source$values
  at <- match_features(names, rows, seen, "observed", "the prediction", predicted)
  scores <- native(.Call(C_feature_scores, cells_of(predicted, with.names = FALSE),
                   cells_of(seen, features = at, with.names = FALSE), settings))
  order <- utils::head(order(-scores$ks, -scores$w1), count)
  data.frame(feature = if (is.null(names)) paste("feature", order) else names[order],
             ks = scores$ks[order],
             w1 = scores$w1[order], mean.difference = scores$mean.difference[order])
}

# The predictions of a fit for control cells, or predicted cells as they are; and how to read others
# beside them.
predictions_of <- function(x, control, dots, settings) {
  not_several(x, "x")
  if (!inherits(x, "laot_fit")) {
    like <- list(origin = list(kind = "none"))
    return(list(predicted = read_like(like, x, dots, "the prediction")$values, like = like))
  }
  if (is.null(control))
    fail("control is missing; give the control cells that the fit should predict")
  source <- read_like(x, control, dots, "control")
  values <- source$values
  at <- match_features(x$features, feature_count(x), values, "control", "the fit")
  out <- predicted_matrix(x, cells_of(values, features = at, with.names = FALSE), settings,
                          names = list(x$features, value_dimnames(values)[[2L]]))
  list(predicted = out, like = x, control = source)
}
