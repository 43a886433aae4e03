# Trainings that are killed, interrupted, and gone on with.

runs <- list(
  cellot = paste("cellot_fit(x, y, hidden.units = 8, hidden.layers = 2, batch.size = 16,",
                 "check.every = 5, iterations = %d"),
  scgen = paste("scgen_fit(x, y, hidden.units = 12, latent = 3, batch.size = 16,",
                "patience = 0, epochs = %d"),
  cae = "cae_fit(x, y, hidden.units = 12, latent = 3, batch.size = 16, patience = 0, epochs = %d"
)
set.seed(4)
x <- matrix(rnorm(5 * 60), 5)
y <- matrix(rnorm(5 * 60, 1.5), 5)
quietly <- function(text, ...) {
  suppressWarnings(suppressMessages(eval(parse(text = sprintf(text, ...)), parent.frame())))
}

# A process of its own that runs `call` and says "fitted <outcome>"; `then` gets its id once the
# checkpoint is there, while the training runs.
with_process <- function(call, checkpoint, then) {
  script <- tempfile(fileext = ".R")
  out <- tempfile()
  id <- tempfile()
  on.exit(unlink(c(script, out, id)))
  writeLines(c(
    sprintf(".libPaths(%s)", paste(deparse(.libPaths()), collapse = "")),
    "library(laot); set.seed(4); x <- matrix(rnorm(5 * 60), 5); y <- matrix(rnorm(5 * 60, 1.5), 5)",
    sprintf("cat(Sys.getpid(), '\\n', file = '%s')", id),
    paste0("fit <- ", call),
    "cat('fitted', fit$report$outcome, all(is.finite(predict(fit, x))), '\\n')"
  ), script)
  start_script(script, out)
  waited <- 0
  while (!file.exists(checkpoint) && waited < 120) {
    Sys.sleep(0.05)
    waited <- waited + 0.05
  }
  Sys.sleep(0.5)
  then(as.integer(readLines(id, warn = FALSE)))
  waited <- 0
  said <- function() if (file.exists(out)) readLines(out, warn = FALSE) else character()
  while (!any(grepl("^(fitted|Interrupted|Killed)", said())) && waited < 10) {
    Sys.sleep(0.1)
    waited <- waited + 0.1
  }
  said()
}

test_that("a fit that was killed goes on with the bits of an uninterrupted one", {
  skip_on_os("windows")
  skip_on_cran()
  for (method in names(runs)) {
    file <- tempfile(fileext = ".ckpt")
    # So many iterations that it cannot end before it is killed.
    call <- sprintf(paste0(runs[[method]],
                           ", checkpoint = '%s', checkpoint.seconds = 0, seed = 9)"), 1e6L, file)
    kill <- function(id) tools::pskill(id, tools::SIGKILL)
    expect_false(any(grepl("^fitted", with_process(call, file, kill))))
    expect_error(quietly(paste0(runs[[method]], ", checkpoint = file, seed = 9)"), 1L),
                 "beyond the 1 that are asked")
    stands <- as.integer(sub(".*stands at [a-z]+ ([0-9]+),.*", "\\1", tryCatch(
      quietly(paste0(runs[[method]], ", checkpoint = file, seed = 9)"), 0L),
      error = conditionMessage)))
    expect_gt(stands, 0)
    more <- 5L * (stands %/% 5L + 2L)
    resumed <- quietly(paste0(runs[[method]], ", checkpoint = file)"), more)
    whole <- quietly(paste0(runs[[method]], ", seed = 9)"), more)
    expect_identical(resumed$seed, 9)
    expect_identical(predict(resumed, x), predict(whole, x))
    expect_identical(summary(resumed)$trace, summary(whole)$trace)
    unlink(file)
  }
})

test_that("Ctrl-C says how to go on, or hands back the best iterate", {
  skip_on_os("windows")
  skip_on_cran()
  interrupt <- function(id) tools::pskill(id, tools::SIGINT)
  for (method in names(runs)) {
    file <- tempfile(fileext = ".ckpt")
    call <- sprintf(paste0(runs[[method]], ", checkpoint = '%s', checkpoint.seconds = 0, seed = 9"),
                    1e6L, file)
    said <- with_process(paste0(call, ")"), file, interrupt)
    expect_true(any(grepl("^Interrupted; the same call goes on from", said)))
    unlink(file)
    said <- with_process(paste0(call, ", on.cancel = 'keep')"), file, interrupt)
    expect_true(any(grepl("fitted cancelled TRUE", said)))
    unlink(file)
  }
})

test_that("several seeds and targets have a checkpoint each", {
  folder <- tempfile()
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  file <- file.path(folder, "run.ckpt")
  fits <- quietly(paste0(runs$cae, ", checkpoint = file, seeds = 1:2)"), 3L)
  expect_setequal(list.files(folder), c("run-seed1.ckpt", "run-seed2.ckpt"))
  again <- quietly(paste0(runs$cae, ", checkpoint = file, seeds = 1:2)"), 3L)
  expect_identical(predict(again, x), predict(fits, x))
  suppressWarnings(suppressMessages(cae_fit(
    cbind(x, y, y + 1), condition = rep(c("ctrl", "A/1", "B"), each = 60), hidden.units = 4,
    latent = 2, epochs = 2, checkpoint = file.path(folder, "drug"), seed = 1
  )))
  expect_true(all(c("drug-A_1", "drug-B") %in% list.files(folder)))
})

