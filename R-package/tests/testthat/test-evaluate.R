cells <- two_populations(n = 80, m = 60)
new <- two_populations(n = 30, m = 25, seed = 5)
fit <- quiet_fit(cells$control, cells$treated)

of <- function(scores, method, metric)
  scores$value[scores$method == method & scores$metric == metric]

test_that("a fit is scored beside the trivial predictors and the noise reference", {
  scores <- evaluate_predictions(fit, new$treated, control = new$control)
  expect_s3_class(scores, "laot_scores")
  expect_named(scores, c("condition", "kind", "method", "metric", "estimator", "setting",
                         "features", "gamma", "cells",
                         "observed", "value", "left.out", "reason", "weighted", "gamma.from",
                         "metric.setting", "halvings", "subsamples", "subsample.cells",
                         "reference"))
  expect_identical(scores$reference[1L], paste(scores$observed[1L], "observed cells"))
  expect_identical(unique(scores$method), c("laot", "identity", "mean_shift", "gaussian_map",
                                            "noise_reference"))
  expect_identical(unique(scores$metric), c("mmd2", "w2", "l2_drug_signature", "pearson_means",
                                            "r2_means",
                                            "pearson_sds", "sd_ratio", "sd_ratio_median"))
  expect_true(all(is.finite(scores$value)))
  expect_true(all(nzchar(scores$estimator)))
  expect_identical(unique(scores$observed), 25)
  expect_identical(unique(scores$cells[scores$method == "noise_reference"]), 25)
  expect_identical(unique(c(scores$condition, scores$kind)), c("treated", "seen"))
  expect_output(print(scores),
                "mean_shift.*unbiased, gamma = .*median of the training cells.*25 observed cells")
})

test_that("a mean shift of very many features is scored without a Gaussian map, and says so", {
  many <- two_populations(n = 8, m = 9, d = 1501)
  new <- two_populations(n = 5, m = 6, d = 1501, seed = 5)
  shift <- fit_trivial(many$control, many$treated, method = "mean_shift")
  expect_message(
    scores <- evaluate_predictions(shift, new$treated, control = new$control,
                                   metrics = "pearson_means"),
    "Left out: gaussian_map .*1501 dimensions"
  )
  expect_false("gaussian_map" %in% scores$method)
  expect_true("mean_shift" %in% scores$method)
})

test_that("the scores are what their definitions say", {
  scores <- evaluate_predictions(fit, new$treated, control = new$control)
  predicted <- predict(fit, new$control)
  sds <- function(x) apply(x, 1, function(row) sqrt(mean((row - mean(row))^2)))
  means <- rowMeans(new$treated)
  expect_equal(of(scores, "laot", "l2_drug_signature"), sqrt(sum((rowMeans(predicted) - means)^2)),
               tolerance = 1e-9)
  expect_equal(of(scores, "laot", "pearson_means"), cor(rowMeans(predicted), means),
               tolerance = 1e-9)
  expect_equal(of(scores, "laot", "pearson_sds"), cor(sds(predicted), sds(new$treated)),
               tolerance = 1e-9)
  expect_equal(of(scores, "laot", "r2_means"),
               1 - sum((rowMeans(predicted) - means)^2) / sum((means - mean(means))^2),
               tolerance = 1e-9)
  expect_equal(of(scores, "laot", "sd_ratio"), mean(sds(predicted) / sds(new$treated)),
               tolerance = 1e-9)
  expect_equal(of(scores, "identity", "l2_drug_signature"),
               sqrt(sum((rowMeans(new$control) - means)^2)), tolerance = 1e-9)
  expect_equal(of(scores, "mean_shift", "sd_ratio"), mean(sds(new$control) / sds(new$treated)),
               tolerance = 1e-9)

  gamma <- fit$report$median.gamma
  distances <- as.matrix(dist(t(cbind(cells$control, cells$treated))))^2
  expect_equal(gamma, 1 / median(distances[upper.tri(distances)]), tolerance = 1e-9)
  kernel <- function(x, y)
    exp(-gamma * outer(seq_len(ncol(x)), seq_len(ncol(y)),
                       Vectorize(function(i, j) sum((x[, i] - y[, j])^2))))
  off <- function(k) (sum(k) - sum(diag(k))) / (nrow(k) * (nrow(k) - 1))
  expect_equal(of(scores, "laot", "mmd2"),
               off(kernel(predicted, predicted)) + off(kernel(new$treated, new$treated)) - 2 *
               mean(kernel(predicted, new$treated)),
               tolerance = 1e-9)
})

