# Tables of several fits: those of one fit each, one below the other.
cells <- two_populations(n = 60, m = 50, d = 4)
values <- cbind(cells$control, cells$treated)
new <- two_populations(n = 60, m = 50, d = 4, seed = 2)
sce_of <- function(cells) {
  skip_if_not_installed("SingleCellExperiment")
  SingleCellExperiment::SingleCellExperiment(
    list(logcounts = cbind(cells$control, cells$treated)),
    colData = S4Vectors::DataFrame(
      condition = rep(c("ctrl", "a", "b"), c(60, 25, 25)), type = rep(c("B", "T"), 55),
      state = rep(c("ctrl", "stim"), c(60, 50)), donor = rep(c("d1", "d1", "d2", "d2", "d3"), 22)))
}

test_that("a response table of several fits has that of each", {
  sce <- sce_of(cells)
  test <- sce_of(new)
  fits <- quiet_fit(sce, condition = "state", by = "type")
  start <- test[, test$state == "ctrl"]
  after <- test[, test$state == "stim"]
  table <- response_table(fits, after, start)
  expect_s3_class(table, c("laot_response", "laot_table"), exact = FALSE)
  expect_identical(names(table)[1:2], c("type", "feature"))
  for (level in c("B", "T")) {
    one <- response_table(fits[[level]], after[, after$type == level], start[, start$type == level])
    expect_equal(as.data.frame(table)[table$type == level, -1], as.data.frame(one),
                 ignore_attr = TRUE)
  }
  sets <- response_table(fits, after, start, sets = list(x = c("gene1", "gene2")))
  expect_identical(sets$type, c("B", "T"))
  expect_identical(response_table(fits, after, start, by = "donor")$units, rep(3L, 8))
  drawn <- texts_drawn(plot(table, label = 2))$text
  expect_match(drawn, "gene[0-9], [BT]", all = FALSE)
  targets <- quiet_fit(sce)
  table <- response_table(targets, test[, test$condition != "ctrl"], start)
  expect_identical(unique(table$target), c("a", "b"))
  one <- response_table(targets[["b"]], test[, test$condition == "b"], start)
  expect_equal(as.data.frame(table)[table$target == "b", -1], as.data.frame(one),
               ignore_attr = TRUE)
  expect_identical(as.data.frame(response_table(targets, list(a = new$treated[, 1:25]),
                                                new$control))$target, rep("a", 4))
  expect_sentence(response_table(targets, list(c = new$treated), new$control), "has not seen \"c\"")
  expect_sentence(response_table(targets, test[, test$condition != "ctrl"], start, by = 1:3),
                  "by must be a column where x holds several fits")
})

test_that("a pseudo-bulk of several fits has that of each", {
  sce <- sce_of(cells)
  test <- sce_of(new)
  fits <- quiet_fit(sce, condition = "state", by = "type")
  start <- test[, test$state == "ctrl"]
  after <- test[, test$state == "stim"]
  bulk <- pseudo_bulk(fits, start, "donor", after)
  mean <- SummarizedExperiment::assay(bulk, "mean")
  expect_identical(dim(bulk), c(4L, 18L))
  expect_identical(names(SummarizedExperiment::colData(bulk)),
                   c("type", "group", "population", "cells"))
  at <- test$type == "T"
  one <- pseudo_bulk(fits[["T"]], start[, start$type == "T"], "donor", after[, after$type == "T"])
  expect_equal(unname(mean[, bulk$type == "T"]), unname(SummarizedExperiment::assay(one)))
  expect_identical(colnames(bulk)[1], "B.d1.control")
  targets <- quiet_fit(sce)
  bulk <- pseudo_bulk(targets, start, c("donor", "type"), test[, test$condition == "a"])
  expect_identical(c(table(bulk$target, bulk$population)), c(6L, 6L, 6L, 0L, 6L, 6L))
})

test_that("fits are tables to data.frame() and tibble", {
  fit <- quiet_fit(cells$control, cells$treated)
  fits <- quiet_fit(values, condition = rep(c("ctrl", "a", "b"), c(60, 25, 25)))
  by <- quiet_fit(values, condition = rep(c("ctrl", "stim"), c(60, 50)), by = rep(c("B", "T"), 55))
  for (x in list(fit, fits, by)) {
    expect_identical(data.frame(x), as.data.frame(x))
    if (requireNamespace("tibble", quietly = TRUE))
      expect_identical(as.data.frame(tibble::as_tibble(x)), as.data.frame(x))
  }
  expect_identical(names(data.frame(by))[1], "level")
})

test_that("several models are not one file", {
  by <- quiet_fit(values, condition = rep(c("ctrl", "stim"), c(60, 50)), by = rep(c("B", "T"), 55))
  expect_sentence(save_model(by, tempfile()),
                  "fit holds 2 fits, and a file has one model; save each.*fit\\[\\[\"B\"\\]\\]")
  expect_sentence(by["X"], "^there is no fit \"X\"; there are B, T$")
})
