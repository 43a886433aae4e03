# Methods of many conditions, with some left out: a task is one method on one split and seed, since
# one fit predicts all conditions.

usual_methods <- function(many) if (many) c("conditional_laot", trivial_methods(many)) else
  c("laot", "gaussian_map", "mean_shift", "identity")

with_trivial <- function(methods, trivial) {
  run <- names(Filter(function(method) method$kind == "function", methods))
  if (length(run)) {
    fail("method ", quoted(run[1L]),
         " is a function, which knows of one condition; with covariates a method must be one of ",
         listed(laot_methods()$name, 30L))
  }
  if (!is.logical(trivial) || length(trivial) != 1L || is.na(trivial))
    fail("trivial must be TRUE or FALSE, found ", shown(trivial))
  names <- vapply(methods, `[[`, "", "method")
  beside <- if (trivial) setdiff(trivial_methods(many = TRUE), c(names, names(methods)))
  c(methods, if (length(beside)) chosen_methods(beside))
}

# list(covariates, controls, control.of) as of a fit, with the embeddings.
experiment_of_benchmark <- function(covariates, embedding, combine, source, labels, chosen) {
  check_combine(combine)
  known <- described_conditions(covariate_columns(covariates, source), labels, chosen, combine)
  known$combine <- combine
  known$controls <- lapply(known$controls, function(at) which(labels == chosen$control)[at])
  if (is.character(embedding)) one_of(embedding, c("given", "effect", by.control), "embedding")
  known$embedding <- word_of_embedding(embedding, known$covariates[[1L]])
  known$by.effect <- !is.null(known$embedding)
  known$embeddings <- embeddings_of(embedding, known$covariates)
  known
}

no_experiment <- function(given) {
  named <- names(Filter(Negate(is.null), given))
  if (length(named))
    fail(named[1L], " is of the conditions of an experiment; give covariates = ~ drug, say")
}

# Each split without the conditions that are left out; a list without names is several such choices
# in turn.
hold_out_of_splits <- function(splits, hold.out, experiment, random) {
  turns <- if (is.list(hold.out) && !is.data.frame(hold.out) && is.null(names(hold.out))) hold.out
  if (!is.null(turns) && !length(turns))
    fail("hold.out is empty; name conditions, or leave it away")
  if (!is.null(turns) && !random)
    fail("hold.out of several choices in turn goes with random splits; leave split = away")
  names <- names(experiment$covariates)
  left.out <- lapply(if (is.null(turns)) list(hold.out) else turns, held_out_names, names,
                     experiment$covariates, experiment$combine)
  for (held in left.out) {
    if (length(held) == length(names)) fail("hold.out leaves out every condition; leave one to fit")
  }
  out <- lapply(left.out, function(held) lapply(splits, function(split) {
    split$held <- held
    if (!is.null(turns)) split$name <- paste("without", listed(held, 3L))
    split
  }))
  unlist(out, recursive = FALSE)
}

# Also where conditions were left out in turn.
is_random_split <- function(name) name == "random" | startsWith(name, "without ")

conditions_tasks <- function(plan) {
  rows <- lapply(seq_along(plan$splits), function(k) {
    split <- plan$splits[[k]]
    check_condition_cells(plan, split)
    expand.grid(method = names(plan$methods), target = NA_character_, seed = split$seeds, split = k,
                split.name = split$name, stringsAsFactors = FALSE)
  })
  tasks <- do.call(rbind, rows)
  tasks[order(tasks$split, tasks$seed), ]
}

# list(train, test) of list(controls, treated), of the cells of each.
condition_cells <- function(plan, split) {
  cells <- function(part, of.held) {
    inside <- which(split$part == part)
    treated <- lapply(stats::setNames(nm = names(plan$experiment$covariates)), function(name) {
      all <- which(plan$labels == name)
      if (name %in% split$held) of.held(all) else intersect(all, inside)
    })
    list(controls = lapply(plan$experiment$controls, intersect, inside), treated = treated)
  }
  # All cells of a condition that is left out are test cells. The library takes them for its name,
  # and no more.
  list(train = cells("train", identity), test = cells("test", identity))
}

check_condition_cells <- function(plan, split) {
  parts <- condition_cells(plan, split)
  for (part in names(parts)) {
    empty <- names(Filter(Negate(length), parts[[part]]$treated))
    if (length(empty))
      fail("split ", quoted(split$name), " has no ", part, " cells of condition ",
           quoted(empty[1L]))
    alone <- which(!lengths(parts[[part]]$controls))
    if (length(alone)) {
      of <- names(plan$experiment$covariates)[match(alone[1L], plan$experiment$control.of)]
      fail("split ", quoted(split$name), " has no ", part, " control cells for condition ",
           quoted(of))
    }
  }
}

# The rows of one task: of every condition, in their order.
rows_of_conditions <- function(task, plan) {
  split <- plan$splits[[task$split]]
  parts <- condition_cells(plan, split)
  settings <- call_settings(task$seed)
  method <- plan$methods[[task$method]]
  rows <- plan$rows
  if (is.null(rows) && plan$reduce && value_dim(plan$values)[1L] > usual_features()) {
    seen <- setdiff(names(parts$train$treated), split$held)
    rows <- variable_features(population(plan$values, unlist(parts$train$controls)),
                              population(plan$values, unlist(parts$train$treated[seen],
                                  use.names = FALSE)), settings)
  }
  pointer <- fit_of_conditions(method, plan, split, parts$train, rows, settings)
  read <- function(at) cells_of(plan$values, at, rows, with.names = FALSE)
  controls <- lapply(parts$test$controls, read)
  out <- lapply(names(parts$test$treated), function(name) {
    left.out <- name %in% split$held
    control <- controls[plan$experiment$control.of[match(name, names(parts$test$treated))]]
    tryCatch({
      if (left.out && fitted_to_each(method)) {
        fail("a method that is fitted to each condition predicts none without training cells")
      }
      options <- list(metrics = plan$metrics$name, methods = scored_methods(method),
                      reference = plan$reference,
                      markers = if (!left.out) plan$markers)
      found <- as.data.frame(native(.Call(C_evaluate_experiment, list(pointer), control,
                                          lapply(parts$test$treated[name], read), 1L, list(list()),
                                          options, settings)))
      names(found) <- dotted(names(found))
      if (method$kind != "noise") found$method <- rep(task$method, nrow(found))
      cbind(target = rep(name, nrow(found)), found[benchmark.columns])
    }, error = function(e) {
      cbind(target = name, unscored(task, plan, conditionMessage(e),
                                    if (left.out) "unseen" else "seen"))
    })
  })
  out <- do.call(rbind, out)
  attr(out, "failed") <- FALSE
  out
}

