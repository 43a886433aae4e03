# Pictures of recovery curves, trackability and time-gap sweeps, in base graphics and in ggplot2.

# Other colours than those of control, treated and predicted cells.
curve.colours <- c(counterpart = "#332288", anew = "#CC79A7")
design.words <- c(counterpart = "every cell seen before and after: pairs found",
                  anew = "treated cells are other cells: states found")
curve.words <- list(
  x = "s: size of the change (1: this experiment)", y = "share found again",
  caption = paste("Simulated as if the fit were right. Bars: range over simulations.",
                  "Dashed: this experiment. Dotted: one half.")
)

curve_title <- function(x) paste0("Would the pairs be found again? ", x)

# Large gaps stand close together on a linear axis from 0, so s is shown by its root.
curve_axis <- function(gap) sqrt(gap)

draw_curves <- function(curves, title, caption = TRUE) {
  gaps <- curves[[1L]]$gap
  at <- curve_axis(gaps)
  old <- par(mar = c(5.1, 4.1, 5.1, 1.1))
  on.exit(par(old))
  plot(range(at), c(0, 1), type = "n", xaxt = "n", las = 1, xlab = curve.words$x,
       ylab = curve.words$y)
  graphics::title(title, line = 1.2 + 1.1 * length(curves), cex.main = 1)
  axis(1L, at, format(gaps, drop0trailing = TRUE, trim = TRUE), gap.axis = 0.2)
  if (caption) graphics::mtext(curve.words$caption, 1L, 4, cex = 0.7, col = "grey30")
  lines(range(at), c(0.5, 0.5), lty = 3L, col = "grey50")
  lines(c(1, 1), c(0, 1), lty = 2L, col = "grey50")
  for (design in names(curves)) {
    curve <- curves[[design]]
    here <- curve_axis(curve$gap)
    graphics::segments(here, curve$low, here, curve$high, col = curve.colours[[design]])
    lines(here, curve$recovery, col = curve.colours[[design]], lwd = 2)
    points(here, curve$recovery, col = curve.colours[[design]], pch = 16L)
  }
  legend(mean(range(at)), 1.03, design.words[names(curves)], col = curve.colours[names(curves)],
         lwd = 2, pch = 16L,
         bty = "n", xjust = 0.5, yjust = 0, xpd = NA, cex = 0.9)
}

#' @rdname recovery_curve
#' @export
plot.laot_recovery <- function(x, ...) {
  draw_curves(stats::setNames(list(x), attr(x, "design")), curve_title(attr(x, "title")))
  invisible(x)
}

#' @rdname trackability
#' @export
plot.laot_trackability <- function(x, ...) {
  draw_curves(x$curves, curve_title(paste0(x$title, ": ", x$verdict)))
  invisible(x)
}

#' @rdname trackability
#' @export
plot.laot_trackabilities <- function(x, ...) {
  each <- attr(x, "each")
  # A curve needs height: side by side.
  old <- par(mfrow = rev(panels(length(each))), oma = c(1, 0, 0, 0))
  on.exit(par(old))
  for (condition in names(each)) {
    draw_curves(each[[condition]]$curves, paste0(condition, ": ", each[[condition]]$verdict), FALSE)
  }
  graphics::mtext(curve.words$caption, 1L, 0, outer = TRUE, cex = 0.7, col = "grey30")
  invisible(x)
}

ggplot_curves <- function(curves, title) {
  data <- do.call(rbind, lapply(names(curves), function(design) {
    cbind(as.data.frame(curves[[design]])[c("gap", "recovery", "low", "high")], design = design)
  }))
  data$design <- factor(data$design, names(curves))
  gaps <- sort(unique(data$gap))
  ggplot2::ggplot(data, ggplot2::aes(.data$gap, .data$recovery, colour = .data$design)) +
    ggplot2::geom_hline(yintercept = 0.5, linetype = 3, colour = "grey50") +
    ggplot2::geom_vline(xintercept = 1, linetype = 2, colour = "grey50") +
    ggplot2::geom_linerange(ggplot2::aes(ymin = .data$low, ymax = .data$high)) +
    ggplot2::geom_line() + ggplot2::geom_point() +
    ggplot2::scale_x_continuous(trans = "sqrt", breaks = gaps,
                                labels = format(gaps, drop0trailing = TRUE, trim = TRUE),
                                guide = ggplot2::guide_axis(check.overlap = TRUE)) +
    ggplot2::scale_colour_manual(values = curve.colours, labels = design.words, name = NULL) +
    ggplot2::coord_cartesian(ylim = c(0, 1)) +
    ggplot2::labs(x = curve.words$x, y = curve.words$y, title = curve_title(title),
                  caption = curve.words$caption) +
    laot_theme()
}

#' @rdname recovery_curve
#' @exportS3Method ggplot2::autoplot
autoplot.laot_recovery <- function(object, ...) {
  need("ggplot2", "for autoplot(); plot() works without it")
  ggplot_curves(stats::setNames(list(object), attr(object, "design")), attr(object, "title"))
}

