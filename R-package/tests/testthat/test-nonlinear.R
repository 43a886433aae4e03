# Fits that bend: what R shows of them.

bent_cells <- function(n, m) {
  set.seed(4)
  names <- list(c("a", "b", "c"), NULL)
  control <- matrix(rnorm(3 * n), 3, dimnames = names)
  treated <- matrix(rnorm(3 * m), 3, dimnames = names)
  list(control = control, treated = treated + 1.5 * tanh(2 * treated) + 1)
}

test_that("an adaptive fit says what it chose, and coef() what bends", {
  cells <- bent_cells(300, 260)
  fit <- laot_fit(cells$control, cells$treated, preset = "adaptive", seed = 1, verbose = FALSE)
  expect_match(fit$report$choice, "lift|marginals")
  expect_output(print(fit), "lowers the held-out MMD")
  lifted <- laot_fit(cells$control, cells$treated, lift = "yes", restore = "marginals", seed = 1,
                     verbose = FALSE)
  found <- coef(lifted)
  expect_identical(dimnames(found$map), list(c("a", "b", "c"), c("a", "b", "c")))
  expect_gt(found$lift.share, 0)
  expect_lte(found$lift.share, 1)
  expect_gte(found$marginals.strength, 0)
})

test_that("choices() has what a fit compared, of one and of several conditions", {
  cells <- bent_cells(300, 260)
  fit <- laot_fit(cells$control, cells$treated, preset = "adaptive", seed = 1, verbose = FALSE)
  found <- choices(fit)
  expect_named(found, c("choice", "candidate", "mmd2", "gain", "standard.error", "chosen"))
  expect_identical(found$candidate, c("linear", "linear + marginals", "lift", "lift + marginals"))
  expect_equal(found$gain, found$mmd2 - found$mmd2[1L])
  expect_identical(found$candidate[found$chosen == 1], fit$report$choice)
  fits <- laot_fit(cbind(cells$control, cells$treated, cells$treated + 1), seed = 1,
                   condition = rep(c("control", "one", "two"), c(300, 260, 260)),
                   verbose = FALSE)
  both <- choices(fits)
  expect_identical(both$target, rep(c("one", "two"), each = 4L))
  names(fits) <- c("one", "second")
  expect_identical(unique(choices(fits)$target), c("one", "second"))
  names(fits) <- c("one", "two")
  expect_identical(choices(fits["two"]), structure(both[5:8, ], row.names = 1:4))
  expect_equal(choices(fits[["two"]]), structure(both[5:8, -1L], row.names = 1:4))
  expect_identical(nrow(choices(fit_method(cells$control, "mean_shift", treated = cells$treated,
                                           seed = 1, verbose = FALSE))), 0L)
  expect_sentence(choices(3), "fit must be a fit, or fits of several conditions, found 3")
})

test_that("choices() of a method of many conditions are those of all", {
  set.seed(2)
  cells <- matrix(rnorm(2 * 500), 2)
  condition <- rep(c("control", paste("dose", 1:4)), each = 100)
  dose <- rep(0:4, each = 100)
  fits <- suppressWarnings(fit_method(cells + rep(dose, each = 2), "conditional_laot",
                                      condition = condition, control = "control",
                                      covariates = data.frame(dose = dose), seed = 1,
                                      verbose = FALSE))
  found <- choices(fits)
  expect_identical(found$choice, rep(c("restore", "own.share"), each = 5L))
  expect_identical(unique(found$target), "")
  expect_identical(choices(fits[2:3]), found)
  expect_identical(choices(fits[["dose 2"]]), found[-1L])
  expect_identical(found$gain, rep(NA_real_, 10))
  expect_equal(as.vector(tapply(found$chosen, found$choice, sum)), c(1, 1))
})

test_that("effects are the derivative of predict(), with names and in any order of features", {
  cells <- bent_cells(150, 140)
  fit <- laot_fit(cells$control, cells$treated, lift = "yes", seed = 1, verbose = FALSE)
  at <- matrix(c(0.1, 0.4, -0.3, -1, 0.2, 0.7), 3, dimnames = list(c("a", "b", "c"),
      c("one", "two")))
  found <- effects(fit, at = at)
  expect_identical(dimnames(found), list(c("a", "b", "c"), c("a", "b", "c"), c("one", "two")))
  step <- 1e-5
  up <- down <- at
  up["b", ] <- up["b", ] + step
  down["b", ] <- down["b", ] - step
  slope <- (predict(fit, up, verbose = FALSE) - predict(fit, down, verbose = FALSE)) / (2 * step)
  expect_equal(unname(found[, "b", ]), unname(slope), tolerance = 1e-6)
  expect_equal(effects(fit, at = at[3:1, ]), found)
  linear <- laot_fit(cells$control, cells$treated, seed = 1, verbose = FALSE)
  expect_equal(unname(effects(linear, at = at)[, , 1]), unname(coef(linear)$map))
  expect_error(effects(fit), "at is missing")
})
