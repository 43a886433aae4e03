#' Save and load a fit as one file
#'
#' The file is in the safetensors format: named tensors and JSON metadata, readable from Python and
#' Julia without this package. It holds the model (map, feature space, report, kept training cells),
#' and where its cells came from: the kind of object, its assay, layer or reduction, the column of
#' the condition, the levels and the seed. So a loaded model reads the same values of a new object
#' as the fit did.
#'
#' @param fit A `laot_fit`, or the `laot_fit_list` of one model of many conditions.
#' @param path The file.
#' @returns `save_model()`: `path`, invisibly. `load_model()`: what was saved.
#' @examples
#' fit <- fit_trivial(matrix(rnorm(60), 3), matrix(rnorm(60, 1), 3))
#' file <- tempfile(fileext = ".safetensors")
#' save_model(fit, file)
#' load_model(file)
#' @export
save_model <- function(fit, path) {
  exact_arguments()
  if (missing(fit)) fail("fit is missing; give what laot_fit() made")
  if (missing(path)) fail("path is missing; give the name of the file to write")
  if (inherits(fit, c("laot_ensemble", "laot_ensemble_list")))
    fail("fit holds the fits of several seeds; save each, for example fit[[",
         quoted(names(fit)[1L]), "]]")
  if (!inherits(fit, c("laot_fit", "laot_fit_list")))
    fail("fit must be a laot_fit, found ", shown(fit))
  whole <- if (inherits(fit, "laot_fit")) fit$whole else attr(fit, "whole")
  if (inherits(fit, "laot_fit_list") && is.null(whole))
    fail("fit holds several fits of their own; save each, for example fit[[",
         quoted(names(fit)[1L]), "]]")
  if (inherits(fit, "laot_fit") && !is.null(whole) && is.null(fit$at$name)) {
    fail("no cells were seen at ", fit$target, "; save the fit of all conditions")
  }
  path <- path.expand(one_string(path, "path"))
  native(.Call(C_save, if (is.null(whole)) model_pointer(fit) else whole_pointer(whole), path))
  first <- if (inherits(fit, "laot_fit")) fit else fit[[1L]]
  # Of all conditions there is no one target.
  if (inherits(fit, "laot_fit_list")) first["target"] <- list(NULL)
  add_metadata(path, source_metadata(first, if (!is.null(whole)) "conditions"))
  invisible(path)
}

#' @rdname save_model
#' @export
load_model <- function(path) {
  exact_arguments()
  if (missing(path)) fail("path is missing; give the name of the file to read")
  path <- path.expand(one_string(path, "path"))
  pointer <- native(.Call(C_load, path))
  said <- read_metadata(path)
  facts <- list(kind = "matrix", control = "control", target = "treated", seed = "NA")
  facts[names(said)] <- said
  seed <- suppressWarnings(as.numeric(facts$seed))
  origin <- c(facts["kind"], sapply(where_arguments(facts$kind), function(name) facts[[name]],
                                    simplify = FALSE))
  origin$types <- facts$types
  if (!is.null(facts$holds) || length(native(.Call(C_conditions, pointer))$conditions) > 1L) {
    fits <- experiment_fits(pointer, control = facts$control, condition = facts$condition,
                            origin = origin, seed = seed)
    return(if (is.null(said$target)) fits else fits[[said$target]])
  }
  new_fit(pointer, control = facts$control, target = facts$target, condition = facts$condition,
          seed = seed, origin = origin)
}

# Where the cells of a fit came from, as texts of the file: "source.assay.type", "source.condition",
# ...
source_metadata <- function(fit, holds = NULL) {
  facts <- c(fit$origin, list(condition = fit$condition, control = fit$control, target = fit$target,
                              holds = holds,
                              seed = if (!is.na(fit$seed)) format(fit$seed, scientific = FALSE,
                                  digits = 17)))
  facts <- Filter(Negate(is.null), facts)
  stats::setNames(facts, paste0("source.", names(facts)))
}

# The header of a safetensors file: its length in 8 bytes, then JSON that begins with the metadata.
metadata.begins <- "{\"__metadata__\":{"

add_metadata <- function(path, texts) {
  bytes <- readBin(path, "raw", file.size(path))
  size <- header_size(bytes[1:8])
  header <- sub("[ ]*$", "", rawToChar(bytes[8L + seq_len(size)]))
  entries <- paste0(json_text(names(texts)), ":", json_text(unlist(texts)), collapse = ",")
  header <- paste0(metadata.begins, entries, ",", substring(header, nchar(metadata.begins) + 1L))
  header <- paste0(header, strrep(" ", -nchar(header, "bytes") %% 8L))
  # A name of its own, through links, with the file's mode: as the library writes.
  path <- normalizePath(path)
  part <- tempfile(".laot-", dirname(path), ".part")
  file <- file(part, "wb")
  on.exit({
    close(file)
    unlink(part)
  })
  writeBin(c(nchar(header, "bytes"), 0L), file, size = 4L, endian = "little")
  writeBin(charToRaw(header), file)
  writeBin(bytes[-seq_len(8L + size)], file)
  close(file)
  on.exit(unlink(part))
  whole <- file.size(part) == length(bytes) - size + nchar(header, "bytes")
  Sys.chmod(part, file.mode(path), use_umask = FALSE)
  if (!whole || !file.rename(part, path)) fail("cannot write ", quoted(path))
  on.exit()
}

header_size <- function(bytes) readBin(bytes, "integer", 1L, size = 4L, endian = "little")

read_metadata <- function(path) {
  file <- file(path, "rb")
  on.exit(close(file))
  header <- rawToChar(readBin(file, "raw", header_size(readBin(file, "raw", 8L))))
  Encoding(header) <- "UTF-8"
  entry <- "\"source[.]([a-z.]+)\":\"((?:[^\"\\\\]|\\\\.)*)\""
  found <- regmatches(header, gregexpr(entry, header, perl = TRUE))[[1L]]
  as.list(stats::setNames(json_value(sub(entry, "\\2", found, perl = TRUE)),
                          sub(entry, "\\1", found, perl = TRUE)))
}

# A text as JSON writes it, and back.
json_text <- function(text) {
  text <- gsub("([\"\\\\])", "\\\\\\1", enc2utf8(text))
  for (code in c(1:31, 127L))
    text <- gsub(intToUtf8(code), sprintf("\\u%04x", code), text, fixed = TRUE)
  paste0("\"", text, "\"")
}

json_value <- function(text) {
  vapply(text, function(one) {
    parts <- regmatches(one, gregexpr("\\\\u[0-9a-f]{4}|\\\\.|[^\\\\]+", one, perl = TRUE))[[1L]]
    escaped <- startsWith(parts, "\\")
    parts[escaped] <- vapply(parts[escaped], function(part) {
      if (nchar(part) == 6L) intToUtf8(strtoi(substring(part, 3L), 16L)) else substring(part, 2L)
    }, "")
    paste(parts, collapse = "")
  }, "", USE.NAMES = FALSE)
}
