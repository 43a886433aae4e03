cells <- two_populations(n = 50, m = 40, d = 12)
both <- cbind(cells$control, cells$treated)
both[both < 0] <- 0
conditions <- rep(c("ctrl", "stim"), c(50, 40))
control <- both[, conditions == "ctrl"]
treated <- both[, conditions == "stim"]
by.matrix <- quiet_fit(control, treated)

test_that("sparse matrices give the bits of dense ones", {
  skip_if_not_installed("Matrix")
  for (class in c("dgCMatrix", "dgTMatrix", "dgRMatrix", "dgeMatrix")) {
    as_class <- function(x) if (class == "dgeMatrix")
      methods::as(x, class) else if (class == "dgCMatrix") methods::as(x, class) else
      methods::as(methods::as(x, "dgCMatrix"),
                  if (class == "dgTMatrix") "TsparseMatrix" else "RsparseMatrix")
    fit <- quiet_fit(as_class(control), as_class(treated))
    expect_identical(coef(fit), coef(by.matrix), label = class)
  }
  expect_sentence(quiet_fit(methods::as(both > 0, "lMatrix"), condition = conditions),
                  "must hold numbers, found logical")
  expect_sentence(quiet_fit(methods::as(both > 0, "lgCMatrix"), condition = conditions),
                  "must hold numbers, found logical")
})

sce_of <- function(values) {
  SingleCellExperiment::SingleCellExperiment(
    assays = list(counts = values, logcounts = values),
    colData = S4Vectors::DataFrame(condition = conditions, donor = rep(c("a", "b"), 45),
                                   row.names = colnames(values)),
    rowData = S4Vectors::DataFrame(symbol = paste0("s", seq_len(nrow(values))))
  )
}

test_that("a SingleCellExperiment alone is enough", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- sce_of(both)
  expect_message(fit <- laot_fit(sce, seed = 1),
                 "Using column \"condition\": control: ctrl; target: stim")
  expect_identical(coef(fit), coef(by.matrix))
  expect_identical(coef(quiet_fit(sce, assay.type = "counts")), coef(by.matrix))
  if (requireNamespace("Matrix", quietly = TRUE)) {
    expect_identical(coef(quiet_fit(sce_of(methods::as(both, "dgCMatrix")))), coef(by.matrix))
  }
  expect_false(identical(coef(quiet_fit(sce, batch = "donor")), coef(by.matrix)))
})

test_that("predicting a SingleCellExperiment gives one with the predicted assay", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- sce_of(both)
  fit <- quiet_fit(sce)
  start <- sce[12:1, sce$condition == "ctrl"]
  bare <- predict(fit, start)
  SingleCellExperiment::reducedDim(start, "PCA") <- matrix(0, 50, 2)
  SingleCellExperiment::altExp(start, "ADT") <- start[1:3, ]
  SummarizedExperiment::assay(start, "tpm") <- SummarizedExperiment::assay(start)
  predicted <- predict(fit, start)
  expect_identical(predicted, bare)
  expect_s4_class(predicted, "SingleCellExperiment")
  expect_identical(SummarizedExperiment::assayNames(predicted), "logcounts")
  expect_length(SingleCellExperiment::reducedDimNames(predicted), 0)
  expect_length(SingleCellExperiment::altExpNames(predicted), 0)
  expect_identical(dimnames(predicted), dimnames(start))
  expect_identical(unique(predicted$condition), "stim")
  expect_identical(predicted$predicted, rep(TRUE, 50))
  expect_identical(predicted$donor, start$donor)
  expect_identical(colnames(SummarizedExperiment::colData(predict(fit, start, label = NULL))),
                   c("condition", "donor"))
  expect_identical(colnames(predict(fit, start, suffix = "_p")), paste0(colnames(start), "_p"))
  plain <- SummarizedExperiment::assay(start)
  expect_identical(colnames(predict(fit, plain, suffix = "_p")), paste0(colnames(plain), "_p"))
  expect_named(predict(fit, as.data.frame(as.matrix(plain)), suffix = "_p"),
               paste0(colnames(plain), "_p"))
  expect_warning(predict(fit, predicted), "50 cells that are not \"ctrl\"")
  expect_warning(predict(fit, predict(by.matrix, start)), "50 cells that are predicted already")
  expect_identical(SummarizedExperiment::rowData(predicted), SummarizedExperiment::rowData(start))
  expect_identical(SummarizedExperiment::assay(predicted), predict(by.matrix, control)[12:1, ])
  expect_warning(predict(fit, sce), "40 cells that are not \"ctrl\"")
  seen <- "40 observed cells are among the training cells"
  expect_warning(scores <- evaluate_predictions(fit, sce[, sce$condition == "stim"],
                                                control = start), seen)
  expect_warning(same <- evaluate_predictions(by.matrix, treated, control = control), seen)
  expect_identical(scores$value, same$value)
  own <- suppressMessages(evaluate_predictions(predicted, sce[, sce$condition == "stim"],
                                               metrics = "w2"))
  expect_equal(own$value, scores$value[scores$method == "laot" & scores$metric == "w2"],
               tolerance = 1e-9)
})

