# Covariates of the conditions: columns such as drug and dose, with one value in all cells of a
# condition.

# Arguments that do not go with covariates, by name.
covariates_alone <- function(others) {
  given <- names(Filter(Negate(is.null), others))
  if (!length(given)) return(invisible())
  fail("covariates do not go with ", given[1L], switch(given[1L],
    treated = ": two samples have one condition; give one object and the condition of each cell",
    by = "; choose the cells of one level first",
    seeds = " of a method that is fitted to each condition on its own; give one seed"
  ))
}

# By name, one value for each cell.
covariate_columns <- function(covariates, source) {
  count <- value_dim(source$values)[2L]
  if (is(covariates, "DataFrame")) covariates <- as.data.frame(covariates)
  if (is.data.frame(covariates)) {
    if (!is.null(source$within) && nrow(covariates) == source$object.cells) {
      covariates <- in_cell_order(covariates, source$all.cells, "covariates")
      covariates <- covariates[source$within, , drop = FALSE]
    }
    covariates <- in_cell_order(covariates, value_dimnames(source$values)[[2L]], "covariates")
    if (nrow(covariates) != count || !length(covariates)) {
      fail("covariates must have columns, and one row for each of the ", counted(count, "cell"),
           "; found ",
           counted(length(covariates), "column"), " and ", counted(nrow(covariates), "row"))
    }
    return(as.list(covariates))
  }
  names <- covariate_names(covariates)
  if (is.null(source$columns)) {
    fail("covariates names columns, but a matrix has none; give a data frame with one row ",
         "for each cell")
  }
  missing <- setdiff(names, names(source$columns))
  if (length(missing)) fail(no_column(missing[1L], source$columns, "covariates"))
  lapply(source$columns[names], plain_values)
}

check_combine <- function(combine) {
  if (is.null(combine)) return(invisible())
  one_string(combine, "combine")
  if (!nzchar(combine))
    fail("combine must be what stands between the parts of a combination, such as ",
         "\"+\", found \"\"")
}

covariates_needed <- function(given) {
  if (!is.null(given$embedding) &&
      (!is.character(given$embedding) || identical(given$embedding, by.control))) {
    fail("embedding is of the levels of covariates; give covariates = ~ drug, say")
  }
  if (!is.null(given$hold.out))
    fail("hold.out is of the conditions of an experiment; give covariates = ~ drug, say")
}

# The word for covariates whose levels lie where their control cells do.
by.control <- "control"

# The method's own word for the treatment's levels: of `embedding` itself, or of its entry "effect",
# which must then be that of the treatment, the one covariate of levels that control cells do not
# place.
word_of_embedding <- function(embedding, known) {
  if (is.character(embedding)) return(if (!identical(embedding, by.control)) embedding)
  if (!is.list(embedding) || is.data.frame(embedding) || !length(known)) return(NULL)
  named <- names(Filter(function(one) identical(one, "effect"), embedding))
  if (!length(named)) return(NULL)
  placed <- names(Filter(function(one) identical(one, by.control), embedding))
  levels <- setdiff(names(Filter(is.character, known)), placed)
  if (!identical(levels, named)) {
    fail("embedding by \"effect\" is of the treatment, the one covariate of levels that control ",
         "cells do not place; found ", if (length(levels)) listed(levels) else "none")
  }
  "effect"
}

# A list by covariate of list(levels, coordinates x levels), or "control".
embeddings_of <- function(embedding, known) {
  if (is.null(embedding)) return(list())
  if (identical(embedding, "effect") || identical(embedding, "given")) return(list())
  levels <- names(Filter(is.character, known[[1L]]))
  if (is.list(embedding) && !is.data.frame(embedding))
    embedding <- Filter(function(one) !identical(one, "effect"), embedding)
  if (is.matrix(embedding) || is.data.frame(embedding) || identical(embedding, by.control)) {
    if (length(levels) != 1L) {
      fail("embedding must be a list of matrices named by covariate where there is not one ",
           "covariate of levels; found ",
           if (length(levels)) listed(levels) else "none")
    }
    embedding <- stats::setNames(list(embedding), levels)
  }
  if (!is.list(embedding) || is.null(names(embedding)) || !all(nzchar(names(embedding)))) {
    fail("embedding must be a matrix with one row for each level, \"control\", a list of these ",
         "named by covariate, or \"effect\", found ",
         shown(embedding))
  }
  unknown <- setdiff(names(embedding), levels)
  if (length(unknown))
    fail("embedding names ", quoted(unknown[1L]), ", which is no covariate of levels",
         did_you_mean(unknown[1L], levels))
  sapply(names(embedding), function(name) {
    table <- embedding[[name]]
    if (identical(table, by.control)) return(table)
    if (is.data.frame(table)) table <- as.matrix(table)
    if (!is.numeric(table) || !is.matrix(table) || is.null(rownames(table))) {
      fail("the embedding of ", name,
           " must be a matrix of numbers with the levels as row names, \"control\" or \"effect\", ",
           "found ", shown(table))
    }
    list(levels = enc2utf8(rownames(table)), coordinates = t(unname(table)) + 0)
  }, simplify = FALSE)
}

