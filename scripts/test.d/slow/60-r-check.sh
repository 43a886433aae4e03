# R CMD check --as-cran on the tarball: no error, no warning.
# seconds: 3600
# cost: 2000
. scripts/test-lib.sh

if ! have R; then
  skip "R is missing"
  exit 0
fi
tarball=$LAOT_ROOT/build/laot_$(cat VERSION).tar.gz
# With the vignette, which the other suites leave out.
logged r-check-build timeout 1800 scripts/build-r-package.sh || exit 1
mkdir -p build/test/r-check
# Suggested packages that are missing are no fault of the package; no clock is looked up, and an empty
# list stands for CRAN's, which would say whether a missing package still has a maintainer.
web=$LAOT_ROOT/build/test/r-check/web
mkdir -p "$web/web/packages"
Rscript -e 'saveRDS(data.frame(Package = character(), Maintainer = character()), commandArgs(TRUE))' \
  "$web/web/packages/packages.rds"
logged r-check env -C build/test/r-check _R_CHECK_FORCE_SUGGESTS_=false _R_CHECK_SYSTEM_CLOCK_=false \
  R_CRAN_WEB="file://$web" MAKEFLAGS="-j$JOBS" timeout 2400 R CMD check --as-cran --no-manual "$tarball"
grep -aE '(NOTE|WARNING|ERROR)$|^Status' "$LAOT_TEST_LOGS/r-check.log" | sed 's/^/  /'
if grep -aqE '^Status: (OK|[0-9]+ NOTEs?)$' "$LAOT_TEST_LOGS/r-check.log"; then
  pass "R CMD check has no error and no warning"
else
  fail "R CMD check"
fi
