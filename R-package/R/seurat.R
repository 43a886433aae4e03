# Seurat objects of both generations: which layer of which assay is read, the cells that it holds,
# and how predictions go back.

#' @exportS3Method
read_source.Seurat <- function(x, ..., assay = NULL, layer = "data", reduction = NULL,
                               features = NULL,
                               what = "x") {
  need("SeuratObject", paste("to read", what))
  if (!is.null(reduction)) {
    known <- SeuratObject::Reductions(x)
    if (!one_string(reduction, "reduction") %in% known) {
      fail(what, " has no reduction ", quoted(reduction), "; it has ", listed(known))
    }
    embedding <- SeuratObject::Embeddings(x[[reduction]])
    values <- as_coordinates(embedding, reduction, rownames(embedding))
  } else {
    known <- SeuratObject::Assays(x)
    if (is.null(assay)) assay <- SeuratObject::DefaultAssay(x)
    if (!one_string(assay, "assay") %in% known) {
      refuse_unread(x, assay, known, what)
      fail(what, " has no assay ", quoted(assay), "; it has ", listed(known))
    }
    values <- seurat_layer(x, assay, one_string(layer, "layer"))
    if (!all(value_dim(values) > 0L)) {
      fail("layer ", quoted(layer), " of assay ", quoted(assay), " is empty; normalise first ",
           "(NormalizeData) or choose another layer")
    }
    say_lacking(values, colnames(x[[assay]]), layer)
    if (layer == "data" && is_raw(values, x, assay)) {
      warning("layer \"data\" of assay ", quoted(assay), " of ", what,
              " holds the counts: normalise first ",
              "(NormalizeData), or say layer = \"counts\" to use them as they are", call. = FALSE)
    } else if (layer == "data") {
      warn_if_unlogged(values, paste("layer \"data\" of assay", quoted(assay)), what,
                       "(log1p, or NormalizeData)", "layer")
    }
  }
  new_source(values, what, columns = marked_columns(x),
             origin = list(kind = "Seurat", assay = assay, layer = layer, reduction = reduction),
             subset = list(argument = "features", value = features), rest = list(...),
             within = cells_within(values, colnames(x)), idents = levels(SeuratObject::Idents(x)),
             all.cells = colnames(x))
}

# SeuratObject passes over assays of a later version than its own.
refuse_unread <- function(x, assay, known, what) {
  if (!assay %in% setdiff(names(x@assays), known)) return(invisible())
  fail(what, " was made by SeuratObject ", format(x@version),
       ", and the version that is installed, ", format(utils::packageVersion("SeuratObject")),
       ", cannot read its assay ", quoted(assay),
       "; update it with install.packages(\"SeuratObject\")")
}

# Which cells of the object are in an assay that has fewer; NULL where it has them all in their
# order.
cells_within <- function(values, cells) {
  at <- match(value_dimnames(values)[[2L]], cells)
  if (!identical(at, seq_along(cells))) at
}

# A layer may have fewer cells than its assay.
say_lacking <- function(values, cells, layer) {
  lacking <- setdiff(cells, value_dimnames(values)[[2L]])
  if (length(lacking)) {
    message("Layer ", layer, " lacks ", length(lacking), " of ", counted(length(cells), "cell"),
            " (", listed(lacking, 3L), "), which ", if (length(lacking) == 1L) "is" else "are",
            " left out")
  }
}

# A layer by its exact name; of layers that were split, such as data.1 and data.donorA, all as one.
seurat_layer <- function(x, assay, layer) {
  known <- layer_names(x, assay)
  what <- paste("layer", quoted(layer), "of assay", quoted(assay))
  if (layer %in% known) return(as_values(one_layer(x, assay, layer), what))
  parts <- layer_parts(layer, known)
  if (!length(parts)) {
    fail("assay ", quoted(assay), " has no layer ", quoted(layer), "; it has ", listed(known),
         if (identical(layer, "data")) "; normalise first (NormalizeData)",
         "; choose one with layer = ")
  }
  layers <- lapply(stats::setNames(nm = parts), function(name) as_values(one_layer(x, assay, name),
      paste("layer", quoted(name))))
  layers <- without_whole(layers, colnames(x[[assay]]))
  joined_layers(layers, colnames(x), what)
}

