# The PBMC of the vignette on trackability (Kang et al., Nature Biotechnology 2018): 1000 control
# cells and 1000 stimulated with interferon-beta. They are others' data and do not come with laot:
# the CRAN package harmony carries them, and so does the folder data of LAOT_SHARED_DIR.
# Where neither is there, the vignette shows what precomputed.R recorded.

# Counts, genes x 2000 cells, controls first; NULL where they are not found.
pbmc_counts <- function() {
  # Without Matrix loaded, R does not know what sparse matrices are.
  if (!requireNamespace("Matrix", quietly = TRUE)) return(NULL)
  if (nzchar(system.file(package = "harmony"))) {
    found <- new.env()
    suppressWarnings(utils::data("pbmc_stim", package = "harmony", envir = found))
    # Both have the same genes in the same order.
    if (all(c("pbmc.ctrl", "pbmc.stim") %in% names(found)))
      return(cbind(found$pbmc.ctrl, found$pbmc.stim))
  }
  folder <- file.path(Sys.getenv("LAOT_SHARED_DIR", "nowhere"), "data")
  file <- file.path(folder, "pbmc_counts.mtx.gz")
  if (!file.exists(file)) return(NULL)
  counts <- methods::as(Matrix::readMM(file), "CsparseMatrix")
  rownames(counts) <- make.unique(as.character(utils::read.csv(file.path(folder,
      "pbmc_genes.csv.gz"))[[1L]]))
  counts
}

# Library-size factors, log2(x + 1), and the 1000 genes of largest variance.
pbmc_logcounts <- function(counts) {
  size <- Matrix::colSums(counts)
  values <- log2(Matrix::t(Matrix::t(counts) / (size / mean(size))) + 1)
  mean <- Matrix::rowMeans(values)
  variance <- Matrix::rowMeans(values^2) - mean^2
  values[order(-variance)[1:1000], ]
}

pbmc_trackability <- function(counts) {
  values <- pbmc_logcounts(counts)
  control <- as.matrix(values[, 1:1000])
  treated <- as.matrix(values[, 1001:2000])
  fit <- laot::laot_fit(control, treated, seed = 1, verbose = FALSE)
  laot::trackability(fit, resamples = 10, halves = 5, restarts = 3, repeats = 4, verbose = FALSE)
}
