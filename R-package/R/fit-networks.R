# The neural methods: the same objects in, the same kind of fit out.

#' Fit a neural method: CellOT, scGen, a conditional autoencoder
#'
#' `cellot_fit()` trains two input-convex networks in a min-max game, whose solution is the optimal
#' transport map (CellOT). `scgen_fit()` trains a variational autoencoder and predicts by the shift
#' of the latent means (scGen). `cae_fit()` trains an autoencoder that is told the condition, and
#' predicts by switching it. All of it is trained here, without Python.
#'
#' A share of the training cells (`validation.share`) is held out, and the iterate that predicts
#' these best is kept; never cells that you score on later. A run that diverges keeps the best
#' iterate before that, and a warning says so. Training is in single precision on one thread; a seed
#' fixes the result. Networks see the cells standardised on one common mean (`center = "joint"`,
#' `scale = "feature"`), on principal components where there are many features; what the components
#' leave out of a cell is kept.
#'
#' CellOT is looked at and kept as a moving average of the weights (`average`, the decay of
#' an outer iteration; 0 keeps the iterates themselves, as published). What an autoencoder cannot
#' reconstruct of a cell is kept or dropped (`residual`): `"auto"` keeps it, with the whole change
#' or half of it, unless the validation cells score dropping it better by more than the standard
#' error, and `"drop"` is what was published; `fit$report$residual` and `fit$report$change.share`
#' say which it was.
#'
#' With `center = "own"` each population is taken relative to its own mean, and predictions get the
#' treated mean, as those of [laot_fit()] do: the mean of the predicted training controls is that of
#' the treated cells, and the network says how cells lie about it. On the real sets that we
#' compared this mostly scores better than the published `center = "joint"`. (scGen still sees the
#' two populations where they lie, because the shift of its code would vanish otherwise.)
#' `restore = "mean"` asks for it with any centring (but then, where the fit has components, only
#' within them), `restore = "none"` never does it.
#'
#' @param x,treated As in [laot_fit()].
#' @param compact Use 3 hidden layers of 32 units in place of 4 of 64.
#' @param preset A row of parameters by name: see [laot_presets()].
#' @param hidden.units,hidden.layers Units of each hidden layer, and how many layers: parameters of
#'   the method.
#' @param ... Parameters of the method by name, such as `iterations = 3000`, `learning.rate`,
#'   `hidden.units`, or `on.cancel = "keep"`, with which Ctrl-C ends the training and hands back the
#'   best iterate so far: see `laot_params("cellot")`, `laot_params("scgen")`, `laot_params("cae")`.
#'   And the further arguments of [fit_method()], such as `condition`, `target`, `seed` and
#'   `num.threads`, and for objects `assay.type` and the others that say where the values are.
#' @section Batch: `batch` is for `scgen_fit()` alone: a column, or one label per cell (for two
#'   matrices `list(control =, treated =)`), of the cell types, every one of them in both
#'   populations; the latent shift is then the mean of the shifts of the types.
#' @section Long trainings, and several seeds: `checkpoint = ` is a file that keeps the state of the
#' training: it is replaced every `checkpoint.seconds` (30), and when the training ends or is
#' interrupted. Where it exists, the call goes on from it, and the fit is the one that an
#' uninterrupted call would have given, to the last bit: so a script that was killed is simply run
#' again. The file must be of the same cells, parameters and seed (a seed that was not given is
#' taken from the file); only `iterations` or `epochs` may have grown, which trains a finished
#' network further (as more `patience` does where that had ended it). Several seeds or targets have
#' a file each, with the seed or the target in its name. Delete the file to start anew.
#'
#' Several `seeds` give one fit for each: see [predict.laot_ensemble()].
#' @returns A `laot_fit`; with `seeds` a `laot_ensemble`; for several targets a `laot_fit_list`. The
#'   losses and the validation score of the training are `summary(fit)$trace`, and `plot(fit)` draws
#'   them.
#' @references Bunne et al. (2023), Nature Methods 20, 1759-1768. Lotfollahi et al. (2019), Nature
#'   Methods 16, 715-721. Lopez et al. (2018), Nature Methods 15, 1053-1058.
#' @examples
#' set.seed(1)
#' control <- matrix(rnorm(4 * 100), 4)
#' treated <- matrix(rnorm(4 * 100, mean = 2), 4)
#' fit <- cellot_fit(control, treated, compact = TRUE, iterations = 500, seed = 1)
#' fit
#' tail(summary(fit)$trace, 2)
#' predict(fit, control[, 1:3])
#' scgen_fit(control, treated, hidden.units = 16, latent = 4, epochs = 20, seed = 1)
#' cae_fit(control, treated, hidden.units = 16, latent = 4, epochs = 20, seed = 1)
#' @export
cellot_fit <- function(x, treated = NULL, compact = FALSE, ..., preset = NULL, hidden.units = NULL,
                       hidden.layers = NULL) {
  exact_arguments()
  of_one_method("cellot_fit", ...names())
  if (!is.logical(compact) || length(compact) != 1L || is.na(compact)) {
    fail("compact must be TRUE or FALSE, found ", shown(compact))
  }
  # The preset of that name; beside another preset its two values.
  if (compact && is.null(preset)) {
    preset <- "compact"
  } else if (compact) {
    if (is.null(hidden.units)) hidden.units <- 32
    if (is.null(hidden.layers)) hidden.layers <- 3
  }
  fit_method(x, "cellot", treated, preset = preset, hidden.units = hidden.units,
             hidden.layers = hidden.layers, ...)
}

#' @rdname cellot_fit
#' @export
scgen_fit <- function(x, treated = NULL, ...) {
  exact_arguments()
  of_one_method("scgen_fit", ...names())
  fit_method(x, "scgen", treated, ...)
}

#' @rdname cellot_fit
#' @export
cae_fit <- function(x, treated = NULL, ...) {
  exact_arguments()
  of_one_method("cae_fit", ...names())
  fit_method(x, "cae", treated, ...)
}
