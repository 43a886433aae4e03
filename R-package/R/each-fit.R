# Tables of several fits: those of one fit each, one below the other.

# One row a feature for each fit, which the first column names.
response_of_each <- function(x, observed, control, by, sets, level, ...) {
  column_alone(by, x, control)
  asked <- asked_conditions(x, observed, control)
  known_conditions(x, asked$observed)
  parts <- once(Map(function(name, control) {
    table <- response_table(named_fit(x, name), asked$observed[[name]], control, by = by,
                            sets = sets, level = level, ...)
    under_each(as.data.frame(table), name, x)
  }, names(asked$observed), asked$controls[asked$control.of]))
  out <- long_table(bind(unname(parts)))
  structure(out, class = c("laot_response", class(out)), each = each_name(x))
}

under_each <- function(table, name, fits) {
  rownames(table) <- NULL
  table <- cbind(rep(name, nrow(table)), table)
  names(table)[1L] <- each_name(fits)
  table
}

# Of a condition that was held out there is none in the list.
named_fit <- function(x, name) if (name %in% names(x)) x[[name]] else fit_at(x, name)

# Labels, one for each cell, would not say whose they are.
column_alone <- function(by, x, control) {
  columns <- if (object_kind(control) != "matrix") names(columns_of(control))
  if (is.null(by) || is.character(by) && (length(by) == 1L || all(by %in% columns)))
    return(invisible())
  fail("by must be a column where x holds several fits, found ", shown(by), "; or take one fit, ",
       "for example x[[", quoted(names(x)[1L]), "]]")
}

# list(mean, groups): the fits of a column have their own cells, those of several targets the same
# control cells.
bulk_of_each <- function(x, control, by, observed, min.cells, where) {
  column_alone(by, x, control)
  own <- inherits(x, "laot_fit_by")
  column <- if (own) attr(x, "by") else c(x[[1L]]$condition, "condition")[1L]
  if (object_kind(control) == "matrix" || is.null(column)) {
    fail("x holds several fits, whose cells are told by a column of an object; take one fit, for ",
         "example x[[", quoted(names(x)[1L]), "]]")
  }
  labels <- function(object, argument) {
    if (object_kind(object) == "matrix")
      fail(argument, " must be an object with the column ", listed(quoted(column)))
    as.character(cell_labels(column, as.list(columns_of(object)), ncol(object),
                             if (own) "by" else "condition", argument))
  }
  of.control <- if (own) labels(control, "control")
  of.observed <- if (!is.null(observed)) labels(observed, "observed")
  kept <- if (own) intersect(names(x), of.control) else names(x)
  if (!length(kept)) {
    fail("control has no cell of a level with a fit; these are ", listed(names(x)))
  }
  parts <- once(lapply(kept, function(name) {
    measured <- which(of.observed == name)
    out <- bulk_of_fit(x[[name]], if (own) control[, which(of.control == name)] else control, by,
                       if (length(measured)) observed[, measured], min.cells, where)
    colnames(out$mean) <- paste(name, colnames(out$mean), sep = ".")
    list(mean = out$mean, groups = under_each(out$groups, name, x))
  }))
  mean <- do.call(cbind, lapply(parts, `[[`, "mean"))
  groups <- do.call(rbind, lapply(parts, `[[`, "groups"))
  rownames(groups) <- colnames(mean)
  list(mean = mean, groups = groups)
}
