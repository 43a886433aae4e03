# Labels as tables, spreadsheets and other programs leave them, and objects that are not what an
# argument wants.
cells <- two_populations(n = 40, m = 30, d = 5)
both <- cbind(cells$control, cells$treated)
labels <- rep(c("ctrl", "stim"), c(40, 30))
fit <- quiet_fit(cells$control, cells$treated)
new <- two_populations(n = 20, m = 15, d = 5, seed = 2)

object <- function(values = both, condition = labels) {
  skip_if_not_installed("SingleCellExperiment")
  SingleCellExperiment::SingleCellExperiment(
    list(logcounts = values), colData = S4Vectors::DataFrame(condition = condition))
}

test_that("labels with the names of the cells are theirs by name", {
  plain <- quiet_fit(both, condition = labels)
  named <- stats::setNames(labels, colnames(both))
  expect_message(turned <- laot_fit(both, condition = rev(named), seed = 1),
                 "labels of condition are in another order than the cells")
  expect_identical(coef(turned), coef(plain))
  expect_message(factors <- laot_fit(both, condition = factor(rev(named)), seed = 1),
                 "another order")
  expect_identical(coef(factors), coef(plain))
  expect_identical(coef(quiet_fit(both, condition = unname(labels))), coef(plain))
  # Names that are not the cells' say nothing.
  expect_identical(coef(quiet_fit(both, condition = stats::setNames(labels, 70:1))), coef(plain))
  three <- rep(c("ctrl", "a", "b"), c(40, 15, 15))
  table <- data.frame(drug = three, row.names = colnames(both))
  fits <- function(covariates)
    suppressMessages(fit_method(both, "regressed_shift", condition = three,
                                covariates = covariates, seed = 1))
  expect_identical(conditions(fits(table[70:1, , drop = FALSE])), conditions(fits(table)))
  bench <- function(condition)
    suppressMessages(benchmark_methods(both, "mean_shift", condition = condition, seeds = 1,
                                       metrics = "w2", verbose = FALSE))
  expect_identical(bench(rev(named)), bench(named))
  expect_sentence(quiet_fit(both, condition = data.frame(state = labels)),
                  "one of its columns, as in metadata\\$state")
})

test_that("labels of one spelling are one, and of two are told", {
  spaced <- replace(labels, 70, "stim\u00a0")
  expect_identical(quiet_fit(both, condition = spaced)$report$n.treated, 30)
  expect_warning(quiet_fit(both, condition = replace(labels, 60:70, "Stim")),
                 "levels \"stim\", \"Stim\", which differ by upper")
  expect_no_warning(suppressMessages(
    laot_fit(both, condition = rep(c("ctrl", "-1", "1"), c(40, 15, 15)), seed = 1)))
})

test_that("cells without a label are no reason to stop a score", {
  sce <- object()
  of.object <- quiet_fit(sce)
  fresh <- object(cbind(new$control, new$treated), rep(c("ctrl", "stim"), c(20, 15)))
  score <- function(observed, control = fresh[, 1:20])
    suppressMessages(evaluate_predictions(of.object, observed, control, metrics = "w2"))
  expected <- score(fresh[, 21:35])
  fresh$condition[c(1, 22)] <- NA
  expect_no_warning(found <- score(fresh[, 21:35]))
  expect_identical(found, expected)
  expect_no_warning(predict(of.object, fresh[, 1:20]))
  # Two objects, of which one has an unlabelled cell, keep the names of their conditions.
  sce$condition[1] <- ""
  two <- quiet_fit(sce[, 1:40], treated = sce[, 41:70])
  expect_identical(c(two$control, two$target), c("ctrl", "stim"))
})

