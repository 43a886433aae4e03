# Pictures of scores: one panel a metric, the prediction beside what needs no learning and beside
# true treated cells.

#' Plot scores
#'
#' One panel a metric. Of one condition a row for each method: the prediction, the trivial
#' predictors, and the noise reference, whose score is a dashed line as well. Of several conditions
#' (or groups, or fits by a column) a row for each of these, with a mark for each method, and the
#' noise reference as a dashed line across the row. Bars are one standard deviation, over seeds,
#' subsamples or halvings, where there is one. Colours are those of all pictures: blue is the
#' prediction, grey control cells as they are, orange measured treated cells, light blue a shift,
#' green a Gaussian map; what is hollow was not learnt.
#'
#' @param x,object What [evaluate_predictions()] returned.
#' @param metrics Names of the metrics to draw; without it all that have values.
#' @param features Which set of features to draw, where there are several.
#' @param by Of several conditions: `"condition"`, a row for each, or `"kind"`, the mean over the
#'   conditions of a kind. Without it conditions up to ten, and kinds of more, as they are printed.
#' @param ... Not used.
#' @returns `autoplot()`: a ggplot. `plot()`: `x`, invisibly, after drawing.
#' @examples
#' set.seed(1)
#' cells <- function(n, shift) matrix(rnorm(4 * n, shift), 4)
#' fit <- laot_fit(cells(80, 0), 1.5 * cells(60, 2), seed = 1)
#' scores <- evaluate_predictions(fit, observed = 1.5 * cells(30, 2), control = cells(40, 0))
#' plot(scores)
#' plot(scores, metrics = c("mmd2", "sd_ratio"))
#' if (requireNamespace("ggplot2", quietly = TRUE)) ggplot2::autoplot(scores)
#' @name plot.laot_scores
NULL

# rows: one a point, with `row` (its row of the picture), `method` and `label` (its panel), as
# factors in their order; several: whether a row is a condition and not a method; panels: titles.
scores_plot_data <- function(object, metrics, features, by) {
  x <- as.data.frame(object)
  lacking <- setdiff(c("condition", "kind", "method", "metric", "estimator", "setting", "features",
                       "gamma", "value", "weighted", "gamma.from", "metric.setting", "halvings",
                       "observed"), names(x))
  if (length(lacking)) {
    fail("the scores lack the column ", quoted(lacking[1L]),
         "; plot what evaluate_predictions() returned, with all of its columns")
  }
  if (is.null(x$group)) x$group <- rep("", nrow(x))
  if (is.null(x$sd)) x$sd <- rep(NA_real_, nrow(x))
  if (!is.null(by)) one_of(by, c("condition", "kind"), "by")
  x <- x[!is.na(x$value), ]
  if (!nrow(x)) fail("there is no score with a value to plot")
  sets <- unique(x$features)
  if (is.null(features)) features <- sets[1L]
  one_of(features, sets, "features")
  x <- x[x$features == features, ]
  unknown <- setdiff(metrics, x$metric)
  if (length(unknown))
    fail("the scores have no values of ", quoted(unknown[1L]), "; they have ",
         listed(unique(x$metric)))
  if (!is.null(metrics)) x <- x[x$metric %in% metrics, ]
  if (!nrow(x)) fail("there is no score with a value to plot")
  conditions <- length(unique(x$condition))
  if (conditions > 1L) x <- with_own_gamma(x) else x$setting <- shown_setting(x)
  methods <- unique(x$method)
  x <- if (identical(by, "kind") || is.null(by) && conditions > most.conditions)
    with_rows_of_kinds(x) else with_rows_of_conditions(x)
  several <- length(unique(x$row)) > 1L
  # Of one kind its name and the number of its conditions go into the caption.
  only <- if (!several && conditions > 1L) sub("\n", ", mean over ", x$row[1L], fixed = TRUE)
  if (!several) x$row <- x$method
  methods <- c(setdiff(methods, names(reference.marks)), intersect(methods, names(reference.marks)))
  keys <- score_keys(x, c("metric", "estimator", "setting"))
  if (!is.null(metrics)) keys <- keys[order(match(keys$metric, metrics)), ]
  same <- match(paste(x$metric, x$estimator, x$setting, x$weighted, sep = "\r"),
                paste(keys$metric, keys$estimator, keys$setting, keys$weighted, sep = "\r"))
  x$label <- factor(keys$label[same], unique(keys$label))
  x$method <- factor(x$method, methods)
  x$row <- factor(x$row, rev(if (several) unique(x$row) else methods))
  list(rows = x, several = several, metrics = keys$metric[match(levels(x$label), keys$label)],
       caption = scores_caption(x, several, only))
}

