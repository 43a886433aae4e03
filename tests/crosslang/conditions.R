# A screen of many conditions from the R package.  conditions.R fit OUT THREADS | load MODEL FILE
suppressPackageStartupMessages(library(laot))
arguments <- commandArgs(TRUE)
screen <- simulate_screen(features = 5, drugs = 12, cells = 40, new.cells = 60, seed = 3)
places <- lapply(seq_len(nrow(screen$test)), function(k) {
  list(drug = strsplit(screen$test$drug[k], "+", fixed = TRUE)[[1L]], dose = screen$test$dose[k])
})
write.at <- function(fits, at, path, threads = 1L) {
  moved <- lapply(at, function(one) suppressWarnings(predict(fits, screen$new.control, at = one, num.threads = threads)))
  writeBin(as.double(unlist(moved)), path, endian = "little")
}

if (arguments[1L] == "fit") {
  out <- arguments[2L]
  threads <- as.integer(arguments[3L])
  writeBin(as.double(screen$cells), file.path(out, "screen.bin"), endian = "little")
  for (method in c("conditional_laot", "conditional_gaussian", "laot")) {
    many <- method != "laot"
    fits <- suppressWarnings(fit_method(
      screen$cells, method, condition = screen$info$condition, control = "control",
      target = sort(setdiff(unique(screen$info$condition), "control"), method = "radix"),
      covariates = screen$info[c("drug", "dose")], combine = "+", embedding = if (many) screen$embedding,
      seed = 11, num.threads = threads))
    save_model(fits, file.path(out, paste0(method, ".safetensors")))
    write.at(fits, if (many) places else names(fits), file.path(out, paste0(method, ".bin")), threads)
  }
} else {
  write.at(load_model(arguments[2L]), places, arguments[3L])
}
