# Can the pairing be recovered? One verdict, and the numbers behind it.

#' Can the pairing of this experiment be trusted?
#'
#' Cells are destroyed when they are measured, so nobody sees which treated cell a control cell
#' became. `trackability()` asks whether the fit's pairing, and with it the fate of single cells,
#' can be trusted, and prints one verdict with the numbers behind it:
#' * **recoverable**: the fit would find the pairs again if it were right, and the partners lie
#'   where the map sends the cells;
#' * **not recoverable**: partners lie no nearer than other treated cells do. Predictions for the
#'   population may still be good (see [evaluate_predictions()]); do not read fates of single cells;
#' * **borderline**: in between.
#'
#' On 1000 simulated experiments whose truth is known (150 or 300 cells, 5 to 30 features, Gaussian
#' and clustered cells, small to large changes, noise up to half the spread of the cells; treated
#' cells with counterparts or drawn anew), none of the 330 that were called recoverable had fewer
#' than half of its pairs found, and of the 570 that were called not recoverable 1.2% had half or
#' more. The rates hold for fits with at most an eighth as many dimensions as cells, which is what
#' `n.pcs = "auto"` makes.
#'
#' The theorem of the paper gives a bound, too: a measurement gap below \eqn{\sqrt{(1 - \delta) / (2
#' n L^2)}}{sqrt((1 - delta) / (2 n L^2))} suffices, with \eqn{\delta} the restricted isometry
#' constant of the n control cells and L the rate at which cells move. Where \eqn{\delta} reaches 1,
#' as it does where two cells are nearly alike, the bound says nothing and the gap is `NA`; on real
#' data this is the usual case.
#'
#' The verdict is of the alternation of transport and a linear map, with the parameters of the fit:
#' of a fit that bends or has its marginals restored, its linear map. A fit of many conditions
#' (`"conditional_laot"`, `"cmonge"`) has a verdict for each: how far partners lie, and where
#' controls are moved in the simulations (of a network by its linear part), follow from its own map
#' at the condition, L from that map's derivative; the refits are those of [laot_fit()] with its
#' defaults to the condition's cells. Cells in `x` are fitted with `preset = "calibrated"`, one
#' matrix, unless another is named.
#'
#' Cells that were fitted with a `batch` are paired within its levels here too.
#'
#' @param x A `laot_fit` of [laot_fit()], or of a method of many conditions whose map has a
#'   derivative in closed form (all but `"cpa"`); a `laot_fit_list`, each of whose conditions has a
#'   verdict of its own; or cells, which are fitted first: see [laot_fit()].
#' @param control,treated The training cells, where the fit did not keep them all (see `keep.cells`
#'   in `laot_params("laot")`). Without them: those that it kept, up to 1000 a side. For cells in
#'   `x`: as in [laot_fit()].
#' @param batch The levels of `control` and `treated`, `list(control =, treated =)`, one label per
#'   cell. The cells that a fit kept have theirs. For cells in `x`: as in [laot_fit()].
#' @param time.course Cells at two or more times, to estimate L from: an object or a matrix with the
#'   features of the fit. They are moved into the fit's feature space, where the cells of successive
#'   times are paired as cheaply as can be; L is the largest, over the steps, of the 95% quantiles
#'   of the distance of such pairs over the time between them. What each time has in common is left
#'   out, where the fit leaves it out (`center = "own"`). Since other cells are measured at each
#'   time, sampling counts as movement: see the column `floor` of `rates`. One exact transport for
#'   each step between all the cells of two times.
#' @param time The times of the cells of `time.course`: a column, or one time per cell. Numbers, or
#'   texts that begin with a number such as `"24h"`. Where `x` is an object and there is no
#'   `time.course`, `x` itself is the time course.
#' @param rate L, where it is known, instead of `time.course`: how far a cell moves in a unit of
#'   time, as a Euclidean distance in the fit's feature space, which is that of the centred cells
#'   (of their components, where the fit has them), each feature or component divided by its scale.
#'   `"fit"` takes it from the fit and `time.gap`: the 95% quantile, over control cells z, of
#'   \eqn{|J(z) - I| |z|} over the time gap, J being the derivative of the map at the cell, the same
#'   everywhere for a linear fit and another at each cell for one that bends (`lift`). It bounds how
#'   far the map moves a cell beyond the common shift. Without any of these there is no critical gap
#'   in time.
#' @param resamples,halves,restarts How many bootstrap resamples, random halves, and other starts of
#'   the alternation to fit. Numbers that are `NULL` are as [laot_settings()] has them.
#' @param resample What a bootstrap resample draws: `"cells"` (within their level of `batch`, where
#'   there is one), or `"levels"`, whole donors or replicates. Intervals over donors say whether an
#'   effect would be there in other donors; those over cells, only in other cells of the same ones.
#'   With few levels they are coarse.
#' @param designs Which recovery curves to simulate; `"counterpart"` is always among them, since the
#'   verdict needs it.
#' @param time.gap The time between control and treated cells, to give s in time, and to say on
#'   which side of the theorem's bound the experiment lies. Where `condition` and `time` are the
#'   same column, it is known without.
#' @param gaps,repeats,most.cells As in [recovery_curve()].
#' @param seed Seed; without it that of the fit.
#' @param num.threads Threads to use. The result does not depend on it.
#' @param verbose Show a progress bar.
#' @param object A `laot_trackability`.
#' @param ... For cells: the arguments of [laot_fit()]. Else not used.
#' @returns A list of class `laot_trackability`:
#' * `verdict`, and `why`, one sentence;
#' * `isometry`: data frame of `scaling` (all cells by one factor to mean squared norm 1, every cell
#'   to norm 1, or the factor that makes \eqn{\delta} smallest), `delta`, `scale`, `critical.gap`,
#'   `critical.low` and `critical.high` (for the interval of L), and `note`; `worst.pairs`: the
#'   cells that attain \eqn{\delta}; `delta.quantiles`: its distribution over the pairs;
#' * `spacing`: `displacement`, how far the map moves a cell beyond the common shift, and
#'   `residual`, how far partners lie from where the map sends cells, both over the distance to the
#'   nearest neighbour (medians);
#' * `agreement`: how alike matchings are between bootstrap resamples and the fit, between halves,
#'   and between other starts and the fit: `overlap` (share of mass on the same pairs) and
#'   `coherence` (1: partners in the same place, 0: unrelated), with extremes;
#' * `effects`: the strongest entries of W - I with 95% bootstrap intervals (percentiles); `stable`
#'   where the interval leaves out 0; the attribute `resample` says what was drawn. A resample of
#'   cells draws both populations separately, so it has lost
#'   most counterparts: its maps are those of an experiment with cells drawn anew, and where the
#'   pairing is exact the intervals are wider than they need be and may lie to one side of the fit;
#' * `change`: \eqn{|J(z) - I|} (largest singular value) in the feature space at up to 100 control
#'   cells: `least`, `median`, `most`; all the same for a linear fit;
#' * `rates`: of `time.course`, as in [time_gap_sweep()] but in the fit's feature space; `rate`: L,
#'   with a 95% interval over resamples of its pairs, the pairing taken as given;
#' * `curves`: a list of [recovery_curve()]s; `time.gap`.
#'
#'   Of a list of fits (several targets, or the conditions of one model): a data frame of class
#'   `laot_trackabilities` with one row a condition: `condition`, `verdict`, `recovery` (at the
#'   experiment's own change), `residual` (over the distance to the nearest neighbour), `change`
#'   (median), `critical.gap` and `why`; the attribute `each` has them in full.
#' @examples
#' cells <- simulate_populations(3, 60, gap = 0.5, entries = "gaussian", seed = 1)
#' fit <- laot_fit(cells$control, cells$treated, seed = 1, verbose = FALSE)
#' trackability(fit, resamples = 5, halves = 2, restarts = 1, gaps = c(0, 1, 4), repeats = 2,
#'              verbose = FALSE)
#' @export
trackability <- function(x, ...) UseMethod("trackability")

