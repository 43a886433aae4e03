# Matrices on disk and other delayed ones: by blocks, and as if they were in memory.
skip_if_not_installed("DelayedArray")
skip_if_not_installed("SingleCellExperiment")
skip_if_not_installed("Matrix")

set.seed(4)
dense <- matrix(rbinom(1300 * 90, 1, 0.25) * rexp(1300 * 90), 1300,
                dimnames = list(paste0("g", 1:1300), paste0("c", 1:90)))
dense[1:40, 51:90] <- dense[1:40, 51:90] + 1
conditions <- rep(c("ctrl", "stim"), c(50, 40))
object <- function(values) {
  SingleCellExperiment::SingleCellExperiment(list(logcounts = values),
                                             colData = S4Vectors::DataFrame(condition = conditions))
}
in.memory <- quiet_fit(object(dense))

agrees <- function(values) {
  fit <- quiet_fit(object(values))
  expect_identical(fit$features, in.memory$features)
  expect_identical(coef(fit)$offset, coef(in.memory)$offset)
  start <- object(values)[, conditions == "ctrl"]
  expect_identical(as.matrix(SummarizedExperiment::assay(predict(fit, start))),
                   as.matrix(SummarizedExperiment::assay(predict(in.memory,
                       object(dense)[, conditions == "ctrl"]))))
}

test_that("delayed matrices give the fit of the same values in memory", {
  agrees(DelayedArray::DelayedArray(dense))
  agrees(DelayedArray::DelayedArray(methods::as(dense, "CsparseMatrix")))
  agrees(2 * DelayedArray::DelayedArray(dense / 2))
})

test_that("blocks make no difference", {
  delayed <- DelayedArray::DelayedArray(dense)
  assign.block <- laot:::block.bytes
  values <- laot:::taken(delayed, c(5L, 2L, 900L), c(90L, 1L, 4L))
  expect_identical(as.matrix(values), dense[c(5, 2, 900), c(90, 1, 4)])
  groups <- list(seq(1, 90, 3), c(90:60, 2))
  moments <- laot:::moments_by_blocks(delayed, NULL, groups)
  for (g in 1:2) {
    expect_equal(moments[[g]]$mean, unname(rowMeans(dense[, groups[[g]]])), ignore_attr = TRUE)
    expect_equal(moments[[g]]$variance,
                 apply(dense[, groups[[g]]], 1, function(v) mean((v - mean(v))^2)),
                 ignore_attr = TRUE)
  }
  environment <- asNamespace("laot")
  unlockBinding("block.bytes", environment)
  assign("block.bytes", 8 * 1300 * 7, environment)
  on.exit(assign("block.bytes", assign.block, environment))
  expect_length(laot:::cell_blocks(1300, 1:50), 8L)
  again <- laot:::moments_by_blocks(delayed, NULL, groups)
  expect_equal(again[[2]]$variance, moments[[2]]$variance, tolerance = 1e-13)
  fit <- quiet_fit(object(delayed))
  expect_identical(coef(fit)$offset, coef(in.memory)$offset)
  # Products of fewer cells at a time round otherwise.
  expect_equal(as.matrix(SummarizedExperiment::assay(predict(fit, object(delayed)[, 1:50]))),
               as.matrix(SummarizedExperiment::assay(predict(in.memory, object(dense)[, 1:50]))),
               tolerance = 1e-12)
})

test_that("of sparse values on disk what is asked for comes back, in any order and twice", {
  sparse <- methods::as(dense, "CsparseMatrix")
  counts <- 1 * (sparse > 0)
  for (values in list(sparse, counts)) {
    delayed <- DelayedArray::DelayedArray(values)
    expect_true(DelayedArray::is_sparse(delayed))
    for (cells in list(5:1, c(1L, 90L), c(3L, 3L, 80L), 1:90)) {
      read <- laot:::taken(delayed, c(7L, 2L, 7L), cells)
      expect_s4_class(read, "dgCMatrix")
      expect_identical(as.matrix(read), as.matrix(values[c(7, 2, 7), cells]))
    }
  }
  whole <- DelayedArray::DelayedArray(array(rpois(60, 0.3), c(6, 10)))
  whole <- DelayedArray::DelayedArray(methods::as(whole, "SparseArraySeed"))
  expect_true(DelayedArray::is_sparse(whole) && DelayedArray::type(whole) == "integer")
  expect_identical(as.matrix(laot:::taken(whole, 6:1, 2:9)), as.matrix(whole)[6:1, 2:9] + 0)
})

# A file as 10x Genomics writes it.
tenx_matrix <- function(values) {
  file <- tempfile(fileext = ".h5")
  rhdf5::h5createFile(file)
  rhdf5::h5createGroup(file, "m")
  parts <- list(data = values@x, indices = values@i, indptr = values@p, shape = dim(values),
                genes = rownames(values),
                barcodes = colnames(values))
  for (name in names(parts)) rhdf5::h5write(parts[[name]], file, paste0("m/", name))
  # rhdf5 2.42 goes on where an object cannot be opened once it has read a file, and HDF5Array tells
  # groups by that error.
  rhdf5::h5errorHandling("normal")
  HDF5Array::TENxMatrix(file, "m")
}

test_that("HDF5 in, HDF5 out", {
  skip_if_not_installed("HDF5Array")
  on.disk <- HDF5Array::writeHDF5Array(dense, with.dimnames = TRUE)
  agrees(on.disk)
  agrees(tenx_matrix(methods::as(dense, "CsparseMatrix")))
  fit <- quiet_fit(object(on.disk))
  start <- object(on.disk)[, conditions == "ctrl"]
  p <- predict(fit, start, into = "HDF5")
  values <- SummarizedExperiment::assay(p)
  expect_true(methods::is(values, "DelayedMatrix"))
  expect_identical(as.matrix(values), as.matrix(SummarizedExperiment::assay(predict(fit, start))))
  expect_identical(unique(p$condition), "stim")
  expect_identical(as.matrix(predict(fit, dense[, 1:5], into = "HDF5")), predict(fit, dense[, 1:5]))
})

test_that("what holds no numbers is refused", {
  expect_sentence(quiet_fit(object(DelayedArray::DelayedArray(dense > 1))),
                  "must hold numbers, found logical")
})
