cells <- two_populations()
control <- cells$control
treated <- cells$treated

test_that("what is no matrix of numbers is refused in one sentence", {
  expect_sentence(laot_fit(1:5, treated), "control matrix must be a matrix.*features are rows")
  expect_sentence(laot_fit(list(1), treated), "must be a matrix")
  expect_sentence(laot_fit(NULL, treated), "must be a matrix.*NULL")
  expect_sentence(laot_fit(matrix("a", 2, 2), treated), "must hold numbers, found character")
  expect_sentence(laot_fit(matrix(TRUE, 4, 5), treated), "must hold numbers, found logical")
  expect_sentence(laot_fit(data.frame(a = 1:2, b = c("x", "y")), treated),
                  "column \"b\" is character")
  expect_sentence(laot_fit(control), "give the treated cells as treated")
  expect_sentence(laot_fit(control, treated, condition = "x"), "either treated or condition")
  expect_sentence(laot_fit(control, treated, control = "a"), "name levels of condition")
})

test_that("empty matrices are refused", {
  expect_sentence(laot_fit(control[, 0], treated), "control matrix has no cells")
  expect_sentence(laot_fit(control, treated[, 0]), "treated matrix has no cells")
  expect_sentence(laot_fit(control[0, ], treated[0, ]), "no features")
})

test_that("NaN, NA and Inf are refused and placed", {
  for (bad in c(NaN, NA, Inf, -Inf)) {
    broken <- treated
    broken[2, 3] <- bad
    expect_sentence(laot_fit(control, broken), "treated.*(NaN|Inf).*feature 2.*cell 3")
    fit <- quiet_fit(control, treated)
    expect_sentence(predict(fit, broken), "(NaN|Inf).*feature 2.*cell 3")
  }
})

test_that("one or two cells on a side give the mean shift and say so", {
  for (n in 1:2) {
    expect_warning(fit <- quiet_fit(control[, seq_len(n), drop = FALSE], treated),
                   paste("LAOT, control to treated: fell back to the mean shift.*found", n,
                         "control and 45 treated"))
    expect_match(fit$report$stop.reason, "mean shift")
    expect_identical(fit$report$fallback, "mean_shift")
    expect_equal(coef(fit)$map, diag(4), ignore_attr = TRUE)
  }
  expect_warning(fit <- quiet_fit(control[, 1, drop = FALSE], treated[, 1, drop = FALSE]),
                 "fell back")
  expect_equal(predict(fit, control[, 1, drop = FALSE]), treated[, 1, drop = FALSE],
               ignore_attr = TRUE)
})

test_that("one feature, constant features and duplicated cells work", {
  single <- quiet_fit(control[1, , drop = FALSE], treated[1, , drop = FALSE])
  expect_identical(dim(predict(single, control[1, , drop = FALSE])), c(1L, 60L))
  flat <- control
  flat[2, ] <- 3
  steady <- treated
  steady[2, ] <- 3
  expect_identical(unname(predict(quiet_fit(flat, steady), flat)[2, ]), rep(3, 60))
  absent <- control
  absent[3, ] <- 0
  expect_true(all(is.finite(predict(quiet_fit(absent, treated), absent))))
  repeated <- control[, rep(1:5, 12)]
  expect_true(all(is.finite(predict(quiet_fit(repeated, treated[, rep(1:9, 5)]), repeated))))
  still <- matrix(1, 4, 10)
  expect_true(all(is.finite(predict(quiet_fit(still, still + 1), still))))
})

test_that("sizes may differ by a factor of 100 and features may outnumber cells", {
  many <- two_populations(n = 600, m = 6)
  fit <- quiet_fit(many$control, many$treated)
  expect_identical(c(fit$report$n.control, fit$report$n.treated), c(600, 6))
  expect_true(all(is.finite(predict(fit, many$control))))
  wide <- two_populations(n = 20, m = 15, d = 200)
  fit <- quiet_fit(wide$control, wide$treated)
  expect_gt(fit$report$components, 0)
  expect_equal(rowMeans(predict(fit, wide$control)), rowMeans(wide$treated), tolerance = 1e-6)
})

