# Scoring predictions beside the trivial predictors and the noise reference.

#' Score predictions beside trivial predictors and a noise reference
#'
#' Every score carries its definition, and stands beside what no change at all, a mean shift and the
#' Gaussian map of the same training cells score, and beside what true treated cells score (the
#' noise reference: as many training treated cells as there are observed ones, drawn with the seed of
#' the fit). A prediction that has lost spread can beat the noise reference in the Wasserstein
#' distance: read `w2` beside `sd_ratio`. The Gaussian map is that of the feature space of the fit: beside
#' an identity or a mean shift, which have no components, it is one of all features, and another one than
#' beside the other methods.
#'
#' @param x A `laot_fit` (or the `laot_ensemble` of several seeds), whose predictions for the `control`
#'   cells are scored, or predicted cells: a matrix (features x cells), data frame, sparse matrix, SummarizedExperiment,
#'   SingleCellExperiment or Seurat object.
#' @param observed The treated cells that were measured, best ones that no fit has seen, in any of
#'   these classes. Features are matched by name where there are names.
#' @param control Control cells to predict. Needed where `x` is a fit; the trivial predictors start
#'   from them.
#' @param train Where the training cells are: a `laot_fit`, or `list(control =, treated =)`. A fit
#'   given as `x` is its own. Without it the rows that need training cells (mean shift, Gaussian map,
#'   noise reference, scores at the median bandwidth) are left out with a message.
#' @param metrics Names of metrics: see [laot_metrics()].
#' @param gamma Bandwidths of metrics with a kernel \eqn{exp(-gamma |u-v|^2)}: `"median"`, 1 / median
#'   of the positive squared distances between the training cells, or numbers.
#' @param epsilon The entropy of the metrics that begin with `sinkhorn`: `c(relative = 0.05)`, a share of
#'   the mean squared distance between predicted and observed cells, or `c(absolute = )`, a number in
#'   squared units of the features. The smaller, the longer it takes; a note says where the marginals are off by more than 1e-7.
#' @param preset A name of [laot_score_presets()]: the settings under which published code prints its
#'   scores, so that numbers can stand beside those of a paper.
#' @param markers `NULL`, or a number: the scores are given on so many marker features as well, those
#'   with the largest |t| of Welch's test between the training cells (of a fit: those that it keeps).
#'   The median bandwidth is then that of the markers, but for `preset = "laot"`.
#' @param ... For objects: `assay.type`, `dimred`, `altexp`, or `assay`, `layer`, `reduction`, where
#'   these differ from those of the fit.
#' @param num.threads Threads to use. The result does not depend on it.
#' @returns A data frame of class `laot_scores` with one row for each method, metric and set of
#'   features: `method`, `metric`, `estimator`, `setting` (bandwidth, subsamples), `features` (what was
#'   scored), `reference` (the cells that the method was compared with), `value` and `note`; with
#'   repeated subsamples also `sd`. A value that is undefined is `NA`, and `note` says why; it also counts the
#'   features that a score leaves out because they do not vary. Printed as
#'   one row a method, with what can be read from it in words: whether the prediction is worse than the
#'   mean shift, has lost spread while its `w2` looks good, or cannot be told from true treated cells. For
#'   a `laot_ensemble`, `value` and `sd` are mean and standard deviation over its seeds.
#'
#'   A warning names cells that are both training and observed cells: scores on these say little.
#' @seealso [worst_features()], [benchmark_methods()], [split_cells()]
#' @examples
#' set.seed(1)
#' cells <- function(n, shift) matrix(rnorm(4 * n, shift), 4, dimnames = list(letters[1:4], NULL))
#' fit <- laot_fit(cells(80, 0), 1.5 * cells(60, 2), seed = 1)
#' scores <- evaluate_predictions(fit, observed = 1.5 * cells(30, 2), control = cells(40, 0))
#' scores
#' subset(scores, metric == "mmd2")[, c("method", "setting", "value")]
#' @export
evaluate_predictions <- function(x, observed, control = NULL, train = NULL, metrics = NULL,
                                 gamma = "median", preset = NULL, markers = NULL, ...,
                                 epsilon = c(relative = 0.05), num.threads = 1L) {
  if (inherits(x, "laot_fit_list")) {
    fail("x holds fits for several targets; score one at a time, for example x[[", quoted(names(x)[1L]), "]]")
  }
  if (missing(observed)) fail("observed is missing; give the measured treated cells")
  if (inherits(x, "laot_ensemble")) {
    return(evaluate_ensemble(x, observed = observed, control = control, train = train, metrics = metrics,
                             gamma = gamma, preset = preset, markers = markers, ...,
                             epsilon = epsilon, num.threads = num.threads))
  }
  check_dots(list(...), names(formals(evaluate_predictions)))
  settings <- call_settings(1, num.threads)
  if (!is.null(preset)) preset <- chosen_preset(preset)
  table <- chosen_metrics(if (is.null(metrics)) preset$metrics else metrics)
  check_gamma(gamma)
  epsilon <- checked_epsilon(epsilon)
  fit <- if (inherits(x, "laot_fit")) x
  if (!is.null(fit) && is.null(control)) {
    fail("control is missing; give the control cells that the fit should predict")
  }
  model <- training_model(if (is.null(train)) fit else train, settings)
  like <- if (!is.null(fit)) fit else if (!is.null(model)) model else list(origin = list(kind = "none"))
  read <- function(object, what) read_like(like, object, list(...), what)$values
  warn_of_leakage(train, model, read(observed, "observed"))

  given <- if (is.null(fit)) read(x, "the prediction")
  owner <- if (!is.null(fit)) fit else model
  features <- if (!is.null(owner)) owner$features else value_dimnames(given)[[1L]]
  count <- if (!is.null(owner)) feature_count(owner) else value_dim(given)[1L]
  whose <- if (!is.null(owner)) "the fit" else "the prediction"
  matched <- function(values, what) {
    at <- match_features(features, count, values, what, whose)
    cells_of(values, features = if (!identical(at, seq_len(value_dim(values)[1L]))) at, with.names = FALSE)
  }
  seen <- matched(read(observed, "observed"), "observed")
  start <- if (!is.null(control)) matched(read(control, "control"), "control")
  plain <- function(matrix) cells_of(matrix, with.names = FALSE)

  candidates <- list()
  notes <- list()
  add <- function(name, cells, note = "") {
    candidates[[name]] <<- cells
    notes[[name]] <<- note
  }
  predicted <- function(pointer) plain(native(.Call(C_predict, pointer, start, "no", settings)))
  if (is.null(fit)) {
    add("prediction", matched(given, "the prediction"))
  } else {
    add(fit$method, predicted(model_pointer(fit)))
  }
  if (!is.null(start)) {
    if (!identical(fit$method, "identity")) add("identity", start)
    for (name in setdiff(c("mean_shift", "gaussian_map"), fit$method)) {
      pointer <- if (!is.null(model)) trivial_pointer(model, name)
      if (!is.null(pointer)) add(name, predicted(pointer))
    }
  }
  if (!is.null(model)) {
    reference <- noise_reference(model, cell_count(seen))
    add("noise_reference", plain(reference$cells), reference$note)
  }
  sets <- scored_features(markers, count, model, gamma, preset, settings)
  explain_what_is_left_out(model, start, sets[[1L]]$bandwidths, table)
  if (!is.null(model) && !is.na(model$seed)) settings$seed <- model$seed

  rows <- list()
  for (set in sets) for (method in names(candidates)) {
    on.set <- function(cells) restricted(cells, set$rows)
    metrics <- table[!(method == "noise_reference" & table$name == "cell_spearman"), ]
    sample <- if (!is.null(preset)) preset_sample(preset, cell_count(candidates[[method]]), cell_count(seen))
    gammas <- if (any(metrics$needs.gamma) && !is.null(set$bandwidths)) set$bandwidths$value else NA_real_
    for (k in seq_along(gammas)) {
      wanted <- metrics[if (k > 1L) metrics$needs.gamma else !metrics$needs.gamma | !is.null(set$bandwidths), ]
      if (!nrow(wanted)) next
      scores <- score_rows(wanted, on.set(candidates[[method]]), on.set(seen), if (!is.null(start)) on.set(start),
                           gammas[k], settings, sample, epsilon, set$bandwidths$text[k])
      if (!nrow(scores)) next
      note <- function(reason, left.out) {
        parts <- c(notes[[method]], reason, left_out_text(left.out))
        paste(parts[nzchar(parts)], collapse = "; ")
      }
      rows[[length(rows) + 1L]] <- data.frame(
        method = method, scores[c("metric", "estimator", "setting")], features = set$label,
        reference = counted(cell_count(seen), "observed cell"), value = scores$value,
        note = mapply(note, scores$reason, scores$left.out, USE.NAMES = FALSE), sd = scores$sd
      )
    }
  }
  if (!length(rows)) fail("nothing is left to score: the metrics need what was not given")
  out <- do.call(rbind, rows)
  if (all(is.na(out$sd))) out$sd <- NULL
  out <- structure(out, class = c("laot_scores", "data.frame"))
  attr(out, "verdict") <- verdict(out, names(candidates)[1L], candidates[[1L]], seen, sets, settings)
  out
}

