screen <- drug_screen()
values <- screen$values
columns <- screen$columns
labels <- screen$labels
known <- screen$known
start <- screen$start
fit_screen <- screen$fit
fits <- fit_screen()

test_that("doses with a unit are said to be levels", {
  of <- function(dose) fit_method(values, "regressed_shift", condition = labels, seed = 1,
                                  covariates = data.frame(drug = known$drug, dose = dose),
                                  verbose = FALSE)
  found <- known$dose
  expect_message(of(paste(found, "\u00b5M")),
                 "dose holds numbers with a unit (0 \u00b5M, 1 \u00b5M, 3 \u00b5M, 10 \u00b5M)",
                 fixed = TRUE)
  expect_message(of(paste(found, "minutes")), "holds numbers with a unit")
  for (dose in list(found, as.character(found), paste0("D", found), paste0(found, "A")))
    expect_false(any(grepl("with a unit", capture_messages(of(dose)))))
})

test_that("covariates give one fit of all conditions", {
  expect_s3_class(fits, "laot_fit_list")
  expect_identical(names(fits), unique(labels)[-1L])
  expect_s3_class(fits[["A10"]], "conditional_laot_fit")
  seen <- conditions(fits)
  expect_identical(seen$condition, names(fits))
  expect_identical(seen$drug, unique(columns[-(1:90), ])$drug)
  expect_equal(seen$dose, unique(columns[-(1:90), ])$dose)
  expect_equal(seen$control, rep(90, 8))
  expect_equal(seen$treated, rep(30, 8))
  expect_equal(conditions(fits[["B3"]])[c("condition", "drug", "dose")],
               data.frame(condition = "B3", drug = "B", dose = 3))
  expect_output(print(fits),
                "Conditional LAOT fits: ctrl to 8 targets\none model of all, by drug, dose")
  expect_output(print(fits[["A10"]]), "Conditional LAOT fit: ctrl to A10")
  expect_output(print(summary(fits[["A10"]])), "Conditional LAOT")
  expect_error(conditions(1), "fit must be a laot_fit")
})

test_that("a fit of many conditions predicts those that were seen", {
  all <- predict(fits, start)
  expect_identical(names(all), names(fits))
  expect_identical(predict(fits, start, at = "B10"), all$B10)
  expect_identical(predict(fits[["B10"]], start), all$B10)
  expect_identical(predict(fits, start, at = list(drug = "B", dose = 10)), all$B10)
  expect_identical(predict(fits, start, at = list(dose = 10L, drug = factor("B"))), all$B10)
  expect_identical(predict(fits, start, at = data.frame(drug = "B", dose = 10)), all$B10)
  expect_gt(mean(rowMeans(all$B10)[3:4] - rowMeans(start)[3:4]), 1.8)
  expect_lt(max(abs((rowMeans(all$B10) - rowMeans(start))[-(3:4)])), 0.8)
})

test_that("a dose and a pair without cells are predicted", {
  change <- function(at) rowMeans(predict(fits, start, at = at)) - rowMeans(start)
  between <- change(list(drug = "C", dose = 3))
  expect_gt(mean(between[5:6]), mean(change("C1")[5:6]))
  expect_lt(mean(between[5:6]), mean(change("C10")[5:6]))
  expect_equal(change(list(drug = "A", dose = 0)), rowMeans(start) * 0, tolerance = 1e-10)
  pair <- change(list(drug = c("A", "B"), dose = c(10, 10)))
  expect_gt(min(pair[1:4]), 1)
  expect_identical(change(list(drug = c("B", "A"), dose = c(10, 10))), pair)
})

test_that("each cell has a condition of its own", {
  at <- data.frame(drug = rep(c("A", "B", "C"), 30), dose = rep(c(1, 3), each = 45))
  out <- predict(fits, start, at = at)
  expect_identical(dimnames(out), dimnames(start))
  for (k in c(1, 47, 90)) {
    expect_equal(out[, k], predict(fits, start[, k, drop = FALSE], at = as.list(at[k, ]))[, 1],
                 tolerance = 1e-12)
  }
  expect_lt(min(out), 0)
  expect_identical(predict(fits, start, at = at, nonnegative = "clip"), pmax(out, 0))
  expect_sentence(predict(fits, start, at = at[1:4, ]),
                  "one for each of the 90 cells of newdata; found 4")
  expect_sentence(predict(fits, start, at = at[0, ]), "at has no rows")
  skip_if_not_installed("generics")
  at$dose <- 1
  expect_identical(generics::augment(fits, newdata = start, at = at)$target, paste0(at$drug, 1))
})

