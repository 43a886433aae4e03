#!/usr/bin/env bash
# Runs one suite in the copy of the tree that scripts/mutate.py has made (the working folder), with
# the library that it has built: run-suite.sh KIND ARGUMENTS...
set -euo pipefail
kind=$1
shift
python=/usr/bin/python3
case $kind in
  example-python) exec "$python" -m pytest -x -q -p no:cacheprovider tests/python "$@" ;;
  python) exec env PYTHONPATH="$LAOT_TREE/python/src" "$python" -m pytest -x -q -p no:cacheprovider python/tests "$@" ;;
  r)
    # The installed package, with the functions of the changed files in its place.
    exec env R_LIBS="${R_LIBS:-$LAOT_ROOT/build/test/r-library}" NOT_CRAN=true Rscript tests/mutations/run-r.R "$@"
    ;;
  julia)
    exec env JULIA_LOAD_PATH="$LAOT_TREE/julia:@stdlib" "$(cat "$LAOT_ROOT/build/julia/command")" \
      --startup-file=no --compiled-modules=no "julia/test/runtests.jl"
    ;;
  lint) exec bash "tests/lint/$1.sh" ;;
  drift) exec "$python" tests/drift/drift.py ;;
  *)
    echo "run-suite.sh: there is no suite $kind" >&2
    exit 2
    ;;
esac
