cells <- two_populations(n = 60, m = 50, d = 15)
fit <- quiet_fit(cells$control, cells$treated)

drawn <- function(code) {
  file <- tempfile(fileext = ".png")
  grDevices::png(file, 900, 700)
  force(code)
  grDevices::dev.off()
  on.exit(unlink(file))
  file.size(file)
}

test_that("base graphics draw every picture", {
  skip_if_not(capabilities("png"))
  expect_gt(drawn(plot(fit)), 5000)
  for (type in c("objective", "cells", "marginals", "map"))
    expect_gt(drawn(plot(fit, type = type)), 2000)
  expect_gt(drawn(plot(fit, type = "marginals", features = c("gene1", "gene3"))), 2000)
  expect_gt(drawn(plot(fit, type = "cells", control = cells$control[, 1:20],
                       treated = cells$treated[, 1:20])), 2000)
  expect_gt(drawn(plot(fit_trivial(cells$control, cells$treated))), 2000)
  hours <- rep(c(0, 24, 48), c(60, 25, 25))
  fits <- suppressMessages(laot_fit(cbind(cells$control, cells$treated), condition = hours,
                                    control = 0, seed = 1))
  expect_gt(drawn(plot(fits)), 2000)
  expect_gt(drawn(plot(fits, type = "objective")), 2000)
  expect_sentence(plot(fits, what = "cells"), "unknown argument \"what\"")
  expect_sentence(plot(fits[[1]], typ0 = "cells"), "did you mean \"type\"")
  expect_output(print(summary(fits)), "0 to .*Parameters:.*0 to .*Parameters:")
})

test_that("graphical parameters are given back", {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  before <- graphics::par(c("mfrow", "mar", "mgp"))
  plot(fit)
  plot(fit, type = "map")
  expect_identical(graphics::par(c("mfrow", "mar", "mgp")), before)
})

test_that("ggplot2 draws every picture", {
  skip_if_not_installed("ggplot2")
  for (type in c("objective", "cells", "marginals", "map")) {
    picture <- ggplot2::autoplot(fit, type = type)
    expect_s3_class(picture, "ggplot")
    expect_gt(nrow(ggplot2::ggplot_build(picture)$data[[1]]), 0)
  }
})

test_that("what the pictures show is right", {
  data <- laot:::objective_data(fit)
  expect_true(all(diff(data$objective[data$step == "after the update"]) <= 1e-9 *
                  data$objective[1]))
  shown <- laot:::cells_data(fit)
  expect_identical(as.vector(table(shown$group)), c(60L, 50L, 60L))
  # The same plane as prcomp's, whatever the signs.
  pooled <- t(cbind(cells$control, cells$treated))
  scores <- stats::prcomp(pooled)$x[, 1:2]
  expect_equal(abs(cor(shown$first[1:110], scores[, 1])), 1, tolerance = 1e-6)
  expect_equal(abs(cor(shown$second[1:110], scores[, 2])), 1, tolerance = 1e-6)
  share <- 100 * stats::prcomp(pooled)$sdev^2 / sum(stats::prcomp(pooled)$sdev^2)
  expect_identical(attr(shown, "labels"), sprintf("PC%d (%.0f%% of variance)", 1:2, share[1:2]))
  # More features than cells: the same components by the cells' own products.
  wide <- matrix(stats::rnorm(40 * 12), 40)
  found <- laot:::common_components(list(wide[, 1:5], wide[, 6:12]))
  by.prcomp <- stats::prcomp(t(wide))
  expect_equal(unname(colSums(found$axes^2)), c(1, 1))
  expect_equal(abs(unname(colSums(found$axes * by.prcomp$rotation[, 1:2]))), c(1, 1))
  expect_equal(found$share, (by.prcomp$sdev^2 / sum(by.prcomp$sdev^2))[1:2])
  map <- laot:::map_data(fit)
  shades <- laot:::map_cells(map)
  for (k in c(2, 7, 30))  # treated features stand from the bottom up
    expect_identical(shades[match(map$control[k], levels(map$control)),
                            match(map$treated[k], levels(map$treated))], map$change[k])
  change <- coef(fit)$map - diag(15)
  expect_equal(map$change[map$treated == "gene2" & map$control == "gene1"],
               change["gene2", "gene1"])
  strongest <- summary(fit)$changes
  expect_equal(max(abs(change)), abs(strongest$change[1]))
  expect_equal(change[strongest$treated[1], strongest$control[1]], strongest$change[1])
})