with_rows_of_conditions <- function(x) {
  whose <- if (length(unique(x$condition)) > 1L) x$condition else rep("", nrow(x))
  group <- ifelse(nzchar(x$group), x$group,
                  if (any(nzchar(x$group))) "all cells" else "")
  x$row <- paste0(whose, ifelse(nzchar(whose) & nzchar(group), ", ", ""), group)
  x
}

with_rows_of_kinds <- function(x) {
  out <- means_of_kinds(x)
  out$row <- paste0(sub(", mean over ", "\n", out$block, fixed = TRUE),
                    ifelse(nzchar(out$group), paste0(", ", out$group), ""))
  out$sd <- NA_real_
  out
}

scores_caption <- function(x, several, only) {
  bars <- if (any(is.finite(x$sd) & x$sd > 0)) "bars: one sd"
  line <- if ("noise_reference" %in% x$method) "dashed: noise reference (treated cells)"
  against <- if (!several && is.null(only))
    paste(" against", counted(max(x$observed), "observed cell"))
  paste(c(paste(c("filled: prediction", "hollow: not learnt", line, bars), collapse = "; "), only,
          paste0("scored on ", x$features[1L], against)), collapse = "\n")
}

# True treated cells.
reference.marks <- c(training_treated = 13L, noise_reference = 19L)

# How each method is marked: colour by what its cells are, fill by whether it was learnt, and shapes
# that tell the methods of one row apart.
method_marks <- function(methods) {
  reference <- methods %in% names(reference.marks)
  # The first of a table is what was asked for, also where it is trivial.
  learnt <- !methods %in% c(trivial_methods(), trivial_methods(TRUE)) & !reference |
    seq_along(methods) == 1L
  plain <- !learnt & !reference
  colour <- method_colours(methods)
  shape <- rep(21L, length(methods))
  shape[learnt] <- rep_len(21:25, sum(learnt))
  shape[plain] <- ifelse(methods[plain] == "identity", 21L, NA)
  shape[is.na(shape)] <- rep_len(c(24L, 23L, 22L, 25L, 4L, 3L, 8L), sum(is.na(shape)))
  shape[reference] <- reference.marks[methods[reference]]
  data.frame(method = methods, colour = colour, shape = shape,
             fill = ifelse(plain, "white", colour))
}

# Methods of one row lie below each other, in the order of the legend.
heights_in_row <- function(method) {
  count <- nlevels(method)
  if (count < 2L) return(rep(0, length(method)))
  0.32 - 0.64 * (as.integer(method) - 1) / (count - 1)
}

# Where points go, and the lines of the noise reference.
placed_scores <- function(data) {
  rows <- data$rows
  rows$y <- as.integer(rows$row) + if (data$several) heights_in_row(rows$method) else 0
  rows$sd[is.na(rows$sd)] <- 0
  rows <- do.call(rbind, unname(lapply(split(rows, rows$label), without_far_identity)))
  reference <- rows[rows$method == "noise_reference", ]
  top <- nlevels(rows$row) + 0.5
  reference$low <- if (data$several) as.integer(reference$row) - 0.42 else rep(0.5, nrow(reference))
  reference$high <- if (data$several) as.integer(reference$row) + 0.42 else
    rep(top, nrow(reference))
  caption <- data$caption
  if (any(nzchar(rows$beyond)))
    caption <- paste("< and >: no change (identity), beyond the axis", caption, sep = "\n")
  list(rows = rows, reference = reference, levels = levels(rows$row), top = top,
       caption = caption)
}

