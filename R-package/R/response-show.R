# Pictures of a table of responses: what was predicted of each feature beside what was observed.

#' @rdname response_table
#' @name response_table
#' @details `plot()` (base graphics) and `autoplot()` (ggplot2) draw the predicted shift of every
#'   feature over the observed one with its interval; on the grey line both are the same.
#' @param object What `response_table()` returned; in `plot()` it is `x`.
#' @param label How many features, or sets, of the largest observed shift are named.
#' @returns `plot()`: `x`, invisibly, after drawing. `autoplot()`: a ggplot.
#' @export
plot.laot_response <- function(x, label = 8, ...) {
  exact_arguments()
  no_more(list(...), "label")
  data <- response_data(x, label)
  old <- par(tight.margins)
  on.exit(par(old))
  seen <- range(data$observed, data$predicted, data$low, data$high, na.rm = TRUE)
  plot(seen, range(data$predicted, na.rm = TRUE), type = "n", las = 1, bty = "l",
       xlab = response.words[["x"]], ylab = response.words[["y"]], main = response_title(data),
       font.main = 1)
  graphics::abline(0, 1, col = "grey60")
  graphics::segments(data$low, data$predicted, data$high, data$predicted, col = "grey75")
  points(data$observed, data$predicted, pch = 19, cex = 0.6, col = group.colours[["predicted"]])
  named <- data[nzchar(data$label), ]
  if (nrow(named)) {
    high <- 1.4 * graphics::strheight("M", cex = 0.75)
    at <- label_heights(named$observed, named$predicted + high,
                        graphics::strwidth(named$label, cex = 0.75), high)
    graphics::segments(named$observed, named$predicted, named$observed, at - high / 2,
                       col = "grey60", xpd = NA)
    graphics::text(named$observed, at, named$label, cex = 0.75, xpd = NA)
  }
  invisible(x)
}

# The heights at which labels of these widths about x and of this height meet no other: from the
# lowest up, each as low as it can be, and not below its own.
label_heights <- function(x, y, width, height) {
  placed <- integer()
  for (k in order(y)) {
    beside <- placed[abs(x[placed] - x[k]) < (width[placed] + width[k]) / 2]
    for (other in sort(y[beside])) if (abs(other - y[k]) < height) y[k] <- other + height
    placed <- c(placed, k)
  }
  y
}

#' @rdname response_table
#' @exportS3Method ggplot2::autoplot
autoplot.laot_response <- function(object, label = 8, ...) {
  exact_arguments()
  no_more(list(...), "label")
  need("ggplot2", "for autoplot(); plot() works without it")
  data <- response_data(object, label)
  # The size of the picture is not known yet: that of letters in one of 7 x 5 inches.
  span <- function(values) max(diff(range(values, na.rm = TRUE)), 1e-300)
  named <- data[nzchar(data$label), ]
  line <- 0.045 * span(data$predicted)
  named$at <- label_heights(named$observed, named$predicted + line,
                            0.014 * span(c(data$observed, data$low, data$high)) *
                              nchar(named$label), line)
  named$foot <- named$at - line / 2
  ggplot2::ggplot(data, ggplot2::aes(.data$observed, .data$predicted)) +
    ggplot2::geom_abline(colour = "grey60") +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$low, xmax = .data$high), colour = "grey75",
                            na.rm = TRUE) +
    ggplot2::geom_point(colour = group.colours[["predicted"]], size = 1.2) +
    ggplot2::geom_segment(ggplot2::aes(xend = .data$observed, yend = .data$foot),
                          data = named, colour = "grey60") +
    ggplot2::geom_text(ggplot2::aes(y = .data$at, label = .data$label), named, size = 3) +
    ggplot2::labs(x = response.words[["x"]], y = response.words[["y"]],
                  title = response_title(data)) + laot_theme()
}

response.words <- c(x = "observed shift, with its interval", y = "predicted shift")

response_data <- function(x, label) {
  each <- attr(x, "each")
  x <- as.data.frame(x)
  needed <- c("observed", "low", "high", "predicted")
  lacking <- setdiff(needed, names(x))
  if (length(lacking)) {
    fail("the table lacks the column ", quoted(lacking[1L]),
         "; plot what response_table() returned, with all of its columns")
  }
  if (!nrow(x)) fail("the table has no rows to plot")
  whole(label, "label", 0)
  names <- if (!is.null(x$set)) x$set else x$feature
  if (length(each) && each %in% names(x)) names <- paste0(names, ", ", x[[each]])
  x <- x[needed]
  x$label <- ""
  at <- utils::head(order(-abs(x$observed)), label)
  at <- at[is.finite(x$observed[at]) & is.finite(x$predicted[at])]  # what has a place
  if (!is.null(names)) x$label[at] <- as.character(names)[at]
  x
}

response_title <- function(data) {
  if (nrow(data) < 3L) return("")
  agreement <- suppressWarnings(stats::cor(data$observed, data$predicted, use = "complete.obs"))
  if (is.na(agreement)) "" else paste("correlation", formatC(agreement, digits = 2, format = "f"))
}
