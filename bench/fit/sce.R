# Fits and predictions of SingleCellExperiments as an R user waits for them, on one thread: seconds
# of the clock and of the processor, the medians of a few calls after one that is not counted.
#
#   Rscript bench/fit/sce.R [LIBRARY]    the installed package, or that in the folder LIBRARY
#
# PBMC: 1000 control and 1000 stimulated cells of the folder LAOT_SHARED_DIR (../shared), with the
# 1000 genes of its list, log-normalised; left out where the data are not there. Made cells: sparse,
# with structure, a sixth of the values not zero.
arguments <- commandArgs(TRUE)
if (length(arguments)) .libPaths(c(arguments[1L], .libPaths()))
suppressPackageStartupMessages({
  library(laot)
  library(SingleCellExperiment)
})

measured <- function(what, call, times = 5L) {
  expression <- substitute(call)
  caller <- parent.frame()
  eval(expression, caller)
  seconds <- vapply(seq_len(times), function(k) system.time(eval(expression, caller))[1:3],
                    numeric(3))
  cat(sprintf("%-52s %7.3f s  processor %7.3f s\n", what, stats::median(seconds[3L, ]),
              stats::median(seconds[1L, ] + seconds[2L, ])))
}

made <- function(controls, treated, genes = 1000L) {
  loadings <- matrix(stats::rnorm(genes * 10, 0, 0.35), genes)
  cells <- function(count, shift) {
    size <- exp(loadings %*% matrix(stats::rnorm(10 * count), 10) + shift - 1.5)
    methods::as(log1p(matrix(stats::rpois(genes * count, size / 2), genes)), "CsparseMatrix")
  }
  values <- cbind(cells(controls, 0), cells(treated, 0.6 * (stats::runif(genes) > 0.8)))
  dimnames(values) <- list(paste0("gene", seq_len(genes)), paste0("cell", seq_len(ncol(values))))
  SingleCellExperiment(list(logcounts = values), colData = DataFrame(
    condition = rep(c("control", "treated"), c(controls, treated))))
}

pbmc <- function() {
  folder <- file.path(Sys.getenv("LAOT_SHARED_DIR", "../shared"), "data")
  path <- function(name) file.path(folder, paste0("pbmc_", name))
  if (!file.exists(path("counts.mtx.gz"))) return(NULL)
  counts <- methods::as(Matrix::readMM(gzfile(path("counts.mtx.gz"))), "CsparseMatrix")
  condition <- utils::read.csv(gzfile(path("cells.csv.gz")))$condition
  genes <- utils::read.csv(path("hvg1000.csv"))
  size <- Matrix::colSums(counts)
  counts@x <- log2(counts@x / rep(size / mean(size), diff(counts@p)) + 1)
  values <- counts[genes$row, ]
  dimnames(values) <- list(genes$gene, paste0("cell", seq_len(ncol(values))))
  SingleCellExperiment(list(logcounts = values), colData = DataFrame(condition = condition))
}

times <- function(name, sce, control, target, calls = 5L) {
  measured(paste0(name, ": fit, calibrated"),
           laot_fit(sce, condition = "condition", control = control, target = target,
                    preset = "calibrated", seed = 1, verbose = FALSE), calls)
  measured(paste0(name, ": fit, the default"),
           laot_fit(sce, condition = "condition", control = control, target = target, seed = 1,
                    verbose = FALSE), min(calls, 3L))
  measured(paste0(name, ": mean shift"),
           fit_trivial(sce, condition = "condition", control = control, target = target,
                       method = "mean_shift"), calls)
  fit <- laot_fit(sce, condition = "condition", control = control, target = target,
                  preset = "calibrated", seed = 1, verbose = FALSE)
  controls <- sce[, sce$condition == control]
  values <- assay(controls)
  measured(paste0(name, ": predict(), a SingleCellExperiment"), predict(fit, controls), calls)
  measured(paste0(name, ": predict(), its sparse matrix"), predict(fit, values), calls)
}

set.seed(1)
cells <- pbmc()
if (!is.null(cells)) times("PBMC", cells, "ctrl", "stim")
times("13,000 + 770 made cells", made(13000, 770), "control", "treated", 3L)
