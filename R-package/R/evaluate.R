# Scoring predictions beside the trivial predictors and the noise reference.

#' Score predictions beside trivial predictors and a noise reference
#'
#' Every score carries its definition, and stands beside what no change at all, a mean shift and the
#' Gaussian map of the same training cells score, and beside what true treated cells score (the
#' noise reference: as many training treated cells as there are observed ones, drawn with the seed
#' of the fit; `reference` says when it is something else). The library does it all, so that every
#' language prints the same numbers. A prediction that has lost spread can beat the noise reference
#' in the Wasserstein distance: read `w2` beside `sd_ratio`. The Gaussian map is that of the feature
#' space of the fit: beside an identity or a mean shift, which have no components, it is one of all
#' features, and another one than beside the other methods.
#'
#' @param x A `laot_fit` (or the `laot_ensemble` or `laot_ensemble_list` of several seeds), whose
#'   predictions for the `control` cells are scored, or predicted cells: a matrix (features x
#'   cells), data frame, sparse matrix, SummarizedExperiment, SingleCellExperiment or Seurat object.
#' @param observed The treated cells that were measured, best ones that no fit has seen, in any of
#'   these classes. Features are matched by name where there are names.
#' @param control Control cells to predict. Needed where `x` is a fit; the trivial predictors start
#'   from them.
#' @param at For several conditions in a list: a data frame of covariates, one row for each of
#'   `observed`; without it the names of `observed` must be those of conditions that were seen, or
#'   that the fit held out (`hold.out` of [fit_method()]).
#' @param beside For several conditions: `NULL`, or a list of fits of other methods to the same
#'   experiment, such as `"cmonge"` and `"cpa"`, whose predictions stand beside. Beside a method of
#'   many conditions its trivial predictors stand by themselves: `conditional_gaussian`,
#'   `regressed_shift` and `nearest_shift`, of the training cells that the fit keeps, in its feature
#'   space. A method that does not beat `conditional_gaussian` has shown nothing.
#' @param train Where the training cells are: a `laot_fit`, or `list(control =, treated =)`. A fit
#'   given as `x` is its own. Without it the rows that need training cells (mean shift, Gaussian
#'   map, noise reference, scores at the median bandwidth) are left out with a message.
#' @param metrics Names of metrics: see [laot_metrics()].
#' @param gamma Bandwidths of metrics with a kernel \eqn{exp(-gamma |u-v|^2)}: `"median"`, 1 /
#'   median of the positive squared distances between the training cells, or numbers.
#' @param epsilon The entropy of the metrics that begin with `sinkhorn`: `c(relative = 0.05)`, a
#'   share of the mean squared distance between predicted and observed cells, or `c(absolute = )`, a
#'   number in squared units of the features. The smaller, the longer it takes; a note says where
#'   the marginals are off by more than 1e-7.
#' @param preset A name of [laot_score_presets()]: the settings under which published code prints
#'   its scores, so that numbers can stand beside those of a paper.
#' @param markers `NULL`, or a number: the scores are given on so many marker features as well,
#'   those with the largest |t| of Welch's test between the training cells (of a fit: those that it
#'   keeps). The median bandwidth is then that of the markers, but for `preset = "laot"`.
#' @param reference Which cells the noise reference is of. `"training"`: training treated cells,
#'   right after a random split. `"halves"`: the observed cells, half against half, mean over 5
#'   halvings: right for a donor, line or condition that was held out; what treated cells of the
#'   training donors score then stands under `training_treated`. Halves have fewer cells and so are
#'   noisier, see the columns `cells` and `observed`. `"auto"`: halves where `batch` is given here
#'   and was given to the fit, and none of its labels is among the training cells', else training.
#' @param batch For `reference = "auto"`: a column of `observed`, or one label for each of its cells
#'   (donor, line).
#' @param by A column of `observed` and `control` (cell type), or `list(observed =, control =)` with
#'   one label for each cell. Each group that both have gets rows of its own, and `own_group_share`
#'   says how far predicted cells stay within theirs: the share of the 10 observed cells nearest to
#'   a predicted one that are of its group, mean over cells. Whole populations can agree while
#'   groups are exchanged.
#' @param types Of a fit with `balance = "types"`: the type of each `control` cell, a column or one
#'   label each; without it the column that the fit had its types from, or the groups of `by`.
#' @param ... For objects: `assay.type`, `dimred`, `altexp`, or `assay`, `layer`, `reduction`, where
#'   these differ from those of the fit.
#' @param num.threads Threads to use. The result does not depend on it.
#' @details Predictions of a fit that was balanced ([composition()]) are scored with cells alike and
#' with what each cell counts: every method that starts from the control cells has a second row of
#' each metric that has such a form, in which `weighted` is `TRUE`. Cells alike have
#' the shares of types of the controls, so that their scores say how far a population with other
#' shares is; the weighted ones say how good the map is.
#'
#' For fits by a column (`laot_fit(by = )`) `observed` is one object with that column and the
#' condition's, or a list of cells by level; `condition` in the table names the level.
#'
#' For a fit of several conditions (a `laot_fit_list`) `observed` is one object whose column of the
#' condition says which cells are of which; or a named list of matrices or objects, one for each
#' condition. Of one object, conditions that the fit does not know by name are those of their
#' covariates, which must be columns of it; control cells are those of the control level, from
#' `control` where it is given, each condition with those of its own context. Beside a list,
#' `control` is one matrix or object, or a list of one for each. More than ten conditions are
#' printed by kind. The table has one condition after the other, seen and, with a method of many
#' conditions, not seen: another dose, a drug, a combination. Of a condition that was not seen there
#' are no training cells: identity is the only trivial predictor of one condition, the noise
#' reference is of halves of the observed cells, and the bandwidth is 1 / the median over the seen
#' conditions of their median squared distances.
#' @returns A data frame of class `laot_scores` with one row for each method, metric and set of
#'   features: `condition`, `kind` (`"seen"`, or `"unseen context"` beside halves; of several
#'   conditions also `"unseen dose"`, `"unseen level"`, `"unseen combination"`, or `"unseen"` where
#'   the method does not tell), `group` (with `by`), `method`, `metric`, `estimator`, `setting`
#'   (bandwidth, subsamples), `features` (what was scored), `gamma`, `cells` (of the method),
#'   `observed` (cells that these were compared with), `value`, `sd` (over repeated subsamples or
#'   halvings), `left.out` (features that a score leaves out because they do not vary), `reason`
#'   (why a value is `NA`), `weighted`, `gamma.from` (`"median"` of the training cells, `"given"`,
#'   or `""`), `metric.setting` (the metric's own part of `setting`), `halvings`, `subsamples` and
#'   `subsample.cells` (the means behind a value; 0: none), and `reference` (`observed` in words).
#'   Printed as one row a method, with what can be read from it in words: whether the prediction is
#'   worse than the mean shift, has lost spread while its `w2` looks good, or cannot be told from
#'   true treated cells. Of several seeds, `value` and `sd` are mean and sd over its seeds.
#'
#'   A warning names cells that are both training and observed cells, since scores on these say
#'   little, and labels that are not those of the argument: controls among `observed`, treated cells
#'   in `control`.
#' @seealso [plot()][plot.laot_scores] draws the table; [worst_features()], [benchmark_methods()],
#'   [split_cells()], [conditions()]
#' @examples
#' set.seed(1)
#' cells <- function(n, shift) matrix(rnorm(4 * n, shift), 4, dimnames = list(letters[1:4], NULL))
#' fit <- laot_fit(cells(80, 0), 1.5 * cells(60, 2), seed = 1)
#' scores <- evaluate_predictions(fit, observed = 1.5 * cells(30, 2), control = cells(40, 0))
#' scores
#' subset(scores, metric == "mmd2")[, c("method", "setting", "value")]
#'
#' # Several conditions, one of them not seen:
#' dose <- rep(c(0, 1, 3, 10), each = 40)
#' screen <- matrix(rnorm(3 * 160), 3) + rep(log1p(dose), each = 3)
#' fits <- function(method) fit_method(screen, method, condition = paste("dose", dose),
#'                                     control = "dose 0",
#'                                     covariates = data.frame(dose = dose), seed = 1)
#' evaluate_predictions(fits("conditional_laot"),
#'                      observed = list(five = matrix(rnorm(90), 3) + log1p(5)),
#'                      control = matrix(rnorm(90), 3), at = data.frame(dose = 5),
#'                      metrics = c("mmd2", "w2"))
#' @export
evaluate_predictions <- function(x, observed, control = NULL, train = NULL, metrics = NULL,
                                 gamma = "median", preset = NULL, markers = NULL, ...,
                                 epsilon = NULL, reference = "auto", batch = NULL, by = NULL,
                                 types = NULL,
                                 at = NULL, beside = NULL, num.threads = 1L) {
  exact_arguments()
  check_dots(list(...), names(formals(evaluate_predictions)))
  if (missing(x)) fail("x is missing; give a fit, or predicted cells")
  if (missing(observed) || is.null(observed))
    fail("observed is missing; give the measured treated cells")
  if (inherits(x, "laot_ensemble_list")) {
    return(evaluate_ensemble(attr(x, "fits"), observed = observed, control = control,
                             train = train, metrics = metrics, gamma = gamma, preset = preset,
                             markers = markers, ..., epsilon = epsilon, reference = reference,
                             batch = batch, by = by, types = types, at = at, beside = beside,
                             num.threads = num.threads))
  }
  if (inherits(x, "laot_fit_list")) {
    where <- list(...)
    one.only <- c("train", "batch", "by", "types")[!c(is.null(train), is.null(batch), is.null(by),
                                                      is.null(types))]
    if (length(one.only)) {
      fail(one.only[1L], " = is of one condition; score the fits one at a time, for example x[[",
           quoted(names(x)[1L]), "]]")
    }
    return(evaluate_conditions(x, observed, control, at, beside, where, metrics = metrics,
                               gamma = gamma, preset = preset,
                               markers = markers, epsilon = epsilon, reference = reference,
                               num.threads = num.threads))
  }
  if (!is.null(at) || !is.null(beside)) {
    fail("at = and beside = go with a fit of several conditions, found ", shown(x))
  }
  if (inherits(x, "laot_ensemble")) {
    return(evaluate_ensemble(x, observed = observed, control = control, train = train,
                             metrics = metrics,
                             gamma = gamma, preset = preset, markers = markers, ...,
                             epsilon = epsilon,
                             reference = reference, batch = batch, by = by, types = types,
                             num.threads = num.threads))
  }
  options <- score_options(metrics, gamma, preset, markers, epsilon, reference)
  settings <- call_settings(1, num.threads)
  fit <- if (inherits(x, "laot_fit")) x
  if (!is.null(fit) && is.null(control)) {
    fail("control is missing; give the control cells that the fit should predict")
  }
  model <- training_model(if (is.null(train)) fit else train, settings, list(...))
  if (!is.null(model) && !is.na(model$seed)) settings$seed <- model$seed
  given <- held_out_cells(x, fit, model, observed, control, list(...), batch, by)
  given$control$groups <- types_that_weigh(fit, given, types)
  warn_of_leakage(train, model, given$sources$observed$values)
  if (!is.null(model)) warn_of_labels(model, given$sources)
  options$condition <- if (!is.null(fit)) as.character(fit$target)
  options$markers <- checked_number_of_markers(markers, given$count, model)
  scores <- evaluated(model, given, options, settings)
  explain_what_is_left_out(model, given, scores, options)
  table <- as_scores(scores, by)
  attr(table, "verdict") <- verdict(scores)
  table
}