#' @rdname trackability
#' @export
trackability.laot_fit <- function(x, control = NULL, treated = NULL, batch = NULL,
                                  time.course = NULL, time = "time", rate = NULL, resamples = NULL,
                                  halves = NULL, restarts = NULL, resample = "cells",
                                  designs = c("counterpart", "anew"), gaps = NULL,
                                  repeats = NULL, most.cells = NULL, time.gap = NULL, seed = NULL,
                                  num.threads = 1L, verbose = interactive(), ...) {
  exact_arguments()
  require_alternation(x, "trackability()")
  no_more(list(...), names(formals(trackability.laot_fit)))
  from.fit <- identical(rate, "fit")
  if (!is.null(rate) && !from.fit) positive_number(rate, "rate")
  if (!is.null(time.gap)) positive_number(time.gap, "time.gap")
  if (from.fit && is.null(time.gap))
    fail("rate = \"fit\" needs the time between control and treated cells; give time.gap")
  if (!is.null(rate) && !is.null(time.course)) fail("give either rate or time.course, not both")
  resamples <- or_usual(resamples, "stability", "resamples")
  halves <- or_usual(halves, "stability", "halves")
  restarts <- or_usual(restarts, "stability", "restarts")
  gaps <- or_usual(gaps, "recovery_curve", "gaps")
  whole(resamples, "resamples", 2)
  whole(halves, "halves", 0)
  whole(restarts, "restarts", 0)
  one_of(resample, c("cells", "levels"), "resample")
  for (design in designs) one_of(design, c("counterpart", "anew"), "designs")
  if (!is.numeric(gaps) || anyNA(gaps)) fail("gaps must be numbers, found ", shown(gaps))
  if (!1 %in% gaps) fail("gaps must have 1, the experiment itself, among its values")
  cells <- training_cells(x, control, treated, batch)
  settings <- call_settings(seed_of_fit(x, seed), num.threads)
  # First, since they can find their arguments wrong and take little time.
  local <- native(.Call(C_change_at_cells, model_pointer(x), cells$control,
                        or_usual(NULL, "change_at_cells", "most_cells"), settings))
  encoded <- encoded_controls(x, cells$control, settings)
  settings$progress <- progress_bar(check_verbose(verbose), "Stability")
  rates <- if (!is.null(time.course)) rates_in_feature_space(x, time.course, time, settings)
  if (!is.null(rates)) rate <- rate_of_course(rates)
  if (!is.null(rates) && is.null(time.gap)) time.gap <- gap_of_conditions(x, time)
  stable <- native(.Call(C_stability, model_pointer(x), cells$control, cells$treated,
                   as.double(c(resamples, halves, restarts)), resample, settings))
  numbers <- stable$numbers
  curves <- lapply(stats::setNames(nm = union("counterpart", designs)), function(design) {
    enough <- numbers[["n_control"]] >= 8 || design == "counterpart"
    if (enough) {
      recovery_curve(x, design, gaps = gaps, repeats = repeats, most.cells = most.cells,
                     control = control, treated = treated, batch = batch, time.gap = time.gap,
                     seed = settings$seed, num.threads = num.threads, verbose = verbose)
    }
  })
  curves <- Filter(Negate(is.null), curves)
  recovery <- attr(curves$counterpart, "recovery.at.one")
  residual <- numbers[["residual_over_spacing"]]
  if (from.fit) rate <- stats::quantile(local$change * local$length, 0.95, names = FALSE) / time.gap
  isometry <- isometry_of(encoded, rate, settings)
  verdict <- native(.Call(C_verdict, recovery, residual))
  structure(list(
    verdict = verdict, why = why_verdict(verdict, recovery, residual), title = fit_title(x),
    n.control = numbers[["n_control"]], n.treated = numbers[["n_treated"]],
    subsample = numbers[["n_control"]] < x$report$n.control ||
      numbers[["n_treated"]] < x$report$n.treated,
    isometry = isometry$table, worst.pairs = isometry$worst, delta.quantiles = isometry$quantiles,
    spacing = c(displacement = not_nan(numbers[["displacement_over_spacing"]]),
                residual = not_nan(residual)),
    agreement = agreement_table(stable$tables$agreement,
                                c(resamples = resamples, halves = halves, restarts = restarts)),
    effects = structure(effect_table(x, stable$tables$effects), resample = resample),
    curves = curves,
    change = c(least = min(local$change), median = stats::median(local$change),
               most = max(local$change)),
    rates = rates, rate = rate, time.gap = time.gap,
    time.unit = if (!is.null(rates) && is.character(time) && length(time) == 1L) time
  ), class = "laot_trackability")
}

