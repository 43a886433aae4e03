# Scoring predictions beside the trivial predictors and the noise reference.

#' Score predictions beside trivial predictors and a noise reference
#'
#' Every score carries its definition, and stands beside what no change at all, a mean shift and the
#' Gaussian map of the same training cells score, and beside what true treated cells score (the
#' noise reference: as many training treated cells as there are observed ones, drawn with the seed of
#' the fit). A prediction that has lost spread can beat the noise reference in the Wasserstein
#' distance: read `w2` beside `sd_ratio`.
#'
#' @param x A `laot_fit`, whose predictions for the `control` cells are scored, or predicted cells: a
#'   matrix (features x cells), data frame, sparse matrix, SummarizedExperiment,
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
#' @param ... For objects: `assay.type`, `dimred`, `altexp`, or `assay`, `layer`, `reduction`, where
#'   these differ from those of the fit.
#' @param num.threads Threads to use. The result does not depend on it.
#' @returns A data frame of class `laot_scores` with one row for each method and metric: `method`,
#'   `metric`, `estimator`, `setting`, `features` (how many were scored), `reference` (the cells that
#'   the method was compared with), `value` and `note`. A value that is undefined is `NA`, and `note`
#'   says why. Printed as one row a method.
#' @examples
#' set.seed(1)
#' cells <- function(n, shift) matrix(rnorm(4 * n, shift), 4, dimnames = list(letters[1:4], NULL))
#' fit <- laot_fit(cells(80, 0), 1.5 * cells(60, 2), seed = 1)
#' scores <- evaluate_predictions(fit, observed = 1.5 * cells(30, 2), control = cells(40, 0))
#' scores
#' subset(scores, metric == "mmd2")[, c("method", "setting", "value")]
#' @export
evaluate_predictions <- function(x, observed, control = NULL, train = NULL, metrics = NULL,
                                 gamma = "median", ..., num.threads = 1L) {
  if (inherits(x, "laot_fit_list")) {
    fail("x holds fits for several targets; score one at a time, for example x[[", quoted(names(x)[1L]), "]]")
  }
  if (missing(observed)) fail("observed is missing; give the measured treated cells")
  settings <- call_settings(1, num.threads)
  table <- chosen_metrics(metrics)
  check_gamma(gamma)
  fit <- if (inherits(x, "laot_fit")) x
  if (!is.null(fit) && is.null(control)) fail("control is missing; give the control cells that the fit should predict")
  model <- training_model(if (is.null(train)) fit else train, settings)
  like <- if (!is.null(fit)) fit else if (!is.null(model)) model else list(origin = list(kind = "none"))
  read <- function(object, what) read_like(like, object, list(...), what)$values

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
  predicted <- function(pointer) plain(native(C_predict, pointer, start, "no", settings))
  if (is.null(fit)) add("prediction", matched(given, "the prediction")) else add(fit$method, predicted(model_pointer(fit)))
  if (!is.null(start)) {
    if (!identical(fit$method, "identity")) add("identity", start)
    for (name in setdiff(c("mean_shift", "gaussian_map"), fit$method)) {
      if (!is.null(model)) add(name, predicted(native(C_trivial, model_pointer(model), name)))
    }
  }
  if (!is.null(model)) {
    reference <- noise_reference(model, cell_count(seen))
    add("noise_reference", plain(reference$cells), reference$note)
  }
  bandwidths <- chosen_gammas(gamma, model)
  explain_what_is_left_out(model, start, bandwidths, table)

  rows <- list()
  for (method in names(candidates)) {
    for (k in seq_len(nrow(table))) {
      metric <- table[k, ]
      if (metric$needs.control && is.null(start)) next
      if (metric$needs.gamma && is.null(bandwidths)) next
      if (method == "noise_reference" && metric$name == "cell_spearman") next
      for (value in if (metric$needs.gamma) bandwidths$value else NA_real_) {
        score <- native(C_score, metric$name, candidates[[method]], seen, start, value, settings)
        rows[[length(rows) + 1L]] <- data.frame(
          method = method, metric = metric$name, estimator = metric$estimator,
          setting = if (metric$needs.gamma) bandwidths$text[match(value, bandwidths$value)] else metric$setting,
          features = count, reference = counted(cell_count(seen), "observed cell"),
          value = if (is.nan(score)) NA_real_ else score,
          note = paste(c(notes[[method]][nzchar(notes[[method]])], if (is.nan(score)) {
            paste("undefined:", if (metric$needs.gamma && is.na(value)) "no positive distance between training cells" else metric$undefined)
          }), collapse = "; ")
        )
      }
    }
  }
  if (!length(rows)) fail("nothing is left to score: the metrics need what was not given")
  structure(do.call(rbind, rows), class = c("laot_scores", "data.frame"))
}

