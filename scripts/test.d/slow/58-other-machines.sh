# The core on arm64 and, for the order of bytes in files, on big-endian s390x, in emulation.
# needs: build
# seconds: 10000
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
