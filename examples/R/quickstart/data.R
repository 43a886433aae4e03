# The quickstart's data, as SingleCellExperiment objects with the assay "logcounts".

suppressPackageStartupMessages(library(SingleCellExperiment))

# 271 human myoblasts 0, 24, 48 and 72 h after they were made to differentiate (Trapnell et al.,
# Nature Biotechnology 2014, GEO GSE52529), from the Bioconductor package HSMMSingleCell. Values are
# log(1 + FPKM); genes are those seen (FPKM > 0.1) in at least 50 cells.
myoblasts <- function() {
  here <- new.env()
  utils::data("HSMM_expr_matrix", "HSMM_sample_sheet", "HSMM_gene_annotation",
              package = "HSMMSingleCell", envir = here)
  fpkm <- here$HSMM_expr_matrix
  seen <- rowSums(fpkm > 0.1) >= 50
  fpkm <- fpkm[seen, ]
  symbol <- here$HSMM_gene_annotation[rownames(fpkm), "gene_short_name"]
  rownames(fpkm) <- make.unique(as.character(symbol))
  SingleCellExperiment(
    assays = list(logcounts = log1p(fpkm)),
    colData = DataFrame(condition = paste(here$HSMM_sample_sheet[colnames(fpkm), "Hours"], "h")))
}

# 2000 blood cells of lupus patients, half of them 6 hours with interferon-beta (Kang et al., Nature
# Biotechnology 2018, GEO GSE96583), as the CRAN package harmony carries them. Read from
# `data_folder` if it has them, else out of the package's source archive; NULL, with a message,
# where neither is to be had.
blood_cells <- function(data_folder, download_folder) {
  counts <- blood_counts_from_folder(data_folder)
  if (is.null(counts)) counts <- blood_counts_from_cran(download_folder)
  if (is.null(counts)) return(NULL)
  # log2(count / size factor + 1), the size factor being the cell's total over the mean total.
  size <- Matrix::colSums(counts$values)
  size <- size / mean(size)
  scaled <- counts$values %*% Matrix::Diagonal(x = 1 / size)
  scaled@x <- log2(scaled@x + 1)
  dimnames(scaled) <- dimnames(counts$values)
  SingleCellExperiment(assays = list(counts = counts$values, logcounts = scaled),
                       colData = DataFrame(condition = counts$condition))
}

blood_counts_from_folder <- function(folder) {
  files <- file.path(folder, c("pbmc_counts.mtx.gz", "pbmc_genes.csv.gz", "pbmc_cells.csv.gz"))
  if (!all(file.exists(files))) return(NULL)
  counts <- Matrix::readMM(files[[1]])
  counts <- methods::as(methods::as(counts, "CsparseMatrix"), "dgCMatrix")
  cells <- utils::read.csv(files[[3]])
  dimnames(counts) <- list(utils::read.csv(files[[2]])[[1]], make.unique(cells$barcode))
  list(values = counts, condition = cells$condition)
}

blood_counts_from_cran <- function(folder) {
  dir.create(folder, recursive = TRUE, showWarnings = FALSE)
  options(timeout = 60)
  archive <- tryCatch(
    suppressWarnings(utils::download.packages("harmony", folder, type = "source", quiet = TRUE)),
    error = function(e) NULL)
  if (is.null(archive) || nrow(archive) == 0) {
    message("The blood cells are left out: CRAN, whose package harmony carries them, cannot ",
            "be reached.")
    return(NULL)
  }
  inside <- "harmony/data/pbmc_stim.RData"
  utils::untar(archive[1, 2], files = inside, exdir = folder)
  if (!file.exists(file.path(folder, inside))) {
    message("The blood cells are left out: this version of the package harmony does not have them.")
    return(NULL)
  }
  here <- new.env()
  load(file.path(folder, inside), envir = here)
  counts <- cbind(here$pbmc.ctrl, here$pbmc.stim)
  colnames(counts) <- make.unique(colnames(counts))
  list(values = counts,
       condition = rep(c("ctrl", "stim"), c(ncol(here$pbmc.ctrl), ncol(here$pbmc.stim))))
}
