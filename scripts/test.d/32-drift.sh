# The header, the exports, the frozen interface, the reference page and every binding agree.
. scripts/test-lib.sh

if ! have python3 || ! have cc; then
  skip 1 "python3 or cc is missing, so that the bindings are not compared with the header"
  exit 0
fi
library=$(find "$RELEASE_BUILD" -maxdepth 2 -name 'liblaot.so' | head -n 1)
count_oks() { # NAME STATUS
  local passed failed
  passed=$(grep -c '^ok ' "$LAOT_TEST_LOGS/$1.log")
  failed=$(grep -c '^not ok ' "$LAOT_TEST_LOGS/$1.log")
  echo "  $1: $passed passed, $failed failed"
  count "$passed" "$failed" 0
  if [ "$2" -ne 0 ] && [ "$failed" -eq 0 ]; then fail "$1 ended with status $2"; fi
}
logged drift python3 tests/drift/drift.py ${library:+"$library"}
count_oks drift $?
logged drift-mutations tests/drift/mutations.sh build/test/drift
count_oks drift-mutations $?
