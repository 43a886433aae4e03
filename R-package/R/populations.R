# The two populations of a fit, and its targets: from two samples, or from one object and its
# labels.

# Cells of one side before features are chosen.
population <- function(values, cells = NULL, features = NULL, batch = NULL, groups = NULL) {
  list(values = values, cells = cells, features = features, batch = batch, groups = groups)
}

# A population as the library reads it, with `rows` of the features of x.
population_cells <- function(side, rows = NULL, with.names = TRUE, progress = NULL) {
  if (!is.null(side$features)) rows <- if (is.null(rows)) side$features else side$features[rows]
  out <- cells_of(side$values, side$cells, rows, side$batch, with.names, progress)
  out$groups <- side$groups
  out
}

# x holds the control cells.
populations_of_two <- function(ask, x, treated, where, condition, control, target, batch, types) {
  if (!is.null(control) || !is.null(target)) {
    fail("control and target name levels of condition; with two matrices, x holds the control ",
         "cells and treated the treated ones")
  }
  what <- c(if (x$origin$kind == "matrix") "the control matrix" else "the control object",
            sample_name("treated", treated))
  if (!is.null(condition)) {
    if (!is_labels(condition) || length(condition) != 1L || is.null(x$columns))
      fail("give either treated or condition, not both; of two objects condition may be a column ",
           "that both have")
    condition <- as.character(condition)
  }
  same.kind <- object_kind(treated) == x$origin$kind
  # Of another class the values of the same meaning.
  place <- if (same.kind) where[setdiff(names(where), names(x$rest))] else
    place_in_other_kind(x$origin, object_kind(treated))
  y <- do.call(read_source, c(list(treated), place, list(what = what[2L])))
  warn_of_predicted(x, what[1L])
  warn_of_predicted(y, what[2L])
  warn_of_two_kinds(x, y, what)
  levels <- levels_of_two(x, y, condition, ask$say)
  warn_of_one_population(x, y, what, c(levels$condition, condition, "condition")[1L])
  size <- value_dim(x$values)
  names <- value_dimnames(x$values)[[1L]]
  if (!is.null(names)) unique_features(names, what[1L])
  at <- match_features(names, size[1L], y$values, what[2L], what[1L], x$values)
  extra <- setdiff(value_dimnames(y$values)[[1L]], names)
  if (!is.null(names) && length(extra)) {
    fail(what[2L], " has ", counted(length(extra), "feature"), " that ", what[1L], " lacks: ",
         listed(extra, 5L), "; keep the features that both have, intersect() of their names")
  }
  if (identical(at, seq_len(size[1L]))) at <- NULL
  pair <- function(labels, name)
    pair_labels(labels_of_two(labels, x, y, name), list(control = x$values, treated = y$values),
                name)
  batches <- pair(batch, "batch")
  groups <- pair(types, "types")
  chosen_populations(ask, x, population(x$values, batch = batches$control, groups = groups$control),
                     stats::setNames(list(population(y$values, features = at,
                                                     batch = batches$treated,
                                                     groups = groups$treated)),
                                     levels$target),
                     control = levels$control, condition = levels$condition, types = types)
}

# Cells of one condition on both sides, the same cells, or controls as the treated ones.
warn_of_one_population <- function(x, y, what, column) {
  of <- list(levels_in(x, column), levels_in(y, column))
  shared <- intersect(of[[1L]], of[[2L]])
  if (identical(x$values, y$values)) {
    warning(what[1L], " and ", what[2L], " hold the same cells: there is no response to fit",
            call. = FALSE)
  } else if (length(shared)) {
    warning(what[1L], " and ", what[2L], " both have cells that are ", listed(shared, 5L),
            " in column ", quoted(column), "; all cells of each are used as they were given",
            call. = FALSE)
  } else if (length(of[[1L]]) && length(of[[2L]]) && all(is_control_word(of[[2L]])) &&
             !any(is_control_word(of[[1L]]))) {
    warning(what[2L], " has cells that are ", listed(quoted(of[[2L]]), 3L), " in column ",
            quoted(column), ", a word for controls, and ", what[1L], " has ",
            listed(quoted(of[[1L]]), 3L), "; control cells come first: exchange the two if these ",
            "are the controls", call. = FALSE)
  }
}

# The levels of a column, which missing labels are not.
levels_in <- function(source, column) {
  out <- unique(trimmed(as.character(plain_values(source$columns[[column]]))))
  out[!is_blank(out)]
}

