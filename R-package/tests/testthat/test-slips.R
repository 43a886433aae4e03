# Slips that used to pass without a word, one of each kind.

cells <- two_populations(n = 40, m = 30, d = 6)
both <- cbind(cells$control, cells$treated)
labels <- rep(c("ctrl", "stim"), c(40, 30))
fit <- quiet_fit(cells$control, cells$treated)

test_that("empty and written-out missing labels are missing", {
  marked <- labels
  marked[c(1, 2, 3, 41)] <- c("", "NA", "#N/A", "N/A")
  expect_message(found <- laot_fit(both, condition = marked, seed = 1),
                 "Left out: 4 cells without a condition")
  expect_s3_class(found, "laot_fit")
  expect_identical(found$report$n.control, 37)
  expect_identical(found$report$n.treated, 29)
  expect_sentence(quiet_fit(both, condition = labels, batch = replace(rep(c("a", "b"), 35), 5, "")),
                  "batch has no label for 1 of the cells that are used")
})

test_that("times are read with their units", {
  times <- function(x) as.numeric(laot:::times_of_labels(x))
  expect_equal(times(c("30min", "2h", "24h")), c(0.5, 2, 24))
  expect_equal(times(c("24h", "2 d", "1 week")), c(1 / 7, 2 / 7, 1))
  expect_equal(times(c("D0", "D3", "D7")), c(0, 3, 7))
  expect_equal(times(c("day7", "Day 14")), c(7, 14))
  expect_equal(times(c("0", "30m", "1hr")), c(0, 0.5, 1))
  expect_equal(times(c("24 hours", "2 days")), c(1, 2))
  expect_equal(times(c("1 hour", "30 minutes")), c(1, 0.5))
  expect_equal(times(c("0h", "24h")), c(0, 24))
  expect_equal(times(c("1.5", "-2", "1e3")), c(1.5, -2, 1000))
  expect_sentence(times(c("2", "30min", "2h")), "numbers without one, such as \"2\"")
  expect_equal(times(c("-1d", "0")), c(-1, 0))
  expect_equal(times(c("1month", "1year")), c(1 / 12, 1))
  expect_equal(times(c("1h30min", "2h", "1 h 15 min")), c(1.5, 2, 1.25))
  expect_equal(times(c("10ms", "1s")), c(0.01, 1))
  expect_equal(times(c("2 hrs", "90 mins")), c(2, 1.5))
  expect_equal(times(c("t0", "t24")), c(0, 24))
  expect_equal(times(c("1:30", "2h", "0:00")), c(1.5, 2, 0))
  expect_equal(times("1:30:36"), 1.51)
  of_two_cells <- function(labels) laot:::time_of_cells(labels, laot:::read_source(diag(2)))
  expect_message(of_two_cells(c("1:30", "0:10")),
                 "such as 1:30 are read as hours and minutes")
  for (wrong in c("1:75", "1,5h", "1/2 h"))
    expect_sentence(of_two_cells(c("1h", wrong)), paste0("found \"", wrong))
  for (wrong in list(c("5 uM", "10 nM"), c("1M", "3d"), c("1x", "3h")))
    expect_sentence(times(wrong), "cannot be compared")
  expect_true(is.na(times("early")))
  expect_true(is.na(times("t24_rep1")[1L]))
  expect_sentence(of_two_cells(c("24h", "late")), "found \"late\"")
  expect_message(of_two_cells(c("60min", "1h")),
                 "The times 60min, 1h are taken as one")
})

test_that("m beside longer units may be minutes or months", {
  times <- function(x) as.numeric(laot:::times_of_labels(x))
  says <- "where m may be minutes or months; write \"min\" or \"mo\""
  for (labels in list(c("3m", "18m", "2y"), c("1m", "2w"), c("0", "6m", "1 month")))
    expect_sentence(times(labels), says)
  expect_equal(times(c("30m", "2h", "1d")), c(1 / 48, 1 / 12, 1))
  expect_equal(times(c("30min", "2w")), c(30 / 10080, 2))
})