test_that("objects get the condition that was predicted", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(assays = list(logcounts = values),
                                                    colData = S4Vectors::DataFrame(columns))
  of.object <- fit_screen(x = sce, condition = NULL, covariates = ~ drug + dose)
  expect_identical(predict(of.object, start, at = "A3"), predict(fits, start, at = "A3"))
  controls <- sce[, sce$condition == "ctrl"]
  out <- predict(of.object, controls, at = list(drug = "C", dose = 3))
  expect_identical(unique(out$condition), "drug = C, dose = 3")
  at <- S4Vectors::DataFrame(drug = rep(c("A", "C"), 45), dose = 3)
  out <- predict(of.object, controls, at = at)
  expect_identical(unique(out$condition), c("A3", "drug = C, dose = 3"))
  expect_identical(SummarizedExperiment::assay(out), predict(fits, start, at = as.data.frame(at)))
  expect_identical(list(out$drug, out$dose), list(at$drug, at$dose))
  expect_sentence(fit_screen(x = sce, condition = NULL, covariates = ~ drgu),
                  "no column \"drgu\" \\(did you mean \"drug\"")
  expect_sentence(fit_screen(x = sce, condition = NULL, covariates = ~ drug * dose),
                  "a formula of columns such as")
})

test_that("predicted cells have the covariates of their condition, and keep their own context", {
  skip_if_not_installed("SingleCellExperiment")
  own <- columns
  own$drug <- factor(ifelse(own$condition == "ctrl", "vehicle", own$drug))
  own$line <- rep_len(c("x", "x", "y"), nrow(own))
  own$condition <- ifelse(own$condition == "ctrl", "ctrl", paste(own$condition, own$line))
  sce <- SingleCellExperiment::SingleCellExperiment(assays = list(logcounts = values),
                                                    colData = S4Vectors::DataFrame(own))
  of.lines <- suppressWarnings(fit_screen(x = sce, condition = NULL,
                                          covariates = ~ drug + dose + line))
  controls <- sce[, own$condition == "ctrl"]
  controls$dose <- as.integer(controls$dose)
  seen <- predict(of.lines[["A3 x"]], controls)
  expect_identical(as.character(seen$drug), rep("A", ncol(seen)))
  expect_true(is.factor(seen$drug) && "vehicle" %in% levels(seen$drug))
  expect_identical(seen$dose, rep(3L, ncol(seen)))
  expect_identical(seen$line, controls$line)
  asked <- predict(of.lines, controls, at = list(drug = c("A", "B"), dose = c(0.5, 1), line = "y"))
  expect_identical(as.character(asked$drug), rep("A + B", ncol(asked)))
  expect_identical(asked$dose, rep("0.5 + 1", ncol(asked)))
  expect_identical(asked$line, rep("y", ncol(asked)))
  all <- predict(of.lines, sce, at = list(drug = "B", dose = 3, line = "y"), into = "cells")
  expect_identical(as.character(all$drug[all$predicted]), rep("B", ncol(controls)))
  expect_identical(as.character(all$drug[!all$predicted]), as.character(own$drug))
})

test_that("a fit of many conditions survives a session and a file", {
  file <- tempfile(fileext = ".rds")
  saveRDS(fits, file)
  again <- readRDS(file)
  place <- list(drug = "C", dose = 3)
  expect_identical(predict(again, start, at = place), predict(fits, start, at = place))
  expect_identical(predict(again[["A3"]], start), predict(fits[["A3"]], start))
  file <- tempfile(fileext = ".safetensors")
  save_model(fits, file)
  loaded <- load_model(file)
  expect_s3_class(loaded, "laot_fit_list")
  expect_identical(predict(loaded, start, at = place), predict(fits, start, at = place))
  expect_equal(conditions(loaded), conditions(fits))
  save_model(fits[["A3"]], file)
  one <- load_model(file)
  expect_s3_class(one, "laot_fit")
  expect_identical(one$target, "A3")
  expect_identical(predict(one, start), predict(fits[["A3"]], start))
  expect_sentence(save_model(laot:::fit_at(fits, place), file),
                  "no cells were seen at drug = C, dose = 3; save the fit of all")
  expect_identical(predict(fits[2:3], start, at = place), predict(fits, start, at = place))
})

