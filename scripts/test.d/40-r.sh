# The tests that the R package's tarball holds, against the installed package.
# needs: r-library
# cost: 270
. scripts/test-lib.sh

export R_LIBS=$R_LIBRARY
if ! have Rscript || ! Rscript -e 'quit(status = !all(vapply(c("laot", "testthat"), requireNamespace, NA, quietly = TRUE)))' >/dev/null 2>&1; then
  skip "R, the installed package or the R package testthat is missing, so that the R tests do not run"
  exit 0
fi
cases r r.xml env NOT_CRAN=true timeout 1700 Rscript scripts/run-testthat.R \
  build/test/r-source/laot/tests/testthat "$RESULTS/r.xml"