test_that("what cannot be drawn is said", {
  expect_sentence(plot(fit, type = "curve"), "type must be one of")
  expect_sentence(plot(fit, type = "marginals", features = "geneX"), "no feature \"geneX\"")
  expect_sentence(plot(fit, type = "marginals", features = 99), "from 1 to 15")
  expect_sentence(plot(fit_trivial(cells$control, cells$treated), type = "objective"),
                  "closed form")
  bare <- quiet_fit(cells$control, cells$treated, keep.cells = 0)
  expect_sentence(plot(bare, type = "cells"), "keeps no training cells")
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  # Without cells the map and the objective are drawn; with cells of the user's, all.
  expect_identical(plot(bare), bare)
  expect_identical(plot(bare, control = cells$control, treated = cells$treated), bare)
  mean.shift <- fit_trivial(cells$control, cells$treated, method = "mean_shift", keep.cells = 0)
  expect_identical(plot(mean.shift), mean.shift)
})

test_that("a legend goes where it covers the fewest points", {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  place <- function(x, y) {
    plot(c(0, 10, x), c(0, 10, y))
    found <- laot:::in_emptiest_corner(x, y, c("control", "treated"), pch = 19, col = 1:2)$rect
    c(found$left + found$w / 2 > 5, found$top - found$h / 2 > 5)
  }
  crowd <- function(at) at + seq(-1, 1, length.out = 50)
  expect_identical(place(numeric(), numeric()), c(TRUE, TRUE))
  expect_identical(place(crowd(9), crowd(9)), c(FALSE, TRUE))
  expect_identical(place(c(crowd(9), crowd(1)), c(crowd(9), crowd(9))), c(TRUE, FALSE))
})

test_that("a feature that is mostly 0 has no needle in its marginal", {
  set.seed(1)
  sparse <- function(n, size) matrix(c(rep(0, n - 10), rnorm(10, size)), 1)
  fit <- quiet_fit(sparse(300, 4), sparse(250, 5))
  data <- laot:::marginals_data(fit)
  expect_lt(max(data$density), 60 / diff(range(data$value)))
  area <- tapply(data$density, data$group, sum) * diff(data$value[1:2])
  share <- attr(data, "zeros")$share
  expect_gt(min(share[1:2]), 0.9)
  expect_equal(as.vector(area) + c(share, rep(0, 3 - length(share))), rep(1, 3), tolerance = 0.02)
})

test_that("the bars of zeros are inside the picture, however far the other values are from 0", {
  far <- function(n, zeros, seed) {
    set.seed(seed)
    matrix(c(rep(0, zeros), rnorm(n - zeros, 8, 0.5)), 1)
  }
  fit <- quiet_fit(far(200, 150, 1), far(150, 40, 2))
  bars <- attr(laot:::marginals_data(fit), "zeros")
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  plot(fit, type = "marginals")
  expect_gt(nrow(bars), 1L)
  expect_true(all(bars$value >= par("usr")[1L] & bars$value <= par("usr")[2L]))
})

