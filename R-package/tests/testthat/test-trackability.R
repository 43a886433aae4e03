easy_fit <- function(n = 80, noise = 0, gap = 0.5, ...) {
  cells <- simulate_populations(3, n, gap = gap, noise = noise, entries = "gaussian", seed = 4)
  dimnames(cells$control) <- list(paste0("gene", 1:3), NULL)
  dimnames(cells$treated) <- list(paste0("gene", 1:3), NULL)
  laot_fit(cells$control, cells$treated, seed = 1, verbose = FALSE, ...)
}

quick_trackability <- function(fit, ...) {
  trackability(fit, resamples = 8, halves = 2, restarts = 2, gaps = c(0, 1, 4), repeats = 3,
               most.cells = 60, verbose = FALSE, ...)
}

test_that("the change at the cells is that of the derivative, and L follows from it", {
  cells <- simulate_populations(3, 80, gap = 0.6, entries = "gaussian", seed = 2)
  ask <- function(fit, ...)
    trackability(fit, resamples = 2, halves = 0, restarts = 0, designs = "counterpart",
                 gaps = c(0, 1),
                                         repeats = 1, verbose = FALSE, ...)
  fit <- laot_fit(cells$control, cells$treated, seed = 1, verbose = FALSE)
  said <- ask(fit, rate = "fit", time.gap = 2)
  latent <- laot:::model_array(fit, "latent_map")
  expect_equal(unname(said$change), rep(norm(latent - diag(3), "2"), 3))
  length <- sqrt(colSums(laot:::encoded_controls(fit, NULL, laot:::call_settings())^2))
  expect_equal(said$rate, unname(quantile(said$change[["median"]] * length, 0.95)) / 2)
  expect_sentence(ask(fit, rate = "fit"), "give time.gap")
  # A fit with components: directions that they leave out do not change.
  wide <- laot_fit(cells$control, cells$treated, n.pcs = 2, seed = 1, verbose = FALSE)
  expect_equal(ask(wide)$change[["most"]],
               norm(laot:::model_array(wide, "latent_map") - diag(2), "2"))
  bent <- laot_fit(cells$control, cells$treated + 0.5 * cells$treated^2, lift = "yes", seed = 1,
                   verbose = FALSE)
  change <- ask(bent)$change
  expect_true(change[["least"]] < change[["median"]] && change[["median"]] < change[["most"]])
})

test_that("several targets have a verdict each", {
  cells <- two_populations(n = 60, m = 45, d = 4)
  fits <- suppressMessages(laot_fit(cbind(cells$control, cells$treated),
                                    condition = rep(c("ctrl", "a", "b"), c(60, 25, 20)),
                                    seed = 1, verbose = FALSE))
  ask <- function(x)
    trackability(x, resamples = 2, halves = 0, restarts = 0, designs = "counterpart",
                 gaps = c(0, 1),
                                  repeats = 1, verbose = FALSE)
  table <- ask(fits)
  expect_identical(table$condition, c("a", "b"))
  one <- ask(fits[["b"]])
  expect_identical(table$verdict[2], one$verdict)
  expect_equal(table$residual[2], one$spacing[["residual"]])
  expect_output(print(table), "condition")
  # A panel each: a condition's verdict stands above its curve.
  picture <- tempfile(fileext = ".pdf")
  on.exit(unlink(picture))
  grDevices::pdf(picture, 8, 5, compress = FALSE, useKerning = FALSE)
  plot(table)
  grDevices::dev.off()
  drawn <- readLines(picture, warn = FALSE)
  for (title in paste0("(", c("a", "b"), ": ", table$verdict, ")"))
    expect_identical(sum(grepl(title, drawn, fixed = TRUE)), 1L)
})

test_that("simulated populations have the pairing, the map and the gap that they say", {
  for (entries in c("uniform", "gaussian")) {
    cells <- simulate_populations(6, 40, gap = 3, entries = entries, seed = 2)
    expect_equal(cells$map %*% cells$control, cells$treated[, cells$partner], tolerance = 1e-12)
    expect_equal(norm(cells$map - diag(6), "F"), 3)
    expect_identical(sort(cells$partner), 1:40)
  }
  expect_identical(simulate_populations(seed = 5), simulate_populations(seed = 5))
  expect_sentence(simulate_populations(entries = "round"), "entries must be one of")
  expect_sentence(simulate_populations(cells = 0), "cells must be one whole number")
  expect_sentence(simulate_populations(gap = -1), "gap must be 0 or a positive")
})

