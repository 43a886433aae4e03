# A folder that is gone after the test.
withr_folder <- function(frame = parent.frame()) {
  folder <- tempfile()
  dir.create(folder)
  do.call(on.exit, list(bquote(unlink(.(folder), recursive = TRUE)), add = TRUE), envir = frame)
  folder
}
