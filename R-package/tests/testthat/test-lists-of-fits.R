# Fits of several conditions, and of several seeds of each, as the lists that they are.
screen <- drug_screen()
values <- screen$values
labels <- screen$labels
known <- screen$known
start <- screen$start
fit_screen <- screen$fit
fits <- fit_screen()

test_that("several seeds of a network of many conditions predict their mean", {
  ensemble <- suppressMessages(fit_method(values, "cmonge", condition = labels, covariates = known,
                                          seeds = 1:2, verbose = FALSE,
                                          iterations = 40, check.every = 20, hidden.units = 16,
                                          batch.size = 32))
  expect_s3_class(ensemble, "laot_ensemble_list")
  expect_identical(names(ensemble), unique(labels)[-1L])
  expect_s3_class(ensemble[["A3"]], "laot_ensemble")
  one <- suppressMessages(fit_method(values, "cmonge", condition = labels, covariates = known,
                                     seed = 2, verbose = FALSE,
                                     iterations = 40, check.every = 20, hidden.units = 16,
                                     batch.size = 32))
  place <- list(drug = "C", dose = 3)
  apart <- lapply(attr(ensemble, "fits"), predict, start, at = place)
  expect_identical(apart$seed2, predict(one, start, at = place))
  expect_equal(predict(ensemble, start, at = place), (apart$seed1 + apart$seed2) / 2)
  expect_equal(predict(ensemble, start)$A3, predict(ensemble, start, at = "A3"))
  expect_gt(min(prediction_spread(ensemble[["A3"]], start)), 0)
  expect_identical(conditions(ensemble), conditions(one))
  expect_output(print(ensemble), "ctrl to 8 targets, 2 seeds")
  expect_output(print(ensemble[["A3"]]), "2 seeds")
  expect_sentence(predict(ensemble, start, at = data.frame(drug = c("A", "B"), dose = 3)),
                  "one condition for an ensemble")

  some <- ensemble[c("A3", "B1")]
  expect_identical(predict(some, start, at = place), predict(ensemble, start, at = place))
  expect_identical(names(summary(some)), c("A3", "B1"))
  expect_setequal(as.data.frame(some)$seed, 1:2)
  seen <- list(A3 = values[, labels == "A3"], C3 = values[, labels == "A3"])
  scored <- function(fits)
    suppressWarnings(evaluate_predictions(fits, seen, start, metrics = "mmd2",
                                          at = data.frame(drug = c("A", "C"), dose = 3)))
  scores <- scored(ensemble)
  each <- vapply(attr(ensemble, "fits"), function(fits) scored(fits)$value, scores$value)
  expect_equal(scores$value, rowMeans(each))
  expect_equal(scores$sd, apply(each, 1L, sd))
  expect_output(print(scores), "C3 \\(unseen dose\\).*mean \\+- sd over 2 seeds")
  expect_sentence(pseudo_bulk(ensemble, start, by = rep("a", 90)),
                  "x holds the fits of several conditions and seeds; take one, for example")
  expect_sentence(save_model(ensemble, tempfile()),
                  "for example fit\\[\\[\"A1\"\\]\\]\\[\\[\"seed1")
})

test_that("a model of many conditions has one course, which all conditions show", {
  network <- fit_screen("cmonge", iterations = 40, check.every = 20, hidden.units = 16,
                        batch.size = 32)
  trace <- summary(network[["B1"]])$trace
  expect_identical(trace$iteration, c(0, 20, 40))
  expect_identical(summary(network[["A3"]])$trace, trace)
  expect_output(print(summary(network[["B1"]])), "along the training of all conditions")
  expect_output(print(summary(fits[["B1"]])), "Objective J along the fit of all conditions")
  expect_identical(nrow(summary(fits[["B1"]])$trace), as.integer(fits[["B1"]]$report$iterations))
  own <- fit_screen("laot")
  expect_identical(nrow(summary(own[["B1"]])$trace), as.integer(own[["B1"]]$report$iterations))
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  for (x in list(network, network[["B1"]], fits, own))
    expect_identical(plot(x, type = "objective"), x)
  skip_if_not_installed("ggplot2")
  course <- function(x) {
    built <- ggplot2::ggplot_build(ggplot2::autoplot(x, type = "objective"))
    range(unlist(lapply(built$data, `[[`, "x")))
  }
  expect_identical(course(network), c(0, 40))
  expect_identical(course(network[["B1"]]), c(0, 40))
  expect_identical(course(fits), c(0.5, fits[["B1"]]$report$iterations))
})

test_that("what asks for one fit says how one is taken from a list", {
  one <- "x holds several fits; take one, for example x\\[\\[\"A1\""
  expect_sentence(pseudo_bulk(fits, start, by = rep("a", 90)),
                  "by must be a column where x holds several fits.*take one fit, for example")
  expect_sentence(pseudo_bulk(fits, start, by = "donor"), "told by a column of an object; take one")
  expect_sentence(response_table(fits), "give the measured treated cells as observed = ")
  expect_sentence(worst_features(fits, values[, labels == "A1"], start), one)
  expect_sentence(pairing(fits), "fit holds several fits")
  expect_sentence(effects(fits, at = start), "object holds several fits")
  expect_sentence(composition(fits), "fit holds several fits")
})