test_that("the recovery study falls from all to few, on any number of threads", {
  study <- recovery_study(c(10, 30), c(0, 5, 300), cells = 40, trials = 3, seed = 1)
  expect_identical(study$recovered[study$gap < 10], rep(1, 4))
  expect_true(all(study$recovered[study$gap == 300] < 0.6))
  expect_identical(recovery_study(c(10, 30), c(0, 5, 300), cells = 40, trials = 3, seed = 1,
                                  num.threads = 2), study)
})

test_that("a recoverable pairing is called so", {
  fit <- easy_fit()
  said <- quick_trackability(fit)
  expect_identical(said$verdict, "recoverable")
  expect_s3_class(said, "laot_trackability")
  expect_lt(said$spacing[["residual"]], 0.5)
  expect_gt(said$agreement$overlap[said$agreement$between == "two halves"], 0.9)
  expect_named(said$effects, c("treated", "control", "change", "low", "high", "stable"))
  expect_output(print(said),
                "RECOVERABLE.*Most pairs can be trusted.*critical gap.*theorem's bound")
  expect_identical(quick_trackability(fit, num.threads = 2)$agreement, said$agreement)
})

test_that("effects have the names of the features, and their intervals are logical", {
  fit <- easy_fit(noise = 0.1, n.pcs = 0)
  found <- quick_trackability(fit)$effects
  change <- coef(fit)$map - diag(3)
  expect_equal(found$change, mapply(function(i, j) change[i, j], found$treated, found$control,
                                    USE.NAMES = FALSE))
  expect_false(is.unsorted(-abs(found$change)))
  expect_identical(found$stable, found$low > 0 | found$high < 0)
})

test_that("a time course of a fit that is not centred moves with its means", {
  set.seed(2)
  start <- matrix(rnorm(3 * 40), 3, dimnames = list(paste0("g", 1:3), NULL))
  fit <- laot_fit(start, 1.5 * start + 1, preset = "algorithm1", seed = 1, verbose = FALSE)
  expect_identical(fit$params[["center"]], "none")
  rates <- laot:::rates_in_feature_space(fit, cbind(start, start + 7), rep(c(0, 24), each = 40),
                                         laot:::call_settings(1))
  # The cheapest pairing of cells with the same cells elsewhere is the translation.
  expected <- sqrt(sum((7 / laot:::model_array(fit, "scale")[, 1L])^2)) / 24
  expect_equal(rates$mean, expected)
  expect_equal(rates$q95, expected)
})

test_that("the table of several verdicts has the recovery of the experiment itself", {
  cells <- simulate_populations(3, 60, gap = 4, noise = 0.5, seed = 5)
  fits <- quiet_fit(cbind(cells$control, cells$treated, cells$treated + 1),
                    condition = rep(c("ctrl", "a", "b"), each = 60))
  table <- trackability(fits, resamples = 2, halves = 0, restarts = 0, gaps = c(0, 1), repeats = 2,
                        seed = 1, verbose = FALSE)
  each <- attr(table, "each")
  for (k in 1:2) {
    curve <- each[[k]]$curves$counterpart
    expect_identical(table$recovery[k], curve$recovery[curve$gap == 1])
    expect_false(table$recovery[k] == curve$recovery[curve$gap == 0])
  }
})

