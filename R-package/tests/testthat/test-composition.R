# Shares of cell types that change.

changed_cells <- function() {
  set.seed(3)
  at <- function(counts, shift) matrix(rnorm(3 * sum(counts)), 3) + rep(rep(c(0, 6), counts) + shift, each = 3)
  list(control = at(c(240, 80), 0), treated = at(c(80, 240), 1),
       types = list(control = rep(c("A", "B"), c(240, 80)), treated = rep(c("A", "B"), c(80, 240))))
}

test_that("a change of shares is told, warned of, and balanced", {
  cells <- changed_cells()
  fit <- function(...) laot_fit(cells$control, cells$treated, seed = 1, preset = "calibrated", verbose = FALSE, ...)
  expect_warning(fit(types = cells$types), "A: 75% to 25%")
  balanced <- expect_silent(fit(types = cells$types, balance = "types"))
  expect_output(print(balanced), "A: 75% to 25%")
  shares <- composition(balanced)
  expect_identical(shares$type, c("A", "B"))
  expect_equal(shares$ratio, c(1 / 3, 3))
  expect_true(all(shares$treated.low < shares$treated & shares$treated < shares$treated.high))
  weights <- composition_weights(balanced, cells$control, types = cells$types$control)
  expect_equal(weights, rep(c(1 / 3, 3), c(240, 80)))
  clusters <- fit(balance = "clusters")
  found <- composition_weights(clusters, cells$control)
  expect_equal(sum(found[cells$types$control == "A"]) / sum(found), 0.25, tolerance = 0.02)
  expect_sentence(composition(fit()), "give types = ")
  expect_sentence(fit(balance = "types"), "give a type for each")
  expect_sentence(composition_weights(balanced, cells$control), "give one for each")
  expect_sentence(fit(types = "A"), "types must have one label")
})
