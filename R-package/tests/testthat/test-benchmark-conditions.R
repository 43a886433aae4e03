# Benchmarks of many conditions: drugs A and B at three doses, each moving two features.
known <- expand.grid(dose = c(1, 3, 10), drug = c("A", "B"), stringsAsFactors = FALSE)
names.of <- paste0(known$drug, known$dose)
cells <- local({
  base <- two_populations(n = 60 + 6 * 40, m = 1, d = 4)$control
  for (k in 1:6) {
    at <- 60 + 40 * (k - 1) + 1:40
    move <- 2 * (known$drug[k] == "B") + 1:2
    base[move, at] <- base[move, at] + log1p(known$dose[k])
  }
  base
})
labels <- c(rep("ctrl", 60), rep(names.of, each = 40))
columns <- data.frame(drug = c(rep(NA, 60), rep(known$drug, each = 40)),
                      dose = c(rep(0, 60), rep(known$dose, each = 40)))
bench <- function(methods = "conditional_laot", ..., metrics = "mmd2", seeds = 1:2,
                  covariates = columns) {
  benchmark_methods(cells, methods, condition = labels, covariates = covariates, metrics = metrics,
                    seeds = seeds, verbose = FALSE, ...)
}
trivial <- c("conditional_gaussian", "regressed_shift", "nearest_shift", "identity")

test_that(
  "conditions that are held out are scored beside seen ones, and trivial predictors beside them", {
  out <- bench(hold.out = c("A3", "B10"), metrics = c("mmd2", "w2"))
  expect_s3_class(out, c("laot_condition_benchmark", "laot_benchmark"))
  expect_setequal(out$method, c("conditional_laot", trivial, "noise_reference"))
  expect_setequal(out$target, names.of)
  expect_identical(unique(out$kind[out$target %in% c("A3", "B10")]), "unseen dose")
  expect_identical(unique(out$kind[!out$target %in% c("A3", "B10")]), "seen")
  expect_false(anyNA(out$value))
  expect_identical(unique(out$observed[out$target == "A3" & out$method == "identity"]), 40)
  expect_identical(unique(out$observed[out$target == "A1" & out$method == "identity"]), 8)
  expect_identical(nrow(out), 2L * 6L * 6L * 2L)
  # One bandwidth for all methods at a condition.
  settings <- unique(out[out$metric == "mmd2" & out$method != "noise_reference",
                         c("target", "seed", "setting")])
  expect_identical(nrow(settings), 12L)
  expect_setequal(bench(trivial = FALSE, seeds = 1)$method,
                  c("conditional_laot", "noise_reference"))
  expect_setequal(bench(NULL, seeds = 1)$method, c("conditional_laot", trivial, "noise_reference"))
})

test_that("a score of a benchmark of conditions is the score by hand", {
  out <- bench(list(own = list("conditional_laot", max.iter = 3)), hold.out = list(dose = 3),
               seeds = 4)
  part <- split_cells(300, labels, seed = 4)
  seen <- columns$dose != 3
  train <- part == "train" & seen
  fits <- fit_method(cells[, train], "conditional_laot", condition = labels[train],
                     control = "ctrl", covariates = columns[train, ],
                     max.iter = 3, keep.cells = 1e9, seed = 4, verbose = FALSE)
  control <- cells[, labels == "ctrl" & part == "test"]
  observed <- lapply(stats::setNames(nm = names.of), function(name) {
    cells[, labels == name & (part == "test" | !seen), drop = FALSE]
  })
  by.hand <- evaluate_predictions(fits, observed, control, metrics = "mmd2", at = known[2:1])
  by.hand <- by.hand[by.hand$method == "conditional_laot", ]
  found <- out[out$method == "own", ]
  expect_equal(found$value, by.hand$value, tolerance = 1e-12)
  expect_identical(found$kind, by.hand$kind)
})

test_that("choices in turn are splits of their own", {
  out <- bench("regressed_shift", hold.out = list("A3", data.frame(drug = "B", dose = 3)),
               seeds = 1, trivial = FALSE)
  expect_setequal(out$split, c("without A3", "without B3"))
  expect_identical(out$kind[out$split == "without A3" & out$method == "regressed_shift"],
                   ifelse(names.of == "A3", "unseen dose", "seen"))
  table <- summary(out)
  row <- table[table$method == "regressed_shift" & table$kind == "unseen dose", ]
  expect_identical(row$conditions, 2L)
  expect_equal(row$mean,
               mean(out$value[out$method == "regressed_shift" & out$kind == "unseen dose"]))
  expect_identical(row$runs, 1L)
  expect_identical(nrow(summary(out, by = "condition")), 12L)
  expect_output(print(out), "unseen dose, 2 conditions, 4 features: mean \\+- sd over 1 run")
  expect_output(print(out), paste0("noise_reference: true treated cells; of conditions that were",
                                   "\\nleft out, their own, half against half[.]"))
  seen <- bench("regressed_shift", seeds = 1, trivial = FALSE)
  expect_output(print(seen), "noise_reference: true treated cells[.]")
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_identical(plot(out), out)
})