test_that("features, reduced dimensions and alternative experiments can be chosen", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- sce_of(both)
  few <- quiet_fit(sce, subset.row = c("gene3", "gene1"))
  expect_identical(few$features, c("gene3", "gene1"))
  expect_identical(coef(few), coef(quiet_fit(sce, subset.row = c(3, 1))))
  expect_identical(rownames(predict(few, sce[, 1:5])), c("gene1", "gene3"))
  expect_identical(quiet_fit(sce, subset.row = rep(c(TRUE, FALSE), 6))$features,
                   rownames(both)[seq(1, 12, 2)])
  expect_sentence(laot_fit(sce, subset.row = "gene99"), "that x lacks: gene99")
  expect_sentence(laot_fit(sce, subset.row = 13), "from 1 to 12")
  expect_sentence(laot_fit(sce, subset.row = 5),
                  "one feature, row 5 \\(gene5\\), and not a number of.*subset.row = \"gene5\"")
  expect_identical(quiet_fit(sce, subset.row = "gene5")$features, "gene5")
  expect_sentence(laot_fit(sce, subset.row = c("GENE1", "GENE2")),
                  "lacks: GENE1, GENE2; the names differ by upper and lower case: gene1 there")
  expect_sentence(laot_fit(sce, subset.row = c(1, 1)), "subset.row selects a feature twice")
  expect_sentence(fit_trivial(sce, features = 1), "argument features does not go with x")
  expect_sentence(cae_fit(sce, features = 1), "argument features does not go with x")
  expect_sentence(fit_trivial(control, treated, subset.row = 1),
                  "argument subset.row does not go with x")
  expect_sentence(laot_fit(sce, assay.type = "log"), "no assay \"log\"; it has counts, logcounts")
  expect_sentence(laot_fit(sce, dimred = "PCA"), "no reduced dimension \"PCA\"")
  expect_sentence(laot_fit(sce, condition = "donr"),
                  "did you mean \"donor\".*condition \\(ctrl, stim\\)")
  expect_sentence(laot_fit(sce, condition = "donor"),
                  "no level that is called.*the levels are a, b")

  SingleCellExperiment::reducedDim(sce, "PCA") <- t(both[1:3, ])
  reduced <- quiet_fit(sce, dimred = "PCA")
  expect_identical(unname(coef(reduced)$map),
                   unname(coef(quiet_fit(control[1:3, ], treated[1:3, ]))$map))
  predicted <- predict(reduced, sce[, 1:5])
  expect_identical(dim(SingleCellExperiment::reducedDim(predicted, "PCA")), c(5L, 3L))
  expect_length(SummarizedExperiment::assays(predicted), 0)

  SingleCellExperiment::altExp(sce,
                               "proteins") <- SummarizedExperiment::SummarizedExperiment(
                               list(logcounts = both[1:2, ]))
  other <- quiet_fit(sce, altexp = "proteins")
  expect_identical(other$features, c("gene1", "gene2"))
  expect_s4_class(predict(other, sce[, 1:5]), "SummarizedExperiment")
  expect_sentence(laot_fit(sce, altexp = "x"), "no alternative experiment \"x\"; it has proteins")
})

test_that("the 1000 most variable features are used, of the cells at hand", {
  skip_if_not_installed("SummarizedExperiment")
  wide <- two_populations(n = 12, m = 9, d = 1200)
  values <- cbind(wide$control, wide$treated, matrix(1e6 * seq_len(1200), 1200, 2, byrow = FALSE) *
                  rep(c(1, -1), each = 1200))
  labels <- rep(c("ctrl", "stim", NA), c(12, 9, 2))
  se <- SummarizedExperiment::SummarizedExperiment(list(logcounts = values),
                                                   colData = S4Vectors::DataFrame(
                                                     condition = labels))
  fit <- quiet_fit(se)
  used <- values[, 1:21]
  spread <- rowMeans(used^2) - rowMeans(used)^2
  expect_setequal(fit$features, rownames(values)[order(-spread)[1:1000]])
})