test_that("parts of names are seen through a function that passes its arguments on", {
  table <- function(...) response_table(fit, ...)
  deeper <- function(...) table(...)
  for (f in list(table, deeper)) {
    expect_sentence(f(cells$treated, cells$control, set = list(a = "gene1")),
                    "no argument set; write sets in full")
    expect_s3_class(suppressWarnings(f(cells$treated, cells$control, sets = list(a = "gene1"))),
                    "laot_response")
  }
  expect_sentence(predict(fit, cells$control, labels = "x"), "did you mean \"label\"")
  expect_sentence(mmd2(cells$control, cells$treated, gama = 1), "did you mean \"gamma\"")
  expect_sentence(composition_weights(fit, cells$control, typ = "a"), "types")
})

test_that("what is no cells is told in its own words", {
  expect_sentence(predict(fit, fit), "newdata must hold cells, found a fit")
  expect_sentence(laot_fit("x.h5ad"), "read the file first, with .*readH5AD")
  expect_sentence(predict(fit, "cells.rds"), "read the file first, with readRDS")
  expect_sentence(laot_fit(cells$control, "stim.rds"), "treated must hold cells.*with readRDS")
  expect_sentence(laot_fit(cells$control, target = cells$treated),
                  "target names a level of condition, and holds cells here.*treated = ")
  expect_sentence(laot_fit(control = cells$control, treated = cells$treated),
                  "control names a level of condition, and holds cells here")
  expect_sentence(fit_method(both), "method is missing; name one.*mean_shift")
  some <- cells$control[1:3, 1:5]
  expect_sentence(predict(fit, some), "lacks 3 of the 6 features.*intersect\\(\\) of their names")
  expect_sentence(laot_fit(unname(t(cells$control[, 1:9])), unname(t(cells$treated[, 1:8]))),
                  "both have 6 columns: cells are columns here, so give t\\(\\) of both")
  for (hint in list(c("group.by", "condition = in a fit"), c("split.by", "by = "),
                    c("use.altexp", "altexp = here"), c("use.dimred", "dimred = here"))) {
    more <- stats::setNames(list("a"), hint[1L])
    expect_sentence(do.call(laot_fit, c(list(both, condition = labels), more)), hint[2L])
    expect_sentence(do.call(evaluate_predictions, c(list(fit, both, both), more)), hint[2L])
  }
  skip_if_not_installed("SeuratObject")
  assay <- SeuratObject::CreateAssayObject(data = both)
  expect_sentence(laot_fit(assay, condition = labels),
                  "x is an assay of a Seurat object; give the object itself, and assay = ")
})

test_that("sets of another shape are told with what to give", {
  table <- function(sets) response_table(fit, cells$treated, cells$control, sets = sets)
  of <- data.frame(gs_name = "a", gene_symbol = paste0("gene", 1:3))
  expect_sentence(table(of), "split\\(df\\$gene_symbol, df\\$gs_name\\)")
  expect_sentence(table(data.frame(term = "a", gene = "gene1")), "split\\(df\\$gene, df\\$term\\)")
  expect_sentence(table(list(a = "gene1", b = factor("gene2"))),
                  "set \"b\" must be names of features, found factor values.*as.character")
  expect_sentence(table(list(a = 1:2)), "set \"a\" must be names of features, found integer")
  expect_sentence(table("gene1"), "one set is list\\(name = \\)")
  expect_identical(suppressWarnings(table(split(of$gene_symbol, of$gs_name)))$features, 3L)
})

test_that("labels of another length are not taken for columns", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(logcounts = both), colData = S4Vectors::DataFrame(condition = labels, donor = "d"))
  for (argument in c("by", "batch")) {
    asked <- function(value)
      do.call(quiet_fit, c(list(sce), stats::setNames(list(value), argument)))
    expect_sentence(asked(rep(c("d1", "d2"), 30)),
                    paste(argument, "must be a column name or have one label for each of the 70",
                          "cells, found a character of length 60"))
    expect_sentence(asked(c("donor", "line")), "has no column \"line\"")
  }
})

