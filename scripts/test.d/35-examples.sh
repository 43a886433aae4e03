# The programs of examples/ run as their first lines say.
# needs: build
. scripts/test-lib.sh

library=$(release_library)
if [ -z "$library" ] || ! have cc; then
  skip "the shared library or a C compiler is missing, so that the C example does not run"
  exit 0
fi
folder=build/test/examples
rm -rf "$folder" && mkdir -p "$folder"
if logged example-c-build cc -std=c99 -Wall -Wextra -Wpedantic -Werror -Icapi examples/c/fit_predict.c \
  -L"$(dirname "$library")" -llaot -lm -o "$folder/fit_predict" &&
  logged example-c env -C "$folder" LD_LIBRARY_PATH="$(dirname "$library")" timeout 60 ./fit_predict &&
  grep -q 'converged after' "$LAOT_TEST_LOGS/example-c.log" && [ -s "$folder/fit_predict.safetensors" ]; then
  pass "examples/c/fit_predict.c"
else
  fail "examples/c/fit_predict.c"
fi

python=$(python_with_numpy)
if [ -z "$python" ]; then
  skip "no python3 has numpy, so that the Python example does not run"
  exit 0
fi
# Better than the mean shift, and the same after a trip through a file.
if logged example-python env -C "$folder" LAOT_LIBRARY="$library" timeout 60 "$python" "$LAOT_ROOT/examples/python/laot.py" &&
  grep -q 'predicts the same: True' "$LAOT_TEST_LOGS/example-python.log" &&
  sed -nE "s/.*cells: ([0-9.]+); the mean shift's: ([0-9.]+)$/\1 \2/p" "$LAOT_TEST_LOGS/example-python.log" |
    awk '{good = $1 < 0.7 * $2} END {exit !good}'; then
  pass "examples/python/laot.py"
else
  fail "examples/python/laot.py"
fi
