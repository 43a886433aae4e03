# Memory and time of a fit of several conditions to cells on disk, beside the same cells in memory.
#
#   Rscript bench/memory/hdf5_memory.R make FILE [genes conditions cells controls filled]
#   Rscript bench/memory/hdf5_memory.R hdf5|memory FILE [threads]
#
# The sizes are 20000 10 9091 9091 0.05 where none are given: so many cells of each condition, and
# so many controls. A whole screen has 20000 752 750 13000 0.05.
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

# One condition after the other, so that a file may be larger than the memory.
make <- function(genes, conditions, cells, controls, filled) {
  set.seed(1)
  rates <- rgamma(genes, 0.5)
  unlink(file)
  rhdf5::h5createFile(file)
  rhdf5::h5createGroup(file, "cells")
  place <- function(name) paste0("cells/", name)
  for (name in c("data", "indices")) {
    rhdf5::h5createDataset(file, place(name), 0L, maxdims = rhdf5::H5Sunlimited(),
                           storage.mode = if (name == "data") "double" else "integer",
                           chunk = 100000L, level = 1L)
  }
  starts <- list(0)
  written <- 0
  add <- function(name, vector) {
    rhdf5::h5set_extent(file, place(name), written + length(vector))
    rhdf5::h5write(vector, file, place(name), start = written + 1, count = length(vector))
  }
  for (c in seq_len(conditions + 1L)) {
    at <- sample.int(genes, genes / 10)
    here <- rates
    if (c > 1L) here[at] <- here[at] * exp(rnorm(length(at), 0, 0.5))
    part <- columns(if (c > 1L) cells else controls, here, filled)
    add("data", part@x)
    add("indices", part@i)
    starts[[c + 1L]] <- written + part@p[-1L]
    written <- written + length(part@x)
  }
  rhdf5::h5write(as.integer(unlist(starts)), file, place("indptr"))
  rhdf5::h5write(as.integer(c(genes, controls + conditions * cells)), file, place("shape"))
  labels <- c("control", paste0("drug", seq_len(conditions)))
  saveRDS(rep(labels, c(controls, rep(cells, conditions))), paste0(file, ".rds"))
}

if (arguments[[1]] == "make") {
  sizes <- if (length(arguments) > 2L) as.numeric(arguments[3:7]) else
    c(20000, 10, 9091, 9091, 0.05)
  do.call(make, as.list(sizes))
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
                                          num.threads = if (length(arguments) > 2L)
                                            as.integer(arguments[[3]]) else 1L,
                                          verbose = FALSE))
  cat(sprintf("%s: %d genes x %d cells, %d conditions: %.0f s, %.0f s of processor, ",
              arguments[[1]], nrow(sce), ncol(sce), length(fits), seconds[["elapsed"]],
              sum(seconds[1:2])))
  cat(sprintf("%.0f MB before, peak %.0f MB\n", before, status_mb("VmHWM")))
}
