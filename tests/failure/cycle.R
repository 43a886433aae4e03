# A cycle of the R package (fit, predict, score, save, load) in which allocations of the package's
# own library fail, one in each run. It ends with the undisturbed values or with an error that says
# something, leaves no file but what was saved, and the next cycle has the undisturbed values.
#
#   LD_PRELOAD=liblaot_failing.so Rscript cycle.R liblaot_failing.so STEP METHOD [NAME=VALUE ...]
arguments <- commandArgs(TRUE)
failing <- dyn.load(arguments[[1]]) # loaded already: the same counters
step <- as.numeric(arguments[[2]])
settings <- strsplit(arguments[-(1:3)], "=", fixed = TRUE)
settings <- stats::setNames(lapply(settings, function(s) as.numeric(s[[2]])),
                            vapply(settings, `[[`, "", 1))
suppressPackageStartupMessages(library(laot))

wave <- function(cells, slope) {
  out <- sin(outer(1:3, seq_len(cells), function(i, j) slope * i + 0.9 * j * j))
  dimnames(out) <- list(paste0("gene", 1:3), paste0("cell", seq_len(cells)))
  out
}
control <- wave(14, 1.7)
treated <- 1 + 1.5 * wave(12, 2.3)
folder <- tempfile("failing")
dir.create(folder)
path <- file.path(folder, "model")

cycle <- function() {
  fit <- suppressWarnings(do.call(fit_method,
                                  c(list(control, arguments[[3]], treated = treated, seed = 1),
                                    settings)))
  predicted <- predict(fit, control)
  scores <- c(mmd2(predicted, treated, gamma = 0.5))
  save_model(fit, path)
  list(predicted, scores, predict(load_model(path), control))
}
# A name that a call takes for a call to the routine it names.
arm <- getNativeSymbolInfo("failing_arm_at", failing)
count <- getNativeSymbolInfo("failing_count", failing)

invisible(cycle())
expected <- cycle()
invisible(.C(getNativeSymbolInfo("failing_only_core", failing)))
invisible(.C(arm, 0, 0))
invisible(cycle())
total <- .C(count, 0)[[1]]
wrong <- 0
errors <- 0
for (number in seq(1, total, by = step)) {
  gc(verbose = FALSE)
  unlink(path)
  invisible(.C(arm, number, number))
  got <- tryCatch(cycle(), error = function(e) e)
  invisible(.C(count, 0))
  said <- inherits(got, "error") && nzchar(conditionMessage(got))
  errors <- errors + said
  kept <- setdiff(list.files(folder, all.files = TRUE, no.. = TRUE), "model")
  fine <- (said || identical(got, expected)) && length(kept) == 0 && identical(cycle(), expected)
  if (!fine) {
    wrong <- wrong + 1
    cat("allocation", number, "of", total, ":", if (said) conditionMessage(got), kept, "\n")
  }
}
unlink(folder, recursive = TRUE)
cat(total, "allocations, every", step, ":", errors, "errors,", wrong, "wrong\n")
quit(status = wrong > 0)
