# Values that are not one matrix in memory: layers of one assay by donor, and matrices on disk. They
# are read by blocks of cells, and of the blocks only what was chosen is kept.

# How much of a matrix on disk is in memory at a time, in bytes.
block.bytes <- 4e7

is_lazy <- function(values) inherits(values, "split_values") || is(values, "DelayedMatrix")

# The chosen features of the chosen cells (NULL: all) as a double matrix or a dgCMatrix.
taken <- function(values, features = NULL, cells = NULL, progress = NULL) UseMethod("taken")

#' @exportS3Method
taken.default <- function(values, features = NULL, cells = NULL, progress = NULL)
  plain(values, features, cells)

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
taken.split_values <- function(values, features = NULL, cells = NULL, progress = NULL) {
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
taken.DelayedMatrix <- function(values, features = NULL, cells = NULL, progress = NULL) {
  blocks <- cell_blocks(if (is.null(features)) dim(values)[1L] else length(features),
                        if (is.null(cells)) seq_len(dim(values)[2L]) else cells)
  sparse <- NULL
  parts <- lapply(seq_along(blocks), function(k) {
    part <- plain(values, features, blocks[[k]])
    if (is.null(sparse)) sparse <<- inherits(part, "dgCMatrix") || mean(part != 0) < 0.3
    if (!is.null(progress)) progress("reading", k / length(blocks))
    if (sparse && !inherits(part, "dgCMatrix")) as_csc(part) else part
  })
  bound(parts)
}

# One block, in memory.
plain <- function(values, features, cells) {
  rows <- if (is.null(features)) TRUE else features
  columns <- if (is.null(cells)) TRUE else cells
  if (isTRUE(rows) && isTRUE(columns) && !is(values, "DelayedMatrix")) return(values)
  part <- if (isTRUE(rows)) values[, columns, drop = FALSE] else values[rows, columns, drop = FALSE]
  if (is(part, "DelayedMatrix")) {
    part <- if (DelayedArray::is_sparse(part)) as(part, "sparseMatrix") else as.matrix(part)
  }
  as_values(part, "a block")
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

# Mean and variance (divisor n) of every feature of a population; blocks are pooled as groups are.
moments_by_blocks <- function(side, progress = NULL) {
  count <- 0
  center <- scatter <- 0
  size <- value_dim(side$values)
  blocks <- cell_blocks(size[1L], if (is.null(side$cells)) seq_len(size[2L]) else side$cells)
  for (k in seq_along(blocks)) {
    block <- taken(side$values, side$features, blocks[[k]])
    n <- value_dim(block)[2L]
    own <- block_moments(block)
    gap <- own$mean - center
    total <- count + n
    scatter <- scatter + own$scatter + gap^2 * (count * n / total)
    center <- center + gap * (n / total)
    count <- total
    if (!is.null(progress)) progress("reading", k / length(blocks))
  }
  list(n = count, mean = center, variance = scatter / count)
}

block_moments <- function(block) {
  if (!inherits(block, "dgCMatrix")) {
    mean <- rowMeans(block)
    return(list(mean = mean, scatter = rowSums((block - mean)^2)))
  }
  n <- block@Dim[2L]
  mean <- Matrix::rowMeans(block)
  seen <- tabulate(block@i + 1L, nrow(block))
  block@x <- (block@x - mean[block@i + 1L])^2
  list(mean = mean, scatter = Matrix::rowSums(block) + (n - seen) * mean^2)
}

# The most variable features of two populations together, as the library chooses them of values in
# memory.
lazy_variable <- function(from, to, progress = NULL) {
  x <- moments_by_blocks(from, progress)
  y <- moments_by_blocks(to, progress)
  a <- x$n / (x$n + y$n)
  variance <- a * x$variance + (1 - a) * y$variance + a * (1 - a) * (x$mean - y$mean)^2
  utils::head(order(-variance), default.features)
}
