# The R package, assembled and installed from its tarball into a library of its own.
# gives: r-library
# seconds: 3000
. scripts/test-lib.sh

if ! have Rscript; then
  skip "R is missing, so that the R package is not tested"
  exit 0
fi
tarball=build/laot_$(cat VERSION).tar.gz
rm -f "$tarball"
logged r-build timeout 300 scripts/build-r-package.sh --no-vignette || { fail "the R tarball could not be built"; exit 1; }
rm -rf "$R_LIBRARY" build/test/r-source
mkdir -p "$R_LIBRARY" build/test/r-source
export R_LIBS=$R_LIBRARY
if logged r-install env MAKEFLAGS="-j$JOBS" timeout 2400 R CMD INSTALL --no-test-load -l "$R_LIBRARY" "$tarball" &&
  logged r-load Rscript -e 'library(laot)'; then
  pass "the R package installs from its tarball"
else
  fail "the R package does not install"
  exit 1
fi
tar -xzf "$tarball" -C build/test/r-source