test_that("a matrix is scored as it is, and training cells come from train", {
  predicted <- predict(fit, new$control)
  whole <- evaluate_predictions(fit, new$treated, control = new$control)
  same <- evaluate_predictions(predicted, new$treated, control = new$control, train = fit)
  expect_identical(same$value, whole$value)
  expect_identical(same$method[1], "prediction")
  expect_message(expect_message(alone <- evaluate_predictions(predicted, new$treated),
                                "Left out: mean_shift, gaussian_map, noise_reference, identity"),
                 "Left out: mmd2")
  expect_identical(unique(alone$method), "prediction")
  expect_false("mmd2" %in% alone$metric)
  listed <- evaluate_predictions(predicted, new$treated[4:1, ], control = new$control,
                                 train = cells)
  expect_equal(of(listed, "mean_shift", "w2"), of(whole, "mean_shift", "w2"), tolerance = 1e-9)
  expect_equal(of(listed, "gaussian_map", "mmd2"), of(whole, "gaussian_map", "mmd2"),
               tolerance = 1e-9)
  expect_equal(of(listed, "prediction", "mmd2"), of(whole, "laot", "mmd2"), tolerance = 1e-9)
})

test_that("a reference that a metric does not have is no fault of the fit", {
  expect_no_message(evaluate_predictions(fit, new$treated, control = new$control,
                                         metrics = "cell_spearman"))
})

test_that("the sd ratio says which features it leaves out", {
  flat <- new$treated
  flat[2, ] <- 1
  scores <- evaluate_predictions(fit, flat, control = new$control)
  expect_identical(scores$left.out, as.numeric(grepl("sd_ratio", scores$metric)))
  expect_output(print(scores), "sd_ratio, sd_ratio_median: without 1 feature that does not vary")
  expect_output(print(scores), "noise_reference: 25 training treated cells")
  expect_false(any(grepl("hardly vary", capture.output(print(scores)))))
  flat[2, 1] <- 1 + 1e-6
  scores <- evaluate_predictions(fit, flat, control = new$control)
  expect_output(print(scores), "sd_ratio of laot, identity, .* hardly vary .* sd_ratio_median")
})

test_that("bandwidths can be given", {
  scores <- evaluate_predictions(fit, new$treated, control = new$control, metrics = "mmd2",
                                 gamma = c(0.01, 0.1))
  expect_identical(unique(scores$setting), c("gamma = 0.01", "gamma = 0.1"))
  expect_output(print(scores), "mmd2\\[0.01\\]")
  expect_sentence(evaluate_predictions(fit, new$treated, control = new$control, gamma = -1),
                  "gamma must be")
  expect_sentence(evaluate_predictions(fit, new$treated, control = new$control, gamma = "mean"),
                  "gamma must be")
})

test_that("what is undefined is NA with a reason", {
  scores <- evaluate_predictions(fit, new$treated[, 1, drop = FALSE], control = new$control)
  mmd2 <- scores[scores$method == "laot" & scores$metric == "mmd2", ]
  expect_true(is.na(mmd2$value))
  expect_false(is.nan(mmd2$value))
  expect_identical(mmd2$reason, "one cell on a side")
})

test_that("the noise reference leaves R's generator alone and follows the seed of the fit", {
  set.seed(11)
  expected <- runif(1)
  set.seed(11)
  first <- evaluate_predictions(fit, new$treated, control = new$control)
  expect_identical(runif(1), expected)
  expect_identical(first, evaluate_predictions(fit, new$treated, control = new$control))
})

test_that("a score says when the fit kept a part of its cells only", {
  small <- quiet_fit(cells$control, cells$treated, keep.cells = 10)
  scores <- evaluate_predictions(small, new$treated, control = new$control, metrics = "w2")
  expect_identical(scores$cells[scores$method == "noise_reference"], 10)
  none <- quiet_fit(cells$control, cells$treated, keep.cells = 0)
  expect_message(scores <- evaluate_predictions(none, new$treated, control = new$control,
                                                metrics = "w2"),
                 "Left out: noise_reference .the fit kept no cells")
  expect_false("noise_reference" %in% scores$method)
})

