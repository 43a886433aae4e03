# CellOT, scGen and the conditional autoencoder, and repeated seeds.

small <- list(
  cellot = function(...) cellot_fit(..., hidden.units = 8, hidden.layers = 2, iterations = 40,
                                    check.every = 10),
  scgen = function(...) scgen_fit(..., hidden.units = 12, latent = 3, epochs = 5),
  cae = function(...) cae_fit(..., hidden.units = 12, latent = 3, epochs = 5)
)
fitted <- function(...) suppressWarnings(...)

some_cells <- function(n, shift, seed, genes = paste0("gene", 1:4)) {
  set.seed(seed)
  matrix(rnorm(length(genes) * n, shift), length(genes),
         dimnames = list(genes, paste0(if (shift) "t" else "c", seed, "_", seq_len(n))))
}
control <- some_cells(80, 0, 1)
treated <- some_cells(90, 1.5, 2)
fresh <- some_cells(7, 0, 3)

test_that("what an autoencoder cannot reconstruct is kept or dropped as asked for", {
  for (method in c("scgen", "cae")) {
    keep <- fitted(small[[method]](control, treated, residual = "keep", seed = 1))
    drop <- fitted(small[[method]](control, treated, residual = "drop", seed = 1))
    auto <- fitted(small[[method]](control, treated, seed = 1))
    expect_identical(keep$report$residual, "keep")
    expect_identical(drop$report$residual, "drop")
    expect_gt(max(abs(predict(keep, fresh) - predict(drop, fresh))), 0.01)
    # Dropping has to prove better; half of the change only to score better.
    if (auto$report$residual == "drop") {
      expect_lt(drop$report$validation.mmd2, keep$report$validation.mmd2)
      expect_identical(predict(auto, fresh), predict(drop, fresh))
    } else if (auto$report$change.share == 1) {
      expect_identical(predict(auto, fresh), predict(keep, fresh))
    } else {
      expect_identical(auto$report$change.share, 0.5)
      expect_lt(auto$report$validation.mmd2, keep$report$validation.mmd2)
    }
  }
  expect_error(cae_fit(control, treated, residual = "lose"), "residual")
})

test_that("predictions get the treated mean with own means, and where asked to", {
  lack <- function(method, ...) {
    fit <- fitted(small[[method]](control, treated, ..., seed = 1))
    list(mean = max(abs(rowMeans(predict(fit, control)) - rowMeans(treated))),
         restore = fit$report$restore)
  }
  for (method in names(small)) {
    expect_lt(lack(method, center = "own")$mean, 1e-9)
    expect_identical(lack(method, center = "own")$restore, "mean")
    expect_lt(lack(method, restore = "mean")$mean, 1e-9)
    expect_gt(lack(method)$mean, 1e-3)
    expect_identical(lack(method)$restore, "none")
    expect_gt(lack(method, center = "own", restore = "none")$mean, 1e-4)
  }
  expect_error(scgen_fit(control, treated, restore = "covariance"), "restore")
  expect_output(print(fitted(small$cae(control, treated, center = "own", seed = 1))),
                "(mean shift ", fixed = TRUE)
  expect_output(print(fitted(small$cae(control, treated, seed = 1))), "(not moved ", fixed = TRUE)
})

test_that("the iterates of CellOT are averaged unless that is turned off", {
  averaged <- fitted(small$cellot(control, treated, seed = 1))
  raw <- fitted(small$cellot(control, treated, average = 0, seed = 1))
  expect_identical(as.numeric(averaged$params[["average"]]), 0.9)
  expect_false(identical(summary(averaged)$trace$validation.mmd2,
                         summary(raw)$trace$validation.mmd2))
  # The game is the same; only what is looked at differs.
  expect_identical(summary(averaged)$trace$loss.g, summary(raw)$trace$loss.g)
})

test_that("every network fits, predicts, prints and survives saveRDS and a file", {
  for (method in names(small)) {
    fit <- fitted(small[[method]](control, treated, seed = 1))
    expect_s3_class(fit, "laot_fit")
    expect_identical(fit$method, method)
    moved <- predict(fit, fresh)
    expect_identical(dimnames(moved), dimnames(fresh))
    expect_true(all(is.finite(moved)))
    expect_output(print(fit),
                  "outcome +trained to the last (iteration|epoch), [0-9]+; .* on validation cells")
    expect_output(print(summary(fit)), "along the training")
    trace <- summary(fit)$trace
    expect_true(nrow(trace) >= 4 && all(is.finite(as.matrix(trace))))
    expect_error(coef(fit), "not linear")

    again <- unserialize(serialize(fit, NULL))
    expect_identical(predict(again, fresh), moved)
    file <- tempfile(fileext = ".safetensors")
    save_model(fit, file)
    expect_identical(predict(load_model(file), fresh), moved)
    unlink(file)

    pdf(NULL)
    expect_silent(plot(fit))
    dev.off()
    expect_error(plot(fit, type = "map"), "no linear map")
    if (requireNamespace("ggplot2", quietly = TRUE)) {
      expect_s3_class(ggplot2::autoplot(fit, type = "objective"), "ggplot")
    }
  }
})