test_that("a Seurat object works as it is", {
  skip_if_not_installed("SeuratObject")
  skip_if_not_installed("Matrix")
  sparse <- methods::as(both, "dgCMatrix")
  assay <- SeuratObject::CreateAssayObject(data = sparse)
  object <- suppressWarnings(SeuratObject::CreateSeuratObject(assay, assay = "RNA",
    meta.data = data.frame(condition = conditions, row.names = colnames(both))))
  expect_message(fit <- laot_fit(object, seed = 1), "control: ctrl; target: stim")
  expect_identical(coef(fit), coef(by.matrix))
  # SeuratObject 4 passes over an assay of a class that it does not know, as those of 5 are.
  if (utils::packageVersion("SeuratObject") < "5") {
    later <- object
    later@assays$new <- list()
    expect_sentence(laot_fit(later, assay = "new"),
                    "made by SeuratObject [0-9.]+, and the version that is installed, .* update it")
  }
  start <- object[, conditions == "ctrl"]
  predicted <- predict(fit, start)
  expect_s4_class(predicted, "Seurat")
  expect_identical(colnames(predicted), colnames(start))
  expect_equal(as.matrix(laot:::seurat_layer(predicted, "RNA", "data")),
               predict(by.matrix, control))
  expect_identical(unname(predicted$condition), rep("stim", 50))
  expect_true(all(predicted$predicted))
  both.cells <- predict(fit, object, into = "cells")
  expect_identical(unname(both.cells$predicted), rep(c(FALSE, TRUE), c(90, 50)))
  expect_identical(colnames(both.cells), c(colnames(object), paste0(colnames(start), "_predicted")))
  expect_warning(again <- quiet_fit(both.cells), "left out: 50 cells")
  expect_identical(coef(again), coef(fit))
  merged <- suppressWarnings(merge(object, predicted))
  expect_identical(unname(merged$condition), c(conditions, rep("stim", 50)))
  SeuratObject::Idents(start) <- rep(c("T", "B"), length.out = ncol(start))
  expect_identical(SeuratObject::Idents(predict(fit, start)), SeuratObject::Idents(start))
  expect_identical(quiet_fit(object, features = c("gene2", "gene5"))$features, c("gene2", "gene5"))
  expect_sentence(laot_fit(object, features = "gene99"),
                  "features names 1 feature that x lacks: gene99")
  expect_identical(fit_trivial(object, features = c("gene2", "gene5"), verbose = FALSE)$features,
                   c("gene2", "gene5"))
  expect_sentence(laot_fit(object, assay = "ADT"), "no assay \"ADT\"; it has RNA")
  expect_sentence(laot_fit(object, reduction = "pca"), "no reduction \"pca\"")
  expect_sentence(laot_fit(object, condition = "stim"), "no column \"stim\"")

  object[["pca"]] <- SeuratObject::CreateDimReducObject(t(both[1:3, ]) |>
                                                        `colnames<-`(paste0("PC_", 1:3)),
                                                        key = "PC_", assay = "RNA")
  reduced <- quiet_fit(object, reduction = "pca")
  expect_identical(unname(coef(reduced)$map),
                   unname(coef(quiet_fit(control[1:3, ], treated[1:3, ]))$map))
  moved <- predict(reduced, object[, conditions == "ctrl"])
  expect_identical(unname(t(SeuratObject::Embeddings(moved[["pca"]]))),
                   unname(predict(quiet_fit(control[1:3, ], treated[1:3, ]),
                                  unname(control[1:3, ]))))
})

test_that("counts in the place of normalised values are noticed", {
  skip_if_not_installed("SeuratObject")
  skip_if_not_installed("Matrix")
  object <- suppressWarnings(SeuratObject::CreateSeuratObject(
    methods::as(round(10 * both), "dgCMatrix"),
    meta.data = data.frame(condition = conditions, row.names = colnames(both))
  ))
  # Version 5 has no layer "data" before it is normalised, and says so.
  if (utils::packageVersion("SeuratObject") >= "5.0.0") {
    expect_error(quiet_fit(object), "data")
  } else {
    expect_warning(quiet_fit(object),
                   "layer \"data\" of assay \"RNA\" of x holds the counts: normalise first")
  }
  expect_silent(quiet_fit(object, layer = "counts"))
})

