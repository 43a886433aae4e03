# Cells as the library reads them: a double matrix or a dgCMatrix, features x cells, in place.

#' @importFrom methods is as
as_values <- function(x, what) {
  if (is.data.frame(x)) {
    bad <- names(x)[!vapply(x, is.numeric, NA)]
    if (length(bad)) {
      fail(what, " must hold numbers (features are rows, cells are columns); its column ",
           quoted(bad[1L]), " is ", class(x[[bad[1L]]])[1L],
           "; names of features are row names, and labels of cells a vector of their own")
    }
    x <- as.matrix(x)
  } else if (is(x, "dgCMatrix")) {
    return(x)
  } else if (is(x, "Matrix")) {
    if (is(x, "lMatrix") || is(x, "nMatrix")) {
      fail(what, " must hold numbers, found logical values; multiply by 1 to use them as 0 and 1")
    }
    x <- if (is(x, "sparseMatrix")) as_csc(x) else as.matrix(x)
    if (is(x, "dgCMatrix")) return(x)
  } else if (is(x, "DelayedMatrix")) {
    need("DelayedArray", paste("to read", what))
    if (!DelayedArray::type(x) %in% c("double", "integer")) {
      fail(what, " must hold numbers, found ", DelayedArray::type(x), " values")
    }
    return(x)
  }
  if (!is.matrix(x)) {
    not_cells(x, what)
    fail(what, " must be a matrix (features are rows, cells are columns), found ", shown(x),
         if (is.numeric(x)) "; one row or column stays a matrix with drop = FALSE" else
           if (is.list(x) && length(x)) paste0(
             "; give its parts one at a time, control cells as x and treated cells as treated = , ",
             "or bind them with cbind() and give the condition of each cell"))
  }
  if (!is.numeric(x)) {
    fail(what, " must hold numbers, found ", typeof(x), " values",
         if (is.logical(x)) "; multiply by 1 to use them as 0 and 1")
  }
  if (!is.double(x)) storage.mode(x) <- "double"
  x
}

# Things that are given for cells and hold none, each in its own words.
not_cells <- function(x, what) {
  if (inherits(x, c("laot_fit", "laot_fit_list", "laot_ensemble", "laot_ensemble_list")))
    fail(what, " must hold cells, found a fit; give an object, or a matrix with cells as columns")
  if (inherits(x, c("Assay", "StdAssay", "DimReduc"))) {
    reduced <- inherits(x, "DimReduc")
    fail(what, " is ", if (reduced) "a reduction" else "an assay", " of a Seurat object; give the ",
         "object itself, and ", if (reduced) "reduction" else "assay", " = with the name of it")
  }
  advice <- file_advice(x)
  if (!is.null(advice)) fail(what, " must hold cells, found ", shown(x), advice)
}

# "; read the file first, ..." of the name of one.
file_advice <- function(x) {
  if (!is.character(x) || length(x) != 1L || is.na(x)) return(NULL)
  readers <- c(h5ad = "zellkonverter::readH5AD()", rds = "readRDS()", rdata = "load()",
               h5 = "DropletUtils::read10xCounts()", loom = "LoomExperiment::import()",
               csv = "read.csv()", tsv = "read.delim()", mtx = "Matrix::readMM()")
  reader <- readers[tolower(sub("^.*[.]", "", x))]
  if (!is.na(reader)) paste0("; read the file first, with ", reader, ", and give what it holds")
}

as_csc <- function(x) {
  if (!is.matrix(x)) return(as(as(as(x, "dMatrix"), "generalMatrix"), "CsparseMatrix"))
  parts <- .Call(C_compressed, x)
  if (is.null(parts)) {
    fail("a sparse matrix of R holds at most ", .Machine$integer.max, " values that are not 0, ",
         "found more in ", nrow(x), " x ", ncol(x), " values; take a part of the cells at a time")
  }
  methods::new("dgCMatrix", p = parts$p, i = parts$i, x = parts$x, Dim = dim(x),
               Dimnames = value_dimnames(x))
}

# Of a dgCMatrix without the package Matrix.
value_dim <- function(values) if (inherits(values, "dgCMatrix")) values@Dim else dim(values)
value_dimnames <- function(values) {
  names <- if (inherits(values, "dgCMatrix")) values@Dimnames else dimnames(values)
  if (is.null(names)) list(NULL, NULL) else names
}

# Input of one C call: the values and which of them; of values that are not one matrix in memory,
# the chosen ones.
cells_of <- function(values, cells = NULL, features = NULL, batch = NULL, with.names = TRUE,
                     progress = NULL) {
  names <- if (with.names) value_dimnames(values) else list(NULL, NULL)
  if (is_lazy(values)) {
    out <- if (on_disk(values)) {
      read_groups(values, features, list(if (is.null(cells)) seq_len(dim(values)[2L]) else cells),
                  progress)(1L)
    } else {
      cells_of(taken(values, features, cells))
    }
    out["batch"] <- list(batch)
    if (!with.names) out[c("feature.names", "cell.names")] <- list(NULL)
    return(out)
  }
  pick <- function(names, index) if (is.null(names) || is.null(index)) names else names[index]
  list(
    values = values, cells = cells, features = features,
    feature.names = pick(names[[1L]], features), cell.names = pick(names[[2L]], cells),
    batch = batch
  )
}

cell_count <- function(x) if (is.null(x$cells)) value_dim(x$values)[2L] else length(x$cells)

