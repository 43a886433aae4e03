# The shared library exports what capi/laot.symbols lists, which is what capi/laot.h declares.
# needs: build
. scripts/test-lib.sh

library=$(release_library)
if [ -z "$library" ] || ! have nm; then
  skip "the shared library or nm is missing, so that its symbols are not compared"
  exit 0
fi
exported() { nm -D --defined-only "$library" | awk '$2 != "A" {print $3}' | sed 's/@.*//' | sort -u; }
declared() { tr '\n' ' ' <capi/laot.h | grep -oE 'LAOT_API [^;(]*laot_[a-z0-9_]+ *\(' | sed -E 's/.*(laot_[a-z0-9_]+) *\($/\1/' | sort -u; }

if logged symbols-exported diff <(sort -u capi/laot.symbols) <(exported); then
  pass "the library exports exactly capi/laot.symbols"
else
  fail "the library's exports differ from capi/laot.symbols (< listed, > exported)"
fi
if logged symbols-declared diff <(sort -u capi/laot.symbols) <(declared); then
  pass "capi/laot.h declares exactly capi/laot.symbols"
else
  fail "the header's declarations differ from capi/laot.symbols (< listed, > declared)"
fi
