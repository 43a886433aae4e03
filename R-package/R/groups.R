# The chosen features of many groups of cells that are not in memory: all are read in one pass, in
# the order in which they lie, and each is taken up when its turn comes. Meanwhile they wait in
# files.

# A function of the number of a group that gives its cells, and an environment whose end deletes the
# files.
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
    out <- take_up(waiting, g)
    if (is.unsorted(groups[[g]])) out[, order(order(groups[[g]])), drop = FALSE] else out
  }
}

waiting_room <- function(count) {
  room <- new.env(parent = emptyenv())
  room$parts <- rep(list(list()), count)
  room$written <- integer(count)
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

file_of_group <- function(room, g) file.path(room$folder$path, g)

keep_waiting <- function(room, g, part) {
  room$parts[[g]] <- c(room$parts[[g]], list(part))
  room$bytes <- room$bytes + as.numeric(utils::object.size(part))
  if (room$bytes < held.bytes) return(invisible())
  for (g in which(lengths(room$parts) > 0L)) {
    tryCatch(append_parts(file_of_group(room, g), room$parts[[g]]), error = function(e) {
      fail("the chosen features of the cells do not fit into the temporary files of R (",
           conditionMessage(e), "); start R with TMPDIR = a folder with more room, or use fewer ",
           "features")
    })
    room$written[g] <- room$written[g] + length(room$parts[[g]])
    room$parts[[g]] <- list()
  }
  room$bytes <- 0
}

append_parts <- function(path, parts) {
  to <- file(path, "ab")
  on.exit(close(to))
  for (part in parts) serialize(part, to, xdr = FALSE)
}

take_up <- function(room, g) {
  parts <- list()
  if (room$written[g] > 0L) {
    from <- file(file_of_group(room, g), "rb")
    on.exit(close(from))
    parts <- lapply(seq_len(room$written[g]), function(k) unserialize(from))
  }
  bound(c(parts, room$parts[[g]]))
}
