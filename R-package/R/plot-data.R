# The data of plots, as data frames: base graphics and ggplot2 draw from the same numbers.

# Iterations up to which both half steps of each are marked.
most.steps <- 60L

plot.types <- c("objective", "cells", "umap", "marginals", "map")
groups.of.cells <- c("control", "treated", "predicted")
group.colours <- c(control = "#8C8C8C", treated = "#D55E00", predicted = "#0072B2")

# A method has the colour of its cells, and predictors that need no learning one of their kind.
shift.colour <- "#56B4E9"
gaussian.colour <- "#009E73"
method_colours <- function(methods) {
  known <- c(identity = group.colours[["control"]], noise_reference = group.colours[["treated"]],
             training_treated = group.colours[["treated"]], mean_shift = shift.colour,
             regressed_shift = shift.colour, nearest_shift = shift.colour,
             gaussian_map = gaussian.colour, conditional_gaussian = gaussian.colour)
  unname(ifelse(methods %in% names(known), known[methods], group.colours[["predicted"]]))
}

# One row a half step: J after the plan, J after the update.
objective_data <- function(fit) {
  trace <- fit_trace(fit)
  if (!nrow(trace)) {
    fail("a ", method_title(fit), " fit has no objective to plot: it is a closed form")
  }
  steps <- seq_len(nrow(trace))
  out <- data.frame(
    iteration = c(steps - 0.5, steps),
    objective = c(trace$objective.after.plan, trace$objective.after.update),
    step = rep(c("after the plan", "after the update"), each = nrow(trace))
  )
  out <- out[order(out$iteration), ]
  attr(out, "unit") <- iteration_word(fit$params)
  out
}

has_objective <- function(fit) nrow(fit_trace(fit)) > 0L
has_map <- function(fit) "map" %in% native(.Call(C_describe, model_pointer(fit)))$arrays

# Control, treated and predicted cells: those that the fit kept, or others of the user's.
shown_cells <- function(fit, control = NULL, treated = NULL, at.most = 500L) {
  given <- Filter(Negate(is.null), list(control = control, treated = treated))
  sources <- lapply(stats::setNames(nm = names(given)),
                    function(what) read_like(fit, given[[what]], list(), what))
  warn_of_labels(fit, sources)
  take <- function(what) {
    if (is.null(sources[[what]])) {
      out <- model_array(fit, paste0("kept_", what))
    } else {
      values <- sources[[what]]$values
      at <- match_features(fit$features, feature_count(fit), values, what, "the fit")
      out <- dense_block(cells_of(values, features = at))
    }
    if (!ncol(out)) {
      fail("the fit keeps no training cells (keep.cells = 0); give control = and treated =")
    }
    if (ncol(out) > at.most) {
      out <- out[, round(seq(1, ncol(out), length.out = at.most)), drop = FALSE]
    }
    unname(out)
  }
  x <- take("control")
  list(
    control = x, treated = take("treated"),
    predicted = predicted_matrix(fit, cells_of(x))
  )
}

# The first principal components of control and treated cells together.
common_components <- function(cells, most = 2L) {
  pooled <- do.call(cbind, cells)
  center <- rowMeans(pooled)
  pooled <- pooled - center
  total <- sum(pooled^2)
  spectrum <- eigen(if (nrow(pooled) <= ncol(pooled)) tcrossprod(pooled) else crossprod(pooled),
                    symmetric = TRUE)
  # Beyond the second only those in which the cells vary.
  directions <- max(min(2L, nrow(pooled)),
                    min(most, sum(spectrum$values > 1e-12 * spectrum$values[1L])))
  if (nrow(pooled) <= ncol(pooled)) {
    axes <- spectrum$vectors[, seq_len(directions), drop = FALSE]
  } else {
    axes <- pooled %*% spectrum$vectors[, seq_len(directions), drop = FALSE]
    axes <- sweep(axes, 2L, sqrt(pmax(spectrum$values[seq_len(directions)], 1e-300)), "/")
  }
  # The sign of a component is arbitrary; fixing it makes pictures repeat.
  axes <- sweep(axes, 2L, ifelse(colSums(axes) < 0, -1, 1), "*")
  if (directions == 1L) axes <- cbind(axes, 0)
  share <- c(spectrum$values, 0)[1:2] / max(total, 1e-300)
  list(center = center, axes = axes, share = share)
}

on_components <- function(cells, components, group) {
  place <- crossprod(cells - components$center, components$axes)
  data.frame(first = place[, 1L], second = place[, 2L], group = factor(group, groups.of.cells))
}

cells_data <- function(fit, ...) {
  cells <- shown_cells(fit, ...)
  components <- common_components(cells[c("control", "treated")])
  out <- do.call(rbind, lapply(groups.of.cells, function(group) on_components(cells[[group]],
      components, group)))
  attr(out, "labels") <- component_labels(components)
  out
}