test_that("a recovery curve has the means of its simulations, each under its name", {
  simulations <- data.frame(gap = rep(c(0, 1), each = 2), repeat. = c(0, 1, 0, 1),
                            pairs = c(1, 0.8, 0.4, 0.2), identified = c(0.9, 0.7, 0.5, 0.1),
                            map_error = c(NaN, NaN, 2, 4), cell_error = c(NaN, NaN, 10, 30))
  numbers <- list(cells = 20, critical = 1, critical_low = 0.5, critical_high = 2, position = 1,
                  position_low = 0.5, position_high = 2, recovery_at_one = 0.3)
  found <- list(tables = list(curve = list(gap = c(0, 1), recovery = c(0.9, 0.3)),
                              simulations = simulations), numbers = numbers)
  curve <- as.data.frame(laot:::new_recovery(found, "counterpart", 6, "a to b"))
  expect_equal(curve, data.frame(gap = c(0, 1), recovery = c(0.9, 0.3), low = c(0.8, 0.2),
                                 high = c(1, 0.4), pairs = c(0.9, 0.3), identified = c(0.8, 0.3),
                                 map.error = c(NA, 3), cell.error = c(NA, 20), time = c(0, 6)),
               ignore_attr = TRUE)
  anew <- laot:::new_recovery(found, "anew", NULL, "a to b")
  expect_equal(c(anew$low, anew$high), c(0.7, 0.1, 0.9, 0.5))
})

test_that("the sd of a recovery study is that of its trials", {
  study <- recovery_study(features = c(2, 6), gaps = c(4, 30), cells = 20, trials = 2, seed = 3)
  expect_true(any(study$sd > 0))
  # Two shares of 20 with this mean and sd (divisor 1) are whole numbers over 20.
  half <- study$sd / sqrt(2)
  for (share in list(study$recovered - half, study$recovered + half))
    expect_equal(20 * share, round(20 * share), tolerance = 1e-8)
})

test_that("cells without counterparts are called not recoverable", {
  set.seed(1)
  fit <- laot_fit(matrix(rnorm(4 * 150), 4), 1.3 * matrix(rnorm(4 * 140), 4), seed = 1,
                  verbose = FALSE)
  said <- quick_trackability(fit)
  expect_identical(said$verdict, "not recoverable")
  expect_output(print(said), "NOT RECOVERABLE.*Do not read the fate.*which is in doubt here")
})

test_that("the isometry constant is that of every pair, and a vacuous bound is NA with a reason", {
  cells <- simulate_populations(40, 24, seed = 3)$control
  found <- laot:::isometry_of(cells, 1, laot:::call_settings())
  # delta under the mean-square scaling, and the largest cosine.
  gram <- crossprod(cells / sqrt(mean(colSums(cells^2))))
  pairs <- utils::combn(ncol(cells), 2)
  delta <- apply(pairs, 2, function(p) max(abs(eigen(gram[p, p], TRUE, TRUE)$values - 1)))
  expect_equal(found$table$delta[1], max(delta), tolerance = 1e-10)
  expect_identical(unlist(found$worst[1, c("first", "second")], use.names = FALSE),
                   as.double(pairs[, which.max(delta)]))
  doubled <- cbind(cells, cells[, 3])
  found <- laot:::isometry_of(doubled, 1, laot:::call_settings())
  expect_true(all(is.na(found$table$critical.gap)))
  expect_match(found$table$note, "vacuous", all = TRUE)
})

test_that("intervals over donors come from the levels that a fit kept", {
  cells <- simulate_populations(3, 90, gap = 0.5, noise = 0.05, entries = "gaussian", seed = 4)
  donors <- list(control = rep(c("a", "b", "c"), 30), treated = character(90))
  donors$treated[cells$partner] <- donors$control
  fit <- laot_fit(cells$control, cells$treated, batch = donors, seed = 1, verbose = FALSE)
  said <- quick_trackability(fit, resample = "levels")
  # A fit keeps the cells that it was given.
  given <- quick_trackability(fit, resample = "levels", control = cells$control,
                              treated = cells$treated,
                              batch = donors)
  expect_identical(given$effects, said$effects)
  expect_identical(given$curves$counterpart$recovery, said$curves$counterpart$recovery)
  expect_output(print(said), "resamples of the batch's levels")
  over.cells <- quick_trackability(fit)
  expect_false(identical(over.cells$effects$low, said$effects$low))
  file <- tempfile(fileext = ".rds")
  on.exit(unlink(file))
  saveRDS(fit, file)
  expect_identical(quick_trackability(readRDS(file), resample = "levels")$effects, said$effects)

  fit.one <- laot_fit(cells$control, cells$treated, seed = 1, verbose = FALSE)
  expect_sentence(quick_trackability(fit.one, resample = "levels"), "needs a batch")
  expect_sentence(quick_trackability(fit, resample = "donors"),
                  "resample must be one of cells, levels")
  expect_sentence(quick_trackability(fit, batch = donors), "batch goes with control and treated")

  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    assays = list(logcounts = cbind(cells$control, cells$treated)),
    colData = S4Vectors::DataFrame(condition = rep(c("ctrl", "stim"), each = 90),
                                   donor = unlist(donors)))
  from.object <- quick_trackability(sce, batch = "donor", resample = "levels",
                                    designs = "counterpart", seed = 1)
  expect_identical(from.object$effects$low, said$effects$low)
  expect_named(from.object$curves, "counterpart")
})