#' Metrics by name
#'
#' @returns A data frame with one row for each metric of [evaluate_predictions()]: `name`, `title`,
#'   `estimator`, `setting`, `doc` (the definition), `source`, `undefined` (when the value is `NA`),
#'   `perfect` (the value of a perfect prediction), `larger.is.better`, `needs.gamma`,
#'   `needs.control`.
#' @examples
#' laot_metrics()[, c("name", "estimator", "perfect")]
#' @export
laot_metrics <- function() as.data.frame(native(C_metrics))

default.metrics <- c("mmd2", "w2", "l2_drug_signature", "pearson_means", "r2_means", "pearson_sds",
                     "sd_ratio", "sd_ratio_median")

chosen_metrics <- function(metrics) {
  table <- laot_metrics()
  if (is.null(metrics)) metrics <- default.metrics
  if (!is.character(metrics) || !length(metrics)) fail("metrics must be names of metrics, found ", shown(metrics))
  for (name in metrics) {
    if (!name %in% table$name) fail("there is no metric ", quoted(name), did_you_mean(name, table$name))
  }
  table[match(unique(metrics), table$name), ]
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
  list(value = value, text = paste0("gamma = ", number_text(value), ", median of the training cells"))
}

# A fit that stands for the training cells: the trivial predictors, the bandwidth, the kept cells.
training_model <- function(train, settings) {
  if (is.null(train) || inherits(train, "laot_fit")) return(train)
  if (!is.list(train) || is.data.frame(train) || !all(c("control", "treated") %in% names(train))) {
    fail("train must be a laot_fit or list(control =, treated =), found ", shown(train))
  }
  values <- lapply(train[c("control", "treated")], function(part) read_source(part, what = "train")$values)
  settings$seed <- 1
  ask <- list(method = "gaussian_map", preset = NULL, params = list(keep_cells = 1e9), settings = settings,
              verbose = FALSE)
  fit_pair(ask, values$control, values$treated, NULL)
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
  complete <- c("method", "metric", "estimator", "setting", "value") %in% names(x)
  if (!all(complete) || !nrow(x)) {
    print(as.data.frame(x), digits = digits, ...)
    return(invisible(x))
  }
  key <- unique(x[c("metric", "estimator", "setting")])
  label <- key$metric
  several <- label %in% label[duplicated(label)]
  label[several] <- paste0(label, "[", sub("gamma = ", "", key$setting, fixed = TRUE), "]")[several]
  methods <- unique(x$method)
  value <- function(method, k) {
    at <- x$method == method & x$metric == key$metric[k] & x$setting == key$setting[k]
    if (!any(at)) "" else if (is.na(x$value[at][1L])) "NA" else number_text(x$value[at][1L], digits)
  }
  table <- vapply(seq_along(label), function(k) vapply(methods, value, "", k = k), character(length(methods)))
  table <- matrix(table, nrow = length(methods), dimnames = list(methods, label))
  print(noquote(table), right = TRUE)
  cat("\n")
  definition <- ifelse(nzchar(key$setting), paste(key$estimator, key$setting, sep = ", "), key$estimator)
  cat(paste0(format(label), "  ", definition), sep = "\n")
  cat("scored on ", counted(x$features[1L], "feature"), " against ", x$reference[1L], "\n", sep = "")
  notes <- unique(x[nzchar(x$note), c("method", "metric", "note")])
  whole <- unique(notes[c("method", "note")])
  if (nrow(whole)) cat(paste0(whole$method, ": ", whole$note), sep = "\n")
  invisible(x)
}
