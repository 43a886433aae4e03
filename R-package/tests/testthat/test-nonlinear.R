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