# "the control matrix", or of an object "the control object".
sample_name <- function(side, x)
  paste("the", side, if (object_kind(x) == "matrix") "matrix" else "object")

# Where each of two objects has one condition, these are the levels. column: NULL, or what the user
# calls it; say: tells a column that was chosen.
levels_of_two <- function(x, y, column = NULL, say = function(...) NULL) {
  sources <- list(control = x, treated = y)
  given <- !is.null(column)
  if (!given) column <- telling_column(x, y, say)
  for (side in if (given) names(sources)) {
    known <- sources[[side]]$columns
    if (!column %in% names(known)) fail(no_column(column, known, "condition", sources[[side]]$what))
    found <- levels_in(sources[[side]], column)
    if (length(found) != 1L) {
      fail("condition = ", quoted(column), ": with two objects each is of one level, and that ",
           "column of ", sources[[side]]$what, " has ", listed(found, 5L), "; bind the two to one ",
           "object with cbind(), or choose the cells first")
    }
  }
  found <- if (!is.null(column)) lapply(sources, levels_in, column)
  if (!all(lengths(found) == 1L) || length(unique(unlist(found))) != 2L)
    return(list(control = "control", target = "treated", condition = NULL))
  if (!given && column != "condition") {
    say("Using column ", quoted(column), ": control: ", told_label(found$control), "; target: ",
        told_label(found$treated))
  }
  list(control = found$control, target = found$treated, condition = column)
}

# "condition", or the one column of words that is constant in each of two objects and differs
# between them.
telling_column <- function(x, y, say) {
  shared <- intersect(names(x$columns), names(y$columns))
  if (!length(shared)) return(NULL)
  if ("condition" %in% shared) return("condition")
  marks <- c(predicted_columns(x$columns), predicted_columns(y$columns))
  tells <- function(name) {
    values <- lapply(list(x$columns[[name]], y$columns[[name]]), plain_values)
    words <- vapply(values, function(of) is.character(of) || is.factor(of) || is.logical(of), NA)
    if (!all(words)) return(FALSE)
    found <- lapply(list(x, y), levels_in, name)
    all(lengths(found) == 1L) && found[[1L]] != found[[2L]]
  }
  out <- Filter(tells, setdiff(shared, marks))
  if (length(out) > 1L) {
    say("Columns ", listed(out, 5L), " tell the two objects apart: say which is the condition ",
        "with condition = ")
  }
  if (length(out) == 1L) out
}

# Columns that both objects have.
labels_of_two <- function(labels, x, y, name) {
  if (is.character(labels) && length(labels) == 1L && !is.null(x$columns) &&
      !labels %in% names(x$columns)) fail(no_column(labels, x$columns, name, x$what))
  if (!is.character(labels) || is.null(x$columns) || !all(labels %in% names(x$columns)))
    return(labels)
  lapply(list(control = x, treated = y),
         function(source) as.character(labels_of(labels, source, name)))
}

# values: the cells of both sides.
pair_labels <- function(labels, values, name) {
  if (is.null(labels)) return(list())
  cells <- lapply(values, function(side) value_dimnames(side)[[2L]])
  n <- value_dim(values$control)[2L]
  m <- value_dim(values$treated)[2L]
  if (is.list(labels)) {
    if (!all(c("control", "treated") %in% names(labels))) {
      fail(name, " must be list(control =, treated =) for two matrices")
    }
    labels <- lapply(c(control = "control", treated = "treated"), function(side)
      as.character(in_cell_order(plain_values(labels[[side]]), cells[[side]], name)))
  } else {
    if (length(labels) != n + m) {
      fail(name, " must have one label for each of the ", n, " control and ", m, " treated cells, ",
           "found ", length(labels))
    }
    labels <- in_cell_order(plain_values(labels), c(cells$control, cells$treated), name)
    labels <- as.character(labels)
    labels <- list(control = labels[seq_len(n)], treated = labels[n + seq_len(m)])
  }
  for (side in c("control", "treated")) {
    count <- if (side == "control") n else m
    if (length(labels[[side]]) != count) {
      fail(name, " has ", counted(length(labels[[side]]), "label"), " for ",
           counted(count, paste(side, "cell")))
    }
    if (anyNA(labels[[side]])) fail(name, " has a missing label among the ", side, " cells")
  }
  labels
}

