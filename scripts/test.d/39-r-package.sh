# The R package, assembled and installed from its tarball into a library of its own.
# gives: r-library
# seconds: 3000
# processors: all
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

# The address of a published repository comes in from outside; without one none is said.
export LAOT_URL=https://code.example.org/laot/
logged r-tree scripts/build-r-package.sh --tree build/test/r-tree
if [ "$(grep -cE '^(URL: https://code.example.org/laot|BugReports: https://code.example.org/laot/issues)$' build/test/r-tree/laot/DESCRIPTION)" = 2 ] &&
  ! grep -qE '^(URL|BugReports):' build/test/r-source/laot/DESCRIPTION; then
  pass "the package says where it is published"
else
  fail "the package says where it is published"
fi
unset LAOT_URL
