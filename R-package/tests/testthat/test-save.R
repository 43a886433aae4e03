cells <- two_populations()
fit <- quiet_fit(cells$control, cells$treated)

test_that("a fit survives saveRDS, in another session too", {
  file <- tempfile(fileext = ".rds")
  on.exit(unlink(file))
  saveRDS(fit, file)
  back <- readRDS(file)
  expect_identical(predict(back, cells$control), predict(fit, cells$control))
  expect_identical(coef(back), coef(fit))
  expect_output(print(back), "LAOT fit")
  code <- sprintf(".libPaths(%s); library(laot); fit <- readRDS('%s'); cat(sprintf('%%a', sum(coef(fit)$map)))",
                  paste(deparse(.libPaths()), collapse = ""), file)
  out <- system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", "-e", shQuote(code)), stdout = TRUE)
  expect_identical(tail(out, 1), sprintf("%a", sum(coef(fit)$map)))
})

test_that("a model file gives the same predictions", {
  file <- tempfile(fileext = ".safetensors")
  on.exit(unlink(file))
  expect_identical(save_model(fit, file), file)
  back <- load_model(file)
  expect_identical(predict(back, cells$control), predict(fit, cells$control))
  expect_identical(back$features, fit$features)
  expect_identical(back$params, fit$params)
})

test_that("files that are no model are refused", {
  file <- tempfile()
  on.exit(unlink(file))
  expect_sentence(load_model(file), "cannot|not")
  writeBin(as.raw(1:100), file)
  expect_sentence(load_model(file), ".")
  expect_sentence(save_model(fit, file.path(tempdir(), "no", "such", "folder", "x")), ".")
  expect_sentence(save_model(3, file), "fit must be a laot_fit")
  expect_sentence(load_model(7), "path must be one string")
})