test_that("every method of many conditions, and one of a single condition, takes covariates", {
  for (method in laot_methods()$name[laot_methods()$conditions]) {
    some <- fit_screen(method)
    expect_s3_class(some[["A3"]], paste0(method, "_fit"))
    expect_true(all(is.finite(predict(some, start, at = list(drug = "C", dose = 3)))),
                label = method)
  }
  own <- fit_screen("laot", target = c("A3", "B3"))
  plain <- suppressMessages(laot_fit(values, condition = labels, target = c("A3", "B3"), seed = 1,
                                     verbose = FALSE))
  expect_identical(predict(own, start), predict(plain, start))
  expect_identical(coef(own), coef(plain))
  expect_identical(predict(own, start, at = list(drug = "B", dose = 3)),
                   predict(plain, start, at = "B3"))
  expect_sentence(predict(own, start, at = list(drug = "C", dose = 3)),
                  "knows no condition drug = C, dose = 3")
  expect_sentence(predict(plain, start, at = list(drug = "B", dose = 3)),
                  "no covariates; at must be one of A3, B3")
  without <- suppressWarnings(fit_screen(covariates = NULL, target = c("A3", "B3")))
  expect_identical(conditions(without)$condition, c("A3", "B3"))
  expect_identical(names(predict(without, start)), c("A3", "B3"))
})

test_that("conditions go with the control cells of their context", {
  line <- rep(c("x", "y"), length.out = ncol(values))
  with.line <- cbind(known, line = line)
  split <- ifelse(labels == "ctrl", "ctrl", paste(labels, line))
  of.lines <- fit_screen("regressed_shift", condition = split, covariates = with.line)
  seen <- conditions(of.lines)
  expect_equal(seen$control, rep(45, 16))
  expect_identical(sort(unique(seen$line)), c("x", "y"))
  with.line$line[labels == "ctrl"] <- "x"
  expect_sentence(fit_screen(condition = split, covariates = with.line),
                  "no control cell has line = y, as condition \"A1 y\" has; control cells have x$")
})

test_that("plots of a fit of many conditions are drawn", {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_no_error(plot(fits[["A10"]], type = "cells"))
  expect_no_error(plot(fits[1:2]))
})

