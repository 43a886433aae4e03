# How values, lists and near misses are written in messages.

# A warning that comes with several fits is given once.
once <- function(code) {
  told <- character()
  withCallingHandlers(code, warning = function(w) {
    if (conditionMessage(w) %in% told) invokeRestart("muffleWarning")
    told <<- c(told, conditionMessage(w))
  })
}

shown <- function(value) {
  if (is.null(value)) return("NULL")
  if (is.atomic(value) && length(value) == 1L && is.null(dim(value))) {
    return(if (is.character(value) && !is.na(value)) quoted(value) else format(value))
  }
  size <- if (is.null(dim(value))) paste("of length", length(value)) else
    paste(dim(value), collapse = " x ")
  class <- class(value)[1L]
  paste(if (grepl("^[aeiouAEIOU]", class)) "an" else "a", class, size)
}

quoted <- function(text) paste0("\"", text, "\"")

# "a, b, c and 12 more"
listed <- function(items, at.most = 10L) {
  items <- as.character(items)
  if (!length(items)) return("none")
  if (length(items) <= at.most + 1L) return(paste(items, collapse = ", "))
  paste0(paste(items[seq_len(at.most)], collapse = ", "), " and ", length(items) - at.most, " more")
}

counted <- function(count, unit, plural = paste0(unit, "s")) {
  paste(whole_text(count), if (count == 1) unit else plural)
}

# 300000, not 3e+05.
whole_text <- function(count) format(count, scientific = FALSE, trim = TRUE)

# The candidate that was probably meant, or NULL.
nearest <- function(name, candidates) {
  near <- candidates[native(.Call(C_nearest, as.character(name), as.character(candidates)))]
  if (length(near)) near
}

did_you_mean <- function(name, candidates) {
  near <- nearest(name, candidates)
  if (is.null(near)) paste0("; there are ", listed(candidates, 30L)) else
    paste0("; did you mean ", quoted(near), "?")
}

# "0.0284 +- 0.0012": two digits of the sd, and the mean to the same place.
mean_sd_text <- function(mean, sd, digits = 3L) {
  if (is.na(mean)) return("NA")
  size <- max(abs(mean), sd, na.rm = TRUE)
  if (is.na(sd) || sd < 1e-4 * size || size >= 1e5 || size < 1e-4) {
    return(paste0(table_number(mean, digits), if (!is.na(sd)) paste(" +-", table_number(sd, 2L))))
  }
  places <- max(0, 1 - floor(log10(signif(sd, 2L))))
  paste(formatC(mean, digits = places, format = "f"), "+-",
        formatC(sd, digits = places, format = "f"))
}

# Three digits, with the zeros that tell 0.990 from 0.99.
table_number <- function(x, digits = 3L) {
  if (is.na(x)) return("NA")
  if (x == 0) return("0")
  if (abs(x) >= 1e6 || abs(x) < 1e-5) return(formatC(x, digits = digits - 1L, format = "e"))
  formatC(signif(x, digits), digits = max(0, digits - 1 - floor(log10(abs(signif(x, digits))))),
          format = "f")
}

number_text <- function(x, digits = 4L) format(signif(x, digits), digits = digits, trim = TRUE)