test_that(
  "where a rate and a time gap are given, the theorem says on which side the experiment lies", {
  fit <- easy_fit()
  below <- quick_trackability(fit, rate = 1e-6, time.gap = 1)
  best <- below$isometry[below$isometry$scaling == "smallest", ]
  expect_match(laot:::theorem_sentence(best, 1), "; below it, where pairs can be recovered: 1$")
  expect_match(laot:::theorem_sentence(best, c(1, 1e9)),
               "recovered: 1; above it, where the theorem promises nothing: 1e\\+09$")
  expect_output(print(below), "below it")
  expect_output(print(quick_trackability(fit, rate = 1e6, time.gap = 1)), "above it")
  expect_equal(best$critical.gap, sqrt((1 - best$delta) / (2 * 80)) / (1e-6 * best$scale),
               tolerance = 1e-12)
  expect_output(print(below), "in time, that gap is|less than")
})

test_that("L of a time course is a distance in the fit's feature space over time", {
  cells <- simulate_populations(3, 80, gap = 0.05, entries = "gaussian", seed = 4)
  start <- c(1, 10, 100) * cells$control
  later <- c(1, 10, 100) * cells$treated + 7
  times <- rep(c("24h", "0h", NA), c(80, 80, 1))
  for (n.pcs in c(0, 2)) {
    fit <- laot_fit(start, later, n.pcs = n.pcs, seed = 1, verbose = FALSE)
    said <- quick_trackability(fit, time.course = cbind(later, start, 1e6), time = times,
                               time.gap = 24,
                               designs = "counterpart")
    # Cells move so little that the cheapest pairs are the true ones.
    moved <- (later - rowMeans(later))[, cells$partner] - (start - rowMeans(start))
    if (n.pcs) moved <- crossprod(laot:::model_array(fit, "basis"), moved)
    speed <- sort(sqrt(colSums((moved / laot:::model_array(fit, "scale")[, 1])^2))) / 24
    expect_equal(said$rates$mean, mean(speed), tolerance = 1e-10)
    expect_equal(said$rate[["value"]], speed[76], tolerance = 1e-10)
    best <- said$isometry[said$isometry$scaling == "smallest", ]
    expect_equal(best$critical.gap, sqrt((1 - best$delta) / (2 * 80)) / (speed[76] * best$scale),
                 tolerance = 1e-10)
    expect_equal(best$critical.low, best$critical.gap * speed[76] / said$rate[["high"]],
                 tolerance = 1e-10)
    expect_equal(best$critical.high, best$critical.gap * speed[76] / said$rate[["low"]],
                 tolerance = 1e-10)
    expect_output(print(said),
                  "critical gap .* to .*promises nothing: 24.*two halves of one time would show")
  }
  expect_sentence(quick_trackability(fit, time.course = start, time = rep(1, 80)),
                  "at least two times, found only time 1")
  expect_sentence(quick_trackability(fit, time.course = start[1:2, ], time = rep(1:2, 40)),
                  "time.course has 2 features")
  expect_sentence(quick_trackability(fit, time.course = start, time = rep(1:2, 40), rate = 1),
                  "either rate or time.course")
  expect_sentence(quick_trackability(start, later, time = rep(1:2, 40)),
                  "time goes with time.course")
  still <- quick_trackability(fit, time.course = cbind(start, start), time = rep(1:2, each = 80))
  expect_null(still$rate)
  expect_output(print(still), "time\\s+course\\s+do\\s+not\\s+move")
})