# Which features are scored, and the bandwidths there.
scored_features <- function(markers, count, model, gamma, preset, settings) {
  whole <- list(rows = NULL, label = counted(count, "feature"), bandwidths = chosen_gammas(gamma, model))
  if (is.null(markers)) return(list(whole))
  if (!is.numeric(markers) || length(markers) != 1L || is.na(markers) || markers != floor(markers) ||
      markers < 1 || markers > count) {
    fail("markers must be a number of features from 1 to ", count, ", found ", shown(markers))
  }
  if (is.null(model)) fail("markers are chosen on training cells; give these in train = ")
  kept <- lapply(c("kept_control", "kept_treated"), function(name) cells_of(model_array(model, name), with.names = FALSE))
  at <- marker_features(kept[[1L]], kept[[2L]], markers, settings)
  part <- list(rows = at, label = paste("top", counted(length(at), "marker")), bandwidths = whole$bandwidths)
  if (identical(gamma, "median") && !isTRUE(preset$gamma.from.all.features)) {
    value <- native(.Call(C_median_gamma, restricted(kept[[1L]], at), restricted(kept[[2L]], at), settings))
    part$bandwidths <- list(value = value, text = median_text(value))
  }
  list(whole, part)
}

# `cells` (as cells_of() gives them) with some of their features.
restricted <- function(cells, rows) {
  if (!is.null(rows)) cells$features <- if (is.null(cells$features)) rows else cells$features[rows]
  cells
}

