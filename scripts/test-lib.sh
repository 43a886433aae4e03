# Common parts of the files of scripts/test.d: results, logs, paths. Sourced, not run.
#
# A suite is one bash file that CTest knows (tests/suites.cmake). It runs in its own process at the
# root of the checkout and calls pass, fail, skip, cases or tap; when it ends, its results are
# written as JUnit XML, and its status is 0, 1 (a failure) or 77 (nothing but skips).
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
LAOT_ROOT=$PWD
LAOT_SHARED_DIR=${LAOT_SHARED_DIR:-$(dirname "$LAOT_ROOT")/shared}
LAOT_TEST_LOGS=$LAOT_ROOT/build/test-logs
RELEASE_BUILD=${LAOT_RELEASE_BUILD:-$LAOT_ROOT/build/test/release}
R_LIBRARY=$LAOT_ROOT/build/test/r-library
JOBS=$(nproc)
SUITE=$(basename "$0" .sh | sed 's/^[0-9]*-//')
RESULTS=${LAOT_TEST_RESULTS:-$LAOT_ROOT/build/test-results}/$SUITE
export LAOT_SHARED_DIR LC_ALL=C.UTF-8
rm -rf "$RESULTS"
mkdir -p "$LAOT_TEST_LOGS" "$RESULTS"

CASES=()
PASSED=0 FAILED=0 SKIPPED=0

escaped() { sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g' <<<"$1"; }

# result NAME [CHILD]: one case of the JUnit file.
result() { CASES+=("  <testcase classname=\"$SUITE\" name=\"$(escaped "$1")\">${2:-}</testcase>"); }

# pass WHAT
pass() {
  echo "  passed: $1"
  result "$1"
  PASSED=$((PASSED + 1))
}

# fail WHAT
fail() {
  echo "  FAILED: $1"
  result "$1" "<failure/>"
  FAILED=$((FAILED + 1))
}

# skip WHY: under CI nothing may be missing, so there scripts/test.sh counts it as a failure.
skip() {
  echo "  skipped: $1"
  result "$1" "<skipped message=\"$(escaped "$1")\"/>"
  SKIPPED=$((SKIPPED + 1))
}

# The status of the suite, after its results were written.
close_suite() {
  local status=$?
  if [ $status -ne 0 ] && [ $status -ne 77 ] && [ $FAILED -eq 0 ]; then
    fail "$SUITE ended with status $status"
  fi
  if [ ${#CASES[@]} -gt 0 ]; then
    {
      echo '<?xml version="1.0" encoding="UTF-8"?>'
      echo "<testsuite name=\"$SUITE\" tests=\"${#CASES[@]}\" failures=\"$FAILED\" skipped=\"$SKIPPED\">"
      printf '%s\n' "${CASES[@]}"
      echo '</testsuite>'
    } >"$RESULTS/$SUITE.xml"
  fi
  [ $FAILED -eq 0 ] || exit 1
  if [ $PASSED -eq 0 ] && [ $SKIPPED -gt 0 ]; then exit 77; fi
  exit 0
}
trap close_suite EXIT

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

# cases NAME FILES COMMAND...: a program that writes the results of its own cases to $RESULTS/FILES,
# a file or a pattern. They are counted by scripts/test.sh; a failure of the program that none of
# them shows is one more.
cases() {
  local name=$1 files=$2 status all bad left
  shift 2
  logged "$name" "$@"
  status=$?
  all=$(cat "$RESULTS"/$files 2>/dev/null | grep -o '<testcase[ />]' | wc -l)
  bad=$(cat "$RESULTS"/$files 2>/dev/null | grep -oE '<(failure|error)[ />]' | wc -l)
  left=$(cat "$RESULTS"/$files 2>/dev/null | grep -o '<skipped[ />]' | wc -l)
  if [ "$all" -eq 0 ]; then
    fail "$name ended with status $status and no results"
    return
  fi
  echo "  $name: $((all - bad - left)) passed, $bad failed, $left skipped"
  if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then fail "$name ended with status $status"; fi
  PASSED=$((PASSED + all - bad - left)) FAILED=$((FAILED + bad)) SKIPPED=$((SKIPPED + left))
}

# tap NAME COMMAND...: a program that prints "ok WHAT", "not ok WHAT" or "skipped WHY" for each case.
tap() {
  local name=$1 status line before=$FAILED passed=$PASSED
  shift
  logged "$name" "$@"
  status=$?
  while IFS= read -r line; do
    case $line in
      "ok "*) result "${line#ok }" && PASSED=$((PASSED + 1)) ;;
      "not ok "*) fail "${line#not ok }" ;;
      "skipped"*) skip "$line" ;;
    esac
  done <"$LAOT_TEST_LOGS/$name.log"
  echo "  $name: $((PASSED - passed)) passed, $((FAILED - before)) failed"
  if [ $status -ne 0 ] && [ $FAILED -eq "$before" ]; then fail "$name ended with status $status"; fi
  if [ $status -eq 0 ] && [ $PASSED -eq "$passed" ]; then fail "$name counted nothing"; fi
}

