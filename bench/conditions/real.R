# !/usr/bin/env Rscript Methods of many conditions on real cells, which stay outside the repository:
# Rscript bench/conditions/real.R DATA [splits = 3] [first = 1] [set ...] prints one line a set,
# split, condition, kind and method: MMD^2 x 1000 (unbiased, median gamma of the training cells) and
# the sd ratio. Sets: gbm, hsmm, tcell, tgf, pbmcstim, bcrxl.
suppressMessages(library(laot))

arguments <- commandArgs(TRUE)
data <- arguments[1L]
splits <- if (length(arguments) > 1L) as.integer(arguments[2L]) else 3L
first <- if (length(arguments) > 2L) as.integer(arguments[3L]) else 1L
sets <- if (length(arguments) > 3L)
  arguments[-(1:3)] else c("gbm", "hsmm", "tcell", "tgf", "pbmcstim", "bcrxl")
methods <- c("nearest_shift", "regressed_shift", "conditional_gaussian", "conditional_laot",
             "cmonge", "cpa")

table_of <- function(name) utils::read.csv(gzfile(file.path(data, name)), check.names = FALSE)

gbm <- function() {
  counts <- as.matrix(Matrix::readMM(gzfile(file.path(data, "gbm_counts.mtx.gz"))))
  cells <- table_of("gbm_cells.csv.gz")
  rows <- utils::read.csv(file.path(data, "gbm_hvg50.csv"))$row
  size <- colSums(counts) / mean(colSums(counts))
  list(values = log2(t(t(counts) / size) + 1)[rows, ], context = cells$patient,
       treated = cells$condition != "ctrl")
}

hsmm <- function() {
  cells <- table_of("hsmm_top50_log1p.csv.gz")
  list(values = t(as.matrix(cells[-(1:2)])), dose = cells$hours)
}

tcell <- function() {
  cells <- table_of("tcell_cells.csv.gz")
  list(values = t(as.matrix(cells[-1L])), dose = cells$day)
}

tgf <- function() {
  cells <- table_of("mcf10a_dose_cells.csv.gz")
  values <- t(as.matrix(cells[-(1:3)]))
  list(values = values[order(-apply(values, 1L, stats::var))[1:50], ], dose = cells$dose_pM)
}

pbmcstim <- function() {
  cells <- table_of("pbmcstim_cells.csv.gz")
  list(values = t(as.matrix(cells[-(1:2)])), level = cells$condition)
}

bcrxl <- function() {
  cells <- table_of("bcrxl_cells.csv.gz")
  list(values = asinh(t(as.matrix(cells[-(1:3)])) / 5), context = paste("donor", cells$donor),
       treated = cells$condition == "bcrxl")
}

# At most `most` of the cells `at`, drawn, in two parts.
halves <- function(at, most, share = 0.5) {
  at <- at[sample.int(length(at), min(most, length(at)))]
  first <- seq_len(floor(length(at) * share))
  list(train = at[first], test = at[-first])
}

score <- function(set, split, condition, kind, method, predicted, observed, gamma) {
  sd <- function(values) apply(values, 1L, stats::sd)
  ok <- sd(observed) > 0
  cat(sprintf("%s,%d,%s,%s,%s,%.2f,%.3f\n", set, split, condition, kind, method,
              1000 * mmd2(predicted, observed, gamma, estimator = "unbiased"),
              mean((sd(predicted) / sd(observed))[ok])))
}

gamma_of <- function(values, at) {
  some <- at[sample.int(length(at), min(1000L, length(at)))]
  squared <- as.numeric(stats::dist(t(values[, some])))^2
  1 / stats::median(squared[squared > 0])
}

fitted <- function(method, cells, ...) {
  suppressWarnings(suppressMessages(fit_method(cells, method, ..., seed = 1, verbose = FALSE)))
}

