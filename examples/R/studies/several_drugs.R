# Several drugs, one fit each: the tables of 4i and SciPlex3, here with two stimuli of blood cells
# (proteins), interferon-beta and panobinostat (genes). Of genes the scores are also given on the 50
# markers, chosen on the training cells of each split; published ranks were made before the split.

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
for (part in c("common.R", "data.R")) source(file.path(here, part))
arguments <- study_arguments()

sets <- if (is.null(arguments$file)) {
  list(proteins = stimulated_blood(arguments$data), interferon = interferon(arguments$data, 500L),
       panobinostat = glioblastoma(arguments$data, 300L))
} else {
  list(own = own_cells(arguments))
}
rows <- NULL
for (name in names(sets)) {
  cells <- c(thinned(sets[[name]], sets[[name]]$labels$condition, arguments$cells),
             control = sets[[name]]$control)
  rows <- rbind(rows, study_bench(
    arguments, "several_drugs", name, cells$values, methods = study_methods(arguments),
    condition = cells$labels$condition, control = cells$control, metrics = study_metrics,
    markers = if (nrow(cells$values) > 100L) 50L, seeds = seq_len(arguments$splits)))
}
study_result(arguments, "several_drugs", rows, bench_tables(rows))
bench_picture(arguments, "several_drugs", rows)
