# Which cells are controls and which are treated.

control_words <- function() or_usual(NULL, "fit", "control")

is_control_word <- function(labels) tolower(labels) %in% control_words()

# One label per cell from a column name or a vector; NULL where nothing is given. Several columns
# (of batch and by) make one label of theirs together.
# cells: their names, by which labels that are named are taken.
cell_labels <- function(value, columns, count, argument, what = "x", cells = NULL) {
  if (is.null(value)) return(NULL)
  if (names_columns(value, columns, count, argument)) {
    return(interaction_labels(lapply(value, cell_labels, columns, count, argument, what), value))
  }
  value <- in_cell_order(plain_values(value), cells, argument)
  if (is.character(value) && length(value) == 1L && !(is.null(columns) && count == 1L)) {
    if (is.null(columns)) {
      fail(argument, " names a column, but a matrix has none; give one label per cell")
    }
    if (!value %in% names(columns)) fail(no_column(value, columns, argument, what))
    value <- plain_values(columns[[value]])
  }
  if (is.list(value) || length(value) != count) {
    fail(argument, " must be a column name or have one label for each of the ",
         counted(count, "cell"), ", found ", shown(value),
         if (length(dim(value)) == 2L) paste0("; give one of its columns, as in metadata$",
                                              c(colnames(value), argument)[1L]))
  }
  value[is_blank(value)] <- NA
  value <- trimmed_labels(value, argument)
  if (argument == "condition" && is.numeric(value)) check_numbers_as_labels(value)
  if (is.factor(value)) droplevels(value) else factor(value, unique(value))
}

# Run-length encoded columns as what they stand for.
plain_values <- function(value) if (is(value, "Rle")) S4Vectors::decode(value) else value

# A few numbers may be labels, such as doses; what differs from cell to cell is a measurement.
check_numbers_as_labels <- function(values) {
  found <- length(unique(values[!is.na(values)]))
  if (found > 2L && 3 * found > length(values)) {
    fail("condition has ", counted(found, "different number"), " for ",
         counted(length(values), "cell"),
         ": it must say which population a cell is of; what is known of the conditions, such as a ",
         "dose, goes into covariates = ")
  }
}

# Spreadsheets and text files write a missing label as a text.
is_blank <- function(labels)
  is.na(labels) | toupper(trimmed(as.character(labels))) %in% c("", "NA", "NAN", "N/A", "#N/A",
                                                                "<NA>", "NULL")

# Spaces of no width to break at among them, which a spreadsheet leaves behind.
trimmed <- function(texts) trimws(texts, whitespace = "[\\h\\v]")

# White space at the ends of a label is a slip of typing.
trimmed_labels <- function(value, argument) {
  texts <- if (is.factor(value)) levels(value) else if (is.character(value)) unique(value)
  loose <- texts[!is.na(texts) & texts != trimmed(texts) & !is_blank(texts)]
  if (length(loose)) {
    message("White space at the ends of labels of ", argument, " is left out: ",
            listed(quoted(loose), 5L))
    if (is.factor(value)) levels(value) <- trimmed(levels(value)) else value <- trimmed(value)
  }
  value
}

names_columns <- function(value, columns, count, argument) {
  argument %in% c("batch", "by") && is.character(value) && length(value) > 1L &&
    length(value) != count && any(value %in% names(columns))
}

# "a, T cell": missing where one of them is.
interaction_labels <- function(labels, names) {
  text <- do.call(paste, c(lapply(labels, as.character), sep = ", "))
  text[Reduce(`|`, lapply(labels, is.na))] <- NA
  factor(text, unique(text))
}

# Labels, or rows of a table, that are named by the cells are theirs by name, in whatever order.
in_cell_order <- function(value, cells, argument) {
  table <- is.data.frame(value)
  names <- if (!table) names(value) else if (.row_names_info(value) > 0L) rownames(value)
  if (is.null(dim(value)) && is.list(value) || is.null(names) || is.null(cells) ||
      identical(names, cells) || length(names) != length(cells) || !any(names %in% cells) ||
      identical(names, make.unique(cells))) return(value)
  check_cell_names(names, cells, paste(if (table) "the rows of" else "the labels of", argument))
  message("The labels of ", argument, " are in another order than the cells, and are taken by ",
          "their names")
  at <- match(cells, names)
  if (table) value[at, , drop = FALSE] else value[at]
}

# Names of which some are cells are meant as cells: each label must have its own.
check_cell_names <- function(names, cells, what) {
  advice <- "; name each by its cell, or give them without names in the order of the cells"
  other <- setdiff(names, cells)
  if (length(other)) {
    fail(what, " are named by the cells, but ", length(other), " of the ",
         counted(length(names), "name"), if (length(other) == 1L) " is none: " else " are none: ",
         listed(quoted(other), 3L), ", where the cells are ", listed(cells, 3L), advice)
  }
  twice <- names[duplicated(names)]
  if (!length(twice)) return(invisible())
  if (anyDuplicated(cells)) {
    fail(what, " are named by the cells in another order, but more than one cell is called ",
         quoted(twice[1L]), "; give them without names in the order of the cells")
  }
  fail(what, " are named by the cells, but ", quoted(twice[1L]), " stands there twice", advice)
}

