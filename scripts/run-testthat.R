# Rscript scripts/run-testthat.R FOLDER RESULTS: runs the testthat files of a folder against the
# installed package, and writes each test_that() block as a case of the JUnit file RESULTS.
arguments <- commandArgs(trailingOnly = TRUE)
suppressPackageStartupMessages({
  library(testthat)
  library(laot)
})
results <- test_dir(arguments[[1]], package = "laot", load_package = "installed",
                    reporter = "check", stop_on_failure = FALSE, stop_on_warning = FALSE)
table <- as.data.frame(results)
failed <- table$failed > 0 | table$error

escaped <- function(text) {
  for (pair in list(c("&", "&amp;"), c("<", "&lt;"), c(">", "&gt;"), c("\"", "&quot;")))
    text <- gsub(pair[[1]], pair[[2]], text, fixed = TRUE)
  gsub("[[:cntrl:]]+", " ", text)
}
reason <- function(result) {
  for (outcome in result$results)
    if (inherits(outcome, "expectation_skip"))
      return(sub("^Reason: ", "", conditionMessage(outcome)))
  ""
}
child <- ifelse(failed, "<failure/>", "")
skipped <- table$skipped & !failed
child[skipped] <- sprintf("<skipped message=\"%s\"/>",
                          escaped(vapply(results[skipped], reason, "")))
writeLines(c("<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
             sprintf("<testsuite name=\"testthat\" tests=\"%d\">", nrow(table)),
             sprintf("  <testcase classname=\"%s\" name=\"%s\" time=\"%.3f\">%s</testcase>",
                     escaped(table$file), escaped(table$test), table$real, child),
             "</testsuite>"), arguments[[2]], useBytes = TRUE)
quit(status = any(failed))
