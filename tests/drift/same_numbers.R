# Whether two texts have the same words in the same order, their numbers within a hundredth:
#   Rscript tests/drift/same_numbers.R FILE FILE

words <- lapply(commandArgs(trailingOnly = TRUE), function(file) {
  strsplit(trimws(paste(readLines(file), collapse = " ")), "[[:space:](),]+")[[1L]]
})
same <- function(a, b) {
  if (length(a) != length(b)) return(FALSE)
  x <- suppressWarnings(as.numeric(sub("%$", "", a)))
  y <- suppressWarnings(as.numeric(sub("%$", "", b)))
  numbers <- !is.na(x) & !is.na(y)
  all(a[!numbers] == b[!numbers]) &&
    all(abs(x[numbers] - y[numbers]) <= 0.01 * pmax(abs(x[numbers]), abs(y[numbers])) + 1e-6)
}
quit(status = !same(words[[1L]], words[[2L]]))
