# Objects as values and columns. A source is list(values, columns, origin, subset, rest): a matrix
# as it lies in the object, the cells' annotation, what it takes to find the same values in another
# object, the features that were asked for, and the arguments that were not this object's.

# Each method names what it understands after `...`, so that nothing is matched by a part of its
# name.
read_source <- function(x, ..., what = "x") UseMethod("read_source")

#' @exportS3Method
read_source.default <- function(x, ..., what = "x") {
  values <- as_values(x, what)
  if (what %in% c("x", "the control matrix") && looks_raw(values)) {
    message(if (what == "x") "x" else "The control matrix",
            " holds whole numbers only, as counts are, and is used as it is; normalise and log ",
            "counts first (scuttle::normalizeCounts)")
  }
  new_source(values, what, columns = NULL, origin = list(kind = "matrix"), rest = list(...))
}

# within: the cells of the object that the values hold, where these are fewer; the columns are then
# theirs.
new_source <- function(values, what, columns, origin, subset = NULL, rest = list(), within = NULL,
                       idents = NULL, all.cells = NULL) {
  cells <- if (!is.null(within)) length(columns[[1L]])
  if (!is.null(within)) columns[] <- lapply(columns, `[`, within)
  list(values = require_some(values, what), columns = columns, origin = origin, subset = subset,
       rest = rest, what = what,
       within = within, object.cells = cells, all.cells = all.cells, idents = idents)
}

# The classes of objects: the places that predictions go to, the argument that says which values are
# read, its words for counts and their logarithms, and how sentences call the class. The methods of
# each are named for it: read_source(), columns_of(), put_back(), put_in(), bind_cells() and others.
object.classes <- list(
  SummarizedExperiment = list(
    into = c("assay", "altexp", "dimred"), place = "assay.type",
    values = c("counts", "logcounts"), called = "SummarizedExperiment or SingleCellExperiment"),
  # Its values are in memory, and since version 5 an assay may have fewer cells than the object.
  Seurat = list(
    into = c("assay", "reduction"), place = "layer", values = c("counts", "data"),
    called = "Seurat object", in.memory = TRUE, assays.lack.cells = function() is_seurat5())
)

object_kind <- function(x) {
  kind <- Find(function(class) is(x, class), names(object.classes))
  if (is.null(kind)) "matrix" else kind
}

# Whole numbers of at least 0, and some that are no logarithms of counts; a look at the first values
# is enough.
looks_raw <- function(values) are_counts(first_values(values))

are_counts <- function(seen)
  length(seen) > 0L && all(seen >= 0 & seen == floor(seen)) && max(seen) > 2

first_values <- function(values) {
  if (is_lazy(values)) values <- taken(values, NULL, seq_len(min(value_dim(values)[2L], 20L)))
  # By number: as.vector() would copy a dense matrix.
  stored <- if (inherits(values, "dgCMatrix")) values@x else values
  seen <- stored[seq_len(min(length(stored), 1e5))]
  seen[!is.na(seen)]
}

# Counts per million have logarithms of at most log2(1e6) = 20.
largest.logarithm <- 50

# Normalised values whose logarithm was not taken: not whole, as counts are, and too large.
warn_if_unlogged <- function(values, place, what, how, argument) {
  if (!what %in% c("x", "the control object")) return(invisible())
  seen <- first_values(values)
  if (!length(seen) || min(seen) < 0 || all(seen == floor(seen)) ||
      max(seen) <= largest.logarithm) return(invisible())
  warning(place, " of ", what, " holds values up to ", number_text(max(seen), 3L),
          ", too large for logarithms, as of values that were normalised and not logged: take ",
          "logarithms first ", how, ", or keep them under another name and say ", argument,
          " = to use them as they are", call. = FALSE)
}

# The arguments that say where the values of an object are, or which features of it to use: those
# that the methods of read_source() name.
source_arguments <- function(kinds = names(object.classes)) {
  methods <- lapply(intersect(kinds, names(object.classes)),
                    function(kind) get(paste0("read_source.", kind), envir = topenv()))
  setdiff(unlist(lapply(methods, function(method) names(formals(method))), use.names = FALSE),
          c("x", "...", "what"))
}
feature.arguments <- c("subset.row", "features")
where_arguments <- function(...) setdiff(source_arguments(...), feature.arguments)

# Arguments of other packages, and what they are here.
other.hints <- list(
  ctrl = "; did you mean \"control\"?",
  slot = "; a slot is called a layer here: layer = \"data\"",
  group.by = "; the column of the conditions is condition = in a fit, one of groups by = ",
  split.by = "; one fit for each level of a column is by = ",
  use.altexp = "; an alternative experiment is altexp = here",
  use.dimred = "; a reduced dimension is dimred = here",
  exprs_values = "; an assay is assay.type = here",
  assay_name = "; an assay is assay.type = here"
)

no.fit <- "fit is missing; give a fit, as laot_fit() makes it"
no.cells <-
  "x is missing; give the cells: an object, or a matrix with features as rows and cells as columns"

# Reduced dimensions are stored cells x components.
as_coordinates <- function(embedding, name, cells) {
  values <- t(as.matrix(embedding))
  storage.mode(values) <- "double"
  if (is.null(rownames(values))) rownames(values) <- paste0(name, "_", seq_len(nrow(values)))
  colnames(values) <- cells
  values
}

is_reduced <- function(origin) !is.null(origin$dimred) || !is.null(origin$reduction)

# The features that an object's fit uses unless it is told.
usual_features <- function() as.integer(or_usual(NULL, "variable_features", "count"))

uses_variable_features <- function(source) {
  source$origin$kind != "matrix" && !is_reduced(source$origin) &&
    value_dim(source$values)[1L] > usual_features()
}

# subset: names, numbers or flags of features; NULL: none given.
chosen_features <- function(subset, values, argument) {
  if (is.null(subset)) return(NULL)
  names <- value_dimnames(values)[[1L]]
  rows <- value_dim(values)[1L]
  if (is.logical(subset)) {
    if (length(subset) != rows || anyNA(subset)) {
      fail(argument, " has ", if (anyNA(subset)) "a missing flag" else counted(length(subset),
          "flag"), " for ",
           counted(rows, "feature"), "; give TRUE or FALSE for each")
    }
    subset <- which(subset)
  } else if (is.numeric(subset)) {
    if (anyNA(subset) || any(subset < 1 | subset > rows | subset != floor(subset))) {
      fail(argument, " must be row numbers from 1 to ", rows)
    }
    if (length(subset) == 1L && rows > 1L) {
      fail(argument, " = ", subset, " would be one feature, row ", subset,
           if (!is.null(names)) paste0(" (", names[subset], ")"),
           ", and not a number of features; give the names of those to use",
           if (!is.null(names)) paste0(", also where it is one: ", argument, " = ",
                                       quoted(names[subset])))
    }
    subset <- as.integer(subset)
  } else if (is.character(subset)) {
    if (is.null(names)) fail(argument, " has names, but the features of x have none")
    at <- match(subset, names)
    if (anyNA(at)) {
      fail(argument, " names ", counted(sum(is.na(at)), "feature"), " that x lacks: ",
           listed(subset[is.na(at)], 5L), differing_style(subset[is.na(at)], names))
    }
    unique_features(names[names %in% subset], "x")
    subset <- at
  } else {
    fail(argument, " must be names, numbers or flags of features, found ", shown(subset))
  }
  if (!length(subset)) fail(argument, " selects no feature")
  if (anyDuplicated(subset)) fail(argument, " selects a feature twice")
  subset
}
