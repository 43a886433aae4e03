# The default table of evaluate_predictions() with two installed versions of the package, in turn:
#   Rscript bench/evaluation/default_table.R LIBRARY_BEFORE LIBRARY_AFTER [cells=1000]
#   [features=1000] [runs=4] Made cells with the spectrum of expression data, as many control as
#   treated ones for the fit and held out, one thread. Prints the least processor time of each, and
#   how far their values differ.

arguments <- commandArgs(trailingOnly = TRUE)
child <- arguments[1L] == "one"
if (child) arguments <- arguments[-1L]
named <- function(k, fallback) if (length(arguments) >= k) as.integer(arguments[k]) else fallback
cells <- named(3L, 1000L)
features <- named(4L, 1000L)
runs <- named(5L, 4L)

made <- function(shift, seed) {
  set.seed(7)
  directions <- matrix(stats::rnorm(features * 20), features)
  level <- abs(stats::rnorm(features))
  set.seed(seed)
  strength <- matrix(stats::rnorm(20 * cells), 20) / (1 + seq_len(20)) + shift * (seq_len(20) <= 3)
  out <- pmax(level + directions %*% strength + 0.7 * stats::rnorm(features * cells), 0)
  dimnames(out) <- list(paste0("gene", seq_len(features)),
                        paste0("cell", seed, "_", seq_len(cells)))
  out
}

if (child) {
  library(laot, lib.loc = arguments[1L])
  fit <- laot_fit(made(0, 1), made(0.5, 2), seed = 1, verbose = FALSE)
  control <- made(0, 3)
  observed <- made(0.5, 4)
  seconds <- Inf
  for (run in seq_len(runs)) {
    time <- system.time(scores <- evaluate_predictions(fit, observed, control = control))
    seconds <- min(seconds, sum(time[c("user.self", "sys.self")]))
  }
  saveRDS(list(seconds = seconds, scores = as.data.frame(scores)[c("method", "metric", "value")]),
          arguments[2L])
  quit()
}

program <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
measured <- function(library) {
  file <- tempfile()
  status <- system2(file.path(R.home("bin"), "Rscript"), c(program, "one", shQuote(library), file,
                                                           cells, features, runs),
                    env = "OPENBLAS_NUM_THREADS=1")
  if (status != 0L) stop("no table with the package in ", library, call. = FALSE)
  readRDS(file)
}
before <- measured(arguments[1L])
after <- measured(arguments[2L])
again <- measured(arguments[1L])
cat(sprintf("before %.2f s, after %.2f s, before again %.2f s\n", before$seconds, after$seconds,
            again$seconds))
both <- merge(before$scores, after$scores, by = c("method", "metric"))
apart <- abs(both$value.x - both$value.y) / pmax(1, abs(both$value.x))
cat(sprintf("%d of %d values are in both tables; they differ by at most %.1e\n", nrow(both),
            nrow(after$scores),
            max(apart[both$method != "noise_reference"])))
