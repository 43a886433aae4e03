test_that("a fit says what it did and is reproducible from its seed", {
  cells <- two_populations()
  fit <- laot_fit(cells$control, cells$treated, seed = 7)
  expect_s3_class(fit, "laot_fit")
  expect_identical(fit$report$n.control, 60)
  expect_identical(fit$report$n.treated, 45)
  expect_identical(fit$report$outcome, "converged")
  expect_output(print(fit), "LAOT fit: control to treated.*adaptive")
  expect_output(print(summary(fit)), "Strongest entries of W - I")
  again <- laot_fit(cells$control, cells$treated, seed = 7)
  expect_identical(coef(fit), coef(again))
})

test_that("the number of threads changes no bit", {
  cells <- two_populations(n = 400, m = 300, d = 30)
  one <- laot_fit(cells$control, cells$treated, seed = 1, num.threads = 1)
  two <- laot_fit(cells$control, cells$treated, seed = 1, num.threads = 2)
  expect_identical(coef(one), coef(two))
  expect_identical(predict(one, cells$control), predict(two, cells$control, num.threads = 2))
})

test_that("the map has the feature names on both sides and makes the predictions", {
  cells <- two_populations()
  fit <- quiet_fit(cells$control, cells$treated)
  parts <- coef(fit)
  expect_identical(dimnames(parts$map), list(rownames(cells$control), rownames(cells$control)))
  expect_named(parts$offset, rownames(cells$control))
  expect_equal(predict(fit, cells$control), parts$map %*% cells$control + parts$offset,
               tolerance = 1e-12)
})

test_that("the same cells on both sides give the identity", {
  cells <- two_populations(n = 80)$control
  fit <- quiet_fit(cells, cells)
  expect_equal(unname(coef(fit)$map), diag(4), tolerance = 1e-8)
  expect_equal(predict(fit, cells), cells, tolerance = 1e-8)
  twice <- quiet_fit(cells, unname(cbind(cells, cells)) |> `rownames<-`(rownames(cells)))
  expect_equal(unname(coef(twice)$map), diag(4), tolerance = 1e-8)
})

test_that("the seed comes from R's generator where none is given", {
  cells <- two_populations()
  set.seed(3)
  first <- laot_fit(cells$control, cells$treated)
  after <- runif(1)
  set.seed(3)
  second <- laot_fit(cells$control, cells$treated)
  expect_identical(first$seed, second$seed)
  expect_identical(after, runif(1))
  set.seed(3)
  laot_fit(cells$control, cells$treated, seed = 5)
  expect_identical(laot_fit(cells$control, cells$treated)$seed, first$seed)
})

test_that("presets and parameters reach the library", {
  cells <- two_populations()
  paper <- quiet_fit(cells$control, cells$treated, preset = "algorithm1")
  expect_identical(paper$params[["center"]], "none")
  expect_identical(paper$params[["n.pcs"]], "0")
  refined <- quiet_fit(cells$control, cells$treated, preset = "algorithm1", ridge = 0.3)
  expect_identical(refined$params[["ridge"]], "0.3")
  flagged <- quiet_fit(cells$control, cells$treated, equal.counts = TRUE)
  expect_identical(flagged$report$n.control, 45)
  expect_identical(quiet_fit(cells$control, cells$treated, ridge = NULL)$params[["ridge"]], "auto")
})

test_that("the coupling can be chosen, and the report says what is proven", {
  cells <- two_populations()
  exact <- quiet_fit(cells$control, cells$treated, coupling = "exact")
  expect_identical(coef(exact), coef(quiet_fit(cells$control, cells$treated)))
  expect_identical(exact$report$coupling, "exact")
  expect_identical(exact$report$plan.bound, "proven")
  expect_lt(abs(exact$report$plan.gap), 1e-9)
  parts <- quiet_fit(cells$control, cells$treated, coupling = "hierarchical")
  expect_identical(parts$params[["coupling"]], "hierarchical")
  expect_identical(parts$report$coupling, "hierarchical")
  expect_identical(parts$report$plan.bound, "estimated")
  expect_gt(parts$report$plan.cost.lower.bound.error, 0)
  expect_lte(parts$report$plan.cost.lower.bound, parts$report$plan.cost)
  expect_output(print(parts), "coupling  hierarchical: plan cost .* \\(estimated bound\\)")
  expect_output(print(summary(parts)), "by estimate within")
  expect_output(print(summary(exact)), "proven within")
  expect_sentence(quiet_fit(cells$control, cells$treated, coupling = "fast"), "coupling")
  expect_sentence(
    quiet_fit(cells$control, cells$treated, update = "adam", batch.size = 10,
              coupling = "hierarchical"),
    "coupled exactly"
  )
})

test_that("cells are paired within a batch only", {
  cells <- two_populations(n = 40, m = 60)
  batch <- list(control = rep(c("a", "b"), 20), treated = rep(c("a", "b", "b"), 20))
  fit <- quiet_fit(cells$control, cells$treated, batch = batch)
  expect_identical(coef(fit), coef(quiet_fit(cells$control, cells$treated, batch = unlist(batch))))
  expect_false(identical(coef(fit), coef(quiet_fit(cells$control, cells$treated))))
  expect_sentence(quiet_fit(cells$control, cells$treated, batch = c(rep("a", 40), rep("b", 60))),
                  "batch level \"b\"")
  expect_sentence(quiet_fit(cells$control, cells$treated, batch = "a"),
                  "one label for each of the 40 control and 60 treated")
  batch$control[3] <- NA
  expect_sentence(quiet_fit(cells$control, cells$treated, batch = batch), "missing label")
})

test_that("trivial predictors are fits too", {
  cells <- two_populations()
  shift <- rowMeans(cells$treated) - rowMeans(cells$control)
  expect_equal(predict(fit_trivial(cells$control, cells$treated), cells$control),
               cells$control + shift)
  expect_equal(predict(fit_trivial(cells$control, cells$treated, method = "identity"),
                       cells$control), cells$control)
  # The optimal map between Gaussians gives its predictions the treated covariance.
  exact <- fit_trivial(cells$control, cells$treated, method = "gaussian_map", shrink = "none")
  expect_equal(cov(t(predict(exact, cells$control))) * 59 / 60, cov(t(cells$treated)) * 44 / 45,
               tolerance = 1e-8)
  expect_sentence(fit_trivial(cells$control, cells$treated, method = "laot"),
                  "method must be one of")
})

test_that("one matrix with labels is the same as two", {
  cells <- two_populations()
  both <- cbind(cells$control, cells$treated)
  labels <- rep(c("ctrl", "stim"), c(60, 45))
  fit <- quiet_fit(both, condition = labels)
  expect_identical(coef(fit), coef(quiet_fit(cells$control, cells$treated)))
  shuffled <- c(seq(1, 105, 2), seq(2, 105, 2))
  mixed <- quiet_fit(both[, shuffled], condition = labels[shuffled])
  expect_equal(coef(mixed), coef(fit), tolerance = 1e-6)
})

test_that("cells with values under 0 are told no share of negative predictions", {
  set.seed(1)
  cells <- matrix(rnorm(300), 3)
  expect_false(any(grepl("negative", capture.output(print(quiet_fit(cells, cells + 1))))))
  expect_output(print(quiet_fit(exp(cells), 1 + exp(cells))), "negative +[0-9.]+% of the predicted")
})
