# Experiments of many conditions: one fit of all, and predictions at a condition.

is_experiment <- function(cells) !is.null(cells$experiment) || length(cells$to) > 1L

# One model of all conditions, and a fit for each that looks into it.
fit_experiment <- function(ask, cells) {
  files <- experiment_files(ask, names(cells$to))
  ask$settings <- fit_settings(ask, counted(length(cells$to), "condition"), files)
  known <- cells$experiment
  sides <- if (is.null(known)) list(cells$from) else
    lapply(known$controls, function(at) some_cells(cells$from, at))
  count <- length(sides)
  sides <- c(sides, cells$to)
  in.turn <- !trait(ask$method, "conditions") && is.null(ask$BPPARAM)
  parts <- if (is_lazy(cells$from$values)) {
    parts_in_turn(sides, cells$rows, in.turn = if (in.turn) count + seq_along(cells$to),
                  reading_bar(cells$from, ask$verbose))
  } else {
    lapply(sides, population_cells, cells$rows)
  }
  if (is_lazy(cells$from$values) && in.turn) ask$settings <- with_files(ask$settings, ask$method)
  controls <- unname(parts[seq_len(count)])
  treated <- parts[-seq_len(count)]
  names(treated) <- enc2utf8(names(cells$to))
  parts <- list(
    controls = controls, treated = treated,
    control.of = if (is.null(known)) rep(1L, length(treated)) else known$control.of,
    covariates = if (is.null(known)) lapply(treated, function(cells) list()) else known$covariates,
    embeddings = embeddings_of(ask$embedding, known$covariates),
    held = held_out_names(ask$hold.out, names(treated), known$covariates, ask$combine)
  )
  if (!is.null(ask$BPPARAM)) fit_on_workers(ask, parts, files)
  pointer <- tell_of_checkpoint(experiment_pointer(ask, parts), files)
  fits <- experiment_fits(pointer, control = cells$control, condition = cells$condition,
                          origin = cells$origin,
                          seed = ask$settings$seed,
                          batches = if (!is.null(controls[[1L]]$batch)) length(
                            unique(unlist(lapply(controls, `[[`, "batch")))))
  held.out <- c(logical(count), names(cells$to) %in% parts$held)
  attr(fits, "whole")$cells <- unlist(lapply(sides[!held.out], side_names))
  warn_of_experiment(fits)
  fits
}

# Names of the cells of a side.
side_names <- function(side) {
  names <- value_dimnames(side$values)[[2L]]
  if (is.null(side$cells)) names else names[side$cells]
}

# Where cells are read in turn, so are the fits that are done put away until the end.
with_files <- function(settings, method) {
  if (!is.null(settings$checkpoint) || trains(method)) return(settings)
  settings$folder <- temporary_folder("laot-fits-")
  settings$checkpoint <- file.path(settings$folder$path, "condition.laot")
  settings$checkpoint.seconds <- 30
  settings
}

# Cells that are not in memory: of sides whose turn comes in the fit, list(later = a function that
# gives them, count, and the names for sentences).
parts_in_turn <- function(sides, rows, in.turn, progress) {
  values <- sides[[1L]]$values
  read <- read_groups(values, rows, lapply(sides, `[[`, "cells"), progress)
  names <- value_dimnames(values)
  lapply(seq_along(sides), function(k) {
    side <- sides[[k]]
    cells <- function() {
      out <- read(k)
      out["batch"] <- list(side$batch)
      out$groups <- side$groups
      out
    }
    if (!k %in% in.turn) return(cells())
    later <- function()
      tryCatch(list(cells = cells()), error = function(e) list(error = conditionMessage(e)))
    list(later = later, count = length(side$cells),
         feature.names = if (is.null(rows)) names[[1L]] else names[[1L]][rows],
         cell.names = names[[2L]][side$cells])
  })
}

experiment_pointer <- function(ask, parts) {
  native(.Call(C_fit_experiment, ask$method, ask$preset, ask$params, parts$controls, parts$treated,
               parts$control.of,
               parts$covariates, parts$embeddings, parts$held, ask$settings),
         parts_of_experiment(parts$controls, parts$treated))
}