# "scale.data" is a layer of its own, not a part of "scale".
layer_parts <- function(layer, known) {
  parts <- known[startsWith(known, paste0(layer, "."))]
  if (layer == "scale") parts[!startsWith(parts, "scale.data")] else parts
}

# Of layers of which some divide the cells and others hold all of them, those that divide them.
without_whole <- function(layers, cells) {
  own <- lapply(layers, function(values) value_dimnames(values)[[2L]])
  whole <- vapply(own, function(names) all(cells %in% names), NA)
  if (!any(whole) || sum(!whole) < 2L || anyDuplicated(unlist(own[!whole]))) return(layers)
  message("Using the layers ", listed(names(layers)[!whole]), ", which divide the cells, and not ",
          listed(names(layers)[whole]), ", to be read with layer = ",
          quoted(names(layers)[whole][1L]))
  layers[!whole]
}

joined_layers <- function(layers, cells, what) {
  names <- lapply(layers, value_dimnames)
  own <- unlist(lapply(names, `[[`, 2L), use.names = FALSE)
  twice <- own[duplicated(own)]
  if (length(twice)) {
    fail(what, " would be read from the layers ", listed(names(layers)),
         ", but more than one of them has the cell ",
         quoted(twice[1L]), "; choose one layer, or join them (JoinLayers)")
  }
  features <- Reduce(intersect, lapply(names, `[[`, 1L))
  if (!length(features)) fail("the layers ", listed(names(layers)), " have no feature in common")
  all <- length(Reduce(union, lapply(names, `[[`, 1L)))
  if (all > length(features)) {
    message("Using the ", length(features), " of ", all, " features that all of the layers ",
            listed(names(layers)), " have")
  }
  split_values(layers, features, cells[cells %in% own])
}

# Version 4 calls a layer a slot, and every assay has the same three.
is_seurat5 <- function() utils::packageVersion("SeuratObject") >= "5.0.0"

layer_names <- function(x, assay) {
  if (is_seurat5()) getExportedValue("SeuratObject", "Layers")(x[[assay]]) else
    c("counts", "data", "scale.data")
}

one_layer <- function(x, assay, layer) {
  if (is_seurat5()) return(getExportedValue("SeuratObject", "LayerData")(x[[assay]], layer = layer))
  SeuratObject::GetAssayData(x[[assay]], slot = layer)
}

# Before NormalizeData(), version 4 keeps the counts as data too.
is_raw <- function(values, x, assay) {
  if (is_lazy(values) || !"counts" %in% layer_names(x, assay)) return(FALSE)
  counts <- one_layer(x, assay, "counts")
  identical(dim(counts), value_dim(values)) && identical(as_values(counts, "counts"), values)
}

#' @exportS3Method
put_back.Seurat <- function(newdata, out, says) {
  origin <- out$origin
  if (!is.null(out$within)) newdata <- newdata[, out$within]
  columns <- labelled(newdata[[]], says, ncol(newdata), out$weights)
  idents <- predicted_idents(SeuratObject::Idents(newdata), newdata[[]], says)
  if (is.null(origin$reduction)) {
    assay <- seurat_assay(out$values, newdata[[origin$assay]], origin$layer)
    # It adds up the counts of each cell, and warns that there are none.
    out <- suppressWarnings(SeuratObject::CreateSeuratObject(
      assay, assay = origin$assay, meta.data = columns, project = SeuratObject::Project(newdata)))
    SeuratObject::Idents(out) <- idents
  } else {
    old <- newdata[[origin$reduction]]
    for (name in SeuratObject::Reductions(newdata)) newdata[[name]] <- NULL
    newdata[[origin$reduction]] <- seurat_reduction(out$values, SeuratObject::DefaultAssay(old),
                                                    SeuratObject::Key(old))
    out <- newdata
    for (name in names(columns)) out[[name]] <- columns[[name]]
    SeuratObject::Idents(out) <- idents
  }
  if (nzchar(says$suffix))
    out <- SeuratObject::RenameCells(out, new.names = paste0(colnames(out), says$suffix))
  out
}

