# The coupling of a fit as a result: which control cells go with which treated ones.

#' The coupling of a fit: pairs of cells, which type goes where, ancestors and descendants
#'
#' A LAOT fit couples its training cells: mass 1/n of each of n control cells goes to treated cells,
#' of which each receives 1/m. Whether single pairs can be trusted is another question, which
#' [trackability()] answers; masses between groups of cells need far less.
#'
#' @param fit A fit of [laot_fit()].
#' @param by Labels of the training cells: `list(control =, treated =)` with one label for each
#'   cell, in the order of the fit; or a column of `x`.
#' @param x With `by` a column: the object that was fitted. Its cells are found by their names.
#' @param cells Chosen training cells, by number or name: control cells for `descendants()`, treated
#'   cells for `ancestors()`.
#' @param y,... For `plot()`, whose `x` is what `transitions()` gives: `y` is not used, the rest is
#'   handed to [graphics::image()].
#' @returns `pairing()`: a sparse matrix, control x treated cells, of masses that sum to 1.
#'
#'   `transitions()`: a data frame of class `laot_transitions` with one row for each pair of a group
#'   of control cells and one of treated cells: `from`, `to`, `mass`, `share` (of the mass of
#'   `from`) and `expected` (the mass if groups did not matter). `plot()` draws the shares.
#'
#'   `descendants()`, `ancestors()`: a data frame with the partners of the chosen cells: `cell`,
#'   `name` and `mass` (sums to 1), the largest first.
#' @seealso [trackability()], which says whether a pairing of single cells can be believed
#' @examples
#' set.seed(1)
#' type <- rep(c("B", "T"), c(30, 20))
#' start <- matrix(rnorm(3 * 50), 3) + rep(ifelse(type == "B", 0, 6), each = 3)
#' colnames(start) <- paste0("cell", 1:50)
#' fit <- laot_fit(start, start + 1, seed = 1)
#' moves <- transitions(fit, by = list(control = type, treated = type))
#' moves
#' plot(moves)
#' descendants(fit, c("cell1", "cell2"))
#' @export
pairing <- function(fit) {
  exact_arguments()
  need("Matrix", "for a sparse matrix")
  plan <- plan_of(fit)
  size <- c(fit$report$n.control, fit$report$n.treated)
  Matrix::sparseMatrix(i = plan$source, j = plan$target, x = plan$mass, dims = size,
                       dimnames = list(fit$control.cells, fit$treated.cells))
}

plan_of <- function(fit) {
  if (missing(fit)) fail(no.fit)
  one_fit(fit, "fit")
  if (!trait(fit$method, "pairs"))
    fail("a fit of ", fit$method, " has no pairing; fit with laot_fit()")
  if (fell_back(fit))
    fail("the fit pairs no cells: it ", fit$report$stop.reason)
  list(source = model_array(fit, "plan_source")[, 1L] + 1,
       target = model_array(fit, "plan_target")[, 1L] + 1,
       mass = model_array(fit, "plan_mass")[, 1L])
}

#' @rdname pairing
#' @export
transitions <- function(fit, by, x = NULL) {
  exact_arguments()
  plan_of(fit)
  if (missing(by)) fail("by is missing; give a column of x, or list(control =, treated =)")
  labels <- if (is.null(x)) given_labels(by, fit) else labels_in(x, by, fit)
  out <- as.data.frame(native(.Call(C_transitions, model_pointer(fit), labels$control,
                                    labels$treated)))
  structure(out, class = c("laot_transitions", "data.frame"))
}

given_labels <- function(by, fit) {
  if (!is.list(by) || !all(c("control", "treated") %in% names(by))) {
    fail("by must be list(control =, treated =), or a column of x = ; found ", shown(by))
  }
  lapply(c(control = "control", treated = "treated"), function(side) {
    labels <- in_cell_order(plain_values(by[[side]]), fit[[paste0(side, ".cells")]], "by")
    if (anyNA(labels)) fail("by has a missing label")
    as.character(labels)
  })
}

labels_in <- function(x, by, fit) {
  columns <- cells_to_split(x)
  labels <- as.character(cell_labels(by, columns$columns, columns$count, "by",
                                     cells = columns$names))
  # Two samples may have the same barcodes.
  condition <- if (!is.null(fit$condition))
    trimmed(as.character(plain_values(columns$columns[[fit$condition]])))
  find <- function(names, level) {
    if (is.null(names) || is.null(columns$names)) {
      fail("cells of x are found by name, and there are no names; give by = list(control ",
           "=, treated =)")
    }
    among <- if (length(condition)) which(condition == level) else seq_along(columns$names)
    twice <- columns$names[among][duplicated(columns$names[among])]
    if (any(names %in% twice)) {
      fail("x has several cells called ", listed(intersect(names, twice), 3L),
           "; give by = list(control =, treated =)")
    }
    at <- among[match(names, columns$names[among])]
    if (anyNA(at))
      fail("x lacks ", counted(sum(is.na(at)), "training cell"), ": ", listed(names[is.na(at)], 5L))
    if (anyNA(labels[at])) fail("by has a missing label")
    labels[at]
  }
  list(control = find(fit$control.cells, fit$control),
       treated = find(fit$treated.cells, fit$target))
}

#' @rdname pairing
#' @export
descendants <- function(fit, cells) {
  exact_arguments()
  partners(fit, cells, "descendants", "control.cells")
}

#' @rdname pairing
#' @export
ancestors <- function(fit, cells) {
  exact_arguments()
  partners(fit, cells, "ancestors", "treated.cells")
}

partners <- function(fit, cells, direction, side) {
  plan_of(fit)
  if (missing(cells)) fail("cells is missing; give numbers (from 1) or names of training cells")
  if (is.character(cells)) {
    at <- match(cells, fit[[side]])
    if (anyNA(at))
      fail("the fit has no cell ", quoted(cells[is.na(at)][1L]), did_you_mean(cells[is.na(at)][1L],
          fit[[side]]))
    cells <- at
  }
  if (!is.numeric(cells) || !length(cells) || anyNA(cells) ||
      any(cells < 1 | cells != floor(cells))) {
    fail("cells must be numbers (from 1) or names of training cells, found ", shown(cells))
  }
  out <- as.data.frame(native(.Call(C_partners, model_pointer(fit), direction, as.double(cells))))
  out$cell <- out$cell + 1
  out
}

#' @rdname pairing
#' @export
plot.laot_transitions <- function(x, y, ...) {
  exact_arguments()
  from <- unique(x$from)
  to <- unique(x$to)
  share <- matrix(x$share, length(from), length(to), byrow = TRUE)
  before <- graphics::par(mar = c(5, 6, 2, 1))
  on.exit(graphics::par(before))
  graphics::image(seq_along(to), seq_along(from), t(share[rev(seq_along(from)), , drop = FALSE]),
                  zlim = c(0, 1),
                  col = grDevices::hcl.colors(64L, "Blues", rev = TRUE), axes = FALSE,
                  xlab = "to", ylab = "",
                  main = "Share of the mass of each control group", ...)
  graphics::axis(1, seq_along(to), to, tick = FALSE)
  graphics::axis(2, seq_along(from), rev(from), tick = FALSE, las = 1)
  at <- expand.grid(from = seq_along(from), to = seq_along(to))
  values <- share[as.matrix(at)]
  graphics::text(at$to, length(from) + 1 - at$from, format(round(values, 2L), nsmall = 2L),
                 col = ifelse(values > 0.5, "white", "black"))
  invisible(x)
}
