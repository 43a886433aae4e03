# The table that the quickstart prints for one data set.

print_table <- function(task, scores) {
  cells <- table(task$data$condition)[c(task$control, task$target)]
  tested <- round(cells / 5)
  splits <- length(unique(scores$seed))
  cat("\n", task$title, "\n", sep = "")
  cat(sprintf(
    "%s; %d and %d cells to learn from, %d and %d to test on; mean +- sd over %d splits\n\n",
              scores$features[[1]], cells[[1]] - tested[[1]], cells[[2]] - tested[[2]], tested[[1]],
              tested[[2]], splits))
  cat(sprintf("  %-16s", ""), sprintf("%20s", metrics), "\n", sep = "")
  for (method in names(predictors)) {
    cat(sprintf("  %-16s", predictors[[method]]), sep = "")
    for (metric in names(metrics)) {
      values <- scores$value[scores$method == method & scores$metric == metric]
      digits <- if (metric == "mmd2") 1 else 2
      cat(sprintf("%20s", sprintf("%.*f +- %.*f", digits, mean(values), digits, stats::sd(values))))
    }
    cat("\n")
  }
  cat("\n", paste(strwrap(verdict(scores, tested[[2]]), 90, prefix = "  "), collapse = "\n"), "\n",
      sep = "")
}

# LAOT against the mean shift and the Gaussian map over the splits. They share cells, so this
# counts splits and tests nothing; a difference on which the splits do not agree is undecided.
verdict <- function(scores, tested) {
  values <- function(method) {
    rows <- scores[scores$method == method & scores$metric == "mmd2", ]
    rows$value[order(rows$seed)]
  }
  difference <- values("laot") - values("mean_shift")
  splits <- length(difference)
  lower <- sum(difference < 0)
  noise <- stats::sd(values("noise_reference"))
  found <- sprintf(paste("LAOT's MMD\u00b2 is below the mean shift's in %d of %d splits,",
                         "below the Gaussian map's in %d."),
                   lower, splits, sum(values("laot") < values("gaussian_map")))
  decided <- max(lower, splits - lower) >= 0.9 * splits && abs(mean(difference)) > noise
  if (decided) return(found)
  sprintf(paste("Too few cells to decide: with %d treated cells to test on, the noise reference",
                "itself varies by %.0f (sd) from split to split. %s"), tested, noise, found)
}

print_how_to_read <- function() {
  cat("
How to read this
  MMD\u00b2 (unbiased, so it can be negative) and W2 (exact) compare the predicted cells with
  treated cells that were held out; the sd ratio is predicted over observed spread, best at 1. The
  noise reference is what real treated cells score. W2 rewards predictions that vary too little, so
  it may fall below the noise reference: read it beside the sd ratio. A good score says that the
  predicted population is right; it does not say that each cell's own response is.
")
}
