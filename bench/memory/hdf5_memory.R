# Memory and time of a fit of several conditions to cells on disk, beside the same cells in memory.
#
#   Rscript bench/memory/hdf5_memory.R make FILE [genes cells conditions filled]
#   Rscript bench/memory/hdf5_memory.R hdf5|memory FILE
#
# The sizes are 20000 100000 10 0.05 where none are given.
#
# Prints seconds and megabytes: of the process when the cells are there, and at its peak in the fit.
# The file is a TENxMatrix of log counts; a condition changes the rates of a tenth of the genes.
suppressMessages({
  library(laot)
  library(Matrix)
  library(SingleCellExperiment)
  library(HDF5Array)
})
arguments <- commandArgs(TRUE)
file <- arguments[[2]]

status_mb <- function(entry) {
  line <- grep(paste0("^", entry), readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}

# Cells of one condition as compressed columns: a gene is found in a share of the cells that goes
# with its rate, and its counts are Poisson.
columns <- function(count, rates, filled) {
  shares <- pmin(1, filled * length(rates) * rates / sum(rates))
  per.gene <- rbinom(length(rates), count, shares)
  genes <- rep(seq_along(rates), per.gene)
  cells <- unlist(lapply(per.gene, function(k) sample.int(count, k)))
  values <- log1p(1 + rpois(length(genes), rates[genes]))
  sparseMatrix(i = genes, j = cells, x = values, dims = c(length(rates), count))
}

make <- function(genes, cells, conditions, filled) {
  set.seed(1)
  rates <- rgamma(genes, 0.5)
  shares <- rep(seq_len(conditions + 1L), length.out = cells)
  parts <- lapply(seq_len(conditions + 1L), function(c) {
    at <- sample.int(genes, genes / 10)
    here <- rates
    if (c > 1L) here[at] <- here[at] * exp(rnorm(length(at), 0, 0.5))
    columns(sum(shares == c), here, filled)
  })
  values <- do.call(cbind, parts)
  unlink(file)
  rhdf5::h5createFile(file)
  rhdf5::h5createGroup(file, "cells")
  parts.of <- list(data = values@x, indices = values@i, indptr = values@p, shape = dim(values))
  for (name in names(parts.of)) {
    place <- paste0("cells/", name)
    vector <- parts.of[[name]]
    rhdf5::h5createDataset(file, place, length(vector), storage.mode = storage.mode(vector),
                           chunk = min(length(vector), 100000L), level = 1L)
    rhdf5::h5write(vector, file, place)
  }
  saveRDS(rep(c("control", paste0("drug", seq_len(conditions))), vapply(parts, ncol, 1L)),
          paste0(file, ".rds"))
}

if (arguments[[1]] == "make") {
  sizes <- if (length(arguments) > 2L) as.numeric(arguments[3:6]) else c(20000, 100000, 10, 0.05)
  make(sizes[1], sizes[2], sizes[3], sizes[4])
} else {
  # rhdf5 2.42 goes on where an object cannot be opened, and HDF5Array tells groups by that error.
  rhdf5::h5errorHandling("normal")
  cells <- TENxMatrix(file, "cells")
  if (arguments[[1]] == "memory") cells <- as(cells, "dgCMatrix")
  sce <- SingleCellExperiment(list(logcounts = cells),
                              colData = DataFrame(condition = readRDS(paste0(file, ".rds"))))
  rownames(sce) <- paste0("gene", seq_len(nrow(sce)))
  rm(cells)
  invisible(gc())
  before <- status_mb("VmRSS")
  seconds <- system.time(fits <- laot_fit(sce, condition = "condition", control = "control",
                                          preset = "calibrated", seed = 1,
                                          verbose = FALSE))
  cat(sprintf("%s: %d genes x %d cells, %d conditions: %.0f s, %.0f s of processor, ",
              arguments[[1]], nrow(sce), ncol(sce), length(fits), seconds[["elapsed"]],
              sum(seconds[1:2])))
  cat(sprintf("%.0f MB before, peak %.0f MB\n", before, status_mb("VmHWM")))
}
