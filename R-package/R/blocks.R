# Values that are not one matrix in memory: layers of one assay by donor, and matrices on disk. They
# are read by blocks of cells, and of the blocks only what was chosen is kept.

# How much of a matrix on disk is in memory at a time, in bytes, and how much of what was chosen of
# it is held before it goes into files.
block.bytes <- 4e7
held.bytes <- 3e7

is_lazy <- function(values) inherits(values, "split_values") || is(values, "DelayedMatrix")

on_disk <- function(values) {
  if (inherits(values, "split_values")) any(vapply(values$layers, on_disk, NA)) else
    is(values, "DelayedMatrix")
}

# The chosen features of the chosen cells (NULL: all) as a double matrix or a dgCMatrix in memory.
taken <- function(values, features = NULL, cells = NULL) UseMethod("taken")

#' @exportS3Method
taken.default <- function(values, features = NULL, cells = NULL) plain(values, features, cells)

# Layers of one assay, each with cells of its own. features: those of all of them; at: where in the
# whole the cells of each layer stand; rows: where in each layer the features stand.
split_values <- function(layers, features, cells) {
  structure(list(
    layers = layers, features = features, cells = cells,
    at = lapply(layers, function(layer) match(value_dimnames(layer)[[2L]], cells)),
    rows = lapply(layers, function(layer) match(features, value_dimnames(layer)[[1L]]))
  ), class = "split_values")
}

#' @exportS3Method
dim.split_values <- function(x) c(length(x$features), length(x$cells))
#' @exportS3Method
dimnames.split_values <- function(x) list(x$features, x$cells)

#' @exportS3Method
taken.split_values <- function(values, features = NULL, cells = NULL) {
  if (is.null(features)) features <- seq_along(values$features)
  if (is.null(cells)) cells <- seq_along(values$cells)
  inside <- lapply(values$at, function(at) which(cells %in% at))
  parts <- Map(function(layer, at, rows, inside) {
    if (length(inside)) plain(layer, rows[features], match(cells[inside], at))
  }, values$layers, values$at, values$rows, inside)
  out <- bound(parts)
  order <- order(unlist(inside))
  if (is.unsorted(order)) out <- out[, order, drop = FALSE]
  dimnames(out) <- list(values$features[features], values$cells[cells])
  out
}

#' @exportS3Method
taken.DelayedMatrix <- function(values, features = NULL, cells = NULL) {
  out <- plain(values, features, cells)
  if (inherits(out, "dgCMatrix") || mean(out != 0 | is.na(out)) >= 0.3) out else as_csc(out)
}

# One block, in memory.
plain <- function(values, features, cells) {
  rows <- if (is.null(features)) TRUE else features
  columns <- if (is.null(cells)) TRUE else cells
  if (is_sparse_on_disk(values)) return(sparse_part(values, features, cells))
  if (isTRUE(rows) && isTRUE(columns) && !is(values, "DelayedMatrix")) return(values)
  part <- if (isTRUE(rows)) values[, columns, drop = FALSE] else values[rows, columns, drop = FALSE]
  if (is(part, "DelayedMatrix")) {
    part <- if (DelayedArray::is_sparse(part)) as(part, "sparseMatrix") else as.matrix(part)
  }
  as_values(part, "a block")
}

# S4Arrays has since Bioconductor 3.17 what DelayedArray had before.
of_arrays <- function(name) {
  for (package in c("S4Arrays", "DelayedArray")) {
    if (requireNamespace(package, quietly = TRUE) && name %in% getNamespaceExports(package))
      return(getExportedValue(package, name))
  }
  fail("neither S4Arrays nor DelayedArray has ", name)
}

is_sparse_on_disk <- function(values)
  is(values, "DelayedMatrix") && DelayedArray::is_sparse(values)

# The values that are not 0, as they are stored: as(, "sparseMatrix") would go by way of dense
# blocks. A range of columns is read several times as fast as scattered ones, so that cells are
# taken out of a range which they fill well.
sparse_part <- function(values, features, cells) {
  need("Matrix", "to read sparse blocks")
  if (anyDuplicated(features) || anyDuplicated(cells)) {
    once <- sparse_part(values, unique(features), unique(cells))
    return(once[if (is.null(features)) TRUE else match(features, unique(features)),
                if (is.null(cells)) TRUE else match(cells, unique(cells)), drop = FALSE])
  }
  range <- if (length(cells)) seq.int(min(cells), max(cells))
  if (length(range) > 2L * length(cells)) range <- NULL
  # DelayedArray takes it from a package that older ones do not have.
  extract <- get("extract_sparse_array", asNamespace("DelayedArray"))
  read <- if (is.null(range)) cells else range
  part <- as(extract(values, list(features, read)), "dgCMatrix")
  part@x <- as.double(part@x)
  if (!is.null(range) && !identical(range, as.integer(cells)))
    part <- part[, match(cells, range), drop = FALSE]
  names <- value_dimnames(values)
  dimnames(part) <- list(if (is.null(features)) names[[1L]] else names[[1L]][features],
                         if (is.null(cells)) names[[2L]] else names[[2L]][cells])
  part
}