test_that("many steps are drawn as a line alone, along epochs where there are epochs", {
  skip_if_not_installed("ggplot2")
  long <- suppressMessages(laot_fit(cells$control, cells$treated, update = "adam",
                                    epochs = 80, seed = 1))
  points <- function(fit) {
    picture <- ggplot2::autoplot(fit, type = "objective")
    c(length(picture$layers), picture$labels$x)
  }
  expect_identical(points(long), c("1", "epoch"))
  expect_identical(points(fit), c("2", "iteration"))
  map <- ggplot2::autoplot(fit, type = "map")
  expect_identical(map$labels$title, "control to treated")
  title <- function(...) ggplot2::autoplot(fit, type = "cells", ...)$labels$title
  expect_identical(title(), "control to treated, training cells")
  expect_identical(title(control = cells$control), "control to treated, treated: training cells")
  expect_identical(title(control = cells$control, treated = cells$treated), "control to treated")
})

test_that("the marginals are those of the features whose mean moves most, each its own", {
  data <- laot:::marginals_data(fit, count = 3)
  moved <- abs(rowMeans(cells$treated) - rowMeans(cells$control))
  expect_identical(levels(data$feature), names(sort(-moved))[1:3])
  values <- list(control = cells$control, treated = cells$treated,
                 predicted = predict(fit, cells$control))
  for (feature in levels(data$feature)) for (group in names(values)) {
    curve <- data[data$feature == feature & data$group == group, ]
    expect_equal(weighted.mean(curve$value, curve$density), mean(values[[group]][feature, ]),
                 tolerance = 0.02)
  }
})

test_that("the base map has its labels beside their own rows and columns", {
  features <- c("gene2", "gene9", "gene4")
  drawn <- texts_drawn(plot(fit, type = "map", features = features))
  drawn <- drawn[drawn$text %in% features, ]
  rows <- drawn[drawn$turned == 0, ]
  columns <- drawn[drawn$turned != 0, ]
  data <- laot:::map_data(fit, features)
  expect_identical(rows$text[order(rows$y)], levels(data$treated))
  expect_identical(columns$text[order(columns$x)], levels(data$control))
})

test_that("a UMAP shows the real cells and places the predicted ones among them", {
  skip_if_not_installed("uwot")
  cells <- matrix(sin(seq_len(40 * 90)^2), 40, dimnames = list(paste0("gene", 1:40), NULL))
  fit <- laot_fit(cells[, 1:50], cells[, 51:90] + 3, seed = 1)
  set.seed(5)
  expected <- runif(1)
  set.seed(5)
  shown <- laot:::umap_data(fit)
  expect_identical(runif(1), expected)
  expect_identical(as.vector(table(shown$group)), c(50L, 40L, 50L))
  expect_false(anyNA(shown))
  expect_identical(laot:::umap_data(fit), shown)
  # Three apart: predicted cells lie by the treated ones.
  middle <- function(group)
    c(mean(shown$first[shown$group == group]), mean(shown$second[shown$group == group]))
  apart <- function(a, b) sqrt(sum((middle(a) - middle(b))^2))
  expect_lt(apart("predicted", "treated"), apart("predicted", "control") / 2)
  expect_silent(plot(fit, type = "umap"))
  skip_if_not_installed("ggplot2")
  expect_s3_class(ggplot2::autoplot(fit, type = "umap"), "ggplot")
})

held.out <- two_populations(n = 30, m = 25, d = 15, seed = 2)
scores <- suppressMessages(evaluate_predictions(fit, held.out$treated, held.out$control))

test_that("scores are drawn with one panel a metric and one row a method", {
  skip_if_not(capabilities("png"))
  expect_gt(drawn(plot(scores)), 5000)
  words <- texts_drawn(plot(scores, metrics = c("w2", "mmd2")))
  expect_match(words$text, "^w2, smaller is better", all = FALSE)
  expect_false(any(grepl("sd_ratio", words$text)))
  rows <- words[words$text %in% scores$method & words$x < 250, ]
  rows <- rows[order(-rows$y), ]
  expect_identical(unique(rows$text), unique(scores$method))
  data <- laot:::scores_plot_data(scores, NULL, NULL, NULL)
  expect_false(data$several)
  at <- data$rows$method == "noise_reference" & data$rows$metric == "w2"
  expect_identical(data$rows$value[at],
                   scores$value[scores$method == "noise_reference" & scores$metric == "w2"])
  expect_match(data$caption, "against 25 observed cells")
})

