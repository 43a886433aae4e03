# Small changes of the sources, one at a time: at least 95% are noticed by a test, and the others are
# explained (tests/mutations).
# needs: r-library
# seconds: 14400
# processors: all
. scripts/test-lib.sh

tap mutations scripts/mutate.sh --tap
grep -E '^[0-9.]+% noticed' "$LAOT_TEST_LOGS/mutations.log" | sed 's/^/  /'
