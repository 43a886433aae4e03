# Run in this folder before the package is built (Config/build/bootstrap in DESCRIPTION): the
# sources of the core are beside this folder in the repository, and a package must hold them.
if (file.exists("../scripts/build-r-package.sh")) {
  status <- system2("bash", c("../scripts/build-r-package.sh", "--in-place"))
  if (status != 0) stop("the sources of the core could not be put into src/core")
}