test_that("a colour is a kind of cells, and hollow marks were not learnt", {
  marks <- laot:::method_marks(c("laot", "identity", "mean_shift", "gaussian_map", "cmonge",
                                 "noise_reference"))
  colours <- laot:::group.colours
  expect_identical(marks$colour[c(1, 2, 5, 6)],
                   unname(colours[c("predicted", "control", "predicted", "treated")]))
  expect_identical(marks$fill == "white", c(FALSE, TRUE, TRUE, TRUE, FALSE, FALSE))
  expect_identical(anyDuplicated(marks[c("colour", "shape", "fill")]), 0L)
  expect_identical(laot:::sweep_colours(c("mean shift", "Gaussian map")),
                   stats::setNames(laot:::method_colours(c("mean_shift", "gaussian_map")),
                                   c("mean shift", "Gaussian map")))
  # A trivial predictor that was asked for is the prediction.
  expect_identical(laot:::method_marks(c("mean_shift", "identity"))$fill != "white",
                   c(TRUE, FALSE))
})

test_that("several conditions are rows, and many are rows of their kinds", {
  hours <- rep(c(0, 24, 48), c(60, 25, 25))
  both <- cbind(cells$control, cells$treated)
  fits <- suppressMessages(laot_fit(both, condition = hours, control = 0, seed = 1))
  new <- list("24" = held.out$treated[, 1:12], "48" = held.out$treated[, 13:25])
  found <- suppressMessages(evaluate_predictions(fits, new, held.out$control,
                                                 metrics = c("mmd2", "w2")))
  data <- laot:::scores_plot_data(found, NULL, NULL, NULL)
  expect_true(data$several)
  expect_identical(levels(data$rows$row), c("48", "24"))
  expect_identical(nlevels(data$rows$label), 2L)
  expect_gt(drawn(plot(found)), 5000)
  expect_true(all(c("24", "48", "mean_shift") %in% texts_drawn(plot(found))$text))
  of.kind <- laot:::scores_plot_data(found, "w2", NULL, "kind")$rows
  expect_identical(unique(as.character(of.kind$method)), as.character(of.kind$method))
  expect_equal(of.kind$value[of.kind$method == "identity"],
               mean(found$value[found$method == "identity" & found$metric == "w2"]))
  many <- do.call(rbind, lapply(1:6, function(k) {
    out <- found
    out$condition <- paste(out$condition, k)
    out
  }))
  of.kinds <- laot:::scores_plot_data(many, "w2", NULL, NULL)
  expect_false(of.kinds$several)
  expect_match(of.kinds$caption, "seen, mean over 12 conditions")
})

test_that("groups are rows, with all cells as one", {
  groups <- list(observed = rep(c("T", "B"), length.out = 25),
                 control = rep(c("T", "B"), length.out = 30))
  found <- suppressMessages(evaluate_predictions(fit, held.out$treated, held.out$control,
                                                 by = groups, metrics = c("mmd2", "w2")))
  data <- laot:::scores_plot_data(found, "w2", NULL, NULL)
  expect_setequal(levels(data$rows$row), c("all cells", "T", "B"))
})

test_that("scores are drawn by ggplot2, and of ensembles with bars", {
  skip_if_not_installed("ggplot2")
  picture <- ggplot2::autoplot(scores)
  expect_s3_class(picture, "ggplot")
  built <- ggplot2::ggplot_build(picture)
  expect_gt(nrow(built$data[[3]]), 0)
  expect_identical(nrow(built$layout$layout), length(unique(scores$metric)))
  # So short a training warns that it was no better than none.
  seeds <- suppressWarnings(cellot_fit(cells$control, cells$treated, compact = TRUE,
                                       iterations = 20, seeds = 1:2, verbose = FALSE))
  of.seeds <- suppressMessages(evaluate_predictions(seeds, held.out$treated, held.out$control))
  expect_match(laot:::scores_plot_data(of.seeds, NULL, NULL, NULL)$caption, "bars: one sd")
  expect_gt(drawn(plot(of.seeds)), 5000)
  expect_s3_class(ggplot2::autoplot(of.seeds), "ggplot")
})

