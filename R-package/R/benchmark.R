# Methods x targets x splits x seeds: tasks that know nothing of each other, so that they run
# anywhere, in any order, and not twice.

#' Compare methods on held-out cells
#'
#' Fits every method on the training cells of every split, for every target and seed, predicts the
#' test controls, and scores the predictions against the test treated cells, beside the noise
#' reference: as many training treated cells as observed ones, drawn with the seed, or, where a
#' group is held out, its own treated cells half against half (`training_treated` is then what
#' treated cells of the training groups score). Features of largest variance, the bandwidth and
#' markers are chosen on the training cells of the split alone.
#'
#' A task is one method on one target, split and seed. With `path` every finished task is kept on
#' disk, and a call with the same arguments goes on where a killed one was. With `BPPARAM` tasks run
#' in parallel: `BiocParallel::SnowParam(2)` on this machine, or `BatchtoolsParam()` on a cluster,
#' which must share `path`. The table does not depend on how it was computed.
#'
#' @param x All cells: a matrix, SummarizedExperiment, SingleCellExperiment or Seurat object.
#' @param condition,control,target,batch,subset.row,features As in [laot_fit()].
#' @details With `covariates` the cells are those of an experiment of many conditions: a task is one
#' method on one split and seed, fitted to all conditions at once (a method of one condition to
#' each), and every condition is scored on its test cells against the test controls that go with it.
#' Conditions that `hold.out` names have no training cells, and all of their treated cells are test
#' cells: `kind` says in what way they are new. What predicts nothing there, a method of one
#' condition or a level that no embedding places, has `NA` and the reason.
#'
#' @param methods `NULL`: LAOT beside the trivial predictors (with `covariates` conditional LAOT
#'   beside those of `trivial`). Names of methods, as in `laot_methods()$name`, with a preset behind
#'   a slash (`"laot/algorithm1"`); or a named list of these, of lists such as `list("laot", preset
#'   = "algorithm1", ridge = 0.1)`, and of functions `function(control, treated, new)` that take
#'   matrices (features x cells) and return the predicted cells, which `covariates` do not go with.
#' @param split `NULL`: random test cells, drawn with each seed within each batch and condition. A
#'   column name, or one label per cell, of groups to hold out in turn. Or what [split_cells()]
#'   gives: a factor with the levels train, validation and test, or a list of these. Validation
#'   cells are left aside.
#' @param test The share of test cells of a random split.
#' @param seeds Seeds: of random splits, of the methods, and of the noise reference.
#' @param metrics Names of metrics: see [laot_metrics()]. Of a method that balances, cells count
#'   alike.
#' @param markers `NULL`, or a number of marker features, chosen on training cells: scores on these
#'   are given as well.
#' @param reference What the noise reference is of: `"training"` or `"halves"`, as in
#'   [evaluate_predictions()]; `"auto"`: halves where `split` names groups to hold out, else
#'   training. Give `"halves"` with a given split that leaves a donor or line out.
#' @param covariates,embedding,combine As in [laot_fit()]: the experiment of which all conditions
#'   are scored.
#' @param hold.out Conditions that are left out of every fit, as in [laot_fit()]; or a list without
#'   names of several such choices, left out in turn, each a split of its own: `list("day 1", "day
#'   2")`.
#' @param trivial With `covariates`: whether `conditional_gaussian`, `regressed_shift`,
#'   `nearest_shift` and `identity` stand beside the methods that were asked for.
#' @param path `NULL`, or a folder for finished tasks.
#' @param BPPARAM `NULL` (one task after the other), or a BiocParallel backend.
#' @param ... Where the values are in `x`: `assay.type`, `dimred`, `altexp`, or `assay`, `layer`,
#'   `reduction`, as in [laot_fit()].
#' @param verbose Say what is being done.
#' @returns A data frame of class `laot_benchmark`, one row for each method, target, split, seed,
#'   metric and set of features: `method`, `target`, `split`, `seed`, `kind` (`"unseen context"` for
#'   a held-out group; of an experiment as in [evaluate_predictions()]), `metric`, `estimator`,
#'   `setting`, `features`, `cells`, `observed`, `value`, `left.out` and `reason` (why a value is
#'   NA: an undefined score, or the error of a method that failed). `print()` shows mean and sd over
#'   splits and seeds; `summary()` gives these as a data frame; `plot()` draws them. Of an
#'   experiment (class `laot_condition_benchmark` as well) `target` is the condition, and what is
#'   shown is by kind: a run is a seed, or one of several given splits, over the mean of the
#'   conditions of the kind.
#' @seealso [split_cells()], [evaluate_predictions()]
#' @examples
#' set.seed(1)
#' genes <- paste0("gene", 1:5)
#' cells <- matrix(rnorm(5 * 160), 5, dimnames = list(genes, paste0("cell", 1:160)))
#' condition <- rep(c("ctrl", "drug"), c(90, 70))
#' cells[, condition == "drug"] <- 0.5 * cells[, condition == "drug"] + 2
#' bench <- benchmark_methods(cells, condition = condition, seeds = 1:2, verbose = FALSE)
#' bench
#' subset(summary(bench), metric == "mmd2")
#'
#' # Goes on where it was stopped:
#' folder <- tempfile()
#' again <- benchmark_methods(cells, condition = condition, seeds = 1:2, path = folder,
#'                            verbose = FALSE)
#' identical(again$value, bench$value)
#'
#' # Many conditions, two doses without training cells:
#' dose <- rep(c(0, 1, 3, 10, 30), each = 40)
#' screen <- matrix(rnorm(3 * 200), 3) + rep(log1p(dose), each = 3)
#' benchmark_methods(screen, condition = paste("dose", dose), control = "dose 0",
#'                   covariates = data.frame(dose = dose), hold.out = list("dose 3", "dose 10"),
#'                   seeds = 1, metrics = c("mmd2", "sd_ratio"), verbose = FALSE)
#' @export
benchmark_methods <- function(x, methods = NULL,
                              condition = NULL, control = NULL, target = NULL, batch = NULL,
                              split = NULL, test = 0.2, seeds = 1:5,
                              metrics = c("mmd2", "w2", "sd_ratio", "r2_means",
                                          "pearson_mean_shift",
                                          "l2_drug_signature"),
                              markers = NULL, subset.row = NULL, features = NULL, path = NULL,
                              reference = "auto", covariates = NULL, embedding = NULL,
                              combine = NULL,
                              hold.out = NULL, trivial = TRUE, BPPARAM = NULL, ...,
                              verbose = interactive()) {
  exact_arguments()
  if (missing(x)) fail(no.cells)
  refuse_treated(list(...))
  many <- !is.null(covariates)
  if (!many) no_experiment(list(embedding = embedding, combine = combine, hold.out = hold.out))
  check_verbose(verbose)
  check_backend(BPPARAM)
  source <- do.call(read_source, c(list(x), where_in(x, where_from_dots(list(...)), "x")))
  count <- value_dim(source$values)[2L]
  labels <- benchmark_labels(condition, source, count)
  chosen <- choose_levels(labels$values, control, target, labels$what)
  if (length(chosen$explained) && verbose) {
    message("Using ", labels$what, ": ", paste(chosen$explained, collapse = "; "))
  }
  labels$values <- without_predicted(labels$values, source$columns,
                                     c(chosen$control, chosen$target))
  batches <- labels_of(batch, source, "batch")
  if (anyNA(batches[labels$values %in% c(chosen$control, chosen$target)]))
    fail("batch has a missing label")
  check_seeds(seeds)
  wanted <- chosen_metrics(metrics)
  rows <- chosen_features(if (is.null(subset.row)) features else subset.row, source$values,
                          if (is.null(subset.row)) "features" else "subset.row")
  plan <- list(
    values = source$values, labels = labels$values, control = chosen$control,
    batch = if (!is.null(batches)) as.character(batches),
    rows = rows, reduce = source$origin$kind != "matrix" && !is_reduced(source$origin),
    methods = chosen_methods(if (is.null(methods)) usual_methods(many) else methods),
    metrics = wanted, markers = checked_markers(markers, rows, source$values),
    splits = chosen_splits(split, source, labels$values, chosen, test, seeds, batches, many)
  )
  if (many) {
    plan$experiment <- experiment_of_benchmark(covariates, embedding, combine, source,
                                               plan$labels, chosen)
    plan$methods <- with_trivial(plan$methods, trivial)
    plan$splits <- hold_out_of_splits(plan$splits, hold.out, plan$experiment, is.null(split))
  }
  plan$methods <- c(plan$methods, list(noise_reference = list(kind = "noise")))
  one_of(reference, c("auto", "training", "halves"), "reference")
  if (reference != "auto")
    plan$splits <- lapply(plan$splits, function(split) replace(split, "reference", reference))
  plan$reference <- if (reference != "auto") reference
  tasks <- if (many) conditions_tasks(plan) else task_table(plan, chosen$target, seeds)
  folder <- if (!is.null(path)) open_folder(path, plan)
  results <- run_tasks(plan, tasks, folder, BPPARAM, verbose)
  out <- do.call(rbind, results)
  rownames(out) <- NULL
  if (many) out <- with_kinds(out)
  structure(out, class = c(if (many) "laot_condition_benchmark", "laot_benchmark", "data.frame"))
}

