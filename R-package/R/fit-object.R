# A fit as R holds it: the facts of the model, and where its cells came from.

new_fit <- function(pointer, control = "control", target = "treated", condition = NULL,
                    origin = list(kind = "matrix"), seed = NA_real_, bytes = NULL, batches = NULL,
                    whole = NULL, at = NULL) {
  facts <- native(.Call(C_describe, pointer))
  texts <- as.list(facts$texts)
  structure(list(
    method = facts$method, preset = facts$preset,
    params = stats::setNames(facts$params, dotted(names(facts$params))),
    control = control, target = target, condition = condition, origin = origin, seed = seed,
    batches = batches, features = if (length(facts$feature.names)) facts$feature.names,
    control.cells = if (length(facts$control.names)) facts$control.names,
    treated.cells = if (length(facts$treated.names)) facts$treated.names,
    report = with_ending(c(stats::setNames(facts$numbers, dotted(names(facts$numbers))),
                           stats::setNames(texts, dotted(names(texts)))), whole),
    bytes = if (is.null(whole) && is.null(bytes)) native(.Call(C_late_bytes, pointer)) else bytes,
    whole = whole, at = at,
    handle = new_handle(pointer)
  ), class = fit_classes(facts$method))
}

# "cellot_fit", "network_fit", "laot_fit".
fit_classes <- function(method)
  unique(c(paste0(method, "_fit"), if (trains(method)) "network_fit", "laot_fit"))