# ~ drug + dose, or c("drug", "dose").
covariate_names <- function(covariates) {
  found <- covariates
  if (inherits(covariates, "formula")) {
    found <- if (length(covariates) == 2L) all.vars(covariates)
    if (!length(found) || !setequal(attr(stats::terms(covariates), "term.labels"),
                                    sapply(found, in_backticks))) {
      fail("covariates must be a formula of columns such as ~ drug + dose, found ",
           deparse(covariates)[1L])
    }
  }
  if (!is.character(found) || !length(found) || anyNA(found) || anyDuplicated(found)) {
    fail("covariates must be a formula such as ~ drug + dose, names of columns or a data ",
         "frame, found ", shown(covariates))
  }
  found
}

# As a formula writes a name.
in_backticks <- function(name) deparse(as.name(name), backtick = TRUE)

# list(covariates, controls, control.of): of each target its covariates and the number of its
# controls, which are places among the control cells. By the library's rules.
described_conditions <- function(columns, labels, chosen, combine = NULL) {
  labels <- as.character(labels)
  read <- native(.Call(C_read_conditions, enc2utf8(labels), enc2utf8(chosen$control),
                       enc2utf8(chosen$target), lapply(columns, plain_column), combine))
  values <- read$conditions
  known <- lapply(stats::setNames(nm = chosen$target), function(target) {
    sapply(names(columns), function(name) {
      at <- which(values$condition == enc2utf8(target) & values$covariate == enc2utf8(name))
      if (is.na(values$number[at[1L]])) values$level[at] else values$number[at]
    }, simplify = FALSE)
  })
  places <- match(read$controls$cell + 1, which(labels == chosen$control))
  list(covariates = known, controls = unname(split(places, read$controls$control)),
       control.of = as.integer(read$control.of) + 1L)
}

# Units of doses and times, beside those of time courses.
dose.units <- c("M", "mM", "uM", "\u00b5M", "\u03bcM", "nM", "pM", "g/l", "mg/l", "mg/ml", "ug/ml",
                "\u00b5g/ml", "ng/ml", "pg/ml", "mg/mL", "ug/mL", "\u00b5g/mL", "ng/mL", "pg/mL",
                "mg/kg", "ug/kg", "Gy", "%")

# Doses and times with a unit are texts, whose order and distances are lost.
say_units <- function(column, name) {
  if (is.list(column) || is.numeric(column)) return(invisible())
  numbers <- suppressWarnings(as.numeric(levels(column)))
  if (length(numbers) > 1L && !anyNA(numbers)) {
    message("Covariate ", name, " is a factor of numbers (", listed(levels(column), 3L), "), read ",
            "as levels without an order: give numbers to predict at others")
    return(invisible())
  }
  levels <- trimmed(unique(as.character(column[!is_lost_value(column)])))
  unit <- sub("^[-+]?[0-9]*[.]?[0-9]+([eE][-+]?[0-9]+)?[ ]*", "", levels)
  is.unit <- unit %in% dose.units | nchar(unit) > 0L & !is.na(unit_of_word(unit))
  if (length(levels) < 2L || !all(unit != levels & (is.unit | unit == "")) || !any(is.unit))
    return(invisible())
  message("Covariate ", name, " holds numbers with a unit (", listed(levels, 3L), "), read as ",
          "levels without an order: give numbers of one unit to predict at others")
}

# Numbers, texts, or of a combination a list of either.
plain_column <- function(column)
  if (is.list(column)) lapply(column, covariate_value) else covariate_value(column)

is_lost_value <- function(values) {
  if (is.list(values)) return(vapply(values, function(value) !length(value) || anyNA(value), NA))
  is.na(values) | !is.numeric(values) & is_blank(values)
}

# Numbers are numbers, and anything else is levels.
covariate_value <- function(value) {
  value <- if (is.list(value)) unlist(value) else plain_values(value)
  if (is.numeric(value)) as.double(value) else enc2utf8(as.character(value))
}

# The parts of a value that is not in a column, by the rules of those that are: a level with
# `combine` is a combination, whose parts are numbers where all are.
covariate_parts <- function(value, combine) {
  value <- covariate_value(value)
  if (is.null(combine) || !is.character(value)) return(value)
  parts <- trimmed(unlist(strsplit(value, combine, fixed = TRUE)))
  numbers <- suppressWarnings(as.numeric(parts))
  if (length(parts) > length(value) && !anyNA(numbers)) numbers else parts
}

# "drug = A + B, dose = 3 + 1"
condition_text <- function(covariates) {
  paste(names(covariates), vapply(covariates, paste, "", collapse = " + "), sep = " = ",
        collapse = ", ")
}
