# Memory of laot_fit() beyond the object: a SingleCellExperiment of 20,000 genes x 2,000
# cells, sparse. Run with the installed package, on Linux (it reads /proc): Rscript
# bench/memory/sce_memory.R 1000 [dense | full] "dense" makes the assay a base matrix, "full" one
# without zeros. The number is keep.cells: 0 shows the fit alone, 1000 (the default of a fit) keeps
# all these cells in the model for the noise reference and the plots.
#
# Prints the growth of the process' peak over its size before the fit, in MB and in working copies
# (the 1000 selected genes x 2000 cells as doubles, 16 MB).
suppressPackageStartupMessages({
  library(Matrix)
  library(SingleCellExperiment)
  library(laot)
})

status <- function(field) {
  line <- grep(field, readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) * 1024 / 1e6
}
reset_peak <- function() {
  connection <- file("/proc/self/clear_refs", "w")
  on.exit(close(connection))
  cat("5", file = connection)
}

genes <- 20000L
cells <- 2000L
set.seed(1)
counts <- rsparsematrix(genes, cells, 0.08, rand.x = function(k) log1p(rpois(k, 2) + 1))
dimnames(counts) <- list(paste0("gene", seq_len(genes)), paste0("cell", seq_len(cells)))
kind <- commandArgs(trailingOnly = TRUE)[2]
if (!is.na(kind)) counts <- as.matrix(counts)
if (kind %in% "full") counts <- counts + 0.1
sce <- SingleCellExperiment(
  assays = list(logcounts = counts),
  colData = DataFrame(condition = rep(c("ctrl", "stim"), cells / 2))
)
rm(counts)

# A first fit of few genes and cells, so that what is loaded once is not counted.
small <- sce[seq_len(50L), seq_len(100L)]
invisible(laot_fit(small, seed = 1, verbose = FALSE))

copy <- 1000 * cells * 8 / 1e6
keep <- as.integer(commandArgs(trailingOnly = TRUE)[1])
invisible(gc(full = TRUE))
reset_peak()
before <- status("VmRSS")
fit <- laot_fit(sce, seed = 1, verbose = FALSE, keep.cells = keep)
peak <- status("VmHWM")
cat(sprintf("keep.cells = %4d: %5.1f MB beyond the object at the peak, %.2f working copies; ",
            keep, peak - before, (peak - before) / copy))
cat(sprintf("the fit itself holds %.1f MB\n", as.numeric(object.size(unclass(fit))) / 1e6))
