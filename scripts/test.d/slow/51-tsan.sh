# The core's tests that ask for threads, under ThreadSanitizer: without, it has nothing to see.
# OpenBLAS is not instrumented and would be reported for its own threads, so it gets one.
# seconds: 9000
# cost: 1200
. scripts/test-lib.sh

build=build/test/tsan
build_with_cmake tsan "$build" all -- -DCMAKE_UNITY_BUILD=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLAOT_SANITIZE=thread || exit 1
export OPENBLAS_NUM_THREADS=1 TSAN_OPTIONS=halt_on_error=0:second_deadlock_stack=1
core_of "$build" threads