#' @rdname trackability
#' @exportS3Method ggplot2::autoplot
autoplot.laot_trackability <- function(object, ...) {
  need("ggplot2", "for autoplot(); plot() works without it")
  ggplot_curves(object$curves, paste0(object$title, ": ", object$verdict))
}

# Everything that is drawn against the time gap, one panel each.
sweep_data <- function(sweep) {
  scores <- sweep$scores
  words <- c(mmd2 = "MMD^2", w2 = "W2")[scores$metric]
  setting <- ifelse(scores$metric == "mmd2", paste0(" (", scores$setting, ")"), "")
  from.scores <- data.frame(gap = scores$gap, panel = paste0(words, setting, ", held-out cells"),
                            method = sweep_method(scores$method), value = scores$value)
  from.scores <- from.scores[order(match(scores$metric, c("mmd2", "w2"))), ]
  one <- function(column, label) {
    data.frame(gap = sweep$track$gap, panel = label, method = sweep_method("laot"),
               value = sweep$track[[column]])
  }
  out <- rbind(from.scores, one("change", "size of the map, |W - I|"),
               one("recovery", "pairs found again, were the fit right"))
  out$panel <- factor(out$panel, unique(out$panel))
  out$method <- factor(out$method, unique(out$method))
  # True cells have a W2 far from 0 from each other: what differs would be lost on an axis from
  # there.
  attr(out, "from.zero") <- setdiff(levels(out$panel), grep("^W2", levels(out$panel), value = TRUE))
  structure(out[is.finite(out$value), ], from.zero = attr(out, "from.zero"))
}

sweep_method <- function(names) {
  titles <- c(laot = "LAOT", identity = "no change", mean_shift = "mean shift",
              gaussian_map = "Gaussian map",
              noise_reference = "true cells (noise)")
  known <- names %in% names(titles)
  names[known] <- titles[names[known]]
  unname(names)
}

# Predicted cells, control cells and treated cells have their colour here too.
sweep_colours <- function(methods) {
  known <- c(LAOT = group.colours[["predicted"]], `no change` = group.colours[["control"]],
             `true cells (noise)` = group.colours[["treated"]], `mean shift` = shift.colour,
             `Gaussian map` = gaussian.colour)
  stats::setNames(ifelse(methods %in% names(known), known[methods], "#000000"), methods)
}

#' @rdname time_gap_sweep
#' @export
plot.laot_sweep <- function(x, ...) {
  data <- sweep_data(x)
  colours <- sweep_colours(levels(data$method))
  old <- par(mfrow = panels(nlevels(data$panel) + 1L), mar = c(4.1, 4.6, 2.6, 0.6))
  on.exit(par(old))
  for (panel in levels(data$panel)) {
    part <- data[data$panel == panel, ]
    plot(range(data$gap), range(part$value, if (panel %in% attr(data, "from.zero")) 0), type = "n",
         las = 1, xaxt = "n",
         xlab = paste("time after", x$start), ylab = "", main = panel, cex.main = 1.2)
    axis(1L, unique(data$gap))
    # LAOT is first, and drawn over the others.
    for (method in rev(intersect(levels(data$method), part$method))) {
      line <- part[part$method == method, ]
      lines(line$gap, line$value, col = colours[[method]], lwd = 2)
      points(line$gap, line$value, col = colours[[method]], pch = 16L)
    }
  }
  graphics::plot.new()
  legend("center", levels(data$method), col = colours, lwd = 2, pch = 16L, bty = "n")
  invisible(x)
}

#' @rdname time_gap_sweep
#' @exportS3Method ggplot2::autoplot
autoplot.laot_sweep <- function(object, ...) {
  need("ggplot2", "for autoplot(); plot() works without it")
  data <- sweep_data(object)
  zero <- data.frame(panel = factor(attr(data, "from.zero"), levels(data$panel)))
  # Groups are drawn in their order, and LAOT over the others.
  data$layer <- -as.integer(data$method)
  data <- data[order(data$layer), ]
  ggplot2::ggplot(data, ggplot2::aes(.data$gap, .data$value, colour = .data$method,
                                     group = .data$layer)) +
    ggplot2::geom_line() + ggplot2::geom_point() +
    ggplot2::facet_wrap("panel", scales = "free_y") +
    ggplot2::scale_colour_manual(values = sweep_colours(levels(data$method)), name = NULL) +
    ggplot2::scale_x_continuous(breaks = unique(data$gap)) +
    ggplot2::scale_y_continuous(labels = function(value) format(signif(value, 3L),
        drop0trailing = TRUE, trim = TRUE)) +
    ggplot2::geom_blank(data = zero, ggplot2::aes(x = min(data$gap), y = 0), inherit.aes = FALSE) +
      ggplot2::labs(x = paste("time after", object$start), y = NULL) + laot_theme()
}