test_that("what cannot be meant is refused in a sentence", {
  changed <- function(column, value, where) {
    known[[column]][where] <- value
    known
  }
  expect_sentence(fit_screen(covariates = changed("dose", 3, 1:5)),
                  "control cells must have dose 0 or NA, .* found 3 in 5 control cells")
  expect_no_error(fit_screen("nearest_shift", covariates = changed("dose", NA, 1:5)))
  expect_sentence(fit_screen(covariates = changed("dose", NA, 91:92)),
                  "dose is missing in 2 cells of condition \"A1\"")
  expect_sentence(fit_screen(covariates = changed("drug", "NA", 91)),
                  "drug is missing in 1 cell of condition \"A1\"")
  expect_sentence(fit_screen(covariates = changed("dose", 2, 91)),
                  "one value in all cells of a condition, and those of \"A1\" have 2, 1")
  expect_sentence(fit_screen(covariates = changed("dose", Inf, labels == "A1")), "dose")
  expect_sentence(fit_screen(covariates = ~ drug), "a matrix has none; give a data frame")
  expect_sentence(fit_screen(covariates = known[1:3, ]),
                  "one row for each of the 330 cells; found 2 columns and 3 rows")
  expect_sentence(fit_screen(covariates = 3), "must be a formula")
  expect_sentence(fit_screen(condition = seq_along(labels) / 7),
                  "condition has 330 different numbers for 330 cells: it must say which population")
  few <- matrix(1:10 + 0, 2, dimnames = list(c("a", "b"), NULL))  # two numbers are two levels
  expect_no_error(suppressWarnings(laot_fit(few, condition = c(0, 0, 0, 1, 1), control = 0,
                                            verbose = FALSE)))
  expect_no_error(fit_screen("mean_shift", condition = columns$dose, covariates = NULL,
                             control = 0))
  expect_sentence(fit_screen(seeds = 1:2), "seeds goes with methods that train networks")
  expect_sentence(fit_method(values, "cellot", condition = labels, covariates = known, seeds = 1:2),
                  "covariates do not go with seeds of a method that is fitted to each condition")
  expect_sentence(fit_screen(by = labels), "covariates do not go with by")
  expect_sentence(fit_method(start, "conditional_laot", start + 1, covariates = known),
                  "do not go with treated")
  expect_sentence(predict(fits, start, at = "A30"), "no condition \"A30\"; did you mean \"A3\"")
  expect_sentence(predict(fits, start, at = "panobinostat"),
                  "no condition \"panobinostat\"; there are A1, ")
  expect_sentence(predict(fits, start, at = 3), "at must be the name of a condition")
  expect_sentence(predict(fits, start, at = list("A", 3)), "at must be the name of a condition")
  expect_sentence(predict(fits, start, at = list(drug = "A")), "at lacks the covariate \"dose\"")
  expect_sentence(predict(fits, start, at = list(drug = "A", dosis = 3)),
                  "no covariate \"dosis\"; did you mean \"dose\"")
  expect_sentence(predict(fits, start, at = list(drug = "A", dose = NA)),
                  "covariate dose in at must be a number or a level")
  expect_sentence(predict(fits, start, at = list(drug = "A", dose = "much")), "dose")
  expect_sentence(predict(fits, start, at = list(drug = "A", dose = -1)), "dose")
  expect_sentence(predict(fits, start, at = list(drug = "D", dose = 1)),
                  "knows no level of \"drug\" \"D\"")
  bad <- values
  bad[2, which(labels == "B3")[4]] <- NA
  expect_sentence(fit_screen(x = bad),
                  "condition \"B3\" has NaN or NA at feature 2 \\(gene2\\), cell")
})

test_that("a matrix places levels, and a level without cells is predicted", {
  places <- rbind(A = c(1, 0, 0), B = c(0, 1, 0), C = c(0, 0, 1), D = c(0.5, 0.5, 0))
  placed <- fit_screen("regressed_shift", embedding = places)
  at <- list(drug = "D", dose = 3)
  between <- rowMeans(predict(placed, start, at = at)) - rowMeans(start)
  expect_gt(min(between[1:4]), max(between[5:6]))
  expect_identical(conditions(placed)$kind, rep("seen", 8))
  expect_identical(conditions(laot:::fit_at(placed, at))$kind, "unseen_level")
  expect_identical(predict(fit_screen("regressed_shift",
                                      embedding = list(drug = as.data.frame(places))),
                                      start, at = at),
                   predict(placed, start, at = at))
  expect_sentence(fit_screen("regressed_shift", embedding = places[1:2, ]),
                  "the embedding of \"drug\" has no row for C")
  expect_sentence(fit_screen(embedding = list(drug = "ctrl")),
                  "\"control\" or \"effect\", found \"ctrl\"")
  expect_sentence(fit_screen("regressed_shift", embedding = unname(places)), "levels as row names")
  expect_sentence(fit_screen("regressed_shift", embedding = places[c(1:4, 2), ]),
                  "the embedding of \"drug\" lists the level \"B\" twice")
  places[3, 2] <- NA
  expect_sentence(fit_screen("regressed_shift", embedding = places),
                  "the embedding of \"drug\" has NaN at coordinate 2 of level \"C\"")
  places[3, 2] <- 0
  expect_warning(fit_screen("regressed_shift", embedding = cbind(places, 7)),
                 "coordinates of \"drug\" that do not vary are left out: 4")
  expect_warning(fit_screen("regressed_shift", embedding = places[c(1, 2, 2, 4), ] |>
                            `rownames<-`(rownames(places))),
                 "cannot tell B and C apart")
  expect_sentence(fit_screen("regressed_shift", embedding = list(drog = places)),
                  "names \"drog\", .*did you mean \"drug\"")
  expect_sentence(fit_screen("regressed_shift", embedding = 3), "embedding must be a matrix")
  expect_sentence(fit_screen("regressed_shift", embedding = "affect"), "embedding")
  expect_sentence(fit_method(values, "regressed_shift", condition = labels, embedding = places),
                  "give covariates")
})

