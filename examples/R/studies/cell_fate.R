# Clones as partial truth of a coupling: mass of the plan on sister cells, and predicted against observed fates
# of clones, beside independence and transport without a map.
#
#   Rscript examples/R/studies/cell_fate.R [FOLDER OF THE DATA]
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))

folder <- study_data()
cells <- read_cells(folder, "larry_cells.csv.gz")
genes <- read_cells(folder, "larry_genes.csv.gz")
values <- Matrix::readMM(gzfile(file.path(folder, "larry_normed.mtx.gz")))
values <- as.matrix(log1p(values))
if (nrow(values) != nrow(genes)) values <- t(values)
dimnames(values) <- list(make.unique(as.character(genes$gene)), as.character(cells$cell))
early <- which(cells$day == 4)
late <- which(cells$day == 6)
values <- values[most_variable(values, c(early, late), 50L), ]

plan_scores <- function(plan) {
  plan <- as.matrix(plan)
  clone <- list(early = cells$clone[early], late = cells$clone[late])
  with.sister <- clone$early %in% clone$late
  sister <- outer(clone$early, clone$late, "==")
  mass <- sum(plan[with.sister, ] * sister[with.sister, ]) / sum(plan[with.sister, ])
  # Fates of each clone with cells on both days: share of late states, predicted by the plan and observed.
  states <- unique(cells$state[late])
  clones <- unique(clone$early[with.sister])
  distance <- vapply(clones, function(one) {
    reached <- colSums(plan[clone$early == one, , drop = FALSE])
    predicted <- vapply(states, function(state) sum(reached[cells$state[late] == state]), 0) / sum(reached)
    seen <- vapply(states, function(state) mean(cells$state[late][clone$late == one] == state), 0)
    sum(abs(predicted - seen)) / 2
  }, 0)
  c(sisters = 100 * mass, fate = mean(distance), clones = length(clones))
}

fit <- laot_fit(values[, early], values[, late], seed = 1, verbose = FALSE)
still <- laot_fit(values[, early], values[, late], max.iter = 1, restore = "none", seed = 1, verbose = FALSE)
independent <- matrix(1 / length(early) / length(late), length(early), length(late))
rows <- list("LAOT" = plan_scores(pairing(fit)), "transport, one turn" = plan_scores(pairing(still)),
             "independence" = plan_scores(independent))
cat("| coupling | mass on sisters, % | total variation of fates | clones |\n| --- | ---: | ---: | ---: |\n")
for (name in names(rows)) {
  cat("|", name, "|", sprintf("%.2f", rows[[name]][["sisters"]]), "|", sprintf("%.3f", rows[[name]][["fate"]]), "|",
      rows[[name]][["clones"]], "|\n")
}
track <- trackability(fit, resamples = 20, repeats = 4, seed = 1, verbose = FALSE)
cat("\nVerdict of trackability(): ", track$verdict, "\n\n", sep = "")
moves <- transitions(fit, by = list(control = cells$state[early], treated = cells$state[late]))
moves <- moves[moves$mass > 0.02, ]
moves <- moves[order(-moves$mass), ]
cat("| from | to | mass | share | expected |\n| --- | --- | ---: | ---: | ---: |\n")
for (k in seq_len(nrow(moves))) {
  cat("|", moves$from[k], "|", moves$to[k], "|", paste(sprintf("%.3f", unlist(moves[k, 3:5])), collapse = " | "), "|\n")
}
