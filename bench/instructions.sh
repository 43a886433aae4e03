#!/usr/bin/env bash
# Instructions of small programs under valgrind, beside those of the last commit that was counted:
# what a noisy machine cannot hide. They are those of the AVX2 path, which valgrind offers, and of
# the BLAS of this machine.
#
#   bench/instructions.sh            counts and compares
#   bench/instructions.sh --record   and adds the counts to bench/instructions.csv
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build/dev/bench
kept=bench/instructions.csv
record=${1:-}

cmake --preset dev >/dev/null
cmake --build --preset dev --target laot_couple laot_one_fit laot_bent_fit laot_screen_fit \
  laot_evaluation_bench laot_nets_bench >/dev/null
commit=$(git rev-parse --short HEAD)
[ -f "$kept" ] || echo "date,commit,program,millions" >"$kept"

counted() { # NAME PROGRAM ARGUMENTS...
  local name=$1 millions before
  shift
  millions=$(OPENBLAS_NUM_THREADS=1 OPENBLAS_CORETYPE=Haswell valgrind --tool=callgrind \
    --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null |
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p' | awk '{printf "%.1f", $1 / 1e6}')
  before=$(awk -F, -v name="$name" '$3 == name {last = $4} END {print last}' "$kept")
  printf '%-28s %10s million' "$name" "$millions"
  [ -z "$before" ] || awk -v a="$millions" -v b="$before" 'BEGIN {printf "  %+.1f%%", 100 * (a / b - 1)}'
  echo
  [ "$record" != --record ] || echo "$(date +%F),$commit,$name,$millions" >>"$kept"
}

counted coupling-1000-50 "$build/assignment/laot_couple" 1000 1000 50
counted coupling-1000-1500-50 "$build/assignment/laot_couple" 1000 1500 50
counted fit-600-400-200 "$build/fit/laot_one_fit" 600 400 200
counted bent-fit-300-10 "$build/fit/laot_bent_fit" 300 10 1
counted screen-4-600-100-200 "$build/fit/laot_screen_fit" 4 600 100 200 1
counted evaluation-300-100 "$build/evaluation/laot_evaluation_bench" 300 100 1
counted cellot-3-32-3 "$build/nets/laot_nets_bench" cellot-speed d=10 hidden=32,32,32 iterations=3
counted scgen-50-1 "$build/nets/laot_nets_bench" autoencoder-speed d=50 batch=32 epochs=1
