# Held-out cells of several conditions, seen and not seen, in one table.

# evaluate_predictions() of a laot_fit_list. where: what an object is read by.
evaluate_conditions <- function(x, observed, control, at, beside, where, metrics, gamma, preset,
                                markers, epsilon, reference,
                                num.threads) {
  fits <- c(list(x), if (inherits(beside, "laot_fit_list")) list(beside) else beside)
  for (one in fits) {
    if (!inherits(one, "laot_fit_list") || (is.null(attr(one, "whole")) && length(fits) > 1L)) {
      fail("beside must be fits of an experiment, as fit_method(covariates = ) gives them, found ",
           shown(one))
    }
  }
  asked <- asked_conditions(x, observed, control, at)
  if (is.null(attr(x, "whole"))) {
    return(evaluate_apart(x, asked, where, metrics = metrics, gamma = gamma, preset = preset,
                          markers = markers,
                          epsilon = epsilon, reference = reference, num.threads = num.threads))
  }
  first <- x[[1L]]
  trained <- attr(x, "whole")$cells
  named <- Filter(function(cells) any(colnames(cells) %in% trained), asked$observed)
  warn_of_trained(lapply(named, function(cells)
    suppressWarnings(read_like(first, cells, where, "observed"))$values), trained, unclass(x))
  read <- function(cells, what, fit = first, side = "control") {
    source <- read_like(fit, cells, where, what)
    warn_of_labels(fit, stats::setNames(list(source), side), what)
    values <- source$values
    cells_of(values, features = match_features(first$features, feature_count(first), values, what,
                                               "the fit"),
             with.names = FALSE)
  }
  options <- score_options(metrics, gamma, preset, markers, epsilon, reference)
  options$markers <- checked_number_of_markers(markers, feature_count(first), first)
  options$test <- FALSE
  treated <- sapply(names(asked$observed), function(name) {
    # A condition that was not seen has no fit, and so no label of its own.
    fit <- if (name %in% names(x)) x[[name]] else without_condition(first)
    read(asked$observed[[name]], paste("observed", quoted(name)), fit, "observed")
  }, simplify = FALSE)
  columns <- native(.Call(C_evaluate_experiment,
                          lapply(fits, function(one) whole_pointer(attr(one, "whole"))),
                          lapply(asked$controls, read, "control"), treated, asked$control.of,
                          asked$covariates, options,
                          call_settings(first$seed, num.threads)))
  as_scores(as.data.frame(columns))
}

asked_conditions <- function(x, observed, control, at = NULL) {
  if (object_kind(observed) == "matrix") return(listed_conditions(x, observed, control, at))
  if (inherits(x, "laot_fit_by")) labelled_levels(x, observed, control, at) else
    labelled_conditions(x, observed, control, at)
}

without_condition <- function(fit) {
  fit["condition"] <- list(NULL)
  fit
}

# list(observed, controls, control.of, covariates): cells by condition, as they were given.
listed_conditions <- function(x, observed, control, at) {
  if (!is.list(observed) || is.data.frame(observed) || !length(observed) ||
      is.null(names(observed)) ||
      !all(nzchar(names(observed)))) {
    fail("observed must be one object with a column of the condition, or a named list of ",
         "matrices, one for each condition, ",
         "found ", shown(observed))
  }
  if (is.null(control))
    fail("control is missing; give the control cells that the fit should predict")
  if (!is.list(control) || is.data.frame(control)) control <- list(control)
  if (!length(control) %in% c(1L, length(observed))) {
    fail("control must be one matrix, or a list of ", length(observed), ", found ", length(control))
  }
  list(observed = observed, controls = control, control.of = rep_len(seq_along(control),
      length(observed)),
       covariates = covariates_at(x, observed, at))
}

# The same of fits by a column and one object: each level with its own controls.
labelled_levels <- function(x, observed, control, at) {
  if (!is.null(at))
    fail("at = goes with one model of several conditions, not with fits by a column")
  if (is.null(attr(x, "by"))) {
    fail("the fits were made by labels and not by a column; give the cells of each level as a ",
         "list, observed = list(", names(x)[1L], " = ), and so control =")
  }
  first <- x[[1L]]
  column <- c(first$condition, "condition")[1L]
  if (is.null(control)) control <- observed
  cells <- function(object, condition, side) {
    labels <- function(of, argument)
      as.character(cell_labels(of, as.list(columns_of(object)), ncol(object), argument))
    at <- which(labels(column, "condition") == condition)
    if (!length(at))
      fail(side, " has no cells that are ", quoted(condition), " in column ", quoted(column))
    split(at, labels(attr(x, "by"), "by")[at])
  }
  of.observed <- cells(observed, first$target, "observed")
  of.control <- cells(control, first$control, "control")
  scored <- Reduce(intersect, list(names(x), names(of.observed), names(of.control)))
  if (!length(scored)) {
    fail("no level with a fit has observed and control cells; these are ", listed(names(x)),
         ", observed has ", listed(names(of.observed)), " and control ",
         listed(names(of.control)))
  }
  left.out <- setdiff(c(names(of.observed), names(x)), scored)
  if (length(left.out)) {
    warning("left out: levels without a fit, observed or control cells (", listed(left.out, 5L),
            ")", call. = FALSE)
  }
  list(observed = lapply(of.observed[scored], function(at) observed[, at]),
       controls = lapply(unname(of.control[scored]), function(at) control[, at]),
       control.of = seq_along(scored))
}

