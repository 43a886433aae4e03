# Base graphics: what plot() draws where there is nothing but R.

#' Plot a fit
#'
#' `plot()` draws with base graphics, `autoplot()` with ggplot2. The pictures:
#' * `"objective"`: J after every plan and every update of the map; for the neural methods the
#'   validation score along the training, and, where it is the only picture or drawn by
#'   `autoplot()`, the losses and the norms of their gradients too;
#' * `"cells"`: control, treated and predicted cells on the first two principal components of
#'   control and treated cells together;
#' * `"umap"`: the same cells on a UMAP of control and treated cells (at most 500 of each, 30
#'   components, 15 neighbours, a fixed seed), in which predicted cells are placed; it needs the
#'   package uwot, and is drawn only when it is asked for, since distances in it mean little;
#' * `"marginals"`: densities of chosen features, without a choice of those whose mean moves most;
#' * `"map"`: W - I among the features that its strongest entries join.
#'
#' @param x,object A `laot_fit`, a `laot_fit_list`, drawn one target a panel (`"cells"`, and
#'   `"objective"`, but for a method of many conditions, which has one course for all), or a
#'   `laot_ensemble` or `laot_ensemble_list`, of which the validation scores of all seeds are drawn.
#' @param type Which picture. `plot()` of one fit without it draws all that there are (those of
#'   cells where the fit keeps some, or `control` and `treated` are given), but for the UMAP.
#' @param features Names or numbers of the features of `"marginals"` and `"map"`.
#' @param control,treated Cells to show (and to predict) in place of the training cells that the fit
#'   keeps: new controls and measured treated cells show what the fit does on cells it has not seen.
#' @param ... Not used.
#' @returns `plot()`: `x`, invisibly. `autoplot()`: a ggplot.
#' @examples
#' genes <- paste0("gene", 1:6)
#' control <- matrix(rnorm(6 * 80), 6, dimnames = list(genes, NULL))
#' treated <- rbind(2 * control[1:3, 1:60] + 1, control[4:6, 21:80])
#' fit <- laot_fit(control, treated, seed = 1)
#' plot(fit)
#' plot(fit, type = "marginals", features = c("gene1", "gene6"))
#' if (requireNamespace("ggplot2", quietly = TRUE)) ggplot2::autoplot(fit, type = "cells")
#' @importFrom graphics axis box image legend lines mtext par points rect
#' @export
plot.laot_fit <- function(x, type = NULL, features = NULL, control = NULL, treated = NULL, ...) {
  exact_arguments()
  no_more(list(...), plot.arguments)
  if (is.null(type)) {
    no.cells <- (is.null(control) || is.null(treated)) && !ncol(model_array(x, "kept_control"))
    type <- setdiff(plot.types, c("umap", if (!has_objective(x)) "objective",
                                  if (no.cells) c("cells", "marginals"),
                                  if (!has_map(x)) "map"))
    if (!length(type)) shown_cells(x, control, treated)
  } else {
    one_of(type, plot.types, "type")
  }
  old <- par(c(if (length(type) > 1L) list(mfrow = panels(length(type))), tight.margins))
  on.exit(par(old))
  for (picture in type) {
    switch(picture,
      objective = draw_progress(x, alone = length(type) == 1L),
      cells = draw_cells(cells_data(x, control = control, treated = treated),
                         cells_title(x, control, treated)),
      umap = draw_cells(umap_data(x, control = control, treated = treated),
                        cells_title(x, control, treated)),
      marginals = draw_marginals(
        marginals_data(x, features, control = control, treated = treated),
        inside = length(type) > 1L
      ),
      map = draw_map(map_data(x, features))
    )
  }
  invisible(x)
}

