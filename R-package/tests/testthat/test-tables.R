cells <- two_populations(n = 60, m = 45, d = 4)
fit <- quiet_fit(cells$control, cells$treated)

test_that("a fit is a table of its features", {
  table <- as.data.frame(fit)
  expect_identical(table$feature, rownames(cells$control))
  expect_equal(table$shift, unname(rowMeans(cells$treated) - rowMeans(cells$control)))
  expect_equal(table$predicted, unname(rowMeans(predict(fit, cells$control))))
  expect_equal(table$predicted.shift, table$predicted - unname(rowMeans(cells$control)))
  expect_equal(table$mean.control, unname(rowMeans(cells$control)))
  expect_equal(table$mean.treated, unname(rowMeans(cells$treated)))
  expect_equal(fitted(fit), predict(fit, cells$control))
  expect_null(colnames(fitted(quiet_fit(cells$control, cells$treated, keep.cells = 10))))
  expect_sentence(residuals(fit), "no residuals: nobody measured")
  skip_if_not_installed("generics")
  expect_identical(as.data.frame(generics::tidy(fit)), table)
  glance <- generics::glance(fit)
  expect_identical(c(glance$method, glance$control, glance$target), c("laot", "control", "treated"))
  expect_identical(c(glance$n.control, glance$n.treated), c(60, 45))
  expect_identical(c(glance$features, glance$iterations),
                   c(fit$report$features, fit$report$iterations))
  expect_identical(generics::augment(fit)$.cell, colnames(cells$control))
  cells.table <- generics::augment(fit, newdata = cells$control[, 1:3])
  expect_identical(cells.table$.cell, colnames(cells$control)[1:3])
  expect_equal(cells.table$.pred_gene2, unname(predict(fit, cells$control[, 1:3])["gene2", ]))
  several <- suppressMessages(laot_fit(cbind(cells$control, cells$treated),
                                       condition = rep(c("ctrl", "a", "b"), c(60, 25, 20)),
                                       seed = 1, verbose = FALSE))
  expect_identical(unique(generics::tidy(several)$target), c("a", "b"))
  expect_identical(generics::glance(several)$n.treated, c(25, 20))
  expect_identical(fitted(several)$b, fitted(several[["b"]]))
  expect_sentence(residuals(several), "no residuals")
  by <- quiet_fit(cbind(cells$control, cells$treated), condition = rep(c("ctrl", "a"), c(60, 45)),
                  by = rep(c("T", "B", "T"), 35))
  expect_identical(names(generics::tidy(by))[1:2], c("level", "feature"))
  none <- quiet_fit(cells$control, cells$treated, keep.cells = 0)
  expect_sentence(generics::augment(none), "keeps no training cells")
})

test_that("augment() of lists has each cell by the fit of its condition or level", {
  skip_if_not_installed("generics")
  both <- cbind(cells$control, cells$treated)
  several <- quiet_fit(both, condition = rep(c("ctrl", "a", "b"), c(60, 25, 20)))
  new <- cells$control[4:1, 1:3]
  pred <- paste0(".pred_gene", 1:4)
  predicted <- function(fit, cells) unname(t(predict(fit, cells)[rownames(both), , drop = FALSE]))
  table <- generics::augment(several, newdata = new)
  expect_identical(table$target, rep(c("a", "b"), each = 3))
  expect_identical(table$.cell, rep(colnames(new), 2))
  expect_equal(unname(as.matrix(table[4:6, pred])), predicted(several$b, new))
  expect_identical(nrow(generics::augment(several)), 120L)
  expect_identical(as.data.frame(several), as.data.frame(generics::tidy(several)))
  expect_sentence(generics::augment(several, at = "a"), "give these as newdata")
  one <- generics::augment(several, newdata = new, at = "a")
  expect_equal(unname(as.matrix(one[pred])), predicted(several$a, new))

  by <- quiet_fit(both, condition = rep(c("ctrl", "a"), c(60, 45)), by = rep(c("T", "B", "T"), 35))
  of.cells <- c("T", NA, "B", "T")
  expect_warning(table <- generics::augment(by, newdata = cells$control[4:1, 1:4], by = of.cells),
                 "left out: 1 cell")
  expect_identical(table$level, c("T", "B", "T"))
  expect_equal(unname(as.matrix(table[pred])),
               rbind(predicted(by$T, both[, 1, drop = FALSE]),
                     predicted(by$B, both[, 3, drop = FALSE]),
                     predicted(by$T, both[, 4, drop = FALSE])))
  expect_sentence(generics::augment(by, newdata = both), "by is missing")
})

