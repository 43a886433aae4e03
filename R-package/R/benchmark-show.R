# A benchmark as the papers' tables, and drawn.

#' @export
summary.laot_benchmark <- function(object, ...) {
  no_more(list(...))
  scores_of_splits(object)
}

# Mean, standard deviation and number of splits of each score.
scores_of_splits <- function(object) {
  object <- as.data.frame(object)
  keys <- object[c("target", "features", "metric", "method")]
  keys$features[!nzchar(keys$features)] <- NA
  groups <- split(seq_len(nrow(object)), lapply(keys, factor, exclude = NULL), drop = TRUE)
  groups <- groups[order(vapply(groups, `[`, 0L, 1L))]
  rows <- lapply(groups, function(at) {
    value <- object$value[at]
    data.frame(keys[at[1L], ], estimator = object$estimator[at[1L]],
               mean = if (all(is.na(value))) NA_real_ else mean(value, na.rm = TRUE),
               sd = stats::sd(value, na.rm = TRUE), runs = sum(!is.na(value)),
               failed = sum(is.na(value)), row.names = NULL)
  })
  do.call(rbind, unname(rows))
}

#' @export
print.laot_benchmark <- function(x, ...) print_benchmark(x, x, "run")

# failures: the rows whose missing values are told below the tables, each a `unit`.
print_benchmark <- function(x, failures, unit) {
  table <- summary(x)
  known <- laot_metrics()
  for (target in unique(table$target))
    for (features in shown_sets(table$features[table$target == target])) {
    part <- table[table$target == target & table$features %in% features, ]
    cat(target, if (!is.na(features)) paste0(", ", features), ": mean +- sd over ",
        counted(max(part$runs + part$failed), "run"), "\n", sep = "")
    methods <- unique(part$method)
    metrics <- unique(part$metric)
    cells <- vapply(metrics, function(metric) vapply(methods, function(method) {
      row <- part[part$metric == metric & part$method == method, ]
      if (!nrow(row) || is.na(row$mean)) "-" else mean_sd_text(row$mean, row$sd)
    }, ""), character(length(methods)))
    cells <- matrix(cells, length(methods), dimnames = list(methods, metrics))
    print(noquote(cells), right = TRUE)
    print_failures(failures, target, features, part, unit)
    if (!is.na(features) && any(failures$target == target & !nzchar(failures$features))) {
      print_failures(failures, target, NA, part, unit)
    }
  }
  larger <- intersect(unique(table$metric), known$name[known$larger.is.better])
  cat("Smaller is better", if (length(larger)) paste0(", but for ", listed(larger)),
      if ("sd_ratio" %in% table$metric) "; sd_ratio should be 1",
      ". noise_reference: ", if ("training_treated" %in% table$method) {
        paste0("the treated cells of what was left out, half against half (fewer cells, so ",
               "noisier).\n",
               "training_treated: treated cells of the others.\n")
      } else if (all(c("split", "method") %in% names(x)) && all(is_random_split(x$split))) {
        paste0("true treated cells",
               if (any(startsWith(x$kind, "unseen"))) {
                 "; of conditions that were\nleft out, their own, half against half"
               }, ".\n")
      } else {
        # Of a split that was given nobody knows whether the parts are alike.
        paste0("treated cells of the training part, which may be\nother cells than those of the ",
               "test part, such as those of other donors; reference = \"halves\" is of these.\n")
      }, sep = "")
  invisible(x)
}

# A method that failed was scored on no set of features: it is named below the others' tables, and
# has a table of its own only where there are no others.
shown_sets <- function(features) {
  sets <- unique(features)
  if (all(is.na(sets))) sets else sets[!is.na(sets)]
}

