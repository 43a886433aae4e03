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
  code <- sprintf(
    ".libPaths(%s); library(laot); fit <- readRDS('%s'); cat(sprintf('%%a', sum(coef(fit)$map)))",
                  paste(deparse(.libPaths()), collapse = ""), file)
  out <- system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", "-e", shQuote(code)),
                 stdout = TRUE)
  expect_identical(tail(out, 1), sprintf("%a", sum(coef(fit)$map)))
})

test_that("of sparse cells a fit keeps sparse cells", {
  skip_if_not_installed("Matrix")
  set.seed(3)
  counts <- lapply(c(control = 200, treated = 150), function(n) {
    Matrix::rsparsematrix(300, n, 0.08, rand.x = function(k) 1 + rpois(k, 2))
  })
  sparse <- laot_fit(counts$control, counts$treated, seed = 1, verbose = FALSE)
  dense <- laot_fit(as.matrix(counts$control), as.matrix(counts$treated), seed = 1, verbose = FALSE)
  without <- laot_fit(counts$control, counts$treated, seed = 1, verbose = FALSE, keep.cells = 0)
  # 12 bytes for a value that is not 0, 8 for each value of a dense matrix.
  kept <- length(sparse$bytes) - length(without$bytes)
  expect_lt(kept, 1.1 * (12 * 0.08 * 300 * 350 + 4 * 352))
  expect_identical(predict(sparse, as.matrix(counts$control), nonnegative = "marginals"),
                   predict(dense, as.matrix(counts$control), nonnegative = "marginals"))
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
  expect_sentence(load_model(file), basename(file))
  expect_sentence(save_model(fit, file.path(tempdir(), "no", "such", "folder", "x")), ".")
  expect_sentence(save_model(3, file), "fit must be a fit, as laot_fit")
  expect_sentence(load_model(7), "path must be one string")
})

test_that("a model file says where its cells came from", {
  skip_if_not_installed("SingleCellExperiment")
  both <- cbind(cells$control, cells$treated)
  level <- "st\"im\\ \u00e9"
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(logcounts = both, counts = 10 * both + 3),
    colData = S4Vectors::DataFrame(`cell state` = rep(c("ctrl", level), c(60, 45)),
                                   check.names = FALSE)
  )
  whole <- quiet_fit(sce, assay.type = "counts", condition = "cell state")
  file <- tempfile(fileext = ".safetensors")
  on.exit(unlink(file))
  save_model(whole, file)
  back <- load_model(file)
  for (part in c("control", "target", "condition", "origin", "seed", "features"))
    expect_identical(back[[part]], whole[[part]], label = part)
  expect_identical(SummarizedExperiment::assay(predict(back, sce[, 1:5])),
                   SummarizedExperiment::assay(predict(whole, sce[, 1:5])))
  expect_warning(predict(back, sce[, 60:62]), "2 cells that are not \"ctrl\"")
  # The numbers stand where they did, and a saved model can be saved again.
  again <- tempfile(fileext = ".safetensors")
  on.exit(unlink(again), add = TRUE)
  save_model(back, again)
  expect_identical(load_model(again)$origin, whole$origin)
  expect_identical(readBin(again, "raw", 1e6), readBin(file, "raw", 1e6))
})

test_that("notes of others stay in a model file, and are taken for none of ours", {
  file <- tempfile(fileext = ".safetensors")
  on.exit(unlink(file))
  noted <- c(target = "P1", holds = "x", kind = "Seurat", source.kind = "AnnData",
             source.layer = "twice")
  pointer <- laot:::model_pointer(fit)
  laot:::native(.Call(laot:::C_save, pointer, file, noted))
  for (round in 1:2) {
    back <- load_model(file)
    expect_identical(back$origin$kind, "matrix")
    expect_identical(predict(back, cells$control), predict(fit, cells$control))
    found <- laot:::native(.Call(laot:::C_notes, laot:::model_pointer(back)))
    expect_identical(found[names(noted)], noted)
    save_model(back, file)
  }
})