# The scored cells, features in the order of the fit: predicted (or NULL), observed, control (or
# NULL).
held_out_cells <- function(x, fit, model, observed, control, dots, batch, by) {
  like <- if (!is.null(fit)) fit else if (!is.null(model))
    model else list(origin = list(kind = "none"))
  read <- function(object, what) if (!is.null(object)) read_like(like, object, dots, what)
  sources <- list(predicted = if (is.null(fit)) read(x, "the prediction"),
                  observed = read(observed, "observed"),
                  control = read(control, "control"))
  if (is.null(fit)) warn_of_other_place(x, sources$predicted$origin)
  owner <- if (!is.null(fit)) fit else model
  features <- if (!is.null(owner))
    owner$features else value_dimnames(sources$predicted$values)[[1L]]
  count <- if (!is.null(owner)) feature_count(owner) else value_dim(sources$predicted$values)[1L]
  whose <- if (!is.null(owner)) "the fit" else "the prediction"
  matched <- function(name) {
    values <- sources[[name]]$values
    if (is.null(values)) return(NULL)
    at <- match_features(features, count, values,
                         if (name == "predicted") "the prediction" else name, whose,
                         if (is.null(owner)) sources$predicted$values)
    out <- cells_of(values, features = if (!identical(at, seq_len(value_dim(values)[1L]))) at,
                    with.names = FALSE)
    out$at <- at
    out$names <- list(value_dimnames(values)[[1L]][at], value_dimnames(values)[[2L]])
    out$groups <- group_labels(by, name, sources[[name]])
    out
  }
  if (!is.null(by) && is.null(control))
    fail("by needs the control cells that were predicted, in their order: give control = ")
  out <- lapply(stats::setNames(nm = names(sources)), matched)
  out$observed$batch <- labels_of_cells(batch, sources$observed, "batch")
  c(out, list(sources = sources, count = count))
}

