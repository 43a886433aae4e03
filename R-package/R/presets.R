# Scores as published code prints them.

#' Presets of scores
#'
#' The same metric name hides different numbers: "r2" is a Pearson correlation in one paper and a
#' coefficient of determination in another; MMD is biased here, unbiased and clipped there, with one
#' bandwidth or with fifty. A preset names the settings under which published code prints its
#' scores, so that numbers can be put beside those of a paper; `evaluate_predictions(preset = )`
#' uses them.
#'
#' @returns A data frame with one row a preset: `name`, `metrics` (see [laot_metrics()]), `cells`
#'   (sizes of random subsamples, of which the largest that fits is taken; empty: all cells, once),
#'   `repetitions`, `gamma.from.all.features` (also where a part of the features is scored),
#'   `with.replacement` (subsamples are drawn so, and need not fit), `doc` and `source`.
#' @seealso [evaluate_predictions()]
#' @examples
#' laot_score_presets()[, c("name", "doc")]
#' @export
laot_score_presets <- function() as.data.frame(native(.Call(C_score_presets)))

chosen_preset <- function(name) {
  known <- laot_score_presets()
  one_of(name, known$name, "preset")
  row <- known[known$name == name, ]
  parts <- function(text) strsplit(text, ",[[:space:]]*")[[1L]]
  list(name = name, metrics = parts(row$metrics), cells = as.numeric(parts(row$cells)),
       repetitions = row$repetitions, gamma.from.all.features = row$gamma.from.all.features)
}

# Options of the library by its own names; what is not given is the library's choice.
score_options <- function(metrics, gamma, preset, markers, epsilon, reference) {
  if (!is.null(preset)) one_of(preset, laot_score_presets()$name, "preset")
  if (!is.null(metrics)) metrics <- chosen_metrics(metrics)$name
  check_gamma(gamma)
  one_of(reference, c("auto", "training", "halves"), "reference")
  list(metrics = metrics, preset = preset,
       gammas = if (!identical(gamma, "median")) as.double(gamma),
       epsilon = if (!is.null(epsilon)) checked_epsilon(epsilon), reference = reference,
       test = TRUE)
}

# The entropy of Sinkhorn scores: c(relative = share of the mean squared distance) or c(absolute =
# number).
checked_epsilon <- function(epsilon) {
  if (!is.numeric(epsilon) || length(epsilon) != 1L ||
      !isTRUE(names(epsilon) %in% c("relative", "absolute"))) {
    fail("epsilon must be c(relative = ), a share of the mean squared distance, or c(absolute = ",
         "), a number in ",
         "squared units; found ", shown(epsilon))
  }
  if (is.na(epsilon) || epsilon <= 0 || is.infinite(epsilon)) {
    fail("epsilon must be above 0, found ", format(epsilon[[1L]]))
  }
  epsilon
}
