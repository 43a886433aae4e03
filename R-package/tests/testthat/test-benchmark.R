benchmark_cells <- function() {
  set.seed(1)
  cells <- matrix(rnorm(4 * 120), 4, dimnames = list(paste0("gene", 1:4), paste0("cell", 1:120)))
  cells[, 71:120] <- 0.6 * cells[, 71:120] + c(2, 0, 1, 0)
  cells
}
benchmark_condition <- rep(c("ctrl", "drug"), c(70, 50))
bench <- function(..., seeds = 1:2, verbose = FALSE) {
  benchmark_methods(benchmark_cells(), condition = benchmark_condition, seeds = seeds,
                    verbose = verbose, ...)
}

test_that(
  "a benchmark has a row for each method, split, seed and metric, and the same numbers again", {
  out <- bench(metrics = c("mmd2", "w2"))
  expect_s3_class(out, "laot_benchmark")
  expect_equal(nrow(out), 5 * 2 * 2)
  expect_named(out, c("method", "target", "split", "seed", "kind", "metric", "estimator", "setting",
                      "features",
                      "cells", "observed", "value", "left.out", "reason"))
  expect_false(anyNA(out$value))
  expect_identical(out, bench(metrics = c("mmd2", "w2")))
  table <- summary(out)
  row <- table[table$method == "laot" & table$metric == "w2", ]
  values <- out$value[out$method == "laot" & out$metric == "w2"]
  expect_equal(c(row$mean, row$sd), c(mean(values), sd(values)))
  expect_lt(table$mean[table$method == "laot" & table$metric == "mmd2"],
            table$mean[table$method == "identity" & table$metric == "mmd2"])
})

test_that("a score of the table is the score by hand", {
  out <- bench("mean_shift", metrics = c("mmd2", "l2_drug_signature"), seeds = 4)
  cells <- benchmark_cells()
  part <- split_cells(120, benchmark_condition, seed = 4)
  pick <- function(level, which) cells[, benchmark_condition == level & part == which]
  shift <- rowMeans(pick("drug", "train")) - rowMeans(pick("ctrl", "train"))
  predicted <- pick("ctrl", "test") + shift
  value <- function(metric) out$value[out$method == "mean_shift" & out$metric == metric]
  expect_equal(value("l2_drug_signature"),
               sqrt(sum((rowMeans(predicted) - rowMeans(pick("drug", "test")))^2)))
  train <- cbind(pick("ctrl", "train"), pick("drug", "train"))
  gamma <- 1 / median(dist(t(train))^2)
  mean_k <- function(a, b, same) {
    k <- exp(-gamma * as.matrix(dist(t(cbind(a, b))))[seq_len(ncol(a)),
                                                      ncol(a) + seq_len(ncol(b))]^2)
    if (same) (sum(k) - ncol(a)) / (ncol(a) * (ncol(a) - 1)) else mean(k)
  }
  p <- predicted
  t <- pick("drug", "test")
  expect_equal(value("mmd2"), mean_k(p, p, TRUE) + mean_k(t, t, TRUE) - 2 * mean_k(p, t, FALSE))
})

test_that("cells on disk have their folder of results, and groups as splits all default metrics", {
  skip_if_not_installed("HDF5Array")
  cells <- two_populations(n = 60, m = 60, d = 5)
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(logcounts = cbind(cells$control, cells$treated)),
    colData = S4Vectors::DataFrame(condition = rep(c("ctrl", "stim"), each = 60),
                                   donor = rep_len(c("a", "b", "c"), 120)))
  run <- function(x, ...) suppressMessages(
    benchmark_methods(x, "identity", seeds = 1, verbose = FALSE, ...))
  whole <- run(sce, split = "donor")
  shift <- whole$method == "noise_reference" & whole$metric == "pearson_mean_shift"
  expect_false(anyNA(whole$value[shift]))
  expect_true(any(shift))
  SummarizedExperiment::assay(sce, "logcounts") <- methods::as(
    SummarizedExperiment::assay(sce), "HDF5Array")
  folder <- withr_folder()
  first <- run(sce, path = folder)
  expect_identical(as.data.frame(run(sce, path = folder)), as.data.frame(first))
  expect_error(run(sce[1:4, ], path = folder), "other data, settings")
})

