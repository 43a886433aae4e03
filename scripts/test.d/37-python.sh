# The Python example, by unittest: numpy and ctypes alone.
. scripts/test-lib.sh

library=$(find "$RELEASE_BUILD" -maxdepth 2 -name 'liblaot.so' | head -n 1)
python=$(python_with_numpy)
if [ -z "$library" ] || [ -z "$python" ]; then
  skip 1 "the shared library or a python3 with numpy is missing, so that the Python example is not tested"
  exit 0
fi
logged python env LAOT_LIBRARY="$library" timeout 300 "$python" tests/python/test_laot.py -v
status=$?
total=$(sed -n 's/^Ran \([0-9]*\) tests\{0,1\} in .*/\1/p' "$LAOT_TEST_LOGS/python.log")
if [ -z "$total" ]; then
  fail "the tests of the Python example ended with status $status and no totals"
  exit 0
fi
# FAILED (failures=1, errors=2, skipped=1)
word() { sed -nE "s/^(OK|FAILED) \(.*$1=([0-9]+).*/\2/p" "$LAOT_TEST_LOGS/python.log" | grep . || echo 0; }
failed=$(($(word failures) + $(word errors)))
skipped=$(word skipped)
echo "  python: $((total - failed - skipped)) passed, $failed failed"
count $((total - failed - skipped)) "$failed" 0
[ "$skipped" -eq 0 ] || skip "$skipped" "Python tests"
