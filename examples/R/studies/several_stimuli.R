# One control, a weak and a strong stimulus, scored on all markers: the protein panel that stands in for the
# drugs of 4i and SciPlex3.
#
#   Rscript examples/R/studies/several_stimuli.R [FOLDER OF THE DATA]
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))

cells <- read_cells(study_data(), "pbmcstim_cells.csv.gz")
set.seed(1)
keep <- unlist(lapply(split(seq_len(nrow(cells)), cells$condition), function(at) sort(sample(at, 1000))))
cells <- cells[keep, ]
markers <- setdiff(names(cells), c("condition", "cell_type"))
values <- as_features(cells, markers)

study_table(list("random split" = study_benchmark(values, cells$condition, "reference",
                                                  c("BCR/FcR-XL", "PMA/Ionomycin"))))

# Cell types within the strong stimulus: how far a prediction stays within its type.
strong <- cells$condition == "PMA/Ionomycin"
rest <- cells$condition == "reference"
draw <- function(which) sample(which(which), sum(which) / 2)
train <- list(control = draw(rest), treated = draw(strong))
fit <- laot_fit(values[, train$control], values[, train$treated], seed = 1, verbose = FALSE)
test <- list(control = setdiff(which(rest), train$control), treated = setdiff(which(strong), train$treated))
scores <- suppressMessages(evaluate_predictions(
  fit, values[, test$treated], control = values[, test$control], metrics = "mmd2",
  by = list(observed = cells$cell_type[test$treated], control = cells$cell_type[test$control])))
shares <- scores[scores$metric == "own_group_share" & scores$method %in% c("laot", "mean_shift"), ]
cat("\n| cell type | predicted cells | laot: share of neighbours of the type | mean shift |\n| --- | ---: | ---: | ---: |\n")
for (group in unique(shares$group)) {
  row <- shares[shares$group == group, ]
  cat("|", if (nzchar(group)) group else "all", "|", row$cells[1L], "|",
      paste(sprintf("%.2f", row$value[match(c("laot", "mean_shift"), row$method)]), collapse = " | "), "|\n")
}