# Each task fits some of the conditions that have no file yet and leaves their files, from which the
# whole is then put together: what fails on a worker is fitted here, and says there what was wrong.
fit_on_workers <- function(ask, parts, files) {
  missing <- which(!file.exists(files) & !names(parts$treated) %in% parts$held)
  if (!length(missing)) return(invisible())
  ask$settings$progress <- NULL
  tasks <- split(missing,
                 cut(seq_along(missing),
                     min(length(missing), 4L * BiocParallel::bpnworkers(ask$BPPARAM)),
                              labels = FALSE))
  parts <- parts_for_others(parts, missing)
  worker <- conditions_on_worker
  environment(worker) <- globalenv()
  BiocParallel::bplapply(unname(lapply(tasks, function(of) some_conditions(parts, of))), worker,
                         ask = ask[c("method", "preset", "params", "settings")],
                         libraries = .libPaths(),
                         BPPARAM = ask$BPPARAM)
  invisible()
}

# With the values of conditions `of` and of their controls cut to each side's own: a process that is
# sent a side would get the matrix that it is in, of all conditions, with it.
parts_for_others <- function(parts, of) {
  alone <- function(side) {
    if (!is.null(side$values)) side$values <- taken(side$values, side$features, side$cells)
    side[intersect(names(side), c("cells", "features"))] <- list(NULL)
    side
  }
  used <- unique(parts$control.of[of])
  parts$controls[used] <- lapply(parts$controls[used], alone)
  parts$treated[of] <- lapply(parts$treated[of], alone)
  parts
}

# With the controls that they need.
some_conditions <- function(parts, of) {
  used <- sort(unique(parts$control.of[of]))
  parts$controls <- parts$controls[used]
  parts$control.of <- match(parts$control.of[of], used)
  parts$held <- character()
  for (name in c("treated", "covariates")) parts[[name]] <- parts[[name]][of]
  parts
}

# In a session that may have other libraries than the caller's.
conditions_on_worker <- function(parts, ask, libraries) {
  if (!requireNamespace("laot", quietly = TRUE)) .libPaths(c(libraries, .libPaths()))
  try(utils::getFromNamespace("experiment_pointer", "laot")(ask, parts), silent = TRUE)
  NULL
}

# NULL, or a backend for conditions that are fitted one by one and leave files to a folder all can
# see.
checked_backend <- function(BPPARAM, checkpoint, method) {
  if (is.null(BPPARAM)) return(NULL)
  check_backend(BPPARAM)
  if (trait(method, "conditions"))
    fail("BPPARAM goes with methods that are fitted to each condition; ", method,
         " learns all at once")
  if (is.null(checkpoint)) {
    fail("BPPARAM needs a checkpoint in a folder that all workers see, such as checkpoint = ",
         "\"fits/screen.ckpt\": ",
         "the conditions come back as its files")
  }
  BPPARAM
}

# Where the library keeps what is done: one file of a method of many conditions, else one for each.
experiment_files <- function(ask, conditions) {
  if (is.null(ask$checkpoint) || trait(ask$method, "conditions")) return(ask$checkpoint$path)
  vapply(conditions, function(name) checkpoint_for(ask$checkpoint, name)$path, "",
         USE.NAMES = FALSE)
}

# Names of the conditions that hold.out means: some of these, with the covariates of each.
held_out_names <- function(hold.out, names, covariates, combine = NULL) {
  if (is.null(hold.out)) return(character())
  if (is.factor(hold.out)) hold.out <- as.character(hold.out)
  if (is(hold.out, "DataFrame")) hold.out <- as.data.frame(hold.out)
  if (is.character(hold.out)) {
    unknown <- setdiff(hold.out, names)
    if (length(unknown)) {
      fail("hold.out names ", quoted(unknown[1L]), ", which is no condition",
           did_you_mean(unknown[1L], names))
    }
    if (!length(hold.out)) fail("hold.out is empty; name conditions, or leave it away")
    return(intersect(names, hold.out))
  }
  if (!is.list(hold.out) || !length(hold.out) || is.null(names(hold.out))) {
    fail("hold.out must be names of conditions, list(dose = 1000, drug = \"A\"), or a data frame ",
         "of covariates, found ",
         shown(hold.out))
  }
  known <- names(covariates[[1L]])
  unknown <- setdiff(names(hold.out), known)
  if (length(unknown)) {
    fail("hold.out names the covariate ", quoted(unknown[1L]), ", which the conditions do not have",
         did_you_mean(unknown[1L], known))
  }
  # All parts of a combination that is asked for.
  has <- function(of, name, wanted)
    all(as_texts(covariate_parts(wanted, combine)) %in% as_texts(of[[name]]))
  held <- vapply(covariates, function(of) {
    if (!is.data.frame(hold.out))
      return(any(vapply(names(hold.out), function(name)
        any(vapply(hold.out[[name]], has, NA, of = of, name = name)), NA)))
    any(vapply(seq_len(nrow(hold.out)), function(row) {
      all(vapply(names(hold.out), function(name) has(of, name, hold.out[[name]][[row]]), NA))
    }, NA))
  }, NA)
  if (!any(held)) fail("no condition is what hold.out says")
  names[held]
}

