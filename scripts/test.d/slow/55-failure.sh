# Every allocation of a cycle fails once, and from some on all of them; short writes, a full disk, a
# read-only folder, no threads: tests/failure; and for R a sample of the package's allocations.
# FAILURE_STEP > 1 takes a part of the allocations.
# needs: build r-library
# seconds: 7200
# cost: 1700
. scripts/test-lib.sh

build=${LAOT_RELEASE_BUILD:-build/test/release}
preload=$(find "$build/tests/failure" -name 'liblaot_failing*' 2>/dev/null | head -n 1)
if [ -z "$preload" ]; then
  skip "the failing allocations are built on Linux only"
  exit 0
fi
step=${FAILURE_STEP:-1}
cycle() { # NAME ARGUMENTS...
  local name=failure-$1
  shift
  if logged "$name" env OPENBLAS_NUM_THREADS=1 LD_PRELOAD="$preload" "$build/tests/failure/laot_failure_test" "$@"; then pass "$name"; else fail "$name"; fi
}
cycle laot laot "$step"
cycle laot-conditions laot,conditions "$step"
cycle gaussian-map gaussian_map "$step"
cycle cellot cellot $((11 * step)) iterations=6
cycle scgen scgen $((11 * step)) epochs=2
cycle cae cae $((11 * step)) epochs=2
cycle cellot-checkpoint cellot,checkpoint $((13 * step)) iterations=6
cycle conditional-laot conditional_laot,conditions $((7 * step))
cycle conditional-gaussian conditional_gaussian,conditions "$step"
cycle regressed-shift regressed_shift,conditions $((7 * step))
cycle nearest-shift nearest_shift,conditions $((7 * step))
cycle cmonge cmonge,conditions $((29 * step)) iterations=4
cycle cpa cpa,conditions $((29 * step)) iterations=4

# A disk of 64 kB, which only root can mount.
disk=build/test/small-disk/disk
mkdir -p "$disk"
if mount -t tmpfs -o size=64k tmpfs "$disk" 2>/dev/null; then
  if logged failure-full-disk "$build/tests/failure/laot_full_disk_test" "$disk"; then pass "a full disk"; else fail "a full disk"; fi
  umount "$disk"
else
  skip "no small disk could be mounted"
fi

export R_LIBS=$R_LIBRARY
if ! have Rscript || ! Rscript -e 'quit(status = !requireNamespace("laot", quietly = TRUE))' >/dev/null 2>&1; then
  skip "R or the installed package is missing, so that nothing fails in it"
  exit 0
fi
in_r() { # STEP METHOD ARGUMENTS...
  if logged "failure-r-$2" env OPENBLAS_NUM_THREADS=1 LD_PRELOAD="$preload" \
    Rscript tests/failure/cycle.R "$preload" "$@"; then pass "R, $2"; else fail "R, $2"; fi
}
in_r $((7 * step)) laot
in_r $((97 * step)) cellot iterations=6
in_r $((97 * step)) scgen epochs=2
