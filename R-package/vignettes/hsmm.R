library(SingleCellExperiment)
data(HSMM_expr_matrix, HSMM_sample_sheet, package = "HSMMSingleCell")
expressed <- rowSums(HSMM_expr_matrix > 0.1) >= 50
sce <- SingleCellExperiment(
  assays = list(logcounts = log1p(as.matrix(HSMM_expr_matrix[expressed, ]))),
  colData = DataFrame(hours = as.numeric(as.character(HSMM_sample_sheet$Hours)))
)
sweep <- time_gap_sweep(sce, "hours", splits = 3, resamples = 5, repeats = 2, seed = 1,
                        verbose = FALSE)
