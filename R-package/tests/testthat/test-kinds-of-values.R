# Counts and normalised values are not taken for each other.
cells <- two_populations(n = 40, m = 30, d = 6)
both <- cbind(cells$control, cells$treated)
conditions <- rep(c("ctrl", "stim"), c(40, 30))
raw <- round(10 * abs(both))
sce_of <- function(values, name = "logcounts") {
  skip_if_not_installed("SingleCellExperiment")
  SingleCellExperiment::SingleCellExperiment(
    stats::setNames(list(values), name),
    colData = S4Vectors::DataFrame(condition = conditions, donor = rep(c("a", "b"), 35)))
}
fit <- quiet_fit(cells$control, cells$treated)
of.counts <- quiet_fit(raw[, 1:40], raw[, 41:70])

test_that("counts are told to every reader of a fit of other values, also in the same place", {
  sce <- sce_of(both)
  counts <- sce_of(raw)
  fitted <- quiet_fit(sce)
  says <- paste0("read from assay.type = \"logcounts\", which holds whole numbers as counts are, ",
                 "and the fit is one of assay.type = \"logcounts\", of values that are no counts")
  new <- counts[, 1:40]
  expect_warning(predict(fitted, new), paste("newdata is", says))
  told <- capture_warnings(evaluate_predictions(fitted, counts[, 41:70], new, metrics = "w2"))
  expect_match(told, paste("observed is", says), all = FALSE)
  expect_match(told, paste("control is", says), all = FALSE)
  for (told in list(capture_warnings(response_table(fitted, counts[, 41:70], new)),
                    capture_warnings(pseudo_bulk(fitted, new, "donor", counts[, 41:70])))) {
    expect_match(told, paste("observed is", says), all = FALSE)
  }
  expect_match(capture_warnings(plot(fitted, type = "cells", control = new)),
               paste("control is", says), all = FALSE)
  by <- quiet_fit(sce, by = "donor")
  expect_identical(sum(grepl(says, capture_warnings(predict(by, new)))), 1L)
})

test_that("matrices are compared with the fit's own cells, in both directions", {
  expect_warning(predict(fit, raw[, 1:40]),
                 "^newdata holds whole numbers as counts are, and the fit is one of values that")
  expect_warning(predict(of.counts, cells$control),
                 "^newdata holds values that are no counts, and the fit is one of whole numbers")
  expect_no_warning(predict(of.counts, raw[, 1:40]))
  expect_no_warning(predict(fit, cells$control))
  # Small counts may be anything, and predictions of counts are none.
  expect_no_warning(predict(of.counts, pmin(raw[, 1:40], 2)))
  moved <- predict(of.counts, raw[, 1:40])
  expect_no_warning(suppressMessages(evaluate_predictions(moved, raw[, 41:70], metrics = "w2")))
  unkept <- quiet_fit(cells$control, cells$treated, keep.cells = 0)
  expect_warning(predict(unkept, raw[, 1:40]), "the fit is one of values that are no counts")
})

test_that("two populations are compared with each other", {
  expect_warning(quiet_fit(cells$control, raw[, 41:70]),
                 "treated matrix holds whole numbers as counts are, and the control matrix holds")
  expect_warning(quiet_fit(raw[, 1:40], cells$treated),
                 "control matrix holds whole numbers as counts are, and the treated matrix holds")
  sce <- sce_of(both)
  expect_warning(quiet_fit(sce[, 1:40], sce_of(raw)[, 41:70]),
                 "the treated object holds whole numbers as counts are, and the control object")
  expect_no_warning(quiet_fit(sce[, 1:40], sce[, 41:70]))
  expect_no_warning(quiet_fit(raw[, 1:40], raw[, 41:70]))
})
