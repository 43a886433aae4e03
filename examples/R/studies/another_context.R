# Another species or cell line: train on one context, predict another that differs much from it.
# Here every pair of cell types of Kang et al. 2018 with enough cells: the response of one type,
# applied to the controls of the other.

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
for (part in c("common.R", "data.R")) source(file.path(here, part))
arguments <- study_arguments()

cells <- if (is.null(arguments$file))
  lupus_donors(arguments$data, 50L) else own_cells(arguments, context = TRUE)
if (is.null(arguments$file)) cells$labels$context <- cells$labels$cell_type
control <- cells$control
cells <- thinned(cells, paste(cells$labels$condition, cells$labels$context), arguments$cells)
count <- table(cells$labels$context, cells$labels$condition)
contexts <- rownames(count)[apply(count, 1L, min) >= min(100L, arguments$cells)]
contexts <- utils::head(contexts, arguments$splits)
rows <- NULL
for (from in contexts) for (to in setdiff(contexts, from)) {
  part <- rep(NA_character_, ncol(cells$values))
  part[cells$labels$context == from] <- "train"
  part[cells$labels$context == to] <- "test"
  rows <- rbind(rows, study_bench(
    arguments, "another_context", paste(from, "to", to), cells$values,
    methods = study_methods(arguments),
    condition = cells$labels$condition, control = control, metrics = study_metrics,
    split = factor(part, c("train", "validation", "test")), seeds = 1L, reference = "halves"))
}
mean.rows <- transform(rows, setting = paste("mean over", length(unique(rows$setting)),
                                             "pairs of contexts"))
study_result(arguments, "another_context", rows, c(bench_tables(mean.rows), bench_tables(rows)))
bench_picture(arguments, "another_context", rows)
