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

# The last step in the installation's log: R's own, or the source that is compiled, and how many there
# are.
at_work() {
  awk -v files="$files" '
    /^(g\+\+|clang\+\+|c\+\+|gcc|cc|ccache).* -c / {sub(/.* -c /, ""); sub(/ .*/, ""); step = "compiling " $0 " (" ++n " of " files ")"}
    /^\*+ / {sub(/^\*+ /, ""); step = $0}
    END {print step ? step : "starting R"}' "$log"
}

say() { printf '\n[%s s] %s\n' "$SECONDS" "$1"; }

say "1/4  What is missing on this machine"
scripts/install-dependencies.sh quickstart

say "2/4  The R package's tarball, $tarball"
scripts/build-r-package.sh --no-vignette

say "3/4  Compiling and installing it into $out/library"
: >"$log"
files=$(tar -xOzf "$tarball" laot/src/Makevars | grep -cE '^ +[^ ]+\.o( |$)')
rm -rf "$library/00LOCK-laot" # of a run that was killed: the library is this script's own
MAKEFLAGS=-j$(nproc) R CMD INSTALL -l "$library" "$tarball" >"$log" 2>&1 &
installing=$!
trap 'kill $installing 2>/dev/null || true' EXIT
while kill -0 $installing 2>/dev/null; do # the file that the compiler is at, and how long it takes
  if [ -t 1 ]; then printf '\r%5s s  %-60.60s' "$SECONDS" "$(at_work)"; sleep 1
  else printf '%5s s  %s\n' "$SECONDS" "$(at_work)"; sleep 10; fi
done
[ ! -t 1 ] || printf '\r%72s\r' ''
trap - EXIT
wait $installing || {
  grep -E '(error|ERROR|fatal)' "$log" | cut -c1-300 | tail -n 20 >&2
  echo "The package did not install; the whole log is $log." >&2
  exit 1
}

say "4/4  LAOT on real cells: 20 splits of each data set into training and test cells"
R_LIBS=$library Rscript examples/R/quickstart/run.R "$out" "$shared/data"
say "Done."
