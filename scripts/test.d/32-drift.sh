# The header, the exports, the frozen interface, the reference page and every binding agree.
# needs: build
. scripts/test-lib.sh

if ! have python3 || ! have cc; then
  skip "python3 or cc is missing, so that the bindings are not compared with the header"
  exit 0
fi
library=$(release_library)
tap drift python3 tests/drift/drift.py ${library:+"$library"}
tap drift-mutations tests/drift/mutations.sh build/test/drift
if logged mutations-fit scripts/mutate.sh --check; then
  pass "every change of tests/mutations fits its file"
else
  fail "every change of tests/mutations fits its file"
fi