test_that("exchanged cells are named wherever labels can tell", {
  sce <- object()
  of.object <- quiet_fit(sce)
  fresh <- object(cbind(new$control, new$treated), rep(c("ctrl", "stim"), c(20, 15)))
  control <- fresh[, 1:20]
  treated <- fresh[, 21:35]
  swapped <- "observed has 20 cells that are \"ctrl\", not \"stim\""
  score <- function(...) suppressMessages(evaluate_predictions(..., metrics = "w2"))
  expect_warning(score(predict(of.object, control), control, train = of.object), swapped)
  expect_warning(score(predict(of.object, control), control,
                       train = list(control = sce[, 1:40], treated = sce[, 41:70])), swapped)
  told <- capture_warnings(worst_features(of.object, control, treated))
  expect_match(told, swapped, all = FALSE)
  expect_match(told, "control has 15 cells that are \"stim\", not \"ctrl\"", all = FALSE)
  three <- object(condition = rep(c("ctrl", "a", "b"), c(40, 15, 15)))
  fits <- quiet_fit(three)
  fresh$condition <- rep(c("ctrl", "a", "b"), c(20, 8, 7))
  given <- list(b = fresh[, 21:28], a = fresh[, 29:35])
  told <- capture_warnings(score(fits, given, fresh[, 1:20]))
  expect_match(told, "observed \"b\" has 8 cells that are \"a\", not \"b\"", all = FALSE)
  expect_no_warning(score(fits, stats::setNames(given, c("a", "b")), fresh[, 1:20]))
  expect_sentence(score(fits, list(bb = given$b), fresh[, 1:20]), "has not seen \"bb\"")
  expect_sentence(score(of.object, observd = treated, control = control),
                  "did you mean \"observed\"")
  expect_sentence(score(of.object, NULL, control), "observed is missing")
})

test_that("predictions may be more or fewer than the control cells beside them", {
  predicted <- predict(fit, new$control)
  found <- suppressMessages(evaluate_predictions(predicted, new$treated, new$control[, 1:9],
                                                 train = fit, metrics = "w2"))
  w2 <- function(table, method) table$value[table$method == method]
  alone <- suppressMessages(evaluate_predictions(predicted, new$treated, train = fit,
                                                 metrics = "w2"))
  expect_equal(w2(found, "prediction"), w2(alone, "prediction"))
  fewer <- suppressMessages(evaluate_predictions(fit, new$treated, new$control[, 1:9],
                                                 metrics = "w2"))
  expect_equal(w2(found, "mean_shift"), w2(fewer, "mean_shift"))
})

test_that("predicted conditions are of the kind that the conditions are", {
  for (condition in list(rep(c(0, 24), c(40, 30)), rep(c(0L, 24L), c(40, 30)),
                         rep(c(FALSE, TRUE), c(40, 30)),
                         factor(labels, ordered = TRUE))) {
    sce <- object(condition = condition)
    predicted <- predict(quiet_fit(sce, control = condition[1]), sce[, 1:3])
    expect_identical(predicted$condition, condition[c(70, 70, 70)])
  }
})

test_that("no column of the user's is replaced by the mark of predicted cells", {
  sce <- object()
  sce$donor <- "d1"
  of.object <- quiet_fit(sce)
  controls <- sce[, 1:40]
  expect_sentence(predict(of.object, controls, label = "donor"),
                  "label = \"donor\" would replace the column of that name in newdata")
  expect_sentence(predict(of.object, controls, label = "condition"), "would replace the column")
  controls$predicted <- "cluster 3"
  expect_sentence(predict(of.object, controls), "label = \"predicted\" would replace")
  expect_identical(unique(predict(of.object, controls, label = NULL)$predicted), "cluster 3")
  all <- predict(of.object, sce, into = "cells")
  # As a file of another program has it.
  for (kind in list(as.character, factor)) {
    all$predicted <- kind(all$predicted)
    expect_warning(again <- quiet_fit(all), "left out: 40 cells that are predicted")
    expect_identical(again$report$n.treated, 30)
  }
  expect_sentence(predict(of.object, sce[, 1:40], into = "altexpp"),
                  "did you mean \"altexp\"\\? An assay of that name is c\\(assay = \"altexpp\"\\)")
})

