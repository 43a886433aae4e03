# Which cells of an object are predicted ones: by the column "predicted", or columns of other names
# that the object remembers.

predicted.column <- "predicted"

# Among the marks of predicted places (mark_places()).
label.mark <- "label "

with_label_mark <- function(x, label) {
  if (is.null(label) || label == predicted.column || object_kind(x) == "matrix") return(x)
  mark_places(x, union(predicted_places(x), paste0(label.mark, label)))
}

marks_of_labels <- function(marks) marks[startsWith(as.character(marks), label.mark)]

# The columns of an object, with the names of those that an earlier prediction made, as an
# attribute.
marked_columns <- function(x) {
  labels <- substring(marks_of_labels(predicted_places(x)), nchar(label.mark) + 1L)
  structure(as.list(columns_of(x)), predicted.labels = labels)
}

# Names of the columns that say so.
predicted_columns <- function(columns) {
  Filter(function(name) is_flag(columns[[name]]),
         union(predicted.column, attr(columns, "predicted.labels")))
}

# One flag a cell; none where there are no columns.
predicted_cells <- function(columns,
                            count = if (length(columns)) length(columns[[1L]]) else 0L) {
  flags <- lapply(predicted_columns(columns),
                  function(name) toupper(as.character(columns[[name]])) %in% "TRUE")
  Reduce(`|`, flags, logical(count))
}

# '(column "predicted")', those in which some cells are marked.
predicted_by <- function(columns) {
  names <- Filter(function(name) any(toupper(as.character(columns[[name]])) %in% "TRUE"),
                  predicted_columns(columns))
  paste0("(column ", listed(quoted(names)), ")")
}

# TRUE and FALSE, also as the texts that files of other programs make of them.
is_flag <- function(column) {
  if (is.null(column) || !is.atomic(column) && !is(column, "Rle")) return(FALSE)
  texts <- unique(toupper(as.character(column)))
  all(is_blank(texts) | texts %in% c("TRUE", "FALSE"))
}

# Arguments that take cells that were measured.
measured.arguments <- c("observed", "control", "treated")

warn_of_predicted <- function(source, what) {
  count <- sum(predicted_cells(source$columns))
  if (count) {
    warning(what, " has ", counted(count, "cell"), if (count == 1) " that is" else " that are",
            " predicted ", predicted_by(source$columns), ", and not measured", call. = FALSE)
  }
}
