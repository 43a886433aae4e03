# Scores of several conditions, from objects and in print.
known <- expand.grid(dose = c(1, 3, 10), drug = c("A", "B"), stringsAsFactors = FALSE)
names.of <- paste0(known$drug, known$dose)
cells <- local({
  base <- two_populations(n = 60 + 6 * 30, m = 1, d = 4)$control
  for (k in 1:6) {
    at <- 60 + 30 * (k - 1) + 1:30
    move <- 2 * (known$drug[k] == "B") + 1:2
    base[move, at] <- base[move, at] + log1p(known$dose[k])
  }
  base
})
columns <- data.frame(condition = c(rep("ctrl", 60), rep(names.of, each = 30)),
                      drug = c(rep(NA, 60), rep(known$drug, each = 30)),
                      dose = c(rep(0, 60), rep(known$dose, each = 30)))
fit_cells <- function(method = "conditional_laot", ..., covariates = columns[c("drug", "dose")]) {
  fit_method(cells, method, condition = columns$condition, control = "ctrl",
             covariates = covariates, seed = 1, verbose = FALSE, ...)
}
fits <- fit_cells(hold.out = "A3")
new <- two_populations(n = 240, m = 1, d = 4, seed = 7)$control + cells - rowMeans(cells)
row.names(columns) <- colnames(new)
observed <- lapply(stats::setNames(nm = names.of), function(name) new[, columns$condition == name])
controls <- new[, columns$condition == "ctrl"]
by.hand <- evaluate_predictions(fits, observed, controls)

test_that("one object of all conditions is scored as its matrices are", {
  skip_if_not_installed("SingleCellExperiment")
  object <- function(keep = TRUE) {
    SingleCellExperiment::SingleCellExperiment(assays = list(logcounts = new[, keep]),
                                               colData = S4Vectors::DataFrame(columns[keep, ]))
  }
  expect_identical(evaluate_predictions(fits, object()), by.hand)
  is.control <- columns$condition == "ctrl"
  expect_identical(evaluate_predictions(fits, object(!is.control), control = object(is.control)),
                   by.hand)
  # A list may hold objects, and other assays are asked for by name.
  parts <- lapply(stats::setNames(nm = names.of), function(name) object(columns$condition == name))
  expect_identical(evaluate_predictions(fits, parts, control = object(is.control)), by.hand)
  renamed <- object()
  SummarizedExperiment::assayNames(renamed) <- "scaled"
  expect_identical(evaluate_predictions(fits, renamed, assay.type = "scaled"), by.hand)
  expect_sentence(evaluate_predictions(fits, renamed), "has no assay \"logcounts\"; it has scaled")
  # A condition with another name is the one that its covariates say.
  other <- object()
  other$condition[other$condition == "B10"] <- "new"
  other$dose[other$condition == "new"] <- 5
  table <- evaluate_predictions(fits, other, metrics = "mmd2")
  expect_identical(unique(table$kind[table$condition == "new"]), "unseen dose")
  at <- known
  at$dose[6] <- 5
  by.at <- evaluate_predictions(fits, stats::setNames(observed, c(names.of[-6], "new")), controls,
                                at = at, metrics = "mmd2")
  expect_identical(table, by.at)
  other$dose <- NULL
  expect_sentence(evaluate_predictions(fits, other),
                  "the fit has not seen \"new\", and observed has no column \"dose\"")
  expect_sentence(evaluate_predictions(fits, object(!is.control)),
                  "no control cells: column \"condition\" of observed has no \"ctrl\"")
  expect_sentence(evaluate_predictions(fits, object(!is.control), control = controls),
                  "control must be an object too")
  expect_sentence(evaluate_predictions(fits, object(is.control)),
                  "observed has no treated cells: .* only ctrl")
  expect_sentence(evaluate_predictions(fits, object(), at = known),
                  "at = goes with a list of observed cells")
  # Fits that have nothing in common.
  apart <- fit_method(cells, "laot", condition = columns$condition, control = "ctrl", seed = 1,
                      verbose = FALSE)
  expect_equal(evaluate_predictions(apart, object(), metrics = "w2"),
               evaluate_predictions(apart, observed, controls, metrics = "w2"))
})

test_that("training cells among the observed ones are told, of all conditions at once", {
  trained <- lapply(observed, function(part) cells[, match(colnames(part), colnames(new))])
  expect_warning(evaluate_predictions(fits, trained["A1"], controls, metrics = "w2"),
                 "^30 observed cells are among the training cells")
  # A condition that was left out was not trained on.
  expect_no_warning(evaluate_predictions(fits, trained["A3"], controls, metrics = "w2"))
  expect_warning(evaluate_predictions(fits[["A1"]], trained$A1, controls, metrics = "w2"),
                 "^30 observed cells are among the training cells")
})

test_that("arguments of scores are named in full", {
  expect_sentence(evaluate_predictions(fits, observed, controls, metric = "w2"),
                  "no argument metric; write metrics in full")
})