#' @rdname plot.laot_fit
#' @export
plot.laot_fit_list <- function(x, type = "cells", ...) {
  exact_arguments()
  no_more(list(...), "type")
  one_of(type, c("objective", "cells"), "type")
  course <- if (type == "objective" && is_of_many(x[[1L]])) x[[1L]]
  old <- par(c(if (is.null(course)) list(mfrow = panels(length(x))), tight.margins))
  on.exit(par(old))
  if (!is.null(course)) {
    draw_progress(course, title_of_conditions(x), alone = TRUE)
  } else if (type == "objective") {
    for (fit in x) draw_progress(fit, fit_title(fit))
  } else {
    all <- list_cells_data(x)
    for (target in names(x)) {
      part <- all[all$target == target, ]
      attr(part, "labels") <- attr(all, "labels")
      draw_cells(part, cells_title(x[[target]]), range(all$first), range(all$second))
    }
  }
  invisible(x)
}

plot.arguments <- c("type", "features", "control", "treated")

tight.margins <- list(mar = c(4, 4.4, 2, 1), mgp = c(2.8, 0.7, 0))
panels <- function(count) grDevices::n2mfrow(count, asp = par("din")[1L] / par("din")[2L])

fit_title <- function(fit) paste(fit$control, "to", fit$target)
title_of_conditions <- function(fits)
  paste(fits[[1L]]$control, "to", counted(length(fits), "condition"))

# Pictures of cells that the fit has seen say so.
cells_title <- function(fit, control = NULL, treated = NULL) {
  seen <- c(if (is.null(control)) "control", if (is.null(treated)) "treated")
  paste0(fit_title(fit), if (length(seen)) paste0(", ", if (length(seen) == 1L) paste0(seen, ": "),
                                                  "training cells"))
}

# All targets on the components of control and all treated cells together.
list_cells_data <- function(fits) {
  cells <- lapply(fits, shown_cells)
  same <- vapply(fits, function(fit) identical(fit$features, fits[[1L]]$features), NA)
  if (!all(same)) fail("the fits of the list have different features; plot one at a time")
  components <- common_components(c(list(cells[[1L]]$control), lapply(cells, `[[`, "treated")))
  parts <- lapply(names(fits), function(target) {
    part <- do.call(rbind, lapply(groups.of.cells, function(group) {
      on_components(cells[[target]][[group]], components, group)
    }))
    cbind(part, target = target)
  })
  out <- do.call(rbind, parts)
  attr(out, "labels") <- component_labels(components)
  out
}

# The course of a fit; `alone`: where it is the only picture.
draw_progress <- function(fit, title = NULL, alone = FALSE) UseMethod("draw_progress")

#' @exportS3Method
draw_progress.laot_fit <- function(fit, title = NULL, alone = FALSE) {
  if (is.null(title)) title <- paste0("Objective", if (is_of_many(fit)) " of all conditions")
  draw_objective(objective_data(fit), title)
}

#' @exportS3Method
draw_progress.network_fit <- function(fit, title = if (alone) fit_title(fit), alone = FALSE) {
  draw_training(training_data(fit), title, all = alone)
}

draw_objective <- function(data, title) {
  plot(data$iteration, data$objective, type = "l", col = "grey60", las = 1, bty = "l",
       xlab = attr(data, "unit"), ylab = "J", main = title, font.main = 1)
  after.plan <- data$step == "after the plan"
  if (sum(after.plan) <= most.steps) {
    points(data$iteration, data$objective, pch = 21, col = "grey20",
           bg = ifelse(after.plan, "white", "grey20"))
    legend("topright", c("after the plan", "after the update"), pch = 21,
           pt.bg = c("white", "grey20"),
           bty = "n", y.intersp = 1.2)
  }
}

draw_cells <- function(data, title, xlim = range(data$first), ylim = range(data$second)) {
  labels <- attr(data, "labels")
  # Drawn in a mixed order, so that no group covers another.
  order <- mixed_order(data$group)
  colours <- grDevices::adjustcolor(group.colours, 0.6)[as.integer(data$group)]
  plot(data$first[order], data$second[order], col = colours[order], pch = 19, cex = 0.6, las = 1,
       bty = "l", xlab = labels[1L], ylab = labels[2L], xlim = xlim, ylim = ylim, main = title,
       font.main = 1)
  in_emptiest_corner(data$first, data$second, groups.of.cells, col = group.colours, pch = 19,
                     cex = 0.9, y.intersp = 1.2)
}

