# BiocGenerics has a generic conditions(), which hides ours where it is attached after us: it has
# methods for our fits.

# Also after this namespace is sealed: classes and methods live in an environment of their own.
of.other.generics <- new.env()

.onLoad <- function(libname, pkgname) {
  setHook(packageEvent("BiocGenerics", "onLoad"), function(...) join_generics(), "append")
  if (isNamespaceLoaded("BiocGenerics")) join_generics()
}

join_generics <- function() {
  generic <- their_conditions()
  if (is.null(generic)) return(invisible())
  of.methods <- lapply(laot_methods()$name, fit_classes)
  of.lists <- list(c("laot_fit_by", "laot_fit_list"), "laot_ensemble", "laot_ensemble_list")
  for (classes in unique(c(of.methods, of.lists))) {
    methods::setOldClass(classes, where = of.other.generics)
  }
  for (class in c("laot_fit", "laot_fit_list", "laot_ensemble", "laot_ensemble_list")) {
    methods::setMethod(generic, class, function(object, ...) conditions(object),
                       where = of.other.generics)
  }
}

# NULL where it is not loaded, or is of a version without one.
their_conditions <- function() {
  if (isNamespaceLoaded("BiocGenerics"))
    get0("conditions", asNamespace("BiocGenerics"), inherits = FALSE)
}
