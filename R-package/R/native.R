# The border to the library: errors, call settings, and handles that survive saveRDS().

fail <- function(...) stop(..., call. = FALSE)

# The library writes parameters with underscores, R with dots.
dotted <- function(name) gsub("_", ".", name, fixed = TRUE)
underscored <- function(name) gsub(".", "_", name, fixed = TRUE)

# native(.Call(...)): an error of the library as one sentence, without the call. cells: what the
# call read, by the names of the library's arguments (see cells_of()), to say where a bad value
# stands in the user's object; an element `subject` says how the sentence begins.
native <- function(call, cells = list()) {
  tryCatch(call, error = function(e) {
    place <- .Call(C_error_place, conditionMessage(e))
    fail(if (is.null(place)) .Call(C_error_in_r, conditionMessage(e)) else
      bad_value(place, cells[[place$argument]]))
  })
}

# place: list(argument, feature, cell, value), counted from 1 among what the library was given.
bad_value <- function(place, part) {
  at <- function(number, index, names) {
    name <- names[number]
    if (!is.null(index)) number <- index[number]
    paste0(number, if (!is.null(name) && !is.na(name)) paste0(" (", name, ")"))
  }
  # The library knows no NA: R's own is one of its NaN.
  found <- if (is.na(place$value)) "NaN or NA" else "Inf"
  paste0(if (is.null(part$subject)) paste(place$argument, "has") else part$subject, " ", found,
         " at feature ",
         at(place$feature, part$features, part$feature.names), ", cell ",
         at(place$cell, part$cells, part$cell.names),
         "; remove or impute such values first")
}

call_settings <- function(seed = 1, num.threads = 1L, progress = NULL) {
  if (!is.numeric(num.threads) || length(num.threads) != 1L || is.na(num.threads) ||
      num.threads != floor(num.threads) || num.threads < 1 || num.threads > 1024) {
    fail("num.threads must be one whole number from 1 to 1024, found ", shown(num.threads))
  }
  list(seed = as.double(seed), threads = as.integer(num.threads), progress = progress)
}

# R's own generator supplies the seed when none is given, so set.seed() governs a whole analysis.
seed_or_draw <- function(seed) {
  if (is.null(seed)) return(sample.int(.Machine$integer.max, 1L))
  if (!is.numeric(seed) || length(seed) != 1L || is.na(seed) || seed < 0 || seed > 2^53 ||
      seed != floor(seed)) {
    fail("seed must be one whole number of at least 0, found ", shown(seed))
  }
  seed
}

# An external pointer dies with its session; the bytes beside it do not.
new_handle <- function(pointer) {
  handle <- new.env(parent = emptyenv())
  handle$pointer <- pointer
  handle
}

model_pointer <- function(fit) {
  if (.Call(C_is_lost, fit$handle$pointer)) {
    fit$handle$pointer <- if (is.null(fit$whole)) {
      native(.Call(C_from_bytes, fit$bytes))
    } else {
      model_at(fit$whole, fit$at)
    }
  }
  fit$handle$pointer
}

model_array <- function(fit, name) native(.Call(C_array, model_pointer(fit), name))