test_that("arguments are named in full", {
  expect_sentence(simulate_populations(n = 5), "no argument n; write noise in full")
  expect_sentence(fit_trivial(cells$control, cells$treated, m = "identity"),
                  "no argument m; write method in full")
  expect_sentence(predict(fit, new = cells$control), "newdata|no argument new")
  expect_sentence(laot_fit(both, cond = labels), "no argument cond; write condition in full")
  expect_sentence(laot_fit(both, conditoin = labels), "did you mean \"condition\"")
  expect_sentence(mmd2(cells$control, cells$treated, est = "biased"),
                  "no argument est; write estimator")
})

test_that("no exported function takes a part of an argument's name, or one that it has not", {
  namespace <- asNamespace("laot")
  methods <- getNamespaceInfo(namespace, "S3methods")
  known <- c("predict", "plot", "autoplot", "coef", "summary", "fitted", "residuals", "effects",
             "as.data.frame", "tidy", "glance", "augment", "trackability")
  for (name in c(getNamespaceExports(namespace), methods[methods[, 1L] %in% known, 3L])) {
    f <- get(name, namespace)
    if (!is.function(f)) next
    # Arguments behind the dots are matched in full by R itself.
    before <- cumsum(names(formals(f)) == "...") == 0L
    told <- setdiff(names(formals(f))[before], c("x", "object", "fit"))
    body <- paste(deparse(body(f)), collapse = " ")
    if (length(told) && !grepl("UseMethod", body))
      expect_match(body, "exact_arguments", info = name, fixed = TRUE)
  }
  for (f in list(coef, summary, fitted, as.data.frame))
    expect_sentence(f(fit, foo = 1), "unknown argument \"foo\"")
})

test_that("a number of components that there are not is said", {
  expect_warning(found <- quiet_fit(cells$control, cells$treated, n.pcs = 500),
                 "n.pcs = 500 was cut to 6 components")
  expect_identical(found$report$components, 6)
  expect_silent(quiet_fit(cells$control, cells$treated, n.pcs = 3))
  three <- rep(c("control", "a", "b"), length.out = ncol(both))
  of.many <- function(n.pcs) fit_method(both, "conditional_laot", condition = three,
                                        control = "control", covariates = data.frame(drug = three),
                                        n.pcs = n.pcs, seed = 1, verbose = FALSE)
  said <- capture_warnings(found <- of.many(500))
  expect_identical(sum(grepl("n.pcs = 500 was cut to 6 components: the cells have no more", said,
                             fixed = TRUE)), 1L)
  expect_identical(found[["a"]]$report$components, 6)
  expect_false(any(grepl("was cut", capture_warnings(of.many(3)))))
})

test_that("names that differ by their style are seen, with an example of both sides", {
  renamed <- function(names) `rownames<-`(cells$control, names)
  plain <- paste0("HLA_", 1:6)
  named <- quiet_fit(renamed(plain), `rownames<-`(cells$treated, plain))
  expect_sentence(predict(named, renamed(sub("_", "-", plain))),
                  "differ by \"_\", \"-\" and \".\": HLA-1 there, HLA_1 here")
  expect_sentence(predict(named, renamed(tolower(plain))),
                  "differ by upper and lower case: hla_1 there, HLA_1 here")
  expect_sentence(predict(named, renamed(letters[1:6])), "its names look like a, b")
  ids <- sprintf("ENSG%011d", 1:6)
  versioned <- quiet_fit(renamed(paste0(ids, ".7")), `rownames<-`(cells$treated, paste0(ids, ".7")))
  expect_sentence(predict(versioned, renamed(ids)),
                  "differ by a version.*ENSG00000000001 there, ENSG00000000001.7 here")
  expect_sentence(predict(fit, t(cells$control)), "cells are columns here, so give t\\(newdata\\)")
  expect_sentence(laot_fit(t(both), condition = labels),
                  "one label for each of the 70 rows of x.*t\\(x\\)")
})