test_that("tables of an ensemble have its mean prediction, and a row for each seed", {
  skip_if_not_installed("generics")
  fit <- function(...) suppressWarnings(cellot_fit(cells$control, cells$treated, compact = TRUE,
                                                   iterations = 20, seeds = 4:5, ...))
  fits <- fit()
  new <- cells$control[4:1, 1:3]
  table <- generics::augment(fits, newdata = new)
  mean <- (predict(fits[[1]], new) + predict(fits[[2]], new)) / 2
  expect_equal(table$.pred_gene3, unname(mean["gene3", ]))
  expect_identical(unique(generics::tidy(fits)$seed), 4:5)
  expect_identical(generics::glance(fits)$seed, 4:5)
  # Where seeds keep some cells only, each keeps its own.
  some <- fit(keep.cells = 10)
  expect_sentence(fitted(some), "keep different training cells")
  expect_sentence(generics::augment(some), "keep different training cells")
})

test_that("a long table shows its first rows, and is a data frame in all else", {
  table <- laot:::long_table(data.frame(a = 1:25, b = 25:1))
  shown <- utils::capture.output(print(table))
  expect_identical(shown[-12L], utils::capture.output(print(data.frame(a = 1:10, b = 25:16))))
  expect_identical(shown[12L], "# 15 more rows; print(x, n = ) shows more rows")
  expect_length(utils::capture.output(print(table, n = 25)), 26L)
  expect_length(utils::capture.output(print(table[1:3, ])), 4L)
  expect_identical(class(as.data.frame(table)), "data.frame")
  expect_identical(table[, 1], 1:25)
  wide <- laot:::long_table(as.data.frame(matrix(1, 2, 30)))
  expect_output(print(wide), "10 more columns")
  expect_sentence(print(table, n = -1), "n must be one whole number")
})

test_that("the response table is what t.test and ks.test say", {
  new <- two_populations(n = 30, m = 25, d = 4, seed = 3)
  table <- response_table(fit, observed = new$treated, control = new$control)
  expect_false(is.unsorted(-abs(table$observed)))
  table <- table[match(rownames(new$control), table$feature), ]
  for (k in 1:4) {
    test <- t.test(new$treated[k, ], new$control[k, ])
    expect_equal(c(table$low[k], table$high[k]), as.numeric(test$conf.int))
    expect_equal(table$ks[k],
                 unname(suppressWarnings(ks.test(predict(fit, new$control)[k, ],
                                                 new$treated[k, ]))$statistic))
  }
  expect_equal(table$predicted, unname(rowMeans(predict(fit, new$control)) - rowMeans(new$control)))
  expect_equal(table$sd.observed, unname(sqrt(rowMeans((new$treated - rowMeans(new$treated))^2))))
  half <- response_table(fit, observed = new$treated, control = new$control, level = 0.5)
  for (k in 1:4) {
    test <- t.test(new$treated[k, ], new$control[k, ], conf.level = 0.5)
    row <- half[half$feature == rownames(new$control)[k], ]
    expect_equal(c(row$low, row$high), as.numeric(test$conf.int))
  }
  new$control[2, 1:3] <- 0
  table <- response_table(fit, observed = new$treated, control = new$control)
  expect_equal(table$zeros.control[table$feature == "gene2"], 3 / 30)
})

test_that("markers are ranked by Welch's t", {
  new <- two_populations(n = 30, m = 25, d = 4, seed = 3)
  table <- marker_table(new$control, new$treated[4:1, ], count = 3)
  t <- vapply(rownames(new$control),
              function(g) unname(t.test(new$treated[g, ], new$control[g, ])$statistic), 0)
  expect_identical(table$feature, names(sort(-abs(t)))[1:3])
  expect_equal(table$t, unname(t[table$feature]))
  expect_identical(rownames(new$control)[table$position], table$feature)
  expect_sentence(marker_table(new$control), "give the training cells")
})