# Predictions that were put into an object lie beside its cells' own values.
warn_of_other_place <- function(x, origin) {
  if (object_kind(x) == "matrix") return(invisible())
  places <- setdiff(predicted_places(x), marks_of_labels(predicted_places(x)))
  read <- Filter(is.character, origin[setdiff(names(origin), c("kind", "values"))])
  if (!length(places) || any(sub("^[a-z]* ", "", places) %in% unlist(read))) return(invisible())
  warning("x has a prediction in ", listed(sub(" ", " \"", paste0(places, "\""))),
          ", and not that is scored but its ", place_text(origin),
          "; score what predict() gives without into = ", call. = FALSE)
}

# The labels of the control cells: of by, or the types from which the weights of a balanced fit
# follow.
types_that_weigh <- function(fit, given, types) {
  of.by <- given$control$groups
  if (is.null(fit) || balance_of(fit) != "types") {
    if (!is.null(types)) fail("types goes with a fit that was balanced by types")
    return(of.by)
  }
  labels <- types_of_cells(fit, given$sources$control, types)
  if (is.null(of.by)) {
    if (is.null(labels)) {
      fail("the fit was balanced by types, and its scores need the type of each control cell: ",
           "give types = , a column of ",
           "control or one label for each of its cells")
    }
    return(labels)
  }
  if (!is.null(types) && !identical(labels, of.by)) {
    fail("by and types label the control cells differently; of a fit that was balanced by types ",
         "give one of them, the types")
  }
  of.by
}

