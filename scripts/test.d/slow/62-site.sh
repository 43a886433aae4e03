# The R package's site, built from the tree: every topic has its page, and no link leads nowhere.
# needs: r-library
# seconds: 3600
# cost: 400
. scripts/test-lib.sh

if ! have Rscript || ! have pandoc || ! Rscript -e 'quit(status = !requireNamespace("pkgdown", quietly = TRUE))' >/dev/null 2>&1; then
  skip "R, pandoc or the R package pkgdown is missing, so that the site is not built"
  exit 0
fi
# Its examples run with the package that is installed from the tarball already.
if logged site env LAOT_SITE_LIBRARY="$R_LIBRARY" timeout 3000 scripts/site.sh; then
  pass "the site is built ($(sed -nE 's/^([0-9]+ pages), no dead links$/\1/p' "$LAOT_TEST_LOGS/site.log")) and no link is dead"
else
  fail "the site"
fi
# The check sees a dead link: a page without one of its neighbours has one.
page=$(find build/site/reference -name '*.html' ! -name index.html 2>/dev/null | head -n 1)
if [ -n "$page" ]; then
  cp -r build/site build/test/site-torn && rm "build/test/site-torn/${page#build/site/}"
  if python3 scripts/dead-links.py build/test/site-torn >/dev/null; then fail "a dead link is not noticed"; else pass "a dead link is noticed"; fi
  rm -rf build/test/site-torn
fi
