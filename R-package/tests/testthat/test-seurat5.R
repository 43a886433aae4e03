# Version 5: layers of many names, split by donor, and assays of fewer cells. Runs with R_LIBS
# naming the library of scripts/seurat5-library.sh.
skip_if_not_installed("SeuratObject", "5.0.0")
skip_if_not_installed("Matrix")
suppressPackageStartupMessages(library(SeuratObject))

cells <- two_populations(n = 50, m = 40, d = 12)
both <- cbind(cells$control, cells$treated)
both[both < 0] <- 0
conditions <- rep(c("ctrl", "stim"), c(50, 40))
counts <- methods::as(round(10 * both), "CsparseMatrix")
object <- CreateSeuratObject(counts, meta.data = data.frame(
  condition = conditions, donor = rep(c("d1", "donorA"), 45), row.names = colnames(both)
))
object <- SetAssayData(object, layer = "data", new.data = methods::as(both, "CsparseMatrix"))
whole <- quiet_fit(object)
split.by <- function(object, column) {
  object[["RNA"]] <- split(object[["RNA"]], f = object[[column]][, 1])
  object
}

test_that("split layers are read as one, by the names of the cells", {
  apart <- split.by(object, "donor")
  expect_true(all(c("data.d1", "data.donorA") %in% Layers(apart[["RNA"]])))
  expect_silent(fit <- quiet_fit(apart))
  expect_identical(coef(fit), coef(whole))
  expect_identical(fit$control.cells, whole$control.cells)
  mixed <- apart[, c(3, 1, 2, 20, 7)]
  expect_silent(p <- predict(whole, mixed))
  expect_identical(colnames(p), colnames(mixed))
  expect_equal(as.matrix(LayerData(p[["RNA"]], "data")),
               predict(quiet_fit(cells$control * (cells$control > 0),
                                 cells$treated * (cells$treated > 0)), both[, colnames(mixed)]))
  scores <- suppressWarnings(evaluate_predictions(whole, apart[, 51:90], control = apart[, 1:50],
                                                  metrics = "w2"))
  expect_identical(unique(scores$observed), 40)
  expect_identical(coef(quiet_fit(apart, features = c("gene2", "gene5"))),
                   coef(quiet_fit(object, features = c("gene2", "gene5"))))
})

test_that("of split layers with other features the common ones are used", {
  first <- CreateSeuratObject(counts[1:10, 1:50], meta.data = object[[]][1:50, ])
  second <- CreateSeuratObject(counts[3:12, 51:90], meta.data = object[[]][51:90, ])
  merged <- merge(first, second)
  expect_message(fit <- laot_fit(merged, layer = "counts", seed = 1, verbose = FALSE),
                 "8 of 12 features")
  expect_identical(fit$features, rownames(counts)[3:10])
})

test_that("a layer is that of its exact name", {
  scaled <- CreateSeuratObject(counts, meta.data = object[[]])
  scaled <- SetAssayData(scaled, layer = "scale.data", new.data = t(scale(t(both))))
  expect_sentence(quiet_fit(scaled),
                  "no layer \"data\"; it has counts, scale.data; normalise first")
  expect_sentence(quiet_fit(object, layer = "dat"), "no layer \"dat\"; it has counts, data")
  expect_sentence(quiet_fit(scaled, layer = "scale"), "no layer \"scale\"")
  expect_silent(quiet_fit(scaled, layer = "scale.data"))
})

test_that("an assay with fewer cells than its object is matched by name", {
  part <- c(60:90, 11:50)
  object[["ADT"]] <- CreateAssay5Object(data = methods::as(both[1:4, part], "CsparseMatrix"))
  fit <- suppressWarnings(quiet_fit(object, assay = "ADT"))
  ordered <- colnames(object[["ADT"]])
  labels <- conditions[match(ordered, colnames(object))]
  by.hand <- quiet_fit(both[1:4, ordered], condition = labels)
  expect_identical(unname(coef(fit)$map), unname(coef(by.hand)$map))
  expect_identical(coef(suppressWarnings(quiet_fit(object, assay = "ADT", condition = conditions))),
                   coef(fit))
  p <- suppressWarnings(predict(fit, object[, 1:50]))
  expect_identical(sort(colnames(p)), sort(colnames(object)[11:50]))
})