test_that("objects are left as they were, by what works and by what is refused", {
  untouched <- function(object, ...) {
    before <- serialize(object, NULL)
    fit <- quiet_fit(object, ...)
    invisible(predict(fit, object[, conditions == "ctrl"], nonnegative = "clip"))
    expect_error(laot_fit(object, condition = "nothing"), "no column")
    expect_error(quiet_fit(object, ..., ridge = -1), "ridge must be")
    expect_error(predict(fit, object[1:2, conditions == "ctrl"]), "lacks 3 of the 5 features")
    expect_identical(serialize(object, NULL), before)
  }
  skip_if_not_installed("SingleCellExperiment")
  untouched(sce_of(both), subset.row = 1:5)
  skip_if_not_installed("SeuratObject")
  skip_if_not_installed("Matrix")
  untouched(suppressWarnings(SeuratObject::CreateSeuratObject(
    SeuratObject::CreateAssayObject(data = methods::as(both, "dgCMatrix")), assay = "RNA",
    meta.data = data.frame(condition = conditions, row.names = colnames(both))
  )), features = rownames(both)[1:5])
})

test_that("control and treated cells may be two objects", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- sce_of(both)
  expect_silent(two <- quiet_fit(sce[, conditions == "ctrl"],
                                 treated = sce[12:1, conditions == "stim"]))
  expect_identical(coef(two), coef(by.matrix))
  expect_identical(c(two$control, two$target, two$condition), c("ctrl", "stim", "condition"))
  expect_identical(coef(quiet_fit(sce[, conditions == "ctrl"], treated)), coef(by.matrix))
  expect_identical(coef(quiet_fit(sce[, conditions == "ctrl"],
                                  treated = sce[, conditions == "stim"], batch = "donor")),
                   coef(quiet_fit(sce, batch = "donor")))
  counted <- sce
  SummarizedExperiment::assay(counted, "counts") <- 2 * both
  expect_identical(quiet_fit(counted[, conditions == "ctrl"],
                             treated = counted[, conditions == "stim"],
                             assay.type = "counts")$origin$assay.type, "counts")
  expect_sentence(quiet_fit(sce, treated = "stim"),
                  "treated must hold cells, found \"stim\"; a level of the condition is named by")
  expect_sentence(laot_fit(sce[, conditions == "ctrl"], treated = sce[1:3, conditions == "stim"]),
                  "the treated object lacks 9 of the 12")
})

test_that("a batch of several columns is their combinations", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- sce_of(both)
  sce$type <- rep(c("T", "B", "B"), 30)
  both.columns <- quiet_fit(sce, batch = c("donor", "type"))
  expect_identical(coef(both.columns), coef(quiet_fit(sce, batch = paste(sce$donor, sce$type))))
  expect_sentence(quiet_fit(sce, batch = c("donor", "tpe")), "no column \"tpe\"")
  sce$type[4L] <- NA
  expect_sentence(quiet_fit(sce, batch = c("donor", "type")), "batch has no label for 1 of the")
})