test_that("what was killed half-way goes on, and gives the same table", {
  folder <- withr_folder()
  killed <- new.env()
  killed$after <- 2L
  halting <- function(control, treated, new) {
    killed$after <- killed$after - 1L
    if (killed$after < 0L)
      stop(structure(list(message = "", call = NULL), class = c("killed", "condition")))
    new + rowMeans(treated) - rowMeans(control)
  }
  methods <- list(shift = halting, identity = "identity")
  expect_true(tryCatch({
    bench(methods, path = folder, seeds = 1:4)
    FALSE
  }, killed = function(condition) TRUE))
  before <- list.files(folder, "rds$", full.names = TRUE)
  expect_gt(length(before), 3)
  times <- file.mtime(before)
  # A file that was cut off is computed again.
  writeBin(raw(10), before[1L])
  killed$after <- 100L
  resumed <- bench(methods, path = folder, seeds = 1:4)
  expect_equal(file.mtime(before)[-1L], times[-1L])
  expect_identical(resumed, bench(methods, seeds = 1:4))
  expect_length(list.files(folder, "half"), 0)
  expect_error(bench(methods, path = folder, seeds = 1:4, metrics = "w1"), "other data, settings")
  writeLines("", file.path(other <- withr_folder(), "mine.txt"))
  expect_error(bench(methods, path = other), "not empty")
})

test_that("a process killed half-way leaves what the next one goes on from, to the same table", {
  skip_on_cran()
  skip_on_os("windows")
  folder <- withr_folder()
  cells <- file.path(withr_folder(), "cells.rds")
  saveRDS(benchmark_cells(), cells)
  # A method slow enough to be killed between two tasks, and in the middle of one.
  slow <- function(control, treated, new) {
    Sys.sleep(0.4)
    new + rowMeans(treated) - rowMeans(control)
  }
  script <- tempfile(fileext = ".R")
  on.exit(unlink(script))
  writeLines(c(
    paste0(".libPaths(", paste(deparse(.libPaths()), collapse = ""), ")"),
    paste("slow <-", paste(deparse(slow, control = NULL), collapse = "\n")),
    "arguments <- commandArgs(TRUE)",
    "writeLines(as.character(Sys.getpid()), arguments[3])",
    "laot::benchmark_methods(readRDS(arguments[1]), list(slow = slow, identity = 'identity'),",
    "                        condition = rep(c('ctrl', 'drug'), c(70, 50)), seeds = 1:6,",
    "                        path = arguments[2], verbose = FALSE)"
  ), script)
  pid.file <- tempfile()
  system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", script, cells, folder, pid.file),
          wait = FALSE,
          stdout = FALSE, stderr = FALSE)
  finished <- function() list.files(folder, "rds$", full.names = TRUE)
  deadline <- Sys.time() + 60
  while (length(finished()) < 4L && Sys.time() < deadline) Sys.sleep(0.02)
  expect_true(tools::pskill(as.integer(readLines(pid.file)), tools::SIGKILL))
  Sys.sleep(0.2)
  before <- finished()
  times <- file.mtime(before)
  expect_gte(length(before), 4)
  expect_lt(length(before), 6 * 3)
  Sys.sleep(0.6)
  expect_identical(finished(), before)
  methods <- list(slow = slow, identity = "identity")
  resumed <- bench(methods, path = folder, seeds = 1:6)
  expect_identical(file.mtime(before), times)
  expect_length(finished(), 6 * 3)
  expect_identical(resumed, bench(methods, seeds = 1:6))
})

test_that("the table does not depend on where the tasks ran", {
  skip_if_not_installed("BiocParallel")
  expected <- bench(metrics = c("mmd2", "w2"))
  expect_identical(bench(metrics = c("mmd2", "w2"), BPPARAM = BiocParallel::SerialParam()),
                   expected)
  skip_on_cran()
  expect_identical(bench(metrics = c("mmd2", "w2"), BPPARAM = BiocParallel::SnowParam(2)), expected)
})

test_that("a method that fails is named with its error, and the others stand", {
  out <- bench(list(bad = function(control, treated, new) stop("no such thing"),
                    mean_shift = "mean_shift"))
  expect_true(all(is.na(out$value[out$method == "bad"])))
  expect_match(out$reason[out$method == "bad"][1L], "no such thing")
  expect_false(anyNA(out$value[out$method == "mean_shift"]))
  expect_output(print(out), "bad: 2 runs without a value .failed: no such thing")
  out <- bench(list(bad = function(control, treated, new) new[1:2, ]))
  expect_match(out$reason[1L], "must return 4 x 14 values")
})