#' Metrics by name
#'
#' @returns A data frame with one row for each metric of [evaluate_predictions()]: `name`, `title`,
#'   `estimator`, `setting`, `doc` (the definition), `source`, `undefined` (when the value is `NA`),
#'   `perfect` (the value of a perfect prediction), `larger.is.better`, `needs.gamma`,
#'   `needs.control`, `takes.epsilon`.
#' @examples
#' laot_metrics()[, c("name", "estimator", "perfect")]
#' @export
laot_metrics <- function() as.data.frame(native(.Call(C_metrics)))

default.metrics <- c("mmd2", "w2", "l2_drug_signature", "pearson_means", "r2_means", "pearson_sds",
                     "sd_ratio", "sd_ratio_median")

chosen_metrics <- function(metrics) {
  table <- laot_metrics()
  if (is.null(metrics)) metrics <- default.metrics
  if (!is.character(metrics) || !length(metrics)) {
    fail("metrics must be names of metrics, found ", shown(metrics))
  }
  for (name in metrics) {
    if (!name %in% table$name) fail("there is no metric ", quoted(name), metrics_meant(name, table))
  }
  table[match(unique(metrics), table$name), ]
}

# "wasserstein" is in the titles of w1 and w2, "sinkhorn" begins several names.
metrics_meant <- function(name, table) {
  near <- nearest(name, table$name)
  holds <- function(texts) grepl(tolower(name), tolower(texts), fixed = TRUE)
  several <- if (nzchar(name)) table$name[holds(table$name) | holds(table$title)]
  slip <- !is.null(near) && utils::adist(name, near, ignore.case = TRUE) <= 1
  if (length(several) > 1L && !slip) return(paste0("; did you mean one of ", listed(several), "?"))
  if (length(several) == 1L) near <- several
  if (is.null(near)) did_you_mean(name, table$name) else paste0("; did you mean ", quoted(near), "?")
}