# No change is often so far off that the others would lie on each other: then it is at the edge of
# its panel, and `beyond` says on which side.
without_far_identity <- function(rows) {
  rows$beyond <- rep("", nrow(rows))
  raw <- rows$method == "identity"
  ends <- function(part) range(part$value - part$sd, part$value + part$sd)
  if (!any(raw) || sum(!raw) < 2L) return(rows)
  near <- ends(rows[!raw, ])
  if (diff(near) == 0 || diff(ends(rows)) < 3 * diff(near)) return(rows)
  edges <- near + c(-0.15, 0.15) * diff(near)
  rows$beyond[raw & rows$value > edges[2L]] <- ">"
  rows$beyond[raw & rows$value < edges[1L]] <- "<"
  rows$value <- pmin(pmax(rows$value, edges[1L]), edges[2L])
  rows$sd[nzchar(rows$beyond)] <- 0
  rows
}

#' @rdname plot.laot_scores
#' @export
plot.laot_scores <- function(x, metrics = NULL, features = NULL, by = NULL, ...) {
  exact_arguments()
  no_more(list(...), c("metrics", "features", "by"))
  data <- scores_plot_data(x, metrics, features, by)
  placed <- placed_scores(data)
  marks <- method_marks(levels(data$rows$method))
  labels <- levels(data$rows$label)
  titles <- panel_titles(data$metrics, ", ", labels)
  shape <- panels(length(labels))
  old <- par(mfrow = shape)
  on.exit(par(old))
  wide <- max(graphics::strwidth(marks$method, "inches")) + 0.6
  columns <- max(1L, floor(par("din")[1L] / wide))
  lines <- if (data$several) ceiling(nrow(marks) / columns) else 0
  width <- max(nchar(unlist(strsplit(placed$levels, "\n", fixed = TRUE)))) * 0.5 + 1.5
  below <- 1.2 + 0.8 * lengths(strsplit(placed$caption, "\n", fixed = TRUE))
  more <- par(mar = c(2.6, width, 2.2, 1), oma = c(below + 1.3 * lines, 0, 0, 0),
              mgp = c(2.8, 0.6, 0), las = 1)
  on.exit(par(c(more, old)))
  for (k in seq_along(labels)) {
    rows <- placed$rows[placed$rows$label == labels[k], ]
    reference <- placed$reference[placed$reference$label == labels[k], ]
    at <- match(as.character(rows$method), marks$method)
    plot(range(rows$value - rows$sd, rows$value + rows$sd), c(0.5, placed$top), type = "n",
         yaxt = "n", xlab = "", ylab = "", bty = "l", yaxs = "i", main = titles[k],
         font.main = 1, cex.main = 1)
    axis(2L, seq_along(placed$levels), placed$levels, tick = FALSE, gap.axis = 0)
    if (data$several)
      graphics::abline(h = seq_along(placed$levels)[-1L] - 0.5, col = "grey90")
    graphics::segments(reference$value, reference$low, reference$value, reference$high, lty = 2L,
                       col = group.colours[["treated"]])
    graphics::segments(rows$value - rows$sd, rows$y, rows$value + rows$sd, rows$y,
                       col = marks$colour[at])
    inside <- !nzchar(rows$beyond)
    points(rows$value[inside], rows$y[inside], pch = marks$shape[at][inside], cex = 1.2,
           col = marks$colour[at][inside], bg = marks$fill[at][inside])
    points(rows$value[!inside], rows$y[!inside], pch = rows$beyond[!inside], font = 2, cex = 1.2,
           col = marks$colour[at][!inside])
  }
  mtext(placed$caption, 1L, below - 1.2, outer = TRUE, cex = 0.7, col = "grey30", adj = 1)
  if (data$several) draw_method_legend(marks, columns)
  invisible(x)
}

