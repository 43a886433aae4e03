# The metrics of an evaluation, by the library's list.

#' Metrics by name
#'
#' @returns A data frame with one row for each metric of [evaluate_predictions()]: `name`, `title`,
#'   `estimator`, `setting`, `doc` (the definition), `source`, `undefined` (when the value is `NA`),
#'   `perfect` (the value of a perfect prediction), `larger.is.better`, `needs.gamma`,
#'   `needs.control`, `takes.epsilon`, `usual` (used where no metrics are asked for).
#' @examples
#' laot_metrics()[, c("name", "estimator", "perfect")]
#' @export
laot_metrics <- function() as.data.frame(native(.Call(C_metrics)))

chosen_metrics <- function(metrics) {
  table <- laot_metrics()
  if (is.null(metrics)) metrics <- table$name[table$usual]
  if (!is.character(metrics) || !length(metrics)) {
    fail("metrics must be names of metrics, found ", shown(metrics))
  }
  for (name in metrics) {
    if (!name %in% table$name) fail("there is no metric ", quoted(name), metrics_meant(name, table))
  }
  table[match(unique(metrics), table$name), ]
}

# "wasserstein" is in the titles of w1 and w2, "sinkhorn" begins several names.
metrics_meant <- function(name, table) {
  near <- nearest(name, table$name)
  holds <- function(texts) grepl(tolower(name), tolower(texts), fixed = TRUE)
  several <- if (nzchar(name)) table$name[holds(table$name) | holds(table$title)]
  slip <- !is.null(near) && utils::adist(name, near, ignore.case = TRUE) <= 1
  if (length(several) > 1L && !slip) return(paste0("; did you mean one of ", listed(several), "?"))
  if (length(several) == 1L) near <- several
  if (is.null(near))
    did_you_mean(name, table$name) else paste0("; did you mean ", quoted(near), "?")
}

check_gamma <- function(gamma) {
  if (identical(gamma, "median")) return(invisible())
  if (!is.numeric(gamma) || !length(gamma) || anyNA(gamma) || any(gamma <= 0) ||
      any(is.infinite(gamma))) {
    fail("gamma must be \"median\" or positive numbers, found ", shown(gamma))
  }
}
