# Random cells against cells of a patient who was left out (CellOT's i.i.d. and o.o.s. settings): interferon
# on two donors, panobinostat on five patients, 50 genes chosen on the training cells of all patients.
#
#   Rscript examples/R/studies/unseen_patients.R [FOLDER OF THE DATA]
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))

folder <- study_data()
both <- function(prefix, patient, condition, control, target) {
  cells <- read_cells(folder, paste0(prefix, "_cells.csv.gz"))
  values <- log_normalised(folder, prefix)
  values <- as.matrix(values[most_variable(values, seq_len(ncol(values)), 50L), ])
  iid <- study_benchmark(values, cells[[condition]], control, target)
  oos <- study_benchmark(values, cells[[condition]], control, target, paste(patient, cells[[patient]]))
  stats::setNames(list(iid, oos), paste0(prefix, c(", random cells", ", each patient held out")))
}
study_table(c(both("kang2", "donor", "condition", "ctrl", "stim"),
              both("gbm", "patient", "condition", "ctrl", "panobinostat")))
