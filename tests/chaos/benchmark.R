# One worker of scripts/test.d/slow/56-chaos.sh: a benchmark in a folder, its table in a file.
# Rscript benchmark.R FOLDER OUT
arguments <- commandArgs(TRUE)
library(laot)
values <- sin(outer(1:5, 1:160, function(i, j) 1.7 * i + 0.9 * j * j))
values[, 91:160] <- 0.5 * values[, 91:160] + 2
dimnames(values) <- list(paste0("gene", 1:5), paste0("cell", 1:160))
table <- benchmark_methods(values, condition = rep(c("ctrl", "drug"), c(90, 70)), seeds = 1:8,
                           path = arguments[[1]], verbose = FALSE)
half <- paste0(arguments[[2]], "-half")
writeLines(capture.output(dput(as.data.frame(table), control = c("keepNA", "digits17"))), half)
invisible(file.rename(half, arguments[[2]]))
