# Finished tasks of a benchmark on disk.

# Says whose results these are, so that others are not mixed in.
plan_fingerprint <- function(plan) {
  values <- plan$values
  entries <- fingerprint_entries(values, plan$rows)
  facts <- list(
    dim = value_dim(values), names = value_dimnames(values), sums = c(sum(entries), sum(entries^2)),
    some = entries[unique(round(seq(1, length(entries),
                                    length.out = min(1000L, length(entries)))))],
    labels = as.character(plan$labels), control = plan$control, batch = plan$batch,
    rows = plan$rows,
    reduce = plan$reduce, metrics = plan$metrics$name, markers = plan$markers,
    splits = lapply(plan$splits, function(split) list(split$name, as.character(split$part))),
    methods = lapply(plan$methods, function(method) {
      if (method$kind == "function") deparse(method$run) else method
    }),
    version = as.character(utils::packageVersion("laot"))
  )
  facts$reference <- plan$reference
  facts$experiment <- plan$experiment
  facts$held <- lapply(plan$splits, `[[`, "held")
  file <- tempfile()
  on.exit(unlink(file))
  saveRDS(facts, file, compress = FALSE, version = 2L)
  unname(tools::md5sum(file))
}

# All values, or of those that are not in memory some cells, without reading the others.
fingerprint_entries <- function(values, rows) {
  if (!is_lazy(values)) return(if (isS4(values)) values@x else values)
  count <- value_dim(values)[2L]
  as.vector(as.matrix(taken(values, rows, unique(round(seq(1, count,
      length.out = min(200L, count)))))))
}

open_folder <- function(path, plan) {
  one_string(path, "path")
  dir.create(path, showWarnings = FALSE, recursive = TRUE)
  if (!dir.exists(path)) fail("the folder ", quoted(path), " cannot be made")
  path <- normalizePath(path)
  mark <- file.path(path, "benchmark.txt")
  fingerprint <- plan_fingerprint(plan)
  forget_halves(path)
  if (file.exists(mark)) {
    if (!identical(readLines(mark, n = 1L), fingerprint)) {
      fail("the folder ", quoted(path),
           " holds results of other data, settings or methods; choose ",
           "another path, or delete it")
    }
  } else if (length(setdiff(list.files(path), list.files(path, half_files)))) {
    fail("the folder ", quoted(path), " is not empty and holds no benchmark; choose another path")
  } else {
    put_whole(mark, function(file) writeLines(fingerprint, file))
  }
  path
}

# Written beside and renamed: a killed run leaves no half file under the name that others read.
half_files <- "^half-"
put_whole <- function(path, write) {
  half <- tempfile("half-", dirname(path))
  write(half)
  if (!file.rename(half, path)) unlink(half)
  invisible()
}

# Half-written files of killed runs. Another run may be writing one now, but not for an hour.
forget_halves <- function(folder) {
  halves <- list.files(folder, half_files, full.names = TRUE)
  unlink(halves[difftime(Sys.time(), file.mtime(halves), units = "hours") > 1])
}

# Readable; the number tells names apart that look alike when plain.
task_file <- function(folder, task) {
  plain <- function(text) gsub("[^A-Za-z0-9_.-]", "-", text)
  letters <- utf8ToInt(enc2utf8(paste(task$method, task$target, sep = "\n")))
  number <- sum(letters * seq_along(letters)) %% 1e6
  name <- paste(plain(task$method), plain(task$target), task$split, task$seed, number, sep = "__")
  file.path(folder, paste0(name, ".rds"))
}

kept_task <- function(folder, task) {
  if (is.null(folder)) return(NULL)
  file <- task_file(folder, task)
  if (!file.exists(file)) return(NULL)
  # A file that was cut off, by a full disk say, is computed again.
  rows <- tryCatch(readRDS(file), error = function(e) NULL)
  if (identical(unique(rows$method), task$method) &&
      (is.na(task$target) || identical(unique(rows$target), task$target))) rows
}

keep_task <- function(folder, task, rows) {
  if (is.null(folder)) return(invisible())
  put_whole(task_file(folder, task), function(file) saveRDS(rows, file))
}
