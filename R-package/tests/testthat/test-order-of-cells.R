# Labels that are named by the cells are theirs by name, wherever labels are taken.
cells <- two_populations(n = 30, m = 24, d = 3)
both <- cbind(cells$control, cells$treated)
condition <- rep(c("ctrl", "stim"), c(30, 24))
donor <- stats::setNames(rep(c("a", "b", "b"), 18), colnames(both))
mixed <- donor[c(40:54, 1:39)]
quietly <- function(code) suppressMessages(suppressWarnings(code))

test_that("splits, benchmarks and predictions take labels by name", {
  wanted <- split_cells(both, condition, by = unname(donor), hold.out = "a", seed = 1)
  expect_message(found <- split_cells(both, condition, by = mixed, hold.out = "a", seed = 1),
                 "taken by their names")
  expect_identical(found, wanted)
  part <- factor(ifelse(donor == "a", "test", "train"))
  run <- function(part) quietly(benchmark_methods(
    both, "mean_shift", condition = condition, split = list(one = part), metrics = "w2",
    trivial = FALSE, seeds = 1, verbose = FALSE))$value
  expect_identical(run(stats::setNames(part, names(donor))[names(mixed)]), run(part))
  dose <- rep(c(0, 1, 3), each = 18)
  fits <- quietly(fit_method(both, "conditional_gaussian", condition = paste(dose), control = "0",
                             covariates = data.frame(dose = dose), seed = 1, verbose = FALSE))
  at <- data.frame(dose = rep(c(1, 3), 27), row.names = colnames(both))
  expect_identical(quietly(predict(fits, both, at = at[54:1, , drop = FALSE])),
                   quietly(predict(fits, both, at = at)))
})

test_that("batches of two samples and groups of a pairing are taken by name", {
  of <- list(control = donor[1:30], treated = donor[31:54])
  turned <- lapply(of, rev)
  fit <- function(batch) quietly(laot_fit(cells$control, cells$treated, batch = batch, seed = 1,
                                          preset = "calibrated", verbose = FALSE))
  wanted <- coef(fit(unname(donor)))
  expect_identical(coef(fit(of)), wanted)
  expect_identical(coef(fit(turned)), wanted)
  expect_identical(coef(fit(mixed)), wanted)
  paired <- fit(NULL)
  table <- transitions(paired, by = lapply(of, unname))
  expect_identical(quietly(transitions(paired, by = turned)), table)
  expect_identical(quietly(transitions(paired, by = mixed, x = both)), table)
})

test_that("times are taken by name, and a sweep starts at a label", {
  values <- cbind(both, both[, 1:30] + 1)
  colnames(values) <- paste0("cell", seq_len(ncol(values)))
  time <- stats::setNames(rep(c("0h", "2h", "24h"), c(30, 24, 30)), colnames(values))
  sweep <- function(time, ...) quietly(time_gap_sweep(
    values, time = time, splits = 1, resamples = 2, seed = 1,
    verbose = FALSE, ...))
  expect_identical(sweep(rev(time))$scores, sweep(time)$scores)
  expect_equal(sweep(time, start = "2h")$start, 2)
  expect_sentence(sweep(time, start = "3h"), "start must be one of the times")
})

test_that("two samples with the same barcodes are told apart in a pairing", {
  skip_if_not_installed("SingleCellExperiment")
  values <- both
  colnames(values) <- paste0("c", c(1:30, 1:24))
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(logcounts = values),
    colData = S4Vectors::DataFrame(condition = condition, type = unname(donor)))
  fit <- quietly(laot_fit(sce, seed = 1, verbose = FALSE))
  expect_equal(as.data.frame(transitions(fit, by = "type", x = sce)),
               as.data.frame(transitions(fit, by = list(control = unname(donor[1:30]),
                                                        treated = unname(donor[31:54])))))
  sce$condition <- NULL
  expect_sentence(transitions(fit, by = "type", x = sce), "several cells called c1, c2, c3")
})

test_that("names of which some are no cells are refused, and not read by position", {
  turned <- stats::setNames(condition, colnames(both))[54:1]
  names(turned)[2] <- "zz"
  says <- "the labels of condition are named by the cells, but 1 of the 54 names is none: \"zz\""
  expect_sentence(laot_fit(both, condition = turned), says)
  expect_sentence(split_cells(both, turned, seed = 1), says)
  odd <- stats::setNames(donor, replace(names(donor), 1:2, c("y", "z")))
  fit <- function(...) laot_fit(both, condition = condition, ..., verbose = FALSE)
  for (argument in c("batch", "types", "by"))
    expect_sentence(do.call(fit, stats::setNames(list(odd), argument)),
                    paste0("labels of ", argument, " are named.*2 of the 54 names are none: \"y"))
  expect_sentence(laot_fit(cells$control, cells$treated, batch = odd), "labels of batch are named")
  expect_sentence(laot_fit(cells$control, cells$treated,
                           batch = list(control = odd[1:30], treated = odd[31:54])),
                  "labels of batch are named by the cells, but 2 of the 30")
  table <- data.frame(dose = rep(c(0, 1, 3), each = 18), row.names = names(odd))
  expect_sentence(fit_method(both, "conditional_gaussian", condition = paste(table$dose),
                             control = "0", covariates = table),
                  "the rows of covariates are named by the cells, but 2 of the 54 names are none")
  names(turned)[2] <- names(turned)[1]
  expect_sentence(laot_fit(both, condition = turned), "but \"[a-z0-9]+\" stands there twice")
  # Of cells with the same name only their order tells whose a label is.
  same <- both
  colnames(same)[2] <- colnames(same)[1]
  named <- stats::setNames(condition, colnames(same))
  expect_s3_class(quietly(laot_fit(same, condition = named, verbose = FALSE)), "laot_fit")
  names(named) <- make.unique(names(named))
  expect_s3_class(quietly(laot_fit(same, condition = named, verbose = FALSE)), "laot_fit")
  expect_sentence(laot_fit(same, condition = stats::setNames(condition, colnames(same))[54:1]),
                  "more than one cell is called")
})