# build_with_cmake NAME FOLDER TARGETS... [-- CMAKE-OPTIONS]: configures and builds, quietly.
build_with_cmake() {
  local name=$1 folder=$2 targets=()
  shift 2
  while [ $# -gt 0 ] && [ "$1" != -- ]; do targets+=("$1"); shift; done
  [ $# -eq 0 ] || shift
  logged "$name-configure" cmake -S . -B "$folder" -G Ninja -DBLA_VENDOR=OpenBLAS \
    -DLAOT_SHARED_DIR="$LAOT_SHARED_DIR" -DLAOT_TEST_RESULTS="$RESULTS" "$@" &&
    logged "$name-build" timeout 3000 cmake --build "$folder" --parallel "$JOBS" --target "${targets[@]}"
}

# core_of BUILD [WORD]: the programs of the suite core in another build; of laot_tests one file at a
# time (with WORD those that say it), as many side by side as there are processors. capi_memory
# limits the address space of its process, which leaves none to a sanitizer.
core_of() {
  cases "$SUITE-tests" 'laot_tests-*.xml' tests_by_file "$1/tests/laot_tests" "${2:-}"
  cases "$SUITE-programs" programs.xml ctest --test-dir "$1" -L '^core$' -E '^(core|capi_memory)$' -FA '.*' \
    --parallel "$JOBS" --output-on-failure --timeout 1800 --output-junit "$RESULTS/programs.xml"
}

# tests_by_file PROGRAM WORD
tests_by_file() {
  # shellcheck disable=SC2016 # expanded by the shell that xargs starts
  (cd tests && grep -l -e "$2" {unit,golden,property,regression}/*.cpp) |
    PROGRAM=$1 RESULTS=$RESULTS xargs -P "$JOBS" -I FILE bash -c '
      name=$(basename FILE .cpp)
      export LAOT_JUNIT=$RESULTS/laot_tests-$name.xml
      output=$(timeout 6000 "$PROGRAM" --source-file="*tests/FILE" 2>&1)
      status=$?
      printf "== %s: %s\n" FILE $status
      [ $status -eq 0 ] || printf "%s\n" "$output"
      exit $status'
}

# in_this_debian PACKAGE: not where install-dependencies.sh found that the release has none.
in_this_debian() { ! grep -qxF "$1" "$LAOT_ROOT/build/not-in-this-debian" 2>/dev/null; }

have() { command -v "$1" >/dev/null; }

release_library() { find "$RELEASE_BUILD" -maxdepth 2 -name 'liblaot.so' 2>/dev/null | head -n 1; }

# A python3 that has these modules: the one on PATH may be another than the system's.
python_with() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c "import $1" >/dev/null 2>&1; then command -v "$python"; return; fi
  done
}
python_with_numpy() { python_with numpy; }
