# Printing and summaries of a fit.

# "CellOT", of method "cellot".
method_title <- function(fit) {
  methods <- laot_methods()
  methods$label[match(fit$method, methods$name)]
}

feature_count <- function(fit) as.integer(fit$report$features)
feature_labels <- function(fit) {
  if (is.null(fit$features)) paste("feature", seq_len(feature_count(fit))) else fit$features
}

#' @export
print.laot_fit <- function(x, ...) {
  report <- x$report
  line <- function(label, ...) cat("  ", formatC(label, width = -10L), ..., "\n", sep = "")
  cat(method_title(x), " fit: ", x$control, " to ", x$target,
      if (nzchar(x$preset)) paste0("  (", x$preset, ")"), "\n", sep = "")
  components <- report$components
  line("cells", if (is.null(report$n.control)) "none were seen at this condition" else
    paste0(whole_text(report$n.control), " control, ", whole_text(report$n.treated), " treated"),
       if (isTRUE(x$batches > 1L)) paste0(", paired within ", x$batches, " levels of the batch"))
  line("features", whole_text(report$features),
       if (!is.null(components) && components > 0) {
         paste0(", fitted in ", counted(components, "principal component"))
       })
  line("outcome", outcome_line(x))
  if (!is.null(report$objective)) {
    line("objective", "J = ", number_text(report$objective),
         if (!is.null(report$ridge) && report$ridge > 0) paste0(", ridge ",
             number_text(report$ridge, 3L)))
  }
  if (!is.null(report$choice)) line("choice", report$choice, ": ", report$choice.reason)
  if (identical(report$lift, "yes")) {
    line("lift", number_text(100 * report$lift.share, 3L),
         "% of the displacement's variance beyond a linear map")
  }
  if (!is.null(report$marginals.strength)) {
    line("marginals", "restored, mean strength ", number_text(report$marginals.strength, 3L))
  }
  if (!is.null(report$composition)) line("types", report$composition)
  if (identical(report$coupling, "hierarchical")) {
    line("coupling", "hierarchical: plan cost ", number_text(report$plan.cost), ", least possible ",
         number_text(report$plan.cost.lower.bound), " (estimated bound)")
  }
  if (!is.null(report$validation.mmd2)) {
    line("MMD^2", number_text(report$validation.mmd2, 3L), " on validation cells (",
         if (isTRUE(report$restore %in% c("mean", "marginals"))) "mean shift " else "not moved ",
         number_text(report$validation.mmd2.identity, 3L), ", untrained ",
         number_text(report$validation.mmd2.untrained, 3L), ")")
  }
  if (!is.null(report$warning) && nzchar(report$warning)) line("warning", report$warning)
  # Where cells have values under 0, as scaled ones and coordinates do, it says nothing.
  means <- function(side) model_array(x, paste0("training_mean_", side))
  if (!is.null(report$negative.share) && all(means("control") >= 0, means("treated") >= 0)) {
    line("negative", number_text(100 * report$negative.share, 3L),
         "% of the predicted training values",
         if (report$negative.share > 0) " (nonnegative = \"clip\" or \"marginals\" in predict())")
  }
  if (!is.na(x$seed)) line("seed", format(x$seed, scientific = FALSE))
  invisible(x)
}

#' Summary and coefficients of a fit
#'
#' `summary()` gives the whole report; `coef()` the map \eqn{x_t = W x_0 + b} in the units of the
#' cells, with the feature names on both sides of W.
#'
#' @param object A `laot_fit` or a `laot_fit_list`, which gives a list of them by target.
#' @param ... Not used.
#' @returns `summary()`: a list of class `summary.laot_fit` with the elements `fit`, `report` (a
#'   named list), `params` (the value of every parameter), `trace` (a data frame, one row an
#'   iteration or epoch) and `changes` (the largest entries of W - I; `NULL` with more than 5000
#'   features). `coef()`: a list with `map` (W, features x features: row j says what feature j of
#'   the treated cell is made of) and `offset` (b). Of a fit that bends they are its linear part,
#'   which a message says, and `lift.share` is the share of the displacement's variance that no
#'   linear map of the cell explains; with restored marginals `marginals.strength` is the mean
#'   strength of their maps. [effects()] has the map at a cell.
#' @examples
#' fit <- laot_fit(matrix(rnorm(90), 3), 2 * matrix(rnorm(120), 3), seed = 1)
#' summary(fit)
#' coef(fit)
#' @export
summary.laot_fit <- function(object, ...) {
  no_more(list(...))
  structure(list(fit = object, report = object$report, params = object$params,
                 trace = fit_trace(object),
                 changes = if (feature_count(object) <= largest.searched) strongest_changes(object,
                     5L)),
            class = "summary.laot_fit")
}

