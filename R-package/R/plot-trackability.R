# Pictures of recovery curves, trackability and time-gap sweeps, in base graphics and in ggplot2.

curve.colours <- c(counterpart = "#0072B2", anew = "#D55E00")
design.words <- c(counterpart = "counterparts present (pairs found)",
                  anew = "treated cells drawn anew (states identified)")

# Large gaps stand close together on a linear axis from 0, so s is shown by its root.
curve_axis <- function(gap) sqrt(gap)

draw_curves <- function(curves, title) {
  gaps <- curves[[1L]]$gap
  at <- curve_axis(gaps)
  plot(range(at), c(0, 1), type = "n", xaxt = "n", las = 1, xlab = "s: the change, relative to the experiment's",
       ylab = "recovered", main = title)
  axis(1L, at, format(gaps, drop0trailing = TRUE, trim = TRUE))
  lines(range(at), c(0.5, 0.5), lty = 3L, col = "grey50")
  lines(c(1, 1), c(0, 1), lty = 2L, col = "grey50")
  for (design in names(curves)) {
    curve <- curves[[design]]
    here <- curve_axis(curve$gap)
    graphics::segments(here, curve$low, here, curve$high, col = curve.colours[[design]])
    lines(here, curve$recovery, col = curve.colours[[design]], lwd = 2)
    points(here, curve$recovery, col = curve.colours[[design]], pch = 16L)
  }
  if (length(curves) > 1L) {
    legend("topright", design.words[names(curves)], col = curve.colours[names(curves)], lwd = 2, pch = 16L, bty = "n")
  }
}

#' @rdname recovery_curve
#' @export
plot.laot_recovery <- function(x, ...) {
  draw_curves(stats::setNames(list(x), attr(x, "design")), attr(x, "title"))
  invisible(x)
}

#' @rdname trackability
#' @export
plot.laot_trackability <- function(x, ...) {
  draw_curves(x$curves, paste0(x$title, ": ", x$verdict))
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
    ggplot2::scale_x_continuous(trans = "sqrt", breaks = gaps) +
    ggplot2::scale_colour_manual(values = curve.colours, labels = design.words, name = NULL) +
    ggplot2::coord_cartesian(ylim = c(0, 1)) +
    ggplot2::labs(x = "s: the change, relative to the experiment's", y = "recovered", title = title) + laot_theme()
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
  panel <- paste0(scores$metric, ifelse(nzchar(scores$setting), paste0(" (", scores$setting, ")"), ""))
  from.scores <- data.frame(gap = scores$gap, panel = panel, method = scores$method, value = scores$value)
  one <- function(column, label) {
    data.frame(gap = sweep$track$gap, panel = label, method = "fit on all cells", value = sweep$track[[column]])
  }
  out <- rbind(from.scores, one("change", "size of the map |W - I|"), one("recovery", "pairs found again"))
  out$panel <- factor(out$panel, unique(out$panel))
  out$method <- factor(out$method, unique(out$method))
  out
}

#' @rdname time_gap_sweep
#' @export
plot.laot_sweep <- function(x, ...) {
  data <- sweep_data(x)
  colours <- stats::setNames(grDevices::hcl.colors(nlevels(data$method), "Dark 3"), levels(data$method))
  old <- par(mfrow = grDevices::n2mfrow(nlevels(data$panel)))
  on.exit(par(old))
  for (panel in levels(data$panel)) {
    part <- data[data$panel == panel & is.finite(data$value), ]
    plot(range(data$gap), range(part$value, 0), type = "n", las = 1, xlab = "time gap", ylab = "", main = panel)
    for (method in unique(as.character(part$method))) {
      line <- part[part$method == method, ]
      lines(line$gap, line$value, col = colours[[method]], lwd = 2)
      points(line$gap, line$value, col = colours[[method]], pch = 16L)
    }
    if (length(unique(part$method)) > 1L) {
      shown <- unique(as.character(part$method))
      legend("topleft", shown, col = colours[shown], lwd = 2, bty = "n", cex = 0.8)
    }
  }
  invisible(x)
}

#' @rdname time_gap_sweep
#' @exportS3Method ggplot2::autoplot
autoplot.laot_sweep <- function(object, ...) {
  need("ggplot2", "for autoplot(); plot() works without it")
  data <- sweep_data(object)
  ggplot2::ggplot(data[is.finite(data$value), ], ggplot2::aes(.data$gap, .data$value, colour = .data$method)) +
    ggplot2::geom_line() + ggplot2::geom_point() +
    ggplot2::facet_wrap("panel", scales = "free_y") +
    ggplot2::scale_colour_brewer(palette = "Dark2", name = NULL) +
    ggplot2::expand_limits(y = 0) + ggplot2::labs(x = "time gap", y = NULL) + laot_theme()
}
