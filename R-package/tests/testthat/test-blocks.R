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
  with_bytes(block = 8 * 1300 * 7, code = {
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
  expect_identical(laot:::block.bytes, 4e7)
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
  kind <- if (nzchar(system.file(package = "SparseArray"))) "SparseArray" else "SparseArraySeed"
  whole <- DelayedArray::DelayedArray(methods::as(as.array(whole), kind))
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

# Five conditions in turns, with donors.
screen <- function() {
  set.seed(6)
  labels <- sample(c("ctrl", paste0("d", 1:4)), 300, replace = TRUE)
  values <- matrix(rbinom(1100 * 300, 1, 0.2) * rexp(1100 * 300), 1100,
                   dimnames = list(paste0("g", 1:1100), paste0("c", 1:300)))
  for (k in 1:4) values[10 * k + 1:20, labels == paste0("d", k)] <-
      values[10 * k + 1:20, labels == paste0("d", k)] + 1
  list(values = values, labels = labels)
}
fit_screen <- function(values, labels, ...) {
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(logcounts = values),
    colData = S4Vectors::DataFrame(condition = labels, donor = rep(c("a", "b"), 150)))
  quiet_fit(sce, batch = "donor", preset = "calibrated", ...)
}

test_that("several conditions on disk have the fits of the same in memory, wherever they wait", {
  data <- screen()
  expected <- fit_screen(data$values, data$labels)
  sparse <- methods::as(data$values, "CsparseMatrix")
  for (values in list(DelayedArray::DelayedArray(data$values),
                      DelayedArray::DelayedArray(sparse))) {
    for (held in c(3e7, 2e5)) {
      for (threads in 1:2) {
        found <- with_bytes(8 * 1100 * 40, held,
                            fit_screen(values, data$labels, num.threads = threads))
        expect_identical(names(found), names(expected))
        expect_identical(lapply(found, coef), lapply(expected, coef))
        expect_identical(lapply(found, `[[`, "features"), lapply(expected, `[[`, "features"))
      }
    }
  }
  rm(found)
  invisible(gc())
  expect_length(list.files(tempdir(), "^laot-(cells|fits)-"), 0L)
})

test_that("groups come back in their order, from files and from memory", {
  data <- screen()
  groups <- list(c(9L, 2L, 300L), 10:40, integer(0), seq(299L, 101L, -2L))
  read <- with_bytes(8 * 3 * 20, 4000, laot:::read_groups(
    DelayedArray::DelayedArray(data$values), c(7L, 1L, 50L), groups))
  filed <- environment(read)$waiting$filed
  expect_false(is.null(filed[[2]]) || is.null(filed[[4]]))
  for (g in c(4, 1, 2, 4)) {
    found <- read(g)
    cells <- if (is.null(found$cells)) seq_along(groups[[g]]) else found$cells
    expect_identical(as.matrix(found$values)[, cells], data$values[c(7, 1, 50), groups[[g]]])
    expect_identical(found$cell.names, colnames(data$values)[groups[[g]]])
  }
})

test_that("one fit of cells that wait in files is that of the same in memory", {
  sparse <- methods::as(dense, "CsparseMatrix")
  colnames(sparse) <- NULL
  with_bytes(8 * 1300 * 20, 1000, {
    for (values in list(DelayedArray::DelayedArray(dense), DelayedArray::DelayedArray(sparse))) {
      cells <- laot:::cells_of(values, c(1:40, 90:80), 3:8)
      expect_identical(unname(as.matrix(cells$values))[, cells$cells],
                       unname(dense)[3:8, c(1:40, 90:80)])
      where <- if (is.matrix(cells$values)) cells$values else cells$values@x
      if (.Platform$OS.type == "unix")
        expect_match(utils::capture.output(.Internal(inspect(where)))[1L], "of a file")
      copy <- unserialize(serialize(cells, NULL))
      expect_identical(copy, cells)
      where[1L] <- where[1L] + 1
      again <- laot:::cells_of(values, c(1:40, 90:80), 3:8)
      expect_identical(again, cells)
      expect_identical(coef(quiet_fit(object(values))), coef(in.memory))
      # All methods, of one condition and of many.
      labels <- rep(c("ctrl", "a", "b"), c(40, 30, 20))
      of_labels <- function(values, ...) {
        sce <- SingleCellExperiment::SingleCellExperiment(
          list(logcounts = values), colData = S4Vectors::DataFrame(condition = labels))
        suppressWarnings(fit_method(sce, ..., subset.row = 1:200))
      }
      for (method in c("mean_shift", "conditional_laot"))
        expect_identical(coef(of_labels(values, method))[[1L]],
                         coef(of_labels(dense, method))[[1L]])
    }
  })
})

test_that("layers of donors on disk have the fit of the same in memory", {
  at <- list(1:30, 31:90)
  layers <- function(as) lapply(at, function(cells) as(dense[, cells]))
  split <- function(layers) laot:::split_values(layers, rownames(dense), colnames(dense))
  on.disk <- split(layers(DelayedArray::DelayedArray))
  expect_true(laot:::on_disk(on.disk))
  expect_false(laot:::on_disk(split(layers(identity))))
  expect_identical(as.matrix(laot:::cells_of(on.disk, 21:70, 5:1)$values), dense[5:1, 21:70])
})

test_that("what cannot be read or is no number is said, and where", {
  data <- screen()
  data$values[3, 17] <- NaN
  where <- "at feature 3 \\(g3\\), cell 17 \\(c17\\)"
  sparse <- methods::as(data$values, "CsparseMatrix")
  for (values in list(data$values, sparse, DelayedArray::DelayedArray(data$values),
                      DelayedArray::DelayedArray(sparse))) {
    expect_sentence(fit_screen(values, data$labels), paste("x has NaN or NA", where))
    expect_error(fit_screen(values, data$labels, subset.row = 1:20), "NaN or NA.* \\(g3\\), cell")
  }
  lost <- tempfile(fileext = ".h5")
  skip_if_not_installed("HDF5Array")
  data$values[3, 17] <- 0
  on.disk <- HDF5Array::writeHDF5Array(data$values, lost, "cells", with.dimnames = TRUE)
  waits <- laot:::read_groups(on.disk, 1:5, list(1:10, 11:20))
  room <- environment(waits)$waiting
  laot:::put_in_files(room, 2)
  unlink(laot:::file_of_group(room, 2, "x"))
  expect_error(waits(2), "cannot open")
  writeBin(1, laot:::file_of_group(room, 2, "x"))
  expect_error(waits(2), "do not fit into the temporary files .* is shorter .* TMPDIR")
})

test_that("what holds no numbers is refused", {
  expect_sentence(quiet_fit(object(DelayedArray::DelayedArray(dense > 1))),
                  "must hold numbers, found logical")
})