# Runs that are missing from the means, and why.
print_failures <- function(x, target, features, part, unit) {
  x <- as.data.frame(x)
  here <- x[x$target == target & (if (is.na(features)) !nzchar(x$features) else x$features ==
                                  features) &
              is.na(x$value), ]
  if (!nrow(here)) return(invisible())
  key <- unique(here[c("method", "reason")])
  told <- vapply(seq_len(nrow(key)), function(k) {
    of <- here[here$method == key$method[k] & here$reason == key$reason[k], ]
    metrics <- unique(of$metric)
    paste0(if (length(metrics) < length(unique(part$metric))) paste0(", ", listed(metrics)), ": ",
           counted(sum(of$metric == metrics[1L]), unit), " without a value (", key$reason[k], ")")
  }, "")
  for (text in unique(told)) cat("  ", listed(key$method[told == text]), text, "\n", sep = "")
}

#' @export
`[.laot_benchmark` <- function(x, ...) {
  out <- NextMethod()
  needed <- c("target", "features", "metric", "method", "estimator", "value")
  if (!is.data.frame(out) || !all(needed %in% names(out)))
    class(out) <- setdiff(class(out), c("laot_condition_benchmark", "laot_benchmark"))
  out
}

#' Plot a benchmark
#'
#' One panel a metric: every run as a point, mean and sd over splits and seeds beside them, the
#' noise reference as a dashed line.
#'
#' @param x,object What [benchmark_methods()] returned.
#' @param metrics Names of the metrics to draw; without it all of them.
#' @param features Which set of features to draw, where there are several.
#' @param ... Not used.
#' @returns `autoplot()`: a ggplot. `plot()`: `x`, invisibly, after drawing.
#' @examples
#' cells <- matrix(rnorm(4 * 120), 4)
#' condition <- rep(c("ctrl", "drug"), 60)
#' cells[, condition == "drug"] <- cells[, condition == "drug"] + 1
#' bench <- benchmark_methods(cells, condition = condition, seeds = 1:3, verbose = FALSE)
#' plot(bench, metrics = "mmd2")
#' if (requireNamespace("ggplot2", quietly = TRUE)) ggplot2::autoplot(bench)
#' @name plot.laot_benchmark
NULL

# Points, and mean with sd, of what is to be drawn. Methods in the order of the table, best last.
benchmark_plot_data <- function(object, metrics, features) {
  if (inherits(object, "laot_condition_benchmark")) object <- over_conditions(object)
  object <- as.data.frame(object)
  object <- object[!is.na(object$value), ]
  if (is.null(metrics)) metrics <- unique(object$metric)
  unknown <- setdiff(metrics, object$metric)
  if (length(unknown))
    fail("the benchmark has no values of ", quoted(unknown[1L]), "; it has ",
         listed(unique(object$metric)))
  sets <- unique(object$features)
  if (is.null(features)) features <- sets[1L]
  one_of(features, sets, "features")
  points <- object[object$metric %in% metrics & object$features == features, ]
  points$metric <- factor(points$metric, metrics)
  order <- c(setdiff(unique(points$method), "noise_reference"),
             intersect("noise_reference", points$method))
  points$method <- factor(points$method, rev(order))
  groups <- split(points$value, points[c("method", "metric", "target")], drop = TRUE, sep = "\r")
  keys <- do.call(rbind, strsplit(names(groups), "\r", fixed = TRUE))
  means <- data.frame(
    method = factor(keys[, 1L], rev(order)), metric = factor(keys[, 2L], metrics),
    target = keys[, 3L],
    mean = vapply(groups, mean, 0),
    sd = vapply(groups, function(v) if (length(v) > 1L) stats::sd(v) else 0, 0),
    row.names = NULL
  )
  list(points = points, means = means)
}

# "w2, smaller is better"
panel_titles <- function(metrics, separator, labels = metrics) {
  known <- laot_metrics()
  at <- match(metrics, known$name)
  better <- ifelse(known$larger.is.better[at], "larger is better",
                   ifelse(known$perfect[at] == 0, "smaller is better",
                          paste("best at", known$perfect[at])))
  ifelse(is.na(at), labels, paste0(labels, separator, better))
}

benchmark_caption <- function(data) {
  paste("large: mean and sd over splits and seeds; small: single runs; dashed: noise reference",
        paste("scored on", data$points$features[1L]), sep = "\n")
}