#' @rdname trackability
#' @export
trackability.default <- function(x, ..., time.course = NULL, time = NULL, rate = NULL,
                                 resamples = NULL, halves = NULL, restarts = NULL,
                                 resample = "cells",
                                 designs = c("counterpart", "anew"), gaps = NULL,
                                 repeats = NULL, most.cells = NULL, time.gap = NULL, seed = NULL,
                                 num.threads = 1L,
                                 verbose = interactive()) {
  exact_arguments()
  if (missing(x)) fail(no.cells)
  not_several(x, "x")
  seed <- seed_or_draw(seed)
  # The question is about the linear alternation: nothing is to be chosen for it.
  asked <- list(...)
  if (is.null(asked$preset)) asked$preset <- "calibrated"
  fit <- do.call(laot_fit, c(list(x), asked, list(seed = seed, num.threads = num.threads,
                                                  verbose = verbose)))
  if (inherits(fit, "laot_fit_list")) {
    fail("there are ", length(fit), " targets; name one with target = ; there are ",
         listed(names(fit)))
  }
  if (is.null(time)) {
    time <- "time"
  } else if (is.null(time.course)) {
    if (fit$origin$kind == "matrix")
      fail("time goes with time.course, where the cells of the fit are a matrix")
    time.course <- x
  }
  trackability(fit, time.course = time.course, time = time, rate = rate, resamples = resamples,
               halves = halves, restarts = restarts,
               resample = resample, designs = designs, gaps = gaps, repeats = repeats,
               most.cells = most.cells, time.gap = time.gap, seed = seed, num.threads = num.threads,
               verbose = verbose)
}

