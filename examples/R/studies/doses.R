# Each dose of TGF-beta against no dose (SciPlex3's dose axis).
#
#   Rscript examples/R/studies/doses.R [FOLDER OF THE DATA]
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))

cells <- read_cells(study_data(), "mcf10a_dose_cells.csv.gz")
genes <- setdiff(names(cells), c("dose_pM", "cell", "phase"))
values <- as_features(cells, genes)
study_table(list("random split" = study_benchmark(values, paste(cells$dose_pM, "pM"), "0 pM", c("12.5 pM", "25 pM"))))
