# Tests of the installed package with the functions of one file in the place of its own:
#   Rscript tests/mutations/run-r.R FILE FILTER

arguments <- commandArgs(trailingOnly = TRUE)
library(testthat)
library(laot)

own <- asNamespace("laot")
changed <- new.env(parent = own)
sys.source(arguments[1L], changed)
put <- function(name, value, where) {
  locked <- bindingIsLocked(name, where)
  if (locked) unlockBinding(name, where)
  assign(name, value, where)
  if (locked) lockBinding(name, where)
}
for (name in ls(changed, all.names = TRUE)) {
  value <- get(name, changed)
  if (is.function(value)) environment(value) <- own
  for (where in list(own, as.environment("package:laot"))) {
    if (exists(name, where, inherits = FALSE)) put(name, value, where)
  }
}
methods <- getNamespaceInfo(own, "S3methods")
for (k in which(methods[, 3L] %in% ls(changed, all.names = TRUE))) {
  # Generics of a package that is only suggested are found there alone.
  home <- if (is.na(methods[k, 4L])) own else asNamespace(methods[k, 4L])
  registerS3method(methods[k, 1L], methods[k, 2L], get(methods[k, 3L], own), home)
}

test_dir("R-package/tests/testthat", filter = paste0("^(", arguments[2L], ")$"),
         reporter = "stop", stop_on_failure = TRUE, load_package = "none")