# Dense where one part is.
bound <- function(parts) {
  parts <- unname(Filter(Negate(is.null), parts))
  if (length(parts) == 1L) return(parts[[1L]])
  sparse <- vapply(parts, inherits, NA, "dgCMatrix")
  if (any(sparse)) need("Matrix", "to bind sparse blocks")
  if (any(sparse) && !all(sparse)) parts[sparse] <- lapply(parts[sparse], as.matrix)
  do.call(cbind, parts)
}

cell_blocks <- function(features, cells) {
  size <- max(1L, floor(block.bytes / (8 * max(1L, features))))
  unname(split(cells, (seq_along(cells) - 1L) %/% size))
}

# A sparse file is read with all features of a cell, of which most are 0.
blocks_of <- function(values, features, cells) {
  if (is_sparse_on_disk(values)) return(cell_blocks(ceiling(dim(values)[1L] / 4), cells))
  cell_blocks(if (is.null(features)) value_dim(values)[1L] else length(features), cells)
}

# Mean and variance (divisor n) of every feature of groups of cells, which are read once, in the
# order in which they lie; blocks are pooled as groups are.
moments_by_blocks <- function(values, features, groups, progress = NULL) {
  cells <- unlist(groups, use.names = FALSE)
  order <- order(cells)
  cells <- cells[order]
  group <- rep(seq_along(groups), lengths(groups))[order]
  pools <- rep(list(list(n = 0, mean = 0, scatter = 0)), length(groups))
  blocks <- blocks_of(values, features, seq_along(cells))
  for (k in seq_along(blocks)) {
    at <- blocks[[k]]
    block <- taken(values, features, cells[at])
    for (g in unique(group[at])) {
      here <- group[at] == g
      own <- block_moments(if (all(here)) block else block[, here, drop = FALSE])
      if (!all(is.finite(own$mean))) require_numbers(block, cells[at])
      pools[[g]] <- pool(pools[[g]], own)
    }
    if (!is.null(progress)) progress("reading", k / length(blocks))
  }
  lapply(pools, function(one) list(n = one$n, mean = one$mean, variance = one$scatter / one$n))
}

# Refuses what is no number, naming the first; cells: their numbers in the whole.
require_numbers <- function(block, cells) {
  wrong <- which(!is.finite(as.matrix(block)), arr.ind = TRUE)
  if (!nrow(wrong)) return(invisible())
  names <- value_dimnames(block)
  fail(bad_value(list(feature = wrong[1L, 1L], cell = wrong[1L, 2L],
                      value = block[wrong[1L, 1L], wrong[1L, 2L]]),
                 list(subject = "x has", cells = cells, feature.names = names[[1L]],
                      cell.names = names[[2L]])))
}

pool <- function(a, b) {
  gap <- b$mean - a$mean
  total <- a$n + b$n
  list(n = total, mean = a$mean + gap * (b$n / total),
       scatter = a$scatter + b$scatter + gap^2 * (a$n * b$n / total))
}

block_moments <- function(block) {
  if (!inherits(block, "dgCMatrix")) {
    mean <- rowMeans(block)
    return(list(n = ncol(block), mean = mean, scatter = rowSums((block - mean)^2)))
  }
  n <- block@Dim[2L]
  mean <- Matrix::rowMeans(block)
  seen <- tabulate(block@i + 1L, nrow(block))
  block@x <- (block@x - mean[block@i + 1L])^2
  list(n = n, mean = mean, scatter = Matrix::rowSums(block) + (n - seen) * mean^2)
}

# The most variable features of two populations together, as the library chooses them of values in
# memory.
lazy_variable <- function(from, to, progress = NULL) {
  all <- function(side)
    if (is.null(side$cells)) seq_len(value_dim(side$values)[2L]) else side$cells
  one.object <- is.null(from$features) && is.null(to$features) &&
    identical(from$values, to$values)
  moments <- if (one.object) {
    moments_by_blocks(from$values, NULL, list(all(from), all(to)), progress)
  } else {
    lapply(list(from, to), function(side)
      moments_by_blocks(side$values, side$features, list(all(side)), progress)[[1L]])
  }
  x <- moments[[1L]]
  y <- moments[[2L]]
  a <- x$n / (x$n + y$n)
  variance <- a * x$variance + (1 - a) * y$variance + a * (1 - a) * (x$mean - y$mean)^2
  utils::head(order(-variance), usual_features())
}