test_that("levels may lie where their effects are", {
  by.effect <- fit_screen("conditional_laot", embedding = "effect")
  change <- rowMeans(predict(by.effect, start, at = list(drug = "C", dose = 3))) - rowMeans(start)
  expect_gt(min(change[5:6]), max(change[1:4]))
  expect_sentence(predict(by.effect, start, at = list(drug = "D", dose = 3)),
                  "by effect places a level by its treated cells")
})

test_that("doses beyond the seen ones are predicted with a warning", {
  expect_warning(predict(fits, start, at = list(drug = "A", dose = 30)),
                 "a dose of 30 lies beyond those that were seen, 1 to 10")
  expect_no_warning(predict(fits, start, at = list(drug = "C", dose = 3)))
  expect_no_warning(predict(fits, start, at = "A10"))
})

test_that("a simulated screen is fitted, pairs and all, and its truth is known", {
  made <- simulate_screen(features = 4, drugs = 12, cells = 30, new.cells = 40, seed = 2)
  expect_identical(made, simulate_screen(features = 4, drugs = 12, cells = 30,
                                         new.cells = 40, seed = 2))
  expect_identical(ncol(made$cells), nrow(made$info))
  expect_identical(as.integer(table(made$test$kind)), c(8L, 8L, 8L, 8L))
  expect_identical(names(made$truth), made$test$condition)
  some <- fit_method(made$cells, "conditional_gaussian", condition = made$info$condition,
                     control = "control",
                     covariates = made$info[c("drug", "dose")], embedding = made$embedding,
                     combine = "+", seed = 1,
                     verbose = FALSE)
  error <- vapply(seq_len(nrow(made$test)), function(k) {
    at <- list(drug = strsplit(made$test$drug[k], "+", fixed = TRUE)[[1L]],
               dose = made$test$dose[k])
    moved <- predict(some, made$new.control, at = at)
    sqrt(sum((moved - made$truth[[k]])^2) / sum((made$truth[[k]] - made$new.control)^2))
  }, 0)
  expect_lt(mean(error), 0.9)
  expect_setequal(unique(made$test$kind), c("seen", "unseen_dose", "unseen_level",
                                            "unseen_combination"))
  info <- made$info
  info$drug <- sub("+", "+control+", info$drug, fixed = TRUE)
  expect_sentence(fit_method(made$cells, "conditional_gaussian", condition = info$condition,
                             control = "control",
                             covariates = info[c("drug", "dose")], combine = "+", seed = 1,
                             verbose = FALSE),
                  "\"control\" is the control")
  expect_sentence(simulate_screen(drugs = 3), "drugs")
  expect_sentence(simulate_screen(drugs = 1e18), "at least 1 and at most 2147483647, found 1e\\+18")
})

