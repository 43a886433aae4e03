# The C++ core and its C interface: release build, doctest cases, the programs written in C.
. scripts/test-lib.sh

if ! have cmake || ! have ninja || ! have g++; then
  skip 1 "cmake, ninja or g++ is missing, so that the core is not built"
  exit 0
fi
build_with_cmake core "$RELEASE_BUILD" all -- -DCMAKE_BUILD_TYPE=Release || exit 1
run_doctest core-tests timeout 900 "$RELEASE_BUILD/tests/laot_tests"

# Everything else that CMake knows as a test: ctest's own totals.
others=$(ctest --test-dir "$RELEASE_BUILD" -N -E '^core$' | sed -n 's/^Total Tests: //p')
if [ "${others:-0}" -gt 0 ]; then
  logged ctest ctest --test-dir "$RELEASE_BUILD" -E '^core$' --output-on-failure --timeout 600
  failed=$(sed -n 's/.*tests passed, \([0-9]*\) tests failed out of.*/\1/p' "$LAOT_TEST_LOGS/ctest.log")
  failed=${failed:-$others}
  echo "  ctest: $((others - failed)) passed, $failed failed"
  count $((others - failed)) "$failed" 0
fi