#' @rdname summary.laot_fit
#' @export
summary.laot_fit_list <- function(object, ...) {
  no_more(list(...))
  structure(lapply(object, summary), class = "summary.laot_fit_list")
}

#' @export
print.summary.laot_fit_list <- function(x, ...) {
  for (k in seq_along(x)) {
    if (k > 1L) cat("\n")
    print(x[[k]])
  }
  invisible(x)
}

#' @export
print.summary.laot_fit <- function(x, ...) {
  print(x$fit)
  report <- x$report
  of.all <- if (is_of_many(x$fit)) " of all conditions"
  if (nrow(x$trace) && !is.null(x$trace$validation.mmd2)) {
    cat("\nValidation MMD^2 along the training", of.all, ":\n", sep = "")
    print_trace(x$trace$validation.mmd2, x$trace[[1L]], names(x$trace)[1L], report$best.iteration)
  } else if (nrow(x$trace)) {
    cat("\nObjective J along the fit", of.all, ":\n", sep = "")
    print_trace(x$trace$objective.after.update, seq_len(nrow(x$trace)), iteration_word(x$params))
    if (!is.null(report$plan.cost)) {
      cat("Plan: cost ", number_text(report$plan.cost), ", ",
          if (identical(report$plan.bound, "estimated")) "by estimate" else "proven", " within ",
          number_text(report$plan.gap, 2L), " of the least\n", sep = "")
    }
  }
  if (is.null(x$changes)) {
    cat("\nStrongest entries of W - I: not sought among more than ", largest.searched,
        " features\n", sep = "")
  } else if (nrow(x$changes)) {
    cat("\nStrongest entries of W - I (treated feature made of control feature",
        if (identical(report$lift, "yes")) "; the linear part of a map that bends",
        "):\n", sep = "")
    print(x$changes, row.names = FALSE, digits = 3L)
  }
  if (length(x$params)) {
    cat("\nParameters:\n")
    # A name stays on the line of its value.
    pairs <- strwrap(paste(names(x$params), in_r_flags(x$params), sep = "=", collapse = ", "),
                     width = 72L,
                     indent = 2L, exdent = 2L)
    cat(gsub("=", " = ", pairs), sep = "\n")
  }
  if (!is.null(report$seconds)) cat("\nTime: ", number_text(report$seconds, 3L), " s\n", sep = "")
  invisible(x)
}

iteration_word <- function(params)
  if (identical(as.list(params)$update, "adam")) "epoch" else "iteration"

# Some values of a trace, evenly taken, under the iterations that they belong to: the first, the
# last and `kept` are among them.
print_trace <- function(values, steps, unit, kept = NULL, digits = 4L) {
  # As many as fit a line, of which `kept` may take one.
  count <- max(3L, (getOption("width") - 12L) %/% (digits + 6L) - length(kept))
  at <- unique(round(seq(1, length(values), length.out = min(count, length(values)))))
  at <- sort(union(at, intersect(match(kept, steps), seq_along(steps))))
  line <- function(label, cells)
    cat("  ", label, paste0(" ", formatC(cells, width = digits + 5L)), "\n", sep = "")
  line(formatC(unit, width = -9L), as.character(steps[at]))
  line(strrep(" ", 9L), number_text_each(values[at], digits = digits))
  if (!is.null(kept)) cat("  ", unit, " ", kept, " is kept\n", sep = "")
}

number_text_each <- function(x, ...) vapply(x, number_text, "", ...)

fit_trace <- function(fit) {
  pointer <- if (is_of_many(fit)) whole_pointer(fit$whole) else model_pointer(fit)
  columns <- native(.Call(C_trace, pointer))
  names(columns) <- dotted(names(columns))
  as.data.frame(columns)
}

# One condition of a model that was learnt from many: their course is one.
is_of_many <- function(fit) !is.null(fit$whole) && trait(fit$method, "conditions")

#' @rdname summary.laot_fit
#' @export
coef.laot_fit <- function(object, ...) {
  no_more(list(...))
  if (!has_map(object))
    fail("a ", method_title(object), " fit has no matrix: its map is not linear")
  map <- model_array(object, "map")
  offset <- model_array(object, "offset")[, 1L]
  if (!is.null(object$features)) {
    dimnames(map) <- list(object$features, object$features)
    names(offset) <- object$features
  }
  out <- list(map = map, offset = offset)
  # The linear part alone: what is beside it is said with it.
  if (identical(object$report$lift, "yes")) {
    message("the map of this fit bends: coef() gives its linear part; effects(at = ) has the map ",
            "at a cell, and ",
            "a fit with preset = \"calibrated\" is one matrix")
  }
  if (!is.null(object$report$lift.share)) out$lift.share <- object$report$lift.share
  if (!is.null(object$report$marginals.strength))
    out$marginals.strength <- object$report$marginals.strength
  out
}