test_that("a prediction of a DelayedMatrix is one", {
  skip_if_not_installed("DelayedArray")
  found <- predict(fit, DelayedArray::DelayedArray(new$control))
  expect_true(is(found, "DelayedMatrix"))
  expect_equal(as.matrix(found), predict(fit, new$control))
})

test_that("the split and target that lack cells cost no others", {
  donor <- rep(c("a", "b", "c"), length.out = 70)
  drug <- replace(labels, which(labels == "stim" & donor == "c"), NA)
  told <- capture_warnings(bench <- benchmark_methods(both, "mean_shift", condition = drug,
                                                      split = donor, seeds = 1, metrics = "w2",
                                                      verbose = FALSE))
  expect_match(told, "split \"c\" has no test treated cells for target \"stim\"")
  bench <- as.data.frame(bench)
  expect_false(anyNA(bench$value[bench$split != "c"]))
  expect_match(bench$reason[bench$split == "c"], "no test treated cells")
  expect_sentence(benchmark_methods(both, "mean_shift", condition = labels, seeds = 1,
                                    split = ifelse(labels == "ctrl", "a", "b"), verbose = FALSE),
                  "give splits whose parts have control and treated cells")
  expect_sentence(benchmark_methods(both, list(two = function(control, treated) treated),
                                    condition = labels),
                  "the function \"two\" .* it takes 2 arguments")
})

test_that("a reference of a split that was given is not called true cells", {
  part <- ifelse(rep(c("a", "b"), 35) == "a", "train", "test")
  bench <- benchmark_methods(both, "mean_shift", condition = labels, split = part, seeds = 1,
                             metrics = "w2", verbose = FALSE)
  expect_output(print(bench), "noise_reference: treated cells of the training part")
  random <- benchmark_methods(both, "mean_shift", condition = labels, seeds = 1, metrics = "w2",
                              verbose = FALSE)
  expect_output(print(random), "noise_reference: true treated cells")
})

test_that("one object is told from two, and features that are missing from names that differ", {
  expect_sentence(benchmark_methods(cells$control, treated = cells$treated),
                  "treated does not go here: bind control and treated")
  expect_sentence(split_cells(cells$control, treated = cells$treated), "treated does not go here")
  expect_sentence(quiet_fit(list(cells$control, cells$treated)), "treated cells as treated = ")
  expect_sentence(predict(fit, new$control[1:4, ]), "fit again on the features that both have")
  expect_sentence(quiet_fit(cells$control[1:4, ], cells$treated),
                  "keep the features that both have")
  other <- predict(fit, new$control)
  rownames(other) <- toupper(rownames(other))
  expect_sentence(cell_spearman(predict(fit, new$control), other), "upper and lower case")
  genome <- new$control
  rownames(genome) <- paste0("GRCh38_", rownames(genome))
  expect_sentence(predict(fit, genome), "the name of a genome")
  expect_sentence(simulate_screen(n = 5), "unknown argument \"n\"")
  expect_sentence(simulate_populations(n.control = 5), "unknown argument \"n.control\"")
  expect_sentence(mmd2(new$control), "two populations as x and y")
  expect_sentence(response_table(), "x is missing; give a fit")
})

test_that("a fit that fell back pairs and trained nothing, and says so", {
  few <- suppressWarnings(quiet_fit(cells$control[, 1:2], cells$treated))
  expect_sentence(pairing(few), "pairs no cells: it fell back to the mean shift")
  network <- suppressWarnings(scgen_fit(cells$control[, 1:2], cells$treated, seed = 1,
                                        verbose = FALSE))
  expect_sentence(plot(network, type = "objective"), "nothing was trained: the fit fell back")
  expect_message(evaluate_predictions(fit, new$treated[, 1, drop = FALSE], new$control,
                                      reference = "halves", metrics = "sd_ratio"),
                 "noise_reference \\(too few observed cells for two halves\\)")
  one <- lapply(new, function(side) side[, 1, drop = FALSE])
  expect_warning(response_table(fit, one$treated, one$control), "at least two cells")
})