where_from_dots <- function(dots) {
  allowed <- where_arguments()
  if (length(dots) != length(names(dots)) || !all(nzchar(names(dots)))) {
    fail("benchmark_methods() takes its further arguments by name: ", listed(allowed))
  }
  unknown <- setdiff(names(dots), allowed)
  if (length(unknown)) {
    fail("unknown argument ", quoted(unknown[1L]),
         did_you_mean(unknown[1L], c(allowed, names(formals(benchmark_methods)))))
  }
  dots
}

benchmark_labels <- function(condition, source, count) {
  if (is.null(condition) && is.null(source$columns)) {
    fail("give the condition of each cell as condition = ")
  }
  column <- if (is.null(condition)) "condition" else condition
  named <- is.character(column) && length(column) == 1L
  list(values = labels_of(column, source, "condition"),
       what = if (named) paste("column", quoted(column)) else "condition")
}

check_seeds <- function(seeds) {
  if (!is.numeric(seeds) || !length(seeds) || anyNA(seeds) ||
      any(seeds < 0 | seeds != floor(seeds))) {
    fail("seeds must be whole numbers of at least 0, found ", shown(seeds))
  }
  if (anyDuplicated(seeds)) fail("seeds has ", seeds[duplicated(seeds)][1L], " twice")
}

