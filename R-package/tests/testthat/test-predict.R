cells <- two_populations()
fit <- quiet_fit(cells$control, cells$treated)

test_that("predictions keep the order and the names of newdata", {
  straight <- predict(fit, cells$control)
  expect_identical(dimnames(straight), dimnames(cells$control))
  turned <- cells$control[c(3, 1, 4, 2), 5:1]
  expect_identical(predict(fit, turned), straight[c(3, 1, 4, 2), 5:1])
  extra <- rbind(other = 9, cells$control[4:1, 1:2], more = 9)
  expect_identical(predict(fit, extra), straight[4:1, 1:2])
  expect_identical(unname(predict(fit, unname(cells$control))), unname(straight))
  expect_identical(predict(fit, unname(cells$control[, 1:2])), straight[, 1:2] |>
                   `colnames<-`(NULL))
})

# BLAS may add in another order for one column than for many, so not to the last bit.
test_that("one new cell is enough", {
  expect_equal(predict(fit, cells$control[, 7, drop = FALSE]), predict(fit, cells$control)[, 7,
      drop = FALSE],
               tolerance = 1e-13)
})

test_that("the class of newdata comes back", {
  frame <- as.data.frame(cells$control)
  expect_s3_class(predict(fit, frame), "data.frame")
  expect_identical(as.matrix(predict(fit, frame)), predict(fit, cells$control))
  skip_if_not_installed("Matrix")
  sparse <- methods::as(cells$control, "dgCMatrix")
  expect_s4_class(predict(fit, sparse), "dgCMatrix")
  expect_identical(as.matrix(predict(fit, sparse)), predict(fit, cells$control))
  dense <- methods::as(cells$control, "dgeMatrix")
  expect_s4_class(predict(fit, dense), "dgeMatrix")
})

test_that("predictions can be kept from being negative", {
  raw <- predict(fit, cells$control)
  expect_true(any(raw < 0))
  expect_identical(predict(fit, cells$control, nonnegative = "clip"), pmax(raw, 0))
  positive <- lapply(cells, function(x) pmax(x, 0))
  model <- quiet_fit(positive$control, positive$treated)
  spread <- predict(model, positive$control, nonnegative = "marginals")
  expect_gte(min(spread), 0)
  expect_lte(max(spread), max(positive$treated))
  # Zeros as often as among the treated cells, not everywhere below 0.
  expect_equal(mean(spread < 1e-9), mean(positive$treated == 0), tolerance = 0.2)
})

test_that("what cannot be predicted is said", {
  expect_sentence(predict(fit), "newdata is missing")
  expect_sentence(predict(fit, cells$control[1:3, ]),
                  "newdata lacks 1 of the 4 features of the fit: gene4")
  expect_sentence(predict(fit, unname(cells$control)[1:3, ]), "3 features.*has 4")
  expect_sentence(predict(fit, cells$control, nonnegative = "yes"), "nonnegative must be one of")
  expect_sentence(predict(fit, cells$control, nonegative = "no"), "unknown argument")
  expect_sentence(predict(fit, cells$control, nonnegativ = "no"), "write nonnegative in full")
  expect_sentence(predict(fit, cells$control[, 0]), "newdata has no cells")
  double <- cells$control[c(1:4, 1), ]
  expect_sentence(predict(fit, double), "\"gene1\" more than once")
})