test_that("predictions go into the object itself", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- sce_of(both)
  fit <- quiet_fit(sce, subset.row = 1:5)
  start <- sce[, conditions == "ctrl"]
  values <- predict(quiet_fit(control[1:5, ], treated[1:5, ]), control)
  inside <- predict(fit, start, into = c(altexp = "moved"))
  expect_identical(dim(inside), dim(start))
  expect_identical(unname(SummarizedExperiment::assay(SingleCellExperiment::altExp(inside, "moved"),
                                                      "logcounts")), unname(values))
  expect_identical(SummarizedExperiment::colData(inside), SummarizedExperiment::colData(start))
  expect_message(as.assay <- predict(fit, start, into = "moved"),
                 "Into a new assay \"moved\": a word alone is the name of an assay", fixed = TRUE)
  expect_no_message(predict(fit, as.assay, into = "moved"))
  expect_no_message(predict(fit, start, into = c(assay = "moved")))
  as.assay <- SummarizedExperiment::assay(as.assay, "moved")
  expect_identical(unname(as.assay[1:5, ]), unname(values))
  expect_true(all(is.na(as.assay[6:12, ])))
  expect_identical(SingleCellExperiment::reducedDim(predict(fit, start, into = c(dimred = "moved")),
                                                    "moved"), t(values))
  for (kind in c("altexp", "altExp")) {
    expect_identical(SingleCellExperiment::altExpNames(predict(fit, start, into = kind)), "laot")
  }
  expect_sentence(predict(fit, start, into = c(layer = "x")),
                  "the name in into must be one of assay, altexp, dimred")
  expect_sentence(predict(fit, control, into = "x"), "a matrix has no room")
  for (measured in c("logcounts", "counts")) {
    expect_sentence(predict(fit, start, into = measured), "would replace values that newdata has")
  }
  again <- predict(fit, predict(fit, start, into = "moved"), into = "moved")
  expect_identical(SummarizedExperiment::assay(again, "moved"), as.assay, ignore_attr = TRUE)
  # Whatever it holds: only what was predicted is replaced.
  full <- start
  SummarizedExperiment::assay(full, "tpm") <- SummarizedExperiment::assay(full)
  SingleCellExperiment::reducedDim(full, "PCA") <- t(both[1:2, 1:50])
  SingleCellExperiment::altExp(full, "ADT") <- start[1:2, ]
  for (into in list("tpm", c(dimred = "PCA"), c(altexp = "ADT"))) {
    expect_sentence(predict(fit, full, into = into), "would replace values that newdata has")
  }
  both.places <- predict(fit, predict(fit, full, into = "x"), into = c(altexp = "x"))
  for (into in list("x", c(altexp = "x")))
    expect_no_error(both.places <- predict(fit, both.places, into = into))
  expect_sentence(predict(fit, start, into = "reduction"),
                  "into must be one of assay, altexp, dimred")
})

test_that("an assay that is mostly missing and large is refused with its size", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- sce_of(both)
  fit <- quiet_fit(sce, subset.row = 1:5)
  namespace <- asNamespace("laot")
  old <- get("most.of.assay", namespace)
  unlockBinding("most.of.assay", namespace)
  on.exit(assign("most.of.assay", old, namespace))
  assign("most.of.assay", 8 * 12 * 50 - 1, namespace)
  start <- sce[, conditions == "ctrl"]
  expect_sentence(predict(fit, start, into = "moved"),
                  "12 features x 50 cells, of which the fit has 5 .* into = c\\(altexp = ")
  assign("most.of.assay", 8 * 12 * 50, namespace)
  expect_no_error(predict(fit, start, into = "moved"))
})

test_that("objects without columns are fitted and predicted", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- sce_of(both)
  labels <- sce$condition
  SummarizedExperiment::colData(sce) <- SummarizedExperiment::colData(sce)[, 0L]
  fit <- quiet_fit(sce, condition = labels)
  start <- sce[, labels == "ctrl"]
  expect_identical(unname(SummarizedExperiment::assay(predict(fit, start))),
                   unname(predict(quiet_fit(control, treated), control)))
  expect_identical(ncol(predict(fit, start, into = "cells")), 100L)
  expect_no_error(predict(fit, start, into = "altexp"))
})

test_that("fits by a column and ensembles predict into every place", {
  skip_if_not_installed("SingleCellExperiment")
  named <- both
  colnames(named) <- paste0("c", 1:90)
  sce <- sce_of(named)
  sce$type <- rep(c("T", "B", "T"), 30)
  fits <- quiet_fit(sce, by = "type", subset.row = 1:5)
  start <- sce[, conditions == "ctrl"]
  alone <- SummarizedExperiment::assay(predict(fits, start))
  inside <- predict(fits, start, into = c(altexp = "moved"))
  moved <- function(x) SummarizedExperiment::assay(SingleCellExperiment::altExp(x, "moved"))
  expect_identical(unname(moved(inside)), unname(alone))
  all <- predict(fits, sce, into = "cells")
  expect_identical(unname(SummarizedExperiment::assay(all, "logcounts")[, all$predicted]),
                   unname(alone))
  start$type[3L] <- "NK"
  expect_warning(some <- predict(fits, start, into = c(altexp = "moved")), "left out: 1 cell ")
  expect_true(all(is.na(moved(some)[, 3L])))
  expect_identical(unname(moved(some)[, -3L]), unname(alone[, -3L]))
  expect_warning(some <- predict(fits, start, into = "cells"), "left out: 1 cell ")
  expect_identical(sum(some$predicted), 49L)
  expect_sentence(predict(fits, start[, -3L], into = "HDF5"), "goes with one fit")
  two <- suppressWarnings(cellot_fit(sce, subset.row = 1:5, iterations = 2, seeds = 1:2,
                                     verbose = FALSE))
  start <- sce[, conditions == "ctrl"]
  expect_identical(unname(moved(predict(two, start, into = c(altexp = "moved")))),
                   unname(SummarizedExperiment::assay(predict(two, start))))
  expect_identical(sum(predict(two, sce, into = "cells")$predicted), 50L)
  expect_sentence(predict(two, start, into = "HDF5"), "goes with one fit")
})