#' @rdname trackability
#' @export
trackability.laot_fit_list <- function(x, ...) {
  each <- lapply(unclass(x)[names(x)], function(fit) trackability(fit, ...))
  pick <- function(value) vapply(each, value, 0, USE.NAMES = FALSE)
  out <- data.frame(
    condition = names(each), verdict = vapply(each, `[[`, "", "verdict", USE.NAMES = FALSE),
    recovery = pick(function(one) attr(one$curves$counterpart, "recovery.at.one")),
    residual = pick(function(one) one$spacing[["residual"]]),
    change = pick(function(one) one$change[["median"]]),
    critical.gap = pick(function(one) one$isometry$critical.gap[one$isometry$scaling ==
        "smallest"]),
    why = vapply(each, `[[`, "", "why", USE.NAMES = FALSE)
  )
  structure(out, each = each, class = c("laot_trackabilities", "data.frame"))
}

#' @export
print.laot_trackabilities <- function(x, ...) {
  print(format(as.data.frame(x)[setdiff(names(x), "why")], digits = 2L), row.names = FALSE)
  for (verdict in unique(x$verdict)) {
    cat("\n", verdict, ": ", listed(x$condition[x$verdict == verdict]), "\n", sep = "")
    writeLines(strwrap(verdict.words[[verdict]], 84L, indent = 2L, exdent = 2L))
  }
  invisible(x)
}