test_that("conditions of an object go with the controls of their context", {
  skip_if_not_installed("SingleCellExperiment")
  line <- rep(c("x", "y"), 120)
  with.line <- cbind(columns, line = line)
  with.line$condition[columns$condition != "ctrl"] <- paste(columns$condition,
                                                            line)[columns$condition != "ctrl"]
  sce <- SingleCellExperiment::SingleCellExperiment(assays = list(logcounts = unname(cells)),
                                                    colData = S4Vectors::DataFrame(with.line))
  of.lines <- fit_method(sce, "regressed_shift", covariates = ~ drug + dose + line,
                         control = "ctrl", seed = 1, verbose = FALSE)
  expect_warning(table <- evaluate_predictions(of.lines, sce[, 1:230], metrics = "w2"),
                 "170 observed cells are among the training cells")
  one <- evaluate_predictions(of.lines,
                              list("B3 y" = unname(cells)[, with.line$condition == "B3 y"]),
                              metrics = "w2",
                              control = unname(cells)[, columns$condition == "ctrl" & line == "y"])
  expect_equal(table$value[table$condition == "B3 y"], one$value)
})

test_that("a Seurat object of all conditions is scored as its matrices are", {
  skip_if_not_installed("SeuratObject")
  object <- suppressWarnings(SeuratObject::CreateSeuratObject(
    SeuratObject::CreateAssayObject(data = methods::as(new, "CsparseMatrix")), assay = "RNA",
    meta.data = columns))
  expect_equal(evaluate_predictions(fits, object)$value, by.hand$value, tolerance = 1e-12)
})

test_that("scores of several conditions are printed in a terminal's width, by condition or by kind",
          {
  old <- options(width = 80)
  on.exit(options(old))
  beside <- evaluate_predictions(fits, observed, controls,
                                 beside = list(fit_cells("regressed_shift", hold.out = "A3")))
  shown <- capture.output(print(beside))
  expect_lte(max(nchar(shown)), 120)
  tables <- shown[seq_len(which(shown == "")[1L])]
  expect_lte(max(nchar(tables)), 80)
  expect_identical(grep("^A3 \\(unseen dose\\), 30 observed cells$", shown), 11L)
  expect_match(shown, "^ +mmd2 +w2 +sd_ratio", all = FALSE)
  value <- beside$value[beside$condition == "B1" & beside$method ==
                        "regressed_shift" & beside$metric == "w2"]
  of.b1 <- shown[match("B1 (seen), 30 observed cells", shown) + 1:9]
  expect_match(grep("regressed_shift", of.b1, value = TRUE), laot:::table_number(value, 3L),
               fixed = TRUE)
  expect_match(shown, "In the data frame as well: r2_means, ", all = FALSE)
  many <- do.call(rbind,
                  lapply(1:3, function(k) transform(as.data.frame(beside),
                                                    condition = paste(condition, k))))
  class(many) <- class(beside)
  shown <- capture.output(print(many))
  expect_match(shown, "^unseen dose, mean over 3 conditions$", all = FALSE)
  expect_match(shown, "^seen, mean over 15 conditions$", all = FALSE)
  mean <- mean(many$value[many$kind == "seen" & many$method == "identity" & many$metric == "mmd2"])
  expect_match(grep("^identity", shown, value = TRUE)[1L], laot:::table_number(mean, 3L),
               fixed = TRUE)
  expect_match(shown, "a row for each of the 18 conditions", all = FALSE)
})

test_that("fits by a column are scored level by level", {
  skip_if_not_installed("SingleCellExperiment")
  object <- function(values, levels) {
    SingleCellExperiment::SingleCellExperiment(
      list(logcounts = values),
      colData = S4Vectors::DataFrame(condition = rep(c("ctrl", "stim"), c(60, 180)),
                                     type = rep_len(levels, 240)))
  }
  by <- quiet_fit(object(cells, c("B", "T")), by = "type")
  held.out <- object(new, c("B", "T", "T", "NK"))
  expect_warning(scores <- evaluate_predictions(by, held.out, metrics = "w2"),
                 "left out: levels without a fit, observed or control cells \\(NK\\)")
  expect_identical(unique(scores$condition), c("B", "T"))
  for (level in c("B", "T")) {
    of <- function(condition)
      held.out[, held.out$condition == condition & held.out$type == level]
    one <- evaluate_predictions(by[[level]], of("stim"), control = of("ctrl"), metrics = "w2")
    expect_identical(scores$value[scores$condition == level], one$value)
  }
  parts <- list(NK = held.out[, held.out$type == "NK"])
  expect_sentence(evaluate_predictions(by, parts, control = parts), "\"NK\", a level without a fit")
  labelled <- quiet_fit(object(cells, "B"), by = rep(c("B", "T"), 120))
  expect_sentence(evaluate_predictions(labelled, held.out), "by labels and not by a column")
})
