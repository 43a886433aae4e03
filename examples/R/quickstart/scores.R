# Scores over many splits into training and test cells.

# Predictors in the order of the table, best known last, and what they are called there.
predictors <- c(identity = "no change", mean_shift = "mean shift", gaussian_map = "Gaussian map",
                laot = "LAOT", noise_reference = "noise reference")
metrics <- c(mmd2 = "MMD\u00b2 x 1000", w2 = "W2", sd_ratio = "sd ratio")

# Cells to hold out: a fifth of every condition.
held_out <- function(condition, seed) {
  set.seed(seed)
  test <- logical(length(condition))
  for (cells in split(seq_along(condition), condition))
    test[sample(cells, round(length(cells) / 5))] <- TRUE
  test
}

# The features (1000 of the largest variance among the training cells), the components and every
# other quantity come from the training cells alone.
fit_split <- function(task, seed) {
  data <- task$data[, task$data$condition %in% c(task$control, task$target)]
  test <- held_out(data$condition, seed)
  fit <- laot::laot_fit(data[, !test], condition = "condition", control = task$control,
                        target = task$target, seed = seed, verbose = FALSE)
  list(fit = fit, train = data[, !test],
       test_controls = data[, test & data$condition == task$control],
       test_treated = data[, test & data$condition == task$target])
}

score_split <- function(task, seed) {
  split <- fit_split(task, seed)
  found <- laot::evaluate_predictions(split$fit, split$test_treated, control = split$test_controls,
                                      metrics = names(metrics))
  cbind(task = task$short, found[c("method", "metric", "features", "value")], seed = seed)
}

# One row for each predictor, metric and seed.
score_task <- function(task, seeds) {
  # While the package works it holds BLAS to one thread, so two splits at a time take two cores.
  cores <- if (.Platform$OS.type == "unix") min(2L, parallel::detectCores()) else 1L
  rows <- parallel::mclapply(seeds, function(seed) score_split(task, seed), mc.cores = cores)
  failed <- vapply(rows, inherits, logical(1), "try-error")
  if (any(failed)) stop(rows[[which(failed)[[1]]]])
  rows <- do.call(rbind, rows)
  rows$value[rows$metric == "mmd2"] <- 1000 * rows$value[rows$metric == "mmd2"]
  rows
}
