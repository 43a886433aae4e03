# Checks of arguments: each passes its value on, or fails with one sentence.

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

# Functions of one fit take no list of them, and say how one is taken.
one_fit <- function(value, argument) {
  not_several(value, argument)
  if (!inherits(value, "laot_fit"))
    fail(argument, " must be a fit, as laot_fit() makes it, found ", shown(value))
  invisible(value)
}

not_several <- function(value, argument) {
  several <- c(laot_ensemble_list = "the fits of several conditions and seeds",
               laot_ensemble = "the fits of several seeds", laot_fit_list = "several fits")
  kind <- intersect(names(several), class(value))
  if (!length(kind)) return(invisible(value))
  inner <- if (kind[1L] == "laot_ensemble_list") paste0("[[", quoted(names(value[[1L]])[1L]), "]]")
  fail(argument, " holds ", several[[kind[1L]]], "; take one, for example ", argument, "[[",
       quoted(names(value)[1L]), "]]", inner)
}

whole <- function(value, argument, least = 1) {
  is.whole <- is.numeric(value) && length(value) == 1L && !is.na(value) && value == floor(value)
  if (!is.whole || value < least || value > .Machine$integer.max) {
    fail(argument, " must be one whole number of at least ", least,
         if (is.whole && value > least) paste(" and at most", .Machine$integer.max),
         ", found ", shown(value))
  }
  invisible(value)
}

one_number <- function(value, argument) {
  if (!is.numeric(value) || length(value) != 1L || !is.finite(value)) {
    fail(argument, " must be one number, found ", shown(value))
  }
  invisible(value)
}

positive_number <- function(value, argument) {
  if (!is.numeric(value) || length(value) != 1L || !is.finite(value) || value <= 0) {
    fail(argument, " must be a positive number, found ", shown(value))
  }
  invisible(value)
}

# For functions of one object that has both populations.
refuse_treated <- function(dots) {
  if ("treated" %in% names(dots)) {
    fail("treated does not go here: bind control and treated cells to one object with cbind(), ",
         "and give the condition of each cell as condition = ")
  }
}

# The names in a call, with those behind the ... of the function that it stands in.
given_names <- function(call, from) {
  is_dots <- function(k) tryCatch(identical(call[[k]], quote(...)), error = function(e) FALSE)
  passed <- if (any(vapply(seq_along(call), is_dots, NA)))
    tryCatch(names(eval(quote(substitute(list(...))), from)), error = function(e) NULL)
  setdiff(c(names(call), passed), "")
}

# R takes a part of a name for the whole: n = 5 would set noise. The caller's arguments must be
# named in full.
exact_arguments <- function() {
  given <- given_names(sys.call(-1L), parent.frame(2L))
  known <- setdiff(names(formals(sys.function(-1L))), "...")
  for (name in setdiff(given, known)) {
    meant <- known[startsWith(known, name)]
    if (length(meant) == 1L && !meant %in% given) {
      fail("there is no argument ", name, "; write ", meant,
           " in full if that is meant, the arguments are ", listed(known, 30L))
    }
  }
  invisible()
}
