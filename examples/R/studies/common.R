# Common parts of the studies: arguments, methods, tables and pictures.
#
#   Rscript examples/R/studies/NAME.R OUTPUT_FOLDER DATA_FOLDER [name=value ...]
#
# splits=3 (how many random splits), cells=1000 (at most so many of each population), networks=yes
# (CellOT, compact CellOT, scGen, cAE and the Conditional Monge Gap, with their defaults; short: the
# same with a third of the steps of CellOT and of the Monge gap; few: compact CellOT and scGen
# alone; no: none). With file= a study reads the user's own cells instead of the stand-in: see
# own_cells() in data.R. Finished tasks are kept in OUTPUT_FOLDER, and a study that is run again
# goes on where it was.

suppressPackageStartupMessages(library(laot))

study_arguments <- function(given = commandArgs(trailingOnly = TRUE)) {
  named <- grepl("^[a-z]+=", given)
  out <- list(splits = "3", cells = "1000", networks = "yes")
  out[sub("=.*", "", given[named])] <- sub("^[a-z]+=", "", given[named])
  if (sum(!named) != 2L) stop("give an output folder and the folder of the data", call. = FALSE)
  out$out <- given[!named][1L]
  out$data <- given[!named][2L]
  dir.create(out$out, showWarnings = FALSE, recursive = TRUE)
  out$splits <- as.integer(out$splits)
  out$cells <- as.integer(out$cells)
  out
}

# LAOT as it is by default (bent where that predicts better), calibrated (never bent), and as the
# paper's Algorithm 1; the networks, with their defaults and one seed a split; the trivial
# predictors. The methods of many conditions see the one that is asked for here; conditional_bench()
# gives them all.
study_methods <- function(arguments) {
  linear <- list(laot = "laot", `laot/calibrated` = "laot/calibrated",
                 `laot/algorithm1` = "laot/algorithm1")
  trivial <- list(gaussian_map = "gaussian_map", mean_shift = "mean_shift", identity = "identity")
  c(linear, network_names(arguments), conditional_laot = "conditional_laot", trivial)
}

network_names <- function(arguments) {
  all <- as.list(stats::setNames(nm = c("cellot", "cellot/compact", "scgen", "cae", "cmonge")))
  switch(arguments$networks, yes = all, short = utils::modifyList(all, short.networks),
         few = all[c("cellot/compact", "scgen")], no = all[character()],
         stop("networks must be yes, short, few or no", call. = FALSE))
}

short.networks <- list(cellot = list("cellot", iterations = 500),
                       cmonge = list("cmonge", iterations = 1000))

# The methods of many conditions, named as above: settings to fit them with.
conditional_methods <- function(arguments, trivial = character()) {
  names <- c("conditional_laot", "cmonge", "conditional_gaussian", "regressed_shift", trivial)
  given <- c(list(conditional_laot = "conditional_laot"), network_names(arguments)["cmonge"],
             as.list(stats::setNames(nm = names[-(1:2)])))
  given[lengths(given) > 0L]
}

# fit_method() by a name or a list that begins with one and goes on with settings.
fit_by <- function(method, x, ...) {
  method <- as.list(method)
  do.call(fit_method, c(list(x, method[[1L]]), method[-1L], list(..., verbose = FALSE)))
}

# Computed once: a file that is there is read, and a killed run leaves no half of one.
kept_result <- function(arguments, name, compute) {
  folder <- file.path(arguments$out, "tasks")
  dir.create(folder, showWarnings = FALSE, recursive = TRUE)
  file <- file.path(folder, paste0(gsub("[^A-Za-z0-9]+", "-", name), ".rds"))
  if (!file.exists(file)) {
    message(name)
    found <- compute()
    half <- tempfile("half-", folder)
    saveRDS(found, half)
    file.rename(half, file)
  }
  readRDS(file)
}

