#' Save and load a fit as one file
#'
#' The file is in the safetensors format: named tensors and JSON metadata, readable from Python and
#' Julia without this package. It holds the model (map, feature space, report, kept training cells),
#' and where its cells came from: the kind of object, its assay, layer or reduction, the column of
#' the condition, the levels and the seed. So a loaded model reads the same values of a new object
#' as the fit did.
#'
#' @param fit A `laot_fit`, or the `laot_fit_list` of one model of many conditions.
#' @param path The file.
#' @returns `save_model()`: `path`, invisibly. `load_model()`: what was saved.
#' @examples
#' fit <- fit_trivial(matrix(rnorm(60), 3), matrix(rnorm(60, 1), 3))
#' file <- tempfile(fileext = ".safetensors")
#' save_model(fit, file)
#' load_model(file)
#' @export
save_model <- function(fit, path) {
  exact_arguments()
  if (missing(fit)) fail("fit is missing; give what laot_fit() made")
  if (missing(path)) fail("path is missing; give the name of the file to write")
  if (inherits(fit, "laot_fit_list") && is.null(attr(fit, "whole"))) {
    fail("fit holds ", length(fit), " fits, and a file has one model; save each, as in ",
         "save_model(fit[[", quoted(names(fit)[1L]), "]], ", quoted(paste0(names(fit)[1L],
             ".safetensors")), "), or all of them for R with saveRDS()")
  }
  if (is.null(attr(fit, "whole"))) one_fit(fit, "fit")
  whole <- if (inherits(fit, "laot_fit")) fit$whole else attr(fit, "whole")
  if (inherits(fit, "laot_fit") && !is.null(whole) && is.null(fit$at$name)) {
    fail("no cells were seen at ", fit$target, "; save the fit of all conditions")
  }
  if (inherits(fit, "laot_fit_list")) {
    all <- native(.Call(C_conditions, whole_pointer(whole)))$conditions
    if (!setequal(names(fit), all)) {
      fail("fit holds ", length(fit), " of the ", counted(length(all), "condition"),
           " of one model, which are saved together: save the whole list, or one, such as fit[[",
           quoted(names(fit)[1L]), "]]")
    }
  }
  path <- path.expand(one_string(path, "path"))
  first <- if (inherits(fit, "laot_fit")) fit else fit[[1L]]
  # Of all conditions there is no one target.
  if (inherits(fit, "laot_fit_list")) first["target"] <- list(NULL)
  native(.Call(C_save, if (is.null(whole)) model_pointer(fit) else whole_pointer(whole), path,
               source_notes(first, if (!is.null(whole)) "conditions")))
  invisible(path)
}

#' @rdname save_model
#' @export
load_model <- function(path) {
  exact_arguments()
  if (missing(path)) fail("path is missing; give the name of the file to read")
  path <- path.expand(one_string(path, "path"))
  pointer <- native(.Call(C_load, path))
  said <- as.list(native(.Call(C_notes, pointer)))
  said <- said[startsWith(names(said), source.note)]
  names(said) <- substring(names(said), nchar(source.note) + 1L)
  facts <- list(kind = "matrix", control = "control", target = "treated", seed = "NA")
  facts[names(said)] <- said
  # That of an object of another language says nothing here.
  if (!facts$kind %in% names(object.classes)) facts$kind <- "matrix"
  seed <- suppressWarnings(as.numeric(facts$seed))
  origin <- c(facts["kind"], sapply(where_arguments(facts$kind), function(name) facts[[name]],
                                    simplify = FALSE))
  origin$types <- facts$types
  origin$combine <- facts$combine
  origin$values <- facts$values
  if (!is.null(facts$holds) || length(native(.Call(C_conditions, pointer))$conditions) > 1L) {
    fits <- experiment_fits(pointer, control = facts$control, condition = facts$condition,
                            origin = origin, seed = seed)
    return(if (isTRUE(said$target %in% names(fits))) fits[[said$target]] else fits)
  }
  new_fit(pointer, control = facts$control, target = facts$target, condition = facts$condition,
          seed = seed, origin = origin)
}

# Where the cells of a fit came from, as notes of the model file: "source.assay.type",
# "source.condition", ... A matrix is not noted, so that what another language noted stays.
source.note <- "source."
source_notes <- function(fit, holds = NULL) {
  seed <- if (!is.na(fit$seed)) format(fit$seed, scientific = FALSE, digits = 17)
  origin <- fit$origin
  if (identical(origin$kind, "matrix")) origin$kind <- NULL
  facts <- c(origin, list(condition = fit$condition, control = fit$control,
                          target = fit$target, holds = holds, seed = seed))
  facts <- enc2utf8(vapply(Filter(Negate(is.null), facts), as.character, ""))
  stats::setNames(facts, paste0(source.note, names(facts)))
}
