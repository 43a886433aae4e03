# Scores of several conditions, printed one condition after the other, or by kind where there are
# many.

most.conditions <- 10L

# A setting is that of a metric; that the reference is of halves is told below the table.
shown_setting <- function(x) ifelse(x$halvings > 0, x$metric.setting, x$setting)

# The bandwidth of each condition is its own, and stands in its rows.
with_own_gamma <- function(x) {
  x$setting <- shown_setting(x)
  for (rows in split(seq_len(nrow(x)), x$condition)) {
    median <- unique(x$gamma[rows[x$gamma.from[rows] == "median"]])
    own <- rows[!is.na(x$gamma[rows]) & x$gamma[rows] %in% median]
    x$setting[own] <- "gamma = 1 / median of each condition"
  }
  x
}

print_conditions <- function(x, digits,
                             shown = function(row) table_number(row$value, digits)) {
  x <- with_own_gamma(as.data.frame(x))
  if (is.null(x$group)) x$group <- ""
  count <- length(unique(x$condition))
  x <- if (count > most.conditions) means_of_kinds(x) else
    cbind(x, block = paste0(x$condition, " (", x$kind, "), ", vapply(observed_cells(x), counted, "",
        "observed cell")))
  x$block <- paste0(x$block, if (length(unique(x$features)) > 1L) paste(", on", x$features),
                    ifelse(nzchar(x$group), paste0(", ", x$group), ""))
  key <- score_keys(x, c("metric", "estimator", "setting"))
  key <- key[order(match(key$metric, c("mmd2", "w2", "sd_ratio"), nomatch = 4L)), ]
  fit <- columns_that_fit(key$label, max(nchar(x$method)))
  for (block in unique(x$block)) {
    cat(block, "\n", sep = "")
    print_by_method(x[x$block == block, ], key[fit, ], shown)
  }
  definition <- ifelse(nzchar(key$setting), paste(key$estimator, key$setting, sep = ", "),
                       key$estimator)
  cat("\n", paste0(format(key$label[fit]), "  ", definition[fit], "\n"), sep = "")
  if (!all(fit)) cat("In the data frame as well: ", listed(key$label[!fit], 20L), "\n", sep = "")
  if (count > most.conditions)
    cat("It has a row for each of the ", count, " conditions, method and metric.\n", sep = "")
  if ("noise_reference" %in% x$method) {
    cat("noise_reference: as many training treated cells, or, of a condition without any, ",
        "observed cells half against half\n", sep = "")
  }
  for (reason in setdiff(unique(x$reason[is.na(x$value)]), "")) {
    rows <- x[is.na(x$value) & x$reason == reason, ]
    cat(listed(unique(rows$metric)), " of ", listed(unique(rows$method)), " is NA: ", reason,
        "\n", sep = "")
  }
}

# Of halves the half is compared, and the whole was observed.
observed_cells <- function(x) stats::ave(x$observed, x$condition, FUN = max)

# Which columns stand beside each other in one line, the first of them at least.
columns_that_fit <- function(labels, start) {
  width <- start + cumsum(pmax(nchar(labels), 7L) + 1L)
  width <= getOption("width") | seq_along(labels) == 1L
}

means_of_kinds <- function(x) {
  groups <- split(seq_len(nrow(x)),
                  do.call(paste, c(x[c("kind", "group", "features", "method", "metric", "setting")],
                                   sep = "\r")))
  groups <- groups[order(vapply(groups, `[`, 0L, 1L))]
  out <- x[vapply(groups, `[`, 0L, 1L), ]
  out$value <- vapply(groups,
                      function(at) if (all(is.na(x$value[at]))) NA_real_ else mean(x$value[at],
                          na.rm = TRUE), 0)
  out$sd <- NULL
  conditions <- tapply(x$condition, x$kind, function(names) length(unique(names)))
  out$block <- paste0(out$kind, ", mean over ", vapply(conditions[out$kind], counted, "",
                                                       "condition"))
  out[order(match(out$kind, kind.order, nomatch = length(kind.order) + 1L)), ]
}
