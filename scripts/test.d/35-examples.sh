# The programs of examples/ run as their first lines say.
. scripts/test-lib.sh

library=$(find "$RELEASE_BUILD" -maxdepth 2 -name 'liblaot.so' | head -n 1)
if [ -z "$library" ] || ! have cc; then
  skip 1 "the shared library or a C compiler is missing, so that the C example does not run"
  exit 0
fi
folder=build/test/examples
rm -rf "$folder" && mkdir -p "$folder"
if logged example-c-build cc -std=c99 -Wall -Wextra -Wpedantic -Werror -Icapi examples/c/fit_predict.c \
  -L"$(dirname "$library")" -llaot -lm -o "$folder/fit_predict" &&
  logged example-c env -C "$folder" LD_LIBRARY_PATH="$(dirname "$library")" timeout 60 ./fit_predict &&
  [ -s "$folder/fit_predict.safetensors" ]; then
  pass "examples/c/fit_predict.c"
else
  fail "examples/c/fit_predict.c"
fi
