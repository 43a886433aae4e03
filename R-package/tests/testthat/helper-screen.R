# A screen: drugs A, B and C move two features each by log(1 + dose), with a spread of their own.
# list(values, columns, labels, known, start, fit): cells, what is known of them, the condition of
# each, its covariates, the control cells, and a function that fits them.
drug_screen <- function(n = 30, d = 6) {
  place <- expand.grid(dose = c(1, 3, 10), drug = c("A", "B", "C"), stringsAsFactors = FALSE)
  place <- place[!(place$drug == "C" & place$dose == 3), ]
  control <- two_populations(n = 90, m = 1, d = d)$control
  parts <- lapply(seq_len(nrow(place)), function(k) {
    at <- 2 * (match(place$drug[k], c("A", "B", "C")) - 1) + 1:2
    cells <- two_populations(n = n, m = 1, d = d, seed = k + 1)$control
    cells[at, ] <- cells[at, ] + log1p(place$dose[k])
    cells
  })
  values <- do.call(cbind, c(list(control), parts))
  labels <- c(rep("ctrl", 90), rep(paste0(place$drug, place$dose), each = n))
  known <- data.frame(drug = c(rep(NA, 90), rep(place$drug, each = n)),
                      dose = c(rep(0, 90), rep(place$dose, each = n)))
  fit <- function(method = "conditional_laot", x = values, condition = labels, covariates = known,
                  ...) {
    suppressMessages(fit_method(x, method, condition = condition, covariates = covariates,
                                seed = 1, verbose = FALSE, ...))
  }
  list(values = values, columns = cbind(condition = labels, known), labels = labels, known = known,
       start = values[, labels == "ctrl"], fit = fit)
}
