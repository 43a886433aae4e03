# The order of attached packages decides whose conditions() is found.
conditions_after <- function(packages) {
  script <- tempfile(fileext = ".R")
  on.exit(unlink(script))
  writeLines(c(
    paste0(".libPaths(", paste(deparse(.libPaths()), collapse = ""), ")"),
    sprintf("suppressMessages(library(%s))", packages),
    "dose <- rep(c(0, 1, 3, 10), each = 20)",
    "cells <- outer(1:3, seq_along(dose), function(k, i) sin(7.1 * k * i))",
    "cells <- cells + rep(log1p(dose), each = 3)",
    "labels <- paste('dose', dose)",
    "known <- data.frame(dose = dose)",
    "fits <- fit_method(cells, 'regressed_shift', condition = labels, control = 'dose 0',",
    "                   covariates = known, seed = 1, verbose = FALSE)",
    "two <- fit_method(cells, 'cmonge', condition = labels, control = 'dose 0',",
    "                  covariates = known, iterations = 1, keep = 'last', seeds = 1:2,",
    "                  verbose = FALSE)",
    "by <- suppressMessages(laot_fit(cells, condition = ifelse(dose > 1, 'late', 'early'),",
    "  control = 'early', by = rep_len(c('B', 'T'), 80), seed = 1, verbose = FALSE))",
    "stopifnot(nrow(conditions(by)) == 2L)",
    "seeds <- fit_method(cells, 'cellot', treated = cells + 1, iterations = 1, seeds = 1:2,",
    "                    verbose = FALSE)",
    "stopifnot(!grepl('inherited method', tryCatch(conditions(seeds), error = conditionMessage)))",
    "cat(nrow(conditions(fits)), nrow(conditions(fits[[2]])), nrow(conditions(two)),",
    "    conditions(fits)$condition[2])",
    "methods::setClass('theirs', representation(x = 'character'))",
    "if (isNamespaceLoaded('BiocGenerics')) {",
    "  methods::setMethod(BiocGenerics::conditions, 'theirs', function(object, ...) object@x)",
    "  cat('', conditions(methods::new('theirs', x = 'yes')))",
    "}"
  ), script)
  system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", script), stdout = TRUE,
          stderr = FALSE)
}

test_that("conditions() knows our fits, and others' objects, whoever was attached last", {
  skip_if_not_installed("SingleCellExperiment")
  skip_on_cran()
  expect_identical(conditions_after(c("laot", "SingleCellExperiment")), "3 1 3 dose 3 yes")
  expect_identical(conditions_after(c("SingleCellExperiment", "laot")), "3 1 3 dose 3 yes")
  expect_identical(conditions_after("laot"), "3 1 3 dose 3")
})

test_that("scran finds the markers of a predicted response in the object that has it", {
  skip_if_not_installed("scran")
  skip_if_not_installed("SingleCellExperiment")
  set.seed(1)
  values <- cbind(matrix(rexp(20 * 60), 20), matrix(rexp(20 * 50), 20))
  values[4:5, 61:110] <- values[4:5, 61:110] + 3
  dimnames(values) <- list(paste0("g", 1:20), paste0("c", 1:110))
  object <- SingleCellExperiment::SingleCellExperiment(
    list(logcounts = values),
    colData = S4Vectors::DataFrame(condition = rep(c("ctrl", "stim"), c(60, 50))))
  fit <- quiet_fit(object, subset.row = 1:10)
  all <- suppressMessages(predict(fit, object, into = "cells"))
  here <- all[, all$condition == "ctrl" | all$predicted]
  expect_no_warning(found <- scran::findMarkers(here, groups = here$condition)[["stim"]])
  expect_setequal(rownames(found)[1:2], c("g4", "g5"))
})

# Seurat itself brings forty packages: the tests do not ask for it, and try it where it is.
if (requireNamespace("Seurat", quietly = TRUE)) {
  test_that("Seurat's FindMarkers() takes predicted cells on the line after predict()", {
    set.seed(8)
    labels <- rep(c("ctrl", "stim"), each = 60)
    counts <- matrix(rpois(80 * 120, 1), 80, dimnames = list(paste0("gene", 1:80),
                                                             paste0("cell", 1:120)))
    counts[1:5, labels == "stim"] <- counts[1:5, labels == "stim"] + rpois(300, 6)
    object <- Seurat::CreateSeuratObject(
      methods::as(methods::as(counts, "dMatrix"), "CsparseMatrix"),
      meta.data = data.frame(condition = labels, row.names = colnames(counts)))
    object <- Seurat::NormalizeData(object, verbose = FALSE)
    Seurat::Idents(object) <- object$condition
    fit <- quiet_fit(object, features = paste0("gene", 1:60))
    both <- suppressMessages(predict(fit, object, into = "cells"))
    both <- both[, both$predicted | both$condition == "ctrl"]
    found <- Seurat::FindMarkers(both, ident.1 = "stim", ident.2 = "ctrl", only.pos = TRUE)
    expect_setequal(rownames(found)[1:5], paste0("gene", 1:5))
    expect_true(all(rownames(found) %in% fit$features))
  })
}