# One object and its labels.
populations_of_levels <- function(ask, source, condition, control, target, batch, types) {
  if (source$origin$kind == "matrix" && is.null(condition)) {
    fail("give the treated cells as treated = , or the condition of each cell as condition = ")
  }
  column <- if (is.null(condition) && !is.null(source$columns)) "condition" else condition
  labels <- labels_of(column, source, "condition")
  column <- if (is.character(column) && length(column) == 1L) column
  what <- if (is.null(column)) "condition" else paste("column", quoted(column))
  chosen <- choose_levels(labels, control, target, what)
  if (length(chosen$explained))
    ask$say("Using ", what, ": ", paste(chosen$explained, collapse = "; "))
  unlabelled <- sum(is.na(labels))
  if (unlabelled) ask$say("Left out: ", counted(unlabelled, "cell"), " without a condition")
  labels <- without_predicted(labels, source$columns, c(chosen$control, chosen$target))
  used <- function(given, name) {
    out <- labels_of(given, source, name)
    lost <- sum(is.na(out[labels %in% c(chosen$control, chosen$target)]))
    if (lost) {
      fail(name, " has no label for ", lost, " of the cells that are used; leave them out of x, ",
           "or give them one")
    }
    out
  }
  batches <- used(batch, "batch")
  groups <- used(types, "types")
  side <- function(level) {
    at <- which(labels == level)
    population(source$values, at, batch = if (!is.null(batches)) as.character(batches[at]),
               groups = if (!is.null(groups)) as.character(groups[at]))
  }
  Map(say_units, ask$covariates, names(ask$covariates))
  chosen_populations(ask, source, side(chosen$control),
                     lapply(stats::setNames(nm = chosen$target), side),
                     control = chosen$control, condition = column, types = types,
                     experiment = if (!is.null(ask$covariates))
                       described_conditions(ask$covariates, labels, chosen, ask$combine))
}

# Predicted cells have no label: they are left out of what is fitted, split or scored.
without_predicted <- function(labels, columns, used = levels(labels)) {
  predicted <- predicted_cells(columns, length(labels)) & labels %in% used
  if (any(predicted)) {
    warning("left out: ", counted(sum(predicted), "cell"), " that ",
            if (sum(predicted) == 1) "is" else "are",
            " predicted ", predicted_by(columns), call. = FALSE)
    labels[predicted] <- NA
  }
  labels
}

# The features of a fit, the same ones for every target.
chosen_populations <- function(ask, source, from, to, control, condition, types = NULL,
                               experiment = NULL) {
  rows <- chosen_features(source$subset$value, source$values, source$subset$argument)
  if (is.null(rows) && uses_variable_features(source)) {
    rows <- variable_features(from, pooled(to), ask$settings,
                              progress_bar(ask$verbose, "Choosing features"))
    ask$say("Using the ", usual_features(), " most variable of ", value_dim(source$values)[1L],
            " features")
  }
  names <- value_dimnames(source$values)[[1L]]
  if (!is.null(names)) unique_features(if (is.null(rows)) names else names[rows], "x")
  origin <- source$origin
  if (is.character(types) && length(types) == 1L) origin$types <- types
  origin$combine <- ask$combine
  origin$values <- known_kind(source$values)
  list(from = from, to = to, rows = rows, control = control, condition = condition, origin = origin,
       experiment = experiment)
}

# The cells of all targets, which are cells of one object where there are several.
pooled <- function(to) {
  cells <- unlist(lapply(to, `[[`, "cells"), use.names = FALSE)
  population(to[[1L]]$values, cells, to[[1L]]$features)
}

# The rows of largest variance among the cells of two populations.
variable_features <- function(from, to, settings, progress = NULL) {
  if (is_lazy(from$values) || is_lazy(to$values)) return(lazy_variable(from, to, progress))
  native(.Call(C_variable_features, population_cells(from, with.names = FALSE),
               population_cells(to, with.names = FALSE), usual_features(), settings),
         lapply(list(control = population_cells(from), treated = population_cells(to)),
                c, subject = "x has"))
}

