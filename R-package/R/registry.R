# The parameter registry lives in the library; R only reads it.

#' Methods and their parameters
#'
#' Names, defaults and ranges come from the library itself, so they are always those in force.
#'
#' @param method The name of a method: one of `laot_methods()$name`.
#' @param preset The name of a preset, whose values are then shown as defaults.
#' @returns `laot_methods()`: a data frame with columns `name`, `label` (its name in papers),
#'   `title`, `source`, and what a method is: `affine` (its prediction is `W x + b`, about which
#'   that of `"laot"` may bend; [coef()] gives `W`), `trains` (a training of a network, with
#'   checkpoints), `batch` (it takes levels of a batch), `conditions` (one model learns all
#'   conditions; the others are fitted to each), `trivial` (one of those that every score is shown
#'   beside), `pairs` (it has a [pairing()]), `raw` (it takes the cells as they are, without a
#'   feature space) and `fewest.cells`: with fewer on either side a fit is the mean shift; of
#'   many conditions a training refuses, and the others warn.
#'   `laot_params()`: a data frame with columns `name`, `type`, `default`, `range`, `doc` and
#'   `source`, one row for each parameter that may be given to the fitting function by name.
#'   `laot_presets()`: a data frame with columns `name` and `doc`; the first is the default, whose
#'   values `laot_params()` shows. `laot_info()`: a named character vector with the version of the
#'   library, its binary interface, the BLAS in use and the memory of the machine, for bug reports.
#' @examples
#' laot_methods()
#' laot_params("laot")[, c("name", "default", "range")]
#' laot_presets("laot")
#' subset(laot_params("laot", preset = "algorithm1"), name == "ridge")
#' @export
laot_params <- function(method = "laot", preset = NULL) {
  exact_arguments()
  one_string(method, "method")
  if (!is.null(preset)) one_string(preset, "preset")
  entry <- native(.Call(C_params, method, preset))
  types <- c("number", "integer", "flag", "choice")
  data.frame(
    name = dotted(entry$name), type = types[entry$type + 1L], default = in_r_flags(entry$default),
    range = allowed_values(entry), doc = entry$doc, source = sources_at_hand(entry$source)
  )
}

in_r_flags <- function(values) {
  flags <- values %in% c("true", "false")
  values[flags] <- toupper(values[flags])
  values
}

allowed_values <- function(entry) {
  words <- gsub(",[[:space:]]*", ", ", entry$words)
  number <- ifelse(is.finite(entry$maximum) & entry$maximum < 1e9,
    paste(format_each(entry$minimum), "to", format_each(entry$maximum)),
    paste("at least", format_each(entry$minimum))
  )
  range <- ifelse(entry$type == 3L, words, ifelse(entry$type == 2L, "TRUE, FALSE", number))
  ifelse(entry$type < 2L & nzchar(words), paste(range, "or", words), range)
}

format_each <- function(x) vapply(x, function(value) format(value, digits = 6), "")

#' @rdname laot_params
#' @export
laot_methods <- function() {
  out <- as.data.frame(native(.Call(C_methods)))
  out$source <- sources_at_hand(out$source)
  out
}

# Pages of the repository, which an installed package does not have, and what it has on the same.
pages.at.hand <- c(
  composition = "?composition", conditions = "vignette(\"conditions\")", networks = "?cellot_fit",
  nonlinear = "?laot_fit", performance = "?laot_fit", quality = "?laot_fit"
)

# A page of docs/ is named by its address where the package knows that of the repository.
sources_at_hand <- function(sources, url = utils::packageDescription("laot")$URL) {
  for (page in names(pages.at.hand)) {
    there <- if (length(url) && !is.na(url))
      paste0(sub(",.*", "", url), "/blob/HEAD/docs/", page, ".md") else
      pages.at.hand[[page]]
    sources <- gsub(paste0("docs/", page, ".md"), there, sources, fixed = TRUE)
  }
  vapply(strsplit(sources, "; ", fixed = TRUE),
         function(parts) paste(unique(parts), collapse = "; "), "")
}

#' @rdname laot_params
#' @export
laot_presets <- function(method = "laot") {
  exact_arguments()
  as.data.frame(native(.Call(C_presets, one_string(method, "method"))))
}

#' @rdname laot_params
#' @export
laot_info <- function() {
  pairs <- strsplit(native(.Call(C_capabilities)), "=", fixed = TRUE)
  values <- vapply(pairs, function(pair) paste(pair[-1L], collapse = "="), "")
  names(values) <- vapply(pairs, `[`, "", 1L)
  values
}

# Fails as the library does, which knows another method's name for the same, but where an argument
# of R's own was meant.
no_parameter <- function(method, name, known, others) {
  near <- intersect(nearest(dotted(name), c(known, others)), setdiff(others, known))
  # With more than a third of its letters changed it is another word: "steps" is no slip of "seeds".
  is.own <- length(near) && (grepl(tolower(name), near, fixed = TRUE) ||
                               utils::adist(dotted(name), near) <= nchar(name) / 3)
  hint <- if (name %in% names(other.hints) && "layer" %in% others) other.hints[[name]] else
    if (is.own) paste0("; did you mean ", quoted(near), "?")
  if (!is.null(hint)) fail("method ", method, " has no parameter ", quoted(name), hint)
  native(.Call(C_check_parameter, method, underscored(name)))
}

# The ... of a fitting function as parameters of the registry. `others` are the function's own
# arguments, so that a misspelt one is recognised as well; where it reads an object too, it is
# `fitting`.
params_from_dots <- function(method, dots, others, fitting = FALSE) {
  if (!length(dots)) return(list())
  given <- names(dots)
  if (is.null(given) || !all(nzchar(given))) {
    position <- if (is.null(given)) 1L else which(!nzchar(given))[1L]
    fail("parameters must be given by name; found ", shown(dots[[position]]), " without one")
  }
  known <- laot_params(method)$name
  for (name in given) {
    if (fitting && name %in% source_arguments()) {
      fail("argument ", name, " does not go with x: ",
           listed(vapply(names(object.classes), function(class) {
             paste(listed(source_arguments(class)), "are for a", object.classes[[class]]$called)
           }, "")))
    }
    if (!dotted(name) %in% known) {
      no_parameter(method, name, known, c(others, if (fitting) source_arguments()))
    }
  }
  twice <- given[duplicated(dotted(given))]
  if (length(twice)) fail("parameter ", twice[1L], " is given twice")
  dots <- dots[!vapply(dots, is.null, NA)]
  for (name in names(dots)) {
    value <- dots[[name]]
    if (!is.atomic(value) || length(value) != 1L || is.na(value)) {
      fail("parameter ", name, " must be one number, string or flag, found ", shown(value))
    }
    if (is.factor(value)) dots[[name]] <- as.character(value)
  }
  names(dots) <- underscored(names(dots))
  dots
}
