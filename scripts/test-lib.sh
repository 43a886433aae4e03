# What every file of scripts/test.d uses: counting, logs, paths. Sourced, not run.
#
# A suite is one bash file. It runs in its own process at the root of the checkout and calls pass,
# fail, skip or count; scripts/test.sh adds the numbers up. A suite that ends with an error and has
# counted no failure counts as one.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
LAOT_ROOT=$PWD
LAOT_SHARED_DIR=${LAOT_SHARED_DIR:-$(dirname "$LAOT_ROOT")/shared}
LAOT_TEST_LOGS=$LAOT_ROOT/build/test-logs
LAOT_TEST_COUNTS=${LAOT_TEST_COUNTS:-/dev/stdout}
RELEASE_BUILD=$LAOT_ROOT/build/test/release
R_LIBRARY=$LAOT_ROOT/build/test/r-library
JOBS=$(nproc)
export LAOT_SHARED_DIR LC_ALL=C.UTF-8
mkdir -p "$LAOT_TEST_LOGS"

# count PASSED FAILED SKIPPED
count() { echo "$1 $2 $3" >>"$LAOT_TEST_COUNTS"; }

# pass WHAT
pass() {
  echo "  passed: $1"
  count 1 0 0
}

# fail WHAT
fail() {
  echo "  FAILED: $1"
  count 0 1 0
}

# skip NUMBER WHY: under CI nothing may be missing, so there a skip is a failure.
skip() {
  if [ "${CI:-}" = true ]; then
    echo "  FAILED: $2 (a skip is a failure under CI)"
    count 0 "$1" 0
  else
    echo "  skipped: $2"
    count 0 0 "$1"
  fi
}

# logged NAME COMMAND...: runs a command into build/test-logs/NAME.log; shows its end on failure.
logged() {
  local log=$LAOT_TEST_LOGS/$1.log status
  shift
  "$@" >"$log" 2>&1
  status=$?
  if [ $status -ne 0 ]; then
    echo "  -- the end of ${log#"$LAOT_ROOT"/}:"
    tail -n 40 "$log" | sed 's/^/  | /'
    [ $status -ne 124 ] || echo "  -- stopped: it took longer than its limit"
  fi
  return $status
}

# build_with_cmake NAME FOLDER TARGETS... [-- CMAKE-OPTIONS]: configures and builds, quietly.
build_with_cmake() {
  local name=$1 folder=$2 targets=()
  shift 2
  while [ $# -gt 0 ] && [ "$1" != -- ]; do targets+=("$1"); shift; done
  [ $# -eq 0 ] || shift
  logged "$name-configure" cmake -S . -B "$folder" -G Ninja -DBLA_VENDOR=OpenBLAS \
    -DLAOT_SHARED_DIR="$LAOT_SHARED_DIR" "$@" &&
    logged "$name-build" timeout 1500 cmake --build "$folder" --parallel "$JOBS" --target "${targets[@]}"
}

# run_doctest NAME COMMAND...: runs a doctest program and counts its cases.
run_doctest() {
  local log=$LAOT_TEST_LOGS/$1.log status totals passed failed skips
  logged "$@"
  status=$?
  # [doctest] test cases:  87 |  86 passed | 1 failed | 0 skipped
  totals=$(grep -a '^\[doctest\] test cases:' "$log" | tail -n 1)
  passed=$(grep -oE '[0-9]+ passed' <<<"$totals" | grep -oE '[0-9]+')
  failed=$(grep -oE '[0-9]+ failed' <<<"$totals" | grep -oE '[0-9]+')
  if [ -z "$totals" ]; then
    fail "$1 ended with status $status and no totals"
    return
  fi
  # A case that lacks its data passes with a message that says so.
  skips=$(grep -aciE 'MESSAGE: .*skip' "$log")
  [ "$skips" -le "$passed" ] || skips=$passed
  echo "  $1: $((passed - skips)) passed, $failed failed, $skips skipped"
  count $((passed - skips)) "$failed" 0
  [ "$skips" -eq 0 ] || skip "$skips" "$(grep -aiE -m1 'MESSAGE: .*skip' "$log" | sed 's/.*MESSAGE: //')"
  if [ $status -ne 0 ] && [ "$failed" -eq 0 ]; then fail "$1 ended with status $status"; fi
}

# run_other_ctests NAME BUILD: every test that CMake knows but the doctest program, by ctest's totals.
run_other_ctests() {
  local log=$LAOT_TEST_LOGS/$1-ctest.log all failed
  all=$(ctest --test-dir "$2" -N -E '^core$' | sed -n 's/^Total Tests: //p')
  [ "${all:-0}" -gt 0 ] || return 0
  logged "$1-ctest" ctest --test-dir "$2" -E '^core$' --output-on-failure --timeout 1800
  failed=$(sed -n 's/.*tests passed, \([0-9]*\) tests failed out of.*/\1/p' "$log")
  failed=${failed:-$all}
  echo "  $1-ctest: $((all - failed)) passed, $failed failed"
  count $((all - failed)) "$failed" 0
}

have() { command -v "$1" >/dev/null; }

# A python3 that has numpy: the one on PATH may be another than the system's.
python_with_numpy() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import numpy' >/dev/null 2>&1; then command -v "$python"; return; fi
  done
}