test_that("a look for counts does not copy a dense matrix", {
  values <- matrix(0.5, 1000, 4000)
  peak <- function(...) {
    memory <- gc(...)
    memory[2L, ncol(memory)]
  }
  before <- peak(reset = TRUE)
  expect_false(laot:::looks_raw(values))
  expect_lt(peak() - before, 16)
  expect_true(laot:::looks_raw(matrix(c(0, 3), 2, 2)))
})

test_that("counts are no cells for a fit of other values", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- sce_of(both)
  SummarizedExperiment::assay(sce, "counts") <- round(10 * abs(both))
  fit <- quiet_fit(sce)
  start <- sce[, conditions == "ctrl"]
  expect_warning(predict(fit, start, assay.type = "counts"),
                 "assay.type = \"counts\", which holds whole numbers.*assay.type = \"logcounts\"")
  expect_no_warning(predict(quiet_fit(sce, assay.type = "counts"), start))
  SummarizedExperiment::assay(sce, "mine") <- both
  expect_no_warning(predict(fit, sce[, conditions == "ctrl"], assay.type = "mine"))
})

test_that("predicted cells go behind those of the object", {
  skip_if_not_installed("SingleCellExperiment")
  named <- both
  colnames(named) <- paste0("c", 1:90)
  sce <- sce_of(named)
  SingleCellExperiment::reducedDim(sce, "PCA") <- t(named[1:2, ])
  fit <- quiet_fit(sce, subset.row = 1:5)
  start <- sce[, conditions == "ctrl"]
  alone <- predict(fit, start)
  expect_message(all <- predict(fit, sce, into = "cells"), "Kept: the 5 features of the fit, of 12")
  expect_identical(all[, 1:90]$condition, sce$condition)
  expect_identical(all$predicted, rep(c(FALSE, TRUE), c(90, 50)))
  expect_identical(colnames(all), c(colnames(sce), paste0(colnames(start), "_predicted")))
  expect_identical(all$condition[91:140], rep("stim", 50))
  values <- SummarizedExperiment::assay(all, "logcounts")
  expect_identical(values[, 1:90], SummarizedExperiment::assay(sce, "logcounts")[1:5, ])
  expect_identical(unname(values[, 91:140]),
                   unname(SummarizedExperiment::assay(alone, "logcounts")))
  expect_identical(SingleCellExperiment::reducedDim(all, "PCA")[1:90, ],
                   SingleCellExperiment::reducedDim(sce, "PCA"), ignore_attr = TRUE)
  # Predicted cells are neither fitted nor predicted again.
  expect_warning(again <- quiet_fit(all), "left out: 50 cells")
  expect_identical(coef(again), coef(fit))
  expect_sentence(predict(fit, all, into = "cells"),
                  "names of predicted ones already: c1_predicted")
  more <- predict(fit, all, into = "cells", suffix = "_more")
  expect_identical(sum(more$predicted), 100L)
  expect_identical(ncol(predict(fit, sce, into = "cells", label = NULL)), 140L)
  expect_sentence(predict(fit, sce[, conditions == "stim"], into = "cells"),
                  "newdata has no cell that is \"ctrl\" in column \"condition\"")
  expect_sentence(predict(fit, both, into = "cells"), "a matrix has no room")
  # Of a reduced dimension, and of sparse values.
  of.pca <- quiet_fit(sce, dimred = "PCA")
  expect_identical(
    SingleCellExperiment::reducedDim(predict(of.pca, sce, into = "cells"), "PCA")[91:140, ],
    SingleCellExperiment::reducedDim(predict(of.pca, start), "PCA"), ignore_attr = TRUE)
  skip_if_not_installed("Matrix")
  SummarizedExperiment::assay(sce, "logcounts") <- methods::as(named, "dgCMatrix")
  expect_s4_class(SummarizedExperiment::assay(predict(fit, sce, into = "cells"), "logcounts"),
                  "dgCMatrix")
})