test_that("groups are held out, given splits are used, validation cells are left aside", {
  group <- rep(c("d1", "d2"), 60)
  out <- bench("mean_shift", split = group, metrics = "w2", seeds = 1)
  expect_setequal(out$split, c("d1", "d2"))
  part <- split_cells(120, benchmark_condition, validation = 0.3, seed = 1)
  given <- bench("mean_shift", split = part, metrics = "l2_drug_signature", seeds = 1)
  cells <- benchmark_cells()
  means <- function(level, which) rowMeans(cells[, benchmark_condition == level & part == which])
  error <- means("ctrl", "test") + means("drug", "train") - means("ctrl", "train") -
    means("drug", "test")
  expect_equal(given$value[given$method == "mean_shift"], sqrt(sum(error^2)))
})

test_that("markers are chosen on training cells, and scored beside all features", {
  out <- bench("mean_shift", markers = 2, metrics = "l2_drug_signature", seeds = 1)
  expect_setequal(out$features, c("4 features", "top 2 markers"))
  cells <- benchmark_cells()
  part <- split_cells(120, benchmark_condition, seed = 1)
  means <- function(level, which)
    rowMeans(cells[c(1, 3), benchmark_condition == level & part == which])
  error <- means("ctrl", "test") + means("drug", "train") - means("ctrl", "train") -
    means("drug", "test")
  expect_equal(out$value[out$method == "mean_shift" & out$features == "top 2 markers"],
               sqrt(sum(error^2)))
})

test_that("presets and parameters of methods are passed on", {
  out <- bench(c("laot", "laot/algorithm1"), metrics = "sd_ratio", seeds = 1)
  expect_false(out$value[out$method == "laot"] == out$value[out$method == "laot/algorithm1"])
  same <- bench(list(one = "laot/algorithm1", two = list("laot", preset = "algorithm1")),
                metrics = "w2", seeds = 1)
  expect_equal(same$value[same$method == "one"], same$value[same$method == "two"])
})

test_that("objects give the same table as their matrix", {
  skip_if_not_installed("SingleCellExperiment")
  cells <- benchmark_cells()
  sce <- SingleCellExperiment::SingleCellExperiment(
    assays = list(logcounts = cells),
    colData = S4Vectors::DataFrame(condition = benchmark_condition))
  out <- benchmark_methods(sce, "mean_shift", seeds = 1, verbose = FALSE)
  expect_identical(out$value, bench("mean_shift", seeds = 1)$value)
})

test_that("wrong use is refused in a sentence", {
  expect_error(bench("lot"), "did you mean \"laot\"")
  expect_error(bench("laot/algorithm2"), "algorithm1")
  expect_error(bench(list(function(control, treated, new) new)), "needs a name")
  expect_error(bench(c("laot", "laot")), "two methods are called")
  expect_error(bench(metrics = "mmd"), "no metric \"mmd\"")
  expect_error(bench(seeds = c(1, 1)), "twice")
  expect_error(bench(markers = 5), "1 to 4")
  expect_error(bench(test = 0), "above 0")
  expect_error(bench(tests = 0), "unknown argument \"tests\"")
  expect_error(bench(split = factor(rep("train", 120))), "has no test control cells")
  expect_error(benchmark_methods(benchmark_cells()), "condition")
})

test_that("a held-out group is referred to its own cells, and random splits do not break a batch", {
  donor <- rep(c("a", "b"), 60)
  out <- bench("mean_shift", metrics = "w2", split = donor, seeds = 1)
  expect_setequal(out$method, c("mean_shift", "noise_reference", "training_treated"))
  expect_identical(unique(out$kind), "unseen context")
  expect_output(print(out),
                "noise_reference: the treated cells of what was left out, half against half")
  donor[] <- "a"
  donor[c(1:5, 71)] <- "b"
  out <- bench("laot", metrics = "w2", batch = donor, seeds = 1:4)
  expect_false(anyNA(out$value))
})

test_that("a benchmark is drawn and printed", {
  out <- bench(metrics = c("mmd2", "sd_ratio"))
  expect_output(print(out), "noise_reference: true treated cells")
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_identical(plot(out), out)
  expect_error(plot(out, metrics = "w2"), "no values of \"w2\"")
  skip_if_not_installed("ggplot2")
  expect_s3_class(ggplot2::autoplot(out), "ggplot")
})