# Labels for the cells of a source: also one for each cell of an object that has more.
labels_of <- function(value, source, argument) {
  size <- value_dim(source$values)
  if (source$origin$kind == "matrix" && size[1L] != size[2L] && length(value) == size[1L]) {
    fail(argument, " has one label for each of the ", size[1L],
         " rows of x, and cells are columns here: give t(x)")
  }
  if (!is.null(source$within) && length(value) == source$object.cells && is.null(dim(value))) {
    value <- in_cell_order(plain_values(value), source$all.cells, argument)[source$within]
  }
  value <- in_cell_order(plain_values(value), value_dimnames(source$values)[[2L]], argument)
  meant <- is.character(value) && length(value) == 1L &&
    tolower(value) %in% c("condition", "ident", "idents", "active.ident")
  if (meant && !value %in% names(source$columns) && length(source$idents) > 1L) {
    fail(no_column(value, source$columns, argument, source$what),
         "; the identities have the levels ", listed(source$idents, 6L),
         ": to use these say ", argument, " = Idents(x)")
  }
  cell_labels(value, source$columns, value_dim(source$values)[2L], argument, source$what)
}

no_column <- function(name, columns, argument, what = "x") {
  near <- nearest(name, names(columns))
  of.level <- Find(function(column) name %in% as.character(columns[[column]]), names(columns))
  paste0(
    what, " has no column ", quoted(name),
    if (!is.null(of.level)) paste0(" (it is a level of ", quoted(of.level), ")") else
      if (!is.null(near)) paste0(" (did you mean ", quoted(near), "?)"),
    "; choose one with ", argument, " = : ", column_summary(columns)
  )
}

# "condition (ctrl, stim), donor (8 values)"
column_summary <- function(columns) {
  if (!length(columns)) return("there are no columns")
  one <- function(name) {
    values <- unique(as.character(columns[[name]]))
    paste0(name, " (", if (length(values) > 6L) counted(length(values), "value") else
      listed(sort(values)), ")")
  }
  listed(vapply(names(columns), one, ""), 20L)
}

# With quotes where a list would not show its ends.
told_label <- function(labels)
  ifelse(grepl("[[:space:],]", labels), quoted(labels), labels)

# Two ways of writing one label are two conditions.
warn_of_twins <- function(levels, what) {
  plain <- gsub("[-_[:space:]]+", "-", tolower(levels))
  twins <- levels[plain %in% plain[duplicated(plain)]]
  if (length(twins)) {
    warning(what, " has the levels ", listed(quoted(twins), 6L), ", which differ by upper and ",
            "lower case or separators only and are different conditions here; give them one ",
            "spelling if they are one", call. = FALSE)
  }
}

# labels: the levels; control, targets: the chosen ones; explained: what was chosen for the user.
choose_levels <- function(labels, control, target, what) {
  levels <- levels(labels)
  if (!length(levels)) fail(what, " has only missing labels; give each cell that is used its level")
  explained <- character()
  if (is.null(control)) {
    control <- levels[is_control_word(levels)]
    if (length(control) != 1L) {
      fail(what, " has ", if (length(control)) paste("several control levels,",
                                                     listed(control)) else
        paste0("no level that is called ", listed(control_words()[1:5]), " or the like"),
        "; name it with control = ; the levels are ", listed(levels))
    }
    explained <- paste("control:", told_label(control))
  } else {
    control <- trimmed(as.character(control))
    if (length(control) != 1L || !control %in% levels) {
      fail("control must be one of the levels of ", what, ", which are ", listed(levels),
           "; found ",
           shown(control))
    }
  }
  others <- setdiff(levels, control)
  if (is.null(target)) {
    if (!length(others))
      fail(what, " has only the level ", quoted(control), "; there is nothing treated")
    target <- others
    explained <- c(explained, paste0(if (length(target) > 1L) "targets: " else "target: ",
                                     listed(told_label(target))))
  } else {
    target <- trimmed(as.character(target))
    unknown <- setdiff(target, others)
    if (length(unknown)) {
      fail("target must be among the levels of ", what, " other than the control, which are ",
           listed(others), "; found ", quoted(unknown[1L]))
    }
    if (!length(target)) fail("target is empty; the levels are ", listed(others))
    target <- unique(target)
  }
  warn_of_twins(levels[levels %in% c(control, target)], what)
  list(control = control, target = target, explained = explained)
}
