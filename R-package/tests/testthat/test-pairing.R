type <- rep(c("B", "T"), c(30, 20))
start <- local({
  set.seed(1)
  matrix(rnorm(3 * 50), 3) + rep(ifelse(type == "B", 0, 6), each = 3)
})
colnames(start) <- paste0("cell", 1:50)
after <- start[, 50:1] + 1
colnames(after) <- paste0("late", 1:50)
fit <- quiet_fit(start, after)

test_that("the coupling is a matrix of masses, and types go where they should", {
  skip_if_not_installed("Matrix")
  plan <- pairing(fit)
  expect_equal(unname(Matrix::rowSums(plan)), rep(1 / 50, 50))
  expect_equal(unname(Matrix::colSums(plan)), rep(1 / 50, 50))
  expect_identical(dimnames(plan), list(colnames(start), colnames(after)))
  moves <- transitions(fit, by = list(control = type, treated = rev(type)))
  expect_identical(moves$from, c("B", "B", "T", "T"))
  expect_equal(moves$share, as.numeric(moves$from == moves$to))
  expect_equal(moves$mass[moves$from == moves$to], c(0.6, 0.4))
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_identical(plot(moves), moves)
})

test_that("ancestors and descendants are found by number and name", {
  next.cells <- descendants(fit, "cell3")
  expect_identical(next.cells$name, colnames(after)[next.cells$cell])
  expect_equal(sum(next.cells$mass), 1)
  expect_identical(ancestors(fit, next.cells$cell[1])$name[1], "cell3")
  expect_sentence(descendants(fit, "cell99"), "no cell \"cell99\"")
  expect_sentence(descendants(fit, 0), "numbers .from 1.")
  expect_sentence(descendants(fit, 51), "cells 0 to 49")
  expect_sentence(transitions(fit, by = type), "list.control =, treated =")
  expect_sentence(transitions(fit, by = list(control = type, treated = type[1:3])),
                  "to has 3 labels")
  expect_sentence(pairing(fit_trivial(start, after, method = "mean_shift")), "has no pairing")
})

test_that("the picture of transitions has a row for each control group", {
  moves <- structure(data.frame(from = c("B", "B", "T", "T"), to = c("x", "y", "x", "y"),
                                share = c(0.9, 0.1, 0.3, 0.7)),
                     class = c("laot_transitions", "data.frame"))
  drawn <- texts_drawn(plot(moves))
  place <- function(text) unlist(drawn[drawn$text == text, c("x", "y")])
  expect_equal(place("0.90")[["y"]], place("0.10")[["y"]])
  expect_lt(place("0.90")[["x"]], place("0.10")[["x"]])
  expect_equal(place("0.90")[["x"]], place("0.30")[["x"]])
  expect_gt(place("0.90")[["y"]], place("0.30")[["y"]])
})
