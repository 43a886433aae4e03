# Pictures of the training of networks.

# The training of a network, long: series, iteration, value.
training_data <- function(fit) {
  trace <- fit_trace(fit)
  if (fell_back(fit)) fail("nothing was trained: the fit ", fit$report$stop.reason)
  if (!nrow(trace))
    fail("the training ended before its first look at the validation cells; there is ",
         "nothing to plot")
  titles <- c(validation.mmd2 = "validation MMD^2", training.loss = "training loss",
              validation.loss = "validation loss", gradient.norm = "gradient norm",
              loss.g = "loss of g",
              norm.g = "gradient norm of g", loss.f = "loss of f", norm.f = "gradient norm of f")
  # A series without a title has its name: a method of the library needs no line here.
  named <- setdiff(names(trace)[-1L], names(titles))
  titles[named] <- gsub(".", " ", named, fixed = TRUE)
  series <- titles[names(titles) %in% names(trace)[-1L]]
  out <- do.call(rbind, lapply(names(series), function(name) {
    data.frame(series = series[[name]], iteration = trace[[1L]], value = trace[[name]])
  }))
  out$series <- factor(out$series, unique(out$series))
  attr(out, "unit") <- names(trace)[1L]
  attr(out, "kept") <- fit$report$best.iteration
  out
}

# One panel for each series, or, without `all`, that of the validation score, headed by what it
# shows.
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
    plot(part$iteration, part$value, type = "l", las = 1, bty = "l", col = "grey20",
         xlab = attr(data, "unit"), ylab = "",
         main = paste(c(if (first) title, name), collapse = ": "), font.main = 1)
    graphics::abline(v = attr(data, "kept"), col = "grey60", lty = 2L)
    if (first) {
      # The dashed line is to be seen as well.
      along <- seq(min(part$value), max(part$value), length.out = 20L)
      in_emptiest_corner(c(part$iteration, rep(attr(data, "kept"), 20L)), c(part$value, along),
                         paste(attr(data, "unit"), attr(data, "kept"), "is kept"), lty = 2L,
                         col = "grey60", cex = 0.8)
    }
  }
}

ggplot_training <- function(data) {
  ggplot2::ggplot(data, ggplot2::aes(.data$iteration, .data$value)) +
    ggplot2::geom_vline(xintercept = attr(data, "kept"), colour = "grey60", linetype = 2L) +
    ggplot2::geom_line(colour = "grey20") +
    ggplot2::facet_wrap("series", scales = "free_y") +
    ggplot2::labs(x = attr(data, "unit"), y = NULL,
                  caption = paste0("dashed: ", attr(data, "unit"), " ", attr(data, "kept"),
                                   ", which is kept")) +
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
  draw_seeds(x, fit_title(x[[1L]]))
  invisible(x)
}

#' @rdname plot.laot_fit
#' @export
plot.laot_ensemble_list <- function(x, ...) {
  no_more(list(...))
  draw_seeds(training_of_seeds(x), title_of_conditions(attr(x, "fits")[[1L]]))
  invisible(x)
}

# One training of all conditions a seed, which is that of the first.
training_of_seeds <- function(x) lapply(attr(x, "fits"), `[[`, 1L)

draw_seeds <- function(x, title) {
  data <- ensemble_data(x)
  old <- par(tight.margins)
  on.exit(par(old))
  plot(range(data$iteration), range(data$value), type = "n", las = 1, bty = "l",
       main = paste0(title, ": validation MMD^2"), font.main = 1,
       xlab = names(fit_trace(x[[1L]]))[1L], ylab = "")
  shades <- grDevices::hcl.colors(length(x) + 1L, "viridis")[seq_along(x)]
  seeds <- unique(data$seed)
  for (k in seq_along(seeds)) {
    part <- data[data$seed == seeds[k], ]
    lines(part$iteration, part$value, col = shades[k])
    points(part$iteration[part$kept], part$value[part$kept], col = shades[k], pch = 19)
  }
  legend("topright", c(paste("seed", seeds), "iterate that is kept"), col = c(shades, "grey20"),
         lty = c(rep(1L, length(seeds)), NA), pch = c(rep(NA, length(seeds)), 19),
         bty = "n", cex = 0.9)
}

#' @rdname plot.laot_fit
#' @exportS3Method ggplot2::autoplot
autoplot.laot_ensemble <- function(object, ...) {
  no_more(list(...))
  ggplot_of_seeds(object, fit_title(object[[1L]]))
}

#' @rdname plot.laot_fit
#' @exportS3Method ggplot2::autoplot
autoplot.laot_ensemble_list <- function(object, ...) {
  no_more(list(...))
  ggplot_of_seeds(training_of_seeds(object), title_of_conditions(attr(object, "fits")[[1L]]))
}

ggplot_of_seeds <- function(object, title) {
  need("ggplot2", "for autoplot(); plot() works without it")
  data <- ensemble_data(object)
  data$seed <- factor(data$seed)
  ggplot2::ggplot(data, ggplot2::aes(.data$iteration, .data$value, colour = .data$seed)) +
    ggplot2::geom_line() +
    ggplot2::geom_point(data = data[data$kept, ]) +
    ggplot2::labs(x = names(fit_trace(object[[1L]]))[1L], y = "validation MMD^2",
                  title = title,
                  caption = "points: the iterates that are kept") + laot_theme()
}