checked_markers <- function(markers, rows, values) {
  if (is.null(markers)) return(NULL)
  most <- if (is.null(rows)) value_dim(values)[1L] else length(rows)
  if (!is.numeric(markers) || length(markers) != 1L || is.na(markers) || markers < 1 ||
      markers != floor(markers) || markers > most) {
    fail("markers must be a number of features from 1 to ", most, ", found ", shown(markers))
  }
  as.integer(markers)
}

# A named list of list(kind, ...): what a task needs to fit and predict.
chosen_methods <- function(methods) {
  if (is.function(methods)) methods <- list(methods)
  if (!length(methods)) fail("methods is empty; there are ", listed(laot_methods()$name))
  names <- if (is.null(names(methods))) rep("", length(methods)) else names(methods)
  out <- lapply(seq_along(methods), function(k) one_method(methods[[k]], names[k]))
  names <- vapply(seq_along(out), function(k) if (nzchar(names[k])) names[k] else out[[k]]$label,
                  "")
  twice <- names[duplicated(names)]
  if (length(twice)) fail("two methods are called ", quoted(twice[1L]), "; give them names")
  if ("noise_reference" %in% names)
    fail("noise_reference is always in the table; leave it out of methods")
  stats::setNames(out, names)
}

one_method <- function(given, name) {
  if (is.function(given)) {
    if (!nzchar(name)) fail("a function among the methods needs a name")
    takes <- names(formals(args(given)))
    if (length(takes) < 3L && !"..." %in% takes) {
      fail("the function ", quoted(name), " among the methods must take the training controls, ",
           "the training treated cells and the controls to predict; it takes ",
           counted(length(takes), "argument"))
    }
    return(list(kind = "function", run = given, label = name))
  }
  if (is.character(given)) given <- list(given)
  if (!is.list(given) || !length(given) || !is.character(given[[1L]]) ||
      length(given[[1L]]) != 1L) {
    fail("a method must be a name, a list that begins with one, or a function; found ",
         shown(given))
  }
  parts <- strsplit(given[[1L]], "/", fixed = TRUE)[[1L]]
  known <- laot_methods()$name
  if (!parts[1L] %in% known)
    fail("there is no method ", quoted(parts[1L]), did_you_mean(parts[1L], known))
  settings <- given[-1L]
  preset <- if (length(parts) > 1L) parts[2L] else settings$preset
  settings$preset <- NULL
  if (!is.null(preset)) laot_params(parts[1L], preset)
  list(kind = "method", method = parts[1L], many = trait(parts[1L], "conditions"), preset = preset,
       params = params_from_dots(parts[1L], settings, "preset"), label = given[[1L]])
}

