# The chosen features of groups of cells that are on disk: all are read in one pass, in the order
# in which they lie, and each is taken up when its turn comes. Meanwhile they wait, in memory where
# they are few, else in temporary files, where the system reads them when the library looks at them.

# A function of the number of a group that gives its cells, as cells_of() does, and an environment
# whose end deletes the files.
read_groups <- function(values, features, groups, progress = NULL) {
  waiting <- waiting_room(length(groups))
  cells <- unlist(groups, use.names = FALSE)
  order <- order(cells)
  cells <- cells[order]
  group <- rep(seq_along(groups), lengths(groups))[order]
  blocks <- blocks_of(values, features, seq_along(cells))
  sparse <- NULL
  for (k in seq_along(blocks)) {
    at <- blocks[[k]]
    block <- taken(values, features, cells[at])
    if (is.null(sparse)) sparse <- inherits(block, "dgCMatrix")
    if (sparse != inherits(block, "dgCMatrix"))
      block <- if (sparse) as_csc(block) else as.matrix(block)
    for (g in unique(group[at])) {
      here <- group[at] == g
      keep_waiting(waiting, g, if (all(here)) block else block[, here, drop = FALSE])
    }
    if (!is.null(progress)) progress("reading", k / length(blocks))
  }
  # Garbage of the reading lies about until R looks for it, and the fit is about to need much.
  gc(verbose = FALSE)
  function(g) {
    gc(verbose = FALSE)
    cells_of(take_up(waiting, g),
             if (is.unsorted(groups[[g]])) order(order(groups[[g]])))
  }
}

waiting_room <- function(count) {
  room <- new.env(parent = emptyenv())
  room$parts <- rep(list(list()), count)
  room$filed <- rep(list(NULL), count)
  room$bytes <- 0
  room$folder <- temporary_folder("laot-cells-")
  room
}

# It goes with the environment that holds its path.
temporary_folder <- function(name) {
  out <- new.env(parent = emptyenv())
  out$path <- tempfile(name)
  dir.create(out$path)
  reg.finalizer(out, function(out) unlink(out$path, recursive = TRUE), onexit = TRUE)
  out
}

file_of_group <- function(room, g, part) file.path(room$folder$path, paste0(g, ".", part))

keep_waiting <- function(room, g, part) {
  room$parts[[g]] <- c(room$parts[[g]], list(part))
  room$bytes <- room$bytes + as.numeric(utils::object.size(part))
  if (room$bytes < held.bytes) return(invisible())
  for (g in which(lengths(room$parts) > 0L)) put_in_files(room, g)
  room$bytes <- 0
}

# The held part of a group goes to the end of its files: the values and, of a sparse matrix, their
# rows. room$filed keeps what the files do not say.
put_in_files <- function(room, g) {
  parts <- room$parts[[g]]
  sparse <- inherits(parts[[1L]], "dgCMatrix")
  tryCatch({
    append_to(file_of_group(room, g, "x"), parts, if (sparse) function(part) part@x else as.vector)
    if (sparse) append_to(file_of_group(room, g, "i"), parts, function(part) part@i)
  }, error = no_room, warning = no_room)
  names <- lapply(parts, value_dimnames)
  old <- room$filed[[g]]
  room$filed[[g]] <- list(
    features = names[[1L]][[1L]], rows = value_dim(parts[[1L]])[1L], sparse = sparse,
    cells = c(old$cells, unlist(lapply(names, `[[`, 2L))),
    count = sum(old$count, vapply(parts, function(part) value_dim(part)[2L], 0L)),
    stored = c(old$stored, if (sparse) unlist(lapply(parts, function(part) diff(part@p)))))
  room$parts[[g]] <- list()
}

append_to <- function(path, parts, values) {
  to <- file(path, "ab")
  on.exit(close(to))
  for (part in parts) writeBin(values(part), to)
}

no_room <- function(e)
  fail("the chosen features of the cells do not fit into the temporary files of R (",
       conditionMessage(e), "); start R with TMPDIR = a folder with more room, or use fewer ",
       "features")

take_up <- function(room, g) {
  if (is.null(room$filed[[g]])) return(bound(room$parts[[g]]))
  if (length(room$parts[[g]])) put_in_files(room, g)
  about <- room$filed[[g]]
  size <- c(about$rows, about$count)
  names <- list(about$features, about$cells)
  if (!about$sparse) {
    out <- from_file(file_of_group(room, g, "x"), "double", prod(size))
    dim(out) <- size
    if (!is.null(names[[1L]]) || !is.null(names[[2L]])) dimnames(out) <- names
    return(out)
  }
  ends <- cumsum(as.numeric(about$stored))
  total <- ends[length(ends)]
  if (total > .Machine$integer.max) {
    fail("the chosen features of ", about$count, " cells have ", shown(total), " values that are ",
         "not 0, and a sparse matrix of R holds at most ", .Machine$integer.max,
         "; use fewer features or cells")
  }
  methods::new("dgCMatrix", i = from_file(file_of_group(room, g, "i"), "integer", total),
               p = c(0L, as.integer(ends)),
               x = from_file(file_of_group(room, g, "x"), "double", total),
               Dim = size, Dimnames = names)
}

# A file that was written here, in place where the system can.
from_file <- function(path, type, count) {
  out <- .Call(C_mapped, path, type)
  if (is.null(out)) out <- readBin(path, type, count)
  if (length(out) != count)
    no_room(simpleError(paste(path, "is shorter than what was written")))
  out
}