test_that("features are matched by name, and a mismatch is named", {
  fit <- quiet_fit(control, treated)
  expect_equal(coef(quiet_fit(control, treated[4:1, ])), coef(fit), tolerance = 1e-12)
  expect_sentence(laot_fit(control, treated[1:3, ]),
                  "treated matrix lacks 1 of the 4 features.*gene4")
  expect_sentence(laot_fit(control[1:3, ], treated),
                  "1 feature that the control matrix lacks: gene4")
  expect_sentence(laot_fit(unname(control), treated[1:3, ]), "3 features.*4")
  double <- control
  rownames(double)[2] <- "gene1"
  expect_sentence(laot_fit(double, 2 * double), "feature \"gene1\" more than once")
  expect_identical(unname(predict(quiet_fit(unname(control), treated), control)),
                   unname(predict(fit, control)))
})

test_that("transposed matrices of two populations are told as such", {
  expect_sentence(laot_fit(t(control), treated),
                  "names of the columns of the control matrix: cells are columns here")
  expect_sentence(laot_fit(control, t(treated)), "give t\\(treated\\)")
  expect_sentence(laot_fit(t(control), t(treated)), "the same in both.*give t\\(\\) of both")
})

test_that("a fit that ends at its limit says so once", {
  fit <- quiet_fit(control, treated, max.iter = 1)
  expect_identical(laot:::outcome_line(fit),
                   "stopped: the limit of 1 iteration was reached (max.iter)")
  fit <- quiet_fit(control, treated, max.iter = 2)
  j <- laot:::fit_trace(fit)$objective.after.update
  expect_identical(laot:::outcome_line(fit), paste0(
    "stopped: the limit of 2 iterations was reached (max.iter); the last lowered J by ",
    format(signif(100 * (1 - j[2] / j[1]), 2)), "%"))
})

test_that("a matrix of counts is noticed, and one of other values is not", {
  counts <- matrix(stats::rpois(6 * 80, 3), 6)
  said <- function(...)
    paste(capture_messages(laot_fit(..., seed = 1, verbose = FALSE)), collapse = "")
  expect_match(said(counts[, 1:40], counts[, 41:80]),
               "^The control matrix holds whole numbers only, as counts are, and is used as it is")
  expect_match(said(counts, condition = rep(c("ctrl", "stim"), each = 40)),
               "^x holds whole numbers")
  expect_no_match(said(log1p(counts[, 1:40]), log1p(counts[, 41:80])), "whole numbers")
  expect_no_match(said(control, treated), "whole numbers")
})

test_that("arguments are checked, with the nearest name", {
  expect_sentence(laot_fit(control, treated, rigde = 1),
                  "no parameter \"rigde\"; did you mean \"ridge\"")
  expect_sentence(laot_fit(control, treated, n_pc = 1), "did you mean \"n.pcs\"")
  # Another method's name for the length of a fit finds this method's own, as R spells it.
  expect_sentence(laot_fit(control, treated, iterations = 3),
                  "method laot has no parameter \"iterations\"; did you mean \"max[.]iter\"[?]")
  expect_sentence(fit_method(control, "cellot", treated, max.iter = 3),
                  "did you mean \"iterations\"")
  expect_sentence(fit_method(control, "scgen", treated, n_iter = 3), "did you mean \"epochs\"")
  expect_sentence(laot_fit(control, treated, steps = 3), "did you mean \"max[.]iter\"")
  expect_sentence(laot_fit(control, treated, checkpiont = 3), "did you mean \"checkpoint\"")
  # Every name of a list is spelled for R.
  expect_sentence(laot_fit(control, treated, qqqqqqqqqqq = 3),
                  "; there are .*max[.]iter, .*keep[.]cells")
  expect_false(grepl("_", tryCatch(laot_fit(control, treated, qqqqqqqqqqq = 3),
                                   error = conditionMessage), fixed = TRUE))
  expect_sentence(laot_fit(control, treated, num.thread = 1), "write num.threads in full")
  expect_sentence(laot_fit(control, treated, numthreads = 1), "did you mean \"num.threads\"")
  expect_sentence(laot_fit(control, treated, NULL, NULL, NULL, NULL, NULL, 3), "given by name")
  expect_sentence(laot_fit(control, treated, ridge = -1), "ridge must be .*found -1")
  expect_sentence(laot_fit(control, treated, ridge = c(1, 2)), "one number, string or flag")
  expect_sentence(laot_fit(control, treated, ridge = NA), "one number")
  expect_sentence(laot_fit(control, treated, n.pcs = 2.5), "n\\.pcs must be a whole number")
  expect_sentence(laot_fit(control, treated, restore = "covarianc"), "restore must be one of")
  expect_sentence(laot_fit(control, treated, preset = "calibrate"), "did you mean \"calibrated\"")
  expect_sentence(laot_fit(control, treated, preset = 3), "preset must be one string")
  expect_sentence(laot_fit(control, treated, seed = -1), "seed must be")
  expect_sentence(laot_fit(control, treated, num.threads = 0), "num.threads must be")
  expect_sentence(laot_fit(control, treated, verbose = NA), "verbose must be")
})