#' The conditions that a fit left out
#'
#' @param fit A `laot_fit_list` or `laot_ensemble_list` of an experiment ([fit_method()] with
#'   `covariates`).
#' @returns The names of the conditions that `hold.out` left out of the fit; of a method of many
#'   conditions `predict(fit, cells, at = )` and [evaluate_predictions()] know them by name.
#' @seealso [conditions()], [fit_method()]
#' @examples
#' set.seed(1)
#' dose <- rep(c(0, 1, 3, 10), each = 40)
#' cells <- matrix(rnorm(3 * 160), 3) + rep(log1p(dose), each = 3)
#' fits <- fit_method(cells, "conditional_laot", condition = paste("dose", dose),
#'                    control = "dose 0",
#'                    covariates = data.frame(dose = dose), hold.out = list(dose = 3), seed = 1)
#' held_out(fits)
#' evaluate_predictions(fits, observed = list("dose 3" = cells[, dose == 3]),
#'                      control = cells[, dose == 0],
#'                     metrics = "mmd2")
#' @export
held_out <- function(fit) {
  exact_arguments()
  if (missing(fit)) fail(no.fit)
  if (inherits(fit, "laot_ensemble_list")) fit <- attr(fit, "fits")[[1L]]
  if (!inherits(fit, "laot_fit_list"))
    fail("fit must hold the fits of an experiment, as fit_method(covariates = ) gives them, found ",
         shown(fit))
  held_out_of(fit)
}

held_out_of <- function(fits) {
  whole <- attr(fits, "whole")
  if (is.null(whole)) character() else native(.Call(C_conditions, whole_pointer(whole)))$held.out
}

# Under the library's names.
parts_of_experiment <- function(controls, treated) {
  names(controls) <- if (length(controls) == 1L)
    "control" else paste("control", seq_along(controls))
  names(treated) <- if (length(treated) == 1L)
    "treated" else paste("condition", quoted(names(treated)))
  c(controls, treated)
}

# The warnings of each condition stand in that of the whole, which is given once.
warn_of_experiment <- function(fits) {
  said <- attr(fits, "whole")$ending$warning
  if (length(said) && nzchar(said)) warning(said, call. = FALSE)
  cut <- if (!is.null(attr(fits, "whole")$ending$components)) components_cut(fits[[1L]], "")
  if (length(cut)) warning(cut, call. = FALSE)
  for (fit in fits) {
    fit$report$warning <- NULL
    warn_of_fit(fit, if (length(fits) > 1L) paste0(fit$target, ": ") else "")
  }
}

# The fit of each condition, all of one model, which is kept once.
experiment_fits <- function(pointer, control, condition, origin, seed, batches = NULL) {
  whole <- new.env(parent = emptyenv())
  whole$pointer <- pointer
  whole$bytes <- native(.Call(C_late_bytes, pointer))
  whole$ending <- ending_of(pointer)
  fits <- lapply(stats::setNames(nm = native(.Call(C_conditions, pointer))$conditions),
                 function(name) {
    place <- list(name = name)
    new_fit(model_at(whole, place), control = control, target = name, condition = condition,
            origin = origin,
            seed = seed, batches = batches, whole = whole, at = place)
  })
  structure(fits, class = "laot_fit_list", whole = whole)
}

# How the fit of all conditions ended.
ending_of <- function(pointer) {
  said <- native(.Call(C_describe, pointer))
  out <- c(as.list(said$texts), said$numbers)
  names(out) <- dotted(names(out))
  out[intersect(c("outcome", "stop.reason", "warning", "iterations", "components",
                  "best.iteration"), names(out))]
}

# A condition that was learnt with others, or has no cells, ended as the whole.
with_ending <- function(report, whole) {
  c(report, whole$ending[if (is.null(report$outcome)) setdiff(names(whole$ending), names(report))])
}

