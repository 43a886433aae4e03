# Doses: a fit for each, and the middle one left out and predicted by a model of cell and dose. Here
# TGF-beta on MCF10A (Panchy et al.), where published studies pool the doses of SciPlex3.

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
for (part in c("common.R", "data.R")) source(file.path(here, part))
arguments <- study_arguments()

cells <- if (is.null(arguments$file)) breast_doses(arguments$data) else {
  own <- own_cells(arguments)
  own$labels$dose <- as.numeric(gsub("[^0-9.eE+-]", "", own$labels$condition))
  own
}
cells <- c(thinned(cells, cells$labels$condition, arguments$cells), control = cells$control)
cells$values <- most_variable(cells$values, 100L)
rows <- study_bench(arguments, "dose", "own fit", cells$values, methods = study_methods(arguments),
                    condition = cells$labels$condition, control = cells$control,
                    metrics = study_metrics,
                    seeds = seq_len(arguments$splits))

# The middle dose: models of many conditions see the others and are asked at the dose alone.
doses <- sort(unique(cells$labels$dose))
middle <- doses[(length(doses) + 1L) %/% 2L]
left.out <- unique(cells$labels$condition[cells$labels$dose == middle])
if (left.out == cells$control) stop("there is no dose between two others", call. = FALSE)
highest <- unique(cells$labels$condition[cells$labels$dose == max(doses)])
unseen <- do.call(rbind, lapply(seq_len(arguments$splits),
                                function(seed) kept_result(arguments, paste(
  "dose left out", arguments$cells, arguments$networks, seed), function() {
  train <- split_cells(ncol(cells$values), cells$labels$condition, seed = seed) == "train"
  of <- function(condition, training) {
    cells$values[, cells$labels$condition == condition & train == training, drop = FALSE]
  }
  control <- of(cells$control, FALSE)
  observed <- of(left.out, FALSE)
  seen <- train & cells$labels$condition != left.out
  at <- data.frame(dose = middle)
  predicted <- list(identity = control)
  several <- conditional_methods(arguments, trivial = "nearest_shift")
  for (method in names(several)) {
    fit <- fit_by(several[[method]], cells$values[, seen], condition = cells$labels$condition[seen],
                  control = cells$control, covariates = data.frame(dose = cells$labels$dose[seen]),
                  seed = seed)
    predicted[[method]] <- as.matrix(predict(fit, control, at = list(dose = middle)))
  }
  # Scores of a fit that saw the dose, and of the other dose's own fit.
  fit <- laot_fit(of(cells$control, TRUE), of(left.out, TRUE), seed = seed, keep.cells = 1e9,
                  verbose = FALSE)
  other <- laot_fit(of(cells$control, TRUE), of(highest, TRUE), seed = seed, verbose = FALSE)
  predicted[["laot, had it seen the dose"]] <- as.matrix(predict(fit, control))
  predicted[[paste("laot at", highest)]] <- as.matrix(predict(other, control))
  predicted[["noise_reference"]] <- of(left.out, TRUE)[, seq_len(min(ncol(observed), sum(train)))]
  do.call(rbind, lapply(names(predicted), function(method) {
    scores <- as.data.frame(suppressMessages(evaluate_predictions(
      predicted[[method]], observed = observed, train = fit, metrics = study_metrics)))
    scores <- scores[scores$method == "prediction", ]
    data.frame(setting = paste(left.out, "left out"), method = method, target = left.out,
               split = "random",
               seed = seed, scores[c("metric", "features", "observed", "value")], reason = "")
  }))
})))
both <- rbind(rows[bench_columns], unseen[bench_columns])
study_result(arguments, "dose", both, bench_tables(both))
bench_picture(arguments, "dose", both)
