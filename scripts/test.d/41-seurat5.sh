# The tests of objects again with SeuratObject 5, which CRAN has and Debian has not, in a library of its own.
# needs: r-library
# seconds: 2400
# cost: 280
. scripts/test-lib.sh

if ! have Rscript || ! R_LIBS=$R_LIBRARY Rscript -e 'quit(status = !all(vapply(c("laot", "testthat"), requireNamespace, NA, quietly = TRUE)))' >/dev/null 2>&1; then
  skip "R, the installed package or the R package testthat is missing, so that Seurat 5 is not tested"
  exit 0
fi
if ! logged seurat5-library timeout 1800 scripts/seurat5-library.sh build/seurat5-library; then
  skip "SeuratObject 5 cannot be installed from CRAN here"
  exit 0
fi
rm -rf build/test/seurat5
mkdir -p build/test/seurat5
tests=build/test/r-source/laot/tests/testthat
cp "$tests"/helper-*.R "$tests"/test-seurat5.R "$tests"/test-objects.R build/test/seurat5/
export R_LIBS=$R_LIBRARY:$PWD/build/seurat5-library
cases seurat5 seurat5.xml env NOT_CRAN=true timeout 900 Rscript scripts/run-testthat.R build/test/seurat5 "$RESULTS/seurat5.xml"