labels_of_cells <- function(labels, source, what) {
  if (is.null(labels)) return(NULL)
  labels <- as.character(labels_of(labels, source, what))
  if (anyNA(labels))
    fail(what, " has no label for ", counted(sum(is.na(labels)), "cell"), " of ", source$what,
         "; leave them out, or give them one")
  labels
}

# by: a column of both objects, or a list of labels. A prediction is of the group of its control
# cell.
group_labels <- function(by, name, source) {
  if (is.null(by) || name == "predicted") return(NULL)
  if (is.list(by)) {
    if (is.null(by[[name]]))
      fail("by must be a column, or list(observed =, control =); it lacks ", name)
    by <- by[[name]]
  }
  labels_of_cells(by, source, "by")
}

# The table of the library, with its own names; a bad value is placed in the user's objects.
evaluated <- function(model, given, options, settings) {
  places <- lapply(given[c("predicted", "observed", "control")], function(part) {
    if (!is.null(part))
      list(features = part$at, feature.names = part$names[[1L]], cell.names = part$names[[2L]])
  })
  columns <- native(.Call(C_evaluate, if (!is.null(model)) model_pointer(model), given$predicted,
                          given$observed,
                          given$control, options, settings), places)
  as.data.frame(columns)
}

# The library's table as R shows it: dots in names, no columns that say nothing.
as_scores <- function(scores, by = NULL) {
  scores <- scores[scores$metric != p.value.metric, ]
  names(scores) <- dotted(names(scores))
  scores$weighted <- is_weighted(scores)
  if (is.null(by)) scores$group <- NULL
  scores$reference <- vapply(scores$observed, counted, "", "observed cell")
  if (all(is.na(scores$sd))) scores$sd <- NULL
  rownames(scores) <- NULL
  structure(scores, class = c("laot_scores", "data.frame"))
}

p.value.metric <- "mmd2_p_value"

# Rows in which cells count what they weigh.
is_weighted <- function(scores) scores$weighted == 1

checked_number_of_markers <- function(markers, count, model) {
  if (is.null(markers)) return(NULL)
  if (!is.numeric(markers) || length(markers) != 1L || is.na(markers) ||
      markers != floor(markers) ||
      markers < 1 || markers > count) {
    fail("markers must be a number of features from 1 to ", count, ", found ", shown(markers))
  }
  if (is.null(model)) fail("markers are chosen on training cells; give these in train = ")
  markers
}

