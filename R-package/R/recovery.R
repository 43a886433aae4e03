# The recovery curve: would this experiment's pairing be found again, if the truth were the fit?

#' How far from its critical gap an experiment stands
#'
#' Simulates from the fit itself: controls are drawn from the data, moved by I + s (W - I), given
#' the noise that the fit left unexplained, the pairing is forgotten, and the map is fitted again.
#' At s = 1 this is the experiment, at s = 2 one with twice the change. The least s at which fewer
#' than half are recovered is the critical gap.
#'
#' There are two designs. With `"counterpart"` every control cell is also among the treated cells,
#' and recovery is the share of true pairs that are found. With `"anew"` the treated cells are other
#' cells than the controls, as in most experiments: then nobody has a partner, and recovery is the
#' share of control cells whose predicted state lies nearer to their own expected state than to that
#' of any other control cell. The noise is that of the fit, so where the fit explains little, little
#' is recovered at any s.
#'
#' @param x A `laot_fit`.
#' @param design `"counterpart"` or `"anew"`.
#' @param gaps Values of s, increasing.
#' @param repeats Simulations for each s. What is `NULL` of `gaps`, `repeats` and `most.cells` is as
#'   [laot_settings()] has it.
#' @param most.cells Cells of each population in a simulation. Fewer cells than the experiment has
#'   make recovery easier; raise this for a final answer.
#' @param control,treated The training cells, where the fit did not keep them all (see `keep.cells`
#'   in `laot_params("laot")`). Without them: those that it kept, up to 1000 a side.
#' @param batch The levels of `control` and `treated`, `list(control =, treated =)`, one label per
#'   cell: pairs are sought within a level. The cells that a fit kept have theirs.
#' @param time.gap The time between control and treated cells: s is then also given in time.
#' @param seed Seed; without it that of the fit.
#' @param num.threads Threads to use. The result does not depend on it.
#' @param verbose Show a progress bar.
#' @param object A `laot_recovery`.
#' @param ... Not used.
#' @returns A data frame of class `laot_recovery`, one row for each s: `gap` (s), `recovery` (mean),
#'   `low` and `high` (extremes over the repeats), `pairs` (`NA` for `"anew"`), `identified`,
#'   `map.error` and `cell.error` (relative to the change; `NA` at s = 0), and `time` where
#'   `time.gap` is given. Attributes: `critical` (with `low` and `high`, a 95% interval over the
#'   repeats; `Inf`: more than half were recovered everywhere; 0: nowhere), `position` (1 /
#'   critical: the experiment stands at this share of its critical gap), `recovery.at.one`, `cells`,
#'   `design`.
#' @seealso [trackability()] for the verdict.
#' @examples
#' cells <- simulate_populations(3, 60, gap = 0.5, entries = "gaussian", seed = 1)
#' fit <- laot_fit(cells$control, cells$treated, seed = 1, verbose = FALSE)
#' curve <- recovery_curve(fit, gaps = c(0, 1, 4, 16), repeats = 3, verbose = FALSE)
#' curve
#' plot(curve)
#' @export
recovery_curve <- function(x, design = "counterpart", gaps = NULL, repeats = NULL,
                           most.cells = NULL, control = NULL, treated = NULL, batch = NULL,
                           time.gap = NULL, seed = NULL, num.threads = 1L,
                           verbose = interactive(), ...) {
  exact_arguments()
  if (missing(x)) fail("x is missing; give a fit, as laot_fit() makes it")
  require_alternation(x, "a recovery curve")
  no_more(list(...), names(formals(recovery_curve)))
  one_of(design, c("counterpart", "anew"), "design")
  gaps <- or_usual(gaps, "recovery_curve", "gaps")
  repeats <- or_usual(repeats, "recovery_curve", "repeats")
  most.cells <- or_usual(most.cells, "recovery_curve", "most_cells")
  whole(repeats, "repeats")
  whole(most.cells, "most.cells", 4)
  if (!is.numeric(gaps) || !length(gaps) || anyNA(gaps))
    fail("gaps must be numbers, found ", shown(gaps))
  if (!is.null(time.gap)) positive_number(time.gap, "time.gap")
  cells <- training_cells(x, control, treated, batch)
  settings <- call_settings(seed_of_fit(x, seed), num.threads,
                            progress_bar(check_verbose(verbose), "Recovery curve"))
  found <- native(.Call(C_recovery_curve, model_pointer(x), cells$control, cells$treated, design,
                  as.double(gaps), repeats, most.cells, settings))
  new_recovery(found, design, time.gap, fit_title(x))
}

