# Held-out cells of several conditions, seen and not seen, in one table.

# evaluate_predictions() of a laot_fit_list.
evaluate_conditions <- function(x, observed, control, at, beside, metrics, gamma, preset, markers, epsilon, reference,
                                num.threads) {
  fits <- c(list(x), if (inherits(beside, "laot_fit_list")) list(beside) else beside)
  for (one in fits) {
    if (!inherits(one, "laot_fit_list") || (is.null(attr(one, "whole")) && length(fits) > 1L)) {
      fail("beside must be fits of an experiment, as fit_method(covariates = ) gives them, found ", shown(one))
    }
  }
  if (!is.list(observed) || !length(observed) || is.null(names(observed)) || !all(nzchar(names(observed)))) {
    fail("observed must be a named list of matrices, one for each condition, found ", shown(observed))
  }
  if (is.null(control)) fail("control is missing; give the control cells that the fit should predict")
  if (!is.list(control) || is.data.frame(control)) control <- list(control)
  if (!length(control) %in% c(1L, length(observed))) {
    fail("control must be one matrix, or a list of ", length(observed), ", found ", length(control))
  }
  if (is.null(attr(x, "whole"))) {
    return(evaluate_apart(x, observed, control, at, metrics = metrics, gamma = gamma, preset = preset, markers = markers,
                          epsilon = epsilon, reference = reference, num.threads = num.threads))
  }
  first <- x[[1L]]
  read <- function(cells, what) {
    values <- as_values(cells, what)
    cells_of(values, features = match_features(first$features, feature_count(first), values, what, "the fit"),
             with.names = FALSE)
  }
  options <- score_options(metrics, gamma, preset, markers, epsilon, reference)
  options$markers <- checked_number_of_markers(markers, feature_count(first), first)
  options$test <- FALSE
  treated <- sapply(names(observed), function(name) read(observed[[name]], paste("observed", quoted(name))),
                    simplify = FALSE)
  columns <- native(.Call(C_evaluate_experiment, lapply(fits, function(one) whole_pointer(attr(one, "whole"))),
                          lapply(control, read, "control"), treated, rep_len(seq_along(control), length(observed)),
                          covariates_at(x, observed, at), options, call_settings(first$seed, num.threads)))
  as_scores(as.data.frame(columns))
}

# Fits that have nothing in common, each with its own cells.
evaluate_apart <- function(fits, observed, control, at, ...) {
  if (!is.null(at)) fail("at = goes with one model of several conditions, as fit_method(covariates = ) gives it")
  known_conditions(fits, observed)
  tables <- Map(function(name, cells) {
    as.data.frame(evaluate_predictions(fits[[name]], observed[[name]], control = cells, ...))
  }, names(observed), rep_len(control, length(observed)))
  for (name in names(observed)) tables[[name]]$condition <- rep(name, nrow(tables[[name]]))
  structure(do.call(rbind, unname(tables)), class = c("laot_scores", "data.frame"))
}

known_conditions <- function(fits, observed) {
  unknown <- setdiff(names(observed), c(names(fits), held_out_of(fits)))
  if (length(unknown)) {
    fail("the fit has not seen ", quoted(unknown[1L]),
         if (!is.null(attr(fits, "whole"))) "; give the covariates of each condition as at = ")
  }
}

# The covariates of each condition: those of the rows of at, or of the condition of that name.
covariates_at <- function(fits, observed, at) {
  if (is.null(at)) {
    known_conditions(fits, observed)
    return(lapply(observed, function(cells) list()))
  }
  if (!is.data.frame(at) || nrow(at) != length(observed)) {
    fail("at must be a data frame with one row for each of the ", length(observed), " conditions, found ", shown(at))
  }
  known <- native(.Call(C_conditions, whole_pointer(attr(fits, "whole"))))$covariates
  check_names_at(names(at), known)
  lapply(seq_along(observed), function(row) {
    sapply(known, function(name) value_at(at[[name]][[row]], name), simplify = FALSE)
  })
}
