# Cell fate: cells of day 4 and of day 6 with clonal barcodes (Weinreb et al. 2020). Sisters share a
# clone, so that clones are a partial truth of what became of a cell. How much mass of a plan lies
# between sisters, and how far the fates that it predicts for a clone are from the fates of its
# cells on day 6, in total variation, beside independence (every cell to all) and plain transport;
# and does trackability() say what the clones say?

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
for (part in c("common.R", "data.R")) source(file.path(here, part))
arguments <- study_arguments()

cells <- if (is.null(arguments$file)) clones(arguments$data) else {
  # condition= names the column of the day, context= that of the clone, state= that of the state.
  given <- table_cells(arguments$file, c(arguments$condition, arguments$context, arguments$state),
                       if (is.null(arguments$drop)) character() else strsplit(arguments$drop, ",",
                           fixed = TRUE)[[1L]])
  names(given$labels) <- c("day", "clone", "state")
  given
}
days <- sort(unique(as.numeric(cells$labels$day)))
first <- which(as.numeric(cells$labels$day) == days[1L])
last <- which(as.numeric(cells$labels$day) == days[length(days)])
start <- cells$values[, first]
end <- cells$values[, last]
clone <- list(first = cells$labels$clone[first], last = cells$labels$clone[last])
known <- function(x) !is.na(x) & nzchar(x)
sisters <- outer(clone$first, clone$last, "==") & outer(known(clone$first), known(clone$last), "&")
state <- factor(cells$labels$state[last])
states <- stats::model.matrix(~ state - 1)

judged <- function(name, plan) {
  # Of the cells that have a sister on the last day: mass on sisters, and the fates of their clones.
  has <- rowSums(sisters) > 0
  mass <- plan[has, ] / rowSums(plan[has, ])
  predicted <- mass %*% states
  true <- (sisters[has, ] / rowSums(sisters[has, ])) %*% states
  data.frame(plan = name, "mass on sisters, %" = 100 * mean(rowSums(mass * sisters[has, ])),
             "fates, total variation" = mean(rowSums(abs(predicted - true)) / 2),
             check.names = FALSE)
}

fit <- laot_fit(start, end, seed = 1, verbose = FALSE)
bent <- laot_fit(start, end, lift = "yes", seed = 1, verbose = FALSE)
plain <- laot_fit(start, end, preset = "algorithm1", max.iter = 1, n.pcs = 0, scale = "none",
                  center = "own", seed = 1,
                  verbose = FALSE)
n <- length(first)
m <- length(last)
table <- rbind(judged("independence", matrix(1 / (n * m), n, m)),
               judged("plain transport", as.matrix(pairing(plain))),
               judged("LAOT", as.matrix(pairing(fit))),
               judged("LAOT, bent", as.matrix(pairing(bent))))
said <- trackability(fit, seed = 1, verbose = FALSE)
moves <- transitions(fit, by = list(control = cells$labels$state[first],
                                    treated = cells$labels$state[last]))
study_result(arguments, "cell_fate", table, c(
  "", paste0(n, " cells of day ", days[1L], ", ", m, " of day ", days[length(days)], ", ",
             sum(sisters), " pairs of sisters"),
  "", plain_table(table), "", paste0("trackability(): ", said$verdict)))
study_picture(arguments, "cell_fate", 760, 480, function() plot(moves))
