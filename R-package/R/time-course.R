# How fast cells move in a time course: L of the theorem, in the units of the data or of a fit.

# "24h" is 24; NA where a text begins with no number.
leading_number <- function(labels) {
  suppressWarnings(as.numeric(sub("^[[:space:]]*([-+]?[0-9]*\\.?[0-9]+).*$", "\\1", labels)))
}

time_of_cells <- function(time, columns, count) {
  if (is.numeric(time) && length(time) == count) return(as.double(time))
  labels <- as.character(cell_labels(time, columns, count, "time"))
  number <- leading_number(labels)
  bad <- is.na(number) & !is.na(labels)
  if (any(bad)) fail("time must be numbers, or texts that begin with one; found ", quoted(labels[bad][1L]))
  number
}

# course: a list of matrices, features x cells, named by their times, which increase.
course_rates <- function(course, settings) {
  found <- native(.Call(C_rates, lapply(unname(course), function(cells) list(values = unname(cells))),
                  as.numeric(names(course)), c(0.5, 0.95), settings))$arrays
  table <- found$rates
  data.frame(from = table[, 1L], to = table[, 2L], mean = table[, 3L], mean.low = table[, 4L],
             mean.high = table[, 5L], median = found$quantiles[, 1L], q95 = found$quantiles[, 2L],
             q95.low = table[, 7L], q95.high = table[, 8L], largest = table[, 6L], floor = not_nan(table[, 9L]))
}

# L: the 95% quantile of the fastest step, with its interval; NULL where nothing moves.
rate_of_course <- function(rates) {
  fastest <- rates[which.max(rates$q95), ]
  if (fastest$q95 > 0) c(value = fastest$q95, low = fastest$q95.low, high = fastest$q95.high)
}

# Cells (features x cells, those of the fit) in the fit's feature space, about `mean`.
in_feature_space <- function(fit, values, mean) {
  centred <- values - mean
  described <- native(.Call(C_describe, model_pointer(fit)))$arrays
  if ("basis" %in% described) centred <- crossprod(model_array(fit, "basis"), centred)
  unname(centred / model_array(fit, "scale")[, 1L])
}

# The rates of a time course in the feature space of a fit, each time about its own mean where the
# fit centres each population so: then the common shift is no movement, as it is none to the pairing.
rates_in_feature_space <- function(fit, course, time, settings) {
  source <- read_like(fit, course, list(), "time.course")
  times <- time_of_cells(time, source$columns, value_dim(source$values)[2L])
  at <- match_features(fit$features, feature_count(fit), source$values, "time.course", "the fit")
  kept <- sort(unique(times[!is.na(times)]))
  if (length(kept) < 2L) {
    fail("time.course needs cells of at least two times, found ",
         if (length(kept)) paste("only time", kept) else "none with a time")
  }
  own <- fit$params[["center"]] == "own"
  encoded <- lapply(stats::setNames(kept, kept), function(when) {
    values <- dense_block(cells_of(source$values, which(times == when), at, with.names = FALSE))
    in_feature_space(fit, values, if (own) rowMeans(values) else model_array(fit, "mean_control")[, 1L])
  })
  course_rates(encoded, settings)
}

# The time between the populations of a fit whose conditions are the times of the course.
gap_of_conditions <- function(fit, time) {
  if (!identical(fit$condition, time)) return(NULL)
  gap <- leading_number(fit$target) - leading_number(fit$control)
  if (isTRUE(gap > 0)) gap
}