test_that("combinations are known by their text wherever a condition is named", {
  made <- simulate_screen(features = 4, drugs = 12, cells = 30, new.cells = 40, seed = 2)
  fit_pairs <- function(...)
    fit_method(made$cells, "conditional_gaussian", condition = made$info$condition,
               control = "control", covariates = made$info[c("drug", "dose")],
               embedding = made$embedding, combine = "+", seed = 1, verbose = FALSE, ...)
  pairs <- grep("+", unique(made$info$condition), fixed = TRUE, value = TRUE)[1:2]
  one <- made$info[match(pairs[1L], made$info$condition), ]
  parts <- strsplit(one$drug, "+", fixed = TRUE)[[1L]]
  fits <- fit_pairs()
  wanted <- predict(fits, made$new.control, at = list(drug = parts, dose = one$dose))
  at_text <- function(fits, drug = one$drug)
    predict(fits, made$new.control, at = list(drug = drug, dose = one$dose))
  expect_identical(at_text(fits), wanted)
  expect_identical(at_text(fits, paste(parts, collapse = " + ")), wanted)
  file <- tempfile()
  save_model(fits, file)
  expect_identical(at_text(load_model(file)), wanted)

  held <- fit_pairs(hold.out = data.frame(drug = one$drug))
  expect_identical(held_out(held), pairs[1L])
  expect_identical(held_out(fit_pairs(hold.out = list(drug = one$drug))), pairs[1L])
  expect_true(all(grepl(parts[1L], held_out(fit_pairs(hold.out = list(drug = parts[1L]))))))
  scored <- function(at) evaluate_predictions(held, list(held = made$new.control),
                                              made$new.control, at = at, metrics = "mmd2")
  expect_identical(scored(one[c("drug", "dose")])$kind[1L], "unseen combination")

  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(logcounts = made$cells), colData = S4Vectors::DataFrame(made$info)
  )
  some <- sce[, sce$condition %in% c("control", pairs)]
  some$condition[some$condition == pairs[1L]] <- "new"
  held <- fit_method(sce, "conditional_gaussian", covariates = ~ drug + dose, control = "control",
                     embedding = made$embedding, combine = "+", seed = 1, verbose = FALSE,
                     hold.out = pairs[1L])
  kinds <- unique(as.data.frame(suppressWarnings(
    evaluate_predictions(held, some, metrics = "mmd2")))[c("condition", "kind")])
  expect_identical(kinds$kind[match(c("new", pairs[2L]), kinds$condition)],
                   c("unseen combination", "seen"))
})

test_that("held out numbers are found by value, however they are written", {
  halves <- known
  halves$dose <- halves$dose / 2
  expect_identical(held_out(fit_screen("mean_shift", covariates = halves,
                                       hold.out = list(dose = c(0.5, 5)))),
                   c("A1", "A10", "B1", "B10", "C1", "C10"))
})

test_that("conditions are held out, predicted and scored by name", {
  rest <- fit_screen(x = values[, labels != "B3"], condition = labels[labels != "B3"],
                     covariates = known[labels != "B3", ])
  held <- fit_screen(hold.out = "B3")
  expect_identical(held_out(held), "B3")
  expect_identical(held_out(fits), character())
  expect_false("B3" %in% names(held))
  wanted <- predict(rest, start, at = list(drug = "B", dose = 3))
  expect_identical(predict(held, start, at = "B3"), wanted)
  expect_identical(predict(held, start, at = list(drug = "B", dose = 3)), wanted)
  file <- tempfile(fileext = ".safetensors")
  save_model(held, file)
  again <- load_model(file)
  expect_identical(held_out(again), "B3")
  expect_identical(predict(again, start, at = "B3"), wanted)
  expect_warning(
    scores <- evaluate_predictions(held, list(B3 = values[, labels == "B3"],
                                              A1 = values[, labels == "A1"]), start,
                                  beside = fit_screen("regressed_shift", hold.out = "B3"),
                                  metrics = "mmd2"),
    "30 observed cells are among the training cells")
  own <- scores[scores$method == "conditional_laot", ]
  expect_identical(own$kind[own$condition == "B3"], "unseen dose")
  expect_identical(own$kind[own$condition == "A1"], "seen")
  expect_identical(held_out(fit_screen(hold.out = list(dose = 10))), c("A10", "B10", "C10"))
  expect_identical(held_out(fit_screen("regressed_shift", hold.out = list(dose = 10, drug = "C"))),
                   c("A10", "B10", "C1", "C10"))
  expect_identical(held_out(fit_screen("regressed_shift", hold.out = data.frame(dose = c(1, 10),
      drug = c("A", "B")))),
                   c("A1", "B10"))
  expect_identical(held_out(fit_screen("mean_shift", hold.out = c("B1", "A1"))), c("A1", "B1"))
  expect_sentence(fit_screen(hold.out = "B33"), "hold.out names \"B33\"")
  expect_sentence(fit_screen(hold.out = list(drog = "A")), "the covariate \"drog\"")
  expect_sentence(fit_screen(hold.out = list(dose = 4)), "no condition is what hold.out says")
  expect_sentence(fit_screen(hold.out = list(dose = c(1, 3, 10))), "leave one to fit")
  expect_sentence(fit_screen(hold.out = 3), "hold.out must be names of conditions")
  expect_sentence(fit_method(start, "mean_shift", start, hold.out = "A1"),
                  "hold.out is of the conditions of an experiment")
  expect_sentence(held_out(fits[[1L]]), "fit must hold the fits of an experiment")
})

