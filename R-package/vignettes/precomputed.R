# Output of the vignette on trackability for where its data are not installed: run this beside it.
#
#     Rscript precomputed.R
library(laot)
source("pbmc.R")
counts <- pbmc_counts()
if (is.null(counts)) stop("the PBMC are not here: install harmony, or set LAOT_SHARED_DIR")
record <- function(shown, name)
  writeLines(utils::capture.output(print(shown)), paste0(name, ".txt"))
record(pbmc_trackability(counts), "pbmc-trackability")

suppressPackageStartupMessages(source("hsmm.R"))
record(sweep, "hsmm-sweep")
record(sweep$rates, "hsmm-rates")
record(sweep$isometry, "hsmm-isometry")
