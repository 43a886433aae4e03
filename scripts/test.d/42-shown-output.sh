# Output shown in the README and a vignette, computed anew: the records of a vignette whose data may
# not be installed, word for word, their numbers within a hundredth; the printed lines of the README.
# needs: r-library
. scripts/test-lib.sh

export R_LIBS=$R_LIBRARY
if ! have Rscript || ! Rscript -e 'quit(status = !all(vapply(c("laot", "HSMMSingleCell", "SingleCellExperiment"), requireNamespace, NA, quietly = TRUE)))' >/dev/null 2>&1; then
  skip "R, the installed package or HSMMSingleCell is missing, so that what the README and the vignettes show is not computed anew"
  exit 0
fi
if ! [ -r "$LAOT_SHARED_DIR/data/pbmc_counts.mtx.gz" ]; then
  skip "../shared/data is not there, so that what the README and the vignettes show is not computed anew"
  exit 0
fi
folder=build/test/vignette-records
rm -rf "$folder"
mkdir -p "$folder"
cp R-package/vignettes/*.R "$folder"
logged vignette-records env -C "$folder" timeout 600 Rscript precomputed.R ||
  { fail "the records of the vignettes could not be computed"; exit 1; }
for record in R-package/vignettes/*.txt; do
  name=$(basename "$record")
  if Rscript tests/drift/same_numbers.R "$record" "$folder/$name"; then
    pass "$name is what the vignette's code prints"
  else
    fail "$name is not what the vignette's code prints: run precomputed.R beside it"
  fi
done
if logged readme-lines Rscript tests/drift/readme_lines.R README.md "$folder"; then
  pass "the first R lines of README.md print what they show"
else
  fail "the first R lines of README.md print something else"
fi
