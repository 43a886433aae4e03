# All studies, one after the other; what is finished is not computed again.
#
#   Rscript examples/R/studies/all.R OUTPUT_FOLDER DATA_FOLDER [splits=3] [cells=1000]
# [networks=yes|short|few|no]

studies <- c("all_methods", "cell_fate", "phase_transition", "within_and_across", "several_drugs",
             "dose", "time_gaps",
             "unseen_patient", "another_context")
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
failed <- character()
for (study in studies) {
  began <- proc.time()[["elapsed"]]
  status <- system2(file.path(R.home("bin"), "Rscript"),
                    shQuote(c(file.path(here, paste0(study, ".R")),
                              commandArgs(trailingOnly = TRUE))))
  message(sprintf("%s: %.0f s", study, proc.time()[["elapsed"]] - began))
  if (status != 0L) failed <- c(failed, study)
}
if (length(failed)) stop("these studies failed: ", paste(failed, collapse = ", "), call. = FALSE)