test_that("a model with other features than the observed cells is refused", {
  expect_sentence(evaluate_predictions(fit, new$treated[1:3, ], control = new$control),
                  "observed lacks 1 of the 4 features")
  expect_sentence(evaluate_predictions(fit, new$treated), "control is missing")
  expect_sentence(evaluate_predictions(fit), "observed is missing")
  expect_sentence(evaluate_predictions(fit, new$treated, control = new$control, metrics = "mmd"),
                  "no metric \"mmd\"; did you mean \"mmd2\"")
  expect_sentence(evaluate_predictions(fit, new$treated, control = new$control, train = 3),
                  "train must be")
})

test_that("slips are met with what was probably meant", {
  metric <- function(name)
    evaluate_predictions(fit, new$treated, control = new$control, metrics = name)
  expect_sentence(metric("R2"), "did you mean .*r2_means")
  expect_sentence(metric("wasserstein"), "did you mean one of w2, w1[?]")
  expect_sentence(metric("sinkhorn"), "did you mean .*sinkhorn_divergence")
  expect_sentence(metric("spearman"), "did you mean \"cell_spearman\"")
  expect_sentence(metric("pearson_mean"), "did you mean .*pearson_means")
  expect_sentence(metric("zzzzzzzz"), "there are mmd2, ")
  expect_sentence(evaluate_predictions(fit, new$treated, control = new$control, gama = 1),
                  "did you mean \"gamma\"")
  expect_sentence(predict(fit, new$control, asay = 1), "did you mean \"assay\"")
})

test_that("a trivial predictor does not stand twice", {
  scores <- evaluate_predictions(fit_trivial(cells$control, cells$treated, seed = 1), new$treated,
                                 control = new$control, metrics = "w2")
  expect_identical(scores$method, c("mean_shift", "identity", "gaussian_map", "noise_reference"))
})

test_that("a printed table keeps the zeros that tell 0.990 from 0.99", {
  table_number <- laot:::table_number
  expect_identical(vapply(c(0.99, 0.00341, 25.64, 300.4, 0, -0.0005, 9.996, NA, 12345),
                          table_number, ""),
                   c("0.990", "0.00341", "25.6", "300", "0", "-0.000500", "10.0", "NA", "12300"))
  expect_identical(vapply(c(2.34e-7, 4.2e8), table_number, ""), c("2.34e-07", "4.20e+08"))
  expect_identical(table_number(0.98768, 4L), "0.9877")
})

test_that("the settings of one metric stand side by side, and what each means below", {
  scores <- evaluate_predictions(fit, new$treated, control = new$control, metrics = c("mmd2", "w2"),
                                 gamma = c(0.1, 0.01))
  shown <- capture.output(print(scores))
  expect_match(shown[1], "mmd2\\[0.1\\] +mmd2\\[0.01\\] +w2$")
  row <- scores[scores$method == "laot", ]
  value <- function(setting) laot:::table_number(row$value[row$setting == setting])
  expect_match(shown[2], paste0("^laot +", value("gamma = 0.1"), " +", value("gamma = 0.01"), " "))
  expect_match(shown, "^mmd2\\[0.01\\] +unbiased, gamma = 0.01$", all = FALSE)
})

test_that("what a score is a mean over stands in columns", {
  scores <- evaluate_predictions(fit, new$treated, control = new$control, metrics = c("mmd2", "w2"),
                                 reference = "halves")
  noise <- scores$method == "noise_reference"
  expect_identical(scores$halvings, ifelse(noise, 5, 0))
  expect_identical(scores$gamma.from, ifelse(scores$metric == "mmd2", "median", ""))
  expect_false(any(scores$weighted))
  w2 <- scores[scores$metric == "w2" & noise, ]
  expect_identical(w2$metric.setting, "weights 1/n and 1/m")
  expect_identical(w2$setting, "weights 1/n and 1/m; mean of 5 halvings of the observed cells")
  drawn <- evaluate_predictions(fit, new$treated, control = new$control, preset = "cmonge")
  expect_true(all(drawn$subsample.cells > 0) && all(drawn$subsamples > 0))
  expect_identical(drawn$setting,
                   paste0(drawn$metric.setting, ifelse(nzchar(drawn$metric.setting), "; ", ""),
                          "mean of ", drawn$subsamples, " subsamples of ", drawn$subsample.cells,
                          " cells a side"))
  # One metric at several bandwidths, one of them the median's.
  several <- rbind(scores, transform(scores, setting = "gamma = 3", metric.setting = "gamma = 3",
                                     gamma = 3)[scores$metric == "mmd2", ])
  keys <- laot:::score_keys(several[several$method == "laot", ], c("metric", "setting"))
  expect_identical(keys$label, c(sprintf("mmd2[%s]", c(laot:::number_text(scores$gamma[1L], 4L),
                                                       "3")), "w2"))
})

