# Means of groups of measured and predicted cells.

set.seed(11)
genes <- paste0("gene", 1:4)
cells <- function(n, shift) matrix(rnorm(4 * n, shift), 4, dimnames = list(genes, NULL))
control <- cells(30, 0)
treated <- cells(24, c(2, 0, 1, 0))
fit <- laot_fit(cells(60, 0), cells(50, c(2, 0, 1, 0)), seed = 1)
donors <- list(control = rep(c("d1", "d2", NA), 10), observed = rep(c("d2", "d3"), c(20, 4)))

test_that("groups have the means of their cells and of the predictions of these", {
  found <- pseudo_bulk(fit, control, by = donors, observed = treated)
  expect_identical(found$groups$population, rep(c("control", "predicted", "observed"), each = 2))
  expect_identical(found$groups$cells, c(10L, 10L, 10L, 10L, 20L, 4L))
  d2 <- which(donors$control == "d2")
  expect_equal(found$mean[, "d2.control"], rowMeans(control[, d2]))
  expect_equal(found$mean[, "d2.predicted"], rowMeans(predict(fit, control)[, d2]))
  expect_equal(found$mean[, "d3.observed"], rowMeans(treated[, 21:24]))
  expect_identical(colnames(pseudo_bulk(fit, control, by = donors, observed = treated,
                                        min.cells = 5)$mean),
                   c("d1.control", "d2.control", "d1.predicted", "d2.predicted", "d2.observed"))
})

test_that("objects give a SummarizedExperiment, by several columns", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(logcounts = control), colData = S4Vectors::DataFrame(donor = rep(c("a", "b"), 15),
        type = rep(c("B", "T"), each = 15))
  )
  found <- pseudo_bulk(fit, sce, by = c("donor", "type"))
  expect_s4_class(found, "SummarizedExperiment")
  expect_identical(dim(found), c(4L, 8L))
  values <- SummarizedExperiment::assay(found, "mean")
  first <- which(sce$donor == "a" & sce$type == "B")
  expect_true(any(apply(values, 2,
                        function(column) isTRUE(all.equal(unname(column),
                                                          unname(rowMeans(control[, first])))))))
})

test_that("what is missing is said", {
  expect_error(pseudo_bulk(fit, control), "by is missing; give one or several columns")
  expect_error(pseudo_bulk(fit, control, by = donors["observed"]), "by has nothing for control")
  expect_error(pseudo_bulk(fit, control, by = donors, min.cells = 40),
               "no group of the control cells has 40 cells; the largest has 10")
  expect_identical(pseudo_bulk(fit, control, by = donors, min.cells = 10)$groups$cells, rep(10L, 4))
  expect_error(pseudo_bulk(3, control, by = donors), "x must be a fit, as laot_fit")
})
