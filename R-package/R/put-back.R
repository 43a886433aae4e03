# Putting predictions back where the cells came from: into a new object, or beside what there is.

# list(kind, name) of `into`: "altexp", c(altexp = "name"), or a name alone, which is that of an
# assay.
checked_into <- function(into, newdata, fit) {
  if (is.null(into)) return(NULL)
  one_string(into, "into")
  if (is.null(names(into)) && tolower(into) == "hdf5") {
    if (isTRUE(object.classes[[object_kind(newdata)]]$in.memory))
      fail("into = \"HDF5\" leaves the values on disk, and a ", object_kind(newdata),
           " object has them in memory; ",
           "predict a part of the cells at a time, or a SingleCellExperiment")
    return(list(kind = "HDF5"))
  }
  kinds <- object.classes[[object_kind(newdata)]]$into
  if (is.null(names(into)) && tolower(into) == "cells" && !is.null(kinds))
    return(list(kind = "cells"))
  if (is.null(kinds)) {
    fail("into = ", quoted(into),
         " needs a ", paste(vapply(object.classes, `[[`, "", "called"), collapse = " or "),
         ", found ",
         shown(newdata), "; a matrix has no room for it")
  }
  kind <- names(into)
  if (is.null(kind)) {
    kind <- kind_of_place(into)
    every <- unlist(lapply(object.classes, `[[`, "into"), use.names = FALSE)
    if (!kind %in% every) {
      near <- nearest(into, c("cells", "HDF5", kinds))
      if (!is.null(near) && utils::adist(tolower(into), tolower(near)) <= 2) {
        fail("into = ", quoted(into), " is no place; did you mean ", quoted(near), "? An assay of ",
             "that name is c(assay = ", quoted(into), ")")
      }
      return(list(kind = "assay", name = into, word.alone = TRUE))
    }
    one_of(kind, kinds, "into")
    return(list(kind = kind, name = fit$method))
  }
  kind <- kind_of_place(kind)
  one_of(kind, kinds, "the name in into")
  list(kind = kind, name = unname(into))
}

# As the classes spell it, too: "altExp", "reducedDim".
kind_of_place <- function(said) {
  kind <- tolower(said)
  if (kind == "reduceddim") "dimred" else kind
}

# Labels of the cells of a new object: their condition, and that they are predicted.
prediction_says <- function(fit, label, suffix) {
  if (!is.null(label)) one_string(label, "label")
  if (!is.character(suffix) || length(suffix) != 1L || is.na(suffix))
    fail("suffix must be one string, found ", shown(suffix))
  list(condition = fit$condition, control = fit$control, target = fit$target,
       covariates = covariates_said(list(fit)), combine = fit$origin$combine, label = label,
       suffix = suffix, weight = weight_column(fit$method))
}

# By covariate, what predicted cells are at: list(parts, own). parts: the values at each fit's
# condition. own: levels that a cell keeps, as the line or the donor that control cells share with
# conditions; none where the covariates were asked for.
covariates_said <- function(fits) {
  first <- fits[[1L]]
  names <- native(.Call(C_conditions, model_pointer(first)))$covariates
  parts <- lapply(fits, fit_covariates, names)
  known <- if (is.null(first$at$covariates) && !is.null(first$whole))
    native(.Call(C_covariates, whole_pointer(first$whole)))
  sapply(names, function(name) {
    list(parts = lapply(parts, `[[`, name), own = known$value[known$covariate == name])
  }, simplify = FALSE)
}

# A column that is no mark of predicted cells is the user's.
check_label <- function(newdata, says) {
  if (is.null(says$label) || object_kind(newdata) == "matrix") return(invisible())
  old <- as.list(columns_of(newdata))
  if (identical(says$label, says$condition) ||
      says$label %in% names(old) && !is_flag(old[[says$label]])) {
    fail("label = ", quoted(says$label), " would replace the column of that name in newdata; ",
         "give another name, or label = NULL for no column")
  }
}

# The handling of `into` by every predict(). values: a function of the object, of which of the
# cells of newdata it has (NULL: all) and of the place (NULL: a new object), that gives what
# predicted_values() gives; with `target`, the condition of each cell, where that is not the fit's,
# and `cells`, which of the object's it holds, where not all. no.disk: what to do where there is no
# "HDF5".
put_predicted <- function(newdata, fit, into, label, suffix, values, no.disk = NULL) {
  place <- checked_into(into, newdata, fit)
  if (identical(place$kind, "HDF5") && !is.null(no.disk))
    fail("into = \"HDF5\" goes with one fit; ", no.disk)
  says <- prediction_says(fit, label, suffix)
  if (is.null(place) || identical(place$kind, "cells")) check_label(newdata, says)
  put_part <- function(cells, place, part = NULL, suffix = says$suffix) {
    out <- values(cells, part, place)
    for (name in c("target", "covariates"))
      if (!is.null(out[[name]])) says[[name]] <- out[[name]]
    says$suffix <- suffix
    if (!is.null(out$cells)) cells <- cells_at(cells, out$cells)
    put(cells, out, says, place)
  }
  if (!identical(place$kind, "cells")) return(put_part(newdata, place))
  put_cells(newdata, fit, says,
            function(part, cells, suffix) put_part(cells, NULL, part, suffix))
}

