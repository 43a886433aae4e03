# A benchmark and a fit of several conditions on a cluster, or in this process.
# Rscript work.R slurm|here FOLDER OUT
arguments <- commandArgs(TRUE)
folder <- arguments[[2]]
library(laot)
backend <- if (arguments[[1]] == "slurm") {
  BiocParallel::BatchtoolsParam(workers = 2, cluster = "slurm", template = "tests/slurm/job.tmpl",
                                registryargs = BiocParallel::batchtoolsRegistryargs(
                                  file.dir = tempfile("registry", folder), work.dir = getwd()))
}
values <- sin(outer(1:5, 1:160, function(i, j) 1.7 * i + 0.9 * j * j))
values[, 91:125] <- 0.5 * values[, 91:125] + 2
values[, 126:160] <- 1 - values[, 126:160]
dimnames(values) <- list(paste0("gene", 1:5), paste0("cell", 1:160))
labels <- rep(c("ctrl", "drug A", "drug B"), c(90, 35, 35))
table <- benchmark_methods(values, condition = labels, seeds = 1:3,
                           path = file.path(folder, "benchmark"),
                           BPPARAM = backend, verbose = FALSE)
fits <- laot_fit(values, condition = labels, seed = 1, checkpoint = file.path(folder,
    "screen.ckpt"),
                 BPPARAM = backend, verbose = FALSE)
result <- list(as.data.frame(table), unname(predict(fits, values[, 1:90])))
writeLines(capture.output(dput(result, control = c("keepNA", "digits17"))), arguments[[3]])
