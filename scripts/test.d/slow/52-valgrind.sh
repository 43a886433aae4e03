# The tests written in C under valgrind: no invalid access, nothing uninitialised, no leak.
# needs: build
# seconds: 7200
# cost: 500
. scripts/test-lib.sh

if ! have valgrind; then
  skip "valgrind is missing"
  exit 0
fi
found=0
for program in "$RELEASE_BUILD"/tests/*; do
  # laot_tests is the C++ program, which the sanitizers check; the memory test limits the address
  # space of its process, which leaves none to valgrind; and the child of a fork has lost what its
  # parent's other threads held.
  case $(basename "$program") in laot_tests | laot_capi_memory_test | laot_capi_fork_test) continue ;; esac
  [ -f "$program" ] && [ -x "$program" ] || continue
  found=1
  name=valgrind-$(basename "$program")
  if logged "$name" env OPENBLAS_NUM_THREADS=1 timeout 1800 valgrind --quiet --error-exitcode=9 \
    --leak-check=full --show-leak-kinds=definite,possible --errors-for-leak-kinds=definite \
    "$program"; then
    pass "$name"
  else
    fail "$name"
  fi
done
[ $found -eq 1 ] || fail "no program of tests/capi was built"