check_gamma <- function(gamma) {
  if (identical(gamma, "median")) return(invisible())
  if (!is.numeric(gamma) || !length(gamma) || anyNA(gamma) || any(gamma <= 0) || any(is.infinite(gamma))) {
    fail("gamma must be \"median\" or positive numbers, found ", shown(gamma))
  }
}

chosen_gammas <- function(gamma, model) {
  if (!identical(gamma, "median")) {
    gamma <- unique(as.double(gamma))
    return(list(value = gamma, text = paste("gamma =", number_text_each(gamma))))
  }
  if (is.null(model)) return(NULL)
  value <- model$report$median.gamma
  list(value = value, text = median_text(value))
}

median_text <- function(value) {
  paste0("gamma = ", if (is.nan(value)) "NA" else number_text(value), ", median of the training cells")
}

# A fit that stands for the training cells: the trivial predictors, the bandwidth, the kept cells.
training_model <- function(train, settings) {
  if (is.null(train) || inherits(train, "laot_fit")) return(train)
  if (!is.list(train) || is.data.frame(train) || !all(c("control", "treated") %in% names(train))) {
    fail("train must be a laot_fit or list(control =, treated =), found ", shown(train))
  }
  values <- lapply(train[c("control", "treated")], function(part) read_source(part, what = "train")$values)
  fit_method(values$control, "gaussian_map", values$treated, keep.cells = 1e9, seed = 1, num.threads = settings$threads,
             verbose = FALSE)
}

# As many training treated cells as there are observed ones, drawn with the seed of the fit.
noise_reference <- function(model, wanted) {
  kept <- model_array(model, "kept_treated")
  all <- model$report$n.treated
  chosen <- seq_len(ncol(kept))
  if (ncol(kept) > wanted) chosen <- sort(with_seed(model$seed, sample.int(ncol(kept), wanted)))
  note <- paste0(counted(length(chosen), "training treated cell"), " of ", all,
                 if (ncol(kept) < all && ncol(kept) < wanted) paste0(" (the fit keeps ", ncol(kept), ")"))
  list(cells = kept[, chosen, drop = FALSE], note = note)
}

# R's generator is left as it was.
with_seed <- function(seed, code) {
  global <- globalenv()
  before <- global[[".Random.seed"]]
  on.exit(if (is.null(before)) rm(".Random.seed", envir = global) else
    assign(".Random.seed", before, envir = global))
  if (is.na(seed)) seed <- 1
  set.seed(seed %% .Machine$integer.max, kind = "Mersenne-Twister", normal.kind = "Inversion",
           sample.kind = "Rejection")
  code
}

# Beside a model of many features without components there is no Gaussian map.
trivial_pointer <- function(model, name) {
  tryCatch(.Call(C_trivial, model_pointer(model), name), error = function(e) {
    if (name != "gaussian_map") fail(in_r_words(conditionMessage(e)))
    message("Left out: gaussian_map (", conditionMessage(e), ")")
    NULL
  })
}

explain_what_is_left_out <- function(model, start, bandwidths, table) {
  left.out <- c(
    if (is.null(model)) c("mean_shift", "gaussian_map", "noise_reference"),
    if (!is.null(model) && is.null(start)) c("mean_shift", "gaussian_map"),
    if (is.null(start)) "identity"
  )
  if (length(left.out)) {
    message("Left out: ", listed(left.out), " (", paste(c(
      if (is.null(start)) "no control cells in control =", if (is.null(model)) "no training cells in train ="
    ), collapse = ", "), ")")
  }
  if (is.null(bandwidths) && any(table$needs.gamma)) {
    message("Left out: ", listed(table$name[table$needs.gamma]),
            " (the median bandwidth needs training cells in train = ; or give numbers in gamma = )")
  }
  without <- table$name[table$needs.control]
  if (is.null(start) && length(without)) message("Left out: ", listed(without), " (no control cells in control = )")
}

