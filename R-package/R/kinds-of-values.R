# Counts beside values that are none: a map of the one, or a comparison with it, says nothing of the
# other.

# "counts", "other", or NA where the first values may be either.
kind_of_values <- function(values) {
  seen <- first_values(values)
  if (!length(seen)) return(NA_character_)
  if (any(seen < 0 | seen != floor(seen))) "other" else if (are_counts(seen)) "counts" else
    NA_character_
}

words.of.kinds <- c(counts = "whole numbers as counts are", other = "values that are no counts")

# For the origin of a fit: no entry where the values may be either.
known_kind <- function(values) {
  kind <- kind_of_values(values)
  if (!is.na(kind)) kind
}

# That of the cells a fit was made of; where it was not noted, by the name of their place.
kind_of_fit <- function(fit) {
  if (!inherits(fit, "laot_fit")) return(NA_character_)
  if (!is.null(fit$origin$values)) return(fit$origin$values)
  place <- place_of(fit$origin)
  if (is.null(place)) NA_character_ else if (place == "counts") "counts" else "other"
}

# Cells of another kind than those of the fit, whatever their places are called. Predictions of
# counts are none.
warn_if_raw <- function(fit, source, what) {
  here <- source$origin
  if (is_reduced(here) || is_reduced(fit$origin)) return(invisible())
  kinds <- c(kind_of_values(source$values), kind_of_fit(fit))
  if (anyNA(kinds) || kinds[1L] == kinds[2L] ||
      what == "the prediction" && kinds[1L] == "other") return(invisible())
  warning(what, if (is.null(place_of(here))) " holds " else
    paste0(" is read from ", place_text(here), ", which holds "), words.of.kinds[[kinds[1L]]],
    ", and the fit is one of ",
    if (is.null(place_of(fit$origin))) words.of.kinds[[kinds[2L]]] else
      paste0(place_text(fit$origin), ", of ", words.of.kinds[[kinds[2L]]]),
    "; the map is for values like those: ",
    if (kinds[1L] == "counts") "normalise the cells as those of the fit were" else
      "give the counts, or fit again on normalised values", call. = FALSE)
}

# x, y: sources of two populations, called what[1] and what[2].
warn_of_two_kinds <- function(x, y, what) {
  if (is_reduced(x$origin) || is_reduced(y$origin)) return(invisible())
  kinds <- c(kind_of_values(x$values), kind_of_values(y$values))
  if (anyNA(kinds) || kinds[1L] == kinds[2L]) return(invisible())
  at <- match("counts", kinds)
  warning(what[at], " holds ", words.of.kinds[["counts"]], ", and ", what[3L - at], " holds ",
          words.of.kinds[["other"]], "; give both the same values, normalised and logged",
          call. = FALSE)
}