test_that("predictions come back in an assay of the same generation, and say what they are", {
  start <- object[, 1:50]
  expect_silent(p <- predict(whole, start))
  expect_s4_class(p[["RNA"]], "Assay5")
  expect_identical(unname(p$condition), rep("stim", 50))
  expect_true(all(p$predicted))
  expect_warning(predict(whole, p), "50 cells that are not \"ctrl\"")
  old <- object
  old[["RNA"]] <- suppressWarnings(CreateAssayObject(data = LayerData(object[["RNA"]], "data")))
  expect_s4_class(suppressWarnings(predict(quiet_fit(old), old[, 1:50]))[["RNA"]], "Assay")
  both.in.one <- merge(object, RenameCells(p, add.cell.id = "p"))
  expect_equal(ncol(both.in.one), 140)
  expect_identical(colnames(predict(whole, start, suffix = "_p")), paste0(colnames(start), "_p"))
  expect_no_warning(into <- predict(whole, start, into = c(assay = "laot")))
  expect_identical(Assays(into), c("RNA", "laot"))
  expect_equal(LayerData(into[["laot"]], "data"), LayerData(p[["RNA"]], "data"), ignore_attr = TRUE)
  expect_identical(into$condition, start$condition)
  expect_identical(Reductions(predict(whole, start, into = c(reduction = "moved"))), "moved")
  expect_error(predict(whole, start, into = "RNA"), "would replace values that newdata has")
  expect_error(predict(whole, start, into = "HDF5"), "a Seurat object has them in memory")
})

test_that("an object without the column has all its cells predicted, and markers take objects", {
  start <- object[, 1:50]
  start$condition <- NULL
  expect_identical(sum(predict(whole, start, into = "cells")$predicted), 50L)
  # Those that are not predicted go, without a warning of SeuratObject's.
  some <- suppressMessages(laot_fit(object, features = rownames(object)[1:3], seed = 1,
                                    verbose = FALSE))
  expect_no_warning(out <- suppressMessages(predict(some, object, into = "cells")))
  expect_equal(nrow(out), 3)
  expect_identical(marker_table(object[, conditions == "ctrl"], object[, conditions == "stim"], 3),
                   marker_table(both[, conditions == "ctrl"], both[, conditions == "stim"], 3))
  expect_error(marker_table(object[, 1:50], object[, 51:90], 3, layers = "data"),
               "unknown argument \"layers\"; did you mean \"layer\"")
})

test_that("identities and slots get the hint that they need", {
  bare <- object
  bare$condition <- NULL
  Idents(bare) <- conditions
  expect_error(quiet_fit(bare), "condition = Idents\\(x\\)")
  expect_error(quiet_fit(bare, condition = "ident"), "condition = Idents\\(x\\)")
  expect_identical(coef(quiet_fit(bare, condition = Idents(bare))), coef(whole))
  expect_sentence(quiet_fit(object, slot = "data"), "slot.*layer = \"data\"")
  expect_sentence(predict(whole, object, slot = "data"), "slot.*layer = \"data\"")
})

test_that("a layer that lacks cells says so, and one of all cells stands aside of parts", {
  apart <- split.by(object, "donor")
  LayerData(apart[["RNA"]], "data.d1") <- NULL
  expect_message(laot_fit(apart, seed = 1, verbose = FALSE),
                 "Layer data lacks 45 of 90 cells .*, which are left out")
  apart <- split.by(object, "donor")
  LayerData(apart[["RNA"]], "data.imputed") <- LayerData(object[["RNA"]], "data") * 2
  expect_message(fit <- laot_fit(apart, seed = 1, verbose = FALSE),
                 "read with layer = \"data.imputed\"")
  expect_identical(coef(fit), coef(whole))
})

test_that("counts stay counts between kinds of objects, and other values are told", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(counts = counts, logcounts = LayerData(object[["RNA"]], "data")),
    colData = S4Vectors::DataFrame(condition = conditions))
  of.counts <- quiet_fit(object, layer = "counts")
  same <- predict(of.counts, as.matrix(counts)[, 1:5])
  expect_silent(p <- predict(of.counts, sce[, 1:5]))
  expect_equal(SummarizedExperiment::assay(p, "counts"), same)
  back <- quiet_fit(sce, assay.type = "counts")
  expect_silent(p <- predict(back, object[, 1:5]))
  expect_equal(as.matrix(LayerData(p[["RNA"]], "counts")), same)
  expect_warning(predict(back, sce[, 1:5], assay.type = "logcounts"),
                 "assay.type = \"logcounts\", which holds values that are no counts.*\"counts\"")
  expect_warning(predict(whole, sce[, 1:5], assay.type = "counts"),
                 "assay.type = \"counts\", which holds whole numbers.* layer = \"data\"")
})
