# The R package: assembled, installed from its tarball into a library of its own, and tested with
# the tests that the tarball holds.
. scripts/test-lib.sh

if ! have Rscript; then
  skip 1 "R is missing, so that the R package is not tested"
  exit 0
fi
tarball=build/laot_$(cat VERSION).tar.gz
rm -f "$tarball"
logged r-build timeout 300 scripts/build-r-package.sh --no-vignette || { fail "the R tarball could not be built"; exit 1; }
rm -rf "$R_LIBRARY" build/test/r-source
mkdir -p "$R_LIBRARY" build/test/r-source
export R_LIBS=$R_LIBRARY
if logged r-install env MAKEFLAGS="-j$JOBS" timeout 1500 R CMD INSTALL --no-test-load -l "$R_LIBRARY" "$tarball" &&
  logged r-load Rscript -e 'library(laot)'; then
  pass "the R package installs from its tarball"
else
  fail "the R package does not install"
  exit 1
fi

tar -xzf "$tarball" -C build/test/r-source
if ! Rscript -e 'quit(status = !requireNamespace("testthat", quietly = TRUE))' >/dev/null 2>&1; then
  skip 1 "the R package testthat is missing, so that the R tests do not run"
  exit 0
fi
logged r-tests env NOT_CRAN=true timeout 1200 Rscript scripts/run-testthat.R build/test/r-source/laot/tests/testthat
totals=$(sed -n 's/^testthat totals: //p' "$LAOT_TEST_LOGS/r-tests.log")
if [ -z "$totals" ]; then
  fail "the R tests ended without totals"
  exit 1
fi
read -r passed failed skipped <<<"$totals"
echo "  r-tests: $passed passed, $failed failed, $skipped skipped"
count "$passed" "$failed" 0
[ "$skipped" -eq 0 ] || skip "$skipped" "R tests: $(sed -n 's/^skipped: //p' "$LAOT_TEST_LOGS/r-tests.log" | sort | uniq -c | paste -sd';')"
