# The papers' central claim: up to a critical gap |W - I| the pairing of single cells can be found,
# past it every method collapses. Cells of the library's generator whose pairs are known: 400
# control cells of 20 features, each moved by one map W = I + gap E / |E|, E with Gaussian entries;
# then the same with a bend, tanh of the cell in place of the cell, that no linear map follows.
#
# Every method sees the cells without the pairs and predicts the same control cells. Share of true
# pairs: how many are paired with their own future by the optimal assignment between prediction and
# treated cells (that of the mean shift is the plain transport of the two populations). Cell error:
# mean squared distance to the own future over that of not moving at all, so that 1 is no better
# than the identity. cells= and splits= as elsewhere: cells at most 400, splits the number of draws.

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
for (part in c("common.R", "data.R")) source(file.path(here, part))
arguments <- study_arguments()

gaps <- c(1, 2, 4, 6, 8, 10, 12, 15, 20, 30)
features <- 20L
count <- min(400L, arguments$cells)

drawn <- function(gap, bent, seed) {
  cells <- simulate_populations(features, count, gap = gap, entries = "gaussian", seed = seed)
  control <- cells$control * sqrt(features)
  moved <- if (bent) control + (cells$map - diag(features)) %*% (tanh(1.5 * control)) else
    cells$map %*% control
  list(control = control, future = moved, treated = moved[, order(cells$partner)])
}

# Optimal assignment of predictions to treated cells: the first plan of a fit that has not moved.
assigned <- function(predicted, treated) {
  fit <- laot_fit(predicted, treated, preset = "algorithm1", max.iter = 1, n.pcs = 0,
                  scale = "none", center = "none",
                  verbose = FALSE, seed = 1)
  plan <- methods::as(pairing(fit), "TsparseMatrix")
  out <- integer(ncol(predicted))
  out[plan@i + 1L] <- plan@j + 1L
  out
}

# LAOT by default keeps the covariance and shrinks the map, and may bend; Algorithm 1 does neither.
bent.methods <- list(`laot, bent` = list("laot", lift = "yes"))
all.methods <- c(bent.methods, study_methods(arguments))
# A third of CellOT's iterations: there are many draws.
if (arguments$networks == "yes") all.methods$cellot <- short.networks$cellot
# Of one condition, conditional LAOT is LAOT.
all.methods[c("identity", "laot/calibrated", "conditional_laot")] <- NULL
method_colours[names(bent.methods)] <- "#66C2FF"

one <- function(method, gap, bent, seed) {
  cells <- drawn(gap, bent, seed)
  partner <- assigned(cells$future, cells$treated)
  predicted <- tryCatch({
    asked <- all.methods[[method]]
    if (!is.list(asked)) asked <- list(asked)
    name <- strsplit(asked[[1L]], "/", fixed = TRUE)[[1L]]
    fit <- do.call(fit_method, c(list(cells$control, name[1L], treated = cells$treated, seed = seed,
                                      verbose = FALSE),
                                 if (length(name) > 1L) list(preset = name[2L]), asked[-1L]))
    as.matrix(predict(fit, cells$control))
  }, error = function(e) structure(NA, reason = conditionMessage(e)))
  if (length(predicted) == 1L) {
    return(data.frame(method, gap, bent, seed, pairs = NA, cell.error = NA, mmd2 = NA,
                      reason = attr(predicted, "reason")))
  }
  far <- function(a, b) mean(colSums((a - b)^2))
  data.frame(method, gap, bent, seed, pairs = mean(assigned(predicted, cells$treated) == partner),
             cell.error = far(predicted, cells$future) / far(cells$control, cells$future),
             mmd2 = mmd2(predicted, cells$treated), reason = "")
}

methods <- names(all.methods)
folder <- file.path(arguments$out, "tasks", paste0("phase-transition-", count))
dir.create(folder, recursive = TRUE, showWarnings = FALSE)
rows <- NULL
for (bent in c(FALSE, TRUE)) for (seed in seq_len(arguments$splits)) for (gap in gaps)
  for (method in methods) {
  # Networks take minutes: the first draw alone.
  if (method %in% names(network_names(arguments)) && (seed > 1L || gap %in% c(1, 10, 15))) next
  file <- file.path(folder, paste0(gsub("[^a-z0-9]+", "-", method), "_", gap, "_", bent, "_",
                                   seed, ".rds"))
  if (!file.exists(file)) {
    half <- paste0(file, ".half")
    saveRDS(one(method, gap, bent, seed), half)
    file.rename(half, file)
    message("phase_transition: ", basename(file))
  }
  rows <- rbind(rows, readRDS(file))
}
lines <- character()
for (bent in c(FALSE, TRUE)) for (what in c("pairs", "cell.error")) {
  part <- rows[rows$bent == bent, ]
  table <- tapply(part[[what]], list(factor(part$method, unique(part$method)), part$gap), mean,
                  na.rm = TRUE)
  lines <- c(lines, "",
             paste0("**",
                    if (what == "pairs") "Share of true pairs" else "Cell error, over not moving",
                    "**, ",
                               if (bent) "bent" else "linear", " truth, against the gap"), "",
             plain_table(data.frame(method = rownames(table), round(table, 2L),
                                    check.names = FALSE)))
}
study_result(arguments, "phase_transition", rows, lines)
study_picture(arguments, "phase_transition", 700, 490, function() {
  graphics::par(mfrow = c(2, 2), mar = c(4, 4, 2, 0.6), las = 1, cex = 0.75)
  for (bent in c(FALSE, TRUE)) for (what in c("pairs", "cell.error")) {
    part <- rows[rows$bent == bent & !is.na(rows[[what]]), ]
    graphics::plot(range(gaps), c(0, if (what == "pairs") 1 else 1.5), type = "n", log = "x",
                   xlab = "gap |W - I|", ylab = "",
                   main = paste0(if (what ==
                                     "pairs") "share of true pairs, " else
                                     "cell error / identity's, ",
                                 if (bent) "bent truth" else "linear truth"))
    if (what != "pairs") graphics::abline(h = 1, lty = 3, col = "grey50")
    for (method in methods) {
      mean <- tapply(part[[what]][part$method == method], part$gap[part$method == method], mean)
      graphics::lines(as.numeric(names(mean)), pmin(mean, 1.5), type = "b", pch = 16,
                      col = method_colours[[method]])
    }
    if (!bent && what == "pairs") {
      graphics::legend("bottomleft", methods, col = method_colours[methods], lty = 1, pch = 16,
                       bty = "n", cex = 0.8)
    }
  }
})
