#' Save and load a fit as one file
#'
#' The file is in the safetensors format: named tensors and JSON metadata, readable from Python and
#' Julia without this package. It holds the model (map, feature space, report, kept training cells),
#' not the R object around it: [saveRDS()] keeps that as well.
#'
#' @param fit A `laot_fit`.
#' @param path The file.
#' @returns `save_model()`: `path`, invisibly. `load_model()`: a `laot_fit`.
#' @examples
#' fit <- fit_trivial(matrix(rnorm(60), 3), matrix(rnorm(60, 1), 3))
#' file <- tempfile(fileext = ".safetensors")
#' save_model(fit, file)
#' load_model(file)
#' @export
save_model <- function(fit, path) {
  if (!inherits(fit, "laot_fit")) fail("fit must be a laot_fit, found ", shown(fit))
  native(.Call(C_save, model_pointer(fit), path.expand(one_string(path, "path"))))
  invisible(path)
}

#' @rdname save_model
#' @export
load_model <- function(path) {
  new_fit(native(.Call(C_load, path.expand(one_string(path, "path")))))
}