test_that("a network of many conditions goes on from its checkpoint, and says what it cannot learn",
          {
  file <- tempfile(fileext = ".ckpt")
  network <- function(...) {
    fit_screen("cmonge", iterations = 60, check.every = 20, hidden.units = 16, batch.size = 32, ...)
  }
  plain <- network()
  expect_identical(predict(network(checkpoint = file), start), predict(plain, start))
  expect_true(file.exists(file))
  expect_identical(suppressMessages(predict(network(checkpoint = file), start)),
                   predict(plain, start))
  expect_warning(network(epsilon = 0.001), "epsilon is too small")
  expect_warning(network(target = "A3"), "nothing can be learnt of another")
})

test_that("what is said of one condition is said once", {
  said <- character()
  withCallingHandlers(
    fit_screen("cellot", iterations = 0, hidden.units = 4, hidden.layers = 1),
    warning = function(w) {
      said <<- c(said, conditionMessage(w))
      invokeRestart("muffleWarning")
    })
  expect_length(said, 1)
})

test_that("held-out cells of several conditions make one table, seen and unseen", {
  fresh <- function(shift, seed) {
    cells <- two_populations(n = 25, m = 1, d = 6, seed = seed)$control
    cells[5:6, ] <- cells[5:6, ] + shift
    cells
  }
  observed <- list(C10 = fresh(log1p(10), 40), between = fresh(log1p(3), 41))
  at <- data.frame(drug = "C", dose = c(10, 3))
  scores <- evaluate_predictions(fits, observed, control = start, at = at,
                                 beside = list(fit_screen("regressed_shift")),
                                metrics = c("mmd2", "w2"))
  expect_identical(unique(scores$condition), c("C10", "between"))
  expect_identical(unique(scores$kind[scores$condition == "C10"]), "seen")
  expect_match(unique(scores$kind[scores$condition == "between"]), "^unseen")
  expect_identical(unique(scores$method[scores$condition == "between"]),
                   c("conditional_laot", "identity", "noise_reference", "regressed_shift",
                     "conditional_gaussian", "nearest_shift"))
  single <- evaluate_predictions(fits[["C10"]], observed$C10, control = start, metrics = "w2")
  pick <- function(table) table$value[table$method == "conditional_laot" & table$metric == "w2"][1L]
  expect_equal(pick(scores), pick(single))
  by.name <- evaluate_predictions(fits, observed["C10"], control = start, metrics = "w2")
  expect_equal(pick(by.name), pick(single))
  expect_sentence(evaluate_predictions(fits, observed, control = start),
                  "the fit has not seen \"between\"")
  expect_sentence(evaluate_predictions(fits, observed, control = start, at = at[1, ]),
                  "one row for each of the 2 conditions")
  expect_sentence(evaluate_predictions(fits[["A3"]], observed$C10, control = start, at = at),
                  "go with a fit of several conditions")
  expect_sentence(evaluate_predictions(fits, observed, control = start,
                                       beside = list(fits[["A3"]])),
                                       "must be fits of an experiment")
  expect_sentence(evaluate_predictions(fits, observed["C10"], control = start, by = "type"),
                  "by = is of one condition")
  expect_sentence(evaluate_predictions(fits, observed["C10"]), "control is missing")
  apart <- structure(unclass(fits)[c("A3", "C10")], class = "laot_fit_list")
  expect_identical(unique(evaluate_predictions(apart, observed["C10"], control = start,
                                               metrics = "w2")$condition), "C10")
  expect_equal(pick(evaluate_predictions(apart, observed["C10"], control = start, metrics = "w2")),
               pick(single))
  expect_sentence(evaluate_predictions(apart, observed, control = start),
                  "the fit has not seen \"between\"")
  expect_sentence(evaluate_predictions(fits, observed, control = start, at = at,
                                       beside = list(fits)), "two of the models")
})
