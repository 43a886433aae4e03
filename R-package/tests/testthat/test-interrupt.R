test_that("Ctrl-C stops a fit within a second and leaves the session usable", {
  skip_on_os("windows")
  skip_on_cran()
  started <- tempfile()
  script <- tempfile(fileext = ".R")
  on.exit(unlink(c(started, script)))
  writeLines(c(
    sprintf(".libPaths(%s)", paste(deparse(.libPaths()), collapse = "")),
    "library(laot)",
    "x <- matrix(rnorm(30 * 4000), 30); y <- 2 * matrix(rnorm(30 * 4000), 30)",
    sprintf("cat(Sys.getpid(), file = '%s')", started),
    "what <- tryCatch(laot_fit(x, y, seed = 1, update = 'adam', epochs = 1e6),",
    "                 interrupt = function(i) 'interrupted')",
    "cat(what, sprintf('%.3f', as.numeric(Sys.time())), '\\n')",
    "fit <- laot_fit(x[, 1:50], y[, 1:50], seed = 1)",
    "cat(fit$report$outcome, '\\n')"
  ), script)
  out <- tempfile()
  start_script(script, out)
  waited <- 0
  while (!(file.exists(started) && file.size(started) > 0) && waited < 60) {
    Sys.sleep(0.1)
    waited <- waited + 0.1
  }
  Sys.sleep(1.5)
  sent <- as.numeric(Sys.time())
  tools::pskill(as.integer(readLines(started, warn = FALSE)), tools::SIGINT)
  waited <- 0
  said <- function() grep("[a-z]", if (file.exists(out)) readLines(out, warn = FALSE), value = TRUE)
  while (length(lines <- said()) < 2 && waited < 60) {
    Sys.sleep(0.1)
    waited <- waited + 0.1
  }
  expect_match(lines[1], "^interrupted")
  # Some tens of milliseconds on an idle machine; tests run on busy ones.
  expect_lt(as.numeric(strsplit(lines[1], " ")[[1]][2]) - sent, 2)
  expect_match(lines[2], "converged")
})

test_that("progress is shown on request, and an error in it stops nothing", {
  cells <- two_populations()
  stages <- character()
  settings <- laot:::call_settings(1, 1)
  settings$progress <- function(stage, fraction) {
    stages <<- c(stages, stage)
    NULL
  }
  pointer <- laot:::native(.Call(laot:::C_fit, "laot", NULL, list(), laot:::cells_of(cells$control),
                                 laot:::cells_of(cells$treated), settings))
  expect_gt(length(stages), 0)
  expect_identical(typeof(pointer), "externalptr")
  expect_silent(capture.output(fit <- laot_fit(cells$control, cells$treated, seed = 1,
                                               verbose = TRUE), type = "message"))
})

test_that("a bar of text says how much time is left once that can be told", {
  bar <- function(...) trimws(laot:::bar_text("Fitting", ...))
  expect_identical(bar(0, 10), paste0("Fitting ", strrep(" ", 25), "   0%"))
  expect_identical(bar(25, 1), paste0("Fitting ", strrep("=", 6), strrep(" ", 19), "  25%"))
  expect_match(bar(25, 30), "  25% | 90 s left", fixed = TRUE)
  expect_match(bar(10, 60), "  10% | 9 min left", fixed = TRUE)
  expect_match(bar(1, 100), "   1% | 2 h 45 min left", fixed = TRUE)
  expect_match(bar(100, 100), " 100% | 0 s left", fixed = TRUE)
})