# name -> factor of parts for each seed: list(name = function or factor).
chosen_splits <- function(split, source, labels, chosen, test, seeds, batches = NULL,
                          many = FALSE) {
  count <- length(labels)
  used <- labels
  used[!used %in% c(chosen$control, chosen$target)] <- NA
  used <- droplevels(used)
  if (is.null(split)) {
    check_share(test, "test")
    if (test == 0) fail("test must be above 0, or there is nothing to score")
    return(stats::setNames(lapply(seeds, function(seed) {
      list(name = "random", seeds = seed, part = random_split(used, test, 0, seed, NULL, batches),
           reference = "training")
    }), NULL))
  }
  if (is.list(split)) {
    names <- if (is.null(names(split))) paste("split", seq_along(split)) else names(split)
    return(lapply(seq_along(split), function(k) {
      list(name = names[k], seeds = seeds, part = checked_parts(split[[k]], source),
           reference = "training")
    }))
  }
  group <- labels_of(split, source, "split")
  if (many && !"train" %in% levels(group)) {
    fail("split names groups to hold out, and with covariates conditions are held out: give ",
         "hold.out = ")
  }
  if (all(levels(group) %in% split.parts) && "train" %in% levels(group)) {
    return(list(list(name = "given", seeds = seeds, part = checked_parts(group, source),
                     reference = "training")))
  }
  group <- droplevels(group[!is.na(used)])
  if (nlevels(group) < 2L) fail("split has only one group; there is nothing to hold out")
  lapply(levels(group), function(level) {
    part <- rep(NA_character_, count)
    part[!is.na(used)] <- ifelse(group == level, "test", "train")
    list(name = level, seeds = seeds, part = factor(part, split.parts), reference = "halves")
  })
}

checked_parts <- function(part, source) {
  count <- value_dim(source$values)[2L]
  part <- in_cell_order(plain_values(part), value_dimnames(source$values)[[2L]], "split")
  if (length(part) != count)
    fail("a split must have one part for each of the ", count, " cells, found ", length(part))
  unknown <- setdiff(unique(as.character(part)), c(split.parts, NA))
  if (length(unknown))
    fail("a split has the parts train, validation and test; found ", quoted(unknown[1L]))
  factor(as.character(part), split.parts)
}

