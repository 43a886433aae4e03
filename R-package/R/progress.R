# A bar that the library moves, with the time that is left: cli's where there is cli, else a line of
# text. NULL when nothing is shown.

progress_bar <- function(verbose, title, frame = parent.frame()) {
  if (!isTRUE(verbose)) return(NULL)
  force(frame)
  if (requireNamespace("cli", quietly = TRUE)) {
    id <- cli::cli_progress_bar(title, total = 100, clear = TRUE, .envir = frame)
    move <- function(stage, percent) {
      cli::cli_progress_update(set = percent, id = id, .envir = frame)
    }
  } else {
    began <- proc.time()[["elapsed"]]
    do.call(on.exit, list(quote(cat("\n", file = stderr())), add = TRUE), envir = frame)
    drawn <- -1
    move <- function(stage, percent) {
      if (percent %/% 1 == drawn) return()
      drawn <<- percent %/% 1
      cat(bar_text(title, drawn, proc.time()[["elapsed"]] - began), file = stderr())
    }
  }
  furthest <- 0
  function(stage, fraction) {
    furthest <<- max(furthest, 100 * fraction)
    # A bar that cannot be drawn must not stop the work; Ctrl-C passes through.
    tryCatch(move(stage, furthest), error = function(e) NULL)
    NULL
  }
}

# In the place of the line before it.
bar_text <- function(title, percent, elapsed) {
  paste0("\r", title, " ", strrep("=", percent %/% 4), strrep(" ", 25 - percent %/% 4),
         sprintf(" %3.0f%%", percent),
         # Of a short time, or of too small a part of the work, nothing can be told.
         if (percent >= 1 && elapsed >= 2) {
           paste0(" | ", duration_text(elapsed * (100 / percent - 1)), " left")
         },
         strrep(" ", 12))
}

# "40 s", "7 min", "2 h 5 min"
duration_text <- function(seconds) {
  if (seconds < 100) return(paste(ceiling(seconds), "s"))
  minutes <- round(seconds / 60)
  if (minutes < 100) return(paste(minutes, "min"))
  paste(minutes %/% 60, "h", minutes %% 60, "min")
}

check_verbose <- function(verbose) {
  if (!is.logical(verbose) || length(verbose) != 1L || is.na(verbose)) {
    fail("verbose must be TRUE or FALSE, found ", shown(verbose))
  }
  verbose
}
