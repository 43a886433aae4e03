# The R and the Julia program of examples/ run as their first lines say, with the R package of the
# suite r.
# needs: build r-library
. scripts/test-lib.sh

library=$(release_library)
folder=build/test/host-examples
rm -rf "$folder" && mkdir -p "$folder"

# Better than the mean shift, and the same after a trip through a file.
example() { # NAME FILE COMMAND...
  local name=$1 file=$2
  shift 2
  if logged "$name" env -C "$folder" timeout 300 "$@" "$LAOT_ROOT/$file" &&
    grep -qi 'predicts the same: true' "$LAOT_TEST_LOGS/$name.log" &&
    awk 'NF == 2 && $1 == "laot" {fit = $2} NF == 2 && $1 == "mean_shift" {moved = $2}
         END {exit !(fit > 0 && fit < 0.7 * moved)}' "$LAOT_TEST_LOGS/$name.log"; then
    pass "$file"
  else
    fail "$file"
  fi
}

if [ -n "$library" ] && logged julia-install scripts/install-julia.sh; then
  example example-julia examples/julia/fit_predict.jl env LAOT_LIBRARY="$library" \
    JULIA_LOAD_PATH="$LAOT_ROOT/julia:@stdlib" "$(cat build/julia/command)" --startup-file=no
else
  skip "julia or the shared library is missing, so that the Julia example does not run"
fi

export R_LIBS=$R_LIBRARY
if have Rscript && Rscript -e 'library(laot)' >/dev/null 2>&1; then
  example example-r examples/R/fit_predict.R Rscript
else
  skip "the R package is not installed in build/test/r-library (suite r), so that the R example does not run"
fi
