# The C++ core and its C interface: release build, doctest cases, the programs written in C.
. scripts/test-lib.sh

if ! have cmake || ! have ninja || ! have g++; then
  skip 1 "cmake, ninja or g++ is missing, so that the core is not built"
  exit 0
fi
build_with_cmake core "$RELEASE_BUILD" all -- -DCMAKE_BUILD_TYPE=Release || exit 1
run_doctest core-tests timeout 900 "$RELEASE_BUILD/tests/laot_tests"
run_other_ctests core "$RELEASE_BUILD"