test_that("a mean stands beside its sd to the same place", {
  text <- laot:::mean_sd_text
  expect_identical(text(0.00072234, 0.00043967), "0.00072 +- 0.00044")
  expect_identical(text(25.49025, 0.2840), "25.49 +- 0.28")
  expect_identical(text(-350.3, 62.5), "-350 +- 62")
  expect_identical(text(0.98, 0), "0.980 +- 0")
  expect_identical(text(12.1, NA), "12.1")
  expect_identical(text(NA, NA), "NA")
  expect_identical(text(2.3e-7, 4.4e-8), "2.30e-07 +- 4.4e-08")
})

test_that("a printed benchmark shows what its summary says, and names a failure below the table", {
  out <- bench(list(mean_shift = "mean_shift", bad = function(control, treated, new) stop("oops")),
               metrics = c("mmd2", "w2"))
  shown <- capture.output(print(out))
  table <- summary(out)
  row <- table[table$method == "mean_shift" & table$metric == "w2", ]
  expect_match(grep("^mean_shift", shown, value = TRUE), laot:::mean_sd_text(row$mean, row$sd),
               fixed = TRUE)
  expect_identical(grep("mean \\+- sd over 2 runs", shown), 1L)
  expect_match(shown, "^  bad: 2 runs without a value .failed: oops.$", all = FALSE)
  # Where nothing else was scored, the table is there nonetheless.
  alone <- bench(list(bad = function(control, treated, new) stop("oops")), metrics = "w2")
  alone <- alone[alone$method == "bad", ]
  expect_output(print(alone), "^drug: mean \\+- sd over 2 runs.*bad +-")
  expect_error(bench(BPPARAM = 2), "BPPARAM must be NULL or a backend of BiocParallel")
})

test_that("half of the cells are test cells where half are asked for", {
  out <- bench("mean_shift", test = 0.5, metrics = "w2", seeds = 1)
  row <- out[out$method == "mean_shift", ]
  expect_identical(c(row$cells, row$observed) + 0, c(35, 25))
})

test_that("a fit of a benchmark pairs within the batch", {
  cells <- benchmark_cells()
  donor <- rep(c("a", "b"), 60)
  cells[, donor == "b"] <- cells[, donor == "b"] + c(3, -3, 0, 1)
  part <- split_cells(120, benchmark_condition, seed = 1)
  ask <- function(...) benchmark_methods(cells, "laot", condition = benchmark_condition,
                                         split = part, metrics = "w2", seeds = 1, verbose = FALSE,
                                         ...)
  out <- ask(batch = donor)
  at <- function(level, which) which(benchmark_condition == level & part == which)
  train <- list(control = at("ctrl", "train"), treated = at("drug", "train"))
  by.hand <- function(batch) {
    fit <- laot_fit(cells[, train$control], cells[, train$treated], keep.cells = 1e9, seed = 1,
                    batch = batch, verbose = FALSE)
    scores <- suppressMessages(evaluate_predictions(fit, cells[, at("drug", "test")],
                                                    cells[, at("ctrl", "test")], metrics = "w2"))
    scores$value[scores$method == "laot"]
  }
  value <- out$value[out$method == "laot"]
  expect_equal(value, by.hand(lapply(train, function(at) donor[at])))
  expect_false(isTRUE(all.equal(value, by.hand(NULL))))
})

test_that("the picture of a benchmark has every run, below its mean, and says what is drawn", {
  skip_if_not_installed("ggplot2")
  out <- bench(c("laot", "mean_shift"), metrics = "w2", seeds = 1:3)
  picture <- ggplot2::autoplot(out)
  layers <- ggplot2::ggplot_build(picture)$data
  runs <- Filter(function(layer) nrow(layer) == 9L && "size" %in% names(layer), layers)[[1L]]
  expect_setequal(runs$x, out$value)
  expect_setequal(round(as.numeric(runs$y) %% 1, 2), 0.75)
  means <- Filter(function(layer) nrow(layer) == 3L && "shape" %in% names(layer), layers)[[1L]]
  expect_setequal(as.numeric(means$y) %% 1, 0)
  expect_equal(sort(means$x), sort(as.vector(tapply(out$value, out$method, mean))))
  expect_match(picture$labels$caption,
               "small: single runs; dashed: noise reference.*scored on 4 features")
})

test_that("a folder's results are of its own splits", {
  folder <- withr_folder()
  group <- rep(c("d1", "d2"), 60)
  bench("mean_shift", split = group, metrics = "w2", seeds = 1, path = folder)
  expect_error(bench("mean_shift", split = rev(group), metrics = "w2", seeds = 1, path = folder),
               "other data, settings")
})
