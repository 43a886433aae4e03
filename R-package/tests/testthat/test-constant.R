# Features that are the same in all training cells are predicted as their value, to the last bit.
constants <- c(0, 3, 0.1, 1e6, 1 / 3)
fixed <- seq_along(constants)

# Counts, so that a sparse matrix of them has zeros; sums of the constants over 137 and 91 cells are
# rounded.
flat_cells <- function(n, seed, features = 8, values = constants) {
  drawn <- two_populations(n = n, m = 1, d = features, seed = seed)$control
  out <- pmax(round(2 * drawn), 0)
  out[fixed, ] <- values
  out
}
control <- flat_cells(137, 1)
treated <- flat_cells(91, 2) * 1.5
treated[fixed, ] <- constants
other <- flat_cells(77, 3)
fresh <- flat_cells(20, 4)

# Too little training for a network to be right about anything.
short_training <- function(method) {
  few <- list(hidden.units = 8, latent = 3, adversary.units = 4, epochs = 2, iterations = 6,
              check.every = 3, embedding.units = 4)
  few[intersect(names(few), laot_params(method)$name)]
}

expect_constant <- function(predicted, values = constants) {
  expect_identical(max(abs(unname(as.matrix(predicted))[fixed, ] - values)), 0)
}

quietly <- function(code) suppressWarnings(suppressMessages(code))

test_that("every method predicts a constant feature as its value, sparse and dense", {
  skip_if_not_installed("Matrix")
  sparse <- function(x) methods::as(x, "CsparseMatrix")
  many <- c("conditional_laot", "conditional_gaussian", "regressed_shift", "nearest_shift",
            "cmonge", "cpa")
  for (method in setdiff(laot_methods()$name, many))
    for (form in list(identity, sparse)) {
      fit <- quietly(do.call(fit_method, c(list(form(control), form(treated), method = method,
                                                seed = 1, verbose = FALSE),
                                           short_training(method))))
      expect_constant(predict(fit, form(control)))
      expect_constant(predict(fit, form(fresh)))
      expect_constant(predict(fit, form(fresh), nonnegative = "marginals"))
    }
})

test_that("methods of many conditions do, too, where a feature is constant in all", {
  cells <- cbind(control, treated, other)
  colnames(cells) <- NULL
  labels <- data.frame(drug = rep(c("none", "A", "B"), c(137, 91, 77)))
  for (method in c("conditional_laot", "conditional_gaussian", "regressed_shift", "nearest_shift",
                   "cmonge", "cpa")) {
    fits <- quietly(do.call(fit_method, c(list(cells, method = method, condition = labels$drug,
                                               control = "none", covariates = labels, seed = 1,
                                               verbose = FALSE),
                                          short_training(method))))
    for (drug in c("A", "B"))
      expect_constant(predict(fits, unname(fresh), at = list(drug = drug)))
  }
})

test_that("seeds, levels of a column, batches and files keep the value", {
  seeds <- quietly(cae_fit(control, treated, seeds = 1:3, epochs = 2, hidden.units = 8, latent = 3))
  expect_constant(predict(seeds, fresh))
  batch <- list(control = rep(c("p", "q"), c(40, 97)), treated = rep(c("p", "q"), c(70, 21)))
  fit <- quiet_fit(control, treated, batch = batch)
  expect_constant(predict(fit, fresh))
  file <- tempfile()
  on.exit(unlink(file))
  save_model(fit, file)
  expect_identical(predict(load_model(file), fresh), predict(fit, fresh))
})

test_that("an object, on disk or not, and its assay have the value", {
  skip_if_not_installed("SingleCellExperiment")
  skip_if_not_installed("DelayedArray")
  values <- cbind(control, treated)
  colnames(values) <- paste0("c", seq_len(ncol(values)))
  object <- function(values) {
    SingleCellExperiment::SingleCellExperiment(
      list(logcounts = values),
      colData = S4Vectors::DataFrame(condition = rep(c("ctrl", "stim"), c(137, 91)),
                                     kind = rep(c("a", "b"), 114)))
  }
  for (x in list(object(values), object(DelayedArray::DelayedArray(values)))) {
    from <- x[, x$condition == "ctrl"]
    fit <- quietly(quiet_fit(x))  # 1e6 is much for logarithms, and that is said
    expect_constant(SummarizedExperiment::assay(predict(fit, from)))
    put <- predict(fit, from, into = c(assay = "predicted"))
    expect_constant(SummarizedExperiment::assay(put, "predicted"))
    by <- quietly(predict(quiet_fit(x, by = "kind"), from))
    expect_constant(SummarizedExperiment::assay(by))
  }
})

test_that("a value that changes for all cells alike is predicted exactly about own means", {
  to <- c(3, 0.1, 1e6, 1 / 3, 0)
  moved <- treated
  moved[fixed, ] <- to
  for (method in c("laot", "gaussian_map", "mean_shift")) {
    fit <- quietly(fit_method(control, moved, method = method, seed = 1, verbose = FALSE))
    expect_constant(predict(fit, fresh), to)
  }
  fit <- quiet_fit(control, moved)
  map <- coef(fit)
  expect_identical(unname(map$map[fixed, ]), diag(8)[fixed, ])
  elsewhere <- fresh
  elsewhere[fixed, ] <- constants + 1
  expect_identical(unname(predict(fit, elsewhere)[fixed, 1]), constants + 1 + (to - constants))
})