# One fit, or one for each target.
fit_targets <- function(ask, cells, seed, label = "") {
  ask$settings$seed <- seed_or_draw(seed)
  ask$drawn <- is.null(seed)
  if (is_experiment(cells)) return(fit_experiment(ask, cells))
  if (!is.null(ask$BPPARAM))
    fail("BPPARAM goes with fits of several conditions, and this one has one")
  if (!is.null(ask$checkpoint) && !trains(ask$method)) {
    fail("checkpoint goes with methods that train networks, and with fits of several conditions; ",
         "this one of ", ask$method,
         " is done at once")
  }
  read <- function(side)
    population_cells(side, cells$rows, progress = reading_bar(side, ask$verbose))
  fit <- fit_populations(ask, read(cells$from), read(cells$to[[1L]]),
                         levels = list(control = cells$control, target = names(cells$to)),
                         condition = cells$condition, origin = cells$origin)
  warn_of_fit(fit, label)
  fit
}

reading_bar <- function(side, verbose) if (is_lazy(side$values))
  progress_bar(verbose, "Reading", parent.frame())

# One fit for each seed.
fit_seeds <- function(ask, cells, seeds) {
  many <- is_experiment(cells) && trait(ask$method, "conditions")
  if (length(cells$to) > 1L && !many) fail("seeds goes with one target; choose it with target = ")
  names <- paste0("seed", seeds)
  fits <- lapply(seq_along(seeds), function(k) {
    one <- ask
    one$checkpoint <- checkpoint_for(ask$checkpoint, names[k])
    fit_targets(one, cells, seeds[k], paste0("seed ", seeds[k], ": "))
  })
  fits <- stats::setNames(fits, names)
  if (many) ensemble_of_conditions(fits) else structure(fits, class = "laot_ensemble")
}

# A fit of something else than was asked for, a training that went wrong, a map that proves nothing.
warn_of_fit <- function(fit, label) {
  said <- character()
  if (fell_back(fit))
    said <- paste0(method_title(fit), ", ", fit_title(fit), ": ", fit$report$stop.reason)
  if (nzchar(c(fit$report$warning, "")[1L])) said <- c(said, paste0(label, fit$report$warning))
  if (is.null(fit$whole$ending$components)) said <- c(said, components_cut(fit, label))
  said <- c(said, interpolates(fit, label))
  for (text in said) warning(text, call. = FALSE)
}

components_cut <- function(fit, label) {
  asked <- suppressWarnings(as.numeric(fit$params["n.pcs"]))
  used <- fit$report$components
  if (!is.na(asked) && !is.null(used) && used < asked) {
    paste0(label, "n.pcs = ", asked, " was cut to ", counted(used, "component"), ": the cells",
           # Of many conditions they are those of all.
           if (is.null(fit$whole$ending$components)) paste0(
             " (", whole_text(fit$report$n.control), " control, ",
             whole_text(fit$report$n.treated), " treated, ",
             counted(fit$report$features, "feature"), ")"), " have no more")
  }
}

# So few cells for the dimensions that an affine map can pass through all of them.
interpolates <- function(fit, label) {
  report <- fit$report
  fewest <- min(report$n.control, report$n.treated)
  if (!is.null(report$objective) && fewest <= report$dimension + 1 && report$objective < 1e-9) {
    paste0(label, "the map passes through every cell: ", whole_text(fewest),
           " cells a side cannot tell a response from chance in ",
           counted(report$dimension, "dimension"))
  }
}

fit_populations <- function(ask, control, treated, levels, condition, origin) {
  ask$settings <- fit_settings(ask, levels$target)
  pointer <- tell_of_checkpoint(
    native(.Call(C_fit, ask$method, ask$preset, ask$params, control, treated, ask$settings),
           list(control = control, treated = treated)),
    ask$checkpoint$path
  )
  new_fit(pointer, control = levels$control, target = levels$target, condition = condition,
          origin = origin, seed = ask$settings$seed,
          batches = if (!is.null(control$batch)) length(unique(control$batch)))
}

# Of one call of the library: those of the fit, the progress bar and the checkpoint; `files` are
# those that it may leave.
fit_settings <- function(ask, what, files = ask$checkpoint$path) {
  out <- ask$settings
  out$progress <- progress_bar(ask$verbose, paste("Fitting", what), parent.frame())
  if (!is.null(ask$checkpoint)) {
    if (ask$drawn) out$seed <- c(checkpoint_seed(files), out$seed)[1L]
    out$checkpoint <- enc2native(ask$checkpoint$path)
    out$checkpoint.seconds <- ask$checkpoint$seconds
  }
  out
}