test_that("over donors the interval is that of the donors' means", {
  new <- two_populations(n = 30, m = 24, d = 4, seed = 3)
  donors <- list(control = rep(c("a", "b", "c"), 10), observed = rep(c("a", "b", "c"), 8))
  table <- response_table(fit, new$treated, new$control, by = donors)
  expect_identical(table$units, rep(3L, 4))
  each <- vapply(c("a", "b", "c"), function(d) mean(new$treated["gene1", donors$observed == d]) -
                 mean(new$control["gene1", donors$control == d]), 0)
  row <- table[table$feature == "gene1", ]
  expect_equal(c(row$observed, row$low, row$high), c(mean(each), as.numeric(t.test(each)$conf.int)))
  # Gene sets over donors, and donors that only one side has.
  pair <- response_table(fit, new$treated, new$control, sets = list(pair = c("gene1", "gene2")),
                         by = donors)
  each <- vapply(c("a", "b", "c"), function(d) mean(new$treated[1:2, donors$observed == d]) -
                 mean(new$control[1:2, donors$control == d]), 0)
  expect_identical(pair$units, 3L)
  expect_equal(c(pair$observed, pair$low, pair$high),
               c(mean(each), as.numeric(t.test(each)$conf.int)))
  donors$observed[donors$observed == "c"] <- "d"
  table <- response_table(fit, new$treated, new$control, by = donors)
  expect_identical(table$units, rep(2L, 4))
  each <- vapply(c("a", "b"), function(d) mean(new$treated["gene1", donors$observed == d]) -
                 mean(new$control["gene1", donors$control == d]), 0)
  expect_equal(table$observed[table$feature == "gene1"], mean(each))
  expect_sentence(response_table(fit, new$treated, new$control, by = list(control = rep("a", 30),
      observed = rep("a", 24))), "at least 2 levels")
})

test_that("gene sets are means of their genes", {
  new <- two_populations(n = 30, m = 24, d = 4, seed = 3)
  sets <- list(pair = c("gene1", "gene2"), none = "x")
  expect_no_warning(whole <- response_table(fit, new$treated, new$control, sets = sets["pair"]))
  expect_identical(whole$set, "pair")
  expect_warning(table <- response_table(fit, new$treated, new$control, sets = sets),
                 "sets without a feature of the fit \\(none\\)")
  expect_identical(table$set, "pair")
  expect_identical(table$features, 2L)
  expect_equal(table$observed, mean(new$treated[1:2, ]) - mean(new$control[1:2, ]))
  expect_equal(table$predicted, mean(predict(fit, new$control)[1:2, ]) - mean(new$control[1:2, ]))
  # The largest shift first, with its own number of genes.
  moved <- new$control
  moved[3:4, ] <- moved[3:4, ] + 5
  table <- response_table(fit, moved, new$control,
                          sets = list(still = "gene1", moved = c("gene3", "gene4")))
  expect_identical(table$set, c("moved", "still"))
  expect_identical(table$features, c(2L, 1L))
  expect_sentence(suppressWarnings(response_table(fit, new$treated, new$control,
                                                  sets = sets["none"])), "no set has a feature")
})

test_that("markers are found some features at a time, in order and placed as they were given", {
  skip_if_not_installed("Matrix")
  set.seed(3)
  draw <- function(name, n)
    matrix(rbinom(60 * n, 1, 0.4) * rexp(60 * n), 60,
           dimnames = list(paste0("g", 1:60), paste0(name, 1:n)))
  control <- draw("c", 30)
  treated <- draw("t", 20)
  control[c(7, 41), ] <- 0
  treated[7, ] <- 1
  treated[41, ] <- 2
  control[9, ] <- treated[9, ] <- 4
  treated <- treated[60:1, ]
  whole <- marker_table(control, treated, 60)
  expect_identical(whole$feature[1:2], c("g7", "g41"))
  sparse <- methods::as(methods::as(control, "dMatrix"), "CsparseMatrix")
  with_bytes(block = 8 * 50 * 7, code = {
    expect_length(laot:::cell_blocks(50, 1:60), 9L)
    expect_identical(marker_table(control, treated, 60), whole)
    expect_identical(as.data.frame(marker_table(sparse, treated, 3)),
                     as.data.frame(whole[1:3, ]))
    treated["g30", 3] <- NaN
    expect_sentence(marker_table(control, treated), "treated has .* feature 31 \\(g30\\), cell 3")
    expect_sentence(marker_table(unname(control), unname(treated)), "feature 31, cell 3;")
  })
})

test_that("sources name what an installed package has", {
  sources <- c(laot_methods()$source,
               unlist(lapply(laot_methods()$name, function(name) laot_params(name)$source)))
  expect_false(any(grepl("docs/", sources)))
  expect_true(all(sub("^[?]", "", grep("^[?][a-z_]*$", sources, value = TRUE)) %in%
                    getNamespaceExports("laot")))
  expect_identical(laot:::sources_at_hand("docs/quality.md; docs/nonlinear.md", url = NULL),
                   "?laot_fit")
  expect_identical(laot:::sources_at_hand("docs/networks.md (published: 1)", "https://a.b/c"),
                   "https://a.b/c/blob/HEAD/docs/networks.md (published: 1)")
})