# A legend where it covers the fewest points; what lies behind shines through a little.
in_emptiest_corner <- function(x, y, ...) {
  covered <- function(corner) {
    box <- legend(corner, ..., plot = FALSE)$rect
    sum(x >= box$left & x <= box$left + box$w & y <= box$top & y >= box$top - box$h)
  }
  corners <- c("topright", "topleft", "bottomright", "bottomleft")
  legend(corners[which.min(vapply(corners, covered, 0))], ...,
         bg = grDevices::adjustcolor("white", 0.7),
         box.lty = 0, inset = 0.01)
}

draw_marginals <- function(data, inside) {
  features <- levels(data$feature)
  if (inside) features <- features[1L]
  if (length(features) > 1L) {
    old <- par(mfrow = panels(length(features)))
    on.exit(par(old))
  }
  for (feature in features) {
    part <- data[data$feature == feature, ]
    bars <- attr(data, "zeros")
    bars <- bars[bars$feature == feature, ]
    plot(range(part$value, bars$value), c(0, max(part$density)), type = "n", las = 1, bty = "l",
         xlab = "value", ylab = density_label(data), main = feature, font.main = 1)
    if (nrow(bars))
      graphics::segments(bars$value, 0, bars$value, bars$height,
                         col = group.colours[as.character(bars$group)], lwd = 5, lend = 1)
    for (group in groups.of.cells) {
      curve <- part[part$group == group, ]
      lines(curve$value, curve$density, col = group.colours[[group]], lwd = 2)
    }
    if (feature == features[1L]) {
      legend(emptier_corner(part), groups.of.cells, col = group.colours, lwd = 2, bty = "n",
             cex = 0.9, y.intersp = 1.2)
    }
  }
}

emptier_corner <- function(curves) {
  left <- curves$value < mean(range(curves$value))
  if (max(curves$density[left]) < max(curves$density[!left])) "topleft" else "topright"
}

# The changes as image() has them: a row for each control feature, a column for each treated one.
map_cells <- function(data) {
  size <- nlevels(data$control)
  cells <- matrix(0, size, size)
  cells[cbind(as.integer(data$control), as.integer(data$treated))] <- data$change
  cells
}

draw_map <- function(data) {
  features <- levels(data$control)
  size <- length(features)
  limit <- max(abs(data$change), 1e-12)
  shades <- grDevices::colorRampPalette(c("#2166AC", "#F7F7F7", "#B2182B"))(101L)
  width <- max(graphics::strwidth(features, units = "inches", cex = 0.7)) + 0.45
  old <- par(mai = c(min(width, 1.6), min(width, 1.6), 0.6, 0.7))
  on.exit(par(old))
  image(seq_len(size), seq_len(size), map_cells(data), zlim = c(-limit, limit), col = shades,
        axes = FALSE,
        xlab = "", ylab = "", main = "W - I", font.main = 1)
  axis(1, seq_len(size), features, las = 2, cex.axis = 0.7, tick = FALSE, line = -0.5)
  axis(2, seq_len(size), rev(features), las = 1, cex.axis = 0.7, tick = FALSE, line = -0.5)
  box(col = "grey60")
  draw_scale(limit, shades)
  mtext("control feature", 1, line = par("mar")[1L] - 1.1, cex = 0.7)
  mtext("treated feature", 2, line = par("mar")[2L] - 1.1, cex = 0.7)
}

# A colour key in the right margin.
draw_scale <- function(limit, shades) {
  usr <- par("usr")
  inch <- diff(usr[1:2]) / par("pin")[1L]
  left <- usr[2L] + 0.1 * inch
  at <- seq(usr[3L], usr[4L], length.out = length(shades) + 1L)
  rect(left, at[-length(at)], left + 0.12 * inch, at[-1L], col = shades, border = NA, xpd = NA)
  graphics::text(left + 0.16 * inch, c(usr[3L], mean(usr[3:4]), usr[4L]),
                 c(number_text(-limit, 2L), "0", number_text(limit, 2L)),
                 adj = c(0, 0.5), cex = 0.7,
                 xpd = NA)
}
