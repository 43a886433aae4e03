#!/usr/bin/env bash
# From nothing to a result on a Debian machine: installs what is missing, builds the R package's
# tarball, installs it into a library of its own below build/, fits LAOT to real single cells, and
# ends with a table and a picture.
#
#   scripts/quickstart.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8

out=build/quickstart
library=$PWD/$out/library
log=$out/install.log
shared=${LAOT_SHARED_DIR:-$(dirname "$PWD")/shared}
tarball=build/laot_$(cat VERSION).tar.gz
mkdir -p "$library"

say() { printf '\n[%s s] %s\n' "$SECONDS" "$1"; }

say "1/4  What is missing on this machine"
scripts/install-dependencies.sh quickstart

say "2/4  The R package's tarball, $tarball"
scripts/build-r-package.sh --no-vignette

say "3/4  Compiling and installing it into $out/library"
MAKEFLAGS=-j$(nproc) R CMD INSTALL -l "$library" "$tarball" >"$log" 2>&1 || {
  grep -E '(error|ERROR|fatal)' "$log" | cut -c1-300 | tail -n 20 >&2
  echo "The package did not install; the whole log is $log." >&2
  exit 1
}

say "4/4  LAOT on real cells: 20 splits of each data set into training and test cells"
R_LIBS=$library Rscript examples/R/quickstart/run.R "$out" "$shared/data"
say "Done."