# Objects of S4 take no `drop`, or warn of it.
cells_at <- function(x, at) if (isS4(x)) x[, at] else x[, at, drop = FALSE]

# A level of a factor of conditions, a number or a flag where the conditions are such, or the text.
# target: one for all cells, or one each.
target_labels <- function(old, target, count) {
  out <- rep_len(target, count)
  if (is(old, "Rle")) old <- as.vector(old)
  if (is.factor(old)) return(factor(out, union(levels(old), target), ordered = is.ordered(old)))
  if (!is.numeric(old) && !is.logical(old)) return(out)
  same <- suppressWarnings(as(out, if (is.logical(old)) "logical" else "numeric"))
  if (anyNA(same)) return(out)
  if (is.integer(old) && all(same == floor(same))) as.integer(same) else same
}

# Of what a predicted cell counts, under the name of a prediction.
weight_column <- function(name) paste0(name, "_weight")

labelled <- function(columns, says, count, weights = NULL) {
  if (!is.null(weights)) columns[[says$weight]] <- weights
  if (!is.null(says$condition))
    columns[[says$condition]] <- target_labels(columns[[says$condition]], says$target, count)
  for (name in setdiff(intersect(names(says$covariates), names(columns)), says$condition)) {
    columns[[name]] <- covariate_labels(columns[[name]], says$covariates[[name]], says$combine,
                                        count)
  }
  if (!is.null(says$label)) columns[[says$label]] <- rep(TRUE, count)
  columns
}

# said: of covariates_said().
covariate_labels <- function(old, said, combine, count) {
  if (is.list(old)) return(rep_len(said$parts, count))
  keeps <- as.character(plain_values(old)) %in% said$own
  texts <- vapply(said$parts, function(parts) {
    paste(as_texts(parts), collapse = if (is.null(combine)) " + " else combine)
  }, "")
  out <- target_labels(old, rep_len(texts, count), count)
  out[keeps] <- if (is.factor(out)) as.character(old)[keeps] else as.vector(old)[keeps]
  out
}

# out: what predicted_values() gives; says: prediction_says(); place: checked_into().
put <- function(newdata, out, says, place) {
  if (!is.null(place) && place$kind != "HDF5") return(put_into(newdata, out, place))
  with_label_mark(put_back(newdata, out, says), says$label)
}

put_back <- function(newdata, out, says) UseMethod("put_back")

#' @exportS3Method
put_back.default <- function(newdata, out, says) {
  values <- out$values
  if (nzchar(says$suffix) && !is.null(colnames(values)))
    colnames(values) <- paste0(colnames(values), says$suffix)
  if (is.data.frame(newdata)) {
    table <- as.data.frame(as.matrix(values), optional = TRUE)
    names(table) <- paste0(names(newdata), says$suffix)
    if (.row_names_info(newdata) > 0L) rownames(table) <- rownames(newdata)[out$at]
    return(if (inherits(newdata, "tbl_df")) tibble::as_tibble(table) else table)
  }
  if (is(newdata, "DelayedMatrix") && !is(values, "DelayedMatrix"))
    return(DelayedArray::DelayedArray(values))
  if (!is(newdata, "Matrix") || is(values, "DelayedMatrix")) return(values)
  if (is(newdata, "sparseMatrix")) as_csc(values) else as(as(values, "dMatrix"), "generalMatrix")
}

# Beside what newdata has, or over an earlier prediction: not over what was measured.
put_into <- function(newdata, out, place) {
  mark <- paste(place$kind, place$name)
  if (place$name %in% c(places_of(newdata, place$kind), if (place$kind == "assay") "counts") &&
        !mark %in% predicted_places(newdata)) {
    fail("into = ", quoted(place$name), " would replace values that newdata has; give another ",
         "name, such as into = c(", place$kind, " = ",
         quoted(paste0(place$name, ".predicted")), ")")
  }
  is.new <- !place$name %in% places_of(newdata, place$kind)
  out <- put_in(newdata, out, place)
  # It may have been meant as another place.
  if (isTRUE(place$word.alone) && is.new)
    message("Into a new assay ", quoted(place$name), ": a word alone is the name of an assay")
  mark_places(out, union(predicted_places(out), mark))
}

# The names that are taken.
places_of <- function(x, kind) UseMethod("places_of")

# An object remembers which of its places hold predictions.
predicted.mark <- "laot.predicted"
predicted_places <- function(x) UseMethod("predicted_places")
mark_places <- function(x, marks) UseMethod("mark_places")

put_in <- function(newdata, out, place) UseMethod("put_in")