test_that("features that do not vary are counted once, over the methods", {
  expect_identical(laot:::left_out_text(c(2, 4, 2)), "without 2 to 4 features that do not vary")
  expect_identical(laot:::left_out_text(1), "without 1 feature that does not vary")
})

test_that("beside a held-out donor the reference is its own cells, half against half", {
  levels <- list(control = rep(c("a", "b"), 40), treated = rep(c("a", "b"), 30))
  trained <- quiet_fit(cells$control, cells$treated, batch = levels)
  scores <- evaluate_predictions(trained, new$treated, control = new$control, metrics = "w2",
                                 batch = rep("c", 25))
  expect_identical(scores$method[4:6], c("gaussian_map", "noise_reference", "training_treated"))
  expect_identical(unique(scores$kind), "unseen context")
  expect_identical(c(scores$cells[5], scores$observed[5]), c(12, 13))
  expect_gt(scores$sd[5], 0)
  expect_output(print(scores), "noise_reference: observed cells, half against half .12 against 13")
  known <- evaluate_predictions(trained, new$treated, control = new$control, metrics = "w2",
                                batch = rep("b", 25))
  expect_false("training_treated" %in% known$method)
})

test_that("groups have rows of their own, and tell that types were exchanged", {
  set.seed(3)
  two <- function(n, shift) cbind(matrix(rnorm(4 * n, 0), 4), matrix(rnorm(4 * n, 8), 4)) + shift
  type <- rep(c("B", "T"), each = 20)
  observed <- two(20, 1)
  exchanged <- two(20, 1)[, 40:1]
  by <- list(observed = type, control = type)
  share <- function(predicted) {
    found <- suppressMessages(evaluate_predictions(predicted, observed, control = two(20, 0),
                                                   metrics = "w2", by = by))
    found[found$metric == "own_group_share" & found$method == "prediction", ]
  }
  expect_identical(share(two(20, 1))$group, c("", "B", "T"))
  expect_identical(share(two(20, 1))$value, c(1, 1, 1))
  expect_identical(share(exchanged)$value, c(0, 0, 0))
  expect_sentence(evaluate_predictions(fit, new$treated, control = new$control,
                                       by = list(observed = 1:25)),
                  "it lacks control")
  predicted <- predict(fit, new$control)
  expect_sentence(evaluate_predictions(predicted, new$treated, train = fit,
                                       by = list(observed = 1:25, control = 1:30)),
                  "by needs the control cells that were predicted")
  found <- suppressMessages(evaluate_predictions(fit, new$treated, control = new$control,
                                                 metrics = "w2",
                                                 by = list(observed = rep("B", 25),
                                                           control = rep(c("B", "T"), 15))))
  expect_setequal(found$group, c("", "B"))
  expect_output(print(found), "Group B")
})

test_that("worst_features() refuses what it cannot count, and slips in names", {
  expect_sentence(worst_features(fit, new$treated, new$control, count = -1),
                  "count must be one whole number of at least 1")
  expect_sentence(worst_features(fit, new$treated, new$control, cuont = 3),
                  "did you mean \"count\"")
  expect_sentence(worst_features(fit), "observed is missing")
})

test_that("labels that are not those of the argument are warned of", {
  skip_if_not_installed("SingleCellExperiment")
  cells <- function(seed, prefix) {
    two <- two_populations(n = 40, m = 30, d = 4, seed = seed)
    values <- cbind(two$control, two$treated)
    dimnames(values) <- list(letters[1:4], paste0(prefix, 1:70))
    SingleCellExperiment::SingleCellExperiment(
      list(logcounts = values), colData = data.frame(condition = rep(c("ctrl", "stim"), c(40, 30)),
                                                     row.names = colnames(values)))
  }
  fit <- laot_fit(cells(1, "a"), seed = 1, verbose = FALSE)
  new <- cells(2, "b")
  control <- new[, 1:40]
  observed <- new[, 41:70]
  scored <- function(observed, control)
    evaluate_predictions(fit, observed = observed, control = control, metrics = "mmd2")
  expect_no_warning(scored(observed, control))
  expect_warning(expect_warning(scored(control, observed), "control has 30 cells"),
                 "observed has 40 cells")
  expect_warning(scored(new, control), "observed has 40 cells")
  expect_warning(scored(observed, new), "control has 30 cells")
})
