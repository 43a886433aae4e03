# Time courses: from the first time to each later one, the sweep of the 2i study, here T cells
# (Hartmann et al. 2021), myoblasts (Trapnell et al. 2014) and the serum arm of the reprogramming
# itself (Schiebinger et al. 2019; 250 cells, so that it only shows that gaps of 12 and 24 hours
# run).
#
# And the step size: in the published table the 12-hour row was trained with steps ten times as
# small as the others, and its small |W - I| is read as an effect of the gap. Here every gap is
# fitted with both steps, and the first with either says how much of |W - I| is the step.

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
for (part in c("common.R", "data.R")) source(file.path(here, part))
arguments <- study_arguments()

courses <- if (is.null(arguments$file)) {
  list(`T cells` = t_cells(arguments$data), myoblasts = myoblast_course(arguments$data),
       reprogramming = reprogramming(arguments$data))
} else {
  # condition= names the column of times.
  own <- own_cells(c(arguments[setdiff(names(arguments), c("control", "target"))], control = ""))
  list(own = list(values = own$values, time = as.numeric(own$labels$condition), unit = "time"))
}
swept <- lapply(names(courses), function(name) {
  course <- courses[[name]]
  kept_result(arguments, paste("time_gaps sweep", name, arguments$splits, arguments$cells),
              function() {
    sweep <- time_gap_sweep(course$values, time = course$time, splits = arguments$splits,
                            resamples = 5, repeats = 2,
                            seed = 1, verbose = FALSE)
    list(scores = sweep$scores, track = sweep$track)
  })
})
names(swept) <- names(courses)

course <- courses[[1L]]
times <- sort(unique(course$time))
steps <- kept_result(arguments, paste("time_gaps steps", names(courses)[1L], arguments$cells),
                     function() {
  do.call(rbind,
          lapply(times[-1L], function(time) do.call(rbind, lapply(c(1e-4, 1e-5), function(rate) {
    pick <- function(at)
      course$values[, utils::head(which(course$time == at), arguments$cells), drop = FALSE]
    fit <- laot_fit(pick(times[1L]), pick(time), preset = "notebook", learning.rate = rate,
                    epochs = 500, seed = 1,
                    verbose = FALSE)
    map <- coef(fit)$map
    data.frame(gap = time - times[1L], rate = rate, change = sqrt(sum((map - diag(nrow(map)))^2)))
  }))))
})
wide <- stats::reshape(steps, idvar = "gap", timevar = "rate", direction = "wide")
names(wide) <- c("gap", "steps of 1e-4", "steps of 1e-5")
lines <- character()
for (name in names(swept)) {
  scores <- swept[[name]]$scores
  for (metric in unique(scores$metric)) {
    part <- scores[scores$metric == metric, ]
    table <- tapply(part$value * if (metric == "mmd2") 1000 else 1,
                    list(factor(part$method, unique(part$method)), part$gap), mean)
    lines <- c(lines, "", paste0("**", name, "**, ", metric_titles[[metric]],
                                 " against the gap in ",
                                 courses[[name]]$unit, " (mean of ", arguments$splits,
                                 " splits)"), "",
               plain_table(data.frame(method = rownames(table), signif(table, 3L),
                                      check.names = FALSE)))
  }
  track <- swept[[name]]$track
  lines <- c(lines, "", paste0("**", name, "**, what the fit says of its pairing"), "",
             plain_table(track[c("gap", "n", "change", "recovery", "residual", "verdict")]))
}
lines <- c(lines, "", paste0("**Steps**: |W - I| of the notebooks' training (Adam, 500 epochs) on ",
                             names(courses)[1L]),
           "", plain_table(wide))
rows <- do.call(rbind,
                lapply(names(swept), function(name) data.frame(set = name, swept[[name]]$scores)))
study_result(arguments, "time_gaps", rows, lines)
study_picture(arguments, "time_gaps", 900, 330, function() {
  graphics::par(mfrow = c(1, 3), mar = c(4, 4, 2, 0.6), las = 1, cex = 0.75)
  for (name in utils::head(names(swept), 2L)) {
    part <- swept[[name]]$scores
    part <- part[part$metric == "mmd2" & part$method != "identity", ]
    graphics::plot(range(part$gap), range(1000 * part$value), type = "n", main = name,
                   ylab = "MMD^2 x 1e-3",
                   xlab = paste("gap in", courses[[name]]$unit))
    for (method in unique(part$method)) {
      own <- part[part$method == method, ]
      graphics::lines(own$gap, 1000 * own$value, type = "b", pch = 16,
                      col = method_colours[[method]],
                      lty = if (method == "noise_reference") 2 else 1)
    }
    graphics::legend("topright", unique(part$method), col = method_colours[unique(part$method)],
                     lty = 1, bty = "n", cex = 0.8)
  }
  graphics::matplot(wide$gap, wide[-1L], type = "b", pch = 16, lty = 1,
                    col = c("#0072B2", "#D55E00"), log = "y",
                    xlab = paste("gap in", courses[[1L]]$unit), ylab = "|W - I|",
                    main = "the step alone")
  graphics::legend("right", names(wide)[-1L], col = c("#0072B2", "#D55E00"), lty = 1,
                   bty = "n", cex = 0.8)
})