#' @rdname summary.laot_fit
#' @export
coef.laot_fit_list <- function(object, ...) {
  no_more(list(...))
  lapply(object, coef)
}

# Of too few cells a fit is the mean shift.
fell_back <- function(fit) !is.null(fit$report$fallback)

# How a fit ended, in a word or two, and in a line.
outcome_text <- function(fit) UseMethod("outcome_text")
outcome_line <- function(fit) UseMethod("outcome_line")

#' @exportS3Method
outcome_text.laot_fit <- function(fit) if (fell_back(fit))
  "mean shift" else gsub("_", " ", fit$report$outcome, fixed = TRUE)

# A network that was trained for as long as was asked for has not failed to converge.
#' @exportS3Method
outcome_text.network_fit <- function(fit) {
  if (identical(fit$report$iterations, 0)) "not trained" else
    if (identical(fit$report$outcome, "limit_reached")) "trained to the end" else NextMethod()
}

#' @exportS3Method
outcome_line.laot_fit <- function(fit) {
  report <- fit$report
  if (fell_back(fit)) return(report$stop.reason)
  if (identical(report$outcome, "limit_reached"))
    return(paste0("stopped: ", report$stop.reason, " (max.iter)", last_fall(fit)))
  paste0(outcome_text(fit), if (!is.null(report$iterations)) paste0(" after ",
      counted(report$iterations, "iteration")),
         ": ", report$stop.reason)
}

# How much the last iteration still gained, which says whether more would.
last_fall <- function(fit) {
  j <- utils::tail(fit_trace(fit)$objective.after.update, 2L)
  if (length(j) == 2L && j[1L] > 0)
    paste0("; the last lowered J by ", number_text(100 * (1 - j[2L] / j[1L]), 2L), "%")
}

# Of too few cells it is a mean shift, which has no iterations.
#' @exportS3Method
outcome_line.network_fit <- function(fit) {
  if (is.null(fit$report$iterations)) return(NextMethod())
  if (fit$report$iterations == 0)
    return("not trained: no iterations were asked for, and the networks are as they were drawn")
  fit$report$stop.reason
}

#' @export
print.laot_fit_list <- function(x, ...) {
  first <- x[[1L]]
  cat(method_title(first), " fits: ", first$control, " to ", counted(length(x), "target"),
      "\n", sep = "")
  if (!is.null(attr(x, "whole"))) {
    known <- native(.Call(C_conditions, whole_pointer(attr(x, "whole"))))$covariates
    cat(if (trait(first$method, "conditions")) "one model of all" else "a map for each",
        if (length(known)) paste0(", by ", listed(known)), "; predict() takes at = \n", sep = "")
  }
  print(fit_table(x), row.names = FALSE)
  invisible(x)
}

# One row a fit.
fit_table <- function(x) {
  number <- function(name) vapply(x, function(fit) {
    value <- fit$report[[name]]
    if (is.null(value)) NA_real_ else value
  }, 0)
  table <- data.frame(
    target = names(x), control = number("n.control"), treated = number("n.treated"),
    features = number("features"), components = number("components"),
    iterations = number("iterations"), J = signif(number("objective"), 4L),
    validation.mmd2 = signif(number("validation.mmd2"), 3L),
    outcome = vapply(x, outcome_text, "")
  )
  empty <- vapply(table, function(column) all(is.na(column)), NA)
  table[!empty]
}

#' @export
`[.laot_fit_list` <- function(x, i)
  structure(some_of(x, i), class = class(x), whole = attr(x, "whole"), by = attr(x, "by"),
            left.out = attr(x, "left.out"))

# An element that is not there would be NULL.
some_of <- function(x, i) {
  out <- unclass(x)[i]
  if (anyNA(names(out))) {
    unknown <- if (is.character(i)) setdiff(i, names(x))[1L]
    fail("there is no fit ", if (is.null(unknown))
      paste0(shown(i), "; there are ", listed(names(x), 10L)) else
        paste0(quoted(unknown), did_you_mean(unknown, names(x))))
  }
  out
}

# The largest entries of W - I, by absolute value. Without a map: no rows.
# The whole map is searched: 200 MB for so many features.
largest.searched <- 5000L

strongest_changes <- function(fit, count)
  effect_table(fit, native(.Call(C_strongest_effects, model_pointer(fit), count)))
