# The object itself, with the predicted cells behind its own.

# Which cells of newdata are to be predicted: its control cells, and all where no column tells them.
cells_to_predict <- function(fit, columns, count) {
  labels <- if (!is.null(fit$condition)) columns[[fit$condition]]
  if (!is.null(labels)) labels <- as.character(labels)
  start <- !predicted_cells(columns, count)
  if (!is.null(labels)) start <- start & trimmed(labels) %in% fit$control
  if (!any(start)) {
    fail("newdata has no cell that is ", quoted(fit$control), " in column ", quoted(fit$condition),
         ", to be predicted; it has ", listed(unique(labels), 5L))
  }
  which(start)
}

# Names of cells are unique in one object.
default.suffix <- "_predicted"

# predict: a function of which cells, the object of these and a suffix that gives the predicted
# object.
put_cells <- function(newdata, fit, says, predict) {
  if (!is.null(fit$origin$altexp))
    fail("the fit is one of an alternative experiment; its predictions go into c(altexp = )")
  columns <- marked_columns(newdata)
  start <- cells_to_predict(fit, columns, ncol(newdata))
  suffix <- if (nzchar(says$suffix)) says$suffix else default.suffix
  more <- predict(start, newdata[, start], suffix)
  twice <- intersect(colnames(newdata), colnames(more))
  if (length(twice)) {
    fail("newdata has cells of the names of predicted ones already: ", listed(twice, 5L),
         "; choose another suffix")
  }
  out <- bind_cells(with_features_of(newdata, more, fit$origin), more)
  if (is.null(says$label)) return(out)
  old <- columns[[says$label]]
  here <- if (is.logical(old)) !is.na(old) & old else logical(ncol(newdata))
  out <- with_column(out, says$label, c(here, rep(TRUE, ncol(more))))
  with_label_mark(out, says$label)
}

# Without the features that were not predicted: the predicted cells have none of them, and marker
# tests would take that for a response.
with_features_of <- function(newdata, more, origin) {
  if (is_reduced(origin) || is.null(rownames(more))) return(newdata)
  all <- features_of(newdata, origin)
  if (identical(all, rownames(more))) return(newdata)
  message("Kept: the ", nrow(more), " features of the fit, of ", length(all),
          "; the others are not predicted")
  some_features(newdata, rownames(more), origin)
}

features_of <- function(x, origin) UseMethod("features_of")

some_features <- function(x, features, origin) UseMethod("some_features")

with_column <- function(x, name, values) {
  x[[name]] <- unname(values)
  x
}

columns_of <- function(x) UseMethod("columns_of")

# Assays and reductions that the predicted cells do not have are NA, or lack them.
bind_cells <- function(newdata, more) UseMethod("bind_cells")