test_that("a tibble stays one", {
  skip_if_not_installed("tibble")
  table <- tibble::as_tibble(as.data.frame(unname(control)), .name_repair = "minimal")
  fit <- quiet_fit(unname(control), unname(treated))
  expect_s3_class(predict(fit, table), "tbl_df")
})

test_that("one fit a type, in one object", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- sce_of(both)
  sce$type <- rep(c("T", "B"), 45)
  sce$type[1:4] <- "NK"
  sce$type[c(5, 51:55)] <- "Mono"
  expect_message(fits <- laot_fit(sce, by = "type", seed = 1),
                 "Left out: NK, with no treated cells")
  expect_message(laot_fit(sce, by = "type", seed = 1), "Left out: Mono, with only 1 control cells")
  expect_s3_class(fits, "laot_fit_by")
  expect_identical(sort(names(fits)), c("B", "T"))
  alone <- quiet_fit(sce[, sce$type == "T"])
  expect_identical(coef(fits[["T"]]), coef(alone))
  start <- sce[, conditions == "ctrl"]
  expect_warning(p <- predict(fits, start),
                 "left out: 5 cells of levels without a fit \\(NK, Mono\\)")
  expect_identical(colnames(p), colnames(start)[start$type %in% c("B", "T")])
  expect_identical(SummarizedExperiment::assay(p)[, p$type == "T"],
                   SummarizedExperiment::assay(predict(alone, start[, start$type == "T"])))
  expect_output(print(fits), "one for each of 2 levels of type")
  by.hand <- suppressWarnings(predict(fits, control, by = start$type))
  expect_identical(unname(by.hand), unname(SummarizedExperiment::assay(p)))
  expect_sentence(predict(fits, control), "newdata has no|no column|names a column")
  expect_sentence(quiet_fit(control, treated, by = "type"), "by goes with one object")
})

test_that("a Seurat object: fits by a type, identities, names that are taken", {
  skip_if_not_installed("SeuratObject")
  skip_if_not_installed("Matrix")
  values <- methods::as(both, "dgCMatrix")
  colnames(values) <- paste0("c", 1:90)
  object <- suppressWarnings(SeuratObject::CreateSeuratObject(
    SeuratObject::CreateAssayObject(data = values), assay = "RNA",
    meta.data = data.frame(condition = conditions, type = rep(c("T", "B", "T"), 30),
                           row.names = colnames(values))))
  SeuratObject::Idents(object) <- object$condition
  start <- object[, 1:50]
  data <- function(x, assay) as.matrix(SeuratObject::GetAssayData(x[[assay]]))
  fits <- suppressWarnings(quiet_fit(object, by = "type"))
  alone <- suppressWarnings(predict(fits, start))
  expect_identical(unique(as.character(SeuratObject::Idents(alone))), "stim")
  beside <- suppressWarnings(predict(fits, start, into = c(assay = "laot")))
  expect_identical(unname(data(beside, "laot")), unname(data(alone, "RNA")))
  SeuratObject::Idents(start) <- start$type
  fit <- suppressWarnings(quiet_fit(object))
  expect_setequal(levels(SeuratObject::Idents(suppressWarnings(predict(fit, start)))), c("T", "B"))
  SeuratObject::Idents(start) <- "ctrl"
  bare <- suppressWarnings(quiet_fit(object, condition = SeuratObject::Idents(object)))
  told <- SeuratObject::Idents(suppressWarnings(predict(bare, start)))
  expect_identical(unique(as.character(told)), "stim")
  for (taken in list("RNA", c(reduction = "RNA")))
    expect_sentence(suppressWarnings(predict(fit, start, into = taken)), "would replace values")
  expect_sentence(predict(fit, start, into = "altexp"), "into must be one of assay, reduction")
  for (name in c("laot", "laot"))
    start <- suppressWarnings(predict(fit, start, into = c(assay = name)))
  some <- suppressWarnings(quiet_fit(object, features = rownames(values)[1:5]))
  expect_message(all <- suppressWarnings(predict(some, object, into = "cells")),
                 "Kept: the 5 features of the fit, of 12")
  expect_identical(dim(all[["RNA"]]), c(5L, 140L))
})
