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
  if (nrow(named))
    graphics::text(named$observed, named$predicted, named$label, cex = 0.75, offset = 0.3,
                   pos = 3L, xpd = NA)
  invisible(x)
}

#' @rdname response_table
#' @exportS3Method ggplot2::autoplot
autoplot.laot_response <- function(object, label = 8, ...) {
  exact_arguments()
  no_more(list(...), "label")
  need("ggplot2", "for autoplot(); plot() works without it")
  data <- response_data(object, label)
  ggplot2::ggplot(data, ggplot2::aes(.data$observed, .data$predicted)) +
    ggplot2::geom_abline(colour = "grey60") +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$low, xmax = .data$high), colour = "grey75",
                            na.rm = TRUE) +
    ggplot2::geom_point(colour = group.colours[["predicted"]], size = 1.2) +
    ggplot2::geom_text(ggplot2::aes(label = .data$label), size = 3, vjust = -0.6) +
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
  if (!is.null(names)) x$label[at] <- as.character(names)[at]
  x
}

response_title <- function(data) {
  if (nrow(data) < 3L) return("")
  agreement <- suppressWarnings(stats::cor(data$observed, data$predicted, use = "complete.obs"))
  if (is.na(agreement)) "" else paste("correlation", formatC(agreement, digits = 2, format = "f"))
}
