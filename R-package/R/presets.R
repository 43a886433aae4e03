# Scores as published code prints them, and the rows that every evaluation is made of.

#' Presets of scores
#'
#' The same metric name hides different numbers: "r2" is a Pearson correlation in one paper and a
#' coefficient of determination in another; MMD is biased here, unbiased and clipped there, with one
#' bandwidth or with fifty. A preset names the settings under which published code prints its scores,
#' so that numbers can be put beside those of a paper; `evaluate_predictions(preset = )` uses them.
#'
#' @returns A data frame with one row a preset: `name`, `metrics` (see [laot_metrics()]), `cells`
#'   (sizes of random subsamples, of which the largest that fits is taken; empty: all cells, once),
#'   `repetitions`, `gamma.from.all.features` (also where a part of the features is scored), `doc`
#'   and `source`.
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

# Cells a side and repetitions of a preset for these cells: NULL where all cells are scored once.
preset_sample <- function(preset, predicted, observed) {
  fits <- preset$cells[preset$cells <= min(predicted, observed)]
  if (length(fits)) list(cells = max(fits), repetitions = preset$repetitions)
}

# The scores of one prediction. metrics: rows of laot_metrics(); predicted, observed, control: as
# cells_of() gives them, control may be NULL; gamma: one number; epsilon: see checked_epsilon(); sample:
# see preset_sample().
score_rows <- function(metrics, predicted, observed, control, gamma, settings, sample = NULL,
                       epsilon = usual.epsilon,
                       gamma.text = paste("gamma =", number_text(gamma, 5L))) {
  metrics <- metrics[!metrics$needs.control | !is.null(control), ]
  cells <- if (is.null(sample)) 0 else sample$cells
  repetitions <- if (is.null(sample)) 1 else sample$repetitions
  options <- list(gamma = as.double(gamma), epsilon = epsilon[[1L]], epsilon.absolute = names(epsilon) == "absolute",
                  cells = as.double(cells), repetitions = as.double(repetitions))
  scores <- vapply(seq_len(nrow(metrics)), function(k) {
    native(.Call(C_score, metrics$name[k], predicted, observed,
           if (metrics$needs.control[k]) control, options, settings))
  }, c(value = 0, sd = 0, left.out = 0))
  value <- scores["value", ]
  no.gamma <- metrics$needs.gamma & is.na(gamma)
  reason <- ifelse(no.gamma, "no positive distance between training cells", metrics$undefined)
  defined <- !is.nan(value)
  data.frame(metric = metrics$name, estimator = metrics$estimator,
             setting = score_settings(metrics, gamma.text, epsilon, cells, repetitions),
             value = ifelse(defined, value, NA_real_), sd = ifelse(is.nan(scores["sd", ]), NA_real_, scores["sd", ]),
             repetitions = rep(repetitions, nrow(metrics)),
             reason = ifelse(defined, "", paste("undefined:", reason)), left.out = scores["left.out", ],
             row.names = NULL)
}

# "gamma = 0.012; mean of 10 subsamples of 500 cells a side"
score_settings <- function(metrics, gamma.text, epsilon, cells, repetitions) {
  out <- metrics$setting
  out[metrics$takes.epsilon] <- epsilon_text(epsilon)
  if (any(metrics$needs.gamma)) out[metrics$needs.gamma] <- gamma.text
  if (cells > 0) {
    out <- paste0(out, ifelse(nzchar(out), "; ", ""), "mean of ", repetitions, " subsamples of ",
                  cells, " cells a side")
  }
  out
}

usual.epsilon <- c(relative = 0.05)

# The entropy of Sinkhorn scores: c(relative = share of the mean squared distance) or c(absolute = number).
checked_epsilon <- function(epsilon) {
  if (!is.numeric(epsilon) || length(epsilon) != 1L || !isTRUE(names(epsilon) %in% c("relative", "absolute"))) {
    fail("epsilon must be c(relative = ), a share of the mean squared distance, or c(absolute = ), a number in ",
         "squared units; found ", shown(epsilon))
  }
  if (is.na(epsilon) || epsilon <= 0 || is.infinite(epsilon)) {
    fail("epsilon must be above 0, found ", format(epsilon[[1L]]))
  }
  epsilon
}

epsilon_text <- function(epsilon) {
  number <- number_text(epsilon[[1L]])
  if (names(epsilon) == "absolute") paste("epsilon =", number) else
    paste("epsilon =", number, "x mean squared distance")
}

# The features that respond most among training cells, as row numbers.
marker_features <- function(control, treated, count, settings) {
  native(.Call(C_marker_features, control, treated, as.integer(count), settings))
}