# A fit that stands for the training cells: the trivial predictors, the bandwidth, the kept cells.
training_model <- function(train, settings, where) {
  if (is.null(train) || inherits(train, "laot_fit")) return(train)
  if (!is.list(train) || is.data.frame(train) || !all(c("control", "treated") %in% names(train))) {
    fail("train must be a laot_fit or list(control =, treated =), found ", shown(train))
  }
  sources <- lapply(train[c("control", "treated")], function(cells)
    read_like(list(origin = list(kind = "none")), cells, where, "train"))
  out <- fit_method(sources$control$values, "gaussian_map", sources$treated$values,
                    keep.cells = 1e9, seed = 1, num.threads = settings$threads, verbose = FALSE)
  # By these the labels of the other cells are compared.
  levels <- levels_of_two(sources$control, sources$treated)
  out[names(levels)] <- levels
  out
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

explain_what_is_left_out <- function(model, given, scores, options) {
  tell <- function(names, why) if (length(names))
    message("Left out: ", listed(names), " (", why, ")")
  without <- c(if (is.null(given$control)) "no control cells in control =",
               if (is.null(model)) "no training cells in train =")
  trivial <- trivial_methods()
  unlearnt <- vapply(trivial, trait, NA, "raw")
  tell(c(if (length(without)) trivial[!unlearnt], if (is.null(model)) "noise_reference",
         if (is.null(given$control)) trivial[unlearnt]), paste(without, collapse = ", "))
  if (!length(without)) {
    absent <- setdiff(trivial[!unlearnt], scores$method)
    why <- vapply(absent, why_not_beside, "", model = model)
    for (reason in unique(why)) tell(absent[why == reason], reason)
  }
  if (!is.null(model) && !"noise_reference" %in% scores$method) {
    if ("training_treated" %in% scores$method)
      tell("noise_reference", "too few observed cells for two halves")
    else if (!ncol(model_array(model, "kept_treated")))
      tell("noise_reference", "the fit kept no cells")
  }
  preset <- if (!is.null(options$preset)) chosen_preset(options$preset)$metrics
  table <- chosen_metrics(if (is.null(options$metrics)) preset else options$metrics)
  if (is.null(model) && is.null(options$gammas)) {
    tell(table$name[table$needs.gamma],
         "the median bandwidth needs training cells in train = ; or give numbers in gamma = ")
  }
  if (is.null(given$control)) tell(table$name[table$needs.control], "no control cells in control =")
  if (!is.null(given$observed$groups)) {
    tell(setdiff(c(given$observed$groups, given$control$groups), scores$group),
         "no cells of it on one side")
  }
}

# In the library's words.
why_not_beside <- function(name, model) {
  tryCatch({
    .Call(C_trivial, model_pointer(model), name)
    "it is not there"
  }, error = conditionMessage)
}

#' @export
print.laot_scores <- function(x, digits = 3L, ...) {
  complete <- c("method", "metric", "estimator", "setting", "features", "gamma", "value",
                "weighted", "gamma.from", "metric.setting", "halvings") %in% names(x)
  if (!all(complete) || !nrow(x)) {
    print(as.data.frame(x), digits = digits, ...)
    return(invisible(x))
  }
  if (length(unique(x$condition)) > 1L) {
    print_conditions(x, digits)
    return(invisible(x))
  }
  group <- if (is.null(x$group)) rep("", nrow(x)) else x$group
  blocks <- unique(paste(group, x$features, sep = "\r"))
  for (block in blocks) {
    rows <- paste(group, x$features, sep = "\r") == block
    if (nzchar(group[rows][1L])) cat("Group ", group[rows][1L], "\n", sep = "")
    part <- x[rows, ]
    part$setting <- shown_setting(part)
    print_scores(part, digits)
    if (block != blocks[length(blocks)]) cat("\n")
  }
  print_notes(x)
  print_verdict(attr(x, "verdict"))
  invisible(x)
}

# "without 2 to 4 features that do not vary", of one metric over the methods.
left_out_text <- function(counts) {
  if (min(counts) < max(counts))
    return(paste("without", min(counts), "to", max(counts), "features that do not vary"))
  paste("without", counted(counts[1L], "feature"), "that", if (counts[1L] == 1) "does" else "do",
        "not vary")
}

# A mean of ratios above so many times their median is that of a few features.
most.over.median <- 3

# Each note once: what a metric left out and why it has no value, and the cells of a reference.
print_notes <- function(x) {
  x <- as.data.frame(x)
  if (!all(c("left.out", "reason", "cells", "observed") %in% names(x))) return(invisible())
  told <- x[x$left.out > 0 & !is.na(x$value), ]
  texts <- vapply(split(told$left.out, factor(told$metric, unique(told$metric))), left_out_text, "")
  for (text in unique(texts)) cat(listed(names(texts)[texts == text]), ": ", text, "\n", sep = "")
  whose <- paste(x$method, x$features, x$weighted)
  middle <- x$metric == "sd_ratio_median"
  typical <- x$value[middle][match(whose, whose[middle])]
  carried <- x$metric == "sd_ratio" & x$value > most.over.median * typical
  if (any(carried, na.rm = TRUE)) {
    cat("sd_ratio of ", listed(unique(x$method[which(carried)])), " is a mean that features carry ",
        "which hardly vary in the observed cells: read sd_ratio_median\n", sep = "")
  }
  for (method in intersect(c("noise_reference", "training_treated"), x$method)) {
    row <- x[x$method == method, ][1L, ]
    halves <- method == "noise_reference" && "training_treated" %in% x$method ||
      row$halvings > 0
    cat(method, ": ", if (halves) {
      paste0("observed cells, half against half (", row$cells, " against ", row$observed,
             "; fewer cells than the other rows have, so noisier)")
    } else counted(row$cells, "training treated cell"), "\n", sep = "")
  }
  missing <- unique(x[is.na(x$value) & nzchar(x$reason), c("metric", "reason")])
  for (k in seq_len(nrow(missing))) {
    methods <- unique(x$method[x$metric == missing$metric[k] & x$reason == missing$reason[k]])
    whose <- if (length(methods) < length(unique(x$method))) paste0(" of ", listed(methods))
    cat(missing$metric[k], whose, " is NA: ", missing$reason[k], "\n", sep = "")
  }
}

# The columns of a table: metrics in their order, the settings of one side by side, each with a
# short label, which has the bandwidth, or the setting, where one metric has several.
score_keys <- function(x, columns) {
  key <- unique(x[c(columns, "weighted")])
  key <- key[order(match(key$metric, unique(key$metric))), , drop = FALSE]
  own <- paste0(key$metric, ifelse(key$weighted, "[weighted]", ""))
  gamma <- vapply(seq_len(nrow(key)), function(k) {
    at <- unique(x$gamma[x$metric == key$metric[k] & x$setting == key$setting[k]])
    if (length(at) == 1L && !is.na(at)) number_text(at, 4L) else key$setting[k]
  }, "")
  key$label <- own
  for (more in list(gamma, key$setting)) {
    same <- key$label %in% key$label[duplicated(key$label)]
    key$label[same] <- paste0(own, "[", more, "]")[same]
  }
  key
}

# One row a method, one column a key; shown(row) is what stands there.
print_by_method <- function(x, key, shown) {
  methods <- unique(x$method)
  cell <- function(method, k) {
    at <- which(x$method == method & x$metric == key$metric[k] & x$setting == key$setting[k])
    if (length(at)) shown(x[at[1L], ]) else ""
  }
  table <- vapply(seq_len(nrow(key)), function(k) vapply(methods, cell, "", k = k),
                  character(length(methods)))
  table <- matrix(table, nrow = length(methods), dimnames = list(methods, key$label))
  print(noquote(table), right = TRUE)
}

print_scores <- function(x, digits) {
  x <- as.data.frame(x)
  key <- score_keys(x, c("metric", "estimator", "setting"))
  print_by_method(x, key, function(row) table_number(row$value, digits))
  cat("\n")
  definition <- ifelse(nzchar(key$setting), paste(key$estimator, key$setting, sep = ", "),
                       key$estimator)
  cat(paste0(format(key$label), "  ", definition), sep = "\n")
  observed <- if (!is.null(x$observed)) paste(" against", counted(x$observed[1L], "observed cell"))
  cat("scored on ", x$features[1L], observed, "\n", sep = "")
}

print_verdict <- function(sentences) {
  if (length(sentences)) {
    cat("\nThe prediction:\n", paste0(strwrap(sentences, 80L, indent = 2L, exdent = 4L), "\n"),
        sep = "")
  }
}