test_that("a fit of too few cells says what it is, and one of nearly as few that it proves nothing",
          {
  expect_warning(two <- quiet_fit(cells$control[, 1:2], cells$treated),
                 "fell back to the mean shift")
  expect_output(print(two), "outcome   fell back to the mean shift: a fit needs at least 3 cells")
  expect_warning(three <- quiet_fit(cells$control[, 1:3], cells$treated[, 1:3]),
                 "passes through every cell: 3 cells a side")
  some <- both[, c(1:40, 41:42, 50:60)]
  expect_warning(list <- quiet_fit(some, condition = rep(c("ctrl", "rare", "stim"), c(40, 2, 11))),
                 "ctrl to rare: fell back")
  expect_output(print(list), "rare .*mean shift")
  three.labels <- rep(c("ctrl", "a", "rare", "stim"), c(30, 9, 2, 12))
  of.many <- function(method)
    suppressMessages(fit_method(some, method, condition = three.labels, seed = 1, verbose = FALSE))
  expect_warning(of.many("conditional_laot"), paste(
    "fewer than 3 cells on a side show a mean and nothing else: read as a mean shift, or leave",
    "out, the condition \"rare\" \\(2 treated, 30 control\\)"))
  expect_sentence(of.many("cmonge"), "\"rare\" has 2 treated and 30 control cells")
})

test_that("a network that was not trained says so", {
  for (raw in list(scgen_fit(cells$control, cells$treated, hidden.units = 4, latent = 2, epochs = 0,
                             seed = 1, verbose = FALSE),
                   cellot_fit(cells$control, cells$treated, compact = TRUE, iterations = 0,
                              seed = 1, verbose = FALSE))) {
    expect_output(print(raw), "outcome   not trained: no iterations were asked for")
  }
})

test_that("counts called logcounts are noticed", {
  skip_if_not_installed("SingleCellExperiment")
  object <- function(values) {
    SingleCellExperiment::SingleCellExperiment(list(logcounts = values, counts = values),
                                               colData = S4Vectors::DataFrame(condition = labels))
  }
  counts <- round(exp(both + 1))
  expect_warning(quiet_fit(object(counts)), "assay \"logcounts\" of x holds whole numbers only")
  expect_warning(quiet_fit(object(counts / 3 * 1e4)),
                 "assay \"logcounts\" of x holds values up to [0-9]+, too large for logarithms")
  expect_warning(quiet_fit(object(log1p(counts / 3 * 1e4))), NA)
  expect_silent(quiet_fit(object(counts), assay.type = "counts"))
  expect_silent(quiet_fit(object(log1p(counts))))
})

test_that("what predictions are is not lost on the next fit", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(list(logcounts = both),
                                                    colData = S4Vectors::DataFrame(
                                                      condition = labels))
  whole <- quiet_fit(sce)
  sce$predicted <- FALSE
  more <- BiocGenerics::cbind(sce, predict(whole, sce[, labels == "ctrl"]))
  expect_warning(again <- quiet_fit(more), "left out: 40 cells that are predicted")
  expect_identical(coef(again), coef(whole))
})

test_that("labels are trimmed, and words for nothing are none", {
  marked <- replace(labels, c(1, 2, 3, 41), c("n/a", "NULL", "nan", "stim "))
  messages <- capture_messages(found <- laot_fit(both, condition = marked, seed = 1))
  expect_match(messages, "ends of labels of condition is left out: \"stim \"", all = FALSE)
  expect_match(messages, "Left out: 3 cells without a condition", all = FALSE)
  expect_identical(found$report$n.treated, 30)
  expect_message(laot_fit(both, condition = sub("stim", "T cell", labels), seed = 1),
                 "target: \"T cell\"", fixed = TRUE)
})

test_that("the same cells on both sides are told", {
  expect_warning(quiet_fit(cells$control, cells$control), "hold the same cells")
})

