# The quickstart's program, with three splits, on the package that the suite before installed.
# needs: r-library
. scripts/test-lib.sh

export R_LIBS=$R_LIBRARY
needs='packages <- c("laot", "ggplot2", "SingleCellExperiment", "HSMMSingleCell")
quit(status = !all(vapply(packages, requireNamespace, NA, quietly = TRUE)))'
if ! have Rscript || ! Rscript -e "$needs" >/dev/null 2>&1; then
  skip "a package that the quickstart needs is missing"
  exit 0
fi
out=build/test/quickstart
rm -rf "$out" && mkdir -p "$out"
if logged quickstart timeout 600 Rscript examples/R/quickstart/run.R "$out" "$LAOT_SHARED_DIR/data" 3 &&
  [ "$(grep -c 'noise reference  ' "$LAOT_TEST_LOGS/quickstart.log")" -ge 3 ] && # a table for each data set
  [ "$(wc -c <"$out/quickstart.png")" -gt 50000 ]; then
  pass "the quickstart prints its tables and draws its picture"
else
  fail "the quickstart's program"
fi
