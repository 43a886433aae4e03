# Where values are read from and put, across classes of objects.
cells <- two_populations(n = 60, m = 45, d = 4)
quietly <- function(code) suppressMessages(suppressWarnings(code))
object <- function(values, condition) {
  counts <- round(10 * abs(values))
  SingleCellExperiment::SingleCellExperiment(
    list(counts = counts, logcounts = values),
    colData = S4Vectors::DataFrame(condition = rep(condition, ncol(values))))
}
seurat <- function(values) {
  counts <- round(10 * abs(values))
  out <- suppressWarnings(SeuratObject::CreateSeuratObject(laot:::as_csc(counts)))
  assay <- out[["RNA"]]
  out[["RNA"]] <- laot:::with_layer(assay, "data", laot:::as_csc(values))
  out
}

test_that("train is read from where the other cells are", {
  skip_if_not_installed("SingleCellExperiment")
  control <- object(cells$control, "ctrl")
  treated <- object(cells$treated, "stim")
  scored <- function(control, treated, ...) {
    as.data.frame(quietly(evaluate_predictions(
      control, treated, control, train = list(control = control, treated = treated),
      metrics = "w2", ...)))$value
  }
  counts <- function(x) SummarizedExperiment::assay(x, "counts")
  expect_equal(scored(control, treated, assay.type = "counts"),
               scored(counts(control), counts(treated)))
})

test_that("an argument of another class is refused, and values have one meaning in two classes", {
  skip_if_not_installed("SingleCellExperiment")
  skip_if_not_installed("SeuratObject")
  control <- object(cells$control, "ctrl")
  fit <- quiet_fit(BiocGenerics::cbind(control, object(cells$treated, "stim")))
  expect_sentence(predict(fit, control, layer = "counts"),
                  "layer is an argument of a Seurat object, and newdata is a SummarizedExperiment")
  expect_sentence(benchmark_methods(control, condition = "condition", layer = "counts"),
                  "layer is an argument of a Seurat object")
  expect_identical(quietly(predict(fit, cells$control, assay.type = "logcounts")),
                   predict(fit, cells$control))
  of.seurat <- seurat(cells$control)
  of.sce <- object(cells$treated, "stim")
  mixed <- quietly(laot_fit(of.seurat, of.sce, layer = "counts", seed = 1,
                            verbose = FALSE))
  plain <- quietly(laot_fit(round(10 * abs(cells$control)), round(10 * abs(cells$treated)),
                            seed = 1, verbose = FALSE))
  expect_equal(coef(mixed)$offset, coef(plain)$offset)
  expect_sentence(mmd2(of.seurat, control, layer = "counts"), "and y is a Summ")
  expect_equal(quietly(mmd2(of.seurat, of.sce, layer = "counts", assay.type = "counts")),
               quietly(mmd2(round(10 * abs(cells$control)), round(10 * abs(cells$treated)))))
})

test_that("predicted cells keep the reduction that was predicted", {
  skip_if_not_installed("SeuratObject")
  both <- seurat(cbind(cells$control, cells$treated))
  both$condition <- rep(c("ctrl", "stim"), c(60, 45))
  values <- matrix(stats::rnorm(2 * 105), 105, dimnames = list(colnames(both), c("PC_1", "PC_2")))
  both[["pca"]] <- SeuratObject::CreateDimReducObject(values, key = "PC_", assay = "RNA")
  fit <- quietly(laot_fit(both, reduction = "pca", seed = 1, verbose = FALSE))
  expect_message(out <- suppressWarnings(predict(fit, both, into = "cells")),
                 "have pca of their own")
  moved <- SeuratObject::Embeddings(out[["pca"]])
  expect_identical(nrow(moved), 165L)
  expect_equal(unname(moved[out$predicted, ]), unname(t(predict(fit, t(values[1:60, ])))))
})

