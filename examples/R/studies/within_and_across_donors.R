# Within a donor, on another donor, and on a donor when all others were trained on: the protein panel that
# stands in for the AP-1 study (within line, replicate, held-out line).
#
#   Rscript examples/R/studies/within_and_across_donors.R [FOLDER OF THE DATA]
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))

cells <- read_cells(study_data(), "bcrxl_cells.csv.gz")
markers <- setdiff(names(cells), c("donor", "condition", "event"))
set.seed(1)
# So many cells of each donor and condition, or the transport of six donors takes most of an hour.
keep <- unlist(lapply(split(seq_len(nrow(cells)), cells[c("donor", "condition")]), function(at) sort(sample(at, 500))))
cells <- cells[keep, ]
values <- as_features(cells, markers, function(x) asinh(x / 5))

of <- function(donors) which(cells$donor %in% donors)
run <- function(at, split = NULL) {
  study_benchmark(values[, at], cells$condition[at], "ref", "bcrxl", split)
}
other <- of(c(1, 2))
study_table(list(
  "within donor 1" = run(of(1)),
  "donor 1 to donor 2" = run(other, factor(ifelse(cells$donor[other] == 2, "test", "train"))),
  "all donors, random split" = run(seq_len(nrow(cells))),
  "each donor held out" = run(seq_len(nrow(cells)), paste("donor", cells$donor))
))