test_that("an object with a column of times is its own time course", {
  skip_if_not_installed("SingleCellExperiment")
  cells <- simulate_populations(3, 60, gap = 0.5, entries = "gaussian", seed = 4)
  values <- cbind(cells$control, cells$treated, 2 * cells$treated)
  sce <- SingleCellExperiment::SingleCellExperiment(
    assays = list(logcounts = values),
    colData = S4Vectors::DataFrame(hours = rep(c("0h", "24h", "48h"), each = 60)))
  said <- quick_trackability(sce, condition = "hours", control = "0h", target = "24h",
                             time = "hours", seed = 1,
                             designs = "counterpart")
  expect_identical(said$time.gap, 24)
  expect_identical(said$rates$to, c(24, 48))
  expect_lt(min(said$rates$q95), 0.9 * max(said$rates$q95))
  expect_identical(said$rate[["value"]], max(said$rates$q95))
  expect_output(print(said), "in the\\s+unit of \"hours\"; above it.*24")
  fit <- laot_fit(sce, condition = "hours", control = "0h", target = "24h", seed = 1,
                  verbose = FALSE)
  expect_identical(quick_trackability(fit, time.course = sce, time = "hours",
                                      designs = "counterpart")$isometry,
                   said$isometry)
})

test_that("recovery curves print, plot and translate into hours", {
  fit <- easy_fit(noise = 0.05)
  curve <- recovery_curve(fit, gaps = c(0, 1, 2, 8, 40), repeats = 3, most.cells = 60,
                          time.gap = 24, verbose = FALSE)
  expect_s3_class(curve, "laot_recovery")
  expect_identical(curve$time, 24 * curve$gap)
  expect_true(all(curve$low <= curve$recovery & curve$recovery <= curve$high))
  expect_true(is.na(curve$map.error[1]))
  expect_output(print(curve), "counterparts|critical gap")
  anew <- recovery_curve(fit, "anew", gaps = c(0, 1), repeats = 2, most.cells = 30, verbose = FALSE)
  expect_true(all(is.na(anew$pairs)))
  pdf(NULL)
  on.exit(dev.off())
  expect_silent(plot(curve))
  expect_silent(plot(quick_trackability(fit)))
  skip_if_not_installed("ggplot2")
  expect_s3_class(ggplot2::autoplot(curve), "ggplot")
  expect_silent(ggplot2::ggplot_build(ggplot2::autoplot(quick_trackability(fit))))
})

test_that("what trackability() cannot do it says", {
  fit <- easy_fit()
  expect_sentence(trackability(fit, gaps = c(0, 2)), "gaps must have 1")
  expect_sentence(trackability(fit, rate = "fast"), "rate must be a positive number")
  expect_sentence(trackability(fit, time.gap = -3), "time.gap must be a positive number")
  expect_sentence(recovery_curve(fit, time.gap = 0), "time.gap must be a positive number")
  expect_sentence(recovery_curve(fit, "sideways"), "design must be one of")
  expect_sentence(recovery_curve(fit_trivial(diag(4), diag(4), seed = 1)), "Mean shift fit")
  expect_sentence(recovery_curve(fit, control = diag(3)), "both control and treated")
  expect_sentence(recovery_curve(fit, gaps = c(1, 0), verbose = FALSE), "increasing")
  expect_sentence(trackability(easy_fit(keep.cells = 0), verbose = FALSE), "kept no cells")
})

test_that("a sweep pairs within donors, and constant cells have no rate", {
  set.seed(1)
  start <- matrix(rnorm(3 * 60), 3)
  cells <- cbind(start, 1.2 * start + 1)
  donor <- rep(c("a", "b"), 60)
  sweep <- function(cells, ...) {
    time_gap_sweep(cells, rep(c(0, 12), each = 60), splits = 1, resamples = 2, repeats = 1,
                   seed = 1, verbose = FALSE, ...)
  }
  found <- sweep(cells, batch = donor)
  fit <- found$fits[[1]]
  plan <- lapply(c("plan_source", "plan_target"),
                 function(name) donor[laot:::model_array(fit, name)[, 1] + 1])
  expect_identical(plan[[1]], plan[[2]])
  expect_sentence(sweep(cells, batch = replace(donor, 3, NA)), "missing label")
  constant <- sweep(0 * cells + 1)
  expect_true(all(is.na(constant$isometry$critical.gap)))
  expect_identical(constant$track$verdict, "undefined")
  expect_output(print(constant), "undefined")
  said <- utils::capture.output(print(quick_trackability(constant$fits[[1]])))
  expect_match(said, "UNDEFINED", all = FALSE)
  # Numbers that mean nothing are not shown.
  expect_no_match(said, "keep their sign|are found|same place|NA times")
})