# UMAP of the control and treated cells on their leading components, in which predicted cells are
# then placed: these have no part in it, so that they lie among the treated cells only where they
# resemble them.
umap_components <- 30L
umap_data <- function(fit, ..., seed = 1L) {
  need("uwot", "for type = \"umap\"")
  cells <- shown_cells(fit, ...)
  components <- common_components(cells[c("control", "treated")], umap_components)
  place <- function(group) crossprod(cells[[group]] - components$center, components$axes)
  real <- rbind(place("control"), place("treated"))
  if (nrow(real) < 4L)
    fail("a UMAP needs at least 4 control and treated cells together, found ", nrow(real))
  at <- with_seed(seed, {
    # From the first two components, which are there: uwot's own start would ask other packages for
    # them, of which not every version fits every other.
    start <- 1e-4 * real[, 1:2] / max(stats::sd(real[, 1L]), 1e-300)
    start <- start + 1e-5 * stats::rnorm(length(start))
    model <- uwot::umap(real, n_neighbors = min(15L, nrow(real) - 1L), ret_model = TRUE,
                        init = start, n_threads = 1L, n_sgd_threads = 0L)
    rbind(model$embedding, uwot::umap_transform(place("predicted"), model, n_threads = 1L,
                                                n_sgd_threads = 0L))
  })
  group <- rep(groups.of.cells, vapply(cells[groups.of.cells], ncol, 0L))
  out <- data.frame(first = at[, 1L], second = at[, 2L], group = factor(group, groups.of.cells))
  attr(out, "labels") <- c("UMAP 1", "UMAP 2")
  out
}

# All groups in turn, from their first cells to their last.
mixed_order <- function(group) {
  order(stats::ave(seq_along(group), group, FUN = function(i) seq_along(i) / length(i)))
}

component_labels <- function(components) {
  sprintf("PC%d (%.0f%% of variance)", 1:2, 100 * components$share)
}

# The chosen features, else those whose mean moves most.
chosen_or_moving <- function(fit, features, count) {
  if (is.null(features)) {
    shift <- abs(model_array(fit, "training_mean_treated") - model_array(fit,
        "training_mean_control"))
    return(utils::head(order(-shift[, 1L]), count))
  }
  if (is.numeric(features)) {
    if (anyNA(features) || !all(features %in% seq_len(feature_count(fit)))) {
      fail("features must be numbers from 1 to ", feature_count(fit))
    }
    return(as.integer(features))
  }
  if (!is.character(features))
    fail("features must be names or numbers of features, found ", shown(features))
  at <- match(features, fit$features)
  if (anyNA(at))
    fail("the fit has no feature ", quoted(features[is.na(at)][1L]), did_you_mean_feature(fit),
         differing_style(features[is.na(at)], fit$features))
  at
}

did_you_mean_feature <- function(fit) {
  if (is.null(fit$features)) "; its features have no names, so give numbers" else
    paste0("; it has ", listed(fit$features, 5L))
}

# Densities with one bandwidth a feature, so that the three curves compare. Of log counts the zeros
# are a share of the cells and not a hill: where they are many, the curves are of the other values,
# with that much less area, and the attribute `zeros` has a bar for each group, whose full height is
# all cells.
marginals_data <- function(fit, features = NULL, count = 6L, ...) {
  cells <- shown_cells(fit, ...)
  rows <- chosen_or_moving(fit, features, count)
  labels <- feature_labels(fit)[rows]
  each <- lapply(seq_along(rows), function(k) {
    feature <- factor(labels[k], unique(labels))
    one_marginal(lapply(cells, function(group) group[rows[k], ]), feature)
  })
  structure(do.call(rbind, lapply(each, `[[`, "curves")),
            zeros = do.call(rbind, lapply(each, `[[`, "zeros")))
}

many.zeros <- 0.1

one_marginal <- function(values, feature) {
  share <- vapply(values, function(group) mean(group == 0), 0)
  apart <- max(share[c("control", "treated")]) >= many.zeros
  kept <- if (apart) lapply(values, function(group) group[group != 0]) else values
  pooled <- unlist(kept)
  if (length(pooled) < 2L) pooled <- rep(c(pooled, 0)[1L], 2L)
  # A feature that is mostly one value would else have a needle there, which flattens all the rest.
  # Values that are one but for rounding would have a width below what numbers can tell apart.
  width <- max(stats::bw.nrd0(pooled), diff(range(pooled)) / 60, 1e-6 * max(abs(pooled)))
  range <- range(pooled) + c(-3, 3) * width
  curves <- do.call(rbind, lapply(groups.of.cells, function(group) {
    at <- seq(range[1L], range[2L], length.out = 256L)
    height <- if (!length(kept[[group]])) 0 * at else
      stats::density(kept[[group]], bw = width, from = range[1L], to = range[2L], n = 256L)$y
    data.frame(feature = feature, value = at,
               density = height * length(kept[[group]]) / length(values[[group]]),
               group = factor(group, groups.of.cells))
  }))
  # Beside each other, a hundredth of the axis apart.
  at <- (seq_along(groups.of.cells) - 2) * diff(range) / 60
  zeros <- data.frame(feature = feature, value = at, share = unname(share[groups.of.cells]),
                      height = unname(share[groups.of.cells]) * max(curves$density),
                      group = factor(groups.of.cells, groups.of.cells))
  list(curves = curves, zeros = zeros[apart & zeros$share > 0, ])
}

density_label <- function(data) if (nrow(attr(data, "zeros")))
  "density (bars at 0: share of cells)" else "density"

# W - I on the features that its strongest entries join.
map_data <- function(fit, features = NULL, count = 12L) {
  if (!has_map(fit)) fail("a ", method_title(fit), " fit has no linear map to plot")
  change <- model_array(fit, "map")
  diag(change) <- diag(change) - 1
  if (is.null(features)) {
    strongest <- order(-apply(abs(change), 1L, max) - apply(abs(change), 2L, max))
    rows <- utils::head(strongest, count)
  } else {
    rows <- chosen_or_moving(fit, features, count)
  }
  labels <- feature_labels(fit)[rows]
  part <- change[rows, rows, drop = FALSE]
  data.frame(
    treated = factor(rep(labels, times = length(rows)), rev(labels)),
    control = factor(rep(labels, each = length(rows)), labels), change = as.vector(part)
  )
}