# Methods of many conditions, each fitted once a split to all conditions of the set, on the splits
# of benchmark_methods() and scored as there.
conditional_bench <- function(arguments, name, setting, values, condition, control, methods,
                              covariates = NULL) {
  targets <- setdiff(unique(condition), control)
  do.call(rbind, lapply(seq_len(arguments$splits),
                        function(seed) do.call(rbind, lapply(names(methods), function(method) {
    kept_result(arguments, paste(name, setting, arguments$cells, arguments$networks, method, seed),
                function() {
      train <- split_cells(ncol(values), condition, seed = seed) == "train"
      of <- function(level, training) values[, condition == level & train == training, drop = FALSE]
      fits <- tryCatch(
        fit_by(methods[[method]], values[, train], condition = condition[train], control = control,
               covariates = covariates[train, , drop = FALSE], seed = seed),
        error = function(e) conditionMessage(e))
      do.call(rbind, lapply(targets, function(target) {
        if (is.character(fits)) {
          return(data.frame(setting, method, target, split = "random", seed, metric = study_metrics,
                            features = "",
                            observed = NA_real_, value = NA_real_, reason = paste("failed:", fits)))
        }
        predicted <-
          as.matrix(predict(if (inherits(fits, "laot_fit_list")) fits[[target]] else fits,
                            of(control, FALSE)))
        scores <- as.data.frame(suppressMessages(evaluate_predictions(
          predicted, observed = of(target, FALSE), metrics = study_metrics,
          train = list(control = of(control, TRUE), treated = of(target, TRUE)))))
        scores <- scores[scores$method == "prediction", ]
        data.frame(setting, method, target, split = "random", seed,
                   scores[c("metric", "features", "observed", "value")],
                   reason = scores$reason, row.names = NULL)
      }))
    })
  }))))
}

bench_columns <- c("setting", "method", "target", "split", "seed", "metric", "features", "observed",
                   "value", "reason")

# At most so many cells of each label: exact W2 takes the square of their number.
thinned <- function(cells, label, most) {
  set.seed(1)
  kept <- unlist(lapply(split(seq_along(label), label), function(at) {
    if (length(at) <= most) at else at[sample.int(length(at), most)]
  }))
  kept <- sort(unname(kept))
  list(values = cells$values[, kept, drop = FALSE], labels = cells$labels[kept, , drop = FALSE])
}

study_metrics <- c("mmd2", "w2", "r2_means", "sd_ratio")

# benchmark_methods(), resumed in a folder of its own; a row says of which setting it is.
study_bench <- function(arguments, name, setting, ...) {
  folder <- file.path(arguments$out, "tasks", gsub("[^A-Za-z0-9]+", "-", paste(name, setting)))
  dir.create(dirname(folder), showWarnings = FALSE, recursive = TRUE)
  message(name, ": ", setting)
  out <- as.data.frame(benchmark_methods(..., path = folder, verbose = FALSE))
  data.frame(setting = setting, out)
}

text_of <- function(value, metric) {
  value <- value[is.finite(value)]
  if (!length(value)) return("")
  scale <- if (metric == "mmd2") 1000 else 1
  digits <- if (metric == "mmd2") 1L else if (metric == "w2") 2L else 3L
  mean <- formatC(mean(value) * scale, format = "f", digits = digits)
  if (length(value) < 2L) return(mean)
  paste(mean, "+-", formatC(stats::sd(value) * scale, format = "f", digits = digits))
}

metric_titles <- c(mmd2 = "MMD^2 x 1e-3", w2 = "W2", r2_means = "R^2 of means",
                   sd_ratio = "sd ratio")

# One table a setting and set of features: methods down, metrics across, mean +- sd.
bench_tables <- function(rows) {
  rows$of <- paste0(rows$setting, ", ", rows$target,
                    ifelse(grepl("marker", rows$features), paste0(", ", rows$features), ""))
  lines <- character()
  for (of in unique(rows$of[nzchar(rows$features)])) {
    part <- rows[rows$of == of & nzchar(rows$features), ]
    metrics <- intersect(names(metric_titles), part$metric)
    seen <- part[part$metric == metrics[1L], ]
    lines <- c(lines, "", paste0("**", of, "** (", paste(unique(part$features), collapse = "; "),
                                 "; ",
                                 paste(unique(range(seen$observed)), collapse = " to "),
                                 " observed cells)"), "",
               paste0("| method | ", paste(metric_titles[metrics], collapse = " | "), " |"),
               paste0("|---|", strrep("---|", length(metrics))))
    for (method in unique(part$method)) {
      cells <- vapply(metrics, function(metric) {
        text_of(part$value[part$method == method & part$metric == metric], metric)
      }, "")
      lines <- c(lines, paste0("| ", method, " | ", paste(cells, collapse = " | "), " |"))
    }
  }
  failed <- unique(rows[!nzchar(rows$features), c("of", "method", "reason")])
  if (nrow(failed))
    lines <- c(lines, "", paste0(failed$of, ": ", failed$method, ": ", failed$reason))
  lines
}