#' @rdname plot.laot_benchmark
#' @exportS3Method ggplot2::autoplot
autoplot.laot_benchmark <- function(object, metrics = NULL, features = NULL, ...) {
  exact_arguments()
  need("ggplot2", "for autoplot(); plot() works without it")
  data <- benchmark_plot_data(object, metrics, features)
  reference <- data$means[data$means$method == "noise_reference", ]
  several <- length(unique(data$means$target)) > 1L
  titles <- ggplot2::labeller(metric = function(metrics) panel_titles(metrics, "\n"))
  ggplot2::ggplot(data$means, ggplot2::aes(.data$mean, .data$method)) +
    ggplot2::geom_vline(data = reference, ggplot2::aes(xintercept = .data$mean),
                        linetype = "dashed", colour = group.colours[["treated"]]) +
    # Single runs lie below their mean and sd, not behind them.
    ggplot2::geom_point(data = data$points, ggplot2::aes(.data$value, .data$method,
                                                         colour = .data$method),
                        alpha = 0.5, size = 1, position = ggplot2::position_nudge(y = -0.25)) +
    ggplot2::geom_errorbarh(ggplot2::aes(xmin = .data$mean - .data$sd, xmax = .data$mean +
                                         .data$sd), height = 0.25) +
    ggplot2::geom_point(ggplot2::aes(colour = .data$method), size = 2.4) +
    ggplot2::scale_colour_manual(values = stats::setNames(
      method_colours(levels(data$means$method)), levels(data$means$method)), guide = "none") +
    (if (several) ggplot2::facet_grid(target ~ metric, scales = "free_x", labeller = titles) else
      ggplot2::facet_wrap("metric", scales = "free_x", labeller = titles)) +
    ggplot2::scale_x_continuous(n.breaks = 4) + laot_theme() +
    ggplot2::labs(x = NULL, y = NULL, caption = benchmark_caption(data)) +
    ggplot2::theme(panel.spacing.x = ggplot2::unit(1.5, "lines"),
                   plot.margin = ggplot2::margin(6, 18, 6, 6))
}

#' @rdname plot.laot_benchmark
#' @export
plot.laot_benchmark <- function(x, metrics = NULL, features = NULL, ...) {
  exact_arguments()
  data <- benchmark_plot_data(x, metrics, features)
  panels <- unique(data$means[c("target", "metric")])
  shape <- grDevices::n2mfrow(nrow(panels))
  methods <- levels(data$means$method)
  old <- graphics::par(mfrow = shape, mar = c(3, max(nchar(methods)) * 0.55 + 1, 2.5, 1),
                       oma = c(2.2, 0, 0, 0), las = 1)
  on.exit(graphics::par(old))
  for (k in seq_len(nrow(panels))) {
    means <- data$means[data$means$target == panels$target[k] & data$means$metric ==
                        panels$metric[k], ]
    points <- data$points[data$points$target == panels$target[k] & data$points$metric ==
                          panels$metric[k], ]
    at <- match(means$method, methods)
    graphics::plot(range(points$value, means$mean - means$sd, means$mean + means$sd),
                   c(0.5, length(methods) + 0.5),
                   type = "n", yaxt = "n", xlab = "", ylab = "", cex.main = 1,
                   main = paste0(if (length(unique(panels$target)) > 1L) paste0(panels$target[k],
                       ": "),
                                 panel_titles(as.character(panels$metric[k]), ", ")))
    graphics::axis(2, seq_along(methods), methods)
    graphics::abline(v = means$mean[means$method == "noise_reference"], lty = 2,
                     col = group.colours[["treated"]])
    graphics::points(points$value, match(points$method, methods) - 0.25,
                     col = grDevices::adjustcolor(method_colours(as.character(points$method)), 0.5),
                     pch = 16, cex = 0.6)
    graphics::segments(means$mean - means$sd, at, means$mean + means$sd, at)
    graphics::points(means$mean, at, col = method_colours(as.character(means$method)), pch = 16)
  }
  mtext(benchmark_caption(data), 1L, 1, outer = TRUE, cex = 0.7, col = "grey30", adj = 1)
  invisible(x)
}
