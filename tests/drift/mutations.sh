#!/usr/bin/env bash
# The drift test is worth something only if it fails: each line here drifts one thing in a copy.
#
#   tests/drift/mutations.sh WORK
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$1
status=0

mutation() { # WHAT FILE SED-EXPRESSION
  rm -rf "$work" && mkdir -p "$work/tests" "$work/R-package"
  cp -r "$root"/{VERSION,capi,docs,julia,python,examples,scripts} "$work" &&
    mkdir -p "$work/src" && cp -r "$root/src/evaluation" "$work/src" &&
    cp -r "$root"/tests/{capi,compat,drift} "$work/tests" &&
    cp -r "$root"/R-package/{R,src} "$work/R-package"
  sed -E -i "$3" "$work/$2"
  if cmp -s "$root/$2" "$work/$2"; then
    echo "not ok $1: the mutation changed nothing"
    status=1
  elif python3 "$work/tests/drift/drift.py" >/dev/null 2>&1; then
    echo "not ok $1: the drift test did not see it"
    status=1
  else
    echo "ok $1"
  fi
}

mutation "a function is gone from the header" capi/laot.h '/^LAOT_API void laot_model_free/d'
mutation "an argument of the header has another type" capi/laot.h 's/(laot_context_set_threads\(laot_context\* context), int/\1, size_t/'
mutation "an enum has another number" capi/laot.h 's/LAOT_CANCELLED = -6/LAOT_CANCELLED = -7/'
mutation "a parameter type has another number" capi/laot.h 's/LAOT_CHOICE = 3/LAOT_CHOICE = 4/'
mutation "two fields changed places" capi/laot.h 's/^  const char\* title; +\/\* its name, a colon.*$/  int inserted; \/* x *\/\n&/'
mutation "a ccall of Julia has another type" julia/src/libcalls.jl '/symbol\(laot_fit\)/s/Cint/Cvoid/'
mutation "Julia gives an argument less" julia/src/model.jl 's/laot_fit\(context, params, x, y, out\)/laot_fit(context, params, x, y)/'
mutation "Julia calls what is not there" julia/src/model.jl 's/laot_load\(/laot_lode(/'
mutation "Python declares another type" examples/python/laot.py 's/("laot_context_set_seed": \(c_int, \[H, )c_uint64/\1c_int/'
mutation "Python calls what it did not declare" examples/python/laot.py '/^    "laot_load":/d'
mutation "R registers another number of arguments" R-package/src/init.c 's/ROUTINE\(predict, 5\)/ROUTINE(predict, 4)/'
mutation "R registers a routine less" R-package/src/init.c 's/ROUTINE\(trace, 1\),?//'
mutation "R calls what is not registered" R-package/R/save.R 's/C_save\b/C_sav/'
mutation "a comment does not speak of an argument" capi/laot.h '/^ \* @param leading_dimension/d'
mutation "a comment speaks of an argument that is not there" capi/laot.h 's/@param threads /@param cores /'
mutation "an array has no size" capi/laot.h 's/(@param gammas +)\[count\] /\1/'
mutation "cells have one axis" capi/laot.h 's/(@param predicted +)\[features x n\]/\1[n]/'
mutation "a field has no comment" capi/laot.h 's@^(  const char\* title;).*@\1@'
mutation "a code that there is not" capi/laot.h 's/@return LAOT_NOT_AVAILABLE/@return LAOT_NOT_THERE/'
mutation "R has a usual setting of its own" R-package/R/recovery.R 's/gaps = NULL, repeats = NULL/gaps = NULL, repeats = 8/'
mutation "Julia has a usual setting of its own" julia/src/trackability.jl 's/halves::Integer = usual\("stability", "halves"\), restarts/halves::Integer = 10, restarts/'
mutation "Python has a usual setting of its own" python/src/laot/_model.py 's/gaps: Optional\[Sequence\[float\]\] = None/gaps: Sequence[float] = (0, 1)/'
mutation "R has the size of an effect of its own" R-package/R/simulate.R 's/kappa = NULL, noise/kappa = 2, noise/'
mutation "a symbol is not listed" capi/laot.symbols '/^laot_fit$/d'
rm -rf "$work"
exit $status