test_that("a seed fixes a network", {
  for (method in names(small)) {
    one <- fitted(small[[method]](control, treated, seed = 4))
    expect_identical(predict(fitted(small[[method]](control, treated, seed = 4, num.threads = 2)),
                             fresh),
                     predict(one, fresh))
    expect_false(identical(predict(fitted(small[[method]](control, treated, seed = 5)), fresh),
                           predict(one, fresh)))
  }
})

test_that("compact and presets set the network's size, and given parameters win", {
  sizes <- function(...) {
    fit <- fitted(cellot_fit(control, treated, iterations = 1, seed = 1, ...))
    fit$params[c("hidden.units", "hidden.layers", "kernels")]
  }
  expect_equal(unname(sizes()), c("64", "4", "plain"))
  expect_equal(unname(sizes(compact = TRUE)), c("32", "3", "plain"))
  expect_output(print(fitted(cellot_fit(control, treated, compact = TRUE, iterations = 1,
                                        seed = 1))), "(compact)", fixed = TRUE)
  expect_equal(unname(sizes(preset = "compact")), c("32", "3", "plain"))
  expect_equal(unname(sizes(compact = TRUE, hidden.units = 5, preset = "notebook")),
               c("5", "3", "softplus"))
  expect_error(cellot_fit(control, treated, compact = NA), "compact must be TRUE or FALSE")
  expect_error(cellot_fit(control, treated, iteration = 3), "did you mean \"iterations\"")
  expect_error(cellot_fit(control, treated, slope = 3), "parameter slope must be")
})

test_that("repeated seeds give an ensemble with mean, spread and scores", {
  fits <- fitted(small$cellot(control, treated, seeds = 1:3))
  expect_s3_class(fits, "laot_ensemble")
  expect_named(fits, c("seed1", "seed2", "seed3"))
  expect_output(print(fits), "trained to the end.*validation MMD\\^2 .* \\+- ")
  pdf(NULL)
  expect_silent(plot(fits))
  expect_silent(plot(fits[[1]], type = "objective"))
  dev.off()
  if (requireNamespace("ggplot2", quietly = TRUE))
    expect_s3_class(ggplot2::autoplot(fits), "ggplot")
  expect_setequal(levels(laot:::training_data(fits[[1]])$series),
                  c("validation MMD^2", "loss of g", "gradient norm of g", "loss of f",
                    "gradient norm of f"))
  each <- lapply(1:3, function(s) predict(fitted(small$cellot(control, treated, seed = s)), fresh))
  expect_equal(predict(fits, fresh), (each[[1]] + each[[2]] + each[[3]]) / 3)
  stack <- simplify2array(each)
  wanted <- sqrt(colMeans(apply(stack, 1:2, var)))
  expect_equal(prediction_spread(fits, fresh), wanted)

  scores <- evaluate_predictions(fits, observed = some_cells(30, 1.5, 6),
                                 control = some_cells(30, 0, 7),
                                 metrics = c("mmd2", "sd_ratio"))
  alone <- vapply(1:3, function(k) {
    one <- evaluate_predictions(fits[[k]], observed = some_cells(30, 1.5, 6),
                                control = some_cells(30, 0, 7),
                                metrics = "mmd2")
    one$value[one$method == "cellot"]
  }, 0)
  row <- scores$method == "cellot" & scores$metric == "mmd2"
  expect_equal(scores$value[row], mean(alone))
  expect_equal(scores$sd[row], sd(alone))
  shown <- capture.output(print(scores))
  expect_match(shown, "over 3 seeds", all = FALSE)
  expect_match(shown, paste0(" ", laot:::mean_sd_text(mean(alone), sd(alone)), " "), all = FALSE,
               fixed = TRUE)
  expect_match(shown, "^mmd2 +gamma = ", all = FALSE)
  expect_lte(max(nchar(shown)), 80)

  expect_error(small$cellot(control, treated, seeds = 1:3, seed = 1), "not both")
  expect_error(small$cellot(control, treated, seeds = c(1, 1)), "different numbers")
  expect_error(prediction_spread(fits[[1]], fresh), "laot_ensemble")
})

test_that("a run that gains nothing warns, once a fit", {
  expect_warning(cellot_fit(control, control, compact = TRUE, iterations = 0, seed = 1),
                 "not moving|saturated")
  expect_warning(expect_warning(cellot_fit(control, control, compact = TRUE, iterations = 0,
                                           seeds = 1:2),
                                "seed 1: "), "seed 2: ")
})

