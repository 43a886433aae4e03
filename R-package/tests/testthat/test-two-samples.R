normal_cells <- function(n, shift = 0, seed = 1, name = "c") {
  set.seed(seed)
  matrix(rnorm(5 * n, shift), 5, dimnames = list(letters[1:5], paste0(name, seq_len(n))))
}
x <- normal_cells(40)
y <- normal_cells(30, 0.4, seed = 2)

kernel_mean <- function(a, b, gamma, off.diagonal = FALSE) {
  k <- exp(-gamma * (outer(colSums(a^2), colSums(b^2), "+") - 2 * crossprod(a, b)))
  if (off.diagonal) (sum(k) - ncol(a)) / (ncol(a) * (ncol(a) - 1)) else mean(k)
}
by_hand <- function(x, y, gammas, unbiased) mean(vapply(gammas, function(g) {
  kernel_mean(x, x, g, unbiased) + kernel_mean(y, y, g, unbiased) - 2 * kernel_mean(x, y, g)
}, 0))

test_that("MMD^2 is the mean over the gammas, unbiased or biased", {
  gammas <- 10^seq(1, -3, length.out = 50)
  expect_equal(mmd2(x, y, gammas), by_hand(x, y, gammas, TRUE), tolerance = 1e-9)
  expect_equal(mmd2(x, y, gammas, "biased"), by_hand(x, y, gammas, FALSE), tolerance = 1e-9)
  median.gamma <- 1 / median(dist(t(cbind(x, y)))^2)
  expect_equal(mmd2(x, y), by_hand(x, y, median.gamma, TRUE), tolerance = 1e-9)
  expect_equal(mmd2(x, y[5:1, ]), mmd2(x, y))
  # NA, not NaN, which testthat takes for the same.
  expect_warning(same <- mmd2(x[, c(1, 1)], x[, c(1, 1)]), "no two cells differ")
  for (lost in c(mmd2(x, y[, 1, drop = FALSE]), same))
    expect_true(is.na(lost) && !is.nan(lost))
  skip_if_not_installed("Matrix")
  expect_identical(mmd2(Matrix::Matrix(x, sparse = TRUE), y), mmd2(x, y))
})

test_that("the permutation test finds a shift, and nothing where there is nothing", {
  test <- mmd2_test(x, y, permutations = 199, seed = 1)
  expect_s3_class(test, "htest")
  expect_equal(test$statistic[["MMD^2"]], mmd2(x, y))
  expect_lt(test$p.value, 0.05)
  expect_gte(test$p.value, 1 / 200)
  expect_identical(mmd2_test(x, y, permutations = 199, seed = 1)$p.value, test$p.value)
  p.values <- vapply(1:40, function(k) {
    mmd2_test(normal_cells(20, seed = 2 * k), normal_cells(15, seed = 2 * k + 1), permutations = 99,
              seed = k)$p.value
  }, 0)
  expect_gt(mean(p.values), 0.3)
  expect_lt(mean(p.values), 0.7)
  expect_equal(p.values * 100, round(p.values * 100))
  expect_equal(mmd2_test(x, y, c(0.01, 1), seed = 1)$statistic[["MMD^2"]], mmd2(x, y, c(0.01, 1)))
  expect_output(print(mmd2_test(x, y, c(0.01, 1), permutations = 9, seed = 1)),
                "mean over 2 gammas,\\s+9 permutations.*x and y.*gammas = 2")
})

test_that("two samples that cannot be compared are refused in a sentence", {
  expect_sentence(mmd2(x, y[1:3, ]), "y lacks 2 of the 5 features of x: d, e")
  expect_sentence(mmd2(x, y, estimator = "unbias"), "estimator must be one of unbiased, biased")
  expect_sentence(mmd2(x, y, gamma = 0), "gamma must be")
  expect_sentence(mmd2_test(x, y, permutations = 0.5), "permutations must be one whole number")
  expect_sentence(mmd2_test(x, y[, 1, drop = FALSE]), "two cells on each side")
  expect_sentence(mmd2_test(x[, c(1, 1)], x[, c(1, 1)]), "no two cells differ")
  y[2, 3] <- NA
  expect_error(mmd2(x, y), "y")
})