test_that("conditions are found, and what is missing is listed", {
  both <- cbind(control, treated)
  labels <- rep(c("DMSO", "drug"), c(60, 45))
  expect_message(laot_fit(both, condition = labels, seed = 1), "control: DMSO; target: drug")
  expect_silent(laot_fit(both, condition = labels, seed = 1, verbose = FALSE))
  expect_sentence(laot_fit(both, condition = labels[-1]), "one label for each of the 105 cells")
  expect_sentence(laot_fit(both, condition = "labels"), "a matrix has none")
  expect_sentence(laot_fit(both, condition = rep(c("a", "b"), c(60, 45))),
                  "no level that is called.*the levels are a, b")
  expect_sentence(laot_fit(both, condition = rep(c("ctrl", "control"), c(60, 45))),
                  "several control levels, ctrl, control")
  expect_sentence(laot_fit(both, condition = labels, control = "dmso"),
                  "levels of condition, which are DMSO, drug; found \"dmso\"")
  expect_sentence(laot_fit(both, condition = labels, control = "DMSO", target = "drugs"),
                  "found \"drugs\"")
  expect_sentence(laot_fit(both, condition = rep("ctrl", 105)), "only the level \"ctrl\"")
  labels[1:3] <- NA
  expect_message(fit <- laot_fit(both, condition = labels, seed = 1),
                 "Left out: 3 cells without a condition")
  expect_identical(fit$report$n.control, 57)
})

test_that("several targets give a list of fits", {
  both <- cbind(control, treated)
  hours <- rep(c(0, 24, 48), c(60, 20, 25))
  fits <- suppressMessages(laot_fit(both, condition = hours, control = 0, seed = 1))
  expect_s3_class(fits, "laot_fit_list")
  expect_named(fits, c("24", "48"))
  expect_output(print(fits), "LAOT fits: 0 to 2 targets")
  single <- quiet_fit(both, condition = hours, control = 0, target = 48)
  expect_s3_class(single, "laot_fit")
  expect_identical(coef(fits)[["48"]], coef(single))
  predicted <- predict(fits, control)
  expect_identical(predicted[["24"]], predict(fits[["24"]], control))
  expect_s3_class(fits["24"], "laot_fit_list")
  expect_sentence(evaluate_predictions(fits, treated),
                  "observed must be one object .* or a named list of matrices")
})

test_that("inputs are left as they were", {
  before <- lapply(cells, function(x) x + 0)
  fit <- quiet_fit(control, treated)
  predict(fit, control, nonnegative = "marginals")
  suppressWarnings(evaluate_predictions(fit, treated, control = control))
  expect_identical(control, before$control)
  expect_identical(treated, before$treated)
})

test_that("integers, data frames and further columns of attributes are one conversion away", {
  counts <- round(exp(control))
  storage.mode(counts) <- "integer"
  after <- round(exp(treated))
  fit <- quiet_fit(counts, after)
  expect_identical(coef(fit), coef(quiet_fit(counts + 0, after)))
  expect_type(counts, "integer")
  frame <- as.data.frame(control)
  expect_identical(coef(quiet_fit(frame, as.data.frame(treated))),
                   coef(quiet_fit(control, treated)))
})

test_that("slips in where and how values are given are told in one sentence", {
  fit <- quiet_fit(control, treated)
  expect_sentence(predict(fit, control, "clip", 3), "given by name; found 3 without one")
  expect_sentence(laot_fit(control, treated, assay.type = "counts"),
                  "assay.type does not go with x")
  expect_sentence(laot_fit(control[1, ], treated), "drop = FALSE")
  expect_sentence(laot_fit(control > 0, treated), "found logical values; multiply by 1")
  expect_sentence(laot_fit(cbind(control, treated), condition = rep(NA, 105)),
                  "only missing labels")
})

test_that("equal control cells beside treated cells that vary are shifted, not blown up", {
  equal <- control
  equal[] <- 1
  fit <- quiet_fit(equal, treated)
  expect_equal(predict(fit, equal), equal - 1 + rowMeans(treated), tolerance = 1e-9)
  # Nothing changes, and rounding is not shown as a change.
  expect_warning(same <- quiet_fit(control, control), "hold the same cells")
  expect_identical(nrow(summary(same)$changes), 0L)
})