# Contexts (patients, donors), each with its controls and its treated cells: all seen, and each left
# out, placed by two principal components of the means of all controls, that of the one left out
# among them ("unseen"); and both with levels placed by their control cells ("by control").
contexts <- function(set, cells, split, most) {
  names <- sort(unique(cells$context))
  control <- sapply(names, function(name) halves(which(cells$context == name & !cells$treated),
                                                 most), simplify = FALSE)
  treated <- sapply(names, function(name) halves(which(cells$context == name & cells$treated),
                                                 most), simplify = FALSE)
  means <- sapply(control, function(part) rowMeans(cells$values[, part$train]))
  parts <- svd(means - rowMeans(means))
  places <- matrix(parts$v[, 1:2] %*% diag(parts$d[1:2]), ncol = 2L, dimnames = list(names, NULL))
  gamma <- gamma_of(cells$values, unlist(lapply(c(control, treated), `[[`, "train")))
  run <- function(training, tests, kind, embedding) {
    at <- unlist(lapply(training, function(name) c(control[[name]]$train, treated[[name]]$train)))
    condition <- ifelse(cells$treated[at], paste(cells$context[at], "treated"), "control")
    for (method in methods) {
      fit <- fitted(method, cells$values[, at], condition = condition, control = "control",
                    covariates = data.frame(context = cells$context[at]), embedding = embedding)
      for (name in tests) {
        moved <- suppressWarnings(predict(fit, cells$values[, control[[name]]$test],
                                          at = list(context = name)))
        score(set, split, name, kind, method, moved, cells$values[, treated[[name]]$test], gamma)
      }
    }
    shift <- rowMeans(sapply(training, function(name) {
      rowMeans(cells$values[, treated[[name]]$train]) -
        rowMeans(cells$values[, control[[name]]$train])
    }))
    for (name in tests) {
      start <- cells$values[, control[[name]]$test]
      observed <- cells$values[, treated[[name]]$test]
      score(set, split, name, kind, "no_change", start, observed, gamma)
      score(set, split, name, kind, "pooled_shift", start + shift, observed, gamma)
      if (kind == "seen") {
        own <- fitted("gaussian_map", cells$values[, control[[name]]$train],
                      cells$values[, treated[[name]]$train])
        score(set, split, name, kind, "own_gaussian", predict(own, start), observed, gamma)
      }
    }
  }
  run(names, names, "seen", NULL)
  run(names, names, "seen by control", "control")
  for (name in names) {
    run(setdiff(names, name), name, "unseen", places)
    run(setdiff(names, name), name, "unseen by control", "control")
  }
}

# Doses or times, from 0: each inner one left out. Of few cells four fifths are trained on, and all
# of dose 0 mapped.
doses <- function(set, cells, split, left.out, most, few = FALSE) {
  known <- sort(unique(cells$dose))
  part <- sapply(as.character(known), function(dose) halves(which(cells$dose == as.numeric(dose)),
                                                            most, if (few) 0.8 else 0.5),
                                                            simplify = FALSE)
  for (out in left.out) {
    training <- setdiff(known, out)
    at <- unlist(lapply(as.character(training), function(dose) part[[dose]]$train))
    gamma <- gamma_of(cells$values, at)
    dose <- cells$dose[at]
    start <- cells$values[, if (few) unlist(part[["0"]]) else part[["0"]]$test]
    observed <- cells$values[, unlist(part[[as.character(out)]])]
    say <- function(method, moved)
      score(set, split, out, "unseen dose", method, moved, observed, gamma)
    say("no_change", start)
    for (method in methods) {
      fit <- fitted(method, cells$values[, at], condition = ifelse(dose == 0, "control",
          paste("dose", dose)),
                    control = "control", covariates = data.frame(dose = dose))
      say(method, suppressWarnings(predict(fit, start, at = list(dose = out))))
    }
    for (near in setdiff(training, 0)) {
      shift <- rowMeans(cells$values[, part[[as.character(near)]]$train]) -
        rowMeans(cells$values[, part[["0"]]$train])
      say(paste0("shift_", near), start + shift)
    }
  }
}

levels_seen <- function(set, cells, split, control, most) {
  part <- sapply(unique(cells$level), function(level) halves(which(cells$level == level), most),
                 simplify = FALSE)
  at <- unlist(lapply(part, `[[`, "train"))
  gamma <- gamma_of(cells$values, at)
  start <- cells$values[, part[[control]]$test]
  for (method in c(methods, "gaussian_map")) {
    fit <- fitted(method, cells$values[, at], condition = cells$level[at], control = control)
    for (level in setdiff(names(part), control)) {
      moved <- suppressWarnings(predict(fit, start, at = level))
      score(set, split, level, "seen", method, moved, cells$values[, part[[level]]$test], gamma)
    }
  }
  for (level in setdiff(names(part), control)) {
    score(set, split, level, "seen", "no_change", start, cells$values[, part[[level]]$test], gamma)
  }
}

cat("set,split,condition,kind,method,mmd2,sd_ratio\n")
for (set in sets) {
  cells <- get(set)()
  for (split in first + seq_len(splits) - 1L) {
    set.seed(split)
    switch(set,
      gbm = contexts(set, cells, split, 500L),
      bcrxl = contexts(set, cells, split, 1000L),
      hsmm = doses(set, cells, split, 48, 1000L, few = TRUE),
      tcell = doses(set, cells, split, 1:4, 1000L),
      tgf = doses(set, cells, split, 12.5, 1000L),
      pbmcstim = levels_seen(set, cells, split, "reference", 2000L)
    )
  }
}