test_that("each cell keeps its order of features, as R's own Spearman says", {
  predicted <- 0.5 * x + normal_cells(40, seed = 3)
  by.hand <- vapply(seq_len(40), function(i) cor(x[, i], predicted[, i], method = "spearman"), 0)
  expect_equal(cell_spearman(predicted, x), stats::setNames(by.hand, colnames(x)))
  expect_equal(cell_spearman(predicted, x[5:1, ]), cell_spearman(predicted, x))
  fit <- quiet_fit(x, y)
  each <- cell_spearman(fit, x)
  expect_equal(unname(each), unname(cell_spearman(predict(fit, x), x)))
  new <- normal_cells(30, 0.4, seed = 4, name = "new")
  scores <- evaluate_predictions(fit, new, control = x, metrics = "cell_spearman")
  expect_equal(scores$value[scores$method == "laot"], mean(each))
  flat <- x
  flat[, 2] <- 1
  lost <- cell_spearman(predicted, flat)
  expect_identical(which(is.na(lost)), c(c2 = 2L))
  expect_false(anyNA(lost[-2L]) || is.nan(lost[[2L]]))
  expect_sentence(cell_spearman(predicted, x[, 1:39]), "control has 39 cells and the prediction 40")
  expect_sentence(cell_spearman(fit), "control is missing")
})

test_that("the entropy of Sinkhorn scores is relative or absolute, as the golden values have it", {
  golden <- read.csv(test_path("golden", "metrics_expected.csv"))
  read <- function(part)
    t(as.matrix(read.csv(test_path("golden", paste0("metrics_gauss_", part, ".csv")))))
  predicted <- read("predicted")
  treated <- read("treated")
  dimnames(predicted) <- dimnames(treated) <- NULL
  scores <- function(epsilon) {
    suppressMessages(evaluate_predictions(predicted, treated,
                                          metrics = c("sinkhorn_cost", "sinkhorn_regularised",
                                                      "sinkhorn_divergence"),
                                          epsilon = epsilon))
  }
  value <- function(quantity) golden$value[golden$case == "gauss" & golden$quantity == quantity]
  absolute <- scores(c(absolute = 0.5))
  expect_equal(absolute$value[1:2], c(value("sinkhorn_eps0.5_absolute_transport_cost"),
                                      value("sinkhorn_eps0.5_absolute_cost_plus_eps_kl")),
                                      tolerance = 1e-6)
  expect_identical(unique(absolute$setting), "epsilon = 0.5")
  relative <- scores(c(relative = 0.5))
  expect_equal(relative$value, c(value("sinkhorn_eps0.5_mean_cost_transport_cost"),
                                 value("sinkhorn_eps0.5_mean_cost_cost_plus_eps_kl"),
                                 value("sinkhorn_divergence_eps0.5_mean_cost")), tolerance = 1e-6)
  expect_identical(unique(relative$setting), "epsilon = 0.5 x mean squared distance")
  expect_sentence(scores(0.5), "epsilon must be c.relative = .*or c.absolute = ")
  expect_sentence(scores(c(absolute = 0)), "epsilon must be above 0, found 0")
})

test_that("a transposed matrix of two is told, with names and without", {
  colnames(y) <- paste0("t", seq_len(ncol(y)))
  for (named in c(TRUE, FALSE)) {
    if (!named) dimnames(x) <- dimnames(y) <- NULL
    calls <- list(mmd2, function(a, b) mmd2_test(a, b, permutations = 9, seed = 1), marker_table,
                  cell_spearman, evaluate_predictions, worst_features,
                  function(a, b) laot_fit(a, b, seed = 1))
    for (call in calls) {
      expect_sentence(call(t(x), y), paste0("(has 5|names of the) columns.*: cells are columns ",
                                            "here, so give its transpose, t\\(\\)"))
      expect_sentence(call(x, t(y)),
                      "cells are columns here, so give t\\((y|treated|observed|control)\\)")
    }
  }
})