not_nan <- function(x) replace(x, is.nan(x), NA_real_)

why_verdict <- function(verdict, recovery, residual) {
  found <- paste0("if the fit were right, ", number_text(100 * recovery, 2L),
                  "% of its pairs would be found again")
  near <- paste0("a cell's partner lies ",
                 if (isTRUE(residual < 0.01)) "less than 0.01" else number_text(residual, 2L),
                 " times as far from where the map sends the cell as from its own ",
                 "nearest neighbour")
  switch(verdict,
    recoverable = paste0(found, ", and ", near, ": nearer than other treated cells"),
    borderline = paste0(found, ", and ", near),
    `not recoverable` = paste0(near, ": other treated cells would do as well"),
    "too many cells are identical to say"
  )
}

# Control cells in the feature space of the fit; NULL: those that it kept.
encoded_controls <- function(fit, control, settings) {
  if (is.null(control)) control <- list(values = model_array(fit, "kept_control"))
  native(.Call(C_encode, model_pointer(fit), control, "control", settings))
}

# rate: L, alone or with its interval, c(value, low, high).
isometry_of <- function(cells, rate, settings) {
  probabilities <- or_usual(NULL, "isometry", "probabilities")
  found <- native(.Call(C_isometry, list(values = cells),
                        if (is.null(rate)) NaN else as.double(rate[[1L]]),
                  probabilities, settings))
  constants <- found$tables$constants
  worst <- found$tables$worst
  quantiles <- found$tables$quantiles
  by.scaling <- vapply(constants$scaling,
                       function(scaling) quantiles$delta[quantiles$scaling == scaling],
                       probabilities)
  dimnames(by.scaling) <- list(paste0(100 * probabilities, "%"), dotted(constants$scaling))
  gap <- constants$critical_gap
  interval <- if (length(rate) == 3L) rate[[1L]] / rate[3:2] else c(NA_real_, NA_real_)
  list(table = data.frame(scaling = dotted(constants$scaling), delta = constants$delta,
                          scale = constants$scale,
                          critical.gap = gap, critical.low = gap * interval[[1L]],
                          critical.high = gap * interval[[2L]],
                          note = ifelse(nzchar(constants$undefined), constants$undefined,
                                        constants$vacuous)),
       worst = data.frame(scaling = dotted(worst$scaling), first = worst$first + 1,
                          second = worst$second + 1, delta = worst$delta),
       quantiles = by.scaling)
}

between.words <- c(resamples = "bootstrap and fit", halves = "two halves",
                   restarts = "other starts and fit")

# found: the library's table; counts: how many repetitions were asked for, by name.
agreement_table <- function(found, counts) {
  out <- as.data.frame(found)
  names(out) <- dotted(names(out))
  kind <- out$repetitions
  out <- cbind(between = unname(between.words[kind]), repeats = unname(counts[kind]),
               out[names(out) != "repetitions"])
  out[out$repeats > 0, ]
}

# found: the library's table, with numbers of features.
effect_table <- function(fit, found) {
  out <- as.data.frame(found)
  labels <- feature_labels(fit)
  out$treated <- labels[out$treated + 1]
  out$control <- labels[out$control + 1]
  if (!is.null(out$stable)) out$stable <- out$stable == 1
  out
}

verdict.words <- c(
  recoverable = "Most pairs can be trusted, and with them the fate of single cells.",
  borderline = "Some pairs may be wrong: read the fate of single cells with care.",
  `not recoverable` = paste(
    "Do not read the fate of single cells from this fit. Its predictions of the population",
                            "may still be good: evaluate_predictions() says how good."),
  undefined = "Nothing can be said about the pairs."
)

