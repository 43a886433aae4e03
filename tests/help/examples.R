# Runs the examples of each help page of the installed package, each in an environment of its own: a
# line "ok PAGE" or "not ok PAGE: why".
library(laot)
grDevices::pdf(NULL)
pages <- tools::Rd_db("laot")
file <- tempfile(fileext = ".R")
for (name in sort(names(pages))) {
  unlink(file)
  tools::Rd2ex(pages[[name]], file)
  if (!file.exists(file)) next
  page <- sub("[.]Rd$", "", name)
  said <- tryCatch({
    utils::capture.output(source(file, local = new.env(parent = globalenv()), echo = TRUE))
    NULL
  }, error = conditionMessage)
  cat(if (is.null(said)) c("ok ", page) else c("not ok ", page, ": ", said), "\n", sep = "")
}
