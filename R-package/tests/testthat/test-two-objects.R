# Control and treated cells as two objects: which column says what they are, and which is which.
cells <- two_populations(n = 40, m = 30, d = 6)
both <- cbind(cells$control, cells$treated)
conditions <- rep(c("ctrl", "stim"), c(40, 30))
object <- function(...) {
  skip_if_not_installed("SingleCellExperiment")
  SingleCellExperiment::SingleCellExperiment(list(logcounts = both),
                                             colData = S4Vectors::DataFrame(...))
}

test_that("the one column that tells two objects apart is their condition", {
  sce <- object(stim = conditions, line = "K562", depth = rep(1:2, c(40, 30)),
                donor = rep(c("a", "b"), 35))
  expect_message(fit <- laot_fit(sce[, 1:40], sce[, 41:70], seed = 1),
                 "Using column \"stim\": control: ctrl; target: stim")
  expect_identical(fit[c("condition", "control", "target")],
                   list(condition = "stim", control = "ctrl", target = "stim"))
  expect_identical(unique(predict(fit, sce[, 1:40])$stim), "stim")
  sce$plate <- rep(c("p1", "p2"), c(40, 30))
  expect_message(fit <- laot_fit(sce[, 1:40], sce[, 41:70], seed = 1),
                 "Columns stim, plate tell the two objects apart.*condition = ")
  expect_null(fit$condition)
  expect_identical(fit$target, "treated")
  fit <- quiet_fit(sce[, 1:40], sce[, 41:70], condition = "plate")
  expect_identical(c(fit$condition, fit$control, fit$target), c("plate", "p1", "p2"))
  sce$condition <- conditions
  expect_identical(quiet_fit(sce[, 1:40], sce[, 41:70])$condition, "condition")
  expect_sentence(quiet_fit(sce[, 1:40], sce[, 41:70], condition = "donor"),
                  "condition = \"donor\": with two objects each is of one level.*has a, b")
  expect_sentence(quiet_fit(sce[, 1:40], sce[, 41:70], condition = "state"),
                  "the control object has no column \"state\"")
  expect_sentence(quiet_fit(cells$control, cells$treated, condition = "stim"),
                  "either treated or condition, not both")
  expect_sentence(quiet_fit(sce[, 1:40], sce[, 41:70], condition = conditions),
                  "either treated or condition, not both; of two objects")
})

test_that("exchanged objects are told", {
  sce <- object(condition = conditions)
  says <- paste0("treated object has cells that are \"ctrl\" in column \"condition\", a word for ",
                 "controls, and the control object has \"stim\"; control cells come first")
  expect_warning(quiet_fit(sce[, 41:70], sce[, 1:40]), says)
  expect_no_warning(fit <- quiet_fit(sce[, 1:40], sce[, 41:70]))
  named <- sce
  named$condition <- rep(c("wild", "edited"), c(40, 30))
  expect_no_warning(quiet_fit(named[, 41:70], named[, 1:40]))
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  told <- capture_warnings(plot(fit, type = "cells", control = sce[, 41:70], treated = sce[, 1:40]))
  expect_match(told, "treated has 40 cells that are \"ctrl\", not \"stim\"", all = FALSE)
  expect_match(told, "control has 30 cells that are \"stim\".*are treated and control what you",
               all = FALSE)
  expect_no_warning(plot(fit, type = "cells", control = sce[, 1:40], treated = sce[, 41:70]))
  expect_warning(recovery_curve(fit, control = sce[, 41:70], treated = sce[, 41:70], repeats = 1),
                 "control has 30 cells that are \"stim\"")
})

test_that("predicted cells are known by a column of any name", {
  sce <- object(condition = conditions)
  fit <- quiet_fit(sce)
  all <- predict(fit, sce, into = "cells", label = "is.pred")
  expect_warning(again <- quiet_fit(all), "left out: 40 cells.* \\(column \"is.pred")
  expect_identical(coef(again), coef(fit))
  expect_warning(split_cells(all, "condition", seed = 1), "left out: 40 cells that are predicted")
  alone <- predict(fit, sce[, 1:40], label = "is.pred")
  expect_warning(predict(fit, alone), "newdata has 40 cells")
  expect_warning(quiet_fit(sce[, 1:40], alone), "40 cells that are predicted \\(column \"is.pred\"")
  marked <- sce
  marked$is.pred <- FALSE
  expect_warning(quiet_fit(BiocGenerics::cbind(marked, alone)), "left out: 40 cells")
  # The user's own flags are none.
  marked$is.pred <- marked$condition == "stim"
  expect_no_warning(quiet_fit(marked))
  expect_no_warning(quiet_fit(predict(fit, sce, into = "cells", label = NULL)))
  skip_if_not_installed("SeuratObject")
  seurat <- suppressWarnings(SeuratObject::CreateSeuratObject(
    SeuratObject::CreateAssayObject(data = both), assay = "RNA",
    meta.data = data.frame(condition = conditions, row.names = colnames(both))))
  all <- suppressWarnings(predict(quiet_fit(seurat), seurat, into = "cells", label = "is.pred"))
  expect_warning(quiet_fit(all), "left out: 40 cells that are predicted \\(column \"is.pred")
})

test_that("a table of training cells is told to be one", {
  sce <- object(condition = conditions)
  fit <- quiet_fit(sce)
  expect_warning(response_table(fit, sce[, 41:70], sce[, 1:40]),
                 "30 observed cells are among the training cells")
  new <- SingleCellExperiment::SingleCellExperiment(
    list(logcounts = two_populations(n = 40, m = 30, d = 6, seed = 2)$treated))
  expect_no_warning(response_table(fit, new, sce[, 1:40]))
})