#' @export
print.laot_trackability <- function(x, ...) {
  say <- function(..., indent = 2L)
    writeLines(strwrap(paste0(...), 84L, indent = indent, exdent = indent + 2L))
  cat("Trackability of ", x$title, ": ", toupper(x$verdict), "\n", sep = "")
  say(verdict.words[[x$verdict]])
  say("Why: ", x$why, ".")
  if (x$subsample) {
    say("(From ", x$n.control, " control and ", x$n.treated, " treated cells that the fit kept.)")
  }
  cat("\n")
  # Numbers of cells that cannot be told apart would mislead.
  if (x$verdict != "undefined") {
    print_simulations(x, say)
    print_agreement(x, say)
    cat("\n")
  }
  best <- x$isometry[x$isometry$scaling == "smallest", ]
  writeLines(strwrap(paste0("The theorem's bound: ", theorem_sentence(best, x$time.gap,
      x$time.unit), ".",
                            if (!is.null(x$rates)) rate_sentence(x)), 84L, exdent = 2L))
  invisible(x)
}

print_simulations <- function(x, say) {
  say("If the fit were right", if (x$verdict == "not recoverable") ", which is in doubt here",
      " (simulated from it; the critical gap is the change at which fewer than half are found):",
      indent = 0L)
  for (design in names(x$curves)) {
    curve <- x$curves[[design]]
    share <- paste0(number_text(100 * attr(curve, "recovery.at.one"), 2L), "% of the ")
    say(if (design == "anew") paste0("Treated cells are other cells, as in most experiments: ",
                                     share, "states are found. ")
        else paste0("Every cell is seen before and after: ", share, "pairs are found. "),
        position_sentence(curve))
  }
}

print_agreement <- function(x, say) {
  cat("\nHow far the pairs depend on the cells at hand (same place: 1 the same, 0 unrelated):\n")
  print(data.frame(
    between = x$agreement$between,
    `same pairs` = paste0(number_text_each(100 * x$agreement$overlap, 2L), "%"),
    `same place` = number_text_each(x$agreement$coherence, 2L), check.names = FALSE
  ), row.names = FALSE, right = FALSE)
  say("Displacement beyond the common shift: ", number_text(x$spacing[["displacement"]], 2L),
      " times the distance to the nearest neighbour.")
  if (nrow(x$effects)) {
    say(sum(x$effects$stable), " of the ", nrow(x$effects),
        " strongest effects (entries of W - I) keep their sign in ",
        "95% of the resamples of ",
        if (attr(x$effects, "resample") == "levels") "the batch's levels" else "cells", ".")
  }
}

# isometry: one row of its table. gaps: of the experiment, in time; NULL where unknown.
theorem_sentence <- function(isometry, gaps, unit = NULL) {
  delta <- paste0("delta = ", number_text(isometry$delta, 5L))
  if (is.na(isometry$critical.gap)) return(paste0(delta, "; ", isometry$note))
  below <- gaps < isometry$critical.gap
  interval <- if (!is.na(isometry$critical.low)) {
    paste0(" (", number_text(isometry$critical.low, 3L), " to ",
           number_text(isometry$critical.high, 3L), ")")
  }
  paste0(delta, ", critical gap ", number_text(isometry$critical.gap, 3L), interval,
         if (is.null(unit)) " in time" else paste0(" in the unit of ", quoted(unit)),
         if (any(below)) paste0("; below it, where pairs can be recovered: ", listed(gaps[below])),
         if (!all(below)) paste0("; above it, where the theorem promises nothing: ",
                                 listed(gaps[!below])))
}

rate_sentence <- function(x) {
  if (is.null(x$rate)) return(" The cells of the time course do not move.")
  step <- x$rates[which.max(x$rates$q95), ]
  paste0(" L = ", number_text(x$rate[["value"]], 3L), " (", number_text(x$rate[["low"]], 3L),
         " to ",
         number_text(x$rate[["high"]], 3L), "), the 95% quantile of the step from ", step$from,
         " to ", step$to,
         "; the mean of that step is ", number_text(step$mean, 3L),
         ", and two halves of one time would show ",
         number_text(step$floor, 3L), ".")
}
