# Populations whose pairing is known, and where it is recovered.

#' Simulate control and treated cells whose pairing is known
#'
#' The paper's synthetic populations: control cells have independent normal features of variance
#' 1 / features, each moves by one map \eqn{W = I + gap E / |E|_F}, noise is added, and the treated
#' cells are shuffled.
#'
#' @param features,cells Number of features, and of cells in each population.
#' @param ... Not used: the arguments after it want their names in full.
#' @param gap The size of the change, \eqn{|W - I|_F}: the measurement gap.
#' @param noise Standard deviation of what is added to each treated value, in units of that of the
#'   control values.
#' @param entries Entries of E: `"uniform"` on \[0, 1), as in the published notebook (W - I is then
#'   nearly of rank one), or `"gaussian"`.
#' @param seed Seed; without it one number is drawn from R's generator.
#' @returns A list with `control` and `treated` (features x cells), `map` (W) and `partner`: control
#'   cell i became treated cell `partner[i]`.
#' @seealso [recovery_study()] for where the pairing is found.
#' @examples
#' cells <- simulate_populations(5, 100, gap = 1, entries = "gaussian", seed = 1)
#' max(abs(cells$map %*% cells$control - cells$treated[, cells$partner]))
#' fit <- laot_fit(cells$control, cells$treated, seed = 1, verbose = FALSE)
#' norm(coef(fit)$map - cells$map, "F")
#' @export
simulate_populations <- function(features = 10, cells = 100, ..., gap = 1, noise = 0,
                                 entries = "uniform", seed = NULL) {
  exact_arguments()
  no_more(list(...), names(formals(simulate_populations)))
  whole(features, "features")
  whole(cells, "cells")
  one_number(gap, "gap")
  one_number(noise, "noise")
  one_of(entries, c("uniform", "gaussian"), "entries")
  settings <- call_settings(seed_or_draw(seed))
  native(.Call(C_simulate, features, cells, gap, noise, entries, settings))
}

#' Where the pairing is recovered: the paper's phase transition
#'
#' For each number of features and each gap, populations of [simulate_populations()] are drawn, and
#' exact assignment and raw least squares are run in turn from the identity, without intercept,
#' ridge or restoration. The result is the share of cells whose partner was found.
#'
#' @inheritParams simulate_populations
#' @param features,gaps Numbers of features and gaps to cross.
#' @param cells Number of cells of each population.
#' @param trials,iterations Simulations for each pair, and iterations of the algorithm in each. What
#'   is `NULL` is as [laot_settings()] has it.
#' @param cost What the assignment minimises: `"euclidean"` distances, as the published notebook
#'   does, or `"squared"` ones, as Algorithm 1 does.
#' @param num.threads Threads to use. The result does not depend on it.
#' @returns A data frame with `features`, `gap`, `recovered` (mean over the trials) and `sd`.
#' @examples
#' recovery_study(features = c(10, 40), gaps = c(0, 5, 200), cells = 50, trials = 3, seed = 1)
#' @export
recovery_study <- function(features = NULL, gaps = NULL, cells = NULL, trials = NULL,
                           iterations = NULL, noise = 0,
                           entries = "uniform", cost = "euclidean", seed = NULL,
                           num.threads = 1L) {
  exact_arguments()
  features <- or_usual(features, "recovery_study", "features")
  gaps <- or_usual(gaps, "recovery_study", "gaps")
  cells <- or_usual(cells, "recovery_study", "cells")
  trials <- or_usual(trials, "recovery_study", "trials")
  iterations <- or_usual(iterations, "recovery_study", "iterations")
  if (!length(features)) fail("features is empty")
  for (value in features) whole(value, "features")
  if (!is.numeric(gaps) || !length(gaps) || anyNA(gaps))
    fail("gaps must be numbers, found ", shown(gaps))
  whole(cells, "cells")
  whole(trials, "trials")
  whole(iterations, "iterations")
  one_number(noise, "noise")
  one_of(entries, c("uniform", "gaussian"), "entries")
  one_of(cost, c("euclidean", "squared"), "cost")
  found <- native(.Call(C_recovery_study, as.double(features), as.double(gaps),
                  as.double(c(cells, trials, iterations)), noise, entries, cost,
                  call_settings(seed_or_draw(seed), num.threads)))
  data.frame(features = rep(features, times = length(gaps)),
             gap = rep(gaps, each = length(features)),
             recovered = as.vector(found$mean), sd = as.vector(found$sd))
}