fitted_to_each <- function(method)
  method$kind == "method" && !method$many && !trait(method$method, "raw")

scored_methods <- function(method) switch(method$kind,
  noise = c("noise_reference", "training_treated"),
  method = if (trait(method$method, "raw")) method$method else "prediction"
)

# Of no change, and of true cells, a fit that stands for the training cells and knows all
# conditions.
fit_of_conditions <- function(method, plan, split, train, rows, settings) {
  known <- plan$experiment
  name <- if (method$kind == "method" && !trait(method$method, "raw"))
    method$method else "nearest_shift"
  own <- name == method$method
  params <- if (isTRUE(own)) method$params
  if (is.null(params$keep_cells)) params$keep_cells <- 1e9
  if (known$by.effect && "embedding" %in% laot_params(name)$name && is.null(params$embedding))
    params$embedding <- known$embedding
  read <- function(at) cells_of(plan$values, at, rows, plan$batch[at], with.names = FALSE)
  controls <- lapply(train$controls, read)
  treated <- lapply(train$treated, read)
  names(treated) <- enc2utf8(names(treated))
  native(.Call(C_fit_experiment, name, if (isTRUE(own)) method$preset, params, controls, treated,
               known$control.of,
               known$covariates, known$embeddings, enc2utf8(as.character(split$held)), settings),
         parts_of_experiment(controls, treated))
}

# A fit that failed, for all conditions.
failed_conditions <- function(task, plan, reason) {
  held <- plan$splits[[task$split]]$held
  out <- do.call(rbind, lapply(names(plan$experiment$covariates), function(name) {
    cbind(target = name, unscored(task, plan, reason, if (name %in% held) "unseen" else "seen"))
  }))
  attr(out, "failed") <- TRUE
  out
}

# Where a method does not tell in what way a condition is new, another does.
with_kinds <- function(x) {
  key <- paste(x$target, x$split, sep = "\r")
  told <- !x$kind %in% c("unseen", "")
  at <- which(x$kind == "unseen")
  better <- x$kind[told][match(key[at], key[told])]
  x$kind[at] <- ifelse(is.na(better), x$kind[at], better)
  x
}

# One row for each kind in place of each condition: the mean over conditions of a run, which is one
# seed of random splits, or one given split and seed.
over_conditions <- function(x) {
  x <- as.data.frame(x)
  run <- ifelse(is_random_split(x$split), "", x$split)
  keys <- data.frame(kind = x$kind, features = x$features, metric = x$metric, method = x$method,
                     run = run, seed = x$seed)
  groups <- split(seq_len(nrow(x)), do.call(paste, c(keys, sep = "\r")))
  groups <- groups[order(vapply(groups, `[`, 0L, 1L))]
  first <- vapply(groups, `[`, 0L, 1L, USE.NAMES = FALSE)
  out <- x[first, ]
  out$value <- vapply(groups,
                      function(at) if (all(is.na(x$value[at]))) NA_real_ else mean(x$value[at],
                          na.rm = TRUE), 0,
                      USE.NAMES = FALSE)
  out$reason <- ifelse(is.na(out$value), out$reason, "")
  out$target <- out$kind
  row.names(out) <- NULL
  structure(out[order(match(out$kind, kind.order)), ], class = c("laot_benchmark", "data.frame"))
}

kind.order <- c("seen", "unseen dose", "unseen combination", "unseen level",
                "unseen context", "unseen")

#' @rdname benchmark_methods
#' @param by Of a benchmark of many conditions: `"kind"`, the mean over the conditions of a kind, or
#'   `"condition"`.
#' @param object What `benchmark_methods()` returned.
#' @export
summary.laot_condition_benchmark <- function(object, by = "kind", ...) {
  exact_arguments()
  no_more(list(...))
  one_of(by, c("kind", "condition"), "by")
  if (by == "condition") return(scores_of_splits(object))
  out <- summary(over_conditions(object))
  names(out)[names(out) == "target"] <- "kind"
  conditions <- tapply(object$target, object$kind, function(names) length(unique(names)))
  out$conditions <- as.integer(conditions[out$kind])
  out[c("kind", "conditions", setdiff(names(out), c("kind", "conditions")))]
}

#' @export
print.laot_condition_benchmark <- function(x, ...) {
  of.kind <- as.data.frame(x)
  conditions <- tapply(of.kind$target, of.kind$kind, function(names) length(unique(names)))
  titled <- function(kind) paste0(kind, ", ", vapply(conditions[kind], counted, "", "condition"))
  means <- over_conditions(x)
  means$target <- titled(means$kind)
  of.kind$target <- titled(of.kind$kind)
  print_benchmark(means, of.kind, "score")
  cat("Each run is the mean over the conditions of its kind; ",
      "summary(by = \"condition\") has every one.\n", sep = "")
  invisible(x)
}
