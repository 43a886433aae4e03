# Usual settings of calls: the library's list, so that no default is written twice.

#' Usual settings
#'
#' Values for an argument of [evaluate_predictions()], [response_table()], [trackability()],
#' [recovery_curve()], [recovery_study()] or [simulate_screen()] that is `NULL`, and what a fit
#' takes of an object where it is told nothing (the names of controls, the number of features): the
#' same in every language.
#' Parameters of methods are listed by [laot_presets()] and [laot_methods()].
#'
#' @returns A data frame with one row for each setting: `call` (the function of the C interface),
#'   `name`, `usual` (a text, with commas between the values of a list), `numeric`, `list` and
#'   `doc`.
#' @examples
#' laot_settings()[, c("call", "name", "usual")]
#' @export
laot_settings <- function() as.data.frame(native(.Call(C_settings)))

# value, or the usual one where it is NULL.
or_usual <- function(value, call, name) {
  if (!is.null(value)) return(value)
  table <- native(.Call(C_settings))
  at <- which(table$call == paste0("laot_", call) & table$name == name)
  out <- strsplit(table$usual[at], ", ", fixed = TRUE)[[1L]]
  if (table$numeric[at]) as.numeric(out) else out
}