task_table <- function(plan, targets, seeds) {
  rows <- lapply(seq_along(plan$splits), function(k) {
    split <- plan$splits[[k]]
    expand.grid(method = names(plan$methods), target = targets, seed = split$seeds, split = k,
                stringsAsFactors = FALSE)
  })
  tasks <- do.call(rbind, rows)
  tasks$split.name <- vapply(plan$splits, `[[`, "", "name")[tasks$split]
  pairs <- unique(tasks[c("split", "target")])
  lacking <- Map(function(k, target) {
    lacking_cells(plan$splits[[k]]$name, target, task_cells(plan, plan$splits[[k]]$part, target))
  }, pairs$split, pairs$target)
  said <- unlist(lacking)
  if (length(said) && all(lengths(lacking) > 0L))
    fail(said[1L], "; give splits whose parts have control and treated cells")
  for (text in said) warning("without a score: ", text, call. = FALSE)
  tasks[order(tasks$target, tasks$split, tasks$seed), ]
}

# A split in which a target has no cells costs that target, and not the others. NULL: it has.
lacking_cells <- function(name, target, cells) {
  empty <- names(cells)[!lengths(cells)]
  if (length(empty))
    paste0("split ", quoted(name), " has no ", sub("[.]", " ", empty[1L]), " cells for target ",
           quoted(target))
}

task_cells <- function(plan, part, target) {
  pick <- function(level, which.part) which(plan$labels == level & part == which.part)
  list(train.control = pick(plan$control, "train"), train.treated = pick(target, "train"),
       test.control = pick(plan$control, "test"), test.treated = pick(target, "test"))
}

# One task, wherever it runs.
run_task <- function(task, plan, folder = NULL) {
  kept <- kept_task(folder, task)
  if (!is.null(kept)) return(kept)
  many <- !is.null(plan$experiment)
  rows <- tryCatch(if (many) rows_of_conditions(task, plan) else task_rows(task, plan),
                   error = function(e) {
    (if (many) failed_conditions else failed_rows)(task, plan, conditionMessage(e))
  })
  out <- data.frame(method = rows$method, target = rows$target, split = task$split.name,
                    seed = task$seed,
                    rows[setdiff(names(rows), c("method", "target"))], row.names = NULL)
  # A failure is tried again by the next call.
  if (!attr(rows, "failed")) keep_task(folder, task, out)
  out
}

task_rows <- function(task, plan) {
  cells <- task_cells(plan, plan$splits[[task$split]]$part, task$target)
  lacking <- lacking_cells(plan$splits[[task$split]]$name, task$target, cells)
  if (!is.null(lacking)) fail(lacking)
  settings <- call_settings(task$seed)
  bare <- function(index, rows) cells_of(plan$values, index, rows, with.names = FALSE)
  rows <- plan$rows
  if (is.null(rows) && plan$reduce && value_dim(plan$values)[1L] > usual_features()) {
    rows <- variable_features(population(plan$values, cells$train.control),
                              population(plan$values, cells$train.treated), settings)
  }
  train <- list(control = bare(cells$train.control, rows),
                treated = bare(cells$train.treated, rows))
  given <- list(observed = bare(cells$test.treated, rows), control = bare(cells$test.control, rows))
  method <- plan$methods[[task$method]]
  if (method$kind == "function")
    given$predicted <- function_prediction(method, task, train, given$control)
  features <- if (is.null(rows)) value_dim(plan$values)[1L] else length(rows)
  options <- list(condition = task$target, metrics = plan$metrics$name,
                  methods = if (method$kind == "noise") c("noise_reference",
                                                          "training_treated") else "prediction",
                  markers = if (!is.null(plan$markers)) min(plan$markers, features),
                  reference = plan$splits[[task$split]]$reference)
  model <- list(handle = new_handle(task_model(method, plan, cells, train, settings)))
  out <- evaluated(model, given, options, settings)
  out <- out[!is_weighted(out), ]
  if (method$kind != "noise") out$method <- rep(task$method, nrow(out))
  names(out) <- dotted(names(out))
  out <- cbind(target = rep(task$target, nrow(out)), out[benchmark.columns])
  attr(out, "failed") <- FALSE
  out
}