require_some <- function(values, what) {
  size <- value_dim(values)
  if (size[2L] == 0L) fail(what, " has no cells (columns)")
  if (size[1L] == 0L) fail(what, " has no features (rows)")
  values
}

unique_features <- function(names, what) {
  twice <- names[duplicated(names)]
  if (length(twice)) {
    fail(what, " has the feature ", quoted(twice[1L]), " more than once; features are matched by ",
         "name, so make the names unique, for example with make.unique()")
  }
  names
}

# Where `wanted` features stand in `values`: by name where both have names, else by position.
# owner: the values whose features `wanted` are, where these are no fit's.
match_features <- function(wanted, count, values, what, whose, owner = NULL) {
  found <- value_dimnames(values)[[1L]]
  rows <- value_dim(values)[1L]
  if (is.null(wanted) || is.null(found)) {
    if (rows != count) {
      fail(what, " has ", counted(rows, "feature"), " and ", whose, " has ", count,
           if (is.null(wanted) != is.null(found)) {
             "; only one of them has feature names, so they cannot be matched by name"
           } else if (value_dim(values)[2L] == count) {
             paste0("; it has ", count, " columns: cells are columns here, so give t(",
                    plain_name(what), ")")
           } else if (!is.null(owner) && value_dim(owner)[2L] == rows) {
             paste0("; ", whose, " has ", rows, " columns: cells are columns here, so give its ",
                    "transpose, t()")
           } else if (!is.null(owner) && value_dim(owner)[2L] == value_dim(values)[2L]) {
             paste0("; both have ", counted(value_dim(values)[2L], "column"), ": cells are ",
                    "columns here, so give t() of both if these are the features")
           })
    }
    return(seq_len(count))
  }
  at <- match(wanted, found)
  missing <- wanted[is.na(at)]
  if (length(missing)) {
    fail(what, " lacks ", length(missing), " of the ", counted(count, "feature"), " of ",
         whose, ": ",
         listed(missing, 5L), why_missing(wanted, values, what, whose, owner))
  }
  unique_features(found[found %in% wanted], what)
  at
}

# "; ..." with the likeliest reason and an example of both sides.
why_missing <- function(wanted, values, what, whose, owner) {
  names <- value_dimnames(values)
  style <- differing_style(setdiff(wanted, names[[1L]]), names[[1L]])
  if (!is.null(style)) return(style)
  other <- if (!is.null(owner)) value_dimnames(owner)[[2L]]
  if (mostly_in(names[[1L]], other)) {
    return(paste0("; they are names of the columns of ", whose, ": cells are columns here, so ",
                  "give its transpose, t()"))
  }
  if (mostly_in(names[[2L]], other)) {
    return(paste0("; names of columns are the same in both: cells are columns here, so give t() ",
                  "of both if these are the features"))
  }
  if (mostly_in(wanted, names[[2L]])) {
    return(paste0("; they are names of its columns: cells are columns here, so give t(",
                  plain_name(what), ")"))
  }
  if (any(wanted %in% names[[1L]])) {
    return(paste0("; ", if (whose == "the fit") "fit again on the features that both have" else
      "keep the features that both have", ", intersect() of their names"))
  }
  paste0("; its names look like ", listed(names[[1L]][seq_len(min(2L, length(names[[1L]])))]))
}

# NULL, or how most of the names that are missing are written there.
differing_style <- function(missing, names) {
  if (!length(missing)) return(NULL)
  for (style in names(name.styles)) {
    simple <- name.styles[[style]]
    at <- match(simple(missing), simple(names))
    if (mean(!is.na(at)) >= 0.5) {
      one <- which(!is.na(at))[1L]
      return(paste0("; the names differ by ", style, ": ", names[at[one]], " there, ",
                    missing[one], " here"))
    }
  }
}

mostly_in <- function(names, others)
  length(names) > 0L && sum(names %in% others) > length(names) / 2

plain_name <- function(what) sub("^the (.*) matrix$", "\\1", what)

name.styles <- list(
  `"_", "-" and "."` = function(names) gsub("[-_.]", "-", names),
  `upper and lower case` = tolower,
  `a version, as in ENSG00000000003.15` = function(names) sub("[.][0-9]+$", "", names),
  `what stands before or after "_", "-" or "|"` = function(names) sub(
    "^(ENS[A-Z]*[0-9]+)(?:[.][0-9]+)?(?:[-_|].*)?$", "\\1", names, perl = TRUE),
  `the name of a genome, as in GRCh38_` = function(names) sub(
    "^(GRC[hm][0-9]+|hg[0-9]+|mm[0-9]+)[-_]+", "", names, perl = TRUE),
  `what R makes of names that begin with a number` = function(names) make.names(names),
  `white space` = function(names) gsub("[[:space:]]", "", names),
  `their style` = function(names) gsub("[^a-z0-9]", "", sub("[.][0-9]+$", "", tolower(names)))
)

# A small dense copy of a selection.
dense_block <- function(x) {
  values <- x$values
  features <- if (is.null(x$features)) TRUE else x$features
  cells <- if (is.null(x$cells)) TRUE else x$cells
  if (isS4(values)) {
    need("Matrix", "to read a sparse matrix")
    return(as.matrix(values[features, cells, drop = FALSE]))
  }
  if (isTRUE(features) && isTRUE(cells)) values else values[features, cells, drop = FALSE]
}
