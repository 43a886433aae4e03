# Every method on every set, random splits: the one large table. Networks have one seed a split. The
# methods of many conditions are fitted to all conditions of a set at once.

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
for (part in c("common.R", "data.R")) source(file.path(here, part))
arguments <- study_arguments()

arguments$cells <- min(arguments$cells, 500L)
data <- arguments$data
if (!is.null(arguments$file)) {
  sets <- list(own = own_cells(arguments))
} else {
  doses <- breast_doses(data)
  doses$values <- most_variable(doses$values, 50L)
  course <- function(set, from, to) {
    kept <- set$time %in% c(from, to)
    list(values = set$values[, kept],
         labels = data.frame(condition = paste(set$time[kept], set$unit)),
         control = paste(from, set$unit))
  }
  fate <- clones(data)
  sets <- list(
    `interferon, 50 genes` = interferon(data, 50L),
    `panobinostat, 50 genes` = glioblastoma(data, 50L),
    `lupus, 50 genes` = lupus_donors(data, 50L), `TGF-beta, 50 genes` = doses,
    `blood, 24 proteins` = blood_donors(data),
    `stimuli, 23 proteins` = stimulated_blood(data),
    `T cells, day 0 to 2` = course(t_cells(data), 0, 2),
    `myoblasts, 0 to 24 h` = course(myoblast_course(data), 0, 24),
    `fates, day 4 to 6` = list(values = fate$values,
                               labels = data.frame(condition = paste("day", fate$labels$day)),
                               control = "day 4"))
}
single <- study_methods(arguments)
conditional <- conditional_methods(arguments)
single <- single[setdiff(names(single), names(conditional))]
rows <- NULL
for (name in names(sets)) {
  cells <- thinned(sets[[name]], sets[[name]]$labels$condition, arguments$cells)
  of <- cells$labels$condition
  control <- sets[[name]]$control
  one <- study_bench(arguments, "all_methods", name, cells$values, methods = single, condition = of,
                     control = control,
                     metrics = study_metrics, seeds = seq_len(arguments$splits))
  dose <- if (!is.null(cells$labels$dose)) cells$labels["dose"]
  many <- conditional_bench(arguments, "all_methods", name, cells$values, of, control,
                            conditional, dose)
  own <- one$method %in% names(single)
  rows <- rbind(rows, one[own, bench_columns], many[bench_columns], one[!own, bench_columns])
}
part <- rows[rows$metric == "mmd2" & nzchar(rows$features), ]
part$of <- paste(part$setting, part$target, sep = ": ")
wide <- tapply(seq_len(nrow(part)), list(factor(part$of, unique(part$of)),
                                         factor(part$method, unique(part$method))),
               function(at) text_of(part$value[at], "mmd2"))
wide[is.na(wide)] <- ""
study_result(arguments, "all_methods", rows, c(
  "", paste0("MMD^2 x 1e-3 on held-out cells, mean +- sd over ", arguments$splits, " splits"), "",
  plain_table(data.frame(set = rownames(wide), wide, check.names = FALSE)), bench_tables(rows)))
bench_picture(arguments, "all_methods", rows)