# Identities that are the conditions are the predicted one: marker tests go by them.
predicted_idents <- function(idents, columns, says) {
  old <- if (is.null(says$condition)) rep(says$control, length(idents)) else
    as.character(columns[[says$condition]])
  if (!identical(unname(as.character(idents)), unname(old))) return(idents)
  stats::setNames(target_labels(idents, says$target, length(idents)), names(idents))
}

# An assay of the generation of `like`, with `values` in the layer that they were read from.
seurat_assay <- function(values, like, layer, key = SeuratObject::Key(like)) {
  if (is_seurat5() && is(like, "StdAssay")) {
    create <- getExportedValue("SeuratObject", "CreateAssay5Object")
    values <- as_csc(values)  # as it keeps them
    assay <- if (layer == "counts") create(counts = values) else create(data = values)
  } else {
    assay <- if (layer == "counts") SeuratObject::CreateAssayObject(counts = values) else
      SeuratObject::CreateAssayObject(data = values)
  }
  if (!layer %in% c("counts", "data")) assay <- with_layer(assay, layer, values)
  SeuratObject::Key(assay) <- key
  assay
}

with_layer <- function(assay, layer, values) {
  if (is_seurat5()) return(SeuratObject::SetAssayData(assay, layer = layer, new.data = values))
  SeuratObject::SetAssayData(assay, slot = layer, new.data = values)
}

seurat_reduction <- function(values, assay, key) {
  SeuratObject::CreateDimReducObject(embeddings = t(values), assay = assay, key = key)
}

#' @exportS3Method
put_in.Seurat <- function(newdata, out, place) {
  if (!is.null(out$weights)) {
    column <- rep(NA_real_, ncol(newdata))
    column[if (is.null(out$within)) seq_along(column) else out$within] <- out$weights
    newdata[[weight_column(place$name)]] <- column
  }
  key <- paste0(gsub("[^A-Za-z0-9]", "", place$name), "_")
  if (place$kind == "reduction") {
    assay <- if (is.null(out$origin$assay)) SeuratObject::DefaultAssay(newdata) else
      out$origin$assay
    newdata[[place$name]] <- seurat_reduction(out$values, assay, key)
    return(newdata)
  }
  if (!is.null(out$origin$reduction))
    fail("the fit is one of a reduction; its predictions go into c(reduction = )")
  with_assay(newdata, place$name,
             seurat_assay(out$values, newdata[[out$origin$assay]], out$origin$layer, key))
}

# SeuratObject 5 looks for counts in every assay that comes in, and warns where there are none, and
# where one of fewer features takes the place of another.
with_assay <- function(object, name, assay) {
  expected <- "No layers found matching|^Different (features|cells)"
  withCallingHandlers({
    object[[name]] <- assay
    object
  }, warning = function(w) {
    if (grepl(expected, conditionMessage(w))) invokeRestart("muffleWarning")
  })
}

# An assay and a reduction share their names.
#' @exportS3Method
places_of.Seurat <- function(x, kind) names(x)

#' @exportS3Method
predicted_places.Seurat <- function(x) SeuratObject::Misc(x, predicted.mark)

#' @exportS3Method
mark_places.Seurat <- function(x, marks) {
  suppressWarnings(SeuratObject::Misc(x, predicted.mark) <- marks)  # it warns where it replaces
  x
}

#' @exportS3Method
columns_of.Seurat <- function(x) x[[]]

#' @exportS3Method
features_of.Seurat <- function(x, origin) rownames(x[[origin$assay]])

#' @exportS3Method
some_features.Seurat <- function(x, features, origin) {
  with_assay(x, origin$assay, subset(x[[origin$assay]], features = features))
}

# Cells of the same names would be renamed, with a message; here there are none.
#' @exportS3Method
bind_cells.Seurat <- function(newdata, more) {
  reductions <- intersect(SeuratObject::Reductions(newdata), SeuratObject::Reductions(more))
  if (!length(reductions)) return(merge(newdata, more))
  message("The predicted cells have ", listed(reductions), " of their own, and the assays of the ",
          "control cells that they come from")
  merge(newdata, more, merge.dr = reductions)
}
