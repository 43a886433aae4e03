test_that("a fit works in an R that has only base, Rcpp and laot", {
  skip_on_os("windows")
  library.alone <- tempfile("alone")
  dir.create(library.alone)
  on.exit(unlink(library.alone, recursive = TRUE))
  for (package in c("Rcpp", "laot")) {
    where <- find.package(package)
    if (!file.exists(file.path(where, "Meta", "package.rds")))
      skip(paste(package, "is not installed as a package"))
    file.symlink(where, file.path(library.alone, package))
  }
  code <- "
    library(laot)
    stopifnot(!any(c('Matrix', 'cli', 'ggplot2', 'SummarizedExperiment') %in% loadedNamespaces()))
    set.seed(1)
    x <- matrix(rexp(200), 4, dimnames = list(letters[1:4], NULL))
    y <- 2 * matrix(rexp(160), 4, dimnames = list(letters[1:4], NULL))
    fit <- laot_fit(x, y, verbose = TRUE)
    print(fit); print(summary(fit))
    grDevices::pdf(NULL); plot(fit)
    print(evaluate_predictions(fit, y, control = x))
    stopifnot(!any(c('Matrix', 'cli', 'ggplot2', 'SummarizedExperiment') %in% loadedNamespaces()))
    cat('done')"
  script <- tempfile(fileext = ".R")
  writeLines(code, script)
  # .Library holds what comes with R; nothing of the site or the user is seen.
  out <- suppressWarnings(system2(file.path(R.home("bin"), "Rscript"),
                                  c("--no-environ", "--no-site-file", "--no-init-file", script),
    env = c(paste0("R_LIBS=", library.alone), "R_LIBS_SITE=/nowhere", "R_LIBS_USER=/nowhere"),
    stdout = TRUE, stderr = TRUE))
  expect_match(paste(out, collapse = "\n"), "done$")
})