test_that("scores that cannot be drawn are refused", {
  expect_sentence(plot(scores, metrics = "wasserstein"), "no values of \"wasserstein\"; they have")
  expect_sentence(plot(scores[c("method", "value")]), "lack the column \"condition\"")
  expect_sentence(plot(scores[0, ]), "no score with a value")
  expect_sentence(plot(scores, metric = "w2"), "write metrics in full")
  expect_sentence(plot(scores, by = "donor"), "by must be one of condition, kind")
  expect_sentence(plot(scores, type = "cells"), "unknown argument \"type\"")
})

test_that("a table of responses is drawn with its largest shifts named", {
  table <- response_table(fit, held.out$treated, held.out$control)
  data <- laot:::response_data(table, 3)
  expect_identical(data$label[1:4], c(table$feature[1:3], ""))
  expect_identical(data$predicted, table$predicted)
  words <- texts_drawn(plot(table, label = 3))$text
  expect_true(all(table$feature[1:3] %in% words))
  expect_false(any(table$feature[4:15] %in% words))
  expect_gt(drawn(plot(table, label = 0)), 2000)
  expect_match(words, paste("correlation",
                            formatC(cor(table$observed, table$predicted), digits = 2,
                                    format = "f")), all = FALSE)
  expect_sentence(plot(table[c("feature", "observed")]), "lacks the column \"low\"")
  expect_sentence(plot(table, label = -1), "label must be one whole number")
  skip_if_not_installed("ggplot2")
  expect_s3_class(ggplot2::autoplot(table), "ggplot")
})

test_that("no change that is far off does not press the others together", {
  rows <- data.frame(method = c("laot", "mean_shift", "identity"), value = c(1, 2, 30), sd = 0)
  far <- laot:::without_far_identity(rows)
  expect_identical(far$beyond, c("", "", ">"))
  expect_equal(far$value, c(1, 2, 2.15))
  rows$value[3] <- 3
  expect_identical(laot:::without_far_identity(rows)$value, rows$value)
  rows$value[3] <- -30
  expect_identical(laot:::without_far_identity(rows)$beyond, c("", "", "<"))
})

test_that("labels of a response plot meet no other", {
  expect_identical(laot:::label_heights(c(0, 5), c(1, 1), c(2, 2), 1), c(1, 1))
  # Side by side by less than their width: the second stands above the first, the third above both.
  expect_identical(laot:::label_heights(c(0, 1, 0.5), c(1, 1.2, 1.9), rep(2, 3), 1), c(1, 2, 3))
  # One that is high enough stays.
  expect_identical(laot:::label_heights(c(0, 0), c(5, 1), c(2, 2), 1), c(5, 1))
})

test_that("a response without a prediction or an interval is drawn, and has no label", {
  table <- structure(data.frame(feature = c("a", "b", "c"), observed = c(3, 2, 1), low = NA_real_,
                                high = NA_real_, predicted = c(2, NA, 1)),
                     class = c("laot_response", "data.frame"))
  drawn <- texts_drawn(plot(table, label = 3))$text
  expect_true(all(c("a", "c") %in% drawn))
  expect_false("b" %in% drawn)
  skip_if_not_installed("ggplot2")
  expect_no_warning(built <- ggplot2::ggplot_build(ggplot2::autoplot(table, label = 2)))
  expect_identical(Filter(function(layer) "label" %in% names(layer), built$data)[[1]]$label, "a")
})
