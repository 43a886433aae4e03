#!/usr/bin/env bash
# SeuratObject 5 from CRAN in a library of its own, DIR (default build/seurat5-library), so that the
# R package is tested with it beside the generation that the system has:
#   R_LIBS=build/seurat5-library Rscript ...
# Where the system has version 5, it stays empty. Where R is older than the current Matrix asks for,
# Matrix comes from CRAN's archive. A library that is there already is left as it is.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
library=${1:-$top/build/seurat5-library}
mkdir -p "$library"
library=$(cd "$library" && pwd)
LAOT_SEURAT5_LIBRARY=$library R_LIBS=$library Rscript - <<'R'
library <- Sys.getenv("LAOT_SEURAT5_LIBRARY")
if (identical(unname(getOption("repos")["CRAN"]), "@CRAN@")) utils::chooseCRANmirror(ind = 1L)
options(Ncpus = 2L, timeout = 600)
at_least <- function(package, version) {
  requireNamespace(package, quietly = TRUE) && utils::packageVersion(package) >= version
}
if (!at_least("Matrix", "1.6.4") && getRversion() < "4.4.0") {
  archive <- paste0(utils::contrib.url(getOption("repos")["CRAN"], "source"), "/Archive/Matrix/Matrix_1.6-5.tar.gz")
  utils::install.packages(archive, lib = library, repos = NULL, type = "source", INSTALL_opts = "--no-test-load")
}
if (!at_least("SeuratObject", "5.0.0")) {
  # In a new session, which has not loaded the older generation.
  wanted <- tools::package_dependencies("SeuratObject", utils::available.packages(), recursive = TRUE)[[1L]]
  there <- rownames(utils::installed.packages())
  utils::install.packages(c(setdiff(wanted, there), "SeuratObject"), lib = library, dependencies = FALSE)
}
R
LAOT_SEURAT5_LIBRARY=$library R_LIBS=$library Rscript -e \
  'stopifnot(packageVersion("SeuratObject") >= "5.0.0"); library(SeuratObject)' >/dev/null
echo "$library"
