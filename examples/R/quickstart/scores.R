# Scores over many splits, and the table that shows them.

# Cells to hold out: a fifth of every condition.
held_out <- function(condition, seed) {
  set.seed(seed)
  test <- logical(length(condition))
  for (cells in split(seq_along(condition), condition))
    test[sample(cells, round(length(cells) / 5))] <- TRUE
  test
}

# One split of one data set: a row for each predictor and metric.
score_split <- function(data, control, target, seed) {
  test <- held_out(data$condition, seed)
  fit <- laot::laot_fit(data[, !test], condition = "condition", control = control, target = target,
                        seed = seed, verbose = FALSE)
  scores <- laot::evaluate_predictions(fit, data[, test & data$condition == target],
                                       control = data[, test & data$condition == control],
                                       metrics = names(metric_titles))
  cbind(scores[c("method", "metric", "value")], seed = seed)
}

metric_titles <- c(mmd2 = "MMD\u00b2 \u00d7 1000", w2 = "Wasserstein distance", sd_ratio = "sd ratio")

score_all <- function(data, control, target, seeds) {
  cores <- if (.Platform$OS.type == "unix") min(2L, parallel::detectCores()) else 1L
  # The package asks BLAS for one thread while it works, so that two splits at a time are two cores.
  rows <- parallel::mclapply(seeds, function(seed) score_split(data, control, target, seed),
                             mc.cores = cores)
  failed <- vapply(rows, inherits, logical(1), "try-error")
  if (any(failed)) stop(rows[[which(failed)[[1]]]])
  rows <- do.call(rbind, rows)
  rows$value[rows$metric == "mmd2"] <- 1000 * rows$value[rows$metric == "mmd2"]
  rows
}