test_that("cells of the names of training cells are compared by value", {
  score <- function(observed, fitted = fit)
    suppressMessages(evaluate_predictions(fitted, observed, cells$control, metrics = "sd_ratio"))
  expect_warning(score(cells$treated), "30 observed cells are among the training cells")
  expect_no_warning(score(cells$treated + 0.1))
  some <- cells$treated
  some[, -1] <- some[, -1] + 0.1
  expect_warning(score(some), "1 observed cell is among the training cells")
  expect_warning(laot:::warn_of_trained(list(cells$treated), colnames(cells$treated), list()),
                 "30 observed cells have barcodes of training cells")
})

test_that("cells without a level of by are told, and a quiet fit tells them when printed", {
  by <- rep(c("T", "B"), 35)
  by[c(5, 50)] <- c(NA, "")
  by[1:3] <- "Z"
  fits <- quiet_fit(both, condition = labels, by = by)
  expect_output(print(fits), "Left out: Z, with no treated cells")
  expect_output(print(fits), "Left out: 2 cells without a level of by")
  expect_message(laot_fit(both, condition = labels, by = by, seed = 1),
                 "Left out: 2 cells without a level of by")
})

test_that("predicted cells and exchanged sides are told by every reader", {
  skip_if_not_installed("SingleCellExperiment")
  object <- SingleCellExperiment::SingleCellExperiment(
    list(logcounts = both), colData = S4Vectors::DataFrame(condition = labels, type = "T"))
  fit <- quiet_fit(object)
  control <- object[, 1:40]
  treated <- object[, 41:70]
  all <- predict(fit, object, into = "cells")
  expect_warning(parts <- split_cells(all, seed = 1), "left out: 40 cells that are predicted")
  expect_identical(unname(is.na(parts)), rep(c(FALSE, TRUE), c(70, 40)))
  expect_warning(parts <- split_cells(all, by = labels[c(1:70, 1:40)], hold.out = "stim"),
                 "left out: 40")
  expect_identical(sum(is.na(parts)), 40L)
  expect_warning(benchmark_methods(all, "identity", seeds = 1, metrics = "sd_ratio",
                                   verbose = FALSE), "left out: 40 cells that are predicted")
  predicted <- all[, 71:110]
  expect_warning(pseudo_bulk(fit, control, "type", observed = predicted),
                 "observed has 40 cells that are predicted")
  expect_warning(quiet_fit(control, predicted), "treated object has 40 cells that are predicted")
  expect_warning(pseudo_bulk(fit, object, "type"), "control has 30 cells that are \"stim\"")
  told <- capture_warnings(response_table(fit, control, treated))
  expect_match(told, "observed has 40 cells that are \"ctrl\"", all = FALSE)
  expect_match(told, "control has 30 cells that are \"stim\"", all = FALSE)
  expect_warning(quiet_fit(object, treated), "both have cells that are stim")
})

test_that("a network of many conditions says how long it was trained", {
  three <- rep(c("control", "a", "b"), length.out = ncol(both))
  trained <- function(iterations)
    suppressWarnings(fit_method(both, "cmonge", condition = three, control = "control",
                                covariates = data.frame(drug = three), iterations = iterations,
                                seed = 1, verbose = FALSE))
  none <- trained(0)
  expect_output(print(none), "not trained")
  expect_output(print(none[["a"]]), "not trained: no iterations were asked for")
  some <- trained(3)
  expect_identical(some[["a"]]$report$iterations, 3)
  expect_output(print(some[["a"]]), "trained to the last iteration, 3; iteration 3 is kept")
  expect_false(any(grepl("max.iter", utils::capture.output(print(some[["a"]])))))
})

test_that("a level is not taken for a column, nor a control for a tolerance", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(logcounts = both), colData = S4Vectors::DataFrame(treatment = labels)
  )
  expect_sentence(quiet_fit(sce, condition = "stim"),
                  "no column \"stim\" \\(it is a level of \"treatment\"\\); choose one")
  expect_sentence(quiet_fit(sce, condition = "treatmnt"),
                  "no column \"treatmnt\" \\(did you mean \"treatment\"\\?\\)")
  expect_sentence(quiet_fit(sce, condition = "treatment", ctrl = "ctrl"),
                  "no parameter \"ctrl\"; did you mean \"control\"\\?")
})