test_that("a sweep has a row for each horizon and knows its units", {
  set.seed(1)
  start <- matrix(rnorm(3 * 50), 3)
  cells <- cbind(start, 1.2 * start + 1, 1.5 * start + 2)
  time <- rep(c("0h", "12h", "24h"), each = 50)
  sweep <- time_gap_sweep(cells, time, splits = 2, resamples = 3, repeats = 2, seed = 1,
                          verbose = FALSE)
  expect_identical(sweep$track$gap, c(12, 24))
  expect_identical(sort(unique(sweep$scores$metric)), c("mmd2", "w2"))
  expect_equal(sweep$rates$from, c(0, 12))
  expect_output(print(sweep), "Time-gap sweep from 0")
  pdf(NULL)
  on.exit(dev.off())
  expect_silent(plot(sweep))
  expect_sentence(time_gap_sweep(cells, rep("late", 150)), "texts with one.*found \"late\"")
  expect_sentence(time_gap_sweep(cells, rep(24, 150)), "at least two times, found only time 24")
  expect_sentence(time_gap_sweep(cells, replace(time, 101:145, NA)),
                  "time 24 has only 5 cells; 8 are needed")
  expect_sentence(time_gap_sweep(cells, time, start = 5), "start must be one of the times")
  expect_sentence(time_gap_sweep(cells, time, start = 24), "no time after 24")
})

test_that("slips in names of arguments are told, not swallowed", {
  cells <- simulate_populations(3, 40, gap = 0.5, seed = 1)
  fit <- quiet_fit(cells$control, cells$treated)
  expect_sentence(recovery_curve(fit, desing = "anew"),
                  "unknown argument \"desing\"; did you mean \"design\"")
  expect_sentence(trackability(fit, resmaples = 3), "did you mean \"resamples\"")
  expect_sentence(trackability(fit, gaps = "a"), "gaps must be numbers, found \"a\"")
})

test_that("in a picture of a sweep W2 has an axis of its own, the others start at 0", {
  set.seed(2)
  course <- cbind(matrix(rnorm(3 * 40), 3), matrix(rnorm(3 * 80, rep(1:2, each = 120)), 3))
  sweep <- suppressMessages(time_gap_sweep(course, time = rep(0:2, each = 40), splits = 2,
                                           resamples = 2, repeats = 1, seed = 1, verbose = FALSE))
  data <- laot:::sweep_data(sweep)
  expect_identical(setdiff(levels(data$panel), attr(data, "from.zero")), "W2, held-out cells")
  # One name for bandwidths that differ from split to split: one panel.
  expect_identical(levels(data$panel)[1], "MMD^2 (median gamma), held-out cells")
  ticks <- suppressWarnings(as.numeric(texts_drawn(plot(sweep))$text))
  expect_identical(sum(ticks == 0, na.rm = TRUE), 3L)
  skip_if_not_installed("ggplot2")
  built <- ggplot2::ggplot_build(ggplot2::autoplot(sweep))
  low <- vapply(built$layout$panel_params, function(panel) panel$y.range[1L], 0)
  w2 <- built$layout$layout$panel == "W2, held-out cells"
  expect_true(all(low[!w2] <= 0))
  expect_gt(low[w2], 0)
})

test_that("effects that shrink are stable as effects that grow are", {
  set.seed(3)
  control <- matrix(rnorm(2 * 80), 2)
  fit <- quiet_fit(control, c(0.2, 2) * control)
  effects <- trackability(fit, resamples = 8, halves = 0, restarts = 0, designs = "counterpart",
                          gaps = c(0, 1),
                          repeats = 1, verbose = FALSE)$effects
  own <- effects[effects$treated == effects$control, ]
  expect_true(any(own$change < 0) && any(own$change > 0))
  expect_true(all(own$stable))
})

test_that("conditions that are times give the gap, where they go forwards", {
  of <- function(control, target, column = "hours") {
    laot:::gap_of_conditions(list(condition = column, control = control, target = target), "hours")
  }
  expect_identical(of("0h", "24h"), 24)
  expect_null(of("24h", "0h"))
  expect_null(of("ctrl", "drug"))
  expect_null(of("0h", "24h", "dose"))
})

