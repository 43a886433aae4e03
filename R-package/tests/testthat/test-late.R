# Parts of a fit that the library has not been asked for yet.

# R's own account of a vector, in which late.c says whether its values are there.
told <- function(x) paste(utils::capture.output(.Internal(inspect(x))), collapse = "\n")
waits <- function(x) grepl("not asked for yet", told(x), fixed = TRUE)

pair <- function(seed = 1) {
  set.seed(seed)
  list(control = matrix(rnorm(12 * 40), 12), treated = matrix(rnorm(12 * 30, 0.5), 12))
}

test_that("a fit asks for its bytes and its bandwidth when they are read", {
  cells <- pair()
  fit <- laot_fit(cells$control, cells$treated, seed = 1)
  utils::capture.output(print(fit))
  predict(fit, cells$control)
  expect_true(waits(fit$bytes))
  expect_true(waits(fit$report$median.gamma))
  squared <- as.vector(stats::dist(rbind(t(cells$control), t(cells$treated))))^2
  expect_equal(fit$report$median.gamma, 1 / stats::median(squared), tolerance = 1e-12)
  expect_false(waits(fit$report$median.gamma))
  expect_true(waits(fit$bytes))
  size <- length(fit$bytes)
  expect_true(waits(fit$bytes))
  expect_identical(fit$bytes[size], utils::tail(as.raw(fit$bytes), 1L))
})

test_that("a fit of several conditions asks for the bytes of all of them once", {
  cells <- pair(2)
  all <- cbind(cells$control, cells$treated, cells$treated + 1)
  labels <- rep(c("control", "a", "b"), c(40, 30, 30))
  fits <- laot_fit(all, condition = labels, seed = 1)
  whole <- attr(fits, "whole")
  expect_true(waits(whole$bytes))
  path <- tempfile()
  on.exit(unlink(path))
  saveRDS(fits, path)
  expect_false(waits(whole$bytes))
  back <- readRDS(path)
  expect_identical(predict(back$b, cells$control), predict(fits$b, cells$control))
})

test_that("what was written is plain: numbers, and bytes that load", {
  cells <- pair(3)
  fit <- laot_fit(cells$control, cells$treated, seed = 1)
  back <- unserialize(serialize(fit, NULL))
  expect_false(grepl("a model", told(back$bytes), fixed = TRUE))
  expect_identical(typeof(back$bytes), "raw")
  expect_identical(back$report, fit$report)
  expect_identical(predict(back, cells$control), predict(fit, cells$control))
})
