# Two populations with feature names, features x cells; `spread` and `shift` make the treated ones.
# Cells of another seed have other names.
two_populations <- function(n = 60, m = 45, d = 4, seed = 1, shift = 1, spread = 1.5) {
  draw <- function(count, offset) {
    cells <- (sin(outer(seq_len(d), offset + seq_len(count), function(k, i) k * 12.9898 +
                        i * 78.233 + seed)) *
      43758.5453) %% 1
    cells <- stats::qnorm(0.001 + 0.998 * cells)
    dimnames(cells) <- list(paste0("gene", seq_len(d)),
                            paste0("cell", 1e5 * (seed - 1) + offset + seq_len(count)))
    cells
  }
  list(control = draw(n, 0), treated = spread * draw(m, 1000) + shift)
}

quiet_fit <- function(...) suppressMessages(laot_fit(..., seed = 1, verbose = FALSE))

# One clear sentence: no call, one line, and it says what was expected.
expect_sentence <- function(code, pattern) {
  error <- tryCatch({
    force(code)
    NULL
  }, error = function(e) e)
  expect_false(is.null(error), label = paste("no error for", pattern))
  if (is.null(error)) return(invisible())
  expect_null(conditionCall(error))
  expect_match(conditionMessage(error), pattern, perl = TRUE)
  expect_false(grepl("\n", conditionMessage(error), fixed = TRUE))
}

# Runs `code` with blocks of so many bytes, and so many held of what was chosen.
with_bytes <- function(block = laot:::block.bytes, held = laot:::held.bytes, code) {
  namespace <- asNamespace("laot")
  set <- function(values) for (name in names(values)) assign(name, values[[name]], namespace)
  old <- mget(c("block.bytes", "held.bytes"), namespace)
  on.exit(set(old))
  for (name in names(old)) unlockBinding(name, namespace)
  set(list(block.bytes = block, held.bytes = held))
  force(code)
}

golden <- function(file) utils::read.csv(test_path("golden", file))
golden_cells <- function(file) t(as.matrix(golden(file)))

expect_close <- function(found, expected, tolerance) {
  expect_lte(abs(found - expected), tolerance * max(1, abs(expected)),
             label = deparse1(substitute(found)))
}

# Runs a script beside this one, with what it says in `out`. A shell's "&" makes its process ignore
# SIGINT, which R 4.5 respects: it is given back where this system's env can.
start_script <- function(script, out) {
  command <- c(file.path(R.home("bin"), "Rscript"), "--vanilla", script)
  with.sigint <- c("env", "--default-signal=INT")
  able <- suppressWarnings(system2(with.sigint[1L], c(with.sigint[2L], "true"), stdout = FALSE,
                                   stderr = FALSE)) == 0
  if (able) command <- c(with.sigint, command)
  system2(command[1L], command[-1L], stdout = out, stderr = out, wait = FALSE)
}

# The texts that `code` draws, with where they stand: a PostScript file has them as they are.
texts_drawn <- function(code) {
  file <- tempfile(fileext = ".ps")
  grDevices::postscript(file, width = 7, height = 7, paper = "special", horizontal = FALSE,
                        useKerning = FALSE)
  force(code)
  grDevices::dev.off()
  on.exit(unlink(file))
  lines <- grep("^-?[0-9.]+ -?[0-9.]+ [(].*[)] .* t$", readLines(file), value = TRUE)
  parts <- regmatches(lines, regexec("^(-?[0-9.]+) (-?[0-9.]+) [(](.*)[)] ([-0-9.]+) ([-0-9.]+) t$",
                                     lines))
  parts <- do.call(rbind, parts[lengths(parts) > 0L])
  data.frame(x = as.numeric(parts[, 2L]), y = as.numeric(parts[, 3L]), text = parts[, 4L],
             turned = as.numeric(parts[, 6L]))
}
