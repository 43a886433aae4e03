# Every script parses.
status=0
for file in .ci/run $(find scripts tests -name '*.sh'); do bash -n "$file" || status=1; done
exit $status
