# Small changes of the sources, one at a time: at least 95% are noticed by a test, and the others are
# explained (tests/mutations). A fifth of them, another at the next commit; scripts/mutate.sh has all,
# MUTATIONS_PART=1/1 too.
# needs: r-library
# seconds: 14400
# processors: all
. scripts/test-lib.sh

part=${MUTATIONS_PART:-$(($(git rev-list --count HEAD 2>/dev/null || echo 0) % 5 + 1))/5}
tap mutations scripts/mutate.sh --tap --part "$part"
grep -E '^[0-9.]+% noticed' "$LAOT_TEST_LOGS/mutations.log" | sed "s|^|  part $part: |"
