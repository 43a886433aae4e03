# The R package.  worker.R fit CASES DATA OUT THREADS | load CASES DATA OUT MODELS...
suppressPackageStartupMessages(library(laot))
arguments <- commandArgs(TRUE)
mode <- arguments[1]
data <- arguments[3]
out <- arguments[4]

read.matrix <- function(path) {
  file <- file(path, "rb")
  on.exit(close(file))
  size <- readBin(file, "integer", 4L, endian = "little")[c(1L, 3L)]
  matrix(readBin(file, "double", prod(size), endian = "little"), size[1L])
}
write.numbers <- function(values, path) writeBin(as.double(values), path, endian = "little")
# Every row of an evaluation: numbers, NaN as -12345, then texts, each with its final 0.
evaluate <- function(fit, observed, control, threads, path) {
  labels <- function(cells) rep_len(c("a", "b", "c"), ncol(cells))
  table <- as.data.frame(suppressMessages(evaluate_predictions(
    fit, observed, control = control, markers = 5, reference = "halves", num.threads = threads,
    by = list(observed = labels(observed), control = labels(control)))))
  file <- file(path, "wb")
  on.exit(close(file))
  for (name in c("value", "sd", "gamma", "cells", "observed", "left.out")) {
    values <- table[[name]]
    values[is.na(values)] <- -12345
    writeBin(as.double(values), file, endian = "little")
  }
  for (name in c("group", "kind", "method", "metric", "estimator", "setting", "features", "reason"))
    writeBin(table[[name]], file)
}
# Every row of a table of responses over three donors.
respond <- function(fit, observed, control, path) {
  donors <- lapply(list(observed = observed, control = control),
                   function(cells) rep_len(c("a", "b", "c"), ncol(cells)))
  table <- response_table(fit, observed, control, by = donors)
  columns <- c("observed", "low", "high", "predicted", "sd.predicted", "zeros.control", "ks")
  write.numbers(unlist(table[columns]), path)
}
cases <- read.table(arguments[2], col.names = c("name", "method", "preset", "settings"))
new <- read.matrix(file.path(data, "new.bin"))

if (mode == "fit") {
  control <- read.matrix(file.path(data, "control.bin"))
  treated <- read.matrix(file.path(data, "treated.bin"))
  said <- .Call(laot:::C_capabilities)
  writeLines(sub("^blas=", "", grep("^blas=", said, value = TRUE)), file.path(out, "blas.txt"))
  for (k in seq_len(nrow(cases))) {
    case <- cases[k, ]
    pairs <- if (case$settings == "-") list() else strsplit(strsplit(case$settings, ",")[[1L]], "=")
    values <- lapply(pairs, function(pair) utils::type.convert(pair[2L], as.is = TRUE))
    names(values) <- gsub("_", ".", vapply(pairs, `[`, "", 1L), fixed = TRUE)
    if (identical(values$balance, "types")) {
      values$types <- list(control = rep_len(c("a", "b", "c"), ncol(control)),
                           treated = rep_len(c("a", "b", "b", "c"), ncol(treated)))
    }
    fit <- do.call(fit_method,
                   c(list(control, case$method, treated, seed = 11,
                          num.threads = as.integer(arguments[5]),
                                      preset = if (case$preset != "-") case$preset), values))
    save_model(fit, file.path(out, paste0(case$name, ".safetensors")))
    write.numbers(predict(fit, new, num.threads = as.integer(arguments[5])),
                  file.path(out, paste0(case$name, ".bin")))
    evaluate(fit, treated, new, as.integer(arguments[5]),
             file.path(out, paste0(case$name, "_scores.bin")))
    respond(fit, treated, new, file.path(out, paste0(case$name, "_responses.bin")))
  }
} else {
  for (models in arguments[-(1:4)]) for (name in cases$name) {
    fit <- load_model(file.path(models, paste0(name, ".safetensors")))
    write.numbers(predict(fit, new), file.path(out, basename(models), paste0(name, ".bin")))
  }
}