# A pointer dies with its session.
whole_pointer <- function(whole) {
  if (.Call(C_is_lost, whole$pointer)) whole$pointer <- native(.Call(C_from_bytes, whole$bytes))
  whole$pointer
}

# The model of one condition: place is list(name) or list(covariates). controls: of a level that was
# not seen and that they place.
model_at <- function(whole, place, controls = NULL) {
  native(.Call(C_model_at, whole_pointer(whole), place$name,
               if (is.null(place$covariates)) list() else place$covariates, controls,
               if (!is.null(controls)) call_settings(1)),
         list(control = list(subject = "the control cells have")))
}

# The control cells that place a level of these covariates that no condition has, or NULL: controls
# is a function that reads them.
needed_controls <- function(fits, values, controls) {
  whole <- attr(fits, "whole")
  if (is.null(controls) || is.null(whole)) return(NULL)
  by.control <- native(.Call(C_conditions, whole_pointer(whole)))$by.control
  is_new <- function(name) {
    seen <- unlist(lapply(fits, function(fit) fit_covariates(fit, name)[[1L]]))
    is.null(values) || !all(values[[name]] %in% seen)
  }
  if (any(vapply(by.control, is_new, NA))) controls()
}

# The fit at a condition: its name, or its covariates as a list or a data frame of one row.
# controls: a function that reads the control cells, which may place it.
fit_at <- function(fits, at, controls = NULL) {
  if (is.character(at) && length(at) == 1L && is.null(names(at))) {
    if (at %in% held_out_of(fits)) return(fit_at_place(fits, list(name = at), at, controls))
    if (!at %in% names(fits)) {
      fail("there is no condition ", quoted(at), did_you_mean(at, names(fits)))
    }
    return(fits[[at]])
  }
  if (!is.list(at) || !length(at) || is.null(names(at))) {
    fail("at must be the name of a condition, its covariates as list(drug = , dose = ), or a data ",
         "frame of them, found ",
         shown(at))
  }
  whole <- attr(fits, "whole")
  known <- if (!is.null(whole)) native(.Call(C_conditions, whole_pointer(whole)))$covariates
  if (!length(known))
    fail("the fit has no covariates; at must be one of ", listed(names(fits), 10L))
  check_names_at(names(at), known)
  values <- sapply(known, function(name) value_at(at[[name]], name, fits[[1L]]$origin$combine),
                   simplify = FALSE)
  fit_at_place(fits, list(covariates = values), target_at(fits, values), controls)
}

# place: as in model_at(). A warning that is not that of the whole is given.
fit_at_place <- function(fits, place, target, controls) {
  whole <- attr(fits, "whole")
  first <- fits[[1L]]
  fit <- new_fit(model_at(whole, place, needed_controls(fits, place$covariates, controls)),
                 control = first$control, target = target, condition = first$condition,
                 origin = first$origin, seed = first$seed, whole = whole, at = place)
  said <- c(fit$report$warning, "")[1L]
  if (nzchar(said) && !identical(said, whole$ending$warning))
    warning(target, ": ", said, call. = FALSE)
  fit
}

check_names_at <- function(given, known) {
  unknown <- setdiff(given, known)
  if (length(unknown)) {
    fail("the fit has no covariate ", quoted(unknown[1L]), did_you_mean(unknown[1L], known))
  }
  lacking <- setdiff(known, given)
  if (length(lacking))
    fail("at lacks the covariate ", quoted(lacking[1L]), "; the fit has ", listed(known))
  if (anyDuplicated(given))
    fail("at has the covariate ", quoted(given[duplicated(given)][1L]), " twice")
}

value_at <- function(value, name, combine) {
  plain <- if (is.list(value)) unlist(value) else value
  if (!is.atomic(plain) || !length(plain) || any(is_lost_value(plain))) {
    fail("covariate ", name, " in at must be a number or a level, found ", shown(plain))
  }
  covariate_parts(plain, combine)
}

# The name of a condition that was seen, or its covariates.
target_at <- function(fits, values) {
  seen <- vapply(fits, function(fit) identical(lapply(fit_covariates(fit, names(values)), as_texts),
                                               lapply(values, as_texts)), NA)
  if (any(seen)) names(fits)[seen][1L] else condition_text(values)
}

# One by one: together 0.5 and 1 would be "0.5" and "1.0".
as_texts <- function(value)
  if (is.numeric(value)) vapply(value, format, "", digits = 15) else value