new_recovery <- function(found, design, time.gap, title) {
  curve <- found$tables$curve
  # gaps x repeats: the repeats of a gap are together.
  each <- function(name)
    matrix(found$tables$simulations[[name]], nrow = length(curve$gap), byrow = TRUE)
  counted <- each(if (design == "anew") "identified" else "pairs")
  out <- data.frame(gap = curve$gap, recovery = curve$recovery,
                    low = apply(counted, 1L, min), high = apply(counted, 1L, max),
                    pairs = rowMeans(each("pairs")), identified = rowMeans(each("identified")),
                    map.error = rowMeans(each("map_error")),
                    cell.error = rowMeans(each("cell_error")))
  undefined <- vapply(out, is.nan, logical(nrow(out)))
  out[undefined] <- NA
  if (!is.null(time.gap)) out$time <- out$gap * time.gap
  number <- function(name) found$numbers[[name]]
  triple <- function(name) c(value = number(name), low = number(paste0(name, "_low")),
                             high = number(paste0(name, "_high")))
  structure(out, class = c("laot_recovery", "data.frame"), design = design,
            cells = as.integer(number("cells")), critical = triple("critical"),
            position = triple("position"), recovery.at.one = number("recovery_at_one"),
            time.gap = time.gap, title = title)
}

#' @export
print.laot_recovery <- function(x, ...) {
  cat("Recovery curve: ", attr(x, "title"), ", treated cells ",
      if (attr(x, "design") == "anew") "drawn anew" else "with their counterparts", ", ",
      attr(x, "cells"), " cells a side\n", sep = "")
  table <- as.data.frame(x)
  print(format(table, digits = 2L), row.names = FALSE)
  cat(position_sentence(x), "\n", sep = "")
  invisible(x)
}

#' @export
as.data.frame.laot_recovery <- function(x, ..., stringsAsFactors = FALSE) {
  no_more(list(...))
  class(x) <- "data.frame"
  x[names(x)]
}

# "This experiment stands at 0.6 of its critical gap (0.5 to 0.8)."
position_sentence <- function(curve) {
  position <- attr(curve, "position")
  critical <- attr(curve, "critical")[["value"]]
  time <- attr(curve, "time.gap")
  if (position[["value"]] == 0) {
    return(paste0("More than half are found up to ", number_text(max(curve$gap), 2L),
                  " times the change: this ",
                  "experiment stands at less than ", number_text(1 / max(curve$gap), 2L),
                  " of its critical gap."))
  }
  if (is.infinite(position[["value"]])) {
    return(paste0("Fewer than half are found at any change, so the noise alone hides them, ",
                  "whatever the gap."))
  }
  paste0("This experiment stands at ", number_text(position[["value"]], 2L),
         " of its critical gap (",
         number_text(position[["low"]], 2L), " to ", number_text(position[["high"]], 2L), ")",
         if (!is.null(time)) paste0("; in time, that gap is ", number_text(critical * time, 3L),
                                    " and the experiment's ",
                                    number_text(time, 3L)), ".")
}

require_alternation <- function(x, what) {
  one_fit(x, "x")
  if (!trait(x$method, "pairs") && !trait(x$method, "conditions")) {
    fail(what, " needs a fit of laot_fit(), or of a method of many conditions at one of ",
         "them, found a ", method_title(x), " fit")
  }
}

seed_of_fit <- function(fit, seed) {
  if (!is.null(seed)) return(seed_or_draw(seed))
  if (is.na(fit$seed)) 1 else fit$seed
}

# The training cells as the user gives them, or NULL for those that the fit kept.
training_cells <- function(fit, control, treated, batch = NULL) {
  if (is.null(control) != is.null(treated)) fail("give both control and treated, or neither")
  if (is.null(control)) {
    if (!is.null(batch))
      fail("batch goes with control and treated; the cells that the fit kept have theirs")
    return(list(control = NULL, treated = NULL))
  }
  read <- function(cells, what) read_like(fit, cells, list(), what)
  sources <- list(control = read(control, "control"), treated = read(treated, "treated"))
  warn_of_labels(fit, sources)
  values <- lapply(sources, `[[`, "values")
  batch <- pair_labels(batch, values, "batch")
  one <- function(what) {
    at <- match_features(fit$features, feature_count(fit), values[[what]], what, "the fit")
    cells_of(values[[what]], features = at, batch = batch[[what]], with.names = FALSE)
  }
  list(control = one("control"), treated = one("treated"))
}