test_that("scGen balances by cell type, and the others refuse a batch", {
  types <- list(control = rep(c("B", "T"), c(60, 20)), treated = rep(c("B", "T"), c(20, 70)))
  fit <- fitted(small$scgen(control, treated, batch = types, seed = 1))
  expect_true(all(is.finite(predict(fit, fresh))))
  plain <- fitted(small$scgen(control, treated, seed = 1))
  expect_false(identical(predict(fit, fresh), predict(plain, fresh)))
  expect_error(cellot_fit(control, treated, batch = types), "batch")
  expect_error(cae_fit(control, treated, batch = types), "batch")
})

test_that("objects give the same networks as their matrices", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    assays = list(logcounts = cbind(control, treated)),
    colData = S4Vectors::DataFrame(condition = rep(c("ctrl", "stim"),
                                                   c(ncol(control), ncol(treated))))
  )
  fit <- fitted(small$cae(sce, seed = 1, verbose = FALSE))
  expect_equal(predict(fit, fresh), predict(fitted(small$cae(control, treated, seed = 1)), fresh))
  moved <- predict(fit, sce[, sce$condition == "ctrl"])
  expect_s4_class(moved, "SingleCellExperiment")
})

test_that("an ensemble is summed up by seed, and what asks for one fit says so", {
  fits <- fitted(small$cellot(control, treated, seeds = 1:2))
  expect_output(print(summary(fits)), "seed +1\n.*Parameters:.*seed +2\n.*Parameters:")
  expect_output(print(fits), "2 seeds  .official.")
  expect_error(coef(fits), "its map is not linear")
  one <- "take one, for example x\\[\\[\"seed1\"\\]\\]"
  expect_error(trackability(fits), one)
  expect_error(recovery_curve(fits), one)
  expect_error(worst_features(fits, treated, control), one)
  expect_error(cell_spearman(fits, control), one)
})

test_that("an ensemble that is worse than the mean shift is called so", {
  fits <- fitted(cellot_fit(control, treated, hidden.units = 4, hidden.layers = 1, iterations = 0,
                            seeds = 1:2))
  scores <- evaluate_predictions(fits, observed = some_cells(60, 1.5, 6),
                                 control = some_cells(60, 0, 7))
  value <- function(method) scores$value[scores$method == method & scores$metric == "mmd2"]
  expect_gt(value("cellot"), value("mean_shift"))
  # Of the means, not of the first seed.
  said <- paste0("worse than the mean shift in mmd2, ", laot:::number_text(value("cellot"), 3L),
                 " against")
  expect_output(print(scores), said, fixed = TRUE)
  expect_false(any(grepl("permutation test", capture.output(print(scores)))))
})

test_that("the trace of a summary reaches from the first look to the last, with the kept one", {
  trace <- function(...) {
    old <- options(width = 80)
    on.exit(options(old))
    capture.output(laot:::print_trace(...))
  }
  values <- seq(2, 1, length.out = 101)
  shown <- trace(values, seq(0, 1000, 10), "iteration", kept = 370)
  steps <- as.numeric(strsplit(trimws(sub("iteration", "", shown[1])), " +")[[1]])
  expect_true(all(c(0, 370, 1000) %in% steps))
  expect_equal(as.numeric(strsplit(trimws(shown[2]), " +")[[1]]), signif(values[steps / 10 + 1], 4))
  expect_match(shown[3], "iteration 370 is kept")
  expect_lte(max(nchar(shown)), 80)
  expect_length(trace(c(3, 2), 1:2, "epoch"), 2)
})

test_that("the pictures of a training say which iterate is kept", {
  fit <- fitted(small$cae(control, treated, seed = 1))
  data <- laot:::training_data(fit)
  expect_identical(attr(data, "kept"), fit$report$best.iteration)
  expect_equal(data$value[data$series == "validation MMD^2"], summary(fit)$trace$validation.mmd2)
  skip_if_not_installed("ggplot2")
  picture <- ggplot2::autoplot(fit, type = "objective")
  expect_match(picture$labels$caption, paste("epoch", fit$report$best.iteration))
  both <- fitted(small$cae(cbind(control, treated, treated + 1), seed = 1, verbose = FALSE,
                           condition = rep(c("ctrl", "A", "B"), c(80, 90, 90))))
  expect_output(print(both), "validation.mmd2")
  lines <- ggplot2::ggplot_build(ggplot2::autoplot(both, type = "objective"))$data[[1]]
  expect_equal(lines$xintercept, unname(vapply(both, function(fit) fit$report$best.iteration, 0)))
})

test_that("an ensemble of too few cells for a network still prints", {
  fits <- fitted(cae_fit(control[, 1:2], treated, seeds = 1:2))
  expect_output(print(fits), "seed +outcome\n +1 mean shift")
})
