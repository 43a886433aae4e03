# Everything that the core suites run, under AddressSanitizer and UndefinedBehaviorSanitizer.
# seconds: 9000
# cost: 1400
. scripts/test-lib.sh

build=build/test/asan-ubsan
build_with_cmake asan-ubsan "$build" all -- -DCMAKE_UNITY_BUILD=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DLAOT_SANITIZE=address,undefined -DCMAKE_CXX_FLAGS=-fno-sanitize-recover=all || exit 1
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
core_of "$build"