# Below all panels and the caption.
draw_method_legend <- function(marks, columns) {
  old <- par(fig = c(0, 1, 0, 1), oma = c(0, 0, 0, 0), mar = c(0, 0, 0, 0), new = TRUE)
  on.exit(par(old))
  graphics::plot.new()
  legend("bottom", marks$method, pch = marks$shape, col = marks$colour, pt.bg = marks$fill,
         ncol = min(columns, nrow(marks)), bty = "n")
}

#' @rdname plot.laot_scores
#' @export
plot.laot_ensemble_scores <- plot.laot_scores

#' @rdname plot.laot_scores
#' @exportS3Method ggplot2::autoplot
autoplot.laot_scores <- function(object, metrics = NULL, features = NULL, by = NULL, ...) {
  exact_arguments()
  no_more(list(...), c("metrics", "features", "by"))
  need("ggplot2", "for autoplot(); plot() works without it")
  data <- scores_plot_data(object, metrics, features, by)
  placed <- placed_scores(data)
  marks <- method_marks(levels(data$rows$method))
  by_method <- function(column) stats::setNames(marks[[column]], marks$method)
  titles <- stats::setNames(panel_titles(data$metrics, "\n", levels(data$rows$label)),
                            levels(data$rows$label))
  name <- if (data$several) NULL else "none"
  ggplot2::ggplot(placed$rows, ggplot2::aes(.data$value, .data$y, colour = .data$method,
                                            fill = .data$method, shape = .data$method)) +
    (if (data$several)
      ggplot2::geom_hline(yintercept = seq_along(placed$levels)[-1L] - 0.5, colour = "grey85")) +
    ggplot2::geom_segment(data = placed$reference, inherit.aes = FALSE, linetype = "dashed",
                          colour = group.colours[["treated"]],
                          ggplot2::aes(.data$value, .data$low, xend = .data$value,
                                       yend = .data$high)) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$value - .data$sd,
                                         xmax = .data$value + .data$sd), show.legend = FALSE) +
    ggplot2::geom_point(data = placed$rows[!nzchar(placed$rows$beyond), ], size = 2.4) +
    ggplot2::geom_text(data = placed$rows[nzchar(placed$rows$beyond), ],
                       ggplot2::aes(label = .data$beyond), fontface = "bold", size = 4,
                       show.legend = FALSE) +
    ggplot2::facet_wrap("label", scales = "free_x",
                        labeller = ggplot2::as_labeller(titles)) +
    ggplot2::scale_colour_manual(values = by_method("colour"), name = NULL) +
    ggplot2::scale_fill_manual(values = by_method("fill"), name = NULL) +
    ggplot2::scale_shape_manual(values = by_method("shape"), name = NULL) +
    ggplot2::scale_x_continuous(n.breaks = 4) +
    ggplot2::scale_y_continuous(breaks = seq_along(placed$levels), labels = placed$levels,
                                limits = c(0.5, placed$top), expand = c(0, 0)) +
    laot_theme() + ggplot2::labs(x = NULL, y = NULL, caption = placed$caption) +
    ggplot2::theme(panel.spacing.x = ggplot2::unit(1.5, "lines"),
                   panel.grid.major.y = ggplot2::element_blank(),
                   legend.position = if (is.null(name)) "bottom" else name,
                   plot.margin = ggplot2::margin(6, 18, 6, 6))
}

#' @rdname plot.laot_scores
#' @exportS3Method ggplot2::autoplot
autoplot.laot_ensemble_scores <- autoplot.laot_scores
