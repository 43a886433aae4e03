# A bar that the library moves: cli's where there is cli, else base R's. NULL when nothing is shown.

progress_bar <- function(verbose, title, frame = parent.frame()) {
  if (!isTRUE(verbose)) return(NULL)
  force(frame)
  if (requireNamespace("cli", quietly = TRUE)) {
    id <- cli::cli_progress_bar(title, total = 100, clear = TRUE, .envir = frame)
    move <- function(stage, percent) {
      cli::cli_progress_update(set = percent, id = id, .envir = frame)
    }
  } else {
    bar <- utils::txtProgressBar(max = 100, style = 3, file = stderr())
    do.call(on.exit, list(quote(close(laot.bar)), add = TRUE), envir = frame)
    assign("laot.bar", bar, envir = frame)
    move <- function(stage, percent) utils::setTxtProgressBar(bar, percent)
  }
  furthest <- 0
  function(stage, fraction) {
    furthest <<- max(furthest, 100 * fraction)
    # A bar that cannot be drawn must not stop the work; Ctrl-C passes through.
    tryCatch(move(stage, furthest), error = function(e) NULL)
    NULL
  }
}

check_verbose <- function(verbose) {
  if (!is.logical(verbose) || length(verbose) != 1L || is.na(verbose)) {
    fail("verbose must be TRUE or FALSE, found ", shown(verbose))
  }
  verbose
}
