# What the studies share: where the data are, how they are read, and how a table is printed.

suppressPackageStartupMessages(library(laot))

# The folder of the data sets: the first argument of a program, else the variable LAOT_SHARED_DIR.
study_data <- function() {
  given <- commandArgs(TRUE)
  folder <- if (length(given)) given[1L] else file.path(Sys.getenv("LAOT_SHARED_DIR", "../shared"), "data")
  if (!dir.exists(folder)) stop("there is no folder ", folder, "; give that of the data as the first argument", call. = FALSE)
  folder
}

read_cells <- function(folder, file) {
  path <- file.path(folder, file)
  if (!file.exists(path)) stop("there is no ", path, call. = FALSE)
  utils::read.csv(gzfile(path), check.names = FALSE)
}

# Columns of a table as a matrix, features x cells.
as_features <- function(table, columns, transform = identity) {
  out <- t(transform(as.matrix(table[columns])))
  colnames(out) <- paste0("cell", seq_len(ncol(out)))
  out
}

# Log-normalised counts: size factor = library size / mean library size, log2(count / factor + 1).
log_normalised <- function(folder, prefix) {
  counts <- Matrix::readMM(gzfile(file.path(folder, paste0(prefix, "_counts.mtx.gz"))))
  counts <- as(as(counts, "generalMatrix"), "CsparseMatrix")
  factor <- Matrix::colSums(counts) / mean(Matrix::colSums(counts))
  genes <- read_cells(folder, paste0(prefix, "_genes.csv.gz"))
  dimnames(counts) <- list(make.unique(as.character(genes[[1L]])), paste0("cell", seq_len(ncol(counts))))
  log2(counts %*% Matrix::Diagonal(x = 1 / factor) + 1)
}

# The rows of largest variance over the given cells.
most_variable <- function(values, cells, count) {
  values <- as.matrix(values[, cells])
  rownames(values)[order(-apply(values, 1L, stats::var))[seq_len(count)]]
}

study_methods <- function() {
  asked <- Sys.getenv("LAOT_STUDY_METHODS", "laot,gaussian_map,mean_shift,identity")
  strsplit(asked, ",", fixed = TRUE)[[1L]]
}

study_seeds <- function() seq_len(as.integer(Sys.getenv("LAOT_STUDY_SEEDS", "3")))

study_metrics <- c("mmd2", "w2", "sd_ratio", "r2_means")

# One benchmark of a study: the test cells of `split`, scored beside the trivial predictors.
study_benchmark <- function(values, condition, control, target, split = NULL, ...) {
  benchmark_methods(values, methods = study_methods(), condition = condition, control = control, target = target,
                    split = split, seeds = study_seeds(), metrics = study_metrics, verbose = FALSE, ...)
}

# Mean (sd) over splits and seeds as a Markdown table, one row a method, each set of a study below the other.
study_table <- function(results) {
  cat("| setting | target | method |", paste(study_metrics, collapse = " | "), "|\n| --- | --- | --- |",
      paste(rep("---:", length(study_metrics)), collapse = " | "), "|\n")
  for (setting in names(results)) {
    table <- as.data.frame(summary(results[[setting]]))
    for (target in unique(table$target)) for (method in unique(table$method)) {
      cells <- vapply(study_metrics, function(metric) {
        row <- table[table$target == target & table$method == method & table$metric == metric, ]
        if (!nrow(row) || is.na(row$mean[1L])) "-" else sprintf("%.4g (%.2g)", row$mean[1L], row$sd[1L])
      }, "")
      cat("|", setting, "|", target, "|", method, "|", paste(cells, collapse = " | "), "|\n")
    }
  }
}