benchmark.columns <- c("kind", "method", "metric", "estimator", "setting", "features", "cells",
                       "observed", "value",
                       "left.out", "reason")

function_prediction <- function(method, task, train, control) {
  values <- with_seed(task$seed, method$run(dense_block(train$control), dense_block(train$treated),
                                            dense_block(control)))
  values <- as_values(values, "what the function returned")
  size <- value_dim(dense_block(control))
  if (!identical(value_dim(values), size)) {
    fail("the function must return ", size[1L], " x ", size[2L], " values, found ", shown(values))
  }
  cells_of(values, with.names = FALSE)
}

# The fit of a method; of what is no method of the library, a fit that stands for the training
# cells. All training cells are kept, for markers and the noise reference.
task_model <- function(method, plan, cells, train, settings) {
  name <- if (method$kind == "method") method$method else "gaussian_map"
  params <- if (method$kind == "method") method$params
  if (is.null(params$keep_cells)) params$keep_cells <- 1e9
  with.batch <- function(x, index) {
    if (method$kind == "method") x$batch <- plan$batch[index]
    x
  }
  native(.Call(C_fit, name, method$preset, params, with.batch(train$control, cells$train.control),
               with.batch(train$treated, cells$train.treated), settings))
}

failed_rows <- function(task, plan, reason) {
  out <- cbind(target = task$target, unscored(task, plan, reason, ""))
  attr(out, "failed") <- TRUE
  out
}

unscored <- function(task, plan, reason, kind) {
  data.frame(kind = kind, method = task$method, metric = plan$metrics$name,
             estimator = plan$metrics$estimator,
             setting = "", features = "", cells = NA_real_, observed = NA_real_,
             value = rep(NA_real_, nrow(plan$metrics)), left.out = 0,
             reason = paste("failed:", reason))
}

check_backend <- function(BPPARAM) {
  if (is.null(BPPARAM)) return(invisible())
  if (!is(BPPARAM, "BiocParallelParam")) {
    fail("BPPARAM must be NULL or a backend of BiocParallel, such as ",
         "BiocParallel::SnowParam(2), found ", shown(BPPARAM))
  }
  need("BiocParallel", "for BPPARAM")
}

run_tasks <- function(plan, tasks, folder, BPPARAM, verbose) {
  each <- split(tasks, seq_len(nrow(tasks)))
  done <- vapply(each, function(task) !is.null(kept_task(folder, task)), NA)
  if (verbose) {
    message(nrow(tasks), " tasks", if (any(done)) paste0(", ", sum(done), " of them done before"))
  }
  if (is.null(BPPARAM)) {
    out <- vector("list", length(each))
    for (k in seq_along(each)) {
      if (verbose && !done[k]) {
        message("  ", each[[k]]$method, ", ", each[[k]]$target, ", ", each[[k]]$split.name,
                ", seed ", each[[k]]$seed)
      }
      out[[k]] <- run_task(each[[k]], plan, folder)
    }
    return(out)
  }
  worker <- on_worker
  environment(worker) <- globalenv()
  BiocParallel::bplapply(unname(each), worker, plan = plan, folder = folder,
                         libraries = .libPaths(),
                         BPPARAM = BPPARAM)
}

# Start of a worker: it may be a new session with other libraries than the caller's.
on_worker <- function(task, plan, folder, libraries) {
  if (!requireNamespace("laot", quietly = TRUE)) .libPaths(c(libraries, .libPaths()))
  utils::getFromNamespace("run_task", "laot")(task, plan, folder)
}
