# How values, lists and near misses are written in messages.

shown <- function(value) {
  if (is.null(value)) return("NULL")
  if (is.atomic(value) && length(value) == 1L && is.null(dim(value))) {
    return(if (is.character(value) && !is.na(value)) quoted(value) else format(value))
  }
  size <- if (is.null(dim(value))) paste("of length", length(value)) else
    paste(dim(value), collapse = " x ")
  paste("a", class(value)[1L], size)
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
  paste(count, if (count == 1) unit else plural)
}

# The candidate that was probably meant, or NULL: one letter off, or else one that holds the name, or else one
# that looks like it.
nearest <- function(name, candidates) {
  if (!length(candidates)) return(NULL)
  distance <- utils::adist(name, candidates, ignore.case = TRUE)[1L, ]
  best <- which.min(distance)
  if (distance[best] <= 1 && nchar(name) > 2L) return(candidates[best])
  holding <- candidates[grepl(tolower(name), tolower(candidates), fixed = TRUE)]
  if (nzchar(name) && length(holding)) return(holding[which.min(nchar(holding))])
  if (distance[best] <= max(2, nchar(name) / 2)) candidates[best] else NULL
}

did_you_mean <- function(name, candidates) {
  near <- nearest(name, candidates)
  if (is.null(near)) paste0("; there are ", listed(candidates, 30L)) else
    paste0("; did you mean ", quoted(near), "?")
}

need <- function(package, why) {
  if (!requireNamespace(package, quietly = TRUE)) {
    fail("the package ", package, " is needed ", why, "; install it first")
  }
}

one_of <- function(value, choices, argument) {
  if (!is.character(value) || length(value) != 1L || !value %in% choices) {
    fail(argument, " must be one of ", listed(choices), ", found ", shown(value))
  }
  value
}

one_string <- function(value, argument) {
  if (!is.character(value) || length(value) != 1L || is.na(value) || !nzchar(value)) {
    fail(argument, " must be one string, found ", shown(value))
  }
  value
}

number_text <- function(x, digits = 4L) format(signif(x, digits), digits = digits, trim = TRUE)
