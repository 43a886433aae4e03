# A screen of many conditions from the R package.  conditions.R fit OUT THREADS | load MODEL FILE
suppressPackageStartupMessages(library(laot))
arguments <- commandArgs(TRUE)
screen <- simulate_screen(features = 5, drugs = 12, cells = 40, new.cells = 60, seed = 3)
places <- lapply(seq_len(nrow(screen$test)), function(k) {
  list(drug = strsplit(screen$test$drug[k], "+", fixed = TRUE)[[1L]], dose = screen$test$dose[k])
})
write.at <- function(fits, at, path, threads = 1L) {
  moved <- lapply(at, function(one) suppressWarnings(predict(fits, screen$new.control, at = one,
      num.threads = threads)))
  writeBin(as.double(unlist(moved)), path, endian = "little")
}

patient.places <- list(list(patient = "new"), list(patient = "p1"))

if (arguments[1L] == "fit") {
  out <- arguments[2L]
  threads <- as.integer(arguments[3L])
  writeBin(as.double(screen$cells), file.path(out, "screen.bin"), endian = "little")
  small <- list(cmonge = list(iterations = 12, check.every = 6, hidden.units = 8, batch.size = 16),
                cpa = list(iterations = 12, check.every = 6, hidden.units = 8, batch.size = 16,
                           latent = 4, adversary.units = 4))
  target <- sort(setdiff(unique(screen$info$condition), "control"), method = "radix")
  turned <- screen$embedding[c(seq(2, nrow(screen$embedding), 2),
                               seq(1, nrow(screen$embedding), 2)), ]
  all.fits <- list()
  for (method in c("conditional_laot", "conditional_gaussian", "cmonge", "cpa", "laot")) {
    many <- method != "laot"
    fits <- suppressWarnings(do.call(fit_method, c(list(
      screen$cells, method, condition = screen$info$condition, control = "control", target = target,
      covariates = screen$info[c("drug", "dose")], combine = "+", embedding = if (many) turned,
      hold.out = target[3L], seed = 11, num.threads = threads), small[[method]])))
    save_model(fits, file.path(out, paste0(method, ".safetensors")))
    write.at(fits, if (many) places else names(fits), file.path(out, paste0(method, ".bin")),
             threads)
    all.fits[[method]] <- fits
  }
  # Cells of conditions of the screen, as control and treated cells of patients.
  cells <- lapply(target[1:10], function(name) which(screen$info$condition == name))
  fits <- suppressWarnings(fit_method(
    screen$cells[, unlist(cells)], "conditional_laot",
    condition = rep(c(rep("control", 5L), paste0("p", 0:4)), lengths(cells)), control = "control",
    covariates = data.frame(patient = rep(paste0("p", c(0:4, 0:4)), lengths(cells))),
    embedding = list(patient = "control"), seed = 11, num.threads = threads))
  save_model(fits, file.path(out, "patients.safetensors"))
  write.at(fits, patient.places, file.path(out, "patients.bin"), threads)
  at <- data.frame(row.names = seq_along(places))
  at$drug <- lapply(places, `[[`, "drug")
  at$dose <- lapply(places, `[[`, "dose")
  scores <- suppressWarnings(evaluate_predictions(
    all.fits$conditional_laot, screen$observed[screen$test$condition], screen$new.control, at = at,
    beside = list(all.fits$cmonge, all.fits$cpa), metrics = c("mmd2", "sd_ratio"),
    num.threads = threads))
  writeBin(as.double(scores$value), file.path(out, "scores.bin"), endian = "little")
} else {
  places <- if (grepl("patients", arguments[2L], fixed = TRUE)) patient.places else places
  write.at(load_model(arguments[2L]), places, arguments[3L])
}
