# Against independent tools: see golden/README.md.

test_that("the runs of the alternation match numpy and POT", {
  expected <- golden("laot_W5.csv")
  objective <- golden("laot_objective.csv")
  for (run in unique(expected$run)) {
    parts <- strsplit(run, "/")[[1]]
    fit <- quiet_fit(
      golden_cells(paste0(parts[1], "_x.csv")), golden_cells(paste0(parts[1], "_y.csv")),
      preset = "algorithm1", center = if (parts[3] == "own_mean") "own" else "none",
      update = if (parts[2] == "adam") "adam" else "ls", epochs = 5, learning.rate = 0.05,
      max.iter = 5, tol = 0
    )
    one <- expected[expected$run == run, ]
    wanted <- matrix(0, max(one$row) + 1, max(one$col) + 1)
    wanted[cbind(one$row, one$col) + 1] <- one$value
    expect_lte(max(abs(unname(coef(fit)$map) - wanted)), 1e-7 * max(1, abs(wanted)), label = run)
    trace <- summary(fit)$trace
    sums <- objective[objective$run == run, ][seq_len(nrow(trace)), ]
    expect_equal(trace$residual.sum.after.plan, sums$objective_before_update, tolerance = 1e-7,
                 label = run)
    expect_equal(trace$residual.sum.after.update, sums$objective_after_update, tolerance = 1e-7,
                 label = run)
  }
})

test_that("the scores match POT and scikit-learn", {
  expected <- golden("metrics_expected.csv")
  names <- c(w2 = "w2_exact", w1 = "w1_exact", energy_distance = "energy_distance_unbiased",
             l2_drug_signature = "l2_drug_signature", pearson_means = "pearson_means",
             r2_means = "R2_means",
             pearson_sds = "pearson_stds", l2_sds = "l2_stds_ddof0")
  for (case in unique(expected$case)) {
    part <- function(name) golden_cells(paste0("metrics_", case, "_", name, ".csv"))
    scores <- suppressMessages(evaluate_predictions(part("predicted"), part("treated"),
                                                    control = part("control"),
                                                    metrics = names(names)))
    for (metric in names(names)) {
      wanted <- expected$value[expected$case == case & expected$quantity == names[[metric]]]
      expect_close(scores$value[scores$method == "prediction" & scores$metric == metric],
                   wanted, 1e-9)
    }
  }
})

test_that("MMD^2 and the median bandwidth match scikit-learn", {
  expected <- golden("mmd_expected.csv")
  x <- golden_cells("mmd_shifted_x.csv")
  y <- golden_cells("mmd_shifted_y.csv")
  rows <- expected[expected$quantity %in% c("mmd2_unbiased", "mmd2_biased"), ]
  metric <- c(mmd2_unbiased = "mmd2", mmd2_biased = "mmd2_biased")
  for (k in seq_len(nrow(rows))) {
    scores <- suppressMessages(evaluate_predictions(x, y, metrics = metric[[rows$quantity[k]]],
                                                    gamma = rows$gamma[k]))
    expect_close(scores$value, rows$value[k], 1e-9)
  }
  expect_close(fit_trivial(x, y)$report$median.gamma,
               expected$value[expected$quantity == "median_gamma"], 1e-9)
})

test_that("a fit of real cells scores as numpy and POT say", {
  skip_if_not_installed("HSMMSingleCell")
  data <- new.env()
  utils::data("HSMM_expr_matrix", "HSMM_sample_sheet", package = "HSMMSingleCell", envir = data)
  fpkm <- as.matrix(data$HSMM_expr_matrix)
  fpkm <- fpkm[rowSums(fpkm > 0.1) >= 50, ]
  values <- signif(log1p(fpkm), 8)
  spread <- rowMeans(log1p(fpkm)^2) - rowMeans(log1p(fpkm))^2
  values <- values[order(-spread)[1:50], ]
  hours <- data$HSMM_sample_sheet$Hours
  split <- golden("hsmm24_split.csv")
  part <- function(hour, which) values[, which(hours == hour)[split$index[split$part == which] + 1]]
  expected <- golden("hsmm24_expected.csv")
  fits <- list(
    "mean_shift" = fit_trivial(part(0, "train"), part(24, "train"), seed = 1),
    "ls_own_mean_ridge0.3/converged" = quiet_fit(part(0, "train"), part(24, "train"),
                                                 ridge = 0.3, n.pcs = 0,
      scale = "feature", restore = "none", tol = 0, max.iter = 100),
    "ls_own_mean_ridge0.3/converged+covariance_restored" = quiet_fit(part(0, "train"),
        part(24, "train"),
      ridge = 0.3, n.pcs = 0, scale = "feature", tol = 0, max.iter = 100)
  )
  names <- c(mmd2 = "mmd2", w2 = "w2", r2_means = "r2means", pearson_sds = "r_stds",
             sd_ratio = "sd_ratio")
  for (method in names(fits)) {
    scores <- evaluate_predictions(fits[[method]], part(24, "test"), control = part(0, "test"),
                                   metrics = names(names))
    for (metric in names(names)) {
      wanted <- expected$value[expected$method == method & expected$quantity == names[[metric]]]
      expect_close(scores$value[scores$method == fits[[method]]$method & scores$metric == metric],
                   wanted, 1e-6)
    }
  }
  expect_close(fits[[1]]$report$median.gamma,
               expected$value[expected$quantity == "median_gamma_train"], 1e-6)
})
