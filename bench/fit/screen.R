# A screen in R: one control population and many conditions in one SingleCellExperiment.
#
#   Rscript bench/fit/screen.R [CONDITIONS [CONTROLS [TREATED [THREADS [LIBRARY]]]]]
#                                               default 40 13000 770 2, the installed package
#
# Made sparse cells with structure of 1000 genes. Prints seconds, those of a condition, and how far
# the process' peak rises above its size before the fit.
arguments <- commandArgs(TRUE)
asked <- as.numeric(c(arguments[seq_len(min(4L, length(arguments)))], rep(NA, 4L))[1:4])
asked[is.na(asked)] <- c(40, 13000, 770, 2)[is.na(asked)]
if (length(arguments) > 4L) .libPaths(c(arguments[5L], .libPaths()))
suppressPackageStartupMessages({
  library(laot)
  library(SingleCellExperiment)
})

status <- function(name) {
  line <- grep(paste0("^", name, ":"), readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}

set.seed(1)
genes <- 1000L
loadings <- matrix(stats::rnorm(genes * 10, 0, 0.35), genes)
cells <- function(count, shift) {
  size <- exp(loadings %*% matrix(stats::rnorm(10 * count), 10) + shift - 1.5)
  methods::as(log1p(matrix(stats::rpois(genes * count, size / 2), genes)), "CsparseMatrix")
}
parts <- c(list(cells(asked[2L], 0)),
           lapply(seq_len(asked[1L]), function(k)
             cells(asked[3L], 0.6 * (stats::runif(genes) > 0.8))))
at <- cumsum(c(0, vapply(parts, function(part) length(part@x), 0)))
counts <- vapply(parts, ncol, 0L)
values <- methods::new("dgCMatrix", Dim = c(genes, sum(counts)),
                       i = unlist(lapply(parts, slot, "i")), x = unlist(lapply(parts, slot, "x")),
                       p = as.integer(c(0, unlist(Map(function(part, from) from + part@p[-1L],
                                                      parts, at[-length(at)])))))
rm(parts)
dimnames(values) <- list(paste0("gene", seq_len(genes)), paste0("cell", seq_len(ncol(values))))
sce <- SingleCellExperiment(list(logcounts = values), colData = DataFrame(
  condition = rep(c("control", paste0("drug", seq_len(asked[1L]))), counts)))
rm(values)
invisible(gc())
before <- status("VmRSS")
writeLines("5", "/proc/self/clear_refs")
took <- system.time(fits <- laot_fit(sce, condition = "condition", control = "control",
                                     preset = "calibrated", seed = 1, num.threads = asked[4L],
                                     verbose = FALSE))
cat(sprintf(paste("%d conditions, %d cells, object %.0f MB: %.1f s, %.3f s a condition",
                  "(processor %.1f s)\n"),
            length(fits), ncol(sce), as.numeric(utils::object.size(sce)) / 2^20, took[[3L]],
            took[[3L]] / length(fits), took[[1L]] + took[[2L]]))
cat(sprintf(paste("process before the fit %.0f MB, peak %.0f MB: %.0f MB beyond the object,",
                  "held now %.0f MB\n"),
            before, status("VmHWM"), status("VmHWM") - before, status("VmRSS") - before))
