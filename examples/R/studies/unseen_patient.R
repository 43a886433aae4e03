# An unseen patient, as in CellOT's figure: every method trained on the cells of all patients, those
# of the one that is scored among them (i.i.d.), and without that patient (o.o.s.), scored on the
# same test cells. Two donors (Kang et al. 2018), five patients (Zhao et al. 2021), six donors
# (Bodenmiller et al. 2012).

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
for (part in c("common.R", "data.R")) source(file.path(here, part))
arguments <- study_arguments()

sets <- if (is.null(arguments$file)) {
  list(`lupus, two donors` = lupus_donors(arguments$data, 50L),
       `glioblastoma, five patients` = glioblastoma(arguments$data, 50L),
       `blood, six donors` = blood_donors(arguments$data))
} else {
  list(own = own_cells(arguments, context = TRUE))
}
rows <- NULL
for (name in names(sets)) {
  all <- sets[[name]]
  most <- max(50L, arguments$cells %/% length(unique(all$labels$context)))
  cells <- thinned(all, paste(all$labels$condition, all$labels$context), most)
  contexts <- unique(cells$labels$context)
  for (patient in contexts[seq_len(min(length(contexts), arguments$splits))]) {
    # Half of the patient's cells are scored, in both settings; the other half is trained on in one.
    own <- which(cells$labels$context == patient)
    half <- split_cells(length(own), cells$labels$condition[own], test = 0.5, seed = 1)
    part <- rep("train", ncol(cells$values))
    part[own] <- as.character(half)
    without <- part
    without[own[half == "train"]] <- NA
    settings <- list(part, without)
    names(settings) <- paste0(name, ", ", patient, c(", i.i.d.", ", o.o.s."))
    for (setting in names(settings)) {
      rows <- rbind(rows, study_bench(
        arguments, "unseen_patient", setting, cells$values, methods = study_methods(arguments),
        condition = cells$labels$condition, control = all$control, metrics = study_metrics,
        split = factor(settings[[setting]], c("train", "validation", "test")), seeds = 1L,
        reference = if (endsWith(setting, "o.o.s.")) "halves" else "training"))
    }
  }
}
# One table a set: mean over patients, with the two settings side by side.
rows$set <- sub(", [^,]*, (i.i.d.|o.o.s.)$", "", rows$setting)
rows$how <- sub(".*, ", "", rows$setting)
mean.rows <- transform(rows, setting = paste(rows$set, rows$how, sep = ", "))
study_result(arguments, "unseen_patient", rows, bench_tables(mean.rows))
bench_picture(arguments, "unseen_patient", mean.rows)
