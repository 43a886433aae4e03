preset_cells <- function(n, shift = 0) {
  matrix(rnorm(6 * n, shift), 6, dimnames = list(letters[1:6], NULL))
}

test_that("the cellot preset is its definition, on the cells that it draws", {
  set.seed(2)
  predicted <- preset_cells(100)
  observed <- preset_cells(100, 0.3)
  scores <- suppressMessages(evaluate_predictions(predicted, observed, preset = "cellot"))
  kernel <- function(a, b, gamma) {
    squared <- outer(colSums(a^2), colSums(b^2), "+") - 2 * crossprod(a, b)
    mean(exp(-gamma * squared))
  }
  gammas <- 10^seq(1, -3, length.out = 50)
  by.hand <- mean(vapply(gammas, function(g) {
    kernel(predicted, predicted, g) + kernel(observed, observed, g) - 2 * kernel(predicted,
        observed, g)
  }, 0))
  value <- function(metric) scores$value[scores$metric == metric]
  # Of 100 cells a subsample of 100 is all of them, ten times.
  expect_equal(value("mmd2_mean50"), by.hand, tolerance = 1e-9)
  expect_lt(max(abs(scores$sd)), 1e-12)
  expect_equal(value("pearson_means"), cor(rowMeans(predicted), rowMeans(observed)))
  expect_equal(value("l2_sds_ddof1"),
               sqrt(sum((apply(predicted, 1, sd) - apply(observed, 1, sd))^2)))
  expect_match(scores$setting[1L], "mean of 10 subsamples of 100 cells")
  bigger <- suppressMessages(evaluate_predictions(preset_cells(300), preset_cells(260),
                                                  preset = "cellot"))
  expect_match(bigger$setting[1L], "250 cells")
  expect_gt(min(bigger$sd), 0)
})

test_that("the laot preset clips, and takes gamma from all features", {
  set.seed(3)
  control <- preset_cells(60)
  treated <- preset_cells(50, 1)
  fit <- laot_fit(control, treated, seed = 1)
  scores <- evaluate_predictions(fit, preset_cells(40, 1), preset_cells(40), preset = "laot",
                                 markers = 2)
  mmd2 <- scores[scores$metric == "mmd2_clipped", ]
  expect_length(unique(mmd2$setting), 1)
  expect_true(all(mmd2$value >= 0))
  own <- evaluate_predictions(fit, preset_cells(40, 1), preset_cells(40), metrics = "mmd2",
                              markers = 2)
  expect_length(unique(own$setting), 2)
  expect_setequal(own$features, c("6 features", "top 2 markers"))
})

test_that("markers need training cells and a number that there is", {
  set.seed(4)
  expect_error(evaluate_predictions(preset_cells(20), preset_cells(20), markers = 2),
               "training cells")
  fit <- laot_fit(preset_cells(30), preset_cells(30), seed = 1)
  expect_error(evaluate_predictions(fit, preset_cells(20), preset_cells(20), markers = 7), "1 to 6")
  expect_error(evaluate_predictions(fit, preset_cells(20), preset_cells(20), preset = "cello"),
               "preset must be one of")
})

test_that("training cells among the observed ones are named", {
  set.seed(5)
  treated <- preset_cells(30, 1)
  colnames(treated) <- paste0("t", 1:30)
  fit <- laot_fit(preset_cells(30), treated, seed = 1)
  expect_warning(evaluate_predictions(fit, treated[, 1:12], preset_cells(20)),
                 "12 observed cells are among the training cells .t1, t2, t3, t4, t5 and 7 more")
  fresh <- treated
  colnames(fresh) <- paste0("u", 1:30)
  expect_no_warning(evaluate_predictions(fit, fresh, preset_cells(20)))
  expect_warning(suppressMessages(evaluate_predictions(
    preset_cells(30), treated[, 1, drop = FALSE],
    train = list(control = preset_cells(30), treated = treated))), "1 observed cell is among")
})

test_that("the verdict says what the numbers mean", {
  set.seed(6)
  control <- preset_cells(150)
  treated <- preset_cells(150, 2)
  observed <- preset_cells(120, 2)
  new <- preset_cells(120)
  train <- list(control = control, treated = treated)
  good <- new + 2
  flat <- 0.75 * new + 2
  wrong <- new + 3
  verdict_of <- function(predicted) {
    paste(attr(suppressMessages(evaluate_predictions(predicted, observed, new, train)), "verdict"),
          collapse = " ")
  }
  expect_match(verdict_of(good), "cannot be told from true treated cells")
  expect_match(verdict_of(flat), "spread is lost .sd ratio 0.7.*its w2 beats true treated cells")
  expect_match(verdict_of(wrong), "worse than the mean shift in mmd2")
  expect_match(verdict_of(wrong), "can be told from true")
  by.set <- evaluate_predictions(flat, observed, new, train, markers = 2)
  expect_match(attr(by.set, "verdict"), "^On the (6 features|top 2 markers): ")
  expect_output(print(suppressMessages(evaluate_predictions(wrong, observed, new, train))),
                "worse than the mean shift")
})

test_that("the worst features come first", {
  set.seed(7)
  observed <- preset_cells(50)
  predicted <- observed
  predicted["d", ] <- predicted["d", ] + 5
  worst <- worst_features(predicted, observed, count = 2)
  expect_equal(worst$feature[1L], "d")
  expect_equal(worst$mean.difference[1L], 5)
  expect_equal(worst$ks[1L], unname(ks.test(predicted["d", ], observed["d", ])$statistic))
  expect_equal(worst$ks[2L], 0)
  expect_equal(worst$w1, c(5, 0))
})

test_that("the verdict of a table has its limits", {
  rows <- function(...) data.frame(..., weighted = 0, observed = 20, features = "f")
  said <- function(...) laot:::set_verdict(rows(...), "laot")
  p.value <- function(p) said(method = "laot", metric = "mmd2_p_value", value = p)
  expect_match(p.value(0.03), "^can be told from true treated cells")
  expect_match(p.value(0.06), "^cannot be told from true treated cells")
  spread <- function(ratio)
    said(method = c("laot", "laot", "noise_reference"), metric = c("sd_ratio", "w2", "w2"),
         value = c(ratio, 1, 2))
  expect_identical(spread(0.85), character())
  expect_match(spread(0.79), "^spread is lost .*that is why its w2 beats true treated cells")
})