test_that("levels without cells need a place, and methods of one condition say nothing there", {
  places <- rbind(A = c(1, 0), B = c(0, 1))
  out <- bench(c("regressed_shift", "laot"), hold.out = list(drug = "B"),
               embedding = places, seeds = 1)
  expect_identical(unique(out$kind[startsWith(out$target, "B")]), "unseen level")
  own <- out[out$method == "laot", ]
  expect_identical(is.na(own$value), startsWith(own$target, "B"))
  expect_match(own$reason[is.na(own$value)],
               "fitted to each condition predicts none without training cells")
  expect_output(print(out),
                "  laot: 3 scores without a value .failed: a method that is fitted to each")
  one.hot <- bench("regressed_shift", hold.out = list(drug = "B"), seeds = 1, trivial = FALSE)
  of.b <- one.hot[startsWith(one.hot$target, "B"), ]
  expect_true(all(is.na(of.b$value)) && all(of.b$kind == "unseen"))
  expect_output(print(one.hot),
                "  regressed_shift, noise_reference: 3 scores without a value .failed: the model")
  expect_match(of.b$reason[1L], "knows no level of \"drug\" \"B\"")
  by.effect <- bench("regressed_shift", embedding = "effect", seeds = 1, trivial = FALSE)
  expect_false(anyNA(by.effect$value))
})

test_that(
  "what was killed goes on to the same table, in parallel too, and a failure is tried again", {
  folder <- withr_folder()
  first <- bench("regressed_shift", hold.out = "A3", path = folder)
  files <- list.files(folder, "rds$", full.names = TRUE)
  expect_length(files, 2L * 6L - 2L)
  unlink(files[1:3])
  times <- file.mtime(files[-(1:3)])
  again <- bench("regressed_shift", hold.out = "A3", path = folder)
  expect_identical(again, first)
  expect_identical(file.mtime(files[-(1:3)]), times)
  expect_sentence(bench("regressed_shift", hold.out = "A1", path = folder), "other data, settings")
  expect_sentence(bench("regressed_shift", path = folder), "other data, settings")
  failing <- bench(list(list("cmonge", epsilon = -1)), seeds = 1, trivial = FALSE,
                   path = other <- withr_folder())
  expect_length(list.files(other, "rds$"), 1L)
  expect_match(failing$reason[failing$method == "cmonge"], "^failed: ")
  skip_if_not_installed("BiocParallel")
  skip_on_cran()
  expect_identical(bench("regressed_shift", hold.out = "A3", BPPARAM = BiocParallel::SnowParam(2)),
                   first)
})

test_that("contexts go with their own controls, objects and given splits are taken", {
  line <- rep(c("x", "y"), length.out = 300)
  with.line <- cbind(columns, line = line)
  of.lines <- ifelse(labels == "ctrl", "ctrl", paste(labels, line))
  out <- benchmark_methods(cells, "regressed_shift", condition = of.lines, covariates = with.line,
                           hold.out = list(line = "y"),
                           embedding = list(drug = rbind(A = c(1, 0), B = c(0, 1)),
                                            line = rbind(x = 0, y = 1)), metrics = "w2", seeds = 1,
                                            verbose = FALSE)
  expect_identical(unique(out$kind[endsWith(out$target, "y") & out$method == "regressed_shift"]),
                   "unseen context")
  test <- split_cells(300, of.lines, seed = 1) == "test"
  of.x <- out$method == "identity" & endsWith(out$target, "x")
  expect_identical(unique(out$cells[of.x]), as.numeric(sum(test & labels == "ctrl" & line == "x")))
  part <- split_cells(300, labels, seed = 1)
  expect_identical(bench("regressed_shift", split = part, seeds = 1)$value,
                   bench("regressed_shift", seeds = 1)$value)
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    assays = list(logcounts = cells), colData = S4Vectors::DataFrame(columns, condition = labels))
  expect_identical(benchmark_methods(sce, "regressed_shift", covariates = ~ drug + dose,
                                     hold.out = "A3", metrics = "mmd2", seeds = 1:2,
                                     verbose = FALSE)$value, bench("regressed_shift",
                                     hold.out = "A3")$value)
})

test_that("what a benchmark of conditions cannot mean is refused in a sentence", {
  expect_sentence(bench(hold.out = "A30"),
                  "hold.out names \"A30\", which is no condition; did you mean \"A3\"")
  expect_sentence(bench(hold.out = names.of),
                  "hold.out leaves out every condition; leave one to fit")
  expect_sentence(bench(hold.out = list()), "hold.out is empty")
  expect_sentence(bench(hold.out = list("A3"), split = split_cells(300, labels, seed = 1)),
                  "goes with random splits")
  expect_sentence(bench(split = rep(c("a", "b"), 150)),
                  "split names groups to hold out, and with covariates conditions are")
  expect_sentence(bench(list(mine = function(control, treated, new) new)),
                  "\"mine\" is a function, which knows of one condition")
  expect_sentence(bench(trivial = 2), "trivial must be TRUE or FALSE, found 2")
  expect_sentence(bench(covariates = NULL, hold.out = "A3"),
                  "hold.out is of the conditions of an experiment; give covariates")
  expect_sentence(summary(bench(seeds = 1, trivial = FALSE), by = "drug"),
                  "by must be one of kind, condition")
  part <- split_cells(300, labels, seed = 1)
  part[labels == "A1"] <- "test"
  expect_sentence(bench(split = part), "split \"given\" has no train cells of condition \"A1\"")
})