#' Simulate a drug screen with known truth
#'
#' Drugs at the doses 1, 3, 7 and 15 and pairs of drugs, in cells of three clusters. What a drug
#' does follows from 8 numbers, its embedding, but for a little noise; each has an EC50 of its own,
#' which the embedding does not tell; the effects of a pair add up. With `kappa` above 0 part of an
#' effect switches with the cell; with 0 effects are linear in the cell. Four drugs are in no
#' training condition, of eight others one dose is left out, and eight pairs are in the training and
#' eight others are not: so a fit can be asked for doses, drugs and pairs that it has not seen.
#'
#' @param features Number of features.
#' @param drugs Number of drugs, at least 12.
#' @param cells Number of control cells, and of cells of each training condition.
#' @param ... Not used: the arguments after it want their names in full.
#' @param new.cells Number of new control cells, and of cells of each test condition.
#' @param kappa Size of effects that switch with the cell.
#' @param noise Standard deviation of what is added to each treated value. What is `NULL` of these
#'   is as [laot_settings()] has it: 20 features and drugs, 200 and 300 cells.
#' @param seed Seed; without it one number is drawn from R's generator.
#' @returns A list with `cells` (features x control and training cells), `info` (a row for each:
#'   `condition`, `drug`, `dose`; a pair is `"drug03+drug11"`), `embedding` (a row for each drug),
#'   `new.control`, `test` (a row for each test condition: `condition`, `kind`, `drug`, `dose`), and
#'   by test condition `observed` (fresh treated cells) and `truth` (the new control cells moved,
#'   without noise).
#' @seealso [conditions()] for fits of many conditions.
#' @examples
#' screen <- simulate_screen(features = 4, drugs = 12, cells = 40, new.cells = 50, seed = 1)
#' fits <- fit_method(screen$cells, "conditional_laot", condition = screen$info$condition,
#'                    control = "control", covariates = screen$info[c("drug", "dose")],
#'                    embedding = screen$embedding, combine = "+", seed = 1)
#' unseen <- which(screen$test$kind == "unseen_level")[1]
#' at <- list(drug = screen$test$drug[unseen], dose = screen$test$dose[unseen])
#' moved <- predict(fits, screen$new.control, at = at)
#' truth <- screen$truth[[unseen]]
#' sqrt(sum((moved - truth)^2) / sum((truth - screen$new.control)^2)) # 1: no better than no change
#' @export
simulate_screen <- function(features = NULL, drugs = NULL, cells = NULL, ..., new.cells = NULL,
                            kappa = NULL, noise = NULL, seed = NULL) {
  exact_arguments()
  no_more(list(...), names(formals(simulate_screen)))
  features <- or_usual(features, "simulate_screen", "features")
  drugs <- or_usual(drugs, "simulate_screen", "drugs")
  cells <- or_usual(cells, "simulate_screen", "cells")
  new.cells <- or_usual(new.cells, "simulate_screen", "new_cells")
  kappa <- or_usual(kappa, "simulate_screen", "kappa")
  noise <- or_usual(noise, "simulate_screen", "noise")
  whole(features, "features")
  whole(drugs, "drugs")
  whole(cells, "cells")
  whole(new.cells, "new.cells")
  one_number(kappa, "kappa")
  one_number(noise, "noise")
  found <- native(.Call(C_simulate_screen, features, drugs, cells, new.cells, kappa, noise,
                        call_settings(seed_or_draw(seed))))
  arrays <- found$arrays
  training <- as.data.frame(found$tables$training)
  test <- as.data.frame(found$tables$test)
  parts <- function(values, count) {
    stats::setNames(lapply(seq_len(nrow(test)),
                           function(k) values[, (k - 1L) * count + seq_len(count), drop = FALSE]),
                           test$condition)
  }
  info <- rbind(data.frame(condition = "control", drug = NA_character_, dose = 0),
                training[c("condition", "drug", "dose")])[rep(seq_len(nrow(training) + 1L),
                    each = cells), ]
  rownames(info) <- NULL
  list(cells = cbind(arrays$control, arrays$treated), info = info,
       embedding = structure(t(arrays$embedding), dimnames = list(found$tables$drugs$drug, NULL)),
       new.control = arrays$new_control, test = test, observed = parts(arrays$test_treated,
           new.cells),
       truth = parts(arrays$test_truth, new.cells))
}
