# Shares of cell types that change.

changed_cells <- function() {
  set.seed(3)
  at <- function(counts, shift)
    matrix(rnorm(3 * sum(counts)), 3) + rep(rep(c(0, 6), counts) + shift, each = 3)
  list(control = at(c(240, 80), 0), treated = at(c(80, 240), 1),
       types = list(control = rep(c("A", "B"), c(240, 80)), treated = rep(c("A", "B"), c(80, 240))))
}

test_that("a change of shares is told, warned of, and balanced", {
  cells <- changed_cells()
  fit <- function(...)
    laot_fit(cells$control, cells$treated, seed = 1, preset = "calibrated", verbose = FALSE, ...)
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

balanced_object <- function() {
  skip_if_not_installed("SingleCellExperiment")
  cells <- changed_cells()
  values <- cbind(cells$control, cells$treated)
  dimnames(values) <- list(letters[1:3], paste0("cell", seq_len(ncol(values))))
  SingleCellExperiment::SingleCellExperiment(
    list(logcounts = values),
    colData = S4Vectors::DataFrame(condition = rep(c("ctrl", "stim"), each = 320),
                                   kind = unlist(cells$types))
  )
}

fit_object <- function(x, ...) laot_fit(x, preset = "calibrated", seed = 1, verbose = FALSE, ...)

test_that("predicted objects have what each cell counts", {
  x <- balanced_object()
  fit <- fit_object(x, types = "kind", balance = "types")
  new <- x[, x$condition == "ctrl"]
  weights <- composition_weights(fit, new)
  expect_equal(weights, rep(c(1 / 3, 3), c(240, 80)))
  expect_identical(predict(fit, new)$laot_weight, weights)
  expect_identical(predict(fit, new, into = c(altexp = "mine"))$mine_weight, weights)
  file <- file.path(withr_folder(), "model.safetensors")
  save_model(fit, file)
  expect_identical(predict(load_model(file), new)$laot_weight, weights)
  other <- new
  other$kind <- NULL
  expect_identical(predict(fit, other, types = new$kind)$laot_weight, weights)
  expect_warning(out <- predict(fit, other), "give types = ")
  expect_null(out$laot_weight)
  values <- SummarizedExperiment::assay(new)
  expect_true(is.matrix(predict(fit, values)))
  expect_sentence(predict(fit, values, types = new$kind), "composition_weights")
  expect_sentence(predict(fit, other, types = rep("C", 320)),
                  "\"C\" was not among the fitted cells")
  clusters <- fit_object(x, balance = "clusters")
  expect_identical(predict(clusters, other)$laot_weight, composition_weights(clusters, other))
  expect_sentence(predict(clusters, new, types = "kind"), "balance = \"clusters\"")
  expect_null(predict(fit_object(x), new)$laot_weight)
})

test_that("cells that are predicted at a row each have the weights of their place", {
  x <- balanced_object()
  x <- x[, -which(x$condition == "stim" & x$kind == "A")[1:40]]  # fewer for the first dose
  x$dose <- ifelse(x$condition == "ctrl", 0, rep(1:2, length.out = ncol(x)))
  x$dose[x$condition == "stim" & x$kind == "A"][1:30] <- 1
  x$condition <- paste0(x$condition, ifelse(x$dose > 0, x$dose, ""))
  fits <- fit_object(x, covariates = ~ dose, types = "kind", balance = "types")
  new <- x[, x$condition == "ctrl"]
  dose <- rep(c(2, 1), length.out = ncol(new))
  one <- function(level) predict(fits, new, at = list(dose = level))$laot_weight
  expect_gt(max(abs(one(1) - one(2))), 0.01)
  expect_identical(predict(fits, new, at = data.frame(dose = dose))$laot_weight,
                   ifelse(dose == 1, one(1), one(2)))
})

test_that("weights are where the cells of a Seurat object are, and those of fits by a level", {
  x <- balanced_object()
  x$half <- rep(c("a", "b"), length.out = ncol(x))
  new <- x[, x$condition == "ctrl"]
  fits <- fit_object(x, types = "kind", balance = "types", by = "half")
  expected <- numeric(ncol(new))
  for (level in c("a", "b"))
    expected[new$half == level] <- composition_weights(fits[[level]], new[, new$half == level])
  expect_identical(predict(fits, new)$laot_weight, expected)
  skip_if_not_installed("SeuratObject")
  object <- suppressWarnings(SeuratObject::CreateSeuratObject(
    SeuratObject::CreateAssayObject(data = as(SummarizedExperiment::assay(x), "CsparseMatrix")),
    meta.data = as.data.frame(SummarizedExperiment::colData(x))
  ))
  fit <- fit_object(object, types = "kind", balance = "types")
  of.seurat <- object[, object$condition == "ctrl"]
  weights <- rep(c(1 / 3, 3), c(240, 80))
  expect_equal(unname(predict(fit, of.seurat)$laot_weight), weights)
  expect_equal(unname(predict(fit, of.seurat, into = c(assay = "mine"))$mine_weight), weights)
})

test_that("a balanced fit is scored with its weights and without", {
  x <- balanced_object()
  fit <- fit_object(x, types = "kind", balance = "types")
  control <- x[, x$condition == "ctrl"]
  treated <- x[, x$condition == "stim"]
  colnames(treated) <- paste0("new", seq_len(320))
  scores <- evaluate_predictions(fit, treated, control)
  mmd2 <- subset(scores, metric == "mmd2" & method == "laot")
  expect_identical(mmd2$estimator, c("unbiased", "unbiased, weighted"))
  expect_identical(mmd2$weighted, c(FALSE, TRUE))
  expect_gt(mmd2$value[1L], 0.2)
  expect_lt(mmd2$value[2L], 0.01)
  expect_output(print(scores), "mmd2[weighted]", fixed = TRUE)
  expect_output(print(scores), "cells alike, whose types")
  expect_identical(sum(scores$method == "noise_reference" & grepl("weighted$", scores$estimator)),
                   0L)
  by.kind <- evaluate_predictions(fit, treated, control, by = "kind", metrics = "mmd2")
  expect_true(all(c("A", "B") %in% by.kind$group))
  expect_sentence(evaluate_predictions(fit, treated, SummarizedExperiment::assay(control)),
                  "give types = ")
  expect_sentence(evaluate_predictions(fit_object(x), treated, control, types = "kind"),
                  "balanced by types")
  bench <- benchmark_methods(x,
                             methods = list(c = list("laot", balance = "clusters",
                                                     preset = "calibrated")),
                             metrics = "mmd2", seeds = 1, verbose = FALSE)
  expect_false(any(grepl("weighted", bench$estimator)))
})