#' @export
print.laot_scores <- function(x, digits = 3L, ...) {
  complete <- c("method", "metric", "estimator", "setting", "features", "value") %in% names(x)
  if (!all(complete) || !nrow(x)) {
    print(as.data.frame(x), digits = digits, ...)
    return(invisible(x))
  }
  sets <- unique(x$features)
  for (set in sets) {
    print_scores(x[x$features == set, ], digits)
    if (set != sets[length(sets)]) cat("\n")
  }
  print_notes(x)
  print_verdict(attr(x, "verdict"))
  invisible(x)
}

left_out_text <- function(count) {
  if (count > 0) paste("without", counted(count, "feature"), "that", if (count == 1) "does" else "do", "not vary") else ""
}

# Of one metric, over the methods: "without 2 to 4 features that do not vary".
left_out_range <- function(texts) {
  counts <- as.numeric(sub("^without ([0-9]+) .*$", "\\1", texts))
  if (min(counts) == max(counts)) return(texts[1L])
  sub("[0-9]+", paste(min(counts), "to", max(counts)), texts[which.max(counts)])
}

# Each note once: of a method, and of a metric what it left out and why it has no value.
print_notes <- function(x) {
  x <- as.data.frame(x)
  if (is.null(x$note)) return(invisible())
  without <- regmatches(x$note, gregexpr("without [0-9]+ features? that do(es)? not vary$", x$note))
  without <- vapply(without, function(found) if (length(found)) found else "", "")
  x$note <- sub("(; )?without [0-9]+ features? that do(es)? not vary$", "", x$note)
  told <- data.frame(metric = x$metric, without)[nzchar(without) & !is.na(x$value), ]
  told <- vapply(split(told$without, factor(told$metric, unique(told$metric))), left_out_range, "")
  for (text in unique(told)) cat(listed(names(told)[told == text]), ": ", text, "\n", sep = "")
  reason <- ifelse(is.na(x$value), sub("^.*undefined: ", "", x$note), "")
  about <- sub("(; )?undefined: .*$", "", x$note)
  of.method <- unique(x[nzchar(about), "method"])
  for (method in of.method) cat(method, ": ", about[x$method == method & nzchar(about)][1L], "\n", sep = "")
  missing <- unique(data.frame(metric = x$metric, reason)[nzchar(reason), ])
  for (k in seq_len(nrow(missing))) {
    methods <- unique(x$method[x$metric == missing$metric[k] & reason == missing$reason[k]])
    whose <- if (length(methods) < length(unique(x$method))) paste0(" of ", listed(methods))
    cat(missing$metric[k], whose, " is NA: ", missing$reason[k], "\n", sep = "")
  }
}

# The columns of a table: metrics in their order, the settings of one side by side, each with a short label, which
# has the setting where one metric has several.
score_keys <- function(x, columns) {
  key <- unique(x[columns])
  key <- key[order(match(key$metric, unique(key$metric))), , drop = FALSE]
  label <- key$metric
  several <- label %in% label[duplicated(label)]
  label[several] <- paste0(label, "[", sub("gamma = ", "", key$setting, fixed = TRUE), "]")[several]
  key$label <- label
  key
}

# One row a method, one column a key; shown(row) is what stands there.
print_by_method <- function(x, key, shown) {
  methods <- unique(x$method)
  cell <- function(method, k) {
    at <- which(x$method == method & x$metric == key$metric[k] & x$setting == key$setting[k])
    if (length(at)) shown(x[at[1L], ]) else ""
  }
  table <- vapply(seq_len(nrow(key)), function(k) vapply(methods, cell, "", k = k), character(length(methods)))
  table <- matrix(table, nrow = length(methods), dimnames = list(methods, key$label))
  print(noquote(table), right = TRUE)
}

print_scores <- function(x, digits) {
  x <- as.data.frame(x)
  key <- score_keys(x, c("metric", "estimator", "setting"))
  print_by_method(x, key, function(row) table_number(row$value, digits))
  cat("\n")
  definition <- ifelse(nzchar(key$setting), paste(key$estimator, key$setting, sep = ", "), key$estimator)
  cat(paste0(format(key$label), "  ", definition), sep = "\n")
  cat("scored on ", x$features[1L], " against ", x$reference[1L], "\n", sep = "")
}

print_verdict <- function(sentences) {
  if (length(sentences)) {
    cat("\nThe prediction:\n", paste0(strwrap(sentences, 80L, indent = 2L, exdent = 4L), "\n"), sep = "")
  }
}
