# The programs of examples/R/studies on a few cells, without networks, each with its table and picture;
# and one of them on a file of the user's own.
# needs: r-library
# seconds: 1500
# cost: 60
. scripts/test-lib.sh

export R_LIBS=$R_LIBRARY OPENBLAS_NUM_THREADS=1
if ! have Rscript || ! Rscript -e 'quit(status = !all(vapply(c("laot", "Matrix"), requireNamespace, NA, quietly = TRUE)))' >/dev/null 2>&1; then
  skip "R, the installed package or the R package Matrix is missing, so that the studies do not run"
  exit 0
fi
if [ ! -e "$LAOT_SHARED_DIR/data/larry_cells.csv.gz" ]; then
  skip "the data of the studies are not in $LAOT_SHARED_DIR/data"
  exit 0
fi
out=build/test/studies
rm -rf "$out" && mkdir -p "$out"
for program in examples/R/studies/*.R; do
  name=$(basename "$program" .R)
  case $name in common | data | all) continue ;; esac
  if logged "study-$name" timeout 600 Rscript "$program" "$out" "$LAOT_SHARED_DIR/data" networks=no splits=2 cells=50 &&
    [ -s "$out/$name.csv" ] && grep -q '^| ' "$out/$name.md" && [ "$(wc -c <"$out/$name.png")" -gt 4000 ]; then
    pass "the study $name has its table and its picture"
  else
    fail "the study $name"
  fi
done

# Finished tasks are taken from the folder: the same table, and none is computed again.
cp "$out/several_drugs.md" "$out/before.md"
if logged study-resumed timeout 100 Rscript examples/R/studies/several_drugs.R "$out" "$LAOT_SHARED_DIR/data" \
  networks=no splits=2 cells=50 && cmp -s "$out/before.md" "$out/several_drugs.md"; then
  pass "a study goes on where it was"
else
  fail "a study that is run again"
fi

if logged study-own timeout 300 Rscript examples/R/studies/within_and_across.R "$out/own" "$LAOT_SHARED_DIR/data" \
  networks=no splits=1 cells=40 file="$LAOT_SHARED_DIR/data/bcrxl_cells.csv.gz" condition=condition context=donor \
  control=ref drop=event && grep -q '1 predicts 2' "$out/own/within_and_across.md"; then
  pass "a study takes the user's own cells"
else
  fail "a study on the user's own cells"
fi