test_that("a map between too many features is refused with the memory that it would take", {
  skip_if_not_installed("Matrix")
  cells <- methods::new("dgCMatrix", Dim = c(1000000L, 4L), p = 0:4, i = c(0L, 5L, 7L, 9L),
                        x = c(1, 2, 3, 4))
  expect_sentence(laot_fit(cells, 2 * cells, n.pcs = 0),
                  "1000000 features .*would need about [0-9]+ MB")
})

test_that("a bad value is placed where it stands in the user's object, by number and name", {
  broken <- cbind(control, treated)
  broken[3, 64] <- NA
  labels <- rep(c("ctrl", "stim"), c(60, 45))
  expect_sentence(quiet_fit(broken, condition = labels),
                  "treated has NaN or NA at feature 3 .gene3., cell 64 .cell1004.; remove or")
  skip_if_not_installed("SummarizedExperiment")
  se <- SummarizedExperiment::SummarizedExperiment(list(logcounts = broken),
                                                   colData = S4Vectors::DataFrame(
                                                     condition = labels))
  expect_sentence(quiet_fit(se, subset.row = c(4, 3)), "feature 3 .gene3., cell 64 .cell1004.")
  fit <- quiet_fit(control, treated)
  expect_sentence(predict(fit, broken[4:1, 61:70]),
                  "the new cells have NaN or NA at feature 2 .gene3., cell 4 .cell1004.")
  broken[3, 64] <- Inf
  expect_sentence(laot_fit(unname(control), unname(broken[, 61:70])),
                  "treated has Inf at feature 3, cell 4; remove")
})

test_that("no cells at all, and a batch where none is used, are told in one sentence", {
  expect_sentence(laot_fit(), "x is missing; give the cells")
  expect_sentence(fit_trivial(method = "identity"), "x is missing")
  expect_sentence(cae_fit(), "x is missing")
  expect_sentence(benchmark_methods(), "x is missing")
  expect_sentence(time_gap_sweep(), "x is missing; give the cells")
  expect_sentence(recovery_curve(), "x is missing; give a fit")
  for (of_fit in list(composition, held_out, pairing, transitions, ancestors, descendants))
    expect_sentence(of_fit(), "^fit is missing; give a fit, as laot_fit\\(\\) makes it$")
  expect_sentence(ancestors(quiet_fit(control, treated)), "cells is missing; give numbers")
  expect_sentence(prediction_spread(), "object is missing; give an ensemble")
  expect_sentence(trackability(), "x is missing")
  expect_sentence(cellot_fit(control, treated, batch = rep(1, 105)),
                  "method cellot has no batch: it does not pair cells")
  expect_sentence(laot_fit(control, treated, equal.counts = "yes"),
                  "equal.counts must be TRUE or FALSE")
  expect_sentence(laot_fit(control, treated, keep.cells = -1),
                  "parameter keep.cells must be a whole number")
  expect_sentence(fit_trivial(control, treated, metod = "identity"), "did you mean \"method\"")
  expect_sentence(cae_fit(control, treated, checkpiont = "x"), "did you mean \"checkpoint\"")
  expect_sentence(laot_fit(1:5, treated), "found an integer of length 5")
  se <- two_populations(d = 3)$control
  expect_sentence(laot:::chosen_features(TRUE, se, "subset.row"),
                  "1 flag for 3 features; give TRUE or FALSE for each")
})

test_that("a near miss is a name with something in common", {
  expect_identical(laot:::nearest("metod", c("keep.cells", "method")), "method")
  expect_null(laot:::nearest("z", c("a", "b")))
  expect_null(laot:::nearest("n", c("reduction", "count")))
  expect_identical(laot:::nearest("wasserstein", c("w1", "the wasserstein distance")),
                   "the wasserstein distance")
})

test_that("large numbers are written out, and the levels of a batch are told", {
  many <- matrix(as.double(seq_len(1e5)), 1)
  expect_output(print(fit_trivial(many, many + 1, seed = 1)), "100000 control, 100000 treated")
  expect_output(print(quiet_fit(control, treated)), "control, 45 treated\n")
  fit <- quiet_fit(control, treated, batch = list(control = rep(c("a", "b"), 30),
                                                  treated = rep(c("a", "b", "b"), 15)))
  expect_output(print(fit), "60 control, 45 treated, paired within 2 levels of the batch")
  expect_output(print(quiet_fit(control^2, treated^2)),
                "predicted training values .nonnegative = \"clip\" or \"marginals\" in predict")
  expect_output(print(summary(fit)), "equal.counts = FALSE")
})