test_that("a drawn recovery curve has the roots of the gaps on its axis", {
  cells <- simulate_populations(3, 40, gap = 0.5, entries = "gaussian", seed = 1)
  fit <- quiet_fit(cells$control, cells$treated)
  curve <- recovery_curve(fit, gaps = c(0, 1, 4), repeats = 1, verbose = FALSE)
  drawn <- texts_drawn(plot(curve))
  # The lowest row of numbers is that of the gaps.
  gaps <- drawn[drawn$text %in% c("0", "1", "4"), ]
  gaps <- gaps[gaps$y == min(gaps$y), ]
  at <- gaps$x[match(c("0", "1", "4"), gaps$text)]
  expect_equal(at[2] - at[1], at[3] - at[2], tolerance = 0.02)
})

test_that("a method of many conditions has a verdict for each that it has seen", {
  cells <- simulate_populations(4, 60, gap = 0.5, entries = "gaussian", seed = 3)
  dose <- rep(c(0, 1, 3), each = 60)
  values <- cbind(cells$control, cells$treated, 1.2 * cells$treated + 1)
  fits <- fit_method(values, "conditional_laot", condition = paste("dose", dose),
                     control = "dose 0",
                     covariates = data.frame(dose = dose), seed = 1, verbose = FALSE)
  few <- list(resamples = 2, halves = 1, restarts = 0, gaps = c(0, 1), repeats = 2, seed = 1,
              verbose = FALSE)
  asked <- function(x, ...) do.call(trackability, c(list(x), few, list(...)))
  each <- asked(fits)
  expect_identical(each$condition, c("dose 1", "dose 3"))
  expect_true(all(each$verdict %in% c("recoverable", "borderline", "not recoverable")))
  one <- asked(fits[["dose 1"]], rate = "fit", time.gap = 2)
  expect_identical(one$verdict, each$verdict[1L])
  # The residual of its own map, by the definition.
  fit <- fits[["dose 1"]]
  predicted <- as.matrix(predict(fit, cells$control))
  scale <- laot:::model_array(fit, "scale")[, 1L]
  moved <- (predicted - rowMeans(predicted)) / scale
  treated <- (cells$treated - rowMeans(cells$treated)) / scale
  squared <- outer(colSums(moved^2), colSums(treated^2), "+") - 2 * crossprod(moved, treated)
  pairs <- methods::as(pairing(laot_fit(moved, treated, preset = "algorithm1", max.iter = 1,
                                        n.pcs = 0, scale = "none",
                                        center = "none", verbose = FALSE, seed = 1)),
                                        "TsparseMatrix")
  own <- as.matrix(stats::dist(t(treated)))
  diag(own) <- Inf
  expect_equal(one$spacing[["residual"]],
               stats::median(sqrt(squared[cbind(pairs@i, pairs@j) + 1L]) / apply(own, 1L,
                   min)[pairs@j + 1L]))
  # L from the derivative: the same at each cell of a linear map.
  expect_equal(one$change[["least"]], one$change[["most"]])
  expect_gt(unname(one$rate), 0)
  expect_identical(nrow(one$effects), 0L)
  net <- fit_method(values, "cmonge", condition = paste("dose", dose), control = "dose 0",
                    covariates = data.frame(dose = dose), iterations = 30, seed = 1,
                    verbose = FALSE)
  bent <- asked(net[["dose 3"]], rate = "fit", time.gap = 1)
  expect_gt(bent$change[["most"]], bent$change[["least"]])
  expect_output(print(bent), "pairs|fate")
  expect_sentence(trackability(fit_method(cells$control, "gaussian_map", cells$treated, seed = 1),
                               verbose = FALSE),
                  "or of a method of many conditions")
  composed <- fit_method(values, "cpa", condition = paste("dose", dose), control = "dose 0",
                         covariates = data.frame(dose = dose), iterations = 5, seed = 1,
                         verbose = FALSE)
  expect_sentence(trackability(composed[[1L]], verbose = FALSE),
                  "no derivative in closed form, which effects at a cell and trackability need")
})
