# Within a donor, in another one, and in a donor left out of all: the AP-1 studies (a cell line, a
# replicate, a held-out line), here with the donors of Bodenmiller et al. 2012. Within: 80% of a
# donor's cells predict its other 20%. Replicate: donor 1 predicts donor 2 and the reverse. Held
# out: all donors but one predict that one.
#
# The published rows score 10 of 20 features with a bandwidth from all 20; the last table does that
# here, for one donor, with gamma of all features (as published) and of the scored ones.

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
for (part in c("common.R", "data.R")) source(file.path(here, part))
arguments <- study_arguments()

cells <- if (is.null(arguments$file))
  blood_donors(arguments$data) else own_cells(arguments, context = TRUE)
cells <- c(thinned(cells, paste(cells$labels$condition, cells$labels$context), arguments$cells),
           control = cells$control)
contexts <- unique(cells$labels$context)
methods <- study_methods(arguments)

bench_of <- function(setting, kept, ...) {
  study_bench(arguments, "within_and_across", setting, cells$values[, kept, drop = FALSE],
              methods = methods,
              condition = cells$labels$condition[kept], control = cells$control,
              metrics = study_metrics, ...)
}
seeds <- seq_len(arguments$splits)
rows <- NULL
for (context in contexts[1:2]) {
  rows <- rbind(rows, bench_of(paste("within", context), cells$labels$context == context,
                               seeds = seeds))
}
pair <- cells$labels$context %in% contexts[1:2]
for (held.out in contexts[1:2]) {
  part <- split_cells(sum(pair), by = cells$labels$context[pair], hold.out = held.out, seed = 1)
  rows <- rbind(rows, bench_of(paste(setdiff(contexts[1:2], held.out), "predicts", held.out), pair,
                               split = part, seeds = 1L, reference = "halves"))
}
everything <- rep(TRUE, ncol(cells$values))
most <- if (length(contexts) > 2L) contexts[seq_len(min(arguments$splits, length(contexts)))]
for (held.out in most) {
  part <- split_cells(ncol(cells$values), by = cells$labels$context, hold.out = held.out, seed = 1)
  # As many training cells of each condition as there are in a single context.
  drop <- unlist(lapply(split(which(part == "train"), cells$labels$condition[part == "train"]),
                        function(at) {
    set.seed(1)
    setdiff(at, at[sample.int(length(at), min(length(at), arguments$cells))])
  }))
  part[drop] <- NA
  rows <- rbind(rows, bench_of(paste("all others predict", held.out), everything, split = part,
                               seeds = 1L, reference = "halves"))
}

# Which bandwidth: LAOT within the first context, scored on the first half of the features.
bandwidths <- do.call(rbind, lapply(seeds, function(seed) {
  own <- cells$labels$context == contexts[1L]
  values <- cells$values[, own]
  condition <- cells$labels$condition[own]
  test <- split_cells(ncol(values), condition, seed = seed) == "test"
  pick <- function(control, tested)
    values[, (condition == cells$control) == control & test == tested, drop = FALSE]
  fit <- laot_fit(pick(TRUE, FALSE), pick(FALSE, FALSE), seed = seed, keep.cells = 1e9,
                  verbose = FALSE)
  half <- seq_len(nrow(values) %/% 2L)
  predicted <- as.matrix(predict(fit, pick(TRUE, TRUE)))
  all <- list(control = pick(TRUE, FALSE), treated = pick(FALSE, FALSE))
  gamma <- function(features) {
    pooled <- cbind(all$control[features, ], all$treated[features, ])
    1 / stats::median(stats::dist(t(pooled[,
                                           seq(1L, ncol(pooled),
                                               length.out = min(2000L, ncol(pooled)))]))^2)
  }
  both <- c(`as published: gamma of all features` = gamma(seq_len(nrow(values))),
            `gamma of the scored features` = gamma(half))
  data.frame(seed = seed, bandwidth = names(both), gamma = both, mmd2 = vapply(both, function(g) {
    mmd2(predicted[half, ], pick(FALSE, TRUE)[half, ], gamma = g)
  }, 0), row.names = NULL)
}))
summary <- stats::aggregate(cbind(gamma, mmd2 * 1000) ~ bandwidth, bandwidths, mean)
names(summary)[3L] <- "MMD^2 x 1e-3"
study_result(arguments, "within_and_across", rows, c(
  bench_tables(rows), "",
  "**Bandwidth**: LAOT within the first context, scored on half of the features", "",
  plain_table(summary)))
bench_picture(arguments, "within_and_across", rows)
