# The R sources and their tests by lintr, as .lintr says: 28 s of one processor for all of them. What
# has passed is not looked at again until it changes.
. scripts/test-lib.sh

if ! have Rscript || ! Rscript -e 'quit(status = !requireNamespace("lintr", quietly = TRUE))'; then
  skip "lintr is missing"
  exit 0
fi
passed=build/test/r-style.passed
touch "$passed"
todo=() sums=()
for file in R-package/R/*.R R-package/tests/*.R R-package/tests/testthat/*.R; do
  sum=$(cat .lintr "$file" | md5sum)
  grep -qF "$sum" "$passed" && continue
  todo+=("$file")
  sums+=("$sum")
done
style() {
  [ ${#todo[@]} -gt 0 ] || return 0
  Rscript -e '
    # .lintr names linters that newer versions alone have.
    found <- lapply(commandArgs(TRUE), function(file) suppressWarnings(lintr::lint(file)))
    for (lints in found) if (length(lints)) print(lints)
    quit(status = any(lengths(found) > 0L))' "${todo[@]}"
}
if logged r-style style; then
  printf '%s\n' "${sums[@]}" >>"$passed"
  pass "lintr finds nothing in R-package"
else
  fail "lintr"
fi
