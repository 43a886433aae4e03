# Rscript scripts/run-testthat.R FOLDER: runs the testthat files of a folder against the installed
# package and ends with "testthat totals: PASSED FAILED SKIPPED", counted in test_that() blocks.
folder <- commandArgs(trailingOnly = TRUE)[[1]]
suppressPackageStartupMessages({
  library(testthat)
  library(laot)
})
results <- test_dir(folder, package = "laot", load_package = "installed", reporter = "check",
                    stop_on_failure = FALSE, stop_on_warning = FALSE)
table <- as.data.frame(results)
failed <- table$failed > 0 | table$error
skipped <- table$skipped & !failed
for (result in results) {
  for (outcome in result$results) {
    if (inherits(outcome, "expectation_skip"))
      cat("skipped:", sub("^Reason: ", "", conditionMessage(outcome)), "\n")
  }
}
cat("testthat totals:", sum(!failed & !skipped), sum(failed), sum(skipped), "\n")
quit(status = any(failed))