test_that("a checkpoint that does not fit is refused in one sentence", {
  file <- tempfile("the_cells_", fileext = ".ckpt")
  on.exit(unlink(file))
  fit <- quietly(paste0(runs$cae, ", checkpoint = file, seed = 3)"), 2L)
  expect_error(quietly(paste0(runs$cae, ", checkpoint = file, seed = 4)"), 2L),
               "is of another run: the seed is 3 there and 4 here")
  expect_error(quietly(paste0(runs$cae, ", checkpoint = file, learning.rate = 0.1)"), 2L),
               "the_cells_.* parameter learning.rate is 0.001 there and 0.1 here")
  expect_error(cae_fit(x + 1, y, checkpoint = file, hidden.units = 12, latent = 3, batch.size = 16,
                       patience = 0, epochs = 2), "its control cells are not the ones given here")
  expect_error(cae_fit(x, y, checkpoint = tempdir()), "is a folder")
  expect_error(cae_fit(x, y, checkpoint = 3), "checkpoint must be one string")
  expect_error(cae_fit(x, y, checkpoint = file, checkpoint.seconds = -1),
               "checkpoint.seconds must be")
  writeLines("no state", file)
  expect_error(cae_fit(x, y, checkpoint = file), "safetensors|cut off|header")
})

test_that("a fit of several conditions goes on from those that are done", {
  folder <- tempfile()
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  values <- cbind(x, x[, 1:40] + 1, x[, 1:40] * 2, x[, 1:40] - 1)
  labels <- rep(c("control", "A 1", "B", "C"), c(ncol(x), 40, 40, 40))
  screen <- function(...)
    suppressMessages(laot_fit(values, condition = labels, preset = "calibrated", ...))
  plain <- screen(seed = 4)
  expect_output(print(plain), "LAOT fits: control to 3 targets\na map for each; predict")
  file <- file.path(folder, "screen.ckpt")
  expect_identical(predict(screen(seed = 4, checkpoint = file), x), predict(plain, x))
  expect_setequal(list.files(folder), c("screen-A_1.ckpt", "screen-B.ckpt", "screen-C.ckpt"))
  # The folder of a killed run: two of three, and the seed that it drew.
  unlink(file.path(folder, "screen-B.ckpt"))
  done <- file.mtime(file.path(folder, "screen-C.ckpt"))
  again <- screen(checkpoint = file, num.threads = 2L)
  expect_identical(predict(again, x), predict(plain, x))
  expect_identical(file.mtime(file.path(folder, "screen-C.ckpt")), done)
  expect_true(file.exists(file.path(folder, "screen-B.ckpt")))
  expect_error(screen(seed = 4, checkpoint = file, ridge = 0.3),
               "parameter ridge is auto there and 0.3 here")
  expect_error(laot_fit(x, x + 1, checkpoint = file),
               "and with fits of several conditions; this one of laot is done at once")
})

test_that("a worker is sent the cells of its conditions and their controls alone", {
  values <- matrix(as.double(seq_len(60 * 500)), 60, dimnames = list(paste0("g", 1:60), NULL))
  genes <- c(5L, 2:4)
  side <- function(cells) laot:::cells_of(values, cells, genes)
  parts <- list(controls = list(side(1:100), side(101:150)),
                treated = list(A = side(151:160), B = side(161:180), C = side(181:500)),
                control.of = c(1L, 2L, 1L), covariates = list(NULL, NULL, NULL), held = character())
  sent <- laot:::some_conditions(laot:::parts_for_others(parts, 1:2), 2L)
  expect_identical(sent$treated$B$values, values[genes, 161:180])
  expect_identical(sent$controls[[1]]$values, values[genes, 101:150])
  expect_identical(sent$treated$B$feature.names, rownames(values)[genes])
  expect_null(sent$treated$B$cells)
  # 70 cells of 4 features, not 500 of 60.
  expect_lt(length(serialize(sent, NULL)), 2 * 8 * 70 * 4)
})

test_that("conditions are fitted by workers, and come back with the bits of one process", {
  skip_if_not_installed("BiocParallel")
  folder <- tempfile()
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  values <- cbind(x, x[, 1:40] + 1, x[, 1:40] * 2, x[, 1:40] - 1)
  labels <- rep(c("control", "A 1", "B", "C"), c(ncol(x), 40, 40, 40))
  screen <- function(...)
    suppressMessages(laot_fit(values, condition = labels, preset = "calibrated", seed = 2, ...))
  plain <- screen()
  file <- file.path(folder, "screen.ckpt")
  many <- screen(checkpoint = file, BPPARAM = BiocParallel::SnowParam(2))
  expect_identical(predict(many, x), predict(plain, x))
  expect_length(list.files(folder), 3L)
  expect_error(screen(BPPARAM = BiocParallel::SerialParam()), "needs a checkpoint in a folder")
  expect_error(screen(checkpoint = file, BPPARAM = 2), "must be NULL or a backend of BiocParallel")
  expect_error(laot_fit(x, x + 1, preset = "calibrated", checkpoint = file,
                        BPPARAM = BiocParallel::SerialParam()),
               "goes with fits of several conditions")
})
