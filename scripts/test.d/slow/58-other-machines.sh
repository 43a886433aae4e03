# The core on arm64 and, for the order of bytes in files, on big-endian s390x, in emulation; and on
# Windows, under Wine.
# needs: build
# seconds: 10000
# cost: 1900
. scripts/test-lib.sh

for machine in arm64 s390x; do
  if [ "$(id -u)" -ne 0 ] || ! have debootstrap || ! have git; then
    skip "$machine needs root, debootstrap and git"
  elif logged "other-machine-$machine" timeout 9000 scripts/other-machine.sh "$machine"; then
    pass "$machine"
  else
    fail "$machine"
  fi
done

if ! have x86_64-w64-mingw32-g++-posix || ! have x86_64-w64-mingw32-gfortran-posix ||
  { ! have wine64 && [ ! -x /usr/lib/wine/wine64 ]; }; then
  skip "Windows needs g++-mingw-w64-x86-64-posix, gfortran-mingw-w64-x86-64-posix and wine64"
elif logged other-machine-windows timeout 9000 scripts/windows.sh; then
  pass "Windows"
else
  fail "Windows"
fi