plain_table <- function(table) {
  text <- vapply(table, function(column) {
    if (is.numeric(column)) trimws(format(column, digits = 3L)) else as.character(column)
  }, character(nrow(table)))
  text <- matrix(text, nrow(table))
  text[grepl("^(NA|NaN)$", text)] <- ""
  c(paste0("| ", paste(names(table), collapse = " | "), " |"),
    paste0("|", strrep("---|", ncol(table))),
    paste0("| ", apply(text, 1L, paste, collapse = " | "), " |"))
}

study_result <- function(arguments, name, rows, lines) {
  utils::write.csv(rows, file.path(arguments$out, paste0(name, ".csv")), row.names = FALSE)
  writeLines(lines, file.path(arguments$out, paste0(name, ".md")))
  writeLines(lines)
}

method_colours <- c(laot = "#0072B2", `laot/calibrated` = "#56B4E9", `laot/algorithm1` = "#004A75",
                    cellot = "#D55E00", `cellot/compact` = "#E69F00", scgen = "#CC79A7",
                    cae = "#8A5A83", cmonge = "#B22222", conditional_laot = "#2E8B57",
                    conditional_gaussian = "#7CCD7C",
                    regressed_shift = "grey60",
                    gaussian_map = "#009E73", mean_shift = "grey45", identity = "grey75",
                    noise_reference = "black", training_treated = "#A08000")

study_picture <- function(arguments, name, width, height, draw) {
  grDevices::png(file.path(arguments$out, paste0(name, ".png")), width, height, res = 96,
                 antialias = "gray")
  draw()
  invisible(grDevices::dev.off())
}

# MMD^2 of every method in each setting, mean and sd as a point and a line, the reference dashed.
bench_picture <- function(arguments, name, rows) {
  rows <- rows[rows$metric == "mmd2" & !grepl("marker", rows$features) & nzchar(rows$features) &
                 rows$method != "identity", ]
  several <- stats::ave(match(rows$target, rows$target), rows$setting,
                        FUN = function(at) length(unique(at))) > 1
  rows$panel <- ifelse(several, paste(rows$setting, rows$target, sep = ", "), rows$setting)
  panels <- unique(rows$panel)
  shape <- c(ceiling(length(panels) / 3), min(3, length(panels)))
  drawn <- lapply(panels, function(panel) rev(setdiff(unique(rows$method[rows$panel == panel]),
                                                      "noise_reference")))
  shared <- length(unique(drawn)) == 1L
  most <- max(lengths(drawn))
  letters <- 0.5 * max(nchar(unlist(drawn)))
  width <- if (shared) 110 + 250 * shape[2L] else 300 * shape[2L]
  study_picture(arguments, name, width, 50 + (38 + 18 * most) * shape[1L], function() {
    graphics::par(mfrow = shape, mar = c(2.2, if (shared) 0.6 else letters, 1.8, 0.6),
                  oma = c(1.6, if (shared) letters else 0, 0, 0), las = 1, cex = 0.7)
    for (k in seq_along(panels)) {
      methods <- drawn[[k]]
      part <- rows[rows$panel == panels[k], ]
      mean <- 1000 * vapply(methods, function(m) mean(part$value[part$method == m]), 0)
      sd <- 1000 * vapply(methods, function(m) stats::sd(part$value[part$method == m]), 0)
      sd[is.na(sd)] <- 0
      noise <- 1000 * mean(part$value[part$method == "noise_reference"])
      graphics::plot(range(c(mean - sd, mean + sd, noise, 0), na.rm = TRUE),
                     c(0.5, length(methods) + 0.5), type = "n",
                     yaxt = "n", xlab = "", ylab = "", main = panels[k], cex.main = 0.9)
      if (!shared || (k - 1L) %% shape[2L] == 0L) graphics::axis(2, seq_along(methods), methods)
      graphics::abline(v = noise, lty = 2, col = "grey50")
      colours <- method_colours[methods]
      colours[is.na(colours)] <- "grey30"
      graphics::segments(mean - sd, seq_along(methods), mean + sd, seq_along(methods),
                         col = colours, lwd = 2)
      graphics::points(mean, seq_along(methods), pch = 16, col = colours)
    }
    graphics::mtext("MMD^2 x 1e-3 on held-out cells; dashed: noise reference", 1L, 0.4,
                    outer = TRUE, cex = 0.65)
  })
}
