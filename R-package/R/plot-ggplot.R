# ggplot2 versions of the same pictures.

utils::globalVariables(".data")

#' @rdname plot.laot_fit
#' @exportS3Method ggplot2::autoplot
autoplot.laot_fit <- function(object, type = "cells", features = NULL, control = NULL,
                              treated = NULL, ...) {
  exact_arguments()
  no_more(list(...), plot.arguments)
  need("ggplot2", "for autoplot(); plot() works without it")
  switch(one_of(type, plot.types, "type"),
    objective = ggplot_progress(object) + ggplot2::labs(title = fit_title(object)),
    cells = ggplot_cells(cells_data(object, control = control, treated = treated)) +
      ggplot2::labs(title = cells_title(object, control, treated)),
    umap = ggplot_cells(umap_data(object, control = control, treated = treated)) +
      ggplot2::labs(title = cells_title(object, control, treated)),
    marginals = ggplot_marginals(marginals_data(object, features, control = control,
                                                treated = treated)) +
      ggplot2::labs(title = cells_title(object, control, treated)),
    map = ggplot_map(map_data(object, features)) + ggplot2::labs(title = fit_title(object))
  )
}

#' @rdname plot.laot_fit
#' @exportS3Method ggplot2::autoplot
autoplot.laot_fit_list <- function(object, type = "cells", ...) {
  exact_arguments()
  no_more(list(...), "type")
  need("ggplot2", "for autoplot(); plot() works without it")
  one_of(type, c("objective", "cells"), "type")
  if (type == "cells") {
    data <- list_cells_data(object)
    data$target <- factor(data$target, names(object))
    return(ggplot_cells(data) + ggplot2::facet_wrap("target"))
  }
  if (is_of_many(object[[1L]]))
    return(ggplot_progress(object[[1L]]) + ggplot2::labs(title = title_of_conditions(object)))
  ggplot_progress_of_all(object[[1L]], object)
}

# The course of a fit, and of all fits of a list, which are of the class of the first.
ggplot_progress <- function(fit) UseMethod("ggplot_progress")
ggplot_progress_of_all <- function(first, fits) UseMethod("ggplot_progress_of_all")

#' @exportS3Method
ggplot_progress.laot_fit <- function(fit) ggplot_objective(objective_data(fit))

#' @exportS3Method
ggplot_progress.network_fit <- function(fit) ggplot_training(training_data(fit))

#' @exportS3Method
ggplot_progress_of_all.laot_fit <- function(first, fits) {
  data <- bind_targets(fits, objective_data)
  attr(data, "unit") <- attr(objective_data(first), "unit")
  ggplot_objective(data) + ggplot2::facet_wrap("target", scales = "free")
}

#' @exportS3Method
ggplot_progress_of_all.network_fit <- function(first, fits) {
  data <- bind_targets(fits, training_data)
  data <- data[data$series == "validation MMD^2", ]
  kept <- data.frame(target = factor(names(fits), names(fits)),
                     kept = vapply(fits, function(fit) fit$report$best.iteration, 0))
  ggplot2::ggplot(data, ggplot2::aes(.data$iteration, .data$value)) +
    ggplot2::geom_vline(data = kept, ggplot2::aes(xintercept = .data$kept), colour = "grey60",
                        linetype = 2L) +
    ggplot2::geom_line(colour = "grey20") + ggplot2::facet_wrap("target", scales = "free") +
    ggplot2::labs(x = names(fit_trace(first))[1L], y = "validation MMD^2",
                  caption = "dashed: the iterate that is kept") + laot_theme()
}

bind_targets <- function(fits, rows_of) {
  out <- do.call(rbind, lapply(names(fits), function(target) cbind(rows_of(fits[[target]]),
      target = target)))
  out$target <- factor(out$target, names(fits))
  out
}

laot_theme <- function() {
  ggplot2::theme_minimal(base_size = 11) +
    ggplot2::theme(panel.grid.minor = ggplot2::element_blank(), legend.position = "bottom",
                   plot.background = ggplot2::element_rect(fill = "white", colour = NA))
}

group_colours <- function(...)
  ggplot2::scale_colour_manual(values = group.colours, name = NULL, ...)

ggplot_objective <- function(data) {
  plot <- ggplot2::ggplot(data, ggplot2::aes(.data$iteration, .data$objective)) +
    ggplot2::geom_line(colour = "grey60") +
    ggplot2::labs(x = attr(data, "unit"), y = "J") + laot_theme()
  if (max(data$iteration) > most.steps) return(plot)
  plot + ggplot2::geom_point(ggplot2::aes(fill = .data$step), shape = 21, colour = "grey20") +
    ggplot2::scale_fill_manual(values = c("after the plan" = "white",
                                          "after the update" = "grey20"),
                               name = NULL)
}

ggplot_cells <- function(data) {
  labels <- attr(data, "labels")
  # Drawn in a mixed order, so that no group covers another.
  data <- data[mixed_order(data$group), ]
  ggplot2::ggplot(data, ggplot2::aes(.data$first, .data$second, colour = .data$group)) +
    ggplot2::geom_point(size = 1, alpha = 0.6) +
    group_colours(guide = ggplot2::guide_legend(override.aes = list(size = 2.5, alpha = 1))) +
    ggplot2::labs(x = labels[1L], y = labels[2L]) + laot_theme()
}

ggplot_marginals <- function(data) {
  bars <- attr(data, "zeros")
  plot <- ggplot2::ggplot(data, ggplot2::aes(.data$value, .data$density, colour = .data$group)) +
    ggplot2::geom_line(linewidth = 0.7) + group_colours() +
    ggplot2::facet_wrap("feature", scales = "free") +
    ggplot2::labs(x = "value", y = density_label(data)) + laot_theme()
  if (!nrow(bars)) return(plot)
  plot + ggplot2::geom_linerange(data = bars, ggplot2::aes(.data$value, ymin = 0,
                                                           ymax = .data$height,
                                                           colour = .data$group),
                                 inherit.aes = FALSE, linewidth = 2, show.legend = FALSE)
}

ggplot_map <- function(data) {
  limit <- max(abs(data$change), 1e-12)
  ggplot2::ggplot(data, ggplot2::aes(.data$control, .data$treated, fill = .data$change)) +
    ggplot2::geom_tile() +
    ggplot2::scale_fill_gradient2(low = "#2166AC", mid = "#F7F7F7", high = "#B2182B",
                                  limits = c(-limit, limit), name = "W - I") +
    ggplot2::coord_equal() +
    ggplot2::labs(x = "control feature", y = "treated feature") +
    ggplot2::theme_minimal(base_size = 11) +
    ggplot2::theme(panel.grid = ggplot2::element_blank(),
                   axis.text.x = ggplot2::element_text(angle = 90, hjust = 1, vjust = 0.5))
}