# By name, the values of a fit's condition: numbers or levels.
fit_covariates <- function(fit, names) {
  known <- native(.Call(C_covariates, model_pointer(fit)))
  sapply(names, function(name) {
    at <- known$covariate == name
    if (anyNA(known$number[at])) known$value[at] else known$number[at]
  }, simplify = FALSE)
}

# list(fits, of): one fit for each different row, and which one each row has.
places_of_rows <- function(fits, at, controls) {
  if (!nrow(at)) fail("at has no rows; give one for all cells, or one for each")
  rows <- do.call(paste,
                  c(unname(lapply(at, function(column) vapply(column,
                      function(value) paste(value, collapse = "\t"), ""))),
                           sep = "\r"))
  of <- match(rows, unique(rows))
  list(fits = lapply(unique(of), function(place) {
         cells <- which(of == place)
         fit_at(fits, as.list(at[cells[1L], , drop = FALSE]), function() controls(cells))
       }),
       of = of)
}

#' The conditions of a fit
#'
#' With `covariates = ~ drug + dose` [laot_fit()] and [fit_method()] give one model of all
#' conditions of an experiment, as a list of its conditions: `fits[["A 3"]]` is a `laot_fit` like
#' any other, and `predict(fits, cells, at = )` predicts at one of them or, with a method of many
#' conditions (`"conditional_laot"` and the simpler `"conditional_gaussian"`, `"regressed_shift"`,
#' `"nearest_shift"`, and the networks `"cmonge"` and `"cpa"`), at covariates that have no cells.
#' [saveRDS()] and [save_model()] keep the whole.
#'
#' @param fit A `laot_fit`, a `laot_fit_list` or a `laot_ensemble_list`.
#' @returns A data frame with a row for each condition: `condition` (its name), `control` and
#'   `treated` (how many cells), of a method of many conditions `kind` (`"seen"`; of a fit at
#'   covariates without cells `"unseen_dose"`, `"unseen_level"`, `"unseen_combination"` or
#'   `"unseen_context"`), and a column for each covariate, in which the values of a combination
#'   stand with a `+` between them. `predict(at = )` warns where a dose lies beyond those that were
#'   seen, and where leaving a condition out predicts its shift with an error about as large as the
#'   shift itself, so that the conditions say nothing about one that is not among them.
#' @examples
#' set.seed(1)
#' dose <- rep(c(0, 1, 3, 10), each = 40)
#' cells <- matrix(rnorm(3 * 160), 3) + rep(log1p(dose), each = 3)
#' fits <- fit_method(cells, "conditional_laot", condition = paste("dose", dose),
#'                    control = "dose 0",
#'                    covariates = data.frame(dose = dose), seed = 1)
#' conditions(fits)
#' rowMeans(predict(fits, cells[, dose == 0], at = list(dose = 5)))
#' @export
conditions <- function(fit) {
  if (inherits(fit, "laot_ensemble_list")) fit <- attr(fit, "fits")[[1L]]
  if (!inherits(fit, c("laot_fit", "laot_fit_list"))) {
    not_several(fit, "fit")
    # Of another package's object, where ours hides the generic of that name.
    if (isS4(fit) && !is.null(their_conditions())) return(their_conditions()(fit))
    fail("fit must be a laot_fit or a laot_fit_list, found ", shown(fit))
  }
  fits <- if (inherits(fit, "laot_fit")) list(fit) else unclass(fit)
  count <- function(name)
    vapply(fits, function(one) c(one$report[[name]], NA_real_)[1L], 0, USE.NAMES = FALSE)
  out <- data.frame(condition = vapply(fits, `[[`, "", "target", USE.NAMES = FALSE),
                    control = count("n.control"),
                    treated = count("n.treated"))
  kind <- vapply(fits, function(one) c(one$report$kind, NA_character_)[1L], "", USE.NAMES = FALSE)
  if (!all(is.na(kind))) out$kind <- kind
  if (inherits(fit, "laot_fit_by"))
    out <- cbind(stats::setNames(data.frame(names(fit)), each_name(fit)), out)
  names <- native(.Call(C_conditions, model_pointer(fits[[1L]])))$covariates
  for (name in names) {
    values <- lapply(unname(fits), function(one) fit_covariates(one, name)[[1L]])
    single <- all(lengths(values) == 1L) && all(vapply(values, is.numeric, NA))
    out[[name]] <- if (single) unlist(values) else
      vapply(values, function(value) paste(as_texts(value), collapse = " + "), "")
  }
  out
}
