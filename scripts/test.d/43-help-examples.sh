# The examples of the R package's help pages run.
# needs: r-library
# cost: 30
. scripts/test-lib.sh

export R_LIBS=$R_LIBRARY
if ! have Rscript || ! Rscript -e 'library(laot)' >/dev/null 2>&1; then
  skip "R or the installed package is missing, so that no example runs"
  exit 0
fi
tap help-examples timeout 600 Rscript tests/help/examples.R