# The same of one object and its columns.
labelled_conditions <- function(x, observed, control, at) {
  if (!is.null(at))
    fail("at = goes with a list of observed cells; of one object the covariates are columns")
  column <- c(x[[1L]]$condition, "condition")[1L]
  labels_in <- function(object)
    as.character(cell_labels(column, as.list(columns_of(object)), ncol(object), "condition"))
  level <- x[[1L]]$control
  labels <- labels_in(observed)
  names <- setdiff(unique(labels), c(level, NA))
  if (!length(names))
    fail("observed has no treated cells: column ", quoted(column), " has only ",
         listed(unique(labels)))
  own <- is.null(control)
  if (own) control <- observed
  if (object_kind(control) == "matrix" || is.list(control)) {
    fail("beside one object of observed cells control must be an object too, or be left out where ",
         "observed has the control ",
         "cells; found ", shown(control))
  }
  of.control <- which((if (own) labels else labels_in(control)) == level)
  if (!length(of.control)) {
    fail("there are no control cells: column ", quoted(column), " of ",
         if (own) "observed" else "control", " has no ",
         quoted(level), "; give control cells as control = ")
  }
  columns <- columns_of_fit(x, observed)
  new <- setdiff(names, c(names(x), held_out_of(x)))
  lacking <- setdiff(covariate_names_of(x), names(columns))
  if (length(new) && (length(lacking) || !length(columns))) {
    fail("the fit has not seen ", quoted(new[1L]),
         if (length(lacking)) paste0(", and observed has no column ", quoted(lacking[1L]),
         " to say what it is"))
  }
  of.controls <- columns_of_fit(x, control)
  both <- sapply(names(columns), function(name) {
    values <- of.controls[[name]]
    c(plain_column(columns[[name]]),
      if (is.null(values)) rep(NA, length(of.control)) else plain_column(values)[of.control])
  }, simplify = FALSE)
  known <- described_conditions(both, c(ifelse(labels %in% names, labels, NA),
                                        rep(level, length(of.control))),
                                list(control = level, target = names), x[[1L]]$origin$combine)
  list(observed = lapply(stats::setNames(nm = names),
                         function(name) observed[, which(labels == name)]),
       controls = lapply(known$controls, function(at) control[, of.control[at]]),
       control.of = known$control.of,
       # By name, or where one has no name all by their covariates.
       covariates = if (length(new)) known$covariates else
         lapply(known$covariates, function(values) list()))
}

covariate_names_of <- function(fits) {
  whole <- attr(fits, "whole")
  if (!is.null(whole)) native(.Call(C_conditions, whole_pointer(whole)))$covariates
}

# Covariates of the fit that an object has as columns.
columns_of_fit <- function(fits, x) {
  columns <- as.list(columns_of(x))
  columns[intersect(covariate_names_of(fits), names(columns))]
}

# Fits that have nothing in common, each with its own cells.
evaluate_apart <- function(fits, asked, where, ...) {
  known_conditions(fits, asked$observed)
  tables <- Map(function(name, control) {
    as.data.frame(do.call(evaluate_predictions,
                          c(list(fits[[name]], asked$observed[[name]], control = control), where,
                            list(...))))
  }, names(asked$observed), asked$controls[asked$control.of])
  for (name in names(asked$observed)) tables[[name]]$condition <- rep(name, nrow(tables[[name]]))
  structure(do.call(rbind, unname(tables)), class = c("laot_scores", "data.frame"))
}

known_conditions <- function(fits, observed) {
  unknown <- setdiff(names(observed), c(names(fits), held_out_of(fits)))
  if (length(unknown) && inherits(fits, "laot_fit_by")) {
    fail("observed has ", quoted(unknown[1L]), ", a level without a fit; these are ",
         listed(names(fits)))
  }
  if (length(unknown)) {
    near <- nearest(unknown[1L], names(fits))
    fail("the fit has not seen ", quoted(unknown[1L]),
         if (!is.null(near)) paste0("; did you mean ", quoted(near), "?") else
           if (length(covariate_names_of(fits)))
             "; give the covariates of each condition as at = " else
               paste0("; leave it out: its conditions are ", listed(names(fits), 6L)))
  }
}

# The covariates of each condition: those of the rows of at, or of the condition of that name.
covariates_at <- function(fits, observed, at) {
  if (is.null(at)) {
    if (!is.null(attr(fits, "whole"))) known_conditions(fits, observed)
    return(lapply(observed, function(cells) list()))
  }
  if (is.null(attr(fits, "whole")))
    fail("at = goes with one model of several conditions, as fit_method(covariates = ) gives it")
  if (is(at, "DataFrame")) at <- as.data.frame(at)
  if (!is.data.frame(at) || nrow(at) != length(observed)) {
    fail("at must be a data frame with one row for each of the ", length(observed),
         " conditions, found ", shown(at))
  }
  known <- native(.Call(C_conditions, whole_pointer(attr(fits, "whole"))))$covariates
  check_names_at(names(at), known)
  lapply(seq_along(observed), function(row) {
    sapply(known, function(name) value_at(at[[name]][[row]], name, fits[[1L]]$origin$combine),
           simplify = FALSE)
  })
}