test_that("an object with predicted cells keeps its metadata, its names and the order of levels", {
  skip_if_not_installed("SingleCellExperiment")
  both <- BiocGenerics::cbind(object(cells$control, "ctrl"), object(cells$treated, "stim"))
  both$condition <- factor(both$condition, c("ctrl", "stim"), ordered = TRUE)
  S4Vectors::metadata(both)$run <- 7
  fit <- quiet_fit(both)
  once <- quietly(predict(fit, both, into = c(assay = "laot")))
  out <- quietly(predict(fit, once, into = "cells"))
  expect_identical(S4Vectors::metadata(out), S4Vectors::metadata(once))
  expect_true(is.ordered(out$condition))
  expect_identical(levels(out$condition), c("ctrl", "stim"))
  bare <- both
  rownames(bare) <- NULL
  fit <- quiet_fit(bare)
  out <- quietly(predict(fit, bare, into = "cells"))
  expect_identical(ncol(out), 165L)
  expect_null(rownames(out))
})

test_that("a prediction beside an object's own values is not what is scored, and that is said", {
  skip_if_not_installed("SingleCellExperiment")
  control <- object(cells$control, "ctrl")
  treated <- object(cells$treated, "stim")
  fit <- quiet_fit(BiocGenerics::cbind(control, treated))
  beside <- quietly(predict(fit, control, into = c(assay = "laot")))
  expect_warning(suppressMessages(evaluate_predictions(beside, treated, control, metrics = "w2")),
                 "x has a prediction in assay \"laot\", and not that is scored")
})

test_that("columns in run lengths are read as what they stand for", {
  skip_if_not_installed("SingleCellExperiment")
  both <- BiocGenerics::cbind(object(cells$control, "ctrl"), object(cells$treated, "stim"))
  plain <- quiet_fit(both)
  both$condition <- S4Vectors::Rle(paste0(both$condition, " "))
  expect_identical(coef(quiet_fit(both)), coef(plain))
  dose <- rep(c(0, 1, 3), c(60, 25, 20))
  both$group <- paste("dose", dose)
  fit <- function(dose) {
    both$dose <- dose
    fit_method(both, "conditional_gaussian", condition = "group", control = "dose 0",
               covariates = ~dose, seed = 1, verbose = FALSE)
  }
  at.two <- function(fits) quietly(predict(fits, cells$control, at = list(dose = 2)))
  expect_identical(at.two(quietly(fit(S4Vectors::Rle(dose)))), at.two(quietly(fit(dose))))
  expect_message(suppressWarnings(fit(factor(dose))), "dose is a factor of numbers")
})

test_that("training cells among observed ones on disk are read in blocks", {
  skip_if_not_installed("DelayedArray")
  lazy <- DelayedArray::DelayedArray(cells$treated)
  fit <- quiet_fit(cells$control, cells$treated)
  expect_warning(suppressMessages(evaluate_predictions(fit, lazy, cells$control, metrics = "w2")),
                 "45 observed cells are among the training cells")
})

test_that("slips of methods, parts of lists and names of sets are told", {
  expect_sentence(laot_fit(cells$control, cells$treated, method = "scgen"),
                  "laot_fit\\(\\) is of one method")
  expect_sentence(scgen_fit(cells$control, cells$treated, meth = "cae"), "is of one method")
  both <- cbind(cells$control, cells$treated)
  fits <- quiet_fit(both, condition = rep(c("ctrl", "a", "b"), c(60, 25, 20)))
  expect_sentence(fits["c"], "^there is no fit \"c\"; there are a, b$")
  expect_sentence(fits[3], "there is no fit 3")
  expect_sentence(save_model(fits["a"], tempfile()), "fit holds 1 of the 2 conditions")
  fit <- quiet_fit(cells$control, cells$treated)
  expect_sentence(response_table(fit, cells$treated, cells$control,
                                 sets = list(a = "gene1", "gene2")), "each set with a name")
})
