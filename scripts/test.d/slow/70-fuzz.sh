# libFuzzer over the model reader, the C calls, texts and checkpoints, with AddressSanitizer and
# UBSan, for FUZZ_SECONDS each (60). FUZZ_RECORD=yes adds the number of runs to tests/fuzz/executions.csv. Findings are left in build/test/fuzz; add what found a defect to tests/fuzz/corpus.
# seconds: 3600
# cost: 700
. scripts/test-lib.sh

if ! have clang++ || ! ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a >/dev/null 2>&1; then
  skip "clang++ or its libFuzzer is missing"
  exit 0
fi
build=build/test/fuzz
build_with_cmake fuzz "$build" laot_fuzz_model_reader laot_fuzz_c_calls laot_fuzz_experiments \
  laot_fuzz_texts laot_fuzz_checkpoints -- -DCMAKE_UNITY_BUILD=ON -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DLAOT_BUILD_FUZZ=ON -DLAOT_BUILD_TESTS=OFF \
  -DLAOT_SANITIZE=fuzzer-no-link,address,undefined -DCMAKE_CXX_FLAGS="-fno-sanitize-recover=all -g1" || exit 1
fuzz() { # TARGET MAX-LENGTH SEEDS...
  local target=$1 length=$2 found=$build/found-$1
  shift 2
  mkdir -p "$found"
  # The corpus first: each of its files is run even if the time is short.
  if logged "fuzz-$target" env OPENBLAS_NUM_THREADS=1 timeout "$((${FUZZ_SECONDS:-60} + 600))" "$build/tests/fuzz/laot_fuzz_$target" "$found" "$@" \
    -max_total_time="${FUZZ_SECONDS:-60}" -max_len="$length" -timeout=20 -rss_limit_mb=3000 \
    -artifact_prefix="$build/$target-" -print_final_stats=1; then
    local runs
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$LAOT_TEST_LOGS/fuzz-$target.log")
    [ "${FUZZ_RECORD:-no}" = no ] || echo "$(date +%F),$target,$runs" >>tests/fuzz/executions.csv
    pass "fuzz-$target: $runs runs"
  else
    fail "fuzz-$target"
  fi
}
fuzz model_reader 16384 tests/fuzz/corpus/model_reader tests/compat/*/
fuzz c_calls 512 tests/fuzz/corpus/c_calls
fuzz experiments 512 tests/fuzz/corpus/experiments
fuzz texts 2048 tests/fuzz/corpus/texts
fuzz checkpoints 16384 tests/fuzz/corpus/checkpoints
